/*
 * train_candidates.c
 *	  Fitting the candidates of a training, and measuring them on the held-out rows.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "core/features/corpus.h"
#include "core/pipeline_train.h"
#include "extension/drift_profile.h"
#include "extension/host.h"
#include "extension/train_arguments.h"
#include "extension/train_candidates.h"

void
train_begin_corpus(Training *training)
{
	TrainSource *source = &training->source;
	const FeatureSpaceOptions *features = &training->candidates[0].options.features;
	CorpusValues values = feature_space_corpus_values(features);

	for (int i = 1; i < training->n_candidates; i++)
		values.text_features |= training->candidates[i].options.features.blocks.text_features;
	/* without held-out rows, drift is measured from what the corpus keeps */
	values.text_features |= source->holdout == 0;
	corpus_initialize(&source->corpus, &features->tokenizer, &values);
	source->held_out.n_numeric = features->n_numeric;
	source->held_out.numeric_names = features->numeric_names;
}

void
train_check_held_out_labels(TrainSource *source)
{
	for (uint32 i = 0; i < source->held_out.labels.n_strings; i++)
	{
		char *label = string_table_copy(&source->held_out.labels, i);
		uint32 before = source->corpus.labels.n_strings;

		if (corpus_add_label(&source->corpus, label, strlen(label)) == before)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("all rows of label \"%s\" are held out", server_from_utf8(label)),
					 errdetail("The split is by a hash of the text, so a label of few rows may "
							   "have none left to learn from."),
					 errhint("Add rows of this label, lower the parameter holdout, or leave the "
							 "label out of the source with a view.")));
	}
}

/* The curves apart from the figures, which are shown together with what cross-validation found. */
static void
take_metrics(Candidate *candidate, Datum metrics, Datum report)
{
	Datum key = CStringGetTextDatum("curves");
	LOCAL_FCINFO(fcinfo, 2);

	/* NULL without held-out rows, which DirectFunctionCall takes for an error */
	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){metrics, false};
	fcinfo->args[1] = (NullableDatum){key, false};
	candidate->curves_json = jsonb_object_field(fcinfo);
	candidate->has_curves = !fcinfo->isnull;
	candidate->metrics_json =
		DirectFunctionCall2(jsonb_concat, DirectFunctionCall2(jsonb_delete, metrics, key), report);
}

/* The figure of a candidate that decides, with its interval. */
static char *
figure_text(const Training *training, const Candidate *candidate)
{
	DecisionMetric metric = training->metric;
	ConfidenceInterval interval = candidate->metrics.intervals[metric];

	if (isnan(candidate->metrics.values[metric]))
		return psprintf("F1 %.4f", candidate->metrics.f1);
	if (isnan(interval.lower))
		return psprintf("%s %.4f", decision_metric_titles[metric],
						candidate->metrics.values[metric]);
	return psprintf("%s %.4f (95 %% interval %.4f to %.4f)", decision_metric_titles[metric],
					candidate->metrics.values[metric], interval.lower, interval.upper);
}

/* Tell of figures that say little. */
static void
warn_of_few_rows(const Training *training)
{
	const HeldOutMetrics *metrics = &training->best->metrics;

	if (metrics->n_rows == 0 || metrics->n_rows >= FEW_HELD_OUT_ROWS)
		return;
	ereport(WARNING, (errmsg_plural("only %u row is held out: its figures say little",
									"only %u rows are held out: their figures say little",
									metrics->n_rows, metrics->n_rows),
					  errdetail("Measured was %s.", figure_text(training, training->best)),
					  errhint("Add rows, or hold out a larger share of them with the parameter "
							  "holdout.")));
}

/* Train a candidate, and measure it on the held-out rows. */
static void
fit(Training *training, Candidate *candidate, double scan_seconds)
{
	ParameterGroup train_group = train_parameter_group(&training->train_options);
	const char *kind = candidate->options.kind->name;
	double start = train_elapsed_seconds(training);
	ByteBuffer metrics = {0};
	ByteBuffer report = {0};
	ByteBuffer parameters = {0};
	ByteBuffer image;

	progress_set_phase(training->progress, "fit");
	progress_set_kind(training->progress, kind);
	image = pipeline_train(&candidate->options, &training->source.corpus, &report);
	candidate->image = image_value_create(&image);
	candidate->pipeline =
		pipeline_open(candidate->image->image, image_value_length(candidate->image));
	host_progress("%s fitted, %zu kB (%.1f s)", kind, image_value_length(candidate->image) / 1024,
				  train_elapsed_seconds(training));
	progress_set_phase(training->progress, "measure");
	drift_profile_begin(&candidate->profile, candidate->pipeline, REFERENCE_SAMPLE_ROWS);
	candidate->metrics = held_out_evaluate_profiled(
		&training->source.held_out, candidate->pipeline, training->source.split_seed,
		training->train_options.holdout, &metrics, &candidate->profile);
	if (training->train_options.holdout == 0)
		drift_profile_add_corpus(&candidate->profile, candidate->pipeline,
								 &training->source.corpus);
	take_metrics(candidate, jsonb_from_json(buffer_c_string(&metrics)),
				 jsonb_from_json(buffer_c_string(&report)));
	pipeline_append_parameters(candidate->pipeline, &train_group, 1, &parameters);
	candidate->parameters_json = jsonb_from_json(buffer_c_string(&parameters));
	if (candidate->metrics.n_rows > 0)
		host_progress("%s: %s on %u held-out rows (%.1f s)", kind, figure_text(training, candidate),
					  candidate->metrics.n_rows, train_elapsed_seconds(training));
	else
		host_progress("no rows are held out: the model is not measured");
	candidate->seconds = scan_seconds + train_elapsed_seconds(training) - start;
}

void
train_fit_candidates(Training *training)
{
	double scan_seconds = train_elapsed_seconds(training);

	train_check_held_out_labels(&training->source);
	training->best = &training->candidates[0];
	progress_set_done(training->progress, 0, training->n_candidates);
	for (int i = 0; i < training->n_candidates; i++)
	{
		Candidate *candidate = &training->candidates[i];

		train_check_not_dropped(training->name, training->model_id);
		fit(training, candidate, scan_seconds);
		if (decision_metric_prefers(training->metric, candidate->metrics.values[training->metric],
									training->best->metrics.values[training->metric]))
			training->best = candidate;
		progress_set_done(training->progress, i + 1, training->n_candidates);
		if (training->best->metrics.n_rows > 0)
			progress_set_best(training->progress, training->best->metrics.f1);
	}
	warn_of_few_rows(training);
}
