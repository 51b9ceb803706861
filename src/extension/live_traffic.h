/*
 * live_traffic.h
 *	  What the predictions of a version have seen: a drift profile without rows.
 */
#ifndef SENTIMENT_LIVE_TRAFFIC_H
#define SENTIMENT_LIVE_TRAFFIC_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/drift/live_layout.h"
#include "extension/registry.h"

/* How much traffic a profile stands for. */
typedef struct LiveTraffic
{
	uint64 n_predictions;
	uint64 n_sampled;  /* of these, whose texts the sketch has seen */
	TimestampTz since; /* when counting began, or the window does; 0: the version is not counted */
} LiveTraffic;

/* Raise an error if predictions are not counted on this server. */
extern void live_traffic_require(const RegistryModel *model);

/*
 * The profile of a version's traffic, empty if it has not answered anything: of the last period, or (NULL) of all that was
 * counted; in the current memory context. The reference becomes one that it can be compared with. Raises an error if
 * predictions are not counted.
 */
extern DriftProfile *live_traffic_profile(const RegistryModel *model,
										  const RegistryVersion *version, const Pipeline *pipeline,
										  const Interval *period, DriftProfile **reference,
										  LiveTraffic *traffic);

/* What is counted of a version's traffic, as its reference and its pipeline tell. */
extern void live_traffic_make_layout(int64 model_id, int32 version, const Pipeline *pipeline,
									 LiveLayout *layout);

#endif /* SENTIMENT_LIVE_TRAFFIC_H */
