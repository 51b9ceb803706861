/*
 * test_trial_evaluation.c
 *	  Trials that share what they can, against cross-validation and training that share nothing.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/cross_validation.h"
#include "core/pipeline_train.h"
#include "core/search/trial_evaluation.h"
#include "core/threads.h"
#include "host.h"

#define N_TEXTS 200
#define N_FOLDS 4

/* Options of all sorts: every kind, every block of features. */
static const struct
{
	const char *kind;
	const char *json;
} option_sets[] = {
	{"logistic_regression", "{}"},
	{"logistic_regression", "{\"C\": 0.1, \"penalty\": \"l1\", \"ngram_max\": 1}"},
	{"logistic_regression",
	 "{\"weighting\": \"tfidf_nb\", \"min_df\": 2, \"text_features\": true}"},
	{"logistic_regression", "{\"svd_components\": 20, \"balance\": \"class_weight\", \"seed\": 3}"},
	{"random_forest", "{\"n_estimators\": 20, \"text_weight\": 2}"},
	{"hist_gradient_boosting", "{\"max_iter\": 10}"},
	{"mlp", "{\"max_iter\": 3, \"hidden_layer_sizes\": [8]}"},
};
#define N_OPTION_SETS (sizeof(option_sets) / sizeof(option_sets[0]))

/* A made review, of which some have a label against their words: three labels, unbalanced. */
static void
add_texts(Corpus *corpus)
{
	static const char *const words[] = {"good", "great", "fine", "bad", "poor", "so", "lovely"};
	static const char *const labels[] = {"pos", "pos", "pos", "neg", "neg", "mid", "pos"};

	for (int i = 0; i < N_TEXTS; i++)
	{
		const char *label = labels[i % 13 == 0 ? (i + 3) % 7 : i % 7];
		char text[200];

		snprintf(text, sizeof(text), "%s book number%d the the story%d of w%d", words[i % 7],
				 i % 11, i % 5, i);
		corpus_add_text(corpus, text, strlen(text), corpus_add_label(corpus, label, strlen(label)),
						NULL);
	}
}

/* Options and a corpus of made reviews that keeps what any of the option sets needs. */
static PipelineOptions
begin(const char *kind, const char *json, Corpus *corpus)
{
	PipelineOptions options;
	CorpusValues values = {.text_features = true};

	pipeline_parse_options(kind, json, NULL, 0, &options);
	*corpus = (Corpus){0};
	corpus_initialize(corpus, &options.features.tokenizer, &values);
	add_texts(corpus);
	return options;
}

/* Cross-validation without any sharing. figures: (N_FOLDS, N_FOLD_FIGURES) */
static void
unshared_figures(const PipelineOptions *options, const Corpus *corpus, double *figures)
{
	ClassList classes;
	TrainingRows rows;
	ByteBuffer json = {0};
	double *probabilities;
	cJSON *parsed;

	class_list_make(corpus, &classes);
	training_rows_choose(corpus, &classes, &rows);
	probabilities = host_allocate_array(double, (size_t) rows.n_documents *classes.n_classes);
	cross_validate(options, &classes, &rows, N_FOLDS, probabilities, &json);
	parsed = cJSON_Parse(buffer_c_string(&json));
	for (int i = 0; i < N_FOLD_FIGURES; i++)
	{
		const cJSON *values =
			cJSON_GetObjectItem(cJSON_GetObjectItem(parsed, fold_figure_names[i]), "values");

		assert_int_equal(cJSON_GetArraySize(values), N_FOLDS);
		for (int fold = 0; fold < N_FOLDS; fold++)
			figures[fold * N_FOLD_FIGURES + i] = cJSON_GetArrayItem(values, fold)->valuedouble;
	}
	cJSON_Delete(parsed);
}

static void
evaluate(TrialEvaluator *evaluator, const PipelineOptions *options, double *figures)
{
	for (uint32_t fold = 0; fold < N_FOLDS; fold++)
		trial_evaluate_fold(evaluator, options, fold, figures + (size_t) fold * N_FOLD_FIGURES);
}

