/*
 * tree_shap.c
 *	  Exact Shapley values for decision trees.
 *
 * If every feature is known with the probability t, independently, the weight of a leaf is the
 * product over the features on its way of
 *
 *		(1 - t) * zero + t * one
 *
 * where zero is the share of the training rows that stay on the way at the feature's splits, and
 * one is 1 if the row itself stays on it, else 0. A feature's Shapley value is the integral over t,
 * from 0 to 1, of the derivative of the expected output by that feature's own probability (Owen
 * 1972): the sum over leaves of output times (one - zero) times the product of the other features'
 * factors. That is a polynomial in t of a degree below the number of features, so a Gauss-Legendre
 * sum over half as many points is exact. All factors are positive and none has to be taken out by
 * subtraction, so it is precise for deep trees, too, where the recurrences of the original TreeSHAP
 * are not.
 *
 * At each point the outputs times weights of the leaves below an edge are summed up once, and
 * divided by the edge's factor: each node takes a time in the number of points. A feature that is
 * split again has its whole factor at the deepest edge; what the edge above counted for those
 * leaves is taken back.
 */
#include <math.h>

#include "core/models/tree_shap.h"

/* Smallest share that is not 0: keeps factors positive whatever the covers are. */
#define MIN_FRACTION 1e-200

/* An edge on the way from the root, with all splits of its feature so far. */
typedef struct ShapEdge
{
	uint32_t feature;
	double zero;
	double one;
} ShapEdge;

struct ShapWorkspace
{
	uint32_t n_points;
	ShapEdge *path;   /* (max_depth + 1) edge into the node of each depth; 0: none */
	double *points;   /* (n_points) t */
	double *weights;  /* (n_points) */
	double *products; /* (max_depth + 1, n_points) weight of the node of each depth */
	double *inverses; /* (max_depth + 1, n_points) 1 / factor of the edge into it */
	double *sums;     /* (max_depth + 1, n_points) outputs times weights of the leaves below it */
};

typedef struct ShapWalk
{
	ShapWorkspace *workspace;
	const float *values;
	ShapLeafOutput leaf_output;
	const void *context;
	double scale;
	double *contributions;
	double mean;
} ShapWalk;

/* Points for polynomials of a degree below max_depth. */
static uint32_t
points_for(uint32_t max_depth)
{
	return max_depth / 2 + 1;
}

size_t
tree_shap_workspace_size(uint32_t max_depth)
{
	size_t n_nodes = (size_t) max_depth + 1;

	return sizeof(ShapWorkspace) + sizeof(ShapEdge) * n_nodes +
		   sizeof(double) * points_for(max_depth) * (2 + 3 * n_nodes);
}

/* The Legendre polynomial of a degree, and its derivative, at x. */
static double
legendre(uint32_t degree, double x, double *derivative)
{
	double before = 1;
	double value = x;

	for (uint32_t k = 2; k <= degree; k++)
	{
		double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;

		before = value;
		value = next;
	}
	*derivative = degree * (x * value - before) / (x * x - 1);
	return value;
}

/* Points and weights of the Gauss-Legendre sum from 0 to 1. */
static void
compute_points(uint32_t n_points, double *points, double *weights)
{
	for (uint32_t i = 0; i < n_points; i++)
	{
		double x = cos(M_PI * (i + 0.75) / (n_points + 0.5));
		double derivative;

		/* Newton's method; each step doubles the digits */
		for (int step = 0; step < 6; step++)
		{
			double value = legendre(n_points, x, &derivative);

			x -= value / derivative;
		}
		legendre(n_points, x, &derivative);
		points[i] = (1 + x) / 2;
		weights[i] = 1 / ((1 - x * x) * derivative * derivative);
	}
}

ShapWorkspace *
tree_shap_prepare(void *memory, uint32_t max_depth)
{
	ShapWorkspace *workspace = memory;
	size_t n_nodes = (size_t) max_depth + 1;
	uint32_t n_points = points_for(max_depth);

	workspace->n_points = n_points;
	workspace->path = (ShapEdge *) (workspace + 1);
	workspace->points = (double *) (workspace->path + n_nodes);
	workspace->weights = workspace->points + n_points;
	workspace->products = workspace->weights + n_points;
	workspace->inverses = workspace->products + n_nodes * n_points;
	workspace->sums = workspace->inverses + n_nodes * n_points;
	compute_points(n_points, workspace->points, workspace->weights);
	return workspace;
}

