/*
 * vocabulary.c
 *	  The terms of a feature space, in place in an image, and the counting of a text's terms.
 */
#include <math.h>
#include <string.h>

#include "core/features/vocabulary.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/model_image.h"
#include "core/text/utf8.h"

const ParameterSpec vocabulary_parameters[] = {
	{.name = "ngram_min",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(VocabularyOptions, ngram_min),
	 .default_json = "1",
	 .minimum = 1,
	 .maximum = MAX_NGRAM,
	 .meaning = "Fewest tokens of a term"},
	{.name = "ngram_max",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(VocabularyOptions, ngram_max),
	 .default_json = "2",
	 .minimum = 1,
	 .maximum = MAX_NGRAM,
	 .meaning = "Most tokens of a term"},
	{.name = "min_df",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(VocabularyOptions, min_df),
	 .default_json = "2",
	 .minimum = 0,
	 .maximum = UINT32_MAX,
	 .meaning = "Fewest texts with a term: a number of texts from 1 on, a share of them below 1"},
	{.name = "max_df",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(VocabularyOptions, max_df),
	 .default_json = "1",
	 .minimum = 0,
	 .minimum_is_exclusive = true,
	 .maximum = UINT32_MAX,
	 .meaning = "Most texts with a term: a share of them up to 1, a number of texts above 1"},
	{.name = "max_features",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(VocabularyOptions, max_features),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 100000000,
	 .meaning = "Most terms, those that occur most often; 0 for all"},
};
const size_t n_vocabulary_parameters =
	sizeof(vocabulary_parameters) / sizeof(vocabulary_parameters[0]);

void
vocabulary_check_options(const VocabularyOptions *options)
{
	if (options->ngram_min > options->ngram_max)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Raise ngram_max or lower ngram_min.",
				   "ngram_min (%d) is greater than ngram_max (%d)", options->ngram_min,
				   options->ngram_max);
}

double
vocabulary_idf(uint32_t n_documents, uint32_t document_frequency)
{
	return log((1.0 + n_documents) / (1.0 + document_frequency)) + 1.0;
}

size_t
vocabulary_slots_for(size_t n_entries)
{
	size_t n_slots = 8;

	while (n_slots / 3 * 2 <= n_entries)
		n_slots *= 2;
	return n_slots;
}

/* Round up to the alignment of sections' parts. */
static size_t
align_part(size_t size)
{
	return (size + IMAGE_ALIGNMENT - 1) & ~(size_t) (IMAGE_ALIGNMENT - 1);
}

size_t
vocabulary_section_size(const VocabularyHeader *header)
{
	/* every number is below 2^32 and every element at most 16 bytes: no overflow in 64 bits */
	return align_part(sizeof(VocabularyHeader)) +
		   align_part((size_t) header->n_nodes * sizeof(VocabularyNode)) +
		   align_part((size_t) header->token_slots * sizeof(TokenSlot)) +
		   align_part((size_t) header->ngram_slots * sizeof(VocabularySlot)) +
		   align_part((size_t) header->n_features * sizeof(uint32_t)) +
		   align_part(((size_t) header->n_tokens + 1) * sizeof(uint32_t)) + header->token_bytes;
}

void
vocabulary_locate(const void *section, Vocabulary *vocabulary)
{
	const VocabularyHeader *header = section;
	const char *part = (const char *) section + align_part(sizeof(VocabularyHeader));

	vocabulary->n_nodes = header->n_nodes;
	vocabulary->n_tokens = header->n_tokens;
	vocabulary->n_features = header->n_features;
	vocabulary->n_documents = header->n_documents;
	vocabulary->ngram_min = header->ngram_min;
	vocabulary->ngram_max = header->ngram_max;
	vocabulary->token_mask = header->token_slots - 1;
	vocabulary->ngram_mask = header->ngram_slots - 1;
	vocabulary->nodes = (const VocabularyNode *) part;
	part += align_part((size_t) header->n_nodes * sizeof(VocabularyNode));
	vocabulary->token_slots = (const TokenSlot *) part;
	part += align_part((size_t) header->token_slots * sizeof(TokenSlot));
	vocabulary->ngram_slots = (const VocabularySlot *) part;
	part += align_part((size_t) header->ngram_slots * sizeof(VocabularySlot));
	vocabulary->document_frequency = (const uint32_t *) part;
	part += align_part((size_t) header->n_features * sizeof(uint32_t));
	vocabulary->token_starts = (const uint32_t *) part;
	part += align_part(((size_t) header->n_tokens + 1) * sizeof(uint32_t));
	vocabulary->token_bytes = part;
}

