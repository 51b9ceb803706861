/*
 * contract_store.h
 *	  Rows of sentiment.contract: which contract is in force.
 *
 * A contract belongs to a model. It may be set before there is one: then it waits under the name, and the
 * model takes it over when the role that set it trains or imports a version, unless the model has had a
 * contract by then. A waiting contract of somebody else concerns nobody.
 */
#ifndef SENTIMENT_CONTRACT_STORE_H
#define SENTIMENT_CONTRACT_STORE_H

#include "postgres.h"

#include "extension/registry.h"

/* A contract that was found, in the current memory context. */
typedef struct StoredContract
{
	int32 version;
	Datum contract;    /* jsonb */
	StoredRole set_by; /* its author */
} StoredContract;

/*
 * The contract in force for a model (NULL: there is none of the name), or the one that waits for it and the
 * current role; false if there is none. The caller has checked the right to use the model.
 */
extern bool contract_find(const char *name, const RegistryModel *model, StoredContract *stored);

/*
 * Put a contract in force, or none (0). contract: jsonb that was checked; model NULL: it waits. Between
 * registry_begin_write and registry_end_write, as are those below.
 */
extern void contract_write(const RegistryWriter *writer, const char *name,
						   const RegistryModel *model, Datum contract);

/* The contract in force for a model, in the memory context of SPI; false if there is none. */
extern bool contract_of_model(const RegistryModel *model, StoredContract *stored);

/* Give a contract that waits for the caller to a model that has had none. */
extern void contract_adopt(const RegistryWriter *writer, const RegistryModel *model);

#endif /* SENTIMENT_CONTRACT_STORE_H */
