/*
 * listen_address.h
 *	  The address that --listen gives: HOST:PORT.
 */
#ifndef EXPORTER_LISTEN_ADDRESS_H
#define EXPORTER_LISTEN_ADDRESS_H

#include <stdbool.h>

typedef struct ListenAddress
{
	char host[256]; /* without the brackets of IPv6; "": every address */
	char port[6];   /* 0 to 65535; 0: a free one */
} ListenAddress;

/* Take an address apart; NULL, or what is wrong with it. */
extern const char *listen_address_parse(const char *text, ListenAddress *address);

#endif /* EXPORTER_LISTEN_ADDRESS_H */
