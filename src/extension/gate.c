/*
 * gate.c
 *	  What a version must reach to be promoted to production, and whether a training lets one answer.
 *
 * The version and the one in production are measured on the same rows: those of the version's source that
 * neither has learned from, as they are now; and if the one in production comes from other rows, on those of its source too, so
 * that a version which is better on new rows does not lose what the old one knew. One metric decides, of which more than noise is asked, see
 * metric_comparison.h. A source is one that somebody has stored, so it is read as stored_source.h
 * says, and whatever goes wrong while it is read is an answer, not an error: a version whose source is gone can still be
 * promoted by force.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/parameters.h"
#include "core/prediction_latency.h"
#include "extension/arguments.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/model_source.h"
#include "extension/source_error.h"
#include "extension/subtransaction.h"
#include "extension/train_source.h"
#include "extension/version_comparison.h"
#include "extension/version_source.h"

/* A model's gate. */
typedef struct Gate
{
	int metric; /* DecisionMetric */
	bool beat_baseline;
	bool must_beat;
	double max_loss; /* 1: no limit */
	double min_f1;
	double max_latency; /* 0: no limit */
	double max_bytes;   /* 0: no limit */
} Gate;

static const ParameterSpec gate_parameters[] = {
	{.name = "metric",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(Gate, metric),
	 .default_json = "\"macro_f1\"",
	 .choices = decision_metric_names,
	 .meaning = "The figure by which versions are compared"},
	{.name = "beat_baseline",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(Gate, beat_baseline),
	 .default_json = "true",
	 .meaning = "Whether it must be better than what is reached without looking at the texts"},
	{.name = "must_beat",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(Gate, must_beat),
	 .default_json = "true",
	 .meaning =
		 "Whether it must be better than the version in production, on the same rows, by more "
		 "than noise; else it must not be worse by more than max_loss and noise"},
	{.name = "max_loss",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, max_loss),
	 .default_json = "0.02",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Most of the metric that it may lose, beyond noise, on the rows of the version in "
				"production; 1 for no limit"},
	{.name = "min_f1",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, min_f1),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1,
	 .meaning = "Least F1 on the held-out rows; 0 for none"},
	{.name = "max_latency",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, max_latency),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1e9,
	 .meaning = "Most microseconds of a prediction (median); 0 for no limit"},
	{.name = "max_bytes",
	 .type = PARAMETER_NUMBER,
	 .offset = offsetof(Gate, max_bytes),
	 .default_json = "0",
	 .minimum = 0,
	 .maximum = 1e12,
	 .meaning = "Most bytes of the model's image; 0 for no limit"},
};

/* The rows of a source, and what became of reading them. */
typedef struct GateRows
{
	bool is_known;       /* the source could be read */
	const char *problem; /* why not, as the caller may know it */
	int sqlerrcode;      /* why not, as everybody may */
	const char *source_name;
} GateRows;

/* What is measured. */
typedef struct GateMeasurement
{
	GateRows rows; /* of the version */
	DecisionMetric metric;
	VersionComparison own; /* the version by itself, on all rows that it has not learned from */
	double f1;             /* on these */
	VersionComparison comparison; /* with the version in production, if there is another one */
	double latency;

	GateRows old_rows; /* of the version in production, if they are others */
	bool has_old_rows;
	VersionComparison old_comparison;
	VersionComparison only_old_comparison; /* on those that are not among the version's own too */

	uint64 *texts; /* (n_texts) the hashes of the version's own rows' texts, in ascending order */
	size_t n_texts;
} GateMeasurement;

/* Read a gate from JSON in UTF-8 (NULL: the default one). */
static void
parse_gate(const char *json, Gate *gate)
{
	ParameterGroup group = {gate_parameters, lengthof(gate_parameters), gate};

	parameters_parse(json == NULL ? "{}" : json, &group, 1);
}

