/*
 * text_counts.c
 *	  How often each distinct text occurs, and whether with one label.
 *
 * Flat form: level and number of texts, 4 bytes each; then the texts by ascending hash, 24 bytes each.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/validation/text_counts.h"

#define MIN_TABLE_BITS 6

/* Texts after which a long loop checks for interrupts. */
#define INTERRUPT_DISTANCE 8192

/* Bits of a hash by which texts are spread before they are sorted. */
#define SPREAD_BITS 16

typedef struct FlatHeader
{
	uint32_t level;
	uint32_t n_texts;
} FlatHeader;

uint32_t
text_counts_label_hash(const char *label, size_t length)
{
	uint32_t hash = (uint32_t) hash_token(label, length);

	/* 0 and the largest number stand for no label */
	return hash == 0 || hash == NO_LABEL_HASH ? 1 : hash;
}

/* The place of a hash in the table: its own or a free one. */
static TextCount *
find_place(const TextCounts *counts, uint64_t hash)
{
	size_t mask = ((size_t) 1 << counts->table_bits) - 1;
	size_t i = (size_t) hash & mask;

	while (counts->table[i].n_rows != 0 && counts->table[i].hash != hash)
		i = (i + 1) & mask;
	return &counts->table[i];
}

/* Make a table of that size of the present one's texts that belong to the sample. */
static void
remake_table(TextCounts *counts, uint32_t table_bits)
{
	TextCount *old_table = counts->table;
	size_t old_size = old_table == NULL ? 0 : (size_t) 1 << counts->table_bits;

	counts->table = host_allocate_zero_array(TextCount, (size_t) 1 << table_bits);
	counts->table_bits = table_bits;
	counts->n_texts = 0;
	for (size_t i = 0; i < old_size; i++)
	{
		if (i % INTERRUPT_DISTANCE == 0)
			host_check_interrupts();
		if (old_table[i].n_rows != 0 && sample_has(old_table[i].hash, counts->level))
		{
			*find_place(counts, old_table[i].hash) = old_table[i];
			counts->n_texts++;
		}
	}
	host_free(old_table);
}

/* Raise the level until few enough texts are left. */
static void
thin_out(TextCounts *counts, uint32_t level)
{
	while (counts->level < level || counts->n_texts > MAX_COUNTED_TEXTS)
	{
		if (counts->level == MAX_SAMPLE_LEVEL)
			host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "too many distinct texts");
		counts->level = counts->level < level ? level : counts->level + 1;
		remake_table(counts, counts->table == NULL ? MIN_TABLE_BITS : counts->table_bits);
	}
}

/* The size of a table for so many texts. */
static uint32_t
table_bits_for(size_t n_texts)
{
	uint32_t table_bits = MIN_TABLE_BITS;

	while (n_texts > ((size_t) 1 << table_bits) / 3 * 2)
		table_bits++;
	return table_bits;
}

/*
 * Make the table large enough for so many texts more. A merge must: it adds texts in the order of the other
 * table's places, so that they would all crowd at the start of a smaller table.
 */
static void
reserve(TextCounts *counts, size_t n_texts)
{
	size_t n_total = counts->n_texts + n_texts;
	uint32_t table_bits =
		table_bits_for(n_total > MAX_COUNTED_TEXTS + 1 ? MAX_COUNTED_TEXTS + 1 : n_total);

	if (counts->table == NULL || counts->table_bits < table_bits)
		remake_table(counts, table_bits);
}

/* The place of a text, which is made if it is new; *is_new tells. */
static TextCount *
claim_place(TextCounts *counts, uint64_t hash, bool *is_new)
{
	TextCount *place;

	if (counts->table == NULL || counts->n_texts >= ((size_t) 1 << counts->table_bits) / 3 * 2)
		remake_table(counts, counts->table == NULL ? MIN_TABLE_BITS : counts->table_bits + 1);
	place = find_place(counts, hash);
	*is_new = place->n_rows == 0;
	if (*is_new)
	{
		*place = (TextCount){hash, 0, NO_LABEL_HASH, 0};
		counts->n_texts++;
	}
	return place;
}

