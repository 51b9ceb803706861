/*
 * tokenizer.c
 *	  Text to tokens: cleaning before the scanner, stop words and stems behind it.
 */
#include <string.h>

#include "core/buffer.h"
#include "core/hash.h"
#include "core/host.h"
#include "core/text/characters.h"
#include "core/text/contractions.h"
#include "core/text/emoji.h"
#include "core/text/html.h"
#include "core/text/stem_cache.h"
#include "core/text/stemmer.h"
#include "core/text/stop_words.h"
#include "core/text/token_scanner.h"
#include "core/text/urls.h"
#include "core/text/utf8.h"

/* A larger buffer is given back before the next text. */
#define CLEAN_TEXT_TO_KEEP (1 << 20)

const ParameterSpec tokenizer_parameters[] = {
	{.name = "lowercase",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(TokenizerOptions, lowercase),
	 .default_json = "true",
	 .meaning = "lower-case the text"},
	{.name = "strip_html",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(TokenizerOptions, strip_html),
	 .default_json = "false",
	 .meaning = "drop HTML tags and decode character references such as &amp;"},
	{.name = "strip_urls",
	 .type = PARAMETER_BOOLEAN,
	 .offset = offsetof(TokenizerOptions, strip_urls),
	 .default_json = "false",
	 .meaning = "drop web addresses (http://, https://, ftp://, www.)"},
	{.name = "token_min_length",
	 .type = PARAMETER_INTEGER,
	 .offset = offsetof(TokenizerOptions, token_min_length),
	 .default_json = "2",
	 .minimum = 1,
	 .maximum = 100,
	 .meaning =
		 "characters that a word must have at least; emoji and scripts without spaces are exempt"},
	{.name = "stop_words",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(TokenizerOptions, stop_words),
	 .default_json = "\"none\"",
	 .choices = stop_word_languages,
	 .meaning = "language whose stop words are dropped; they are lower-case"},
	{.name = "stemmer",
	 .type = PARAMETER_CHOICE,
	 .offset = offsetof(TokenizerOptions, stemmer),
	 .default_json = "\"none\"",
	 .choices = stemmer_languages,
	 .meaning = "language whose Snowball stemmer turns words into stems"},
};
const size_t n_tokenizer_parameters =
	sizeof(tokenizer_parameters) / sizeof(tokenizer_parameters[0]);

struct Tokenizer
{
	TokenizerOptions options;
	TokenScanner scanner;
	StopWordSet *stop_words; /* NULL for none */

	/* The text after strip_html and strip_urls */
	char *clean_text;
	size_t clean_capacity;

	StemCache *stem_cache; /* NULL for no stemmer */

	/* Stems that are no prefix of their word, for one batch */
	ByteBuffer stems;
};

/* Make a tokenizer. */
Tokenizer *
tokenizer_create(const TokenizerOptions *options)
{
	Tokenizer *tokenizer = host_allocate_zero(sizeof(Tokenizer));

	tokenizer->options = *options;
	tokenizer->scanner.lowercase = options->lowercase;
	tokenizer->scanner.min_length = (uint32_t) options->token_min_length;
	if (options->stop_words != 0)
		tokenizer->stop_words = stop_word_set_create(options->stop_words);
	if (options->stemmer != 0)
		tokenizer->stem_cache = stem_cache_create(options->stemmer);
	return tokenizer;
}

/* Free a tokenizer. */
void
tokenizer_free(Tokenizer *tokenizer)
{
	token_scanner_clear(&tokenizer->scanner);
	stop_word_set_free(tokenizer->stop_words);
	stem_cache_free(tokenizer->stem_cache);
	host_free(tokenizer->clean_text);
	buffer_reset(&tokenizer->stems);
	host_free(tokenizer);
}

/* Make room for a clean text. */
static void
reserve_clean_text(Tokenizer *tokenizer, size_t capacity)
{
	if (tokenizer->clean_capacity >= capacity)
		return;
	host_free(tokenizer->clean_text);
	tokenizer->clean_text = NULL;
	tokenizer->clean_capacity = 0;
	tokenizer->clean_text = host_allocate(capacity);
	tokenizer->clean_capacity = capacity;
}

/* Give a large clean text back. */
static void
drop_large_clean_text(Tokenizer *tokenizer)
{
	if (tokenizer->clean_capacity <= CLEAN_TEXT_TO_KEEP)
		return;
	host_free(tokenizer->clean_text);
	tokenizer->clean_text = NULL;
	tokenizer->clean_capacity = 0;
}

