/*
 * settings.h
 *	  The extension's settings (GUCs).
 */
#ifndef SENTIMENT_SETTINGS_H
#define SENTIMENT_SETTINGS_H

extern int training_memory; /* kB */
extern int training_threads;
extern int model_cache_size; /* kB */
extern char *default_model;
extern bool notify_events;
extern bool track_predictions;
extern int max_tracked_versions;
extern int live_epoch; /* seconds */
extern int live_epochs;
extern int max_workers;

/*
 * Until the level of settings ends, let no plan of the library's own queries be shown to the client, nor made with the values of
 * parameters in it: those are images of models, and what may quote rows.
 */
extern void settings_hide_plans(void);

/* Define the settings: once, when the library is loaded. */
extern void settings_define(void);

#endif /* SENTIMENT_SETTINGS_H */
