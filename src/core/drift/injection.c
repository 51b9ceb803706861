/*
 * injection.c
 *	  Drift made on purpose.
 */
#include <math.h>
#include <string.h>

#include <utf8proc.h>

#include "core/drift/injection.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/text/characters.h"
#include "core/text/utf8.h"

/* How much longer a text becomes, and how much of it is cut, at strength 1. */
#define LONGER_BY  2.0
#define SHORTER_BY 0.8

/* A word of fewer characters gets no typo. */
#define MIN_TYPO_LENGTH 3

/* Longest word that is looked up in a list, in bytes. */
#define MAX_LISTED 16

/* What a change works with. */
typedef struct Injection
{
	const char *text;
	size_t length;
	double strength;
	uint64_t seed;
	uint64_t state; /* of the text, for choosing words */
	ByteBuffer *result;
	uint64_t n_words;  /* so far */
	bool has_changed;  /* a negation was put in or taken out */
	bool skips_spaces; /* what separates the next word from a word that was taken out */
	bool expects_not;  /* the word before was an auxiliary verb and waits for "not" */
} Injection;

static const char *const negations[] = {"not",     "no",     "never", "nor",     "neither",
										"nothing", "nobody", "none",  "nowhere", "cannot"};
static const char *const auxiliaries[] = {
	"am",   "is",  "are", "was",   "were", "be",    "been",   "have", "has",   "had", "do",
	"does", "did", "can", "could", "will", "would", "should", "may",  "might", "must"};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A number in [0, 1) that depends on a hash. */
static double
uniform(uint64_t hash)
{
	return (double) (hash_mix(hash) >> 11) * 0x1p-53;
}

/* Whether the present word is chosen; the answer for a use of the same word is the same. */
static bool
is_chosen(const Injection *injection, uint64_t use)
{
	return uniform(injection->state ^ hash_mix(injection->n_words * 16 + use)) <
		   injection->strength;
}

/* Append the beginning of the text of so many characters. */
static void
append_characters(Injection *injection, size_t n_characters)
{
	size_t end = 0;

	while (n_characters > 0 && end < injection->length)
	{
		end++;
		while (end < injection->length &&
			   utf8_is_continuation((unsigned char) injection->text[end]))
			end++;
		n_characters--;
	}
	buffer_append(injection->result, injection->text, end);
}

/* Characters of a text. */
static size_t
count_characters(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += !utf8_is_continuation((unsigned char) text[i]);
	return n;
}

static void
make_longer(Injection *injection)
{
	size_t n_characters = count_characters(injection->text, injection->length);
	size_t n_more = (size_t) ceil(LONGER_BY * injection->strength * (double) n_characters);

	buffer_append(injection->result, injection->text, injection->length);
	while (n_more > 0)
	{
		size_t n = n_more < n_characters ? n_more : n_characters;

		host_check_interrupts();
		buffer_append(injection->result, " ", 1);
		append_characters(injection, n);
		n_more -= n;
	}
}

static void
make_shorter(Injection *injection)
{
	size_t n_characters = count_characters(injection->text, injection->length);

	append_characters(
		injection, (size_t) ceil((1 - SHORTER_BY * injection->strength) * (double) n_characters));
}

/* Append a word in capitals. */
static void
shout_word(Injection *injection, const char *word, size_t length)
{
	size_t position = 0;

	if (!is_chosen(injection, 0))
	{
		buffer_append(injection->result, word, length);
		return;
	}
	while (position < length)
	{
		uint32_t code_point;
		char bytes[UTF8_MAX_LENGTH];

		position += utf8_decode_at(word, length, position, &code_point);
		buffer_append(
			injection->result, bytes,
			utf8_encode((uint32_t) utf8proc_toupper((utf8proc_int32_t) code_point), bytes));
	}
}

/* Append what stands between words, with '!' for '.'. */
static void
shout_rest(Injection *injection, const char *rest, size_t length)
{
	bool chosen = is_chosen(injection, 1);

	for (size_t i = 0; i < length; i++)
	{
		if (rest[i] == '.' && chosen)
			buffer_append(injection->result, "!", 1);
		else
			buffer_append(injection->result, rest + i, 1);
	}
}

