/*
 * held_out.c
 *	  Rows that training does not see, and how well a pipeline does on them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/evaluation_curves.h"
#include "core/hash.h"
#include "core/held_out.h"
#include "core/host.h"
#include "core/labels.h"

/* Room for the numbers of as many rows as there is room for. */
static void
reserve_numeric(HeldOutRows *rows)
{
	size_t count = host_array_size(rows->capacity, rows->n_numeric);

	if (rows->n_numeric == 0)
		return;
	if (rows->numeric == NULL)
		rows->numeric = host_allocate_array(float, count);
	else
		rows->numeric = host_reallocate_array(rows->numeric, float, count);
}

void
held_out_add(HeldOutRows *rows, const char *text, size_t length, uint64_t hash, const char *label,
			 size_t label_length, const float *numeric)
{
	if (rows->n_rows == rows->capacity)
	{
		if (rows->capacity > UINT32_MAX / 2)
			host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Lower the parameter holdout.",
					   "too many held-out rows");
		rows->capacity = rows->capacity == 0 ? 256 : rows->capacity * 2;
		if (rows->rows == NULL)
			rows->rows = host_allocate_array(HeldOutRow, rows->capacity);
		else
			rows->rows = host_reallocate_array(rows->rows, HeldOutRow, rows->capacity);
		reserve_numeric(rows);
	}
	if (rows->n_numeric > 0)
		memcpy(rows->numeric + (size_t) rows->n_rows * rows->n_numeric, numeric,
			   rows->n_numeric * sizeof(float));
	rows->rows[rows->n_rows++] = (HeldOutRow){
		hash, rows->texts.length, length,
		string_table_add(&rows->labels, label, label_length, hash_token(label, label_length))};
	buffer_append(&rows->texts, text, length);
}

/* What an evaluation counts. */
typedef struct Evaluation
{
	uint32_t n_labels;   /* the pipeline's, then those that only the rows have */
	const char **labels; /* (n_labels) sorted */
	uint32_t *of_row;    /* label number of the rows -> place in labels */
	uint32_t *of_class;  /* class of the pipeline -> place in labels */
	uint64_t *counts;    /* (n_labels, n_labels) */
	uint32_t n_scored;   /* labels whose scores are kept: one of two, else few of the pipeline's */
	uint32_t *scored_classes; /* (n_scored) the positive class first */
	uint32_t capacity;        /* rows of each */
	ScoredRow *scored;        /* (n_scored, capacity) by the class's probability */
	double total_log_loss;
	uint32_t n_rows;
	uint32_t *column_of;     /* (numeric columns of the pipeline) the rows' column, or NO_COLUMN */
	float *numeric;          /* (numeric columns of the pipeline) of one row */
	DriftProfile *profile;   /* or NULL */
	uint32_t *label_numbers; /* label number of the rows -> the profile's */
	uint32_t *occurrences;   /* (n_rows) how many rows with the same text come before */
} Evaluation;

/* The place of a label in a sorted list. */
static uint32_t
find_label(const char *const *labels, uint32_t n_labels, const char *label)
{
	for (uint32_t i = 0; i < n_labels; i++)
	{
		if (strcmp(labels[i], label) == 0)
			return i;
	}
	host_error(HOST_ERROR_INTERNAL, NULL, NULL, "label \"%s\" is not in the list", label);
}

/* Make the list of labels: those of the pipeline and those of the rows. */
static void
list_labels(const HeldOutRows *rows, const Pipeline *pipeline, Evaluation *evaluation)
{
	uint32_t n_row_labels = rows->labels.n_strings;
	const char **row_labels = host_allocate_array(const char *, (size_t) n_row_labels + 1);

	evaluation->labels =
		host_allocate_array(const char *, (size_t) pipeline->n_labels + n_row_labels);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
		evaluation->labels[evaluation->n_labels++] = pipeline->labels[i];
	for (uint32_t i = 0; i < n_row_labels; i++)
	{
		char *label = string_table_copy(&rows->labels, i);

		row_labels[i] = label;
		if (pipeline_find_label(pipeline, label) == pipeline->n_labels)
			evaluation->labels[evaluation->n_labels++] = label;
	}
	labels_sort(evaluation->labels, evaluation->n_labels);
	evaluation->of_row = host_allocate_array(uint32_t, (size_t) n_row_labels + 1);
	for (uint32_t i = 0; i < n_row_labels; i++)
		evaluation->of_row[i] = find_label(evaluation->labels, evaluation->n_labels, row_labels[i]);
	evaluation->of_class = host_allocate_array(uint32_t, pipeline->n_labels);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
		evaluation->of_class[i] =
			find_label(evaluation->labels, evaluation->n_labels, pipeline->labels[i]);
	host_free(row_labels);
}

