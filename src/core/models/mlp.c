/*
 * mlp.c
 *	  Multilayer perceptron: a neural network of one to four hidden layers.
 *
 * This file holds the kind: its parameters, its section of a model image, prediction and explanation.
 * mlp_network.h says what the network computes, mlp_training.h how it learns.
 *
 * The section of a model image, little-endian:
 *
 *		MlpHeader
 *		float parameters[n_parameters]		see mlp_network.h
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/models/integrated_gradients.h"
#include "core/models/link_functions.h"
#include "core/models/mlp.h"
#include "core/models/mlp_network.h"
#include "core/models/mlp_training.h"

/* Features whose importance is computed between two checks for interrupts. */
#define FEATURES_PER_INTERRUPT_CHECK 256

/* 64 bytes, so that the parameters begin at a cache line. */
typedef struct MlpHeader
{
	uint32_t n_features;
	uint32_t n_classes;
	uint32_t n_hidden_layers;
	uint32_t hidden_layer_sizes[MLP_MAX_HIDDEN_LAYERS]; /* 0 behind the last */
	uint32_t reserved[9];
} MlpHeader;

static const char *const class_weight_choices[] = {"none", "balanced", NULL};

static const ParameterSpec mlp_parameters[] = {
	{.name = "hidden_layer_sizes",
	 .type = PARAMETER_INTEGER_LIST,
	 .offset = offsetof(MlpOptions, hidden_layer_sizes),
	 .default_json = "[128]",
	 .minimum = 1,
	 .maximum = MLP_MAX_HIDDEN_SIZE,
	 .log_scale = true,
	 .maximum_length = MLP_MAX_HIDDEN_LAYERS,
	 .meaning = "units of each hidden layer, from the features to the classes",
	 .search_low = 64,
	 .search_high = 256},
	{.name = "alpha",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(MlpOptions, alpha),
	 .default_json = "0.0001",
	 .minimum = 0,
	 .maximum = 1000,
	 .log_scale = true,
	 .meaning = "strength of the L2 penalty, which keeps weights small",
	 .search_low = 1e-6,
	 .search_high = 1e-2},
	{.name = "batch_size",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(MlpOptions, batch_size),
	 .default_json = "200",
	 .minimum = 1,
	 .maximum = 10000,
	 .log_scale = true,
	 .meaning = "rows between two updates of the weights"},
	{.name = "learning_rate_init",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(MlpOptions, learning_rate_init),
	 .default_json = "0.001",
	 .minimum = 0,
	 .maximum = 1,
	 .minimum_is_exclusive = true,
	 .log_scale = true,
	 .meaning = "how far an update moves a weight (Adam's learning rate)",
	 .search_low = 1e-4,
	 .search_high = 5e-3},
	{.name = "max_iter",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(MlpOptions, max_iter),
	 .default_json = "50",
	 .minimum = 1,
	 .maximum = 10000,
	 .log_scale = true,
	 .meaning = "epochs (passes over the rows) at most",
	 .search_low = 3,
	 .search_high = 50},
	{.name = "early_stopping",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(MlpOptions, early_stopping),
	 .default_json = "true",
	 .meaning = "whether to set rows aside, stop when the loss on them gets no better, and keep "
				"the best epoch"},
	{.name = "validation_fraction",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(MlpOptions, validation_fraction),
	 .default_json = "0.1",
	 .minimum = 0,
	 .maximum = 0.9,
	 .minimum_is_exclusive = true,
	 .meaning = "share of the training rows that early_stopping sets aside"},
	{.name = "n_iter_no_change",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(MlpOptions, n_iter_no_change),
	 .default_json = "5",
	 .minimum = 1,
	 .maximum = 10000,
	 .log_scale = true,
	 .meaning = "epochs in a row without improvement by tol that are allowed"},
	{.name = "tol",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(MlpOptions, tol),
	 .default_json = "0.0001",
	 .minimum = 0,
	 .maximum = 1,
	 .log_scale = true,
	 .meaning = "what counts as an improvement of the loss (log loss), with early_stopping on the "
				"rows set aside, else on the training rows"},
	{.name = "class_weight",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(MlpOptions, class_weight),
	 .default_json = "\"none\"",
	 .choices = class_weight_choices,
	 .meaning = "whether all rows count the same, or rare classes as much as frequent ones "
				"(balanced)"},
};

