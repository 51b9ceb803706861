/*
 * urls.c
 *	  Web addresses out of a text.
 */
#include <stdint.h>
#include <string.h>

#include "core/host.h"
#include "core/text/ascii.h"
#include "core/text/characters.h"
#include "core/text/urls.h"
#include "core/text/utf8.h"

static bool
is_ascii_word(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '_';
}

/* Does "www." at a position begin an address? */
static bool
is_www(const char *text, size_t length, size_t position)
{
	return ascii_begins_with(text + position, length - position, "www.") && length - position > 4 &&
		   (is_ascii_word(text[position + 4]) || (text[position + 4] & 0x80) != 0) &&
		   (position == 0 || !is_ascii_word(text[position - 1]));
}

/* Does an address begin at a position? */
static bool
is_url_start(const char *text, size_t length, size_t position)
{
	switch (text[position] | 0x20)
	{
		case 'h':
			return ascii_begins_with(text + position, length - position, "http://") ||
				   ascii_begins_with(text + position, length - position, "https://");
		case 'f':
			return ascii_begins_with(text + position, length - position, "ftp://");
		case 'w':
			return is_www(text, length, position);
		default:
			return false;
	}
}

/* The position of the next address in the text, or its length. */
static size_t
find_url(const char *text, size_t length, size_t position)
{
	size_t next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;

	while (position < length && !is_url_start(text, length, position))
	{
		position++;
		if (position == next_interrupt_check)
		{
			next_interrupt_check += TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return position;
}

/* The position behind the address that begins at a position. */
static size_t
find_url_end(const char *text, size_t length, size_t position)
{
	size_t next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;

	while (position < length)
	{
		uint32_t code_point;
		unsigned size = utf8_decode_at(text, length, position, &code_point);

		if (code_point == '<' || code_point == '>' || code_point == '"' ||
			character_sort(character_class(code_point)) == SORT_SPACE)
			break;
		position += size;
		if (position >= next_interrupt_check)
		{
			next_interrupt_check += TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return position;
}

/* Is there an address in the text? */
bool
url_is_present(const char *text, size_t length)
{
	return find_url(text, length, 0) < length;
}

/* Write the text without addresses to destination. */
size_t
url_strip(const char *text, size_t length, char *destination)
{
	char *target = destination;
	size_t position = 0;

	while (position < length)
	{
		size_t start = find_url(text, length, position);

		memmove(target, text + position, start - position);
		target += start - position;
		position = start;
		if (start < length)
		{
			position = find_url_end(text, length, start);
			*target++ = ' ';
		}
	}
	return (size_t) (target - destination);
}
