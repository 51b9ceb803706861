/*
 * text_damage.h
 *	  Marks of damage in a text: characters that were lost or read in the wrong encoding, remains of HTML.
 *
 * Mojibake is UTF-8 that was read as Latin-1 or Windows-1252: characters whose codes there make up a
 * UTF-8 sequence, as in "Ã©" or "â€™". A sequence of two that could be written on purpose (a capital
 * before a quotation mark, as in "MAÇÃ»") counts only if a letter follows; one that is no Latin-1
 * character counts only if another sequence is next to it.
 */
#ifndef SENTIMENT_TEXT_DAMAGE_H
#define SENTIMENT_TEXT_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

typedef enum TextDamage
{
	DAMAGE_INVALID = 1 << 0,     /* bytes that are not UTF-8 */
	DAMAGE_REPLACEMENT = 1 << 1, /* U+FFFD */
	DAMAGE_CONTROL = 1 << 2, /* control characters but tab, line feed, form feed, carriage return */
	DAMAGE_MOJIBAKE = 1 << 3,       /* UTF-8 read as Latin-1 or Windows-1252 */
	DAMAGE_DOUBLE_ENCODED = 1 << 4, /* the same, twice over */
	DAMAGE_SURROGATE = 1 << 5,      /* surrogates: as bytes, or escaped ("\ud83d") */
	DAMAGE_HTML = 1 << 6            /* a tag or a character reference */
} TextDamage;

#define N_TEXT_DAMAGES 7

/* What is found in a text of any bytes. Checks for interrupts. */
extern unsigned text_damage_find(const char *text, size_t length);

#endif /* SENTIMENT_TEXT_DAMAGE_H */
