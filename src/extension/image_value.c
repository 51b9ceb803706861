/*
 * image_value.c
 *	  The types sentiment_model and sentiment_vocabulary: images of the core as SQL values.
 *
 * Their text form is the image in base64 (RFC 4648, no line breaks), the binary form its bytes. Both
 * are checked in full when they come in; the bytes of a value may therefore be trusted to be an image,
 * but are checked again when a session opens it, since a disk may have other ideas.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/table.h"
#include "access/tableam.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "core/features/feature_space.h"
#include "core/pipeline.h"
#include "extension/compat.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/large_memory.h"

#define HUGE_PAGE_SIZE ((Size) 2 * 1024 * 1024)

/* A value with room for an image of that size. */
static ImageValue *
image_value_allocate(Size length)
{
	ImageValue *value;

	image_check_size(length);
	value = host_allocate(offsetof(ImageValue, image) + length);
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

/* Memory for an image, with room for its value's header before it. */
static char *
allocate_place(Size length, MemoryContext context)
{
	Size alignment = length >= HUGE_PAGE_SIZE / 2 ? HUGE_PAGE_SIZE : IMAGE_ALIGNMENT;
	char *memory =
		MemoryContextAllocHuge(context, offsetof(ImageValue, image) + length + alignment);
	char *place = (char *) TYPEALIGN(alignment, memory + offsetof(ImageValue, image));

	/* before the memory is touched; reading at random waits for address translation otherwise */
	if (alignment == HUGE_PAGE_SIZE)
		large_memory_advise(place, length / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE);
	return place;
}

/* Fetch a value that is stored out of line and not compressed straight to a place. */
static const char *
fetch_to_place(const struct varatt_external *toast, MemoryContext context, Size *length)
{
	int32 size = VARATT_EXTERNAL_GET_EXTSIZE(*toast);
	Relation relation = table_open(toast->va_toastrelid, AccessShareLock);
	char *place;
	struct varlena *value;

	if (size < offsetof(ImageValue, image) - VARHDRSZ)
		image_invalid("It is truncated.");
	*length = size - (offsetof(ImageValue, image) - VARHDRSZ);
	place = allocate_place(*length, context);
	value = (struct varlena *) (place - offsetof(ImageValue, image));
	SET_VARSIZE(value, size + VARHDRSZ);
	table_relation_fetch_toast_slice(relation, toast->va_valueid, size, 0, size, value);
	table_close(relation, AccessShareLock);
	return place;
}

const char *
image_value_place(Datum datum, MemoryContext context, Size *length)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(datum);
	struct varatt_external toast;
	ImageValue *value;
	char *place;

	if (VARATT_IS_EXTERNAL_ONDISK(stored))
	{
		VARATT_EXTERNAL_GET_POINTER(toast, stored);
		if (!VARATT_EXTERNAL_IS_COMPRESSED(toast))
			return fetch_to_place(&toast, context, length);
	}
	value = DatumGetImageValue(datum);
	*length = image_value_length(value);
	place = allocate_place(*length, context);
	memcpy(place, value->image, *length);
	if (value != (ImageValue *) stored)
		pfree(value);
	return place;
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
image_in(FunctionCallInfo fcinfo, ImageType type, const char *type_name)
{
	const char *text = PG_GETARG_CSTRING(0);
	Size text_length = strlen(text);
	ImageValue *value;
	int length;

	image_check_size(text_length / 4 * 3);
	value = image_value_allocate(pg_b64_dec_len(text_length));
	length = base64_decode(text, text_length, value->image, pg_b64_dec_len(text_length));
	if (length < 0)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
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
	return image_in(fcinfo, IMAGE_MODEL, "sentiment_model");
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
	return image_in(fcinfo, IMAGE_VOCABULARY, "sentiment_vocabulary");
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
