/*
 * live_epochs.c
 *	  The rings of epochs in which live traffic is counted.
 *
 * An epoch's number is its start, in microseconds since 2000, divided by the length of epochs; its place in the ring is that
 * modulo the size of the ring.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "extension/live_epochs.h"

/* (n_slots, n_epochs) */
static LiveEpoch *epochs = NULL;

Size
live_epochs_size(int n_slots, int n_epochs)
{
	return mul_size(mul_size(n_slots, n_epochs), sizeof(LiveEpoch));
}

void
live_epochs_locate(void *memory)
{
	epochs = memory;
}

LiveEpoch *
live_epochs_get(const VersionSlot *slot, int place)
{
	return &epochs[(slot - shared_statistics->slots) * shared_statistics->n_epochs + place];
}

/* Set all counts to zero, and the number. */
static void
begin(LiveEpoch *epoch, uint64 number)
{
	for (int i = 0; i < N_COUNTED_LABELS; i++)
		pg_atomic_init_u64(&epoch->labels[i], 0);
	for (int i = 0; i < MAX_MOMENT_DIMENSIONS; i++)
		pg_atomic_init_u64(&epoch->embedding[i], 0);
	for (int i = 0; i < N_LIVE_COUNTERS; i++)
		pg_atomic_init_u32(&epoch->counters[i], 0);
	(void) pg_atomic_exchange_u64(&epoch->number, number);
}

/* Add the sampled counts of an epoch to a sketch. */
static void
add_sketch(const LiveEpoch *epoch, LiveSketch *sketch)
{
	for (int i = 0; i < MAX_MOMENT_DIMENSIONS; i++)
		sketch->embedding[i] +=
			(int64) pg_atomic_read_u64((pg_atomic_uint64 *) &epoch->embedding[i]);
	for (int i = 0; i < N_LIVE_COUNTERS; i++)
		sketch->counters[i] += pg_atomic_read_u32((pg_atomic_uint32 *) &epoch->counters[i]);
}

void
live_epochs_fold(VersionSlot *slot, const LiveEpoch *epoch)
{
	add_sketch(epoch, &slot->past);
}

/* Let an epoch begin in the place of an older one. Under the lock, alone. */
static void
replace(VersionSlot *slot, LiveEpoch *epoch, uint64 number)
{
	if (pg_atomic_exchange_u64(&epoch->number, 0) != 0)
	{
		/* whoever is inside adds some numbers and leaves */
		while (pg_atomic_read_u32(&slot->users) > 0)
			pg_usleep(1);
		live_epochs_fold(slot, epoch);
	}
	begin(epoch, number);
}

/* The number of the epoch of a moment. */
static uint64
epoch_number(TimestampTz moment)
{
	return moment <= 0 ? 0 : (uint64) (moment / shared_statistics->epoch_length);
}

/* The number of the present epoch: a clock before 2000 counts as its first one. */
static uint64
present_number(void)
{
	return Max(epoch_number(GetCurrentTimestamp()), 1);
}

void
live_epochs_clear(VersionSlot *slot)
{
	uint64 present = present_number();

	for (uint64 i = 0; i < shared_statistics->n_epochs; i++)
	{
		LiveEpoch *epoch = live_epochs_get(slot, (int) i);

		pg_atomic_init_u64(&epoch->number, 0);
		begin(epoch, present % shared_statistics->n_epochs == i ? present : 0);
	}
	memset(&slot->past, 0, sizeof(slot->past));
}

LiveEpoch *
live_epochs_present(VersionSlot *slot, uint64 generation, uint64 *number)
{
	LiveEpoch *epoch;
	bool is_same = true;

	*number = present_number();
	epoch = live_epochs_get(slot, (int) (*number % shared_statistics->n_epochs));
	/* if the clock was set back, a later one may be there: it goes on */
	if (likely(pg_atomic_read_u64(&epoch->number) >= *number))
		return epoch;
	LWLockAcquire(shared_statistics->lock, LW_EXCLUSIVE);
	is_same = pg_atomic_read_u64(&slot->generation) == generation;
	if (is_same && pg_atomic_read_u64(&epoch->number) < *number)
		replace(slot, epoch, *number);
	LWLockRelease(shared_statistics->lock);
	return is_same ? epoch : NULL;
}

/* Copy all that a slot has counted since it was given to its version. */
static void
copy_all(VersionSlot *slot, LiveWindow *window)
{
	window->since = slot->since;
	window->sketch = slot->past;
	for (int i = 0; i < N_COUNTED_LABELS; i++)
		window->labels[i] = pg_atomic_read_u64(
			&slot->counts[offsetof(PredictionCounts, labels) / sizeof(uint64) + i]);
	for (int i = 0; i < shared_statistics->n_epochs; i++)
		add_sketch(live_epochs_get(slot, i), &window->sketch);
}

/* Copy the epochs from a number on. */
static void
copy_epochs(VersionSlot *slot, uint64 first, LiveWindow *window)
{
	for (int i = 0; i < shared_statistics->n_epochs; i++)
	{
		LiveEpoch *epoch = live_epochs_get(slot, i);

		if (pg_atomic_read_u64(&epoch->number) < first)
			continue;
		add_sketch(epoch, &window->sketch);
		for (int j = 0; j < N_COUNTED_LABELS; j++)
			window->labels[j] += pg_atomic_read_u64(&epoch->labels[j]);
	}
}

void
live_epochs_copy(VersionSlot *slot, TimestampTz from, LiveWindow *window)
{
	uint64 present = present_number();
	uint64 oldest =
		present >= shared_statistics->n_epochs ? present - shared_statistics->n_epochs + 1 : 1;
	uint64 first;

	memset(window, 0, sizeof(*window));
	if (from <= slot->since)
	{
		copy_all(slot, window);
		return;
	}
	first = epoch_number(from);
	if (first < oldest)
	{
		first = oldest;
		window->is_cut = true;
	}
	window->since = Max(slot->since, (TimestampTz) first * shared_statistics->epoch_length);
	copy_epochs(slot, Max(first, 1), window);
}
