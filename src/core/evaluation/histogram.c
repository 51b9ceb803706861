/*
 * histogram.c
 *	  A sketch of how numbers are distributed.
 *
 * Flat form, little-endian: FlatHeader, the bins in ascending order (HistogramBin), the limbs of the
 * sum, the limbs of the sum of squares (uint32 each).
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/histogram.h"
#include "core/host.h"
#include "core/parameters.h"

#define FORMAT_VERSION 1

#define SIGN_BIT (UINT64_C(1) << 63)

/* Entries of the first table, as a power of two. */
#define FIRST_TABLE_BITS 5

/* Bins between two checks for interrupts: made-up cells may all want the same place of a table. */
#define INTERRUPT_INTERVAL 1024

typedef struct FlatHeader
{
	uint32_t version;
	uint32_t max_bins;
	uint32_t shift;
	uint32_t n_bins;
	uint64_t n_rows;
	uint64_t n_missing;
	uint64_t n_negative_infinite;
	uint64_t n_positive_infinite;
	double minimum; /* 0 without finite numbers */
	double maximum;
	int32_t sum_sign;
	uint32_t n_sum_limbs;
	uint32_t n_square_limbs;
	uint32_t reserved; /* 0 */
} FlatHeader;

typedef struct HistogramOptions
{
	int max_bins;
} HistogramOptions;

static const ParameterSpec histogram_parameters[] = {
	{.name = "max_bins",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(HistogramOptions, max_bins),
	 .default_json = "8192",
	 .minimum = MIN_HISTOGRAM_BINS,
	 .maximum = MAX_HISTOGRAM_BINS,
	 .log_scale = true,
	 .meaning = "distinct numbers that are counted one by one; 16 bytes each"},
};

void
histogram_set_parameters(Histogram *histogram, const char *json)
{
	HistogramOptions options;
	ParameterGroup group = {histogram_parameters, 1, &options};

	parameters_parse(json, &group, 1);
	histogram->max_bins = options.max_bins;
}

static inline uint32_t
max_bins_of(const Histogram *histogram)
{
	return histogram->max_bins > 0 ? histogram->max_bins : DEFAULT_HISTOGRAM_BINS;
}

/* A double's bits as an integer of the same order; -0 is 0. */
static inline uint64_t
key_of_value(double value)
{
	uint64_t bits;

	value += 0.0;
	memcpy(&bits, &value, sizeof(bits));
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

/* The inverse of key_of_value, kept within the finite doubles. */
static double
finite_value_of_key(uint64_t key)
{
	uint64_t bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
	double value;

	if (key <= key_of_value(-DBL_MAX))
		return -DBL_MAX;
	if (key >= key_of_value(DBL_MAX))
		return DBL_MAX;
	memcpy(&value, &bits, sizeof(value));
	return value + 0.0;
}

uint64_t
histogram_cell(double value, uint32_t shift)
{
	return key_of_value(value) >> shift;
}

double
histogram_cell_lower(uint64_t cell, uint32_t shift)
{
	return finite_value_of_key(cell << shift);
}

double
histogram_cell_upper(uint64_t cell, uint32_t shift)
{
	return finite_value_of_key((cell << shift) | ((UINT64_C(1) << shift) - 1));
}

/* Where in a table the search for a cell begins. */
static inline uint32_t
home_of_cell(uint64_t cell, uint32_t table_bits)
{
	return (uint32_t) ((cell * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - table_bits));
}

/* The place of a cell in a table: its own or a free one. */
static inline HistogramBin *
find_place(HistogramBin *table, uint32_t table_bits, uint64_t cell)
{
	uint32_t mask = (UINT32_C(1) << table_bits) - 1;
	uint32_t place = home_of_cell(cell, table_bits);

	while (table[place].count != 0 && table[place].cell != cell)
		place = (place + 1) & mask;
	return &table[place];
}

/* Whether a table of that size has room for so many bins; at most two thirds are taken. */
static inline bool
table_has_room(uint32_t table_bits, size_t n_bins)
{
	return table_bits > 0 && 3 * n_bins <= 2 * ((size_t) 1 << table_bits);
}

/* Put bins into a new table in place of the old one. */
static void
make_table(Histogram *histogram, const HistogramBin *bins, size_t n_bins, size_t n_room)
{
	uint32_t table_bits = FIRST_TABLE_BITS;
	HistogramBin *table;

	while (!table_has_room(table_bits, n_room))
		table_bits++;
	table = host_allocate_zero_array(HistogramBin, (size_t) 1 << table_bits);
	for (size_t i = 0; i < n_bins; i++)
	{
		if (i % INTERRUPT_INTERVAL == 0)
			host_check_interrupts();
		*find_place(table, table_bits, bins[i].cell) = bins[i];
	}
	host_free(histogram->table);
	histogram->table = table;
	histogram->table_bits = table_bits;
	histogram->n_bins = n_bins;
}

static int
compare_bins(const void *a, const void *b)
{
	uint64_t x;
	uint64_t y;

	/* flat forms may lie anywhere */
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* Copy the table's bins without order; answers their number. */
static size_t
copy_bins(const Histogram *histogram, HistogramBin *bins)
{
	size_t n_bins = 0;

	if (histogram->table == NULL)
		return 0;
	for (size_t i = 0; i < (size_t) 1 << histogram->table_bits; i++)
	{
		if (histogram->table[i].count != 0)
			bins[n_bins++] = histogram->table[i];
	}
	return n_bins;
}

/* Join neighbouring bins of sorted ones that fall into one cell after a further shift. */
static size_t
shift_bins(HistogramBin *bins, size_t n_bins, uint32_t shift)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < n_bins; i++)
	{
		uint64_t cell = bins[i].cell >> shift;

		if (n_kept > 0 && bins[n_kept - 1].cell == cell)
			bins[n_kept - 1].count += bins[i].count;
		else
			bins[n_kept++] = (HistogramBin){cell, bins[i].count};
	}
	return n_kept;
}

