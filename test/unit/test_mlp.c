/*
 * test_mlp.c
 *	  The multilayer perceptron against a readable network, against scikit-learn, and on odd rows.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/linear_algebra/instruction_set.h"
#include "core/linear_algebra/scaled_rows.h"
#include "core/models/adam.h"
#include "core/models/feature_groups.h"
#include "core/models/logistic_solver.h"
#include "core/models/mlp.h"
#include "core/models/mlp_network.h"
#include "core/models/mlp_training.h"
#include "core/threads.h"
#include "host.h"
#include "mlp_fixture.h"

static const ClassifierKind *const kind = &mlp_kind;

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_interrupt_after = 0;
	test_host_threads = 2;
	instruction_set_limit = INSTRUCTIONS_AVX512;
	threads_stop();
	test_host_free_all();
	return 0;
}

/* A random number between -1 and 1. */
static double
random_number(uint64_t *random)
{
	return (double) (hash_mix(*random += 77) >> 11) * 0x1p-52 - 1;
}

/* Options from JSON. */
static MlpOptions
parse_options(const char *json)
{
	MlpOptions options;
	ParameterGroup group = {kind->parameters, kind->n_parameters, &options};

	parameters_parse(json, &group, 1);
	return options;
}

/* Fit, and check that the image is as large as announced and valid. */
static Classifier
fit(const TrainingSet *training_set, const char *json)
{
	MlpOptions options = parse_options(json);
	uint32_t n_features = training_set->features.n_features;
	ByteBuffer image = {0};

	kind->fit(training_set, &options, &image);
	Classifier classifier = {kind,       n_features,   training_set->n_classes,
							 image.data, image.length, NULL};
	assert_int_equal(image.length, kind->image_size(n_features, training_set->n_classes, &options));
	assert_null(kind->validate(&classifier));
	classifier.scratch = host_allocate_zero(kind->scratch_size(&classifier));
	return classifier;
}

/* The shape of a network. */
static MlpShape
shape_of(uint32_t n_features, uint32_t n_classes, const MlpOptions *options)
{
	MlpShape shape = {.n_layers = (uint32_t) options->hidden_layer_sizes.length + 1};

	shape.sizes[0] = n_features;
	for (uint32_t l = 1; l < shape.n_layers; l++)
		shape.sizes[l] = (uint32_t) options->hidden_layer_sizes.values[l - 1];
	shape.sizes[shape.n_layers] = n_classes == 2 ? 1 : n_classes;
	return shape;
}

/* The parameters in an image. */
static const float *
parameters_of(const Classifier *classifier)
{
	return (const float *) ((const char *) classifier->bytes + 64);
}

/* Matrices and labels under construction, row by row. */
typedef struct Rows
{
	SparseMatrix matrix;
	uint64_t *row_starts;
	uint32_t *indices;
	float *values;
	uint32_t *labels;
	uint64_t n_entries;
	uint32_t n_dense;
} Rows;

/* Room for rows. */
static Rows
begin_rows(uint32_t max_rows, uint64_t max_entries, uint32_t n_features, uint32_t n_dense)
{
	Rows rows = {.row_starts = host_allocate_zero_array(uint64_t, max_rows + 1),
				 .indices = host_allocate_array(uint32_t, max_entries + 1),
				 .values = host_allocate_array(float, max_entries + 1),
				 .labels = host_allocate_array(uint32_t, max_rows + 1),
				 .n_dense = n_dense};

	rows.matrix = (SparseMatrix){0, n_features, rows.row_starts, rows.indices, rows.values};
	return rows;
}

/* Add an entry to the row that add_row will close. */
static void
add_entry(Rows *rows, uint32_t index, float value)
{
	rows->indices[rows->n_entries] = index;
	rows->values[rows->n_entries++] = value;
}

/* Close a row. */
static void
add_row(Rows *rows, uint32_t label)
{
	rows->labels[rows->matrix.n_rows++] = label;
	rows->row_starts[rows->matrix.n_rows] = rows->n_entries;
}

/* The rows as a training set. */
static TrainingSet
training_set_of(const Rows *rows, uint32_t n_classes)
{
	return (TrainingSet){rows->matrix, rows->labels, n_classes, 1, rows->n_dense, NULL};
}

/* Random rows: some of the sparse features, and all of the dense ones. */
static Rows
random_rows(uint32_t n_rows, uint32_t n_sparse, uint32_t n_entries, uint32_t n_dense,
			uint32_t n_classes)
{
	Rows rows =
		begin_rows(n_rows, (uint64_t) n_rows * (n_entries + n_dense), n_sparse + n_dense, n_dense);
	uint32_t stride = n_entries == 0 ? 0 : n_sparse / n_entries;
	uint64_t random = 1;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		for (uint32_t j = 0; j < n_entries; j++)
			add_entry(&rows, j * stride + (uint32_t) (hash_mix(random += 77) % stride),
					  (float) random_number(&random));
		for (uint32_t j = 0; j < n_dense; j++)
			add_entry(&rows, n_sparse + j, (float) random_number(&random));
		add_row(&rows, i < n_classes ? i : (uint32_t) (hash_mix(random += 77) % n_classes));
	}
	return rows;
}

/*
 * A readable network, in double precision.
 */

/* The outputs of a row. parameters, outputs: as the header of mlp_network.h says */
static void
reference_outputs(const MlpShape *shape, const double *parameters, const SparseRow *row,
				  double *outputs)
{
	MlpLayout layout = mlp_layout(shape);
	double *inputs = calloc(shape->sizes[0] + 1, sizeof(double));

	for (uint32_t i = 0; i < row->count; i++)
		inputs[row->indices[i]] = row->values[i];
	for (uint32_t l = 0; l < shape->n_layers; l++)
	{
		double *sums = calloc(shape->sizes[l + 1] + 1, sizeof(double));

		for (uint32_t c = 0; c < shape->sizes[l + 1]; c++)
		{
			sums[c] = parameters[layout.biases[l] + c];
			for (uint32_t u = 0; u < shape->sizes[l]; u++)
				sums[c] += inputs[u] *
						   parameters[layout.weights[l] + (size_t) u * shape->sizes[l + 1] + c];
			if (l + 1 < shape->n_layers && sums[c] < 0)
				sums[c] = 0;
		}
		free(inputs);
		inputs = sums;
	}
	memcpy(outputs, inputs, sizeof(double) * shape->sizes[shape->n_layers]);
	free(inputs);
}

