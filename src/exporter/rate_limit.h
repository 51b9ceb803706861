/*
 * rate_limit.h
 *	  So many requests per second for each client's address.
 */
#ifndef EXPORTER_RATE_LIMIT_H
#define EXPORTER_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Who is counted: an IPv4 address, or the network (64 bits) of an IPv6 one. */
typedef struct ClientKey
{
	uint64_t high;
	uint64_t low;
	bool is_loopback;
} ClientKey;

extern ClientKey client_key_of(const struct sockaddr *address);

/* rate: requests per second, 0: no limit; with_loopback: clients on this machine too */
extern void rate_limit_set(long rate, bool with_loopback);

/* Whether a client may make a request now (in nanoseconds of a clock that only goes forward). */
extern bool rate_limit_allows(const ClientKey *client, uint64_t now);

#endif /* EXPORTER_RATE_LIMIT_H */
