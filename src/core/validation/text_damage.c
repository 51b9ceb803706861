/*
 * text_damage.c
 *	  Marks of damage in a text.
 *
 * Most text is harmless ASCII, which is skipped sixteen bytes at a time; a scan stops only where
 * something may be.
 */
#include <stdbool.h>
#include <string.h>

#include "core/host.h"
#include "core/text/ascii.h"
#include "core/text/characters.h"
#include "core/text/html_entities.h"
#include "core/text/utf8.h"
#include "core/validation/text_damage.h"

/* A tag is no longer than this: a '<' without a near '>' is a "less than". */
#define MAX_TAG_LENGTH 256

/* Characters of one byte in Windows-1252 lie below. */
#define MAX_WINDOWS_CODE_POINT 0x2122

typedef uint8_t Vector __attribute__((vector_size(16)));

typedef struct DamageScanner
{
	const char *text;
	size_t length;
	unsigned found;

	/* the sequence of mojibake before, if it ends where the next one starts */
	size_t sequence_end;
	uint32_t sequence_code; /* what it decodes to */
} DamageScanner;

/* Whether sixteen bytes hold nothing to look at. */
static inline bool
is_harmless(const char *bytes)
{
	Vector vector;
	Vector suspicious;
	uint64_t halves[2];

	memcpy(&vector, bytes, sizeof(vector));
	suspicious = (Vector) (vector < 0x20) | (Vector) (vector >= 0x7f) | (Vector) (vector == '<') |
				 (Vector) (vector == '&') | (Vector) (vector == '\\');
	memcpy(halves, &suspicious, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

/* The byte at a position; 0 behind the end. */
static inline unsigned char
byte_at(const DamageScanner *scanner, size_t position)
{
	return position < scanner->length ? (unsigned char) scanner->text[position] : 0;
}

/* Whether a tag starts at a '<': a name in it, and a '>' near. */
static bool
is_tag(const DamageScanner *scanner, size_t position)
{
	size_t start = position + 1 + (byte_at(scanner, position + 1) == '/');
	size_t end =
		scanner->length - position > MAX_TAG_LENGTH ? position + MAX_TAG_LENGTH : scanner->length;

	if (byte_at(scanner, position + 1) == '!')
		return byte_at(scanner, position + 2) == '-' && byte_at(scanner, position + 3) == '-';
	if (!ascii_is_letter((char) byte_at(scanner, start)))
		return false;
	for (; start < end; start++)
	{
		if (scanner->text[start] == '>')
			return true;
		if (scanner->text[start] == '<')
			return false;
	}
	return false;
}

/* Whether a character reference starts at a '&': "&#39;", "&#x27;", "&quot;". */
static bool
is_reference(const DamageScanner *scanner, size_t position)
{
	bool is_number = byte_at(scanner, position + 1) == '#';
	size_t start = position + 1 + is_number;
	size_t end = start;

	while (end - start <= HTML_ENTITY_MAX_NAME && (ascii_is_letter((char) byte_at(scanner, end)) ||
												   ascii_is_digit((char) byte_at(scanner, end))))
		end++;
	return end - start >= (is_number ? 1 : 2) && byte_at(scanner, end) == ';';
}

/* Whether an escaped surrogate starts at a backslash: "\ud83d" and the like. */
static bool
is_escaped_surrogate(const DamageScanner *scanner, size_t position)
{
	return ascii_lower((char) byte_at(scanner, position + 1)) == 'u' &&
		   ascii_lower((char) byte_at(scanner, position + 2)) == 'd' &&
		   strchr("89abcdefABCDEF", (char) byte_at(scanner, position + 3)) != NULL &&
		   byte_at(scanner, position + 3) != 0;
}

/* Look at an ASCII character. */
static void
examine_ascii(DamageScanner *scanner, size_t position)
{
	unsigned char byte = (unsigned char) scanner->text[position];

	if (byte == '<')
		scanner->found |= is_tag(scanner, position) ? DAMAGE_HTML : 0;
	else if (byte == '&')
		scanner->found |= is_reference(scanner, position) ? DAMAGE_HTML : 0;
	else if (byte == '\\')
		scanner->found |= is_escaped_surrogate(scanner, position) ? DAMAGE_SURROGATE : 0;
	else if (byte == 0x7f ||
			 (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r'))
		scanner->found |= DAMAGE_CONTROL;
}

/* The byte that a character is in Latin-1 or Windows-1252, or 0. */
static unsigned
windows_byte(uint32_t code_point)
{
	if (code_point >= 0x80 && code_point < 0x100)
		return code_point;
	if (code_point < 0x100 || code_point > MAX_WINDOWS_CODE_POINT)
		return 0;
	for (unsigned i = 0; i < 32; i++)
	{
		if (html_c1_code_points[i] == code_point)
			return 0x80 + i;
	}
	return 0;
}

/* The byte of the character at a position, whose length goes to *size; 0 if there is none. */
static unsigned
byte_of_character(const DamageScanner *scanner, size_t position, unsigned *size)
{
	uint32_t code_point;

	if (position >= scanner->length)
		return 0;
	*size = utf8_decode(scanner->text + position, scanner->length - position, &code_point);
	return *size == 0 ? 0 : windows_byte(code_point);
}

/* Whether a byte is punctuation that may well stand behind a capital: quotation marks, dashes, "…". */
static bool
is_plausible_punctuation(unsigned byte)
{
	return byte == 0x85 || (byte >= 0x91 && byte <= 0x97) || byte == 0xab || byte == 0xbb ||
		   byte == 0x82 || byte == 0x84 || byte == 0x8b || byte == 0x9b || byte == 0xa0;
}

/* Whether a letter is at a position. */
static bool
letter_follows(const DamageScanner *scanner, size_t position)
{
	uint32_t code_point;

	return position < scanner->length &&
		   utf8_decode(scanner->text + position, scanner->length - position, &code_point) != 0 &&
		   character_is_letter(character_class(code_point));
}

/* Take up a sequence of mojibake from start to end. */
static void
add_sequence(DamageScanner *scanner, size_t start, size_t end, uint32_t code, bool counts)
{
	bool is_neighbour = scanner->sequence_end == start && start > 0;

	if (counts || is_neighbour)
		scanner->found |= DAMAGE_MOJIBAKE;
	if (is_neighbour && (scanner->sequence_code == 0xc2 || scanner->sequence_code == 0xc3) &&
		windows_byte(code) >= 0x80 && windows_byte(code) < 0xc0)
		scanner->found |= DAMAGE_DOUBLE_ENCODED;
	scanner->sequence_end = end;
	scanner->sequence_code = code;
}

/*
 * Look for a sequence of mojibake whose lead is the character at a position, of the size given. Answers
 * where it ends, or 0.
 */
static size_t
find_sequence(DamageScanner *scanner, size_t position, unsigned size, unsigned lead)
{
	unsigned n_more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
	uint32_t code = lead & (0x3fu >> n_more);
	size_t end = position + size;
	unsigned last = 0;
	bool counts;

	for (unsigned i = 0; i < n_more; i++)
	{
		last = byte_of_character(scanner, end, &size);
		if (last < 0x80 || last >= 0xc0)
			return 0;
		code = code << 6 | (last & 0x3f);
		end += size;
	}
	if ((n_more == 2 && code < 0x800) || (n_more == 3 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	counts = n_more > 1 || lead == 0xc2 || lead == 0xc3;
	if (n_more == 1 && is_plausible_punctuation(last) && lead != 0xc2)
		counts = counts && letter_follows(scanner, end);
	add_sequence(scanner, position, end, code, counts);
	return end;
}

/* Look at a character beyond ASCII; answers where the next one starts. */
static size_t
examine_character(DamageScanner *scanner, size_t position)
{
	uint32_t code_point;
	unsigned size = utf8_decode(scanner->text + position, scanner->length - position, &code_point);
	size_t end;

	if (size == 0)
	{
		scanner->found |= DAMAGE_INVALID;
		if (byte_at(scanner, position) == 0xed && (byte_at(scanner, position + 1) & 0xe0) == 0xa0)
			scanner->found |= DAMAGE_SURROGATE;
		return position + 1;
	}
	if (code_point >= 0xc2 && code_point <= 0xf4 &&
		(end = find_sequence(scanner, position, size, code_point)) != 0)
		return end;
	if (code_point == 0xfffd)
		scanner->found |= DAMAGE_REPLACEMENT;
	else if (code_point < 0xa0)
		scanner->found |= DAMAGE_CONTROL;
	return position + size;
}

unsigned
text_damage_find(const char *text, size_t length)
{
	DamageScanner scanner = {.text = text, .length = length};
	size_t position = 0;
	size_t next_interrupt_check = TEXT_INTERRUPT_DISTANCE;

	while (position < length)
	{
		if (position >= next_interrupt_check)
		{
			next_interrupt_check = position + TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
		if (length - position >= sizeof(Vector) && is_harmless(text + position))
			position += sizeof(Vector);
		else
		{
			/* up to the end of these sixteen bytes */
			size_t stop = length - position < sizeof(Vector) ? length : position + sizeof(Vector);

			while (position < stop)
			{
				if ((unsigned char) text[position] >= 0x80)
					position = examine_character(&scanner, position);
				else
					examine_ascii(&scanner, position++);
			}
		}
	}
	return scanner.found;
}
