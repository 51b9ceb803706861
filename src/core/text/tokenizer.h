/*
 * tokenizer.h
 *	  Text to tokens: what the feature space sees of a text, before n-grams are made.
 *
 * A token is a run of two or more (token_min_length) word characters, lower-cased, as scikit-learn's
 * TfidfVectorizer has it: letters, numbers and underscore. Differences, on purpose:
 *	- combining marks stay in their word (scikit-learn breaks Hindi at them), and so does a zero width
 *	  joiner or non-joiner between a mark and a letter;
 *	- U+0130 becomes "i", so that Turkish capitals meet their small letters;
 *	- a run of a script that is written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer,
 *	  Myanmar, ...) becomes overlapping pairs of characters, with their marks; a run of one is that
 *	  character;
 *	- an emoji (a whole sequence, joined or modified; a flag; a keycap) is a token, but typography such
 *	  as "©" is not, unless U+FE0F asks for its picture.
 * The last two are exempt from token_min_length and from the stemmer, and so are words of more than 255
 * bytes from the stemmer.
 *
 * Order of the steps: strip_html, strip_urls, contracted stop words (contractions.h), lower-casing, tokens, minimum
 * length, stop words, stemmer. Stop words are lower-case, and compared as they are. strip_urls leaves e-mail addresses.
 *
 * Speed: about 1 GB/s for English, a third of it for Korean. Scratch memory grows with the longest token
 * only, but strip_html and strip_urls need a copy of a text that they change.
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
	bool strip_urls;      /* http://..., https://..., ftp://..., www.... become a space */
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

/* Free a tokenizer. (libstemmer's own memory, one stemmer a language and thread, is kept.) */
extern void tokenizer_free(Tokenizer *tokenizer);

/*
 * Begin a text, which must stay in place until its last batch. Bytes that are not valid UTF-8 raise
 * HOST_ERROR_INVALID_TEXT (now or at the batch that meets them); a text of 2 GB or more raises
 * HOST_ERROR_LIMIT_EXCEEDED. After an error the tokenizer can begin another text.
 */
extern void tokenizer_begin(Tokenizer *tokenizer, const char *text, size_t length);

/*
 * The next batch of tokens, or NULL at the end of the text. A batch holds at least one token.
 * Checks for interrupts now and then in long texts.
 */
extern const TokenBatch *tokenizer_next(Tokenizer *tokenizer);

#endif /* SENTIMENT_TOKENIZER_H */
