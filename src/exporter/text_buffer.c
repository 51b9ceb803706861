/*
 * text_buffer.c
 *	  A growing buffer of bytes.
 */
#include "text_buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Slice
slice_of(const char *string)
{
	return (Slice){string, strlen(string)};
}

bool
slice_equals(Slice slice, const char *string)
{
	size_t length = strlen(string);

	return slice.length == length && (length == 0 || memcmp(slice.bytes, string, length) == 0);
}

bool
text_buffer_reserve(TextBuffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity == 0 ? 256 : buffer->capacity;
	char *bytes;

	if (buffer->failed)
		return false;
	if (more <= buffer->capacity - buffer->length)
		return true;
	if (more > SIZE_MAX / 4 - buffer->length)
	{
		buffer->failed = true;
		return false;
	}
	while (capacity < buffer->length + more)
		capacity += capacity / 2;
	bytes = realloc(buffer->bytes, capacity);
	if (bytes == NULL)
	{
		buffer->failed = true;
		return false;
	}
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

void
text_buffer_append(TextBuffer *buffer, const void *bytes, size_t length)
{
	if (length == 0 || !text_buffer_reserve(buffer, length))
		return;
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
}

void
text_buffer_append_char(TextBuffer *buffer, char character)
{
	text_buffer_append(buffer, &character, 1);
}

void
text_buffer_append_string(TextBuffer *buffer, const char *string)
{
	text_buffer_append(buffer, string, strlen(string));
}

void
text_buffer_printf(TextBuffer *buffer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0 || !text_buffer_reserve(buffer, (size_t) length + 1))
		return;
	va_start(arguments, format);
	vsnprintf(buffer->bytes + buffer->length, (size_t) length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t) length;
}

void
text_buffer_append_json(TextBuffer *buffer, Slice string)
{
	static const char digits[] = "0123456789abcdef";
	size_t start = 0;

	text_buffer_append_char(buffer, '"');
	for (size_t i = 0; i < string.length; i++)
	{
		unsigned char byte = (unsigned char) string.bytes[i];

		if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f)
			continue;
		text_buffer_append(buffer, string.bytes + start, i - start);
		start = i + 1;
		if (byte == '"' || byte == '\\')
		{
			char escape[2] = {'\\', (char) byte};

			text_buffer_append(buffer, escape, 2);
		}
		else if (byte == '\n')
			text_buffer_append(buffer, "\\n", 2);
		else
		{
			char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

			text_buffer_append(buffer, escape, 6);
		}
	}
	text_buffer_append(buffer, string.bytes + start, string.length - start);
	text_buffer_append_char(buffer, '"');
}

void
text_buffer_append_integer(TextBuffer *buffer, int64_t number)
{
	char digits[24];
	int start = sizeof(digits);
	uint64_t rest = number < 0 ? 0 - (uint64_t) number : (uint64_t) number;

	do
	{
		digits[--start] = (char) ('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		digits[--start] = '-';
	text_buffer_append(buffer, digits + start, sizeof(digits) - (size_t) start);
}

void
text_buffer_append_probability(TextBuffer *buffer, double probability)
{
	char digits[] = "0.000000000";
	size_t length = sizeof(digits) - 1;
	uint32_t rest;

	if (isnan(probability))
	{
		text_buffer_append(buffer, "null", 4);
		return;
	}
	if (probability >= 1 - 0.5e-9 || probability < 0.5e-9)
	{
		text_buffer_append_char(buffer, probability >= 0.5 ? '1' : '0');
		return;
	}
	rest = (uint32_t) (probability * 1e9 + 0.5);
	for (size_t i = length - 1; i >= 2; i--)
	{
		digits[i] = (char) ('0' + rest % 10);
		rest /= 10;
	}
	while (digits[length - 1] == '0')
		length--;
	text_buffer_append(buffer, digits, length);
}

void
text_buffer_drop(TextBuffer *buffer, size_t length)
{
	if (length >= buffer->length)
	{
		buffer->length = 0;
		return;
	}
	if (length > 0)
		memmove(buffer->bytes, buffer->bytes + length, buffer->length - length);
	buffer->length -= length;
}

void
text_buffer_free(TextBuffer *buffer)
{
	free(buffer->bytes);
	*buffer = (TextBuffer){0};
}
