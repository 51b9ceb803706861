/*
 * vocabulary.c
 *	  The terms of a feature space, in place in an image, and the counting of a text's terms.
 */
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
	 .meaning = "Most tokens of a term",
	 .search_choices = SEARCH_VALUES("1", "2")},
	{.name = "min_df",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(VocabularyOptions, min_df),
	 .default_json = "2",
	 .minimum = 0,
	 .maximum = UINT32_MAX,
	 .meaning = "Fewest texts with a term: a number of texts from 1 on, a share of them below 1",
	 .search_choices = SEARCH_VALUES("1", "2", "5")},
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
	 .meaning = "Most terms, those that occur most often; 0 for all",
	 .search_choices = SEARCH_VALUES("0", "50000", "10000")},
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

uint32_t
vocabulary_buckets_for(uint32_t n_nodes)
{
	return n_nodes / (BUCKET_SIZE / 2) + 1;
}

void
vocabulary_insert(VocabularyTable *table, uint64_t hash, uint32_t node)
{
	uint32_t bucket_number = vocabulary_bucket(table, hash);

	for (;;)
	{
		VocabularyBucket *bucket = (VocabularyBucket *) &table->buckets[bucket_number];

		for (int i = 0; i < BUCKET_SIZE; i++)
		{
			if (bucket->nodes[i] == VOCABULARY_NONE)
			{
				bucket->tags[i] = (uint32_t) (hash >> 32);
				bucket->nodes[i] = node;
				return;
			}
		}
		bucket_number = bucket_number + 1 == table->n_buckets ? 0 : bucket_number + 1;
	}
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
	/* every number is below 2^32 and every element at most 64 bytes: no overflow in 64 bits */
	return align_part(sizeof(VocabularyHeader)) +
		   align_part((size_t) header->n_nodes * sizeof(VocabularyNode)) +
		   align_part((size_t) header->token_buckets * sizeof(VocabularyBucket)) +
		   align_part((size_t) header->ngram_buckets * sizeof(VocabularyBucket)) +
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
	vocabulary->nodes = (const VocabularyNode *) part;
	part += align_part((size_t) header->n_nodes * sizeof(VocabularyNode));
	vocabulary->tokens = (VocabularyTable){(const VocabularyBucket *) part, header->token_buckets};
	part += align_part((size_t) header->token_buckets * sizeof(VocabularyBucket));
	vocabulary->ngrams = (VocabularyTable){(const VocabularyBucket *) part, header->ngram_buckets};
	part += align_part((size_t) header->ngram_buckets * sizeof(VocabularyBucket));
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
	if (header->token_buckets == 0 || header->ngram_buckets == 0)
		image_invalid("A hash table has no places.");
	if (header->n_nodes >= VOCABULARY_MAX_NODES || header->n_tokens > header->n_nodes ||
		header->n_features > header->n_nodes || header->ngram_min < 1 ||
		header->ngram_min > header->ngram_max || header->ngram_max > MAX_NGRAM)
		image_invalid("Its vocabulary's sizes contradict each other.");
	if (vocabulary_section_size(header) != length)
		image_invalid("Its vocabulary's length is not the length that it states.");
}

/* The node of all tokens but the last; NONE for a single token. */
static inline uint32_t
node_prefix(const Vocabulary *vocabulary, uint32_t node)
{
	return vocabulary_node_is_token(&vocabulary->nodes[node]) ? VOCABULARY_NONE
															  : vocabulary->nodes[node].prefix;
}

/* Number of tokens of a term; links are checked already. */
static uint32_t
node_length(const Vocabulary *vocabulary, uint32_t node)
{
	uint32_t length = 1;

	while ((node = node_prefix(vocabulary, node)) != VOCABULARY_NONE)
		length++;
	return length;
}

/* Check the nodes: links point to earlier nodes of the right sort, features are numbered in order. */
static void
check_nodes(const Vocabulary *vocabulary)
{
	uint32_t n_features = 0;

	for (uint32_t i = 0; i < vocabulary->n_nodes; i++)
	{
		const VocabularyNode *node = &vocabulary->nodes[i];

		if (vocabulary_node_is_token(node))
		{
			if ((node->last & ~VOCABULARY_TOKEN) >= vocabulary->n_tokens)
				image_invalid("A token of its vocabulary is missing.");
		}
		else if (node->prefix >= i || node->last >= vocabulary->n_nodes ||
				 !vocabulary_node_is_token(&vocabulary->nodes[node->last]))
			image_invalid("A term of its vocabulary has no such part.");
		if (node_length(vocabulary, i) > vocabulary->ngram_max)
			image_invalid("A term of its vocabulary is too long.");
		if (!isfinite(node->idf))
			image_invalid("A weight of its vocabulary is not a number.");
		if (node->feature != VOCABULARY_NONE && node->feature != n_features++)
			image_invalid("Its features are not numbered in order.");
	}
	if (n_features != vocabulary->n_features)
		image_invalid("Its number of features is not the number that it states.");
}

