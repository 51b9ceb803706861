/*
 * held_out.c
 *	  Rows that training does not see, and how well a pipeline does on them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/evaluation_curves.h"
#include "core/evaluation/metric_comparison.h"
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
	char **row_labels;   /* (labels of the rows) that labels may point to */
	uint32_t *of_row;    /* label number of the rows -> place in labels */
	uint32_t *of_class;  /* class of the pipeline -> place in labels */
	uint64_t *counts;    /* (n_labels, n_labels) */
	uint32_t n_scored;   /* labels whose scores are kept: one of two, else few of the pipeline's */
	uint32_t *scored_classes; /* (n_scored) the positive class first */
	uint32_t capacity;        /* rows of each */
	ScoredRow *scored;        /* (n_scored, capacity) by the class's probability */
	double total_log_loss;
	uint32_t n_rows;
	JudgedRows judged;       /* with one side, of a positive label that both pipelines have */
	uint64_t row_set;        /* the sum of what the rows are */
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

/* Add a label to the list, unless it is in it. */
static void
add_label(Evaluation *evaluation, const char *label)
{
	for (uint32_t i = 0; i < evaluation->n_labels; i++)
	{
		if (strcmp(evaluation->labels[i], label) == 0)
			return;
	}
	evaluation->labels[evaluation->n_labels++] = label;
}

/* Make the list of labels: those of the pipelines (other: or NULL) and those of the rows. */
static void
list_labels(const HeldOutRows *rows, const Pipeline *pipeline, const Pipeline *other,
			Evaluation *evaluation)
{
	uint32_t n_row_labels = rows->labels.n_strings;
	uint32_t n_other = other == NULL ? 0 : other->n_labels;

	evaluation->row_labels = host_allocate_array(char *, (size_t) n_row_labels + 1);
	evaluation->labels =
		host_allocate_array(const char *, (size_t) pipeline->n_labels + n_other + n_row_labels);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
		evaluation->labels[evaluation->n_labels++] = pipeline->labels[i];
	for (uint32_t i = 0; other != NULL && i < other->n_labels; i++)
		add_label(evaluation, other->labels[i]);
	for (uint32_t i = 0; i < n_row_labels; i++)
	{
		evaluation->row_labels[i] = string_table_copy(&rows->labels, i);
		add_label(evaluation, evaluation->row_labels[i]);
	}
	labels_sort(evaluation->labels, evaluation->n_labels);
	evaluation->of_row = host_allocate_array(uint32_t, (size_t) n_row_labels + 1);
	for (uint32_t i = 0; i < n_row_labels; i++)
		evaluation->of_row[i] =
			find_label(evaluation->labels, evaluation->n_labels, evaluation->row_labels[i]);
	evaluation->of_class = host_allocate_array(uint32_t, pipeline->n_labels);
	for (uint32_t i = 0; i < pipeline->n_labels; i++)
		evaluation->of_class[i] =
			find_label(evaluation->labels, evaluation->n_labels, pipeline->labels[i]);
}

/* Whether two pipelines answer the same labels, which are in order. */
static bool
have_same_labels(const Pipeline *first, const Pipeline *second)
{
	if (first->n_labels != second->n_labels)
		return false;
	for (uint32_t i = 0; i < first->n_labels; i++)
	{
		if (strcmp(first->labels[i], second->labels[i]) != 0)
			return false;
	}
	return true;
}