/* The probabilities of a row. */
static void
reference_probabilities(const MlpShape *shape, const double *parameters, const SparseRow *row,
						double *probabilities)
{
	uint32_t n_outputs = shape->sizes[shape->n_layers];
	uint32_t n_classes = n_outputs == 1 ? 2 : n_outputs;
	double sum = 0;

	reference_outputs(shape, parameters, row, probabilities + (n_outputs == 1));
	if (n_outputs == 1)
		probabilities[0] = 0;
	for (uint32_t k = 0; k < n_classes; k++)
		sum += probabilities[k] = exp(probabilities[k]);
	for (uint32_t k = 0; k < n_classes; k++)
		probabilities[k] /= sum;
}

/* Whether a parameter is a weight, which the penalty counts; if so, of which feature, if of one. */
static bool
is_weight(const MlpShape *shape, size_t place, uint32_t *feature)
{
	MlpLayout layout = mlp_layout(shape);

	*feature = UINT32_MAX;
	for (uint32_t l = 0; l < shape->n_layers; l++)
	{
		size_t end = layout.weights[l] + (size_t) shape->sizes[l] * shape->sizes[l + 1];

		if (place < layout.weights[l] || place >= end)
			continue;
		if (l == 0)
			*feature = (uint32_t) ((place - layout.weights[0]) / shape->sizes[1]);
		return true;
	}
	return false;
}

/* The loss of a batch. */
static double
reference_loss(const TrainingSet *set, const MlpShape *shape, const double *parameters,
			   const double *class_weights, double alpha, const uint32_t *rows, uint32_t n_rows)
{
	double loss = 0;
	double weight = 0;
	uint32_t feature;

	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, rows[i]);
		uint32_t label = set->labels[rows[i]];
		double probabilities[MAX_CLASSES];

		reference_probabilities(shape, parameters, &row, probabilities);
		loss -= class_weights[label] * log(probabilities[label]);
		weight += class_weights[label];
	}
	for (size_t p = 0; p < mlp_layout(shape).n_parameters; p++)
	{
		if (is_weight(shape, p, &feature))
			loss += alpha / 2 * parameters[p] * parameters[p];
	}
	return loss / weight;
}

/* The derivative of that loss by a parameter: a difference, so that nothing is derived by hand. */
static double
reference_gradient(const TrainingSet *set, const MlpShape *shape, double *parameters,
				   const double *class_weights, double alpha, const uint32_t *rows, uint32_t n_rows,
				   size_t place)
{
	const double step = 1e-6;
	double value = parameters[place];
	double above;
	double below;

	parameters[place] = value + step;
	above = reference_loss(set, shape, parameters, class_weights, alpha, rows, n_rows);
	parameters[place] = value - step;
	below = reference_loss(set, shape, parameters, class_weights, alpha, rows, n_rows);
	parameters[place] = value;
	return (above - below) / (2 * step);
}

/* Whether a feature is dense or occurs in one of the rows. */
static bool
feature_occurs(const TrainingSet *set, uint32_t feature, const uint32_t *rows, uint32_t n_rows)
{
	if (feature >= set->features.n_features - set->n_dense)
		return true;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, rows[i]);

		for (uint32_t j = 0; j < row.count; j++)
		{
			if (row.indices[j] == feature)
				return true;
		}
	}
	return false;
}

/* One step of Adam, as its paper has it but for scikit-learn's place of epsilon. */
static void
reference_step(const TrainingSet *set, const MlpShape *shape, const MlpOptions *options,
			   double *parameters, double *moments, const double *class_weights,
			   const uint32_t *rows, uint32_t n_rows, int step)
{
	size_t n_parameters = mlp_layout(shape).n_parameters;
	double *gradient = host_allocate_array(double, n_parameters);
	double rate = options->learning_rate_init * sqrt(1 - pow(0.999, step)) / (1 - pow(0.9, step));

	for (size_t p = 0; p < n_parameters; p++)
		gradient[p] = reference_gradient(set, shape, parameters, class_weights, options->alpha,
										 rows, n_rows, p);
	for (size_t p = 0; p < n_parameters; p++)
	{
		double *mean = &moments[2 * p];
		double *square = &moments[2 * p + 1];
		uint32_t feature;

		if (is_weight(shape, p, &feature) && feature != UINT32_MAX &&
			!feature_occurs(set, feature, rows, n_rows))
			continue;
		*mean = 0.9 * *mean + 0.1 * gradient[p];
		*square = 0.999 * *square + 0.001 * gradient[p] * gradient[p];
		parameters[p] -= rate * *mean / (sqrt(*square) + 1e-8);
	}
}

/* Train without early stopping. parameters: (n_parameters) */
static void
reference_train(const TrainingSet *set, const MlpShape *shape, const MlpOptions *options,
				const double *class_weights, double *parameters)
{
	size_t n_parameters = mlp_layout(shape).n_parameters;
	float *initial = host_allocate_array(float, n_parameters);
	double *moments = host_allocate_zero_array(double, 2 * n_parameters);
	uint32_t n_rows = set->features.n_rows;
	uint32_t batch_size = (uint32_t) options->batch_size;
	uint32_t *order = host_allocate_array(uint32_t, n_rows);
	int step = 0;

	mlp_initialize(shape, set->seed, initial);
	for (size_t p = 0; p < n_parameters; p++)
		parameters[p] = initial[p];
	/* without validation rows all are in the order of the shuffle that would have chosen them */
	for (uint32_t i = 0; i < n_rows; i++)
		order[i] = i;
	shuffle(order, n_rows, set->seed, UINT64_MAX - 1);
	for (int epoch = 0; epoch < options->max_iter; epoch++)
	{
		shuffle(order, n_rows, set->seed, (uint64_t) epoch);
		for (uint32_t start = 0; start < n_rows; start += batch_size)
		{
			uint32_t rest = n_rows - start;

			reference_step(set, shape, options, parameters, moments, class_weights, order + start,
						   rest < batch_size ? rest : batch_size, ++step);
		}
	}
}

/* Train by both, and compare all parameters. */
static void
check_training(const TrainingSet *set, const char *json, const double *class_weights)
{
	MlpOptions options = parse_options(json);
	MlpShape shape = shape_of(set->features.n_features, set->n_classes, &options);
	size_t n_parameters = mlp_layout(&shape).n_parameters;
	double *expected = host_allocate_array(double, n_parameters);
	Classifier classifier = fit(set, json);
	const float *parameters = parameters_of(&classifier);
	double largest = 0;

	reference_train(set, &shape, &options, class_weights, expected);
	for (size_t p = 0; p < n_parameters; p++)
		largest = fmax(largest, fabs(parameters[p] - expected[p]));
	/* a learning rate of 0.01 moves parameters by about 0.01 a step */
	if (!(largest < 1e-4))
		fail_msg("%s: a parameter differs by %g", json, largest);
}

