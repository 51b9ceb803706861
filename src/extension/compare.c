/*
 * compare.c
 *	  sentiment_compare: versions of a model on the same rows.
 *
 * Figures of a version are of the rows that it was trained beside, so those of two versions are of different rows. Here all are
 * measured on one set: the rows that none of them has learned from.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "extension/arguments.h"
#include "extension/host.h"
#include "extension/model_source.h"
#include "extension/public_query.h"
#include "extension/source_error.h"
#include "extension/version_comparison.h"
#include "extension/version_source.h"

/* Versions that are compared at once, at most. */
#define MAX_COMPARED_VERSIONS 100

/* Arguments of sentiment_compare. */
enum
{
	ARGUMENT_MODEL,
	ARGUMENT_VERSIONS,
	ARGUMENT_SOURCE,
	ARGUMENT_FILTER,
	ARGUMENT_TEXT_COLUMN,
	ARGUMENT_LABEL_COLUMN,
	ARGUMENT_ALL_ROWS
};

/* What is compared. */
typedef struct Comparison
{
	RegistryModel model;
	int n_versions;
	int32 *numbers;          /* (n_versions) */
	StoredVersion *versions; /* (n_versions) */
	bool is_stored;          /* the source */
	TrainSource source;
} Comparison;

/* All versions that may answer, the one in production first. */
static void
take_all_versions(Comparison *comparison)
{
	QueryParameter parameters[2] = {
		query_value(INT8OID, Int64GetDatum(comparison->model.model_id)),
		query_value(INT4OID, Int32GetDatum(registry_deployed_version(comparison->model.model_id,
																	 GetActiveSnapshot())))};
	RegistryWriter reader = query_begin_read();

	comparison->n_versions = (int) public_query_read_only(
		"SELECT v.version FROM sentiment.model_version AS v WHERE v.model_id = $1"
		" AND NOT EXISTS (SELECT FROM sentiment.version_stage AS s WHERE s.model_id = v.model_id"
		" AND s.version = v.version AND s.retired)"
		" ORDER BY v.version <> $2, v.version LIMIT 101",
		2, parameters);
	comparison->numbers = palloc_array(int32, comparison->n_versions + 1);
	for (int i = 0; i < comparison->n_versions; i++)
	{
		bool is_null;

		comparison->numbers[i] = DatumGetInt32(query_typed_datum(i, 1, INT4OID, &is_null));
	}
	registry_end_write(&reader);
}

/* The versions of the argument. */
static void
take_named_versions(ArrayType *array, Comparison *comparison)
{
	Datum *elements;
	bool *nulls;

	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elements, &nulls,
					  &comparison->n_versions);
	comparison->numbers = palloc_array(int32, comparison->n_versions + 1);
	for (int i = 0; i < comparison->n_versions; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument \"versions\" must not contain null")));
		comparison->numbers[i] = DatumGetInt32(elements[i]);
		for (int j = 0; j < i; j++)
		{
			if (comparison->numbers[i] == comparison->numbers[j])
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("version %d is named twice", comparison->numbers[i])));
		}
	}
}

/* Find the versions, and check the right to ask each. */
static void
open_versions(FunctionCallInfo fcinfo, Comparison *comparison)
{
	if (PG_ARGISNULL(ARGUMENT_VERSIONS))
		take_all_versions(comparison);
	else
		take_named_versions(PG_GETARG_ARRAYTYPE_P(ARGUMENT_VERSIONS), comparison);
	if (comparison->n_versions == 0 || comparison->n_versions > MAX_COMPARED_VERSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(comparison->n_versions == 0 ? "there are no versions to compare"
													: "there are too many versions to compare"),
				 errhint("Name 1 to %d of them in the argument versions.", MAX_COMPARED_VERSIONS)));
	comparison->versions = palloc0_array(StoredVersion, comparison->n_versions);
	for (int i = 0; i < comparison->n_versions; i++)
	{
		RegistryVersion found;

		if (!registry_find_version(comparison->model.model_id, comparison->numbers[i],
								   GetActiveSnapshot(), &found, NULL))
			registry_version_missing(comparison->model.name, comparison->numbers[i]);
		registry_check_version_privilege(&comparison->model, comparison->numbers[i],
										 GetActiveSnapshot());
		comparison->versions[i] = version_open(&comparison->model, comparison->numbers[i],
											   GetActiveSnapshot(), CurrentMemoryContext);
	}
}

