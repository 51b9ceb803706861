/*
 * test_tokenizer.c
 *	  Tokens of many languages, against scikit-learn and against a plain reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/text/ascii_block.h"
#include "core/text/characters.h"
#include "core/text/tokenizer.h"
#include "core/text/utf8.h"
#include "fixtures/tokens.h"
#include "host.h"
#include "reference_text.h"

#define MEGABYTE ((size_t) 1 << 20)

/* Options out of JSON. */
static TokenizerOptions
parse_options(const char *json)
{
	TokenizerOptions options;
	ParameterGroup group = {tokenizer_parameters, n_tokenizer_parameters, &options};

	parameters_parse(json, &group, 1);
	return options;
}

/* Append the tokens of a text to a buffer, separated by spaces. */
static void
append_tokens(Tokenizer *tokenizer, const char *text, size_t length, ByteBuffer *result)
{
	const TokenBatch *batch;

	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		assert_in_range(batch->count, 1, TOKEN_BATCH_SIZE);
		for (uint32_t i = 0; i < batch->count; i++)
		{
			assert_true(batch->hashes[i] == hash_token(batch->bytes[i], batch->lengths[i]));
			if (result->length > 0)
				buffer_append(result, " ", 1);
			buffer_append(result, batch->bytes[i], batch->lengths[i]);
		}
	}
}

/* The tokens of a text of some length, separated by spaces. */
static const char *
tokens_of_bytes(const char *text, size_t length, const char *json)
{
	TokenizerOptions options = parse_options(json);
	Tokenizer *tokenizer = tokenizer_create(&options);
	ByteBuffer result = {0};
	/* Without a zero byte behind it, so that AddressSanitizer sees reads beyond the end. */
	char *copy = host_allocate(length);

	memcpy(copy, text, length);
	append_tokens(tokenizer, copy, length, &result);
	tokenizer_free(tokenizer);
	host_free(copy);
	return buffer_c_string(&result);
}

static const char *
tokens_of(const char *text, const char *json)
{
	return tokens_of_bytes(text, strlen(text), json);
}

#define assert_tokens(text, json, expected) \
	assert_string_equal(tokens_of((text), (json)), (expected))

/* Compare the tokens of a text with those of the reference. */
static void
check_against_reference(const char *text, size_t length, const TokenizerOptions *options)
{
	Tokenizer *tokenizer = tokenizer_create(options);
	ReferenceTokens expected;
	const TokenBatch *batch;
	size_t n = 0;

	assert_true(reference_tokenize(text, length, options, &expected));
	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t i = 0; i < batch->count; i++, n++)
		{
			size_t start = reference_token_start(&expected, n);

			assert_true(n < expected.count);
			assert_int_equal(batch->lengths[i], expected.ends[n] - start);
			assert_memory_equal(batch->bytes[i], expected.bytes + start, batch->lengths[i]);
			assert_true(batch->hashes[i] == hash_token(batch->bytes[i], batch->lengths[i]));
		}
	}
	assert_int_equal(n, expected.count);
	reference_free_tokens(&expected);
	tokenizer_free(tokenizer);
}

static int
free_host_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

static void
equals_scikit_learn(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(expected_tokens) / sizeof(expected_tokens[0]); i++)
		assert_string_equal(
			tokens_of_bytes(expected_tokens[i].text, expected_tokens[i].length, "{}"),
			expected_tokens[i].tokens);
}

static void
options_have_defaults(void **state)
{
	TokenizerOptions options = parse_options("{}");

	(void) state;
	assert_true(options.lowercase);
	assert_false(options.strip_html);
	assert_false(options.strip_urls);
	assert_int_equal(options.token_min_length, 2);
	assert_int_equal(options.stop_words, 0);
	assert_int_equal(options.stemmer, 0);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse_options("{\"token_min_length\": 0}"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, parse_options("{\"stemmer\": \"klingon\"}"));
}

static void
lowercase_can_be_off(void **state)
{
	(void) state;
	assert_tokens("Good BOOK, Ärger ΟΔΟΣ", "{\"lowercase\": false}", "Good BOOK Ärger ΟΔΟΣ");
}

