/*
 * live_traffic.h
 *	  What the predictions of a version have seen since counting began: a drift profile without rows.
 */
#ifndef SENTIMENT_LIVE_TRAFFIC_H
#define SENTIMENT_LIVE_TRAFFIC_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/drift/drift_profile.h"
#include "extension/registry.h"

/* How much traffic a profile stands for. */
typedef struct LiveTraffic
{
	uint64 n_predictions;
	uint64 n_sampled;  /* of these, whose texts the sketch has seen */
	TimestampTz since; /* when counting began; 0: the version is not counted */
} LiveTraffic;

/*
 * The profile of a version's traffic, empty if it has not answered anything; in the current memory context.
 * Raises an error if predictions are not counted.
 */
extern DriftProfile *live_traffic_profile(const RegistryModel *model,
										  const RegistryVersion *version, const Pipeline *pipeline,
										  LiveTraffic *traffic);

#endif /* SENTIMENT_LIVE_TRAFFIC_H */
