/*
 * fuzz_model_image.c
 *	  Model images by an attacker who can compute checksums.
 *
 * The input tells which bytes of a valid image to change; length and checksum are then made right, so
 * that the change reaches the readers of the sections. Opening must refuse the image, or leave a pipeline
 * that can be asked without touching memory that is not its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/explanation.h"
#include "core/hash.h"
#include "core/pipeline.h"
#include "core/pipeline_train.h"
#include "core/threads.h"
#include "host.h"

#define N_TEXTS 60

/* What the images are of: every kind, every sort of feature, calibrations. */
static const struct
{
	const char *kind;
	const char *parameters;
	int n_labels;
} models[] = {
	{"logistic_regression", "{\"ngram_max\": 3, \"min_df\": 1}", 3},
	{"logistic_regression",
	 "{\"svd_components\": 4, \"text_features\": true, \"calibration\": \"isotonic\", "
	 "\"threshold\": "
	 "\"f1\", \"cv_folds\": 2}",
	 2},
	{"logistic_regression",
	 "{\"weighting\": \"nb\", \"text_features\": true, \"calibration\": \"sigmoid\", \"cv_folds\": "
	 "2}",
	 3},
	{"random_forest", "{\"n_estimators\": 4, \"svd_components\": 3}", 3},
	{"hist_gradient_boosting",
	 "{\"max_iter\": 4, \"svd_components\": 0, \"min_samples_leaf\": 2, \"numeric_missing\": "
	 "\"keep\"}",
	 2},
	{"logistic_regression", "{\"text_features\": true, \"min_df\": 1}", 26},
	{"logistic_regression", "{\"balance\": \"undersample\", \"min_df\": 1}", 26},
	{"mlp", "{\"hidden_layer_sizes\": [4, 3], \"max_iter\": 2, \"svd_components\": 3}", 3},
};

#define N_MODELS (sizeof(models) / sizeof(models[0]))

static char *images[N_MODELS];
static size_t image_lengths[N_MODELS];

/* Train an image that is changed. */
static void
make_image(size_t model)
{
	static const char *const words[] = {"good", "bad", "fine", "book", "film", "very"};
	static const char *const names[] = {"number"};
	Corpus corpus;
	PipelineOptions options;
	CorpusValues values;
	ByteBuffer bytes;
	/* of fewer rows, isotonic calibration would be a sigmoid */
	int n_texts =
		strstr(models[model].parameters, "isotonic") != NULL ? MIN_ISOTONIC_ROWS : N_TEXTS;

	pipeline_parse_options(models[model].kind, models[model].parameters, NULL, 0, &options);
	options.features.n_numeric = 1;
	options.features.numeric_names = names;
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(&corpus, &options.features.tokenizer, &values);
	for (int i = 0; i < n_texts; i++)
	{
		ByteBuffer text = {0};
		const char label = (char) ('a' + i % models[model].n_labels);
		float number = i % 7 == 0 ? NAN : (float) (i % 5);

		buffer_printf(&text, "%s %s %s w%d", words[i % 3], words[3 + i % 2], words[i % 5], i);
		corpus_add_text(&corpus, text.data, text.length, corpus_add_label(&corpus, &label, 1),
						&number);
	}
	bytes = pipeline_train(&options, &corpus, NULL);
	image_lengths[model] = bytes.length;
	images[model] = malloc(bytes.length);
	memcpy(images[model], bytes.data, bytes.length);
	threads_stop();
	test_host_free_all();
}

/* Make the header right again. */
static void
repair(char *bytes, size_t length)
{
	const size_t start = offsetof(ImageHeader, n_sections);
	ImageHeader *header = (ImageHeader *) bytes;

	header->length = length;
	header->checksum = hash_mix(hash_content(bytes + start, length - start) ^ length);
}

/* Use what was opened. */
static void
ask(Pipeline *pipeline)
{
	static const char text[] = "a very good book, a bad film; fine fine book";
	uint32_t n_terms;
	double intercept;
	Contribution *terms;
	ByteBuffer term = {0};
	double *importances;
	float *numbers =
		host_allocate_zero_array(float, (size_t) pipeline->space.options.n_numeric + 1);

	(void) pipeline_decide(pipeline, pipeline_predict(pipeline, text, sizeof(text) - 1, numbers));
	terms = explain_text(pipeline, text, sizeof(text) - 1, numbers, pipeline->n_labels - 1,
						 &n_terms, &intercept);
	for (uint32_t i = 0; i < n_terms; i++)
		explanation_append_name(pipeline, terms[i].source, &term);
	for (uint32_t node = 0; node < pipeline->space.vocabulary.n_nodes; node++)
		vocabulary_append_term(&pipeline->space.vocabulary, node, &term);
	importances = host_allocate_zero_array(double, (size_t) pipeline->space.n_features + 1);
	pipeline->classifier.kind->importance(&pipeline->classifier, importances);
	for (uint32_t feature = 0; feature < pipeline->space.n_features; feature++)
		feature_space_append_name(&pipeline->space, feature, &term);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	size_t length;
	size_t model;
	jmp_buf target;

	if (size == 0)
		return 0;
	model = data[0] % N_MODELS;
	data++;
	size--;
	if (images[model] == NULL)
		make_image(model);
	/* each change: two bytes for the place (of four bytes each), then four bytes; an odd rest cuts */
	length = image_lengths[model] - (size % 6 != 0 && size > 0 ? data[size - 1] % 64 : 0);
	copy = aligned_alloc(64, (length + 63) / 64 * 64);
	memcpy(copy, images[model], length);
	for (size_t i = 0; i + 6 <= size; i += 6)
	{
		size_t place = ((size_t) data[i] << 8 | data[i + 1]) * 4;

		if (place + 4 <= length)
			memcpy(copy + place, data + i + 2, 4);
	}
	if (length >= sizeof(ImageHeader))
		repair(copy, length);
	test_host_error_target = &target;
	if (setjmp(target) == 0)
		ask(pipeline_open(copy, length));
	test_host_error_target = NULL;
	test_host_free_all();
	free(copy);
	return 0;
}
