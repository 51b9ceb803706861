/*
 * json_scanner.c
 *	  A strict scanner of JSON that allocates nothing.
 */
#include "json_scanner.h"

#include <string.h>

void
json_scanner_init(JsonScanner *scanner, char *bytes, size_t length)
{
	*scanner = (JsonScanner){bytes, bytes, bytes + length, NULL, NULL};
}

bool
json_fail(JsonScanner *scanner, const char *error)
{
	if (scanner->error == NULL)
	{
		scanner->error = error;
		scanner->error_position = scanner->position;
	}
	return false;
}

/* Pass over white space. */
static void
skip_space(JsonScanner *scanner)
{
	while (scanner->position < scanner->end &&
		   (*scanner->position == ' ' || *scanner->position == '\t' || *scanner->position == '\n' ||
			*scanner->position == '\r'))
		scanner->position++;
}

JsonType
json_peek(JsonScanner *scanner)
{
	skip_space(scanner);
	if (scanner->error != NULL || scanner->position == scanner->end)
		return JSON_NOTHING;
	switch (*scanner->position)
	{
		case 'n':
			return JSON_NULL;
		case 't':
		case 'f':
			return JSON_BOOLEAN;
		case '"':
			return JSON_STRING;
		case '[':
			return JSON_ARRAY;
		case '{':
			return JSON_OBJECT;
		default:
			return *scanner->position == '-' ||
						   (*scanner->position >= '0' && *scanner->position <= '9')
					   ? JSON_NUMBER
					   : JSON_NOTHING;
	}
}

/*
 * Length of the valid UTF-8 character of more than one byte that begins here; 0 if there is none
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
static size_t
long_character(const unsigned char *bytes, const unsigned char *end)
{
	size_t length;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;

	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		length = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
	{
		length = 3;
		low = bytes[0] == 0xe0 ? 0xa0 : 0x80;
		high = bytes[0] == 0xed ? 0x9f : 0xbf;
	}
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
	{
		length = 4;
		low = bytes[0] == 0xf0 ? 0x90 : 0x80;
		high = bytes[0] == 0xf4 ? 0x8f : 0xbf;
	}
	else
		return 0;
	if ((size_t) (end - bytes) < length || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return length;
}

/* Four hexadecimal digits; -1 if there are none. */
static int
hexadecimal(const char *bytes, const char *end)
{
	int value = 0;

	if (end - bytes < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char digit = bytes[i];

		value *= 16;
		if (digit >= '0' && digit <= '9')
			value += digit - '0';
		else if (digit >= 'a' && digit <= 'f')
			value += digit - 'a' + 10;
		else if (digit >= 'A' && digit <= 'F')
			value += digit - 'A' + 10;
		else
			return -1;
	}
	return value;
}

/* Write a character as UTF-8. */
static char *
write_character(char *to, unsigned character)
{
	if (character < 0x80)
		*to++ = (char) character;
	else if (character < 0x800)
	{
		*to++ = (char) (0xc0 | character >> 6);
		*to++ = (char) (0x80 | (character & 0x3f));
	}
	else if (character < 0x10000)
	{
		*to++ = (char) (0xe0 | character >> 12);
		*to++ = (char) (0x80 | (character >> 6 & 0x3f));
		*to++ = (char) (0x80 | (character & 0x3f));
	}
	else
	{
		*to++ = (char) (0xf0 | character >> 18);
		*to++ = (char) (0x80 | (character >> 12 & 0x3f));
		*to++ = (char) (0x80 | (character >> 6 & 0x3f));
		*to++ = (char) (0x80 | (character & 0x3f));
	}
	return to;
}

/* Read the escape at the position (behind the backslash) and write what it stands for; NULL: error. */
static char *
read_escape(JsonScanner *scanner, char *to, bool keep)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int unit;
	unsigned character;

	if (scanner->position == scanner->end)
		return json_fail(scanner, "a string does not end"), NULL;
	if (*scanner->position != 'u')
	{
		found = *scanner->position == '\0' ? NULL : strchr(names, *scanner->position);
		if (found == NULL)
			return json_fail(scanner, "unknown escape in a string"), NULL;
		scanner->position++;
		if (keep)
			*to++ = values[found - names];
		return to;
	}
	unit = hexadecimal(scanner->position + 1, scanner->end);
	if (unit < 0)
		return json_fail(scanner, "\\u needs four hexadecimal digits"), NULL;
	if (unit == 0)
		return json_fail(scanner, "the character U+0000 is not allowed"), NULL;
	character = (unsigned) unit;
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return json_fail(scanner, "lone surrogate in a string"), NULL;
	if (unit >= 0xd800 && unit <= 0xdbff)
	{
		int low = -1;

		if (scanner->end - scanner->position >= 11 && scanner->position[5] == '\\' &&
			scanner->position[6] == 'u')
			low = hexadecimal(scanner->position + 7, scanner->end);
		if (low < 0xdc00 || low > 0xdfff)
			return json_fail(scanner, "lone surrogate in a string"), NULL;
		character = 0x10000 + ((unsigned) (unit - 0xd800) << 10) + (unsigned) (low - 0xdc00);
		scanner->position += 6;
	}
	scanner->position += 5;
	return keep ? write_character(to, character) : to;
}

