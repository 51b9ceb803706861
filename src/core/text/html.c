/*
 * html.c
 *	  Plain text out of HTML.
 *
 * Every search that fails is remembered, so that a text full of '<' takes linear time.
 */
#include <stdint.h>
#include <string.h>

#include "core/host.h"
#include "core/text/ascii.h"
#include "core/text/html.h"
#include "core/text/html_entities.h"
#include "core/text/utf8.h"

#define REPLACEMENT_CHARACTER 0xfffd

typedef struct HtmlReader
{
	const char *text;
	size_t length;
	size_t position;

	/* These do not occur from position on. */
	bool no_tag_end;
	bool no_comment_end;
	bool no_script_end;
	bool no_style_end;
} HtmlReader;

/* Would html_strip change anything? */
bool
html_is_present(const char *text, size_t length)
{
	return memchr(text, '<', length) != NULL || memchr(text, '&', length) != NULL;
}

/* The byte at an offset from position; a zero byte behind the end. */
static char
byte_at(const HtmlReader *reader, size_t offset)
{
	return offset < reader->length - reader->position ? reader->text[reader->position + offset] : 0;
}

/* Does the text at a position begin with a string, in any case? */
static bool
begins_with(const HtmlReader *reader, size_t position, const char *string)
{
	return ascii_begins_with(reader->text + position, reader->length - position, string);
}