/*
 * The smallest shift at which sorted bins need at most max_bins cells: two neighbours share a cell from
 * the shift on at which their highest differing bit is gone.
 */
static uint32_t
smallest_shift(const HistogramBin *bins, size_t n_bins, size_t max_bins)
{
	size_t n_pairs[65] = {0}; /* by the number of bits up to the highest that differs */
	size_t n_cells = 1;
	uint32_t shift;

	for (size_t i = 1; i < n_bins; i++)
	{
		uint64_t difference = bins[i].cell ^ bins[i - 1].cell;

		n_pairs[difference == 0 ? 0 : 64 - __builtin_clzll(difference)]++;
	}
	for (shift = 64; shift > 0; shift--)
	{
		n_cells += n_pairs[shift];
		if (n_cells > max_bins)
			break;
	}
	return shift;
}

/* Make sorted bins, which may repeat a cell, the histogram's, at a shift that leaves max_bins of them. */
static void
set_bins(Histogram *histogram, HistogramBin *bins, size_t n_bins)
{
	size_t max_bins = max_bins_of(histogram);
	uint32_t shift = n_bins > max_bins ? smallest_shift(bins, n_bins, max_bins) : 0;

	n_bins = shift_bins(bins, n_bins, shift);
	make_table(histogram, bins, n_bins, n_bins < max_bins ? n_bins + 1 : n_bins);
	histogram->shift += shift;
}

/* Add a bin for a cell that has none. */
static void
add_bin(Histogram *histogram, uint64_t cell)
{
	HistogramBin *bins;
	size_t n_bins;

	if (histogram->n_bins < max_bins_of(histogram))
	{
		if (!table_has_room(histogram->table_bits, (size_t) histogram->n_bins + 1))
		{
			bins = host_allocate_array(HistogramBin, (size_t) histogram->n_bins + 1);
			n_bins = copy_bins(histogram, bins);
			make_table(histogram, bins, n_bins, 2 * n_bins + 1);
			host_free(bins);
		}
		*find_place(histogram->table, histogram->table_bits, cell) = (HistogramBin){cell, 1};
		histogram->n_bins++;
		return;
	}
	host_check_interrupts();
	bins = host_allocate_array(HistogramBin, (size_t) histogram->n_bins + 1);
	n_bins = copy_bins(histogram, bins);
	bins[n_bins++] = (HistogramBin){cell, 1};
	qsort(bins, n_bins, sizeof(HistogramBin), compare_bins);
	set_bins(histogram, bins, n_bins);
	host_free(bins);
}

