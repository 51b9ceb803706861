/*
 * drift.c
 *	  Histograms of numbers as SQL values, and how far they have moved from a reference.
 *
 * sentiment_histogram is the state of sentiment_histogram_agg and its result (see expanded_state.h);
 * sentiment_histogram_pair, two of them, is the state of sentiment_psi_agg. Figures that are not
 * numbers are NULL.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "core/evaluation/confusion_counts.h"
#include "core/evaluation/drift_statistics.h"
#include "core/evaluation/histogram.h"
#include "extension/evaluation.h"
#include "extension/expanded_state.h"
#include "extension/host.h"

/* Most bins of a chart. */
#define MAX_CHART_BINS 10000

static Size
histogram_type_flat_size(const void *state)
{
	return histogram_flat_size(state);
}

static void
histogram_write_flat(const void *state, char *bytes)
{
	histogram_flatten(state, bytes);
}

static void
histogram_read_flat(void *state, const char *bytes, Size length)
{
	histogram_unflatten(state, bytes, length);
}

static void
histogram_type_merge(void *state, const void *other)
{
	histogram_merge(state, other);
}

static const StateType histogram_type = {
	.name = "sentiment_histogram",
	.magic = 0x54534948, /* "HIST" */
	.state_size = sizeof(Histogram),
	.flat_size = histogram_type_flat_size,
	.write_flat = histogram_write_flat,
	.read_flat = histogram_read_flat,
	.merge = histogram_type_merge,
};

/*
 * The state of sentiment_psi_agg. Flat: uint32 bins, uint32 0, uint64 length of the reference's flat form, both flat
 * forms.
 */
typedef struct HistogramPair
{
	uint32 n_bins; /* to be compared in; 0: the default */
	Histogram reference;
	Histogram current;
} HistogramPair;

/* First bytes of the flat form. */
typedef struct PairHeader
{
	uint32 n_bins;
	uint32 reserved; /* 0 */
	uint64 reference_length;
} PairHeader;

static Size
pair_flat_size(const void *state)
{
	const HistogramPair *pair = state;

	return sizeof(PairHeader) + histogram_flat_size(&pair->reference) +
		   histogram_flat_size(&pair->current);
}

static void
pair_write_flat(const void *state, char *bytes)
{
	const HistogramPair *pair = state;
	PairHeader header = {.n_bins = pair->n_bins,
						 .reference_length = histogram_flat_size(&pair->reference)};

	memcpy(bytes, &header, sizeof(header));
	histogram_flatten(&pair->reference, bytes + sizeof(header));
	histogram_flatten(&pair->current, bytes + sizeof(header) + header.reference_length);
}

/* Raise the error for a flat form that cannot be right. */
static void
pg_attribute_noreturn() invalid_pair(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value for type sentiment_histogram_pair"), errdetail("%s", detail)));
}

static void
pair_read_flat(void *state, const char *bytes, Size length)
{
	HistogramPair *pair = state;
	PairHeader header;

	if (length < sizeof(header))
		invalid_pair("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	bytes += sizeof(header);
	length -= sizeof(header);
	if (header.reference_length > length)
		invalid_pair("It is truncated.");
	if (header.n_bins == 1 || header.n_bins > MAX_DRIFT_BINS || header.reserved != 0)
		invalid_pair("Its number of bins is out of range.");
	pair->n_bins = header.n_bins;
	histogram_unflatten(&pair->reference, bytes, header.reference_length);
	histogram_unflatten(&pair->current, bytes + header.reference_length,
						length - header.reference_length);
}

/* Raise the error for rows that want different numbers of bins. */
static void
pg_attribute_noreturn() different_bins(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("argument \"bins\" must be the same in all rows")));
}

static void
pair_merge(void *state, const void *other)
{
	HistogramPair *pair = state;
	const HistogramPair *more = other;

	/* an empty state has no rows that want any */
	if (pair->reference.n_rows + pair->current.n_rows == 0)
		pair->n_bins = more->n_bins;
	else if (more->reference.n_rows + more->current.n_rows > 0 && pair->n_bins != more->n_bins)
		different_bins();
	histogram_merge(&pair->reference, &more->reference);
	histogram_merge(&pair->current, &more->current);
}

