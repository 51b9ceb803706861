/*
 * vocabulary_builder.c
 *	  From documents of token ids to a vocabulary and to the counts of its terms in each document.
 *
 * One pass over the documents gives every n-gram a node: tokens have the nodes [0, n_tokens), longer
 * n-grams follow as they come, found by the nodes of their prefix and of their last token. A node
 * remembers its entry in the row under construction, so that repeated n-grams of one document need no
 * table of their own. Then the nodes that stay are sorted as their terms' bytes are (a token before its
 * continuations; the space that joins tokens sorts before every word character) by sorting tokens once
 * and n-grams as pairs of numbers, and the rows are translated in place.
 *
 * The most time goes into waiting for memory, so lookups are hashed and fetched ahead for a whole block.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/features/vocabulary_builder.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/model_image.h"

#define NONE VOCABULARY_NONE

/* N-grams that are hashed and fetched ahead of being looked up. */
#define BLOCK_SIZE 256

/* Entries that are fetched ahead while rows are translated. */
#define PREFETCH_DISTANCE 32

/* Tokens between two checks for interrupts. */
#define INTERRUPT_INTERVAL 16384

/* One place of the n-grams' hash table, with linear probing. */
typedef struct BuilderSlot
{
	uint32_t tag;  /* the high bits of the hash */
	uint32_t node; /* NONE: free */
} BuilderSlot;

/* An n-gram under construction. */
typedef struct BuilderNode
{
	uint32_t prefix; /* NONE for a token */
	uint32_t last;   /* node of the last token; a token: itself */
	uint32_t document_frequency;
	uint32_t entry; /* its entry in the row under construction; later its final node */
} BuilderNode;

typedef struct Builder
{
	const Corpus *corpus;
	const VocabularyOptions *options;
	BuilderNode *nodes; /* (n_nodes) */
	uint32_t n_nodes;
	uint32_t nodes_capacity;
	uint32_t n_tokens;  /* nodes below are tokens */
	BuilderSlot *slots; /* of n-grams of two tokens or more */
	uint32_t slot_mask;
	uint8_t *filter; /* (filter_mask + 1) two bits for a pair of tokens; NULL: none */
	uint32_t filter_mask;
	uint64_t *row_starts;
	uint32_t *entries; /* nodes, later features */
	float *counts;
	uint64_t n_entries;
	uint64_t entries_capacity;
	uint32_t n_rows;
} Builder;

/* Nodes of one document's n-grams of one length, by the position of their last token. */
typedef struct Level
{
	uint32_t *nodes;
	size_t capacity;
} Level;

/* Make the n-grams' hash table anew with twice the slots. */
static void
grow_slots(Builder *builder)
{
	size_t n_slots = builder->slots == NULL ? 1024 : ((size_t) builder->slot_mask + 1) * 2;

	host_free(builder->slots);
	builder->slots = NULL;
	builder->slots = host_allocate_array(BuilderSlot, n_slots);
	memset(builder->slots, 0xff, n_slots * sizeof(BuilderSlot));
	builder->slot_mask = (uint32_t) (n_slots - 1);
	for (uint32_t node = builder->n_tokens; node < builder->n_nodes; node++)
	{
		uint64_t hash = hash_pair(builder->nodes[node].prefix, builder->nodes[node].last);
		uint32_t i = (uint32_t) hash & builder->slot_mask;

		while (builder->slots[i].node != NONE)
			i = (i + 1) & builder->slot_mask;
		builder->slots[i] = (BuilderSlot){(uint32_t) (hash >> 32), node};
		if (node % INTERRUPT_INTERVAL == 0)
			host_check_interrupts();
	}
}

/* Room for that many nodes more, with a place in the hash table for each. */
static void
reserve_nodes(Builder *builder, uint32_t count)
{
	uint64_t needed = (uint64_t) builder->n_nodes + count;

	if (needed >= VOCABULARY_MAX_NODES)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Lower ngram_max, or train on a sample.",
				   "more than %u distinct n-grams", VOCABULARY_MAX_NODES - 1);
	if (needed > builder->nodes_capacity)
	{
		uint64_t capacity = (uint64_t) builder->nodes_capacity + builder->nodes_capacity / 2;

		if (capacity < needed)
			capacity = needed;
		if (capacity > VOCABULARY_MAX_NODES)
			capacity = VOCABULARY_MAX_NODES;
		if (builder->nodes == NULL)
			builder->nodes = host_allocate_array(BuilderNode, capacity);
		else
			builder->nodes = host_reallocate_array(builder->nodes, BuilderNode, capacity);
		builder->nodes_capacity = (uint32_t) capacity;
	}
	while (builder->slots == NULL ||
		   ((uint64_t) builder->slot_mask + 1) / 4 * 3 <= needed - builder->n_tokens)
		grow_slots(builder);
}