static void __attribute__((noreturn)) too_many_rows(void)
{
	host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "histogram has too many rows");
}

/* Count a NaN or an infinity. */
static void
add_special(Histogram *histogram, double value)
{
	if (isnan(value))
		histogram->n_missing++;
	else if (value < 0)
		histogram->n_negative_infinite++;
	else
		histogram->n_positive_infinite++;
	histogram->n_rows++;
}

void
histogram_add_missing(Histogram *histogram, uint64_t count)
{
	if (count > MAX_HISTOGRAM_ROWS - histogram->n_rows)
		too_many_rows();
	histogram->n_missing += count;
	histogram->n_rows += count;
}

void
histogram_add_cell(Histogram *histogram, uint32_t shift, uint64_t cell, uint64_t count)
{
	double lower = histogram_cell_lower(cell, shift);
	double upper = histogram_cell_upper(cell, shift);
	HistogramBin *bin = NULL;

	if (count > MAX_HISTOGRAM_ROWS - histogram->n_rows)
		too_many_rows();
	if (histogram->n_bins == 0)
		histogram->shift = shift;
	cell >>= histogram->shift - shift;
	if (histogram->table != NULL)
		bin = find_place(histogram->table, histogram->table_bits, cell);
	if (bin == NULL || bin->count == 0)
	{
		uint32_t old_shift = histogram->shift;

		add_bin(histogram, cell);
		cell >>= histogram->shift - old_shift;
		bin = find_place(histogram->table, histogram->table_bits, cell);
		bin->count--;
	}
	bin->count += count;
	if (histogram_n_finite(histogram) == 0 || lower < histogram->minimum)
		histogram->minimum = lower;
	if (histogram_n_finite(histogram) == 0 || upper > histogram->maximum)
		histogram->maximum = upper;
	histogram->n_rows += count;
}

void
histogram_add(Histogram *histogram, double value)
{
	HistogramBin *bin;
	uint64_t cell;

	if (histogram->n_rows >= MAX_HISTOGRAM_ROWS)
		too_many_rows();
	if (!isfinite(value))
	{
		add_special(histogram, value);
		return;
	}
	value += 0.0;
	cell = key_of_value(value) >> histogram->shift;
	bin = NULL;
	if (histogram->table != NULL)
		bin = find_place(histogram->table, histogram->table_bits, cell);
	/* what may fail comes first; most numbers have a bin */
	if (__builtin_expect(bin != NULL && bin->count != 0, 1))
		bin->count++;
	else
	{
		add_bin(histogram, cell);
		if (histogram_n_finite(histogram) == 0)
			histogram->minimum = histogram->maximum = value;
	}
	if (value < histogram->minimum)
		histogram->minimum = value;
	if (value > histogram->maximum)
		histogram->maximum = value;
	/* most counts of a text are 0 */
	if (value != 0)
	{
		exact_sum_add(&histogram->sum, value);
		exact_sum_add_square(&histogram->squares, value);
	}
	histogram->n_rows++;
}

HistogramBins
histogram_sorted_bins(const Histogram *histogram, uint32_t shift, size_t n_more)
{
	HistogramBins sorted;

	sorted.bins = host_allocate_array(HistogramBin, histogram->n_bins + n_more + 1);
	sorted.n_bins = copy_bins(histogram, sorted.bins);
	qsort(sorted.bins, sorted.n_bins, sizeof(HistogramBin), compare_bins);
	sorted.n_bins = shift_bins(sorted.bins, sorted.n_bins, shift - histogram->shift);
	return sorted;
}

/* Join two lists of sorted bins into one, of which a has room for. */
static void
join_sorted(HistogramBins *a, const HistogramBins *b)
{
	size_t i = a->n_bins;
	size_t j = b->n_bins;

	/* from the end on, where the room is */
	a->n_bins += j;
	while (j > 0)
	{
		if (i > 0 && a->bins[i - 1].cell > b->bins[j - 1].cell)
		{
			a->bins[i + j - 1] = a->bins[i - 1];
			i--;
		}
		else
		{
			a->bins[i + j - 1] = b->bins[j - 1];
			j--;
		}
	}
}