/* Can a character follow the name of an element? */
static bool
ends_element_name(char c)
{
	return c == '>' || c == '/' || c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Is a string, such as "<script", at a position, with the element's name ending there? */
static bool
is_element(const HtmlReader *reader, size_t position, const char *string)
{
	size_t end = position + strlen(string);

	return begins_with(reader, position, string) &&
		   (end == reader->length || ends_element_name(reader->text[end]));
}

/* The position behind the next '>', or 0 if there is none. */
static size_t
find_tag_end(const HtmlReader *reader, size_t position)
{
	const char *found = memchr(reader->text + position, '>', reader->length - position);

	return found != NULL ? (size_t) (found - reader->text) + 1 : 0;
}

/* The position behind the end tag of an element, or 0 if there is none. */
static size_t
find_element_end(const HtmlReader *reader, size_t position, const char *end_tag)
{
	const char *found;

	while ((found = memchr(reader->text + position, '<', reader->length - position)) != NULL)
	{
		position = (size_t) (found - reader->text);
		if (is_element(reader, position, end_tag))
			return find_tag_end(reader, position);
		position++;
	}
	return 0;
}

/* The end of a comment that starts at position, or 0 if it has none. */
static size_t
find_comment_end(HtmlReader *reader)
{
	const char *found;
	size_t start = reader->position + 2; /* "<!-->" is a whole comment */

	if (reader->no_comment_end)
		return 0;
	found = memmem(reader->text + start, reader->length - start, "-->", 3);
	reader->no_comment_end = found == NULL;
	return found != NULL ? (size_t) (found - reader->text) + 3 : 0;
}

/* The end of an element that hides its content, whose start tag ends at position; else position. */
static size_t
skip_hidden_content(const HtmlReader *reader, size_t position, const char *end_tag, bool *no_end)
{
	size_t end = *no_end ? 0 : find_element_end(reader, position, end_tag);

	*no_end = end == 0;
	return end != 0 ? end : position;
}

/* The end of the tag, comment or hidden element that starts at position, or 0 if none does. */
static size_t
find_markup_end(HtmlReader *reader)
{
	char next = byte_at(reader, 1);
	size_t end;

	if (!ascii_is_letter(next) && next != '/' && next != '!' && next != '?')
		return 0;
	if (begins_with(reader, reader->position, "<!--") && (end = find_comment_end(reader)) != 0)
		return end;
	if (reader->no_tag_end)
		return 0;
	end = find_tag_end(reader, reader->position);
	reader->no_tag_end = end == 0;
	if (end == 0)
		return 0;
	if (is_element(reader, reader->position, "<script"))
		return skip_hidden_content(reader, end, "</script", &reader->no_script_end);
	if (is_element(reader, reader->position, "<style"))
		return skip_hidden_content(reader, end, "</style", &reader->no_style_end);
	return end;
}

/* The value of a digit in a base of 10 or 16, or -1. */
static int
digit_value(char c, unsigned base)
{
	if (ascii_is_digit(c))
		return c - '0';
	c |= 0x20;
	return base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code point that a numeric reference stands for, as browsers have it. */
static uint32_t
repair_code_point(uint32_t code_point)
{
	if (code_point >= 0x80 && code_point < 0xa0)
		return html_c1_code_points[code_point - 0x80];
	if (code_point == 0 || code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000))
		return REPLACEMENT_CHARACTER;
	return code_point;
}

/* Decode a numeric reference ("&#233;", "&#xe9;", semicolon optional); answers its bytes or 0. */
static size_t
decode_number(const HtmlReader *reader, uint32_t *code_point)
{
	bool is_hexadecimal = byte_at(reader, 2) == 'x' || byte_at(reader, 2) == 'X';
	unsigned base = is_hexadecimal ? 16 : 10;
	size_t start = is_hexadecimal ? 3 : 2;
	size_t size = start;
	uint32_t value = 0;
	int digit;

	while ((digit = digit_value(byte_at(reader, size), base)) >= 0)
	{
		/* Beyond Unicode all numbers are alike. */
		if (value <= 0x10ffff)
			value = value * base + (uint32_t) digit;
		size++;
	}
	if (size == start)
		return 0;
	*code_point = repair_code_point(value);
	return size + (byte_at(reader, size) == ';');
}

/* Find a named reference; NULL if the name is unknown. */
static const HtmlEntity *
find_entity(const char *name)
{
	size_t low = 0;
	size_t high = n_html_entities;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int comparison = strcmp(name, html_entities[middle].name);

		if (comparison == 0)
			return &html_entities[middle];
		if (comparison > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Decode a named reference ("&eacute;", semicolon required); answers its bytes or 0. */
static size_t
decode_name(const HtmlReader *reader, uint32_t *code_point)
{
	char name[HTML_ENTITY_MAX_NAME + 1];
	const HtmlEntity *entity;
	size_t length = 0;

	while (length < HTML_ENTITY_MAX_NAME && (ascii_is_letter(byte_at(reader, length + 1)) ||
											 ascii_is_digit(byte_at(reader, length + 1))))
	{
		name[length] = byte_at(reader, length + 1);
		length++;
	}
	name[length] = '\0';
	if (byte_at(reader, length + 1) != ';' || (entity = find_entity(name)) == NULL)
		return 0;
	*code_point = entity->code_point;
	return length + 2;
}

/* Write what stands at position ('<' or '&') to target; answers the bytes written. */
static unsigned
write_markup(HtmlReader *reader, char *target)
{
	uint32_t code_point;
	size_t size;
	size_t end;

	if (reader->text[reader->position] == '<')
	{
		end = find_markup_end(reader);
		*target = end != 0 ? ' ' : '<';
		reader->position = end != 0 ? end : reader->position + 1;
		return 1;
	}
	size = byte_at(reader, 1) == '#' ? decode_number(reader, &code_point)
									 : decode_name(reader, &code_point);
	if (size == 0)
	{
		*target = '&';
		reader->position++;
		return 1;
	}
	/* A reference is never shorter than its character. */
	reader->position += size;
	return utf8_encode(code_point, target);
}

/* Bytes from position on without '<' and '&', up to a distance. */
static size_t
plain_length(const HtmlReader *reader, size_t distance)
{
	size_t length = reader->length - reader->position;
	const char *start = reader->text + reader->position;
	const char *found;

	if (length > distance)
		length = distance;
	found = memchr(start, '<', length);
	if (found != NULL)
		length = (size_t) (found - start);
	found = memchr(start, '&', length);
	return found != NULL ? (size_t) (found - start) : length;
}

/* Write the text without tags to destination. */
size_t
html_strip(const char *text, size_t length, char *destination)
{
	HtmlReader reader = {.text = text, .length = length};
	size_t next_interrupt_check = TEXT_INTERRUPT_DISTANCE;
	char *target = destination;

	while (reader.position < length)
	{
		size_t plain = plain_length(&reader, 1024);

		memcpy(target, text + reader.position, plain);
		target += plain;
		reader.position += plain;
		if (reader.position < length &&
			(text[reader.position] == '<' || text[reader.position] == '&'))
			target += write_markup(&reader, target);
		if (reader.position >= next_interrupt_check)
		{
			next_interrupt_check = reader.position + TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return (size_t) (target - destination);
}
