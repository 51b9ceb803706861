/*
 * drift_profile.c
 *	  What a set of rows looks like to a model.
 *
 * Flat form, little-endian: FlatHeader, the lengths of the histograms' flat forms (uint32 each), these, the
 * counts (predicted, actual, terms), since format 2 the counts of texts in buckets, the sample.
 */
#include <math.h>
#include <string.h>

#include "core/class_list.h"
#include "core/drift/drift_profile.h"
#include "core/drift/text_embedding.h"
#include "core/hash.h"
#include "core/host.h"

#define FORMAT_VERSION 2

/* The format that has neither buckets nor the texts of the sample. */
#define FORMAT_WITHOUT_TEXTS 1

/* Probabilities nearer to 0 or 1 count as these. */
#define LEAST_PROBABILITY 1e-12

/* More columns than a relation can have. */
#define MAX_NUMERIC 2000

/* Most terms that are not counted one by one; sums of such counts do not overflow. */
#define MAX_OTHER_TERMS (UINT64_C(1) << 60)

/* Bytes of the counts in buckets. */
#define BUCKETS_SIZE (2 * N_TEXT_BUCKETS * sizeof(uint64_t))

typedef struct FlatHeader
{
	uint32_t version;
	uint32_t sample_capacity;
	ProfileShape shape;
	uint64_t n_rows;
	uint64_t n_texts;
	uint64_t n_counted;
	uint64_t n_scored;
	uint32_t n_sampled;
	uint32_t reserved; /* 0 */
} FlatHeader;

/* Where a label is found. */
typedef struct LabelSlot
{
	uint32_t class; /* and one; 0: free */
} LabelSlot;

/* Histograms of a shape. */
static uint32_t
histogram_count(const ProfileShape *shape)
{
	return shape->n_labels == 0 ? 0 : PROFILE_NUMERIC + shape->n_numeric;
}

/* Counts of labels and terms of a shape. */
static size_t
count_count(const ProfileShape *shape)
{
	return shape->n_labels == 0 ? 0 : 2 * (size_t) shape->n_labels + 2 + shape->n_terms;
}

/* Numbers of a row of the sample. */
static uint32_t
sample_value_count(const ProfileShape *shape)
{
	uint32_t n_numeric = shape->n_numeric;

	return shape->n_dimensions + N_TEXT_FEATURES +
		   (n_numeric < MAX_SAMPLED_COLUMNS ? n_numeric : MAX_SAMPLED_COLUMNS);
}

/* Make room for what a shape has. */
static void
allocate(DriftProfile *profile, const ProfileShape *shape, uint32_t sample_rows)
{
	uint32_t n_histograms = histogram_count(shape);

	profile->shape = *shape;
	profile->sample.capacity = sample_rows;
	profile->sample.n_values = sample_value_count(shape);
	profile->histograms = host_allocate_zero_array(Histogram, (size_t) n_histograms + 1);
	for (uint32_t i = 0; i < n_histograms; i++)
		profile->histograms[i].max_bins = PROFILE_HISTOGRAM_BINS;
	/* one array for all counts */
	profile->predicted = host_allocate_zero_array(uint64_t, count_count(shape) + 1);
	profile->actual = profile->predicted + shape->n_labels;
	profile->term_texts = profile->actual + shape->n_labels + 1;
	profile->n_text_buckets = N_TEXT_BUCKETS;
	profile->counted_texts = host_allocate_zero_array(uint64_t, 2 * (size_t) N_TEXT_BUCKETS);
	profile->other_texts = profile->counted_texts + N_TEXT_BUCKETS;
}

/* The most frequent terms' document frequency that is counted, by radix: the n-th largest number. */
static uint32_t
nth_largest(const uint32_t *numbers, uint32_t n_numbers, uint32_t n)
{
	uint32_t prefix = 0;

	for (int shift = 24; shift >= 0; shift -= 8)
	{
		uint32_t counts[256] = {0};
		uint32_t digit = 255;

		for (uint32_t i = 0; i < n_numbers; i++)
			counts[numbers[i] >> shift & 255] +=
				((uint64_t) numbers[i] >> (shift + 8)) == ((uint64_t) prefix >> (shift + 8));
		while (digit > 0 && counts[digit] < n)
			n -= counts[digit--];
		prefix |= digit << shift;
	}
	return prefix;
}

