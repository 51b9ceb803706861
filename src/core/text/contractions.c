/*
 * contractions.c
 *	  Contracted stop words out of a text.
 */
#include <stdint.h>
#include <string.h>

#include "core/host.h"
#include "core/text/characters.h"
#include "core/text/contractions.h"
#include "core/text/stop_words.h"
#include "core/text/utf8.h"

/* Contractions of a language, each NULL-terminated; letters are ASCII and lower-case, ' is any apostrophe. */
typedef struct ContractionList
{
	const char *language;
	const char *const *whole;    /* words that go as they are */
	const char *const *enclitic; /* go behind any word with an apostrophe */
	const char *const *elided;   /* go before any word with an apostrophe */
} ContractionList;

static const char *const none[] = {NULL};

/* The contractions of Snowball's English list and their like; negations are those of auxiliary verbs. */
static const char *const english_whole[] = {
	"isn't",   "aren't",  "wasn't",   "weren't", "hasn't",   "haven't",   "hadn't",   "don't",
	"doesn't", "didn't",  "won't",    "can't",   "shan't",   "shouldn't", "wouldn't", "couldn't",
	"mustn't", "needn't", "mightn't", "mayn't",  "oughtn't", "daren't",   "ain't",    "let's",
	"y'all",   "'tis",    "'twas",    "'em",     NULL};
static const char *const english_enclitic[] = {"s", "m", "re", "ve", "ll", "d", NULL};

static const char *const french_elided[] = {"c", "d",  "j",     "l",      "m",      "n",      "s",
											"t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", NULL};

static const char *const italian_elided[] = {
	"l",   "un",   "d",    "dell", "all",  "dall", "nell",  "sull",  "coll", "pell",
	"agl", "dagl", "degl", "negl", "sugl", "gl",   "quell", "quest", "anch", "com",
	"dov", "ch",   "tutt", "c",    "m",    "t",    "s",     "v",     "n",    NULL};

static const char *const dutch_whole[] = {"'t", "'n", "'s", "'k", NULL};
static const char *const german_whole[] = {"'n", "'ne", "'nem", "'nen", "'ner", "'s", NULL};
static const char *const german_enclitic[] = {"s", "n", "ne", "nen", NULL};
static const char *const portuguese_elided[] = {"d", NULL};

static const ContractionList lists[] = {
	{"english", english_whole, english_enclitic, none},
	{"french", none, none, french_elided},
	{"italian", none, none, italian_elided},
	{"dutch", dutch_whole, none, none},
	{"german", german_whole, german_enclitic, none},
	{"portuguese", none, none, portuguese_elided},
};

/* The contractions of a language, or NULL. */
static const ContractionList *
list_of(int language)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
	{
		if (strcmp(lists[i].language, stop_word_languages[language]) == 0)
			return &lists[i];
	}
	return NULL;
}

/* Bytes of the apostrophe at a position, or of what is typed for one; 0 if there is none. */
static size_t
apostrophe_length(const char *text, size_t length, size_t position)
{
	static const char *const apostrophes[] = {"'",
											  "\xe2\x80\x99" /* ’ */,
											  "\xe2\x80\x98" /* ‘ */,
											  "\xca\xbc" /* ʼ */,
											  "\xef\xbc\x87" /* ＇ */,
											  "\xc2\xb4" /* ´ */,
											  "`"};

	for (size_t i = 0; i < sizeof(apostrophes) / sizeof(apostrophes[0]); i++)
	{
		size_t size = strlen(apostrophes[i]);

		if (size <= length - position && memcmp(text + position, apostrophes[i], size) == 0)
			return size;
	}
	return 0;
}

/* Can the character that begins with a byte be an apostrophe? */
static bool
may_be_apostrophe(char byte)
{
	switch ((unsigned char) byte)
	{
		case '\'':
		case '`':
		case 0xc2:
		case 0xca:
		case 0xe2:
		case 0xef:
			return true;
		default:
			return false;
	}
}

