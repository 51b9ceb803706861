/*
 * adam.h
 *	  Adam, a method of stochastic optimization (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980),
 *	  with scikit-learn's constants.
 *
 * The step number is that of the whole training. A parameter that a step leaves out keeps its moments:
 * they decay only in the steps that update it (TensorFlow's LazyAdam, PyTorch's SparseAdam).
 */
#ifndef SENTIMENT_ADAM_H
#define SENTIMENT_ADAM_H

#include <stddef.h>
#include <stdint.h>

/* What all parameters of one step share. */
typedef struct AdamStep
{
	float learning_rate;  /* corrected for moments that began as 0 */
	float gradient_scale; /* 1 / sum of the rows' weights */
} AdamStep;

/* Step number step, from 1 on; learning_rate is that of a step of full size. */
extern AdamStep adam_step(double learning_rate, uint64_t step, double gradient_scale);

/*
 * Update parameters by the gradient gradient_scale * (gradients + penalty * parameters). A gradient is
 * cut to a size whose square is finite. The result is the same whatever instructions the processor has.
 * All arrays: (count); the moments are 0 before the first step.
 */
extern void adam_update(const AdamStep *step, float penalty, float *parameters, float *means,
						float *squares, const float *gradients, size_t count);

#endif /* SENTIMENT_ADAM_H */
