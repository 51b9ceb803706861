/*
 * mlp.h
 *	  Multilayer perceptron: a neural network of one to four hidden layers.
 */
#ifndef SENTIMENT_MLP_H
#define SENTIMENT_MLP_H

#include "core/models/classifier.h"

/* Parameters as scikit-learn's MLPClassifier names them. */
typedef struct MlpOptions
{
	IntegerList hidden_layer_sizes;
	double alpha; /* L2 penalty */
	int batch_size;
	double learning_rate_init;
	int max_iter; /* epochs */
	bool early_stopping;
	double validation_fraction;
	int n_iter_no_change;
	double tol;
	int class_weight; /* ClassWeight */
} MlpOptions;

extern const ClassifierKind mlp_kind;

#endif /* SENTIMENT_MLP_H */
