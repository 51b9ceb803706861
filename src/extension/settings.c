/*
 * settings.c
 *	  The extension's settings (GUCs).
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "core/threads.h"
#include "extension/deployment.h"
#include "extension/settings.h"

int training_memory = 4 * 1024 * 1024;
int training_threads = 2;
int model_cache_size = 256 * 1024;
char *default_model = NULL;
bool notify_events = true;
bool track_predictions = true;
int max_tracked_versions = 256;
int live_epoch = 3600;
int live_epochs = 24;
int max_workers = 2;

/* Another default model answers from now on. */
static void
default_model_changed(const char *value, void *extra)
{
	deployment_forget();
}

/* Predictions are counted, or not, from now on: what call sites remember holds no longer. */
static void
track_predictions_changed(bool value, void *extra)
{
	deployment_forget();
}

/*
 * The size of the table of counted versions. Without shared memory it means nothing, but may stay in the
 * configuration file.
 */
static void
define_table_settings(void)
{
	GucContext context = process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP;

	DefineCustomIntVariable(
		"sentiment.max_tracked_versions",
		"Sets how many versions' predictions are counted in shared memory.",
		"Of all databases together; 37 kB each, and 13.4 kB for each epoch of live traffic. "
		"Range 1 to 100000.",
		&max_tracked_versions, 256, 1, 100000, context, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sentiment.live_epoch", "Sets how long an epoch of live traffic is.",
		"Checks for drift of the last hours or days look at whole epochs. Range 1 s to 31 days.",
		&live_epoch, 3600, 1, 31 * 86400, context, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sentiment.live_epochs", "Sets how many epochs of live traffic are kept.",
		"For each tracked version; older predictions are counted together. Range 1 to 1000.",
		&live_epochs, 24, 1, 1000, context, 0, NULL, NULL, NULL);
}

void
settings_define(void)
{
	DefineCustomIntVariable(
		"sentiment.training_memory", "Sets the memory that one training may use.",
		"A training that needs more ends with an error. Range 16 MB to 2 TB.", &training_memory,
		4 * 1024 * 1024, 16 * 1024, INT_MAX, PGC_SUSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sentiment.training_threads", "Sets the number of threads that one training may use.",
		"The model does not depend on it, nor does prediction use any. Range 1 to 64.",
		&training_threads, 2, 1, MAX_THREADS, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"sentiment.model_cache_size", "Sets the memory that a session may use to keep models.",
		"The model in use is kept in any case. Range 0 to 2 TB.", &model_cache_size, 256 * 1024, 0,
		INT_MAX, PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"sentiment.default_model", "Sets the model that answers where none is named.",
		"Empty: the first deployed one of yours, of a superuser's or "
		"of the database owner's.",
		&default_model, "", PGC_USERSET, 0, NULL, default_model_changed, NULL);
	DefineCustomBoolVariable("sentiment.notify_events",
							 "Notifies the channel sentiment_events of what happens to models.",
							 "Switch it off where such transactions are prepared for a two-phase "
							 "commit, which cannot notify.",
							 &notify_events, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("sentiment.track_predictions",
							 "Counts predictions in shared memory, and scores shadow versions.",
							 "Needs the library in shared_preload_libraries.", &track_predictions,
							 true, PGC_SUSET, 0, NULL, track_predictions_changed, NULL);
	define_table_settings();
	DefineCustomIntVariable("sentiment.max_workers",
							"Sets the number of background workers that one run of the pipeline "
							"may use.",
							"They train kinds of classifiers side by side. 0: one after the other, "
							"without workers. Range 0 to 64.",
							&max_workers, 2, 0, 64, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("sentiment");
}

void
settings_hide_plans(void)
{
	static const char *const hidden[][2] = {{"debug_print_parse", "off"},
											{"debug_print_rewritten", "off"},
											{"debug_print_plan", "off"},
											{"plan_cache_mode", "auto"}};

	for (int i = 0; i < lengthof(hidden); i++)
		(void) set_config_option(hidden[i][0], hidden[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}
