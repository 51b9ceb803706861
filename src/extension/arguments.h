/*
 * arguments.h
 *	  Arguments of SQL functions that are not STRICT.
 */
#ifndef SENTIMENT_ARGUMENTS_H
#define SENTIMENT_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"

/*
 * Raise an error if one of the first n arguments is null. For commands: a STRICT function would do nothing
 * and report success.
 */
extern void require_arguments(FunctionCallInfo fcinfo, int n);

/* A text argument, or a default (which may be NULL) where it is null or not there. */
extern char *optional_text_argument(FunctionCallInfo fcinfo, int argument,
									const char *default_value);

#endif /* SENTIMENT_ARGUMENTS_H */
