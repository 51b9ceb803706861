/*
 * folds.h
 *	  Stratified folds of training rows, and the figures of a fold.
 */
#ifndef SENTIMENT_FOLDS_H
#define SENTIMENT_FOLDS_H

#include "core/class_list.h"
#include "core/training_rows.h"

/* Figures of one fold. */
typedef enum FoldFigure
{
	FOLD_F1, /* of the positive label for two classes, macro F1 for more */
	FOLD_MACRO_F1,
	FOLD_ACCURACY,
	FOLD_LOG_LOSS,
	N_FOLD_FIGURES
} FoldFigure;

extern const char *const fold_figure_names[N_FOLD_FIGURES];

/* Distinct texts of the class that has the fewest. */
extern uint32_t folds_fewest_texts(const TrainingRows *rows);

/* Folds that the smallest class allows, at most those wanted. */
extern uint32_t folds_possible(const ClassList *classes, const TrainingRows *rows, uint32_t wanted);

/*
 * The fold of every row, (n_documents); the caller's to free. A text is in one fold with all of its rows; the
 * texts of each class are spread over the folds, those of rare classes first of all. Raises
 * HOST_ERROR_INSUFFICIENT_DATA if a class has fewer distinct texts than there are folds.
 */
extern uint8_t *folds_assign(const ClassList *classes, const TrainingRows *rows, uint32_t n_folds);

/* The same, but answers NULL if a class has fewer distinct texts than min_texts or cannot be spread. */
extern uint8_t *folds_try_assign(const TrainingRows *rows, uint32_t n_folds, uint32_t min_texts);

/* The rows that are not in a fold. */
extern void folds_choose_others(const TrainingRows *rows, const uint8_t *folds, uint32_t fold,
								TrainingRows *others);

/*
 * Measure the rows of a fold, answered as prior_correction_decide tells.
 * ratios: (n_classes) of the fold's classifier, or NULL; probabilities: (n_documents, n_classes) of all rows, of
 * which those of the fold are read; figures: (N_FOLD_FIGURES)
 */
extern void folds_measure(const ClassList *classes, const TrainingRows *rows, const uint8_t *folds,
						  uint32_t fold, uint32_t positive, const double *ratios,
						  const double *probabilities, double *figures);

#endif /* SENTIMENT_FOLDS_H */
