/*
 * tree_ensemble.c
 *	  Many decision trees as a section of a model image.
 *
 * The scratch memory of a classifier of this sort holds a row's values (zero between two uses), the
 * contributions of all features, and the workspace of an explanation.
 */
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/model_image.h"
#include "core/models/tree_ensemble.h"
#include "core/models/tree_shap.h"

_Static_assert(sizeof(TreeEnsembleHeader) == 32, "the layout is part of the format");
_Static_assert(sizeof(TreeNode) == 16, "the layout is part of the format");
_Static_assert(sizeof(LeafShare) == 8, "the layout is part of the format");

/* Where the parts of a section start. */
typedef struct SectionLayout
{
	size_t baselines;
	size_t importances;
	size_t tree_starts;
	size_t nodes;
	size_t shares;
	size_t end;
} SectionLayout;

/* Round up to where a part may start. */
static inline size_t
aligned(size_t offset)
{
	return (offset + 15) & ~(size_t) 15;
}

/* No overflow: every count is below 2^32. */
static SectionLayout
section_layout(const TreeEnsembleHeader *header)
{
	SectionLayout layout = {.baselines = sizeof(TreeEnsembleHeader)};

	layout.importances = aligned(layout.baselines + sizeof(double) * header->n_baselines);
	layout.tree_starts = aligned(layout.importances + sizeof(float) * header->n_features);
	layout.nodes = aligned(layout.tree_starts + sizeof(uint32_t) * ((size_t) header->n_trees + 1));
	layout.shares = layout.nodes + sizeof(TreeNode) * header->n_nodes;
	layout.end = layout.shares + sizeof(LeafShare) * header->n_shares;
	return layout;
}

size_t
tree_ensemble_size(uint32_t n_features, uint32_t n_baselines, uint32_t n_trees, uint32_t n_nodes,
				   uint32_t n_shares)
{
	TreeEnsembleHeader header = {.n_features = n_features,
								 .n_baselines = n_baselines,
								 .n_trees = n_trees,
								 .n_nodes = n_nodes,
								 .n_shares = n_shares};

	return section_layout(&header).end;
}

void
tree_ensemble_begin(TreeEnsembleWriter *writer, ByteBuffer *image, uint32_t n_features,
					uint32_t n_classes, uint32_t n_baselines, uint32_t max_trees)
{
	size_t head;

	*writer = (TreeEnsembleWriter){.header = {.n_features = n_features,
											  .n_classes = n_classes,
											  .n_baselines = n_baselines,
											  .n_trees = max_trees},
								   .image = image,
								   .start = image->length};
	head = section_layout(&writer->header).nodes;
	memset(buffer_extend(image, head), 0, head);
	writer->header.n_trees = 0;
}

/* The starts of the trees, where the buffer now is. */
static uint32_t *
writer_tree_starts(const TreeEnsembleWriter *writer)
{
	return (uint32_t *) (writer->image->data + writer->start +
						 section_layout(&writer->header).tree_starts);
}

/* Splits on the way to the deepest leaf. */
static uint32_t
depth_of(const TreeNode *nodes, uint32_t n_nodes)
{
	uint32_t open[MAX_TREE_DEPTH];
	uint32_t n_open = 0;
	uint32_t depth = 0;
	uint32_t deepest = 0;

	for (uint32_t i = 0; i < n_nodes; i++)
	{
		if (!node_is_leaf(&nodes[i]))
		{
			open[n_open++] = depth++;
			deepest = depth > deepest ? depth : deepest;
		}
		else if (n_open > 0)
			depth = open[--n_open] + 1;
	}
	return deepest;
}

/*
 * As image_check_size, but say what makes trees smaller. Keeps 32-bit counts far from overflow,
 * too.
 */
static void
check_image_size(size_t size)
{
	if (size > IMAGE_MAX_SIZE)
		host_error(HOST_ERROR_LIMIT_EXCEEDED,
				   "A stored image may not pass 256 MB, so that it can be dumped and restored.",
				   "Lower the number of trees or max_depth, or raise min_samples_leaf.",
				   "the trees would take more than %zu MB", IMAGE_MAX_SIZE / (1024 * 1024));
}

void
tree_ensemble_add(TreeEnsembleWriter *writer, const TreeNode *nodes, uint32_t n_nodes,
				  const LeafShare *shares, uint32_t n_shares)
{
	TreeEnsembleHeader *header = &writer->header;
	size_t size = sizeof(TreeNode) * (size_t) n_nodes;
	uint32_t depth = depth_of(nodes, n_nodes);
	TreeNode *copy;

	check_image_size(writer->image->length + size + writer->shares.length +
					 sizeof(LeafShare) * (size_t) n_shares);
	copy = buffer_extend(writer->image, size);
	memcpy(copy, nodes, size);
	for (uint32_t i = 0; n_shares > 0 && i < n_nodes; i++)
	{
		if (node_is_leaf(&copy[i]))
			set_leaf_share_start(&copy[i], leaf_share_start(&copy[i]) + header->n_shares);
	}
	if (n_shares > 0)
		buffer_append(&writer->shares, shares, sizeof(LeafShare) * (size_t) n_shares);
	header->n_trees++;
	header->n_nodes += n_nodes;
	header->n_shares += n_shares;
	header->max_depth = depth > header->max_depth ? depth : header->max_depth;
	writer_tree_starts(writer)[header->n_trees] = header->n_nodes;
}

