/*
 * text_features.c
 *	  Numbers that describe a raw text.
 *
 * ASCII is counted sixteen bytes at a time, all else character by character. The two meet only behind
 * an ASCII character that is no letter, so what either must know of the other (is a word open, how many
 * equal letters came before) can be read from the few bytes before a position.
 */
#include <stdint.h>
#include <string.h>

#include "core/host.h"
#include "core/text/ascii.h"
#include "core/text/characters.h"
#include "core/text/emoji.h"
#include "core/text/text_features.h"
#include "core/text/utf8.h"

/* A run of so many equal letters is an elongation. */
#define ELONGATION_LENGTH 3

const char *const text_feature_names[N_TEXT_FEATURES] = {
	"text_len",   "word_count",  "avg_word_length",   "exclamation_count", "question_count",
	"caps_ratio", "digit_ratio", "punctuation_ratio", "emoji_count",       "elongation_count"};

typedef enum Count
{
	COUNT_SPACES,
	COUNT_WORDS,
	COUNT_EXCLAMATIONS,
	COUNT_QUESTIONS,
	COUNT_UPPER_CASE,
	COUNT_LOWER_CASE,
	COUNT_DIGITS,
	COUNT_PUNCTUATION,
	COUNT_ELONGATIONS,
	N_VECTOR_COUNTS,
	COUNT_CHARACTERS = N_VECTOR_COUNTS,
	COUNT_EMOJI,
	N_COUNTS
} Count;

typedef struct TextCounter
{
	const char *text;
	size_t length;
	size_t position;
	uint64_t counts[N_COUNTS];
} TextCounter;

/* Sixteen characters; GCC and Clang turn this into SSE2, NEON or plain code. */
typedef uint8_t Vector __attribute__((vector_size(16)));

#define VECTOR_SIZE sizeof(Vector)

/* Bytes before a vector that its counts depend on. */
#define VECTOR_CONTEXT ELONGATION_LENGTH

/* Vectors whose counts fit into bytes. */
#define VECTORS_PER_STRETCH 255

static inline Vector
load_vector(const char *bytes)
{
	Vector vector;

	memcpy(&vector, bytes, VECTOR_SIZE);
	return vector;
}

/* All one bits in the bytes from first to last. */
static inline Vector
between(Vector bytes, uint8_t first, uint8_t last)
{
	return (Vector) (bytes - first <= (uint8_t) (last - first));
}

static inline Vector
equal(Vector a, Vector b)
{
	return (Vector) (a == b);
}

static inline Vector
equal_byte(Vector bytes, uint8_t byte)
{
	return (Vector) (bytes == byte);
}

static inline Vector
is_space(Vector bytes)
{
	return between(bytes, '\t', '\r') | between(bytes, 0x1c, ' ');
}

/* Symbols (categories S*), which are no punctuation. */
static inline Vector
is_symbol(Vector bytes)
{
	return equal_byte(bytes, '$') | equal_byte(bytes, '+') | between(bytes, '<', '>') |
		   equal_byte(bytes, '^') | equal_byte(bytes, '`') | equal_byte(bytes, '|') |
		   equal_byte(bytes, '~');
}

/* Are all bytes below 0x80? */
static inline bool
is_ascii(Vector bytes)
{
	uint64_t halves[2];

	memcpy(halves, &bytes, sizeof(halves));
	return ((halves[0] | halves[1]) & UINT64_C(0x8080808080808080)) == 0;
}

/* The sum of sixteen bytes. */
static inline uint64_t
sum_of_bytes(Vector bytes)
{
	const uint64_t low_bytes = UINT64_C(0x00ff00ff00ff00ff);
	uint64_t halves[2];
	uint64_t pairs; /* four sums of four bytes */

	memcpy(halves, &bytes, sizeof(halves));
	pairs = (halves[0] & low_bytes) + (halves[0] >> 8 & low_bytes) + (halves[1] & low_bytes) +
			(halves[1] >> 8 & low_bytes);
	return pairs * UINT64_C(0x0001000100010001) >> 48;
}

/* Add what is in a vector, before which VECTOR_CONTEXT bytes can be read, to the sums of its bytes. */
static inline void
count_vector(const char *source, Vector bytes, Vector sums[N_VECTOR_COUNTS])
{
	Vector folded = bytes | 0x20;
	Vector letters = between(folded, 'a', 'z');
	Vector upper = between(bytes, 'A', 'Z');
	Vector digits = between(bytes, '0', '9');
	Vector spaces = is_space(bytes);
	Vector previous = load_vector(source - 1);
	Vector same_as_before = equal(folded, previous | 0x20) & letters;

	/* Truth is -1 in each byte. */
	sums[COUNT_SPACES] -= spaces;
	sums[COUNT_WORDS] -= ~spaces & is_space(previous);
	sums[COUNT_EXCLAMATIONS] -= equal_byte(bytes, '!');
	sums[COUNT_QUESTIONS] -= equal_byte(bytes, '?');
	sums[COUNT_UPPER_CASE] -= upper;
	sums[COUNT_LOWER_CASE] -= letters & ~upper;
	sums[COUNT_DIGITS] -= digits;
	sums[COUNT_PUNCTUATION] -= between(bytes, '!', '~') & ~letters & ~digits & ~is_symbol(bytes);
	sums[COUNT_ELONGATIONS] -= same_as_before & equal(folded, load_vector(source - 2) | 0x20) &
							   ~equal(folded, load_vector(source - 3) | 0x20);
}