/* Check the sizes that a header states, before anything is located by them. */
static void
check_header(const VocabularyHeader *header, size_t length)
{
	if (length < sizeof(VocabularyHeader) || header->token_bytes > length)
		image_invalid("Its vocabulary is truncated.");
	if (header->token_slots == 0 || (header->token_slots & (header->token_slots - 1)) != 0 ||
		header->ngram_slots == 0 || (header->ngram_slots & (header->ngram_slots - 1)) != 0)
		image_invalid("A hash table's size is not a power of two.");
	if (header->n_nodes == VOCABULARY_NONE || header->n_tokens > header->n_nodes ||
		header->n_features > header->n_nodes || header->ngram_min < 1 ||
		header->ngram_min > header->ngram_max || header->ngram_max > MAX_NGRAM)
		image_invalid("Its vocabulary's sizes contradict each other.");
	if (vocabulary_section_size(header) != length)
		image_invalid("Its vocabulary's length is not the length that it states.");
}

/* Check the nodes: links point to earlier nodes of the right sort, features are numbered in order. */
static void
check_nodes(const Vocabulary *vocabulary)
{
	uint32_t n_features = 0;

	for (uint32_t i = 0; i < vocabulary->n_nodes; i++)
	{
		const VocabularyNode *node = &vocabulary->nodes[i];
		uint32_t depth = 1;

		if (node->prefix == VOCABULARY_NONE)
		{
			if (node->last >= vocabulary->n_tokens)
				image_invalid("A token of its vocabulary is missing.");
		}
		else
		{
			if (node->prefix >= i || node->last >= vocabulary->n_nodes ||
				vocabulary->nodes[node->last].prefix != VOCABULARY_NONE)
				image_invalid("A term of its vocabulary has no such part.");
			for (uint32_t part = i; vocabulary->nodes[part].prefix != VOCABULARY_NONE;
				 part = vocabulary->nodes[part].prefix)
				depth++;
		}
		if (depth > vocabulary->ngram_max)
			image_invalid("A term of its vocabulary is too long.");
		if (!isfinite(node->idf))
			image_invalid("A weight of its vocabulary is not a number.");
		if (node->feature != VOCABULARY_NONE && node->feature != n_features++)
			image_invalid("Its features are not numbered in order.");
	}
	if (n_features != vocabulary->n_features)
		image_invalid("Its number of features is not the number that it states.");
}

/* Check one entry of a hash table: it points to a node of the right sort. Answers 1 if it is free. */
static uint32_t
check_slot(const Vocabulary *vocabulary, uint32_t node, bool is_token)
{
	if (node == VOCABULARY_NONE)
		return 1;
	if (node >= vocabulary->n_nodes ||
		(vocabulary->nodes[node].prefix == VOCABULARY_NONE) != is_token)
		image_invalid("A hash table points to no such term.");
	return 0;
}

/* Check the hash tables; a free place ends every probe. */
static void
check_slots(const Vocabulary *vocabulary)
{
	uint32_t n_free_tokens = 0;
	uint32_t n_free_ngrams = 0;

	for (size_t i = 0; i <= vocabulary->token_mask; i++)
		n_free_tokens += check_slot(vocabulary, vocabulary->token_slots[i].node, true);
	for (size_t i = 0; i <= vocabulary->ngram_mask; i++)
		n_free_ngrams += check_slot(vocabulary, vocabulary->ngram_slots[i].node, false);
	if (n_free_tokens == 0 || n_free_ngrams == 0)
		image_invalid("A hash table has no free place.");
}