static const char training_json[] =
	"{\"hidden_layer_sizes\": %s, \"batch_size\": 5, \"max_iter\": 3, \"learning_rate_init\": "
	"0.01, "
	"\"alpha\": %g, \"early_stopping\": false, \"class_weight\": \"%s\"}";

/* The gradients, Adam, the penalty, sparse and dense features, layers and classes. */
static void
test_same_as_reference(void **state)
{
	const char *const layers[] = {"[4]", "[5, 3]", "[3, 2, 3, 2]"};
	const double ones[] = {1, 1, 1};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
		{
			for (int features = 0; features < 3; features++)
			{
				Rows rows = random_rows(12, features == 0 ? 0 : 9, features == 0 ? 0 : 3,
										features == 1 ? 0 : 3, n_classes);
				TrainingSet set = training_set_of(&rows, n_classes);
				char json[300];

				snprintf(json, sizeof(json), training_json, layers[i], i == 1 ? 0.5 : 1e-4, "none");
				check_training(&set, json, ones);
			}
		}
	}
}

static void
test_class_weights(void **state)
{
	const double given[] = {0.5, 4, 1};

	(void) state;
	for (int i = 1; i < 4; i++)
	{
		Rows rows = random_rows(14, 9, 3, 2, 3);
		TrainingSet set = training_set_of(&rows, 3);
		double counts[3] = {0};
		double weights[3];
		double sum = 0;
		char json[300];

		set.class_weights = i & 1 ? given : NULL;
		for (int j = 0; j < 14; j++)
			counts[rows.labels[j]]++;
		for (int k = 0; k < 3; k++)
		{
			weights[k] = (i & 1 ? given[k] : 1) * (i & 2 ? 1 / counts[k] : 1);
			sum += weights[k] * counts[k];
		}
		/* the penalty is measured by rows of weight 1 on average */
		for (int k = 0; k < 3; k++)
			weights[k] *= 14 / sum;
		snprintf(json, sizeof(json), training_json, "[4]", 0.1, i & 2 ? "balanced" : "none");
		check_training(&set, json, weights);
	}
}

/* The fixture's rows, from one on, as dense or as sparse features, with the labels of a case. */
static TrainingSet
fixture_rows(uint32_t first, uint32_t n_rows, uint32_t n_classes, bool dense)
{
	Rows rows = begin_rows(n_rows, (uint64_t) n_rows * FIXTURE_FEATURES, FIXTURE_FEATURES,
						   dense ? FIXTURE_FEATURES : 0);

	for (uint32_t i = first; i < first + n_rows; i++)
	{
		for (uint32_t j = 0; j < FIXTURE_FEATURES; j++)
			add_entry(&rows, j, fixture_values[i * FIXTURE_FEATURES + j]);
		add_row(&rows, fixture_labels[i] % n_classes);
	}
	return training_set_of(&rows, n_classes);
}

/* Accuracy and mean log loss. */
static void
evaluate(const Classifier *classifier, const TrainingSet *set, double *accuracy, double *log_loss)
{
	double probabilities[MAX_CLASSES];
	uint32_t n_rows = set->features.n_rows;

	*accuracy = 0;
	*log_loss = 0;
	for (uint32_t i = 0; i < n_rows; i++)
	{
		SparseRow row = sparse_matrix_row(&set->features, i);
		uint32_t best = 0;

		kind->predict(classifier, &row, probabilities);
		for (uint32_t k = 1; k < set->n_classes; k++)
			best = probabilities[k] > probabilities[best] ? k : best;
		*accuracy += (best == set->labels[i]) / (double) n_rows;
		*log_loss -= log(probabilities[set->labels[i]]) / n_rows;
	}
}

/* Expect a mean over seeds within what chance does to two such means. */
static void
assert_near(const char *name, const char *figure, double mean, double expected, double deviation)
{
	double tolerance = 5 * deviation * sqrt(2.0 / FIXTURE_SEEDS) + 1e-9;

	if (!(fabs(mean - expected) <= tolerance))
		fail_msg("%s: %s %.4f, not %.4f within %.4f", name, figure, mean, expected, tolerance);
}

/* Compare a case with what scikit-learn made of the same rows. */
static void
check_fixture_case(const FixtureCase *expected, bool dense)
{
	TrainingSet set = fixture_rows(0, FIXTURE_TRAINING_ROWS, expected->n_classes, dense);
	TrainingSet held_out =
		fixture_rows(FIXTURE_TRAINING_ROWS, FIXTURE_HELD_OUT_ROWS, expected->n_classes, dense);
	MlpOptions options = parse_options(expected->parameters);
	MlpShape shape = shape_of(FIXTURE_FEATURES, expected->n_classes, &options);
	float *parameters = host_allocate_array(float, mlp_layout(&shape).n_parameters);
	double accuracy_sum = 0;
	double log_loss_sum = 0;
	double epochs_sum = 0;

	for (set.seed = 0; set.seed < FIXTURE_SEEDS; set.seed++)
	{
		Classifier classifier = fit(&set, expected->parameters);
		double accuracy;
		double log_loss;

		evaluate(&classifier, &held_out, &accuracy, &log_loss);
		accuracy_sum += accuracy;
		log_loss_sum += log_loss;
		epochs_sum += mlp_train(&set, &shape, &options, parameters).n_epochs;
	}
	if (options.early_stopping)
	{
		/* by the loss it chooses better than scikit-learn by the accuracy */
		assert_true(accuracy_sum / FIXTURE_SEEDS > expected->accuracy);
		assert_true(log_loss_sum / FIXTURE_SEEDS < expected->log_loss);
		return;
	}
	assert_near(expected->name, "accuracy", accuracy_sum / FIXTURE_SEEDS, expected->accuracy,
				expected->accuracy_deviation);
	assert_near(expected->name, "log loss", log_loss_sum / FIXTURE_SEEDS, expected->log_loss,
				expected->log_loss_deviation);
	assert_near(expected->name, "epochs", epochs_sum / FIXTURE_SEEDS, expected->epochs,
				expected->epochs_deviation);
}

