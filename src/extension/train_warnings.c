/*
 * train_warnings.c
 *	  What a training warns of.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "core/hash.h"
#include "core/labels.h"
#include "core/validation/near_labels.h"
#include "extension/host.h"
#include "extension/source_query.h"
#include "extension/subtransaction.h"
#include "extension/train_warnings.h"

/* The rows of each label, held out or not, in the order of labels. Answers how many labels there are. */
static uint32
count_labels(const TrainSource *source, CountedLabel **counted)
{
	StringTable names = {0};
	const StringTable *const tables[] = {&source->corpus.labels, &source->held_out.labels};
	const char **copies;
	uint32 *order;
	uint64 *counts;
	uint32 *numbers[2];

	for (int t = 0; t < 2; t++)
	{
		numbers[t] = palloc_array(uint32, tables[t]->n_strings + 1);
		for (uint32 i = 0; i < tables[t]->n_strings; i++)
		{
			size_t length;
			const char *label = string_table_get(tables[t], i, &length);

			numbers[t][i] = string_table_add(&names, label, length, hash_token(label, length));
		}
	}
	counts = palloc0_array(uint64, names.n_strings + 1);
	for (uint32 i = 0; i < source->corpus.n_documents; i++)
		counts[numbers[0][source->corpus.documents[i].label]]++;
	for (uint32 i = 0; i < source->held_out.n_rows; i++)
		counts[numbers[1][source->held_out.rows[i].label]]++;
	copies = palloc_array(const char *, names.n_strings + 1);
	order = palloc_array(uint32, names.n_strings + 1);
	for (uint32 i = 0; i < names.n_strings; i++)
		copies[i] = string_table_copy(&names, i);
	labels_order(copies, names.n_strings, order);
	*counted = palloc_array(CountedLabel, names.n_strings + 1);
	for (uint32 i = 0; i < names.n_strings; i++)
		(*counted)[i] =
			(CountedLabel){copies[order[i]], strlen(copies[order[i]]), counts[order[i]]};
	return names.n_strings;
}

void
train_warn_of_labels(const TrainSource *source)
{
	CountedLabel *labels;
	uint32 n_labels = count_labels(source, &labels);
	ByteBuffer text = {0};
	bool may_read;

	if (near_labels_find(labels, n_labels, &text) == 0)
		return;
	/* labels are of rows, which the caller of a retraining need not be allowed to read */
	may_read = source->origin.stored == NULL || source->origin.stored->caller_may_read;
	ereport(WARNING,
			(errmsg("labels differ only in case, white space or the form of their characters"),
			 may_read ? errdetail("Most likely one label each: %s.",
								  server_from_utf8(buffer_c_string(&text)))
					  : 0,
			 errhint("The model learns to tell them apart. Write them in one way, for instance "
					 "with lower(trim(%s)) in a view.",
					 quote_identifier(source->origin.label_column))));
}

/* Try to read no row of the source as it will be read for a retraining. */
static void
try_to_read(void *argument)
{
	const Training *training = argument;
	Source source = training->source.origin;

	source_try_new(training->name, &source);
}

void
train_warn_of_reading(Training *training)
{
	const Source *origin = &training->source.origin;
	const ErrorData *error;

	if (origin->stored != NULL || origin->is_temporary || origin->filter_is_lost)
		return;
	error = subtransaction_run(try_to_read, training);
	if (error == NULL)
		return;
	ereport(WARNING, (errmsg("the source cannot be read again for retraining: %s", error->message),
					  error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
					  error->hint != NULL ? errhint("%s", error->hint) : 0));
}

void
train_warn_of_source(Training *training)
{
	const Source *origin = &training->source.origin;
	char *problem;

	if (origin->stored != NULL)
		return;
	problem = source_filter_problem(origin);
	training->source.origin.filter_is_lost = problem != NULL;
	if (problem != NULL)
		ereport(WARNING, (errmsg("the filter is not kept for retraining"),
						  errdetail("%s A stored filter must be a simple expression over columns "
									"and built-in functions.",
									problem),
						  errhint("Put the condition into a view, and train from the view.")));
	if (origin->is_temporary)
		ereport(NOTICE,
				(errmsg("the source is temporary: the model cannot be trained again from it"),
				 errhint("Name a permanent source with sentiment_set_source() before it is "
						 "to be retrained or to pass a gate.")));
}
