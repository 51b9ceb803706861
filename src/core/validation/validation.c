/*
 * validation.c
 *	  What a validation knows of the rows it has seen.
 *
 * Flat form, little-endian: format version and length of the parameters' JSON text, 4 bytes each; the text;
 * nothing more if there was no row. Else the counts; the examples; the histograms, each behind its length
 * of 8 bytes; the labels by their bytes; the numbers; the evidence; the counts of texts and both samples,
 * each behind its length.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/labels.h"
#include "core/text/text_features.h"
#include "core/text/utf8.h"
#include "core/validation/validation.h"

#define FORMAT_VERSION 1

/* A probability in LabelEvidence.sum_of_own. */
#define PROBABILITY_UNIT 0x1p20

const char *const measure_names[N_MEASURES] = {"text_len", "avg_word_length", "caps_ratio",
											   "digit_ratio", "punctuation_ratio"};

/* Where the measures are among the text features. */
static const unsigned measure_features[N_MEASURES] = {0, 2, 5, 6, 7};

static const ParameterSpec option_parameters[] = {
	{.name = "contract",
	 .type = PARAMETER_OBJECT,
	 .offset = offsetof(ValidationOptions, contract_json),
	 .default_json = "null",
	 .meaning = "The contract"},
	{.name = "split_seed",
	 .type = PARAMETER_STRING,
	 .offset = offsetof(ValidationOptions, split_seed_text),
	 .default_json = "\"0\"",
	 .meaning = "Seed of the split into held-out and other rows"},
	{.name = "holdout",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(ValidationOptions, holdout),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Share of the texts that are held out"},
	{.name = "model_labels",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(ValidationOptions, n_model_labels),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = MAX_EVIDENCE_LABELS,
	 .meaning = "Labels of the model that gives evidence of label errors"},
};

void
validation_set_options(Validation *validation, const char *json)
{
	ValidationOptions *options = &validation->options;
	ParameterGroup group = {option_parameters,
							sizeof(option_parameters) / sizeof(option_parameters[0]), options};
	char *copy = host_allocate(strlen(json) + 1);

	parameters_parse(json, &group, 1);
	options->split_seed = strtoull(options->split_seed_text, NULL, 10);
	contract_parse(options->contract_json == NULL ? "{}" : options->contract_json,
				   &options->contract);
	strcpy(copy, json);
	options->json = copy;
	validation->by_shingles.by_shingles = true;
	validation->numbers =
		host_allocate_zero_array(NumberCount, (size_t) options->contract.n_ranges + 1);
	validation->evidence =
		host_allocate_zero_array(LabelEvidence, (size_t) options->n_model_labels + 1);
}

/* Whether an example is to be kept rather than the present one. */
static bool
is_better_example(const ValidationExample *present, double rank, uint64_t hash, uint32_t given,
				  uint32_t predicted)
{
	if (!present->is_there)
		return true;
	if (present->rank != rank)
		return rank > present->rank;
	if (present->hash != hash)
		return hash < present->hash;
	if (present->given != given)
		return given < present->given;
	return predicted < present->predicted;
}

/* Offer a row as an example. */
static void
offer_example(ValidationExample *example, double rank, uint64_t hash, const ValidationRow *row)
{
	uint32_t given = row->has_evidence ? row->given : 0;
	uint32_t predicted = row->has_evidence ? row->predicted : 0;

	if (!is_better_example(example, rank, hash, given, predicted))
		return;
	memset(example, 0, sizeof(*example));
	example->rank = rank;
	example->hash = hash;
	example->is_there = 1;
	example->given = given;
	example->predicted = predicted;
	example->excerpt = excerpt_make(row->text, row->text_length);
}

/* Count what is damaged in a text. */
static void
add_damages(Validation *validation, unsigned damages, uint64_t hash, const ValidationRow *row)
{
	for (unsigned i = 0; damages != 0; i++, damages >>= 1)
	{
		if (damages & 1)
		{
			validation->counts.n_damaged[i]++;
			offer_example(&validation->examples[EXAMPLE_DAMAGE + i], 0, hash, row);
		}
	}
}

/* Measure a valid text. */
static void
add_measures(Validation *validation, uint64_t hash, bool is_held_out, const ValidationRow *row)
{
	const Contract *contract = &validation->options.contract;
	double features[N_TEXT_FEATURES];

	text_features_compute(row->text, row->text_length, features);
	validation->counts.n_blank += features[1] == 0;
	if (features[0] < contract->min_text_length)
	{
		validation->counts.n_too_short++;
		offer_example(&validation->examples[EXAMPLE_TOO_SHORT], 0, hash, row);
	}
	if (features[0] > contract->max_text_length)
	{
		validation->counts.n_too_long++;
		offer_example(&validation->examples[EXAMPLE_TOO_LONG], 0, hash, row);
	}
	for (unsigned i = 0; i < N_MEASURES; i++)
	{
		double value = features[measure_features[i]];

		histogram_add(i == MEASURE_LENGTH && is_held_out ? &validation->held_out_length
														 : &validation->measures[i],
					  value);
		offer_example(&validation->examples[EXAMPLE_SMALLEST + i], -value, hash, row);
		offer_example(&validation->examples[EXAMPLE_LARGEST + i], value, hash, row);
	}
}

/* Forget the labels: there are too many. */
static void
drop_labels(Validation *validation)
{
	validation->has_too_many_labels = true;
	host_free(validation->labels.starts);
	host_free(validation->labels.slots);
	buffer_reset(&validation->labels.bytes);
	validation->labels = (StringTable){0};
	host_free(validation->label_counts);
	validation->label_counts = NULL;
	validation->label_capacity = 0;
}

/* Count rows of a label. */
static void
add_label(Validation *validation, const char *label, size_t length, LabelCount count)
{
	uint32_t number;

	if (validation->has_too_many_labels)
		return;
	number = string_table_add(&validation->labels, label, length, hash_token(label, length));
	if (number >= MAX_VALIDATED_LABELS)
	{
		drop_labels(validation);
		return;
	}
	if (number >= validation->label_capacity)
	{
		uint32_t capacity = validation->label_capacity == 0 ? 8 : validation->label_capacity * 2;

		if (validation->label_counts == NULL)
			validation->label_counts = host_allocate_array(LabelCount, capacity);
		else
			validation->label_counts =
				host_reallocate_array(validation->label_counts, LabelCount, capacity);
		memset(validation->label_counts + validation->label_capacity, 0,
			   (capacity - validation->label_capacity) * sizeof(LabelCount));
		validation->label_capacity = capacity;
	}
	validation->label_counts[number].n_rows += count.n_rows;
	validation->label_counts[number].n_held_out += count.n_held_out;
}

/* Count the numbers of a row. */
static void
add_numbers(Validation *validation, const ValidationRow *row)
{
	const Contract *contract = &validation->options.contract;

	for (uint32_t i = 0; i < contract->n_ranges; i++)
	{
		NumberCount *count = &validation->numbers[i];
		double number = row->numbers[i];

		if (row->is_null[i])
			count->n_null++;
		else
		{
			count->n_outside += !isfinite(number) || number < contract->ranges[i].minimum ||
								number > contract->ranges[i].maximum;
			histogram_add(&count->histogram, number);
		}
	}
}

/* Count what a model says of a row. */
static void
add_evidence(Validation *validation, uint64_t hash, const ValidationRow *row)
{
	LabelEvidence *given = &validation->evidence[row->given];
	double bin = floor(row->predicted_probability * N_EVIDENCE_BINS);

	validation->counts.n_evidence++;
	given->n_labelled++;
	given->sum_of_own += (uint64_t) llround(row->given_probability * PROBABILITY_UNIT);
	if (row->given == row->predicted)
		return;
	validation->evidence[row->predicted]
		.n_contradictions[bin >= N_EVIDENCE_BINS ? N_EVIDENCE_BINS - 1 : (int) bin]++;
	offer_example(&validation->examples[EXAMPLE_LABEL_ERROR], row->predicted_probability, hash,
				  row);
}

/* Count a row of a text that may be new in a sample that takes it. */
static void
add_to_sample(TextSample *sample, SampledText *text, const ValidationRow *row, Shingles *shingles)
{
	if (!text_sample_wants(sample, text->hash, text->smallest) ||
		text_sample_count(sample, text->hash))
		return;
	if (text->n_rows == 0)
	{
		text->n_rows = 1;
		text->has_shingles = shingles->n_shingles > 0;
		if (text->has_shingles)
			shingles_sketch(shingles, text->sketch);
		text->excerpt = excerpt_make(row->text, row->text_length);
	}
	text_sample_add(sample, text);
}

/* Count a valid text in the samples. */
static void
sample_text(Validation *validation, uint64_t hash, bool may_be_new, const ValidationRow *row)
{
	SampledText text = {.hash = hash};

	if (!may_be_new)
	{
		text_sample_count(&validation->by_text, hash);
		text_sample_count(&validation->by_shingles, hash);
		return;
	}
	if (validation->tokenizer == NULL)
	{
		validation->tokenizer = shingles_tokenizer();
		validation->shingles = host_allocate(sizeof(Shingles));
	}
	shingles_find(validation->tokenizer, row->text, row->text_length, validation->shingles);
	text.smallest = validation->shingles->n_shingles > 0 ? validation->shingles->smallest : hash;
	add_to_sample(&validation->by_text, &text, row, validation->shingles);
	add_to_sample(&validation->by_shingles, &text, row, validation->shingles);
}

/* Add the text of a row. Answers whether it is held out. */
static bool
add_text(Validation *validation, const ValidationRow *row, bool has_label)
{
	const ValidationOptions *options = &validation->options;
	uint64_t hash = corpus_text_hash(row->text, row->text_length);
	bool is_held_out =
		options->holdout > 0 && corpus_is_held_out(hash, options->split_seed, options->holdout);
	unsigned damages = text_damage_find(row->text, row->text_length);
	bool may_be_new = text_counts_add(
		&validation->text_counts, hash,
		has_label ? text_counts_label_hash(row->label, row->label_length) : NO_LABEL_HASH);

	if (damages != 0)
		add_damages(validation, damages, hash, row);
	if (row->has_evidence)
		add_evidence(validation, hash, row);
	if ((damages & DAMAGE_INVALID) == 0)
	{
		add_measures(validation, hash, is_held_out, row);
		sample_text(validation, hash, may_be_new, row);
	}
	return is_held_out;
}

void
validation_add(Validation *validation, const ValidationRow *row)
{
	ValidationCounts *counts = &validation->counts;
	bool has_label = row->label != NULL && row->label_length <= MAX_LABEL_LENGTH &&
					 utf8_is_valid(row->label, row->label_length);
	bool is_held_out = false;

	if (counts->n_rows == MAX_VALIDATED_ROWS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "more than %llu rows",
				   (unsigned long long) MAX_VALIDATED_ROWS);
	counts->n_rows++;
	counts->n_null_text += row->text == NULL;
	counts->n_null_label += row->label == NULL;
	counts->n_unusable_labels += row->label != NULL && !has_label;
	if (row->text != NULL)
		is_held_out = add_text(validation, row, has_label);
	if (has_label)
		add_label(validation, row->label, row->label_length, (LabelCount){1, is_held_out});
	add_numbers(validation, row);
}

/* Add counts of rows, which are all of 8 bytes. */
static void
merge_counts(ValidationCounts *counts, const ValidationCounts *other)
{
	uint64_t *sums = (uint64_t *) counts;
	const uint64_t *more = (const uint64_t *) other;

	if (other->n_rows > MAX_VALIDATED_ROWS - counts->n_rows)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "more than %llu rows",
				   (unsigned long long) MAX_VALIDATED_ROWS);
	for (size_t i = 0; i < sizeof(ValidationCounts) / sizeof(uint64_t); i++)
		sums[i] += more[i];
}

