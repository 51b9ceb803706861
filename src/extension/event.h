/*
 * event.h
 *	  Tells listeners what happens to models: NOTIFY on the channel sentiment_events.
 */
#ifndef SENTIMENT_EVENT_H
#define SENTIMENT_EVENT_H

#include "postgres.h"

#define EVENT_CHANNEL "sentiment_events"

/*
 * Notify listeners at the transaction's commit: a JSON object with the keys event, model and (unless 0)
 * version, and the members that are given, which are those of a JSON object without its braces ("\"a\": 1"),
 * in the database's encoding; NULL for none. Members that would make the payload too long are left out. Does
 * nothing if the setting sentiment.notify_events is off, as it must be where such transactions are prepared
 * for a two-phase commit.
 */
extern void event_notify(const char *event, const char *model, int32 version, const char *members);

#endif /* SENTIMENT_EVENT_H */
