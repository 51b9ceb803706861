/*
 * near_labels.c
 *	  Labels that differ only in case, in white space or in the form of their characters.
 */
#include "core/validation/near_labels.h"

#include <stdbool.h>
#include <string.h>

#include <utf8proc.h>

#include "core/features/corpus.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/text/characters.h"
#include "core/validation/text_sample.h"

/* So many groups are named in a text, and so many labels of each. */
#define MAX_NAMED_GROUPS 3
#define MAX_NAMED_LABELS 4

#define FOLDED_FORM \
	(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* Make runs of white space one blank, and drop those at the ends. Answers how many characters are left. */
static utf8proc_ssize_t
collapse_white_space(utf8proc_int32_t *characters, utf8proc_ssize_t n_characters)
{
	utf8proc_ssize_t n = 0;

	for (utf8proc_ssize_t i = 0; i < n_characters; i++)
	{
		bool is_space = character_sort(character_class((uint32_t) characters[i])) == SORT_SPACE;

		if (is_space && (n == 0 || characters[n - 1] == ' '))
			continue;
		characters[n++] = is_space ? ' ' : characters[i];
	}
	return n > 0 && characters[n - 1] == ' ' ? n - 1 : n;
}

char *
label_folded(const char *label, size_t length)
{
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *) label;
	utf8proc_ssize_t n_characters =
		utf8proc_decompose(bytes, (utf8proc_ssize_t) length, NULL, 0, FOLDED_FORM);
	utf8proc_int32_t *characters;
	char *folded;

	if (n_characters < 0)
	{
		folded = host_allocate(length + 1);
		memcpy(folded, label, length);
		folded[length] = '\0';
		return folded;
	}
	/* the characters become bytes in place, and a zero behind them */
	characters = host_allocate_array(utf8proc_int32_t, (size_t) n_characters + 1);
	(void) utf8proc_decompose(bytes, (utf8proc_ssize_t) length, characters, n_characters,
							  FOLDED_FORM);
	n_characters = utf8proc_normalize_utf32(characters, n_characters, FOLDED_FORM);
	n_characters = collapse_white_space(characters, n_characters);
	(void) utf8proc_reencode(characters, n_characters, FOLDED_FORM);
	return (char *) characters;
}

/* Append the labels of a group. groups: (n_labels) number of each label's */
static void
append_group(ByteBuffer *text, const CountedLabel *labels, uint32_t n_labels,
			 const uint32_t *groups, uint32_t group)
{
	uint32_t n_named = 0;

	for (uint32_t i = 0; i < n_labels; i++)
	{
		Excerpt excerpt;

		if (groups[i] != group)
			continue;
		if (n_named++ == MAX_NAMED_LABELS)
		{
			buffer_printf(text, ", and more");
			return;
		}
		excerpt = excerpt_make(labels[i].label, labels[i].length);
		buffer_printf(text, "%s\"%.*s\" has %llu", n_named > 1 ? ", " : "", excerpt.length,
					  excerpt.bytes, (unsigned long long) labels[i].n_rows);
	}
}

uint64_t
near_labels_find(const CountedLabel *labels, uint32_t n_labels, ByteBuffer *text)
{
	StringTable folded = {0};
	uint32_t *groups = host_allocate_array(uint32_t, (size_t) n_labels + 1);
	uint32_t *sizes = host_allocate_zero(((size_t) n_labels + 1) * sizeof(uint32_t));
	uint64_t *sums = host_allocate_zero(((size_t) n_labels + 1) * sizeof(uint64_t));
	uint64_t *largest = host_allocate_zero(((size_t) n_labels + 1) * sizeof(uint64_t));
	uint32_t n_groups = 0;
	uint64_t n_rows = 0;

	for (uint32_t i = 0; i < n_labels; i++)
	{
		char *form = label_folded(labels[i].label, labels[i].length);
		size_t length = strlen(form);
		uint32_t group = string_table_add(&folded, form, length, hash_token(form, length));

		groups[i] = group;
		sizes[group]++;
		sums[group] += labels[i].n_rows;
		if (labels[i].n_rows > largest[group])
			largest[group] = labels[i].n_rows;
	}
	for (uint32_t i = 0; i < folded.n_strings; i++)
	{
		if (sizes[i] < 2)
			continue;
		n_rows += sums[i] - largest[i];
		if (n_groups++ >= MAX_NAMED_GROUPS)
			continue;
		if (n_groups > 1)
			buffer_printf(text, "; ");
		append_group(text, labels, n_labels, groups, i);
	}
	if (n_groups > MAX_NAMED_GROUPS)
		buffer_printf(text, "; and %u more groups", n_groups - MAX_NAMED_GROUPS);
	return n_rows;
}
