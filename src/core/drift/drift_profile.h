/*
 * drift_profile.h
 *	  What a set of rows looks like to a model: the sketch that drift is measured by.
 *
 * A profile holds, of rows with a text, numbers and perhaps a label:
 *
 *	- histograms of the text features, of the numeric columns, of the share of a text's tokens that the
 *	  model does not know, and of the score (the positive label's probability of two labels, the answered
 *	  label's of more);
 *	- counts of the answered labels and of the rows' own labels;
 *	- in how many texts each of the model's most frequent terms occurs: by number, without the words;
 *	- how many of the texts are in each of some buckets by their hashes, which tells how often texts repeat (repetition.h);
 *	- a random sample of rows: embedding (text_embedding.h), text features, numbers; mean and covariance of
 *	  the embeddings are the sample's.
 *
 * It depends on the rows alone (and the keys that choose the sample), not on their order or on how parts of
 * them were merged; the flat form is the same byte for byte. Its size is bounded: some 120 kB, and 100 bytes
 * for each row of the sample.
 */
#ifndef SENTIMENT_DRIFT_PROFILE_H
#define SENTIMENT_DRIFT_PROFILE_H

#include "core/drift/repetition.h"
#include "core/drift/row_sample.h"
#include "core/drift/vector_moments.h"
#include "core/evaluation/histogram.h"
#include "core/pipeline.h"
#include "core/text/text_features.h"

/* Terms whose texts are counted, at most. */
#define MAX_PROFILE_TERMS 2048

/* Most bins of each histogram: few, for they share the processor's cache with the model's vocabulary. */
#define PROFILE_HISTOGRAM_BINS 256

/* Rows of the sample: of a reference, and of what is compared with it; 20,000 together. */
#define REFERENCE_SAMPLE_ROWS 2000
#define CURRENT_SAMPLE_ROWS   18000

/* Numeric columns that the sample keeps; more are in histograms only. */
#define MAX_SAMPLED_COLUMNS 64

/* Places of the histograms; numeric columns follow. */
typedef enum ProfileHistogram
{
	PROFILE_TEXT_FEATURES = 0,
	PROFILE_UNKNOWN = N_TEXT_FEATURES,
	PROFILE_SCORE, /* of ln (p / (1 - p)), which tells 0.99 from 0.999 */
	PROFILE_NUMERIC
} ProfileHistogram;

/* What profiles must agree in to be compared or merged. */
typedef struct ProfileShape
{
	uint64_t image_checksum; /* of the model */
	uint32_t n_labels;       /* 0: an empty profile, of no model */
	uint32_t n_numeric;
	uint32_t n_dimensions;
	uint32_t n_terms;
} ProfileShape;

/* Starts as zero bytes. */
typedef struct DriftProfile
{
	ProfileShape shape;
	uint64_t n_rows;       /* all of them */
	uint64_t n_texts;      /* with a text: of the others nothing else is told */
	uint64_t n_counted;    /* texts whose terms were counted; the sample is of these */
	uint64_t n_scored;     /* texts that were answered */
	Histogram *histograms; /* (PROFILE_NUMERIC + n_numeric) */
	uint64_t *predicted;   /* (n_labels) rows by answered label */
	uint64_t *actual; /* (n_labels + 1) rows by label; the last: labels that the model has not */
	uint64_t *
		term_texts; /* (n_terms + 1) texts with each term; the last: terms not counted one by one */
	uint32_t n_text_buckets; /* N_TEXT_BUCKETS, of live traffic N_LIVE_TEXT_BUCKETS */
	uint64_t *counted_texts; /* (n_text_buckets) texts whose terms were counted, by bucket */
	uint64_t *other_texts;   /* (n_text_buckets) the other texts */
	RowSample sample;
	/* not in the flat form: sums of embeddings without their products, where there is no sample of rows */
	const VectorMoments *embedding_sums;
	/* for adding rows only, not in the flat form */
	uint16_t *term_slots; /* (features) place of a term in term_texts */
	struct LabelSlot *label_slots;
	uint32_t label_mask;
} DriftProfile;

/* A row to be added. */
typedef struct ProfileRow
{
	const char *text; /* NULL: none */
	size_t length;
	const float *text_features;  /* (N_TEXT_FEATURES), or NULL: to be computed of the text */
	const float *numeric;        /* (n_numeric) NaN where missing; NULL: all are */
	const double *probabilities; /* of the pipeline's answer; NULL: not answered */
	bool is_counted;    /* the text is the last one that the pipeline's feature space has seen */
	uint32_t label;     /* by drift_profile_label, or NO_PROFILE_LABEL */
	uint64_t key;       /* as good as random: chooses the sample */
	uint64_t text_hash; /* by corpus_text_hash: rows of one text are not independent */
} ProfileRow;

