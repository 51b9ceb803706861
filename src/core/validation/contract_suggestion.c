/*
 * contract_suggestion.c
 *	  A contract that the rows of a validation keep, with margins for rows to come.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/host.h"
#include "core/labels.h"
#include "core/validation/contract_suggestion.h"

/* Shares are written with so many digits behind the point, rounded to the safe side. */
#define SHARE_SCALE 1000.0

/* Append a key. */
static void
append_key(ByteBuffer *json, const char *key)
{
	buffer_append(json, ", ", 2);
	buffer_append_json_string(json, key, strlen(key));
	buffer_append(json, ": ", 2);
}

/* Append a number of rows or characters. */
static void
append_count(ByteBuffer *json, const char *key, double count)
{
	append_key(json, key);
	buffer_append_json_number(json, fmin(count, INT_MAX));
}

/* Append a largest share: twice the present one, and some more. */
static void
append_largest_share(ByteBuffer *json, const char *key, double n_rows, double n_all, double more)
{
	double share = n_all > 0 ? n_rows / n_all : 0;

	append_key(json, key);
	buffer_append_json_number(json, fmin(ceil((2 * share + more) * SHARE_SCALE) / SHARE_SCALE, 1));
}

/* Append the columns. */
static void
append_columns(ByteBuffer *json, const ContractColumn *columns, uint32_t n_columns)
{
	append_key(json, "columns");
	for (uint32_t i = 0; i < n_columns; i++)
	{
		buffer_append(json, i == 0 ? "{" : ", ", i == 0 ? 1 : 2);
		buffer_append_json_string(json, columns[i].name, strlen(columns[i].name));
		buffer_printf(json, ": \"%s\"", column_family_names[columns[i].family]);
	}
	buffer_append(json, n_columns == 0 ? "{}" : "}", n_columns == 0 ? 2 : 1);
}

/* Append the limits of a column of numbers: what is there, and half of its width on both sides. */
static void
append_range(ByteBuffer *json, const NumberCount *count, double n_rows)
{
	const Histogram *histogram = &count->histogram;
	double minimum = histogram->minimum;
	double maximum = histogram->maximum;
	double margin = maximum / 2 - minimum / 2;
	double lower = minimum - margin;
	double upper = maximum + margin;
	double n_not_finite = (double) (histogram->n_rows - histogram_n_finite(histogram));

	buffer_printf(json, "{\"max_null_share\": ");
	buffer_append_json_number(
		json, fmin(ceil((2 * (double) count->n_null / fmax(n_rows, 1) + 0.01) * SHARE_SCALE) /
					   SHARE_SCALE,
				   1));
	if (n_not_finite > 0)
		append_largest_share(json, "max_outside_share", n_not_finite, n_rows, 0.001);
	if (histogram_n_finite(histogram) > 0 && isfinite(floor(lower)) && isfinite(ceil(upper)))
	{
		/* what was never negative stays so */
		append_key(json, "min");
		buffer_append_json_number(json, minimum >= 0 && lower < 0 ? 0 : floor(lower));
		append_key(json, "max");
		buffer_append_json_number(json, maximum <= 0 && upper > 0 ? 0 : ceil(upper));
	}
	buffer_append(json, "}", 1);
}

/* Append the ranges. */
static void
append_ranges(ByteBuffer *json, const Validation *validation, const Contract *contract)
{
	if (contract->n_ranges == 0)
		return;
	append_key(json, "ranges");
	for (uint32_t i = 0; i < contract->n_ranges; i++)
	{
		const char *column = contract->ranges[i].column;

		buffer_append(json, i == 0 ? "{" : ", ", i == 0 ? 1 : 2);
		buffer_append_json_string(json, column, strlen(column));
		buffer_append(json, ": ", 2);
		append_range(json, &validation->numbers[i], (double) validation->counts.n_rows);
	}
	buffer_append(json, "}", 1);
}

/* Append the labels in their order. */
static void
append_label_names(ByteBuffer *json, const StringTable *labels)
{
	const char *strings[MAX_SUGGESTED_LABELS];

	for (uint32_t i = 0; i < labels->n_strings; i++)
		strings[i] = string_table_copy(labels, i);
	labels_sort(strings, labels->n_strings);
	append_key(json, "labels");
	for (uint32_t i = 0; i < labels->n_strings; i++)
	{
		buffer_append(json, i == 0 ? "[" : ", ", i == 0 ? 1 : 2);
		buffer_append_json_string(json, strings[i], strlen(strings[i]));
	}
	buffer_append(json, "]", 1);
}

/* Append what is said of labels. */
static void
append_labels(ByteBuffer *json, const Validation *validation)
{
	const ValidationCounts *counts = &validation->counts;
	uint64_t smallest = UINT64_MAX;
	uint64_t largest = 0;
	uint64_t n_labelled = 0;

	append_largest_share(json, "max_null_label_share", (double) counts->n_null_label,
						 (double) counts->n_rows, 0.01);
	if (validation->labels.n_strings == 0 || validation->labels.n_strings > MAX_SUGGESTED_LABELS)
		return;
	for (uint32_t i = 0; i < validation->labels.n_strings; i++)
	{
		uint64_t n_rows = validation->label_counts[i].n_rows;

		smallest = n_rows < smallest ? n_rows : smallest;
		largest = n_rows > largest ? n_rows : largest;
		n_labelled += n_rows;
	}
	append_label_names(json, &validation->labels);
	append_count(json, "min_rows_per_class", floor((double) smallest / 2));
	append_key(json, "min_class_share");
	buffer_append_json_number(
		json, floor((double) smallest / (double) n_labelled / 2 * SHARE_SCALE) / SHARE_SCALE);
	append_key(json, "max_class_share");
	buffer_append_json_number(
		json,
		fmin(ceil((1 + (double) largest / (double) n_labelled) / 2 * SHARE_SCALE) / SHARE_SCALE,
			 1));
}

/* Append what is said of texts. */
static void
append_texts(ByteBuffer *json, const Validation *validation)
{
	const ValidationCounts *counts = &validation->counts;
	const Histogram *length = &validation->measures[MEASURE_LENGTH];
	double n_rows = (double) counts->n_rows;
	TextRepetition repetition =
		text_counts_sum(&validation->text_counts, counts->n_rows - counts->n_null_text);

	append_count(json, "min_rows", floor(fmax(n_rows / 2, 1)));
	append_largest_share(json, "max_null_text_share", (double) counts->n_null_text, n_rows, 0.01);
	append_largest_share(json, "max_blank_share", (double) counts->n_blank, n_rows, 0.01);
	if (histogram_n_finite(length) > 0)
	{
		/* not shorter than one character, unless some are */
		append_count(json, "min_text_length", ceil(length->minimum / 4));
		append_count(json, "max_text_length", 4 * length->maximum);
	}
	append_largest_share(json, "max_duplicate_share", repetition.n_duplicates, n_rows, 0.02);
	append_largest_share(json, "max_label_conflict_share", repetition.n_conflicts, n_rows, 0.01);
}

void
contract_suggest(const Validation *validation, const Contract *contract,
				 const ContractColumn *columns, uint32_t n_columns, ByteBuffer *json)
{
	buffer_printf(json, "{\"text_column\": ");
	buffer_append_json_string(json, contract->text_column, strlen(contract->text_column));
	append_key(json, "label_column");
	buffer_append_json_string(json, contract->label_column, strlen(contract->label_column));
	append_columns(json, columns, n_columns);
	append_texts(json, validation);
	if (contract->label_column[0] != '\0')
		append_labels(json, validation);
	append_ranges(json, validation, contract);
	buffer_append(json, "}", 1);
}