/* Count up to n_vectors vectors, up to the first that is not ASCII; answers how many. */
static size_t
count_vectors(TextCounter *counter, const char *source, size_t n_vectors)
{
	Vector sums[N_VECTOR_COUNTS] = {{0}};
	size_t n = 0;

	if (n_vectors > VECTORS_PER_STRETCH)
		n_vectors = VECTORS_PER_STRETCH;
	for (; n < n_vectors; n++)
	{
		const char *place = source + n * VECTOR_SIZE;
		Vector bytes = load_vector(place);

		if (!is_ascii(bytes))
			break;
		count_vector(place, bytes, sums);
	}
	for (unsigned i = 0; i < N_VECTOR_COUNTS; i++)
		counter->counts[i] += sum_of_bytes(sums[i]);
	return n;
}

/*
 * Count the (at most sixteen) bytes from position to the text's end or near its start. White space
 * stands for what is missing before and behind them. Answers whether they were ASCII.
 */
static bool
count_copy(TextCounter *counter)
{
	char copy[VECTOR_CONTEXT + VECTOR_SIZE];
	size_t before = counter->position < VECTOR_CONTEXT ? counter->position : VECTOR_CONTEXT;
	size_t length = counter->length - counter->position;

	if (length > VECTOR_SIZE)
		length = VECTOR_SIZE;
	memset(copy, ' ', sizeof(copy));
	memcpy(copy + VECTOR_CONTEXT - before, counter->text + counter->position - before,
		   before + length);
	if (count_vectors(counter, copy + VECTOR_CONTEXT, 1) == 0)
		return false;
	counter->position += length;
	counter->counts[COUNT_CHARACTERS] += length;
	counter->counts[COUNT_SPACES] -= VECTOR_SIZE - length;
	return true;
}

/*
 * Count from position (where the text starts, or behind an ASCII character that is no letter) on as long
 * as sixteen bytes are ASCII.
 */
static void
count_ascii(TextCounter *counter)
{
	while (counter->position < counter->length)
	{
		size_t remaining = counter->length - counter->position;
		size_t n;

		host_check_interrupts();
		if (counter->position < VECTOR_CONTEXT || remaining < VECTOR_SIZE)
		{
			if (!count_copy(counter))
				return;
			continue;
		}
		n = count_vectors(counter, counter->text + counter->position, remaining / VECTOR_SIZE);
		counter->position += n * VECTOR_SIZE;
		counter->counts[COUNT_CHARACTERS] += n * VECTOR_SIZE;
		if (n == 0)
			return;
	}
}

/* What character-by-character counting knows of the characters before position. */
typedef struct Context
{
	bool in_word;
	uint32_t letter;     /* the letter before, in lower case; 0 for none */
	unsigned run_length; /* of this letter, at most ELONGATION_LENGTH */
	size_t emoji_end;    /* behind the emoji that position is within */
} Context;

/* What the ASCII characters before position say; see count_ascii. */
static Context
read_context(const TextCounter *counter)
{
	const char *before = counter->text + counter->position;
	size_t available = counter->position;
	Context context = {false, 0, 0, 0};

	if (available == 0)
		return context;
	context.in_word = character_sort(character_class((unsigned char) before[-1])) != SORT_SPACE;
	if (!ascii_is_letter(before[-1]))
		return context;
	context.letter = (unsigned char) ascii_lower(before[-1]);
	while (context.run_length < ELONGATION_LENGTH && context.run_length < available &&
		   (unsigned char) ascii_lower(*--before) == context.letter)
		context.run_length++;
	return context;
}

/* Count by the sort of a character. */
static void
count_sort(uint64_t *counts, CharacterSort sort, Context *context)
{
	if (sort == SORT_SPACE)
	{
		counts[COUNT_SPACES]++;
		context->in_word = false;
		return;
	}
	counts[COUNT_WORDS] += !context->in_word;
	context->in_word = true;
	counts[COUNT_UPPER_CASE] += sort == SORT_UPPER_CASE;
	counts[COUNT_LOWER_CASE] += sort == SORT_LOWER_CASE;
	counts[COUNT_DIGITS] += sort == SORT_DIGIT;
	counts[COUNT_PUNCTUATION] += sort == SORT_PUNCTUATION;
}

