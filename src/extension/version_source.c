/*
 * version_source.c
 *	  The rows that a version of a model is measured on.
 */
#include "postgres.h"

#include "extension/host.h"
#include "extension/version_source.h"

TrainSource
version_source(const RegistryModel *model, const StoredVersion *version)
{
	const RegistryVersionSource *stored = &version->source;
	TrainSource source = {.split_seed = (uint64) model->split_seed,
						  .holdout = stored->holdout,
						  .held_out_only = true,
						  .context = CurrentMemoryContext};
	const char **names = palloc_array(const char *, stored->n_numeric + 1);

	source.origin.text_column = pstrdup(stored->text_column);
	source.origin.label_column = pstrdup(stored->label_column);
	source.origin.filter = stored->filter;
	source.origin.filter_is_lost = stored->filter_is_lost;
	source.origin.numeric_by = &stored->trained_by;
	source.origin.n_numeric = stored->n_numeric;
	source.origin.numeric = palloc0_array(NumericColumn, stored->n_numeric + 1);
	for (int i = 0; i < stored->n_numeric; i++)
	{
		source.origin.numeric[i].name = stored->numeric_columns[i];
		names[i] = utf8_from_server(stored->numeric_columns[i]);
	}
	source.held_out.n_numeric = stored->n_numeric;
	source.held_out.numeric_names = names;
	return source;
}

TrainSource
version_read_held_out(const RegistryModel *model, const StoredVersion *version, const Source *named)
{
	TrainSource source = version_source(model, version);

	if (named == NULL)
		source_take_stored(&source.origin,
						   stored_source_open(model, version->source.schema, version->source.name,
											  &version->source.named_by));
	else
	{
		source.origin.relation = named->relation;
		source.origin.filter = named->filter;
		source.origin.filter_is_lost = false;
	}
	source_check(&source.origin);
	train_source_read(&source);
	return source;
}