static const StateType pair_type = {
	.name = "sentiment_histogram_pair",
	.magic = 0x32534948, /* "HIS2" */
	.state_size = sizeof(HistogramPair),
	.flat_size = pair_flat_size,
	.write_flat = pair_write_flat,
	.read_flat = pair_read_flat,
	.merge = pair_merge,
};

PG_FUNCTION_INFO_V1(sentiment_histogram_in);
Datum
sentiment_histogram_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &histogram_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_out);
Datum
sentiment_histogram_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &histogram_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_recv);
Datum
sentiment_histogram_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &histogram_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_send);
Datum
sentiment_histogram_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &histogram_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_in);
Datum
sentiment_histogram_pair_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &pair_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_out);
Datum
sentiment_histogram_pair_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &pair_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_recv);
Datum
sentiment_histogram_pair_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &pair_type);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_send);
Datum
sentiment_histogram_pair_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &pair_type);
}

/* Add the number in argument 1 to a histogram of a state; NULL is missing. */
static void
add_value(FunctionCallInfo fcinfo, ExpandedState *expanded, Histogram *histogram)
{
	MemoryContext old_context = MemoryContextSwitchTo(expanded->header.eoh_context);

	histogram_add(histogram, PG_ARGISNULL(1) ? NAN : PG_GETARG_FLOAT8(1));
	MemoryContextSwitchTo(old_context);
}

/* Transition of sentiment_histogram_agg; the parameters of the first row count. */
PG_FUNCTION_INFO_V1(sentiment_histogram_add);
Datum
sentiment_histogram_add(PG_FUNCTION_ARGS)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &histogram_type);

	if (PG_ARGISNULL(0) && PG_NARGS() > 2)
		histogram_set_parameters(expanded->state, json_from_argument(fcinfo, 2));
	add_value(fcinfo, expanded, expanded->state);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_combine);
Datum
sentiment_histogram_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &histogram_type);
}

/*
 * The state as it is. Aggregates have this final function, so that their result is read-only: a state
 * that goes out itself could be changed by whoever gets it.
 */
PG_FUNCTION_INFO_V1(sentiment_histogram_final);
Datum
sentiment_histogram_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_combine);
Datum
sentiment_histogram_pair_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &pair_type);
}

/* The histogram in an argument. */
static const Histogram *
histogram_argument(FunctionCallInfo fcinfo, int argument)
{
	return expanded_state_for_reading(PG_GETARG_DATUM(argument), &histogram_type);
}

/* A number as result, NULL for none. */
static Datum
number_result(FunctionCallInfo fcinfo, double number)
{
	if (isnan(number))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(number);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_count);
