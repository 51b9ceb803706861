/*
 * emoji.h
 *	  Where an emoji ends: a whole sequence as of UTS 51 counts as one.
 */
#ifndef SENTIMENT_EMOJI_H
#define SENTIMENT_EMOJI_H

#include <stddef.h>

#include "core/text/characters.h"

/*
 * Bytes of the emoji at a position of a text, whose first character is of the kind: joined (family),
 * modified (skin tone), with a variation selector, a flag of two letters or of tags. 0 if there is none.
 */
extern size_t emoji_length(const char *text, size_t length, size_t position, CharacterKind kind);

/* Bytes of the keycap at a position of a text: a digit, '#' or '*' in a box. 0 if there is none. */
extern size_t keycap_length(const char *text, size_t length, size_t position);

#endif /* SENTIMENT_EMOJI_H */
