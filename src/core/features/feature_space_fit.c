/*
 * feature_space_fit.c
 *	  Fitting a feature space to documents: its sections of an image, and the documents' rows.
 *
 * Polarities are learned from the labels. For the documents that they are learned from, they are taken
 * from ratios of other documents (cross-fitting): otherwise a text with rare terms would carry its own
 * label in its polarity, and a classifier would trust polarities more than new texts' deserve.
 */
#include <math.h>
#include <string.h>

#include "core/features/class_ratios.h"
#include "core/features/feature_space.h"
#include "core/features/truncated_svd.h"
#include "core/features/vocabulary_builder.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/text/text_features.h"

/* Parts of the documents for the polarities. */
#define N_PARTS 5

/*
 * The SVD stops earlier where it has converged. With many components its space is large anyway, and an
 * eigenproblem of more dimensions would keep a cancel waiting.
 */
#define SVD_ITERATIONS(n_components) ((n_components) <= 200 ? 10 : 5)

/* Rows between two checks for interrupts. */
#define ROWS_PER_CHECK 256

/* One fit. */
typedef struct Fit
{
	const FeatureSpaceOptions *options;
	const Corpus *corpus;
	const CorpusDocument *documents;
	uint32_t n_rows;
	uint32_t n_classes;
	const char *const *labels; /* (n_classes) */
	uint64_t seed;
	uint32_t *classes; /* (n_rows) */
	ImageWriter *image;
	size_t vocabulary_start; /* of its section in the image's buffer */
	TermCountMatrix terms;   /* counts, then weights */
	uint32_t n_components;
	float *coordinates; /* (n_rows, n_components) of the SVD */
	ScalerHeader columns;
	float *column_values; /* (n_rows, n_columns) */
} Fit;

/* The vocabulary under construction. */
static Vocabulary
fitted_vocabulary(const Fit *fit)
{
	Vocabulary vocabulary;

	vocabulary_locate(fit->image->buffer.data + fit->vocabulary_start, &vocabulary);
	return vocabulary;
}

/* Multiply or replace the weights of the vocabulary's terms by their largest ratios. */
static void
weigh_by_ratios(Fit *fit, const float *ratios)
{
	Vocabulary vocabulary = fitted_vocabulary(fit);
	VocabularyNode *nodes = (VocabularyNode *) vocabulary.nodes;
	float *weights = host_allocate_array(float, vocabulary.n_features);

	class_ratios_largest(ratios, vocabulary.n_features, class_ratio_count(fit->n_classes), weights);
	for (uint32_t i = 0; i < vocabulary.n_nodes; i++)
	{
		if (nodes[i].feature == VOCABULARY_NONE)
			continue;
		if (fit->options->blocks.weighting == WEIGHTING_NB)
			nodes[i].idf = weights[nodes[i].feature];
		else
			nodes[i].idf *= weights[nodes[i].feature];
	}
	host_free(weights);
}

/* Turn the counts of every row into weights in place. */
static void
weigh_rows(Fit *fit)
{
	Vocabulary vocabulary = fitted_vocabulary(fit);
	TermCountMatrix *terms = &fit->terms;
	float *idfs = host_allocate_array(float, vocabulary.n_features);
	float *row_idfs = NULL;
	uint64_t row_capacity = 0;

	for (uint32_t node = 0; node < vocabulary.n_nodes; node++)
	{
		if (vocabulary.nodes[node].feature != VOCABULARY_NONE)
			idfs[vocabulary.nodes[node].feature] = vocabulary.nodes[node].idf;
	}
	for (uint32_t row = 0; row < terms->n_rows; row++)
	{
		uint64_t start = terms->row_starts[row];
		uint64_t n_terms = terms->row_starts[row + 1] - start;

		if (n_terms > row_capacity)
		{
			host_free(row_idfs);
			row_capacity = n_terms * 2;
			row_idfs = host_allocate_array(float, row_capacity);
		}
		for (uint64_t i = 0; i < n_terms; i++)
		{
			row_idfs[i] = idfs[terms->indices[start + i]];
			if (fit->options->blocks.weighting == WEIGHTING_NB)
				terms->values[start + i] = 1;
		}
		tfidf_weigh(&fit->options->tfidf, (uint32_t) n_terms, terms->values + start, row_idfs);
		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
	}
	host_free(idfs);
	host_free(row_idfs);
}

/* The terms' weights as a matrix. */
static SparseMatrix
term_matrix(const Fit *fit)
{
	return (SparseMatrix){fit->terms.n_rows, fit->terms.n_features, fit->terms.row_starts,
						  fit->terms.indices, fit->terms.values};
}

