/*
 * reference_text.h
 *	  The tokenizer and the text features once more, as plainly as possible: what the fast ones in
 *	  src/core/text are held against by unit tests and fuzzer.
 *
 * A text is decoded to an array of code points by libutf8proc, and everything is looked up there. Shared
 * with the fast code are only unicode_ranges.h, the stop word lists and libstemmer.
 */
#ifndef SENTIMENT_TEST_REFERENCE_TEXT_H
#define SENTIMENT_TEST_REFERENCE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/text/stemmer.h"
#include "core/text/stop_words.h"
#include "core/text/text_features.h"
#include "core/text/tokenizer.h"
#include "core/text/unicode_ranges.h"

/* A text as code points. */
typedef struct ReferenceText
{
	uint32_t *codes; /* (count), and zeros behind them */
	size_t *offsets; /* (count + 1), in bytes */
	size_t count;
} ReferenceText;

/* Tokens one behind the other. */
typedef struct ReferenceTokens
{
	char *bytes;
	size_t n_bytes;
	size_t bytes_capacity;
	size_t *ends; /* (count) */
	size_t count;
	size_t capacity;
} ReferenceTokens;

#define REFERENCE_IN(ranges, code) \
	reference_in_ranges((ranges), sizeof(ranges) / sizeof((ranges)[0]), (code))

static inline bool
reference_in_ranges(const CodePointRange *ranges, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++)
	{
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* The two letters of a category, such as "Lu". */
static inline const char *
reference_category(uint32_t code)
{
	return utf8proc_category_string((utf8proc_int32_t) code);
}

/* White space as Python's str.isspace has it. */
static inline bool
reference_is_space(uint32_t code)
{
	return reference_category(code)[0] == 'Z' || (code >= 9 && code <= 13) ||
		   (code >= 28 && code <= 31) || code == 0x85;
}

static inline bool
reference_is_mark(uint32_t code)
{
	return reference_category(code)[0] == 'M';
}

/* A character of Python's \w. */
static inline bool
reference_is_word(uint32_t code)
{
	char category = reference_category(code)[0];

	return category == 'L' || category == 'N' || code == '_';
}

static inline bool
reference_is_unspaced(uint32_t code)
{
	return reference_is_word(code) && REFERENCE_IN(unspaced_ranges, code);
}

static inline bool
reference_is_spaced_word(uint32_t code)
{
	return reference_is_word(code) && !REFERENCE_IN(unspaced_ranges, code);
}

/* Decode a text; answers false if it is not valid UTF-8. */
static inline bool
reference_decode(const char *text, size_t length, ReferenceText *result)
{
	size_t position = 0;

	result->codes = calloc(length + 4, sizeof(uint32_t));
	result->offsets = calloc(length + 4, sizeof(size_t));
	result->count = 0;
	while (position < length)
	{
		utf8proc_int32_t code;
		utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *) text + position,
												 (utf8proc_ssize_t) (length - position), &code);

		if (size <= 0)
		{
			free(result->codes);
			free(result->offsets);
			return false;
		}
		result->codes[result->count] = (uint32_t) code;
		position += (size_t) size;
		result->offsets[++result->count] = position;
	}
	return true;
}

static inline void
reference_free_text(ReferenceText *text)
{
	free(text->codes);
	free(text->offsets);
}

static inline void
reference_free_tokens(ReferenceTokens *tokens)
{
	free(tokens->bytes);
	free(tokens->ends);
	memset(tokens, 0, sizeof(*tokens));
}

/* Append bytes to the token under construction. */
static inline void
reference_append(ReferenceTokens *tokens, const char *bytes, size_t length)
{
	while (tokens->n_bytes + length > tokens->bytes_capacity)
	{
		tokens->bytes_capacity = tokens->bytes_capacity * 2 + 64;
		tokens->bytes = realloc(tokens->bytes, tokens->bytes_capacity);
	}
	memcpy(tokens->bytes + tokens->n_bytes, bytes, length);
	tokens->n_bytes += length;
}

static inline void
reference_append_code(ReferenceTokens *tokens, uint32_t code)
{
	utf8proc_uint8_t bytes[4];
	utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t) code, bytes);

	reference_append(tokens, (const char *) bytes, (size_t) size);
}

