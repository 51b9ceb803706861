/*
 * domain_classifier.c
 *	  Whether a classifier can tell rows of one side from rows of another.
 */
#include <math.h>
#include <string.h>

#include "core/drift/domain_classifier.h"
#include "core/drift/hypothesis_tests.h"
#include "core/drift/repetition.h"
#include "core/evaluation/distributions.h"
#include "core/evaluation/sort_doubles.h"
#include "core/host.h"
#include "core/linear_algebra/instruction_set.h"

/* Newton steps: the penalized problem is smooth, and its classes are weighted to balance. */
#define N_STEPS 8

/* After a change of no weight by more than this, it has converged: Newton's steps square it. */
#define SMALLEST_CHANGE 1e-8

/* Penalty of a squared weight, per row: keeps separable sides from infinite weights. */
#define PENALTY 1e-3

/* Standardized values are cut here: a single huge number shall not decide a weight. */
#define LARGEST_VALUE 5

/* Fewest rows of either side in a half. */
#define MIN_HALF_ROWS 25

/* Rows between two checks for interrupts. */
#define INTERRUPT_INTERVAL 64

/* One half of the rows of both sides. */
typedef struct Half
{
	size_t n_rows;
	double *rows;    /* (n_rows, n_columns), the last column 1 */
	double *sides;   /* (n_rows) 0: reference, 1: current */
	uint64_t *texts; /* (n_rows) their hashes */
	size_t n_current;
} Half;

/* The problem. */
typedef struct Domain
{
	size_t n_columns;
	Half halves[2];
} Domain;

/* The half of a text. */
static inline uint32_t
half_of(uint64_t text)
{
	return (uint32_t) text & 1;
}

/* Add a sample's rows of a half: which it is, the text decides, so that no copy of what was learned is tested. */
static void
take_rows(Domain *domain, Half *half, const RowSample *sample, uint32_t which, double side,
		  const unsigned char *is_count)
{
	float values[MAX_SAMPLE_VALUES];

	for (uint32_t i = 0; i < sample->n_rows; i++)
	{
		double *row = half->rows + half->n_rows * domain->n_columns;
		uint64_t text = row_sample_text(sample, i);

		if (half_of(text) != which)
			continue;

		row_sample_values(sample, i, values);
		for (uint32_t j = 0; j < sample->n_values; j++)
			row[j] = is_count[j] ? log1p(fmax(values[j], 0)) : values[j];
		for (uint32_t j = 0; j < sample->n_values; j++)
		{
			/* fmax has taken a missing count for 0 */
			if (isnan(values[j]))
				row[j] = NAN;
		}
		row[sample->n_values] = 1;
		half->texts[half->n_rows] = text;
		half->sides[half->n_rows++] = side;
		half->n_current += side > 0;
	}
}

/* Mean and deviation of a column in a half, of the values that are there. */
static void
column_scale(const Domain *domain, const Half *half, size_t column, double *mean, double *deviation)
{
	double sum = 0;
	double squares = 0;
	size_t n = 0;

	for (size_t i = 0; i < half->n_rows; i++)
	{
		double value = half->rows[i * domain->n_columns + column];

		sum += isnan(value) ? 0 : value;
		n += !isnan(value);
	}
	*mean = n == 0 ? 0 : sum / (double) n;
	for (size_t i = 0; i < half->n_rows; i++)
	{
		double value = half->rows[i * domain->n_columns + column] - *mean;

		squares += isnan(value) ? 0 : value * value;
	}
	*deviation = n == 0 ? 0 : sqrt(squares / (double) n);
}

/* Standardize a column in both halves by the figures of one; a missing value becomes the mean. */
static void
standardize(Domain *domain, const Half *by)
{
	for (size_t column = 0; column + 1 < domain->n_columns; column++)
	{
		double mean;
		double deviation;

		host_check_interrupts();
		column_scale(domain, by, column, &mean, &deviation);
		for (int h = 0; h < 2; h++)
		{
			for (size_t i = 0; i < domain->halves[h].n_rows; i++)
			{
				double *value = &domain->halves[h].rows[i * domain->n_columns + column];

				*value = deviation > 0 && !isnan(*value) ? (*value - mean) / deviation : 0;
				*value = fmin(fmax(*value, -LARGEST_VALUE), LARGEST_VALUE);
			}
		}
	}
}

/* The inner product of a row and the weights. */
static double
row_score(const Domain *domain, const double *row, const double *weights)
{
	double score = 0;

	for (size_t j = 0; j < domain->n_columns; j++)
		score += row[j] * weights[j];
	return score;
}