/* The position of the next apostrophe from a position on, or length. */
static size_t
find_apostrophe(const char *text, size_t length, size_t position)
{
	size_t next_check = position + TEXT_INTERRUPT_DISTANCE;

	for (; position < length; position++)
	{
		if (may_be_apostrophe(text[position]) && apostrophe_length(text, length, position) > 0)
			return position;
		if (position >= next_check)
		{
			next_check += TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
	return length;
}

bool
contraction_is_present(int language, const char *text, size_t length)
{
	return list_of(language) != NULL && find_apostrophe(text, length, 0) < length;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is the character at a position (< length) part of a word? */
static bool
is_word_at(const char *text, size_t length, size_t position)
{
	uint32_t code_point;
	CharacterKind kind;

	utf8_decode_at(text, length, position, &code_point);
	kind = character_kind(character_class(code_point));
	return kind == CHARACTER_WORD || kind == CHARACTER_MARK;
}

/* Does another string begin with these bytes, in lower case if case is ignored? */
static bool
begins_with(const char *bytes, size_t length, bool ignores_case, const char *other)
{
	for (size_t i = 0; i < length; i++)
	{
		char c = bytes[i];

		if (ignores_case && c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (c != other[i]) /* at its end too */
			return false;
	}
	return true;
}

/* Is another string the same as these bytes, in lower case if case is ignored? */
static bool
equals(const char *bytes, size_t length, bool ignores_case, const char *other)
{
	return begins_with(bytes, length, ignores_case, other) && other[length] == '\0';
}

/* Is a string in a list? */
static bool
is_listed(const char *const *list, const char *bytes, size_t length, bool ignores_case)
{
	for (; *list != NULL; list++)
	{
		if (equals(bytes, length, ignores_case, *list))
			return true;
	}
	return false;
}

/* What is around an apostrophe: letters that may be all of a word on its side. */
typedef struct Surroundings
{
	size_t before;      /* where the letters before it start */
	size_t after;       /* where those behind it start, */
	size_t end;         /* and end */
	bool begins;        /* no word goes on before the first letters, */
	bool ends;          /* or behind the last */
	bool follows_word;  /* a word's character is before the apostrophe, */
	bool precedes_word; /* or behind it */
} Surroundings;

/* Look around the apostrophe at a position. Text before `done` is left out of words: it is gone already. */
static Surroundings
look_around(const char *text, size_t length, size_t position, size_t size, size_t done)
{
	Surroundings around = {.before = position, .after = position + size, .end = position + size};

	while (around.before > done && is_letter(text[around.before - 1]))
		around.before--;
	while (around.end < length && is_letter(text[around.end]))
		around.end++;
	around.begins =
		around.before == done || !is_word_at(text, length, utf8_previous(text, around.before));
	around.ends = around.end == length || !is_word_at(text, length, around.end);
	/* what is gone was a word that this one is joined to */
	around.follows_word = position > 0 && (position == done ||
										   is_word_at(text, length, utf8_previous(text, position)));
	around.precedes_word = around.after < length && is_word_at(text, length, around.after);
	return around;
}

/* Is the word around an apostrophe a contraction as a whole? */
static bool
is_whole(const ContractionList *list, const char *text, size_t position, const Surroundings *around,
		 bool ignores_case)
{
	size_t n_before = position - around->before;

	if (!around->begins || !around->ends)
		return false;
	for (const char *const *word = list->whole; *word != NULL; word++)
	{
		if ((size_t) (strchr(*word, '\'') - *word) == n_before &&
			begins_with(text + around->before, n_before, ignores_case, *word) &&
			equals(text + around->after, around->end - around->after, ignores_case,
				   *word + n_before + 1))
			return true;
	}
	return false;
}

/* The part around the apostrophe at a position that goes: false if there is none. */
static bool
find_contraction(const ContractionList *list, bool ignores_case, const char *text, size_t position,
				 const Surroundings *around, size_t *start, size_t *end)
{
	*start = around->before;
	*end = around->end;
	if (is_whole(list, text, position, around, ignores_case))
		return true;
	*start = position;
	if (around->follows_word && around->ends &&
		is_listed(list->enclitic, text + around->after, around->end - around->after, ignores_case))
		return true;
	*start = around->before;
	*end = around->after;
	return around->begins && around->precedes_word &&
		   is_listed(list->elided, text + around->before, position - around->before, ignores_case);
}

void
contractions_strip(int language, bool ignores_case, const char *text, size_t length,
				   char *destination)
{
	const ContractionList *list = list_of(language);
	size_t done = 0; /* up to here, the last contraction is gone */

	if (destination != text)
		memcpy(destination, text, length);
	for (size_t position = find_apostrophe(text, length, 0); position < length;
		 position = find_apostrophe(text, length, position))
	{
		size_t size = apostrophe_length(text, length, position);
		Surroundings around = look_around(text, length, position, size, done);
		size_t start;
		size_t end;

		position += size;
		if (!find_contraction(list, ignores_case, text, position - size, &around, &start, &end))
			continue;
		memset(destination + start, ' ', end - start);
		done = end;
		position = end;
	}
}