/* Where the token under construction starts. */
static inline size_t
reference_token_start(const ReferenceTokens *tokens, size_t i)
{
	return i > 0 ? tokens->ends[i - 1] : 0;
}

/* Finish the token under construction: drop a stop word, stem a word. */
static inline void
reference_finish(ReferenceTokens *tokens, const TokenizerOptions *options, bool is_word)
{
	size_t start = reference_token_start(tokens, tokens->count);
	size_t length = tokens->n_bytes - start;

	if (options->stop_words != 0)
	{
		for (const char *const *word = stop_word_lists[options->stop_words]; *word != NULL; word++)
		{
			if (strlen(*word) == length && memcmp(*word, tokens->bytes + start, length) == 0)
			{
				tokens->n_bytes = start;
				return;
			}
		}
	}
	if (options->stemmer != 0 && is_word && length <= STEMMER_MAX_LENGTH)
	{
		size_t stem_length;
		const char *stem =
			stemmer_stem(options->stemmer, tokens->bytes + start, length, &stem_length);

		if (stem_length > 0)
		{
			tokens->n_bytes = start;
			reference_append(tokens, stem, stem_length);
		}
	}
	if (tokens->count == tokens->capacity)
	{
		tokens->capacity = tokens->capacity * 2 + 64;
		tokens->ends = realloc(tokens->ends, tokens->capacity * sizeof(size_t));
	}
	tokens->ends[tokens->count++] = tokens->n_bytes;
}

/* Code points of the keycap at i, or 0. */
static inline size_t
reference_keycap(const ReferenceText *text, size_t i)
{
	uint32_t base = text->codes[i];
	size_t n = text->codes[i + 1] == 0xfe0f ? 2 : 1;

	if (!(base >= '0' && base <= '9') && base != '#' && base != '*')
		return 0;
	return text->codes[i + n] == 0x20e3 ? n + 1 : 0;
}

static inline bool
reference_is_modifier(uint32_t code)
{
	return code == 0xfe0e || code == 0xfe0f || code == 0x20e3 ||
		   (code >= 0x1f3fb && code <= 0x1f3ff) || (code >= 0xe0020 && code <= 0xe007f);
}

static inline bool
reference_is_flag_letter(uint32_t code)
{
	return code >= 0x1f1e6 && code <= 0x1f1ff;
}

/* Code points of the emoji at i, or 0. At most 128 bytes belong to one. */
static inline size_t
reference_emoji(const ReferenceText *text, size_t i)
{
	size_t limit = i;
	size_t end = i + 1;
	bool is_emoji = REFERENCE_IN(emoji_ranges, text->codes[i]);

	while (limit < text->count && text->offsets[limit + 1] - text->offsets[i] <= 128)
		limit++;
	if (reference_is_word(text->codes[i]))
		return reference_keycap(text, i);
	if (reference_is_flag_letter(text->codes[i]))
		return reference_is_flag_letter(text->codes[i + 1]) ? 2 : 1;
	if (!is_emoji &&
		!(REFERENCE_IN(pictograph_ranges, text->codes[i]) && text->codes[i + 1] == 0xfe0f))
		return reference_keycap(text, i);
	for (;;)
	{
		while (end < limit && reference_is_modifier(text->codes[end]))
			end++;
		if (end + 1 >= limit || text->codes[end] != 0x200d ||
			reference_is_word(text->codes[end + 1]) ||
			(!REFERENCE_IN(emoji_ranges, text->codes[end + 1]) &&
			 !REFERENCE_IN(pictograph_ranges, text->codes[end + 1])))
			return end - i;
		end += 2;
	}
}

static inline bool
reference_is_case_ignorable(uint32_t code)
{
	const char *category = reference_category(code);

	return strcmp(category, "Mn") == 0 || strcmp(category, "Me") == 0 ||
		   strcmp(category, "Cf") == 0 || strcmp(category, "Lm") == 0 ||
		   strcmp(category, "Sk") == 0 || REFERENCE_IN(case_ignorable_ranges, code);
}

static inline bool
reference_is_cased(uint32_t code)
{
	const char *category = reference_category(code);

	return strcmp(category, "Lu") == 0 || strcmp(category, "Ll") == 0 ||
		   strcmp(category, "Lt") == 0 || REFERENCE_IN(other_cased_ranges, code);
}

