/*
 * model_image.c
 *	  Stored values as bytes.
 */
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/model_image.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "images are little-endian and used in place: this machine's byte order is not supported"
#endif

static const char image_magic[8] = "SENTIMG";

/* Room for the table of sections is always the same, so that nothing moves at the end. */
#define FIRST_SECTION_OFFSET                                                                   \
	((sizeof(ImageHeader) + IMAGE_MAX_SECTIONS * sizeof(ImageSection) + IMAGE_ALIGNMENT - 1) / \
	 IMAGE_ALIGNMENT * IMAGE_ALIGNMENT)

_Static_assert(sizeof(ImageHeader) == 48, "the header's layout is part of the format");
_Static_assert(sizeof(ImageSection) == 24, "the table's layout is part of the format");
_Static_assert(FIRST_SECTION_OFFSET % IMAGE_ALIGNMENT == 0, "sections are aligned");

/* The checksum of all that follows the checksum field, and of the length. */
static uint64_t
image_checksum(const void *bytes, size_t length)
{
	const size_t start = offsetof(ImageHeader, n_sections);

	return hash_mix(hash_content((const char *) bytes + start, length - start) ^ length);
}

/* Close the section that is open, if any. */
static void
image_end_section(ImageWriter *writer)
{
	if (writer->n_sections > 0)
	{
		ImageSection *section =
			(ImageSection *) (writer->buffer.data + sizeof(ImageHeader)) + writer->n_sections - 1;

		section->length = writer->buffer.length - section->offset;
	}
	buffer_align(&writer->buffer, IMAGE_ALIGNMENT);
}

void
image_begin(ImageWriter *writer, ImageType type)
{
	ImageHeader header = {0};

	*writer = (ImageWriter){0};
	memcpy(header.magic, image_magic, sizeof(header.magic));
	header.format_version = 1;
	header.type = type;
	memset(buffer_extend(&writer->buffer, FIRST_SECTION_OFFSET), 0, FIRST_SECTION_OFFSET);
	memcpy(writer->buffer.data, &header, sizeof(header));
}

ByteBuffer *
image_begin_section(ImageWriter *writer, ImageSectionId id)
{
	ImageSection *section;

	image_end_section(writer);
	if (writer->n_sections == IMAGE_MAX_SECTIONS)
		host_error(HOST_ERROR_INTERNAL, NULL, NULL, "too many sections in an image");
	section = (ImageSection *) (writer->buffer.data + sizeof(ImageHeader)) + writer->n_sections++;
	section->id = id;
	section->offset = writer->buffer.length;
	return &writer->buffer;
}

void
image_require_format(ImageWriter *writer, uint32_t format_version)
{
	ImageHeader *header = (ImageHeader *) writer->buffer.data;

	if (header->format_version < format_version)
		header->format_version = format_version;
}

size_t
image_open_section_start(const ImageWriter *writer)
{
	const ImageSection *sections =
		(const ImageSection *) (writer->buffer.data + sizeof(ImageHeader));

	return sections[writer->n_sections - 1].offset;
}

ByteBuffer
image_finish(ImageWriter *writer)
{
	ImageHeader *header;

	image_end_section(writer);
	image_check_size(writer->buffer.length);
	header = (ImageHeader *) writer->buffer.data;
	header->n_sections = writer->n_sections;
	header->length = writer->buffer.length;
	header->checksum = image_checksum(header, header->length);
	return writer->buffer;
}

void
image_invalid(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail,
			   "The value may be damaged or come from another program; train the model again or "
			   "restore it from a backup.",
			   "invalid sentiment image");
}

void
image_check_size(size_t size)
{
	if (size > IMAGE_MAX_SIZE)
		host_error(HOST_ERROR_LIMIT_EXCEEDED,
				   "A stored image may not pass 256 MB, so that it can be dumped and restored.",
				   "Raise min_df, or lower max_features or ngram_max.",
				   "the image would take %zu MB", size / (1024 * 1024));
}

void
image_check(const void *bytes, size_t length, ImageType type)
{
	const ImageHeader *header = bytes;
	const ImageSection *sections = (const ImageSection *) (header + 1);

	if (length < FIRST_SECTION_OFFSET ||
		memcmp(header->magic, image_magic, sizeof(image_magic)) != 0)
		image_invalid("It does not begin as an image does.");
	if (header->format_version == 0 || header->format_version > IMAGE_FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Update the extension to that release or a later one.",
				   "unsupported sentiment image format version %u", header->format_version);
	if (header->type != (uint32_t) type)
		image_invalid("It is an image of another type.");
	if (header->length != length)
		image_invalid("Its length is not the length that it states.");
	if (header->checksum != image_checksum(bytes, length))
		image_invalid("Its checksum does not match its content.");
	if (header->n_sections > IMAGE_MAX_SECTIONS)
		image_invalid("It states too many sections.");
	for (uint32_t i = 0; i < header->n_sections; i++)
	{
		if (sections[i].offset % IMAGE_ALIGNMENT != 0 ||
			sections[i].offset < FIRST_SECTION_OFFSET || sections[i].offset > length ||
			sections[i].length > length - sections[i].offset)
			image_invalid("A section lies outside of it.");
	}
}

const void *
image_section(const void *bytes, ImageSectionId id, size_t *length)
{
	const ImageHeader *header = bytes;
	const ImageSection *sections = (const ImageSection *) (header + 1);

	for (uint32_t i = 0; i < header->n_sections; i++)
	{
		if (sections[i].id == (uint32_t) id)
		{
			*length = sections[i].length;
			return (const char *) bytes + sections[i].offset;
		}
	}
	return NULL;
}

const void *
image_required_section(const void *bytes, ImageSectionId id, size_t *length)
{
	const void *section = image_section(bytes, id, length);

	if (section == NULL)
		image_invalid("A section is missing.");
	return section;
}

char *
image_copy_string(const void *bytes, ImageSectionId id)
{
	size_t length;
	const char *section = image_required_section(bytes, id, &length);
	char *copy = host_allocate(length + 1);

	memcpy(copy, section, length);
	copy[length] = '\0';
	return copy;
}

bool
floats_are_finite(const float *values, size_t count)
{
	uint32_t infinite = 0; /* an exponent of all ones */

	for (size_t i = 0; i < count; i++)
	{
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		infinite |= (bits & 0x7f800000u) == 0x7f800000u;
	}
	return infinite == 0;
}
