/*
 * tfidf.c
 *	  Term frequency times inverse document frequency, normalized.
 */
#include <math.h>

#include "core/features/tfidf.h"

static const char *const norms[] = {"l2", "l1", "none", NULL};

const ParameterSpec tfidf_parameters[] = {
	{.name = "sublinear_tf",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(TfidfOptions, sublinear_tf),
	 .default_json = "true",
	 .meaning = "Take 1 + ln(count) of a term in a text instead of the count"},
	{.name = "norm",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(TfidfOptions, norm),
	 .default_json = "\"l2\"",
	 .choices = norms,
	 .meaning = "Length to which the weights of a text are scaled"},
};
const size_t n_tfidf_parameters = sizeof(tfidf_parameters) / sizeof(tfidf_parameters[0]);

/* Most counts are 1, and few are beyond this. */
#define N_KNOWN_LOGARITHMS 32

static const double logarithms[N_KNOWN_LOGARITHMS + 1] = {0,
														  0.0,
														  0.69314718055994530942,
														  1.09861228866810969140,
														  1.38629436111989061883,
														  1.60943791243410037460,
														  1.79175946922805500081,
														  1.94591014905531330511,
														  2.07944154167983592825,
														  2.19722457733621938279,
														  2.30258509299404568402,
														  2.39789527279837054406,
														  2.48490664978800031023,
														  2.56494935746153673605,
														  2.63905732961525861452,
														  2.70805020110221006599,
														  2.77258872223978123767,
														  2.83321334405621608024,
														  2.89037175789616469221,
														  2.94443897916644046000,
														  2.99573227355399099344,
														  3.04452243772342299650,
														  3.09104245335831585347,
														  3.13549421592914969081,
														  3.17805383034794561964,
														  3.21887582486820074920,
														  3.25809653802148204547,
														  3.29583686600432907419,
														  3.33220451017520392394,
														  3.36729582998647402718,
														  3.40119738166215537541,
														  3.43398720448514624593,
														  3.46573590279972654709};

/* Term frequency of a count. */
static inline double
term_frequency(const TfidfOptions *options, float count)
{
	if (!options->sublinear_tf)
		return count;
	if (count <= N_KNOWN_LOGARITHMS)
		return 1.0 + logarithms[(int) count];
	return 1.0 + log(count);
}

void
tfidf_weigh(const TfidfOptions *options, uint32_t n_terms, float *counts, const float *idfs)
{
	double total = 0;
	double scale = 1;

	for (uint32_t i = 0; i < n_terms; i++)
	{
		double weight = term_frequency(options, counts[i]) * idfs[i];

		total += options->norm == NORM_L2 ? weight * weight : fabs(weight);
		counts[i] = (float) weight;
	}
	if (options->norm == NORM_NONE || total == 0)
		return;
	scale = 1.0 / (options->norm == NORM_L2 ? sqrt(total) : total);
	for (uint32_t i = 0; i < n_terms; i++)
		counts[i] = (float) (counts[i] * scale);
}