Datum
sentiment_histogram_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(histogram_n_values(histogram_argument(fcinfo, 0)));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_missing);
Datum
sentiment_histogram_missing(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(histogram_argument(fcinfo, 0)->n_missing);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_mean);
Datum
sentiment_histogram_mean(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = histogram_argument(fcinfo, 0);

	if (histogram_n_values(histogram) == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(histogram_mean(histogram));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_stddev);
Datum
sentiment_histogram_stddev(PG_FUNCTION_ARGS)
{
	const Histogram *histogram = histogram_argument(fcinfo, 0);

	if (histogram_n_values(histogram) < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(histogram_standard_deviation(histogram));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_min);
Datum
sentiment_histogram_min(PG_FUNCTION_ARGS)
{
	return number_result(fcinfo, histogram_minimum(histogram_argument(fcinfo, 0)));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_max);
Datum
sentiment_histogram_max(PG_FUNCTION_ARGS)
{
	return number_result(fcinfo, histogram_maximum(histogram_argument(fcinfo, 0)));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_is_exact);
Datum
sentiment_histogram_is_exact(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(histogram_is_exact(histogram_argument(fcinfo, 0)));
}

PG_FUNCTION_INFO_V1(sentiment_histogram_quantile);
Datum
sentiment_histogram_quantile(PG_FUNCTION_ARGS)
{
	return number_result(fcinfo,
						 histogram_quantile(histogram_argument(fcinfo, 0), PG_GETARG_FLOAT8(1)));
}

/* A number of bins in an argument. */
static uint32
bins_argument(FunctionCallInfo fcinfo, int argument, int least, int most)
{
	int32 n_bins = PG_GETARG_INT32(argument);

	if (n_bins < least || n_bins > most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("number of bins is out of range: %d", n_bins),
						errdetail("It must be from %d to %d.", least, most)));
	return n_bins;
}

PG_FUNCTION_INFO_V1(sentiment_histogram_bins);
Datum
sentiment_histogram_bins(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Histogram *histogram = histogram_argument(fcinfo, 0);
	uint32 n_wanted = bins_argument(fcinfo, 1, 1, MAX_CHART_BINS);
	HistogramRange *ranges = palloc((n_wanted + 2) * sizeof(HistogramRange));
	size_t n_ranges = histogram_equal_width(histogram, n_wanted, ranges);

	InitMaterializedSRF(fcinfo, 0);
	for (size_t i = 0; i < n_ranges; i++)
	{
		Datum values[4] = {Int32GetDatum((int32) i + 1), Float8GetDatum(ranges[i].lower),
						   Float8GetDatum(ranges[i].upper), Int64GetDatum(ranges[i].count)};
		bool nulls[4] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Transition of sentiment_psi_agg; rows that are on neither side are left out. */
PG_FUNCTION_INFO_V1(sentiment_histogram_pair_add);
Datum
sentiment_histogram_pair_add(PG_FUNCTION_ARGS)
{
	ExpandedState *expanded;
	HistogramPair *pair;
	uint32 n_bins;

	if (PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_NARGS() > 3 && PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"bins\" must not be null")));
	n_bins = PG_NARGS() > 3 ? bins_argument(fcinfo, 3, 2, MAX_DRIFT_BINS) : 0;
	expanded = expanded_state_for_update(fcinfo, 0, &pair_type);
	pair = expanded->state;
	if (PG_ARGISNULL(0))
		pair->n_bins = n_bins;
	else if (pair->n_bins != n_bins)
		different_bins();
	add_value(fcinfo, expanded, PG_GETARG_BOOL(2) ? &pair->current : &pair->reference);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

/* The bins in which arguments 0 and 1 are compared, as many as argument 2 wants. */
static DriftBins
drift_bins_of_arguments(FunctionCallInfo fcinfo)
{
	return drift_bins_make(histogram_argument(fcinfo, 0), histogram_argument(fcinfo, 1),
						   bins_argument(fcinfo, 2, 2, MAX_DRIFT_BINS));
}

/* A row of a test's figures, of which the caller names three or, without degrees of freedom, two. */
static Datum
test_result(FunctionCallInfo fcinfo, const DriftTest *test, bool has_degrees_of_freedom)
{
	TupleDesc description;
	Datum values[3];
	bool nulls[3];
	int n = 0;

	if (isnan(test->statistic))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	description = BlessTupleDesc(description);
	values[n++] = Float8GetDatum(test->statistic);
	if (has_degrees_of_freedom)
		values[n++] = Int32GetDatum((int32) test->degrees_of_freedom);
	values[n++] = Float8GetDatum(test->p_value);
	memset(nulls, 0, sizeof(nulls));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(description, values, nulls)));
}

PG_FUNCTION_INFO_V1(sentiment_psi);
Datum
sentiment_psi(PG_FUNCTION_ARGS)
{
	DriftBins bins = drift_bins_of_arguments(fcinfo);

	return number_result(fcinfo, drift_psi(&bins).statistic);
}

