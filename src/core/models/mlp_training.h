/*
 * mlp_training.h
 *	  Training of a multilayer perceptron by Adam on mini-batches.
 *
 * As scikit-learn's MLPClassifier: the loss of a batch is the mean of the rows' cross-entropies,
 * weighted by class, plus alpha / 2 times the sum of the squared weights (not biases) divided by the
 * sum of the rows' weights; weights and biases begin uniform as Glorot and Bengio (2010) propose; the
 * rows are shuffled for every epoch. Different is
 *
 * - the weights of a sparse feature, and their moments, change only in the steps whose batch has the
 *	 feature, and only those steps shrink them by the penalty: the cost of a step does not depend on the
 *	 number of features. A feature that every batch has is treated as in scikit-learn;
 * - values of features and activations are cut to 1e15 (SCALE_LIMIT), so that no sum is infinite;
 * - early stopping watches the loss on the validation rows, not the accuracy, which a few hundred rows
 *	 measure too coarsely to tell epochs apart;
 * - the loss that decides when to stop leaves the penalty out;
 * - the weights of the rows are 1 on average, so that the penalty does not depend on their unit;
 * - each class gives its share of rows to the validation set, for more than two classes too.
 */
#ifndef SENTIMENT_MLP_TRAINING_H
#define SENTIMENT_MLP_TRAINING_H

#include "core/models/mlp.h"
#include "core/models/mlp_network.h"

/* What the training did. */
typedef struct MlpReport
{
	uint32_t n_epochs;
	uint32_t best_epoch; /* whose parameters were kept, from 1 on */
	double best_loss;    /* the lowest of an epoch, on the validation rows if there are any */
} MlpReport;

/* Set all parameters to what a training begins with. */
extern void mlp_initialize(const MlpShape *shape, uint64_t seed, float *parameters);

/* Learn. parameters: (layout.n_parameters), what they hold before does not matter */
extern MlpReport mlp_train(const TrainingSet *training_set, const MlpShape *shape,
						   const MlpOptions *options, float *parameters);

#endif /* SENTIMENT_MLP_TRAINING_H */
