/*
 * test_tree_shap.c
 *	  Shapley values of trees against their definition: the mean over all subsets of features.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/models/tree_shap.h"
#include "host.h"

#define N_FEATURES 6
#define MAX_NODES  512

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* A tree under construction. */
typedef struct RandomTree
{
	TreeNode nodes[MAX_NODES];
	uint32_t n_nodes;
	uint64_t random;
} RandomTree;

static double
draw(RandomTree *tree)
{
	return (double) (hash_mix(tree->random += 77) >> 11) * 0x1p-53;
}

/* Add random nodes; features come more than once on the way. */
static void
add_nodes(RandomTree *tree, uint32_t depth, float cover)
{
	TreeNode *node = &tree->nodes[tree->n_nodes++];
	float left_cover = cover * (float) (0.05 + 0.9 * draw(tree));

	node->cover = cover;
	if (depth == 0 || draw(tree) < 0.15)
	{
		node->feature = NODE_IS_LEAF;
		node->value = (float) (draw(tree) - 0.3);
		return;
	}
	node->feature = (uint32_t) (draw(tree) * N_FEATURES);
	node->feature |= draw(tree) < 0.5 ? NODE_MISSING_LEFT : 0;
	node->value = (float) draw(tree);
	add_nodes(tree, depth - 1, left_cover);
	add_nodes(tree, depth - 1, cover - left_cover);
}

static double
leaf_value(const void *context, const TreeNode *leaf)
{
	(void) context;
	return leaf->value;
}

/* What the tree says if only the features of the subset are known. */
static double
expected_output(const TreeNode *node, const float *values, uint32_t subset)
{
	const TreeNode *left = node + 1;
	const TreeNode *right = node + node->right;

	if (node_is_leaf(node))
		return node->value;
	if ((subset >> (node->feature & NODE_FEATURE_MASK) & 1) != 0)
		return expected_output(node_child(node, values), values, subset);
	return (left->cover * expected_output(left, values, subset) +
			right->cover * expected_output(right, values, subset)) /
		   ((double) left->cover + right->cover);
}

