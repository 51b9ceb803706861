/*
 * ngrams.c
 *	  The terms of a text as strings.
 */
#include "core/features/feature_space.h"
#include "core/features/ngrams.h"
#include "core/host.h"

void
ngrams_parse(const char *json, TokenizerOptions *tokenizer_options,
			 VocabularyOptions *ngram_options)
{
	FeatureSpaceOptions options;

	feature_space_parse(json, &options);
	*tokenizer_options = options.tokenizer;
	*ngram_options = options.vocabulary;
}

/* Strings one behind the other under construction. */
typedef struct StringList
{
	size_t count;
	size_t capacity;
	uint64_t *starts; /* (count + 1) */
	ByteBuffer bytes;
} StringList;

/* Close the string that was appended to the list's bytes. */
static void
end_string(StringList *list)
{
	if (list->count == list->capacity)
	{
		size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;

		if (list->starts == NULL)
			list->starts = host_allocate_array(uint64_t, capacity + 1);
		else
			list->starts = host_reallocate_array(list->starts, uint64_t, capacity + 1);
		list->starts[0] = 0;
		list->capacity = capacity;
	}
	list->starts[++list->count] = list->bytes.length;
	if (list->count % 4096 == 0)
		host_check_interrupts();
}

/* The tokens of a text. */
static StringList
list_tokens(Tokenizer *tokenizer, const char *text, size_t length)
{
	StringList tokens = {0};
	const TokenBatch *batch;

	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t i = 0; i < batch->count; i++)
		{
			buffer_append(&tokens.bytes, batch->bytes[i], batch->lengths[i]);
			end_string(&tokens);
		}
	}
	return tokens;
}

NgramList
ngrams_list(Tokenizer *tokenizer, const VocabularyOptions *options, const char *text, size_t length)
{
	StringList tokens = list_tokens(tokenizer, text, length);
	StringList terms = {0};

	for (size_t n = (size_t) options->ngram_min; n <= (size_t) options->ngram_max; n++)
	{
		for (size_t i = 0; i + n <= tokens.count; i++)
		{
			for (size_t j = i; j < i + n; j++)
			{
				if (j > i)
					buffer_append(&terms.bytes, " ", 1);
				buffer_append(&terms.bytes, tokens.bytes.data + tokens.starts[j],
							  tokens.starts[j + 1] - tokens.starts[j]);
			}
			end_string(&terms);
		}
	}
	host_free(tokens.starts);
	buffer_reset(&tokens.bytes);
	return (NgramList){terms.count, terms.starts, terms.bytes};
}