/* A gate with all of its members, as JSON. */
static Datum
gate_to_jsonb(Gate *gate)
{
	ParameterGroup group = {gate_parameters, lengthof(gate_parameters), gate};
	ByteBuffer json = {0};

	parameters_append_json(&json, &group, 1);
	return jsonb_from_json(buffer_c_string(&json));
}

Datum
gate_canonical(const char *json)
{
	Gate gate;

	parse_gate(json, &gate);
	return gate_to_jsonb(&gate);
}

static int
compare_hashes(const void *a, const void *b)
{
	const uint64 *first = a;
	const uint64 *second = b;

	return (*first > *second) - (*first < *second);
}

/* Keep which texts the rows of a version have. */
static void
keep_texts(const HeldOutRows *rows, GateMeasurement *measurement)
{
	measurement->n_texts = rows->n_rows;
	measurement->texts = palloc_array(uint64, rows->n_rows + 1);
	for (uint32 i = 0; i < rows->n_rows; i++)
		measurement->texts[i] = rows->rows[i].hash;
	qsort(measurement->texts, rows->n_rows, sizeof(uint64), compare_hashes);
}

/* Measure a version by itself, and beside another (NULL: none), on rows that were read. */
static void
measure_on_rows(const TrainSource *source, double holdout, Pipeline *pipeline,
				const StoredVersion *other, GateMeasurement *measurement)
{
	const HeldOutRows *rows = &source->held_out;
	VersionComparison *own = &measurement->own;

	if (other != NULL)
		*own = measurement->comparison =
			version_compare(rows, source->split_seed, holdout, pipeline, other->source.holdout,
							other->pipeline, measurement->metric);
	/* by itself it may have held out more, and F1 is of its positive label */
	if (other == NULL || other->source.holdout < holdout || !own->same_labels)
		*own = version_compare(rows, source->split_seed, holdout, pipeline, holdout, NULL,
							   measurement->metric);
	measurement->latency = prediction_latency(rows, pipeline, source->split_seed, holdout);
	keep_texts(rows, measurement);
	measurement->rows.is_known = true;
}

/* What is to be measured. */
typedef struct GateTask
{
	const RegistryModel *model;
	const StoredVersion *version; /* whose rows they are */
	const StoredVersion *other;   /* NULL: none */
	const Source *named;          /* NULL: the stored one */
	Pipeline *candidate;          /* on the rows of the version in production, */
	double candidate_holdout;     /* of which it holds out such a share */
	GateMeasurement *measurement;
} GateTask;

/* Measure a version on its rows, as work of a subtransaction that an error of the source is rolled back with. */
static void
measure_task(void *argument)
{
	const GateTask *task = argument;
	TrainSource source = version_read_held_out(task->model, task->version, task->named);

	measure_on_rows(&source, task->version->source.holdout, task->version->pipeline, task->other,
					task->measurement);
}

/* Measure both on the rows of the version in production, as such work too. */
static void
measure_old_task(void *argument)
{
	const GateTask *task = argument;
	TrainSource source = version_read_held_out(task->model, task->version, NULL);

	task->measurement->old_comparison = version_compare_apart(
		&source.held_out, source.split_seed, task->candidate_holdout, task->candidate,
		task->version->source.holdout, task->version->pipeline, task->measurement->metric,
		task->measurement->texts, task->measurement->n_texts,
		&task->measurement->only_old_comparison);
	task->measurement->old_rows.is_known = true;
}

/* Measure; an error of the source is its result. */
static void
try_to_measure(SubtransactionWork work, GateTask *task, GateRows *rows)
{
	const ErrorData *error = subtransaction_run(work, task);

	if (error == NULL)
		return;
	rows->is_known = false;
	rows->problem =
		error->detail == NULL ? error->message : psprintf("%s (%s)", error->message, error->detail);
	rows->sqlerrcode = error->sqlerrcode;
}

/* Whether two texts are the same, or both absent. */
static bool
same_text(const char *first, const char *second)
{
	return first == NULL || second == NULL ? first == second : strcmp(first, second) == 0;
}

