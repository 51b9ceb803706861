/*
 * gzip.c
 *	  Packing and unpacking of bodies, piece by piece.
 *
 * What unpacks has a limit for every step, so a body that unpacks to a thousand times its size ("bomb") takes
 * no more memory than any other.
 */
#include "gzip.h"

#include <stdlib.h>
#include <zlib.h>

#define PIECE      16384
#define GZIP_BITS  (15 + 16) /* the largest window, with gzip's header */
#define PACK_LEVEL 1         /* loopback and data centres: time counts more than bytes */

struct GzipStream
{
	z_stream zlib;
	bool packs;
	bool complete; /* the last member has ended */
};

/* A stream of either direction. */
static GzipStream *
begin(bool packs)
{
	GzipStream *stream = calloc(1, sizeof(GzipStream));
	int status;

	if (stream == NULL)
		return NULL;
	stream->packs = packs;
	status = packs ? deflateInit2(&stream->zlib, PACK_LEVEL, Z_DEFLATED, GZIP_BITS, 8,
								  Z_DEFAULT_STRATEGY)
				   : inflateInit2(&stream->zlib, GZIP_BITS);
	if (status != Z_OK)
	{
		free(stream);
		return NULL;
	}
	return stream;
}

GzipStream *
gzip_unpack_begin(void)
{
	return begin(false);
}

GzipStream *
gzip_pack_begin(void)
{
	return begin(true);
}

void
gzip_end(GzipStream *stream)
{
	if (stream == NULL)
		return;
	if (stream->packs)
		deflateEnd(&stream->zlib);
	else
		inflateEnd(&stream->zlib);
	free(stream);
}

GzipResult
gzip_unpack(GzipStream *stream, const char **input, size_t *length, TextBuffer *output,
			size_t limit)
{
	z_stream *zlib = &stream->zlib;

	for (;;)
	{
		size_t room = limit > output->length ? limit - output->length : 0;
		size_t piece = room > PIECE ? PIECE : room;
		uInt before;
		int status;

		if (room == 0)
			return GZIP_FULL;
		if (!text_buffer_reserve(output, piece))
			return GZIP_NO_MEMORY;
		if (stream->complete && *length > 0)
		{
			/* another member follows */
			if (inflateReset(zlib) != Z_OK)
				return GZIP_INVALID;
			stream->complete = false;
		}
		if (stream->complete)
			return GZIP_MORE;
		zlib->next_in = (Bytef *) (uintptr_t) *input;
		zlib->avail_in = *length > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt) *length;
		before = zlib->avail_in;
		zlib->next_out = (Bytef *) output->bytes + output->length;
		zlib->avail_out = (uInt) piece;
		status = inflate(zlib, Z_NO_FLUSH);
		*input += before - zlib->avail_in;
		*length -= before - zlib->avail_in;
		output->length += piece - zlib->avail_out;
		if (status == Z_STREAM_END)
			stream->complete = true;
		else if (status == Z_MEM_ERROR)
			return GZIP_NO_MEMORY;
		else if (status == Z_BUF_ERROR || (status == Z_OK && zlib->avail_out > 0))
		{
			if (*length == 0)
				return GZIP_MORE;
		}
		else if (status != Z_OK)
			return GZIP_INVALID;
	}
}

bool
gzip_unpack_is_complete(const GzipStream *stream)
{
	return stream->complete;
}

bool
gzip_pack(GzipStream *stream, const char *input, size_t length, bool finish, TextBuffer *output)
{
	z_stream *zlib = &stream->zlib;
	int status;

	zlib->next_in = (Bytef *) (uintptr_t) input;
	zlib->avail_in = (uInt) length;
	do
	{
		if (!text_buffer_reserve(output, PIECE))
			return false;
		zlib->next_out = (Bytef *) output->bytes + output->length;
		zlib->avail_out = PIECE;
		status = deflate(zlib, finish ? Z_FINISH : Z_NO_FLUSH);
		if (status == Z_STREAM_ERROR)
			return false;
		output->length += PIECE - zlib->avail_out;
	} while (zlib->avail_out == 0 || zlib->avail_in > 0);
	return true;
}
