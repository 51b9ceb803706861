/*
 * rate_limit.c
 *	  So many requests per second for each client's address.
 *
 * A bucket of tokens for each address, as many as two seconds bring. The table has a fixed size: in a full
 * row the address that has been quiet longest is forgotten, whose bucket has filled up meanwhile if anybody's has.
 */
#include "rate_limit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#define ROWS        1024
#define WAYS        8
#define BURST       2.0 /* seconds */
#define HASH_FACTOR 0x9e3779b97f4a7c15u

typedef struct Bucket
{
	uint64_t high;
	uint64_t low;
	uint64_t last; /* 0: unused */
	double tokens;
} Bucket;

static Bucket buckets[ROWS][WAYS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double tokens_per_second;
static bool limits_loopback;

ClientKey
client_key_of(const struct sockaddr *address)
{
	ClientKey key = {0, 0, false};

	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *ipv4 = (const struct sockaddr_in *) (const void *) address;

		key.low = ntohl(ipv4->sin_addr.s_addr);
		key.is_loopback = key.low >> 24 == 127;
	}
	else if (address->sa_family == AF_INET6)
	{
		const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *) (const void *) address;
		uint32_t mapped;

		if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
		{
			memcpy(&mapped, ipv6->sin6_addr.s6_addr + 12, sizeof(mapped));
			key.low = ntohl(mapped);
			key.is_loopback = key.low >> 24 == 127;
		}
		else
		{
			memcpy(&key.high, ipv6->sin6_addr.s6_addr, sizeof(key.high));
			key.low = UINT64_MAX; /* tells it from IPv4 */
			key.is_loopback = IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
		}
	}
	return key;
}

void
rate_limit_set(long rate, bool with_loopback)
{
	tokens_per_second = (double) rate;
	limits_loopback = with_loopback;
}

/* The bucket of a client, a full one if it is new. */
static Bucket *
bucket_of(const ClientKey *client)
{
	uint64_t hash = (client->high ^ client->low * HASH_FACTOR) * HASH_FACTOR;
	Bucket *row = buckets[(hash >> 32) % ROWS];
	Bucket *oldest = &row[0];

	for (int i = 0; i < WAYS; i++)
	{
		if (row[i].last != 0 && row[i].high == client->high && row[i].low == client->low)
			return &row[i];
		if (row[i].last < oldest->last)
			oldest = &row[i];
	}
	*oldest = (Bucket){client->high, client->low, 0, BURST * tokens_per_second};
	return oldest;
}

bool
rate_limit_allows(const ClientKey *client, uint64_t now)
{
	Bucket *bucket;
	bool allowed;

	if (tokens_per_second <= 0 || (client->is_loopback && !limits_loopback))
		return true;
	pthread_mutex_lock(&lock);
	bucket = bucket_of(client);
	if (bucket->last != 0 && now > bucket->last)
		bucket->tokens += (double) (now - bucket->last) * 1e-9 * tokens_per_second;
	if (bucket->tokens > BURST * tokens_per_second)
		bucket->tokens = BURST * tokens_per_second;
	bucket->last = now == 0 ? 1 : now;
	allowed = bucket->tokens >= 1;
	if (allowed)
		bucket->tokens -= 1;
	pthread_mutex_unlock(&lock);
	return allowed;
}
