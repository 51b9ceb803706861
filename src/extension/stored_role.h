/*
 * stored_role.h
 *	  Roles in the tables of the registry: owners, grantees, and who did something.
 *
 * Tables must restore in a cluster where a role has another number or is not there at all, so a role is
 * stored by its name. But a name alone would give all that a dropped role had to the next role of its
 * name. So its OID is stored too, and the cluster that it is an OID of (the system identifier): in that
 * cluster the OID alone decides, in any other one (after pg_dump and restore, or pg_upgrade) the name.
 */
#ifndef SENTIMENT_STORED_ROLE_H
#define SENTIMENT_STORED_ROLE_H

#include "postgres.h"

/* Name of the grantee that stands for everybody; no role can have it. */
#define PUBLIC_NAME "public"

/* A role as it is stored; everybody has no OID and no cluster. */
typedef struct StoredRole
{
	char name[NAMEDATALEN]; /* when it was stored */
	Oid oid;
	int64 cluster;
} StoredRole;

/* The identifier of this cluster. */
extern int64 stored_role_this_cluster(void);

/* How to store a role. */
extern StoredRole stored_role_of(Oid role);

/* Everybody, as it is stored. */
extern StoredRole stored_role_public(void);

/* Whether a stored role stands for everybody. */
extern bool stored_role_is_public(const StoredRole *stored);

/* The role's OID in this cluster, or InvalidOid: it is gone, or is everybody. */
extern Oid stored_role_find(const StoredRole *stored);

/* Whether the current role has the rights of a stored role; nobody has those of a role that is gone. */
extern bool stored_role_is_mine(const StoredRole *stored);

/* The role's present name: of one that is gone, "unknown (OID=n)" as the server's own views have it. */
extern char *stored_role_name(const StoredRole *stored);

#endif /* SENTIMENT_STORED_ROLE_H */