/* The edge above depth that splits the same feature, or 0. */
static uint32_t
find_edge(const ShapWorkspace *workspace, uint32_t depth, uint32_t feature)
{
	while (depth > 0 && workspace->path[depth].feature != feature)
		depth--;
	return depth;
}

/* Put an edge into the node of depth on the path. above: the feature's edge before it, or 0 */
static void
enter_edge(ShapWorkspace *workspace, uint32_t depth, uint32_t feature, double fraction, bool hot,
		   uint32_t above)
{
	uint32_t n_points = workspace->n_points;
	ShapEdge *edge = &workspace->path[depth];
	const double *parents = workspace->products + (size_t) (depth - 1) * n_points;
	const double *taken = workspace->inverses + (size_t) above * n_points;
	double *products = workspace->products + (size_t) depth * n_points;
	double *inverses = workspace->inverses + (size_t) depth * n_points;

	edge->feature = feature;
	edge->zero = fmax(fraction * (above > 0 ? workspace->path[above].zero : 1), MIN_FRACTION);
	edge->one = hot ? (above > 0 ? workspace->path[above].one : 1) : 0;
	for (uint32_t q = 0; q < n_points; q++)
	{
		double factor = edge->zero + workspace->points[q] * (edge->one - edge->zero);

		/* the inverses of edge 0 are 1 */
		products[q] = parents[q] * taken[q] * factor;
		inverses[q] = 1 / factor;
	}
}

/* What the leaves below the node of depth make of an edge on the way to it. */
static double
edge_contribution(const ShapWorkspace *workspace, uint32_t depth, uint32_t edge)
{
	uint32_t n_points = workspace->n_points;
	const double *inverses = workspace->inverses + (size_t) edge * n_points;
	const double *sums = workspace->sums + (size_t) depth * n_points;
	double integral = 0;

	for (uint32_t q = 0; q < n_points; q++)
		integral += workspace->weights[q] * sums[q] * inverses[q];
	return integral * (workspace->path[edge].one - workspace->path[edge].zero);
}

/* Visit a node. share: of the training rows that come here */
static void
visit(ShapWalk *walk, const TreeNode *node, uint32_t depth, double share)
{
	ShapWorkspace *workspace = walk->workspace;
	uint32_t n_points = workspace->n_points;
	double *sums = workspace->sums + (size_t) depth * n_points;
	const double *products = workspace->products + (size_t) depth * n_points;
	const TreeNode *children[2] = {node + 1, node + node->right};
	uint32_t feature = node->feature & NODE_FEATURE_MASK;
	double cover;
	uint32_t above;
	int hot;

	if (node_is_leaf(node))
	{
		double output = walk->scale * walk->leaf_output(walk->context, node);

		walk->mean += share * output;
		for (uint32_t q = 0; q < n_points; q++)
			sums[q] = products[q] * output;
		return;
	}
	for (uint32_t q = 0; q < n_points; q++)
		sums[q] = 0;
	/* the children's own sum, so that their shares sum up to 1 whatever was rounded */
	cover = (double) children[0]->cover + children[1]->cover;
	hot = node_goes_left(node, walk->values) ? 0 : 1;
	above = find_edge(workspace, depth, feature);
	for (int side = 0; side < 2; side++)
	{
		double fraction = children[side]->cover / cover;
		const double *child_sums = sums + n_points;

		enter_edge(workspace, depth + 1, feature, fraction, side == hot, above);
		visit(walk, children[side], depth + 1, share * fraction);
		walk->contributions[feature] += edge_contribution(workspace, depth + 1, depth + 1);
		if (above > 0)
			walk->contributions[feature] -= edge_contribution(workspace, depth + 1, above);
		for (uint32_t q = 0; q < n_points; q++)
			sums[q] += child_sums[q];
	}
}

double
tree_shap(ShapWorkspace *workspace, const TreeNode *root, const float *values,
		  ShapLeafOutput leaf_output, const void *context, double scale, double *contributions)
{
	ShapWalk walk = {workspace, values, leaf_output, context, scale, contributions, 0};

	for (uint32_t q = 0; q < workspace->n_points; q++)
	{
		workspace->products[q] = 1;
		workspace->inverses[q] = 1;
	}
	visit(&walk, root, 0, 1);
	return walk.mean;
}