/* Keep the better ones of two lists of examples. */
static void
merge_examples(ValidationExample *examples, const ValidationExample *other)
{
	for (unsigned i = 0; i < N_EXAMPLES; i++)
	{
		if (other[i].is_there && is_better_example(&examples[i], other[i].rank, other[i].hash,
												   other[i].given, other[i].predicted))
			examples[i] = other[i];
	}
}

/* Add the labels of another validation. */
static void
merge_labels(Validation *validation, const Validation *other)
{
	if (other->has_too_many_labels && !validation->has_too_many_labels)
		drop_labels(validation);
	for (uint32_t i = 0; i < other->labels.n_strings; i++)
	{
		size_t length;
		const char *label = string_table_get(&other->labels, i, &length);

		add_label(validation, label, length, other->label_counts[i]);
	}
}

/* Add what is known of numbers, and what models say. */
static void
merge_numbers_and_evidence(Validation *validation, const Validation *other)
{
	for (uint32_t i = 0; i < validation->options.contract.n_ranges; i++)
	{
		validation->numbers[i].n_null += other->numbers[i].n_null;
		validation->numbers[i].n_outside += other->numbers[i].n_outside;
		histogram_merge(&validation->numbers[i].histogram, &other->numbers[i].histogram);
	}
	for (int i = 0; i < validation->options.n_model_labels; i++)
	{
		uint64_t *sums = (uint64_t *) &validation->evidence[i];
		const uint64_t *more = (const uint64_t *) &other->evidence[i];

		for (size_t j = 0; j < sizeof(LabelEvidence) / sizeof(uint64_t); j++)
			sums[j] += more[j];
	}
}

