/*
 * hash.c
 *	  The one hash of long inputs, by xxHash.
 */
#include "core/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t
hash_content(const void *bytes, size_t length)
{
	return XXH3_64bits(bytes, length);
}