/* Find the rows' columns that the pipeline asks for. */
static void
match_columns(const HeldOutRows *rows, const Pipeline *pipeline, Evaluation *evaluation)
{
	const FeatureSpaceOptions *options = &pipeline->space.options;

	evaluation->column_of = host_allocate_array(uint32_t, (size_t) options->n_numeric + 1);
	evaluation->numeric = host_allocate_array(float, (size_t) options->n_numeric + 1);
	for (uint32_t i = 0; i < options->n_numeric; i++)
	{
		evaluation->column_of[i] = NO_COLUMN;
		for (uint32_t j = 0; j < rows->n_numeric; j++)
		{
			if (strcmp(rows->numeric_names[j], options->numeric_names[i]) == 0)
				evaluation->column_of[i] = j;
		}
	}
}

/* The numbers of a row in the order of the pipeline. */
static const float *
numeric_of_row(const HeldOutRows *rows, const HeldOutRow *row, const Pipeline *pipeline,
			   Evaluation *evaluation)
{
	const float *numeric = rows->numeric + (size_t) (row - rows->rows) * rows->n_numeric;

	for (uint32_t i = 0; i < pipeline->space.options.n_numeric; i++)
		evaluation->numeric[i] =
			evaluation->column_of[i] == NO_COLUMN ? NAN : numeric[evaluation->column_of[i]];
	return evaluation->numeric;
}

/* A row's text and place, to be sorted. */
typedef struct TextPlace
{
	uint64_t hash;
	uint32_t row;
} TextPlace;

static int
compare_places(const void *a, const void *b)
{
	const TextPlace *first = a;
	const TextPlace *second = b;

	if (first->hash != second->hash)
		return first->hash < second->hash ? -1 : 1;
	return (first->row > second->row) - (first->row < second->row);
}

/* Count for each row the rows before it with the same text: a text that repeats has more than one chance. */
static uint32_t *
count_occurrences(const HeldOutRows *rows)
{
	TextPlace *places = host_allocate_array(TextPlace, (size_t) rows->n_rows + 1);
	uint32_t *occurrences = host_allocate_array(uint32_t, (size_t) rows->n_rows + 1);

	for (uint32_t i = 0; i < rows->n_rows; i++)
		places[i] = (TextPlace){rows->rows[i].hash, i};
	qsort(places, rows->n_rows, sizeof(TextPlace), compare_places);
	for (uint32_t i = 0; i < rows->n_rows; i++)
		occurrences[places[i].row] =
			i > 0 && places[i].hash == places[i - 1].hash ? occurrences[places[i - 1].row] + 1 : 0;
	host_free(places);
	return occurrences;
}

/* Add a row that was just predicted to the profile. */
static void
profile_row(const HeldOutRows *rows, const HeldOutRow *row, const Pipeline *pipeline,
			const Evaluation *evaluation, const double *probabilities)
{
	uint32_t occurrence = evaluation->occurrences[row - rows->rows];
	ProfileRow of_profile = {.text = rows->texts.data + row->start,
							 .length = row->length,
							 .numeric = evaluation->numeric,
							 .probabilities = probabilities,
							 .is_counted = true,
							 .label = evaluation->label_numbers[row->label],
							 .key = hash_mix(row->hash ^ hash_mix(occurrence + UINT64_C(1))),
							 .text_hash = row->hash};

	drift_profile_add(evaluation->profile, pipeline, &of_profile);
}

/* Predict one row and count it. */
static void
evaluate_row(const HeldOutRows *rows, const HeldOutRow *row, Pipeline *pipeline,
			 Evaluation *evaluation)
{
	const double *probabilities =
		pipeline_predict(pipeline, rows->texts.data + row->start, row->length,
						 numeric_of_row(rows, row, pipeline, evaluation));
	uint32_t actual = evaluation->of_row[row->label];
	uint32_t predicted = evaluation->of_class[pipeline_decide(pipeline, probabilities)];
	double probability = 0;

	for (uint32_t i = 0; i < pipeline->n_labels; i++)
	{
		if (evaluation->of_class[i] == actual)
			probability = probabilities[i];
	}
	evaluation->counts[(size_t) actual * evaluation->n_labels + predicted]++;
	evaluation->total_log_loss += classification_log_loss_row(true, probability);
	for (uint32_t i = 0; i < evaluation->n_scored; i++)
	{
		uint32_t class_index = evaluation->scored_classes[i];

		evaluation->scored[(size_t) i * evaluation->capacity + evaluation->n_rows] =
			(ScoredRow){probabilities[class_index], evaluation->of_class[class_index] == actual};
	}
	evaluation->n_rows++;
	if (evaluation->profile != NULL)
		profile_row(rows, row, pipeline, evaluation, probabilities);
}