void
validation_merge(Validation *validation, const Validation *other)
{
	if (other->options.json == NULL)
		return;
	if (validation->options.json == NULL)
		validation_set_options(validation, other->options.json);
	if (strcmp(validation->options.json, other->options.json) != 0)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, NULL,
				   "validations of different contracts cannot be merged");
	merge_counts(&validation->counts, &other->counts);
	merge_examples(validation->examples, other->examples);
	for (unsigned i = 0; i < N_MEASURES; i++)
		histogram_merge(&validation->measures[i], &other->measures[i]);
	histogram_merge(&validation->held_out_length, &other->held_out_length);
	merge_labels(validation, other);
	merge_numbers_and_evidence(validation, other);
	text_counts_merge(&validation->text_counts, &other->text_counts);
	text_sample_merge(&validation->by_text, &other->by_text);
	text_sample_merge(&validation->by_shingles, &other->by_shingles);
}

/* Where the flat form goes; with no place, its bytes are only counted. */
typedef struct FlatWriter
{
	char *place;
	size_t length;
} FlatWriter;

/* Write bytes. */
static void
put(FlatWriter *writer, const void *bytes, size_t length)
{
	if (writer->place != NULL && length > 0)
		memcpy(writer->place + writer->length, bytes, length);
	writer->length += length;
}