uint16_t *
drift_profile_term_slots(const Vocabulary *vocabulary, uint32_t n_terms)
{
	const uint32_t *frequency = vocabulary->document_frequency;
	uint16_t *slots = host_allocate_array(uint16_t, (size_t) vocabulary->n_features + 1);
	uint32_t least = n_terms == 0 ? 0 : nth_largest(frequency, vocabulary->n_features, n_terms);
	uint32_t n_above = 0;
	uint32_t n_taken = 0;

	for (uint32_t i = 0; i < vocabulary->n_features; i++)
		n_above += frequency[i] > least;
	for (uint32_t i = 0; i < vocabulary->n_features; i++)
	{
		bool is_counted = frequency[i] > least;

		if (frequency[i] == least && n_above < n_terms)
		{
			is_counted = true;
			n_above++;
		}
		slots[i] = (uint16_t) (is_counted ? n_taken++ : n_terms);
	}
	return slots;
}

/* Make the table by which labels are found. */
static void
make_label_slots(DriftProfile *profile, const Pipeline *pipeline)
{
	uint32_t size = 8;

	while (size < 2 * pipeline->n_labels)
		size *= 2;
	profile->label_mask = size - 1;
	profile->label_slots = host_allocate_zero_array(LabelSlot, size);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
	{
		const char *label = pipeline->labels[i];
		uint32_t place = (uint32_t) hash_token(label, strlen(label)) & profile->label_mask;

		while (profile->label_slots[place].class != 0)
			place = (place + 1) & profile->label_mask;
		profile->label_slots[place].class = i + 1;
	}
}

/* What profiles of a pipeline have in common. */
static ProfileShape
shape_of(const Pipeline *pipeline)
{
	const ImageHeader *header = pipeline->image;
	uint32_t n_terms = pipeline->space.vocabulary.n_features;

	return (ProfileShape){.image_checksum = header->checksum,
						  .n_labels = pipeline->n_labels,
						  .n_numeric = pipeline->space.options.n_numeric,
						  .n_dimensions = text_embedding_dimensions(&pipeline->space),
						  .n_terms = n_terms < MAX_PROFILE_TERMS ? n_terms : MAX_PROFILE_TERMS};
}

/* Make what adding rows needs, once. */
static void
make_slots(DriftProfile *profile, const Pipeline *pipeline)
{
	profile->term_slots =
		drift_profile_term_slots(&pipeline->space.vocabulary, profile->shape.n_terms);
	make_label_slots(profile, pipeline);
}

bool
drift_profile_is_of(const DriftProfile *profile, const Pipeline *pipeline)
{
	ProfileShape shape = shape_of(pipeline);

	return memcmp(&shape, &profile->shape, sizeof(shape)) == 0;
}

void
drift_profile_check(const DriftProfile *profile, const Pipeline *pipeline)
{
	if (!drift_profile_is_of(profile, pipeline))
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Make one profile for each model.",
				   "a drift profile cannot hold rows of different models");
}

void
drift_profile_begin(DriftProfile *profile, const Pipeline *pipeline, uint32_t sample_rows)
{
	if (profile->shape.n_labels == 0)
	{
		ProfileShape shape = shape_of(pipeline);

		allocate(profile, &shape, sample_rows);
	}
	drift_profile_check(profile, pipeline);
	if (profile->term_slots == NULL)
		make_slots(profile, pipeline);
}

uint32_t
drift_profile_label(const DriftProfile *profile, const Pipeline *pipeline, const char *label,
					size_t length)
{
	uint32_t place = (uint32_t) hash_token(label, length) & profile->label_mask;

	while (profile->label_slots[place].class != 0)
	{
		const char *known = pipeline->labels[profile->label_slots[place].class - 1];

		if (strlen(known) == length && memcmp(known, label, length) == 0)
			return profile->label_slots[place].class - 1;
		place = (place + 1) & profile->label_mask;
	}
	return pipeline->n_labels;
}

uint32_t *
drift_profile_number_labels(const DriftProfile *profile, const Pipeline *pipeline,
							const StringTable *labels)
{
	uint32_t *numbers = host_allocate_array(uint32_t, (size_t) labels->n_strings + 1);

	for (uint32_t i = 0; i < labels->n_strings; i++)
	{
		size_t length;
		const char *label = string_table_get(labels, i, &length);

		numbers[i] = drift_profile_label(profile, pipeline, label, length);
	}
	return numbers;
}

