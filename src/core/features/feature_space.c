/*
 * feature_space.c
 *	  From a text to its features.
 */
#include <math.h>
#include <string.h>

#include "core/features/class_ratios.h"
#include "core/features/feature_space.h"
#include "core/features/truncated_svd.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/text/text_features.h"

static const char *const weighting_choices[] = {"tfidf", "nb", "tfidf_nb", NULL};
static const char *const missing_choices[] = {"mean", "zero", "keep", NULL};

static const ParameterSpec feature_block_parameters[] = {
	{.name = "weighting",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(FeatureBlockOptions, weighting),
	 .default_json = "\"tfidf\"",
	 .choices = weighting_choices,
	 .meaning =
		 "how terms are weighted: by TF-IDF, by how much their presence tells of a class (nb: "
		 "log-count ratio), or by the product of both",
	 .search_choices = SEARCH_VALUES("\"tfidf\"", "\"nb\"", "\"tfidf_nb\"")},
	{.name = "svd_components",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(FeatureBlockOptions, svd_components),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 500,
	 .meaning =
		 "reduce the terms to so many coordinates of their truncated SVD; 0 keeps the terms"},
	{.name = "text_features",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(FeatureBlockOptions, text_features),
	 .default_json = "false",
	 .meaning = "add the numbers of sentiment_text_features and the learned polarity, scaled"},
	{.name = "numeric_missing",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(FeatureBlockOptions, numeric_missing),
	 .default_json = "\"mean\"",
	 .choices = missing_choices,
	 .meaning = "what a missing number of a numeric column becomes: the mean of the training rows, "
				"zero, or missing still (keep: trees only)"},
	{.name = "text_weight",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(FeatureBlockOptions, text_weight),
	 .default_json = "1",
	 .minimum = 0,
	 .maximum = 1000,
	 .meaning = "factor of the terms or SVD coordinates; 0 leaves them out"},
	{.name = "numeric_weight",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(FeatureBlockOptions, numeric_weight),
	 .default_json = "1",
	 .minimum = 0,
	 .maximum = 1000,
	 .meaning = "factor of the scaled text features and numeric columns"},
};

void
feature_space_groups(FeatureSpaceOptions *options, ParameterGroup *groups)
{
	groups[0] = (ParameterGroup){tokenizer_parameters, n_tokenizer_parameters, &options->tokenizer};
	groups[1] =
		(ParameterGroup){vocabulary_parameters, n_vocabulary_parameters, &options->vocabulary};
	groups[2] = (ParameterGroup){tfidf_parameters, n_tfidf_parameters, &options->tfidf};
	groups[3] = (ParameterGroup){feature_block_parameters,
								 sizeof(feature_block_parameters) / sizeof(ParameterSpec),
								 &options->blocks};
}

void
feature_space_parse(const char *json, FeatureSpaceOptions *options)
{
	ParameterGroup groups[N_FEATURE_SPACE_GROUPS];

	*options = (FeatureSpaceOptions){0};
	feature_space_groups(options, groups);
	parameters_parse(json, groups, N_TERM_GROUPS);
	parameters_set_defaults(&groups[N_TERM_GROUPS]);
	vocabulary_check_options(&options->vocabulary);
}

CorpusValues
feature_space_corpus_values(const FeatureSpaceOptions *options)
{
	return (CorpusValues){options->blocks.text_features, options->n_numeric};
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
	feature_space_open(image, &options, 0, space);
	return space;
}

/* Open the section of the SVD. */
static void
open_svd(const void *image, FeatureSpace *space)
{
	size_t length;
	const char *section = image_required_section(image, IMAGE_SECTION_SVD, &length);
	SvdHeader header;
	size_t offset;
	const double *figures = (const double *) (section + sizeof(SvdHeader));

	if (length < sizeof(header))
		image_invalid("Its SVD is truncated.");
	memcpy(&header, section, sizeof(header));
	offset = svd_components_offset(header.n_components);
	if (header.n_terms != space->vocabulary.n_features || header.n_components == 0 ||
		header.n_components > 500 ||
		length != offset + sizeof(float) * (size_t) header.n_terms * header.n_components)
		image_invalid("Its SVD does not fit its vocabulary.");
	for (uint32_t i = 0; i < 3 * header.n_components; i++)
	{
		if (!isfinite(figures[i]))
			image_invalid("A figure of its SVD is not a finite number.");
	}
	space->n_components = header.n_components;
	space->singular_values = figures;
	space->components = (const float *) (section + offset);
	if (!floats_are_finite(space->components, (size_t) header.n_terms * header.n_components))
		image_invalid("A component of its SVD is not a finite number.");
}

