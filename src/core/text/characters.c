/*
 * characters.c
 *	  Kinds and sorts of characters.
 */
#include <utf8proc.h>

#include "core/text/characters.h"
#include "core/text/unicode_ranges.h"
#include "core/text/utf8.h"

/* How many characters a search for a word's end looks at, at most. */
#define MAX_CASE_CONTEXT      64
#define FIRST_REGIONAL_LETTER 0x1f1e6
#define LAST_REGIONAL_LETTER  0x1f1ff

/* Zero pages of the operating system, but for the characters that were met. */
uint8_t character_classes[CODE_POINT_COUNT];

/* Is a code point within one of some sorted ranges? */
static bool
in_ranges(const CodePointRange *ranges, size_t n_ranges, uint32_t code_point)
{
	size_t low = 0;
	size_t high = n_ranges;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (code_point > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n_ranges && code_point >= ranges[low].first;
}

#define IN_RANGES(ranges, code_point) \
	in_ranges((ranges), sizeof(ranges) / sizeof((ranges)[0]), (code_point))

/* Kind of a character that is no letter, number or mark. */
static CharacterKind
kind_of_symbol(uint32_t code_point)
{
	if (code_point == '_')
		return CHARACTER_WORD;
	if (code_point >= FIRST_REGIONAL_LETTER && code_point <= LAST_REGIONAL_LETTER)
		return CHARACTER_REGIONAL_LETTER;
	if (IN_RANGES(emoji_ranges, code_point))
		return CHARACTER_EMOJI;
	if (IN_RANGES(pictograph_ranges, code_point))
		return CHARACTER_PICTOGRAPH;
	return CHARACTER_OTHER;
}

/* Kind of a character of a category. */
static CharacterKind
kind_of(uint32_t code_point, utf8proc_category_t category)
{
	switch (category)
	{
		case UTF8PROC_CATEGORY_LU:
		case UTF8PROC_CATEGORY_LL:
		case UTF8PROC_CATEGORY_LT:
		case UTF8PROC_CATEGORY_LM:
		case UTF8PROC_CATEGORY_LO:
		case UTF8PROC_CATEGORY_ND:
		case UTF8PROC_CATEGORY_NL:
		case UTF8PROC_CATEGORY_NO:
			return IN_RANGES(unspaced_ranges, code_point) ? CHARACTER_UNSPACED : CHARACTER_WORD;
		case UTF8PROC_CATEGORY_MN:
		case UTF8PROC_CATEGORY_MC:
		case UTF8PROC_CATEGORY_ME:
			return CHARACTER_MARK;
		default:
			return kind_of_symbol(code_point);
	}
}

/* Is a control character white space? */
static bool
is_space_control(uint32_t code_point)
{
	return (code_point >= 0x09 && code_point <= 0x0d) ||
		   (code_point >= 0x1c && code_point <= 0x1f) || code_point == 0x85;
}

/* Sort of a character of a category. */
static CharacterSort
sort_of(uint32_t code_point, utf8proc_category_t category)
{
	switch (category)
	{
		case UTF8PROC_CATEGORY_ZS:
		case UTF8PROC_CATEGORY_ZL:
		case UTF8PROC_CATEGORY_ZP:
			return SORT_SPACE;
		case UTF8PROC_CATEGORY_CC:
			return is_space_control(code_point) ? SORT_SPACE : SORT_NONE;
		case UTF8PROC_CATEGORY_PC:
		case UTF8PROC_CATEGORY_PD:
		case UTF8PROC_CATEGORY_PS:
		case UTF8PROC_CATEGORY_PE:
		case UTF8PROC_CATEGORY_PI:
		case UTF8PROC_CATEGORY_PF:
		case UTF8PROC_CATEGORY_PO:
			return SORT_PUNCTUATION;
		case UTF8PROC_CATEGORY_LU:
		case UTF8PROC_CATEGORY_LT:
			return SORT_UPPER_CASE;
		case UTF8PROC_CATEGORY_LL:
			return SORT_LOWER_CASE;
		case UTF8PROC_CATEGORY_LM:
		case UTF8PROC_CATEGORY_LO:
			return SORT_OTHER_LETTER;
		case UTF8PROC_CATEGORY_ND:
			return SORT_DIGIT;
		default:
			return SORT_NONE;
	}
}

/* Work out the byte of a character and remember it. */
uint8_t
character_class_first_time(uint32_t code_point)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t) code_point);
	unsigned class = kind_of(code_point, category);

	class |= (unsigned) sort_of(code_point, category) << CHARACTER_SORT_SHIFT;
	if (character_lower(code_point) != code_point)
		class |= CHARACTER_HAS_LOWER;
	__atomic_store_n(&character_classes[code_point], (uint8_t) class, __ATOMIC_RELAXED);
	return (uint8_t) class;
}

/* The lower-case form of a character. */
uint32_t
character_lower(uint32_t code_point)
{
	return (uint32_t) utf8proc_tolower((utf8proc_int32_t) code_point);
}

/* Unicode's property Case_Ignorable. */
static bool
is_case_ignorable(uint32_t code_point)
{
	switch (utf8proc_category((utf8proc_int32_t) code_point))
	{
		case UTF8PROC_CATEGORY_MN:
		case UTF8PROC_CATEGORY_ME:
		case UTF8PROC_CATEGORY_CF:
		case UTF8PROC_CATEGORY_LM:
		case UTF8PROC_CATEGORY_SK:
			return true;
		default:
			return IN_RANGES(case_ignorable_ranges, code_point);
	}
}

/* Unicode's property Cased. */
static bool
is_cased(uint32_t code_point)
{
	switch (utf8proc_category((utf8proc_int32_t) code_point))
	{
		case UTF8PROC_CATEGORY_LU:
		case UTF8PROC_CATEGORY_LL:
		case UTF8PROC_CATEGORY_LT:
			return true;
		default:
			return IN_RANGES(other_cased_ranges, code_point);
	}
}

/* Does a cased character precede a position, but for characters to be ignored? */
static bool
is_cased_before(const char *text, size_t length, size_t position)
{
	uint32_t code_point;

	for (unsigned i = 0; i < MAX_CASE_CONTEXT && position > 0; i++)
	{
		position = utf8_previous(text, position);
		utf8_decode_at(text, length, position, &code_point);
		if (!is_case_ignorable(code_point))
			return is_cased(code_point);
	}
	return false;
}

/* Does a cased character follow at a position, but for characters to be ignored? */
static bool
is_cased_after(const char *text, size_t length, size_t position)
{
	uint32_t code_point;

	for (unsigned i = 0; i < MAX_CASE_CONTEXT && position < length; i++)
	{
		position += utf8_decode_at(text, length, position, &code_point);
		if (!is_case_ignorable(code_point))
			return is_cased(code_point);
	}
	return false;
}

/* The lower-case form of the capital sigma at a position of a text. */
uint32_t
character_lower_sigma(const char *text, size_t length, size_t position)
{
	bool is_final =
		is_cased_before(text, length, position) && !is_cased_after(text, length, position + 2);

	return is_final ? 0x03c2 : 0x03c3;
}
