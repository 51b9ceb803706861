/*
 * folds.c
 *	  Stratified folds of training rows.
 */
#include <string.h>

#include "core/evaluation/classification_metrics.h"
#include "core/folds.h"
#include "core/host.h"
#include "core/models/prior_correction.h"

const char *const fold_figure_names[N_FOLD_FIGURES] = {"f1", "macro_f1", "accuracy", "log_loss"};

/* Distinct texts of each class; the rows are in the order of their hashes. (n_classes) */
static uint32_t *
count_distinct(const TrainingRows *rows)
{
	uint32_t *distinct = host_allocate_zero_array(uint32_t, rows->n_classes);
	uint64_t *last = host_allocate_zero_array(uint64_t, rows->n_classes);

	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		uint32_t class = rows->documents[i].label;

		if (distinct[class] == 0 || last[class] != rows->documents[i].hash)
			distinct[class]++;
		last[class] = rows->documents[i].hash;
	}
	host_free(last);
	return distinct;
}

uint32_t
folds_fewest_texts(const TrainingRows *rows)
{
	uint32_t *distinct = count_distinct(rows);
	uint32_t fewest = UINT32_MAX;

	for (uint32_t i = 0; i < rows->n_classes; i++)
	{
		if (distinct[i] < fewest)
			fewest = distinct[i];
	}
	host_free(distinct);
	return fewest;
}

uint32_t
folds_possible(const ClassList *classes, const TrainingRows *rows, uint32_t wanted)
{
	uint32_t *distinct = count_distinct(rows);
	uint32_t possible = wanted;

	for (uint32_t i = 0; i < rows->n_classes; i++)
	{
		if (distinct[i] < 2)
			host_error(HOST_ERROR_INSUFFICIENT_DATA,
					   "Cross-validation learns from some texts of a label and measures on others.",
					   "Add rows of this label, or leave out cv_folds, threshold and calibration.",
					   "label \"%s\" has a single distinct text", classes->labels[i]);
		if (distinct[i] < possible)
			possible = distinct[i];
	}
	host_free(distinct);
	return possible;
}

/* Raise an error if a class cannot be in every fold. */
static void
check_folds(const ClassList *classes, const TrainingRows *rows, uint32_t n_folds)
{
	uint32_t *distinct = count_distinct(rows);

	for (uint32_t i = 0; i < rows->n_classes; i++)
	{
		if (distinct[i] < n_folds)
			host_error(HOST_ERROR_INSUFFICIENT_DATA, "Each fold needs a text of every label.",
					   "Use fewer folds, or add rows of this label.",
					   "label \"%s\" has %u distinct texts, fewer than the %u folds",
					   classes->labels[i], distinct[i], n_folds);
	}
	host_free(distinct);
}

/* The last row with the text of a row, and one more. */
static uint32_t
end_of_text(const TrainingRows *rows, uint32_t start)
{
	uint32_t end = start + 1;

	while (end < rows->n_documents && rows->documents[end].hash == rows->documents[start].hash)
		end++;
	return end;
}

/*
 * The fold that has the fewest texts of a text's classes, compared class by class from the rarest on.
 * in_fold: (n_classes, n_folds) texts of each class in each fold
 */
static uint32_t
emptiest_fold(const TrainingRows *rows, uint32_t start, uint32_t end, const uint32_t *in_fold,
			  uint32_t n_folds)
{
	uint32_t rarest = rows->documents[start].label;
	uint32_t best = 0;
	uint64_t best_count = UINT64_MAX;

	for (uint32_t i = start; i < end; i++)
	{
		if (rows->class_sizes[rows->documents[i].label] < rows->class_sizes[rarest])
			rarest = rows->documents[i].label;
	}
	for (uint32_t fold = 0; fold < n_folds; fold++)
	{
		uint64_t count = (uint64_t) in_fold[(size_t) rarest * n_folds + fold] << 32;

		for (uint32_t i = start; i < end; i++)
			count += in_fold[(size_t) rows->documents[i].label * n_folds + fold];
		if (count < best_count)
		{
			best_count = count;
			best = fold;
		}
	}
	return best;
}

/* The first class all of whose texts one fold holds: without that there is none to learn from. n_classes: none */
static uint32_t
class_in_one_fold(const TrainingRows *rows, const uint32_t *in_fold, uint32_t n_folds)
{
	for (uint32_t k = 0; k < rows->n_classes; k++)
	{
		uint32_t n_used = 0;

		for (uint32_t fold = 0; fold < n_folds; fold++)
			n_used += in_fold[(size_t) k * n_folds + fold] > 0;
		if (n_used < 2)
			return k;
	}
	return rows->n_classes;
}

