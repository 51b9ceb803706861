/*
 * corpus.c
 *	  Training texts as sequences of token ids, with their labels.
 */
#include <math.h>
#include <string.h>

#include "core/features/corpus.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/labels.h"
#include "core/model_image.h"
#include "core/models/classifier.h"
#include "core/text/text_features.h"
#include "core/text/utf8.h"

typedef struct StringSlot
{
	uint32_t tag;    /* high bits of the hash */
	uint32_t number; /* UINT32_MAX: empty */
} StringSlot;

#define NO_STRING      UINT32_MAX
#define MAX_LABEL_SIZE 1024 /* bytes */

/* First bytes of the flat form; token bytes, token ends, label bytes, ... follow in this order. */
typedef struct CorpusHeader
{
	char magic[8];
	uint64_t checksum; /* of all that follows */
	uint64_t n_token_ids;
	uint64_t token_bytes;
	uint64_t label_bytes;
	uint64_t n_skipped;
	uint32_t n_tokens;
	uint32_t n_labels;
	uint32_t n_documents;
	uint32_t n_numeric;
	uint32_t text_features; /* 0 or 1 */
	uint32_t reserved;
	/* documents, token starts, label starts, token ids, values, token and label bytes follow */
} CorpusHeader;

static const char corpus_magic[8] = "SENTCRP";

/* Make the table's slots anew, for at least one string more. */
static void
string_table_rehash(StringTable *table)
{
	size_t n_slots = table->slots == NULL ? 64 : ((size_t) table->slot_mask + 1) * 2;

	while (n_slots / 3 * 2 <= table->n_strings)
		n_slots *= 2;
	host_free(table->slots);
	table->slots = NULL;
	table->slots = host_allocate_array(StringSlot, n_slots);
	memset(table->slots, 0xff, n_slots * sizeof(StringSlot));
	table->slot_mask = (uint32_t) (n_slots - 1);
	for (uint32_t number = 0; number < table->n_strings; number++)
	{
		size_t length;
		const char *bytes = string_table_get(table, number, &length);
		uint64_t hash = hash_token(bytes, length);
		uint32_t i = (uint32_t) hash & table->slot_mask;

		while (table->slots[i].number != NO_STRING)
			i = (i + 1) & table->slot_mask;
		table->slots[i] = (StringSlot){(uint32_t) (hash >> 32), number};
	}
}

/* Append a string that the table does not have. */
static uint32_t
string_table_append(StringTable *table, const char *bytes, size_t length)
{
	if (table->n_strings == table->capacity)
	{
		uint32_t capacity = table->capacity == 0 ? 64 : table->capacity * 2;

		if (capacity < table->capacity || capacity == NO_STRING)
			host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "too many distinct tokens");
		if (table->starts == NULL)
		{
			table->starts = host_allocate_array(uint64_t, (size_t) capacity + 1);
			table->starts[0] = 0;
			/* an address for the strings, even if all of them are empty */
			buffer_extend(&table->bytes, 1);
			table->bytes.length = 0;
		}
		else
			table->starts = host_reallocate_array(table->starts, uint64_t, (size_t) capacity + 1);
		table->capacity = capacity;
	}
	buffer_append(&table->bytes, bytes, length);
	table->starts[++table->n_strings] = table->bytes.length;
	return table->n_strings - 1;
}

uint32_t
string_table_add(StringTable *table, const char *bytes, size_t length, uint64_t hash)
{
	uint32_t tag = (uint32_t) (hash >> 32);
	uint32_t i;

	if (table->slots == NULL || ((size_t) table->slot_mask + 1) / 3 * 2 <= table->n_strings)
		string_table_rehash(table);
	for (i = (uint32_t) hash & table->slot_mask;; i = (i + 1) & table->slot_mask)
	{
		StringSlot *slot = &table->slots[i];

		if (slot->number == NO_STRING)
		{
			uint32_t number = string_table_append(table, bytes, length);

			*slot = (StringSlot){tag, number};
			return number;
		}
		if (slot->tag == tag)
		{
			size_t known_length;
			const char *known = string_table_get(table, slot->number, &known_length);

			if (known_length == length && memcmp(known, bytes, length) == 0)
				return slot->number;
		}
	}
}

