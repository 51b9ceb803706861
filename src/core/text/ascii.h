/*
 * ascii.h
 *	  ASCII characters, whatever the locale.
 */
#ifndef SENTIMENT_ASCII_H
#define SENTIMENT_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
ascii_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
}

/* Does a text begin with a zero-terminated string of lower-case characters, in any case? */
static inline bool
ascii_begins_with(const char *text, size_t length, const char *string)
{
	for (size_t i = 0; string[i] != '\0'; i++)
	{
		if (i >= length || ascii_lower(text[i]) != string[i])
			return false;
	}
	return true;
}

#endif /* SENTIMENT_ASCII_H */