static void
test_same_as_scikit_learn(void **state)
{
	size_t n_cases = sizeof(fixture_cases) / sizeof(fixture_cases[0]);

	(void) state;
	for (size_t i = 0; i < n_cases; i++)
		check_fixture_case(&fixture_cases[i], true);
	check_fixture_case(&fixture_cases[3], false);
}

/* Where every batch has every feature, it does not matter which way they go. */
static void
test_sparse_like_dense(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
	{
		const char *json = "{\"hidden_layer_sizes\": [40, 17], \"max_iter\": 1, "
						   "\"early_stopping\": false, \"alpha\": 0.1, \"batch_size\": 50}";
		TrainingSet dense = fixture_rows(0, FIXTURE_TRAINING_ROWS, n_classes, true);
		TrainingSet sparse = fixture_rows(0, FIXTURE_TRAINING_ROWS, n_classes, false);
		TrainingSet mixed = dense;
		Classifier classifiers[3];

		mixed.n_dense = 2;
		classifiers[0] = fit(&dense, json);
		classifiers[1] = fit(&sparse, json);
		classifiers[2] = fit(&mixed, json);
		for (size_t i = 0; i < (classifiers[0].length - 64) / sizeof(float); i++)
		{
			for (int j = 1; j < 3; j++)
				assert_true(fabsf(parameters_of(&classifiers[0])[i] -
								  parameters_of(&classifiers[j])[i]) < 1e-5f);
		}
	}
}

/* The same bytes for any number of threads: small networks and large ones, which go layer by layer. */
static void
test_thread_count(void **state)
{
	const char *const json[] = {
		"{\"hidden_layer_sizes\": [300], \"max_iter\": 2}",
		"{\"hidden_layer_sizes\": [300, 64, 32], \"max_iter\": 2, \"batch_size\": 90}",
		"{\"hidden_layer_sizes\": [1100, 800], \"max_iter\": 1, \"batch_size\": 70}"};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 5; n_classes += 3)
		{
			Rows rows = random_rows(211, 900, 45, 33, n_classes);
			TrainingSet set = training_set_of(&rows, n_classes);
			Classifier first = {0};

			for (test_host_threads = 1; test_host_threads <= 4; test_host_threads *= 2)
			{
				Classifier classifier = fit(&set, json[i]);

				if (test_host_threads == 1)
					first = classifier;
				assert_int_equal(classifier.length, first.length);
				assert_memory_equal(classifier.bytes, first.bytes, first.length);
			}
		}
	}
}

/* The same seed gives the same bytes, another seed others. */
static void
test_seeds(void **state)
{
	(void) state;
	for (int early = 0; early < 2; early++)
	{
		TrainingSet set = fixture_rows(0, FIXTURE_TRAINING_ROWS, 3, true);
		const char *json = early ? "{}" : "{\"early_stopping\": false}";
		Classifier first = fit(&set, json);
		Classifier second = fit(&set, json);
		Classifier third;

		assert_memory_equal(first.bytes, second.bytes, first.length);
		set.seed++;
		third = fit(&set, json);
		assert_true(memcmp(first.bytes, third.bytes, first.length) != 0);
	}
}

/* Initial parameters fill the interval that Glorot and Bengio give, evenly. */
static void
test_initialize(void **state)
{
	const MlpShape shape = {3, {500, 60, 7, 3}};
	MlpLayout layout = mlp_layout(&shape);
	float *parameters = host_allocate_array(float, layout.n_parameters);

	(void) state;
	memset(parameters, 0xff, sizeof(float) * layout.n_parameters);
	mlp_initialize(&shape, 3, parameters);
	for (size_t p = 0; p < layout.n_parameters; p++)
		assert_true(isfinite(parameters[p]));
	for (uint32_t l = 0; l < 3; l++)
	{
		size_t count = (size_t) shape.sizes[l] * shape.sizes[l + 1];
		double bound = sqrt(6.0 / (shape.sizes[l] + shape.sizes[l + 1]));
		double sum = 0;
		double squares = 0;

		for (uint32_t c = 0; c < shape.sizes[l + 1]; c++)
			assert_true(fabs(parameters[layout.biases[l] + c]) <= bound * 1.0001);
		for (size_t i = 0; i < count; i++)
		{
			double weight = parameters[layout.weights[l] + i] / bound;

			assert_true(fabs(weight) <= 1.0001);
			sum += weight;
			squares += weight * weight;
		}
		assert_true(fabs(sum / (double) count) < 4 * sqrt(1.0 / 3 / (double) count));
		assert_true(fabs(squares / (double) count - 1.0 / 3) < 2 / sqrt((double) count));
	}
}

/* Training that stops early has what it had after its best epoch. */
static void
test_early_stopping(void **state)
{
	TrainingSet set = fixture_rows(0, FIXTURE_TRAINING_ROWS, 3, true);
	MlpOptions options = parse_options(
		"{\"hidden_layer_sizes\": 20, \"max_iter\": 300, \"batch_size\": 30, "
		"\"learning_rate_init\": 0.01, \"early_stopping\": true, \"n_iter_no_change\": 7}");
	MlpShape shape = shape_of(FIXTURE_FEATURES, 3, &options);
	size_t size = sizeof(float) * mlp_layout(&shape).n_parameters;
	float *best = host_allocate(size);
	float *again = host_allocate(size);
	MlpReport report = mlp_train(&set, &shape, &options, best);

	(void) state;
	assert_true(report.best_epoch >= 1 && report.best_epoch < report.n_epochs);
	assert_int_equal(report.n_epochs, report.best_epoch + 8);
	assert_true(report.best_loss > 0 && report.best_loss < 1);
	options.max_iter = (int) report.best_epoch;
	options.n_iter_no_change = 1000;
	report = mlp_train(&set, &shape, &options, again);
	assert_int_equal(report.n_epochs, options.max_iter);
	assert_memory_equal(best, again, size);
}

/* Too few rows to set any aside: training goes on with all. */
static void
test_no_validation_rows(void **state)
{
	Rows rows = random_rows(8, 0, 0, 3, 4);
	TrainingSet set = training_set_of(&rows, 4);
	Classifier with;
	Classifier without;

	(void) state;
	for (int i = 4; i < 8; i++)
		rows.labels[i] = (uint32_t) i - 4;
	with = fit(&set, "{\"early_stopping\": true}");
	without = fit(&set, "{\"early_stopping\": false}");
	assert_memory_equal(with.bytes, without.bytes, with.length);
}

