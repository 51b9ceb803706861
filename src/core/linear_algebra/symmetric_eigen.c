/*
 * symmetric_eigen.c
 *	  Eigenvalues and eigenvectors of a small symmetric matrix.
 */
#include <limits.h>
#include <math.h>

#include "core/host.h"
#include "core/linear_algebra/blas.h"
#include "core/linear_algebra/symmetric_eigen.h"

/* Rows beyond which the sizes of the work arrays would not fit into LAPACK's integers. */
#define MAX_ROWS 32000

void
symmetric_eigen(uint32_t n, double *matrix, double *values)
{
	const Blas *blas = blas_load(1);
	int order = (int) n;
	int work_size;
	int integer_work_size;
	int info = 0;
	double *work;
	int *integer_work;

	if (n > MAX_ROWS)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL,
				   "a symmetric matrix of %u rows is too large to decompose", n);
	work_size = 1 + 6 * order + 2 * order * order;
	integer_work_size = 3 + 5 * order;
	work = host_allocate_array(double, work_size);
	integer_work = host_allocate_array(int, integer_work_size);
	host_check_interrupts();
	blas->dsyevd("V", "U", &order, matrix, &order, values, work, &work_size, integer_work,
				 &integer_work_size, &info, 1, 1);
	if (info != 0)
		host_error(HOST_ERROR_INTERNAL, NULL, NULL,
				   "the eigenvalues of a matrix could not be computed: dsyevd answered %d", info);
	host_free(work);
	host_free(integer_work);
	host_check_interrupts();
}