static void
minimum_length_counts_characters(void **state)
{
	(void) state;
	assert_tokens("a bc def ä öü", "{\"token_min_length\": 1}", "a bc def ä öü");
	assert_tokens("a bc def ä öü äöü", "{\"token_min_length\": 3}", "def äöü");
	assert_tokens("영화 최고 정말로", "{\"token_min_length\": 3}", "정말로");
	/* Emoji and scripts without spaces are exempt. */
	assert_tokens("good 👍 本", "{\"token_min_length\": 9}", "👍 本");
}

static void
case_of_special_letters(void **state)
{
	(void) state;
	/* A Turkish capital meets its small letter. */
	assert_tokens("İSTANBUL istanbul", "{}", "istanbul istanbul");
	assert_tokens("ΟΔΥΣΣΕΥΣ ΣΑΣ ΑΣ'Α", "{}", "οδυσσευς σας ασ");
	assert_tokens("STRASSE Straße GROẞ", "{}", "strasse straße groß");
	/* Letters whose lower case has more or fewer bytes. */
	assert_tokens("ȺȾȺ KK ȺȾ", "{}", "ⱥⱦⱥ kk ⱥⱦ");
}

static void
marks_stay_in_their_words(void **state)
{
	(void) state;
	assert_tokens("यह किताब बहुत अच्छी है", "{}", "यह किताब बहुत अच्छी है");
	assert_tokens("cafe\u0301 E\u0301TE\u0301", "{}", "cafe\u0301 e\u0301te\u0301");
	/* A joiner behind a virama shapes one word; between letters it parts them, as in Persian. */
	assert_tokens("ශ්\u200dරී ලංකාව", "{}", "ශ්\u200dරී ලංකාව");
	assert_tokens("می\u200cخواهم", "{}", "می خواهم");
	/* Marks without a character are nothing. */
	assert_tokens("\u0301 \u0301\u0301ab", "{}", "ab");
}

static void
unspaced_scripts_become_pairs(void **state)
{
	(void) state;
	assert_tokens("这本书很好", "{}", "这本 本书 书很 很好");
	assert_tokens("好", "{}", "好");
	assert_tokens("好。很 好", "{}", "好 很 好");
	assert_tokens("とてもスーパーです", "{}", "とて ても もス スー ーパ パー ーで です");
	assert_tokens("iPhone13を買った", "{}", "iphone13 を買 買っ った");
	assert_tokens("日本abc語", "{}", "日本 abc 語");
	/* Marks count with their character. */
	assert_tokens("ดีมาก", "{}", "ดีม มา าก");
	assert_tokens("ល្អណាស់", "{}", "ល្អ អណា ណាស់");
	/* Marks behind a character alone */
	assert_tokens("ที่", "{}", "ที่");
}