/* Count exclamation and question marks. */
static void
count_sentence_marks(uint64_t *counts, uint32_t code_point)
{
	switch (code_point)
	{
		case '!':
		case 0x00a1: /* inverted */
		case 0xff01: /* full-width */
			counts[COUNT_EXCLAMATIONS]++;
			break;
		case '?':
		case 0x00bf: /* inverted */
		case 0x061f: /* Arabic */
		case 0xff1f: /* full-width */
			counts[COUNT_QUESTIONS]++;
			break;
	}
}

/* Count a run of equal letters when it gets long. */
static void
count_elongation(uint64_t *counts, uint32_t code_point, uint8_t class, Context *context)
{
	uint32_t letter = 0;

	if (character_is_letter(class))
		letter = class & CHARACTER_HAS_LOWER ? character_lower(code_point) : code_point;
	if (letter == 0 || letter != context->letter)
		context->run_length = 0;
	context->letter = letter;
	if (letter != 0 && context->run_length < ELONGATION_LENGTH)
	{
		context->run_length++;
		counts[COUNT_ELONGATIONS] += context->run_length == ELONGATION_LENGTH;
	}
}

/* Is the keycap at position on a digit, '#' or '*'? */
static bool
is_keycap_sequence(const TextCounter *counter)
{
	size_t position = counter->position;
	size_t size = utf8_encoded_length(CODE_POINT_KEYCAP);

	return (position >= 1 &&
			keycap_length(counter->text, counter->length, position - 1) == 1 + size) ||
		   (position >= 4 &&
			keycap_length(counter->text, counter->length, position - 4) == 4 + size);
}

/* Count the emoji that starts at position, or the keycap that ends there. */
static void
count_emoji(TextCounter *counter, uint32_t code_point, CharacterKind kind, Context *context)
{
	size_t length;

	if (counter->position < context->emoji_end)
		return;
	if (code_point == CODE_POINT_KEYCAP)
		counter->counts[COUNT_EMOJI] += is_keycap_sequence(counter);
	if (kind != CHARACTER_EMOJI && kind != CHARACTER_PICTOGRAPH &&
		kind != CHARACTER_REGIONAL_LETTER)
		return;
	length = emoji_length(counter->text, counter->length, counter->position, kind);
	counter->counts[COUNT_EMOJI] += length > 0;
	context->emoji_end = counter->position + length;
}

/* Count character by character, until count_ascii can go on behind the next sixteen bytes. */
static void
count_characters(TextCounter *counter)
{
	Context context = read_context(counter);
	size_t ascii_resumes = counter->position + VECTOR_SIZE;
	size_t next_interrupt_check = counter->position + TEXT_INTERRUPT_DISTANCE;

	while (counter->position < counter->length)
	{
		uint32_t code_point;
		unsigned size =
			utf8_decode_at(counter->text, counter->length, counter->position, &code_point);
		uint8_t class = character_class(code_point);

		counter->counts[COUNT_CHARACTERS]++;
		count_sort(counter->counts, character_sort(class), &context);
		count_sentence_marks(counter->counts, code_point);
		count_elongation(counter->counts, code_point, class, &context);
		count_emoji(counter, code_point, character_kind(class), &context);
		counter->position += size;
		if (size == 1 && !character_is_letter(class) && counter->position >= ascii_resumes)
			return;
		if (counter->position >= next_interrupt_check)
		{
			next_interrupt_check = counter->position + TEXT_INTERRUPT_DISTANCE;
			host_check_interrupts();
		}
	}
}

/* A share; 0 of nothing. */
static double
ratio(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double) part / (double) whole : 0.0;
}

/* Compute the features of a raw text. */
void
text_features_compute(const char *text, size_t length, double *values)
{
	TextCounter counter = {.text = text, .length = length};
	const uint64_t *counts = counter.counts;

	while (counter.position < length)
	{
		count_ascii(&counter);
		count_characters(&counter);
	}
	values[0] = (double) counts[COUNT_CHARACTERS];
	values[1] = (double) counts[COUNT_WORDS];
	values[2] = ratio(counts[COUNT_CHARACTERS] - counts[COUNT_SPACES], counts[COUNT_WORDS]);
	values[3] = (double) counts[COUNT_EXCLAMATIONS];
	values[4] = (double) counts[COUNT_QUESTIONS];
	values[5] =
		ratio(counts[COUNT_UPPER_CASE], counts[COUNT_UPPER_CASE] + counts[COUNT_LOWER_CASE]);
	values[6] = ratio(counts[COUNT_DIGITS], counts[COUNT_CHARACTERS]);
	values[7] = ratio(counts[COUNT_PUNCTUATION], counts[COUNT_CHARACTERS]);
	values[8] = (double) counts[COUNT_EMOJI];
	values[9] = (double) counts[COUNT_ELONGATIONS];
}