/* Write a length and answer where a part of so many bytes goes; NULL if they are only counted. */
static char *
put_part(FlatWriter *writer, size_t length)
{
	uint64_t stored_length = length;
	char *place;

	put(writer, &stored_length, sizeof(stored_length));
	place = writer->place == NULL ? NULL : writer->place + writer->length;
	writer->length += length;
	return place;
}

/* Write a histogram. */
static void
put_histogram(FlatWriter *writer, const Histogram *histogram)
{
	char *place = put_part(writer, histogram_flat_size(histogram));

	if (place != NULL)
		histogram_flatten(histogram, place);
}

/* A label and its number, to be sorted. */
typedef struct NumberedLabel
{
	const char *label;
	size_t length;
	uint32_t number;
} NumberedLabel;

/* qsort's comparison by bytes. */
static int
compare_labels(const void *a, const void *b)
{
	const NumberedLabel *first = a;
	const NumberedLabel *second = b;
	size_t length = first->length < second->length ? first->length : second->length;
	int order = memcmp(first->label, second->label, length);

	if (order != 0)
		return order;
	return first->length < second->length ? -1 : first->length > second->length;
}

/* Write the labels by their bytes: length, counts, bytes of each. */
static void
put_labels(FlatWriter *writer, const Validation *validation)
{
	uint32_t header[2] = {validation->has_too_many_labels, validation->labels.n_strings};
	NumberedLabel *sorted = host_allocate_array(NumberedLabel, (size_t) header[1] + 1);

	put(writer, header, sizeof(header));
	for (uint32_t i = 0; i < header[1]; i++)
	{
		sorted[i].label = string_table_get(&validation->labels, i, &sorted[i].length);
		sorted[i].number = i;
	}
	qsort(sorted, header[1], sizeof(sorted[0]), compare_labels);
	for (uint32_t i = 0; i < header[1]; i++)
	{
		uint64_t length = sorted[i].length;

		put(writer, &length, sizeof(length));
		put(writer, &validation->label_counts[sorted[i].number], sizeof(LabelCount));
		put(writer, sorted[i].label, sorted[i].length);
	}
	host_free(sorted);
}

