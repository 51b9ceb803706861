/*
 * labels.h
 *	  The order of labels: of a model's classes and of a report.
 *
 * Labels are strings. If all labels of a list are integers ("-1", "10"), they are ordered as numbers,
 * otherwise by their bytes, so the order depends neither on the locale nor on the order of the rows.
 */
#ifndef SENTIMENT_LABELS_H
#define SENTIMENT_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a label at most; a longer one is a mistaken column. */
#define MAX_LABEL_LENGTH 1024

/* Raise HOST_ERROR_LIMIT_EXCEEDED for a label that is too long. */
extern void label_check_length(size_t length);

/* Whether all labels are decimal integers, of any length. */
extern bool labels_are_integers(const char *const *labels, size_t n_labels);

/* Compare two labels, as integers (which both then are) or as bytes: < 0, 0 or > 0. */
extern int label_compare(const char *a, const char *b, bool as_integers);

/* Find the order of labels: order[i] is the index of the label that comes i-th. */
extern void labels_order(const char *const *labels, size_t n_labels, uint32_t *order);

/* Sort labels in place. */
extern void labels_sort(const char **labels, size_t n_labels);

#endif /* SENTIMENT_LABELS_H */
