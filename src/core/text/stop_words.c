/*
 * stop_words.c
 *	  A set of stop words.
 */
#include <string.h>

#include "core/hash.h"
#include "core/host.h"
#include "core/text/stop_words.h"

/* A word of the set; bytes is NULL in an empty slot. */
typedef struct StopWord
{
	uint64_t hash;
	const char *bytes;
	size_t length;
} StopWord;

/* An open-addressing hash table that is at most a quarter full. */
struct StopWordSet
{
	size_t mask; /* slots - 1 */
	StopWord slots[];
};

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