/* Begin a text. */
void
tokenizer_begin(Tokenizer *tokenizer, const char *text, size_t length)
{
	bool has_html = tokenizer->options.strip_html && html_is_present(text, length);
	bool may_have_urls =
		tokenizer->options.strip_urls && (has_html || url_is_present(text, length));
	bool may_have_contractions =
		tokenizer->options.stop_words != 0 &&
		(has_html || contraction_is_present(tokenizer->options.stop_words, text, length));

	drop_large_clean_text(tokenizer);
	if (has_html || may_have_urls || may_have_contractions)
	{
		/* What vanishes must be valid too. */
		utf8_check(text, length);
		reserve_clean_text(tokenizer, length);
		if (has_html)
		{
			length = html_strip(text, length, tokenizer->clean_text);
			text = tokenizer->clean_text;
		}
		if (may_have_urls)
		{
			length = url_strip(text, length, tokenizer->clean_text);
			text = tokenizer->clean_text;
		}
		if (may_have_contractions &&
			contraction_is_present(tokenizer->options.stop_words, text, length))
			contractions_strip(tokenizer->options.stop_words, tokenizer->options.lowercase, text,
							   length, tokenizer->clean_text);
		text = tokenizer->clean_text;
	}
	token_scanner_begin(&tokenizer->scanner, text, length);
}

/* Drop stop words from a batch. */
static void
remove_stop_words(const StopWordSet *stop_words, TokenBatch *batch)
{
	uint32_t suspects[TOKEN_BATCH_SIZE];
	bool is_stop_word[TOKEN_BATCH_SIZE] = {false};
	uint32_t n_suspects = 0;
	uint32_t n_kept = 0;

	/* Three loops, because every second word is one: a branch could not be predicted. */
	for (uint32_t i = 0; i < batch->count; i++)
	{
		suspects[n_suspects] = i;
		n_suspects += stop_word_set_may_contain(stop_words, batch->hashes[i]);
	}
	for (uint32_t i = 0; i < n_suspects; i++)
	{
		uint32_t suspect = suspects[i];

		is_stop_word[suspect] = stop_word_set_contains(
			stop_words, batch->bytes[suspect], batch->lengths[suspect], batch->hashes[suspect]);
	}
	for (uint32_t i = 0; i < batch->count; i++)
	{
		batch->bytes[n_kept] = batch->bytes[i];
		batch->lengths[n_kept] = batch->lengths[i];
		batch->hashes[n_kept] = batch->hashes[i];
		n_kept += !is_stop_word[i];
	}
	batch->count = n_kept;
}

/* Is a token a word, which can have a stem, and not an emoji or a pair of unspaced characters? */
static bool
is_stemmable(const char *bytes, size_t length)
{
	uint32_t code_point;

	if (length > STEMMER_MAX_LENGTH)
		return false;
	utf8_decode_at(bytes, length, 0, &code_point);
	return character_kind(character_class(code_point)) == CHARACTER_WORD &&
		   keycap_length(bytes, length, 0) != length;
}

/* Put stems in the place of words. A word whose stem is empty stays. */
static void
stem_words(Tokenizer *tokenizer, TokenBatch *batch)
{
	size_t offsets[TOKEN_BATCH_SIZE]; /* in the stems, which may move */

	tokenizer->stems.length = 0;
	for (uint32_t i = 0; i < batch->count; i++)
	{
		const char *stem;
		size_t length;

		if (!is_stemmable(batch->bytes[i], batch->lengths[i]))
			continue;
		stem = stem_cache_stem(tokenizer->stem_cache, batch->bytes[i], batch->lengths[i],
							   batch->hashes[i], &length);
		if (length == 0)
			continue;
		if (length > batch->lengths[i] || memcmp(stem, batch->bytes[i], length) != 0)
		{
			offsets[i] = tokenizer->stems.length;
			buffer_append(&tokenizer->stems, stem, length);
			batch->bytes[i] = NULL;
		}
		batch->hashes[i] = hash_token(stem, length);
		batch->lengths[i] = (uint32_t) length;
	}
	for (uint32_t i = 0; i < batch->count; i++)
	{
		if (batch->bytes[i] == NULL)
			batch->bytes[i] = tokenizer->stems.data + offsets[i];
	}
}

/* The next batch of tokens. */
const TokenBatch *
tokenizer_next(Tokenizer *tokenizer)
{
	TokenBatch *batch = &tokenizer->scanner.batch;

	do
	{
		if (!token_scanner_next(&tokenizer->scanner))
			return NULL;
		if (tokenizer->stop_words != NULL)
			remove_stop_words(tokenizer->stop_words, batch);
	} while (batch->count == 0);
	if (tokenizer->stem_cache != NULL)
		stem_words(tokenizer, batch);
	return batch;
}