/* The name of the source of a version, for people. */
static const char *
source_name(const RegistryVersionSource *source)
{
	return source->name[0] == '\0' ? "its source"
								   : quote_qualified_identifier(source->schema, source->name);
}

/*
 * Measure a candidate on the rows that the version in production was trained from, unless they are those that both were measured on
 * already; the candidate's rows are those of a source. If they cannot be read any more and the model was told which rows to use
 * in their place, which both were measured on, these stand for them.
 */
static void
measure_old_rows(const RegistryModel *model, Pipeline *candidate, double holdout,
				 const RegistryVersionSource *source, const StoredVersion *production,
				 GateMeasurement *measurement)
{
	const RegistryVersionSource *old_source = &production->source;
	ModelSource named;
	GateTask task = {.model = model,
					 .version = production,
					 .candidate = candidate,
					 .candidate_holdout = holdout,
					 .measurement = measurement};

	if (strcmp(source->schema, old_source->schema) == 0 &&
		strcmp(source->name, old_source->name) == 0 &&
		strcmp(source->text_column, old_source->text_column) == 0 &&
		strcmp(source->label_column, old_source->label_column) == 0 &&
		same_text(source->filter, old_source->filter))
		return;
	measurement->has_old_rows = true;
	measurement->old_rows.source_name = source_name(old_source);
	try_to_measure(measure_old_task, &task, &measurement->old_rows);
	if (!measurement->old_rows.is_known && model_source_find(model, &named))
		measurement->has_old_rows = false;
}

/* Say of a check that the rows of the source could not be had for it: to the caller, and to everybody. */
static void
explain_problem(const GateRows *rows, GateCheck *check)
{
	if (rows->is_known)
	{
		check->detail =
			psprintf("there are no rows in %s that are known to be held out", rows->source_name);
		return;
	}
	check->detail =
		psprintf("the rows of %s could not be measured: %s", rows->source_name, rows->problem);
	check->public_detail = psprintf("the rows of %s could not be measured: error %s",
									rows->source_name, unpack_sql_state(rows->sqlerrcode));
}

/* An interval for people. */
static const char *
interval_text(ConfidenceInterval interval)
{
	if (isnan(interval.lower))
		return "interval not known";
	return psprintf("95 %% interval %.4f to %.4f", interval.lower, interval.upper);
}

/*
 * The metric against what is reached without looking at the texts. A few rows refuse no first version: they say too little, and
 * there is none that answers better.
 */
static GateCheck
check_baseline(const Gate *gate, const GateMeasurement *measurement, int32 production)
{
	const VersionComparison *own = &measurement->own;
	const MetricComparison *figures = &own->figures;
	bool is_trial = production == 0 && own->n_rows < FEW_HELD_OUT_ROWS;
	bool is_better;
	GateCheck check = {"beat_baseline", !gate->beat_baseline, NAN, NAN, NULL};

	if (!measurement->rows.is_known || own->n_rows == 0)
	{
		explain_problem(&measurement->rows, &check);
		check.passed |= measurement->rows.is_known && production == 0;
		return check;
	}
	is_better = metric_beats_baseline(figures);
	check.value = figures->side[0].value;
	check.threshold = figures->baseline;
	check.passed |= is_better || is_trial;
	check.detail = psprintf(
		"%s on %u held-out rows of %s (%s), against what is reached without "
		"looking at the texts: difference %.4f (%s)%s%s",
		version_comparison_title(own), own->n_rows, measurement->rows.source_name,
		interval_text(figures->side[0].interval), figures->over_baseline.value,
		interval_text(figures->over_baseline.interval), is_better ? "" : ", no more than noise",
		is_better              ? ""
		: !gate->beat_baseline ? " (not asked for)"
		: is_trial             ? ", but too few rows to refuse a first version"
							   : "");
	return check;
}

