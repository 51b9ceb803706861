/*
 * subtransaction.h
 *	  Work whose failure is to be told rather than to end the transaction.
 */
#ifndef SENTIMENT_SUBTRANSACTION_H
#define SENTIMENT_SUBTRANSACTION_H

#include "postgres.h"

typedef void (*SubtransactionWork)(void *argument);

/*
 * Do some work in a subtransaction. If it fails, all that it wrote is taken back, the role and settings are as
 * before, and the error is given, in the current memory context; NULL otherwise. What the caller or the server
 * asked for (a cancel, a timeout, a shutdown), and a serialization failure, which only a new transaction can
 * mend, are raised again instead.
 */
extern ErrorData *subtransaction_run(SubtransactionWork work, void *argument);

#endif /* SENTIMENT_SUBTRANSACTION_H */