/* Shape of a network with these hidden layers. */
static MlpShape
make_shape(uint32_t n_features, uint32_t n_classes, const IntegerList *hidden_layer_sizes)
{
	MlpShape shape = {.n_layers = (uint32_t) hidden_layer_sizes->length + 1};

	shape.sizes[0] = n_features;
	for (int i = 0; i < hidden_layer_sizes->length; i++)
		shape.sizes[i + 1] = (uint32_t) hidden_layer_sizes->values[i];
	shape.sizes[shape.n_layers] = mlp_output_count(n_classes);
	return shape;
}

/* Bytes of the section. */
static size_t
section_size(const MlpShape *shape)
{
	return sizeof(MlpHeader) + sizeof(float) * mlp_layout(shape).n_parameters;
}

static size_t
mlp_image_size(uint32_t n_features, uint32_t n_classes, const void *options_pointer)
{
	const MlpOptions *options = options_pointer;
	MlpShape shape = make_shape(n_features, n_classes, &options->hidden_layer_sizes);

	return section_size(&shape);
}

/* The network of a checked section. */
static MlpNetwork
section_network(const Classifier *classifier)
{
	const MlpHeader *header = classifier->bytes;
	IntegerList hidden_layer_sizes = {.length = (int) header->n_hidden_layers};
	MlpNetwork network;

	for (uint32_t i = 0; i < header->n_hidden_layers; i++)
		hidden_layer_sizes.values[i] = (int) header->hidden_layer_sizes[i];
	network.shape = make_shape(classifier->n_features, classifier->n_classes, &hidden_layer_sizes);
	network.layout = mlp_layout(&network.shape);
	network.parameters = (const float *) (header + 1);
	return network;
}

static void
mlp_fit(const TrainingSet *training_set, const void *options_pointer, ByteBuffer *image)
{
	const MlpOptions *options = options_pointer;
	uint32_t n_features = training_set->features.n_features;
	MlpShape shape = make_shape(n_features, training_set->n_classes, &options->hidden_layer_sizes);
	char *section = buffer_extend(image, section_size(&shape));
	MlpHeader header = {.n_features = n_features,
						.n_classes = training_set->n_classes,
						.n_hidden_layers = (uint32_t) options->hidden_layer_sizes.length};

	memcpy(header.hidden_layer_sizes, &shape.sizes[1], sizeof(uint32_t) * header.n_hidden_layers);
	memcpy(section, &header, sizeof(header));
	mlp_train(training_set, &shape, options, (float *) (section + sizeof(header)));
}

/* Whether the hidden layers that a header tells of can be. */
static bool
hidden_layers_are_valid(const MlpHeader *header)
{
	if (header->n_hidden_layers < 1 || header->n_hidden_layers > MLP_MAX_HIDDEN_LAYERS)
		return false;
	for (uint32_t i = 0; i < MLP_MAX_HIDDEN_LAYERS; i++)
	{
		uint32_t size = header->hidden_layer_sizes[i];

		if (i >= header->n_hidden_layers ? size != 0 : size < 1 || size > MLP_MAX_HIDDEN_SIZE)
			return false;
	}
	return true;
}

static const char *
mlp_validate(const Classifier *classifier)
{
	const MlpHeader unreserved = {0};
	MlpHeader header;
	MlpNetwork network;

	if (classifier->length < sizeof(header))
		return "The multilayer perceptron is shorter than its header.";
	memcpy(&header, classifier->bytes, sizeof(header));
	if (classifier->n_classes < 2 || classifier->n_classes > MAX_CLASSES)
		return "The number of classes is not within the limits.";
	if (header.n_features != classifier->n_features || header.n_classes != classifier->n_classes ||
		memcmp(header.reserved, unreserved.reserved, sizeof(header.reserved)) != 0)
		return "The multilayer perceptron does not fit the features and classes of the model.";
	if (!hidden_layers_are_valid(&header))
		return "The hidden layers of the multilayer perceptron are not within the limits.";
	network = section_network(classifier);
	if (classifier->length != section_size(&network.shape))
		return "The multilayer perceptron has not the length that its header says.";
	if (!floats_are_finite(network.parameters, network.layout.n_parameters))
		return "A weight of the multilayer perceptron is not a finite number.";
	return NULL;
}

/* Bytes of the scratch memory for the outputs of a row; what is behind them is for explanations. */
static size_t
row_memory_size(const MlpShape *shape)
{
	size_t size = (2 * sizeof(float) + sizeof(uint32_t)) * mlp_widest_layer(shape);

	return (size + 63) & ~(size_t) 63;
}

static size_t
mlp_scratch_size(const Classifier *classifier)
{
	MlpNetwork network = section_network(classifier);

	return row_memory_size(&network.shape) +
		   sizeof(double) * integrated_gradients_memory(&network.shape);
}

