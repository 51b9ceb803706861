/*
 * search_progress.h
 *	  How far searches are, in shared memory: others see them while their transactions are open.
 */
#ifndef SENTIMENT_SEARCH_PROGRESS_H
#define SENTIMENT_SEARCH_PROGRESS_H

#include "postgres.h"

#include "utils/timestamp.h"

/* What is told of a search. */
typedef struct SearchProgress
{
	int pid; /* of the backend; 0: the slot is free */
	Oid database;
	Oid role;
	int64 model_id; /* 0: the search is to make the model */
	char model[NAMEDATALEN];
	char kind[NAMEDATALEN];      /* of the present trial */
	char objective[NAMEDATALEN]; /* the first one */
	int32 trial;                 /* number of the present trial */
	int32 trials;                /* that there will be at most */
	int32 fold;                  /* number of the present fold; 0: none */
	int32 folds;
	int32 complete; /* trials by how they ended */
	int32 pruned;
	int32 failed;
	double best_value; /* of the first objective; NaN: none yet */
	int32 best_trial;  /* 0: none yet */
	TimestampTz started_at;
} SearchProgress;

/* Searches that are told of at once, at most; others run untold. */
#define MAX_SEARCHES_TOLD 64

/* Ask for shared memory: once, when the library is preloaded. */
extern void search_progress_install(void);

/*
 * Tell of a search from now on, and of its progress as often as it likes. A search within another one is not
 * told of. Without shared memory these do nothing.
 */
extern void search_progress_begin(const SearchProgress *progress);
extern void search_progress_update(const SearchProgress *progress);
extern void search_progress_end(void);

/* The same for a search that an error ended: when a transaction ends, or a subtransaction aborts. */
extern void search_progress_transaction_ended(void);
extern void search_progress_subtransaction_aborted(void);

#endif /* SENTIMENT_SEARCH_PROGRESS_H */
