/*
 * drift_profile.c
 *	  Drift profiles as SQL values, and the reference that a training stores.
 *
 * sentiment_drift_profile is the state of sentiment_drift_profile_agg and its result (see
 * expanded_state.h). A row is predicted once; the profile takes features, terms and embedding from what the
 * prediction has made of the text.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/drift/text_filter.h"
#include "core/hash.h"
#include "extension/call_site.h"
#include "extension/deployment.h"
#include "extension/drift_profile.h"
#include "extension/host.h"
#include "extension/model_cache.h"
#include "extension/registry.h"

static Size
profile_flat_size(const void *state)
{
	/* puts the sample into order, which changes nothing that the profile tells */
	return drift_profile_flat_size((DriftProfile *) state);
}

static void
profile_write_flat(const void *state, char *bytes)
{
	drift_profile_flatten(state, bytes);
}

static void
profile_read_flat(void *state, const char *bytes, Size length)
{
	drift_profile_unflatten(state, bytes, length);
}

static void
profile_merge(void *state, const void *other)
{
	drift_profile_merge(state, other);
}

const StateType drift_profile_type = {
	.name = "sentiment_drift_profile",
	.magic = 0x46525044, /* "DPRF" */
	.state_size = sizeof(DriftProfile),
	.flat_size = profile_flat_size,
	.write_flat = profile_write_flat,
	.read_flat = profile_read_flat,
	.merge = profile_merge,
};

PG_FUNCTION_INFO_V1(sentiment_drift_profile_in);
Datum
sentiment_drift_profile_in(PG_FUNCTION_ARGS)
{
	return expanded_state_in(fcinfo, &drift_profile_type);
}

PG_FUNCTION_INFO_V1(sentiment_drift_profile_out);
Datum
sentiment_drift_profile_out(PG_FUNCTION_ARGS)
{
	return expanded_state_out(fcinfo, &drift_profile_type);
}

PG_FUNCTION_INFO_V1(sentiment_drift_profile_recv);
Datum
sentiment_drift_profile_recv(PG_FUNCTION_ARGS)
{
	return expanded_state_recv(fcinfo, &drift_profile_type);
}

PG_FUNCTION_INFO_V1(sentiment_drift_profile_send);
Datum
sentiment_drift_profile_send(PG_FUNCTION_ARGS)
{
	return expanded_state_send(fcinfo, &drift_profile_type);
}

PG_FUNCTION_INFO_V1(sentiment_drift_profile_combine);
Datum
sentiment_drift_profile_combine(PG_FUNCTION_ARGS)
{
	return expanded_state_combine(fcinfo, &drift_profile_type);
}

/* The state as it is, read-only: see sentiment_histogram_final. */
PG_FUNCTION_INFO_V1(sentiment_drift_profile_final);
Datum
sentiment_drift_profile_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* What a call site remembers of the model that it asks. */
typedef struct ProfileSite
{
	uint64 deployment_generation;
	uint64 cache_generation;
	CachedModel *model;
	bytea *learned_texts; /* filter of the texts that it has learned from, or NULL */
	char name[NAMEDATALEN];
	int32 version; /* as it was asked for; 0: the deployed one */
} ProfileSite;

/*
 * Find the filter of a version's texts; without one (it was imported) none is known. Nor is any to who may only ask
 * the model: the profile of a single text would tell him whether it is one of the training rows.
 */
static void
find_learned_texts(ProfileSite *site, const RegistryModel *model, int32 version,
				   MemoryContext context)
{
	Datum stored;

	if (site->learned_texts != NULL)
		pfree(site->learned_texts);
	site->learned_texts = NULL;
	if (registry_has_privilege(model, PRIVILEGE_TRAIN, GetActiveSnapshot()) &&
		registry_find_profile(model->model_id, version, GetActiveSnapshot(), NULL, &stored))
	{
		MemoryContext old_context = MemoryContextSwitchTo(context);

		site->learned_texts = DatumGetByteaPCopy(stored);
		MemoryContextSwitchTo(old_context);
	}
}

/* Find the version of a site's model that the current role may ask. */
static void
find_model(ProfileSite *site, MemoryContext context)
{
	const char *name = site->name;
	int32 version = site->version;
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	RegistryVersion found;

	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_PREDICT, snapshot);
	if (version == 0)
		version = deployment_main_version(deployment_resolve(name))->version;
	if (!registry_find_version(model.model_id, version, snapshot, &found, NULL))
		registry_version_missing(name, version);
	registry_check_version_privilege(&model, version, snapshot);
	find_learned_texts(site, &model, version, context);
	site->model = model_cache_from_version(model.model_id, version, found.key);
}