/* F1 against its threshold. */
static GateCheck
check_min_f1(const Gate *gate, const GateMeasurement *measurement)
{
	GateCheck check = {"min_f1", gate->min_f1 == 0, NAN, gate->min_f1 == 0 ? NAN : gate->min_f1,
					   NULL};

	if (!measurement->rows.is_known || measurement->own.n_rows == 0)
	{
		explain_problem(&measurement->rows, &check);
		return check;
	}
	check.value = measurement->own.f1;
	check.passed = check.value >= gate->min_f1;
	check.detail = psprintf("F1 on %u held-out rows of %s", measurement->own.n_rows,
							measurement->rows.source_name);
	return check;
}

/* What a comparison with the version in production says. */
static char *
comparison_detail(const VersionComparison *comparison, int32 production, const char *rows)
{
	const MetricComparison *figures = &comparison->figures;

	return psprintf("%s against that of version %d in production on the same %u rows%s: difference "
					"%.4f (%s); of the texts that only one of them gets right %llu are its own, "
					"%llu the other's (McNemar p %.3g)",
					version_comparison_title(comparison), production, comparison->n_rows, rows,
					figures->difference.value, interval_text(figures->difference.interval),
					(unsigned long long) figures->only_first,
					(unsigned long long) figures->only_other, figures->p_value);
}

/* Whether there is no version to compare with; says so. */
static bool
is_alone(int32 production, int32 version, GateCheck *check)
{
	if (production != 0 && production != version)
		return false;
	check->passed = true;
	check->detail =
		production == 0 ? "there is no version in production" : "it is the version in production";
	return true;
}

/* The metric against that of the version in production. */
static GateCheck
check_must_beat(const Gate *gate, const GateMeasurement *measurement, int32 production,
				int32 version)
{
	const VersionComparison *comparison = &measurement->comparison;
	GateCheck check = {"must_beat", !gate->must_beat, NAN, NAN, NULL};

	if (is_alone(production, version, &check))
		return check;
	if (!measurement->rows.is_known || comparison->n_rows == 0)
	{
		explain_problem(&measurement->rows, &check);
		return check;
	}
	check.value = comparison->figures.side[0].value;
	check.threshold = comparison->figures.side[1].value;
	check.passed = gate->must_beat ? metric_is_better(&comparison->figures)
								   : gate->max_loss == 1 ||
										 !metric_is_lost(&comparison->figures, gate->max_loss);
	check.detail = comparison_detail(comparison, production, "");
	if (!gate->must_beat)
		check.detail = psprintf("%s (better is not asked for)", check.detail);
	else if (!check.passed)
		check.detail = psprintf("%s: not better by more than noise", check.detail);
	return check;
}

/*
 * What is lost of the metric on the rows of the version in production. They may hold new rows too, on which the candidate may gain what it
 * loses on the others: so it may lose on neither.
 */
static GateCheck
check_max_loss(const Gate *gate, const GateMeasurement *measurement, int32 production,
			   int32 version)
{
	bool has_old_rows = measurement->has_old_rows;
	const GateRows *rows = has_old_rows ? &measurement->old_rows : &measurement->rows;
	const VersionComparison *comparison =
		has_old_rows ? &measurement->old_comparison : &measurement->comparison;
	const VersionComparison *only_old = &measurement->only_old_comparison;
	bool is_only_old = has_old_rows && only_old->n_rows < comparison->n_rows &&
					   metric_is_lost(&only_old->figures, gate->max_loss);
	bool is_lost = is_only_old || metric_is_lost(&comparison->figures, gate->max_loss);
	GateCheck check = {"max_loss", gate->max_loss == 1, NAN, NAN, NULL};

	if (is_alone(production, version, &check))
		return check;
	if (!rows->is_known || comparison->n_rows == 0)
	{
		explain_problem(rows, &check);
		/* where nothing is there any more, nothing can be lost */
		check.passed |= rows->is_known && has_old_rows;
		return check;
	}
	if (is_only_old)
		comparison = only_old;
	check.value = comparison->figures.side[0].value;
	check.threshold = comparison->figures.side[1].value;
	check.passed |= !is_lost;
	check.detail =
		has_old_rows
			? comparison_detail(comparison, production,
								psprintf(" of %s%s", rows->source_name,
										 is_only_old ? " that are not among its own" : ""))
			: psprintf("on the rows of version %d in production: see must_beat", production);
	if (!check.passed)
		check.detail =
			psprintf("%s: more than %g is lost, and more than noise", check.detail, gate->max_loss);
	return check;
}

