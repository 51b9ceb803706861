/*
 * logistic_regression.c
 *	  Logistic regression, binary and multinomial, with an L2 or L1 penalty.
 *
 * This file holds the kind: its parameters, its section of a model image, prediction and
 * explanation. The solvers have files of their own; logistic_solver.h says what they minimise.
 *
 * The section of a model image, little-endian, each part at a multiple of 16 bytes:
 *
 *		LogisticRegressionHeader
 *		double intercepts[n_outputs]
 *		float weights[n_features][n_outputs]
 *
 * Two classes have one output, the log-odds of class 1; more have one output a class. The weights
 * of a feature stand side by side, so that a row touches one place of memory per entry.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/models/class_weights.h"
#include "core/models/dual_coordinate_descent.h"
#include "core/models/logistic_regression.h"
#include "core/models/logistic_solver.h"
#include "core/models/multinomial_dual_coordinate_descent.h"
#include "core/models/proximal_newton.h"

/* Entries of a row whose weights are asked for ahead of their use. */
#define PREFETCH_DISTANCE 32

typedef struct LogisticRegressionHeader
{
	uint32_t n_features;
	uint32_t n_classes;
	uint32_t n_outputs;
	uint32_t reserved;
} LogisticRegressionHeader;

static const char *const penalty_choices[] = {"l2", "l1", NULL};
static const char *const class_weight_choices[] = {"none", "balanced", NULL};

static const ParameterSpec logistic_regression_parameters[] = {
	{.name = "C",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(LogisticRegressionOptions, C),
	 .default_json = "10",
	 .minimum = 1e-6,
	 .maximum = 1e6,
	 .log_scale = true,
	 .meaning = "inverse strength of the penalty: larger follows the training rows more closely",
	 .search_low = 0.01,
	 .search_high = 100},
	{.name = "penalty",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(LogisticRegressionOptions, penalty),
	 .default_json = "\"l2\"",
	 .choices = penalty_choices,
	 .meaning = "what keeps weights small: their squares (l2), or their absolute values, which "
				"makes most of them zero (l1)",
	 .search_choices = SEARCH_VALUES("\"l2\"", "\"l1\"")},
	{.name = "class_weight",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(LogisticRegressionOptions, class_weight),
	 .default_json = "\"none\"",
	 .choices = class_weight_choices,
	 .meaning = "whether all rows count the same, or rare classes as much as frequent ones "
				"(balanced)",
	 .search_choices = SEARCH_VALUES("\"none\"", "\"balanced\"")},
	{.name = "max_iter",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(LogisticRegressionOptions, max_iter),
	 .default_json = "100",
	 .minimum = 1,
	 .maximum = 100000,
	 .log_scale = true,
	 .meaning = "passes of the solver over the rows at most"},
	{.name = "tol",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(LogisticRegressionOptions, tol),
	 .default_json = "0.004",
	 .minimum = 0,
	 .maximum = 1,
	 .minimum_is_exclusive = true,
	 .log_scale = true,
	 .meaning = "the solver stops when no training row's probability is further than this from "
				"its optimum, as far as it can tell"},
};

