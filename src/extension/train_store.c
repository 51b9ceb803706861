/*
 * train_store.c
 *	  Writing the versions that a training made, and deploying the best of them.
 *
 * Under the lock of the model's row a version gets its number and is written. The gate was asked about it beside the version that
 * answers before that, so that nobody waits for it; if another one answers by then, it is asked anew.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "extension/drift_profile.h"
#include "extension/event.h"
#include "extension/gate.h"
#include "extension/host.h"
#include "extension/registry.h"
#include "extension/version_counter.h"
#include "extension/train_store.h"
#include "extension/version_row.h"

/* Raise an error for another positive label than the model's. */
static void
check_positive_label(const RegistryModel *model, const char *label)
{
	char *of_model = utf8_from_server(model->positive_label);

	if (strcmp(label, of_model) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the positive label of model \"%s\" is \"%s\", not \"%s\"", model->name,
						model->positive_label, server_from_utf8(label)),
				 errdetail("It belongs to the model, so that the scores of its versions mean the "
						   "same."),
				 errhint("Leave positive_label out, or train a model of another name.")));
}

void
train_check_model(Training *training)
{
	RegistryModel model;
	Snapshot snapshot = GetActiveSnapshot();

	/* the name decides, so that two first trainings at once agree */
	training->source.split_seed = hash_content(training->name, strlen(training->name)) >> 1;
	training->metric = gate_metric(NULL, snapshot);
	if (!registry_find_model(training->name, snapshot, &model))
		return;
	registry_check_privilege(&model, PRIVILEGE_TRAIN, snapshot);
	training->metric = gate_metric(&model, snapshot);
	training->model_id = model.model_id;
	training->source.split_seed = (uint64) model.split_seed;
	for (int i = 0; i < training->n_candidates && model.positive_label != NULL; i++)
	{
		PipelineOptions *options = &training->candidates[i].options;

		if (options->positive_label == NULL)
			options->positive_label = utf8_from_server(model.positive_label);
		else
			check_positive_label(&model, options->positive_label);
	}
}

/* Set the positive label of a model that has none yet. */
static void
set_positive_label(const RegistryModel *model, Datum label)
{
	Oid types[2] = {INT8OID, TEXTOID};
	Datum values[2] = {Int64GetDatum(model->model_id), label};

	registry_execute("UPDATE sentiment.model SET positive_label = $2 WHERE model_id = $1", 2, types,
					 values, NULL, SPI_OK_UPDATE);
}

/*
 * Lock the model, which is made if it did not exist when the training began. One that existed must be
 * there still: whoever dropped it does not want it back from a training.
 */
static void
lock_or_create_model(Training *training, RegistryWriter *writer, RegistryModel *model)
{
	const Pipeline *pipeline = training->best->pipeline;
	Datum positive_label = (Datum) 0;

	if (pipeline->n_labels == 2)
	{
		const char *label = pipeline->labels[pipeline->positive];

		positive_label = utf8_to_text(label, strlen(label));
	}
	if (training->model_id == 0)
		registry_create_model(writer, training->name, (int64) training->source.split_seed,
							  positive_label);
	registry_lock_for_change(writer, training->name, PRIVILEGE_TRAIN, model);
	if (training->model_id != 0 && training->model_id != model->model_id)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("model \"%s\" was dropped while it was trained", training->name),
						errdetail("Another model has the name by now; nothing was stored."),
						errhint("Train again if the version is to belong to that model.")));
	if (pipeline->n_labels != 2)
		return;
	/* a training beside this one, or versions of more labels, may have left it otherwise */
	if (model->positive_label != NULL)
		check_positive_label(model, pipeline->labels[pipeline->positive]);
	else
		set_positive_label(model, positive_label);
}

