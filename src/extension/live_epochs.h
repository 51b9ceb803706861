/*
 * live_epochs.h
 *	  The rings of epochs in which live traffic is counted; see shared_statistics.h.
 */
#ifndef SENTIMENT_LIVE_EPOCHS_H
#define SENTIMENT_LIVE_EPOCHS_H

#include "postgres.h"

#include "extension/shared_statistics.h"

/* What was seen from some moment on. */
typedef struct LiveWindow
{
	TimestampTz since;               /* the start of the first epoch that is looked at */
	bool is_cut;                     /* the ring does not reach as far back as it was asked to */
	uint64 labels[N_COUNTED_LABELS]; /* all predictions by label */
	LiveSketch sketch;
} LiveWindow;

/* Bytes of the rings of so many slots. */
extern Size live_epochs_size(int n_slots, int n_epochs);

/* Where the rings lie: once in each process that has the table, or inherited. */
extern void live_epochs_locate(void *memory);

/* An epoch of a slot: place below n_epochs. */
extern LiveEpoch *live_epochs_get(const VersionSlot *slot, int place);

/* Empty the ring of a slot that is given to a version, and begin the present epoch. Under the lock, alone. */
extern void live_epochs_clear(VersionSlot *slot);

/*
 * The present epoch of a slot, begun if it is not, and its number; NULL if the slot is not of the generation. Takes the lock if
 * an epoch begins, so call it before entering the slot.
 */
extern LiveEpoch *live_epochs_present(VersionSlot *slot, uint64 generation, uint64 *number);

/* Add the counts of an epoch to the slot's past. Under the lock, alone; nobody is inside. */
extern void live_epochs_fold(VersionSlot *slot, const LiveEpoch *epoch);

/* What a slot has counted from a moment on, or (DT_NOBEGIN) all of it. Under the lock. */
extern void live_epochs_copy(VersionSlot *slot, TimestampTz from, LiveWindow *window);

#endif /* SENTIMENT_LIVE_EPOCHS_H */
