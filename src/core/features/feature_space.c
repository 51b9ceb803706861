/*
 * feature_space.c
 *	  From a text to its features.
 */
#include "core/features/feature_space.h"
#include "core/features/vocabulary_builder.h"
#include "core/host.h"

void
feature_space_groups(FeatureSpaceOptions *options, ParameterGroup *groups)
{
	groups[0] = (ParameterGroup){tokenizer_parameters, n_tokenizer_parameters, &options->tokenizer};
	groups[1] =
		(ParameterGroup){vocabulary_parameters, n_vocabulary_parameters, &options->vocabulary};
	groups[2] = (ParameterGroup){tfidf_parameters, n_tfidf_parameters, &options->tfidf};
}

void
feature_space_parse(const char *json, FeatureSpaceOptions *options)
{
	ParameterGroup groups[N_FEATURE_SPACE_GROUPS];

	feature_space_groups(options, groups);
	parameters_parse(json, groups, N_FEATURE_SPACE_GROUPS);
	vocabulary_check_options(&options->vocabulary);
}

/* Turn the counts of every row into TF-IDF weights in place. */
static void
weigh_rows(const FeatureSpaceOptions *options, const void *section, TermCountMatrix *counts)
{
	Vocabulary vocabulary;
	float *idfs;
	float *row_idfs = NULL;
	uint64_t row_capacity = 0;

	vocabulary_locate(section, &vocabulary);
	idfs = host_allocate_array(float, vocabulary.n_features);
	for (uint32_t node = 0; node < vocabulary.n_nodes; node++)
	{
		if (vocabulary.nodes[node].feature != VOCABULARY_NONE)
			idfs[vocabulary.nodes[node].feature] = vocabulary.nodes[node].idf;
	}
	for (uint32_t row = 0; row < counts->n_rows; row++)
	{
		uint64_t start = counts->row_starts[row];
		uint64_t n_terms = counts->row_starts[row + 1] - start;

		if (n_terms > row_capacity)
		{
			host_free(row_idfs);
			row_capacity = n_terms * 2;
			row_idfs = host_allocate_array(float, row_capacity);
		}
		for (uint64_t i = 0; i < n_terms; i++)
			row_idfs[i] = idfs[counts->indices[start + i]];
		tfidf_weigh(&options->tfidf, (uint32_t) n_terms, counts->values + start, row_idfs);
		if (row % 256 == 0)
			host_check_interrupts();
	}
	host_free(idfs);
	host_free(row_idfs);
}

void
feature_space_fit(const FeatureSpaceOptions *options, const Corpus *corpus,
				  const CorpusDocument *documents, uint32_t n_documents, ImageWriter *image,
				  SparseMatrix *matrix)
{
	ByteBuffer *buffer = image_begin_section(image, IMAGE_SECTION_VOCABULARY);
	size_t section_start = buffer->length;
	TermCountMatrix counts = {0};

	vocabulary_build(corpus, documents, n_documents, &options->vocabulary, buffer,
					 matrix != NULL ? &counts : NULL);
	if (matrix == NULL)
		return;
	weigh_rows(options, buffer->data + section_start, &counts);
	*matrix = (SparseMatrix){counts.n_rows, counts.n_features, counts.row_starts, counts.indices,
							 counts.values};
}

void
feature_space_free_matrix(SparseMatrix *matrix)
{
	host_free((void *) matrix->row_starts);
	host_free((void *) matrix->indices);
	host_free((void *) matrix->values);
	*matrix = (SparseMatrix){0};
}

ByteBuffer
feature_space_image(const FeatureSpaceOptions *options, const Corpus *corpus)
{
	FeatureSpaceOptions stored = *options;
	ParameterGroup groups[N_FEATURE_SPACE_GROUPS];
	ImageWriter image;

	feature_space_groups(&stored, groups);
	image_begin(&image, IMAGE_VOCABULARY);
	parameters_append_json(image_begin_section(&image, IMAGE_SECTION_PARAMETERS), groups,
						   N_FEATURE_SPACE_GROUPS);
	feature_space_fit(options, corpus, corpus->documents, corpus->n_documents, &image, NULL);
	return image_finish(&image);
}

FeatureSpace *
feature_space_open_image(const void *image, size_t length)
{
	FeatureSpaceOptions options;
	FeatureSpace *space = host_allocate_zero(sizeof(FeatureSpace));
	char *json;

	image_check(image, length, IMAGE_VOCABULARY);
	json = image_copy_string(image, IMAGE_SECTION_PARAMETERS);
	feature_space_parse(json, &options);
	host_free(json);
	feature_space_open(image, &options, space);
	return space;
}

void
feature_space_open(const void *image, const FeatureSpaceOptions *options, FeatureSpace *space)
{
	size_t length;
	const void *section = image_required_section(image, IMAGE_SECTION_VOCABULARY, &length);

	space->options = *options;
	vocabulary_open(section, length, &space->vocabulary);
	space->tokenizer = tokenizer_create(&options->tokenizer);
	space->counts = term_counts_create();
}

void
feature_space_close(FeatureSpace *space)
{
	tokenizer_free(space->tokenizer);
	term_counts_free(space->counts);
}

SparseRow
feature_space_transform(FeatureSpace *space, const char *text, size_t length)
{
	TermCounts *counts = space->counts;

	vocabulary_count(&space->vocabulary, space->tokenizer, text, length, counts);
	tfidf_weigh(&space->options.tfidf, counts->n_terms, counts->counts, counts->idfs);
	return (SparseRow){counts->n_terms, counts->features, counts->counts};
}
