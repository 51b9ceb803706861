/*
 * owner_context.h
 *	  Running as a model's owner.
 *
 * What somebody stores (a source, a filter) must not run with the rights of whoever comes by later, or of
 * the cron job that retrains: it runs as the model's owner, as the query of a materialized view does, within
 * a security-restricted operation and with a search_path of pg_catalog alone.
 */
#ifndef SENTIMENT_OWNER_CONTEXT_H
#define SENTIMENT_OWNER_CONTEXT_H

#include "postgres.h"

#include "extension/registry.h"

/* What is restored at the end. */
typedef struct OwnerContext
{
	Oid caller;
	int security_context;
	int guc_level;
} OwnerContext;

/*
 * Go on as the model's owner until owner_context_end; an error restores the caller by itself. Raises an error
 * if the owner's role is gone. The caller has checked what the current role may do with the model.
 */
extern OwnerContext owner_context_begin(const RegistryModel *model);
/*
 * The same for a source that somebody named when he trained: as the model's owner if that role had the
 * owner's rights anyway, else as that role. Whoever was granted the right to train could have the owner run
 * functions of his otherwise.
 */
extern OwnerContext owner_context_begin_source(const RegistryModel *model,
											   const StoredRole *named_by);

extern void owner_context_end(OwnerContext *context);

/* The schema of the extension's functions, quoted: for queries that run under the restricted search_path. */
extern const char *extension_schema_quoted(void);

#endif /* SENTIMENT_OWNER_CONTEXT_H */
