/*
 * text_buffer.h
 *	  A growing buffer of bytes: bodies, answers, pages of metrics.
 *
 * Running out of memory ends no process: the buffer remembers that it failed, drops what is appended
 * later, and whoever uses the bytes asks text_buffer_failed once at the end.
 */
#ifndef EXPORTER_TEXT_BUFFER_H
#define EXPORTER_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TextBuffer
{
	char *bytes;
	size_t length;
	size_t capacity;
	bool failed;
} TextBuffer;

/* Bytes that belong to somebody else. */
typedef struct Slice
{
	const char *bytes;
	size_t length;
} Slice;

/* A slice of a zero-terminated string. */
extern Slice slice_of(const char *string);

/* Whether a slice holds exactly this string. */
extern bool slice_equals(Slice slice, const char *string);

/* Make room for more bytes; false if there is no memory. */
extern bool text_buffer_reserve(TextBuffer *buffer, size_t more);

extern void text_buffer_append(TextBuffer *buffer, const void *bytes, size_t length);
extern void text_buffer_append_char(TextBuffer *buffer, char character);
extern void text_buffer_append_string(TextBuffer *buffer, const char *string);
extern void text_buffer_printf(TextBuffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Append a string in JSON's quotes; the bytes are valid UTF-8. */
extern void text_buffer_append_json(TextBuffer *buffer, Slice string);

/* Append an integer in decimal digits. */
extern void text_buffer_append_integer(TextBuffer *buffer, int64_t number);

/* Append a probability with at most nine decimals; NaN as null. */
extern void text_buffer_append_probability(TextBuffer *buffer, double probability);

/* Drop the first bytes. */
extern void text_buffer_drop(TextBuffer *buffer, size_t length);

/* Free the bytes; the buffer is empty then, and may be used again. */
extern void text_buffer_free(TextBuffer *buffer);

#endif /* EXPORTER_TEXT_BUFFER_H */
