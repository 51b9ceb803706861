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

uint64
model_cache_generation(void)
{
	return generation;
}

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
find(ImageKey key)
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

/* The entry that was used least recently, but not the newest. */
static CachedModel *
find_oldest(void)
{
	HASH_SEQ_STATUS sequence;
	CachedModel *model;
	CachedModel *oldest = NULL;

	hash_seq_init(&sequence, models);
	while ((model = hash_seq_search(&sequence)) != NULL)
	{
		if (model->last_use != clock_ticks &&
			(oldest == NULL || model->last_use < oldest->last_use))
			oldest = model;
	}
	return oldest;
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

	control.keysize = sizeof(ImageKey);
	control.entrysize = sizeof(CachedModel);
	control.hcxt = TopMemoryContext;
	models = hash_create("sentiment models", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Open an image in an entry's context and keep it. Drops the entries that were used least recently
 * beyond the setting.
 */
static CachedModel *
add(ImageKey key, Datum value, MemoryContext context)
{
	Size length;
	const char *image = image_value_place(value, context, &length);
	const ImageHeader *header = (const ImageHeader *) image;
	MemoryContext old_context;
	Pipeline *pipeline;
	CachedModel *model;

	if (length < sizeof(ImageHeader) || header->checksum != key.checksum ||
		header->length != key.length)
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
	model->last_use = ++clock_ticks;
	model->in_use = false;
	MemoryContextSetParent(context, TopMemoryContext);
	total_size += model->size;
	while (total_size > (Size) model_cache_size * 1024)
	{
		CachedModel *oldest = find_oldest();

		if (oldest == NULL)
			break;
		drop(oldest);
	}
	return model;
}

CachedModel *
model_cache_from_datum(Datum datum)
{
	ImageKey key = image_value_key(datum);
	CachedModel *model = find(key);

	return model != NULL ? model : add(key, datum, create_context());
}

CachedModel *
model_cache_from_version(int64 model_id, int32 version, ImageKey key)
{
	CachedModel *model = find(key);
	RegistryVersion found;
	Datum image;

	if (model != NULL)
		return model;
	if (!registry_find_version(model_id, version, GetActiveSnapshot(), &found, &image))
		elog(ERROR, "version %d of model %lld is not there", version, (long long) model_id);
	model = add(key, image, create_context());
	pfree(DatumGetPointer(image));
	return model;
}
