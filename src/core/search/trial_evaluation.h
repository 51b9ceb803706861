/*
 * trial_evaluation.h
 *	  Measuring trials of a search by cross-validation, with all shared that can be.
 *
 * The texts are tokenized once for all trials, and the folds are the same in all of them. A feature space is
 * fitted once for each fold and each set of options that it depends on, with the rows that are learned from and
 * those that are measured: trials that differ in the classifier's parameters alone cost the classifier alone.
 * Spaces are kept as long as there is memory for them; what was not used for longest goes first.
 *
 * Every trial is measured on all rows: balance and per_class_limit choose among those that are learned from.
 * Calibration, threshold and what is measured to correct the priors of balanced trials have no part in it. What comes out does not depend on what is kept, on the trials
 * before, or on the number of threads.
 */
#ifndef SENTIMENT_TRIAL_EVALUATION_H
#define SENTIMENT_TRIAL_EVALUATION_H

#include "core/folds.h"
#include "core/pipeline.h"

typedef struct TrialEvaluator TrialEvaluator;

/*
 * Make ready to measure trials on the rows of a corpus, which must stay. Refuses what cannot be learned from, and
 * more folds than a class has texts.
 * memory_limit: bytes of feature spaces that are kept, at most, besides the one that is in use
 */
extern TrialEvaluator *trial_evaluator_create(const Corpus *corpus, uint32_t n_folds,
											  size_t memory_limit);

/* Free it with all that it keeps. */
extern void trial_evaluator_free(TrialEvaluator *evaluator);

/*
 * Fit to all rows but those of a fold, and measure those. The options' feature space must be of the corpus's
 * tokenizer. figures: (N_FOLD_FIGURES)
 */
extern void trial_evaluate_fold(TrialEvaluator *evaluator, const PipelineOptions *options,
								uint32_t fold, double *figures);

/*
 * Train on all rows: answers the image, the same as pipeline_train's without calibration and threshold, but for the
 * figures that correct the priors of balanced rows. Its
 * size and its speed are what a version of these parameters would have.
 */
extern ByteBuffer trial_train(TrialEvaluator *evaluator, const PipelineOptions *options);

/* Feature spaces that were fitted until now, one for each fold. */
extern uint64_t trial_evaluator_spaces_fitted(const TrialEvaluator *evaluator);

#endif /* SENTIMENT_TRIAL_EVALUATION_H */
