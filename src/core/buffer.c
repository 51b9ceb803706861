/*
 * buffer.c
 *	  A byte buffer that grows.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "core/host.h"

void *
buffer_extend(ByteBuffer *buffer, size_t length)
{
	size_t needed;
	void *start;

	if (__builtin_add_overflow(buffer->length, length, &needed))
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "size of a buffer overflows");
	if (needed > buffer->capacity)
	{
		size_t capacity = buffer->capacity + buffer->capacity / 2;

		if (capacity < needed)
			capacity = needed;
		if (capacity < 64)
			capacity = 64;
		if (capacity / 4 >= buffer->capacity)
		{
			/* little to keep: a new block may be had where large ones are cheaper */
			char *data = host_allocate(capacity);

			if (buffer->length > 0)
				memcpy(data, buffer->data, buffer->length);
			host_free(buffer->data);
			buffer->data = data;
		}
		else
			buffer->data = host_reallocate(buffer->data, capacity);
		buffer->capacity = capacity;
	}
	start = buffer->data + buffer->length;
	buffer->length = needed;
	return start;
}

void
buffer_append(ByteBuffer *buffer, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(buffer_extend(buffer, length), bytes, length);
}

void
buffer_align(ByteBuffer *buffer, size_t alignment)
{
	size_t padding = -buffer->length & (alignment - 1);

	if (padding > 0)
		memset(buffer_extend(buffer, padding), 0, padding);
}

void
buffer_printf(ByteBuffer *buffer, const char *format, ...)
{
	char small[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (length < 0)
		host_error(HOST_ERROR_INTERNAL, NULL, NULL, "could not format a message");
	if ((size_t) length < sizeof(small))
	{
		buffer_append(buffer, small, length);
		return;
	}
	/* vsnprintf writes a terminating zero: make room for it, then take it back */
	va_start(arguments, format);
	vsnprintf(buffer_extend(buffer, (size_t) length + 1), (size_t) length + 1, format, arguments);
	va_end(arguments);
	buffer->length--;
}

void
buffer_append_json_string(ByteBuffer *buffer, const char *bytes, size_t length)
{
	buffer_append(buffer, "\"", 1);
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = bytes[i];

		if (c == '"' || c == '\\')
			buffer_printf(buffer, "\\%c", c);
		else if (c < 0x20)
			buffer_printf(buffer, "\\u%04x", c);
		else
			buffer_append(buffer, &bytes[i], 1);
	}
	buffer_append(buffer, "\"", 1);
}

void
buffer_append_json_number(ByteBuffer *buffer, double number)
{
	char text[32];

	if (!isfinite(number))
	{
		buffer_append(buffer, "null", 4);
		return;
	}
	for (int precision = 15; precision <= 17; precision++)
	{
		snprintf(text, sizeof(text), "%.*g", precision, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buffer_append(buffer, text, strlen(text));
}

char *
buffer_c_string(ByteBuffer *buffer)
{
	*(char *) buffer_extend(buffer, 1) = '\0';
	buffer->length--;
	return buffer->data;
}

void
buffer_reset(ByteBuffer *buffer)
{
	host_free(buffer->data);
	*buffer = (ByteBuffer){0};
}
