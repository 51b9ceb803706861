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

#include "common/base64.h"
#include "utils/guc.h"

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