/* The model in arguments 1 (name) and 2 (version); found again when what the snapshot shows may differ. */
static ProfileSite *
model_arguments(FunctionCallInfo fcinfo)
{
	ProfileSite *site = fcinfo->flinfo->fn_extra;
	uint64 generation = deployment_generation();
	int32 version = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	text *name;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	name = PG_GETARG_TEXT_PP(1);
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ProfileSite));
		fcinfo->flinfo->fn_extra = site;
	}
	if (site->model != NULL && site->deployment_generation == generation &&
		site->cache_generation == model_cache_generation() && site->version == version &&
		strlen(site->name) == VARSIZE_ANY_EXHDR(name) &&
		memcmp(site->name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
		return site;

	site->model = NULL;
	if (VARSIZE_ANY_EXHDR(name) >= NAMEDATALEN)
		registry_model_missing(text_to_cstring(name));
	text_to_cstring_buffer(name, site->name, NAMEDATALEN);
	site->version = version;
	find_model(site, fcinfo->flinfo->fn_mcxt);
	site->deployment_generation = generation;
	site->cache_generation = model_cache_generation();
	return site;
}

/* The numbers in argument 5: those of the model's numeric columns, in their order. */
static float *
numbers_argument(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	uint32 n_numeric = pipeline->space.options.n_numeric;
	float *numbers;
	Datum *elements;
	bool *nulls;
	int n_elements;

	if (PG_ARGISNULL(5))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(5), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, &nulls, &n_elements);
	if (n_elements != (int) n_numeric)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("%d numbers were given, the model has %u numeric columns",
							   n_elements, n_numeric),
						errhint("Give them in the order of numeric_columns in the view "
								"sentiment_model_versions.")));
	numbers = palloc_array(float, n_numeric + 1);
	for (int i = 0; i < n_elements; i++)
	{
		numbers[i] = nulls[i] ? NAN : (float) DatumGetFloat8(elements[i]);
		if (!isfinite(numbers[i]))
			numbers[i] = NAN;
	}
	return numbers;
}

/* The number of the label in argument 4. */
static uint32
label_argument(FunctionCallInfo fcinfo, const DriftProfile *profile, const Pipeline *pipeline)
{
	Utf8Text label;
	uint32 number;

	if (PG_ARGISNULL(4))
		return NO_PROFILE_LABEL;
	label = utf8_from_datum(PG_GETARG_DATUM(4));
	number = drift_profile_label(profile, pipeline, label.bytes, label.length);
	utf8_free(&label);
	return number;
}

/*
 * The key by which a row may come into the sample: of its text and argument 6, or without that its number
 * in the state. The text alone would let all rows of a frequent text in, or none.
 */
static uint64
row_key(FunctionCallInfo fcinfo, const DriftProfile *profile, uint64 text_hash)
{
	uint64 of_row = PG_ARGISNULL(6) ? profile->n_rows : (uint64) PG_GETARG_INT64(6);

	return hash_mix(text_hash ^ hash_mix(of_row + 1));
}

/* Whether a filter (NULL: none is known) has a text that the model has learned from. */
static bool
is_learned(const bytea *filter, uint64 text_hash)
{
	return filter != NULL && text_filter_has((const unsigned char *) VARDATA(filter),
											 VARSIZE(filter) - VARHDRSZ, text_hash);
}

/*
 * Predict a row's text and add it to the profile, whose memory context is given. What the model makes of
 * a text that it has learned from does not count.
 */
static void
add_text(FunctionCallInfo fcinfo, CachedModel *model, const bytea *learned_texts,
		 DriftProfile *profile, MemoryContext context)
{
	Pipeline *pipeline = model->pipeline;
	float *numbers = numbers_argument(fcinfo, pipeline);
	Utf8Text text = utf8_from_datum(PG_GETARG_DATUM(3));
	uint64 text_hash = corpus_text_hash(text.bytes, text.length);
	ProfileRow row = {.text = text.bytes,
					  .length = text.length,
					  .numeric = numbers,
					  .is_counted = !is_learned(learned_texts, text_hash),
					  .label = label_argument(fcinfo, profile, pipeline),
					  .key = row_key(fcinfo, profile, text_hash),
					  .text_hash = text_hash};
	MemoryContext old_context = MemoryContextSwitchTo(model->context);

	model->in_use = true;
	if (row.is_counted)
		row.probabilities = pipeline_predict(pipeline, text.bytes, text.length, numbers);
	MemoryContextSwitchTo(context);
	drift_profile_add(profile, pipeline, &row);
	model_cache_answered(model);
	MemoryContextSwitchTo(old_context);
	utf8_free(&text);
	if (numbers != NULL)
		pfree(numbers);
}