/* Room for that many entries more. */
static void
reserve_entries(Builder *builder, uint64_t count)
{
	uint64_t needed = builder->n_entries + count;
	uint64_t capacity = builder->entries_capacity + builder->entries_capacity / 4;

	if (needed <= builder->entries_capacity)
		return;
	if (needed >= UINT32_MAX)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Lower ngram_max, or train on a sample.",
				   "the texts have more than %u terms", UINT32_MAX - 1);
	if (capacity < needed)
		capacity = needed;
	if (builder->entries == NULL)
	{
		builder->entries = host_allocate_array(uint32_t, capacity);
		builder->counts = host_allocate_array(float, capacity);
	}
	else
	{
		builder->entries = host_reallocate_array(builder->entries, uint32_t, capacity);
		builder->counts = host_reallocate_array(builder->counts, float, capacity);
	}
	builder->entries_capacity = capacity;
}

/* Count one occurrence of a node in the row that began at row_start. */
static inline void
count_node(Builder *builder, uint32_t number, uint64_t row_start)
{
	BuilderNode *node = &builder->nodes[number];

	/* an entry of an earlier row, or of none: NONE is beyond all entries */
	if (node->entry == NONE || node->entry < row_start)
	{
		node->entry = (uint32_t) builder->n_entries;
		node->document_frequency++;
		builder->entries[builder->n_entries] = number;
		builder->counts[builder->n_entries] = 1.0f;
		builder->n_entries++;
	}
	else
		builder->counts[node->entry] += 1.0f;
}

/* The node of an n-gram, made if it is new. */
static inline uint32_t
find_or_add_ngram(Builder *builder, uint64_t hash, uint32_t prefix, uint32_t last)
{
	uint32_t tag = (uint32_t) (hash >> 32);

	for (uint32_t i = (uint32_t) hash & builder->slot_mask;; i = (i + 1) & builder->slot_mask)
	{
		BuilderSlot *slot = &builder->slots[i];

		if (slot->node == NONE)
		{
			*slot = (BuilderSlot){tag, builder->n_nodes};
			builder->nodes[builder->n_nodes] = (BuilderNode){prefix, last, 0, NONE};
			return builder->n_nodes++;
		}
		if (slot->tag == tag)
		{
			const BuilderNode *node = &builder->nodes[slot->node];

			if (node->prefix == prefix && node->last == last)
				return slot->node;
		}
	}
}

/* Places of the filter for the hash of a pair of tokens: a byte, and two bits in it. */
#define FILTER_BYTE(builder, hash) ((uint32_t) ((hash) >> 22) & (builder)->filter_mask)
#define FILTER_SHIFT(hash)         ((unsigned) ((hash) >> 20) & 3) * 2

/* Count the pairs of a document's tokens in the filter, up to two. */
static void
add_to_filter(Builder *builder, const uint32_t *token_ids, uint32_t n_tokens)
{
	uint64_t hashes[BLOCK_SIZE];

	for (uint32_t start = 1; start < n_tokens; start += BLOCK_SIZE)
	{
		uint32_t count = n_tokens - start < BLOCK_SIZE ? n_tokens - start : BLOCK_SIZE;

		for (uint32_t i = 0; i < count; i++)
		{
			hashes[i] = hash_pair(token_ids[start + i - 1], token_ids[start + i]);
			__builtin_prefetch(&builder->filter[FILTER_BYTE(builder, hashes[i])], 1);
		}
		for (uint32_t i = 0; i < count; i++)
		{
			uint8_t *byte = &builder->filter[FILTER_BYTE(builder, hashes[i])];
			unsigned shift = FILTER_SHIFT(hashes[i]);
			unsigned known = *byte >> shift & 3;

			*byte = (uint8_t) (*byte + ((known < 2) << shift));
		}
	}
}

/*
 * Most pairs of words occur once, and would fill the tables only to be dropped. So where terms of one
 * text are dropped (min_df), pairs are first counted in a small filter: who has not been there twice
 * cannot be in two texts. Who shares its place with others may pass, and is dropped later.
 */