/* Whether eight bytes are plain: ASCII without control characters, quotes and backslashes. */
static bool
is_plain(uint64_t bytes)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t tops = 0x8080808080808080u;
	uint64_t quote = bytes ^ (ones * '"');
	uint64_t backslash = bytes ^ (ones * '\\');

	return (((bytes - ones * 0x20) | (quote - ones) | (backslash - ones) | bytes) & tops) == 0;
}

/* Check a string and pass over it; keep: unescape it in place. */
static bool
scan_string(JsonScanner *scanner, bool keep, Slice *string)
{
	char *to;

	if (json_peek(scanner) != JSON_STRING)
		return json_fail(scanner, "a string is expected");
	to = ++scanner->position;
	if (string != NULL)
		string->bytes = to;
	for (;;)
	{
		uint64_t block;
		unsigned char byte;

		while (scanner->end - scanner->position >= 8)
		{
			memcpy(&block, scanner->position, 8);
			if (!is_plain(block))
				break;
			if (keep)
				memcpy(to, &block, 8);
			to += keep ? 8 : 0;
			scanner->position += 8;
		}
		if (scanner->position == scanner->end)
			return json_fail(scanner, "a string does not end");
		byte = (unsigned char) *scanner->position;
		if (byte == '"')
			break;
		if (byte < 0x20)
			return json_fail(scanner, "control character in a string");
		if (byte == '\\')
		{
			scanner->position++;
			to = read_escape(scanner, to, keep);
			if (to == NULL)
				return false;
		}
		else
		{
			size_t length = byte < 0x80 ? 1
										: long_character((const unsigned char *) scanner->position,
														 (const unsigned char *) scanner->end);

			if (length == 0)
				return json_fail(scanner, "a string is not valid UTF-8");
			if (keep)
			{
				memmove(to, scanner->position, length);
				to += length;
			}
			scanner->position += length;
		}
	}
	scanner->position++;
	if (string != NULL)
		string->length = (size_t) (to - string->bytes);
	return true;
}

bool
json_read_string(JsonScanner *scanner, Slice *string)
{
	return scan_string(scanner, true, string);
}

/* Pass over decimal digits; false if there is none. */
static bool
skip_digits(JsonScanner *scanner)
{
	char *start = scanner->position;

	while (scanner->position < scanner->end && *scanner->position >= '0' &&
		   *scanner->position <= '9')
		scanner->position++;
	return scanner->position > start;
}

/* Whether the next byte is this one; passes over it. */
static bool
skip_byte(JsonScanner *scanner, char byte)
{
	if (scanner->position == scanner->end || *scanner->position != byte)
		return false;
	scanner->position++;
	return true;
}

bool
json_read_number(JsonScanner *scanner, Slice *number)
{
	char *start;

	if (json_peek(scanner) != JSON_NUMBER)
		return json_fail(scanner, "a number is expected");
	start = scanner->position;
	(void) skip_byte(scanner, '-');
	if (!skip_byte(scanner, '0') && !skip_digits(scanner))
		return json_fail(scanner, "a number is not complete");
	if (skip_byte(scanner, '.') && !skip_digits(scanner))
		return json_fail(scanner, "a number is not complete");
	if (skip_byte(scanner, 'e') || skip_byte(scanner, 'E'))
	{
		if (!skip_byte(scanner, '-'))
			(void) skip_byte(scanner, '+');
		if (!skip_digits(scanner))
			return json_fail(scanner, "a number is not complete");
	}
	if (scanner->position - start > 64)
		return json_fail(scanner, "a number has more than 64 characters");
	if (number != NULL)
		*number = (Slice){start, (size_t) (scanner->position - start)};
	return true;
}

