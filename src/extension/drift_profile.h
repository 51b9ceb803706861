/*
 * drift_profile.h
 *	  Drift profiles as SQL values, and the reference that a training stores.
 */
#ifndef SENTIMENT_EXTENSION_DRIFT_PROFILE_H
#define SENTIMENT_EXTENSION_DRIFT_PROFILE_H

#include "postgres.h"

#include "core/drift/drift_profile.h"
#include "extension/expanded_state.h"

/* The type sentiment_drift_profile; its struct is DriftProfile. */
extern const StateType drift_profile_type;

/* A filter of the texts of a corpus. */
extern bytea *drift_profile_learned_texts(const Corpus *corpus);

/*
 * Store the reference profile of a new version, and the filter of the texts that it has learned from: within
 * registry_begin_write.
 */
extern void drift_profile_store(int64 model_id, int32 version, const DriftProfile *profile,
								bytea *learned);

#endif /* SENTIMENT_EXTENSION_DRIFT_PROFILE_H */