/* Merge the bins of two histograms into the first. */
static void
merge_bins(Histogram *histogram, const Histogram *other)
{
	uint32_t shift = histogram->shift > other->shift ? histogram->shift : other->shift;
	HistogramBins others = histogram_sorted_bins(other, shift, 0);
	HistogramBins all = histogram_sorted_bins(histogram, shift, others.n_bins);

	join_sorted(&all, &others);
	all.n_bins = shift_bins(all.bins, all.n_bins, 0);
	histogram->shift = shift;
	set_bins(histogram, all.bins, all.n_bins);
	host_free(all.bins);
	host_free(others.bins);
}

void
histogram_merge(Histogram *histogram, const Histogram *other)
{
	uint64_t n_finite = histogram_n_finite(histogram);
	uint64_t n_other = histogram_n_finite(other);

	if (histogram->n_rows + other->n_rows > MAX_HISTOGRAM_ROWS)
		too_many_rows();
	host_check_interrupts();
	if (max_bins_of(other) < max_bins_of(histogram))
		histogram->max_bins = other->max_bins == 0 ? DEFAULT_HISTOGRAM_BINS : other->max_bins;
	merge_bins(histogram, other);
	if (n_other > 0)
	{
		if (n_finite == 0 || other->minimum < histogram->minimum)
			histogram->minimum = other->minimum;
		if (n_finite == 0 || other->maximum > histogram->maximum)
			histogram->maximum = other->maximum;
	}
	exact_sum_merge(&histogram->sum, &other->sum);
	exact_sum_merge(&histogram->squares, &other->squares);
	histogram->n_rows += other->n_rows;
	histogram->n_missing += other->n_missing;
	histogram->n_negative_infinite += other->n_negative_infinite;
	histogram->n_positive_infinite += other->n_positive_infinite;
}

uint64_t
histogram_n_values(const Histogram *histogram)
{
	return histogram->n_rows - histogram->n_missing;
}

uint64_t
histogram_n_finite(const Histogram *histogram)
{
	return histogram_n_values(histogram) - histogram->n_negative_infinite -
		   histogram->n_positive_infinite;
}

bool
histogram_is_exact(const Histogram *histogram)
{
	return histogram->shift == 0;
}

double
histogram_minimum(const Histogram *histogram)
{
	if (histogram->n_negative_infinite > 0)
		return -INFINITY;
	if (histogram_n_finite(histogram) > 0)
		return histogram->minimum;
	return histogram->n_positive_infinite > 0 ? INFINITY : NAN;
}

double
histogram_maximum(const Histogram *histogram)
{
	if (histogram->n_positive_infinite > 0)
		return INFINITY;
	if (histogram_n_finite(histogram) > 0)
		return histogram->maximum;
	return histogram->n_negative_infinite > 0 ? -INFINITY : NAN;
}

double
histogram_mean(const Histogram *histogram)
{
	uint64_t n = histogram_n_finite(histogram);
	ExactNumber number;
	ScaledDouble sum;

	if (histogram->n_negative_infinite > 0 || histogram->n_positive_infinite > 0)
		return (histogram->n_positive_infinite > 0 ? INFINITY : 0) -
			   (histogram->n_negative_infinite > 0 ? INFINITY : 0);
	if (n == 0)
		return NAN;
	number = exact_sum_number(&histogram->sum);
	sum = exact_number_round(&number, EXACT_SUM_UNIT);
	return ldexp(sum.fraction / (double) n, sum.exponent);
}

double
histogram_standard_deviation(const Histogram *histogram)
{
	uint64_t n = histogram_n_finite(histogram);
	ExactNumber sum;
	ExactNumber squares;
	ScaledDouble spread;

	if (n != histogram_n_values(histogram) || n < 2)
		return NAN;
	sum = exact_sum_number(&histogram->sum);
	squares = exact_sum_number(&histogram->squares);
	sum = exact_number_spread(n, &sum, &squares);
	spread = exact_number_round(&sum, EXACT_SQUARES_UNIT);
	if (spread.exponent % 2 != 0)
	{
		spread.fraction *= 2;
		spread.exponent--;
	}
	return ldexp(sqrt(spread.fraction / ((double) n * (double) (n - 1))), spread.exponent / 2);
}