/* Components that the data can have, of those asked for; tells if they are fewer. */
static uint32_t
possible_components(const Fit *fit)
{
	uint32_t wanted = (uint32_t) fit->options->blocks.svd_components;
	uint32_t most = fit->n_rows < fit->terms.n_features ? fit->n_rows : fit->terms.n_features;

	if (wanted <= most)
		return wanted;
	host_progress("svd_components lowered from %u to %u: there are %u texts and %u terms", wanted,
				  most, fit->n_rows, fit->terms.n_features);
	return most;
}

/* Reduce the terms to the coordinates of their SVD; appends its section. */
static void
fit_svd(Fit *fit)
{
	SparseMatrix terms = term_matrix(fit);
	SvdHeader header = {terms.n_features, possible_components(fit)};
	size_t offset = svd_components_offset(header.n_components);
	size_t size = offset + sizeof(float) * (size_t) header.n_terms * header.n_components;
	ByteBuffer *buffer = image_begin_section(fit->image, IMAGE_SECTION_SVD);
	TruncatedSvdOptions options = {header.n_components, SVD_ITERATIONS(header.n_components),
								   fit->seed};
	double *figures;
	char *section;
	double explained = 0;

	image_check_size(buffer->length + size);
	fit->n_components = header.n_components;
	fit->coordinates =
		host_allocate_array(float, host_array_size(fit->n_rows, header.n_components));
	section = buffer_extend(buffer, size);
	memset(section, 0, offset);
	memcpy(section, &header, sizeof(header));
	figures = (double *) (section + sizeof(header));
	truncated_svd_fit(&terms, &options, (float *) (section + offset), figures,
					  figures + header.n_components, figures + 2 * header.n_components,
					  fit->coordinates);
	for (uint32_t i = 0; i < header.n_components; i++)
		explained += figures[2 * header.n_components + i];
	host_progress("terms reduced to %u components, which explain %.1f %% of their variance",
				  header.n_components, 100 * explained);
}

/* Names of the columns; the polarities' are allocated. */
static const char **
column_names(const Fit *fit)
{
	const ScalerHeader *columns = &fit->columns;
	const char **names = host_allocate_array(const char *, (size_t) columns->n_columns + 1);
	uint32_t n = 0;

	for (uint32_t i = 0; i < columns->n_text_features; i++)
		names[n++] = text_feature_names[i];
	for (uint32_t i = 0; i < columns->n_polarities; i++)
	{
		ByteBuffer name = {0};

		if (columns->n_polarities == 1)
			buffer_printf(&name, "polarity");
		else
			buffer_printf(&name, "polarity of %s", fit->labels[i]);
		names[n++] = buffer_c_string(&name);
	}
	for (uint32_t i = 0; i < columns->n_numeric; i++)
		names[n++] = fit->options->numeric_names[i];
	return names;
}

/* The polarities of the rows of a part, from the ratios of the other parts. */
static void
set_polarities_of_part(Fit *fit, const uint8_t *parts, uint8_t part, float *ratios)
{
	const ScalerHeader *columns = &fit->columns;
	double polarities[MAX_POLARITY_CLASSES];

	class_ratios_fit(&fit->terms, fit->classes, fit->n_classes, parts, part, ratios);
	for (uint32_t row = 0; row < fit->n_rows; row++)
	{
		float *values = fit->column_values + (size_t) row * columns->n_columns;
		uint64_t start = fit->terms.row_starts[row];

		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		if (parts[row] != part)
			continue;
		class_ratios_polarity(ratios, columns->n_polarities, fit->terms.indices + start,
							  (uint32_t) (fit->terms.row_starts[row + 1] - start), polarities);
		for (uint32_t i = 0; i < columns->n_polarities; i++)
			values[columns->n_text_features + i] = (float) polarities[i];
	}
}

/* The polarities of all rows; appends the section of the ratios that new texts get theirs from. */
static void
fit_polarities(Fit *fit)
{
	size_t n_ratios = host_array_size(fit->terms.n_features, fit->columns.n_polarities);
	float *ratios = host_allocate_array(float, n_ratios);
	uint8_t *parts = host_allocate_array(uint8_t, fit->n_rows);
	ByteBuffer *buffer = image_begin_section(fit->image, IMAGE_SECTION_POLARITIES);

	image_check_size(buffer->length + n_ratios * sizeof(float));
	for (uint32_t row = 0; row < fit->n_rows; row++)
		parts[row] = (uint8_t) (hash_mix(fit->documents[row].hash ^ hash_mix(fit->seed)) % N_PARTS);
	for (uint8_t part = 0; part < N_PARTS; part++)
		set_polarities_of_part(fit, parts, part, ratios);
	class_ratios_fit(&fit->terms, fit->classes, fit->n_classes, NULL, 0, ratios);
	buffer_append(buffer, ratios, n_ratios * sizeof(float));
	host_free(ratios);
	host_free(parts);
}

