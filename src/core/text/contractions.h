/*
 * contractions.h
 *	  Stop words that an apostrophe joins to other words, or leaves a part of.
 *
 * The tokenizer ends words at apostrophes, so the parts of "wasn't" and "they'll" would be tokens ("wasn", "ll") that are in
 * no list of stop words, or in it though they are words of their own ("won"). So they go before the text is cut into
 * tokens: a whole contraction ("wasn't", "let's"), what is joined to the end of any word ("they'll", "John've") and
 * what is elided before any word ("l'homme", "lorsqu'il", "dell'opera"). The apostrophe may be typographic.
 */
#ifndef SENTIMENT_CONTRACTIONS_H
#define SENTIMENT_CONTRACTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Does a text have an apostrophe, and the language (an index into stop_word_languages) contractions? */
extern bool contraction_is_present(int language, const char *text, size_t length);

/*
 * Write the text, which is valid UTF-8, to destination (which has room for length bytes or is the text itself),
 * with spaces in place of contracted stop words. ignores_case: upper-case ones are no other words. Checks for interrupts.
 */
extern void contractions_strip(int language, bool ignores_case, const char *text, size_t length,
							   char *destination);

#endif /* SENTIMENT_CONTRACTIONS_H */
