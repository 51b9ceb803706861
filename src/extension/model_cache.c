/*
 * model_cache.c
 *	  The models that a session holds ready.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "extension/model_cache.h"
#include "extension/registry.h"
#include "extension/settings.h"

static HTAB *models = NULL;
static uint64 generation = 1;
static uint64 clock_ticks = 0;
static Size total_size = 0;
static bool trim_is_due = false; /* an entry has grown */
static uint64 n_loads = 0;

/* See model_cache_keep. */
static int64 kept_model = 0;
static int32 kept_versions[MAX_KEPT_VERSIONS];
static int n_kept_versions = 0;

/* A model that has grown by more than this since it was opened is opened anew. */
#define MAX_SCRATCH_SIZE ((Size) 16 * 1024 * 1024)

/* Drop an entry. */
static void
drop(CachedModel *model)
{
	MemoryContext context = model->context;

	total_size -= model->size;
	generation++;
	hash_search(models, &model->key, HASH_REMOVE, NULL);
	MemoryContextDelete(context);
}

/* The entry of an image, or NULL. */
static CachedModel *
find(CachedModelKey key)
{
	CachedModel *model;

	if (models == NULL)
		return NULL;
	model = hash_search(models, &key, HASH_FIND, NULL);
	if (model != NULL && model->in_use)
	{
		/* an error left its scratch memory in a state that nobody knows */
		drop(model);
		return NULL;
	}
	if (model != NULL)
		model->last_use = ++clock_ticks;
	return model;
}

uint64
model_cache_loads(void)
{
	return n_loads;
}

void
model_cache_keep(int64 model_id, const int32 *versions, int n_versions)
{
	Assert(n_versions <= MAX_KEPT_VERSIONS);
	kept_model = model_id;
	n_kept_versions = n_versions;
	if (n_versions > 0)
		memcpy(kept_versions, versions, n_versions * sizeof(int32));
}

/* Whether an entry is to be kept. */
static bool
is_kept(const CachedModel *model)
{
	if (model->last_use == clock_ticks)
		return true;
	for (int i = 0; i < n_kept_versions; i++)
	{
		if (model->key.model_id == kept_model && model->key.version == kept_versions[i])
			return true;
	}
	return false;
}

/* The entry that was used least recently, but none that is to be kept. */
static CachedModel *
find_oldest(void)
{
	HASH_SEQ_STATUS sequence;
	CachedModel *model;
	CachedModel *oldest = NULL;

	hash_seq_init(&sequence, models);
	while ((model = hash_seq_search(&sequence)) != NULL)
	{
		if (!is_kept(model) && (oldest == NULL || model->last_use < oldest->last_use))
			oldest = model;
	}
	return oldest;
}

/* Drop the entries that were used least recently beyond the setting. */
static void
drop_oldest(void)
{
	while (total_size > (Size) model_cache_size * 1024)
	{
		CachedModel *oldest = find_oldest();

		if (oldest == NULL)
			break;
		drop(oldest);
	}
}

/* Drop entries whose scratch memory has grown large; with all, also those that an error left in use. */
static void
drop_grown(bool all)
{
	HASH_SEQ_STATUS sequence;
	CachedModel *model;

	/* removing the entry that the scan is at is allowed */
	hash_seq_init(&sequence, models);
	while ((model = hash_seq_search(&sequence)) != NULL)
	{
		if (model->in_use ? all : model->size > model->opened_size + MAX_SCRATCH_SIZE)
			drop(model);
	}
}

/* Do what model_cache_answered has left for when nobody looks at an answer any more. */
static void
trim_if_due(void)
{
	if (!trim_is_due)
		return;
	trim_is_due = false;
	drop_grown(false);
	drop_oldest();
}

uint64
model_cache_generation(void)
{
	trim_if_due();
	return generation;
}

void
model_cache_answered(CachedModel *model)
{
	Size size = MemoryContextMemAllocated(model->context, true);

	model->in_use = false;
	if (size == model->size)
		return;
	total_size += size - model->size;
	model->size = size;
	trim_is_due = true;
}

void
model_cache_trim(void)
{
	if (models == NULL)
		return;
	trim_is_due = false;
	drop_grown(true);
	drop_oldest();
}

/* A context for a new entry: below the current one until all has gone well. */
static MemoryContext
create_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "sentiment model", ALLOCSET_DEFAULT_SIZES);
}

/* Make the table. */
static void
create_table(void)
{
	HASHCTL control = {0};

	control.keysize = sizeof(CachedModelKey);
	control.entrysize = sizeof(CachedModel);
	control.hcxt = TopMemoryContext;
	models = hash_create("sentiment models", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Open an image in an entry's context and keep it. Drops the entries that were used least recently
 * beyond the setting.
 */
static CachedModel *
add(CachedModelKey key, Datum value, MemoryContext context)
{
	Size length;
	const char *image = image_value_place(value, context, &length);
	const ImageHeader *header = (const ImageHeader *) image;
	MemoryContext old_context;
	Pipeline *pipeline;
	CachedModel *model;

	if (length < sizeof(ImageHeader) || header->checksum != key.image.checksum ||
		header->length != key.image.length)
		image_invalid("It is not the image that the registry names.");
	old_context = MemoryContextSwitchTo(context);
	pipeline = pipeline_open(image, length);
	MemoryContextSwitchTo(old_context);
	if (models == NULL)
		create_table();
	model = hash_search(models, &key, HASH_ENTER, NULL);
	model->pipeline = pipeline;
	model->context = context;
	model->size = MemoryContextMemAllocated(context, true);
	model->opened_size = model->size;
	model->last_use = ++clock_ticks;
	model->in_use = false;
	MemoryContextSetParent(context, TopMemoryContext);
	total_size += model->size;
	n_loads++;
	drop_oldest();
	return model;
}

CachedModel *
model_cache_from_datum(Datum datum)
{
	CachedModelKey key = {.image = image_value_key(datum)};
	CachedModel *model;

	trim_if_due();
	model = find(key);
	return model != NULL ? model : add(key, datum, create_context());
}

CachedModel *
model_cache_from_version(int64 model_id, int32 version, ImageKey image_key)
{
	CachedModelKey key = {.model_id = model_id, .version = version, .image = image_key};
	CachedModel *model;
	RegistryVersion found;
	Datum image;

	trim_if_due();
	model = find(key);
	if (model != NULL)
		return model;
	if (!registry_find_version(model_id, version, GetActiveSnapshot(), &found, &image))
		elog(ERROR, "version %d of model %lld is not there", version, (long long) model_id);
	model = add(key, image, create_context());
	pfree(DatumGetPointer(image));
	return model;
}
