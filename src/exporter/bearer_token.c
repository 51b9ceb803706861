/*
 * bearer_token.c
 *	  The secret that requests must carry.
 */
#include "bearer_token.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "log.h"

#define TOKEN_SIZE     1024
#define SHORTEST_TOKEN 16

static char token[TOKEN_SIZE]; /* zeros behind its end */
static _Atomic bool is_asked_for;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

bool
bearer_token_read(const char *file)
{
	char line[TOKEN_SIZE + 2] = "";
	FILE *stream = fopen(file, "re");
	size_t length;
	bool got;

	if (stream == NULL)
	{
		log_message("error", "cannot open the token's file \"%s\": %s", file, strerror(errno));
		return false;
	}
	got = fgets(line, sizeof(line), stream) != NULL;
	fclose(stream);
	length = got ? strcspn(line, "\r\n") : 0;
	if (length < SHORTEST_TOKEN || length >= TOKEN_SIZE)
	{
		log_message("error", "the token in \"%s\" must have %d to %d characters", file,
					SHORTEST_TOKEN, TOKEN_SIZE - 1);
		return false;
	}
	memset(line + length, 0, sizeof(line) - length);
	pthread_rwlock_wrlock(&lock);
	memcpy(token, line, TOKEN_SIZE);
	is_asked_for = true;
	pthread_rwlock_unlock(&lock);
	return true;
}

bool
bearer_token_matches(const char *authorization)
{
	char given[TOKEN_SIZE] = "";
	volatile unsigned char difference = 0;
	bool matches;

	if (!is_asked_for)
		return true;
	if (authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0 &&
		strlen(authorization + 7) < TOKEN_SIZE)
		memcpy(given, authorization + 7, strlen(authorization + 7));
	pthread_rwlock_rdlock(&lock);
	for (size_t i = 0; i < TOKEN_SIZE; i++)
		difference = (unsigned char) (difference | (given[i] ^ token[i]));
	matches = difference == 0;
	pthread_rwlock_unlock(&lock);
	return matches;
}
