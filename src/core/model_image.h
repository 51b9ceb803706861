/*
 * model_image.h
 *	  Stored values as bytes: a header, a table of sections, and the sections.
 *
 * An image is data, never code: fixed little-endian layout, position independent, used in place.
 * Sections start at multiples of 64 bytes (a cache line) from the image's start. The checksum covers all bytes
 * behind the header and the header's other fields; opening checks it and every offset, so that the
 * readers of sections only have to check their own content.
 */
#ifndef SENTIMENT_MODEL_IMAGE_H
#define SENTIMENT_MODEL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

/* What an image holds; never renumbered. */
typedef enum ImageType
{
	IMAGE_MODEL = 1,
	IMAGE_VOCABULARY = 2
} ImageType;

/* Sections; never renumbered. */
typedef enum ImageSectionId
{
	IMAGE_SECTION_PARAMETERS =
		1, /* JSON: every parameter of the feature space and the classifier */
	IMAGE_SECTION_VOCABULARY = 2,
	IMAGE_SECTION_LABELS = 3,
	IMAGE_SECTION_CLASSIFIER = 4,
	IMAGE_SECTION_SUMMARY = 5,
	IMAGE_SECTION_SVD = 6,         /* components of the terms, see feature_space.h */
	IMAGE_SECTION_COLUMNS = 7,     /* features besides the terms, see standard_scaler.h */
	IMAGE_SECTION_POLARITIES = 8,  /* float ratios[n_terms][n_ratios], see class_ratios.h */
	IMAGE_SECTION_CALIBRATION = 9, /* see calibration.h */
	IMAGE_SECTION_PRIORS = 10      /* see prior_correction.h; since format version 2 */
} ImageSectionId;

/*
 * The latest format version. An image has the earliest one whose readers understand all of it: sections that
 * a reader must not pass over, since they change what the model answers, raise it.
 */
#define IMAGE_FORMAT_VERSION        2
#define IMAGE_FORMAT_VERSION_PRIORS 2
#define IMAGE_ALIGNMENT             64
#define IMAGE_MAX_SECTIONS          16

/* An image may not pass 256 MB: its text form and COPY must stay below PostgreSQL's 1 GB. */
#define IMAGE_MAX_SIZE ((size_t) 256 * 1024 * 1024)

typedef struct ImageSection
{
	uint32_t id;
	uint32_t reserved;
	uint64_t offset; /* from the image's start */
	uint64_t length; /* in bytes, without padding */
} ImageSection;

typedef struct ImageHeader
{
	char magic[8]; /* "SENTIMG" and a zero byte */
	uint32_t format_version;
	uint32_t type; /* ImageType */
	uint64_t length;
	uint64_t checksum;
	uint32_t n_sections;
	uint32_t reserved;
	uint64_t reserved_too;
	/* ImageSection[n_sections] follows */
} ImageHeader;

/* An image under construction. */
typedef struct ImageWriter
{
	ByteBuffer buffer;
	uint32_t n_sections;
} ImageWriter;

/* Begin an image; the sections follow in any order, each once. */
extern void image_begin(ImageWriter *writer, ImageType type);

/* Begin a section: what is appended to the answered buffer until the next call is its content. */
extern ByteBuffer *image_begin_section(ImageWriter *writer, ImageSectionId id);

/* State that readers of a format version before this one do not understand the image. */
extern void image_require_format(ImageWriter *writer, uint32_t format_version);

/* Where the present section begins in the buffer. */
extern size_t image_open_section_start(const ImageWriter *writer);

/* Finish: fills in lengths and checksum. The buffer's bytes are the image. */
extern ByteBuffer image_finish(ImageWriter *writer);

/*
 * Check an image of untrusted origin: magic, type, format version, length, checksum, section table.
 * Raises HOST_ERROR_INVALID_IMAGE or HOST_ERROR_UNSUPPORTED_IMAGE. bytes must be aligned to 8.
 */
extern void image_check(const void *bytes, size_t length, ImageType type);

/* A section of a checked image and its length; NULL if there is none. */
extern const void *image_section(const void *bytes, ImageSectionId id, size_t *length);

/* A section that must be there. */
extern const void *image_required_section(const void *bytes, ImageSectionId id, size_t *length);

/* A section that must be there and holds text: a zero-terminated copy. */
extern char *image_copy_string(const void *bytes, ImageSectionId id);

/* Whether all numbers of a section are finite. */
extern bool floats_are_finite(const float *values, size_t count);

/* Raise HOST_ERROR_INVALID_IMAGE with a detail (a full sentence). */
extern void image_invalid(const char *detail) __attribute__((noreturn));

/* Raise HOST_ERROR_LIMIT_EXCEEDED if an image of that size could not be stored. */
extern void image_check_size(size_t size);

#endif /* SENTIMENT_MODEL_IMAGE_H */
