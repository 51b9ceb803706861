/*
 * contract_suggestion.h
 *	  A contract that the rows of a validation keep, with margins for rows to come.
 */
#ifndef SENTIMENT_CONTRACT_SUGGESTION_H
#define SENTIMENT_CONTRACT_SUGGESTION_H

#include "core/validation/validation.h"

/* Labels are named if there are no more than these. */
#define MAX_SUGGESTED_LABELS 100

/*
 * Append a contract as JSON. validation: of rows of a contract that names the columns of numbers as ranges;
 * columns: (n_columns) the columns to require, with their types
 */
extern void contract_suggest(const Validation *validation, const Contract *contract,
							 const ContractColumn *columns, uint32_t n_columns, ByteBuffer *json);

#endif /* SENTIMENT_CONTRACT_SUGGESTION_H */