char *
string_table_copy(const StringTable *table, uint32_t number)
{
	size_t length;
	const char *bytes = string_table_get(table, number, &length);
	char *copy = host_allocate(length + 1);

	memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

/* Fetch the slot where a lookup will begin. */
static inline void
string_table_prefetch(const StringTable *table, uint64_t hash)
{
	if (table->slots != NULL)
		__builtin_prefetch(&table->slots[(uint32_t) hash & table->slot_mask]);
}

/* Free what a table holds. */
static void
string_table_free(StringTable *table)
{
	host_free(table->starts);
	host_free(table->slots);
	buffer_reset(&table->bytes);
	*table = (StringTable){0};
}

void
corpus_initialize(Corpus *corpus, const TokenizerOptions *options, const CorpusValues *values)
{
	*corpus = (Corpus){0};
	corpus->tokenizer_options = *options;
	if (values != NULL)
		corpus->kept = *values;
}

uint32_t
corpus_value_count(const Corpus *corpus)
{
	return (corpus->kept.text_features ? N_TEXT_FEATURES : 0) + corpus->kept.n_numeric;
}

const float *
corpus_values(const Corpus *corpus, const CorpusDocument *document)
{
	return corpus->values + (size_t) document->number * corpus_value_count(corpus);
}

void
corpus_free(Corpus *corpus)
{
	string_table_free(&corpus->tokens);
	string_table_free(&corpus->labels);
	host_free(corpus->token_ids);
	host_free(corpus->documents);
	host_free(corpus->values);
	if (corpus->tokenizer != NULL)
		tokenizer_free(corpus->tokenizer);
	*corpus = (Corpus){0};
}

uint32_t
corpus_add_label(Corpus *corpus, const char *label, size_t length)
{
	uint32_t number;

	label_check_length(length);
	if (!utf8_is_valid(label, length))
		host_error(HOST_ERROR_INVALID_TEXT, NULL, NULL, "label is not valid UTF-8");
	number = string_table_add(&corpus->labels, label, length, hash_token(label, length));
	if (number >= MAX_CLASSES)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL,
				   "Group the labels into fewer classes, or check the label column.",
				   "more than %d distinct labels", MAX_CLASSES);
	return number;
}

/* Room for that many token ids more. */
static void
reserve_token_ids(Corpus *corpus, uint64_t count)
{
	uint64_t needed = corpus->n_token_ids + count;
	uint64_t capacity = corpus->token_ids_capacity;

	if (needed <= capacity)
		return;
	capacity = capacity + capacity / 2;
	if (capacity < needed)
		capacity = needed;
	if (capacity < 256)
		capacity = 256;
	if (corpus->token_ids == NULL)
		corpus->token_ids = host_allocate_array(uint32_t, capacity);
	else
		corpus->token_ids = host_reallocate_array(corpus->token_ids, uint32_t, capacity);
	corpus->token_ids_capacity = capacity;
}

/* Room for that many documents more. */
static void
reserve_documents(Corpus *corpus, uint32_t count)
{
	uint64_t needed = (uint64_t) corpus->n_documents + count;
	uint64_t capacity = corpus->documents_capacity;

	if (needed <= capacity)
		return;
	if (needed >= UINT32_MAX)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, "Train on a sample of the rows.",
				   "more than %u training texts", UINT32_MAX - 1);
	capacity = capacity * 2;
	if (capacity < needed)
		capacity = needed;
	if (capacity < 16)
		capacity = 16;
	if (capacity > UINT32_MAX - 1)
		capacity = UINT32_MAX - 1;
	if (corpus->documents == NULL)
		corpus->documents = host_allocate_array(CorpusDocument, capacity);
	else
		corpus->documents = host_reallocate_array(corpus->documents, CorpusDocument, capacity);
	corpus->documents_capacity = (uint32_t) capacity;
}

void
corpus_add_tokens(Corpus *corpus, const TokenBatch *batch)
{
	uint32_t *token_ids;

	reserve_token_ids(corpus, batch->count);
	token_ids = corpus->token_ids + corpus->n_token_ids;
	for (uint32_t i = 0; i < batch->count; i++)
		string_table_prefetch(&corpus->tokens, batch->hashes[i]);
	for (uint32_t i = 0; i < batch->count; i++)
		token_ids[i] =
			string_table_add(&corpus->tokens, batch->bytes[i], batch->lengths[i], batch->hashes[i]);
	corpus->n_token_ids += batch->count;
}

/* Room for the values of as many documents as there is room for. */
static void
reserve_values(Corpus *corpus)
{
	size_t n_values = corpus_value_count(corpus);

	if (n_values == 0 || corpus->values_capacity >= corpus->documents_capacity)
		return;
	if (corpus->values == NULL)
		corpus->values =
			host_allocate_array(float, host_array_size(corpus->documents_capacity, n_values));
	else
		corpus->values = host_reallocate_array(
			corpus->values, float, host_array_size(corpus->documents_capacity, n_values));
	corpus->values_capacity = corpus->documents_capacity;
}