/* An interrupt is seen at every point, and leaves nothing behind that disturbs the next training. */
static void
test_interrupt(void **state)
{
	const long moments[] = {1, 2, 3, 5, 9, 14, 20, 30};
	Rows rows = random_rows(150, 300, 10, 5, 3);
	TrainingSet set = training_set_of(&rows, 3);
	const char *const json[] = {"{\"max_iter\": 3, \"batch_size\": 20}",
								"{\"max_iter\": 1, \"hidden_layer_sizes\": [1700, 1000]}"};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		Classifier expected = fit(&set, json[i]);
		Classifier classifier;

		for (volatile int j = 0; j < 8; j++)
		{
			test_host_interrupt_after = moments[j];
			assert_host_error(HOST_ERROR_INTERNAL, fit(&set, json[i]));
			assert_string_equal(test_host_error.message, "interrupted");
		}
		test_host_interrupt_after = 0;
		classifier = fit(&set, json[i]);
		assert_memory_equal(classifier.bytes, expected.bytes, expected.length);
	}
}

/* Fit gives back all it allocates but the image. */
static void
test_memory(void **state)
{
	Rows rows = random_rows(60, 50, 5, 5, 3);
	TrainingSet set = training_set_of(&rows, 3);
	MlpOptions options = parse_options("{\"max_iter\": 3, \"hidden_layer_sizes\": [9, 8]}");
	ByteBuffer image = {0};
	size_t before = test_host_allocated;

	(void) state;
	kind->fit(&set, &options, &image);
	assert_int_equal(test_host_allocated, before + image.capacity);
}

/* Check that probabilities are finite and sum up to 1, and contributions to the output. */
static void
assert_sane(const Classifier *classifier, const SparseRow *row)
{
	double probabilities[MAX_CLASSES];
	double *contributions = host_allocate_array(double, row->count + 1);
	double intercept;
	double sum = 0;

	kind->predict(classifier, row, probabilities);
	for (uint32_t k = 0; k < classifier->n_classes; k++)
	{
		assert_true(probabilities[k] >= 0 && probabilities[k] <= 1);
		sum += probabilities[k];
	}
	assert_true(fabs(sum - 1) < 1e-9);
	kind->explain(classifier, row, classifier->n_classes - 1, contributions, &intercept);
	assert_true(isfinite(intercept));
	for (uint32_t i = 0; i < row->count; i++)
		assert_true(isfinite(contributions[i]));
}

/* Rows with numbers that nobody should have: training ends, and every number stays finite. */
static void
test_extreme_values(void **state)
{
	const float extremes[] = {1e30f, -1e30f,   FLT_MAX,   -FLT_MAX, 1e15f, FLT_MIN, 1e-45f,
							  0,     INFINITY, -INFINITY, NAN,      1e9f,  -1e4f};
	const char *const json[] = {
		"{\"max_iter\": 8, \"batch_size\": 7, \"early_stopping\": false}",
		"{\"max_iter\": 8, \"batch_size\": 7, \"learning_rate_init\": 1, \"hidden_layer_sizes\": "
		"[16, 16, 16, 16]}",
		"{\"max_iter\": 8, \"alpha\": 1000, \"learning_rate_init\": 1, \"hidden_layer_sizes\": [8, "
		"8]}"};
	const double class_weights[] = {1e300, 1e-300, 1};

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		Rows rows = random_rows(60, 20, 4, 4, 3);
		TrainingSet set = training_set_of(&rows, 3);
		Classifier classifier;

		for (uint64_t j = 0; j < rows.n_entries; j += 3)
			rows.values[j] = extremes[j % (sizeof(extremes) / sizeof(extremes[0]))];
		if (i >= 3)
			set.class_weights = class_weights;
		classifier = fit(&set, json[i % 3]);
		for (uint32_t j = 0; j < 60; j++)
		{
			SparseRow row = sparse_matrix_row(&set.features, j);

			assert_sane(&classifier, &row);
		}
	}
}

/* Rows that teach nothing, features that do not vary, batches of one row. */
static void
test_odd_rows(void **state)
{
	const char *const json[] = {"{\"max_iter\": 30, \"early_stopping\": false}",
								"{\"batch_size\": 1}",
								"{\"batch_size\": 10000, \"class_weight\": \"balanced\"}",
								"{\"hidden_layer_sizes\": [1, 1, 1, 1]}"};

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		for (uint32_t n_features = 0; n_features <= 2; n_features++)
		{
			for (uint32_t n_dense = 0; n_dense <= n_features; n_dense++)
			{
				Rows rows = begin_rows(10, 20, n_features, n_dense);
				TrainingSet set;
				Classifier classifier;
				SparseRow row;

				for (uint32_t j = 0; j < 10; j++)
				{
					if (n_dense == 0 && n_features > 0 && j % 2 == 0)
						add_entry(&rows, n_features - 1, 1);
					for (uint32_t d = n_features - n_dense; d < n_features; d++)
						add_entry(&rows, d, d == 0 ? 0 : 3);
					add_row(&rows, j < 7 ? 0 : j < 9 ? 1 : 2);
				}
				set = training_set_of(&rows, 3);
				classifier = fit(&set, json[i]);
				row = sparse_matrix_row(&set.features, 9);
				assert_sane(&classifier, &row);
			}
		}
	}
}

/* Two rows are enough. */
static void
test_two_rows(void **state)
{
	Rows rows = begin_rows(2, 2, 2, 0);
	TrainingSet set;
	Classifier classifier;
	SparseRow row;
	double probabilities[2];

	(void) state;
	add_entry(&rows, 0, 1);
	add_row(&rows, 0);
	add_entry(&rows, 1, 1);
	add_row(&rows, 1);
	set = training_set_of(&rows, 2);
	classifier = fit(&set, "{\"max_iter\": 300, \"learning_rate_init\": 0.01}");
	row = sparse_matrix_row(&set.features, 0);
	kind->predict(&classifier, &row, probabilities);
	assert_true(probabilities[0] > 0.9);
	row = sparse_matrix_row(&set.features, 1);
	kind->predict(&classifier, &row, probabilities);
	assert_true(probabilities[1] > 0.9);
}

static void
test_many_classes(void **state)
{
	Rows rows = begin_rows(MAX_CLASSES, 2 * MAX_CLASSES, MAX_CLASSES, 0);
	TrainingSet set;
	Classifier classifier;

	(void) state;
	for (uint32_t i = 0; i < MAX_CLASSES; i++)
	{
		add_entry(&rows, i, 1);
		add_row(&rows, i);
	}
	set = training_set_of(&rows, MAX_CLASSES);
	classifier = fit(&set, "{\"hidden_layer_sizes\": 20, \"max_iter\": 2}");
	for (uint32_t i = 0; i < MAX_CLASSES; i += 99)
	{
		SparseRow row = sparse_matrix_row(&set.features, i);

		assert_sane(&classifier, &row);
	}
}