PG_FUNCTION_INFO_V1(sentiment_psi_test);
Datum
sentiment_psi_test(PG_FUNCTION_ARGS)
{
	DriftBins bins = drift_bins_of_arguments(fcinfo);
	DriftTest test = drift_psi(&bins);

	return test_result(fcinfo, &test, true);
}

/* Row of sentiment_psi_bins. */
static void
put_psi_bin(ReturnSetInfo *result, const DriftBins *bins, size_t i)
{
	static const char *const kinds[] = {
		[DRIFT_BIN_RANGE] = "range", [DRIFT_BIN_OTHER] = "other", [DRIFT_BIN_MISSING] = "missing"};
	const DriftBin *bin = &bins->bins[i];
	bool is_value = bin->kind == DRIFT_BIN_RANGE && bin->lower == bin->upper;
	double contribution = drift_psi_contribution(bins, i);
	Datum values[7] = {
		Int32GetDatum((int32) i + 1),    CStringGetTextDatum(is_value ? "value" : kinds[bin->kind]),
		Float8GetDatum(bin->lower),      Float8GetDatum(bin->upper),
		Int64GetDatum(bin->n_reference), Int64GetDatum(bin->n_current),
		Float8GetDatum(contribution)};
	bool nulls[7] = {false, false, isnan(bin->lower),  isnan(bin->upper),
					 false, false, isnan(contribution)};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(sentiment_psi_bins);
Datum
sentiment_psi_bins(PG_FUNCTION_ARGS)
{
	DriftBins bins = drift_bins_of_arguments(fcinfo);

	InitMaterializedSRF(fcinfo, 0);
	for (size_t i = 0; i < bins.n_bins; i++)
		put_psi_bin((ReturnSetInfo *) fcinfo->resultinfo, &bins, i);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(sentiment_js);
Datum
sentiment_js(PG_FUNCTION_ARGS)
{
	DriftBins bins = drift_bins_of_arguments(fcinfo);

	return number_result(fcinfo, drift_jensen_shannon(&bins));
}

PG_FUNCTION_INFO_V1(sentiment_ks);
Datum
sentiment_ks(PG_FUNCTION_ARGS)
{
	DriftTest test =
		drift_kolmogorov_smirnov(histogram_argument(fcinfo, 0), histogram_argument(fcinfo, 1));

	return number_result(fcinfo, test.statistic);
}

PG_FUNCTION_INFO_V1(sentiment_ks_test);
Datum
sentiment_ks_test(PG_FUNCTION_ARGS)
{
	DriftTest test =
		drift_kolmogorov_smirnov(histogram_argument(fcinfo, 0), histogram_argument(fcinfo, 1));

	return test_result(fcinfo, &test, false);
}

PG_FUNCTION_INFO_V1(sentiment_histogram_pair_psi);
Datum
sentiment_histogram_pair_psi(PG_FUNCTION_ARGS)
{
	const HistogramPair *pair = expanded_state_for_reading(PG_GETARG_DATUM(0), &pair_type);
	DriftBins bins = drift_bins_make(&pair->reference, &pair->current,
									 pair->n_bins == 0 ? DEFAULT_DRIFT_BINS : pair->n_bins);

	return number_result(fcinfo, drift_psi(&bins).statistic);
}

/* Transition of sentiment_category_counts: a category is a label that is predicted as itself. */
PG_FUNCTION_INFO_V1(sentiment_category_add);
Datum
sentiment_category_add(PG_FUNCTION_ARGS)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &confusion_type);
	MemoryContext old_context;

	if (PG_ARGISNULL(1))
		confusion_counts_skip(expanded->state);
	else
	{
		Utf8Text category = utf8_from_datum(PG_GETARG_DATUM(1));

		old_context = MemoryContextSwitchTo(expanded->header.eoh_context);
		confusion_counts_add(expanded->state, category.bytes, category.length, category.bytes,
							 category.length);
		MemoryContextSwitchTo(old_context);
		utf8_free(&category);
	}
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

PG_FUNCTION_INFO_V1(sentiment_category_final);
Datum
sentiment_category_final(PG_FUNCTION_ARGS)
{
	const ConfusionCounts *counts = expanded_state_for_reading(PG_GETARG_DATUM(0), &confusion_type);
	ByteBuffer json = {0};

	buffer_printf(&json, "{");
	for (uint32 i = 0; i < counts->labels.n_strings; i++)
	{
		size_t length;
		const char *category = string_table_get(&counts->labels, i, &length);

		if (i > 0)
			buffer_printf(&json, ",");
		buffer_append_json_string(&json, category, length);
		buffer_printf(&json, ":%llu", (unsigned long long) counts->totals[i].actual);
	}
	buffer_printf(&json, "}");
	return jsonb_from_json(buffer_c_string(&json));
}

/* Counts by category from a jsonb object, in the order in which jsonb keeps the keys. */
typedef struct CategoryCounts
{
	int n_categories;
	JsonbValue *categories;
	double *counts;
} CategoryCounts;

/* Raise an error for a count that is not one. */
static void
pg_attribute_noreturn() refuse_count(const JsonbValue *category, const char *side)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("count of category \"%s\" in %s is not a count",
						   pnstrdup(category->val.string.val, category->val.string.len), side),
					errdetail("It must be a whole number from 0 on."),
					errhint("sentiment_category_counts makes such objects.")));
}