/* The number of a rank among a bin's, 0 to count - 1, as if they were spread evenly over its cell. */
static double
value_in_bin(const Histogram *histogram, const HistogramBin *bin, uint64_t rank)
{
	double lower = fmax(histogram_cell_lower(bin->cell, histogram->shift), histogram->minimum);
	double upper = fmin(histogram_cell_upper(bin->cell, histogram->shift), histogram->maximum);
	double share = ((double) rank + 0.5) / (double) bin->count;

	return lower == upper ? lower : lower * (1 - share) + upper * share;
}

/* The number of a rank, 0 to n_values - 1. */
static double
value_of_rank(const Histogram *histogram, const HistogramBins *sorted, uint64_t rank)
{
	if (rank < histogram->n_negative_infinite)
		return -INFINITY;
	rank -= histogram->n_negative_infinite;
	if (rank >= histogram_n_finite(histogram))
		return INFINITY;
	if (rank == 0)
		return histogram->minimum;
	if (rank == histogram_n_finite(histogram) - 1)
		return histogram->maximum;
	for (size_t i = 0; i < sorted->n_bins; i++)
	{
		if (rank < sorted->bins[i].count)
			return value_in_bin(histogram, &sorted->bins[i], rank);
		rank -= sorted->bins[i].count;
	}
	return NAN;
}

double
histogram_quantile(const Histogram *histogram, double fraction)
{
	uint64_t n_values = histogram_n_values(histogram);
	HistogramBins sorted;
	double position;
	double share;
	double low;
	double high;

	if (!(fraction >= 0 && fraction <= 1))
		host_error(HOST_ERROR_INVALID_PARAMETER, "It must be from 0 to 1.", NULL,
				   "fraction of a quantile is out of range: %.15g", fraction);
	if (n_values == 0)
		return NAN;
	sorted = histogram_sorted_bins(histogram, histogram->shift, 0);
	position = fraction * (double) (n_values - 1);
	share = position - floor(position);
	low = value_of_rank(histogram, &sorted, (uint64_t) floor(position));
	high = value_of_rank(histogram, &sorted, (uint64_t) ceil(position));
	host_free(sorted.bins);
	if (share == 0 || low == high || isinf(low))
		return low;
	if (isinf(high))
		return high;
	/* the difference of two doubles may be infinite */
	return isfinite(high - low) ? low + share * (high - low) : low * (1 - share) + high * share;
}

/* The edge below range i of n equally wide ones. */
static double
range_edge(const Histogram *histogram, uint32_t i, uint32_t n)
{
	double share = (double) i / n;

	if (i == 0)
		return histogram->minimum;
	if (i == n)
		return histogram->maximum;
	return histogram->minimum * (1 - share) + histogram->maximum * share;
}

/* Count the finite numbers in equally wide ranges. */
static void
count_in_ranges(const Histogram *histogram, uint32_t n_ranges, HistogramRange *ranges)
{
	HistogramBins sorted = histogram_sorted_bins(histogram, histogram->shift, 0);
	uint32_t range = 0;

	for (uint32_t i = 0; i < n_ranges; i++)
		ranges[i] = (HistogramRange){range_edge(histogram, i, n_ranges),
									 range_edge(histogram, i + 1, n_ranges), 0};
	for (size_t i = 0; i < sorted.n_bins; i++)
	{
		HistogramBin middle = {sorted.bins[i].cell, 1};
		double value = value_in_bin(histogram, &middle, 0);

		while (range + 1 < n_ranges && value >= ranges[range].upper)
			range++;
		ranges[range].count += sorted.bins[i].count;
	}
	host_free(sorted.bins);
}

size_t
histogram_equal_width(const Histogram *histogram, uint32_t n_ranges, HistogramRange *ranges)
{
	size_t n = 0;

	if (histogram->n_negative_infinite > 0)
		ranges[n++] = (HistogramRange){-INFINITY, -INFINITY, histogram->n_negative_infinite};
	if (histogram_n_finite(histogram) > 0)
	{
		if (histogram->minimum == histogram->maximum)
			n_ranges = 1;
		count_in_ranges(histogram, n_ranges, ranges + n);
		n += n_ranges;
	}
	if (histogram->n_positive_infinite > 0)
		ranges[n++] = (HistogramRange){INFINITY, INFINITY, histogram->n_positive_infinite};
	return n;
}

