/*
 * contract.h
 *	  Data contracts of models, and validations of rows against them.
 *
 * A contract belongs to a model. It may be set before there is one: then it waits under the name, and the
 * first training by the role that set it takes it over with the model that it makes. A waiting contract of
 * somebody else does not concern a training.
 */
#ifndef SENTIMENT_EXTENSION_CONTRACT_H
#define SENTIMENT_EXTENSION_CONTRACT_H

#include "postgres.h"

#include "extension/registry.h"
#include "extension/source.h"
#include "extension/validation_scan.h"

/* A contract that was found, in the current memory context. */
typedef struct StoredContract
{
	int32 version;
	Datum contract; /* jsonb */
} StoredContract;

/* The validation of a training's rows. */
typedef struct TrainingValidation
{
	bool has_contract; /* else nothing was validated */
	StoredContract stored;
	ValidationScan scan;
} TrainingValidation;

/*
 * The contract in force for a model (NULL: the one that waits under the name for the current role); false
 * if there is none. The caller has checked the right to use the model.
 */
extern bool contract_find(const char *name, const RegistryModel *model, StoredContract *stored);

/*
 * Validate the rows of a training by the model's contract, if there is one. A finding of severity error
 * raises an error that lists them: nothing is stored then, since the transaction ends.
 */
extern void contract_validate_training(const char *name, const Source *source, uint64 split_seed,
									   double holdout, TrainingValidation *validation);

/*
 * Keep what a training's validation has found, and give a contract that waited to the model. Between
 * registry_begin_write and registry_end_write.
 */
extern void contract_store_training(const RegistryWriter *writer,
									const TrainingValidation *validation,
									const RegistryModel *model, int32 version);

#endif /* SENTIMENT_EXTENSION_CONTRACT_H */
