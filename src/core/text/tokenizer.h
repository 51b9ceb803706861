/*
 * tokenizer.h
 *	  Text to tokens: what the feature space sees of a text, before n-grams are made.
 *
 * A token is a run of two or more (token_min_length) word characters, lower-cased, as scikit-learn's
 * TfidfVectorizer has it: letters, numbers and underscore. Differences, on purpose: combining marks
 * stay in their word (scikit-learn breaks Hindi at them); a run of a script that is written without
 * spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar, ...) becomes overlapping pairs of
 * characters; an emoji (a whole sequence, joined or modified) is a token. The last two are exempt
 * from token_min_length.
 *
 * Order of the steps: strip_html, strip_urls, lower-casing, tokens, minimum length, stop words, stemmer.
 */
#ifndef SENTIMENT_TOKENIZER_H
#define SENTIMENT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parameters.h"

/* Filled by parameters_parse from tokenizer_parameters. */
typedef struct TokenizerOptions
{
	bool lowercase;
	bool strip_html;      /* tags vanish (become a space), entities are decoded */
	bool strip_urls;      /* http://..., https://..., www.... become a space */
	int token_min_length; /* in characters (code points) */
	int stop_words;       /* index into stop_word_languages, 0 = none */
	int stemmer;          /* index into stemmer_languages, 0 = none */
} TokenizerOptions;

extern const ParameterSpec tokenizer_parameters[];
extern const size_t n_tokenizer_parameters;

#define TOKEN_BATCH_SIZE 512

/* Some successive tokens of a text. The bytes live until the next call for the same tokenizer. */
typedef struct TokenBatch
{
	uint32_t count;
	const char *bytes[TOKEN_BATCH_SIZE]; /* UTF-8, not zero-terminated */
	uint32_t lengths[TOKEN_BATCH_SIZE];  /* in bytes, > 0 */
	uint64_t hashes[TOKEN_BATCH_SIZE];   /* hash_token of the bytes */
} TokenBatch;

typedef struct Tokenizer Tokenizer;

/* Make a tokenizer; it is reused for any number of texts. */
extern Tokenizer *tokenizer_create(const TokenizerOptions *options);

/* Free a tokenizer and all that it holds (the stemmer too). */
extern void tokenizer_free(Tokenizer *tokenizer);

/*
 * Begin a text, which must stay in place until its last batch. Bytes that are not valid UTF-8 raise
 * HOST_ERROR_INVALID_TEXT (now or at the batch that meets them).
 */
extern void tokenizer_begin(Tokenizer *tokenizer, const char *text, size_t length);

/*
 * The next batch of tokens, or NULL at the end of the text. A batch holds at least one token.
 * Checks for interrupts now and then in long texts.
 */
extern const TokenBatch *tokenizer_next(Tokenizer *tokenizer);

#endif /* SENTIMENT_TOKENIZER_H */
