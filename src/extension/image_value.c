/*
 * image_value.c
 *	  The types sentiment_model and sentiment_vocabulary: images of the core as SQL values.
 *
 * Their text form is the image in base64 (RFC 4648, no line breaks), the binary form its bytes. Both
 * are checked in full when they come in; the bytes of a value may therefore be trusted to be an image,
 * but are checked again when a session opens it, since a disk may have other ideas.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/features/feature_space.h"
#include "core/pipeline.h"
#include "extension/compat.h"
#include "extension/image_value.h"

/* A value with room for an image of that size. */
static ImageValue *
image_value_allocate(Size length)
{
	ImageValue *value;

	image_check_size(length);
	value = palloc(offsetof(ImageValue, image) + length);
	SET_VARSIZE(value, offsetof(ImageValue, image) + length);
	value->reserved = 0;
	return value;
}

ImageValue *
image_value_create(ByteBuffer *image)
{
	ImageValue *value = image_value_allocate(image->length);

	memcpy(value->image, image->data, image->length);
	buffer_reset(image);
	return value;
}

ImageKey
image_value_key(Datum datum)
{
	ImageValue *start =
		(ImageValue *) PG_DETOAST_DATUM_SLICE(datum, 0, sizeof(ImageHeader) + sizeof(uint32));
	const ImageHeader *header = (const ImageHeader *) start->image;
	ImageKey key;

	if (image_value_length(start) < sizeof(ImageHeader))
		image_invalid("It is truncated.");
	key = (ImageKey){header->checksum, header->length};
	if ((Pointer) start != DatumGetPointer(datum))
		pfree(start);
	return key;
}

/* Open an image for the sake of its checks only. */
static void
check_image(const ImageValue *value, ImageType type)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sentiment image check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);

	if (type == IMAGE_MODEL)
		pipeline_close(pipeline_open(value->image, image_value_length(value)));
	else
		feature_space_close(feature_space_open_image(value->image, image_value_length(value)));
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

/* Read the text form. */
static Datum
image_in(const char *text, ImageType type, const char *type_name)
{
	Size text_length = strlen(text);
	ImageValue *value;
	int length;

	image_check_size(text_length / 4 * 3);
	value = image_value_allocate(pg_b64_dec_len(text_length));
	length = base64_decode(text, text_length, value->image, pg_b64_dec_len(text_length));
	if (length < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s", type_name),
						errdetail("Its text form is an image in base64, as it was put out.")));
	SET_VARSIZE(value, offsetof(ImageValue, image) + length);
	check_image(value, type);
	return PointerGetDatum(value);
}

/* Write the text form. */
static Datum
image_out(Datum datum)
{
	ImageValue *value = DatumGetImageValue(datum);
	int capacity = pg_b64_enc_len(image_value_length(value));
	char *text = palloc(capacity + 1);
	int length = base64_encode(value->image, image_value_length(value), text, capacity);

	if (length < 0)
		elog(ERROR, "could not encode an image");
	text[length] = '\0';
	return CStringGetDatum(text);
}

/* Read the binary form. */
static Datum
image_recv(StringInfo message, ImageType type)
{
	int length = message->len - message->cursor;
	ImageValue *value = image_value_allocate(length);

	memcpy(value->image, pq_getmsgbytes(message, length), length);
	check_image(value, type);
	return PointerGetDatum(value);
}

/* Write the binary form. */
static Datum
image_send(Datum datum)
{
	ImageValue *value = DatumGetImageValue(datum);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, value->image, image_value_length(value));
	return PointerGetDatum(pq_endtypsend(&message));
}

PG_FUNCTION_INFO_V1(sentiment_model_in);
Datum
sentiment_model_in(PG_FUNCTION_ARGS)
{
	return image_in(PG_GETARG_CSTRING(0), IMAGE_MODEL, "sentiment_model");
}

PG_FUNCTION_INFO_V1(sentiment_model_out);
Datum
sentiment_model_out(PG_FUNCTION_ARGS)
{
	return image_out(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sentiment_model_recv);
Datum
sentiment_model_recv(PG_FUNCTION_ARGS)
{
	return image_recv((StringInfo) PG_GETARG_POINTER(0), IMAGE_MODEL);
}

PG_FUNCTION_INFO_V1(sentiment_model_send);
Datum
sentiment_model_send(PG_FUNCTION_ARGS)
{
	return image_send(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_in);
Datum
sentiment_vocabulary_in(PG_FUNCTION_ARGS)
{
	return image_in(PG_GETARG_CSTRING(0), IMAGE_VOCABULARY, "sentiment_vocabulary");
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_out);
Datum
sentiment_vocabulary_out(PG_FUNCTION_ARGS)
{
	return image_out(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_recv);
Datum
sentiment_vocabulary_recv(PG_FUNCTION_ARGS)
{
	return image_recv((StringInfo) PG_GETARG_POINTER(0), IMAGE_VOCABULARY);
}

PG_FUNCTION_INFO_V1(sentiment_vocabulary_send);
Datum
sentiment_vocabulary_send(PG_FUNCTION_ARGS)
{
	return image_send(PG_GETARG_DATUM(0));
}
