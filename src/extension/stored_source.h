/*
 * stored_source.h
 *	  Sources that were stored: whose rights they are read with.
 *
 * A source that somebody names is read as the current role. One that was stored (that of a version, a monitor or
 * sentiment_set_source) is read later, when somebody else asks for it, so it must run nobody's code with rights that its
 * author has not got. It is found by its name at each use, and read as the owner of the relation, in a security-restricted
 * operation, if the model's owner and whoever named the source may SELECT what is read of it. Where rows depend on who
 * reads them (row security, a security_invoker view, a view that asks for current_user), they are those that the model's
 * owner sees: then they are read as him, if the relation's owner could act as him anyway. Relations of a session's own
 * are never stored.
 */
#ifndef SENTIMENT_STORED_SOURCE_H
#define SENTIMENT_STORED_SOURCE_H

#include "postgres.h"

#include "extension/registry.h"

/* A stored source that was found and locked. */
typedef struct StoredSource
{
	RegistryModel model; /* whose it is */
	StoredRole named_by; /* who named it */
	Oid caller;
	bool caller_may_act_as_owner; /* of the model */
	char *caller_name;            /* who asks for it, and is told of errors */
	bool caller_may_read;         /* all of the relation */
	Oid relation;
	Oid relation_owner;
	char *schema;
	char *name;
	char *display_name; /* qualified and quoted */
} StoredSource;

struct Source;

/*
 * Find a stored source and lock it until the transaction's end, in the current memory context. The current role is taken as the one that
 * asks. Raises an error that says what to do if there is none: it was not stored (name is empty), or is gone.
 */
extern StoredSource *stored_source_open(const RegistryModel *model, const char *schema,
										const char *name, const StoredRole *named_by);

/* Raise the error for a model whose source was not stored. */
extern void stored_source_missing(const RegistryModel *model) pg_attribute_noreturn();

/*
 * Raise an error unless the model's owner and who named the source may read what a source (whose relation and columns were checked) reads
 * of it. columns beyond those of the source: names, in a list
 */
extern void stored_source_check_rights(const struct Source *source, List *columns);

/* Why a role must be allowed to read a stored source. */
typedef enum SourceReader
{
	SOURCE_READER_OWNER,   /* the model is its */
	SOURCE_READER_NAMER,   /* it named the source */
	SOURCE_READER_CHOOSER, /* it chose the numeric columns */
	SOURCE_READER_AUTHOR   /* it wrote the contract */
} SourceReader;

/* Raise an error unless a role may read some columns of a stored source. columns: names, in a list */
extern void stored_source_check_role(const StoredSource *stored, Oid role, SourceReader why,
									 List *columns);

/*
 * Who a version is said to be trained by that comes from a stored source: who named the source, unless that role is gone or has the rights of
 * the model's owner anyway, who is it then. So whoever could only train stays the one that a source of his is read for.
 */
extern StoredRole stored_source_trainer(const StoredSource *stored);

/* Whether a relation is of a session's own: such a one is never stored. */
extern bool relation_is_temporary(Oid relation);

/* Whether a role may read all rows and columns of a relation; not if it is gone. */
extern bool role_may_read_relation(Oid role, Oid relation);

#endif /* SENTIMENT_STORED_SOURCE_H */
