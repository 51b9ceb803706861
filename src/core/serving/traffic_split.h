/*
 * traffic_split.h
 *	  Which version of a model answers a unit (a user, an order, ...) when several share the traffic.
 *
 * A unit has a position in [0, 1), as good as random, which depends on the model's name and seed and
 * on the unit alone. The
 * versions, in the order of their numbers, have intervals as long as their shares; the version whose
 * interval holds the position answers. So the same unit has the same version as long as the shares are the
 * same, and when they change only the units between an interval's old and new bounds move: with two versions
 * as few as can be.
 */
#ifndef SENTIMENT_TRAFFIC_SPLIT_H
#define SENTIMENT_TRAFFIC_SPLIT_H

#include <stddef.h>
#include <stdint.h>

/* What makes a model's positions its own: of its name and its seed. */
extern uint64_t traffic_salt(const char *model, int64_t seed);

/* The position of a unit, in [0, 1): the same on every machine and in every release. */
extern double traffic_position(uint64_t salt, const char *unit, size_t length);

/*
 * The interval that holds a position. bounds: (n) where each ends, increasing; the last one ends at 1,
 * whatever rounding has made of it.
 */
extern int traffic_choose(const double *bounds, int n, double position);

#endif /* SENTIMENT_TRAFFIC_SPLIT_H */
