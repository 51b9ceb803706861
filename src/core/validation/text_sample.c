/*
 * text_sample.c
 *	  Distinct texts with sketches and excerpts, to find those that resemble each other.
 *
 * Flat form: level and number of texts, 4 bytes each; then the texts by ascending hash.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/text/characters.h"
#include "core/text/utf8.h"
#include "core/validation/text_counts.h"
#include "core/validation/text_sample.h"

#define MIN_CAPACITY 64

/* A text is compared with so many before it in its band. */
#define MAX_COMPARED_TEXTS 8

#define NO_TEXT UINT32_MAX

typedef struct FlatHeader
{
	uint32_t level;
	uint32_t n_texts;
} FlatHeader;

Excerpt
excerpt_make(const char *text, size_t length)
{
	Excerpt excerpt = {.length = 0};
	size_t limit = MAX_EXCERPT_LENGTH - 3;
	bool was_space = true;

	for (size_t i = 0; i < length;)
	{
		uint32_t code_point = 0;
		unsigned size = utf8_decode(text + i, length - i, &code_point);
		bool is_space = size != 0 && (code_point < 0x20 || code_point == 0x7f ||
									  character_sort(character_class(code_point)) == SORT_SPACE ||
									  (code_point >= 0x80 && code_point < 0xa0));

		if (excerpt.length + (size > 1 ? size : 1) > limit)
		{
			memcpy(excerpt.bytes + excerpt.length, "...", 3);
			excerpt.length += 3;
			break;
		}
		if (size == 0)
			excerpt.bytes[excerpt.length++] = '?';
		else if (!is_space)
		{
			memcpy(excerpt.bytes + excerpt.length, text + i, size);
			excerpt.length += (uint8_t) size;
		}
		else if (!was_space)
			excerpt.bytes[excerpt.length++] = ' ';
		was_space = is_space;
		i += size > 0 ? size : 1;
		/* a start of white space need not be read to its end */
		if (excerpt.length == 0 && i >= TEXT_INTERRUPT_DISTANCE)
			break;
	}
	return excerpt;
}

bool
excerpt_is_valid(const Excerpt *excerpt)
{
	if (excerpt->length > MAX_EXCERPT_LENGTH || !utf8_is_valid(excerpt->bytes, excerpt->length))
		return false;
	for (size_t i = 0; i < excerpt->length; i++)
	{
		if ((unsigned char) excerpt->bytes[i] < 0x20)
			return false;
	}
	for (size_t i = excerpt->length; i < MAX_EXCERPT_LENGTH; i++)
	{
		if (excerpt->bytes[i] != 0)
			return false;
	}
	return true;
}

/* The hash that decides whether a text is kept. */
static inline uint64_t
sampling_hash(const TextSample *sample, uint64_t hash, uint64_t smallest)
{
	/* the smallest of many hashes is small, so it is mixed anew */
	return sample->by_shingles ? hash_mix(smallest + UINT64_C(0x9e3779b97f4a7c15)) : hash;
}

/* The place of a hash: its own or a free one. */
static uint32_t *
find_place(const TextSample *sample, uint64_t hash)
{
	uint32_t mask = (1u << sample->places_bits) - 1;
	uint32_t i = (uint32_t) hash & mask;

	while (sample->places[i] != 0 && sample->texts[sample->places[i] - 1].hash != hash)
		i = (i + 1) & mask;
	return &sample->places[i];
}

/* Make the places of all texts anew. */
static void
remake_places(TextSample *sample)
{
	host_free(sample->places);
	sample->places = NULL;
	sample->places_bits = 1;
	while ((1u << sample->places_bits) < 2 * sample->capacity)
		sample->places_bits++;
	sample->places = host_allocate_zero_array(uint32_t, (size_t) 1 << sample->places_bits);
	for (uint32_t i = 0; i < sample->n_texts; i++)
		*find_place(sample, sample->texts[i].hash) = i + 1;
}

/* Make room for one text more. */
static void
grow(TextSample *sample)
{
	uint32_t capacity = sample->capacity == 0 ? MIN_CAPACITY : sample->capacity * 2;

	if (sample->texts == NULL)
		sample->texts = host_allocate_array(SampledText, capacity);
	else
		sample->texts = host_reallocate_array(sample->texts, SampledText, capacity);
	sample->capacity = capacity;
	remake_places(sample);
}