static void
make_filter(Builder *builder, const CorpusDocument *documents, uint32_t n_documents)
{
	size_t n_bytes = 1024;
	uint64_t n_tokens = 0;

	for (uint32_t i = 0; i < n_documents; i++)
		n_tokens += documents[i].length;
	while (n_bytes < n_tokens / 2 && n_bytes < (size_t) 1 << 30)
		n_bytes *= 2;
	builder->filter = host_allocate_zero(n_bytes);
	builder->filter_mask = (uint32_t) (n_bytes - 1);
	n_tokens = 0;
	for (uint32_t i = 0; i < n_documents; i++)
	{
		add_to_filter(builder, builder->corpus->token_ids + documents[i].start,
					  documents[i].length);
		n_tokens += documents[i].length + 1;
		if (n_tokens >= INTERRUPT_INTERVAL)
		{
			n_tokens = 0;
			host_check_interrupts();
		}
	}
}

/* An n-gram of a block that may stay. */
typedef struct BlockEntry
{
	uint64_t hash;
	uint32_t position; /* of its last token */
} BlockEntry;

/* List the n-grams of a block whose prefix is known and which pass the filter. */
static uint32_t
list_block(const Builder *builder, const uint32_t *token_ids, const uint32_t *prefixes,
		   uint32_t start, uint32_t count, bool filtered, BlockEntry *entries)
{
	uint32_t n_entries = 0;

	for (uint32_t i = start; i < start + count; i++)
	{
		entries[n_entries] = (BlockEntry){hash_pair(prefixes[i - 1], token_ids[i]), i};
		if (filtered)
			__builtin_prefetch(&builder->filter[FILTER_BYTE(builder, entries[n_entries].hash)]);
		n_entries += prefixes[i - 1] != NONE;
	}
	if (filtered)
	{
		uint32_t n_passed = 0;

		for (uint32_t i = 0; i < n_entries; i++)
		{
			uint64_t hash = entries[i].hash;

			entries[n_passed] = entries[i];
			n_passed +=
				(builder->filter[FILTER_BYTE(builder, hash)] >> FILTER_SHIFT(hash) & 2) != 0;
		}
		n_entries = n_passed;
	}
	return n_entries;
}

/*
 * Nodes of the n-grams that extend those of prefixes by one token, NONE for those that cannot stay. The
 * first position of each level that has an n-gram is the level's number.
 */
static void
add_level(Builder *builder, const uint32_t *token_ids, uint32_t n_tokens, uint32_t level,
		  const uint32_t *prefixes, uint32_t *nodes, uint64_t row_start)
{
	BlockEntry entries[BLOCK_SIZE];
	bool counts = level + 1 >= (uint32_t) builder->options->ngram_min;
	bool filtered = level == 1 && builder->filter != NULL;

	for (uint32_t start = level; start < n_tokens; start += BLOCK_SIZE)
	{
		uint32_t count = n_tokens - start < BLOCK_SIZE ? n_tokens - start : BLOCK_SIZE;
		uint32_t n_entries =
			list_block(builder, token_ids, prefixes, start, count, filtered, entries);

		reserve_nodes(builder, n_entries);
		for (uint32_t i = start; i < start + count; i++)
			nodes[i] = NONE;
		for (uint32_t i = 0; i < n_entries; i++)
			__builtin_prefetch(&builder->slots[(uint32_t) entries[i].hash & builder->slot_mask]);
		for (uint32_t i = 0; i < n_entries; i++)
		{
			/* the slot is here by now; fetch the node that it names */
			const BuilderSlot *slot =
				&builder->slots[(uint32_t) entries[i].hash & builder->slot_mask];

			if (slot->node != NONE)
				__builtin_prefetch(&builder->nodes[slot->node], 1);
		}
		for (uint32_t i = 0; i < n_entries; i++)
		{
			uint32_t position = entries[i].position;
			uint32_t node = find_or_add_ngram(builder, entries[i].hash, prefixes[position - 1],
											  token_ids[position]);

			nodes[position] = node;
			if (counts)
				count_node(builder, node, row_start);
		}
	}
}

/* Add the row of one document. */
static void
add_document(Builder *builder, const CorpusDocument *document, Level *levels)
{
	const uint32_t *token_ids = builder->corpus->token_ids + document->start;
	uint32_t n_tokens = document->length;
	uint32_t ngram_max = (uint32_t) builder->options->ngram_max;
	uint64_t row_start = builder->n_entries;
	const uint32_t *prefixes = token_ids;

	reserve_entries(builder, (uint64_t) n_tokens * ngram_max);
	if (builder->options->ngram_min == 1)
	{
		for (uint32_t i = 0; i < n_tokens; i++)
			count_node(builder, token_ids[i], row_start);
	}
	for (uint32_t level = 1; level < ngram_max && level < n_tokens; level++)
	{
		if (levels[level].capacity < n_tokens)
		{
			host_free(levels[level].nodes);
			levels[level].nodes = host_allocate_array(uint32_t, n_tokens);
			levels[level].capacity = n_tokens;
		}
		add_level(builder, token_ids, n_tokens, level, prefixes, levels[level].nodes, row_start);
		prefixes = levels[level].nodes;
	}
	builder->row_starts[++builder->n_rows] = builder->n_entries;
}

