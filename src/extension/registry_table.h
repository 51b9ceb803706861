/*
 * registry_table.h
 *	  Finding the registry's tables, and reading columns of their rows: for the other files of the registry.
 */
#ifndef SENTIMENT_REGISTRY_TABLE_H
#define SENTIMENT_REGISTRY_TABLE_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/rel.h"

#include "extension/stored_role.h"

/* The schema of the tables. */
#define REGISTRY_SCHEMA "sentiment"

/*
 * The OID of a table or index of the registry. Refuses one of somebody else's that merely has its name.
 */
extern Oid registry_relation(const char *name);

/* A column that is not null. */
extern Datum registry_attribute(HeapTuple tuple, int attribute, Relation relation);

/* Copy a name out of a text column. destination: (NAMEDATALEN) */
extern void registry_copy_name(char *destination, Datum value);

/* Read a role out of its three columns. */
extern void registry_read_role(HeapTuple tuple, Relation relation, int name, int oid, int cluster,
							   StoredRole *role);

#endif /* SENTIMENT_REGISTRY_TABLE_H */