/* Write all, or count its bytes. */
static void
put_validation(FlatWriter *writer, const Validation *validation)
{
	const ValidationOptions *options = &validation->options;
	uint32_t json_length = options->json == NULL ? 0 : (uint32_t) strlen(options->json);
	uint32_t header[2] = {FORMAT_VERSION, json_length};
	char *place;

	put(writer, header, sizeof(header));
	if (json_length == 0)
		return;
	put(writer, options->json, json_length);
	put(writer, &validation->counts, sizeof(validation->counts));
	put(writer, validation->examples, sizeof(validation->examples));
	for (unsigned i = 0; i < N_MEASURES; i++)
		put_histogram(writer, &validation->measures[i]);
	put_histogram(writer, &validation->held_out_length);
	put_labels(writer, validation);
	for (uint32_t i = 0; i < options->contract.n_ranges; i++)
	{
		put(writer, &validation->numbers[i].n_null, sizeof(uint64_t));
		put(writer, &validation->numbers[i].n_outside, sizeof(uint64_t));
		put_histogram(writer, &validation->numbers[i].histogram);
	}
	put(writer, validation->evidence, (size_t) options->n_model_labels * sizeof(LabelEvidence));
	place = put_part(writer, text_counts_flat_size(&validation->text_counts));
	if (place != NULL)
		text_counts_flatten(&validation->text_counts, place);
	place = put_part(writer, text_sample_flat_size(&validation->by_text));
	if (place != NULL)
		text_sample_flatten(&validation->by_text, place);
	place = put_part(writer, text_sample_flat_size(&validation->by_shingles));
	if (place != NULL)
		text_sample_flatten(&validation->by_shingles, place);
}

size_t
validation_flat_size(const Validation *validation)
{
	FlatWriter writer = {NULL, 0};

	put_validation(&writer, validation);
	return writer.length;
}

void
validation_flatten(const Validation *validation, char *bytes)
{
	FlatWriter writer = {bytes, 0};

	put_validation(&writer, validation);
}

/* What is left of a flat form. */
typedef struct FlatReader
{
	const char *bytes;
	size_t length;
} FlatReader;

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_validation(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_validation");
}

/* Step over bytes and answer where they start. */
static const char *
take_place(FlatReader *reader, size_t length)
{
	const char *place = reader->bytes;

	if (length > reader->length)
		invalid_validation("It is truncated.");
	reader->bytes += length;
	reader->length -= length;
	return place;
}

/* Read bytes. */
static void
take(FlatReader *reader, void *target, size_t length)
{
	memcpy(target, take_place(reader, length), length);
}

/* Step over a part behind its length. */
static FlatReader
take_part(FlatReader *reader)
{
	uint64_t length;

	take(reader, &length, sizeof(length));
	if (length > reader->length)
		invalid_validation("It is truncated.");
	return (FlatReader){take_place(reader, length), length};
}

/* Read a histogram of at most so many rows. */
static void
take_histogram(FlatReader *reader, Histogram *histogram, uint64_t max_rows)
{
	FlatReader part = take_part(reader);

	histogram_unflatten(histogram, part.bytes, part.length);
	if (histogram->n_rows > max_rows || (histogram->max_bins != DEFAULT_HISTOGRAM_BINS))
		invalid_validation("A histogram does not fit.");
}

/* Read and check the counts of rows. */
static void
take_counts(FlatReader *reader, ValidationCounts *counts)
{
	const uint64_t *numbers = (const uint64_t *) counts;

	take(reader, counts, sizeof(*counts));
	if (counts->n_rows > MAX_VALIDATED_ROWS)
		invalid_validation("It has too many rows.");
	for (size_t i = 0; i < sizeof(*counts) / sizeof(uint64_t); i++)
	{
		if (numbers[i] > counts->n_rows)
			invalid_validation("A count is greater than the number of rows.");
	}
}

/* Read and check the examples. */
static void
take_examples(FlatReader *reader, Validation *validation)
{
	static const ValidationExample none = {0};

	take(reader, validation->examples, sizeof(validation->examples));
	for (unsigned i = 0; i < N_EXAMPLES; i++)
	{
		const ValidationExample *example = &validation->examples[i];
		uint32_t n_labels = (uint32_t) validation->options.n_model_labels;

		if (!example->is_there ? memcmp(example, &none, sizeof(none)) != 0
							   : example->is_there != 1 || !isfinite(example->rank) ||
									 example->reserved != 0 || !excerpt_is_valid(&example->excerpt))
			invalid_validation("An example is not valid.");
		if (n_labels == 0 ? example->given != 0 || example->predicted != 0
						  : example->given >= n_labels || example->predicted >= n_labels)
			invalid_validation("The labels of an example are out of range.");
	}
}

