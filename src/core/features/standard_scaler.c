/*
 * standard_scaler.c
 *	  Columns of numbers, brought to mean 0 and variance 1.
 */
#include <math.h>
#include <string.h>

#include "core/features/standard_scaler.h"
#include "core/host.h"
#include "core/model_image.h"
#include "core/text/utf8.h"

/*
 * Scaled numbers are cut to this size: so far from the training rows nothing is known, and the sums of a
 * classifier must not overflow.
 */
#define MAX_SCALED 1e6

/* More columns than a table can have. */
#define MAX_COLUMNS 4096

/* Measure one column: two passes, since the sum of squares of large numbers would lose the deviation. */
static ScalerColumn
measure_column(const float *values, uint32_t n_rows, uint32_t n_columns, uint32_t column)
{
	ScalerColumn measured = {.minimum = INFINITY, .maximum = -INFINITY};
	double sum = 0;
	double squares = 0;
	uint32_t n_present = 0;

	for (uint32_t row = 0; row < n_rows; row++)
	{
		double value = values[(size_t) row * n_columns + column];

		if (isnan(value))
			continue;
		n_present++;
		sum += value;
		measured.minimum = fmin(measured.minimum, value);
		measured.maximum = fmax(measured.maximum, value);
	}
	measured.n_missing = n_rows - n_present;
	if (n_present == 0)
		return (ScalerColumn){.n_missing = n_rows};
	measured.mean = sum / n_present;
	if (measured.minimum == measured.maximum)
	{
		measured.mean = measured.minimum;
		return measured;
	}
	for (uint32_t row = 0; row < n_rows; row++)
	{
		double value = values[(size_t) row * n_columns + column];

		if (!isnan(value))
			squares += (value - measured.mean) * (value - measured.mean);
	}
	measured.deviation = sqrt(squares / n_present);
	return measured;
}

/* Where a column comes from, by its place. */
static ColumnSource
source_of(const ScalerHeader *header, uint32_t column)
{
	if (column < header->n_text_features)
		return COLUMN_TEXT_FEATURE;
	return column < header->n_text_features + header->n_polarities ? COLUMN_POLARITY
																   : COLUMN_NUMERIC;
}

void
standard_scaler_fit(const ScalerHeader *sizes, const char *const *names, const float *values,
					uint32_t n_rows, ByteBuffer *section)
{
	ScalerHeader header = *sizes;
	uint32_t end = 0;

	header.reserved = 0;
	header.name_bytes = 0;
	for (uint32_t column = 0; column < header.n_columns; column++)
		header.name_bytes += strlen(names[column]);
	buffer_append(section, &header, sizeof(header));
	for (uint32_t column = 0; column < header.n_columns; column++)
	{
		ScalerColumn measured = measure_column(values, n_rows, header.n_columns, column);

		host_check_interrupts();
		measured.source = source_of(&header, column);
		buffer_append(section, &measured, sizeof(measured));
	}
	for (uint32_t column = 0; column < header.n_columns; column++)
	{
		end += strlen(names[column]);
		buffer_append(section, &end, sizeof(end));
	}
	for (uint32_t column = 0; column < header.n_columns; column++)
		buffer_append(section, names[column], strlen(names[column]));
}

/* Check one column's figures. */
static void
check_column(const ScalerHeader *header, const ScalerColumn *column, uint32_t number)
{
	if (!isfinite(column->mean) || !isfinite(column->minimum) || !isfinite(column->maximum) ||
		!isfinite(column->deviation) || column->deviation < 0)
		image_invalid("A column's mean or deviation is not a finite number.");
	if (column->source != source_of(header, number))
		image_invalid("A column is not of the source that its place says.");
}

/* Copy the names out of the section. */
static void
open_names(const uint32_t *ends, const char *bytes, StandardScaler *scaler)
{
	uint32_t start = 0;

	scaler->names = host_allocate_array(const char *, (size_t) scaler->header.n_columns + 1);
	for (uint32_t column = 0; column < scaler->header.n_columns; column++)
	{
		size_t length;
		char *name;

		if (ends[column] < start || ends[column] > scaler->header.name_bytes)
			image_invalid("A column's name lies outside of its space.");
		length = ends[column] - start;
		if (!utf8_is_valid(bytes + start, length) || memchr(bytes + start, 0, length) != NULL)
			image_invalid("A column's name is not valid UTF-8.");
		name = host_allocate(length + 1);
		memcpy(name, bytes + start, length);
		name[length] = '\0';
		scaler->names[column] = name;
		start = ends[column];
	}
}

void
standard_scaler_open(const void *section, size_t length, StandardScaler *scaler)
{
	const char *bytes = section;
	ScalerHeader *header = &scaler->header;
	const uint32_t *ends;

	if (length < sizeof(ScalerHeader))
		image_invalid("Its columns are truncated.");
	memcpy(header, bytes, sizeof(ScalerHeader));
	if (header->n_columns > MAX_COLUMNS || header->n_text_features > header->n_columns ||
		header->n_polarities > header->n_columns || header->n_numeric > header->n_columns ||
		header->n_text_features + header->n_polarities + header->n_numeric != header->n_columns)
		image_invalid("Its columns do not add up.");
	if (length != sizeof(ScalerHeader) +
					  header->n_columns * (sizeof(ScalerColumn) + sizeof(uint32_t)) +
					  (size_t) header->name_bytes)
		image_invalid("Its columns' length is not the length that they state.");
	scaler->columns = (const ScalerColumn *) (bytes + sizeof(ScalerHeader));
	ends = (const uint32_t *) (scaler->columns + header->n_columns);
	for (uint32_t column = 0; column < header->n_columns; column++)
		check_column(header, &scaler->columns[column], column);
	open_names(ends, (const char *) (ends + header->n_columns), scaler);
}

void
standard_scaler_close(StandardScaler *scaler)
{
	if (scaler->names == NULL)
		return;
	for (uint32_t column = 0; column < scaler->header.n_columns; column++)
		host_free((void *) scaler->names[column]);
	host_free(scaler->names);
	scaler->names = NULL;
}

void
standard_scaler_transform(const StandardScaler *scaler, MissingRule rule, double weight,
						  const float *values, float *scaled)
{
	for (uint32_t i = 0; i < scaler->header.n_columns; i++)
	{
		const ScalerColumn *column = &scaler->columns[i];
		double value = values[i];

		if (isnan(value) && rule == MISSING_KEEP)
		{
			scaled[i] = NAN;
			continue;
		}
		if (isnan(value))
			value = rule == MISSING_ZERO ? 0 : column->mean;
		value -= column->mean;
		/* a constant column tells nothing, and what is not the constant is not known to mean anything */
		value = column->deviation > 0 ? value / column->deviation * weight : 0;
		scaled[i] = (float) fmin(fmax(value, -MAX_SCALED), MAX_SCALED);
	}
}