/* The number of documents that min_df or max_df stands for, as scikit-learn has it. */
static double
document_limit(double limit, bool is_share, uint32_t n_documents)
{
	return is_share ? limit * n_documents : limit;
}

/* The fewest documents that a term must be in. */
static double
fewest_documents(const VocabularyOptions *options, uint32_t n_documents)
{
	return document_limit(options->min_df, options->min_df < 1, n_documents);
}

/* Count the n-grams of all documents. */
static void
count_documents(Builder *builder, const CorpusDocument *documents, uint32_t n_documents)
{
	Level levels[MAX_NGRAM] = {0};
	uint64_t n_tokens = 0;

	builder->row_starts = host_allocate_array(uint64_t, (size_t) n_documents + 1);
	builder->row_starts[0] = 0;
	builder->n_tokens = builder->corpus->tokens.n_strings;
	reserve_nodes(builder, builder->n_tokens);
	for (uint32_t token = 0; token < builder->n_tokens; token++)
		builder->nodes[token] = (BuilderNode){NONE, token, 0, NONE};
	builder->n_nodes = builder->n_tokens;

	if (builder->options->ngram_max > 1 && fewest_documents(builder->options, n_documents) > 1)
		make_filter(builder, documents, n_documents);
	for (uint32_t i = 0; i < n_documents; i++)
	{
		add_document(builder, &documents[i], levels);
		n_tokens += documents[i].length + 1;
		if (n_tokens >= INTERRUPT_INTERVAL)
		{
			n_tokens = 0;
			host_check_interrupts();
		}
	}
	for (int level = 0; level < MAX_NGRAM; level++)
		host_free(levels[level].nodes);
	host_free(builder->slots);
	builder->slots = NULL;
	host_free(builder->filter);
	builder->filter = NULL;
}

/* Tokens of a node's n-gram. */
static int
node_length(const Builder *builder, uint32_t node)
{
	int length = 1;

	for (; builder->nodes[node].prefix != NONE; node = builder->nodes[node].prefix)
		length++;
	return length;
}

/* States of a node while terms are chosen. */
enum
{
	DROPPED = 0,
	PART = 1, /* not a feature, but a part of one */
	FEATURE = 2
};

/* Choose terms by document frequency. */
static uint32_t
choose_by_frequency(const Builder *builder, uint32_t n_documents, uint8_t *states)
{
	const VocabularyOptions *options = builder->options;
	double fewest = fewest_documents(options, n_documents);
	double most = document_limit(options->max_df, options->max_df <= 1, n_documents);
	uint32_t n_features = 0;

	/* scikit-learn's rule; without a max_df of the user's own, it is told as: no terms remain */
	if (fewest > most && options->max_df != 1)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Lower min_df or raise max_df.",
				   "max_df corresponds to fewer texts than min_df");
	for (uint32_t node = 0; node < builder->n_nodes; node++)
	{
		uint32_t frequency = builder->nodes[node].document_frequency;

		if (frequency > 0 && frequency >= fewest && frequency <= most)
		{
			states[node] = FEATURE;
			n_features++;
		}
	}
	return n_features;
}

/* A term that competes for a place among max_features. */
typedef struct Candidate
{
	uint64_t occurrences;
	uint32_t node; /* final number: the order of the terms */
	uint32_t builder_node;
} Candidate;

/* More occurrences first, then the order of the terms. */
static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *first = a;
	const Candidate *second = b;

	if (first->occurrences != second->occurrences)
		return first->occurrences > second->occurrences ? -1 : 1;
	return (first->node > second->node) - (first->node < second->node);
}

/* Mark the parts of all features: the nodes of their prefixes and of their tokens. */
static void
mark_parts(const Builder *builder, uint8_t *states)
{
	for (uint32_t node = 0; node < builder->n_nodes; node++)
	{
		uint32_t part = node;

		if (states[node] != FEATURE)
			continue;
		while (builder->nodes[part].prefix != NONE)
		{
			uint32_t last = builder->nodes[part].last;

			if (states[last] == DROPPED)
				states[last] = PART;
			part = builder->nodes[part].prefix;
			if (states[part] == DROPPED)
				states[part] = PART;
		}
	}
}

