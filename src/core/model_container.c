/*
 * model_container.c
 *	  A version of a model on its way from one database to another.
 */
#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/model_container.h"

static const char container_magic[8] = "SENTEXP";

/* Sections start at multiples of this. */
#define SECTION_ALIGNMENT 8

#define FIRST_SECTION_OFFSET \
	(sizeof(ContainerHeader) + CONTAINER_MAX_SECTIONS * sizeof(ContainerSection))

_Static_assert(sizeof(ContainerHeader) == 40, "the header's layout is part of the format");
_Static_assert(sizeof(ContainerSection) == 48, "the table's layout is part of the format");
_Static_assert(FIRST_SECTION_OFFSET % SECTION_ALIGNMENT == 0, "sections are aligned");

/* The checksum of all that follows the checksum field, and of the length. */
static uint64_t
container_checksum(const void *bytes, size_t length)
{
	const size_t start = offsetof(ContainerHeader, n_sections);

	return hash_mix(hash_content((const char *) bytes + start, length - start) ^ length);
}

/* Read an entry of the table, whatever its alignment. */
static ContainerSection
read_section(const void *bytes, uint32_t number)
{
	ContainerSection section;

	memcpy(&section,
		   (const char *) bytes + sizeof(ContainerHeader) + number * sizeof(ContainerSection),
		   sizeof(section));
	return section;
}

/* Refuse a container that would be too large. */
static void
check_size(size_t size)
{
	if (size > CONTAINER_MAX_SIZE)
		host_error(HOST_ERROR_LIMIT_EXCEEDED,
				   "An exported model may not pass 384 MB, so that its text form stays below 1 GB.",
				   NULL, "the exported model would take %zu MB", size / (1024 * 1024));
}

void
model_container_begin(ContainerWriter *writer)
{
	*writer = (ContainerWriter){0};
	memset(buffer_extend(&writer->buffer, FIRST_SECTION_OFFSET), 0, FIRST_SECTION_OFFSET);
}

void
model_container_add(ContainerWriter *writer, const char *name, const void *bytes, size_t length)
{
	ContainerSection section = {.length = length};

	if (writer->n_sections == CONTAINER_MAX_SECTIONS || strlen(name) >= CONTAINER_NAME_SIZE)
		host_error(HOST_ERROR_INTERNAL, NULL, NULL, "section \"%s\" has no room", name);
	check_size(length);
	check_size(writer->buffer.length + length + SECTION_ALIGNMENT);
	memcpy(section.name, name, strlen(name));
	section.offset = writer->buffer.length;
	memcpy(writer->buffer.data + sizeof(ContainerHeader) +
			   writer->n_sections * sizeof(ContainerSection),
		   &section, sizeof(section));
	writer->n_sections++;
	buffer_append(&writer->buffer, bytes, length);
	buffer_align(&writer->buffer, SECTION_ALIGNMENT);
}

ByteBuffer
model_container_finish(ContainerWriter *writer)
{
	ContainerHeader header = {.format_version = CONTAINER_FORMAT_VERSION,
							  .length = writer->buffer.length,
							  .n_sections = writer->n_sections};

	memcpy(header.magic, container_magic, sizeof(header.magic));
	memcpy(writer->buffer.data, &header, sizeof(header));
	header.checksum = container_checksum(writer->buffer.data, header.length);
	memcpy(writer->buffer.data, &header, sizeof(header));
	return writer->buffer;
}

void
model_container_invalid(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail,
			   "The bytes may be damaged, or not come from sentiment_export_model: export the "
			   "model again.",
			   "invalid exported model");
}

/* Whether a name has one to CONTAINER_NAME_SIZE - 1 bytes, and zero bytes behind it. */
static bool
is_valid_name(const char *name)
{
	size_t length = strnlen(name, CONTAINER_NAME_SIZE);

	if (length == 0 || length == CONTAINER_NAME_SIZE)
		return false;
	for (size_t i = length; i < CONTAINER_NAME_SIZE; i++)
	{
		if (name[i] != '\0')
			return false;
	}
	return true;
}

/* Check the table of sections. */
static void
check_sections(const void *bytes, size_t length, uint32_t n_sections)
{
	for (uint32_t i = 0; i < n_sections; i++)
	{
		ContainerSection section = read_section(bytes, i);

		if (!is_valid_name(section.name))
			model_container_invalid("A section has no valid name.");
		if (section.offset < FIRST_SECTION_OFFSET || section.offset > length ||
			section.length > length - section.offset)
			model_container_invalid("A section lies outside of it.");
		for (uint32_t j = 0; j < i; j++)
		{
			if (strcmp(read_section(bytes, j).name, section.name) == 0)
				model_container_invalid("Two sections have the same name.");
		}
	}
}

void
model_container_check(const void *bytes, size_t length)
{
	ContainerHeader header;

	if (length < FIRST_SECTION_OFFSET)
		model_container_invalid("It is too short.");
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, container_magic, sizeof(container_magic)) != 0)
		model_container_invalid("It does not begin as an exported model does.");
	if (header.format_version == 0 || header.format_version > CONTAINER_FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Update the extension to that release or a later one.",
				   "unsupported format version %u of an exported model", header.format_version);
	if (header.length != length)
		model_container_invalid("Its length is not the length that it states.");
	if (header.checksum != container_checksum(bytes, length))
		model_container_invalid("Its checksum does not match its content.");
	if (header.n_sections > CONTAINER_MAX_SECTIONS)
		model_container_invalid("It states too many sections.");
	check_sections(bytes, length, header.n_sections);
}

const void *
model_container_find(const void *bytes, const char *name, size_t *length)
{
	ContainerHeader header;

	memcpy(&header, bytes, sizeof(header));
	for (uint32_t i = 0; i < header.n_sections; i++)
	{
		ContainerSection section = read_section(bytes, i);

		if (strcmp(section.name, name) == 0)
		{
			*length = section.length;
			return (const char *) bytes + section.offset;
		}
	}
	return NULL;
}

const void *
model_container_require(const void *bytes, const char *name, size_t *length)
{
	const void *section = model_container_find(bytes, name, length);

	if (section == NULL)
		model_container_invalid("A section is missing.");
	return section;
}
