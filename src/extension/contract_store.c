/*
 * contract_store.c
 *	  Rows of sentiment.contract: which contract is in force.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "extension/contract_store.h"
#include "extension/public_query.h"

/* The condition under which a row of sentiment.contract waits for a model of the role in $2, $3, $4. */
#define WAITS_FOR_ROLE                                        \
	" model_id IS NULL AND model OPERATOR(pg_catalog.=) $1"   \
	" AND CASE WHEN set_by_cluster OPERATOR(pg_catalog.=) $4" \
	" THEN set_by_oid OPERATOR(pg_catalog.=) $3 ELSE set_by OPERATOR(pg_catalog.=) $2 END"

/* Run a query whose rows are only read, or which sees what was written before. */
static bool
find_contract(const char *query, int n_parameters, const QueryParameter *parameters, bool read_only)
{
	return (read_only ? public_query_read_only(query, n_parameters, parameters)
					  : public_query(query, n_parameters, parameters)) == 1;
}

/* The last row about a model; within SPI. Answers whether there is one. */
static bool
find_of_model(int64 model_id, bool read_only)
{
	QueryParameter parameters[] = {query_value(INT8OID, Int64GetDatum(model_id))};

	return find_contract(
		"SELECT version, contract, set_by, set_by_oid, set_by_cluster FROM sentiment.contract"
		" WHERE model_id OPERATOR(pg_catalog.=) $1"
		" ORDER BY contract_id DESC LIMIT 1",
		lengthof(parameters), parameters, read_only);
}

/* The last row that waits for a model of the name; within SPI. Answers whether there is one. */
static bool
find_waiting(const char *name, bool read_only, const StoredRole *role)
{
	QueryParameter parameters[] = {query_text(name), query_text(role->name),
								   query_value(OIDOID, ObjectIdGetDatum(role->oid)),
								   query_value(INT8OID, Int64GetDatum(role->cluster))};

	return find_contract(
		"SELECT version, contract, set_by, set_by_oid, set_by_cluster FROM sentiment.contract"
		" WHERE" WAITS_FOR_ROLE " ORDER BY contract_id DESC LIMIT 1",
		lengthof(parameters), parameters, read_only);
}

/* Read the row that was found; within SPI. Answers whether there is a contract in it. */
static bool
read_found(StoredContract *stored)
{
	bool is_null;

	stored->version = DatumGetInt32(query_typed_datum(0, 1, INT4OID, &is_null));
	strlcpy(stored->set_by.name, query_column(0, 3), NAMEDATALEN);
	stored->set_by.oid = DatumGetObjectId(query_typed_datum(0, 4, OIDOID, &is_null));
	stored->set_by.cluster = DatumGetInt64(query_typed_datum(0, 5, INT8OID, &is_null));
	stored->contract = query_typed_datum(0, 2, JSONBOID, &is_null);
	return !is_null;
}

/* The contract in force, or that waits; within SPI. version: 0 if there was never one */
static bool
find_last(const char *name, const RegistryModel *model, bool read_only, const StoredRole *role,
		  StoredContract *stored)
{
	*stored = (StoredContract){0};
	if (model != NULL && find_of_model(model->model_id, read_only))
		return read_found(stored);
	return find_waiting(name, read_only, role) && read_found(stored);
}

bool
contract_find(const char *name, const RegistryModel *model, StoredContract *stored)
{
	MemoryContext context = CurrentMemoryContext;
	StoredRole role = stored_role_of(GetUserId());
	bool found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	found = find_last(name, model, true, &role, stored);
	if (found)
	{
		MemoryContext old_context = MemoryContextSwitchTo(context);

		stored->contract = JsonbPGetDatum((Jsonb *) PG_DETOAST_DATUM_COPY(stored->contract));
		MemoryContextSwitchTo(old_context);
	}
	query_finish();
	return found;
}

void
contract_write(const RegistryWriter *writer, const char *name, const RegistryModel *model,
			   Datum contract)
{
	StoredRole role = stored_role_of(writer->caller);
	StoredContract present;
	bool is_set;
	Oid types[7] = {INT8OID, TEXTOID, INT4OID, JSONBOID, TEXTOID, OIDOID, INT8OID};
	Datum values[7] = {model == NULL ? (Datum) 0 : Int64GetDatum(model->model_id),
					   CStringGetTextDatum(name),
					   (Datum) 0,
					   contract,
					   CStringGetTextDatum(role.name),
					   ObjectIdGetDatum(role.oid),
					   Int64GetDatum(role.cluster)};
	char nulls[8] = "       ";

	if (model != NULL)
		contract_adopt(writer, model);
	is_set = find_last(name, model, false, &role, &present);
	if (contract == (Datum) 0 && !is_set)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("model \"%s\" has no contract", name)));
	values[2] = Int32GetDatum(present.version + 1);
	if (model == NULL)
		nulls[0] = 'n';
	if (contract == (Datum) 0)
		nulls[3] = 'n';
	registry_execute("INSERT INTO sentiment.contract"
					 " (model_id, model, version, contract, set_by, set_by_oid, set_by_cluster)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
					 7, types, values, nulls, SPI_OK_INSERT);
}

bool
contract_of_model(const RegistryModel *model, StoredContract *stored)
{
	*stored = (StoredContract){0};
	return find_of_model(model->model_id, false) && read_found(stored);
}

void
contract_adopt(const RegistryWriter *writer, const RegistryModel *model)
{
	StoredRole role = stored_role_of(writer->caller);
	Oid types[5] = {TEXTOID, TEXTOID, OIDOID, INT8OID, INT8OID};
	Datum values[5] = {CStringGetTextDatum(model->name), CStringGetTextDatum(role.name),
					   ObjectIdGetDatum(role.oid), Int64GetDatum(role.cluster),
					   Int64GetDatum(model->model_id)};

	registry_execute("UPDATE sentiment.contract SET model_id = $5 WHERE" WAITS_FOR_ROLE
					 " AND NOT EXISTS (SELECT FROM sentiment.contract AS c"
					 " WHERE c.model_id OPERATOR(pg_catalog.=) $5)",
					 5, types, values, NULL, SPI_OK_UPDATE);
}
