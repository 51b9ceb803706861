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

/* Characters of the scheme between start and the "://" at a position; 0 if there is none. */
static size_t
scheme_length(const char *text, size_t start, size_t position)
{
	static const char *const schemes[] = {"https", "http", "ftp"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		size_t size = strlen(schemes[i]);

		if (position - start >= size && ascii_begins_with(text + position - size, size, schemes[i]))
			return size;
	}
	return 0;
}

/* Sixteen bytes; GCC and Clang turn this into SSE2, NEON or plain code. */
typedef uint8_t Vector __attribute__((vector_size(16)));

/* Is "ww" (in any case) or ":/" at one of sixteen positions? Seventeen bytes are read. */
static inline bool
has_hint(const char *text)
{
	Vector first;
	Vector second;
	Vector hints;
	uint64_t halves[2];

	memcpy(&first, text, sizeof(first));
	memcpy(&second, text + 1, sizeof(second));
	hints = (Vector) ((first | 0x20) == 'w') & (Vector) ((second | 0x20) == 'w');
	hints |= (Vector) (first == ':') & (Vector) (second == '/');
	memcpy(halves, &hints, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* Skip, from position on, stretches of sixteen bytes where no address can be recognized. */
static size_t
skip_plain_text(const char *text, size_t length, size_t position)
{
	size_t next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;

	while (length - position > sizeof(Vector) && !has_hint(text + position))
	{
		position += sizeof(Vector);
		if (position >= next_interrupt_check)
		{
			next_interrupt_check += TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return position;
}

/* The position of the next address in the text from start on, or the text's length. */
static size_t
find_url(const char *text, size_t length, size_t start)
{
	size_t position = start;
	size_t next_look = start; /* where skip_plain_text may go on */
	size_t next_interrupt_check = start + TEXT_INTERRUPT_DISTANCE;

	while (position < length)
	{
		if (position == next_look)
		{
			position = skip_plain_text(text, length, position);
			next_look = position + sizeof(Vector);
		}
		if (text[position] == ':' && ascii_begins_with(text + position, length - position, "://"))
		{
			size_t size = scheme_length(text, start, position);

			if (size > 0)
				return position - size;
		}
		if ((text[position] | 0x20) == 'w' && is_www(text, length, position))
			return position;
		position++;
		if (position >= next_interrupt_check)
		{
			next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return length;
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
	size_t next_interrupt_check = TEXT_INTERRUPT_DISTANCE;
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
		if (position >= next_interrupt_check)
		{
			next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return (size_t) (target - destination);
}
