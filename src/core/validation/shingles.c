/*
 * shingles.c
 *	  How much two texts have in common: sets of shingles, and sketches of them.
 */
#include <string.h>

#include "core/hash.h"
#include "core/validation/shingles.h"

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

/* The hash of words in their order. words: (SHINGLE_WORDS), 0 for none */
static uint64_t
shingle_hash(const uint64_t *words)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned i = 0; i < SHINGLE_WORDS; i++)
		hash = hash_mix(hash ^ words[i]) * UINT64_C(0xa0761d6478bd642f);
	return hash_mix(hash);
}

/* Add a shingle. */
static void
add_shingle(Shingles *shingles, const uint64_t *words)
{
	uint64_t hash = shingle_hash(words);

	if (shingles->n_shingles == 0 || hash < shingles->smallest)
		shingles->smallest = hash;
	shingles->hashes[shingles->n_shingles++] = hash;
}

void
shingles_find(Tokenizer *tokenizer, const char *text, size_t length, Shingles *shingles)
{
	uint64_t words[SHINGLE_WORDS] = {0};
	uint32_t n_words = 0;
	const TokenBatch *batch;

	shingles->n_shingles = 0;
	shingles->smallest = 0;
	tokenizer_begin(tokenizer, text, length);
	while (shingles->n_shingles < MAX_SHINGLES && (batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t i = 0; i < batch->count && shingles->n_shingles < MAX_SHINGLES; i++)
		{
			memmove(words, words + 1, sizeof(words) - sizeof(words[0]));
			words[SHINGLE_WORDS - 1] = batch->hashes[i];
			if (++n_words >= SHINGLE_WORDS)
				add_shingle(shingles, words);
		}
	}
	if (n_words > 0 && n_words < SHINGLE_WORDS)
		add_shingle(shingles, words);
}

void
shingles_sketch(const Shingles *shingles, uint8_t *sketch)
{
	for (uint32_t j = 0; j < SKETCH_SIZE; j++)
	{
		uint64_t seed = hash_mix((j + 1) * UINT64_C(0x9e3779b97f4a7c15));
		uint64_t smallest = UINT64_MAX;

		for (uint32_t i = 0; i < shingles->n_shingles; i++)
		{
			uint64_t hash = hash_fold(shingles->hashes[i] ^ seed, UINT64_C(0xe7037ed1a0b428db));

			smallest = hash < smallest ? hash : smallest;
		}
		sketch[j] = (uint8_t) smallest;
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