/* Close the gap that trees leave which never came. */
static void
close_gap(TreeEnsembleWriter *writer)
{
	char *section = writer->image->data + writer->start;
	size_t nodes = section_layout(&writer->header).nodes;
	size_t size = sizeof(TreeNode) * writer->header.n_nodes;
	size_t written = writer->image->length - writer->start - size;

	memmove(section + nodes, section + written, size);
	writer->image->length -= written - nodes;
}

void
tree_ensemble_finish(TreeEnsembleWriter *writer, const double *baselines, const double *importances)
{
	SectionLayout layout = section_layout(&writer->header);
	char *section;
	double sum = 0;

	close_gap(writer);
	if (writer->shares.length > 0)
		buffer_append(writer->image, writer->shares.data, writer->shares.length);
	buffer_reset(&writer->shares);
	section = writer->image->data + writer->start;
	memcpy(section, &writer->header, sizeof(writer->header));
	if (writer->header.n_baselines > 0)
		memcpy(section + layout.baselines, baselines, sizeof(double) * writer->header.n_baselines);
	for (uint32_t f = 0; f < writer->header.n_features; f++)
		sum += importances[f];
	for (uint32_t f = 0; f < writer->header.n_features; f++)
		((float *) (section + layout.importances))[f] =
			sum > 0 ? (float) (importances[f] / sum) : 0;
}

/* The parts of a section whose header was read and whose length was checked. */
static TreeEnsemble
ensemble_at(const char *section, const TreeEnsembleHeader *header)
{
	SectionLayout layout = section_layout(header);

	return (TreeEnsemble){*header,
						  (const double *) (section + layout.baselines),
						  (const float *) (section + layout.importances),
						  (const uint32_t *) (section + layout.tree_starts),
						  (const TreeNode *) (section + layout.nodes),
						  (const LeafShare *) (section + layout.shares)};
}

TreeEnsemble
tree_ensemble_open(const Classifier *classifier)
{
	TreeEnsembleHeader header;

	memcpy(&header, classifier->bytes, sizeof(header));
	return ensemble_at(classifier->bytes, &header);
}

/* Check the numbers before the trees. */
static const char *
validate_numbers(const TreeEnsemble *ensemble)
{
	for (uint32_t k = 0; k < ensemble->header.n_baselines; k++)
	{
		if (!isfinite(ensemble->baselines[k]))
			return "A baseline of the trees is not a finite number.";
	}
	for (uint32_t f = 0; f < ensemble->header.n_features; f++)
	{
		if (!(ensemble->importances[f] >= 0 && ensemble->importances[f] <= 1))
			return "An importance of the trees is not between 0 and 1.";
	}
	return NULL;
}

/* Check every tree. */
static const char *
validate_trees(const TreeEnsemble *ensemble)
{
	const TreeEnsembleHeader *header = &ensemble->header;
	const uint32_t *starts = ensemble->tree_starts;

	if (starts[0] != 0 || starts[header->n_trees] != header->n_nodes)
		return "The trees are not as many nodes as they should be.";
	for (uint32_t t = 0; t < header->n_trees; t++)
	{
		const char *problem;

		if (starts[t + 1] <= starts[t] || starts[t + 1] > header->n_nodes)
			return "A tree lies outside of the trees.";
		problem = decision_tree_validate(ensemble->nodes + starts[t], starts[t + 1] - starts[t],
										 header->n_features, header->max_depth);
		if (problem != NULL)
			return problem;
	}
	return NULL;
}

const char *
tree_ensemble_validate(const Classifier *classifier, uint32_t n_baselines, TreeEnsemble *ensemble)
{
	TreeEnsembleHeader header;
	const char *problem;

	if (classifier->length < sizeof(header))
		return "The trees are shorter than their header.";
	memcpy(&header, classifier->bytes, sizeof(header));
	if (classifier->n_classes < 2 || classifier->n_classes > MAX_CLASSES)
		return "The number of classes is not within the limits.";
	if (header.n_features != classifier->n_features || header.n_classes != classifier->n_classes ||
		header.n_baselines != n_baselines || header.reserved != 0)
		return "The trees do not fit the features and classes of the model.";
	if (header.max_depth > MAX_TREE_DEPTH || header.n_trees == 0)
		return "The trees are too deep or none at all.";
	if (classifier->length != section_layout(&header).end)
		return "The trees have not the length that their header says.";
	*ensemble = ensemble_at(classifier->bytes, &header);
	problem = validate_numbers(ensemble);
	return problem != NULL ? problem : validate_trees(ensemble);
}

/* Where the parts of the scratch memory start. */
typedef struct ScratchLayout
{
	size_t contributions;
	size_t workspace;
	size_t end;
} ScratchLayout;