/* Set the values of the last document. */
static void
set_values(Corpus *corpus, const char *text, size_t length, const float *numeric)
{
	CorpusDocument *document = &corpus->documents[corpus->n_documents - 1];
	uint32_t n_values = corpus_value_count(corpus);
	float *values;

	if (n_values == 0)
		return;
	reserve_values(corpus);
	values = corpus->values + (size_t) document->number * n_values;
	if (corpus->kept.text_features)
	{
		double features[N_TEXT_FEATURES];

		text_features_compute(text, length, features);
		for (int i = 0; i < N_TEXT_FEATURES; i++)
			values[i] = (float) features[i];
	}
	if (corpus->kept.n_numeric > 0)
		memcpy(values + n_values - corpus->kept.n_numeric, numeric,
			   corpus->kept.n_numeric * sizeof(float));
	document->values_hash = (uint32_t) hash_content(values, n_values * sizeof(float));
}

void
corpus_end_text(Corpus *corpus, const char *text, size_t length, uint32_t label,
				const float *numeric)
{
	uint64_t start = 0;

	if (corpus->n_documents > 0)
	{
		const CorpusDocument *last = &corpus->documents[corpus->n_documents - 1];

		start = last->start + last->length;
	}
	if (corpus->n_token_ids - start > UINT32_MAX)
		host_error(HOST_ERROR_LIMIT_EXCEEDED, NULL, NULL, "text has too many tokens");
	reserve_documents(corpus, 1);
	corpus->documents[corpus->n_documents] =
		(CorpusDocument){.hash = corpus_text_hash(text, length),
						 .start = start,
						 .length = (uint32_t) (corpus->n_token_ids - start),
						 .label = label,
						 .number = corpus->n_documents};
	corpus->n_documents++;
	set_values(corpus, text, length, numeric);
}

void
corpus_add_text(Corpus *corpus, const char *text, size_t length, uint32_t label,
				const float *numeric)
{
	const TokenBatch *batch;

	if (corpus->tokenizer == NULL)
		corpus->tokenizer = tokenizer_create(&corpus->tokenizer_options);
	tokenizer_begin(corpus->tokenizer, text, length);
	while ((batch = tokenizer_next(corpus->tokenizer)) != NULL)
		corpus_add_tokens(corpus, batch);
	corpus_end_text(corpus, text, length, label, numeric);
}

/* Add all strings of another table; answers the new number of each. */
static uint32_t *
string_table_combine(StringTable *table, const StringTable *other)
{
	uint32_t *numbers = host_allocate_array(uint32_t, (size_t) other->n_strings + 1);

	for (uint32_t i = 0; i < other->n_strings; i++)
	{
		size_t length;
		const char *bytes = string_table_get(other, i, &length);

		numbers[i] = string_table_add(table, bytes, length, hash_token(bytes, length));
	}
	return numbers;
}

void
corpus_combine(Corpus *corpus, const Corpus *other)
{
	uint32_t *tokens = string_table_combine(&corpus->tokens, &other->tokens);
	uint32_t *labels;
	uint64_t start = corpus->n_token_ids;
	size_t n_values = corpus_value_count(corpus);

	if (other->labels.n_strings > 0)
	{
		for (uint32_t i = 0; i < other->labels.n_strings; i++)
		{
			size_t length;
			const char *label = string_table_get(&other->labels, i, &length);

			corpus_add_label(corpus, label, length);
		}
	}
	labels = string_table_combine(&corpus->labels, &other->labels);

	reserve_token_ids(corpus, other->n_token_ids);
	for (uint64_t i = 0; i < other->n_token_ids; i++)
		corpus->token_ids[start + i] = tokens[other->token_ids[i]];
	corpus->n_token_ids += other->n_token_ids;

	reserve_documents(corpus, other->n_documents);
	reserve_values(corpus);
	if (n_values > 0 && other->n_documents > 0)
		memcpy(corpus->values + corpus->n_documents * n_values, other->values,
			   other->n_documents * n_values * sizeof(float));
	for (uint32_t i = 0; i < other->n_documents; i++)
	{
		CorpusDocument document = other->documents[i];

		document.start += start;
		document.number = corpus->n_documents;
		if (other->labels.n_strings > 0)
			document.label = labels[document.label];
		corpus->documents[corpus->n_documents++] = document;
	}
	corpus->n_skipped += other->n_skipped;
	host_free(tokens);
	host_free(labels);
}

