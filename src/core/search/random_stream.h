/*
 * random_stream.h
 *	  A stream of random numbers that is a function of the seed, the trial and the dimension.
 *
 * Each dimension of each trial has its own, so that no draw depends on how many were taken elsewhere.
 */
#ifndef SENTIMENT_RANDOM_STREAM_H
#define SENTIMENT_RANDOM_STREAM_H

#include <stdint.h>

#include "core/hash.h"

#define RANDOM_STREAM_STEP UINT64_C(0x9e3779b97f4a7c15) /* of splitmix64 */

typedef struct RandomStream
{
	uint64_t state;
} RandomStream;

static inline RandomStream
random_stream_start(uint64_t seed, uint64_t trial, uint64_t dimension)
{
	uint64_t state = hash_mix(seed + RANDOM_STREAM_STEP);

	state = hash_mix((state ^ trial) + RANDOM_STREAM_STEP);
	state = hash_mix((state ^ dimension) + RANDOM_STREAM_STEP);
	return (RandomStream){state};
}

static inline uint64_t
random_stream_next(RandomStream *stream)
{
	stream->state += RANDOM_STREAM_STEP;
	return hash_mix(stream->state);
}

/* Evenly distributed above 0 and below 1. */
static inline double
random_stream_uniform(RandomStream *stream)
{
	return ((double) (random_stream_next(stream) >> 11) + 0.5) * 0x1p-53;
}

#endif /* SENTIMENT_RANDOM_STREAM_H */
