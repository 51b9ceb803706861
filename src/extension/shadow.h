/*
 * shadow.h
 *	  Scoring versions besides the one that answers.
 */
#ifndef SENTIMENT_SHADOW_H
#define SENTIMENT_SHADOW_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "extension/call_site.h"

/*
 * Score a text by the shadow versions of a deployment, each on its share of the calls, and count where their
 * label differs from the one that was answered. Raises no error of theirs: it is counted. (A cancel or
 * a timeout is not theirs.) What the answering model has answered stays where it is.
 */
extern void shadow_score(CallSite *site, CachedModel *answering, const char *label, Datum text,
						 Jsonb *features);

#endif /* SENTIMENT_SHADOW_H */
