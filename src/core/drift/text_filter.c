/*
 * text_filter.c
 *	  Which texts a model has learned from, by their hashes.
 *
 * A hash tells the block and, mixed once more, six bits of its 512.
 */
#include "core/drift/text_filter.h"
#include "core/hash.h"
#include "core/host.h"

#define BITS_PER_TEXT 6

size_t
text_filter_size(size_t n_texts)
{
	size_t n_blocks = n_texts / (TEXT_FILTER_BLOCK * 8 / TEXT_FILTER_BITS) + 1;
	size_t most = MAX_TEXT_FILTER_SIZE / TEXT_FILTER_BLOCK;

	return (n_blocks < most ? n_blocks : most) * TEXT_FILTER_BLOCK;
}

/* The block of a hash. */
static size_t
block_of(size_t size, uint64_t hash)
{
	uint64_t n_blocks = size / TEXT_FILTER_BLOCK;

	return (size_t) (((unsigned __int128) hash * n_blocks) >> 64) * TEXT_FILTER_BLOCK;
}

void
text_filter_add_corpus(unsigned char *filter, size_t size, const Corpus *corpus)
{
	for (uint32_t i = 0; i < corpus->n_documents; i++)
	{
		uint64_t hash = corpus->documents[i].hash;
		unsigned char *block = filter + block_of(size, hash);
		uint64_t bits = hash_mix(hash);

		for (int j = 0; j < BITS_PER_TEXT; j++, bits >>= 9)
			block[(bits & 511) >> 3] |= (unsigned char) (1 << (bits & 7));
		if (i % 4096 == 0)
			host_check_interrupts();
	}
}

bool
text_filter_has(const unsigned char *filter, size_t size, uint64_t hash)
{
	const unsigned char *block;
	uint64_t bits = hash_mix(hash);

	if (size < TEXT_FILTER_BLOCK)
		return false;
	block = filter + block_of(size, hash);
	for (int j = 0; j < BITS_PER_TEXT; j++, bits >>= 9)
	{
		if ((block[(bits & 511) >> 3] & (1 << (bits & 7))) == 0)
			return false;
	}
	return true;
}
