/*
 * classifier.c
 *	  The table of kinds.
 */
#include <string.h>

#include "core/host.h"
#include "core/models/classifier.h"
#include "core/models/hist_gradient_boosting.h"
#include "core/models/logistic_regression.h"
#include "core/models/mlp.h"
#include "core/models/random_forest.h"

const ClassifierKind *const classifier_kinds[] = {
	&logistic_regression_kind,
	&random_forest_kind,
	&hist_gradient_boosting_kind,
	&mlp_kind,
};
const size_t n_classifier_kinds = sizeof(classifier_kinds) / sizeof(classifier_kinds[0]);

const ClassifierKind *
classifier_kind_find(const char *name)
{
	for (size_t i = 0; i < n_classifier_kinds; i++)
	{
		if (strcmp(classifier_kinds[i]->name, name) == 0)
			return classifier_kinds[i];
	}
	return NULL;
}

const char *
classifier_open(Classifier *classifier)
{
	const char *problem = classifier->kind->validate(classifier);

	classifier->scratch = NULL;
	if (problem == NULL && classifier->kind->scratch_size != NULL)
		classifier->scratch = host_allocate_zero(classifier->kind->scratch_size(classifier));
	return problem;
}

void
classifier_close(Classifier *classifier)
{
	host_free(classifier->scratch);
	classifier->scratch = NULL;
}

bool
classifier_kind_weighs_classes(const ClassifierKind *kind, const void *options)
{
	for (size_t i = 0; i < kind->n_parameters; i++)
	{
		const ParameterSpec *spec = &kind->parameters[i];

		if (strcmp(spec->name, "class_weight") == 0)
			return *(const int *) ((const char *) options + spec->offset) != 0;
	}
	return false;
}
