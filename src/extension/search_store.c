/*
 * search_store.c
 *	  Writing a search and its trials.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "extension/host.h"
#include "extension/public_query.h"
#include "extension/registry.h"
#include "extension/search.h"

const char *
search_trial_state(const SearchTrial *trial)
{
	switch (trial->state)
	{
		case TRIAL_COMPLETE:
			return "complete";
		case TRIAL_PRUNED:
			return "pruned";
		case TRIAL_FAILED:
			break;
	}
	return "failed";
}

/* A buffer of JSON as a jsonb datum. */
static Datum
jsonb_of(ByteBuffer *json)
{
	Datum value = jsonb_from_json(buffer_c_string(json));

	buffer_reset(json);
	return value;
}

Datum
search_trial_metrics(const SearchTrial *trial)
{
	ByteBuffer json = {0};
	bool is_first = true;

	buffer_printf(&json, "{");
	for (int i = 0; i < N_SEARCH_FIGURES; i++)
	{
		if (isnan(trial->figures[i]))
			continue;
		buffer_printf(&json, "%s\"%s\": ", is_first ? "" : ", ", search_figure_names[i]);
		buffer_append_json_number(&json, trial->figures[i]);
		is_first = false;
	}
	buffer_printf(&json, "}");
	return jsonb_of(&json);
}

/* The figures of each fold as a jsonb object of arrays. */
static Datum
fold_figures(const SearchTrial *trial)
{
	ByteBuffer json = {0};

	buffer_printf(&json, "{");
	for (int i = 0; i < N_FOLD_FIGURES; i++)
	{
		buffer_printf(&json, "%s\"%s\": [", i == 0 ? "" : ", ", fold_figure_names[i]);
		for (uint32 fold = 0; fold < trial->n_steps; fold++)
		{
			buffer_printf(&json, fold == 0 ? "" : ", ");
			buffer_append_json_number(&json,
									  trial->fold_figures[(size_t) fold * N_FOLD_FIGURES + i]);
		}
		buffer_printf(&json, "]");
	}
	buffer_printf(&json, "}");
	return jsonb_of(&json);
}

/* The spaces of all kinds as a jsonb object. */
static Datum
spaces(const Search *search)
{
	ByteBuffer json = {0};

	buffer_printf(&json, "{");
	for (uint32 i = 0; i < search->n_studies; i++)
	{
		buffer_printf(&json, "%s\"%s\": ", i == 0 ? "" : ", ", search->studies[i].kind);
		search_space_append_json(&json, &search->studies[i].space);
	}
	buffer_printf(&json, "}");
	return jsonb_of(&json);
}

/* Write why a trial failed, for who may read the rows. */
static void
write_trial_error(const SearchRun *run, const SearchTrial *trial, const SearchTrialNote *note)
{
	Oid relation = run->training->source.origin.relation;
	QueryParameter parameters[] = {query_value(INT8OID, Int64GetDatum(run->search_id)),
								   query_value(INT4OID, Int32GetDatum(trial->number)),
								   query_text(note->message),
								   query_value(OIDOID, ObjectIdGetDatum(relation)),
								   query_value(INT8OID, Int64GetDatum(stored_role_this_cluster()))};

	public_query("INSERT INTO sentiment.search_trial_error (search_id, trial, message, source_oid,"
				 " source_cluster) VALUES ($1, $2, $3, $4, $5)",
				 lengthof(parameters), parameters);
}

/* Write a trial's row. */
static void
write_trial(const SearchRun *run, uint32 number)
{
	const SearchTrial *trial = &run->search->trials[number];
	const SearchTrialNote *note = &run->notes[number];
	bool is_complete = trial->state == TRIAL_COMPLETE;
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(run->search_id)),
		query_value(INT4OID, Int32GetDatum(trial->number)),
		query_text(run->search->studies[trial->study].kind),
		query_text(search_trial_state(trial)),
		query_value(JSONBOID, jsonb_from_json(trial->parameters)),
		query_value(JSONBOID, search_trial_metrics(trial)),
		query_value(JSONBOID, fold_figures(trial)),
		query_value(INT4OID, Int32GetDatum(trial->rank)),
		query_value(BOOLOID, BoolGetDatum(trial->violation == 0)),
		query_value(INT4OID, Int32GetDatum(trial->repeats)),
		query_text(note->message == NULL
					   ? NULL
					   : psprintf("failed with SQLSTATE %s", unpack_sql_state(note->sqlstate))),
		query_value(FLOAT8OID, Float8GetDatum(note->seconds)),
		query_text(trial_origin_names[trial->origin])};

	parameters[7].is_null = !is_complete;
	parameters[8].is_null = !is_complete;
	parameters[9].is_null = trial->repeats == 0;
	public_query("INSERT INTO sentiment.search_trial (search_id, trial, kind, state, params,"
				 " metrics, folds, front, within_limits, repeats, message, seconds, origin)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
				 lengthof(parameters), parameters);
	if (note->message != NULL)
		write_trial_error(run, trial, note);
}

