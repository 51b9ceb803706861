/*
 * registry_writer.h
 *	  Writing the registry's tables, as their owner and through SPI.
 */
#ifndef SENTIMENT_REGISTRY_WRITER_H
#define SENTIMENT_REGISTRY_WRITER_H

#include "postgres.h"

/* What must be undone after writing the tables. */
typedef struct RegistryWriter
{
	Oid caller;
	int security_context;
	int guc_level;
	bool has_snapshot; /* registry_lock_for_change has pushed one */
} RegistryWriter;

/* Refuse a standby, a subscriber and a read-only transaction: for commands that work for long before they write. */
extern void registry_refuse_read_only(const char *command);

/* Connect to SPI as the owner of the tables, with a safe search_path. Refuses a standby and a subscriber. */
extern RegistryWriter registry_begin_write(const char *command);

/*
 * The same to read only, past row security: the caller checks what the current role may see. Until
 * registry_end_write.
 */
extern RegistryWriter registry_begin_read(void);

/* Go on as the caller; registry_end_write is still to be called. */
extern void registry_become_caller(const RegistryWriter *writer);

/* Read under the active snapshot. */
extern void registry_query(const char *query, int n_arguments, Oid *types, Datum *values);

/* Run a statement with text, bigint, ... parameters; checks SPI's result code. */
extern void registry_execute(const char *query, int n_arguments, Oid *types, Datum *values,
							 const char *nulls, int expected);

/* Return to the caller's role and disconnect. */
extern void registry_end_write(RegistryWriter *writer);

#endif /* SENTIMENT_REGISTRY_WRITER_H */