double
drift_profile_unknown_share(const TermCounts *counts)
{
	return counts->n_tokens == 0 ? NAN : (double) counts->n_unknown / (double) counts->n_tokens;
}

/* Count the terms of the last text. */
static void
count_terms(DriftProfile *profile, const TermCounts *counts)
{
	const uint16_t *slots = profile->term_slots;
	uint64_t *texts = profile->term_texts;

	/* without a branch: which terms are counted one by one is as good as random */
	for (uint32_t i = 0; i < counts->n_terms; i++)
		texts[slots[counts->features[i]]]++;
	histogram_add(&profile->histograms[PROFILE_UNKNOWN], drift_profile_unknown_share(counts));
}

/* Add what the model makes of a text: terms, and if it comes into the sample, its embedding. */
static void
add_seen_text(DriftProfile *profile, const Pipeline *pipeline, const ProfileRow *row,
			  const float *text_features, uint64_t text)
{
	const ProfileShape *shape = &profile->shape;
	float values[MAX_SAMPLE_VALUES];

	profile->n_counted++;
	count_terms(profile, pipeline->space.counts);
	if (!row_sample_wants(&profile->sample, row->key))
		return;
	text_embedding_compute(&pipeline->space, values);
	memcpy(values + shape->n_dimensions, text_features, N_TEXT_FEATURES * sizeof(float));
	for (uint32_t i = shape->n_dimensions + N_TEXT_FEATURES; i < profile->sample.n_values; i++)
		values[i] =
			row->numeric == NULL ? NAN : row->numeric[i - shape->n_dimensions - N_TEXT_FEATURES];
	row_sample_add(&profile->sample, row->key, text, values);
}

