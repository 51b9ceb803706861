/*
 * image_value.h
 *	  The types sentiment_model and sentiment_vocabulary: images of the core as SQL values.
 */
#ifndef SENTIMENT_IMAGE_VALUE_H
#define SENTIMENT_IMAGE_VALUE_H

#include "postgres.h"

#include "fmgr.h"

#include "core/model_image.h"
#include "extension/compat.h"

/* The stored form: the image behind eight bytes, so that it keeps its alignment. */
typedef struct ImageValue
{
	int32 vl_len_;
	uint32 reserved; /* 0 */
	char image[FLEXIBLE_ARRAY_MEMBER];
} ImageValue;

/* Bytes of the image in a detoasted value. */
static inline Size
image_value_length(const ImageValue *value)
{
	Size size = VARSIZE(value);

	return size < offsetof(ImageValue, image) ? 0 : size - offsetof(ImageValue, image);
}

/* A value with a copy of an image that the core has made; frees the buffer. */
extern ImageValue *image_value_create(ByteBuffer *image);

/*
 * The image of a value, copied to where it is read fastest: aligned to a cache line, large ones in huge
 * pages. The memory is the context's, and is given back with it.
 */
extern const char *image_value_place(Datum datum, MemoryContext context, Size *length);

/* A detoasted value: its own bytes or a copy. */
#define DatumGetImageValue(datum) ((ImageValue *) PG_DETOAST_DATUM(datum))

/* What identifies an image: its checksum and length, read from its first bytes only. */
typedef struct ImageKey
{
	uint64 checksum;
	uint64 length;
} ImageKey;

/* The key of an image value, without detoasting all of it. */
extern ImageKey image_value_key(Datum datum);

#endif /* SENTIMENT_IMAGE_VALUE_H */