/* The lower-case form of the character at i. */
static inline uint32_t
reference_lower(const ReferenceText *text, size_t i)
{
	size_t before = i;
	size_t after = i + 1;
	size_t looks;

	if (text->codes[i] != 0x3a3)
		return (uint32_t) utf8proc_tolower((utf8proc_int32_t) text->codes[i]);
	/* Ignorable characters, but only so many. */
	for (looks = 0; looks < 64 && before > 0; looks++)
	{
		if (!reference_is_case_ignorable(text->codes[before - 1]))
			break;
		before--;
	}
	if (looks == 64 || before == 0 || !reference_is_cased(text->codes[before - 1]))
		return 0x3c3;
	for (looks = 0; looks < 64 && after < text->count; looks++)
	{
		if (!reference_is_case_ignorable(text->codes[after]))
			break;
		after++;
	}
	return looks < 64 && after < text->count && reference_is_cased(text->codes[after]) ? 0x3c3
																					   : 0x3c2;
}

/* The index behind the combining marks at i. */
static inline size_t
reference_skip_marks(const ReferenceText *text, size_t i)
{
	while (i < text->count && reference_is_mark(text->codes[i]))
		i++;
	return i;
}

/* Tokens of the run of an unspaced script at i; answers where it ends. */
static inline size_t
reference_unspaced(const ReferenceText *text, const char *bytes, size_t i, ReferenceTokens *tokens,
				   const TokenizerOptions *options)
{
	size_t previous = i;
	bool is_first = true;

	while (i < text->count && reference_is_unspaced(text->codes[i]))
	{
		size_t end = reference_skip_marks(text, i + 1);
		bool is_last = end >= text->count || !reference_is_unspaced(text->codes[end]);

		if (!is_first || is_last)
		{
			reference_append(tokens, bytes + text->offsets[previous],
							 text->offsets[end] - text->offsets[previous]);
			reference_finish(tokens, options, false);
		}
		is_first = false;
		previous = i;
		i = end;
	}
	return i;
}

/* The word at i as a token; answers where it ends. */
static inline size_t
reference_word(const ReferenceText *text, size_t i, ReferenceTokens *tokens,
			   const TokenizerOptions *options)
{
	size_t start = i;
	size_t n_bytes = tokens->n_bytes;

	for (; i < text->count; i++)
	{
		uint32_t code = text->codes[i];
		bool joins = (code == 0x200c || code == 0x200d) && i > start &&
					 reference_is_mark(text->codes[i - 1]) && i + 1 < text->count &&
					 reference_is_spaced_word(text->codes[i + 1]);

		if (reference_keycap(text, i) > 0 ||
			(!reference_is_spaced_word(code) && !reference_is_mark(code) && !joins))
			break;
		reference_append_code(tokens, options->lowercase ? reference_lower(text, i) : code);
	}
	if (i - start >= (size_t) options->token_min_length)
		reference_finish(tokens, options, true);
	else
		tokens->n_bytes = n_bytes;
	return i;
}

/* Tokens of a text that strip_html and strip_urls have left; false if it is not valid UTF-8. */
static inline bool
reference_tokenize(const char *bytes, size_t length, const TokenizerOptions *options,
				   ReferenceTokens *tokens)
{
	ReferenceText text;
	size_t i = 0;

	memset(tokens, 0, sizeof(*tokens));
	if (!reference_decode(bytes, length, &text))
		return false;
	while (i < text.count)
	{
		size_t n = reference_emoji(&text, i);

		if (n > 0)
		{
			reference_append(tokens, bytes + text.offsets[i],
							 text.offsets[i + n] - text.offsets[i]);
			reference_finish(tokens, options, false);
			i += n;
		}
		else if (reference_is_unspaced(text.codes[i]))
			i = reference_unspaced(&text, bytes, i, tokens, options);
		else if (reference_is_word(text.codes[i]))
			i = reference_word(&text, i, tokens, options);
		else
			i++;
	}
	reference_free_text(&text);
	return true;
}

