/*
 * assets.h
 *	  Files that are part of the program; embed.c writes them.
 */
#ifndef EXPORTER_ASSETS_H
#define EXPORTER_ASSETS_H

#include <stddef.h>

typedef struct Asset
{
	const char *path; /* "/index.html" */
	const unsigned char *bytes;
	size_t length;
	const unsigned char *packed; /* by gzip */
	size_t packed_length;        /* 0: not worth it */
	const char *etag;            /* in quotes */
} Asset;

extern const Asset assets[]; /* (n_assets) */
extern const size_t n_assets;

extern const unsigned char openapi_document[];
extern const size_t openapi_length;

#endif /* EXPORTER_ASSETS_H */