/* A token's bytes for sorting. */
typedef struct SortToken
{
	uint64_t key; /* the first eight bytes, big-endian: most comparisons need no more */
	const char *bytes;
	uint32_t length;
	uint32_t node;
} SortToken;

static int
compare_tokens(const void *a, const void *b)
{
	const SortToken *first = a;
	const SortToken *second = b;
	uint32_t shorter;
	int order;

	if (first->key != second->key)
		return first->key < second->key ? -1 : 1;
	shorter = first->length < second->length ? first->length : second->length;
	order = memcmp(first->bytes, second->bytes, shorter);
	if (order != 0)
		return order;
	return (first->length > second->length) - (first->length < second->length);
}

/* A node with the key that it is sorted by. */
typedef struct SortNode
{
	uint64_t key;
	uint32_t node;
} SortNode;

/* Sort by key: a least significant digit radix sort, digits of 11 bits; stable. */
static void
sort_nodes(SortNode *nodes, uint32_t n_nodes, uint64_t largest_key)
{
	SortNode *other = host_allocate_array(SortNode, (size_t) n_nodes + 1);
	SortNode *from = nodes;
	SortNode *to = other;

	for (int shift = 0; shift < 64 && largest_key >> shift != 0; shift += 11)
	{
		uint32_t starts[2049] = {0};

		for (uint32_t i = 0; i < n_nodes; i++)
			starts[((from[i].key >> shift) & 2047) + 1]++;
		for (int digit = 0; digit < 2048; digit++)
			starts[digit + 1] += starts[digit];
		for (uint32_t i = 0; i < n_nodes; i++)
			to[starts[(from[i].key >> shift) & 2047]++] = from[i];
		SortNode *swap = from;

		from = to;
		to = swap;
		host_check_interrupts();
	}
	if (from != nodes)
		memcpy(nodes, from, (size_t) n_nodes * sizeof(SortNode));
	host_free(other);
}

/* The kept nodes of one length of n-grams, sorted by term. */
typedef struct SortedLevel
{
	SortNode *nodes;
	uint32_t n_nodes;
} SortedLevel;

/* Sort the kept tokens by their bytes. */
static SortedLevel
sort_tokens(const Builder *builder, const uint8_t *states)
{
	SortedLevel level = {host_allocate_array(SortNode, (size_t) builder->n_tokens + 1), 0};
	SortToken *tokens = host_allocate_array(SortToken, (size_t) builder->n_tokens + 1);
	uint32_t n_tokens = 0;

	for (uint32_t node = 0; node < builder->n_tokens; node++)
	{
		size_t length;
		const char *bytes;
		unsigned char first[8] = {0};
		uint64_t key = 0;

		if (states[node] == DROPPED)
			continue;
		bytes = string_table_get(&builder->corpus->tokens, node, &length);
		memcpy(first, bytes, length < 8 ? length : 8);
		for (int i = 0; i < 8; i++)
			key = key << 8 | first[i];
		tokens[n_tokens++] = (SortToken){key, bytes, (uint32_t) length, node};
	}
	qsort(tokens, n_tokens, sizeof(SortToken), compare_tokens);
	for (uint32_t i = 0; i < n_tokens; i++)
		level.nodes[level.n_nodes++] = (SortNode){0, tokens[i].node};
	host_free(tokens);
	return level;
}

/*
 * Sort the kept n-grams of one length by their prefix's place in its level, then by their last token's
 * place; places holds the place of each node of the levels before.
 */
static SortedLevel
sort_ngrams(const Builder *builder, const uint32_t *candidates, uint32_t n_candidates,
			const uint32_t *places, uint32_t n_kept_tokens, uint32_t n_prefixes)
{
	SortedLevel level = {host_allocate_array(SortNode, (size_t) n_candidates + 1), n_candidates};

	for (uint32_t i = 0; i < n_candidates; i++)
	{
		const BuilderNode *node = &builder->nodes[candidates[i]];

		level.nodes[i] = (SortNode){
			(uint64_t) places[node->prefix] * n_kept_tokens + places[node->last], candidates[i]};
	}
	sort_nodes(level.nodes, n_candidates, (uint64_t) n_prefixes * n_kept_tokens);
	return level;
}

/*
 * Number the kept nodes in the order of their terms, pre-order in the trie: a node follows its prefix
 * and the prefix's smaller continuations with all of theirs. Leaves the number in each node's entry
 * field (NONE for a dropped one) and answers how many there are.
 */
