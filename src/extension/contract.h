/*
 * contract.h
 *	  Data contracts of models, and validations of rows against them.
 */
#ifndef SENTIMENT_EXTENSION_CONTRACT_H
#define SENTIMENT_EXTENSION_CONTRACT_H

#include "postgres.h"

#include "extension/contract_store.h"
#include "extension/registry.h"
#include "extension/source.h"
#include "extension/validation_scan.h"

/* The validation of a training's rows. */
typedef struct TrainingValidation
{
	bool has_contract; /* else nothing was validated */
	StoredContract stored;
	ValidationScan scan;
} TrainingValidation;

/*
 * Validate the rows of a training by the model's contract, if there is one. A finding of severity error
 * raises an error that lists them: nothing is stored then, since the transaction ends.
 */
extern void contract_validate_training(const char *name, const Source *source, uint64 split_seed,
									   double holdout, TrainingValidation *validation);

/*
 * Validate rows of a source by the contract of a model, or one that waits for it, as sentiment_validate does; false if there is
 * none. Needs the privilege train. source: its relation, filter, and whose rights it is read with
 */
extern bool contract_validate_source(const char *name, const Source *source, Findings *findings);

/* The names of the checks that found an error, in a list. */
extern char *contract_broken_checks(const Findings *findings);

/*
 * Keep what a training's validation has found, and give a contract that waited to the model. Between
 * registry_begin_write and registry_end_write.
 */
extern void contract_store_training(const RegistryWriter *writer,
									const TrainingValidation *validation,
									const RegistryModel *model, int32 version);

#endif /* SENTIMENT_EXTENSION_CONTRACT_H */
