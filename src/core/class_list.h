/*
 * class_list.h
 *	  The classes of a training: the labels of a corpus in their final order.
 */
#ifndef SENTIMENT_CLASS_LIST_H
#define SENTIMENT_CLASS_LIST_H

#include "core/features/corpus.h"

typedef struct ClassList
{
	uint32_t n_classes;
	const char **labels;   /* (n_classes) zero-terminated, in the order of labels.h */
	uint32_t *class_of;    /* label number of the corpus -> class */
	uint64_t *class_sizes; /* (n_classes) rows of the corpus */
} ClassList;

/*
 * List the classes of a corpus. Raises HOST_ERROR_INSUFFICIENT_DATA for fewer than two classes and for
 * a class of a single row.
 */
extern void class_list_make(const Corpus *corpus, ClassList *classes);

/*
 * Which class is positive: the label that was asked for, or the last one for NULL. A label that is none
 * raises HOST_ERROR_INVALID_PARAMETER.
 */
extern uint32_t class_list_positive(const ClassList *classes, const char *positive_label);

/* Free the list. */
extern void class_list_free(ClassList *classes);

#endif /* SENTIMENT_CLASS_LIST_H */