/* Time of a prediction against its limit. */
static GateCheck
check_max_latency(const Gate *gate, const GateMeasurement *measurement)
{
	GateCheck check = {"max_latency", gate->max_latency == 0, NAN,
					   gate->max_latency == 0 ? NAN : gate->max_latency, NULL};

	if (!measurement->rows.is_known || measurement->own.n_rows == 0)
	{
		explain_problem(&measurement->rows, &check);
		return check;
	}
	check.value = measurement->latency;
	check.passed = gate->max_latency == 0 || check.value <= gate->max_latency;
	check.detail = "median microseconds of a prediction, on this server just now";
	return check;
}

/* Size of the image against its limit. */
static GateCheck
check_max_bytes(const Gate *gate, const StoredVersion *version)
{
	double bytes = (double) version->key.length;

	return (GateCheck){"max_bytes", gate->max_bytes == 0 || bytes <= gate->max_bytes, bytes,
					   gate->max_bytes == 0 ? NAN : gate->max_bytes, "bytes of the image"};
}

/* Make the report from what was measured. */
static GateReport
make_report(const Gate *gate, const GateMeasurement *measurement, const StoredVersion *version,
			int32 production)
{
	GateReport report = {
		.passed = true, .is_unmeasured = !measurement->rows.is_known, .production = production};

	report.checks[0] = check_baseline(gate, measurement, production);
	report.checks[1] = check_must_beat(gate, measurement, production, version->version);
	report.checks[2] = check_max_loss(gate, measurement, production, version->version);
	report.checks[3] = check_min_f1(gate, measurement);
	report.checks[4] = check_max_latency(gate, measurement);
	report.checks[5] = check_max_bytes(gate, version);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		report.checks[i].detail = pstrdup(report.checks[i].detail);
		if (report.checks[i].public_detail != NULL)
			report.checks[i].public_detail = pstrdup(report.checks[i].public_detail);
		report.passed &= report.checks[i].passed;
	}
	return report;
}

DecisionMetric
gate_metric(const RegistryModel *model, Snapshot snapshot)
{
	Gate gate;

	parse_gate(model == NULL ? NULL : registry_model_gate(model->model_id, snapshot), &gate);
	return (DecisionMetric) gate.metric;
}

/* Where a training has its rows from. */
static RegistryVersionSource
source_of_training(const Source *origin)
{
	RegistryVersionSource source = {.filter = origin->filter};

	strlcpy(source.schema, origin->schema, NAMEDATALEN);
	strlcpy(source.name, origin->name, NAMEDATALEN);
	strlcpy(source.text_column, origin->text_column, NAMEDATALEN);
	strlcpy(source.label_column, origin->label_column, NAMEDATALEN);
	return source;
}

/* Measure a training on the rows that it has held out. */
static void
measure_training(const RegistryModel *model, Training *training, int32 production,
				 bool measures_old_rows, Snapshot snapshot, GateMeasurement *measurement)
{
	double holdout = training->train_options.holdout;
	Pipeline *pipeline = training->best->pipeline;
	RegistryVersionSource source = source_of_training(&training->source.origin);
	StoredVersion other;

	if (production == 0)
	{
		measure_on_rows(&training->source, holdout, pipeline, NULL, measurement);
		return;
	}
	other = version_open(model, production, snapshot, CurrentMemoryContext);
	measure_on_rows(&training->source, holdout, pipeline, &other, measurement);
	if (measures_old_rows)
		measure_old_rows(model, pipeline, holdout, &source, &other, measurement);
	pipeline_close(other.pipeline);
}