#define NO_PROFILE_LABEL UINT32_MAX

/* Begin a profile of rows as a pipeline sees them; its sample keeps at most so many. */
extern void drift_profile_begin(DriftProfile *profile, const Pipeline *pipeline,
								uint32_t sample_rows);

/* Raise an error if a profile is of another model than a pipeline. */
extern void drift_profile_check(const DriftProfile *profile, const Pipeline *pipeline);

/* Whether a profile is of a pipeline. */
extern bool drift_profile_is_of(const DriftProfile *profile, const Pipeline *pipeline);

/*
 * The terms of a vocabulary to count, n_terms at most: those in most texts of the training, the first of equals. The
 * fewer are among the more. Answers for each feature its place among them, n_terms for those that are not counted;
 * the caller's to free. (n_features)
 */
extern uint16_t *drift_profile_term_slots(const Vocabulary *vocabulary, uint32_t n_terms);

/* The number of a label of the rows: n_labels if the model does not have it. */
extern uint32_t drift_profile_label(const DriftProfile *profile, const Pipeline *pipeline,
									const char *label, size_t length);

/* The numbers of all labels of a table; the caller's to free. (labels->n_strings) */
extern uint32_t *drift_profile_number_labels(const DriftProfile *profile, const Pipeline *pipeline,
											 const StringTable *labels);

/* Add a row. */
extern void drift_profile_add(DriftProfile *profile, const Pipeline *pipeline,
							  const ProfileRow *row);

/*
 * Add what a corpus keeps of its texts to a profile, where no rows are held out: text features, numbers and
 * labels. What the pipeline makes of texts that it has learned from tells nothing of other texts.
 */
extern void drift_profile_add_corpus(DriftProfile *profile, const Pipeline *pipeline,
									 const Corpus *corpus);

/* Whether two profiles are of the same model. */
extern bool drift_profile_fits(const DriftProfile *profile, const DriftProfile *other);

/* Add the rows of another profile of the same model. */
extern void drift_profile_merge(DriftProfile *profile, const DriftProfile *other);

/* Bytes of the flat form. Puts the sample into order. */
extern size_t drift_profile_flat_size(DriftProfile *profile);

/* Write the flat form to memory of drift_profile_flat_size bytes. */
extern void drift_profile_flatten(const DriftProfile *profile, char *bytes);

/* Read a flat form of untrusted origin into a zeroed profile; checks all of it. */
extern void drift_profile_unflatten(DriftProfile *profile, const char *bytes, size_t length);

/* Append the figures as a JSON object: means and deviations of the histograms, counts, embedding. */
extern void drift_profile_append_json(const DriftProfile *profile, ByteBuffer *json);

/* Mean and covariance of the embeddings, of the rows of a profile's sample or of a part of it. */
extern VectorMoments drift_profile_moments(const DriftProfile *profile, const RowSample *sample);

/* What a text counts as where copies are looked for: its hash, or if it has no word, as good as random. */
extern uint64_t drift_profile_text(uint64_t text_hash, const float *text_features, uint64_t random);

/* The largest part of a profile's texts that one of them makes up, beyond its part in a reference. */
extern double drift_profile_largest_share(const DriftProfile *reference,
										  const DriftProfile *current);

/* How often texts repeat in two profiles: in all, or in those texts whose terms were counted. */
extern Repetition drift_profile_repetition(const DriftProfile *reference,
										   const DriftProfile *current, bool counted_only);

/*
 * The text features of a text: of what the pipeline has computed, if the text is the last one that its feature
 * space has seen (is_counted), else in computed. computed: (N_TEXT_FEATURES)
 */
extern const float *drift_profile_text_features(const Pipeline *pipeline, const char *text,
												size_t length, bool is_counted, float *computed);

/* The share of unknown tokens of the last text; NaN without tokens. */
extern double drift_profile_unknown_share(const TermCounts *counts);

/* The number for the histogram of scores, of a pipeline's answer. */
extern double drift_profile_log_odds(const Pipeline *pipeline, const double *probabilities);

/* The probability that a number of the histogram of scores stands for. */
extern double drift_profile_score(double log_odds);

#endif /* SENTIMENT_DRIFT_PROFILE_H */