/* A classifier with random parameters, not learned. */
static Classifier
random_classifier(uint32_t n_features, uint32_t n_classes, const char *json, float scale)
{
	MlpOptions options = parse_options(json);
	Rows rows = random_rows(n_classes, n_features, 1, 0, n_classes);
	TrainingSet set = training_set_of(&rows, n_classes);
	Classifier classifier;
	MlpShape shape = shape_of(n_features, n_classes, &options);
	MlpLayout layout = mlp_layout(&shape);
	uint64_t random = n_features;
	float *parameters;

	classifier = fit(&set, json);
	parameters = (float *) parameters_of(&classifier);
	for (size_t p = 0; p < layout.n_parameters; p++)
		parameters[p] = scale * (float) random_number(&random);
	return classifier;
}

/* The parameters of a classifier in double precision, and its shape. */
static double *
reference_parameters(const Classifier *classifier, const char *json, MlpShape *shape)
{
	MlpOptions options = parse_options(json);
	double *parameters;
	size_t count;

	*shape = shape_of(classifier->n_features, classifier->n_classes, &options);
	count = mlp_layout(shape).n_parameters;
	parameters = host_allocate_array(double, count);
	for (size_t p = 0; p < count; p++)
		parameters[p] = parameters_of(classifier)[p];
	return parameters;
}

static const char *const layer_choices[] = {
	"{\"hidden_layer_sizes\": 128, \"max_iter\": 1}",
	"{\"hidden_layer_sizes\": [1], \"max_iter\": 1}",
	"{\"hidden_layer_sizes\": [37, 18], \"max_iter\": 1}",
	"{\"hidden_layer_sizes\": [16, 33, 5, 64], \"max_iter\": 1}"};

static void
test_predict(void **state)
{
	(void) state;
	for (int i = 0; i < 4; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 20; n_classes += 6)
		{
			Classifier classifier = random_classifier(70, n_classes, layer_choices[i], 0.5f);
			Rows rows = random_rows(30, 50, 10, 20, n_classes);
			MlpShape shape;
			double *parameters = reference_parameters(&classifier, layer_choices[i], &shape);

			for (uint32_t j = 0; j < 31; j++)
			{
				SparseRow row = j < 30 ? sparse_matrix_row(&rows.matrix, j) : (SparseRow){0};
				double expected[MAX_CLASSES];

				reference_probabilities(&shape, parameters, &row, expected);
				for (int set = 0; set < N_INSTRUCTION_SETS; set++)
				{
					double probabilities[MAX_CLASSES];

					instruction_set_limit = (InstructionSet) set;
					kind->predict(&classifier, &row, probabilities);
					for (uint32_t k = 0; k < n_classes; k++)
						assert_true(fabs(probabilities[k] - expected[k]) < 1e-5);
				}
			}
		}
	}
}

/* The kernels give the same with all instructions, to the last bits. */
static void
test_instruction_sets(void **state)
{
	enum
	{
		SIZE = 77,
		ROWS = 23
	};
	float matrix[SIZE * ROWS];
	uint32_t rows[ROWS];
	float scales[ROWS];
	uint64_t random = 5;

	(void) state;
	for (int i = 0; i < SIZE * ROWS; i++)
		matrix[i] = (float) random_number(&random);
	for (int i = 0; i < ROWS; i++)
	{
		rows[i] = (uint32_t) (i * 5 % ROWS);
		scales[i] = (float) random_number(&random);
	}
	for (uint32_t n_columns = 1; n_columns <= SIZE; n_columns++)
	{
		float sums[N_INSTRUCTION_SETS][SIZE] = {{0}};
		float values[N_INSTRUCTION_SETS][3][SIZE] = {{{0}}};

		for (int set = 0; set < N_INSTRUCTION_SETS; set++)
		{
			instruction_set_limit = (InstructionSet) set;
			add_scaled_rows(sums[set], n_columns, matrix, SIZE, n_columns % ROWS, rows, scales);
			for (uint64_t step = 1; step < 4; step++)
			{
				AdamStep adam = adam_step(0.01, step, 0.2);

				adam_update(&adam, 0.1f, values[set][0], values[set][1], values[set][2],
							matrix + step * SIZE, n_columns);
			}
			for (uint32_t c = 0; c < SIZE; c++)
			{
				assert_true(fabsf(sums[set][c] - sums[0][c]) <= 2e-6f);
				for (int j = 0; j < 3; j++)
					assert_true(fabsf(values[set][j][c] - values[0][j][c]) <= 1e-7f);
			}
		}
	}
}

/* Sums of scaled rows against their definition; huge scales are cut. */
static void
test_scaled_rows(void **state)
{
	const float matrix[] = {1, 2, 3, -1, -2, -3};
	const uint32_t rows[] = {1, 0, 1, 0, 1, 0};
	const float scales[] = {2, 1, NAN, INFINITY, 1e30f, 0.5f};
	float sum[] = {10, 20, 30};

	(void) state;
	add_scaled_rows(sum, 3, matrix, 3, 0, NULL, NULL);
	assert_true(sum[0] == 10 && sum[1] == 20 && sum[2] == 30);
	add_scaled_rows(sum, 2, matrix + 1, 3, 2, rows, scales);
	assert_true(sum[0] == 10 - 4 + 2 && sum[1] == 20 - 6 + 3 && sum[2] == 30);
	/* plus and minus 1e15 */
	memset(sum, 0, sizeof(sum));
	add_scaled_rows(sum, 3, matrix, 3, 6, rows, scales);
	assert_true(fabsf(sum[0]) < 1e9f);
}