/* Check the tokens' strings: inside of the bytes, and valid UTF-8 each. */
static void
check_tokens(const Vocabulary *vocabulary, uint64_t n_bytes)
{
	const uint32_t *starts = vocabulary->token_starts;

	if (starts[0] != 0 || starts[vocabulary->n_tokens] != n_bytes)
		image_invalid("Its tokens do not fill their space.");
	for (uint32_t i = 0; i < vocabulary->n_tokens; i++)
	{
		if (starts[i + 1] <= starts[i] || starts[i + 1] > n_bytes)
			image_invalid("A token lies outside of its space.");
		if (!utf8_is_valid(vocabulary->token_bytes + starts[i], starts[i + 1] - starts[i]) ||
			memchr(vocabulary->token_bytes + starts[i], 0, starts[i + 1] - starts[i]) != NULL)
			image_invalid("A token is not valid UTF-8.");
	}
}

void
vocabulary_open(const void *section, size_t length, Vocabulary *vocabulary)
{
	const VocabularyHeader *header = section;

	check_header(header, length);
	vocabulary_locate(section, vocabulary);
	check_nodes(vocabulary);
	check_slots(vocabulary);
	check_tokens(vocabulary, header->token_bytes);
}

void
vocabulary_append_term(const Vocabulary *vocabulary, uint32_t node, ByteBuffer *buffer)
{
	uint32_t tokens[MAX_NGRAM];
	uint32_t n_tokens = 0;

	while (vocabulary->nodes[node].prefix != VOCABULARY_NONE)
	{
		tokens[n_tokens++] = vocabulary->nodes[node].last;
		node = vocabulary->nodes[node].prefix;
	}
	tokens[n_tokens++] = node;
	while (n_tokens-- > 0)
	{
		uint32_t token = vocabulary->nodes[tokens[n_tokens]].last;
		uint32_t start = vocabulary->token_starts[token];

		buffer_append(buffer, vocabulary->token_bytes + start,
					  vocabulary->token_starts[token + 1] - start);
		if (n_tokens > 0)
			buffer_append(buffer, " ", 1);
	}
}

uint32_t
vocabulary_feature_node(const Vocabulary *vocabulary, uint32_t feature)
{
	uint32_t low = feature; /* a node's number is at least its feature's */
	uint32_t high = vocabulary->n_nodes;

	if (low < high && vocabulary->nodes[low].feature == feature)
		return low;

	/* features rise with the nodes, but nodes without one lie between them */
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		uint32_t probe = middle;

		while (probe < high && vocabulary->nodes[probe].feature == VOCABULARY_NONE)
			probe++;
		if (probe == high)
			high = middle;
		else if (vocabulary->nodes[probe].feature == feature)
			return probe;
		else if (vocabulary->nodes[probe].feature < feature)
			low = probe + 1;
		else
			high = middle;
	}
	host_error(HOST_ERROR_INTERNAL, NULL, NULL, "feature %u has no term", feature);
}

/* Whether a longer token, whose hash is the same, really is the same. */
static bool
is_same_long_token(const Vocabulary *vocabulary, uint32_t node, const char *bytes, uint32_t length)
{
	uint32_t token = vocabulary->nodes[node].last;
	uint32_t start = vocabulary->token_starts[token];

	return vocabulary->token_starts[token + 1] - start == length &&
		   memcmp(vocabulary->token_bytes + start, bytes, length) == 0;
}

/* Find a token's node by its string. */
static inline uint32_t
find_token(const Vocabulary *vocabulary, uint64_t hash, const char *bytes, uint32_t length)
{
	uint64_t key = token_key(bytes, length, hash);

	for (uint32_t i = (uint32_t) hash & vocabulary->token_mask;;
		 i = (i + 1) & vocabulary->token_mask)
	{
		const TokenSlot *slot = &vocabulary->token_slots[i];

		if (slot->node == VOCABULARY_NONE)
			return VOCABULARY_NONE;
		if (slot->key == key && slot->length == length &&
			(length <= TOKEN_KEY_LENGTH ||
			 is_same_long_token(vocabulary, slot->node, bytes, length)))
			return slot->node;
	}
}

/*
 * Find the node of an n-gram by its prefix and its last token, from a place of the table on.
 */
