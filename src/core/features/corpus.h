/*
 * corpus.h
 *	  Training texts as sequences of token ids, with their labels.
 *
 * A corpus grows text by text. It keeps no text, only the distinct tokens once and four bytes for each
 * token of each text, so it is smaller than the texts; two corpora combine by translating the ids.
 * N-grams, counts and weights are made later, from the whole corpus, in an order of the documents that
 * does not depend on how they came.
 */
#ifndef SENTIMENT_CORPUS_H
#define SENTIMENT_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/text/tokenizer.h"

/* Distinct strings numbered in the order in which they came. */
typedef struct StringTable
{
	uint32_t n_strings;
	uint32_t capacity; /* of starts, less one */
	uint64_t *starts;  /* (n_strings + 1), positions in bytes */
	ByteBuffer bytes;
	uint32_t slot_mask;
	struct StringSlot *slots;
} StringTable;

/* One text. */
typedef struct CorpusDocument
{
	uint64_t hash;        /* of the text, see corpus_text_hash */
	uint64_t start;       /* position of its first token in token_ids */
	uint32_t length;      /* tokens */
	uint32_t label;       /* number of its label; 0 in a corpus without labels */
	uint32_t number;      /* its place in the corpus, and of its values */
	uint32_t values_hash; /* of its values; 0 in a corpus without */
} CorpusDocument;

/* What a corpus keeps of a text besides its tokens. */
typedef struct CorpusValues
{
	bool text_features; /* the N_TEXT_FEATURES of text_features.h */
	uint32_t n_numeric; /* numbers that come with the text; NaN: missing */
} CorpusValues;

typedef struct Corpus
{
	StringTable tokens;
	StringTable labels;
	uint32_t *token_ids; /* (n_token_ids) of all documents */
	uint64_t n_token_ids;
	uint64_t token_ids_capacity;
	CorpusDocument *documents; /* (n_documents) */
	uint32_t n_documents;
	uint32_t documents_capacity;
	CorpusValues kept;
	float *values;            /* (n_documents, corpus_value_count()) text features, then numbers */
	uint32_t values_capacity; /* in documents */
	uint64_t n_skipped;       /* rows without a text or a label */
	Tokenizer *tokenizer;     /* made by the first corpus_add_text */
	TokenizerOptions tokenizer_options;
} Corpus;

/* Number of a string in the table, added if it is new. hash must be hash_token of the bytes. */
extern uint32_t string_table_add(StringTable *table, const char *bytes, size_t length,
								 uint64_t hash);

/* A string of the table (not zero-terminated) and its length. */
static inline const char *
string_table_get(const StringTable *table, uint32_t number, size_t *length)
{
	*length = table->starts[number + 1] - table->starts[number];
	return table->bytes.data + table->starts[number];
}

/* A zero-terminated copy of a string of the table. */
extern char *string_table_copy(const StringTable *table, uint32_t number);

/* Make an empty corpus (zero-initialize, then call this); values may be NULL for none. */
extern void corpus_initialize(Corpus *corpus, const TokenizerOptions *options,
							  const CorpusValues *values);

/* Values that the corpus keeps of each text. */
extern uint32_t corpus_value_count(const Corpus *corpus);

/* The values of a document: (corpus_value_count()) */
extern const float *corpus_values(const Corpus *corpus, const CorpusDocument *document);

/* Free what a corpus holds, but not the struct. */
extern void corpus_free(Corpus *corpus);

/* Number of a label, added if it is new; refuses more than MAX_CLASSES. */
extern uint32_t corpus_add_label(Corpus *corpus, const char *label, size_t length);

/*
 * Add a text; label is a number of corpus_add_label, or 0 where there are no labels.
 * numeric: (kept.n_numeric), not infinite; NULL if there are none
 */
extern void corpus_add_text(Corpus *corpus, const char *text, size_t length, uint32_t label,
							const float *numeric);

/*
 * The same in parts, for a caller with a tokenizer of its own: add tokens of the next text, batch by
 * batch, then end it.
 */
extern void corpus_add_tokens(Corpus *corpus, const TokenBatch *batch);
extern void corpus_end_text(Corpus *corpus, const char *text, size_t length, uint32_t label,
							const float *numeric);

/* Add all documents of another corpus that was made with the same options. */
extern void corpus_combine(Corpus *corpus, const Corpus *other);

/* Bytes of the flat form. */
extern size_t corpus_flat_size(const Corpus *corpus);

/* Write the flat form to memory of corpus_flat_size bytes. */
extern void corpus_flatten(const Corpus *corpus, void *memory);

/* Read a flat form of untrusted origin into an initialized, empty corpus; checks all of it. */
extern void corpus_unflatten(Corpus *corpus, const void *bytes, size_t length);

/* Hash of a text: decides its place in the canonical order and its side of the held-out split. */
extern uint64_t corpus_text_hash(const char *text, size_t length);

/*
 * Whether a text is held out: its bucket in [0, 1) under the seed lies below the share. Buckets are
 * nested: what is held out at a share of 0.1 is held out at 0.2 too.
 */
extern bool corpus_is_held_out(uint64_t text_hash, uint64_t seed, double share);

#endif /* SENTIMENT_CORPUS_H */
