/*
 * registry_lock.c
 *	  Locking a model against changes by others.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "extension/registry_lock.h"

/*
 * Lock a model, and read it as it is by then. Changes do not conflict with rows that refer to the model: a check
 * for drift, which a long training may follow in its transaction, writes some.
 */
static bool
lock_model(RegistryWriter *writer, const char *name, bool drops, RegistryModel *model)
{
	Oid types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(name)};

	registry_execute(drops
						 ? "SELECT model_id FROM sentiment.model WHERE name = $1 FOR UPDATE"
						 : "SELECT model_id FROM sentiment.model WHERE name = $1 FOR NO KEY UPDATE",
					 1, types, values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return false;
	if (writer->has_snapshot)
		PopActiveSnapshot();
	PushActiveSnapshot(GetLatestSnapshot());
	writer->has_snapshot = true;
	return registry_find_model(name, GetActiveSnapshot(), model);
}

/* Raise an error unless the caller, not the tables' owner, has a right to a model. */
static void
check_caller_privilege(const RegistryWriter *writer, const RegistryModel *model,
					   ModelPrivilege privilege)
{
	Oid owner = GetUserId();
	int context = writer->security_context | SECURITY_LOCAL_USERID_CHANGE;

	SetUserIdAndSecContext(writer->caller, context);
	registry_check_privilege(model, privilege, GetActiveSnapshot());
	SetUserIdAndSecContext(owner, context);
}

/* Check a right as the tables are by now, so that nobody waits for or holds a lock of what is not his to change. */
static void
check_before_lock(const RegistryWriter *writer, const char *name, ModelPrivilege privilege)
{
	RegistryModel model;

	PushActiveSnapshot(GetLatestSnapshot());
	if (registry_find_model(name, GetActiveSnapshot(), &model))
		check_caller_privilege(writer, &model, privilege);
	PopActiveSnapshot();
}

/* Lock a model with a right of the caller's: it may be taken away, or the model made anew, while the lock is waited for. */
static void
lock_with_privilege(RegistryWriter *writer, const char *name, ModelPrivilege privilege, bool drops,
					RegistryModel *model)
{
	check_before_lock(writer, name, privilege);
	if (!lock_model(writer, name, drops, model))
		registry_model_missing(name);
	check_caller_privilege(writer, model, privilege);
}

void
registry_lock_for_change(RegistryWriter *writer, const char *name, ModelPrivilege privilege,
						 RegistryModel *model)
{
	lock_with_privilege(writer, name, privilege, false, model);
}

void
registry_lock_for_drop(RegistryWriter *writer, const char *name, RegistryModel *model)
{
	lock_with_privilege(writer, name, PRIVILEGE_ADMIN, true, model);
}

void
registry_lock_for_reference(const RegistryModel *model)
{
	Oid types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(model->model_id)};

	registry_execute("SELECT FROM sentiment.model WHERE model_id = $1 FOR KEY SHARE", 1, types,
					 values, NULL, SPI_OK_SELECT);
	if (SPI_processed == 0)
		registry_model_missing(model->name);
}