/* Raise the level until few enough texts are left. */
static void
thin_out(TextSample *sample, uint32_t level)
{
	while (sample->level < level || sample->n_texts > MAX_SAMPLED_TEXTS)
	{
		uint32_t n = 0;

		if (sample->level == MAX_SAMPLE_LEVEL)
			host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "too many distinct texts");
		host_check_interrupts();
		sample->level = sample->level < level ? level : sample->level + 1;
		for (uint32_t i = 0; i < sample->n_texts; i++)
		{
			const SampledText *text = &sample->texts[i];

			if (sample_has(sampling_hash(sample, text->hash, text->smallest), sample->level))
				sample->texts[n++] = *text;
		}
		sample->n_texts = n;
		if (sample->capacity > 0)
			remake_places(sample);
	}
}

const SampledText *
text_sample_find(const TextSample *sample, uint64_t hash)
{
	uint32_t place = sample->capacity == 0 ? 0 : *find_place(sample, hash);

	return place == 0 ? NULL : &sample->texts[place - 1];
}

bool
text_sample_count(TextSample *sample, uint64_t hash)
{
	SampledText *text = (SampledText *) text_sample_find(sample, hash);

	if (text == NULL)
		return false;
	text->n_rows++;
	return true;
}

bool
text_sample_wants(const TextSample *sample, uint64_t hash, uint64_t smallest)
{
	return sample_has(sampling_hash(sample, hash, smallest), sample->level);
}

void
text_sample_add(TextSample *sample, const SampledText *text)
{
	if (sample->n_texts == sample->capacity)
		grow(sample);
	sample->texts[sample->n_texts] = *text;
	*find_place(sample, text->hash) = ++sample->n_texts;
	if (sample->n_texts > MAX_SAMPLED_TEXTS)
		thin_out(sample, 0);
}

void
text_sample_merge(TextSample *sample, const TextSample *other)
{
	thin_out(sample, other->level);
	for (uint32_t i = 0; i < other->n_texts; i++)
	{
		const SampledText *text = &other->texts[i];
		SampledText *known = (SampledText *) text_sample_find(sample, text->hash);

		if (known != NULL)
			known->n_rows += text->n_rows;
		else if (text_sample_wants(sample, text->hash, text->smallest))
			text_sample_add(sample, text);
	}
}

/* qsort's comparison of pointers to texts by hash. */
static int
compare_texts(const void *a, const void *b)
{
	uint64_t first = (*(const SampledText *const *) a)->hash;
	uint64_t second = (*(const SampledText *const *) b)->hash;

	return first < second ? -1 : first > second;
}

/* The texts by ascending hash: (n_texts), to be freed. */
static const SampledText **
sorted_texts(const TextSample *sample)
{
	const SampledText **sorted =
		host_allocate_array(const SampledText *, (size_t) sample->n_texts + 1);

	for (uint32_t i = 0; i < sample->n_texts; i++)
		sorted[i] = &sample->texts[i];
	qsort(sorted, sample->n_texts, sizeof(sorted[0]), compare_texts);
	return sorted;
}

/* A text in a band. */
typedef struct BandMember
{
	uint32_t band; /* the bytes of the sketch that make it up */
	uint32_t text; /* number among the texts by ascending hash */
} BandMember;

/* qsort's comparison by band, then by text. */
static int
compare_members(const void *a, const void *b)
{
	const BandMember *first = a;
	const BandMember *second = b;

	if (first->band != second->band)
		return first->band < second->band ? -1 : 1;
	return first->text < second->text ? -1 : first->text > second->text;
}

/* Note that two texts resemble each other. partners: by text */
static void
note_similar(uint32_t *partners, uint32_t a, uint32_t b)
{
	if (partners[a] == NO_TEXT || b < partners[a])
		partners[a] = b;
	if (partners[b] == NO_TEXT || a < partners[b])
		partners[b] = a;
}

