/*
 * json_scanner.h
 *	  A strict scanner of JSON (RFC 8259) that allocates nothing.
 *
 * It walks over a buffer that it may write to: a string is unescaped in place, because it never gets
 * longer by that. A tree of nodes, as most JSON libraries make it, would take many times the size of a
 * hostile body. Strings must be valid UTF-8 without the character U+0000 (PostgreSQL's text cannot hold
 * it) and without lone surrogates.
 */
#ifndef EXPORTER_JSON_SCANNER_H
#define EXPORTER_JSON_SCANNER_H

#include "text_buffer.h"

#define JSON_MAX_DEPTH 32

typedef enum JsonType
{
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_NOTHING /* end of the bytes, or no value begins here */
} JsonType;

typedef struct JsonScanner
{
	char *start;
	char *position;
	char *end;
	const char *error; /* what is wrong, NULL as long as nothing is */
	char *error_position;
} JsonScanner;

extern void json_scanner_init(JsonScanner *scanner, char *bytes, size_t length);

/* The type of the value that begins here, white space skipped. */
extern JsonType json_peek(JsonScanner *scanner);

/* Read a string, unescaped in place. */
extern bool json_read_string(JsonScanner *scanner, Slice *string);

/* Read a number as its text. */
extern bool json_read_number(JsonScanner *scanner, Slice *number);

/* Read true or false. */
extern bool json_read_boolean(JsonScanner *scanner, bool *value);

/* Check any value and pass over it; raw: its text as it stands, or NULL. */
extern bool json_skip(JsonScanner *scanner, Slice *raw);

/* Step into an array or object. */
extern bool json_enter(JsonScanner *scanner, char bracket);

/*
 * Go to the next element of an array or object, first: whether none was read yet. False at its end, which
 * is passed over, and after an error.
 */
extern bool json_next(JsonScanner *scanner, char closing_bracket, bool first);

/* Read the name of the next member of an object and its colon, after json_next. */
extern bool json_read_name(JsonScanner *scanner, Slice *name);

/* The same, but the name stays as it stands, in quotes. */
extern bool json_read_raw_name(JsonScanner *scanner, Slice *raw);

/* Whether only white space is left; sets the error if not. */
extern bool json_at_end(JsonScanner *scanner);

/* Set an error at the present place, unless there is one; false, for the caller to return. */
extern bool json_fail(JsonScanner *scanner, const char *error);

/* Characters of valid UTF-8. */
extern size_t utf8_characters(Slice string);

/* Whether bytes are valid UTF-8 (surrogates and overlong forms are not). */
extern bool utf8_is_valid(Slice string);

#endif /* EXPORTER_JSON_SCANNER_H */
