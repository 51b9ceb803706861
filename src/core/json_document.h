/*
 * json_document.h
 *	  cJSON's documents, where memory may be short.
 *
 * cJSON answers NULL for text that is not JSON and for memory that is not there alike. It allocates with
 * malloc, so no error may be raised while a document is held.
 */
#ifndef SENTIMENT_JSON_DOCUMENT_H
#define SENTIMENT_JSON_DOCUMENT_H

#include <cjson/cJSON.h>

/* Parse text; NULL if it is not JSON. Raises HOST_ERROR_OUT_OF_MEMORY, with no document held. */
extern cJSON *json_parse(const char *json);

/* The same while another document is held, which is deleted before an error is raised. */
extern cJSON *json_parse_beside(cJSON *held, const char *json);

/* Raise HOST_ERROR_OUT_OF_MEMORY. */
extern void json_out_of_memory(void) __attribute__((noreturn));

#endif /* SENTIMENT_JSON_DOCUMENT_H */