/* A group has exactly the entries of its feature, and the chunks all groups. */
static void
test_feature_groups(void **state)
{
	Rows rows = random_rows(40, 60, 6, 3, 2);
	const uint32_t numbers[] = {7, 39, 0, 12, 12, 3};
	FeatureGroups groups;

	(void) state;
	feature_groups_initialize(&groups, 60, 36, 10);
	for (uint32_t n_rows = 0; n_rows <= 6; n_rows++)
	{
		size_t n_entries = 0;

		feature_groups_build(&groups, &rows.matrix, numbers, n_rows, 3, false);
		for (uint32_t g = 0; g < groups.n_groups; g++)
		{
			for (size_t e = groups.starts[g]; e < groups.starts[g + 1]; e++, n_entries++)
			{
				SparseRow row = sparse_matrix_row(&rows.matrix, numbers[groups.rows[e]]);
				bool found = false;

				for (uint32_t j = 0; j + 3 < row.count; j++)
					found |=
						row.indices[j] == groups.features[g] && row.values[j] == groups.values[e];
				assert_true(found);
				assert_true(e == groups.starts[g] || groups.rows[e] > groups.rows[e - 1]);
			}
		}
		assert_int_equal(n_entries, n_rows * 6);
		assert_int_equal(groups.chunk_starts[0], 0);
		assert_int_equal(groups.chunk_starts[groups.n_chunks], groups.n_groups);
		for (uint32_t c = 0; c < groups.n_chunks; c++)
			assert_true(groups.chunk_starts[c] < groups.chunk_starts[c + 1]);
	}
	feature_groups_free(&groups);
}

/* The output of a class: log-odds for two classes, else its logit. */
static double
class_output(const MlpShape *shape, const double *parameters, const SparseRow *row, uint32_t k)
{
	double outputs[MAX_CLASSES];

	reference_outputs(shape, parameters, row, outputs);
	if (shape->sizes[shape->n_layers] > 1)
		return outputs[k];
	return k == 1 ? outputs[0] : -outputs[0];
}

/* Integrated gradients by differences of the output at many points of the path. */
static void
reference_explanation(const MlpShape *shape, const double *parameters, const SparseRow *row,
					  uint32_t k, double *contributions)
{
	const int n_points = 400;
	const float step = 1e-3f;
	float *values = host_allocate_array(float, row->count);
	SparseRow moved = {row->count, row->indices, values};

	for (uint32_t j = 0; j < row->count; j++)
	{
		contributions[j] = 0;
		for (int point = 0; point < n_points; point++)
		{
			double above;

			for (uint32_t i = 0; i < row->count; i++)
				values[i] = row->values[i] * ((float) point + 0.5f) / (float) n_points;
			values[j] += step;
			above = class_output(shape, parameters, &moved, k);
			values[j] -= 2 * step;
			contributions[j] += row->values[j] *
								(above - class_output(shape, parameters, &moved, k)) /
								(2.0 * step) / n_points;
		}
	}
}

static void
test_explain(void **state)
{
	(void) state;
	for (int i = 0; i < 4; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
		{
			Classifier classifier = random_classifier(12, n_classes, layer_choices[i], 0.7f);
			Rows rows = random_rows(3, 8, 4, 4, n_classes);
			MlpShape shape;
			double *parameters = reference_parameters(&classifier, layer_choices[i], &shape);

			for (uint32_t j = 0; j < 3; j++)
			{
				SparseRow row = sparse_matrix_row(&rows.matrix, j);
				SparseRow nothing = {0};
				uint32_t k = j % n_classes;
				double expected[8];
				double contributions[8];
				double sum;

				reference_explanation(&shape, parameters, &row, k, expected);
				kind->explain(&classifier, &row, k, contributions, &sum);
				/* the intercept is the output of nothing, but for the error of the points */
				assert_true(fabs(sum - class_output(&shape, parameters, &nothing, k)) <
							(i < 2 ? 1e-4 : 0.02));
				for (uint32_t e = 0; e < row.count; e++)
				{
					sum += contributions[e];
					if (!(fabs(contributions[e] - expected[e]) < 0.01 * fabs(expected[e]) + 0.005))
						fail_msg("%s: contribution %g, not %g", layer_choices[i], contributions[e],
								 expected[e]);
				}
				assert_true(fabs(sum - class_output(&shape, parameters, &row, k)) < 1e-4);
			}
		}
	}
}

/* The contributions sum up to the very log-odds that predict has. */
static void
test_explain_is_exact(void **state)
{
	(void) state;
	for (int i = 0; i < 4; i++)
	{
		Classifier classifier = random_classifier(12, 2, layer_choices[i], 0.3f);
		Rows rows = random_rows(20, 8, 4, 4, 2);

		for (uint32_t j = 0; j < 20; j++)
		{
			SparseRow row = sparse_matrix_row(&rows.matrix, j);
			double probabilities[2];
			double contributions[8];
			double sum;

			kind->predict(&classifier, &row, probabilities);
			kind->explain(&classifier, &row, 1, contributions, &sum);
			for (uint32_t e = 0; e < row.count; e++)
				sum += contributions[e];
			assert_true(fabs(sum - log(probabilities[1] / probabilities[0])) < 1e-12);
		}
	}
}

/* All ways from a feature to the outputs, one after the other. */
static double
reference_importance(const MlpShape *shape, const double *parameters, uint32_t layer, uint32_t unit)
{
	MlpLayout layout = mlp_layout(shape);
	double sum = 0;

	if (layer == shape->n_layers || layer == MLP_MAX_LAYERS)
		return 1;
	for (uint32_t c = 0; c < shape->sizes[layer + 1]; c++)
		sum +=
			fabs(parameters[layout.weights[layer] + (size_t) unit * shape->sizes[layer + 1] + c]) *
			reference_importance(shape, parameters, layer + 1, c);
	return sum;
}

static void
test_importance(void **state)
{
	(void) state;
	for (int i = 0; i < 3; i++)
	{
		for (uint32_t n_classes = 2; n_classes <= 3; n_classes++)
		{
			Classifier classifier = random_classifier(9, n_classes, layer_choices[i], 0.5f);
			MlpShape shape;
			double *parameters = reference_parameters(&classifier, layer_choices[i], &shape);
			double importances[9];

			kind->importance(&classifier, importances);
			for (uint32_t j = 0; j < 9; j++)
			{
				double expected = reference_importance(&shape, parameters, 0, j);

				assert_true(fabs(importances[j] - expected) < 1e-9 * expected);
			}
		}
	}
}

/* A feature that decides matters more than ones that do not. */
static void
test_importance_finds_feature(void **state)
{
	Rows rows = random_rows(400, 0, 0, 8, 2);
	TrainingSet set = training_set_of(&rows, 2);
	Classifier classifier;
	double importances[8];

	(void) state;
	for (uint32_t i = 0; i < 400; i++)
		rows.labels[i] = fabsf(rows.values[i * 8 + 5]) > 0.5f;
	classifier = fit(&set, "{\"max_iter\": 60, \"learning_rate_init\": 0.01}");
	kind->importance(&classifier, importances);
	for (uint32_t j = 0; j < 8; j++)
		assert_true(j == 5 || importances[5] > 1.2 * importances[j]);
}