GateReport
gate_measure_training(const RegistryModel *model, Training *training, Snapshot snapshot)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context =
		AllocSetContextCreate(training->context, "sentiment gate", ALLOCSET_DEFAULT_SIZES);
	HostBudget old_budget = host_begin_budget(context);
	int32 production = model == NULL ? 0 : registry_deployed_version(model->model_id, snapshot);
	const Source *origin = &training->source.origin;
	GateMeasurement measurement = {
		.rows = {.source_name = quote_qualified_identifier(origin->schema, origin->name)}};
	StoredVersion version = {.key = {.length = image_value_length(training->best->image)}};
	Gate gate;
	GateReport report;

	MemoryContextSwitchTo(context);
	parse_gate(model == NULL ? NULL : registry_model_gate(model->model_id, snapshot), &gate);
	measurement.metric = (DecisionMetric) gate.metric;
	measure_training(model, training, production, gate.max_loss < 1, snapshot, &measurement);
	MemoryContextSwitchTo(result_context);
	report = make_report(&gate, &measurement, &version, production);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	return report;
}

GateReport
gate_measure(const RegistryModel *model, int32 version, const Source *named, Snapshot snapshot)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment gate", ALLOCSET_DEFAULT_SIZES);
	int32 production = registry_deployed_version(model->model_id, snapshot);
	GateMeasurement measurement = {0};
	HostBudget old_budget;
	Gate gate;
	StoredVersion opened;
	StoredVersion other = {0};
	GateTask task = {
		.model = model, .version = &opened, .named = named, .measurement = &measurement};
	GateReport report;

	MemoryContextSwitchTo(context);
	old_budget = host_begin_budget(context);
	parse_gate(registry_model_gate(model->model_id, snapshot), &gate);
	measurement.metric = (DecisionMetric) gate.metric;
	opened = version_open(model, version, snapshot, context);
	if (production != 0 && production != version)
	{
		other = version_open(model, production, snapshot, context);
		task.other = &other;
	}
	if (named == NULL)
		(void) model_source_of_version(model, version, snapshot, &opened.source);
	measurement.rows.source_name = named != NULL
									   ? quote_qualified_identifier(named->schema, named->name)
									   : source_name(&opened.source);
	try_to_measure(measure_task, &task, &measurement.rows);
	if (task.other != NULL && gate.max_loss < 1)
		measure_old_rows(model, opened.pipeline, opened.source.holdout, &opened.source, &other,
						 &measurement);
	MemoryContextSwitchTo(result_context);
	report = make_report(&gate, &measurement, &opened, production);
	host_end_budget(old_budget);
	MemoryContextDelete(context);
	return report;
}

/* What a check says: to the caller, or to everybody. */
static const char *
said_by_check(const GateCheck *check, bool is_public)
{
	return is_public && check->public_detail != NULL ? check->public_detail : check->detail;
}

char *
gate_failures(const GateReport *report, bool is_public)
{
	StringInfoData failures;

	initStringInfo(&failures);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report->checks[i];

		if (check->passed)
			continue;
		if (failures.len > 0)
			appendStringInfoString(&failures, "; ");
		appendStringInfoString(&failures, check->name);
		if (!isnan(check->value))
			appendStringInfo(&failures, " %.6g", check->value);
		if (!isnan(check->threshold))
			appendStringInfo(&failures, " (threshold %.6g)", check->threshold);
		appendStringInfo(&failures, ": %s", said_by_check(check, is_public));
	}
	return failures.data;
}

char *
gate_summary(const GateReport *report)
{
	const char *who = report->production == 0 ? "first version" : "it";
	const GateCheck *must_beat = &report->checks[1];

	if (!report->passed)
		return psprintf("%s does not pass the gate: %s", who, gate_failures(report, true));
	if (report->production == 0)
		return pstrdup(who);
	if (isnan(must_beat->value))
		return pstrdup(said_by_check(must_beat, true));
	return psprintf("%.4f against %.4f: %s", must_beat->value, must_beat->threshold,
					said_by_check(must_beat, true));
}