/* Add a row's products to the lower triangle of the Hessian: number by number, so all sets of instructions agree. */
KERNEL_BODY void
add_products_body(double *restrict hessian, size_t n, const double *restrict row, double curvature)
{
	for (size_t j = 0; j < n; j++)
	{
		double scaled = curvature * row[j];

		for (size_t k = 0; k <= j; k++)
			hessian[j * n + k] += scaled * row[k];
	}
}

typedef void (*AddProducts)(double *hessian, size_t n, const double *row, double curvature);

static void
add_products_portable(double *hessian, size_t n, const double *row, double curvature)
{
	add_products_body(hessian, n, row, curvature);
}

#ifdef HAVE_X86_KERNELS
TARGET_AVX2 static void
add_products_avx2(double *hessian, size_t n, const double *row, double curvature)
{
	add_products_body(hessian, n, row, curvature);
}
#endif

/* The function for the processor at hand. */
static AddProducts
choose_add_products(void)
{
#ifdef HAVE_X86_KERNELS
	if (instruction_set() != INSTRUCTIONS_PORTABLE)
		return add_products_avx2;
#endif
	return add_products_portable;
}

/* Add a row's part of gradient and Hessian. */
static inline void
add_row(const Domain *domain, const double *row, double side, double weight, const double *weights,
		AddProducts add_products, double *gradient, double *hessian)
{
	double probability = 1 / (1 + exp(-row_score(domain, row, weights)));
	double curvature = weight * fmax(probability * (1 - probability), 1e-6);
	double residual = weight * (probability - side);

	for (size_t j = 0; j < domain->n_columns; j++)
		gradient[j] += residual * row[j];
	add_products(hessian, domain->n_columns, row, curvature);
}

/* Fit logistic regression to a half, both sides weighing the same. weights: (n_columns) */
static void
fit(const Domain *domain, const Half *half, double *weights)
{
	size_t n = domain->n_columns;
	double *gradient = host_allocate_array(double, n);
	double *hessian = host_allocate_array(double, n *n);
	double n_rows = (double) half->n_rows;
	double of_current = n_rows / (2 * (double) half->n_current);
	double of_reference = n_rows / (2 * (n_rows - (double) half->n_current));
	AddProducts add_products = choose_add_products();

	memset(weights, 0, n * sizeof(double));
	for (int step = 0; step < N_STEPS; step++)
	{
		double largest = 0;

		memset(gradient, 0, n * sizeof(double));
		memset(hessian, 0, n * n * sizeof(double));
		for (size_t i = 0; i < half->n_rows; i++)
		{
			if (i % INTERRUPT_INTERVAL == 0)
				host_check_interrupts();
			add_row(domain, half->rows + i * n, half->sides[i],
					half->sides[i] > 0 ? of_current : of_reference, weights, add_products, gradient,
					hessian);
		}
		for (size_t j = 0; j < n; j++)
		{
			gradient[j] += PENALTY * n_rows * weights[j];
			hessian[j * n + j] += PENALTY * n_rows;
		}
		if (!cholesky_decompose(hessian, n))
			break;
		cholesky_solve(hessian, n, gradient);
		for (size_t j = 0; j < n; j++)
		{
			weights[j] -= gradient[j];
			largest = fmax(largest, fabs(gradient[j]));
		}
		/* the next step's would be about the square of it */
		if (largest < SMALLEST_CHANGE)
			break;
	}
	host_free(gradient);
	host_free(hessian);
}

/*
 * Area under the ROC curve of sorted scores of both sides, and the variance that it has if they do not
 * differ, corrected for ties.
 */
static double
sorted_area(const double *reference, size_t n, const double *current, size_t m, double *variance)
{
	double sum = 0; /* of the ranks of the current ones, less what they have among themselves */
	double ties = 0;
	double total = (double) n + (double) m;
	size_t i = 0;
	size_t j = 0;

	while (i < n || j < m)
	{
		double score = i == n || (j < m && current[j] < reference[i]) ? current[j] : reference[i];
		size_t from_i = i;
		size_t from_j = j;
		double equal;

		while (i < n && reference[i] == score)
			i++;
		while (j < m && current[j] == score)
			j++;
		sum += (double) (j - from_j) * ((double) from_i + (double) (i - from_i) / 2);
		equal = (double) (i - from_i) + (double) (j - from_j);
		ties += equal * (equal * equal - 1);
	}
	*variance = (total + 1 - ties / (total * (total - 1))) / (12 * (double) n * (double) m);
	return sum / ((double) n * (double) m);
}