static int
free_all(void **state)
{
	(void) state;
	threads_stop();
	test_host_threads = 1;
	test_host_interrupt_after = 0;
	test_host_free_all();
	assert_int_equal(test_host_allocated, 0);
	return 0;
}

/* All option sets in one evaluator, twice in turn: the figures and images are those of no sharing. */
static void
test_same_as_unshared(void **state)
{
	Corpus corpus;
	PipelineOptions options = begin("logistic_regression", "{}", &corpus);
	TrialEvaluator *evaluator = trial_evaluator_create(&corpus, N_FOLDS, SIZE_MAX);

	(void) state;
	for (size_t round = 0; round < 2; round++)
	{
		for (size_t i = 0; i < N_OPTION_SETS; i++)
		{
			double expected[N_FOLDS * N_FOLD_FIGURES];
			double figures[N_FOLDS * N_FOLD_FIGURES];
			ByteBuffer trained;
			ByteBuffer image;

			test_host_threads = round == 0 ? 1 : 3;
			pipeline_parse_options(option_sets[i].kind, option_sets[i].json, NULL, 0, &options);
			unshared_figures(&options, &corpus, expected);
			evaluate(evaluator, &options, figures);
			for (size_t k = 0; k < N_FOLDS * N_FOLD_FIGURES; k++)
				assert_true(figures[k] == expected[k]);
			trained = pipeline_train(&options, &corpus, NULL);
			image = trial_train(evaluator, &options);
			assert_int_equal(image.length, trained.length);
			/* of balanced rows, the image that is kept has what was measured to correct its scores */
			if (options.balance == BALANCE_NONE)
				assert_memory_equal(image.data, trained.data, image.length);
			buffer_reset(&trained);
			buffer_reset(&image);
		}
	}
	trial_evaluator_free(evaluator);
}

/* Trials of the classifier's parameters share the spaces; without memory for them they are fitted anew. */
static void
test_sharing(void **state)
{
	double first[N_FOLDS * N_FOLD_FIGURES];
	double figures[N_FOLDS * N_FOLD_FIGURES];
	size_t limits[] = {SIZE_MAX, 0};

	(void) state;
	for (size_t round = 0; round < 2; round++)
	{
		Corpus corpus;
		PipelineOptions weak = begin("logistic_regression", "{\"C\": 0.01}", &corpus);
		PipelineOptions options;
		TrialEvaluator *evaluator = trial_evaluator_create(&corpus, N_FOLDS, limits[round]);

		evaluate(evaluator, &weak, first);
		assert_int_equal(trial_evaluator_spaces_fitted(evaluator), N_FOLDS);
		pipeline_parse_options("logistic_regression", "{\"C\": 100}", NULL, 0, &options);
		evaluate(evaluator, &options, figures);
		assert_memory_not_equal(figures, first, sizeof(figures));
		pipeline_parse_options("mlp", "{\"max_iter\": 2}", NULL, 0, &options);
		evaluate(evaluator, &options, figures);
		evaluate(evaluator, &weak, figures);
		assert_memory_equal(figures, first, sizeof(figures));
		assert_int_equal(trial_evaluator_spaces_fitted(evaluator), N_FOLDS * (round == 0 ? 1 : 4));
		/* other terms are another space, and so are other rows and another seed */
		pipeline_parse_options("logistic_regression", "{\"min_df\": 4}", NULL, 0, &options);
		evaluate(evaluator, &options, figures);
		pipeline_parse_options("logistic_regression", "{\"balance\": \"undersample\"}", NULL, 0,
							   &options);
		evaluate(evaluator, &options, figures);
		pipeline_parse_options("logistic_regression", "{\"seed\": 1}", NULL, 0, &options);
		evaluate(evaluator, &options, figures);
		assert_int_equal(trial_evaluator_spaces_fitted(evaluator), N_FOLDS * (round == 0 ? 4 : 7));
		trial_evaluator_free(evaluator);
	}
}