char *
gate_failed_names(const GateReport *report)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		if (!report->checks[i].passed)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", report->checks[i].name);
	}
	return names.data;
}

/* Append a number as JSON: null if it is not known. */
static void
append_number(StringInfo json, double number)
{
	if (isnan(number))
		appendStringInfoString(json, "null");
	else
		appendStringInfoString(json, float8out_internal(number));
}

Datum
gate_report_to_jsonb(const GateReport *report)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report->checks[i];

		appendStringInfo(&json, "%s{\"check_name\": ", i == 0 ? "[" : ", ");
		escape_json(&json, check->name);
		appendStringInfo(&json, ", \"passed\": %s, \"value\": ", check->passed ? "true" : "false");
		append_number(&json, check->value);
		appendStringInfoString(&json, ", \"threshold\": ");
		append_number(&json, check->threshold);
		appendStringInfoString(&json, ", \"detail\": ");
		escape_json(&json, said_by_check(check, true));
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

PG_FUNCTION_INFO_V1(sentiment_check_gate);
Datum
sentiment_check_gate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	GateReport report;
	char *name;

	require_arguments(fcinfo, 2);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	report = gate_measure(&model, PG_GETARG_INT32(1), NULL, snapshot);
	for (int i = 0; i < N_GATE_CHECKS; i++)
	{
		const GateCheck *check = &report.checks[i];
		Datum values[5] = {CStringGetTextDatum(check->name), BoolGetDatum(check->passed),
						   Float8GetDatum(check->value), Float8GetDatum(check->threshold),
						   CStringGetTextDatum(check->detail)};
		bool nulls[5] = {false, false, isnan(check->value), isnan(check->threshold), false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_VOID();
}

/* Raise an error for a gate that is none, with one that is. */
static void
check_gate_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"gate\" must not be null"),
						errhint("Give '{}' to return to the default gate.")));
	if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(argument)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a gate must be a JSON object"),
				 errhint("Give checks by name, as in '{\"min_f1\": 0.8, \"must_beat\": false}', "
						 "or '{}' for the default gate.")));
}

PG_FUNCTION_INFO_V1(sentiment_set_gate);
Datum
sentiment_set_gate(PG_FUNCTION_ARGS)
{
	RegistryChange change = {.action = "set_gate"};
	RegistryWriter writer;
	RegistryModel model;
	Oid types[2] = {INT8OID, JSONBOID};
	Datum values[2];
	Gate gate;
	char *name;

	require_arguments(fcinfo, 1);
	check_gate_argument(fcinfo, 1);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	parse_gate(json_from_argument(fcinfo, 1), &gate);
	writer = registry_begin_write("sentiment_set_gate()");
	registry_lock_for_change(&writer, name, PRIVILEGE_ADMIN, &model);
	values[0] = Int64GetDatum(model.model_id);
	values[1] = gate_to_jsonb(&gate);
	registry_execute("UPDATE sentiment.model SET gate = $2 WHERE model_id = $1", 2, types, values,
					 NULL, SPI_OK_UPDATE);
	change.reason = DatumGetCString(DirectFunctionCall1(jsonb_out, values[1]));
	registry_write_history(&writer, &model, &change, 0, (Datum) 0);
	registry_end_write(&writer);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sentiment_gate);
Datum
sentiment_gate(PG_FUNCTION_ARGS)
{
	Snapshot snapshot = GetActiveSnapshot();
	RegistryModel model;
	Gate gate;
	char *name;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!registry_find_model(name, snapshot, &model))
		registry_model_missing(name);
	registry_check_privilege(&model, PRIVILEGE_PREDICT, snapshot);
	parse_gate(registry_model_gate(model.model_id, snapshot), &gate);
	PG_RETURN_DATUM(gate_to_jsonb(&gate));
}