static inline uint32_t
find_ngram(const Vocabulary *vocabulary, uint64_t hash, uint32_t prefix, uint32_t last)
{
	uint32_t tag = (uint32_t) (hash >> 32);

	for (uint32_t i = (uint32_t) hash & vocabulary->ngram_mask;;
		 i = (i + 1) & vocabulary->ngram_mask)
	{
		const VocabularySlot *slot = &vocabulary->ngram_slots[i];

		if (slot->node == VOCABULARY_NONE)
			return VOCABULARY_NONE;
		if (slot->tag == tag)
		{
			const VocabularyNode *node = &vocabulary->nodes[slot->node];

			if (node->prefix == prefix && node->last == last)
				return slot->node;
		}
	}
}

TermCounts *
term_counts_create(void)
{
	return host_allocate_zero(sizeof(TermCounts));
}

void
term_counts_free(TermCounts *counts)
{
	host_free(counts->features);
	host_free(counts->counts);
	host_free(counts->idfs);
	host_free(counts->map);
	host_free(counts);
}

/* Where a feature's position is kept in the map, or the empty place for it. */
static inline VocabularySlot *
map_slot(const TermCounts *counts, uint32_t feature)
{
	uint32_t i = feature * UINT32_C(0x9e3779b1);

	for (i = (i ^ (i >> 15)) & counts->map_mask;; i = (i + 1) & counts->map_mask)
	{
		VocabularySlot *slot = &counts->map[i];

		if (slot->node == VOCABULARY_NONE || slot->tag == feature)
			return slot;
	}
}

/* Double the arrays; the map is made anew, half full at most. */
static void
grow_counts(TermCounts *counts)
{
	uint32_t capacity = counts->capacity == 0 ? 512 : counts->capacity * 2;
	size_t n_slots = (size_t) capacity * 2;

	if (counts->capacity == 0)
	{
		counts->features = host_allocate_array(uint32_t, capacity);
		counts->counts = host_allocate_array(float, capacity);
		counts->idfs = host_allocate_array(float, capacity);
	}
	else
	{
		counts->features = host_reallocate_array(counts->features, uint32_t, capacity);
		counts->counts = host_reallocate_array(counts->counts, float, capacity);
		counts->idfs = host_reallocate_array(counts->idfs, float, capacity);
		host_free(counts->map);
		counts->map = NULL;
	}
	counts->map = host_allocate_array(VocabularySlot, n_slots);
	memset(counts->map, 0xff, n_slots * sizeof(VocabularySlot));
	counts->map_mask = (uint32_t) (n_slots - 1);
	for (uint32_t i = 0; i < counts->n_terms; i++)
		*map_slot(counts, counts->features[i]) = (VocabularySlot){counts->features[i], i};
	counts->capacity = capacity;
}

/* Empty the scratch object. */
static void
clear_counts(TermCounts *counts)
{
	if (counts->n_terms > counts->capacity / 8)
		memset(counts->map, 0xff, ((size_t) counts->map_mask + 1) * sizeof(VocabularySlot));
	else
	{
		/* probing needs the places before: forget from the last to the first */
		for (uint32_t i = counts->n_terms; i-- > 0;)
			map_slot(counts, counts->features[i])->node = VOCABULARY_NONE;
	}
	counts->n_terms = 0;
	counts->n_tokens = 0;
	counts->n_unknown = 0;
}

/* Count one occurrence of a node, if it is a feature. */
static inline void
count_node(const Vocabulary *vocabulary, uint32_t node_number, TermCounts *counts)
{
	const VocabularyNode *node = &vocabulary->nodes[node_number];
	VocabularySlot *slot;

	if (node->feature == VOCABULARY_NONE)
		return;
	slot = map_slot(counts, node->feature);
	if (slot->node != VOCABULARY_NONE)
	{
		counts->counts[slot->node] += 1.0f;
		return;
	}
	if (counts->n_terms == counts->capacity)
	{
		grow_counts(counts);
		slot = map_slot(counts, node->feature);
	}
	*slot = (VocabularySlot){node->feature, counts->n_terms};
	counts->features[counts->n_terms] = node->feature;
	counts->counts[counts->n_terms] = 1.0f;
	counts->idfs[counts->n_terms] = node->idf;
	counts->n_terms++;
}

