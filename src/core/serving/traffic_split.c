/*
 * traffic_split.c
 *	  Which version of a model answers a unit.
 */
#include "core/serving/traffic_split.h"

#include "core/hash.h"

/* Keeps positions apart from the buckets of held-out rows, which hash texts with the same seed. */
#define TRAFFIC_SALT UINT64_C(0x7472616666696331)

uint64_t
traffic_salt(const char *model, int64_t seed)
{
	return hash_mix(hash_content(model, strlen(model)) + hash_mix((uint64_t) seed ^ TRAFFIC_SALT));
}

double
traffic_position(uint64_t salt, const char *unit, size_t length)
{
	uint64_t hash = hash_mix(hash_content(unit, length) ^ salt);

	/* the 53 bits that a double holds */
	return (double) (hash >> 11) * 0x1p-53;
}

int
traffic_choose(const double *bounds, int n, double position)
{
	int i = 0;

	while (i < n - 1 && position >= bounds[i])
		i++;
	return i;
}
