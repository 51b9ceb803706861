/*
 * shared_statistics_file.c
 *	  The file that keeps version counts across a restart.
 */
#include "postgres.h"

#include <unistd.h>

#include "pgstat.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"

#include "extension/shared_statistics.h"
#include "extension/shared_statistics_file.h"

#define STATISTICS_FILE PGSTAT_STAT_PERMANENT_DIRECTORY "/sentiment.stat"
#define FILE_MAGIC      UINT64_C(0x3154415453544e53)
#define FILE_VERSION    2

/* No larger file is read. */
#define MOST_FILE_SLOTS 100000

/* First bytes of the file. */
typedef struct FileHeader
{
	uint64 magic;
	uint32 version;
	uint32 n_counters; /* of a slot, the cells of its sketch included */
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
	uint64 sketch[N_LIVE_CELLS];
} FileSlot;

#define N_FILE_COUNTERS (N_COUNTERS + N_LIVE_CELLS)

/* Fill the table from the bytes of a file; false if they are not such a file's. */
static bool
read_file_bytes(const char *bytes, Size length)
{
	const FileHeader *header = (const FileHeader *) bytes;
	const FileSlot *slots = (const FileSlot *) (bytes + sizeof(FileHeader));
	pg_crc32c checksum;
	pg_crc32c stored;

	if (length < sizeof(FileHeader) + sizeof(pg_crc32c) || header->magic != FILE_MAGIC ||
		header->version != FILE_VERSION || header->n_counters != N_FILE_COUNTERS ||
		header->n_slots > length / sizeof(FileSlot) ||
		length != sizeof(FileHeader) + header->n_slots * sizeof(FileSlot) + sizeof(pg_crc32c))
		return false;
	INIT_CRC32C(checksum);
	COMP_CRC32C(checksum, bytes, length - sizeof(pg_crc32c));
	FIN_CRC32C(checksum);
	memcpy(&stored, bytes + length - sizeof(pg_crc32c), sizeof(pg_crc32c));
	if (!EQ_CRC32C(checksum, stored))
		return false;
	shared_statistics->n_evicted = header->n_evicted;
	pg_atomic_write_u64(&shared_statistics->untracked, header->untracked);
	for (uint64 i = 0; i < header->n_slots; i++)
	{
		if (i >= shared_statistics->n_slots)
		{
			/* sentiment.max_tracked_versions was lowered */
			shared_statistics->n_evicted++;
			continue;
		}
		shared_statistics_occupy(&shared_statistics->slots[i], &slots[i].key, slots[i].since);
		pg_atomic_write_u64(&shared_statistics->slots[i].last_counted, slots[i].last_counted);
		for (int j = 0; j < N_COUNTERS; j++)
			pg_atomic_write_u64(&shared_statistics->slots[i].counts[j], slots[i].counts[j]);
		for (int j = 0; j < N_LIVE_CELLS; j++)
			pg_atomic_write_u64(&shared_statistics->slots[i].sketch[j], slots[i].sketch[j]);
	}
	return true;
}

void
shared_statistics_read_file(void)
{
	FILE *file = AllocateFile(STATISTICS_FILE, PG_BINARY_R);
	Size limit = sizeof(FileHeader) + sizeof(pg_crc32c) + (Size) MOST_FILE_SLOTS * sizeof(FileSlot);
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

/* Write the whole table to an open file. */
static bool
write_table(FILE *file)
{
	FileHeader header = {.magic = FILE_MAGIC,
						 .version = FILE_VERSION,
						 .n_counters = N_FILE_COUNTERS,
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
		FileSlot stored = {.key = slot->key,
						   .since = slot->since,
						   .last_counted = pg_atomic_read_u64(&slot->last_counted)};

		if (pg_atomic_read_u64(&slot->generation) == 0)
			continue;
		for (int j = 0; j < N_COUNTERS; j++)
			stored.counts[j] = pg_atomic_read_u64(&slot->counts[j]);
		for (int j = 0; j < N_LIVE_CELLS; j++)
			stored.sketch[j] = pg_atomic_read_u64(&slot->sketch[j]);
		is_good = write_bytes(file, &stored, sizeof(stored), &checksum);
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
