/*
 * shared_statistics_file.h
 *	  The file that keeps version counts across a restart.
 *
 * It is written when the server shuts down in order, and removed when it is read: after a crash there is
 * none. A file that is damaged or of another form is ignored, and the log tells of it.
 */
#ifndef SENTIMENT_SHARED_STATISTICS_FILE_H
#define SENTIMENT_SHARED_STATISTICS_FILE_H

#include "postgres.h"

/* Fill the table from the file that the last shutdown has left, if there is one. When the server starts. */
extern void shared_statistics_read_file(void);

/* Write the table to the file: an on_shmem_exit callback of the postmaster. */
extern void shared_statistics_write_file(int code, Datum argument);

#endif /* SENTIMENT_SHARED_STATISTICS_FILE_H */
