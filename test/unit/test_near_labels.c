/*
 * test_near_labels.c
 *	  Labels that are near equal: the folded form against Python's NFKC and casefold, and the groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/validation/near_labels.h"
#include "host.h"

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* ' '.join(normalize('NFKC', normalize('NFKC', label).casefold()).split()) of Python 3.11 */
static void
test_folded(void **state)
{
	static const char *const labels[][2] = {
		{"", ""},
		{" \t\n", ""},
		{"pos", "pos"},
		{"  pos\t \xc2\xa0x ", "pos x"},
		{"Stra\xc3\x9f"
		 "e",
		 "strasse"},
		{"\xef\xac\x81ne", "fine"},                      /* the ligature fi */
		{"\xef\xbc\xb0\xef\xbc\xaf\xef\xbc\xb3", "pos"}, /* full width */
		{"ne\xcc\x81g", "n\xc3\xa9g"},                   /* NFD */
		{"N\xc3\x89G", "n\xc3\xa9g"},                    /* NFC */
		{"\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83"},        /* both forms of a small sigma */
		{"\xef\xbc\x91\xef\xbc\x90", "10"},              /* full width digits */
		{"1.0", "1.0"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		assert_string_equal(label_folded(labels[i][0], strlen(labels[i][0])), labels[i][1]);
	/* what nobody sees is left out; what is no UTF-8 stays */
	assert_string_equal(label_folded("a\xe2\x80\x8b"
									 "b",
									 5),
						"ab");
	assert_string_equal(label_folded("A\xff", 2), "A\xff");
}

/* Check the rows and the text that are told of labels with 10, 20, … rows. */
static void
check_groups(const char *const *labels, uint32_t n_labels, uint64_t n_rows, const char *expected)
{
	CountedLabel counted[32];
	ByteBuffer text = {0};

	for (uint32_t i = 0; i < n_labels; i++)
		counted[i] = (CountedLabel){labels[i], strlen(labels[i]), 10 * (uint64_t) (i + 1)};
	assert_int_equal(near_labels_find(counted, n_labels, &text), n_rows);
	assert_string_equal(buffer_c_string(&text), expected);
}

#define CHECK_GROUPS(n_rows, expected, ...)     \
	check_groups((const char *[]){__VA_ARGS__}, \
				 sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), n_rows, expected)

static void
test_groups(void **state)
{
	(void) state;
	CHECK_GROUPS(0, "", "neg", "pos", "pos2");
	CHECK_GROUPS(10, "\"Pos\" has 10, \"pos\" has 30", "Pos", "neg", "pos");
	CHECK_GROUPS(10 + 20, "\"A\" has 10, \"a\" has 30; \"B\" has 20, \"b\" has 40", "A", "B", "a",
				 "b");
	/* the first groups, and the first labels of each, are named */
	CHECK_GROUPS(10 + 20 + 30 + 40 + 50,
				 "\"A\" has 10, \"A \" has 20, \"a\" has 30, \"a \" has 40, and more", "A", "A ",
				 "a", "a ", " a", " A");
	CHECK_GROUPS(
		10 + 30 + 50 + 70 + 90,
		"\"A\" has 10, \"a\" has 20; \"B\" has 30, \"b\" has 40; \"C\" has 50, \"c\" has 60; and 2 "
		"more groups",
		"A", "a", "B", "b", "C", "c", "D", "d", "E", "e");
	check_groups(NULL, 0, 0, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_folded, free_memory),
		cmocka_unit_test_teardown(test_groups, free_memory),
	};

	return cmocka_run_group_tests_name("near labels", tests, NULL, NULL);
}