/* Whether a column of numbers is among those that are read. */
static bool
reads_column(const Source *origin, const char *name)
{
	for (int i = 0; i < origin->n_numeric; i++)
	{
		if (strcmp(origin->numeric[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Read the columns of numbers that a version asks for besides. */
static void
add_numeric_columns(const RegistryVersionSource *version, TrainSource *source)
{
	Source *origin = &source->origin;
	int most = origin->n_numeric + version->n_numeric + 1;
	NumericColumn *columns = palloc0_array(NumericColumn, most);
	const char **names = palloc_array(const char *, most);

	for (int i = 0; i < origin->n_numeric; i++)
	{
		columns[i] = origin->numeric[i];
		names[i] = source->held_out.numeric_names[i];
	}
	origin->numeric = columns;
	source->held_out.numeric_names = names;
	for (int i = 0; i < version->n_numeric; i++)
	{
		if (reads_column(origin, version->numeric_columns[i]))
			continue;
		names[origin->n_numeric] = utf8_from_server(version->numeric_columns[i]);
		columns[origin->n_numeric++].name = version->numeric_columns[i];
	}
	source->held_out.n_numeric = (uint32) origin->n_numeric;
}

/* The rows of the arguments, read as the caller. */
static void
take_named_source(FunctionCallInfo fcinfo, Source *origin)
{
	origin->relation = PG_GETARG_OID(ARGUMENT_SOURCE);
	origin->filter = optional_text_argument(fcinfo, ARGUMENT_FILTER, NULL);
	origin->filter_is_lost = false;
	if (!PG_ARGISNULL(ARGUMENT_TEXT_COLUMN))
		origin->text_column = pstrdup(NameStr(*PG_GETARG_NAME(ARGUMENT_TEXT_COLUMN)));
	if (!PG_ARGISNULL(ARGUMENT_LABEL_COLUMN))
		origin->label_column = pstrdup(NameStr(*PG_GETARG_NAME(ARGUMENT_LABEL_COLUMN)));
}

/* What goes with a source must not be given without one. */
static void
require_no_source_arguments(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(ARGUMENT_FILTER) || !PG_ARGISNULL(ARGUMENT_TEXT_COLUMN) ||
		!PG_ARGISNULL(ARGUMENT_LABEL_COLUMN))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("filter, text_column and label_column need a source"),
				 errdetail("Without a source, the stored one of the first version is read."),
				 errhint("Name a table or view in the argument source, or leave them out.")));
}

/* Say which rows are read: of the source that is named, or the stored one of the first version. */
static void
choose_rows(FunctionCallInfo fcinfo, Comparison *comparison)
{
	StoredVersion *first = &comparison->versions[0];
	bool all_rows = !PG_ARGISNULL(ARGUMENT_ALL_ROWS) && PG_GETARG_BOOL(ARGUMENT_ALL_ROWS);
	TrainSource *source = &comparison->source;
	double holdout = 1;

	if (comparison->is_stored)
	{
		require_no_source_arguments(fcinfo);
		(void) model_source_of_version(&comparison->model, first->version, GetActiveSnapshot(),
									   &first->source);
	}
	*source = version_source(&comparison->model, first);
	for (int i = 0; i < comparison->n_versions; i++)
	{
		holdout = Min(holdout, comparison->versions[i].source.holdout);
		if (i > 0)
			add_numeric_columns(&comparison->versions[i].source, source);
	}
	source->holdout = all_rows ? 1 : holdout;
	if (comparison->is_stored)
		source_take_stored(&source->origin,
						   stored_source_open(&comparison->model, first->source.schema,
											  first->source.name, &first->source.named_by));
	else
		take_named_source(fcinfo, &source->origin);
}

/* Put a number into the answer, null if it is not known. */
static void
put_number(double number, Datum *value, bool *is_null)
{
	*value = Float8GetDatum(number);
	*is_null = isnan(number);
}

/* Put a metric of a version into the answer. */
static void
put_row(ReturnSetInfo *result, int32 version, const MetricComparison *figures, bool is_first,
		const HeldOutJudgement *judgement)
{
	/* less loss is better, but the difference of losses is shown */
	double sign = decision_metric_is_loss(figures->metric) ? -1 : 1;
	ConfidenceInterval difference = figures->difference.interval;
	bool is_better = metric_is_better(figures);
	bool is_worse = metric_is_lost(figures, 0);
	Datum values[13] = {Int32GetDatum(version),
						CStringGetTextDatum(decision_metric_names[figures->metric])};
	bool nulls[13] = {0};

	put_number(figures->side[0].value, &values[2], &nulls[2]);
	put_number(figures->side[0].interval.lower, &values[3], &nulls[3]);
	put_number(figures->side[0].interval.upper, &values[4], &nulls[4]);
	put_number(is_first ? NAN : sign * figures->difference.value, &values[5], &nulls[5]);
	put_number(is_first   ? NAN
			   : sign < 0 ? -difference.upper
						  : difference.lower,
			   &values[6], &nulls[6]);
	put_number(is_first   ? NAN
			   : sign < 0 ? -difference.lower
						  : difference.upper,
			   &values[7], &nulls[7]);
	values[8] = BoolGetDatum(is_better);
	nulls[8] = is_first || !(is_better || is_worse);
	put_number(is_first ? NAN : figures->p_value, &values[9], &nulls[9]);
	put_number(isnan(figures->side[0].value) ? NAN : figures->baseline, &values[10], &nulls[10]);
	values[11] = Int64GetDatum((int64) judgement->rows.n_rows);
	values[12] = CStringGetTextDatum(psprintf("%016llx", (unsigned long long) judgement->row_set));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Measure the versions on the rows. */
static void
measure(FunctionCallInfo fcinfo, Comparison *comparison)
{
	TrainSource *source = &comparison->source;
	MetricComparison figures[N_DECISION_METRICS];
	DecisionMetric metrics[N_DECISION_METRICS];

	for (int i = 0; i < N_DECISION_METRICS; i++)
		metrics[i] = (DecisionMetric) i;
	for (int i = 0; i < comparison->n_versions; i++)
	{
		Pipeline *first = i == 0 ? NULL : comparison->versions[0].pipeline;
		HeldOutJudgement judgement =
			held_out_judge(&source->held_out, comparison->versions[i].pipeline, first,
						   source->split_seed, source->holdout);

		metric_compare(&judgement.rows, metrics, N_DECISION_METRICS, source->split_seed, figures);
		for (int metric = 0; metric < N_DECISION_METRICS; metric++)
			put_row((ReturnSetInfo *) fcinfo->resultinfo, comparison->numbers[i], &figures[metric],
					i == 0, &judgement);
		held_out_free_judged(&judgement.rows);
	}
}

/* Read the rows, and measure. */
static void
read_and_measure(FunctionCallInfo fcinfo, Comparison *comparison)
{
	source_check(&comparison->source.origin);
	train_source_read(&comparison->source);
	measure(fcinfo, comparison);
}

/* The same of a stored source: who may not read it is told the class of an error that may quote rows. */
static void
read_and_measure_stored(FunctionCallInfo fcinfo, Comparison *comparison)
{
	PG_TRY();
	{
		read_and_measure(fcinfo, comparison);
	}
	PG_CATCH();
	{
		source_error_rethrow(comparison->source.origin.stored, SOURCE_ERROR_OF_DATA);
	}
	PG_END_TRY();
}

PG_FUNCTION_INFO_V1(sentiment_compare);
Datum
sentiment_compare(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old_context;
	HostBudget old_budget;
	Comparison comparison = {.is_stored = PG_ARGISNULL(ARGUMENT_SOURCE)};
	char *name;

	require_argument(fcinfo, ARGUMENT_MODEL, "model");
	name = text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_MODEL));
	InitMaterializedSRF(fcinfo, 0);
	context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment compare", ALLOCSET_DEFAULT_SIZES);
	old_context = MemoryContextSwitchTo(context);
	old_budget = host_begin_budget(context);
	if (!registry_find_model(name, GetActiveSnapshot(), &comparison.model))
		registry_model_missing(name);
	/* what the stored source tells is for those who may train from it */
	registry_check_privilege(&comparison.model,
							 comparison.is_stored ? PRIVILEGE_TRAIN : PRIVILEGE_PREDICT,
							 GetActiveSnapshot());
	open_versions(fcinfo, &comparison);
	choose_rows(fcinfo, &comparison);
	if (comparison.is_stored)
		read_and_measure_stored(fcinfo, &comparison);
	else
		read_and_measure(fcinfo, &comparison);
	MemoryContextSwitchTo(old_context);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	return (Datum) 0;
}
