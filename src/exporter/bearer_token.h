/*
 * bearer_token.h
 *	  The secret that requests must carry.
 */
#ifndef EXPORTER_BEARER_TOKEN_H
#define EXPORTER_BEARER_TOKEN_H

#include <stdbool.h>

/* Read (again) the token: the file's first line. Says on the log what is wrong, and keeps what there was. */
extern bool bearer_token_read(const char *file);

/* Whether an Authorization header has the token (or none is asked for); in time that tells nothing of it. */
extern bool bearer_token_matches(const char *authorization);

#endif /* EXPORTER_BEARER_TOKEN_H */