/* Nodes of a batch's n-grams of one length, by the position of their last token + 1. */
typedef struct LevelNodes
{
	uint32_t nodes[TOKEN_BATCH_SIZE + 1]; /* [0]: the last one of the batch before */
} LevelNodes;

/*
 * Look up the tokens of a batch. Lookups wait for memory: first all slots are fetched, then read, and
 * what they name is fetched for those who count.
 */
static void
find_tokens(const Vocabulary *vocabulary, const TokenBatch *batch, LevelNodes *tokens,
			TermCounts *counts)
{
	uint32_t n_unknown = 0;

	for (uint32_t i = 0; i < batch->count; i++)
		__builtin_prefetch(
			&vocabulary->token_slots[(uint32_t) batch->hashes[i] & vocabulary->token_mask]);
	for (uint32_t i = 0; i < batch->count; i++)
	{
		uint32_t node =
			find_token(vocabulary, batch->hashes[i], batch->bytes[i], batch->lengths[i]);

		tokens->nodes[i + 1] = node;
		n_unknown += node == VOCABULARY_NONE;
		if (node != VOCABULARY_NONE)
			__builtin_prefetch(&vocabulary->nodes[node]);
	}
	counts->n_tokens += batch->count;
	counts->n_unknown += n_unknown;
}

/* An n-gram of which both parts are known. */
typedef struct NgramLookup
{
	uint64_t hash;
	uint32_t position; /* of its last token in the batch */
} NgramLookup;

/* Look up the n-grams that extend those of prefixes by one token; in steps, as find_tokens. */
static void
find_ngrams(const Vocabulary *vocabulary, uint32_t count, const LevelNodes *prefixes,
			const LevelNodes *tokens, LevelNodes *ngrams)
{
	NgramLookup lookups[TOKEN_BATCH_SIZE];
	uint32_t n_lookups = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t prefix = prefixes->nodes[i];
		uint32_t last = tokens->nodes[i + 1];
		uint64_t hash = hash_pair(prefix, last);

		/* without a branch, which would be mispredicted often */
		ngrams->nodes[i + 1] = VOCABULARY_NONE;
		lookups[n_lookups] = (NgramLookup){hash, i};
		n_lookups += (prefix != VOCABULARY_NONE) & (last != VOCABULARY_NONE);
		__builtin_prefetch(&vocabulary->ngram_slots[(uint32_t) hash & vocabulary->ngram_mask]);
	}
	for (uint32_t i = 0; i < n_lookups; i++)
	{
		const VocabularySlot *slot =
			&vocabulary->ngram_slots[(uint32_t) lookups[i].hash & vocabulary->ngram_mask];

		__builtin_prefetch(
			&vocabulary->nodes[slot->node &
							   (slot->tag == (uint32_t) (lookups[i].hash >> 32) ? UINT32_MAX : 0)]);
	}
	for (uint32_t i = 0; i < n_lookups; i++)
	{
		uint32_t position = lookups[i].position;

		ngrams->nodes[position + 1] = find_ngram(
			vocabulary, lookups[i].hash, prefixes->nodes[position], tokens->nodes[position + 1]);
	}
}

void
vocabulary_count(const Vocabulary *vocabulary, Tokenizer *tokenizer, const char *text,
				 size_t length, TermCounts *counts)
{
	LevelNodes levels[MAX_NGRAM];
	const TokenBatch *batch;

	if (counts->capacity == 0)
		grow_counts(counts);
	clear_counts(counts);
	for (uint32_t level = 0; level < vocabulary->ngram_max; level++)
		levels[level].nodes[0] = VOCABULARY_NONE;

	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t level = 0; level < vocabulary->ngram_max; level++)
		{
			LevelNodes *nodes = &levels[level];

			if (level == 0)
				find_tokens(vocabulary, batch, nodes, counts);
			else
				find_ngrams(vocabulary, batch->count, &levels[level - 1], &levels[0], nodes);
			for (uint32_t i = 1; i <= batch->count; i++)
			{
				if (nodes->nodes[i] != VOCABULARY_NONE)
					count_node(vocabulary, nodes->nodes[i], counts);
			}
		}
		for (uint32_t level = 0; level < vocabulary->ngram_max; level++)
			levels[level].nodes[0] = levels[level].nodes[batch->count];
	}
}
