/*
 * version_row.c
 *	  Writing a version, be it trained here or imported.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "extension/host.h"
#include "extension/registry.h"
#include "extension/version_row.h"

/* The labels as an array of texts. */
static Datum
labels_array(const Pipeline *pipeline)
{
	Datum *labels = palloc_array(Datum, pipeline->n_labels);

	for (uint32 i = 0; i < pipeline->n_labels; i++)
		labels[i] = utf8_to_text(pipeline->labels[i], strlen(pipeline->labels[i]));
	return PointerGetDatum(
		construct_array(labels, pipeline->n_labels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The numeric columns as an array of texts. */
static Datum
numeric_columns_array(const Source *source)
{
	Datum *names = palloc_array(Datum, source->n_numeric + 1);

	for (int i = 0; i < source->n_numeric; i++)
		names[i] = CStringGetTextDatum(source->numeric[i].name);
	return PointerGetDatum(
		construct_array(names, source->n_numeric, TEXTOID, -1, false, TYPALIGN_INT));
}

void
version_row_write(const VersionRow *row)
{
	const Source *source = row->source;
	const ImageHeader *header = (const ImageHeader *) row->image->image;
	bool has_filter = source->filter != NULL;
	Oid types[] = {INT8OID,      INT4OID, INT8OID,        INT8OID,      InvalidOid, TEXTOID,
				   JSONBOID,     TEXTOID, TEXTOID,        TEXTOID,      TEXTOID,    FLOAT8OID,
				   TEXTARRAYOID, INT8OID, INT8OID,        INT8OID,      INT8OID,    FLOAT8OID,
				   JSONBOID,     TEXTOID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTOID,    OIDOID,
				   INT8OID,      BOOLOID};
	Datum values[] = {Int64GetDatum(row->model_id),
					  Int32GetDatum(row->version),
					  Int64GetDatum((int64) header->checksum),
					  Int64GetDatum((int64) header->length),
					  PointerGetDatum(row->image),
					  CStringGetTextDatum(row->pipeline->options.kind->name),
					  row->parameters,
					  CStringGetTextDatum(source->is_temporary ? "" : source->schema),
					  CStringGetTextDatum(source->is_temporary ? "" : source->name),
					  CStringGetTextDatum(source->text_column),
					  CStringGetTextDatum(source->label_column),
					  Float8GetDatum(row->holdout),
					  labels_array(row->pipeline),
					  Int64GetDatum(row->pipeline->space.n_features),
					  Int64GetDatum(row->pipeline->n_rows),
					  Int64GetDatum(row->rows_held_out),
					  Int64GetDatum(row->rows_skipped),
					  Float8GetDatum(row->seconds),
					  row->metrics,
					  CStringGetTextDatum(row->trained_by.name),
					  TimestampTzGetDatum(row->trained_at),
					  numeric_columns_array(source),
					  has_filter ? CStringGetTextDatum(source->filter) : (Datum) 0,
					  ObjectIdGetDatum(row->trained_by.oid),
					  Int64GetDatum(row->trained_by.cluster),
					  BoolGetDatum(!source->filter_is_lost)};
	char nulls[lengthof(types) + 1];

	types[4] = registry_model_type();
	memset(nulls, ' ', sizeof(nulls));
	if (!has_filter)
		nulls[22] = 'n';
	registry_execute("INSERT INTO sentiment.model_version"
					 " (model_id, version, image_checksum, image_bytes, image, kind, parameters,"
					 " source_schema, source_name, text_column, label_column, holdout, labels,"
					 " features, rows_trained, rows_held_out, rows_skipped, seconds, metrics,"
					 " trained_by, trained_at, numeric_columns, filter, trained_by_oid,"
					 " trained_by_cluster, filter_is_kept)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
					 " $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)",
					 lengthof(values), types, values, nulls, SPI_OK_INSERT);
}

void
version_row_write_curves(int64 model_id, int32 version, Datum curves)
{
	Oid types[3] = {INT8OID, INT4OID, JSONBOID};
	Datum values[3] = {Int64GetDatum(model_id), Int32GetDatum(version), curves};

	registry_execute("INSERT INTO sentiment.version_curves (model_id, version, curves)"
					 " VALUES ($1, $2, $3)",
					 3, types, values, NULL, SPI_OK_INSERT);
}
