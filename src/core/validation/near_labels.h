/*
 * near_labels.h
 *	  Labels that differ only in case, in white space or in the form of their characters: one label, most likely, that was
 *	  written in several ways.
 */
#ifndef SENTIMENT_NEAR_LABELS_H
#define SENTIMENT_NEAR_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/* A label with its rows. */
typedef struct CountedLabel
{
	const char *label; /* UTF-8, not zero-terminated */
	size_t length;
	uint64_t n_rows;
} CountedLabel;

/*
 * The form in which near labels are equal: Unicode's NFKC with case folded, as Python's normalize('NFKC', label).casefold() has it, without
 * characters that nobody sees; runs of white space as one blank, none at the ends. Zero-terminated. A label that is not UTF-8
 * stays as it is.
 */
extern char *label_folded(const char *label, size_t length);

/*
 * Look for near labels among labels, which are in an order that depends on nothing else. Appends to the text those of the first few
 * groups, with their rows; answers the rows of all but the most frequent label of each group, 0 if all differ.
 */
extern uint64_t near_labels_find(const CountedLabel *labels, uint32_t n_labels, ByteBuffer *text);

#endif /* SENTIMENT_NEAR_LABELS_H */