/* Pass over a word such as null. */
static bool
skip_word(JsonScanner *scanner, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (scanner->end - scanner->position) < length ||
		memcmp(scanner->position, word, length) != 0)
		return json_fail(scanner, "not JSON");
	scanner->position += length;
	return true;
}

bool
json_read_boolean(JsonScanner *scanner, bool *value)
{
	if (json_peek(scanner) != JSON_BOOLEAN)
		return json_fail(scanner, "true or false is expected");
	*value = *scanner->position == 't';
	return skip_word(scanner, *value ? "true" : "false");
}

bool
json_enter(JsonScanner *scanner, char bracket)
{
	skip_space(scanner);
	if (scanner->error != NULL || !skip_byte(scanner, bracket))
		return json_fail(scanner,
						 bracket == '{' ? "an object is expected" : "an array is expected");
	return true;
}

bool
json_next(JsonScanner *scanner, char closing_bracket, bool first)
{
	if (scanner->error != NULL)
		return false;
	skip_space(scanner);
	if (skip_byte(scanner, closing_bracket))
		return false;
	if (first)
		return scanner->position < scanner->end ||
			   json_fail(scanner, "the JSON value does not end");
	if (!skip_byte(scanner, ','))
		return json_fail(scanner, scanner->position == scanner->end ? "the JSON value does not end"
																	: "a comma is expected");
	return true;
}

bool
json_read_name(JsonScanner *scanner, Slice *name)
{
	if (!scan_string(scanner, name != NULL, name))
		return false;
	skip_space(scanner);
	return skip_byte(scanner, ':') || json_fail(scanner, "a colon is expected");
}

bool
json_read_raw_name(JsonScanner *scanner, Slice *raw)
{
	char *start;

	skip_space(scanner);
	start = scanner->position;
	if (!scan_string(scanner, false, NULL))
		return false;
	*raw = (Slice){start, (size_t) (scanner->position - start)};
	skip_space(scanner);
	return skip_byte(scanner, ':') || json_fail(scanner, "a colon is expected");
}

/* Pass over a value that is neither array nor object. */
static bool
skip_scalar(JsonScanner *scanner, JsonType type)
{
	bool value;

	switch (type)
	{
		case JSON_NULL:
			return skip_word(scanner, "null");
		case JSON_BOOLEAN:
			return json_read_boolean(scanner, &value);
		case JSON_NUMBER:
			return json_read_number(scanner, NULL);
		case JSON_STRING:
			return scan_string(scanner, false, NULL);
		default:
			return json_fail(scanner, scanner->position == scanner->end
										  ? "the JSON value does not end"
										  : "not JSON");
	}
}

bool
json_skip(JsonScanner *scanner, Slice *raw)
{
	char brackets[JSON_MAX_DEPTH]; /* the closing ones of what is open */
	int depth = 0;
	bool first = false;
	char *start;

	skip_space(scanner);
	start = scanner->position;
	do
	{
		JsonType type;

		if (depth > 0)
		{
			if (!json_next(scanner, brackets[depth - 1], first))
			{
				if (scanner->error != NULL)
					return false;
				depth--;
				first = false;
				continue;
			}
			if (brackets[depth - 1] == '}' && !json_read_name(scanner, NULL))
				return false;
		}
		type = json_peek(scanner);
		first = type == JSON_ARRAY || type == JSON_OBJECT;
		if (!first)
		{
			if (!skip_scalar(scanner, type))
				return false;
			continue;
		}
		if (depth == JSON_MAX_DEPTH)
			return json_fail(scanner, "JSON is nested too deeply");
		scanner->position++;
		brackets[depth++] = type == JSON_ARRAY ? ']' : '}';
	} while (depth > 0);
	if (raw != NULL)
		*raw = (Slice){start, (size_t) (scanner->position - start)};
	return true;
}

bool
json_at_end(JsonScanner *scanner)
{
	skip_space(scanner);
	if (scanner->error != NULL)
		return false;
	return scanner->position == scanner->end ||
		   json_fail(scanner, "something follows the JSON value");
}

size_t
utf8_characters(Slice string)
{
	size_t n = 0;

	for (size_t i = 0; i < string.length; i++)
		n += ((unsigned char) string.bytes[i] & 0xc0) != 0x80;
	return n;
}

bool
utf8_is_valid(Slice string)
{
	const unsigned char *bytes = (const unsigned char *) string.bytes;
	const unsigned char *end = bytes + string.length;

	while (bytes < end)
	{
		size_t length = *bytes < 0x80 ? 1 : long_character(bytes, end);

		if (length == 0)
			return false;
		bytes += length;
	}
	return true;
}