static void
emoji_are_tokens(void **state)
{
	(void) state;
	assert_tokens("great👍👍🏽!", "{}", "great 👍 👍🏽");
	assert_tokens("❤️❤ ☺ ★", "{}", "❤️ ❤ ☺ ★");
	assert_tokens("👨‍👩‍👧‍👦🏳️‍🌈👩🏾‍💻", "{}",
				  "👨‍👩‍👧‍👦 🏳️‍🌈 👩🏾‍💻");
	assert_tokens("🇩🇪🇫🇷🇰", "{}", "🇩🇪 🇫🇷 🇰");
	assert_tokens("🏴󠁧󠁢󠁥󠁮󠁧󠁿x 🏴", "{}", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴");
	/* Typography is no emoji unless U+FE0F says so. */
	assert_tokens("© ® ™ → ▶ 5€", "{}", "");
	assert_tokens("©️ ▶️", "{}", "©️ ▶️");
	assert_tokens("3️⃣ #️⃣ *⃣ 10⃣ no1️⃣", "{}",
				  "3️⃣ #️⃣ *⃣ 0⃣ no 1️⃣");
	/* A joiner without an emoji behind it joins nothing. */
	assert_tokens("👍\u200dok", "{}", "👍 ok");
}

static void
empty_texts_have_no_tokens(void **state)
{
	(void) state;
	assert_tokens("", "{}", "");
	assert_tokens(" \n\t.,;!", "{}", "");
	assert_tokens("a b c", "{}", "");
	assert_string_equal(tokens_of_bytes("a\0bc\0", 5, "{}"), "bc");
}

/* A text must raise an error. (A function of its own, because setjmp endangers local variables.) */
static __attribute__((noinline)) void
assert_invalid(const char *text, const char *json)
{
	assert_host_error(HOST_ERROR_INVALID_TEXT, tokens_of(text, json));
}

static void
invalid_bytes_raise_an_error(void **state)
{
	static const char *const invalid[] = {
		"\x80", /* a continuation without a beginning */
		"\xbf",
		"\xc3", /* cut off */
		"\xe2\x82",
		"\xf0\x9f\x91",
		"\xe2\x28\xa1", /* broken off */
		"\xc3\x28",
		"\xf0\x28\x8c\xbc",
		"\xc0\x80", /* overlong */
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\xaf",
		"\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80", /* surrogates */
		"\xed\xbf\xbf",
		"\xf4\x90\x80\x80", /* beyond U+10FFFF */
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};
	/* Before the invalid bytes: in scan_ascii, in a word, after an emoji, in an unspaced script, ... */
	static const char *const before[] = {"",  "abc ", "wörd",    "👍",      "日本",
										 "é", "🇩",    "1\uFE0F", "क\u094D"};

	(void) state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
	{
		for (size_t j = 0; j < sizeof(before) / sizeof(before[0]); j++)
		{
			char text[256];

			snprintf(text, sizeof(text), "%s%s", before[j], invalid[i]);
			assert_invalid(text, "{}");
			snprintf(text, sizeof(text), "%s%s tail of ASCII text and ÄÖÜ", before[j], invalid[i]);
			assert_invalid(text, "{}");
			/* Within what is stripped */
			snprintf(text, sizeof(text), "<a %s%s> http://%s b", before[j], invalid[i], invalid[i]);
			assert_invalid(text, "{\"strip_html\": true, \"strip_urls\": true}");
		}
	}
	assert_string_equal(test_host_error.message, "text is not valid UTF-8");
	assert_non_null(strstr(test_host_error.detail, "position"));
}

static void
valid_extremes_pass(void **state)
{
	(void) state;
	assert_tokens("\xc2\x80 \u07ff \u0800 \ud7ff \ue000 \uffff \U00010000 \U0010ffff ok", "{}",
				  "ok");
}

static void
tokenizer_survives_errors(void **state)
{
	TokenizerOptions options = parse_options("{}");
	Tokenizer *tokenizer = tokenizer_create(&options);
	ByteBuffer result = {0};

	(void) state;
	assert_host_error(HOST_ERROR_INVALID_TEXT, append_tokens(tokenizer, "日本\xff", 7, &result));
	result.length = 0;
	append_tokens(tokenizer, "next text", 9, &result);
	assert_string_equal(buffer_c_string(&result), "next text");
}

/* Texts around the sizes of blocks, batches and the arena, made of different pieces. */
static void
boundaries_do_not_matter(void **state)
{
	static const char *const pieces[] = {"a ",   "ab ",    "Abc, ", "x",        "ß",       "ÄB ",
										 "日本", "日 ",    "👍",     "1️⃣",  "#️⃣", "क्",
										 "Σ",    "\u0301", "   ",   "word_01 ", "é "};
	TokenizerOptions options = parse_options("{\"token_min_length\": 1}");
	char text[4096];
	uint64_t seed = 1;

	(void) state;
	for (int round = 0; round < 1500; round++)
	{
		size_t length = 0;
		size_t limit;

		seed = hash_mix(seed + 1);
		limit = seed % (round % 3 == 0 ? sizeof(text) - 16 : 300);
		options.lowercase = (seed >> 20 & 1) != 0;
		options.token_min_length = 1 + (int) (seed >> 21 & 1);
		while (length < limit)
		{
			const char *piece;

			seed = hash_mix(seed + 1);
			/* Mostly one piece, so that there are long stretches of everything. */
			piece = pieces[seed % 4 == 0 ? (seed >> 8) % (sizeof(pieces) / sizeof(pieces[0]))
										 : (size_t) round % (sizeof(pieces) / sizeof(pieces[0]))];
			memcpy(text + length, piece, strlen(piece));
			length += strlen(piece);
		}
		check_against_reference(text, length, &options);
	}
}

/* What goes on behind a full batch: a run of an unspaced script, a keycap. */
static void
full_batches_part_nothing(void **state)
{
	TokenizerOptions options = parse_options("{\"token_min_length\": 1}");

	(void) state;
	for (int n = TOKEN_BATCH_SIZE - 40; n < TOKEN_BATCH_SIZE + 40; n++)
	{
		ByteBuffer text = {0};

		for (int i = 0; i < n; i++)
			buffer_append(&text, "日本 ", strlen("日本 "));
		buffer_append(&text, "日本語abcdefghij 字", strlen("日本語abcdefghij 字"));
		check_against_reference(text.data, text.length, &options);

		/* Spaces move the block at whose end the batch is full. */
		for (int spaces = 0; spaces < ASCII_BLOCK_SIZE; spaces++)
		{
			text.length = 0;
			for (int i = 0; i < spaces; i++)
				buffer_append(&text, " ", 1);
			for (int i = 0; i < n; i++)
				buffer_append(&text, "a ", 2);
			buffer_append(&text, "#\uFE0F\u20E3", 7);
			check_against_reference(text.data, text.length, &options);
		}
		buffer_reset(&text);
	}
}

static void
batches_are_full(void **state)
{
	enum
	{
		N_WORDS = 5000
	};
	TokenizerOptions options = parse_options("{}");
	Tokenizer *tokenizer = tokenizer_create(&options);
	const TokenBatch *batch;
	ByteBuffer text = {0};
	size_t n_tokens = 0;
	size_t n_batches = 0;

	(void) state;
	for (int i = 0; i < N_WORDS; i++)
		buffer_printf(&text, "word%d ", i);
	tokenizer_begin(tokenizer, text.data, text.length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		for (uint32_t i = 0; i < batch->count; i++)
		{
			char expected[16];

			snprintf(expected, sizeof(expected), "word%zu", n_tokens++);
			assert_int_equal(batch->lengths[i], strlen(expected));
			assert_memory_equal(batch->bytes[i], expected, batch->lengths[i]);
		}
		n_batches++;
	}
	assert_int_equal(n_tokens, N_WORDS);
	/* Each but the last holds most of what it could. */
	assert_in_range(n_batches, N_WORDS / TOKEN_BATCH_SIZE, N_WORDS / (TOKEN_BATCH_SIZE - 40) + 1);
}

static void
long_tokens_work(void **state)
{
	TokenizerOptions options = parse_options("{}");
	size_t sizes[] = {15, 16, 17, 63, 64, 65, 16383, 16384, 16385, 16500, 40000, 300000};

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		ByteBuffer text = {0};

		/* ASCII, an upper-case letter that grows, and no change at all */
		buffer_append(&text, "ab ", 3);
		memset(buffer_extend(&text, sizes[i]), 'Q', sizes[i]);
		buffer_append(&text, " cd ", 4);
		for (size_t j = 0; j < sizes[i]; j++)
			buffer_append(&text, "Ⱥ", 2);
		buffer_append(&text, " ", 1);
		for (size_t j = 0; j < sizes[i]; j++)
			buffer_append(&text, "ж", 2);
		check_against_reference(text.data, text.length, &options);
		buffer_reset(&text);
	}
}

