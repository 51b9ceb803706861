/*
 * hypervolume.h
 *	  The volume that points dominate, down to a reference point.
 *
 * It is exact for any number of objectives (larger is better): a sweep for two, slices for three, and
 * the exclusive volumes of While et al. 2012 ("A fast way of calculating exact hypervolumes",
 * https://doi.org/10.1109/TEVC.2010.2077298) for more. What a point has below the reference counts
 * nothing; objectives are finite.
 */
#ifndef SENTIMENT_HYPERVOLUME_H
#define SENTIMENT_HYPERVOLUME_H

#include <stddef.h>
#include <stdint.h>

/* points: (n_points, n_objectives); reference: (n_objectives) */
extern double hypervolume(const double *points, size_t n_points, uint32_t n_objectives,
						  const double *reference);

/* What each point adds to the volume of the others. contributions: (n_points) */
extern void hypervolume_contributions(const double *points, size_t n_points, uint32_t n_objectives,
									  const double *reference, double *contributions);

/*
 * Choose n_chosen of the points so that their volume is large: greedily, which is within 1 - 1/e of the
 * largest (Guerreiro et al. 2016, https://doi.org/10.1162/EVCO_a_00188). chosen: (n_chosen) indices in
 * the order of the choice
 */
extern void hypervolume_select(const double *points, size_t n_points, uint32_t n_objectives,
							   const double *reference, size_t n_chosen, size_t *chosen);

/*
 * A reference for points: somewhat worse than the worst of each objective, as Optuna takes it.
 * reference: (n_objectives)
 */
extern void hypervolume_reference(const double *points, size_t n_points, uint32_t n_objectives,
								  double *reference);

#endif /* SENTIMENT_HYPERVOLUME_H */