/* Compare each text of a band with some before it that agree in the band. */
static void
compare_band(const SampledText **texts, const BandMember *members, uint32_t n_members,
			 double similarity, uint32_t *partners)
{
	for (uint32_t i = 1; i < n_members; i++)
	{
		uint32_t text = members[i].text;

		for (uint32_t j = i; j > 0 && i - j < MAX_COMPARED_TEXTS; j--)
		{
			uint32_t other = members[j - 1].text;

			if (members[j - 1].band != members[i].band)
				break;
			if (sketch_similarity(texts[text]->sketch, texts[other]->sketch) >= similarity)
				note_similar(partners, text, other);
		}
	}
}

/* Find a partner for each text that has one. partners: (n_texts) */
static void
find_partners(const SampledText **texts, uint32_t n_texts, double similarity, uint32_t *partners)
{
	BandMember *members = host_allocate_array(BandMember, (size_t) n_texts + 1);

	for (uint32_t i = 0; i < n_texts; i++)
		partners[i] = NO_TEXT;
	for (unsigned band = 0; band < N_SKETCH_BANDS; band++)
	{
		uint32_t n_members = 0;

		host_check_interrupts();
		for (uint32_t i = 0; i < n_texts; i++)
		{
			if (!texts[i]->has_shingles)
				continue;
			memcpy(&members[n_members].band, texts[i]->sketch + band * SKETCH_BAND_SIZE,
				   SKETCH_BAND_SIZE);
			members[n_members++].text = i;
		}
		qsort(members, n_members, sizeof(members[0]), compare_members);
		compare_band(texts, members, n_members, similarity, partners);
	}
	host_free(members);
}

SimilarTexts
text_sample_similar(const TextSample *sample, double similarity)
{
	const SampledText **texts = sorted_texts(sample);
	uint32_t *partners = host_allocate_array(uint32_t, (size_t) sample->n_texts + 1);
	SimilarTexts similar = {.is_estimate = sample->level > 0};

	find_partners(texts, sample->n_texts, similarity, partners);
	for (uint32_t i = 0; i < sample->n_texts; i++)
	{
		if (partners[i] == NO_TEXT)
			continue;
		similar.n_rows += ldexp((double) texts[i]->n_rows, (int) sample->level);
		if (similar.text == NULL)
		{
			similar.text = texts[i];
			similar.partner = texts[partners[i]];
		}
	}
	host_free(partners);
	host_free(texts);
	return similar;
}

size_t
text_sample_flat_size(const TextSample *sample)
{
	return sizeof(FlatHeader) + (size_t) sample->n_texts * sizeof(SampledText);
}

void
text_sample_flatten(const TextSample *sample, char *bytes)
{
	FlatHeader header = {sample->level, sample->n_texts};
	const SampledText **sorted = sorted_texts(sample);

	memcpy(bytes, &header, sizeof(header));
	bytes += sizeof(header);
	for (uint32_t i = 0; i < sample->n_texts; i++)
		memcpy(bytes + (size_t) i * sizeof(SampledText), sorted[i], sizeof(SampledText));
	host_free(sorted);
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_sample(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_validation");
}

/* Check a text of a flat form. */
static void
check_text(const TextSample *sample, const SampledText *text)
{
	if (sample->n_texts > 0 && text->hash <= sample->texts[sample->n_texts - 1].hash)
		invalid_sample("Its sampled texts are out of order.");
	if (!text_sample_wants(sample, text->hash, text->smallest))
		invalid_sample("A text does not belong to the sample.");
	if (text->n_rows == 0 || text->n_rows > MAX_VALIDATED_ROWS || text->has_shingles > 1)
		invalid_sample("A number of rows is out of range.");
	if (!excerpt_is_valid(&text->excerpt))
		invalid_sample("An excerpt is not valid.");
}

void
text_sample_unflatten(TextSample *sample, const char *bytes, size_t length)
{
	FlatHeader header;

	if (length < sizeof(header))
		invalid_sample("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	bytes += sizeof(header);
	if (header.level > MAX_SAMPLE_LEVEL || header.n_texts > MAX_SAMPLED_TEXTS ||
		length != sizeof(header) + (size_t) header.n_texts * sizeof(SampledText))
		invalid_sample("Its length is not the length that it states.");
	sample->level = header.level;
	for (uint32_t i = 0; i < header.n_texts; i++)
	{
		SampledText text;

		memcpy(&text, bytes + (size_t) i * sizeof(text), sizeof(text));
		check_text(sample, &text);
		text_sample_add(sample, &text);
	}
}
