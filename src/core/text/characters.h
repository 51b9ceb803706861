/*
 * characters.h
 *	  What the tokenizer and the text features want to know of a character, in one byte.
 *
 * Categories and case come from libutf8proc, the rest from unicode_ranges.h. A character's byte is
 * worked out when it is first met and then kept for the life of the process.
 */
#ifndef SENTIMENT_CHARACTERS_H
#define SENTIMENT_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The role of a character in a token. 0 stands for a character not met yet. */
typedef enum CharacterKind
{
	CHARACTER_OTHER = 1,      /* separates tokens */
	CHARACTER_WORD,           /* letter, number or underscore */
	CHARACTER_MARK,           /* combining mark: belongs to the character before it */
	CHARACTER_UNSPACED,       /* letter or number of a script without spaces between words */
	CHARACTER_EMOJI,          /* begins an emoji */
	CHARACTER_PICTOGRAPH,     /* begins an emoji if U+FE0F follows */
	CHARACTER_REGIONAL_LETTER /* two of them make a flag */
} CharacterKind;

/* The sort of a character as the text features count it. */
typedef enum CharacterSort
{
	SORT_NONE,
	SORT_SPACE,        /* white space, as Python's str.isspace has it */
	SORT_PUNCTUATION,  /* categories P* */
	SORT_UPPER_CASE,   /* categories Lu and Lt */
	SORT_LOWER_CASE,   /* category Ll */
	SORT_OTHER_LETTER, /* categories Lm and Lo */
	SORT_DIGIT         /* category Nd */
} CharacterSort;

#define CHARACTER_KIND_MASK  0x07
#define CHARACTER_SORT_SHIFT 3
#define CHARACTER_HAS_LOWER  0x80 /* character_lower answers another character */

#define CODE_POINT_COUNT 0x110000

#define CODE_POINT_ZWNJ   0x200c /* zero width non-joiner */
#define CODE_POINT_ZWJ    0x200d /* zero width joiner */
#define CODE_POINT_KEYCAP 0x20e3 /* combining enclosing keycap */

/* The bytes of all characters; use character_class. */
extern uint8_t character_classes[CODE_POINT_COUNT];

/* Work out the byte of a character and remember it. */
extern uint8_t character_class_first_time(uint32_t code_point);

/* Kind, sort and CHARACTER_HAS_LOWER of a valid code point. */
static inline uint8_t
character_class(uint32_t code_point)
{
	/* Relaxed: whoever races here writes the same value. */
	uint8_t class = __atomic_load_n(&character_classes[code_point], __ATOMIC_RELAXED);

	return __builtin_expect(class != 0, 1) ? class : character_class_first_time(code_point);
}

static inline CharacterKind
character_kind(uint8_t class)
{
	return (CharacterKind) (class & CHARACTER_KIND_MASK);
}

static inline CharacterSort
character_sort(uint8_t class)
{
	return (CharacterSort) ((class >> CHARACTER_SORT_SHIFT) & 0x07);
}

static inline bool
character_is_letter(uint8_t class)
{
	CharacterSort sort = character_sort(class);

	return sort >= SORT_UPPER_CASE && sort <= SORT_OTHER_LETTER;
}

/*
 * The lower-case form of a character: Unicode's simple mapping, so that U+0130 becomes a plain "i"
 * (and words in Turkish capitals meet their lower-case forms), not "i" with a dot above it.
 */
extern uint32_t character_lower(uint32_t code_point);

/*
 * The lower-case form of the capital sigma at a position of a text that is valid up to there: U+03C2
 * at a word's end, else U+03C3 (Unicode's condition Final_Sigma, as in Python's str.lower).
 */
extern uint32_t character_lower_sigma(const char *text, size_t length, size_t position);

#define CODE_POINT_CAPITAL_SIGMA 0x03a3

#endif /* SENTIMENT_CHARACTERS_H */
