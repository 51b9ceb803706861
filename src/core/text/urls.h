/*
 * urls.h
 *	  Web addresses out of a text.
 *
 * An address begins with http://, https://, ftp:// or (not behind an ASCII letter, digit or
 * underscore) www. in any case, and ends before white space, '<', '>' or '"'. E-mail addresses stay:
 * their words may tell something.
 */
#ifndef SENTIMENT_URLS_H
#define SENTIMENT_URLS_H

#include <stdbool.h>
#include <stddef.h>

/* Is there an address in the text? */
extern bool url_is_present(const char *text, size_t length);

/*
 * Write the text, which is valid UTF-8, without addresses (each becomes a space) to destination, which
 * has room for length bytes or is the text itself. Answers the bytes written. Checks for interrupts.
 */
extern size_t url_strip(const char *text, size_t length, char *destination);

#endif /* SENTIMENT_URLS_H */