/* 50 MB: memory does not depend on the length, but for one token that is longer than all others. */
static void
huge_texts_need_little_memory(void **state)
{
	size_t length = 50 * MEGABYTE;
	char *text = malloc(length);
	TokenizerOptions options = parse_options("{}");
	Tokenizer *tokenizer = tokenizer_create(&options);
	const TokenBatch *batch;
	size_t n_tokens = 0;
	size_t before;

	(void) state;
	for (size_t i = 0; i < length; i++)
		text[i] = i % 8 == 7 ? ' ' : 'W';
	test_host_peak = before = test_host_allocated;
	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
		n_tokens += batch->count;
	assert_int_equal(n_tokens, length / 8);
	assert_true(test_host_peak - before < MEGABYTE / 8);

	memset(text, 'w', length);
	tokenizer_begin(tokenizer, text, length);
	batch = tokenizer_next(tokenizer);
	assert_int_equal(batch->count, 1);
	assert_int_equal(batch->lengths[0], length);
	assert_null(tokenizer_next(tokenizer));
	assert_true(test_host_peak - before < MEGABYTE / 8);

	memset(text, 'W', length);
	tokenizer_begin(tokenizer, text, length);
	batch = tokenizer_next(tokenizer);
	assert_int_equal(batch->lengths[0], length);
	assert_int_equal(batch->bytes[0][length - 1], 'w');
	assert_true(test_host_peak - before < 2 * length);
	/* The next text gives the memory back. */
	tokenizer_begin(tokenizer, text, 10);
	assert_true(test_host_allocated - before < MEGABYTE / 8);

	memset(text, ' ', length);
	tokenizer_begin(tokenizer, text, length);
	assert_null(tokenizer_next(tokenizer));
	free(text);
}

