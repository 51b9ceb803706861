/*
 * test_labels.c
 *	  The order of labels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/labels.h"
#include "host.h"

#define MAX_LABELS 8

static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* Sort labels and compare with what is expected; both lists end with NULL. */
static void
assert_sorted(const char *const *labels, const char *const *expected)
{
	const char *sorted[MAX_LABELS];
	uint32_t order[MAX_LABELS];
	size_t n_labels = 0;

	while (labels[n_labels] != NULL)
	{
		sorted[n_labels] = labels[n_labels];
		n_labels++;
	}
	labels_sort(sorted, n_labels);
	labels_order(labels, n_labels, order);
	for (size_t i = 0; i < n_labels; i++)
	{
		assert_string_equal(sorted[i], expected[i]);
		assert_string_equal(labels[order[i]], expected[i]);
	}
	assert_null(expected[n_labels]);
}

#define LABELS(...)       \
	(const char *const[]) \
	{                     \
		__VA_ARGS__, NULL \
	}

static void
test_integers(void **state)
{
	(void) state;
	assert_sorted(LABELS("10", "9", "-1", "0", "-10", "100"),
				  LABELS("-10", "-1", "0", "9", "10", "100"));
	assert_sorted(LABELS("7", "07", "-0", "0"), LABELS("-0", "0", "07", "7"));
	assert_sorted(LABELS("123456789012345678901234567890", "123456789012345678901234567889",
						 "99999999999999999999"),
				  LABELS("99999999999999999999", "123456789012345678901234567889",
						 "123456789012345678901234567890"));
}

static void
test_bytes(void **state)
{
	(void) state;
	assert_sorted(LABELS("b", "a", "B", "\xc3\xa9", ""), LABELS("", "B", "a", "b", "\xc3\xa9"));
	/* one label that is no integer makes all of them strings */
	assert_sorted(LABELS("10", "9", "x"), LABELS("10", "9", "x"));
	assert_sorted(LABELS("10", "9", "-"), LABELS("-", "10", "9"));
	assert_sorted(LABELS("10", "9", "1.5"), LABELS("1.5", "10", "9"));
	assert_sorted(LABELS("10", "9", ""), LABELS("", "10", "9"));
	assert_sorted(LABELS(NULL), LABELS(NULL));
}

static void
test_length(void **state)
{
	(void) state;
	label_check_length(MAX_LABEL_LENGTH);
	assert_host_error(HOST_ERROR_LIMIT_EXCEEDED, label_check_length(MAX_LABEL_LENGTH + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_integers, free_memory),
		cmocka_unit_test_teardown(test_bytes, free_memory),
		cmocka_unit_test_teardown(test_length, free_memory),
	};

	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