static double
factorial(uint32_t n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

/* The Shapley value of a feature by its definition. */
static double
shapley_value(const TreeNode *root, const float *values, uint32_t feature)
{
	double sum = 0;

	for (uint32_t subset = 0; subset < 1u << N_FEATURES; subset++)
	{
		uint32_t size = (uint32_t) __builtin_popcount(subset);

		if ((subset >> feature & 1) != 0)
			continue;
		sum += factorial(size) * factorial(N_FEATURES - size - 1) / factorial(N_FEATURES) *
			   (expected_output(root, values, subset | 1u << feature) -
				expected_output(root, values, subset));
	}
	return sum;
}

static void
test_definition(void **state)
{
	ShapWorkspace *workspace = tree_shap_prepare(host_allocate(tree_shap_workspace_size(8)), 8);

	(void) state;
	for (uint32_t trial = 0; trial < 200; trial++)
	{
		RandomTree tree = {.random = trial};
		double contributions[N_FEATURES] = {0};
		float values[N_FEATURES];
		double mean;

		add_nodes(&tree, trial % 9, 100);
		decision_tree_link(tree.nodes, tree.n_nodes);
		assert_null(decision_tree_validate(tree.nodes, tree.n_nodes, N_FEATURES, 8));
		for (uint32_t j = 0; j < N_FEATURES; j++)
			values[j] = draw(&tree) < 0.2 ? NAN : (float) draw(&tree);
		mean = tree_shap(workspace, tree.nodes, values, leaf_value, NULL, 2.5, contributions);
		assert_true(fabs(mean - 2.5 * expected_output(tree.nodes, values, 0)) < 1e-10);
		for (uint32_t j = 0; j < N_FEATURES; j++)
			assert_true(fabs(contributions[j] - 2.5 * shapley_value(tree.nodes, values, j)) < 1e-9);
	}
}

/* A tree as deep as can be, all by different features: the sum stays exact. */
static void
test_deep_tree(void **state)
{
	uint32_t depth = MAX_TREE_DEPTH;
	uint32_t n_nodes = 2 * depth + 1;
	TreeNode *nodes = host_allocate_zero_array(TreeNode, n_nodes);
	float *values = host_allocate_zero_array(float, depth);
	double *contributions = host_allocate_zero_array(double, depth);
	ShapWorkspace *workspace =
		tree_shap_prepare(host_allocate(tree_shap_workspace_size(depth)), depth);
	double sum;

	(void) state;
	for (uint32_t i = 0; i < depth; i++)
	{
		/* a split, whose left child is a leaf */
		nodes[2 * i] = (TreeNode){-1, i, 0, (float) (depth - i + 1)};
		nodes[2 * i + 1] = (TreeNode){(float) i, NODE_IS_LEAF, 0, 1};
		values[i] = i % 2 == 0 ? 1 : 2;
	}
	nodes[2 * depth] = (TreeNode){7, NODE_IS_LEAF, 0, 1};
	decision_tree_link(nodes, n_nodes);
	assert_null(decision_tree_validate(nodes, n_nodes, depth, depth));
	assert_non_null(decision_tree_validate(nodes, n_nodes, depth, depth - 1));
	sum = tree_shap(workspace, nodes, values, leaf_value, NULL, 1, contributions);
	for (uint32_t j = 0; j < depth; j++)
		sum += contributions[j];
	assert_true(fabs(sum - 7) < 1e-10);
}

/* Nodes that are no tree in preorder are found out. */
static void
test_validate(void **state)
{
	const TreeNode good[] = {{0.5f, 0, 4, 10},
							 {0.2f, 1, 2, 6},
							 {1, NODE_IS_LEAF, 0, 3},
							 {2, NODE_IS_LEAF, 0, 3},
							 {3, NODE_IS_LEAF, 0, 4}};
	TreeNode bad[6];

	(void) state;
	assert_null(decision_tree_validate(good, 5, 2, 2));
	assert_null(decision_tree_validate(good + 4, 1, 0, 0));
	assert_non_null(decision_tree_validate(good, 5, 2, 1));
	assert_non_null(decision_tree_validate(good, 5, 1, 2));
	assert_non_null(decision_tree_validate(good, 0, 2, 2));
	for (uint32_t n_nodes = 1; n_nodes < 5; n_nodes++)
		assert_non_null(decision_tree_validate(good, n_nodes, 2, 2));
	memcpy(bad, good, sizeof(good));
	bad[5] = good[4];
	assert_non_null(decision_tree_validate(bad, 6, 2, 2));
	for (uint32_t right = 0; right < 10; right++)
	{
		bad[0].right = right;
		assert_true((decision_tree_validate(bad, 5, 2, 2) == NULL) == (right == 4));
	}
	for (int i = 0; i < 5; i++)
	{
		const float covers[] = {0, -1, NAN, INFINITY};

		for (int j = 0; j < 4; j++)
		{
			memcpy(bad, good, sizeof(good));
			bad[i].cover = covers[j];
			assert_non_null(decision_tree_validate(bad, 5, 2, 2));
		}
	}
	memcpy(bad, good, sizeof(good));
	bad[0].value = NAN;
	assert_non_null(decision_tree_validate(bad, 5, 2, 2));
	bad[0].value = INFINITY;
	assert_null(decision_tree_validate(bad, 5, 2, 2));
	bad[2].feature |= 1;
	assert_non_null(decision_tree_validate(bad, 5, 2, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_definition, free_memory),
		cmocka_unit_test_teardown(test_deep_tree, free_memory),
		cmocka_unit_test_teardown(test_validate, free_memory),
	};

	return cmocka_run_group_tests_name("tree_shap", tests, NULL, NULL);
}
