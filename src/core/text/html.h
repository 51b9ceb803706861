/*
 * html.h
 *	  Plain text out of HTML: tags vanish, character references are decoded.
 *
 * A '<' begins a tag only if a letter, '/', '!' or '?' follows and a '>' comes later; "<3" stays.
 * Comments, and script and style elements with an end tag, vanish with their content.
 */
#ifndef SENTIMENT_HTML_H
#define SENTIMENT_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* Would html_strip change anything? (It may say yes too often.) */
extern bool html_is_present(const char *text, size_t length);

/*
 * Write the text without tags (each becomes a space) to destination, which has room for length bytes,
 * and answer the bytes written. Valid UTF-8 stays valid. Checks for interrupts.
 */
extern size_t html_strip(const char *text, size_t length, char *destination);

#endif /* SENTIMENT_HTML_H */