static ScratchLayout
scratch_layout(const Classifier *classifier)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);
	ScratchLayout layout;

	layout.contributions = aligned(sizeof(float) * classifier->n_features);
	layout.workspace = aligned(layout.contributions + sizeof(double) * classifier->n_features);
	layout.end = layout.workspace + tree_shap_workspace_size(ensemble.header.max_depth);
	return layout;
}

size_t
tree_ensemble_scratch_size(const Classifier *classifier)
{
	return scratch_layout(classifier).end;
}

const float *
tree_ensemble_set_row(const Classifier *classifier, const SparseRow *row)
{
	float *values = classifier->scratch;

	for (uint32_t j = 0; j < row->count; j++)
		values[row->indices[j]] = row->values[j];
	return values;
}

void
tree_ensemble_clear_row(const Classifier *classifier, const SparseRow *row)
{
	float *values = classifier->scratch;

	for (uint32_t j = 0; j < row->count; j++)
		values[row->indices[j]] = 0;
}

/*
 * Nodes from a node to where a row goes next; 0 at a leaf. Without a branch, which would often be
 * guessed wrong.
 */
static inline uint32_t
next_step(const TreeNode *node, const float *values)
{
	uint32_t is_leaf = node->feature >> 31;
	uint32_t missing_left = node->feature >> 30 & 1;
	/* for a leaf that of feature 0, which does not matter */
	float value = values[node->feature & NODE_FEATURE_MASK];
	uint32_t left = (uint32_t) (value <= node->value) | (missing_left & (uint32_t) isnan(value));

	/* all bits of left - 1 are set if the row goes right */
	return (left | (node->right & (left - 1))) & (is_leaf - 1);
}

/*
 * The walks wait for memory and for comparisons, so several go on side by side. Whoever is at its
 * leaf stays there.
 */
static inline __attribute__((always_inline)) void
walk(const float *values, uint32_t count, const TreeNode **leaves)
{
	uint32_t steps;

	do
	{
		steps = 0;
		for (uint32_t i = 0; i < count; i++)
		{
			uint32_t step = next_step(leaves[i], values);

			leaves[i] += step;
			steps |= step;
		}
	} while (steps != 0);
}

void
tree_ensemble_leaves(const TreeEnsemble *ensemble, const float *values, uint32_t first,
					 uint32_t count, const TreeNode **leaves)
{
	for (uint32_t i = 0; i < count; i++)
		leaves[i] = ensemble->nodes + ensemble->tree_starts[first + i];
	/* a constant count makes a faster loop */
	if (count == TREES_AT_ONCE)
		walk(values, TREES_AT_ONCE, leaves);
	else
		walk(values, count, leaves);
}

/* What leaf_output needs, through tree_shap. */
typedef struct LeafContext
{
	const TreeEnsemble *ensemble;
	LeafOutput leaf_output;
	uint32_t output;
} LeafContext;

static double
leaf_output_of(const void *context, const TreeNode *leaf)
{
	const LeafContext *leaf_context = context;

	return leaf_context->leaf_output(leaf_context->ensemble, leaf, leaf_context->output);
}

/* Check for interrupts with clean scratch memory, because a check may not come back. */
static void
check_interrupts(const Classifier *classifier, const SparseRow *row)
{
	if (!host_interrupt_is_pending())
		return;
	tree_ensemble_clear_row(classifier, row);
	host_check_interrupts();
	tree_ensemble_set_row(classifier, row);
}

double
tree_ensemble_explain(const Classifier *classifier, const SparseRow *row, uint32_t first,
					  uint32_t step, LeafOutput leaf_output, uint32_t output, double scale,
					  double *contributions)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);
	ScratchLayout layout = scratch_layout(classifier);
	LeafContext context = {&ensemble, leaf_output, output};
	const float *values = tree_ensemble_set_row(classifier, row);
	double *all = (double *) ((char *) classifier->scratch + layout.contributions);
	ShapWorkspace *workspace = tree_shap_prepare((char *) classifier->scratch + layout.workspace,
												 ensemble.header.max_depth);
	double rest = 0;

	memset(all, 0, sizeof(double) * classifier->n_features);
	for (uint32_t t = first; t < ensemble.header.n_trees; t += step)
	{
		rest += tree_shap(workspace, ensemble.nodes + ensemble.tree_starts[t], values,
						  leaf_output_of, &context, scale, all);
		check_interrupts(classifier, row);
	}
	tree_ensemble_clear_row(classifier, row);
	for (uint32_t j = 0; j < row->count; j++)
	{
		contributions[j] = all[row->indices[j]];
		all[row->indices[j]] = 0;
	}
	for (uint32_t f = 0; f < classifier->n_features; f++)
		rest += all[f];
	return rest;
}

void
tree_ensemble_importance(const Classifier *classifier, double *importances)
{
	TreeEnsemble ensemble = tree_ensemble_open(classifier);

	for (uint32_t f = 0; f < classifier->n_features; f++)
		importances[f] = ensemble.importances[f];
}