double
drift_profile_log_odds(const Pipeline *pipeline, const double *probabilities)
{
	double score =
		probabilities[pipeline->n_labels == 2 ? pipeline->positive
											  : pipeline_decide(pipeline, probabilities)];

	score = fmin(fmax(score, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
	return log(score / (1 - score));
}

/* Add the pipeline's answer. */
static void
add_answer(DriftProfile *profile, const Pipeline *pipeline, const double *probabilities)
{
	profile->n_scored++;
	profile->predicted[pipeline_decide(pipeline, probabilities)]++;
	histogram_add(&profile->histograms[PROFILE_SCORE],
				  drift_profile_log_odds(pipeline, probabilities));
}

const float *
drift_profile_text_features(const Pipeline *pipeline, const char *text, size_t length,
							bool is_counted, float *computed)
{
	double values[N_TEXT_FEATURES];

	if (is_counted && pipeline->space.columns.header.n_text_features > 0)
		return feature_space_columns(&pipeline->space);
	text_features_compute(text, length, values);
	for (int i = 0; i < N_TEXT_FEATURES; i++)
		computed[i] = (float) values[i];
	return computed;
}

uint64_t
drift_profile_text(uint64_t text_hash, const float *text_features, uint64_t random)
{
	return text_features[TEXT_FEATURE_WORD_COUNT] > 0 ? text_hash : hash_mix(random + 1);
}

void
drift_profile_add(DriftProfile *profile, const Pipeline *pipeline, const ProfileRow *row)
{
	float features[N_TEXT_FEATURES];
	const float *text_features = row->text_features;
	uint64_t text;

	profile->n_rows++;
	if (row->text == NULL && text_features == NULL)
		return;
	if (text_features == NULL)
		text_features = drift_profile_text_features(pipeline, row->text, row->length,
													row->is_counted, features);
	profile->n_texts++;
	for (uint32_t i = 0; i < N_TEXT_FEATURES; i++)
		histogram_add(&profile->histograms[PROFILE_TEXT_FEATURES + i], text_features[i]);
	for (uint32_t i = 0; i < profile->shape.n_numeric; i++)
		histogram_add(&profile->histograms[PROFILE_NUMERIC + i],
					  row->numeric == NULL ? NAN : row->numeric[i]);
	if (row->label != NO_PROFILE_LABEL)
		profile->actual[row->label]++;
	text = drift_profile_text(row->text_hash, text_features, row->key);
	(row->is_counted ? profile->counted_texts
					 : profile->other_texts)[text_bucket(text, N_TEXT_BUCKETS)]++;
	if (row->is_counted)
		add_seen_text(profile, pipeline, row, text_features, text);
	if (row->probabilities != NULL)
		add_answer(profile, pipeline, row->probabilities);
}

void
drift_profile_add_corpus(DriftProfile *profile, const Pipeline *pipeline, const Corpus *corpus)
{
	uint32_t *numbers = drift_profile_number_labels(profile, pipeline, &corpus->labels);

	for (uint32_t i = 0; i < corpus->n_documents && corpus->kept.text_features; i++)
	{
		const CorpusDocument *document = &corpus->documents[i];
		const float *values = corpus_values(corpus, document);
		ProfileRow row = {.text_features = values,
						  .numeric = values + N_TEXT_FEATURES,
						  .label = numbers[document->label],
						  .key = hash_mix(i + UINT64_C(1)),
						  .text_hash = document->hash};

		if (i % 64 == 0)
			host_check_interrupts();
		drift_profile_add(profile, pipeline, &row);
	}
	host_free(numbers);
}

double
drift_profile_score(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

bool
drift_profile_fits(const DriftProfile *profile, const DriftProfile *other)
{
	return memcmp(&profile->shape, &other->shape, sizeof(ProfileShape)) == 0;
}

void
drift_profile_merge(DriftProfile *profile, const DriftProfile *other)
{
	if (other->shape.n_labels == 0)
		return;
	if (profile->shape.n_labels == 0)
		allocate(profile, &other->shape, other->sample.capacity);
	if (!drift_profile_fits(profile, other) || profile->sample.capacity != other->sample.capacity)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Make one profile for each model.",
				   "drift profiles of different models or samples cannot be merged");
	profile->n_rows += other->n_rows;
	profile->n_texts += other->n_texts;
	profile->n_counted += other->n_counted;
	profile->n_scored += other->n_scored;
	for (uint32_t i = 0; i < histogram_count(&profile->shape); i++)
		histogram_merge(&profile->histograms[i], &other->histograms[i]);
	for (size_t i = 0; i < count_count(&profile->shape); i++)
		profile->predicted[i] += other->predicted[i];
	for (uint32_t i = 0; i < 2 * N_TEXT_BUCKETS; i++)
		profile->counted_texts[i] += other->counted_texts[i];
	row_sample_merge(&profile->sample, &other->sample);
}

size_t
drift_profile_flat_size(DriftProfile *profile)
{
	size_t size = sizeof(FlatHeader);

	if (profile->shape.n_labels == 0)
		return size;
	row_sample_settle(&profile->sample);
	for (uint32_t i = 0; i < histogram_count(&profile->shape); i++)
		size += sizeof(uint32_t) + histogram_flat_size(&profile->histograms[i]);
	size += count_count(&profile->shape) * sizeof(uint64_t) + BUCKETS_SIZE;
	return size + row_sample_flat_size(&profile->sample, profile->sample.n_rows);
}

void
drift_profile_flatten(const DriftProfile *profile, char *bytes)
{
	FlatHeader header = {.version = FORMAT_VERSION,
						 .sample_capacity = profile->sample.capacity,
						 .shape = profile->shape,
						 .n_rows = profile->n_rows,
						 .n_texts = profile->n_texts,
						 .n_counted = profile->n_counted,
						 .n_scored = profile->n_scored,
						 .n_sampled = profile->sample.n_rows};
	uint32_t n_histograms = histogram_count(&profile->shape);
	char *lengths = bytes + sizeof(header);
	size_t n_counts = count_count(&profile->shape) * sizeof(uint64_t);

	memcpy(bytes, &header, sizeof(header));
	if (profile->shape.n_labels == 0)
		return;
	bytes = lengths + n_histograms * sizeof(uint32_t);
	for (uint32_t i = 0; i < n_histograms; i++)
	{
		uint32_t length = (uint32_t) histogram_flat_size(&profile->histograms[i]);

		memcpy(lengths + i * sizeof(length), &length, sizeof(length));
		histogram_flatten(&profile->histograms[i], bytes);
		bytes += length;
	}
	memcpy(bytes, profile->predicted, n_counts);
	memcpy(bytes + n_counts, profile->counted_texts, BUCKETS_SIZE);
	row_sample_flatten(&profile->sample, bytes + n_counts + BUCKETS_SIZE);
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_profile(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_drift_profile");
}

/* Check the header alone. */
static FlatHeader
read_header(const char *bytes, size_t length)
{
	FlatHeader header;
	const ProfileShape *shape = &header.shape;

	if (length < sizeof(header))
		invalid_profile("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	if (header.version == 0 || header.reserved != 0)
		invalid_profile("It has no format version.");
	if (header.version > FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Upgrade the extension.",
				   "format version %u of type sentiment_drift_profile is not supported",
				   header.version);
	if (shape->n_labels > MAX_CLASSES || shape->n_numeric > MAX_NUMERIC ||
		shape->n_dimensions > MAX_EMBEDDING_DIMENSIONS || shape->n_terms > MAX_PROFILE_TERMS ||
		header.sample_capacity > MAX_SAMPLE_ROWS || header.n_sampled > header.sample_capacity)
		invalid_profile("A size is out of range.");
	if (header.n_rows > MAX_HISTOGRAM_ROWS || header.n_texts > header.n_rows ||
		header.n_counted > header.n_texts || header.n_scored > header.n_texts ||
		header.n_sampled > header.n_counted)
		invalid_profile("Its counts contradict each other.");
	if (shape->n_labels == 0 && memcmp(bytes + sizeof(header.version),
									   (const char *) &(FlatHeader){0} + sizeof(header.version),
									   sizeof(header) - sizeof(header.version)) != 0)
		invalid_profile("It is of no model, but has rows.");
	return header;
}

/* Read the histograms, which begin behind their lengths; answers what follows them. */
static const char *
read_histograms(DriftProfile *profile, const char *bytes, const char *end)
{
	uint32_t n_histograms = histogram_count(&profile->shape);
	const char *lengths = bytes;

	if ((size_t) (end - bytes) < n_histograms * sizeof(uint32_t))
		invalid_profile("It is truncated.");
	bytes += n_histograms * sizeof(uint32_t);
	for (uint32_t i = 0; i < n_histograms; i++)
	{
		Histogram *histogram = &profile->histograms[i];
		uint64_t expected = i == PROFILE_UNKNOWN ? profile->n_counted
							: i == PROFILE_SCORE ? profile->n_scored
												 : profile->n_texts;
		uint32_t length;

		memcpy(&length, lengths + i * sizeof(length), sizeof(length));
		if (length > (size_t) (end - bytes))
			invalid_profile("It is truncated.");
		host_check_interrupts();
		histogram_unflatten(histogram, bytes, length);
		if (histogram->max_bins != PROFILE_HISTOGRAM_BINS || histogram->n_rows != expected)
			invalid_profile("A histogram contradicts its rows.");
		bytes += length;
	}
	return bytes;
}

/* Check counts that cannot have more rows than there are. */
static void
check_counts(const uint64_t *counts, size_t n_counts, uint64_t most)
{
	for (size_t i = 0; i < n_counts; i++)
	{
		if (counts[i] > most)
			invalid_profile("A count contradicts its rows.");
	}
}

/* The sum of counts, which are checked each. */
static uint64_t
sum_of(const uint64_t *counts, size_t n_counts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n_counts; i++)
		sum += counts[i]; /* at most 10,000 counts below 2^53 */
	return sum;
}

/* Read the counts of labels and terms. */
static void
read_counts(DriftProfile *profile, const char *bytes)
{
	const ProfileShape *shape = &profile->shape;

	memcpy(profile->predicted, bytes, count_count(shape) * sizeof(uint64_t));
	check_counts(profile->predicted, shape->n_labels, profile->n_scored);
	check_counts(profile->actual, (size_t) shape->n_labels + 1, profile->n_texts);
	check_counts(profile->term_texts, shape->n_terms, profile->n_counted);
	check_counts(profile->term_texts + shape->n_terms, 1, MAX_OTHER_TERMS);
	if (sum_of(profile->predicted, shape->n_labels) != profile->n_scored ||
		sum_of(profile->actual, (size_t) shape->n_labels + 1) > profile->n_texts)
		invalid_profile("Its labels contradict its rows.");
}

/* Read the counts in buckets: what was read of the first format may have fewer rows than there are. */
static void
read_buckets(DriftProfile *profile, const char *bytes)
{
	memcpy(profile->counted_texts, bytes, BUCKETS_SIZE);
	check_counts(profile->counted_texts, N_TEXT_BUCKETS, profile->n_counted);
	check_counts(profile->other_texts, N_TEXT_BUCKETS, profile->n_texts - profile->n_counted);
	if (sum_of(profile->counted_texts, N_TEXT_BUCKETS) > profile->n_counted ||
		sum_of(profile->other_texts, N_TEXT_BUCKETS) > profile->n_texts - profile->n_counted)
		invalid_profile("Its texts contradict its rows.");
}

/* A profile of the first format tells by its sample how often texts repeat. */
static void
count_sampled_texts(DriftProfile *profile)
{
	for (uint32_t i = 0; i < profile->sample.n_rows; i++)
		profile->counted_texts[text_bucket(row_sample_text(&profile->sample, i), N_TEXT_BUCKETS)]++;
}

void
drift_profile_unflatten(DriftProfile *profile, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	FlatHeader header = read_header(bytes, length);
	bool has_texts = header.version > FORMAT_WITHOUT_TEXTS;
	const char *problem;
	size_t rest;

	bytes += sizeof(header);
	if (header.shape.n_labels == 0)
	{
		if (bytes != end)
			invalid_profile("Its length is not the length that it states.");
		return;
	}
	allocate(profile, &header.shape, header.sample_capacity);
	profile->n_rows = header.n_rows;
	profile->n_texts = header.n_texts;
	profile->n_counted = header.n_counted;
	profile->n_scored = header.n_scored;
	bytes = read_histograms(profile, bytes, end);
	rest = count_count(&header.shape) * sizeof(uint64_t) +
		   (has_texts ? BUCKETS_SIZE + row_sample_flat_size(&profile->sample, header.n_sampled)
					  : row_sample_old_flat_size(&profile->sample, header.n_sampled));
	if ((size_t) (end - bytes) != rest)
		invalid_profile("Its length is not the length that it states.");
	read_counts(profile, bytes);
	bytes += count_count(&header.shape) * sizeof(uint64_t);
	if (has_texts)
	{
		read_buckets(profile, bytes);
		bytes += BUCKETS_SIZE;
	}
	problem = row_sample_unflatten(&profile->sample, bytes, header.n_sampled, has_texts);
	if (problem != NULL)
		invalid_profile(problem);
	if (!has_texts)
		count_sampled_texts(profile);
}

/* Append an array of numbers. */
static void
append_numbers(ByteBuffer *json, const double *numbers, size_t n)
{
	buffer_printf(json, "[");
	for (size_t i = 0; i < n; i++)
	{
		buffer_printf(json, i == 0 ? "" : ", ");
		buffer_append_json_number(json, numbers[i]);
	}
	buffer_printf(json, "]");
}

/* Append an array of counts. */
static void
append_counts(ByteBuffer *json, const char *name, const uint64_t *counts, size_t n)
{
	buffer_printf(json, ", \"%s\": [", name);
	for (size_t i = 0; i < n; i++)
		buffer_printf(json, "%s%llu", i == 0 ? "" : ", ", (unsigned long long) counts[i]);
	buffer_printf(json, "]");
}

/* Append mean and deviation of a histogram. */
static void
append_histogram(ByteBuffer *json, const Histogram *histogram)
{
	buffer_printf(json, "{\"rows\": %llu, \"missing\": %llu, \"mean\": ",
				  (unsigned long long) histogram->n_rows,
				  (unsigned long long) histogram->n_missing);
	buffer_append_json_number(json, histogram_mean(histogram));
	buffer_printf(json, ", \"stddev\": ");
	buffer_append_json_number(json, histogram_standard_deviation(histogram));
	buffer_printf(json, "}");
}

VectorMoments
drift_profile_moments(const DriftProfile *profile, const RowSample *sample)
{
	VectorMoments moments = {.n_dimensions = profile->shape.n_dimensions};
	float values[MAX_SAMPLE_VALUES];

	for (uint32_t i = 0; i < sample->n_rows; i++)
	{
		if (i % 256 == 0)
			host_check_interrupts();
		row_sample_values(sample, i, values);
		vector_moments_add(&moments, values);
	}
	return moments;
}

/* Append mean and covariance of the embeddings. */
static void
append_embedding(ByteBuffer *json, const VectorMoments *moments)
{
	uint32_t n = moments->n_dimensions;
	double *numbers = host_allocate_array(double, (size_t) n *n + 1);

	buffer_printf(json, ", \"embedding_mean\": ");
	vector_moments_mean(moments, numbers);
	append_numbers(json, numbers, n);
	buffer_printf(json, ", \"embedding_covariance\": [");
	vector_moments_covariance(moments, numbers);
	for (uint32_t i = 0; i < n; i++)
	{
		buffer_printf(json, i == 0 ? "" : ", ");
		append_numbers(json, numbers + (size_t) i * n, n);
	}
	buffer_printf(json, "]");
	host_free(numbers);
}

/* Counts of both sides in as many buckets as both have. */
typedef struct CommonBuckets
{
	uint32_t n;
	uint64_t reference[N_TEXT_BUCKETS];
	uint64_t current[N_TEXT_BUCKETS];
} CommonBuckets;

/* Bring the counts of both sides to the fewer buckets, with or without the texts that are not counted by the model. */
static CommonBuckets
common_buckets(const DriftProfile *reference, const DriftProfile *current, bool counted_only)
{
	const DriftProfile *sides[2] = {reference, current};
	CommonBuckets common = {.n = reference->n_text_buckets < current->n_text_buckets
									 ? reference->n_text_buckets
									 : current->n_text_buckets};
	uint64_t *counts[2] = {common.reference, common.current};
	uint64_t others[N_TEXT_BUCKETS];

	for (int i = 0; i < 2; i++)
	{
		text_buckets_fold(sides[i]->counted_texts, sides[i]->n_text_buckets, common.n, counts[i]);
		text_buckets_fold(sides[i]->other_texts, sides[i]->n_text_buckets, common.n, others);
		for (uint32_t j = 0; j < common.n && !counted_only; j++)
			counts[i][j] += others[j];
	}
	return common;
}

double
drift_profile_largest_share(const DriftProfile *reference, const DriftProfile *current)
{
	CommonBuckets common = common_buckets(reference, current, false);

	return largest_text_share(common.reference, common.current, common.n);
}

Repetition
drift_profile_repetition(const DriftProfile *reference, const DriftProfile *current,
						 bool counted_only)
{
	CommonBuckets common = common_buckets(reference, current, counted_only);

	return repetition_of_buckets(common.reference, common.current, common.n);
}

void
drift_profile_append_json(const DriftProfile *profile, ByteBuffer *json)
{
	const ProfileShape *shape = &profile->shape;
	VectorMoments moments = drift_profile_moments(profile, &profile->sample);

	buffer_printf(json, "{\"rows\": %llu, \"texts\": %llu, \"scored\": %llu, \"sampled\": %u",
				  (unsigned long long) profile->n_rows, (unsigned long long) profile->n_texts,
				  (unsigned long long) profile->n_scored, profile->sample.n_rows);
	append_counts(json, "predicted", profile->predicted, shape->n_labels);
	append_counts(json, "labels", profile->actual, shape->n_labels == 0 ? 0 : shape->n_labels + 1);
	append_counts(json, "term_texts", profile->term_texts,
				  shape->n_labels == 0 ? 0 : (size_t) shape->n_terms + 1);
	buffer_printf(json, ", \"text_features\": {");
	for (int i = 0; i < N_TEXT_FEATURES && shape->n_labels > 0; i++)
	{
		buffer_printf(json, "%s\"%s\": ", i == 0 ? "" : ", ", text_feature_names[i]);
		append_histogram(json, &profile->histograms[PROFILE_TEXT_FEATURES + i]);
	}
	buffer_printf(json, "}, \"numeric\": [");
	for (uint32_t i = 0; i < shape->n_numeric; i++)
	{
		buffer_printf(json, i == 0 ? "" : ", ");
		append_histogram(json, &profile->histograms[PROFILE_NUMERIC + i]);
	}
	buffer_printf(json, "]");
	if (shape->n_labels > 0)
	{
		buffer_printf(json, ", \"unknown_tokens\": ");
		append_histogram(json, &profile->histograms[PROFILE_UNKNOWN]);
		buffer_printf(json, ", \"score_log_odds\": ");
		append_histogram(json, &profile->histograms[PROFILE_SCORE]);
	}
	append_embedding(json, &moments);
	buffer_printf(json, "}");
}
