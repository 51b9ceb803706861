/*
 * shared_statistics_file.c
 *	  The file that keeps version counts across a restart.
 */
#include "postgres.h"

#include <unistd.h>

#include "pgstat.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"

#include "extension/live_epochs.h"
#include "extension/shared_statistics.h"
#include "extension/shared_statistics_file.h"

#define STATISTICS_FILE PGSTAT_STAT_PERMANENT_DIRECTORY "/sentiment.stat"
#define FILE_MAGIC      UINT64_C(0x3154415453544e53)
#define FILE_VERSION    4

/* No larger file is read. */
#define MOST_FILE_SLOTS  100000
#define MOST_FILE_EPOCHS 1000

/* First bytes of the file. */
typedef struct FileHeader
{
	uint64 magic;
	uint32 version;
	uint32 slot_size; /* bytes of a slot, and of an epoch: those of another release are others */
	uint32 epoch_size;
	uint32 n_epochs; /* that follow each slot */
	int64 epoch_length;
	uint64 n_slots;
	uint64 n_evicted;
	uint64 untracked;
} FileHeader;

/* A slot in the file. */
typedef struct FileSlot
{
	VersionKey key;
	TimestampTz since;
	uint64 last_counted;
	uint64 counts[N_COUNTERS];
	uint64 has_layout;
	LiveLayout layout;
	LiveSketch past;
} FileSlot;

/* An epoch in the file. */
typedef struct FileEpoch
{
	uint64 number; /* 0: unused */
	uint64 labels[N_COUNTED_LABELS];
	int64 embedding[MAX_MOMENT_DIMENSIONS];
	uint32 counters[N_LIVE_COUNTERS];
} FileEpoch;

/* Bytes of a slot with its epochs. */
static Size
stored_size(uint32 n_epochs)
{
	return sizeof(FileSlot) + n_epochs * sizeof(FileEpoch);
}

/* Whether bytes are such a file's. */
static bool
is_file(const char *bytes, Size length)
{
	const FileHeader *header = (const FileHeader *) bytes;
	pg_crc32c checksum;
	pg_crc32c stored;

	if (length < sizeof(FileHeader) + sizeof(pg_crc32c) || header->magic != FILE_MAGIC ||
		header->version != FILE_VERSION || header->slot_size != sizeof(FileSlot) ||
		header->epoch_size != sizeof(FileEpoch) || header->n_epochs > MOST_FILE_EPOCHS ||
		header->n_slots > length / sizeof(FileSlot) ||
		length != sizeof(FileHeader) + header->n_slots * stored_size(header->n_epochs) +
					  sizeof(pg_crc32c))
		return false;
	INIT_CRC32C(checksum);
	COMP_CRC32C(checksum, bytes, length - sizeof(pg_crc32c));
	FIN_CRC32C(checksum);
	memcpy(&stored, bytes + length - sizeof(pg_crc32c), sizeof(pg_crc32c));
	return EQ_CRC32C(checksum, stored);
}

/*
 * Put an epoch into its place in the ring. Epochs of another length, or that the ring has no room for, have passed.
 */
static void
restore_epoch(VersionSlot *slot, const FileEpoch *stored, int64 epoch_length)
{
	LiveEpoch *epoch = live_epochs_get(slot, (int) (stored->number % shared_statistics->n_epochs));
	bool is_kept = epoch_length == shared_statistics->epoch_length &&
				   stored->number >= pg_atomic_read_u64(&epoch->number);

	if (!is_kept)
	{
		for (int i = 0; i < MAX_MOMENT_DIMENSIONS; i++)
			slot->past.embedding[i] += stored->embedding[i];
		for (int i = 0; i < N_LIVE_COUNTERS; i++)
			slot->past.counters[i] += stored->counters[i];
		return;
	}
	live_epochs_fold(slot, epoch);
	for (int i = 0; i < N_COUNTED_LABELS; i++)
		pg_atomic_write_u64(&epoch->labels[i], stored->labels[i]);
	for (int i = 0; i < MAX_MOMENT_DIMENSIONS; i++)
		pg_atomic_write_u64(&epoch->embedding[i], (uint64) stored->embedding[i]);
	for (int i = 0; i < N_LIVE_COUNTERS; i++)
		pg_atomic_write_u32(&epoch->counters[i], stored->counters[i]);
	pg_atomic_write_u64(&epoch->number, stored->number);
}

