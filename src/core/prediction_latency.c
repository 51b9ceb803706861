/*
 * prediction_latency.c
 *	  How long a pipeline takes to answer.
 *
 * Each row is asked twice and the faster answer counts: the first one may wait for memory that nobody has
 * touched yet, which is not what a busy session sees.
 */
#include <math.h>
#include <time.h>

#include "core/evaluation/sort_doubles.h"
#include "core/host.h"
#include "core/prediction_latency.h"

/* Microseconds of a clock that only goes forward. */
static double
now_microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

/* Microseconds of one prediction. */
static double
time_row(const HeldOutRows *rows, const HeldOutRow *row, Pipeline *pipeline)
{
	double fastest = INFINITY;

	for (int i = 0; i < 2; i++)
	{
		double start = now_microseconds();
		double took;

		pipeline_predict(pipeline, rows->texts.data + row->start, row->length, NULL);
		took = now_microseconds() - start;
		if (took < fastest)
			fastest = took;
	}
	return fastest;
}

double
prediction_latency(const HeldOutRows *rows, Pipeline *pipeline, uint64_t seed, double share)
{
	double *microseconds = host_allocate_array(double, LATENCY_MAX_ROWS);
	size_t n = 0;
	double median = NAN;

	for (uint32_t i = 0; i < rows->n_rows && n < LATENCY_MAX_ROWS; i++)
	{
		if (corpus_is_held_out(rows->rows[i].hash, seed, share))
			microseconds[n++] = time_row(rows, &rows->rows[i], pipeline);
		host_check_interrupts();
	}
	if (n > 0)
	{
		sort_doubles(microseconds, n);
		median = (microseconds[(n - 1) / 2] + microseconds[n / 2]) / 2;
	}
	host_free(microseconds);
	return median;
}