/* The number in a count. */
static double
count_of_json(const JsonbValue *value, const JsonbValue *category, const char *side)
{
	double count = -1;

	if (value->type == jbvNumeric)
		count = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(count >= 0) || count > (double) MAX_HISTOGRAM_ROWS || count != floor(count))
		refuse_count(category, side);
	return count;
}

static CategoryCounts
category_counts_argument(FunctionCallInfo fcinfo, int argument, const char *side)
{
	Jsonb *json = PG_GETARG_JSONB_P(argument);
	CategoryCounts result = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a JSON object of counts by category", side),
						errhint("sentiment_category_counts makes such objects.")));
	result.categories = palloc((JB_ROOT_COUNT(json) + 1) * sizeof(JsonbValue));
	result.counts = palloc((JB_ROOT_COUNT(json) + 1) * sizeof(double));
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			result.categories[result.n_categories] = value;
		else if (token == WJB_VALUE)
		{
			result.counts[result.n_categories] =
				count_of_json(&value, &result.categories[result.n_categories], side);
			result.n_categories++;
		}
	}
	return result;
}

/* The order of keys in jsonb: the shorter ones first. */
static int
compare_categories(const JsonbValue *a, const JsonbValue *b)
{
	if (a->val.string.len != b->val.string.len)
		return a->val.string.len < b->val.string.len ? -1 : 1;
	return memcmp(a->val.string.val, b->val.string.val, a->val.string.len);
}

PG_FUNCTION_INFO_V1(sentiment_chi2);
Datum
sentiment_chi2(PG_FUNCTION_ARGS)
{
	CategoryCounts reference = category_counts_argument(fcinfo, 0, "reference");
	CategoryCounts current = category_counts_argument(fcinfo, 1, "current");
	int most = reference.n_categories + current.n_categories;
	double *reference_counts = palloc0((most + 1) * sizeof(double));
	double *current_counts = palloc0((most + 1) * sizeof(double));
	int n = 0;
	int i = 0;
	int j = 0;
	DriftTest test;

	while (i < reference.n_categories || j < current.n_categories)
	{
		int order = 0;

		if (i == reference.n_categories || j == current.n_categories)
			order = i == reference.n_categories ? 1 : -1;
		else
			order = compare_categories(&reference.categories[i], &current.categories[j]);
		if (order <= 0)
			reference_counts[n] = reference.counts[i++];
		if (order >= 0)
			current_counts[n] = current.counts[j++];
		n++;
	}
	test = drift_chi_squared(reference_counts, current_counts, n);
	return test_result(fcinfo, &test, true);
}
