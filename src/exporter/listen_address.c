/*
 * listen_address.c
 *	  The address that --listen gives: HOST:PORT.
 *
 * The port is checked here, because getaddrinfo takes larger numbers modulo 65536.
 */
#include "listen_address.h"

#include <stdlib.h>
#include <string.h>

const char *
listen_address_parse(const char *text, ListenAddress *address)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon == NULL ? "" : colon + 1;
	size_t length = colon == NULL ? 0 : (size_t) (colon - text);

	if (colon == NULL || length >= sizeof(address->host))
		return "is not HOST:PORT";
	if (port[0] == '\0' || strlen(port) >= sizeof(address->port) ||
		strspn(port, "0123456789") != strlen(port) || strtol(port, NULL, 10) > 65535)
		return "has no port from 1 to 65535 (or 0 for a free one)";
	memcpy(address->port, port, strlen(port) + 1);
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
	{
		text++;
		length -= 2;
	}
	if (length == 1 && text[0] == '*')
		length = 0;
	memcpy(address->host, text, length);
	address->host[length] = '\0';
	return NULL;
}
