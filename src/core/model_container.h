/*
 * model_container.h
 *	  A version of a model on its way from one database to another: named sections in one run of bytes.
 *
 * The container is data of unknown origin: magic, format version, length, checksum and every offset are checked
 * before a section is given out, and the readers of the sections check their content. Sections have names, so
 * that later releases may add some, and earlier ones pass over them: the format version is that of the header and
 * the table only.
 */
#ifndef SENTIMENT_MODEL_CONTAINER_H
#define SENTIMENT_MODEL_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

#define CONTAINER_FORMAT_VERSION 1
#define CONTAINER_MAX_SECTIONS   16
#define CONTAINER_NAME_SIZE      32 /* of a section's name, with at least one zero byte */

/* The text form of a bytea doubles, and must stay below 1 GB; a model's image may have 256 MB. */
#define CONTAINER_MAX_SIZE ((size_t) 384 * 1024 * 1024)

/* Names of sections; never changed. */
#define CONTAINER_MANIFEST      "manifest"      /* JSON: what the registry knows of the version */
#define CONTAINER_IMAGE         "image"         /* see model_image.h */
#define CONTAINER_CURVES        "curves"        /* JSON; may be missing, as may those that follow */
#define CONTAINER_DRIFT_PROFILE "drift_profile" /* binary form of the type of that name */
#define CONTAINER_LEARNED_TEXTS "learned_texts" /* see text_filter.h */
#define CONTAINER_CONTRACT      "contract"      /* JSON: the data contract of the model */

typedef struct ContainerHeader
{
	char magic[8]; /* "SENTEXP" and a zero byte */
	uint32_t format_version;
	uint32_t reserved;
	uint64_t length;   /* of the whole container */
	uint64_t checksum; /* of the length and of all bytes that follow */
	uint32_t n_sections;
	uint32_t reserved_too;
	/* ContainerSection[CONTAINER_MAX_SECTIONS] follows; those beyond n_sections are zero bytes */
} ContainerHeader;

typedef struct ContainerSection
{
	char name[CONTAINER_NAME_SIZE]; /* zero bytes behind it */
	uint64_t offset;                /* from the container's start */
	uint64_t length;
} ContainerSection;

/* A container under construction. */
typedef struct ContainerWriter
{
	ByteBuffer buffer;
	uint32_t n_sections;
} ContainerWriter;

/* Begin a container. */
extern void model_container_begin(ContainerWriter *writer);

/* Add a section; each name once. */
extern void model_container_add(ContainerWriter *writer, const char *name, const void *bytes,
								size_t length);

/* Finish: the buffer's bytes are the container. */
extern ByteBuffer model_container_finish(ContainerWriter *writer);

/*
 * Check a container of untrusted origin, of any alignment. Raises HOST_ERROR_INVALID_IMAGE or
 * HOST_ERROR_UNSUPPORTED_IMAGE.
 */
extern void model_container_check(const void *bytes, size_t length);

/* A section of a checked container and its length; NULL if there is none of the name. */
extern const void *model_container_find(const void *bytes, const char *name, size_t *length);

/* A section that must be there. */
extern const void *model_container_require(const void *bytes, const char *name, size_t *length);

/* Raise HOST_ERROR_INVALID_IMAGE with a detail (a full sentence). */
extern void model_container_invalid(const char *detail) __attribute__((noreturn));

#endif /* SENTIMENT_MODEL_CONTAINER_H */