/* Read and check the labels. */
static void
take_labels(FlatReader *reader, Validation *validation)
{
	uint64_t n_left = validation->counts.n_rows;
	NumberedLabel previous = {NULL, 0, 0};
	uint32_t header[2];

	take(reader, header, sizeof(header));
	if (header[0] > 1 || header[1] > MAX_VALIDATED_LABELS || (header[0] && header[1] > 0))
		invalid_validation("A number of labels is out of range.");
	validation->has_too_many_labels = header[0] != 0;
	for (uint32_t i = 0; i < header[1]; i++)
	{
		NumberedLabel label;
		LabelCount count;
		uint64_t length;

		take(reader, &length, sizeof(length));
		take(reader, &count, sizeof(count));
		if (length > MAX_LABEL_LENGTH)
			invalid_validation("A label is too long.");
		label.length = length;
		label.label = take_place(reader, length);
		if (!utf8_is_valid(label.label, length))
			invalid_validation("A label is not valid UTF-8.");
		if (i > 0 && compare_labels(&previous, &label) >= 0)
			invalid_validation("Its labels are out of order.");
		if (count.n_rows == 0 || count.n_rows > n_left || count.n_held_out > count.n_rows)
			invalid_validation("The rows of a label are out of range.");
		n_left -= count.n_rows;
		previous = label;
		add_label(validation, label.label, length, count);
	}
}

/* Read and check the evidence. */
static void
take_evidence(FlatReader *reader, Validation *validation)
{
	uint64_t n_left = validation->counts.n_evidence;
	uint64_t n_contradictions_left = n_left;

	take(reader, validation->evidence,
		 (size_t) validation->options.n_model_labels * sizeof(LabelEvidence));
	for (int i = 0; i < validation->options.n_model_labels; i++)
	{
		const LabelEvidence *evidence = &validation->evidence[i];

		if (evidence->n_labelled > n_left ||
			evidence->sum_of_own > evidence->n_labelled * (uint64_t) PROBABILITY_UNIT)
			invalid_validation("The evidence of a label is out of range.");
		n_left -= evidence->n_labelled;
		for (unsigned j = 0; j < N_EVIDENCE_BINS; j++)
		{
			if (evidence->n_contradictions[j] > n_contradictions_left)
				invalid_validation("The evidence of a label is out of range.");
			n_contradictions_left -= evidence->n_contradictions[j];
		}
	}
}

/* Read the parameters. */
static void
take_options(FlatReader *reader, Validation *validation)
{
	uint32_t header[2];
	char *json;

	take(reader, header, sizeof(header));
	if (header[0] == 0)
		invalid_validation("It has no format version.");
	if (header[0] > FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Upgrade the extension.",
				   "format version %u of type sentiment_validation is not supported", header[0]);
	if (header[1] == 0)
		return;
	if (header[1] > 2 * MAX_CONTRACT_LENGTH || header[1] > reader->length)
		invalid_validation("It is truncated.");
	json = host_allocate((size_t) header[1] + 1);
	take(reader, json, header[1]);
	json[header[1]] = '\0';
	if (strlen(json) != header[1] || !utf8_is_valid(json, header[1]))
		invalid_validation("Its parameters are not valid UTF-8.");
	validation_set_options(validation, json);
	host_free(json);
}

/* Read the counts of texts and both samples. */
static void
take_texts(FlatReader *reader, Validation *validation)
{
	FlatReader part = take_part(reader);

	text_counts_unflatten(&validation->text_counts, part.bytes, part.length);
	part = take_part(reader);
	text_sample_unflatten(&validation->by_text, part.bytes, part.length);
	part = take_part(reader);
	text_sample_unflatten(&validation->by_shingles, part.bytes, part.length);
}

void
validation_unflatten(Validation *validation, const char *bytes, size_t length)
{
	FlatReader reader = {bytes, length};
	uint64_t n_rows;

	take_options(&reader, validation);
	if (validation->options.json != NULL)
	{
		take_counts(&reader, &validation->counts);
		n_rows = validation->counts.n_rows;
		take_examples(&reader, validation);
		for (unsigned i = 0; i < N_MEASURES; i++)
			take_histogram(&reader, &validation->measures[i], n_rows);
		take_histogram(&reader, &validation->held_out_length, n_rows);
		take_labels(&reader, validation);
		for (uint32_t i = 0; i < validation->options.contract.n_ranges; i++)
		{
			NumberCount *count = &validation->numbers[i];

			take(&reader, &count->n_null, sizeof(count->n_null));
			take(&reader, &count->n_outside, sizeof(count->n_outside));
			if (count->n_null > n_rows || count->n_outside > n_rows)
				invalid_validation("A count is greater than the number of rows.");
			take_histogram(&reader, &count->histogram, n_rows);
		}
		take_evidence(&reader, validation);
		take_texts(&reader, validation);
	}
	if (reader.length != 0)
		invalid_validation("It is longer than what it holds.");
}
