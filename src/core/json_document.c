/*
 * json_document.c
 *	  cJSON's documents, where memory may be short.
 */
#include <stdbool.h>
#include <string.h>

#include "core/host.h"
#include "core/json_document.h"

/* What cJSON allocates for a byte of text at most ("[0,0,": a node for two), and for any text. */
#define BYTES_OF_NODE ((size_t) 48)
#define BYTES_OF_ANY  ((size_t) 256 * 1024)

/* Whether cJSON could allocate more at once than it does for a text in all. */
static bool
has_memory_for(const char *json)
{
	void *memory = cJSON_malloc(BYTES_OF_ANY + BYTES_OF_NODE * strlen(json));
	bool has_memory = memory != NULL;

	cJSON_free(memory);
	return has_memory;
}

void
json_out_of_memory(void)
{
	host_error(HOST_ERROR_OUT_OF_MEMORY, "A JSON document could not be read.",
			   "Let the server's processes have more memory (ulimit -v, vm.overcommit_memory).",
			   "out of memory");
}

cJSON *
json_parse_beside(cJSON *held, const char *json)
{
	cJSON *document = cJSON_ParseWithOpts(json, NULL, true);

	if (document == NULL && !has_memory_for(json))
	{
		cJSON_Delete(held);
		json_out_of_memory();
	}
	return document;
}

cJSON *
json_parse(const char *json)
{
	return json_parse_beside(NULL, json);
}
