/*
 * html_entities.h
 *	  The named character references of HTML.
 */
#ifndef SENTIMENT_HTML_ENTITIES_H
#define SENTIMENT_HTML_ENTITIES_H

#include <stddef.h>
#include <stdint.h>

#define HTML_ENTITY_MAX_NAME 8

typedef struct HtmlEntity
{
	char name[HTML_ENTITY_MAX_NAME + 1]; /* without '&' and ';' */
	uint32_t code_point;
} HtmlEntity;

/* Sorted by name, byte by byte. */
extern const HtmlEntity html_entities[];
extern const size_t n_html_entities;

/* What browsers show for the numeric references 128 to 159: Windows-1252, not control characters. */
extern const uint16_t html_c1_code_points[32];

#endif /* SENTIMENT_HTML_ENTITIES_H */