/* Open the section of the columns, and that of the polarities. */
static void
open_columns(const void *image, uint32_t n_classes, FeatureSpace *space)
{
	size_t length;
	const void *section = image_section(image, IMAGE_SECTION_COLUMNS, &length);
	const ScalerHeader *header = &space->columns.header;

	if (section == NULL)
	{
		if (space->options.blocks.text_features)
			image_invalid("A section is missing.");
		return;
	}
	standard_scaler_open(section, length, &space->columns);
	if (header->n_polarities > MAX_POLARITY_CLASSES ||
		header->n_text_features !=
			(space->options.blocks.text_features ? (uint32_t) N_TEXT_FEATURES : 0) ||
		(header->n_polarities != 0 && header->n_polarities != class_ratio_count(n_classes)) ||
		(header->n_polarities != 0 && header->n_text_features == 0))
		image_invalid("Its columns do not fit its parameters.");
	space->options.n_numeric = header->n_numeric;
	space->options.numeric_names = space->columns.names + (header->n_columns - header->n_numeric);
	if (header->n_polarities == 0)
		return;
	space->polarities = image_required_section(image, IMAGE_SECTION_POLARITIES, &length);
	if (length != sizeof(float) * (size_t) space->vocabulary.n_features * header->n_polarities ||
		!floats_are_finite(space->polarities, length / sizeof(float)))
		image_invalid("Its polarities do not fit its vocabulary.");
}

void
feature_space_open(const void *image, const FeatureSpaceOptions *options, uint32_t n_classes,
				   FeatureSpace *space)
{
	size_t length;
	const void *section = image_required_section(image, IMAGE_SECTION_VOCABULARY, &length);

	*space = (FeatureSpace){.options = *options};
	vocabulary_open(section, length, &space->vocabulary);
	if (n_classes > 0 && options->blocks.svd_components > 0 && options->blocks.text_weight > 0)
		open_svd(image, space);
	if (n_classes > 0)
		open_columns(image, n_classes, space);
	if (space->n_components == 0 && options->blocks.text_weight > 0)
		space->n_terms = space->vocabulary.n_features;
	space->n_dense = space->n_components + space->columns.header.n_columns;
	space->n_features = space->n_terms + space->n_dense;
	space->tokenizer = tokenizer_create(&options->tokenizer);
	space->counts = term_counts_create();
	space->column_values = host_allocate_array(float, (size_t) space->columns.header.n_columns + 1);
}

void
feature_space_close(FeatureSpace *space)
{
	tokenizer_free(space->tokenizer);
	term_counts_free(space->counts);
	standard_scaler_close(&space->columns);
	host_free(space->column_values);
	host_free(space->row_indices);
	host_free(space->row_values);
}

SparseRow
feature_space_terms(const FeatureSpace *space)
{
	return (SparseRow){space->counts->n_terms, space->counts->features, space->counts->counts};
}

const float *
feature_space_columns(const FeatureSpace *space)
{
	return space->column_values;
}

/* Weigh the terms that were counted. */
static void
weigh_terms(FeatureSpace *space)
{
	TermCounts *counts = space->counts;

	if (space->options.blocks.weighting == WEIGHTING_NB)
	{
		for (uint32_t i = 0; i < counts->n_terms; i++)
			counts->counts[i] = 1;
	}
	tfidf_weigh(&space->options.tfidf, counts->n_terms, counts->counts, counts->idfs);
}

/* Room for a row of that many entries. */
static void
reserve_row(FeatureSpace *space, uint32_t count)
{
	if (count <= space->row_capacity)
		return;
	host_free(space->row_indices);
	host_free(space->row_values);
	space->row_indices = NULL;
	space->row_values = NULL;
	space->row_capacity = 0;
	space->row_indices = host_allocate_array(uint32_t, (size_t) count * 2);
	space->row_values = host_allocate_array(float, (size_t) count * 2);
	space->row_capacity = count * 2;
}

/* Complete the columns with the polarities and the numeric ones: text features are there. */
static void
fill_columns(FeatureSpace *space, const float *numeric)
{
	const ScalerHeader *header = &space->columns.header;
	float *values = space->column_values + header->n_text_features;
	double polarities[MAX_POLARITY_CLASSES];

	if (header->n_polarities > 0)
		class_ratios_polarity(space->polarities, header->n_polarities, space->counts->features,
							  space->counts->n_terms, polarities);
	for (uint32_t i = 0; i < header->n_polarities; i++)
		*values++ = (float) polarities[i];
	for (uint32_t i = 0; i < header->n_numeric; i++)
		*values++ = numeric == NULL ? NAN : numeric[i];
}