/* Check a hash table: entries point to nodes of the right sort, and some bucket ends every probe. */
static void
check_table(const Vocabulary *vocabulary, const VocabularyTable *table, bool tokens)
{
	bool has_end = false;

	for (uint32_t i = 0; i < table->n_buckets; i++)
	{
		const VocabularyBucket *bucket = &table->buckets[i];

		for (int place = 0; place < BUCKET_SIZE; place++)
		{
			uint32_t node = bucket->nodes[place];

			if (node != VOCABULARY_NONE &&
				(node >= vocabulary->n_nodes ||
				 vocabulary_node_is_token(&vocabulary->nodes[node]) != tokens))
				image_invalid("A hash table points to no such term.");
		}
		has_end |= bucket->nodes[BUCKET_SIZE - 1] == VOCABULARY_NONE;
	}
	if (!has_end)
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
	check_table(vocabulary, &vocabulary->tokens, true);
	check_table(vocabulary, &vocabulary->ngrams, false);
	check_tokens(vocabulary, header->token_bytes);
}

void
vocabulary_append_term(const Vocabulary *vocabulary, uint32_t node, ByteBuffer *buffer)
{
	uint32_t tokens[MAX_NGRAM];
	uint32_t n_tokens = 0;

	while (!vocabulary_node_is_token(&vocabulary->nodes[node]))
	{
		tokens[n_tokens++] = vocabulary->nodes[node].last;
		node = vocabulary->nodes[node].prefix;
	}
	tokens[n_tokens++] = node;
	while (n_tokens-- > 0)
	{
		uint32_t token = vocabulary->nodes[tokens[n_tokens]].last & ~VOCABULARY_TOKEN;
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

/* What a node must be, for a lookup: a token by its hash, or an n-gram by its parts. */
typedef struct Lookup
{
	uint64_t hash;
	uint32_t prefix;
	uint32_t last;
	uint32_t position; /* of the last token in the batch */
	uint32_t candidate;
} Lookup;

/* Whether a node is what a lookup looks for; of a token's last field only the flag counts. */
static inline bool
is_match(const VocabularyNode *node, const Lookup *lookup, uint32_t last_mask)
{
	return node->prefix == lookup->prefix && (node->last & last_mask) == lookup->last;
}

/* Which of a bucket's tags are equal to one, as bits. */
static inline uint32_t
match_tags(const VocabularyBucket *bucket, uint32_t tag)
{
#ifdef __SSE2__
	__m128i wanted = _mm_set1_epi32((int) tag);
	__m128i low = _mm_loadu_si128((const __m128i *) bucket->tags);
	__m128i high = _mm_loadu_si128((const __m128i *) (bucket->tags + 4));

	return (uint32_t) _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(low, wanted))) |
		   (uint32_t) _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(high, wanted))) << 4;
#else
	uint32_t matches = 0;

	for (int i = 0; i < BUCKET_SIZE; i++)
		matches |= (uint32_t) (bucket->tags[i] == tag) << i;
	return matches;
#endif
}

