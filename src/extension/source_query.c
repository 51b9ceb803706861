/*
 * source_query.c
 *	  Queries that read a source.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "extension/compat.h"
#include "extension/label_text.h"
#include "extension/source_code.h"
#include "extension/source_error.h"
#include "extension/settings.h"
#include "extension/source_query.h"

/* Make a plan, as the current role. */
static SPIPlanPtr
prepare(const SourceQuery *query)
{
	SPIPlanPtr plan =
		SPI_prepare_cursor(query->sql, query->n_parameters, query->types, query->cursor_options);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor answered %s for: %s", SPI_result_code_string(SPI_result),
			 query->sql);
	return plan;
}

/* Run a plan; answers the number of rows that are in SPI_tuptable. */
static uint64
execute(SPIPlanPtr plan, const SourceQuery *query)
{
	SPIExecuteOptions options = {.read_only = true, .dest = query->receiver};
	int result;

	if (query->receiver == NULL)
		result = SPI_execute_plan(plan, query->values, query->nulls, true, 0);
	else
	{
		Assert(query->n_parameters == 0);
		result = SPI_execute_plan_extended(plan, &options);
	}
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan answered %s for: %s", SPI_result_code_string(result),
			 query->sql);
	return SPI_processed;
}

/* The only source of a plan: what the parser and the rewriter have made of the query. */
static CachedPlanSource *
rewritten(SPIPlanPtr plan)
{
	return (CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan));
}

/* The relation that a query which reads one reads. */
static Oid
relation_of_query(const CachedPlanSource *plan)
{
	const Query *query = linitial_node(Query, plan->query_list);
	const RangeTblEntry *entry = linitial_node(RangeTblEntry, query->rtable);

	return entry->rtekind == RTE_SUBQUERY ? view_of_subquery(entry) : entry->relid;
}

/* Raise an error if the name has another relation by now: a schema can be renamed under the lock. */
static void
check_relation(const StoredSource *stored, const CachedPlanSource *plan)
{
	if (relation_of_query(plan) == stored->relation)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
					errmsg("the source %s of model \"%s\" was replaced while it was looked at",
						   stored->display_name, stored->model.name),
					errhint("Try again.")));
}

/* Why which rows a plan gives depends on the role that reads them, be it one or the other; NULL: it does not. */
static char *
dependence_on_reader(const StoredSource *stored, const CachedPlanSource *plan, Oid one, Oid other)
{
	if (check_enable_rls(stored->relation, one, true) == RLS_ENABLED ||
		check_enable_rls(stored->relation, other, true) == RLS_ENABLED)
		return pstrdup("it has row security");
	return source_code_dependence_on_role(plan->query_list, plan->relationOids);
}

/*
 * Refuse rows that may be hidden from who named the source, and are not from the model's owner: what is told of a model
 * would tell him of them.
 */
static void
check_namer(const StoredSource *stored, const CachedPlanSource *plan, Oid model_owner)
{
	Oid namer = stored_role_find(&stored->named_by);
	char *cause;

	if (!OidIsValid(namer) || role_could_act_as(namer, model_owner) ||
		(cause = dependence_on_reader(stored, plan, namer, namer)) == NULL)
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		 errmsg("the source %s cannot be read for model \"%s\"", stored->display_name,
				stored->model.name),
		 errdetail("Which rows it has depends on who reads it, and role \"%s\", which named it, "
				   "may not act as the model's owner \"%s\".",
				   GetUserNameFromId(namer, false), GetUserNameFromId(model_owner, false)),
		 errhint("Let the model's owner name the source with sentiment_set_source().")));
}

/*
 * The role to read as, of a plan that the model's owner made: the relation's owner, unless the model's owner would see
 * other rows than he.
 */
static Oid
choose_reader(const StoredSource *stored, const CachedPlanSource *plan, Oid model_owner)
{
	Oid relation_owner = stored->relation_owner;
	char *cause;

	check_namer(stored, plan, model_owner);
	if (relation_owner == model_owner)
		return model_owner;
	cause = dependence_on_reader(stored, plan, model_owner, relation_owner);
	if (cause == NULL)
		return relation_owner;
	if (role_could_act_as(relation_owner, model_owner))
		return model_owner;
	ereport(
		ERROR,
		(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		 errmsg("the source %s cannot be read for model \"%s\"", stored->display_name,
				stored->model.name),
		 errdetail(
			 "Which rows it has depends on who reads it (%s). It would have to be read as the "
			 "model's owner \"%s\", and its own owner \"%s\", whose code it runs, may not "
			 "act as that role.",
			 cause, GetUserNameFromId(model_owner, false),
			 GetUserNameFromId(relation_owner, false)),
		 errhint(
			 "Name a view of the model's owner's own over it with sentiment_set_source(), mark its "
			 "functions IMMUTABLE if they are, or give the model to \"%s\" with "
			 "sentiment_set_owner().",
			 GetUserNameFromId(relation_owner, false))));
}

