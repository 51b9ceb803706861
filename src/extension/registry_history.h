/*
 * registry_history.h
 *	  Rows of sentiment.deployment_history: what was done to a model, by whom and why.
 */
#ifndef SENTIMENT_REGISTRY_HISTORY_H
#define SENTIMENT_REGISTRY_HISTORY_H

#include "postgres.h"

#include "extension/registry_model.h"
#include "extension/registry_writer.h"

/* What is written into the history. */
typedef struct RegistryChange
{
	const char *action;
	const char *reason;
	const char *stage;   /* of the version from then on; NULL: it has none */
	int64 rolls_back_to; /* history_id of the event to return to: 0 none, -1 the present state's */
	bool forced;         /* it went past checks of the gate that had failed */
} RegistryChange;

/*
 * Write an event to the history, before anything changes. traffic: jsonb of versions with their shares from
 * then on, or 0 if the event changes none; version: see sentiment.deployment_history, 0 for none
 */
extern void registry_write_history(const RegistryWriter *writer, const RegistryModel *model,
								   const RegistryChange *change, int32 version, Datum traffic);

#endif /* SENTIMENT_REGISTRY_HISTORY_H */
