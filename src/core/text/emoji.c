/*
 * emoji.c
 *	  Where an emoji ends.
 */
#include <stdbool.h>

#include "core/text/emoji.h"
#include "core/text/utf8.h"

/* The longest emoji in use take 35 bytes; no sequence grows without end. */
#define MAX_EMOJI_LENGTH 128

#define TEXT_VARIATION  0xfe0e
#define EMOJI_VARIATION 0xfe0f
#define FIRST_SKIN_TONE 0x1f3fb
#define LAST_SKIN_TONE  0x1f3ff
#define FIRST_TAG       0xe0020
#define LAST_TAG        0xe007f

/* Decode the character at a position; 0 at the text's end and for invalid bytes. */
static unsigned
peek(const char *text, size_t length, size_t position, uint32_t *code_point)
{
	return position < length ? utf8_decode(text + position, length - position, code_point) : 0;
}

/* Does a character modify the emoji before it? */
static bool
is_modifier(uint32_t code_point)
{
	return code_point == TEXT_VARIATION || code_point == EMOJI_VARIATION ||
		   code_point == CODE_POINT_KEYCAP ||
		   (code_point >= FIRST_SKIN_TONE && code_point <= LAST_SKIN_TONE) ||
		   (code_point >= FIRST_TAG && code_point <= LAST_TAG);
}

/* The position behind the modifiers at a position. */
static size_t
skip_modifiers(const char *text, size_t length, size_t position)
{
	uint32_t code_point;
	unsigned size;

	while ((size = peek(text, length, position, &code_point)) > 0 && is_modifier(code_point))
		position += size;
	return position;
}

/* The position behind a joiner and the emoji that it joins, or the same position. */
static size_t
skip_joined(const char *text, size_t length, size_t position)
{
	uint32_t code_point;
	CharacterKind kind;
	size_t joined = position + peek(text, length, position, &code_point);
	unsigned size;

	if (joined == position || code_point != CODE_POINT_ZWJ)
		return position;
	size = peek(text, length, joined, &code_point);
	if (size == 0)
		return position;
	kind = character_kind(character_class(code_point));
	if (kind != CHARACTER_EMOJI && kind != CHARACTER_PICTOGRAPH)
		return position;
	return skip_modifiers(text, length, joined + size);
}

/* Bytes of a flag of two letters, or of a lone letter. */
static size_t
flag_length(const char *text, size_t length, size_t position, unsigned size)
{
	uint32_t code_point;
	unsigned next = peek(text, length, position + size, &code_point);

	if (next > 0 && character_kind(character_class(code_point)) == CHARACTER_REGIONAL_LETTER)
		return size + next;
	return size;
}

/* Bytes of the emoji at a position of a text. */
size_t
emoji_length(const char *text, size_t length, size_t position, CharacterKind kind)
{
	uint32_t code_point;
	unsigned size;
	size_t end;

	if (length - position > MAX_EMOJI_LENGTH)
		length = position + MAX_EMOJI_LENGTH;
	size = peek(text, length, position, &code_point);
	if (kind == CHARACTER_REGIONAL_LETTER)
		return flag_length(text, length, position, size);
	end = position + size;
	if (kind == CHARACTER_PICTOGRAPH &&
		(peek(text, length, end, &code_point) == 0 || code_point != EMOJI_VARIATION))
		return 0;
	end = skip_modifiers(text, length, end);
	for (size_t next; (next = skip_joined(text, length, end)) > end;)
		end = next;
	return end - position;
}

/* Bytes of the keycap at a position of a text. */
size_t
keycap_length(const char *text, size_t length, size_t position)
{
	unsigned char base = (unsigned char) text[position];
	uint32_t code_point;
	size_t end = position + 1;
	unsigned size;

	if ((base < '0' || base > '9') && base != '#' && base != '*')
		return 0;
	size = peek(text, length, end, &code_point);
	if (size > 0 && code_point == EMOJI_VARIATION)
	{
		end += size;
		size = peek(text, length, end, &code_point);
	}
	return size > 0 && code_point == CODE_POINT_KEYCAP ? end + size - position : 0;
}