/* Join the blocks of a row whose terms are weighted and whose text features are set. */
static SparseRow
join_blocks(FeatureSpace *space, const float *numeric)
{
	const FeatureBlockOptions *blocks = &space->options.blocks;
	SparseRow terms = feature_space_terms(space);
	uint32_t count = space->n_terms > 0 ? terms.count : 0;
	float *dense;

	if (space->n_dense == 0 && blocks->text_weight == 1)
		return terms;
	reserve_row(space, count + space->n_dense);
	for (uint32_t i = 0; i < count; i++)
	{
		space->row_indices[i] = terms.indices[i];
		space->row_values[i] = (float) (terms.values[i] * blocks->text_weight);
	}
	for (uint32_t i = 0; i < space->n_dense; i++)
		space->row_indices[count + i] = space->n_terms + i;
	dense = space->row_values + count;
	if (space->n_components > 0)
	{
		truncated_svd_transform(space->components, space->n_components, &terms, dense);
		for (uint32_t i = 0; i < space->n_components && blocks->text_weight != 1; i++)
			dense[i] = (float) (dense[i] * blocks->text_weight);
	}
	fill_columns(space, numeric);
	standard_scaler_transform(&space->columns, (MissingRule) blocks->numeric_missing,
							  blocks->numeric_weight, space->column_values,
							  dense + space->n_components);
	return (SparseRow){count + space->n_dense, space->row_indices, space->row_values};
}

SparseRow
feature_space_transform(FeatureSpace *space, const char *text, size_t length, const float *numeric)
{
	vocabulary_count(&space->vocabulary, space->tokenizer, text, length, space->counts);
	weigh_terms(space);
	if (space->columns.header.n_text_features > 0)
	{
		double features[N_TEXT_FEATURES];

		text_features_compute(text, length, features);
		for (int i = 0; i < N_TEXT_FEATURES; i++)
			space->column_values[i] = (float) features[i];
	}
	return join_blocks(space, numeric);
}

void
feature_space_embed(FeatureSpace *space, const char *text, size_t length, float *coordinates)
{
	SparseRow terms;

	vocabulary_count(&space->vocabulary, space->tokenizer, text, length, space->counts);
	weigh_terms(space);
	terms = feature_space_terms(space);
	truncated_svd_transform(space->components, space->n_components, &terms, coordinates);
}

uint64_t *
token_hashes_of(const Corpus *corpus)
{
	uint64_t *hashes = host_allocate_array(uint64_t, (size_t) corpus->tokens.n_strings + 1);

	for (uint32_t i = 0; i < corpus->tokens.n_strings; i++)
	{
		size_t length;
		const char *bytes = string_table_get(&corpus->tokens, i, &length);

		hashes[i] = hash_token(bytes, length);
	}
	return hashes;
}

SparseRow
feature_space_transform_document(FeatureSpace *space, const Corpus *corpus,
								 const CorpusDocument *document, const uint64_t *hashes)
{
	uint64_t *of_document = host_allocate_array(uint64_t, (size_t) document->length + 1);
	const float *values = NULL;

	for (uint32_t i = 0; i < document->length; i++)
		of_document[i] = hashes[corpus->token_ids[document->start + i]];
	vocabulary_count_hashes(&space->vocabulary, of_document, document->length, space->counts);
	host_free(of_document);
	weigh_terms(space);
	if (corpus_value_count(corpus) > 0)
		values = corpus_values(corpus, document);
	if (space->columns.header.n_text_features > 0)
		memcpy(space->column_values, values, N_TEXT_FEATURES * sizeof(float));
	return join_blocks(space, values == NULL
								  ? NULL
								  : values + (corpus_value_count(corpus) - corpus->kept.n_numeric));
}

void
feature_space_append_column_name(const FeatureSpace *space, uint32_t column, ByteBuffer *buffer)
{
	buffer_printf(buffer, "(%s)", space->columns.names[column]);
}

void
feature_space_append_name(const FeatureSpace *space, uint32_t feature, ByteBuffer *buffer)
{
	if (feature < space->n_terms)
		vocabulary_append_term(&space->vocabulary,
							   vocabulary_feature_node(&space->vocabulary, feature), buffer);
	else if (feature < space->n_terms + space->n_components)
		buffer_printf(buffer, "(svd %u)", feature - space->n_terms + 1);
	else
		feature_space_append_column_name(space, feature - space->n_terms - space->n_components,
										 buffer);
}
