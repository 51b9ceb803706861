/*
 * kinds.c
 *	  Kinds of classifiers and their parameters as a table, and what matters to a model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/pipeline.h"
#include "extension/host.h"
#include "extension/image_value.h"
#include "extension/registry.h"

#define N_KIND_COLUMNS 14

/* Name of a type for people. */
static const char *
type_name(ParameterType type)
{
	switch (type)
	{
		case PARAMETER_BOOLEAN:
			return "boolean";
		case PARAMETER_INTEGER:
			return "integer";
		case PARAMETER_NUMBER:
			return "number";
		case PARAMETER_CHOICE:
			return "choice";
		case PARAMETER_STRING:
			return "string";
		case PARAMETER_INTEGER_LIST:
			return "integer list";
		case PARAMETER_OBJECT:
			return "object";
		case PARAMETER_ARRAY:
			return "array";
	}
	return "unknown";
}

/* The choices of a parameter as an array of texts. */
static Datum
choices_array(const ParameterSpec *spec)
{
	Datum choices[64];
	int n = 0;

	while (spec->choices[n] != NULL && n < lengthof(choices))
	{
		choices[n] = CStringGetTextDatum(spec->choices[n]);
		n++;
	}
	return PointerGetDatum(construct_array(choices, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The values that a search tries, as a JSON array. */
static Datum
search_values(const ParameterSpec *spec)
{
	ByteBuffer json = {0};

	for (int i = 0; spec->search_choices[i] != NULL; i++)
		buffer_printf(&json, "%s%s", i == 0 ? "[" : ", ", spec->search_choices[i]);
	buffer_printf(&json, "]");
	return jsonb_from_json(buffer_c_string(&json));
}

/* Add the row of one parameter; its field holds the kind's default. */
static void
put_parameter(ReturnSetInfo *result, const char *kind, const ParameterGroup *group,
			  const ParameterSpec *spec, bool of_kind)
{
	bool has_range = spec->type == PARAMETER_INTEGER || spec->type == PARAMETER_NUMBER ||
					 spec->type == PARAMETER_INTEGER_LIST;
	ByteBuffer allowed = {0};
	ByteBuffer value = {0};
	Datum values[N_KIND_COLUMNS] = {0};
	bool nulls[N_KIND_COLUMNS] = {0};

	parameters_append_allowed(&allowed, spec);
	parameters_append_value(&value, group, spec);
	values[0] = CStringGetTextDatum(kind);
	values[1] = CStringGetTextDatum(spec->name);
	values[2] = CStringGetTextDatum(type_name(spec->type));
	values[3] = CStringGetTextDatum(buffer_c_string(&allowed));
	values[4] = Float8GetDatum(spec->minimum);
	values[5] = Float8GetDatum(spec->maximum);
	nulls[4] = nulls[5] = !has_range;
	nulls[6] = spec->type != PARAMETER_CHOICE;
	if (!nulls[6])
		values[6] = choices_array(spec);
	values[7] = jsonb_from_json(buffer_c_string(&value));
	values[8] = BoolGetDatum(spec->log_scale);
	values[9] = BoolGetDatum(of_kind);
	values[10] = CStringGetTextDatum(spec->meaning);
	values[11] = Float8GetDatum(spec->search_low);
	values[12] = Float8GetDatum(spec->search_high);
	nulls[11] = nulls[12] = spec->search_low == spec->search_high;
	nulls[13] = spec->search_choices == NULL;
	if (!nulls[13])
		values[13] = search_values(spec);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Every parameter of every kind, straight from the tables that training reads. */
PG_FUNCTION_INFO_V1(sentiment_kind_parameters);
Datum
sentiment_kind_parameters(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		ParameterGroup groups[N_PIPELINE_GROUPS];
		PipelineOptions options;

		pipeline_parse_options(classifier_kinds[k]->name, "{}", NULL, 0, &options);
		pipeline_groups(&options, groups);
		for (size_t g = 0; g < N_PIPELINE_GROUPS; g++)
		{
			for (size_t i = 0; i < groups[g].n_specs; i++)
				put_parameter((ReturnSetInfo *) fcinfo->resultinfo, classifier_kinds[k]->name,
							  &groups[g], &groups[g].specs[i],
							  groups[g].options == options.kind_options);
		}
	}
	return (Datum) 0;
}

/* A feature and what it matters. */
typedef struct Importance
{
	uint32 feature;
	double importance;
} Importance;

/* Most important first; equals by feature. */
static int
compare_importances(const void *a, const void *b)
{
	const Importance *first = a;
	const Importance *second = b;

	if (first->importance != second->importance)
		return first->importance > second->importance ? -1 : 1;
	return (first->feature > second->feature) - (first->feature < second->feature);
}

/* Add the rows of a model's features that matter at all. */
static void
put_importances(ReturnSetInfo *result, Pipeline *pipeline)
{
	uint32 n_features = pipeline->space.n_features;
	double *importances = host_allocate_zero_array(double, (Size) n_features + 1);
	Importance *order = host_allocate_array(Importance, (Size) n_features + 1);
	ByteBuffer name = {0};

	pipeline->classifier.kind->importance(&pipeline->classifier, importances);
	for (uint32 i = 0; i < n_features; i++)
		order[i] = (Importance){i, importances[i]};
	qsort(order, n_features, sizeof(Importance), compare_importances);
	for (uint32 i = 0; i < n_features && order[i].importance > 0; i++)
	{
		Datum values[2];
		bool nulls[2] = {false, false};

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		name.length = 0;
		feature_space_append_name(&pipeline->space, order[i].feature, &name);
		values[0] = utf8_to_displayed_text(name.data, name.length);
		values[1] = Float8GetDatum(order[i].importance);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[0]));
	}
}

/* Open an image for the sake of its importances. */
static void
put_importances_of(FunctionCallInfo fcinfo, Datum image)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sentiment importance", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old_context = MemoryContextSwitchTo(context);
	Size length;
	const char *place = image_value_place(image, context, &length);

	put_importances((ReturnSetInfo *) fcinfo->resultinfo, pipeline_open(place, length));
	MemoryContextSwitchTo(old_context);
	MemoryContextDelete(context);
}

PG_FUNCTION_INFO_V1(sentiment_feature_importance);
Datum
sentiment_feature_importance(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
		put_importances_of(fcinfo, registry_image(text_to_cstring(PG_GETARG_TEXT_PP(0)),
												  PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1),
												  PRIVILEGE_ADMIN));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(sentiment_feature_importance_by_value);
Datum
sentiment_feature_importance_by_value(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
		put_importances_of(fcinfo, PG_GETARG_DATUM(0));
	return (Datum) 0;
}