/* Add rows and labels to a text. */
static void
add_to_place(TextCount *place, uint64_t n_rows, uint32_t smallest_label, uint32_t largest_label)
{
	place->n_rows += n_rows;
	if (smallest_label < place->smallest_label)
		place->smallest_label = smallest_label;
	if (largest_label > place->largest_label)
		place->largest_label = largest_label;
}

bool
text_counts_add(TextCounts *counts, uint64_t hash, uint32_t label_hash)
{
	bool is_new;
	TextCount *place;

	if (!sample_has(hash, counts->level))
		return true;
	place = claim_place(counts, hash, &is_new);
	add_to_place(place, 1, label_hash, label_hash == NO_LABEL_HASH ? 0 : label_hash);
	if (counts->n_texts > MAX_COUNTED_TEXTS)
		thin_out(counts, 0);
	return is_new;
}

const TextCount *
text_counts_find(const TextCounts *counts, uint64_t hash)
{
	const TextCount *place = counts->table == NULL ? NULL : find_place(counts, hash);

	return place == NULL || place->n_rows == 0 ? NULL : place;
}

void
text_counts_merge(TextCounts *counts, const TextCounts *other)
{
	size_t other_size = other->table == NULL ? 0 : (size_t) 1 << other->table_bits;

	thin_out(counts, other->level);
	reserve(counts, other->n_texts);
	for (size_t i = 0; i < other_size; i++)
	{
		const TextCount *text = &other->table[i];
		bool is_new;

		if (i % INTERRUPT_DISTANCE == 0)
			host_check_interrupts();
		if (text->n_rows == 0 || !sample_has(text->hash, counts->level))
			continue;
		add_to_place(claim_place(counts, text->hash, &is_new), text->n_rows, text->smallest_label,
					 text->largest_label);
		if (counts->n_texts > MAX_COUNTED_TEXTS)
			thin_out(counts, 0);
	}
}

/*
 * Rows but the first of each text. The sample's own count is best unless one text has very many rows,
 * which the sample misses or overrates: then it contradicts the number of rows less that of distinct
 * texts, which does not suffer from it.
 */
static double
estimate_duplicates(const TextCounts *counts, uint64_t n_rows, double n_kept_duplicates)
{
	double scale = ldexp(1, (int) counts->level);
	double by_sample = n_kept_duplicates * scale;
	double by_difference = (double) n_rows - counts->n_texts * scale;
	double standard_error = sqrt((double) counts->n_texts * scale * (scale - 1));

	if (counts->level == 0)
		return n_kept_duplicates;
	if (fabs(by_difference - by_sample) > 4 * standard_error)
		return by_difference < 0 ? 0 : by_difference;
	return by_sample > (double) n_rows ? (double) n_rows : by_sample;
}

TextRepetition
text_counts_sum(const TextCounts *counts, uint64_t n_rows)
{
	size_t size = counts->table == NULL ? 0 : (size_t) 1 << counts->table_bits;
	double scale = ldexp(1, (int) counts->level);
	uint64_t n_duplicates = 0;
	uint64_t n_conflicts = 0;
	TextRepetition repetition = {.is_estimate = counts->level > 0};

	for (size_t i = 0; i < size; i++)
	{
		const TextCount *text = &counts->table[i];

		if (text->n_rows == 0)
			continue;
		n_duplicates += text->n_rows - 1;
		if (text_has_conflict(text))
			n_conflicts += text->n_rows;
	}
	repetition.n_distinct = fmin(counts->n_texts * scale, (double) n_rows);
	repetition.n_duplicates = estimate_duplicates(counts, n_rows, (double) n_duplicates);
	repetition.n_conflicts = fmin((double) n_conflicts * scale, (double) n_rows);
	return repetition;
}

size_t
text_counts_flat_size(const TextCounts *counts)
{
	return sizeof(FlatHeader) + (size_t) counts->n_texts * sizeof(TextCount);
}

