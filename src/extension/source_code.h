/*
 * source_code.h
 *	  Whose code runs while a relation is read.
 *
 * Reading a relation can run functions of a view, a cast, a domain, a policy, an index or a partition key. They run with
 * the rights of the role that reads. So whoever can change them must be able to act as that role anyway: its owner is
 * that role, a member of it, or a superuser. Expressions of anybody else (a view within a view, say) may be there if
 * they are simple, see simple_expression.h.
 */
#ifndef SENTIMENT_SOURCE_CODE_H
#define SENTIMENT_SOURCE_CODE_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Whether a role could act as another: it is that role, a member that inherits its rights, or a superuser. */
extern bool role_could_act_as(Oid role, Oid other);

/* The owner of a relation that exists. */
extern Oid relation_owner(Oid relation);

/*
 * Why the rows that rewritten queries give may depend on the role that runs them, or NULL if they do not: by row security, a security_invoker
 * view, an expression that asks for the current role, or a function of a user's that is not IMMUTABLE.
 * relations: OIDs of all relations of the queries; those views are looked at
 */
extern char *source_code_dependence_on_role(List *queries, List *relations);

/* Whether the same is so of all that a view gives. */
extern bool view_depends_on_role(Oid view);

/*
 * Raise an error if rewritten queries run code that must not run as a role, or functions that could get at what is not theirs
 * in the session: temporary objects of others, cursors of the caller. Connected to SPI. source: a qualified name, for messages.
 */
extern void source_code_check(List *queries, Oid reader, Oid caller, const char *source);

#endif /* SENTIMENT_SOURCE_CODE_H */