/* Find a node with all care: every place with the tag, and the buckets behind full ones. */
static uint32_t
find_node(const Vocabulary *vocabulary, const VocabularyTable *table, const Lookup *lookup,
		  uint32_t last_mask)
{
	uint32_t bucket_number = vocabulary_bucket(table, lookup->hash);

	for (;;)
	{
		const VocabularyBucket *bucket = &table->buckets[bucket_number];
		uint32_t matches = match_tags(bucket, (uint32_t) (lookup->hash >> 32));

		for (; matches != 0; matches &= matches - 1)
		{
			uint32_t node = bucket->nodes[__builtin_ctz(matches)];

			if (node != VOCABULARY_NONE && is_match(&vocabulary->nodes[node], lookup, last_mask))
				return node;
		}
		if (bucket->nodes[BUCKET_SIZE - 1] == VOCABULARY_NONE)
			return VOCABULARY_NONE;
		bucket_number = bucket_number + 1 == table->n_buckets ? 0 : bucket_number + 1;
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
	host_free(counts->slots);
	host_free(counts->map);
	host_free(counts);
}

/* Where a feature's position is kept in the map, or the free place for it. */
static inline uint32_t
map_place(const TermCounts *counts, uint32_t feature)
{
	uint32_t i = (feature * UINT32_C(0x9e3779b1)) >> 7 & counts->map_mask;

	while (counts->map[i].position != VOCABULARY_NONE && counts->map[i].feature != feature)
		i = (i + 1) & counts->map_mask;
	return i;
}

/* Make room for that many terms; the map is made anew. */
static void
grow_counts(TermCounts *counts, uint32_t needed)
{
	uint32_t capacity = counts->capacity == 0 ? 512 : counts->capacity;
	size_t n_slots;

	while (capacity < needed)
		capacity *= 2;
	n_slots = (size_t) capacity * 4;
	if (counts->capacity == 0)
	{
		counts->features = host_allocate_array(uint32_t, capacity);
		counts->counts = host_allocate_array(float, capacity);
		counts->idfs = host_allocate_array(float, capacity);
		counts->slots = host_allocate_array(uint32_t, capacity);
	}
	else
	{
		counts->features = host_reallocate_array(counts->features, uint32_t, capacity);
		counts->counts = host_reallocate_array(counts->counts, float, capacity);
		counts->idfs = host_reallocate_array(counts->idfs, float, capacity);
		counts->slots = host_reallocate_array(counts->slots, uint32_t, capacity);
		host_free(counts->map);
		counts->map = NULL;
	}
	counts->map = host_allocate_array(CountSlot, n_slots);
	memset(counts->map, 0xff, n_slots * sizeof(CountSlot));
	counts->map_mask = (uint32_t) (n_slots - 1);
	for (uint32_t i = 0; i < counts->n_terms; i++)
	{
		counts->slots[i] = map_place(counts, counts->features[i]);
		counts->map[counts->slots[i]] = (CountSlot){counts->features[i], i};
	}
	counts->capacity = capacity;
}

/* Empty the scratch object. */
static void
clear_counts(TermCounts *counts)
{
	for (uint32_t i = 0; i < counts->n_terms; i++)
		counts->map[counts->slots[i]].position = VOCABULARY_NONE;
	counts->n_terms = 0;
	counts->n_tokens = 0;
	counts->n_unknown = 0;
}

/*
 * Count one occurrence of a feature; there must be room for one more. Written without a branch for
 * whether it is new, which would be mispredicted often.
 */
static inline void
count_feature(const VocabularyNode *node, TermCounts *counts)
{
	uint32_t place = map_place(counts, node->feature);
	uint32_t n_terms = counts->n_terms;
	uint32_t known = counts->map[place].position;
	bool is_new = known == VOCABULARY_NONE;
	uint32_t position = is_new ? n_terms : known;

	counts->counts[n_terms] = 0.0f;
	counts->features[position] = node->feature;
	counts->idfs[position] = node->idf;
	counts->slots[position] = place;
	counts->counts[position] += 1.0f;
	counts->map[place] = (CountSlot){node->feature, position};
	counts->n_terms = n_terms + is_new;
}

/* Nodes of a batch's n-grams of one length, by the position of their last token + 1. */
typedef struct LevelNodes
{
	uint32_t nodes[TOKEN_BATCH_SIZE + 1]; /* [0]: the last one of the batch before */
} LevelNodes;

/*
 * Look terms up and count them. Lookups wait for memory, so they go in steps: the caller has asked for
 * the buckets; they are read, and the nodes that they name are asked for; then these are read.
 * Answers how many were found.
 */
static uint32_t
find_and_count(const Vocabulary *vocabulary, const VocabularyTable *table, uint32_t last_mask,
			   Lookup *lookups, uint32_t n_lookups, LevelNodes *level, TermCounts *counts)
{
	uint32_t n_candidates = 0;
	uint32_t n_found = 0;

	for (uint32_t i = 0; i < n_lookups; i++)
	{
		const VocabularyBucket *bucket = &table->buckets[vocabulary_bucket(table, lookups[i].hash)];
		uint32_t matches = match_tags(bucket, (uint32_t) (lookups[i].hash >> 32));
		uint32_t node = bucket->nodes[__builtin_ctz(matches | 1u << (BUCKET_SIZE - 1))];

		/* what has no match is a candidate still if the bucket is full: the last node stands for it */
		level->nodes[lookups[i].position + 1] = VOCABULARY_NONE;
		lookups[n_candidates] = lookups[i];
		lookups[n_candidates].candidate = node;
		__builtin_prefetch(&vocabulary->nodes[node]);
		n_candidates += node != VOCABULARY_NONE;
	}
	if (counts->capacity - counts->n_terms <= n_candidates)
		grow_counts(counts, counts->n_terms + n_candidates + 1);
	for (uint32_t i = 0; i < n_candidates; i++)
	{
		const Lookup *lookup = &lookups[i];
		uint32_t node = lookup->candidate;

		if (!is_match(&vocabulary->nodes[node], lookup, last_mask))
		{
			node = find_node(vocabulary, table, lookup, last_mask);
			if (node == VOCABULARY_NONE)
				continue;
		}
		level->nodes[lookup->position + 1] = node;
		n_found++;
		if (vocabulary->nodes[node].feature != VOCABULARY_NONE)
			count_feature(&vocabulary->nodes[node], counts);
	}
	return n_found;
}

/* Look up tokens by their hashes. */
static void
count_tokens(const Vocabulary *vocabulary, const uint64_t *hashes, uint32_t count, Lookup *lookups,
			 LevelNodes *tokens, TermCounts *counts)
{
	for (uint32_t i = 0; i < count; i++)
	{
		uint64_t hash = hashes[i];

		__builtin_prefetch(
			&vocabulary->tokens.buckets[vocabulary_bucket(&vocabulary->tokens, hash)]);
		lookups[i] = (Lookup){hash, (uint32_t) hash, VOCABULARY_TOKEN, i, 0};
	}
	counts->n_tokens += count;
	counts->n_unknown += count - find_and_count(vocabulary, &vocabulary->tokens, VOCABULARY_TOKEN,
												lookups, count, tokens, counts);
}

/* Look up the n-grams that extend those of prefixes by one token. */
static void
count_ngrams(const Vocabulary *vocabulary, uint32_t count, const LevelNodes *prefixes,
			 const LevelNodes *tokens, Lookup *lookups, LevelNodes *ngrams, TermCounts *counts)
{
	uint32_t n_lookups = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t prefix = prefixes->nodes[i];
		uint32_t last = tokens->nodes[i + 1];
		uint64_t hash = hash_pair(prefix, last);

		ngrams->nodes[i + 1] = VOCABULARY_NONE;
		__builtin_prefetch(
			&vocabulary->ngrams.buckets[vocabulary_bucket(&vocabulary->ngrams, hash)]);
		lookups[n_lookups] = (Lookup){hash, prefix, last, i, 0};
		n_lookups += (prefix != VOCABULARY_NONE) & (last != VOCABULARY_NONE);
	}
	(void) find_and_count(vocabulary, &vocabulary->ngrams, UINT32_MAX, lookups, n_lookups, ngrams,
						  counts);
}

