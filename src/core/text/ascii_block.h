/*
 * ascii_block.h
 *	  Sixty-four bytes of text at once: which are word characters, and their lower-case form.
 *
 * Two versions of one function: for SSE2, which every x86-64 has, and for any processor. Bit i of a
 * mask stands for byte i.
 */
#ifndef SENTIMENT_ASCII_BLOCK_H
#define SENTIMENT_ASCII_BLOCK_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ASCII_BLOCK_SIZE 64

/* In which bit the cases of a letter differ. */
#define ASCII_CASE_BIT 0x20

typedef struct AsciiBlock
{
	uint64_t words;     /* letters, digits and underscores */
	uint64_t non_ascii; /* bytes >= 0x80 */
} AsciiBlock;

/* A 64-bit word of eight equal bytes. */
#define EIGHT_BYTES(byte) (UINT64_C(0x0101010101010101) * (uint8_t) (byte))

/* The high bits of eight bytes, none of which is above 0x7f, that are at least minimum. */
static inline uint64_t
eight_at_least(uint64_t bytes, uint8_t minimum)
{
	return (bytes + EIGHT_BYTES(0x80 - minimum)) & EIGHT_BYTES(0x80);
}

/* The high bits of eight bytes as an eight-bit mask. */
static inline uint64_t
eight_mask(uint64_t high_bits)
{
	return ((high_bits >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

/* ascii_block_classify for any little-endian processor, eight bytes at a time. */
static inline AsciiBlock
ascii_block_classify_portable(const char *source, char *destination, uint8_t case_bit)
{
	AsciiBlock block = {0, 0};

	for (unsigned i = 0; i < ASCII_BLOCK_SIZE; i += 8)
	{
		uint64_t bytes;
		uint64_t low;
		uint64_t folded;
		uint64_t ascii;
		uint64_t letters;
		uint64_t digits;
		uint64_t underscores;

		memcpy(&bytes, source + i, 8);
		ascii = ~bytes & EIGHT_BYTES(0x80);
		low = bytes & EIGHT_BYTES(0x7f);
		folded = low | EIGHT_BYTES(ASCII_CASE_BIT);
		letters = eight_at_least(folded, 'a') & ~eight_at_least(folded, 'z' + 1) & ascii;
		digits = eight_at_least(low, '0') & ~eight_at_least(low, '9' + 1) & ascii;
		underscores = ~eight_at_least(low ^ EIGHT_BYTES('_'), 1) & ascii;
		bytes |= (letters >> 2) & EIGHT_BYTES(case_bit);
		memcpy(destination + i, &bytes, 8);
		block.words |= eight_mask(letters | digits | underscores) << i;
		block.non_ascii |= eight_mask(ascii ^ EIGHT_BYTES(0x80)) << i;
	}
	return block;
}

#ifdef __SSE2__

/* Which of sixteen bytes are from first to last? Both are ASCII. */
static inline __m128i
sixteen_between(__m128i bytes, char first, char last)
{
	/* SSE2 compares signed bytes only: move first to the smallest one. */
	__m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char) (0x80 - first)));

	return _mm_cmplt_epi8(moved, _mm_set1_epi8((char) (0x80 + last - first + 1)));
}

/* ascii_block_classify for SSE2, sixteen bytes at a time. */
static inline AsciiBlock
ascii_block_classify_sse2(const char *source, char *destination, uint8_t case_bit)
{
	AsciiBlock block = {0, 0};
	__m128i case_bits = _mm_set1_epi8((char) case_bit);

	for (unsigned i = 0; i < ASCII_BLOCK_SIZE; i += 16)
	{
		__m128i bytes = _mm_loadu_si128((const __m128i *) (source + i));
		__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(ASCII_CASE_BIT));
		__m128i letters = sixteen_between(folded, 'a', 'z');
		__m128i digits = sixteen_between(bytes, '0', '9');
		__m128i underscores = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
		__m128i words = _mm_or_si128(_mm_or_si128(letters, digits), underscores);
		__m128i lowered = _mm_or_si128(bytes, _mm_and_si128(letters, case_bits));

		_mm_storeu_si128((__m128i *) (destination + i), lowered);
		block.words |= (uint64_t) (uint16_t) _mm_movemask_epi8(words) << i;
		block.non_ascii |= (uint64_t) (uint16_t) _mm_movemask_epi8(bytes) << i;
	}
	return block;
}

#endif

/*
 * Classify 64 bytes and copy them. Letters get case_bit set: ASCII_CASE_BIT for lower case, 0 to keep
 * their case.
 */
static inline AsciiBlock
ascii_block_classify(const char *source, char *destination, uint8_t case_bit)
{
#ifdef __SSE2__
	return ascii_block_classify_sse2(source, destination, case_bit);
#else
	return ascii_block_classify_portable(source, destination, case_bit);
#endif
}

#endif /* SENTIMENT_ASCII_BLOCK_H */