/* Outputs of a model: log-odds for two classes, else one a class. */
static uint32_t
output_count(uint32_t n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

/* Where the weights start in the section. */
static size_t
weights_offset(uint32_t n_outputs)
{
	size_t end = sizeof(LogisticRegressionHeader) + sizeof(double) * (size_t) n_outputs;

	return (end + 15) & ~(size_t) 15;
}

/* Bytes of the section; no overflow as long as there are at most MAX_CLASSES classes. */
static size_t
section_size(uint32_t n_features, uint32_t n_classes)
{
	uint32_t n_outputs = output_count(n_classes);

	return weights_offset(n_outputs) + sizeof(float) * (size_t) n_outputs * n_features;
}

static size_t
logistic_regression_image_size(uint32_t n_features, uint32_t n_classes, const void *options)
{
	(void) options;
	return section_size(n_features, n_classes);
}

/* The intercepts of a checked section. */
static const double *
section_intercepts(const Classifier *classifier)
{
	return (const double *) ((const char *) classifier->bytes + sizeof(LogisticRegressionHeader));
}

/* The weights of a checked section, (n_features, n_outputs). */
static const float *
section_weights(const Classifier *classifier)
{
	return (const float *) ((const char *) classifier->bytes +
							weights_offset(output_count(classifier->n_classes)));
}

/* Run the solver for the options. */
static LogisticRegressionReport
solve(const LogisticProblem *problem, const LogisticRegressionOptions *options, float *weights,
	  double *intercepts)
{
	if (options->penalty == PENALTY_L1)
		return proximal_newton(problem, weights, intercepts);
	if (problem->n_classes > 2)
		return multinomial_dual_coordinate_descent(problem, weights, intercepts);
	return dual_coordinate_descent(problem, weights, intercepts);
}

static void
logistic_regression_fit(const TrainingSet *training_set, const void *options_pointer,
						ByteBuffer *image)
{
	const LogisticRegressionOptions *options = options_pointer;
	const SparseMatrix *features = &training_set->features;
	uint32_t n_classes = training_set->n_classes;
	uint32_t n_outputs = output_count(n_classes);
	uint32_t *class_counts = count_class_rows(training_set);
	double *class_costs = make_class_weights(training_set, class_counts,
											 options->class_weight == CLASS_WEIGHT_BALANCED);
	char *section = buffer_extend(image, section_size(features->n_features, n_classes));
	LogisticRegressionHeader header = {features->n_features, n_classes, n_outputs, 0};
	LogisticRegressionReport report;
	LogisticProblem problem;

	for (uint32_t k = 0; k < n_classes; k++)
		class_costs[k] *= options->C;
	problem = (LogisticProblem){.features = features,
								.labels = training_set->labels,
								.n_classes = n_classes,
								.n_outputs = n_outputs,
								.class_counts = class_counts,
								.class_costs = class_costs,
								.max_iter = options->max_iter,
								.tol = options->tol,
								.seed = training_set->seed};
	memset(section, 0, weights_offset(n_outputs));
	memcpy(section, &header, sizeof(header));
	report = solve(&problem, options, (float *) (section + weights_offset(n_outputs)),
				   (double *) (section + sizeof(header)));
	if (!report.converged)
		host_progress("logistic regression did not converge in %d iterations (max_iter); its "
					  "probabilities may be less exact than tol %g asks for",
					  report.iterations, options->tol);
	host_free(class_counts);
	host_free(class_costs);
}

static const char *
logistic_regression_validate(const Classifier *classifier)
{
	LogisticRegressionHeader header;
	uint32_t n_outputs;
	const double *intercepts;

	if (classifier->length < sizeof(header))
		return "The logistic regression is shorter than its header.";
	memcpy(&header, classifier->bytes, sizeof(header));
	if (classifier->n_classes < 2 || classifier->n_classes > MAX_CLASSES)
		return "The number of classes is not within the limits.";
	n_outputs = output_count(classifier->n_classes);
	if (header.n_features != classifier->n_features || header.n_classes != classifier->n_classes ||
		header.n_outputs != n_outputs || header.reserved != 0)
		return "The logistic regression does not fit the features and classes of the model.";
	if (classifier->length != section_size(header.n_features, header.n_classes))
		return "The logistic regression has not the length that its header says.";
	intercepts = section_intercepts(classifier);
	for (uint32_t k = 0; k < n_outputs; k++)
	{
		if (!isfinite(intercepts[k]))
			return "An intercept of the logistic regression is not a finite number.";
	}
	if (!floats_are_finite(section_weights(classifier), (size_t) header.n_features * n_outputs))
		return "A weight of the logistic regression is not a finite number.";
	return NULL;
}

/* The log-odds of class 1. */
static double
log_odds(const float *weights, double intercept, const SparseRow *row)
{
	const uint32_t *indices = row->indices;
	const float *values = row->values;
	uint32_t count = row->count;
	double sum0 = 0;
	double sum1 = 0;
	uint32_t j = 0;

	for (uint32_t ahead = 0; ahead < count && ahead < PREFETCH_DISTANCE; ahead++)
		__builtin_prefetch(&weights[indices[ahead]]);
	for (; j + PREFETCH_DISTANCE + 2 <= count; j += 2)
	{
		__builtin_prefetch(&weights[indices[j + PREFETCH_DISTANCE]]);
		__builtin_prefetch(&weights[indices[j + PREFETCH_DISTANCE + 1]]);
		sum0 += (double) weights[indices[j]] * values[j];
		sum1 += (double) weights[indices[j + 1]] * values[j + 1];
	}
	for (; j + 2 <= count; j += 2)
	{
		sum0 += (double) weights[indices[j]] * values[j];
		sum1 += (double) weights[indices[j + 1]] * values[j + 1];
	}
	if (j < count)
		sum0 += (double) weights[indices[j]] * values[j];
	return intercept + (sum0 + sum1);
}

/* The outputs of all classes. logits: (n_outputs) */
static void
add_up_logits(const float *weights, const double *intercepts, uint32_t n_outputs,
			  const SparseRow *row, double *restrict logits)
{
	memcpy(logits, intercepts, sizeof(double) * n_outputs);
	for (uint32_t j = 0; j < row->count; j++)
	{
		const float *feature_weights = weights + (size_t) row->indices[j] * n_outputs;
		double value = row->values[j];

		for (uint32_t k = 0; k < n_outputs; k++)
			logits[k] += value * feature_weights[k];
	}
}

static void
logistic_regression_predict(const Classifier *classifier, const SparseRow *row,
							double *probabilities)
{
	const float *weights = section_weights(classifier);
	const double *intercepts = section_intercepts(classifier);

	if (classifier->n_classes == 2)
	{
		double output = log_odds(weights, intercepts[0], row);

		probabilities[0] = sigmoid(-output);
		probabilities[1] = sigmoid(output);
		return;
	}
	add_up_logits(weights, intercepts, classifier->n_classes, row, probabilities);
	softmax(probabilities, classifier->n_classes);
}

static void
logistic_regression_explain(const Classifier *classifier, const SparseRow *row,
							uint32_t class_index, double *contributions, double *intercept)
{
	uint32_t n_outputs = output_count(classifier->n_classes);
	uint32_t output = n_outputs == 1 ? 0 : class_index;
	double sign = n_outputs == 1 && class_index == 0 ? -1 : 1;
	const float *all_weights = section_weights(classifier);

	for (uint32_t j = 0; j < row->count; j++)
		contributions[j] = sign * row->values[j] *
						   (double) all_weights[(size_t) row->indices[j] * n_outputs + output];
	*intercept = sign * section_intercepts(classifier)[output];
}

/* A feature matters by the mean size of its weights in the outputs. */
static void
logistic_regression_importance(const Classifier *classifier, double *importances)
{
	uint32_t n_outputs = output_count(classifier->n_classes);
	const float *weights = section_weights(classifier);

	for (uint32_t i = 0; i < classifier->n_features; i++)
	{
		double sum = 0;

		for (uint32_t k = 0; k < n_outputs; k++)
			sum += fabs((double) weights[(size_t) i * n_outputs + k]);
		importances[i] = sum / n_outputs;
	}
}

const ClassifierKind logistic_regression_kind = {
	.name = "logistic_regression",
	.meaning = "linear model of the classes' log-odds; fast, and each term's weight can be read",
	.parameters = logistic_regression_parameters,
	.n_parameters =
		sizeof(logistic_regression_parameters) / sizeof(logistic_regression_parameters[0]),
	.options_size = sizeof(LogisticRegressionOptions),
	.explains_slopes = true,
	.image_size = logistic_regression_image_size,
	.fit = logistic_regression_fit,
	.validate = logistic_regression_validate,
	.predict = logistic_regression_predict,
	.explain = logistic_regression_explain,
	.importance = logistic_regression_importance,
};
