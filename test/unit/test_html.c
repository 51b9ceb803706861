/*
 * test_html.c
 *	  Plain text out of HTML, and web addresses out of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/text/html.h"
#include "core/text/html_entities.h"
#include "core/text/urls.h"
#include "core/text/utf8.h"
#include "host.h"

/* A function that strips something. */
typedef size_t (*StripFunction)(const char *text, size_t length, char *destination);

/* What a text becomes, in memory of the host. */
static const char *
strip(StripFunction function, const char *text)
{
	size_t length = strlen(text);
	char *source = host_allocate(length);
	char *result = host_allocate(length);
	char *string;
	size_t stripped;

	/* Both exactly as long as allowed, so that AddressSanitizer sees what goes beyond. */
	memcpy(source, text, length);
	stripped = function(source, length, result);
	assert_true(stripped <= length);
	string = host_allocate_zero(stripped + 1);
	memcpy(string, result, stripped);
	return string;
}

#define assert_html(text, expected) assert_string_equal(strip(html_strip, (text)), (expected))
#define assert_urls(text, expected) assert_string_equal(strip(url_strip, (text)), (expected))

static int
free_host_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

static void
tags_become_spaces(void **state)
{
	(void) state;
	assert_html("Good<br />book", "Good book");
	assert_html("<p class=\"a b\">one</p><P>two</P>", " one  two ");
	assert_html("<?xml version=\"1.0\"?><!DOCTYPE html>x", "  x");
	assert_html("<a\nhref=x>y</a>", " y ");
	assert_html("", "");
	assert_html("no markup", "no markup");
}

static void
other_angle_brackets_stay(void **state)
{
	(void) state;
	assert_html("I <3 it, 4 < 5 > 3, <- <", "I <3 it, 4 < 5 > 3, <- <");
	assert_html("<unfinished tag", "<unfinished tag");
	assert_html("a <b", "a <b");
	assert_html("<é>", "<é>");
}

static void
comments_vanish(void **state)
{
	(void) state;
	assert_html("a<!-- b > c -->d", "a d");
	assert_html("a<!-->b<!--->c", "a b c");
	/* Without an end it is a tag. */
	assert_html("a<!-- b > c", "a  c");
}

static void
hidden_elements_vanish(void **state)
{
	(void) state;
	assert_html("a<script>if (x < 1) y();</script>b", "a b");
	assert_html("a<SCRIPT type=\"x\">y</Script >b", "a b");
	assert_html("a<style>p {}</style>b<style/>c</style>", "a b ");
	assert_html("a<script>b</scripts></script>c", "a c");
	/* Without an end tag the content stays, so that a cut-off page keeps its text. */
	assert_html("a<script>b", "a b");
	assert_html("a<script>b</script", "a b</script");
	assert_html("a<scripture>b</scripture>", "a b ");
}

static void
references_are_decoded(void **state)
{
	(void) state;
	assert_html("&amp;&lt;&gt;&quot;&apos;&nbsp;", "&<>\"'\u00a0");
	assert_html("&#34;&#x22;&#X22;&#233;&#x1F44D;", "\"\"\"é👍");
	assert_html("&eacute;&Eacute;&szlig;&euro;&hearts;&AMP;", "éÉß€♥&");
	/* No tags come out of references, and references are decoded once. */
	assert_html("&lt;b&gt; &amp;amp;", "<b> &amp;");
	assert_html("&#39 &#39x", "' 'x");
	assert_html("& && &; &# &#; &#x; &nosuchname; &amp &eacutee;",
				"& && &; &# &#; &#x; &nosuchname; &amp &eacutee;");
	assert_html("&", "&");
	assert_html("&#", "&#");
	assert_html("&a", "&a");
}

static void
wrong_numbers_are_repaired(void **state)
{
	(void) state;
	assert_html("&#0;&#xD800;&#x110000;&#99999999999999999999;", "\ufffd\ufffd\ufffd\ufffd");
	/* 2 to the 32nd and 65 is no "A". */
	assert_html("&#4294967361;&#x100000041;", "\ufffd\ufffd");
	assert_html("&#150;&#x80;", "\u2013€");
	assert_html("&#x10FFFF;", "\U0010ffff");
}

static void
entities_are_sorted(void **state)
{
	(void) state;
	for (size_t i = 0; i < n_html_entities; i++)
	{
		char text[HTML_ENTITY_MAX_NAME + 3] = "&";
		char expected[UTF8_MAX_LENGTH + 1] = "";

		strcat(strcat(text, html_entities[i].name), ";");
		utf8_encode(html_entities[i].code_point, expected);
		assert_html(text, expected);
	}
}