/* By how much more than that of independent rows the area of a half varies, since texts repeat. */
static double
variance_inflation(const Half *half)
{
	size_t n_reference = half->n_rows - half->n_current;
	uint64_t *reference = host_allocate_array(uint64_t, n_reference + 1);
	uint64_t *current = host_allocate_array(uint64_t, half->n_current + 1);
	size_t n = 0;
	size_t m = 0;
	Repetition repetition;

	for (size_t i = 0; i < half->n_rows; i++)
	{
		if (half->sides[i] > 0)
			current[m++] = half->texts[i];
		else
			reference[n++] = half->texts[i];
	}
	repetition = repetition_of_texts(reference, n, current, m);
	host_free(reference);
	host_free(current);
	return (1 / effective_rows((double) n, repetition.reference) +
			1 / effective_rows((double) m, repetition.current)) /
		   (1 / (double) n + 1 / (double) m);
}

/* The area of a half under weights of the other, and its p-value. */
static DomainTest
test_half(const Domain *domain, const Half *half, const double *weights)
{
	size_t n_reference = half->n_rows - half->n_current;
	double *reference = host_allocate_array(double, n_reference + 1);
	double *current = host_allocate_array(double, half->n_current + 1);
	size_t n = 0;
	size_t m = 0;
	double variance;
	DomainTest test;

	for (size_t i = 0; i < half->n_rows; i++)
	{
		double score = row_score(domain, half->rows + i * domain->n_columns, weights);

		if (half->sides[i] > 0)
			current[m++] = score;
		else
			reference[n++] = score;
	}
	sort_doubles(reference, n);
	sort_doubles(current, m);
	test.area = sorted_area(reference, n, current, m, &variance);
	variance *= variance_inflation(half);
	test.p_value = variance > 0 ? normal_survival((test.area - 0.5) / sqrt(variance)) : 1;
	host_free(reference);
	host_free(current);
	return test;
}

/* Fill the halves of a problem, anew for each direction: scaling is by the half that is learned from. */
static void
fill_halves(Domain *domain, const RowSample *reference, const RowSample *current,
			const unsigned char *is_count)
{
	for (uint32_t h = 0; h < 2; h++)
	{
		domain->halves[h].n_rows = 0;
		domain->halves[h].n_current = 0;
		take_rows(domain, &domain->halves[h], reference, h, 0, is_count);
		take_rows(domain, &domain->halves[h], current, h, 1, is_count);
	}
}

/* How many rows of a sample are in a half. */
static size_t
rows_of_half(const RowSample *sample, uint32_t which)
{
	size_t n_rows = 0;

	for (uint32_t i = 0; i < sample->n_rows; i++)
		n_rows += half_of(row_sample_text(sample, i)) == which;
	return n_rows;
}

/* Make room for the halves; answers whether both have enough rows of both sides. */
static bool
make_halves(Domain *domain, const RowSample *reference, const RowSample *current)
{
	bool is_enough = reference->n_rows >= MIN_DOMAIN_ROWS && current->n_rows >= MIN_DOMAIN_ROWS;

	for (uint32_t h = 0; h < 2; h++)
	{
		size_t n = rows_of_half(reference, h);
		size_t m = rows_of_half(current, h);

		is_enough = is_enough && n >= MIN_HALF_ROWS && m >= MIN_HALF_ROWS;
		domain->halves[h].rows = host_allocate_array(double, (n + m + 1) * domain->n_columns);
		domain->halves[h].sides = host_allocate_array(double, n + m + 1);
		domain->halves[h].texts = host_allocate_array(uint64_t, n + m + 1);
	}
	return is_enough;
}

/* Free them. */
static void
free_halves(Domain *domain)
{
	for (int h = 0; h < 2; h++)
	{
		host_free(domain->halves[h].rows);
		host_free(domain->halves[h].sides);
		host_free(domain->halves[h].texts);
	}
}

DomainTest
domain_classifier_test(const RowSample *reference, const RowSample *current,
					   const unsigned char *is_count)
{
	Domain domain = {.n_columns = (size_t) reference->n_values + 1};
	double *weights;
	DomainTest tests[2];

	if (!make_halves(&domain, reference, current))
	{
		free_halves(&domain);
		return (DomainTest){NAN, NAN};
	}
	weights = host_allocate_array(double, domain.n_columns);
	for (int h = 0; h < 2; h++)
	{
		fill_halves(&domain, reference, current, is_count);
		standardize(&domain, &domain.halves[h]);
		fit(&domain, &domain.halves[h], weights);
		tests[h] = test_half(&domain, &domain.halves[1 - h], weights);
	}
	free_halves(&domain);
	host_free(weights);
	return (DomainTest){(tests[0].area + tests[1].area) / 2,
						fmin(1, 2 * fmin(tests[0].p_value, tests[1].p_value))};
}