/* Does a text begin with a string of lower-case characters, in any case? */
static inline bool
reference_begins_with(const char *text, size_t length, const char *string)
{
	for (size_t i = 0; string[i] != '\0'; i++)
	{
		if (i >= length || (text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != string[i])
			return false;
	}
	return true;
}

/* An ASCII letter, digit or underscore */
static inline bool
reference_is_ascii_word(char c)
{
	return (unsigned char) c < 0x80 && reference_is_word((unsigned char) c);
}

/* Does a web address begin at a position? */
static inline bool
reference_is_url(const char *text, size_t length, size_t position)
{
	const char *rest = text + position;
	size_t n = length - position;

	return reference_begins_with(rest, n, "http://") ||
		   reference_begins_with(rest, n, "https://") || reference_begins_with(rest, n, "ftp://") ||
		   (reference_begins_with(rest, n, "www.") && n > 4 &&
			(reference_is_ascii_word(rest[4]) || (rest[4] & 0x80) != 0) &&
			(position == 0 || !reference_is_ascii_word(rest[-1])));
}

/* Replace web addresses in a valid text by spaces; answers the bytes written. */
static inline size_t
reference_strip_urls(const char *text, size_t length, char *destination)
{
	size_t n = 0;

	for (size_t i = 0; i < length;)
	{
		if (!reference_is_url(text, length, i))
		{
			destination[n++] = text[i++];
			continue;
		}
		while (i < length && text[i] != '<' && text[i] != '>' && text[i] != '"')
		{
			utf8proc_int32_t code;
			utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *) text + i,
													 (utf8proc_ssize_t) (length - i), &code);

			if (reference_is_space((uint32_t) code))
				break;
			i += (size_t) size;
		}
		destination[n++] = ' ';
	}
	return n;
}

/* A letter in lower case, or 0 for another character. */
static inline uint32_t
reference_letter(const ReferenceText *text, size_t i)
{
	if (i >= text->count || reference_category(text->codes[i])[0] != 'L')
		return 0;
	return (uint32_t) utf8proc_tolower((utf8proc_int32_t) text->codes[i]);
}

/* Count emoji, a sequence as one. */
static inline double
reference_emoji_count(const ReferenceText *text)
{
	double count = 0;

	for (size_t i = 0; i < text->count;)
	{
		size_t n = reference_emoji(text, i);

		count += n > 0;
		i += n > 0 ? n : 1;
	}
	return count;
}

/* Count runs of three or more equal letters. */
static inline double
reference_elongation_count(const ReferenceText *text)
{
	double count = 0;

	for (size_t i = 0; i < text->count;)
	{
		size_t end = i + 1;

		while (reference_letter(text, i) != 0 &&
			   reference_letter(text, end) == reference_letter(text, i))
			end++;
		count += end - i >= 3;
		i = end;
	}
	return count;
}

/* Text features; false if the text is not valid UTF-8. */
static inline bool
reference_text_features(const char *bytes, size_t length, double *values)
{
	ReferenceText text;
	double spaces = 0;
	double upper = 0;
	double cased = 0;
	double digits = 0;
	double punctuation = 0;

	memset(values, 0, N_TEXT_FEATURES * sizeof(double));
	if (!reference_decode(bytes, length, &text))
		return false;
	for (size_t i = 0; i < text.count; i++)
	{
		uint32_t code = text.codes[i];
		const char *category = reference_category(code);

		spaces += reference_is_space(code);
		values[1] += !reference_is_space(code) && (i == 0 || reference_is_space(text.codes[i - 1]));
		values[3] += code == '!' || code == 0xa1 || code == 0xff01;
		values[4] += code == '?' || code == 0xbf || code == 0x61f || code == 0xff1f;
		upper += strcmp(category, "Lu") == 0 || strcmp(category, "Lt") == 0;
		cased += category[0] == 'L' && category[1] != 'm' && category[1] != 'o';
		digits += strcmp(category, "Nd") == 0;
		punctuation += category[0] == 'P';
	}
	values[0] = (double) text.count;
	values[2] = values[1] > 0 ? (values[0] - spaces) / values[1] : 0;
	values[5] = cased > 0 ? upper / cased : 0;
	values[6] = values[0] > 0 ? digits / values[0] : 0;
	values[7] = values[0] > 0 ? punctuation / values[0] : 0;
	values[8] = reference_emoji_count(&text);
	values[9] = reference_elongation_count(&text);
	reference_free_text(&text);
	return true;
}

#endif /* SENTIMENT_TEST_REFERENCE_TEXT_H */
