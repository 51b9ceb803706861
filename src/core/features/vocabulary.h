/*
 * vocabulary.h
 *	  The terms of a feature space, in place in an image, and the counting of a text's terms.
 *
 * A term is an n-gram of tokens. Terms are the nodes of a trie: the node of "not good" has the node
 * of "not" as its prefix and the node of "good" as its last token. So a term is found by its tokens'
 * nodes, without hashing or storing its whole string, and a text's bigrams are looked up only where
 * both words are known. Nodes are numbered in the order of the terms' bytes (a word comes
 * before its continuations), and features, the nodes that count, in the same order: this is the order
 * of scikit-learn's vocabulary_.
 */
#ifndef SENTIMENT_VOCABULARY_H
#define SENTIMENT_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/features/sparse_matrix.h"
#include "core/parameters.h"
#include "core/text/tokenizer.h"

#define MAX_NGRAM       8
#define VOCABULARY_NONE UINT32_MAX

/* Filled by parameters_parse from vocabulary_parameters. */
typedef struct VocabularyOptions
{
	int ngram_min;
	int ngram_max;
	double min_df;    /* a count if >= 1, else a share of the documents */
	double max_df;    /* a share of the documents if <= 1, else a count */
	int max_features; /* 0: all */
} VocabularyOptions;

extern const ParameterSpec vocabulary_parameters[];
extern const size_t n_vocabulary_parameters;

/* Refuse options that contradict each other. */
extern void vocabulary_check_options(const VocabularyOptions *options);

/*
 * One n-gram. A token is told by the 64 bits of its hash, of which the low half stands here: that two
 * tokens of a text and a vocabulary share all of them does not happen by chance.
 */
typedef struct VocabularyNode
{
	uint32_t
		prefix; /* node of all tokens but the last; for a single token the low half of its hash */
	uint32_t last;    /* node of the last token; for a single token its number | VOCABULARY_TOKEN */
	uint32_t feature; /* number of the feature; NONE if only a part of longer terms */
	float idf; /* weight: inverse document frequency, or as weighting tells; 0 if not a feature */
} VocabularyNode;

#define VOCABULARY_TOKEN     UINT32_C(0x80000000)
#define VOCABULARY_MAX_NODES VOCABULARY_TOKEN

static inline bool
vocabulary_node_is_token(const VocabularyNode *node)
{
	return (node->last & VOCABULARY_TOKEN) != 0;
}

/*
 * A cache line of a hash table: the tags of eight nodes are compared at once. The low half of a hash
 * tells the bucket, the high half is the tag. Places fill from the first on; what does not fit into a
 * full bucket is in the next one.
 */
#define BUCKET_SIZE 8

typedef struct VocabularyBucket
{
	uint32_t tags[BUCKET_SIZE];
	uint32_t nodes[BUCKET_SIZE]; /* NONE: free */
} VocabularyBucket;

typedef struct VocabularyTable
{
	const VocabularyBucket *buckets;
	uint32_t n_buckets; /* not 0 */
} VocabularyTable;

/* The bucket where a lookup begins. */
static inline uint32_t
vocabulary_bucket(const VocabularyTable *table, uint64_t hash)
{
	return (uint32_t) (((hash & UINT32_MAX) * table->n_buckets) >> 32);
}

/* A vocabulary in an image; the pointers are set by vocabulary_open. */
typedef struct Vocabulary
{
	uint32_t n_nodes;
	uint32_t n_tokens;
	uint32_t n_features;
	uint32_t n_documents; /* texts that it was made from */
	uint32_t ngram_min;
	uint32_t ngram_max;
	const VocabularyNode *nodes;        /* (n_nodes) */
	VocabularyTable tokens;             /* by the hash of the token */
	VocabularyTable ngrams;             /* by the hash of prefix and last node */
	const uint32_t *document_frequency; /* (n_features) texts with the term */
	const uint32_t *token_starts;       /* (n_tokens + 1), positions in token_bytes */
	const char *token_bytes;
} Vocabulary;

/* First bytes of the section. */
typedef struct VocabularyHeader
{
	uint32_t n_nodes;
	uint32_t n_tokens;
	uint32_t n_features;
	uint32_t n_documents;
	uint32_t ngram_min;
	uint32_t ngram_max;
	uint32_t token_buckets;
	uint32_t ngram_buckets;
	uint64_t token_bytes;
	uint64_t reserved;
	/* nodes, tables of tokens and n-grams, document frequencies, token starts and bytes follow */
} VocabularyHeader;

/*
 * Open a vocabulary section in place. Checks everything, so that lookups in bytes from an untrusted
 * user stay inside of them and end; raises HOST_ERROR_INVALID_IMAGE.
 */
extern void vocabulary_open(const void *section, size_t length, Vocabulary *vocabulary);

/* Bytes that a section of these sizes takes. */
extern size_t vocabulary_section_size(const VocabularyHeader *header);

/* Set the pointers of a vocabulary whose section begins with a header, without any check. */
extern void vocabulary_locate(const void *section, Vocabulary *vocabulary);

/* Number of buckets of a table for that many nodes: half full. */
extern uint32_t vocabulary_buckets_for(uint32_t n_nodes);

/* Put a node into a table under construction, which must have room. */
extern void vocabulary_insert(VocabularyTable *table, uint64_t hash, uint32_t node);

/* Append a term: its tokens with a space between them. */
extern void vocabulary_append_term(const Vocabulary *vocabulary, uint32_t node, ByteBuffer *buffer);

/* The node of a feature. */
extern uint32_t vocabulary_feature_node(const Vocabulary *vocabulary, uint32_t feature);

/* Inverse document frequency as scikit-learn's, smoothed: ln((1 + n) / (1 + df)) + 1. */
extern double vocabulary_idf(uint32_t n_documents, uint32_t document_frequency);

/* Where a feature is counted. */
typedef struct CountSlot
{
	uint32_t feature;
	uint32_t position; /* in the arrays; NONE: free */
} CountSlot;

/*
 * The terms of one text, counted. A scratch object that is reused from text to text; the arrays live
 * until the next count.
 */
typedef struct TermCounts
{
	uint32_t n_terms;   /* distinct features */
	uint32_t *features; /* (n_terms) in order of first occurrence per n-gram length */
	float *counts;      /* (n_terms) */
	float *idfs;        /* (n_terms) */
	uint64_t n_tokens;  /* tokens of the text */
	uint64_t n_unknown; /* tokens that the vocabulary does not have */
	uint32_t capacity;  /* of the arrays */
	uint32_t *slots;    /* (n_terms) places of the features in the map */
	CountSlot *map;     /* a quarter full at most */
	uint32_t map_mask;
} TermCounts;

/* Make a scratch object. */
extern TermCounts *term_counts_create(void);

/* Free a scratch object and its arrays. */
extern void term_counts_free(TermCounts *counts);

/* Count the features of a text. */
extern void vocabulary_count(const Vocabulary *vocabulary, Tokenizer *tokenizer, const char *text,
							 size_t length, TermCounts *counts);

/* The same for a text whose tokens' hashes (hash_token) are known. */
extern void vocabulary_count_hashes(const Vocabulary *vocabulary, const uint64_t *hashes,
									uint64_t n_hashes, TermCounts *counts);

#endif /* SENTIMENT_VOCABULARY_H */