/* Spread the texts over the folds; answers what class_in_one_fold does. folds: (n_documents) */
static uint32_t
spread_texts(const TrainingRows *rows, uint32_t n_folds, uint8_t *folds)
{
	uint32_t *in_fold = host_allocate_zero_array(uint32_t, (size_t) rows->n_classes * n_folds);
	uint32_t alone;

	for (uint32_t start = 0; start < rows->n_documents;)
	{
		uint32_t end = end_of_text(rows, start);
		uint32_t fold = emptiest_fold(rows, start, end, in_fold, n_folds);

		for (uint32_t i = start; i < end; i++)
		{
			folds[i] = (uint8_t) fold;
			if (i == start || rows->documents[i].label != rows->documents[i - 1].label)
				in_fold[(size_t) rows->documents[i].label * n_folds + fold]++;
		}
		start = end;
	}
	alone = class_in_one_fold(rows, in_fold, n_folds);
	host_free(in_fold);
	return alone;
}

uint8_t *
folds_assign(const ClassList *classes, const TrainingRows *rows, uint32_t n_folds)
{
	uint8_t *folds;
	uint32_t alone;

	check_folds(classes, rows, n_folds);
	folds = host_allocate_array(uint8_t, (size_t) rows->n_documents + 1);
	alone = spread_texts(rows, n_folds, folds);
	if (alone < rows->n_classes)
		host_error(HOST_ERROR_INSUFFICIENT_DATA,
				   "Its texts have rows of other labels too, so they cannot be spread.",
				   "Add rows of this label, or leave out cv_folds, threshold and calibration.",
				   "all texts of label \"%s\" are in one fold", classes->labels[alone]);
	return folds;
}

uint8_t *
folds_try_assign(const TrainingRows *rows, uint32_t n_folds, uint32_t min_texts)
{
	uint8_t *folds;

	if (folds_fewest_texts(rows) < min_texts)
		return NULL;
	folds = host_allocate_array(uint8_t, (size_t) rows->n_documents + 1);
	if (spread_texts(rows, n_folds, folds) == rows->n_classes)
		return folds;
	host_free(folds);
	return NULL;
}

void
folds_choose_others(const TrainingRows *rows, const uint8_t *folds, uint32_t fold,
					TrainingRows *others)
{
	*others = *rows;
	others->n_documents = 0;
	others->documents = host_allocate_array(CorpusDocument, (size_t) rows->n_documents + 1);
	others->class_sizes = host_allocate_zero_array(uint32_t, rows->n_classes);
	others->base_sizes = host_allocate_array(uint32_t, rows->n_classes);
	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		if (folds[i] == fold)
			continue;
		others->class_sizes[rows->documents[i].label]++;
		others->documents[others->n_documents++] = rows->documents[i];
	}
	memcpy(others->base_sizes, others->class_sizes, sizeof(uint32_t) * rows->n_classes);
}

void
folds_measure(const ClassList *classes, const TrainingRows *rows, const uint8_t *folds,
			  uint32_t fold, uint32_t positive, const double *ratios, const double *probabilities,
			  double *figures)
{
	uint32_t n_classes = rows->n_classes;
	uint64_t *counts = host_allocate_zero_array(uint64_t, (size_t) n_classes * n_classes);
	ConfusionMatrix matrix = {n_classes, classes->labels, counts};
	double loss = 0;
	uint32_t n_rows = 0;

	for (uint32_t i = 0; i < rows->n_documents; i++)
	{
		const double *of_row = probabilities + (size_t) i * n_classes;
		uint32_t actual = rows->documents[i].label;

		if (folds[i] != fold)
			continue;
		counts[(size_t) actual * n_classes + prior_correction_decide(ratios, n_classes, of_row)]++;
		loss += classification_log_loss_row(true, of_row[actual]);
		n_rows++;
	}
	figures[FOLD_MACRO_F1] = classification_macro_f1(&matrix);
	figures[FOLD_F1] = n_classes == 2 ? classification_class_metrics(&matrix, positive).f1
									  : figures[FOLD_MACRO_F1];
	figures[FOLD_ACCURACY] = classification_accuracy(&matrix);
	figures[FOLD_LOG_LOSS] = loss / n_rows;
	host_free(counts);
}