/* Fill a free slot. */
static void
restore_slot(VersionSlot *slot, const FileHeader *header, const char *bytes)
{
	const FileSlot *stored = (const FileSlot *) bytes;
	const FileEpoch *stored_epochs = (const FileEpoch *) (bytes + sizeof(FileSlot));

	shared_statistics_occupy(slot, &stored->key, stored->since);
	pg_atomic_write_u64(&slot->last_counted, stored->last_counted);
	for (int i = 0; i < N_COUNTERS; i++)
		pg_atomic_write_u64(&slot->counts[i], stored->counts[i]);
	slot->layout = stored->layout;
	slot->past = stored->past;
	pg_atomic_write_u32(&slot->has_layout, (uint32) stored->has_layout);
	for (uint32 i = 0; i < header->n_epochs; i++)
	{
		if (stored_epochs[i].number != 0)
			restore_epoch(slot, &stored_epochs[i], header->epoch_length);
	}
}

/*
 * Whether what the slots of a file say can be used: a checksum finds what a disk has done, not what somebody has
 * written.
 */
static bool
slots_are_sound(const char *bytes)
{
	const FileHeader *header = (const FileHeader *) bytes;

	for (uint64 i = 0; i < header->n_slots; i++)
	{
		const FileSlot *stored =
			(const FileSlot *) (bytes + sizeof(FileHeader) + i * stored_size(header->n_epochs));

		if (stored->has_layout > 1 ||
			(stored->has_layout == 1 && !live_layout_is_sound(&stored->layout)))
			return false;
	}
	return true;
}

/* Fill the table from the bytes of a file; false if they are not such a file's. */
static bool
read_file_bytes(const char *bytes, Size length)
{
	const FileHeader *header = (const FileHeader *) bytes;

	if (!is_file(bytes, length) || !slots_are_sound(bytes))
		return false;
	shared_statistics->n_evicted = header->n_evicted;
	pg_atomic_write_u64(&shared_statistics->untracked, header->untracked);
	for (uint64 i = 0; i < header->n_slots; i++)
	{
		/* sentiment.max_tracked_versions was lowered */
		if (i >= shared_statistics->n_slots)
			shared_statistics->n_evicted++;
		else
			restore_slot(&shared_statistics->slots[i], header,
						 bytes + sizeof(FileHeader) + i * stored_size(header->n_epochs));
	}
	return true;
}

void
shared_statistics_read_file(void)
{
	FILE *file = AllocateFile(STATISTICS_FILE, PG_BINARY_R);
	Size limit = sizeof(FileHeader) + sizeof(pg_crc32c) +
				 (Size) MOST_FILE_SLOTS * stored_size(MOST_FILE_EPOCHS);
	Size capacity = 0;
	Size length = 0;
	char *bytes = NULL;

	if (file == NULL)
	{
		if (errno != ENOENT)
			ereport(LOG, (errcode_for_file_access(),
						  errmsg("could not read file \"%s\": %m", STATISTICS_FILE)));
		return;
	}
	while (!feof(file) && !ferror(file) && length < limit)
	{
		if (length == capacity)
		{
			capacity = Max(2 * capacity, 65536);
			bytes = bytes == NULL ? palloc_extended(capacity, MCXT_ALLOC_HUGE)
								  : repalloc_huge(bytes, capacity);
		}
		length += fread(bytes + length, 1, capacity - length, file);
	}
	if (ferror(file) || !read_file_bytes(bytes, length))
		ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
					  errmsg("ignoring file \"%s\": it does not hold statistics of this version",
							 STATISTICS_FILE),
					  errdetail("The statistics of predictions begin at zero.")));
	FreeFile(file);
	pfree(bytes);
	unlink(STATISTICS_FILE);
}

/* Write bytes, and add them to a checksum. */
static bool
write_bytes(FILE *file, const void *bytes, Size length, pg_crc32c *checksum)
{
	COMP_CRC32C(*checksum, bytes, length);
	return fwrite(bytes, 1, length, file) == length;
}

