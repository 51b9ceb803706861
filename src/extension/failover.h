/*
 * failover.h
 *	  Tables that another server writes by logical replication, and what is to be done when it does so no more.
 */
#ifndef SENTIMENT_FAILOVER_H
#define SENTIMENT_FAILOVER_H

#include "postgres.h"

/* Whether the registry's tables are those of a subscription. */
extern bool failover_is_subscriber(void);

/*
 * Raise an error if the registry's tables are those of a subscription: a row written here would take the number of one that is to
 * come, and stop the replication. command: the function that is to write, for the message
 */
extern void failover_refuse_subscriber(const char *command);

/* While a row is written: tells of sentiment_after_failover(), if its number is taken. */
extern void failover_begin_hint(ErrorContextCallback *callback);
extern void failover_end_hint(const ErrorContextCallback *callback);

#endif /* SENTIMENT_FAILOVER_H */