static uint32_t
number_nodes(Builder *builder, const uint8_t *states, uint32_t *n_kept_tokens)
{
	SortedLevel levels[MAX_NGRAM] = {0};
	int n_levels = builder->options->ngram_max;
	uint32_t *places = host_allocate_array(uint32_t, (size_t) builder->n_nodes + 1);
	uint32_t *sizes = host_allocate_zero_array(uint32_t, (size_t) builder->n_nodes + 1);
	uint32_t *candidates[MAX_NGRAM] = {0};
	uint32_t n_candidates[MAX_NGRAM] = {0};
	uint32_t n_kept = 0;

	for (uint32_t node = builder->n_tokens; node < builder->n_nodes; node++)
	{
		if (states[node] != DROPPED)
			n_candidates[node_length(builder, node) - 1]++;
	}
	for (int level = 1; level < n_levels; level++)
	{
		candidates[level] = host_allocate_array(uint32_t, (size_t) n_candidates[level] + 1);
		n_candidates[level] = 0;
	}
	for (uint32_t node = builder->n_tokens; node < builder->n_nodes; node++)
	{
		if (states[node] != DROPPED)
		{
			int level = node_length(builder, node) - 1;

			candidates[level][n_candidates[level]++] = node;
		}
	}
	host_check_interrupts();

	for (int level = 0; level < n_levels; level++)
	{
		if (level == 0)
			levels[0] = sort_tokens(builder, states);
		else
			levels[level] = sort_ngrams(builder, candidates[level], n_candidates[level], places,
										levels[0].n_nodes, levels[level - 1].n_nodes);
		for (uint32_t i = 0; i < levels[level].n_nodes; i++)
			places[levels[level].nodes[i].node] = i;
		n_kept += levels[level].n_nodes;
		host_check_interrupts();
	}

	/* sizes of the subtrees, from the longest n-grams up */
	for (int level = n_levels - 1; level >= 0; level--)
	{
		for (uint32_t i = 0; i < levels[level].n_nodes; i++)
		{
			uint32_t node = levels[level].nodes[i].node;

			sizes[node]++;
			if (level > 0)
				sizes[builder->nodes[node].prefix] += sizes[node];
		}
	}

	/* numbers, from the tokens down; places serves as the next free number below each node */
	for (uint32_t node = 0; node < builder->n_nodes; node++)
		builder->nodes[node].entry = NONE;
	for (int level = 0; level < n_levels; level++)
	{
		uint32_t next = 0;

		for (uint32_t i = 0; i < levels[level].n_nodes; i++)
		{
			uint32_t node = levels[level].nodes[i].node;
			uint32_t *free_number = level == 0 ? &next : &places[builder->nodes[node].prefix];

			builder->nodes[node].entry = *free_number;
			*free_number += sizes[node];
			places[node] = builder->nodes[node].entry + 1;
		}
	}
	*n_kept_tokens = levels[0].n_nodes;
	for (int level = 0; level < n_levels; level++)
	{
		host_free(levels[level].nodes);
		host_free(candidates[level]);
	}
	host_free(places);
	host_free(sizes);
	return n_kept;
}

/* Keep the max_features terms that occur most often; ties by the order of the terms. */
static uint32_t
keep_most_frequent(Builder *builder, uint8_t *states, uint32_t n_features)
{
	uint32_t limit = (uint32_t) builder->options->max_features;
	Candidate *candidates;
	uint64_t *occurrences;
	uint32_t n_candidates = 0;
	uint32_t n_kept_tokens;

	if (limit == 0 || n_features <= limit)
		return n_features;

	mark_parts(builder, states);
	number_nodes(builder, states, &n_kept_tokens);
	occurrences = host_allocate_zero_array(uint64_t, builder->n_nodes);
	for (uint64_t i = 0; i < builder->n_entries; i++)
		occurrences[builder->entries[i]] += (uint64_t) builder->counts[i];
	candidates = host_allocate_array(Candidate, n_features);
	for (uint32_t node = 0; node < builder->n_nodes; node++)
	{
		if (states[node] == FEATURE)
			candidates[n_candidates++] =
				(Candidate){occurrences[node], builder->nodes[node].entry, node};
		states[node] = DROPPED;
	}
	host_free(occurrences);
	qsort(candidates, n_candidates, sizeof(Candidate), compare_candidates);
	for (uint32_t i = 0; i < limit; i++)
		states[candidates[i].builder_node] = FEATURE;
	host_free(candidates);
	return limit;
}

