/*
 * scored_rows.c
 *	  Collects the scores of positive and of negative rows.
 *
 * Flat form, little-endian: FlatHeader, the positive rows' scores, the negative rows' scores.
 */
#include <math.h>
#include <string.h>

#include "core/evaluation/classification_metrics.h"
#include "core/evaluation/scored_rows.h"
#include "core/host.h"

#define FORMAT_VERSION 1

typedef struct FlatHeader
{
	uint32_t version;
	uint32_t reserved; /* 0 */
	uint64_t n_positive;
	uint64_t n_negative;
} FlatHeader;

/* Make room for n_more scores, and some to come. */
static void
reserve(ScoreList *list, uint64_t n_more)
{
	uint64_t needed;
	uint64_t capacity;

	if (__builtin_add_overflow(list->n_scores, n_more, &needed) || needed > SIZE_MAX / 16)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "too many scores");
	if (needed <= list->capacity)
		return;
	capacity = list->capacity + list->capacity / 2;
	if (capacity < needed)
		capacity = needed;
	if (capacity < 8)
		capacity = 8;
	if (list->scores == NULL)
		list->scores = host_allocate_array(double, capacity);
	else
		list->scores = host_reallocate_array(list->scores, double, capacity);
	list->capacity = capacity;
}

void
scored_rows_add(ScoredRows *rows, bool positive, double score)
{
	ScoreList *list = positive ? &rows->positive : &rows->negative;

	if (isnan(score))
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL,
				   "Leave such rows out, for instance with a FILTER clause.",
				   "score is not a number");
	if (list->n_scores == list->capacity)
		reserve(list, 1);
	list->scores[list->n_scores++] = score;
}

/* Append scores to a list. */
static void
append_scores(ScoreList *list, const void *scores, uint64_t n_scores)
{
	if (n_scores == 0)
		return;
	reserve(list, n_scores);
	memcpy(list->scores + list->n_scores, scores, n_scores * sizeof(double));
	list->n_scores += n_scores;
}

void
scored_rows_merge(ScoredRows *rows, const ScoredRows *other)
{
	append_scores(&rows->positive, other->positive.scores, other->positive.n_scores);
	append_scores(&rows->negative, other->negative.scores, other->negative.n_scores);
}

double
scored_rows_roc_auc(const ScoredRows *rows)
{
	return classification_roc_auc_of_scores(rows->positive.scores, rows->positive.n_scores,
											rows->negative.scores, rows->negative.n_scores);
}

size_t
scored_rows_flat_size(const ScoredRows *rows)
{
	/* both lists are in memory, so this cannot overflow */
	return sizeof(FlatHeader) +
		   (rows->positive.n_scores + rows->negative.n_scores) * sizeof(double);
}

/* Copy a list of scores and answer where the next one starts. */
static char *
write_scores(char *position, const ScoreList *list)
{
	size_t length = list->n_scores * sizeof(double);

	if (length > 0)
		memcpy(position, list->scores, length);
	return position + length;
}

void
scored_rows_flatten(const ScoredRows *rows, char *bytes)
{
	FlatHeader header = {.version = FORMAT_VERSION,
						 .n_positive = rows->positive.n_scores,
						 .n_negative = rows->negative.n_scores};

	memcpy(bytes, &header, sizeof(header));
	write_scores(write_scores(bytes + sizeof(header), &rows->positive), &rows->negative);
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_rows(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL,
			   "invalid value for type sentiment_scored_rows");
}

/* Check a flat form's header against its length. */
static FlatHeader
read_header(const char *bytes, size_t length)
{
	FlatHeader header;
	size_t n_scores;

	if (length < sizeof(header))
		invalid_rows("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	if (header.version == 0 || header.reserved != 0)
		invalid_rows("It has no format version.");
	if (header.version > FORMAT_VERSION)
		host_error(HOST_ERROR_UNSUPPORTED_IMAGE, "A later release of sentiment wrote it.",
				   "Upgrade the extension.",
				   "format version %u of type sentiment_scored_rows is not supported",
				   header.version);
	n_scores = (length - sizeof(header)) / sizeof(double);
	if (header.n_positive > n_scores || header.n_negative != n_scores - header.n_positive ||
		(length - sizeof(header)) % sizeof(double) != 0)
		invalid_rows("Its length is not the length that it states.");
	return header;
}

/* Refuse scores that are not numbers. */
static void
check_scores(const ScoreList *list)
{
	for (uint64_t i = 0; i < list->n_scores; i++)
	{
		if (isnan(list->scores[i]))
			invalid_rows("A score is not a number.");
	}
}

void
scored_rows_unflatten(ScoredRows *rows, const char *bytes, size_t length)
{
	FlatHeader header = read_header(bytes, length);
	const char *scores = bytes + sizeof(header);

	append_scores(&rows->positive, scores, header.n_positive);
	append_scores(&rows->negative, scores + header.n_positive * sizeof(double), header.n_negative);
	check_scores(&rows->positive);
	check_scores(&rows->negative);
}