/* The text features and numeric columns of all rows, as the corpus has them. */
static void
copy_columns(Fit *fit)
{
	const ScalerHeader *columns = &fit->columns;
	const Corpus *corpus = fit->corpus;

	for (uint32_t row = 0; row < fit->n_rows; row++)
	{
		const float *values = corpus_values(corpus, &fit->documents[row]);
		float *target = fit->column_values + (size_t) row * columns->n_columns;

		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		memcpy(target, values, columns->n_text_features * sizeof(float));
		memcpy(target + columns->n_text_features + columns->n_polarities,
			   values + (corpus_value_count(corpus) - columns->n_numeric),
			   columns->n_numeric * sizeof(float));
	}
}

/* Fit the columns: their values in column_values, and their section. */
static void
fit_columns(Fit *fit)
{
	const FeatureSpaceOptions *options = fit->options;
	ScalerHeader *columns = &fit->columns;
	const char **names;

	columns->n_text_features = options->blocks.text_features ? N_TEXT_FEATURES : 0;
	if (options->blocks.text_features && fit->terms.n_features > 0 &&
		fit->n_classes <= MAX_POLARITY_CLASSES)
		columns->n_polarities = class_ratio_count(fit->n_classes);
	columns->n_numeric = options->n_numeric;
	columns->n_columns = columns->n_text_features + columns->n_polarities + columns->n_numeric;
	if (columns->n_columns == 0)
		return;
	fit->column_values =
		host_allocate_array(float, host_array_size(fit->n_rows, columns->n_columns));
	copy_columns(fit);
	if (columns->n_polarities > 0)
		fit_polarities(fit);
	names = column_names(fit);
	standard_scaler_fit(columns, names, fit->column_values, fit->n_rows,
						image_begin_section(fit->image, IMAGE_SECTION_COLUMNS));
	for (uint32_t i = 0; i < columns->n_polarities; i++)
		host_free((void *) names[columns->n_text_features + i]);
	host_free(names);
}

/* Scale the columns in place, by the section that was just appended. */
static void
scale_columns(Fit *fit, size_t section_start)
{
	StandardScaler scaler = {.header = fit->columns};
	const FeatureBlockOptions *blocks = &fit->options->blocks;

	scaler.columns =
		(const ScalerColumn *) (fit->image->buffer.data + section_start + sizeof(ScalerHeader));
	for (uint32_t row = 0; row < fit->n_rows; row++)
	{
		float *values = fit->column_values + (size_t) row * fit->columns.n_columns;

		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
		standard_scaler_transform(&scaler, (MissingRule) blocks->numeric_missing,
								  blocks->numeric_weight, values, values);
	}
}

/* Join the blocks of all rows. Takes over the arrays of the terms. */
static void
join_rows(Fit *fit, SparseMatrix *matrix, uint32_t *n_dense)
{
	double text_weight = fit->options->blocks.text_weight;
	bool has_terms = fit->n_components == 0 && text_weight > 0;
	uint32_t n_terms = has_terms ? fit->terms.n_features : 0;
	uint32_t n_columns = fit->columns.n_columns;
	uint64_t n_entries;
	uint64_t *row_starts;
	uint32_t *indices;
	float *values;
	uint64_t position = 0;

	*n_dense = fit->n_components + n_columns;
	if (*n_dense == 0 && text_weight == 1)
	{
		*matrix = term_matrix(fit);
		fit->terms = (TermCountMatrix){0};
		return;
	}
	n_entries =
		(has_terms ? fit->terms.row_starts[fit->n_rows] : 0) + (uint64_t) fit->n_rows * *n_dense;
	row_starts = host_allocate_array(uint64_t, (size_t) fit->n_rows + 1);
	indices = host_allocate_array(uint32_t, n_entries + 1);
	values = host_allocate_array(float, n_entries + 1);
	for (uint32_t row = 0; row < fit->n_rows; row++)
	{
		row_starts[row] = position;
		for (uint64_t i = fit->terms.row_starts[row];
			 has_terms && i < fit->terms.row_starts[row + 1]; i++)
		{
			indices[position] = fit->terms.indices[i];
			values[position++] = (float) (fit->terms.values[i] * text_weight);
		}
		for (uint32_t i = 0; i < fit->n_components; i++)
		{
			indices[position] = n_terms + i;
			values[position++] =
				(float) (fit->coordinates[(size_t) row * fit->n_components + i] * text_weight);
		}
		for (uint32_t i = 0; i < n_columns; i++)
		{
			indices[position] = n_terms + fit->n_components + i;
			values[position++] = fit->column_values[(size_t) row * n_columns + i];
		}
		if (row % ROWS_PER_CHECK == 0)
			host_check_interrupts();
	}
	row_starts[fit->n_rows] = position;
	*matrix = (SparseMatrix){fit->n_rows, n_terms + *n_dense, row_starts, indices, values};
}