/* The outputs of a row, in the scratch memory. */
static const float *
row_outputs(const Classifier *classifier, const MlpNetwork *network, const SparseRow *row)
{
	uint32_t widest = mlp_widest_layer(&network->shape);
	float *floats = classifier->scratch;
	MlpRowMemory memory = {.sums = floats,
						   .activations = floats + widest,
						   .units = (uint32_t *) (floats + 2 * (size_t) widest)};

	mlp_row_outputs(network, row, &memory);
	return memory.sums;
}

static void
mlp_predict(const Classifier *classifier, const SparseRow *row, double *probabilities)
{
	MlpNetwork network = section_network(classifier);
	const float *outputs = row_outputs(classifier, &network, row);

	if (classifier->n_classes > 2)
	{
		for (uint32_t k = 0; k < classifier->n_classes; k++)
			probabilities[k] = outputs[k];
		softmax(probabilities, classifier->n_classes);
		return;
	}
	probabilities[0] = sigmoid(-(double) outputs[0]);
	probabilities[1] = sigmoid(outputs[0]);
}

/* Where the memory for explanations begins. */
static double *
explanation_memory(const Classifier *classifier, const MlpNetwork *network)
{
	return (double *) ((char *) classifier->scratch + row_memory_size(&network->shape));
}

/*
 * The intercept is the output for the row of zeros, and what the contributions miss by rounding and by
 * the finite number of points of their integral.
 */
static void
mlp_explain(const Classifier *classifier, const SparseRow *row, uint32_t class_index,
			double *contributions, double *intercept)
{
	MlpNetwork network = section_network(classifier);
	uint32_t output = classifier->n_classes == 2 ? 0 : class_index;
	double sign = classifier->n_classes == 2 && class_index == 0 ? -1 : 1;
	double rest = sign * row_outputs(classifier, &network, row)[output];

	integrated_gradients(&network, row, output, contributions,
						 explanation_memory(classifier, &network));
	for (uint32_t i = 0; i < row->count; i++)
	{
		contributions[i] *= sign;
		rest -= contributions[i];
	}
	*intercept = rest;
}

/*
 * For each first-layer unit the sum, over all ways from it to an output, of the products of the
 * absolute weights. Answers it in one of the two arrays of memory.
 */
static const double *
sum_upper_weights(const MlpNetwork *network, double *memory)
{
	const uint32_t *sizes = network->shape.sizes;
	double *sums = memory;
	double *next = memory + mlp_widest_layer(&network->shape);

	for (uint32_t k = 0; k < sizes[network->shape.n_layers]; k++)
		sums[k] = 1;
	for (uint32_t l = network->shape.n_layers; --l > 0;)
	{
		const float *weights = network->parameters + network->layout.weights[l];
		double *swapped = sums;

		host_check_interrupts();
		for (uint32_t u = 0; u < sizes[l]; u++)
		{
			next[u] = 0;
			for (uint32_t c = 0; c < sizes[l + 1]; c++)
				next[u] += sums[c] * fabs((double) weights[(size_t) u * sizes[l + 1] + c]);
		}
		sums = next;
		next = swapped;
	}
	return sums;
}

/*
 * A feature matters by the products of absolute weights on all ways from it to the outputs, added up
 * (Garson 1991, without his division by the sums over the features).
 */
static void
mlp_importance(const Classifier *classifier, double *importances)
{
	MlpNetwork network = section_network(classifier);
	const double *sums = sum_upper_weights(&network, explanation_memory(classifier, &network));
	const float *weights = network.parameters + network.layout.weights[0];
	uint32_t size = network.shape.sizes[1];

	for (uint32_t i = 0; i < classifier->n_features; i++)
	{
		double importance = 0;

		if (i % FEATURES_PER_INTERRUPT_CHECK == 0)
			host_check_interrupts();
		for (uint32_t u = 0; u < size; u++)
			importance += sums[u] * fabs((double) weights[(size_t) i * size + u]);
		importances[i] = importance;
	}
}

const ClassifierKind mlp_kind = {
	.name = "mlp",
	.meaning = "neural network (multilayer perceptron): finds combinations of features that a "
			   "linear model misses",
	.parameters = mlp_parameters,
	.n_parameters = sizeof(mlp_parameters) / sizeof(mlp_parameters[0]),
	.options_size = sizeof(MlpOptions),
	.explains_slopes = true,
	.image_size = mlp_image_size,
	.fit = mlp_fit,
	.validate = mlp_validate,
	.scratch_size = mlp_scratch_size,
	.predict = mlp_predict,
	.explain = mlp_explain,
	.importance = mlp_importance,
};