/* Append a word with a typo. */
static void
mistype_word(Injection *injection, const char *word, size_t length)
{
	size_t n_characters = count_characters(word, length);
	uint64_t hash = hash_mix(injection->state ^ hash_mix(injection->n_words * 16 + 2));
	size_t first;
	size_t second;
	size_t after;

	if (n_characters < MIN_TYPO_LENGTH || !is_chosen(injection, 0))
	{
		buffer_append(injection->result, word, length);
		return;
	}
	/* the first character stays */
	first = 0;
	for (size_t n = 1 + hash % (n_characters - 2); n > 0; n--)
	{
		do
			first++;
		while (utf8_is_continuation((unsigned char) word[first]));
	}
	for (second = first + 1; utf8_is_continuation((unsigned char) word[second]);)
		second++;
	for (after = second + 1; after < length && utf8_is_continuation((unsigned char) word[after]);)
		after++;
	buffer_append(injection->result, word, first);
	switch (hash >> 32 & 3)
	{
		case 0: /* drop it */
			break;
		case 1: /* twice */
			buffer_append(injection->result, word + first, second - first);
			buffer_append(injection->result, word + first, second - first);
			break;
		default: /* behind the next one */
			buffer_append(injection->result, word + second, after - second);
			buffer_append(injection->result, word + first, second - first);
			second = after;
			break;
	}
	buffer_append(injection->result, word + second, length - second);
}

/* Append another word for a word: made of syllables, the same for the same word and seed. */
static void
swap_word(Injection *injection, const char *word, size_t length)
{
	static const char consonants[] = "bdfgklmnprstvz";
	static const char vowels[] = "aeiou";
	uint64_t hash = hash_mix(hash_token(word, length) ^ hash_mix(injection->seed + 1));

	if (!(uniform(hash) < injection->strength))
	{
		buffer_append(injection->result, word, length);
		return;
	}
	for (uint64_t n = 3 + hash % 2; n > 0; n--)
	{
		hash = hash_mix(hash + 1);
		buffer_append(injection->result, &consonants[hash % (sizeof(consonants) - 1)], 1);
		buffer_append(injection->result, &vowels[(hash >> 32) % (sizeof(vowels) - 1)], 1);
	}
}

/* Whether a word is in a list, in whatever case. */
static bool
is_listed(const char *word, size_t length, const char *const *list, size_t n)
{
	char lower[MAX_LISTED];

	if (length >= MAX_LISTED)
		return false;
	for (size_t i = 0; i < length; i++)
		lower[i] = (char) (word[i] >= 'A' && word[i] <= 'Z' ? word[i] + ('a' - 'A') : word[i]);
	lower[length] = '\0';
	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(lower, list[i]) == 0)
			return true;
	}
	return false;
}

/* Append a word unless it is a negation that is taken out; note where one is to be put in. */
static void
negate_word(Injection *injection, const char *word, size_t length)
{
	bool is_negation = is_listed(word, length, negations, N_ELEMENTS(negations));

	if (is_negation && (injection->expects_not || is_chosen(injection, 0)))
	{
		injection->has_changed = true;
		injection->skips_spaces = true;
		injection->expects_not = false;
		return;
	}
	if (injection->expects_not)
	{
		buffer_append(injection->result, "not ", 4);
		injection->has_changed = true;
	}
	buffer_append(injection->result, word, length);
	injection->expects_not =
		is_listed(word, length, auxiliaries, N_ELEMENTS(auxiliaries)) && is_chosen(injection, 0);
}

/* Append what stands between words, but not behind a word that was taken out. */
static void
negate_rest(Injection *injection, const char *rest, size_t length)
{
	size_t start = injection->skips_spaces && length > 0 && rest[0] == ' ' ? 1 : 0;

	injection->skips_spaces = false;
	/* "not" is put before a word of the same phrase */
	if (length != 1 || rest[0] != ' ')
		injection->expects_not = false;
	buffer_append(injection->result, rest + start, length - start);
}

/* How words and what stands between them are changed. */
typedef void (*PieceFunction)(Injection *injection, const char *piece, size_t length);

static void
copy_rest(Injection *injection, const char *rest, size_t length)
{
	buffer_append(injection->result, rest, length);
}

/* Whether a character belongs to a word. */
static bool
is_word_character(uint32_t code_point)
{
	CharacterKind kind = character_kind(character_class(code_point));

	return kind == CHARACTER_WORD || kind == CHARACTER_MARK || kind == CHARACTER_UNSPACED;
}

/* Go through words and what stands between them. */
static void
change_pieces(Injection *injection, PieceFunction change_word, PieceFunction change_rest)
{
	size_t start = 0;

	while (start < injection->length)
	{
		uint32_t code_point;
		size_t end = start;
		bool is_word = false;

		while (end < injection->length)
		{
			unsigned size = utf8_decode_at(injection->text, injection->length, end, &code_point);

			if (end == start)
				is_word = is_word_character(code_point);
			else if (is_word_character(code_point) != is_word)
				break;
			end += size;
		}
		(is_word ? change_word : change_rest)(injection, injection->text + start, end - start);
		injection->n_words += is_word;
		if (injection->n_words % 1024 == 0)
			host_check_interrupts();
		start = end;
	}
}

static void
shout(Injection *injection)
{
	change_pieces(injection, shout_word, shout_rest);
	injection->n_words++;
	if (is_chosen(injection, 0))
		buffer_append(injection->result, "!!!", 3);
}

