/*
 * utf8.h
 *	  Decoding, encoding and checking UTF-8 (RFC 3629: no overlong forms, no surrogates).
 */
#ifndef SENTIMENT_UTF8_H
#define SENTIMENT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX_LENGTH 4

/* After so many bytes of a text, code that walks it checks for interrupts. */
#define TEXT_INTERRUPT_DISTANCE 65536

/* Is this the second or a later byte of a character? */
static inline bool
utf8_is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * Decode the character at text, of which available (> 0) bytes may be read. Answers its length in
 * bytes, or 0 if the bytes are no valid UTF-8.
 */
static inline unsigned
utf8_decode(const char *text, size_t available, uint32_t *code_point)
{
	const unsigned char *bytes = (const unsigned char *) text;
	uint32_t first = bytes[0];

	if (first < 0x80)
	{
		*code_point = first;
		return 1;
	}
	if (first >= 0xe0 && first < 0xf0)
	{
		uint32_t code;

		if (available < 3 || !utf8_is_continuation(bytes[1]) || !utf8_is_continuation(bytes[2]))
			return 0;
		code = (first & 0x0f) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
		*code_point = code;
		return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 0 : 3;
	}
	if (first < 0xe0)
	{
		if (first < 0xc2 || available < 2 || !utf8_is_continuation(bytes[1]))
			return 0;
		*code_point = (first & 0x1f) << 6 | (bytes[1] & 0x3fu);
		return 2;
	}
	if (first < 0xf5 && available >= 4 && utf8_is_continuation(bytes[1]) &&
		utf8_is_continuation(bytes[2]) && utf8_is_continuation(bytes[3]))
	{
		uint32_t code = (first & 0x07) << 18 | (bytes[1] & 0x3fu) << 12 | (bytes[2] & 0x3fu) << 6 |
						(bytes[3] & 0x3fu);

		*code_point = code;
		return code < 0x10000 || code > 0x10ffff ? 0 : 4;
	}
	return 0;
}

/* Bytes that a code point takes. */
static inline unsigned
utf8_encoded_length(uint32_t code_point)
{
	return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

/* Are all bytes valid? For short strings: does not check for interrupts. */
static inline bool
utf8_is_valid(const char *text, size_t length)
{
	size_t position = 0;
	uint32_t code_point;

	while (position < length)
	{
		unsigned size = utf8_decode(text + position, length - position, &code_point);

		if (size == 0)
			return false;
		position += size;
	}
	return true;
}

/* Write a valid code point (up to UTF8_MAX_LENGTH bytes) and answer its length. */
extern unsigned utf8_encode(uint32_t code_point, char *destination);

/* Raise HOST_ERROR_INVALID_TEXT unless all bytes are valid. Checks for interrupts. */
extern void utf8_check(const char *text, size_t length);

/* Raise HOST_ERROR_INVALID_TEXT for the byte at a position of a text. */
extern void utf8_raise_invalid(const char *text, size_t position) __attribute__((noreturn));

/* Decode the character at a position (< length) of a text; invalid bytes raise an error. */
static inline unsigned
utf8_decode_at(const char *text, size_t length, size_t position, uint32_t *code_point)
{
	unsigned size = utf8_decode(text + position, length - position, code_point);

	if (__builtin_expect(size == 0, 0))
		utf8_raise_invalid(text, position);
	return size;
}

/* Where the character before a position (> 0) starts, in text already known to be valid. */
static inline size_t
utf8_previous(const char *text, size_t position)
{
	do
		position--;
	while (utf8_is_continuation((unsigned char) text[position]));
	return position;
}

#endif /* SENTIMENT_UTF8_H */