/* With memory for some of the spaces, those that were used last are kept. */
static void
test_memory(void **state)
{
	double figures[N_FOLD_FIGURES];
	Corpus corpus;
	PipelineOptions options = begin("logistic_regression", "{}", &corpus);
	TrialEvaluator *evaluator;
	size_t before = test_host_allocated;
	size_t empty;
	size_t one;

	(void) state;
	evaluator = trial_evaluator_create(&corpus, N_FOLDS, SIZE_MAX);
	empty = test_host_allocated;
	trial_evaluate_fold(evaluator, &options, 0, figures);
	one = test_host_allocated - empty;
	trial_evaluator_free(evaluator);
	assert_int_equal(test_host_allocated, before);
	/* room for two and a bit */
	evaluator = trial_evaluator_create(&corpus, N_FOLDS, 9 * one / 4);
	for (uint32_t fold = 0; fold < 3; fold++)
		trial_evaluate_fold(evaluator, &options, fold, figures);
	assert_true(test_host_allocated - empty < 3 * one);
	assert_int_equal(trial_evaluator_spaces_fitted(evaluator), 3);
	trial_evaluate_fold(evaluator, &options, 2, figures);
	trial_evaluate_fold(evaluator, &options, 1, figures);
	assert_int_equal(trial_evaluator_spaces_fitted(evaluator), 3);
	trial_evaluate_fold(evaluator, &options, 0, figures);
	assert_int_equal(trial_evaluator_spaces_fitted(evaluator), 4);
	trial_evaluator_free(evaluator);
}

/* However few rows are learned from, all of a fold are measured. */
static void
test_measured_rows(void **state)
{
	double all[N_FOLD_FIGURES];
	double few[N_FOLD_FIGURES];
	Corpus corpus;
	PipelineOptions options = begin("logistic_regression", "{}", &corpus);
	TrialEvaluator *evaluator = trial_evaluator_create(&corpus, N_FOLDS, SIZE_MAX);
	uint32_t n_rows = 0;

	(void) state;
	trial_evaluate_fold(evaluator, &options, 0, all);
	pipeline_parse_options("logistic_regression", "{\"per_class_limit\": 3}", NULL, 0, &options);
	trial_evaluate_fold(evaluator, &options, 0, few);
	assert_true(few[FOLD_ACCURACY] < all[FOLD_ACCURACY]);
	assert_true(few[FOLD_LOG_LOSS] > all[FOLD_LOG_LOSS]);
	/* accuracies are fractions of the same number of rows, about a fourth */
	for (uint32_t n = N_TEXTS / N_FOLDS - 3; n <= N_TEXTS / N_FOLDS + 3 && n_rows == 0; n++)
	{
		if (fabs(few[FOLD_ACCURACY] * n - round(few[FOLD_ACCURACY] * n)) < 1e-9 &&
			fabs(all[FOLD_ACCURACY] * n - round(all[FOLD_ACCURACY] * n)) < 1e-9)
			n_rows = n;
	}
	assert_true(n_rows > 0);
	trial_evaluator_free(evaluator);
}

static void
test_wrong(void **state)
{
	double figures[N_FOLDS * N_FOLD_FIGURES];
	Corpus corpus;
	PipelineOptions options = begin("logistic_regression", "{\"min_df\": 500}", &corpus);
	TrialEvaluator *evaluator;

	(void) state;
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA, trial_evaluator_create(&corpus, 60, SIZE_MAX));
	evaluator = trial_evaluator_create(&corpus, N_FOLDS, SIZE_MAX);
	assert_host_error(HOST_ERROR_INSUFFICIENT_DATA,
					  trial_evaluate_fold(evaluator, &options, 0, figures));
	pipeline_parse_options("logistic_regression", "{\"positive_label\": \"none\"}", NULL, 0,
						   &options);
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  trial_evaluate_fold(evaluator, &options, 0, figures));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_same_as_unshared, free_all),
		cmocka_unit_test_teardown(test_sharing, free_all),
		cmocka_unit_test_teardown(test_memory, free_all),
		cmocka_unit_test_teardown(test_measured_rows, free_all),
		cmocka_unit_test_teardown(test_wrong, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