/* Validate a copy in a block of exactly its size, so that a sanitizer sees a read beyond it. */
static const char *
validate_bytes(const Classifier *classifier, const char *bytes, size_t length)
{
	char *copy = host_allocate(length);
	Classifier changed = *classifier;
	const char *problem;

	memcpy(copy, bytes, length);
	changed.bytes = copy;
	changed.length = length;
	problem = kind->validate(&changed);
	host_free(copy);
	return problem;
}

static void
test_validate(void **state)
{
	(void) state;
	for (uint32_t n_classes = 2; n_classes <= 4; n_classes += 2)
	{
		Classifier classifier =
			random_classifier(5, n_classes, "{\"hidden_layer_sizes\": [7, 4], \"max_iter\": 1}", 1);
		size_t length = classifier.length;
		char *bytes = host_allocate(length + 4);
		const float not_finite[] = {NAN, INFINITY, -INFINITY};
		Classifier other;

		memcpy(bytes, classifier.bytes, length);
		assert_null(validate_bytes(&classifier, bytes, length));
		for (size_t i = 0; i < length; i++)
			assert_non_null(validate_bytes(&classifier, bytes, i));
		assert_non_null(validate_bytes(&classifier, bytes, length + 4));
		/* every bit of the header counts */
		for (int i = 0; i < 64 * 8; i++)
		{
			bytes[i / 8] ^= (char) (1 << i % 8);
			assert_non_null(validate_bytes(&classifier, bytes, length));
			bytes[i / 8] ^= (char) (1 << i % 8);
		}
		for (size_t i = 64; i < length; i += sizeof(float))
		{
			memcpy(bytes + i, &not_finite[i / sizeof(float) % 3], sizeof(float));
			assert_non_null(validate_bytes(&classifier, bytes, length));
			memcpy(bytes + i, (const char *) classifier.bytes + i, sizeof(float));
		}
		/* a model of other sizes */
		other = classifier;
		other.n_features++;
		assert_non_null(kind->validate(&other));
		other = classifier;
		other.n_classes++;
		assert_non_null(kind->validate(&other));
		other.n_classes = 1;
		assert_non_null(kind->validate(&other));
		other.n_classes = UINT32_MAX;
		assert_non_null(kind->validate(&other));
	}
}

/* Valid images with wild numbers predict and explain finite ones. */
static void
test_wild_weights(void **state)
{
	uint64_t random = 3;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		Classifier classifier = random_classifier(20, 3, layer_choices[i], 1);
		float *parameters = (float *) parameters_of(&classifier);
		Rows rows = random_rows(5, 16, 4, 4, 3);

		for (size_t p = 0; p < (classifier.length - 64) / sizeof(float); p++)
			parameters[p] = random_number(&random) > 0 ? FLT_MAX : -FLT_MAX;
		for (uint64_t j = 0; j < rows.n_entries; j += 2)
			rows.values[j] = j % 4 == 0 ? FLT_MAX : NAN;
		assert_null(kind->validate(&classifier));
		for (uint32_t j = 0; j < 5; j++)
		{
			SparseRow row = sparse_matrix_row(&rows.matrix, j);

			assert_sane(&classifier, &row);
		}
	}
}

/* Sizes are right where 32 bits would overflow. */
static void
test_image_size(void **state)
{
	MlpOptions options = parse_options("{\"hidden_layer_sizes\": [2048, 16]}");

	(void) state;
	assert_true(kind->image_size(UINT32_MAX, 2, &options) ==
				64 + 4 * ((size_t) UINT32_MAX * 2048 + 2048 * 16 + 16 + 2048 + 16 + 16));
	options = parse_options("{}");
	/* the most common words of a language, and the limit of an image */
	assert_true(kind->image_size(440000, 2, &options) < (size_t) 256 * 1024 * 1024);
}

static void
test_parameters(void **state)
{
	const char *const refused[] = {"{\"hidden_layer_sizes\": []}",
								   "{\"hidden_layer_sizes\": [0]}",
								   "{\"hidden_layer_sizes\": [2049]}",
								   "{\"hidden_layer_sizes\": [1, 1, 1, 1, 1]}",
								   "{\"batch_size\": 0}",
								   "{\"learning_rate_init\": 0}",
								   "{\"validation_fraction\": 1}",
								   "{\"alpha\": -1}"};

	(void) state;
	assert_int_equal(parse_options("{\"hidden_layer_sizes\": 50}").hidden_layer_sizes.length, 1);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse_options(refused[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_reference, free_memory),
		cmocka_unit_test_teardown(test_class_weights, free_memory),
		cmocka_unit_test_teardown(test_same_as_scikit_learn, free_memory),
		cmocka_unit_test_teardown(test_sparse_like_dense, free_memory),
		cmocka_unit_test_teardown(test_thread_count, free_memory),
		cmocka_unit_test_teardown(test_seeds, free_memory),
		cmocka_unit_test_teardown(test_initialize, free_memory),
		cmocka_unit_test_teardown(test_early_stopping, free_memory),
		cmocka_unit_test_teardown(test_no_validation_rows, free_memory),
		cmocka_unit_test_teardown(test_interrupt, free_memory),
		cmocka_unit_test_teardown(test_memory, free_memory),
		cmocka_unit_test_teardown(test_extreme_values, free_memory),
		cmocka_unit_test_teardown(test_odd_rows, free_memory),
		cmocka_unit_test_teardown(test_two_rows, free_memory),
		cmocka_unit_test_teardown(test_many_classes, free_memory),
		cmocka_unit_test_teardown(test_predict, free_memory),
		cmocka_unit_test_teardown(test_instruction_sets, free_memory),
		cmocka_unit_test_teardown(test_scaled_rows, free_memory),
		cmocka_unit_test_teardown(test_feature_groups, free_memory),
		cmocka_unit_test_teardown(test_explain, free_memory),
		cmocka_unit_test_teardown(test_explain_is_exact, free_memory),
		cmocka_unit_test_teardown(test_importance, free_memory),
		cmocka_unit_test_teardown(test_importance_finds_feature, free_memory),
		cmocka_unit_test_teardown(test_validate, free_memory),
		cmocka_unit_test_teardown(test_wild_weights, free_memory),
		cmocka_unit_test_teardown(test_image_size, free_memory),
		cmocka_unit_test_teardown(test_parameters, free_memory),
	};

	return cmocka_run_group_tests_name("mlp", tests, NULL, NULL);
}