size_t
corpus_flat_size(const Corpus *corpus)
{
	return sizeof(CorpusHeader) + (size_t) corpus->n_documents * sizeof(CorpusDocument) +
		   ((size_t) corpus->tokens.n_strings + 1) * sizeof(uint64_t) +
		   ((size_t) corpus->labels.n_strings + 1) * sizeof(uint64_t) +
		   corpus->n_token_ids * sizeof(uint32_t) +
		   (size_t) corpus->n_documents * corpus_value_count(corpus) * sizeof(float) +
		   corpus->tokens.bytes.length + corpus->labels.bytes.length;
}

/* Copy a part and answer where the next one begins. */
static char *
write_part(char *position, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(position, bytes, length);
	return position + length;
}

/* Copy a table's starts, of which an empty table has none yet. */
static char *
write_starts(char *position, const StringTable *table)
{
	static const uint64_t no_starts = 0;

	return write_part(position, table->starts == NULL ? &no_starts : table->starts,
					  ((size_t) table->n_strings + 1) * sizeof(uint64_t));
}

/* The checksum of a flat form: of all behind the field. */
static uint64_t
flat_checksum(const void *bytes, size_t length)
{
	const size_t start = offsetof(CorpusHeader, n_token_ids);

	return hash_content((const char *) bytes + start, length - start);
}

void
corpus_flatten(const Corpus *corpus, void *memory)
{
	CorpusHeader header = {.n_token_ids = corpus->n_token_ids,
						   .token_bytes = corpus->tokens.bytes.length,
						   .label_bytes = corpus->labels.bytes.length,
						   .n_skipped = corpus->n_skipped,
						   .n_tokens = corpus->tokens.n_strings,
						   .n_labels = corpus->labels.n_strings,
						   .n_documents = corpus->n_documents,
						   .n_numeric = corpus->kept.n_numeric,
						   .text_features = corpus->kept.text_features};
	char *position = memory;

	memcpy(header.magic, corpus_magic, sizeof(corpus_magic));
	position = write_part(position, &header, sizeof(header));
	position = write_part(position, corpus->documents,
						  (size_t) corpus->n_documents * sizeof(CorpusDocument));
	position = write_starts(position, &corpus->tokens);
	position = write_starts(position, &corpus->labels);
	position = write_part(position, corpus->token_ids, corpus->n_token_ids * sizeof(uint32_t));
	position =
		write_part(position, corpus->values,
				   (size_t) corpus->n_documents * corpus_value_count(corpus) * sizeof(float));
	position = write_part(position, corpus->tokens.bytes.data, corpus->tokens.bytes.length);
	position = write_part(position, corpus->labels.bytes.data, corpus->labels.bytes.length);
	header.checksum = flat_checksum(memory, (size_t) (position - (char *) memory));
	memcpy(memory, &header, sizeof(header));
}

/* Raise the error for a flat form that cannot be right. */
static void __attribute__((noreturn)) invalid_corpus(const char *detail)
{
	host_error(HOST_ERROR_INVALID_IMAGE, detail, NULL, "invalid sentiment_corpus value");
}

/* Read a table's strings, which must be distinct and valid UTF-8. */
static void
read_strings(StringTable *table, const char *starts_bytes, uint32_t n_strings, const char *bytes,
			 uint64_t n_bytes)
{
	uint64_t start;

	memcpy(&start, starts_bytes, sizeof(start));
	if (start != 0)
		invalid_corpus("Its strings do not begin at their space's beginning.");
	for (uint32_t i = 0; i < n_strings; i++)
	{
		uint64_t end;

		memcpy(&end, starts_bytes + ((size_t) i + 1) * sizeof(end), sizeof(end));
		if (end < start || end > n_bytes)
			invalid_corpus("A string lies outside of its space.");
		if (!utf8_is_valid(bytes + start, end - start) ||
			memchr(bytes + start, 0, end - start) != NULL)
			invalid_corpus("A string is not valid UTF-8.");
		if (string_table_add(table, bytes + start, end - start,
							 hash_token(bytes + start, end - start)) != i)
			invalid_corpus("A string stands there twice.");
		start = end;
	}
	if (start != n_bytes)
		invalid_corpus("Its strings do not fill their space.");
}

