/*
 * test_evaluation_curves.c
 *	  Curves against those of scikit-learn, and the limits of many rows, one class, no rows.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/evaluation/evaluation_curves.h"
#include "core/hash.h"
#include "core/host.h"
#include "host.h"

#include "evaluation_curves_fixture.h"

/* The curves of rows, parsed. */
static cJSON *
curves_of(const ScoredRow *rows, size_t n_rows)
{
	ByteBuffer json = {0};
	cJSON *parsed;

	evaluation_curves_json(rows, n_rows, &json);
	parsed = cJSON_Parse(buffer_c_string(&json));
	assert_non_null(parsed);
	return parsed;
}

/* Compare the points of a curve. */
static void
check_curve(const cJSON *curves, const char *name, const double (*expected)[2], size_t n_expected)
{
	const cJSON *points = cJSON_GetObjectItem(curves, name);

	assert_int_equal(cJSON_GetArraySize(points), n_expected);
	for (size_t i = 0; i < n_expected; i++)
	{
		for (int j = 0; j < 2; j++)
			assert_true(fabs(cJSON_GetArrayItem(cJSON_GetArrayItem(points, i), j)->valuedouble -
							 expected[i][j]) < 1e-12);
	}
}

#define CHECK_CASE(name)                                                                    \
	do                                                                                      \
	{                                                                                       \
		cJSON *curves = curves_of(name##_rows, sizeof(name##_rows) / sizeof(ScoredRow));    \
		check_curve(curves, "roc", name##_roc, sizeof(name##_roc) / sizeof(name##_roc[0])); \
		check_curve(curves, "precision_recall", name##_precision_recall,                    \
					sizeof(name##_precision_recall) / sizeof(name##_precision_recall[0]));  \
		check_curve(curves, "calibration", name##_calibration,                              \
					sizeof(name##_calibration) / sizeof(name##_calibration[0]));            \
		cJSON_Delete(curves);                                                               \
	} while (0)

static void
test_against_scikit_learn(void **state)
{
	(void) state;
	CHECK_CASE(plain);
	CHECK_CASE(informative);
	CHECK_CASE(ties);
	CHECK_CASE(perfect);
	CHECK_CASE(constant);
}

/* Of many rows, few points are left: in order, from corner to corner, with nearly the same area. */
static void
test_many_rows(void **state)
{
	size_t n_rows = 20000;
	ScoredRow *rows = host_allocate_array(ScoredRow, n_rows);
	const cJSON *roc;
	const cJSON *last;
	cJSON *curves;
	double area = 0;
	double x = 0;
	double y = 0;

	(void) state;
	for (size_t i = 0; i < n_rows; i++)
	{
		rows[i].score = (double) (hash_mix(i) >> 11) / 9007199254740992.0;
		rows[i].positive =
			(double) (hash_mix(i + n_rows) >> 11) / 9007199254740992.0 < rows[i].score;
	}
	curves = curves_of(rows, n_rows);
	roc = cJSON_GetObjectItem(curves, "roc");
	assert_true(cJSON_GetArraySize(roc) > MAX_CURVE_POINTS / 2);
	assert_true(cJSON_GetArraySize(roc) <= MAX_CURVE_POINTS + 1);
	for (int i = 0; i < cJSON_GetArraySize(roc); i++)
	{
		const cJSON *point = cJSON_GetArrayItem(roc, i);
		double next_x = cJSON_GetArrayItem(point, 0)->valuedouble;
		double next_y = cJSON_GetArrayItem(point, 1)->valuedouble;

		assert_true(next_x >= x && next_y >= y);
		area += (next_x - x) * (next_y + y) / 2;
		x = next_x;
		y = next_y;
	}
	assert_true(x == 1 && y == 1);
	assert_true(fabs(area - classification_roc_auc(rows, n_rows)) < 1e-3);
	last = cJSON_GetObjectItem(curves, "precision_recall");
	last = cJSON_GetArrayItem(last, cJSON_GetArraySize(last) - 1);
	assert_true(cJSON_GetArrayItem(last, 0)->valuedouble == 1);
	cJSON_Delete(curves);
	host_free(rows);
}

/* What cannot be drawn is empty. */
static void
test_one_class(void **state)
{
	const ScoredRow positive[] = {{0.5, true}, {0.7, true}};
	const ScoredRow negative[] = {{0.5, false}, {0.7, false}};
	cJSON *curves = curves_of(positive, 2);

	(void) state;
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "roc")), 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "precision_recall")), 3);
	cJSON_Delete(curves);
	curves = curves_of(negative, 2);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "roc")), 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "precision_recall")), 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "calibration")), 2);
	cJSON_Delete(curves);
	curves = curves_of(NULL, 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(curves, "calibration")), 0);
	cJSON_Delete(curves);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_scikit_learn),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_one_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
