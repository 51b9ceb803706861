/*
 * arguments.h
 *	  Arguments of SQL functions that are not STRICT.
 */
#ifndef SENTIMENT_ARGUMENTS_H
#define SENTIMENT_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

/*
 * Raise an error if one of the first n arguments is null. For commands: a STRICT function would do nothing
 * and report success.
 */
extern void require_arguments(FunctionCallInfo fcinfo, int n);

/* Raise an error if an argument is null. */
extern void require_argument(FunctionCallInfo fcinfo, int argument, const char *name);

/* Names (name[]) as text[]; raises an error that names the argument if one of them is null. */
extern Datum text_array_of_names(ArrayType *names, const char *argument);

/* A text argument, or a default (which may be NULL) where it is null or not there. */
extern char *optional_text_argument(FunctionCallInfo fcinfo, int argument,
									const char *default_value);

#endif /* SENTIMENT_ARGUMENTS_H */