static void
presence_is_found(void **state)
{
	(void) state;
	assert_true(html_is_present("a<b", 3));
	assert_true(html_is_present("a&b", 3));
	assert_false(html_is_present("a>b;", 4));
	assert_false(html_is_present("", 0));
	assert_true(url_is_present("see www.x.com", 13));
	assert_false(url_is_present("see www", 7));
}

static void
urls_become_spaces(void **state)
{
	(void) state;
	assert_urls("see http://a.b/c?d=e#f now", "see   now");
	assert_urls("HTTPS://A.B ftp://x/y", "   ");
	assert_urls("(www.example.com)", "( ");
	assert_urls("<a href=\"http://x.y\">http://x.y</a>", "<a href=\" \"> </a>");
	assert_urls("참고www.naver.com 하세요", "참고  하세요");
	assert_urls("a http://b\u3000c", "a  \u3000c");
	assert_urls("http://", " ");
	assert_urls("xhttp://y.z", "x ");
	assert_urls("https://a.b/redirect?to=http://c.d e", "  e");
	assert_urls("http:///", " ");
}

static void
other_words_stay(void **state)
{
	(void) state;
	assert_urls("awww.cute www. www https:/x http", "awww.cute www. www https:/x http");
	assert_urls("john@example.com example.com", "john@example.com example.com");
	assert_urls("note: a://b sftp:/ x", "note: a://b sftp:/ x");
	assert_urls("", "");
	assert_urls("w", "w");
}

/* Seconds for a text of many equal pieces. */
static double
seconds_for(StripFunction function, const char *piece, size_t length)
{
	size_t size = strlen(piece);
	char *text = host_allocate(length);
	char *result = host_allocate(length);
	clock_t start;

	for (size_t i = 0; i < length; i++)
		text[i] = piece[i % size];
	start = clock();
	function(text, length, result);
	return (double) (clock() - start) / CLOCKS_PER_SEC;
}

static void
time_is_linear(void **state)
{
	static const char *const pieces[] = {"<a",
										 "<",
										 "<!--",
										 "<script>",
										 "<style><script>",
										 "</script",
										 "&",
										 "&#",
										 "&#1",
										 "http://",
										 "www.",
										 ":",
										 "<script></style>",
										 "<!-- >",
										 "://",
										 "ww",
										 "h",
										 "<script></script",
										 "a<b",
										 "&#x11"};

	(void) state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		/* A quadratic search would take minutes. */
		assert_true(seconds_for(html_strip, pieces[i], 4 << 20) < 2);
		assert_true(seconds_for(url_strip, pieces[i], 4 << 20) < 2);
	}
}

/* A text must be interrupted. (A function of its own, because setjmp endangers local variables.) */
static __attribute__((noinline)) void
assert_interruptible(StripFunction function, const char *piece)
{
	test_host_interrupt_after = 5;
	assert_host_error(HOST_ERROR_INTERNAL, seconds_for(function, piece, 1 << 20));
	test_host_interrupt_after = 0;
}

static void
long_texts_can_be_interrupted(void **state)
{
	static const char *const pieces[] = {"a", "<", "&", "&amp;", "<b>", "h", "http://x "};

	(void) state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		assert_interruptible(html_strip, pieces[i]);
		assert_interruptible(url_strip, pieces[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(tags_become_spaces, free_host_memory),
		cmocka_unit_test_teardown(other_angle_brackets_stay, free_host_memory),
		cmocka_unit_test_teardown(comments_vanish, free_host_memory),
		cmocka_unit_test_teardown(hidden_elements_vanish, free_host_memory),
		cmocka_unit_test_teardown(references_are_decoded, free_host_memory),
		cmocka_unit_test_teardown(wrong_numbers_are_repaired, free_host_memory),
		cmocka_unit_test_teardown(entities_are_sorted, free_host_memory),
		cmocka_unit_test_teardown(presence_is_found, free_host_memory),
		cmocka_unit_test_teardown(urls_become_spaces, free_host_memory),
		cmocka_unit_test_teardown(other_words_stay, free_host_memory),
		cmocka_unit_test_teardown(time_is_linear, free_host_memory),
		cmocka_unit_test_teardown(long_texts_can_be_interrupted, free_host_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
