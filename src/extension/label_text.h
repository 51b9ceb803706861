/*
 * label_text.h
 *	  The text of a label: the same in every session, and one for equal values.
 */
#ifndef SENTIMENT_LABEL_TEXT_H
#define SENTIMENT_LABEL_TEXT_H

#include "postgres.h"

#include "lib/stringinfo.h"

/*
 * Append an expression of type text for the labels in a column of a relation, under the alias t. For a built-in type whose text
 * depends on settings, or has several texts for equal values, it calls sentiment.label_text().
 */
extern void label_text_append(StringInfo query, Oid relation, const char *column);

/* The text of a number: without zeros at its end. */
extern char *label_text_of_numeric(Datum number);

#endif /* SENTIMENT_LABEL_TEXT_H */
