/*
 * hash.h
 *	  Hash functions whose results are stored in images or decide a split.
 *
 * They are part of the stored format: the same bytes give the same hash on every machine and in
 * every release.
 */
#ifndef SENTIMENT_HASH_H
#define SENTIMENT_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Mix the bits of a 64-bit word (the finalizer of splitmix64, Steele et al. 2014). */
static inline uint64_t
hash_mix(uint64_t word)
{
	word ^= word >> 30;
	word *= UINT64_C(0xbf58476d1ce4e5b9);
	word ^= word >> 27;
	word *= UINT64_C(0x94d049bb133111eb);
	word ^= word >> 31;
	return word;
}

/* Fold a 64 x 64 -> 128 bit product to 64 bits. */
static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

/* Load the first length (< 8) bytes, little-endian, missing bytes zero. */
static inline uint64_t
hash_load_partial(const char *bytes, size_t length)
{
	uint64_t word = 0;

	if (length & 4)
	{
		uint32_t part;

		memcpy(&part, bytes, 4);
		word = part;
		bytes += 4;
	}
	if (length & 2)
	{
		uint16_t part;

		memcpy(&part, bytes, 2);
		word |= (uint64_t) part << (length & 4 ? 32 : 0);
		bytes += 2;
	}
	if (length & 1)
		word |= (uint64_t) (unsigned char) *bytes << ((length & 6) * 8);
	return word;
}

/* Hash of a token's bytes: eight at a time, one multiplication each; most words take one. */
static inline uint64_t
hash_token(const char *bytes, size_t length)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ length;

	while (length >= 8)
	{
		uint64_t word;

		memcpy(&word, bytes, 8);
		hash = hash_fold(hash ^ word, UINT64_C(0xa0761d6478bd642f));
		bytes += 8;
		length -= 8;
	}
	hash ^= hash_load_partial(bytes, length);
	return hash_fold(hash, UINT64_C(0xe7037ed1a0b428db));
}

/*
 * The same hash, without a branch for most words. Sixteen bytes may be read from bytes on, whatever
 * they hold behind the token.
 */
static inline uint64_t
hash_token_padded(const char *bytes, size_t length)
{
	uint64_t words[2];
	uint64_t start = UINT64_C(0x9e3779b97f4a7c15) ^ length;
	uint64_t second;
	uint64_t last;

	if (__builtin_expect(length >= 16, 0))
		return hash_token(bytes, length);
	memcpy(words, bytes, 16);
	second = hash_fold(start ^ words[0], UINT64_C(0xa0761d6478bd642f));
	last = length < 8 ? words[0] : words[1];
	start = length < 8 ? start : second;
	last &= (UINT64_C(1) << (length & 7) * 8) - 1;
	return hash_fold(start ^ last, UINT64_C(0xe7037ed1a0b428db));
}

/* Hash of a pair of node ids: an n-gram's prefix and its last token. */
static inline uint64_t
hash_pair(uint32_t prefix, uint32_t last)
{
	return hash_fold((((uint64_t) prefix << 32) | last) ^ UINT64_C(0x8ebc6af09c88c6e3),
					 UINT64_C(0x589965cc75374cc3));
}

/* Hash of a whole text or image (XXH3, 64 bits). */
extern uint64_t hash_content(const void *bytes, size_t length);

#endif /* SENTIMENT_HASH_H */
