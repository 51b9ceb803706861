/*
 * token_scanner.h
 *	  A clean text to lower-cased tokens, batch by batch: the tokenizer's inner loop.
 *
 * A run of ASCII is scanned 64 bytes at a time and its tokens are copied to the arena; all else goes
 * character by character, and tokens that are lower-case already stay where they are in the text.
 */
#ifndef SENTIMENT_TOKEN_SCANNER_H
#define SENTIMENT_TOKEN_SCANNER_H

#include "core/text/tokenizer.h"

typedef struct TokenScanner
{
	bool lowercase;
	uint32_t min_length;

	const char *text;
	size_t length;
	size_t position;             /* all before it is valid UTF-8 and done with, but see below */
	size_t next_interrupt_check; /* when position gets there */

	/* The run of an unspaced script that ends at position */
	size_t unspaced_last;    /* where its last character starts */
	unsigned unspaced_count; /* characters so far: 0, 1 or 2 for more */

	/* Bytes of tokens that differ from the text, for one batch */
	char *arena;
	size_t arena_capacity;
	size_t arena_used;

	TokenBatch batch;
} TokenScanner;

/* Begin a text; the scanner is all zero or was used before. */
extern void token_scanner_begin(TokenScanner *scanner, const char *text, size_t length);

/* Fill the batch; answers whether it holds a token. */
extern bool token_scanner_next(TokenScanner *scanner);

/* Free the arena. */
extern void token_scanner_clear(TokenScanner *scanner);

#endif /* SENTIMENT_TOKEN_SCANNER_H */