static void
mistype(Injection *injection)
{
	change_pieces(injection, mistype_word, copy_rest);
}

static void
swap_vocabulary(Injection *injection)
{
	change_pieces(injection, swap_word, copy_rest);
}

static void
flip_negations(Injection *injection)
{
	ByteBuffer *result = injection->result;
	ByteBuffer changed = {0};

	injection->result = &changed;
	change_pieces(injection, negate_word, negate_rest);
	injection->n_words++;
	if (!injection->has_changed && injection->length > 0 && is_chosen(injection, 0))
		buffer_append(result, "not ", 4);
	buffer_append(result, changed.data, changed.length);
	buffer_reset(&changed);
	injection->result = result;
}

/* The kinds for texts. */
static const struct
{
	const char *name;
	void (*inject)(Injection *injection);
} text_kinds[] = {{"longer", make_longer},
				  {"shorter", make_shorter},
				  {"shouting", shout},
				  {"typos", mistype},
				  {"vocabulary_swap", swap_vocabulary},
				  {"negation_flip", flip_negations}};

/* Raise the error for a kind that does not exist. */
static void __attribute__((noreturn)) unknown_kind(const char *kind, const char *hint)
{
	host_error(HOST_ERROR_INVALID_PARAMETER, NULL, hint, "unknown kind of drift \"%s\"", kind);
}

/* Refuse a strength that is not in range. */
static void
check_strength(double strength, double most)
{
	if (!(strength >= 0 && strength <= most))
		host_error(HOST_ERROR_INVALID_PARAMETER,
				   most == 1 ? "It must be from 0 to 1." : "It must be finite and not negative.",
				   NULL, "strength of drift is out of range: %g", strength);
}

void
inject_text_drift(const char *text, size_t length, const char *kind, double strength, uint64_t seed,
				  ByteBuffer *result)
{
	Injection injection = {.text = text,
						   .length = length,
						   .strength = strength,
						   .seed = seed,
						   .state = hash_content(text, length) ^ hash_mix(seed),
						   .result = result};
	size_t i = 0;

	check_strength(strength, 1);
	while (i < N_ELEMENTS(text_kinds) && strcmp(text_kinds[i].name, kind) != 0)
		i++;
	if (strcmp(kind, "class_shift") == 0)
		unknown_kind(kind, "Choose rows by sentiment_inject_class_shift instead.");
	if (i == N_ELEMENTS(text_kinds))
		unknown_kind(kind, "Use \"longer\", \"shorter\", \"shouting\", \"typos\", "
						   "\"vocabulary_swap\" or \"negation_flip\".");
	utf8_check(text, length);
	if (strength == 0)
		buffer_append(result, text, length);
	else
		text_kinds[i].inject(&injection);
}

/* A standard normal number that depends on a hash (Box and Muller 1958). */
static double
normal(uint64_t hash)
{
	double radius = sqrt(-2 * log(1 - uniform(hash)));

	return radius * cos(2 * M_PI * uniform(hash + 1));
}

double
inject_number_drift(double value, const char *kind, double strength, uint64_t seed,
					bool *is_missing)
{
	uint64_t bits;
	uint64_t hash;

	memcpy(&bits, &value, sizeof(bits));
	hash = hash_mix(bits ^ hash_mix(seed)) & ~UINT64_C(1);
	*is_missing = false;
	if (strcmp(kind, "shift") == 0)
	{
		check_strength(strength, 1e300);
		return strength == 0 ? value : value + 10 * strength;
	}
	if (strcmp(kind, "scale") == 0)
	{
		check_strength(strength, 1e300);
		return value * (1 + strength / 2);
	}
	if (strcmp(kind, "noise") == 0)
	{
		check_strength(strength, 1e300);
		return strength == 0 ? value
							 : value + (value == 0 ? 1 : fabs(value)) * strength * normal(hash);
	}
	check_strength(strength, 1);
	if (strcmp(kind, "missing") == 0)
		*is_missing = uniform(hash) < strength;
	else if (strcmp(kind, "clip") == 0)
	{
		if (value < 0)
			return strength == 1 ? 0 : value * (1 - strength); /* of infinity, too */
		if (value > 1 && strength == 1)
			return 1;
		return value > 1 && strength > 0 ? 1 + (value - 1) * (1 - strength) : value;
	}
	else
		unknown_kind(kind, "Use \"shift\", \"scale\", \"noise\", \"missing\" or \"clip\".");
	return value;
}

bool
inject_class_shift(const char *text, size_t length, bool is_label, double strength, uint64_t seed)
{
	check_strength(strength, 1);
	return is_label || !(uniform(hash_content(text, length) ^ hash_mix(seed + 2)) < strength);
}