/* Weigh the terms, by ratios of the classes if asked for. */
static void
fit_terms(Fit *fit)
{
	if (fit->options->blocks.weighting != WEIGHTING_TFIDF)
	{
		float *ratios = host_allocate_array(
			float, host_array_size(fit->terms.n_features, class_ratio_count(fit->n_classes)));

		class_ratios_fit(&fit->terms, fit->classes, fit->n_classes, NULL, 0, ratios);
		weigh_by_ratios(fit, ratios);
		host_free(ratios);
	}
	weigh_rows(fit);
}

/* A vocabulary without terms, and rows without any: nothing in the feature space asks for them. */
static void
leave_out_terms(Fit *fit, ByteBuffer *section)
{
	vocabulary_write_empty(&fit->options->vocabulary, fit->n_rows, section);
	fit->terms = (TermCountMatrix){
		.n_rows = fit->n_rows,
		.row_starts = host_allocate_zero_array(uint64_t, (size_t) fit->n_rows + 1)};
}

/*
 * Append the vocabulary, and count its terms. Terms are for themselves and for polarities: what has no need of any, or
 * of polarities only and finds no term, goes on without. Answers whether there are terms.
 */
static bool
begin_terms(Fit *fit, ByteBuffer *section)
{
	const FeatureBlockOptions *blocks = &fit->options->blocks;
	const VocabularyOptions *options = &fit->options->vocabulary;

	if (blocks->text_weight > 0)
	{
		vocabulary_build(fit->corpus, fit->documents, fit->n_rows, options, section, &fit->terms);
		return true;
	}
	if (blocks->text_features && vocabulary_try_build(fit->corpus, fit->documents, fit->n_rows,
													  options, section, &fit->terms))
		return true;
	leave_out_terms(fit, section);
	return false;
}

/* Refuse a feature space without features. */
static void
check_blocks(const FeatureSpaceOptions *options)
{
	if (options->blocks.text_weight == 0 && !options->blocks.text_features &&
		options->n_numeric == 0)
		host_error(HOST_ERROR_INVALID_PARAMETER,
				   "With text_weight 0 there are neither terms nor other features.",
				   "Raise text_weight, switch text_features on, or name numeric columns.",
				   "the feature space is empty");
}

void
feature_space_fit(const FeatureSpaceOptions *options, const Corpus *corpus,
				  const CorpusDocument *documents, uint32_t n_documents, uint32_t n_classes,
				  const char *const *labels, uint64_t seed, ImageWriter *image,
				  SparseMatrix *matrix, uint32_t *n_dense)
{
	Fit fit = {.options = options,
			   .corpus = corpus,
			   .documents = documents,
			   .n_rows = n_documents,
			   .n_classes = n_classes,
			   .labels = labels,
			   .seed = seed,
			   .image = image};
	ByteBuffer *buffer;
	size_t columns_start;

	check_blocks(options);
	fit.classes = host_allocate_array(uint32_t, (size_t) n_documents + 1);
	for (uint32_t i = 0; i < n_documents; i++)
		fit.classes[i] = documents[i].label;
	buffer = image_begin_section(image, IMAGE_SECTION_VOCABULARY);
	fit.vocabulary_start = buffer->length;
	if (begin_terms(&fit, buffer))
		fit_terms(&fit);
	fit_columns(&fit);
	if (fit.columns.n_columns > 0)
	{
		/* the section is the last one, and still open */
		columns_start = image_open_section_start(image);
		scale_columns(&fit, columns_start);
	}
	if (options->blocks.svd_components > 0 && options->blocks.text_weight > 0)
		fit_svd(&fit);
	join_rows(&fit, matrix, n_dense);
	term_count_matrix_free(&fit.terms);
	host_free(fit.classes);
	host_free(fit.coordinates);
	host_free(fit.column_values);
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
						   N_TERM_GROUPS);
	vocabulary_build(corpus, corpus->documents, corpus->n_documents, &options->vocabulary,
					 image_begin_section(&image, IMAGE_SECTION_VOCABULARY), NULL);
	return image_finish(&image);
}