/* Names as an array of texts. */
static Datum
names_array(const char *const *names, int n)
{
	Datum *texts = palloc_array(Datum, n + 1);

	for (int i = 0; i < n; i++)
		texts[i] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The names of the numeric columns. */
static Datum
numeric_columns(const Source *source)
{
	const char **names = palloc_array(const char *, source->n_numeric + 1);

	for (int i = 0; i < source->n_numeric; i++)
		names[i] = source->numeric[i].name;
	return names_array(names, source->n_numeric);
}

/* The names of the objectives, from place 1 on: the argument may begin elsewhere, or have two dimensions. */
static Datum
objectives_array(const SearchRun *run)
{
	const char *names[N_SEARCH_FIGURES];

	for (int i = 0; i < (int) run->options.n_objectives; i++)
		names[i] = search_figure_names[run->options.objectives[i]];
	return names_array(names, (int) run->options.n_objectives);
}

/* Write the row of the search; sets its number. */
static void
write_search(SearchRun *run)
{
	const Training *training = run->training;
	const Source *source = &training->source.origin;
	QueryParameter parameters[] = {
		query_value(INT8OID, Int64GetDatum(training->model_id)),
		query_text(training->name),
		query_value(TEXTARRAYOID, names_array(run->kinds, run->n_kinds)),
		query_value(JSONBOID, run->params),
		query_value(JSONBOID, spaces(run->search)),
		query_value(TEXTARRAYOID, objectives_array(run)),
		query_value(JSONBOID, run->limits),
		query_value(INT4OID, Int32GetDatum(run->options.trials_per_study)),
		query_value(INT4OID, Int32GetDatum(run->options.n_folds)),
		query_text(sampler_names[run->options.sampler]),
		query_text(run->pruner),
		query_optional(INTERVALOID, run->max_time),
		query_value(INT8OID, Int64GetDatum((int64) run->options.seed)),
		query_text(source->schema),
		query_text(source->name),
		query_text(source->text_column),
		query_text(source->label_column),
		query_value(TEXTARRAYOID, numeric_columns(source)),
		query_text(source->filter),
		query_value(INT8OID, Int64GetDatum(training->source.corpus.n_documents)),
		query_text(run->time_is_over ? "time over" : "complete"),
		query_value(INT4OID, Int32GetDatum(run->best == NULL ? 0 : run->best->number)),
		query_value(INT4OID, Int32GetDatum(run->best == NULL ? 0 : training->best->version)),
		query_value(FLOAT8OID, Float8GetDatum(run->seconds)),
		query_value(TIMESTAMPTZOID, TimestampTzGetDatum(training->started_at)),
		query_text(training->trained_by.name),
		query_value(OIDOID, ObjectIdGetDatum(training->trained_by.oid)),
		query_value(INT8OID, Int64GetDatum(training->trained_by.cluster))};
	bool is_null;

	public_query(
		"INSERT INTO sentiment.search (model_id, model, kinds, params, spaces, objectives,"
		" limits, trials, folds, sampler, pruner, max_time, seed, source_schema,"
		" source_name, text_column, label_column, numeric_columns, filter, rows, status,"
		" best_trial, version, seconds, started_at, done_by, done_by_oid, done_by_cluster)"
		" VALUES (NULLIF($1, 0), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
		" $15, $16, $17, $18, $19, $20, $21, NULLIF($22, 0), NULLIF($23, 0), $24, $25, $26,"
		" $27, $28) RETURNING search_id",
		lengthof(parameters), parameters);
	run->search_id = DatumGetInt64(query_typed_datum(0, 1, INT8OID, &is_null));
}

void
search_store(SearchRun *run)
{
	RegistryWriter writer = registry_begin_write("sentiment_search()");

	write_search(run);
	for (uint32 i = 0; i < run->search->n_trials; i++)
		write_trial(run, i);
	registry_end_write(&writer);
}