/* qsort's comparison by hash. */
static int
compare_texts(const void *a, const void *b)
{
	uint64_t first;
	uint64_t second;

	/* a flat form need not be aligned */
	memcpy(&first, (const char *) a + offsetof(TextCount, hash), sizeof(first));
	memcpy(&second, (const char *) b + offsetof(TextCount, hash), sizeof(second));
	return first < second ? -1 : first > second;
}

/* The pile of a hash: by its first bits behind those that are zero in all of the sample. */
static inline uint32_t
pile_of(const TextCounts *counts, uint64_t hash)
{
	return (uint32_t) (hash << counts->level >> (64 - SPREAD_BITS));
}

/* Write the texts by ascending hash: spread over piles, each of which is sorted. */
static void
write_sorted(const TextCounts *counts, char *sorted)
{
	size_t size = counts->table == NULL ? 0 : (size_t) 1 << counts->table_bits;
	uint32_t *starts = host_allocate_zero_array(uint32_t, (1u << SPREAD_BITS) + 1);
	uint32_t begin = 0;

	for (size_t i = 0; i < size; i++)
	{
		if (counts->table[i].n_rows != 0)
			starts[pile_of(counts, counts->table[i].hash) + 1]++;
	}
	for (uint32_t pile = 0; pile < 1u << SPREAD_BITS; pile++)
		starts[pile + 1] += starts[pile];
	for (size_t i = 0; i < size; i++)
	{
		if (counts->table[i].n_rows != 0)
			memcpy(sorted + sizeof(TextCount) * starts[pile_of(counts, counts->table[i].hash)]++,
				   &counts->table[i], sizeof(TextCount));
	}
	/* by now, each pile's start has become its end */
	for (uint32_t pile = 0; pile < 1u << SPREAD_BITS; pile++)
	{
		if (starts[pile] - begin > 1)
			qsort(sorted + sizeof(TextCount) * begin, starts[pile] - begin, sizeof(TextCount),
				  compare_texts);
		begin = starts[pile];
	}
	host_free(starts);
}

void
text_counts_flatten(const TextCounts *counts, char *bytes)
{
	FlatHeader header = {counts->level, counts->n_texts};

	memcpy(bytes, &header, sizeof(header));
	if (counts->n_texts > 0)
		write_sorted(counts, bytes + sizeof(header));
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_counts(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_validation");
}

/* Check a text of a flat form. */
static void
check_text(const TextCount *text, const TextCount *previous, uint32_t level)
{
	bool has_label = text->smallest_label != NO_LABEL_HASH;

	if (previous != NULL && text->hash <= previous->hash)
		invalid_counts("Its texts are out of order.");
	if (!sample_has(text->hash, level))
		invalid_counts("A text does not belong to the sample.");
	if (text->n_rows == 0 || text->n_rows > MAX_VALIDATED_ROWS)
		invalid_counts("A number of rows is out of range.");
	if (has_label ? text->smallest_label == 0 || text->smallest_label > text->largest_label ||
						text->largest_label == NO_LABEL_HASH
				  : text->largest_label != 0)
		invalid_counts("The labels of a text are not as they are written.");
}

void
text_counts_unflatten(TextCounts *counts, const char *bytes, size_t length)
{
	FlatHeader header;
	TextCount previous = {0};

	if (length < sizeof(header))
		invalid_counts("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	bytes += sizeof(header);
	if (header.level > MAX_SAMPLE_LEVEL || header.n_texts > MAX_COUNTED_TEXTS ||
		length != sizeof(header) + (size_t) header.n_texts * sizeof(TextCount))
		invalid_counts("Its length is not the length that it states.");
	counts->level = header.level;
	if (header.n_texts > 0)
		remake_table(counts, table_bits_for(header.n_texts));
	for (uint32_t i = 0; i < header.n_texts; i++)
	{
		TextCount text;

		if (i % INTERRUPT_DISTANCE == 0)
			host_check_interrupts();
		memcpy(&text, bytes + (size_t) i * sizeof(text), sizeof(text));
		check_text(&text, i == 0 ? NULL : &previous, header.level);
		*find_place(counts, text.hash) = text;
		counts->n_texts++;
		previous = text;
	}
}
