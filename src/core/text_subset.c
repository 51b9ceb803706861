/*
 * text_subset.c
 *	  Some of many texts.
 */
#include <string.h>

#include "core/hash.h"
#include "core/text_subset.h"

/* Whether a text of that hash is among one of 2^shift. */
static bool
is_chosen(uint64_t hash, int shift)
{
	return shift == 0 || hash_mix(hash) >> (64 - shift) == 0;
}

/* Keep the texts of which that is still true, in their order. */
static void
thin_out(HeldOutRows *rows, int shift)
{
	uint32_t n_kept = 0;
	uint64_t length = 0;

	for (uint32_t i = 0; i < rows->n_rows; i++)
	{
		HeldOutRow row = rows->rows[i];

		if (!is_chosen(row.hash, shift))
			continue;
		memmove(rows->texts.data + length, rows->texts.data + row.start, row.length);
		row.start = length;
		length += row.length;
		rows->rows[n_kept++] = row;
	}
	rows->n_rows = n_kept;
	rows->texts.length = length;
}

void
text_subset_add(TextSubset *subset, const char *text, size_t length, uint64_t hash)
{
	HeldOutRows *rows = &subset->rows;

	if (!is_chosen(hash, subset->shift))
		return;
	held_out_add(rows, text, length, hash, "", 0, NULL);
	while ((rows->n_rows > TEXT_SUBSET_SIZE || rows->texts.length > TEXT_SUBSET_BYTES) &&
		   rows->n_rows > 1 && subset->shift < 63)
		thin_out(rows, ++subset->shift);
}
