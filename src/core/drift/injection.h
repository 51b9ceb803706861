/*
 * injection.h
 *	  Drift made on purpose, for testing that it is found.
 *
 * A strength is from 0, which changes nothing, to 1. What is changed depends on the text, the kind, the
 * strength and a seed only. Words are runs of letters, numbers and marks.
 */
#ifndef SENTIMENT_INJECTION_H
#define SENTIMENT_INJECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/*
 * Append a text with drift of a kind:
 *   longer           repeats its beginning: up to three times as long
 *   shorter          cuts its end: down to a fifth
 *   shouting         capitals, and '!' for '.'
 *   typos            exchanges, drops or doubles a character of words
 *   vocabulary_swap  other words for a part of the words, the same in all texts
 *   negation_flip    takes English negations out, puts "not" behind auxiliary verbs or before the text
 * A strength between 0 and 1 changes a part of the words. Raises HOST_ERROR_INVALID_PARAMETER for another
 * kind or strength, HOST_ERROR_INVALID_TEXT for bytes that are not UTF-8.
 */
extern void inject_text_drift(const char *text, size_t length, const char *kind, double strength,
							  uint64_t seed, ByteBuffer *result);

/*
 * A number with drift of a kind; *is_missing tells that it is missing now:
 *   shift    10 times the strength is added
 *   scale    times 1 plus half of the strength
 *   noise    a normal deviation of the number's own size times the strength is added
 *   missing  with the strength's probability
 *   clip     negative numbers move to 0 by the strength, positive ones to at most 1
 * For shift, scale and noise the strength may be larger than 1.
 */
extern double inject_number_drift(double value, const char *kind, double strength, uint64_t seed,
								  bool *is_missing);

/*
 * Whether a row is kept in a shift of classes towards a label: all of its rows, and of the others a part
 * that shrinks to none. is_label: whether the row has the label
 */
extern bool inject_class_shift(const char *text, size_t length, bool is_label, double strength,
							   uint64_t seed);

#endif /* SENTIMENT_INJECTION_H */
