/*
 * shingles.c
 *	  How much two texts have in common: sets of shingles, and sketches of them.
 */
#include <string.h>

#include "core/hash.h"
#include "core/validation/shingles.h"

/* A sketch is made in rounds, each with a hash function of its own that spreads shingles over bins. */
#define SKETCH_BIN_BITS 4
#define SKETCH_BINS     (1u << SKETCH_BIN_BITS)
#define SKETCH_ROUNDS   (SKETCH_SIZE / SKETCH_BINS)

Tokenizer *
shingles_tokenizer(void)
{
	TokenizerOptions options;
	ParameterGroup group = {tokenizer_parameters, n_tokenizer_parameters, &options};

	parameters_set_defaults(&group);
	/* every word counts: "I" and "a" too */
	options.token_min_length = 1;
	options.lowercase = true;
	options.stop_words = 0;
	options.stemmer = 0;
	return tokenizer_create(&options);
}

/* The hash of two hashes in their order. */
static inline uint64_t
ordered_hash(uint64_t first, uint64_t second)
{
	return hash_fold(first ^ UINT64_C(0x8ebc6af09c88c6e3), second ^ UINT64_C(0xe7037ed1a0b428db));
}

/* Add a shingle. */
static inline void
add_shingle(Shingles *shingles, uint64_t hash)
{
	if (shingles->n_shingles == 0 || hash < shingles->smallest)
		shingles->smallest = hash;
	shingles->hashes[shingles->n_shingles++] = hash;
}

void
shingles_find(Tokenizer *tokenizer, const char *text, size_t length, Shingles *shingles)
{
	uint64_t last = 0;      /* word */
	uint64_t last_pair = 0; /* of words */
	uint32_t n_words = 0;
	const TokenBatch *batch;

	shingles->n_shingles = 0;
	shingles->smallest = 0;
	tokenizer_begin(tokenizer, text, length);
	while (shingles->n_shingles < MAX_SHINGLES && (batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t i = 0; i < batch->count && shingles->n_shingles < MAX_SHINGLES; i++)
		{
			uint64_t word = batch->hashes[i];

			if (++n_words >= SHINGLE_WORDS)
				add_shingle(shingles, ordered_hash(last_pair, word));
			last_pair = ordered_hash(last, word);
			last = word;
		}
	}
	if (n_words > 0 && n_words < SHINGLE_WORDS)
		add_shingle(shingles, last_pair);
}

/* The bin that lends an empty one its byte: the first full one in an order that all texts share. */
static unsigned
lending_bin(const uint64_t *smallest, unsigned round, unsigned bin)
{
	uint64_t state = ((uint64_t) round << 32 | bin) + 1;
	unsigned lender;

	do
	{
		state += UINT64_C(0x9e3779b97f4a7c15);
		lender = (unsigned) (hash_mix(state) >> (64 - SKETCH_BIN_BITS));
	} while (smallest[lender] == UINT64_MAX);
	return lender;
}

/* The smallest hash of each bin, by each of the hash functions. smallest: [SKETCH_ROUNDS][SKETCH_BINS] */
static void
find_smallest(const Shingles *shingles, uint64_t smallest[SKETCH_ROUNDS][SKETCH_BINS])
{
	uint64_t seeds[SKETCH_ROUNDS];

	for (unsigned round = 0; round < SKETCH_ROUNDS; round++)
		seeds[round] = hash_mix((round + 1) * UINT64_C(0x9e3779b97f4a7c15));
	memset(smallest, 0xff, SKETCH_ROUNDS * SKETCH_BINS * sizeof(uint64_t));
	for (uint32_t i = 0; i < shingles->n_shingles; i++)
	{
		/* without a branch: which hash is the smallest cannot be foretold */
		for (unsigned round = 0; round < SKETCH_ROUNDS; round++)
		{
			uint64_t hash =
				hash_fold(shingles->hashes[i] ^ seeds[round], UINT64_C(0xe7037ed1a0b428db));
			uint64_t *bin = &smallest[round][hash >> (64 - SKETCH_BIN_BITS)];

			/* all ones stand for an empty bin */
			hash -= hash == UINT64_MAX;
			*bin = hash < *bin ? hash : *bin;
		}
	}
}

void
shingles_sketch(const Shingles *shingles, uint8_t *sketch)
{
	uint64_t smallest[SKETCH_ROUNDS][SKETCH_BINS];

	find_smallest(shingles, smallest);
	for (unsigned round = 0; round < SKETCH_ROUNDS; round++)
	{
		for (unsigned bin = 0; bin < SKETCH_BINS; bin++)
		{
			unsigned from =
				smallest[round][bin] == UINT64_MAX ? lending_bin(smallest[round], round, bin) : bin;

			sketch[round * SKETCH_BINS + bin] = (uint8_t) smallest[round][from];
		}
	}
}

double
sketch_similarity(const uint8_t *first, const uint8_t *second)
{
	unsigned n_equal = 0;

	for (unsigned j = 0; j < SKETCH_SIZE; j++)
		n_equal += first[j] == second[j];
	return (double) n_equal / SKETCH_SIZE;
}
