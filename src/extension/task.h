/*
 * task.h
 *	  What a job does for a model.
 */
#ifndef SENTIMENT_TASK_H
#define SENTIMENT_TASK_H

#include "postgres.h"

typedef struct TaskKind
{
	const char *name;
	char *(*run)(const char *model); /* answers how it ended */
	bool needs_monitor;              /* reads the rows that are watched */
} TaskKind;

extern const TaskKind task_kinds[];
extern const int n_task_kinds;

/* The task of a name; raises an error that names all if there is none. */
extern const TaskKind *task_find(const char *name);

#endif /* SENTIMENT_TASK_H */
