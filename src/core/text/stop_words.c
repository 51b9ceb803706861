/*
 * stop_words.c
 *	  A set of stop words.
 */
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/text/stop_words.h"

/* The slot that holds a word, or the empty one where it belongs. */
static StopWord *
find_slot(const StopWordSet *set, const char *bytes, size_t length, uint64_t hash)
{
	size_t i = hash & set->mask;

	for (;;)
	{
		const StopWord *slot = &set->slots[i];

		if (slot->bytes == NULL || (slot->hash == hash && slot->length == length &&
									memcmp(slot->bytes, bytes, length) == 0))
			return (StopWord *) slot;
		i = (i + 1) & set->mask;
	}
}

/* Make the set of a language. */
StopWordSet *
stop_word_set_create(int language)
{
	const char *const *words = stop_word_lists[language];
	size_t n_words = 0;
	size_t n_slots = 16;
	StopWordSet *set;

	while (words[n_words] != NULL)
		n_words++;
	while (n_slots < 4 * n_words)
		n_slots *= 2;
	set = host_allocate_zero(sizeof(StopWordSet) + host_array_size(n_slots, sizeof(StopWord)));
	set->mask = n_slots - 1;
	for (size_t i = 0; i < n_words; i++)
	{
		size_t length = strlen(words[i]);
		uint64_t hash = hash_token(words[i], length);
		uint64_t bit = (hash >> 32) % STOP_WORD_FILTER_BITS;

		set->filter[bit / 64] |= UINT64_C(1) << bit % 64;
		*find_slot(set, words[i], length, hash) = (StopWord){hash, words[i], length};
	}
	return set;
}

/* Free a set. */
void
stop_word_set_free(StopWordSet *set)
{
	host_free(set);
}

/* Is a token in the set? */
bool
stop_word_set_contains(const StopWordSet *set, const char *bytes, size_t length, uint64_t hash)
{
	return find_slot(set, bytes, length, hash)->bytes != NULL;
}