/* Room for the scores of the labels that curves are drawn of: of two the positive one, of few all. */
static void
reserve_scores(const HeldOutRows *rows, const Pipeline *pipeline, Evaluation *evaluation)
{
	if (pipeline->n_labels <= MAX_CURVE_LABELS)
		evaluation->n_scored = pipeline->n_labels == 2 ? 1 : pipeline->n_labels;
	evaluation->scored_classes = host_allocate_array(uint32_t, MAX_CURVE_LABELS);
	for (uint32_t i = 0; i < evaluation->n_scored; i++)
		evaluation->scored_classes[i] = pipeline->n_labels == 2 ? pipeline->positive : i;
	evaluation->capacity = rows->n_rows;
	evaluation->scored = host_allocate_array(
		ScoredRow, host_array_size((size_t) rows->n_rows + 1, evaluation->n_scored + 1));
}

/* Append the curves of the labels that have them, as an object by label. */
static void
append_curves(const Evaluation *evaluation, const Pipeline *pipeline, ByteBuffer *json)
{
	buffer_printf(json, "{");
	for (uint32_t i = 0; i < evaluation->n_scored; i++)
	{
		const char *label = pipeline->labels[evaluation->scored_classes[i]];

		if (i > 0)
			buffer_printf(json, ", ");
		buffer_append_json_string(json, label, strlen(label));
		buffer_printf(json, ": ");
		evaluation_curves_json(evaluation->scored + (size_t) i * evaluation->capacity,
							   evaluation->n_rows, json);
	}
	buffer_printf(json, "}");
}

/* Append the figures as a JSON object. */
static void
append_metrics(const Evaluation *evaluation, const Pipeline *pipeline,
			   const ConfusionMatrix *matrix, const HeldOutMetrics *metrics, ByteBuffer *json)
{
	buffer_printf(json, "{\"f1\": ");
	buffer_append_json_number(json, metrics->f1);
	buffer_printf(json, ", \"macro_f1\": ");
	buffer_append_json_number(json, metrics->macro_f1);
	buffer_printf(json, ", \"accuracy\": ");
	buffer_append_json_number(json, classification_accuracy(matrix));
	if (pipeline->n_labels == 2)
	{
		buffer_printf(json, ", \"roc_auc\": ");
		buffer_append_json_number(json,
								  classification_roc_auc(evaluation->scored, evaluation->n_rows));
	}
	buffer_printf(json, ", \"log_loss\": ");
	buffer_append_json_number(json, evaluation->total_log_loss / evaluation->n_rows);
	buffer_printf(json, ", \"report\": ");
	classification_report_json(matrix, json);
	buffer_printf(json, ", \"curves\": ");
	append_curves(evaluation, pipeline, json);
	buffer_printf(json, "}");
}

/* Free what an evaluation holds. */
static void
free_evaluation(Evaluation *evaluation)
{
	host_free(evaluation->labels);
	host_free(evaluation->of_row);
	host_free(evaluation->of_class);
	host_free(evaluation->counts);
	host_free(evaluation->scored_classes);
	host_free(evaluation->scored);
	host_free(evaluation->column_of);
	host_free(evaluation->numeric);
	host_free(evaluation->label_numbers);
	host_free(evaluation->occurrences);
}

HeldOutMetrics
held_out_evaluate(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed, double share,
				  ByteBuffer *json)
{
	return held_out_evaluate_profiled(rows, pipeline, seed, share, json, NULL);
}

HeldOutMetrics
held_out_evaluate_profiled(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed, double share,
						   ByteBuffer *json, DriftProfile *profile)
{
	Evaluation evaluation = {.profile = profile};
	ConfusionMatrix matrix;
	HeldOutMetrics metrics = {0, NAN, NAN};
	bool two_classes = pipeline->n_labels == 2;

	list_labels(rows, pipeline, &evaluation);
	match_columns(rows, pipeline, &evaluation);
	if (profile != NULL)
	{
		evaluation.label_numbers = drift_profile_number_labels(profile, pipeline, &rows->labels);
		evaluation.occurrences = count_occurrences(rows);
	}
	evaluation.counts =
		host_allocate_zero_array(uint64_t, (size_t) evaluation.n_labels * evaluation.n_labels);
	reserve_scores(rows, pipeline, &evaluation);
	for (uint32_t i = 0; i < rows->n_rows; i++)
	{
		if (corpus_is_held_out(rows->rows[i].hash, seed, share))
			evaluate_row(rows, &rows->rows[i], pipeline, &evaluation);
		if (i % 64 == 0)
			host_check_interrupts();
	}

	matrix = (ConfusionMatrix){evaluation.n_labels, evaluation.labels, evaluation.counts};
	metrics.n_rows = evaluation.n_rows;
	if (evaluation.n_rows > 0)
	{
		metrics.macro_f1 = classification_macro_f1(&matrix);
		metrics.f1 =
			two_classes
				? classification_class_metrics(&matrix, evaluation.of_class[pipeline->positive]).f1
				: metrics.macro_f1;
		if (json != NULL)
			append_metrics(&evaluation, pipeline, &matrix, &metrics, json);
	}
	else if (json != NULL)
		buffer_printf(json, "{}");
	free_evaluation(&evaluation);
	return metrics;
}
