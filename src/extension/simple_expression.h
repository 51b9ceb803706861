/*
 * simple_expression.h
 *	  Expressions that run no code of anybody's: columns, constants, and what is built in.
 *
 * What is stored as SQL is parsed again later, in another session and with the rights of another role. So it may
 * hold nothing that a role can supply: no function, operator, type or collation that is not built into the server,
 * no subquery, no system column. The functions must be immutable, or be of a list of stable ones on dates, times and
 * text. It is what the row filter of a publication must be, with these functions more.
 */
#ifndef SENTIMENT_SIMPLE_EXPRESSION_H
#define SENTIMENT_SIMPLE_EXPRESSION_H

#include "postgres.h"

#include "nodes/primnodes.h"

struct ParseState;

/* Whether a function is built in, and immutable or one of the stable ones that are allowed. */
extern bool simple_expression_allows_function(Oid function);

/*
 * Why an expression that was only parsed must not be analyzed, as the detail of an error in the current memory context; NULL if it may be.
 * To analyze an expression reads its constants as values of their types, which runs the constraints of domains. So types, and
 * schemas of functions and operators, are looked at before; columns are when simple_expression_watch_columns has been called.
 */
extern char *simple_expression_raw_problem(Node *expression);

/* Let the analysis of an expression raise an error for a column, or what is written like one, whose type is not built in. */
extern void simple_expression_watch_columns(struct ParseState *state);

/*
 * Why an expression that was analyzed is not simple, as the detail of an error in the current memory context; NULL if
 * it is simple.
 */
extern char *simple_expression_problem(Node *expression);

#endif /* SENTIMENT_SIMPLE_EXPRESSION_H */