/* Room for what is said of each row. The positive label counts if both pipelines have it, and no other than two labels. */
static void
reserve_judgements(const HeldOutRows *rows, const Pipeline *pipeline, const Pipeline *other,
				   Evaluation *evaluation)
{
	size_t n_rows = (size_t) rows->n_rows + 1;
	bool has_positive =
		pipeline->n_labels == 2 && (other == NULL || have_same_labels(pipeline, other));

	evaluation->judged = (JudgedRows){
		.n_labels = evaluation->n_labels,
		.positive = has_positive ? evaluation->of_class[pipeline->positive] : evaluation->n_labels,
		.clusters = host_allocate_array(uint64_t, n_rows),
		.actual = host_allocate_array(uint32_t, n_rows),
		.n_sides = 1,
		.sides = {{.predicted = host_allocate_array(uint32_t, n_rows),
				   .scores = host_allocate_array(double, n_rows),
				   .losses = host_allocate_array(double, n_rows)}}};
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

/* Keep what was said of a row. */
static void
judge_row(const HeldOutRow *row, const Pipeline *pipeline, Evaluation *evaluation,
		  const double *probabilities, uint32_t predicted, double loss)
{
	JudgedRows *judged = &evaluation->judged;
	size_t place = judged->n_rows++;

	judged->clusters[place] = row->hash;
	judged->actual[place] = evaluation->of_row[row->label];
	judged->sides[0].predicted[place] = predicted;
	judged->sides[0].scores[place] =
		pipeline->n_labels == 2 ? probabilities[pipeline->positive] : 0;
	judged->sides[0].losses[place] = loss;
}

/* A number of the row's text and label. */
static uint64_t
row_identity(const HeldOutRow *row, const Evaluation *evaluation)
{
	const char *label = evaluation->row_labels[row->label];

	return hash_mix(row->hash ^ hash_mix(hash_token(label, strlen(label))));
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
	double loss;

	for (uint32_t i = 0; i < pipeline->n_labels; i++)
	{
		if (evaluation->of_class[i] == actual)
			probability = probabilities[i];
	}
	loss = classification_log_loss_row(true, probability);
	evaluation->counts[(size_t) actual * evaluation->n_labels + predicted]++;
	evaluation->total_log_loss += loss;
	/* a sum, so that the order of the rows does not show */
	evaluation->row_set += row_identity(row, evaluation);
	judge_row(row, pipeline, evaluation, probabilities, predicted, loss);
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

/* Append an interval as an array of two numbers, or null. */
static void
append_interval(ByteBuffer *json, ConfidenceInterval interval)
{
	if (isnan(interval.lower))
	{
		buffer_printf(json, "null");
		return;
	}
	buffer_printf(json, "[");
	buffer_append_json_number(json, interval.lower);
	buffer_printf(json, ", ");
	buffer_append_json_number(json, interval.upper);
	buffer_printf(json, "]");
}

/* Append how sure the figures are, what is reached without looking at the texts, and which rows these are. */
static void
append_certainty(const Evaluation *evaluation, uint64_t seed, HeldOutMetrics *metrics,
				 ByteBuffer *json)
{
	MetricComparison figures[N_DECISION_METRICS];
	DecisionMetric all[N_DECISION_METRICS];

	for (int i = 0; i < N_DECISION_METRICS; i++)
		all[i] = (DecisionMetric) i;
	metric_compare(&evaluation->judged, all, N_DECISION_METRICS, seed, figures);
	for (int i = 0; i < N_DECISION_METRICS; i++)
		metrics->intervals[i] = figures[i].side[0].interval;
	buffer_printf(json, ", \"intervals\": {");
	for (int i = 0; i < N_DECISION_METRICS; i++)
	{
		buffer_printf(json, "%s\"%s\": ", i > 0 ? ", " : "", decision_metric_names[i]);
		append_interval(json, figures[i].side[0].interval);
	}
	buffer_printf(json, "}, \"baselines\": {");
	for (int i = 0; i < N_DECISION_METRICS; i++)
	{
		buffer_printf(json, "%s\"%s\": ", i > 0 ? ", " : "", decision_metric_names[i]);
		if (isnan(figures[i].side[0].value))
			buffer_printf(json, "null");
		else
			buffer_append_json_number(json, figures[i].baseline);
	}
	buffer_printf(json, "}, \"row_set\": \"%016llx\"", (unsigned long long) evaluation->row_set);
}

/* Append the figures as a JSON object. */
static void
append_metrics(const Evaluation *evaluation, const Pipeline *pipeline,
			   const ConfusionMatrix *matrix, HeldOutMetrics *metrics, uint64_t seed,
			   ByteBuffer *json)
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
	append_certainty(evaluation, seed, metrics, json);
	buffer_printf(json, ", \"report\": ");
	classification_report_json(matrix, json);
	buffer_printf(json, ", \"curves\": ");
	append_curves(evaluation, pipeline, json);
	buffer_printf(json, "}");
}

void
held_out_free_judged(JudgedRows *judged)
{
	host_free(judged->clusters);
	host_free(judged->actual);
	for (int side = 0; side < judged->n_sides; side++)
	{
		host_free(judged->sides[side].predicted);
		host_free(judged->sides[side].scores);
		host_free(judged->sides[side].losses);
	}
}

/* Free what an evaluation holds, but for what was said of the rows. */
static void
free_evaluation(Evaluation *evaluation, const HeldOutRows *rows)
{
	for (uint32_t i = 0; i < rows->labels.n_strings; i++)
		host_free(evaluation->row_labels[i]);
	host_free(evaluation->row_labels);
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

/* Prepare to ask a pipeline, whose answers may stand beside those of another (NULL: none). */
static void
begin_evaluation(const HeldOutRows *rows, const Pipeline *pipeline, const Pipeline *other,
				 Evaluation *evaluation)
{
	list_labels(rows, pipeline, other, evaluation);
	match_columns(rows, pipeline, evaluation);
	evaluation->counts =
		host_allocate_zero_array(uint64_t, (size_t) evaluation->n_labels * evaluation->n_labels);
	reserve_scores(rows, pipeline, evaluation);
	reserve_judgements(rows, pipeline, other, evaluation);
}

/* Ask it about all rows that are held out at a share. */
static void
evaluate_rows(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed, double share,
			  Evaluation *evaluation)
{
	for (uint32_t i = 0; i < rows->n_rows; i++)
	{
		if (corpus_is_held_out(rows->rows[i].hash, seed, share))
			evaluate_row(rows, &rows->rows[i], pipeline, evaluation);
		if (i % 64 == 0)
			host_check_interrupts();
	}
}

HeldOutJudgement
held_out_judge(const HeldOutRows *rows, Pipeline *pipeline, Pipeline *other, uint64_t seed,
			   double share)
{
	Evaluation first = {0};
	Evaluation second = {0};
	HeldOutJudgement judgement;

	begin_evaluation(rows, pipeline, other, &first);
	evaluate_rows(rows, pipeline, seed, share, &first);
	judgement = (HeldOutJudgement){first.judged, first.row_set};
	free_evaluation(&first, rows);
	if (other == NULL)
		return judgement;
	begin_evaluation(rows, other, pipeline, &second);
	evaluate_rows(rows, other, seed, share, &second);
	judgement.rows.n_sides = 2;
	judgement.rows.sides[1] = second.judged.sides[0];
	host_free(second.judged.clusters);
	host_free(second.judged.actual);
	free_evaluation(&second, rows);
	return judgement;
}

/* All figures of what was said, but for how sure they are. */
static void
take_values(const Evaluation *evaluation, HeldOutMetrics *metrics)
{
	ClassTotals *totals = host_allocate_array(ClassTotals, (size_t) evaluation->n_labels + 1);
	ConfusionTotals confusion = {.n_labels = evaluation->n_labels, .totals = totals};

	judged_rows_totals(&evaluation->judged, 0, totals);
	for (int i = 0; i < N_DECISION_METRICS; i++)
		metrics->values[i] =
			decision_metric_value((DecisionMetric) i, &confusion, evaluation->judged.positive);
	metrics->values[METRIC_LOG_LOSS] = evaluation->total_log_loss / evaluation->n_rows;
	if (evaluation->judged.positive < evaluation->n_labels)
		metrics->values[METRIC_ROC_AUC] =
			classification_roc_auc(evaluation->scored, evaluation->n_rows);
	metrics->f1 = metrics->values[METRIC_F1];
	metrics->macro_f1 = metrics->values[METRIC_MACRO_F1];
	host_free(totals);
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
	HeldOutMetrics metrics = {.f1 = NAN, .macro_f1 = NAN};

	for (int i = 0; i < N_DECISION_METRICS; i++)
	{
		metrics.values[i] = NAN;
		metrics.intervals[i] = (ConfidenceInterval){NAN, NAN};
	}
	begin_evaluation(rows, pipeline, NULL, &evaluation);
	if (profile != NULL)
	{
		evaluation.label_numbers = drift_profile_number_labels(profile, pipeline, &rows->labels);
		evaluation.occurrences = count_occurrences(rows);
	}
	evaluate_rows(rows, pipeline, seed, share, &evaluation);
	metrics.n_rows = evaluation.n_rows;
	if (evaluation.n_rows > 0)
	{
		ConfusionMatrix matrix = {evaluation.n_labels, evaluation.labels, evaluation.counts};

		take_values(&evaluation, &metrics);
		if (json != NULL)
			append_metrics(&evaluation, pipeline, &matrix, &metrics, seed, json);
	}
	else if (json != NULL)
		buffer_printf(json, "{}");
	held_out_free_judged(&evaluation.judged);
	free_evaluation(&evaluation, rows);
	return metrics;
}