/* What reading as another role changes until it ends. */
typedef struct Identity
{
	Oid role;
	int security_context;
	int guc_level;
} Identity;

/* Go on as another role, in a security-restricted operation; an error ends that by itself. */
static Identity
begin_as(const StoredSource *stored, Oid role)
{
	Identity identity;

	GetUserIdAndSecContext(&identity.role, &identity.security_context);
	SetUserIdAndSecContext(role, identity.security_context | SECURITY_RESTRICTED_OPERATION);
	identity.guc_level = source_begin_settings();
	/* the caller does not choose rows by a setting that policies ask for, as of a tenant */
	if (!stored->caller_may_act_as_owner)
		source_forget_custom_settings();
	/* what code says of rows while they are read, or the server of its plan, is not for who may not read them */
	if (!stored->caller_may_read)
		(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return identity;
}

static void
end_as(const Identity *identity)
{
	AtEOXact_GUC(false, identity->guc_level);
	SetUserIdAndSecContext(identity->role, identity->security_context);
}

/* Make the plan of a stored source's query, and go on as the role that is to run it. */
static SPIPlanPtr
prepare_stored(const StoredSource *stored, const SourceQuery *query, Identity *identity)
{
	Oid model_owner = stored_role_find(&stored->model.owner);
	SPIPlanPtr plan;
	Oid reader;

	*identity = begin_as(stored, model_owner);
	plan = prepare(query);
	check_relation(stored, rewritten(plan));
	reader = choose_reader(stored, rewritten(plan), model_owner);
	if (reader != model_owner)
	{
		SPI_freeplan(plan);
		SetUserIdAndSecContext(reader, identity->security_context | SECURITY_RESTRICTED_OPERATION);
		plan = prepare(query);
		check_relation(stored, rewritten(plan));
	}
	source_code_check(rewritten(plan)->query_list, reader, stored->caller, stored->display_name);
	return plan;
}

/* Run the plan of a stored source's query. An error is told by its class to who may not read the source. */
static pg_noinline uint64
execute_stored(const StoredSource *stored, SPIPlanPtr plan, const SourceQuery *query)
{
	volatile uint64 n_rows = 0;

	PG_TRY();
	{
		n_rows = execute(plan, query);
	}
	PG_CATCH();
	{
		source_error_rethrow(stored, SOURCE_ERROR_OF_ROWS);
	}
	PG_END_TRY();
	return n_rows;
}

/* Read a stored source. */
static uint64
query_stored(const StoredSource *stored, const SourceQuery *query)
{
	Identity identity;
	SPIPlanPtr plan = prepare_stored(stored, query, &identity);
	uint64 n_rows = execute_stored(stored, plan, query);

	end_as(&identity);
	return n_rows;
}

/* Read a source as the current role. */
static uint64
query_named(const SourceQuery *query)
{
	int guc_level = NewGUCNestLevel();
	uint64 n_rows;

	settings_hide_plans();
	n_rows = execute(prepare(query), query);
	AtEOXact_GUC(false, guc_level);
	return n_rows;
}

uint64
source_query(const Source *source, const SourceQuery *query)
{
	MemoryContext context = CurrentMemoryContext;
	uint64 n_rows =
		source->stored != NULL ? query_stored(source->stored, query) : query_named(query);

	/* SPI leaves its own, which SPI_finish frees */
	MemoryContextSwitchTo(context);
	return n_rows;
}

/* A query of the source's columns that gives no row. */
static char *
probing_query(const Source *source)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT t.%s::pg_catalog.text", quote_identifier(source->text_column));
	if (source->label_column != NULL)
	{
		appendStringInfoString(&sql, ", ");
		label_text_append(&sql, source->relation, source->label_column);
	}
	for (int i = 0; i < source->n_numeric; i++)
	{
		appendStringInfoString(&sql, ", ");
		source_append_number(&sql, &source->numeric[i]);
	}
	source_append_from(&sql, source);
	appendStringInfoString(&sql, " LIMIT 0");
	return sql.data;
}

void
source_try_stored(const RegistryModel *model, Source *source, char *filter, List *more_columns)
{
	StoredRole named_by = stored_role_of(GetUserId());
	Source stored;
	SourceQuery query = {0};

	source_check(source);
	source_check_can_be_stored(source);
	stored = *source;
	source_take_stored(&stored, stored_source_open(model, source->schema, source->name, &named_by));
	stored.filter = filter;
	source_check_with(&stored, more_columns);
	query.sql = probing_query(&stored);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) source_query(&stored, &query);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

void
source_try_new(const char *name, Source *source)
{
	RegistryModel model;

	if (!registry_find_model(name, GetActiveSnapshot(), &model))
	{
		model = (RegistryModel){.owner = stored_role_of(GetUserId())};
		strlcpy(model.name, name, NAMEDATALEN);
	}
	source_try_stored(&model, source, source->filter, NIL);
}
