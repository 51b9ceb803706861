/*
 * train_recipe.h
 *	  How a model is trained again: what sentiment_train is called with.
 */
#ifndef SENTIMENT_TRAIN_RECIPE_H
#define SENTIMENT_TRAIN_RECIPE_H

#include "postgres.h"

#include "extension/monitor.h"
#include "extension/registry.h"
#include "extension/train.h"

/* A Datum that is 0 stands for null. */
typedef struct TrainRecipe
{
	int32 version; /* whose recipe it is; 0: the monitor's alone */
	char *schema;
	char *name;
	char *text_column;
	char *label_column;
	char *filter;          /* NULL: all rows */
	bool filter_is_lost;   /* see Source */
	char *kind;            /* may be auto */
	Datum params;          /* jsonb, the held-out share included */
	Datum numeric_columns; /* text[] */
	StoredRole numeric_by; /* who chose the numeric columns */
	StoredRole named_by;   /* who named the source: see stored_source.h */
} TrainRecipe;

/*
 * The recipe of a version, in the current memory context. The caller has checked what the current role may do
 * with the model.
 */
extern TrainRecipe train_recipe_of_version(const RegistryModel *model, int32 version);

/* The version whose recipe a model is trained by: the one that answers, or the newest if none does; or 0. */
extern int32 train_recipe_version(const RegistryModel *model);

/*
 * How the model is to be trained now: by its monitor (NULL: none) and, for what that leaves open, the version
 * that answers, or the newest if none does. The rows are those of the monitor, or else of sentiment_set_source, or else of the version.
 */
extern TrainRecipe train_recipe_for_model(const RegistryModel *model, const Monitor *monitor);

/* The recipe's parameters for a kind that may be another: jsonb in the current memory context. */
extern Datum train_recipe_parameters(const TrainRecipe *recipe, const char *kind);

/* What a training by the recipe is asked for; nothing is to be deployed by it. */
extern TrainRequest train_recipe_request(const RegistryModel *model, const TrainRecipe *recipe);

/* Open the recipe's source, see stored_source_open. */
extern StoredSource *train_recipe_source(const RegistryModel *model, const TrainRecipe *recipe);

#endif /* SENTIMENT_TRAIN_RECIPE_H */