/* Write the tokens' strings in the order of their nodes; tokens: (n_tokens) builder nodes. */
static void
write_tokens(const Builder *builder, const uint32_t *tokens, uint32_t n_tokens,
			 Vocabulary *vocabulary)
{
	uint32_t *starts = (uint32_t *) vocabulary->token_starts;
	char *bytes = (char *) vocabulary->token_bytes;
	VocabularyNode *nodes = (VocabularyNode *) vocabulary->nodes;
	uint32_t position = 0;

	for (uint32_t i = 0; i < n_tokens; i++)
	{
		size_t length;
		const char *token = string_table_get(&builder->corpus->tokens, tokens[i], &length);
		uint32_t node = builder->nodes[tokens[i]].entry;
		uint64_t hash = hash_token(token, length);

		starts[i] = position;
		memcpy(bytes + position, token, length);
		position += length;
		nodes[node].prefix = (uint32_t) hash;
		nodes[node].last = i | VOCABULARY_TOKEN;
		vocabulary_insert(&vocabulary->tokens, hash, node);
	}
	starts[n_tokens] = position;
}

/* Bytes of the kept tokens. */
static uint64_t
count_token_bytes(const Builder *builder, const uint32_t *final_nodes, uint32_t n_nodes,
				  uint32_t *tokens)
{
	uint64_t total = 0;
	uint32_t n_tokens = 0;

	for (uint32_t i = 0; i < n_nodes; i++)
	{
		size_t length;

		if (final_nodes[i] >= builder->n_tokens)
			continue;
		string_table_get(&builder->corpus->tokens, final_nodes[i], &length);
		total += length;
		tokens[n_tokens++] = final_nodes[i];
	}
	return total;
}

/* Write a section's header, with empty tables and all else zero; gives the vocabulary in place. */
static void
write_frame(const VocabularyHeader *header, void *section, Vocabulary *vocabulary)
{
	memset(section, 0, vocabulary_section_size(header));
	memcpy(section, header, sizeof(*header));
	vocabulary_locate(section, vocabulary);
	memset((void *) vocabulary->tokens.buckets, 0xff,
		   (size_t) header->token_buckets * sizeof(VocabularyBucket));
	memset((void *) vocabulary->ngrams.buckets, 0xff,
		   (size_t) header->ngram_buckets * sizeof(VocabularyBucket));
}

/* Write the vocabulary; final_nodes: (n_nodes) builder nodes in their final order. */
static void
write_vocabulary(const Builder *builder, const uint8_t *states, const uint32_t *final_nodes,
				 const VocabularyHeader *header, const uint32_t *tokens, void *section)
{
	Vocabulary vocabulary;
	VocabularyNode *nodes;
	uint32_t n_features = 0;

	write_frame(header, section, &vocabulary);
	nodes = (VocabularyNode *) vocabulary.nodes;
	for (uint32_t i = 0; i < header->n_nodes; i++)
	{
		const BuilderNode *node = &builder->nodes[final_nodes[i]];

		nodes[i] = (VocabularyNode){NONE, 0, NONE, 0.0f};
		if (states[final_nodes[i]] == FEATURE)
		{
			((uint32_t *) vocabulary.document_frequency)[n_features] = node->document_frequency;
			nodes[i].feature = n_features++;
			nodes[i].idf = (float) vocabulary_idf(header->n_documents, node->document_frequency);
		}
		if (node->prefix != NONE)
		{
			nodes[i].prefix = builder->nodes[node->prefix].entry;
			nodes[i].last = builder->nodes[node->last].entry;
			vocabulary_insert(&vocabulary.ngrams, hash_pair(nodes[i].prefix, nodes[i].last), i);
		}
		if (i % INTERRUPT_INTERVAL == 0)
			host_check_interrupts();
	}
	write_tokens(builder, tokens, header->n_tokens, &vocabulary);
}

/* The feature of every node of the builder, NONE for those that are none: (n_nodes) */
static uint32_t *
list_features(const Builder *builder, const VocabularyNode *nodes)
{
	uint32_t *features = host_allocate_array(uint32_t, (size_t) builder->n_nodes + 1);

	for (uint32_t node = 0; node < builder->n_nodes; node++)
	{
		uint32_t final_node = builder->nodes[node].entry;

		features[node] = final_node == NONE ? NONE : nodes[final_node].feature;
	}
	return features;
}

/* Turn the rows' nodes into features in place, dropping those that are none. */
static void
translate_rows(Builder *builder, const uint32_t *features)
{
	uint64_t from = 0;
	uint64_t to = 0;

	for (uint32_t row = 0; row < builder->n_rows; row++)
	{
		uint64_t end = builder->row_starts[row + 1];

		for (; from < end; from++)
		{
			uint32_t feature = features[builder->entries[from]];

			if (from + PREFETCH_DISTANCE < builder->n_entries)
				__builtin_prefetch(&features[builder->entries[from + PREFETCH_DISTANCE]]);
			/* without a branch: whether a term stays is hard to predict */
			builder->entries[to] = feature;
			builder->counts[to] = builder->counts[from];
			to += feature != NONE;
		}
		builder->row_starts[row + 1] = to;
		if (row % 1024 == 0)
			host_check_interrupts();
	}
	builder->n_entries = to;
}

