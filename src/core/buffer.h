/*
 * buffer.h
 *	  A byte buffer that grows: for images, JSON and messages.
 */
#ifndef SENTIMENT_BUFFER_H
#define SENTIMENT_BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* Bytes under construction; data is NULL while nothing was appended. */
typedef struct ByteBuffer
{
	char *data;
	size_t length;
	size_t capacity;
} ByteBuffer;

/* Append length bytes. */
extern void buffer_append(ByteBuffer *buffer, const void *bytes, size_t length);

/* Make room for length more bytes and answer where they start; the caller fills them. */
extern void *buffer_extend(ByteBuffer *buffer, size_t length);

/* Append zero bytes up to the next multiple of alignment (a power of two). */
extern void buffer_align(ByteBuffer *buffer, size_t alignment);

/* Append formatted text, without its terminating zero byte. */
extern void buffer_printf(ByteBuffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append a string as a JSON string with its quotes. The bytes must be valid UTF-8. */
extern void buffer_append_json_string(ByteBuffer *buffer, const char *bytes, size_t length);

/* Append a number in the shortest form that reads back as the same double; null if not finite. */
extern void buffer_append_json_number(ByteBuffer *buffer, double number);

/* Append a zero byte without counting it, and answer the data as a C string. */
extern char *buffer_c_string(ByteBuffer *buffer);

/* Free the bytes and start again. */
extern void buffer_reset(ByteBuffer *buffer);

#endif /* SENTIMENT_BUFFER_H */