/* Add the row of the arguments 3 to 6 to the state in argument 0. */
static Datum
add_row(FunctionCallInfo fcinfo, CachedModel *model, const bytea *learned_texts)
{
	ExpandedState *expanded = expanded_state_for_update(fcinfo, 0, &drift_profile_type);
	DriftProfile *profile = expanded->state;
	MemoryContext context = expanded->header.eoh_context;
	MemoryContext old_context = MemoryContextSwitchTo(context);

	if (profile->term_slots == NULL)
		drift_profile_begin(profile, model->pipeline, CURRENT_SAMPLE_ROWS);
	else
		drift_profile_check(profile, model->pipeline);
	MemoryContextSwitchTo(old_context);
	if (PG_ARGISNULL(3))
		drift_profile_add(profile, model->pipeline, &(ProfileRow){.label = NO_PROFILE_LABEL});
	else
		add_text(fcinfo, model, learned_texts, profile, context);
	PG_RETURN_DATUM(ExpandedStateGetDatum(expanded));
}

/* Transition of sentiment_drift_profile_agg: (model, version, text, label, numbers, row_key). */
PG_FUNCTION_INFO_V1(sentiment_drift_profile_add);
Datum
sentiment_drift_profile_add(PG_FUNCTION_ARGS)
{
	ProfileSite *site = model_arguments(fcinfo);

	return add_row(fcinfo, site->model, site->learned_texts);
}

/* What a call site by value remembers: the model, and the filter, which is the same for all rows. */
typedef struct ValueSite
{
	CallSite site;
	bytea *learned_texts;
} ValueSite;

/*
 * Transition of sentiment.drift_profile_agg: (model value, learned texts or null, text, label, numbers, row_key). Rows are
 * read as a role that may not ask the model by its name.
 */
PG_FUNCTION_INFO_V1(sentiment_drift_profile_add_by_value);
Datum
sentiment_drift_profile_add_by_value(PG_FUNCTION_ARGS)
{
	ValueSite *site = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"model\" must not be null")));
	if (site == NULL)
	{
		MemoryContext old_context = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		site = palloc0(sizeof(ValueSite));
		if (!PG_ARGISNULL(2))
			site->learned_texts = DatumGetByteaPCopy(PG_GETARG_DATUM(2));
		MemoryContextSwitchTo(old_context);
		fcinfo->flinfo->fn_extra = site;
	}
	return add_row(fcinfo, call_site_by_value(&site->site, PG_GETARG_DATUM(1)),
				   site->learned_texts);
}

PG_FUNCTION_INFO_V1(sentiment_drift_profile_summary);
Datum
sentiment_drift_profile_summary(PG_FUNCTION_ARGS)
{
	const DriftProfile *profile =
		expanded_state_for_reading(PG_GETARG_DATUM(0), &drift_profile_type);
	ByteBuffer json = {0};

	drift_profile_append_json(profile, &json);
	return jsonb_from_json(buffer_c_string(&json));
}

bytea *
drift_profile_learned_texts(const Corpus *corpus)
{
	Size size = text_filter_size(corpus->n_documents);
	bytea *filter = palloc0(VARHDRSZ + size);

	SET_VARSIZE(filter, VARHDRSZ + size);
	text_filter_add_corpus((unsigned char *) VARDATA(filter), size, corpus);
	return filter;
}

void
drift_profile_store(int64 model_id, int32 version, const DriftProfile *profile, bytea *learned)
{
	Oid types[4] = {INT8OID, INT4OID, registry_profile_type(), BYTEAOID};
	Datum values[4] = {Int64GetDatum(model_id), Int32GetDatum(version),
					   expanded_state_flat_value(&drift_profile_type, profile),
					   PointerGetDatum(learned)};

	registry_execute("INSERT INTO sentiment.version_profile (model_id, version, profile,"
					 " learned_texts) VALUES ($1, $2, $3, $4)",
					 4, types, values, NULL, SPI_OK_INSERT);
	pfree(DatumGetPointer(values[2]));
}