/* Write an epoch. */
static bool
write_epoch(FILE *file, LiveEpoch *epoch, pg_crc32c *checksum)
{
	FileEpoch stored = {.number = pg_atomic_read_u64(&epoch->number)};

	for (int i = 0; i < N_COUNTED_LABELS; i++)
		stored.labels[i] = pg_atomic_read_u64(&epoch->labels[i]);
	for (int i = 0; i < MAX_MOMENT_DIMENSIONS; i++)
		stored.embedding[i] = (int64) pg_atomic_read_u64(&epoch->embedding[i]);
	for (int i = 0; i < N_LIVE_COUNTERS; i++)
		stored.counters[i] = pg_atomic_read_u32(&epoch->counters[i]);
	return write_bytes(file, &stored, sizeof(stored), checksum);
}

/* Write an occupied slot and its epochs. */
static bool
write_slot(FILE *file, VersionSlot *slot, pg_crc32c *checksum)
{
	FileSlot stored;
	bool is_good;

	memset(&stored, 0, sizeof(stored));
	stored.key = slot->key;
	stored.since = slot->since;
	stored.last_counted = pg_atomic_read_u64(&slot->last_counted);
	for (int i = 0; i < N_COUNTERS; i++)
		stored.counts[i] = pg_atomic_read_u64(&slot->counts[i]);
	stored.has_layout = pg_atomic_read_u32(&slot->has_layout);
	if (stored.has_layout)
		stored.layout = slot->layout;
	stored.past = slot->past;
	is_good = write_bytes(file, &stored, sizeof(stored), checksum);
	for (int i = 0; i < shared_statistics->n_epochs && is_good; i++)
		is_good = write_epoch(file, live_epochs_get(slot, i), checksum);
	return is_good;
}

/* Write the whole table to an open file. */
static bool
write_table(FILE *file)
{
	FileHeader header = {.magic = FILE_MAGIC,
						 .version = FILE_VERSION,
						 .slot_size = sizeof(FileSlot),
						 .epoch_size = sizeof(FileEpoch),
						 .n_epochs = (uint32) shared_statistics->n_epochs,
						 .epoch_length = shared_statistics->epoch_length,
						 .n_evicted = shared_statistics->n_evicted,
						 .untracked = pg_atomic_read_u64(&shared_statistics->untracked)};
	pg_crc32c checksum;
	bool is_good;

	INIT_CRC32C(checksum);
	for (int i = 0; i < shared_statistics->n_slots; i++)
		header.n_slots += pg_atomic_read_u64(&shared_statistics->slots[i].generation) != 0;
	is_good = write_bytes(file, &header, sizeof(header), &checksum);
	for (int i = 0; i < shared_statistics->n_slots && is_good; i++)
	{
		VersionSlot *slot = &shared_statistics->slots[i];

		if (pg_atomic_read_u64(&slot->generation) != 0)
			is_good = write_slot(file, slot, &checksum);
	}
	FIN_CRC32C(checksum);
	return is_good && fwrite(&checksum, 1, sizeof(checksum), file) == sizeof(checksum);
}

void
shared_statistics_write_file(int code, Datum argument)
{
	FILE *file;

	/* after a crash, the counts are not to be trusted */
	if (code != 0 || shared_statistics == NULL)
		return;
	file = AllocateFile(STATISTICS_FILE ".tmp", PG_BINARY_W);
	if (file == NULL || !write_table(file))
	{
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not write file \"%s\": %m", STATISTICS_FILE ".tmp")));
		if (file != NULL)
			FreeFile(file);
		unlink(STATISTICS_FILE ".tmp");
		return;
	}
	if (FreeFile(file) != 0)
	{
		ereport(LOG, (errcode_for_file_access(),
					  errmsg("could not write file \"%s\": %m", STATISTICS_FILE ".tmp")));
		unlink(STATISTICS_FILE ".tmp");
		return;
	}
	(void) durable_rename(STATISTICS_FILE ".tmp", STATISTICS_FILE, LOG);
}
