/*
 * compat.h
 *	  Differences between the PostgreSQL versions that the extension is written for (15 to 18).
 *
 * No other file asks for a version.
 */
#ifndef SENTIMENT_COMPAT_H
#define SENTIMENT_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "sentiment needs PostgreSQL 15 or later"
#endif

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "common/base64.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

/* VARSIZE and its like: until PostgreSQL 15, postgres.h had them. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* The mark of functions that do not return; PostgreSQL 18 has pg_noreturn instead, in another place. */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

/*
 * Errors of input functions, which pg_input_is_valid() and COPY ... ON_ERROR want to be told of rather
 * than thrown: from PostgreSQL 16 on. Until then they are ordinary errors.
 */
#if PG_VERSION_NUM < 160000
#define ereturn(context, dummy_value, ...) ereport(ERROR, __VA_ARGS__)
#endif

/* Raise an error unless a role may make another the owner of something, as ALTER ... OWNER TO asks. */
static inline void
check_may_give_to_role(Oid role, Oid new_owner)
{
#if PG_VERSION_NUM >= 160000
	check_can_set_role(role, new_owner);
#else
	check_is_member_of_role(role, new_owner);
#endif
}

/* Whether a role could act as another by SET ROLE, or has its rights anyway. */
static inline bool
may_act_as_role(Oid role, Oid other)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(role, other) || has_privs_of_role(role, other);
#else
	return is_member_of_role(role, other);
#endif
}

/* Set search_path until the GUC nest level ends; PostgreSQL 17 gave it a function. */
static inline void
restrict_search_path(void)
{
#if PG_VERSION_NUM >= 170000
	RestrictSearchPath();
#else
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
#endif
}

/* All settings; PostgreSQL 16 hides its array of them. */
static inline struct config_generic **
all_settings(int *n_settings)
{
#if PG_VERSION_NUM >= 160000
	return get_guc_variables(n_settings);
#else
	*n_settings = GetNumConfigOptions();
	return get_guc_variables();
#endif
}

/* Whether a role may look into a schema; PostgreSQL 16 has one function for all kinds of objects. */
static inline bool
may_use_schema(Oid role, Oid schema)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK;
#endif
}

/*
 * The view that a subquery of a rewritten query stands for, or InvalidOid. Until PostgreSQL 15 the view is the first entry
 * of the subquery's own range table; no other entry of a rewritten query is a view.
 */
static inline Oid
view_of_subquery(const RangeTblEntry *entry)
{
#if PG_VERSION_NUM >= 160000
	return entry->relid;
#else
	const RangeTblEntry *first;

	if (entry->subquery->rtable == NIL)
		return InvalidOid;
	first = linitial_node(RangeTblEntry, entry->subquery->rtable);
	return first->rtekind == RTE_RELATION && first->relkind == RELKIND_VIEW ? first->relid
																			: InvalidOid;
#endif
}

/* Base64 of bytes; PostgreSQL 18 calls them uint8. */
#if PG_VERSION_NUM >= 180000
#define base64_encode(source, length, target, capacity) \
	pg_b64_encode((const uint8 *) (source), length, target, capacity)
#define base64_decode(source, length, target, capacity) \
	pg_b64_decode(source, length, (uint8 *) (target), capacity)
#else
#define base64_encode pg_b64_encode
#define base64_decode pg_b64_decode
#endif

#endif /* SENTIMENT_COMPAT_H */
