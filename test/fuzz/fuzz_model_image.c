/*
 * fuzz_model_image.c
 *	  Model images by an attacker who can compute checksums.
 *
 * The input tells which bytes of a valid image to change; length and checksum are then made right, so
 * that the change reaches the readers of the sections. Opening must refuse the image, or leave a pipeline
 * that can be asked without touching memory that is not its own.
 */
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/explanation.h"
#include "core/pipeline.h"
#include "core/pipeline_train.h"
#include "host.h"

#define N_TEXTS 40

static char *image;
static size_t image_length;

/* Train the image that is changed; of three labels or of two. */
static void
make_image(void)
{
	Corpus corpus;
	PipelineOptions options;
	ByteBuffer bytes;

	pipeline_parse_options(DEFAULT_KIND, "{\"ngram_max\": 3, \"min_df\": 1}", NULL, 0, &options);
	corpus_initialize(&corpus, &options.features.tokenizer, NULL);
	for (int i = 0; i < N_TEXTS; i++)
	{
		static const char *const words[] = {"good", "bad", "fine", "book", "film", "very"};
		ByteBuffer text = {0};
		const char *label = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c";

		buffer_printf(&text, "%s %s %s", words[i % 3], words[3 + i % 2], words[i % 5]);
		corpus_add_text(&corpus, text.data, text.length, corpus_add_label(&corpus, label, 1), NULL);
	}
	bytes = pipeline_train(&options, &corpus, NULL);
	image_length = bytes.length;
	image = malloc(image_length);
	memcpy(image, bytes.data, image_length);
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

	(void) pipeline_decide(pipeline, pipeline_predict(pipeline, text, sizeof(text) - 1, NULL));
	terms = explain_text(pipeline, text, sizeof(text) - 1, NULL, pipeline->n_labels - 1, &n_terms,
						 &intercept);
	for (uint32_t i = 0; i < n_terms; i++)
		vocabulary_append_term(
			&pipeline->space.vocabulary,
			vocabulary_feature_node(&pipeline->space.vocabulary, terms[i].feature), &term);
	for (uint32_t node = 0; node < pipeline->space.vocabulary.n_nodes; node++)
		vocabulary_append_term(&pipeline->space.vocabulary, node, &term);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	size_t length;
	jmp_buf target;

	if (image == NULL)
		make_image();
	/* each change: two bytes for the place (of four bytes each), then four bytes; an odd rest cuts */
	length = image_length - (size % 6 != 0 && size > 0 ? data[size - 1] % 64 : 0);
	copy = aligned_alloc(64, (length + 63) / 64 * 64);
	memcpy(copy, image, length);
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