size_t
histogram_flat_size(const Histogram *histogram)
{
	return sizeof(FlatHeader) + histogram->n_bins * sizeof(HistogramBin) +
		   (exact_sum_number(&histogram->sum).n_limbs +
			exact_sum_number(&histogram->squares).n_limbs) *
			   sizeof(uint32_t);
}

void
histogram_flatten(const Histogram *histogram, char *bytes)
{
	ExactNumber sum = exact_sum_number(&histogram->sum);
	ExactNumber squares = exact_sum_number(&histogram->squares);
	FlatHeader header = {.version = FORMAT_VERSION,
						 .max_bins = max_bins_of(histogram),
						 .shift = histogram->shift,
						 .n_bins = histogram->n_bins,
						 .n_rows = histogram->n_rows,
						 .n_missing = histogram->n_missing,
						 .n_negative_infinite = histogram->n_negative_infinite,
						 .n_positive_infinite = histogram->n_positive_infinite,
						 .minimum = histogram->minimum,
						 .maximum = histogram->maximum,
						 .sum_sign = sum.sign,
						 .n_sum_limbs = sum.n_limbs,
						 .n_square_limbs = squares.n_limbs};
	char *position = bytes + sizeof(header);

	memcpy(bytes, &header, sizeof(header));
	for (size_t i = 0; histogram->n_bins > 0 && i < (size_t) 1 << histogram->table_bits; i++)
	{
		if (histogram->table[i].count != 0)
		{
			memcpy(position, &histogram->table[i], sizeof(HistogramBin));
			position += sizeof(HistogramBin);
		}
	}
	qsort(bytes + sizeof(header), histogram->n_bins, sizeof(HistogramBin), compare_bins);
	memcpy(position, sum.limbs, sum.n_limbs * sizeof(uint32_t));
	position += sum.n_limbs * sizeof(uint32_t);
	memcpy(position, squares.limbs, squares.n_limbs * sizeof(uint32_t));
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_histogram(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_histogram");
}

/* Check a flat form's counts. */
static void
check_counts(const FlatHeader *header)
{
	uint64_t n_special;

	if (header->n_rows > MAX_HISTOGRAM_ROWS || header->n_missing > header->n_rows ||
		header->n_negative_infinite > header->n_rows ||
		header->n_positive_infinite > header->n_rows)
		invalid_histogram("A count is out of range.");
	n_special = header->n_missing + header->n_negative_infinite + header->n_positive_infinite;
	if (n_special > header->n_rows)
		invalid_histogram("Its counts contradict each other.");
	if (header->n_bins > header->max_bins || (header->n_bins == 0) != (n_special == header->n_rows))
		invalid_histogram("Its number of bins is out of range.");
}

/* Check a flat form's header against its length. */
static FlatHeader
read_header(const char *bytes, size_t length)
{
	FlatHeader header;

	if (length < sizeof(header))
		invalid_histogram("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	if (header.version == 0 || header.reserved != 0)
		invalid_histogram("It has no format version.");
	if (header.version > FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Upgrade the extension.",
				   "format version %u of type sentiment_histogram is not supported",
				   header.version);
	if (header.max_bins < MIN_HISTOGRAM_BINS || header.max_bins > MAX_HISTOGRAM_BINS ||
		header.shift > MAX_HISTOGRAM_SHIFT || (header.n_bins == 0 && header.shift != 0) ||
		header.n_sum_limbs > EXACT_SUM_LIMBS || header.n_square_limbs > EXACT_SUM_LIMBS)
		invalid_histogram("A size is out of range.");
	check_counts(&header);
	if (length != sizeof(header) + header.n_bins * sizeof(HistogramBin) +
					  (header.n_sum_limbs + header.n_square_limbs) * sizeof(uint32_t))
		invalid_histogram("Its length is not the length that it states.");
	return header;
}

/* Check minimum and maximum against the first and the last cell. */
static void
check_extremes(const FlatHeader *header, const HistogramBin *bins)
{
	if (header->n_bins == 0)
	{
		/* all bits, lest a -0 come back as 0 */
		if (memcmp(&header->minimum, &(double){0}, sizeof(double)) != 0 ||
			memcmp(&header->maximum, &(double){0}, sizeof(double)) != 0)
			invalid_histogram("It has a range but no numbers.");
		return;
	}
	if (!isfinite(header->minimum) || !isfinite(header->maximum) ||
		(header->minimum == 0 && signbit(header->minimum)) ||
		(header->maximum == 0 && signbit(header->maximum)) ||
		!(header->minimum <= header->maximum) ||
		key_of_value(header->minimum) >> header->shift != bins[0].cell ||
		key_of_value(header->maximum) >> header->shift != bins[header->n_bins - 1].cell)
		invalid_histogram("Its range contradicts its bins.");
}

/* Check that bins ascend and have the rows that the header counts. */
static void
check_bins(const FlatHeader *header, const HistogramBin *bins)
{
	uint64_t n_left = header->n_rows - header->n_missing - header->n_negative_infinite -
					  header->n_positive_infinite;

	for (uint32_t i = 0; i < header->n_bins; i++)
	{
		if (i > 0 && bins[i].cell <= bins[i - 1].cell)
			invalid_histogram("Its bins are out of order.");
		/* the key of -0, which no number has */
		if (header->shift == 0 && bins[i].cell == SIGN_BIT - 1)
			invalid_histogram("A bin is of no number.");
		if (bins[i].count == 0 || bins[i].count > n_left)
			invalid_histogram("The counts of its bins contradict its rows.");
		n_left -= bins[i].count;
	}
	if (n_left != 0)
		invalid_histogram("The counts of its bins contradict its rows.");
}

/* Read the limbs of an exact number. */
static ExactNumber
read_number(const char *bytes, int sign, uint32_t n_limbs)
{
	ExactNumber number = {.sign = sign, .n_limbs = n_limbs};

	memcpy(number.limbs, bytes, n_limbs * sizeof(uint32_t));
	if (sign < -1 || sign > 1 || (sign == 0) != (n_limbs == 0) ||
		(n_limbs > 0 && number.limbs[n_limbs - 1] == 0))
		invalid_histogram("A sum is not as it is written.");
	return number;
}

/* Check that sums can be those of the numbers: no later sum of sums can overflow then. */
static void
check_sums(const FlatHeader *header, const ExactNumber *sum, const ExactNumber *squares)
{
	uint64_t n_finite = header->n_rows - header->n_missing - header->n_negative_infinite -
						header->n_positive_infinite;

	if (n_finite == 0 ? sum->sign != 0 || squares->sign != 0
					  : exact_number_shifted(sum, 2098) >= n_finite ||
							exact_number_shifted(squares, 2 * 2098) >= n_finite ||
							exact_number_spread(n_finite, sum, squares).sign < 0)
		invalid_histogram("Its sums contradict its rows.");
}

void
histogram_unflatten(Histogram *histogram, const char *bytes, size_t length)
{
	FlatHeader header = read_header(bytes, length);
	const char *position = bytes + sizeof(header);
	HistogramBin *bins = host_allocate_array(HistogramBin, (size_t) header.n_bins + 1);
	ExactNumber sum;
	ExactNumber squares;

	memcpy(bins, position, header.n_bins * sizeof(HistogramBin));
	position += header.n_bins * sizeof(HistogramBin);
	check_bins(&header, bins);
	check_extremes(&header, bins);
	sum = read_number(position, header.sum_sign, header.n_sum_limbs);
	position += header.n_sum_limbs * sizeof(uint32_t);
	squares = read_number(position, header.n_square_limbs > 0, header.n_square_limbs);
	check_sums(&header, &sum, &squares);

	if (header.n_bins > 0)
		make_table(histogram, bins, header.n_bins, header.n_bins);
	host_free(bins);
	exact_sum_add_number(&histogram->sum, &sum);
	exact_sum_add_number(&histogram->squares, &squares);
	histogram->max_bins = header.max_bins;
	histogram->shift = header.shift;
	histogram->n_rows = header.n_rows;
	histogram->n_missing = header.n_missing;
	histogram->n_negative_infinite = header.n_negative_infinite;
	histogram->n_positive_infinite = header.n_positive_infinite;
	histogram->minimum = header.minimum;
	histogram->maximum = header.maximum;
}
