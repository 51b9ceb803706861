/*
 * random_draws.h
 *	  Draws from distributions, for resampling.
 */
#ifndef SENTIMENT_RANDOM_DRAWS_H
#define SENTIMENT_RANDOM_DRAWS_H

#include <stdint.h>

#include "core/search/random_stream.h"

/* An integer from 0 to n - 1, each as likely; n > 0. */
extern uint64_t draw_integer(RandomStream *stream, uint64_t n);

/*
 * A binomial variable: of n trials, how many succeed, each with probability p. By inversion where few are expected, else by
 * transformed rejection (Hörmann 1993, algorithm BTRS).
 */
extern uint64_t draw_binomial(RandomStream *stream, uint64_t n, double p);

#endif /* SENTIMENT_RANDOM_DRAWS_H */