/* Write a candidate's version. */
static void
write_version(const Training *training, const Candidate *candidate, const RegistryModel *model)
{
	VersionRow row = {.model_id = model->model_id,
					  .version = candidate->version,
					  .image = candidate->image,
					  .pipeline = candidate->pipeline,
					  .parameters = candidate->parameters_json,
					  .source = &training->source.origin,
					  .holdout = training->train_options.holdout,
					  .rows_held_out = training->source.held_out.n_rows,
					  .rows_skipped = training->source.n_skipped,
					  .seconds = candidate->seconds,
					  .metrics = candidate->metrics_json,
					  .trained_by = training->trained_by,
					  .trained_at = training->started_at};

	version_row_write(&row);
	if (candidate->has_curves)
		version_row_write_curves(model->model_id, candidate->version, candidate->curves_json);
}

/* Ask the gate about the best candidate, beside what answers under the active snapshot. model: NULL for none yet */
static void
ask_gate(Training *training, const RegistryModel *model)
{
	MemoryContext old_context = MemoryContextSwitchTo(training->context);

	training->gate = palloc(sizeof(GateReport));
	*training->gate = gate_measure_training(model, training, GetActiveSnapshot());
	MemoryContextSwitchTo(old_context);
}

void
train_ask_gate(Training *training)
{
	RegistryModel model;
	bool exists;

	if (training->deploy != DEPLOY_IF_BETTER)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	exists = training->model_id != 0 &&
			 registry_find_model_by_id(training->model_id, GetActiveSnapshot(), &model);
	ask_gate(training, exists ? &model : NULL);
	PopActiveSnapshot();
}

/* The same under the lock of the model, as the caller: somebody else was faster, so another version is to be beaten. */
static void
ask_gate_again(const RegistryWriter *writer, Training *training, const RegistryModel *model)
{
	Oid owner;
	int security_context;

	GetUserIdAndSecContext(&owner, &security_context);
	SetUserIdAndSecContext(writer->caller, security_context);
	ask_gate(training, model);
	SetUserIdAndSecContext(owner, security_context);
}

/*
 * Whether the gate lets the best candidate answer; says why (or why not), as everybody may know it. A first version always may: there is
 * none that answers better, and who trains a model wants to ask it.
 */
static bool
passes_gate(const RegistryWriter *writer, Training *training, const RegistryModel *model,
			int32 deployed_version, StringInfo reason)
{
	if (training->gate == NULL || training->gate->production != deployed_version)
		ask_gate_again(writer, training, model);
	appendStringInfoString(reason, gate_summary(training->gate));
	return training->gate->passed || deployed_version == 0;
}

/* Tell of a version that is not to answer by this training; whoever asked for it may promote it. */
static void
tell_of_candidate(const Training *training, const RegistryModel *model)
{
	const char *name = utf8_from_server(model->name);
	int32 version = training->best->version;

	if (training->n_candidates > 1)
		host_progress("version %d of model %s is a candidate: best of %d kinds", version, name,
					  training->n_candidates);
	else
		host_progress("version %d of model %s is a candidate", version, name);
}

/* Tell that a first version answers though the gate would not let another one. */
static void
warn_of_first_version(const GateReport *gate, const RegistryModel *model, int32 version)
{
	ereport(WARNING, (errmsg("version %d of model \"%s\" answers, though it does not pass the gate",
							 version, model->name),
					  errdetail("%s.", gate_failures(gate, true)),
					  errhint("Do not rely on it. The next version that passes takes its place.")));
}