static void
long_texts_can_be_interrupted(void **state)
{
	static const char *const pieces[] = {" ", "w", "W", "Ä", "日", "\u0301", "a ", "👍", "क\u094D"};
	size_t length = 8 * TEXT_INTERRUPT_DISTANCE;
	char *text = host_allocate(length);

	(void) state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		size_t size = strlen(pieces[i]);

		for (size_t j = 0; j < length; j++)
			text[j] = j < length / size * size ? pieces[i][j % size] : ' ';
		test_host_interrupt_after = 6;
		assert_host_error(HOST_ERROR_INTERNAL, tokens_of_bytes(text, length, "{}"));
		assert_string_equal(test_host_error.message, "interrupted");
		test_host_interrupt_after = 0;
	}
}

static void
too_long_texts_are_refused(void **state)
{
	TokenizerOptions options = parse_options("{}");
	Tokenizer *tokenizer = tokenizer_create(&options);

	(void) state;
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, tokenizer_begin(tokenizer, "", (size_t) 1 << 32));
}

static void
html_and_urls_are_stripped_first(void **state)
{
	const char *both = "{\"strip_html\": true, \"strip_urls\": true}";

	(void) state;
	assert_tokens("Good<br />book &#34;really&#34; &eacute;t&Eacute;", both,
				  "good book really été");
	assert_tokens("see http://a.example/b?c=d now", "{}", "see http example now");
	assert_tokens("see http://a.example/b?c=d now", both, "see now");
	/* An address within a link's text, and one made by a reference */
	assert_tokens("<a href=\"x\">www.example.com</a> http&#58;//x.y z1", both, "z1");
	assert_tokens("no markup", both, "no markup");
}

static void
stop_words_and_stems(void **state)
{
	(void) state;
	assert_tokens("This is THE best of books", "{\"stop_words\": \"english\"}", "best books");
	assert_tokens("The running dogs were happily jumping", "{\"stemmer\": \"english\"}",
				  "the run dog were happili jump");
	assert_tokens("The running dogs were happily jumping",
				  "{\"stemmer\": \"english\", \"stop_words\": \"english\"}",
				  "run dog happili jump");
	/* Stop words are lower-case, so case matters if it is kept. */
	assert_tokens("The the", "{\"stop_words\": \"english\", \"lowercase\": false}", "The");
	assert_tokens("это очень хорошие книги", "{\"stemmer\": \"russian\"}", "эт очен хорош книг");
	/* A stem can be longer than its word: the bytes do not come from the text. */
	assert_tokens("hoping hoped HOPES", "{\"stemmer\": \"english\"}", "hope hope hope");
	assert_tokens("本本 👍 5️⃣", "{\"stemmer\": \"english\"}", "本本 👍 5️⃣");
	/* A word whose stem is empty stays. */
	assert_tokens("यो किताब", "{\"stemmer\": \"nepali\"}", "यो किताब");
	/* A text of nothing but stop words has no batch. */
	assert_tokens("the and of", "{\"stop_words\": \"english\"}", "");
}

