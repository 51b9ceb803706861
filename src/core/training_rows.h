/*
 * training_rows.h
 *	  Which documents of a corpus a pipeline learns from, and in what order.
 */
#ifndef SENTIMENT_TRAINING_ROWS_H
#define SENTIMENT_TRAINING_ROWS_H

#include "core/class_list.h"
#include "core/features/corpus.h"

/* How classes of different sizes are brought into balance. */
typedef enum Balance
{
	BALANCE_NONE,
	BALANCE_UNDERSAMPLE, /* no class has more rows than the smallest */
	BALANCE_CLASS_WEIGHT /* a row of a small class counts for more */
} Balance;

/* The chosen documents, labelled by class, in an order that depends on the set of rows only. */
typedef struct TrainingRows
{
	const Corpus *corpus;
	CorpusDocument *documents; /* (n_documents) */
	uint32_t n_documents;
	uint32_t *class_sizes; /* (n_classes) documents of each class */
	uint32_t *base_sizes; /* (n_classes) the same before any were left out for balance or a limit */
	uint32_t n_classes;
} TrainingRows;

/* All documents of a corpus. */
extern void training_rows_choose(const Corpus *corpus, const ClassList *classes,
								 TrainingRows *rows);

/*
 * Keep at most per_class_limit documents of each class (0: no limit), and as balance tells. Which ones of a
 * class depends on a hash of the texts. Answers the largest number that a class may have; UINT32_MAX: any.
 */
extern uint32_t training_rows_limit(TrainingRows *rows, Balance balance, uint32_t per_class_limit);

/*
 * Weights that make every class count the same, with a mean of 1 over the rows.
 * weights: (n_classes)
 */
extern void training_rows_class_weights(const TrainingRows *rows, double *weights);

/* A copy of rows with documents of its own; free it too. */
extern void training_rows_copy(const TrainingRows *rows, TrainingRows *copy);

/* Free the chosen documents. */
extern void training_rows_free(TrainingRows *rows);

#endif /* SENTIMENT_TRAINING_ROWS_H */