/* Begin a text: no term is counted, and no token lies before the first one. */
static void
begin_count(const Vocabulary *vocabulary, LevelNodes *levels, TermCounts *counts)
{
	if (counts->capacity == 0)
		grow_counts(counts, 1);
	clear_counts(counts);
	for (uint32_t level = 0; level < vocabulary->ngram_max; level++)
		levels[level].nodes[0] = VOCABULARY_NONE;
}

/* Count the terms that end in the next tokens of a text, TOKEN_BATCH_SIZE at most. */
static void
count_batch(const Vocabulary *vocabulary, const uint64_t *hashes, uint32_t count,
			LevelNodes *levels, TermCounts *counts)
{
	Lookup lookups[TOKEN_BATCH_SIZE];

	count_tokens(vocabulary, hashes, count, lookups, &levels[0], counts);
	for (uint32_t level = 1; level < vocabulary->ngram_max; level++)
		count_ngrams(vocabulary, count, &levels[level - 1], &levels[0], lookups, &levels[level],
					 counts);
	for (uint32_t level = 0; level < vocabulary->ngram_max; level++)
		levels[level].nodes[0] = levels[level].nodes[count];
}

void
vocabulary_count(const Vocabulary *vocabulary, Tokenizer *tokenizer, const char *text,
				 size_t length, TermCounts *counts)
{
	LevelNodes levels[MAX_NGRAM];
	const TokenBatch *batch;

	begin_count(vocabulary, levels, counts);
	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
		count_batch(vocabulary, batch->hashes, batch->count, levels, counts);
}

void
vocabulary_count_hashes(const Vocabulary *vocabulary, const uint64_t *hashes, uint64_t n_hashes,
						TermCounts *counts)
{
	LevelNodes levels[MAX_NGRAM];

	begin_count(vocabulary, levels, counts);
	for (uint64_t i = 0; i < n_hashes; i += TOKEN_BATCH_SIZE)
	{
		uint64_t left = n_hashes - i;

		count_batch(vocabulary, hashes + i,
					left < TOKEN_BATCH_SIZE ? (uint32_t) left : TOKEN_BATCH_SIZE, levels, counts);
	}
}