/* Contracted stop words go whole, whatever the apostrophe; other words with one stay. */
static void
contractions_of_stop_words(void **state)
{
	const char *english = "{\"stop_words\": \"english\"}";
	const char *short_words = "{\"stop_words\": \"english\", \"token_min_length\": 1}";
	const char *french = "{\"stop_words\": \"french\", \"token_min_length\": 1}";
	const char *italian = "{\"stop_words\": \"italian\", \"token_min_length\": 1}";

	(void) state;
	assert_tokens("it wasn't, isn't, hadn't, won't, don't, I've, they'll", english, "");
	assert_tokens("WASN'T Couldn't've let's he'd we're", short_words, "");
	assert_tokens("wasn’t wonʼt don‘t can＇t shan´t didn`t they’ll", english, "");
	assert_tokens("that’s—isn’t…“wouldn’t” (aren’t)", english, "");
	assert_tokens("They won, and the don won't", english, "won");
	assert_tokens("John's dog and Zoë’ll swim", short_words, "john dog zoë swim");
	assert_tokens("o'clock rock'n'roll d'artagnan ma'am isn'tx xisn't", english,
				  "clock rock roll artagnan ma isn tx xisn");
	assert_tokens("'tis a 'quoted' word' 's", short_words, "quoted word");
	/* the parts are words like others without stop words */
	assert_tokens("wasn't they'll", "{}", "wasn they ll");
	/* stop words are lower-case: with case kept, so are contractions */
	assert_tokens("Wasn't wasn't", "{\"stop_words\": \"english\", \"lowercase\": false}", "Wasn");
	assert_tokens("<p>isn&#39;t</p> http://x.y/isn't good",
				  "{\"stop_words\": \"english\", \"strip_html\": true, \"strip_urls\": true}",
				  "good");
	assert_tokens("L'homme qu'il a vu, lorsqu'elle dormait jusqu’à l’aube aujourd'hui d’été",
				  french, "homme a vu dormait aube aujourd hui");
	assert_tokens("l'opera dell’arte un'idea com'è bella quest'uomo dov'era l'anno", italian,
				  "opera arte idea bella uomo anno");
	assert_tokens("Wie geht's? 'n Haus", "{\"stop_words\": \"german\", \"token_min_length\": 1}",
				  "geht haus");
	assert_tokens("'t is zo'n d'Artagnan", "{\"stop_words\": \"dutch\", \"token_min_length\": 1}",
				  "n d artagnan");
	/* a language without contractions is left alone */
	assert_tokens("d'Or l'x", "{\"stop_words\": \"swedish\", \"token_min_length\": 1}", "d or l x");
}

/* Words that are invalid UTF-8 are told as ever, and apostrophes at the ends harm nothing. */
static void
contractions_at_the_ends(void **state)
{
	static const char *const ends[] = {"'", "’", "n't", "'t", "''''", "x'", "’’s", "\xe2\x80"};
	Tokenizer *tokenizer;
	TokenizerOptions options = parse_options("{\"stop_words\": \"english\"}");
	ByteBuffer tokens = {0};

	(void) state;
	for (volatile size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		char text[50];

		tokenizer = tokenizer_create(&options);
		snprintf(text, sizeof(text), "%s' %s", ends[i], ends[i]);
		if (i + 1 == sizeof(ends) / sizeof(ends[0]))
			assert_host_error(HOST_ERROR_INVALID_TEXT,
							  append_tokens(tokenizer, text, strlen(text), &tokens));
		else
			append_tokens(tokenizer, text, strlen(text), &tokens);
		assert_int_equal(tokens.length, 0);
	}
}

static void
classifiers_of_blocks_agree(void **state)
{
	char source[ASCII_BLOCK_SIZE];
	char portable[ASCII_BLOCK_SIZE];
	char fast[ASCII_BLOCK_SIZE];
	uint64_t seed = 7;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		uint8_t case_bit = round % 2 == 0 ? ASCII_CASE_BIT : 0;
		AsciiBlock a;
		AsciiBlock b;

		for (unsigned i = 0; i < ASCII_BLOCK_SIZE; i++)
		{
			seed = hash_mix(seed + i);
			source[i] = (char) (round % 3 == 0 ? seed : seed & 0x7f);
		}
		a = ascii_block_classify_portable(source, portable, case_bit);
		b = ascii_block_classify(source, fast, case_bit);
		for (unsigned i = 0; i < ASCII_BLOCK_SIZE; i++)
		{
			unsigned char c = (unsigned char) source[i];
			bool is_upper = c >= 'A' && c <= 'Z';
			bool is_word = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';

			assert_int_equal(a.words >> i & 1, is_word);
			assert_int_equal(a.non_ascii >> i & 1, c >= 0x80);
			assert_int_equal((unsigned char) portable[i], is_upper ? c | case_bit : c);
		}
		assert_true(a.words == b.words && a.non_ascii == b.non_ascii);
		assert_memory_equal(portable, fast, ASCII_BLOCK_SIZE);
	}
}