/* Free what a builder holds. */
static void
free_builder(Builder *builder)
{
	host_free(builder->row_starts);
	host_free(builder->entries);
	host_free(builder->counts);
	host_free(builder->nodes);
	builder->nodes = NULL;
}

bool
vocabulary_try_build(const Corpus *corpus, const CorpusDocument *documents, uint32_t n_documents,
					 const VocabularyOptions *options, ByteBuffer *section, TermCountMatrix *counts)
{
	Builder builder = {.corpus = corpus, .options = options};
	VocabularyHeader header = {.n_documents = n_documents,
							   .ngram_min = (uint32_t) options->ngram_min,
							   .ngram_max = (uint32_t) options->ngram_max};
	uint8_t *states;
	uint32_t *final_nodes;
	uint32_t *tokens;
	size_t section_start = section->length;

	if (n_documents == 0)
		host_error(HOST_ERROR_INSUFFICIENT_DATA, NULL, NULL, "there are no texts to learn from");
	count_documents(&builder, documents, n_documents);
	states = host_allocate_zero(builder.n_nodes + 1);
	header.n_features = choose_by_frequency(&builder, n_documents, states);
	if (header.n_features == 0)
	{
		host_free(states);
		free_builder(&builder);
		return false;
	}
	header.n_features = keep_most_frequent(&builder, states, header.n_features);
	mark_parts(&builder, states);
	header.n_nodes = number_nodes(&builder, states, &header.n_tokens);

	final_nodes = host_allocate_array(uint32_t, header.n_nodes);
	for (uint32_t node = 0; node < builder.n_nodes; node++)
	{
		if (builder.nodes[node].entry != NONE)
			final_nodes[builder.nodes[node].entry] = node;
	}
	tokens = host_allocate_array(uint32_t, (size_t) header.n_tokens + 1);
	header.token_bytes = count_token_bytes(&builder, final_nodes, header.n_nodes, tokens);
	header.token_buckets = vocabulary_buckets_for(header.n_tokens);
	header.ngram_buckets = vocabulary_buckets_for(header.n_nodes - header.n_tokens);
	image_check_size(section->length + vocabulary_section_size(&header));
	buffer_extend(section, vocabulary_section_size(&header));
	write_vocabulary(&builder, states, final_nodes, &header, tokens, section->data + section_start);
	host_free(states);
	host_free(final_nodes);
	host_free(tokens);

	if (counts != NULL)
	{
		Vocabulary vocabulary;
		uint32_t *features;

		vocabulary_locate(section->data + section_start, &vocabulary);
		features = list_features(&builder, vocabulary.nodes);
		host_free(builder.nodes);
		builder.nodes = NULL;
		translate_rows(&builder, features);
		host_free(features);
		*counts = (TermCountMatrix){n_documents, header.n_features, builder.row_starts,
									builder.entries, builder.counts};
	}
	else
		free_builder(&builder);
	host_free(builder.nodes);
	return true;
}

void
vocabulary_build(const Corpus *corpus, const CorpusDocument *documents, uint32_t n_documents,
				 const VocabularyOptions *options, ByteBuffer *section, TermCountMatrix *counts)
{
	if (!vocabulary_try_build(corpus, documents, n_documents, options, section, counts))
		host_error(HOST_ERROR_INSUFFICIENT_DATA,
				   "The texts may be too few, too short, or consist of stop words only.",
				   "Lower min_df, raise max_df, or choose stop_words \"none\".",
				   "no terms remain in %u texts", n_documents);
}

void
vocabulary_write_empty(const VocabularyOptions *options, uint32_t n_documents, ByteBuffer *section)
{
	VocabularyHeader header = {.n_documents = n_documents,
							   .ngram_min = (uint32_t) options->ngram_min,
							   .ngram_max = (uint32_t) options->ngram_max,
							   .token_buckets = vocabulary_buckets_for(0),
							   .ngram_buckets = vocabulary_buckets_for(0)};
	Vocabulary vocabulary;

	write_frame(&header, buffer_extend(section, vocabulary_section_size(&header)), &vocabulary);
}

void
term_count_matrix_free(TermCountMatrix *counts)
{
	host_free(counts->row_starts);
	host_free(counts->indices);
	host_free(counts->values);
	*counts = (TermCountMatrix){0};
}
