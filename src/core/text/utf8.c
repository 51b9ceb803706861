/*
 * utf8.c
 *	  Encoding and checking UTF-8.
 */
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "core/text/utf8.h"

/* Write a valid code point and answer its length. */
unsigned
utf8_encode(uint32_t code_point, char *destination)
{
	unsigned length = utf8_encoded_length(code_point);

	if (length == 1)
	{
		destination[0] = (char) code_point;
		return 1;
	}
	for (unsigned i = length - 1; i > 0; i--)
	{
		destination[i] = (char) (0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	/* The first byte has as many leading one bits as the character has bytes. */
	destination[0] = (char) ((0xf00u >> length) | code_point);
	return length;
}

/* The number of bytes from position on that are ASCII, in steps of eight; may stop too early. */
static size_t
ascii_prefix(const char *text, size_t length)
{
	size_t position = 0;

	while (length - position >= 8)
	{
		uint64_t word;

		memcpy(&word, text + position, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
		position += 8;
	}
	return position;
}

/* Raise an error unless the bytes are valid UTF-8 to at least limit; answer where that ended. */
static size_t
check_part(const char *text, size_t length, size_t position, size_t limit)
{
	while (position < limit)
	{
		uint32_t code_point;

		position += ascii_prefix(text + position, limit - position);
		if (position < limit)
			position += utf8_decode_at(text, length, position, &code_point);
	}
	return position;
}

/* Raise HOST_ERROR_INVALID_TEXT unless all bytes are valid. */
void
utf8_check(const char *text, size_t length)
{
	size_t position = 0;

	while (position < length)
	{
		size_t remaining = length - position;

		if (remaining > TEXT_INTERRUPT_DISTANCE)
			remaining = TEXT_INTERRUPT_DISTANCE;
		position = check_part(text, length, position, position + remaining);
		host_check_interrupts();
	}
}

/* Raise HOST_ERROR_INVALID_TEXT for the byte at a position of a text. */
void
utf8_raise_invalid(const char *text, size_t position)
{
	char detail[128];

	snprintf(detail, sizeof(detail), "The byte 0x%02x at position %zu starts no valid character.",
			 (unsigned char) text[position], position + 1);
	host_error(HOST_ERROR_INVALID_TEXT, detail, "Convert the text to UTF-8.",
			   "text is not valid UTF-8");
}