/* Decide whether the best candidate is to answer, and let it. */
static void
deploy(Training *training, const RegistryWriter *writer, const RegistryModel *model)
{
	int32 deployed_version = registry_deployed_version(model->model_id, GetActiveSnapshot());
	Candidate *best = training->best;
	StringInfoData reason;

	if (training->deploy == DEPLOY_NEVER)
	{
		tell_of_candidate(training, model);
		return;
	}
	initStringInfo(&reason);
	if (training->n_candidates > 1)
		appendStringInfo(&reason, "best of %d kinds; ", training->n_candidates);
	if (training->search_reason != NULL)
		appendStringInfo(&reason, "%s; ", training->search_reason);
	if (training->deploy == DEPLOY_ALWAYS)
	{
		appendStringInfo(&reason, "%s, deploy => always",
						 training->search_reason != NULL ? "sentiment_search" : "sentiment_train");
		best->deployed = true;
	}
	else
		best->deployed = passes_gate(writer, training, model, deployed_version, &reason);
	if (best->deployed)
		registry_deploy(writer, model, best->version, reason.data);
	host_progress("version %d of model %s is %s: %s", best->version, utf8_from_server(model->name),
				  best->deployed ? "deployed" : "not deployed", reason.data);
	if (deployed_version == 0 && training->gate != NULL && !training->gate->passed)
		warn_of_first_version(training->gate, model, best->version);
}

/* What is known of how well a candidate does, in words: F1 of no rows is no number. */
static char *
measured_text(const HeldOutMetrics *metrics)
{
	if (metrics->n_rows == 0)
		return pstrdup("not measured for want of held-out rows");
	return psprintf("F1 %.4f on %u held-out rows", metrics->f1, metrics->n_rows);
}

/* Leave a line in the server's log. */
static void
log_candidate(const Training *training, const Candidate *candidate)
{
	ereport(LOG,
			(errmsg("sentiment: trained version %d of model \"%s\" (%s) from \"%s.%s\" in %.3f s: "
					"%u rows, %u features, %s, %s",
					candidate->version, training->name, candidate->options.kind->name,
					training->source.origin.schema, training->source.origin.name,
					candidate->seconds, candidate->pipeline->n_rows,
					candidate->pipeline->space.n_features, measured_text(&candidate->metrics),
					candidate->deployed ? "deployed" : "not deployed")));
}

/* Count a training in shared memory, if there is any. */
static void
count_training(const Candidate *candidate, const RegistryModel *model)
{
	const ImageHeader *header = (const ImageHeader *) candidate->image->image;
	RegistryVersion version = {.version = candidate->version,
							   .key = {.checksum = header->checksum, .length = header->length}};
	VersionCounter *counter = statistics_counter(model->model_id, &version);

	if (counter != NULL)
		statistics_count_training(counter, candidate->pipeline->n_rows);
}

/* Notify listeners of a new version. */
static void
notify_trained(const Candidate *candidate, const RegistryModel *model)
{
	char *f1 = candidate->metrics.n_rows > 0 ? psprintf("%.6f", candidate->metrics.f1) : "null";

	event_notify("trained", model->name, candidate->version,
				 psprintf("\"kind\": \"%s\", \"f1\": %s", candidate->options.kind->name, f1));
}

void
train_store(Training *training)
{
	HostBudget old_budget = host_begin_budget(training->context);
	Progress *progress = progress_begin("train", training->name);
	RegistryWriter writer = registry_begin_write("sentiment_train()");
	MemoryContext old_context = MemoryContextSwitchTo(training->context);
	RegistryModel model;

	host_show_progress(true);
	progress_set_phase(progress, "store");
	lock_or_create_model(training, &writer, &model);
	training->model_id = model.model_id;
	for (int i = 0; i < training->n_candidates; i++)
	{
		training->candidates[i].version = registry_take_version(&model);
		write_version(training, &training->candidates[i], &model);
		drift_profile_store(model.model_id, training->candidates[i].version,
							&training->candidates[i].profile, training->learned_texts);
		notify_trained(&training->candidates[i], &model);
	}
	contract_store_training(&writer, &training->validation, &model, training->best->version);
	deploy(training, &writer, &model);
	MemoryContextSwitchTo(old_context);
	registry_end_write(&writer);
	for (int i = 0; i < training->n_candidates; i++)
	{
		log_candidate(training, &training->candidates[i]);
		count_training(&training->candidates[i], &model);
	}
	progress_end(progress);
	host_end_budget(old_budget);
}