static void
padded_hash_is_the_hash(void **state)
{
	char bytes[64];

	(void) state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char) hash_mix(i);
	for (size_t length = 0; length <= sizeof(bytes) - 16; length++)
		assert_true(hash_token_padded(bytes, length) == hash_token(bytes, length));
}

/* add_lowered_word relies on it. */
static void
lower_case_grows_by_half_at_most(void **state)
{
	(void) state;
	for (uint32_t code = 0; code < CODE_POINT_COUNT; code++)
	{
		if (code < 0xd800 || code >= 0xe000)
			assert_true(2 * utf8_encoded_length(character_lower(code)) <=
						3 * utf8_encoded_length(code));
	}
}

static void
code_points_survive_encoding(void **state)
{
	char bytes[UTF8_MAX_LENGTH];

	(void) state;
	for (uint32_t code = 0; code < CODE_POINT_COUNT; code++)
	{
		uint32_t decoded;
		unsigned size = utf8_encode(code, bytes);

		assert_int_equal(size, utf8_encoded_length(code));
		if (code >= 0xd800 && code < 0xe000)
		{
			assert_int_equal(utf8_decode(bytes, size, &decoded), 0);
			continue;
		}
		assert_int_equal(utf8_decode(bytes, size, &decoded), size);
		assert_int_equal(decoded, code);
		for (unsigned available = 1; available < size; available++)
			assert_int_equal(utf8_decode(bytes, available, &decoded), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(equals_scikit_learn, free_host_memory),
		cmocka_unit_test_teardown(options_have_defaults, free_host_memory),
		cmocka_unit_test_teardown(lowercase_can_be_off, free_host_memory),
		cmocka_unit_test_teardown(minimum_length_counts_characters, free_host_memory),
		cmocka_unit_test_teardown(case_of_special_letters, free_host_memory),
		cmocka_unit_test_teardown(marks_stay_in_their_words, free_host_memory),
		cmocka_unit_test_teardown(unspaced_scripts_become_pairs, free_host_memory),
		cmocka_unit_test_teardown(emoji_are_tokens, free_host_memory),
		cmocka_unit_test_teardown(empty_texts_have_no_tokens, free_host_memory),
		cmocka_unit_test_teardown(invalid_bytes_raise_an_error, free_host_memory),
		cmocka_unit_test_teardown(valid_extremes_pass, free_host_memory),
		cmocka_unit_test_teardown(tokenizer_survives_errors, free_host_memory),
		cmocka_unit_test_teardown(boundaries_do_not_matter, free_host_memory),
		cmocka_unit_test_teardown(full_batches_part_nothing, free_host_memory),
		cmocka_unit_test_teardown(batches_are_full, free_host_memory),
		cmocka_unit_test_teardown(long_tokens_work, free_host_memory),
		cmocka_unit_test_teardown(huge_texts_need_little_memory, free_host_memory),
		cmocka_unit_test_teardown(long_texts_can_be_interrupted, free_host_memory),
		cmocka_unit_test_teardown(too_long_texts_are_refused, free_host_memory),
		cmocka_unit_test_teardown(html_and_urls_are_stripped_first, free_host_memory),
		cmocka_unit_test_teardown(stop_words_and_stems, free_host_memory),
		cmocka_unit_test_teardown(contractions_of_stop_words, free_host_memory),
		cmocka_unit_test_teardown(contractions_at_the_ends, free_host_memory),
		cmocka_unit_test_teardown(classifiers_of_blocks_agree, free_host_memory),
		cmocka_unit_test_teardown(padded_hash_is_the_hash, free_host_memory),
		cmocka_unit_test_teardown(lower_case_grows_by_half_at_most, free_host_memory),
		cmocka_unit_test_teardown(code_points_survive_encoding, free_host_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