/* Check that the documents' tokens lie behind each other and fill their space. */
static void
check_documents(const Corpus *corpus)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < corpus->n_documents; i++)
	{
		const CorpusDocument *document = &corpus->documents[i];

		if (document->start != start || document->length > corpus->n_token_ids - start)
			invalid_corpus("A text lies outside of its space.");
		if (document->number != i)
			invalid_corpus("A text has not its own number.");
		if (document->label >= corpus->labels.n_strings &&
			(document->label > 0 || corpus->labels.n_strings > 0))
			invalid_corpus("A text has no such label.");
		start += document->length;
	}
	if (start != corpus->n_token_ids)
		invalid_corpus("Its texts do not fill their space.");
	for (uint64_t i = 0; i < corpus->n_token_ids; i++)
	{
		if (corpus->token_ids[i] >= corpus->tokens.n_strings)
			invalid_corpus("A text has no such token.");
	}
}

/* Check that no value is infinite. */
static void
check_values(const Corpus *corpus)
{
	size_t count = (size_t) corpus->n_documents * corpus_value_count(corpus);

	for (size_t i = 0; i < count; i++)
	{
		if (isinf(corpus->values[i]))
			invalid_corpus("A value is infinite.");
	}
}

/* Whether the sizes that a header states sum up to the length; value_size: of a document's values */
static bool
header_fits(const CorpusHeader *header, size_t length, size_t value_size)
{
	/* each is checked alone first, so that the sum cannot overflow */
	if (header->n_token_ids > length / sizeof(uint32_t) || header->token_bytes > length ||
		header->label_bytes > length)
		return false;
	return sizeof(CorpusHeader) +
			   (size_t) header->n_documents * (sizeof(CorpusDocument) + value_size) +
			   ((size_t) header->n_tokens + 1) * sizeof(uint64_t) +
			   ((size_t) header->n_labels + 1) * sizeof(uint64_t) +
			   header->n_token_ids * sizeof(uint32_t) + header->token_bytes + header->label_bytes ==
		   length;
}

void
corpus_unflatten(Corpus *corpus, const void *bytes, size_t length)
{
	CorpusHeader header;
	const char *documents;
	const char *token_starts;
	const char *label_starts;
	const char *token_ids;
	const char *values;
	const char *token_bytes;
	size_t value_size = corpus_value_count(corpus) * sizeof(float);

	if (length < sizeof(header))
		invalid_corpus("It is truncated.");
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, corpus_magic, sizeof(corpus_magic)) != 0)
		invalid_corpus("It does not begin as it should.");
	if (header.n_numeric != corpus->kept.n_numeric ||
		header.text_features != corpus->kept.text_features)
		invalid_corpus("It does not keep what its parameters ask for.");
	if (!header_fits(&header, length, value_size))
		invalid_corpus("Its length is not the length that it states.");
	if (header.checksum != flat_checksum(bytes, length))
		invalid_corpus("Its checksum does not match its content.");
	if (header.n_labels > MAX_CLASSES || header.n_documents == UINT32_MAX ||
		header.n_tokens == NO_STRING)
		invalid_corpus("Its sizes are beyond the limits.");

	documents = (const char *) bytes + sizeof(header);
	token_starts = documents + (size_t) header.n_documents * sizeof(CorpusDocument);
	label_starts = token_starts + ((size_t) header.n_tokens + 1) * sizeof(uint64_t);
	token_ids = label_starts + ((size_t) header.n_labels + 1) * sizeof(uint64_t);
	values = token_ids + header.n_token_ids * sizeof(uint32_t);
	token_bytes = values + header.n_documents * value_size;

	read_strings(&corpus->tokens, token_starts, header.n_tokens, token_bytes, header.token_bytes);
	read_strings(&corpus->labels, label_starts, header.n_labels, token_bytes + header.token_bytes,
				 header.label_bytes);
	reserve_token_ids(corpus, header.n_token_ids);
	write_part((char *) corpus->token_ids, token_ids, header.n_token_ids * sizeof(uint32_t));
	corpus->n_token_ids = header.n_token_ids;
	reserve_documents(corpus, header.n_documents);
	write_part((char *) corpus->documents, documents,
			   (size_t) header.n_documents * sizeof(CorpusDocument));
	reserve_values(corpus);
	write_part((char *) corpus->values, values, header.n_documents * value_size);
	corpus->n_documents = header.n_documents;
	corpus->n_skipped = header.n_skipped;
	check_values(corpus);
	check_documents(corpus);
}

uint64_t
corpus_text_hash(const char *text, size_t length)
{
	return hash_content(text, length);
}

bool
corpus_is_held_out(uint64_t text_hash, uint64_t seed, double share)
{
	uint64_t bucket = hash_mix(text_hash ^ hash_mix(seed));

	return (double) (bucket >> 11) * 0x1p-53 < share;
}
