/*
 * gzip.h
 *	  Packing and unpacking of bodies, piece by piece.
 */
#ifndef EXPORTER_GZIP_H
#define EXPORTER_GZIP_H

#include "text_buffer.h"

typedef struct GzipStream GzipStream;

extern GzipStream *gzip_unpack_begin(void);
extern GzipStream *gzip_pack_begin(void);
extern void gzip_end(GzipStream *stream);

typedef enum GzipResult
{
	GZIP_MORE,    /* all input is used */
	GZIP_FULL,    /* the output's limit is reached, input may be left */
	GZIP_INVALID, /* not gzip, or damaged */
	GZIP_NO_MEMORY
} GzipResult;

/*
 * Unpack input, and append it to the buffer until that holds limit bytes. *length becomes what is left of
 * the input.
 */
extern GzipResult gzip_unpack(GzipStream *stream, const char **input, size_t *length,
							  TextBuffer *output, size_t limit);

/* Whether the packed data ended where it should. */
extern bool gzip_unpack_is_complete(const GzipStream *stream);

/* Pack input, and append it to the buffer; finish: it is the last. */
extern bool gzip_pack(GzipStream *stream, const char *input, size_t length, bool finish,
					  TextBuffer *output);

#endif /* EXPORTER_GZIP_H */
