/*
 * test_hyperparameter_search.c
 *	  Searches: studies that take turns, what trials are measured to be worth, pruning, limits, the front.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/search/hyperparameter_search.h"
#include "core/text_subset.h"
#include "core/threads.h"
#include "host.h"

#define N_TEXTS 180
#define N_FOLDS 3

static void
make_text(int i, char *text, size_t size)
{
	static const char *const words[] = {"good", "great", "fine", "bad", "poor", "awful"};

	snprintf(text, size, "%s book number%d story%d w%d", words[i % 6], i % 11, i % 7, i);
}

/* Made reviews, some of them with the other label. */
static void
fill(Corpus *corpus, TextSubset *texts)
{
	TokenizerOptions options = {0};
	CorpusValues values = {.text_features = true};
	PipelineOptions pipeline;

	pipeline_parse_options(DEFAULT_KIND, "{}", NULL, 0, &pipeline);
	options = pipeline.features.tokenizer;
	*corpus = (Corpus){0};
	corpus_initialize(corpus, &options, &values);
	for (int i = 0; i < N_TEXTS; i++)
	{
		const char *label = (i % 6 < 3) != (i % 10 == 0) ? "pos" : "neg";
		char text[200];

		make_text(i, text, sizeof(text));
		corpus_add_text(corpus, text, strlen(text), corpus_add_label(corpus, label, 3), NULL);
		text_subset_add(texts, text, strlen(text), corpus_text_hash(text, strlen(text)));
	}
}

/* Do all trials of a search. */
static void
run(Search *search)
{
	Corpus corpus;
	TextSubset texts = {0};
	TrialEvaluator *evaluator;
	SearchTrial *trial;

	fill(&corpus, &texts);
	evaluator = trial_evaluator_create(&corpus, search->options.n_folds, SIZE_MAX);
	while ((trial = search_begin_trial(search)) != NULL)
	{
		while (trial->is_running)
			search_step_trial(search, trial, evaluator, &texts.rows);
	}
	search_rank(search);
}

static SearchOptions
options_for(SearchFigure objective)
{
	SearchOptions options;

	search_default_options(&options);
	options.n_objectives = 1;
	options.objectives[0] = objective;
	options.n_folds = N_FOLDS;
	options.trials_per_study = 12;
	options.sampler = SAMPLER_RANDOM;
	return options;
}

static int
free_all(void **state)
{
	(void) state;
	threads_stop();
	test_host_threads = 1;
	test_host_free_all();
	return 0;
}

/* Studies take turns; a study does not depend on those beside it, nor on the threads. */
static void
test_turns(void **state)
{
	SearchOptions options = options_for(SEARCH_F1);
	Search *both = search_create(&options);
	Search *alone = search_create(&options);

	(void) state;
	search_add_study(both, "logistic_regression", "{}", "{}");
	search_add_study(both, "mlp", "{\"max_iter\": 2}", "{\"hidden_layer_sizes\": [4, 8]}");
	search_add_study(alone, "logistic_regression", "{}", "{}");
	assert_int_equal(search_trial_count(both), 24);
	assert_true(search_has_more(both));
	run(both);
	test_host_threads = 3;
	run(alone);
	assert_false(search_has_more(both));
	assert_int_equal(both->n_trials, 24);
	assert_int_equal(alone->n_trials, 12);
	for (uint32_t i = 0; i < 12; i++)
	{
		const SearchTrial *first = &both->trials[2 * (size_t) i];

		assert_int_equal(first->study, 0);
		assert_int_equal(both->trials[2 * i + 1].study, 1);
		assert_string_equal(first->parameters, alone->trials[i].parameters);
		assert_memory_equal(first->figures, alone->trials[i].figures,
							N_FOLD_FIGURES * sizeof(double));
	}
}

/* The best is the first of the highest; log loss is better when lower. */
static void
test_best(void **state)
{
	for (int objective = 0; objective < N_FOLD_FIGURES; objective++)
	{
		SearchOptions options = options_for((SearchFigure) objective);
		Search *search = search_create(&options);
		const SearchTrial *best;

		search_add_study(search, "logistic_regression", "{}", "{}");
		run(search);
		best = search_best(search);
		assert_non_null(best);
		assert_int_equal(best->rank, 0);
		for (uint32_t i = 0; i < search->n_trials; i++)
		{
			double figure = search->trials[i].figures[objective];

			assert_int_equal(search->trials[i].state, TRIAL_COMPLETE);
			assert_true(objective == SEARCH_LOG_LOSS ? figure >= best->figures[objective]
													 : figure <= best->figures[objective]);
			if (figure == best->figures[objective])
				assert_true(i + 1 >= best->number);
		}
	}
	(void) state;
}

/* Bytes are those of the image; limits exclude, and violations grow with what is beyond them. */
static void
test_limits(void **state)
{
	SearchOptions options = options_for(SEARCH_F1);
	Search *search;
	uint32_t n_beyond = 0;
	const SearchTrial *best;

	search_parse_limits("{\"bytes\": 12000, \"accuracy\": 0.1}", &options);
	search = search_create(&options);
	search_add_study(search, "logistic_regression", "{\"penalty\": \"l2\"}",
					 "{\"min_df\": [1, 12]}");
	run(search);
	best = search_best(search);
	assert_non_null(best);
	assert_true(best->figures[SEARCH_BYTES] <= 12000);
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		const SearchTrial *trial = &search->trials[i];
		double bytes = trial->figures[SEARCH_BYTES];

		assert_true(isnan(trial->figures[SEARCH_LATENCY]));
		assert_true(fabs(trial->violation - fmax(0, bytes / 12000 - 1)) < 1e-12);
		n_beyond += bytes > 12000;
		assert_true(bytes > 12000 || trial->figures[SEARCH_F1] <= best->figures[SEARCH_F1]);
	}
	assert_in_range(n_beyond, 1, search->n_trials - 1);
	(void) state;
}

/* With several objectives, rank 0 is what no other trial beats. */
static void
test_front(void **state)
{
	SearchOptions options = options_for(SEARCH_F1);
	Search *search;

	options.n_objectives = 3;
	options.objectives[1] = SEARCH_BYTES;
	options.objectives[2] = SEARCH_LATENCY;
	search = search_create(&options);
	search_add_study(search, "logistic_regression", "{}", "{}");
	run(search);
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		bool is_beaten = false;

		assert_true(search->trials[i].figures[SEARCH_LATENCY] > 0);
		for (uint32_t j = 0; j < search->n_trials; j++)
		{
			const double *a = search->trials[i].objectives;
			const double *b = search->trials[j].objectives;

			is_beaten |= b[0] >= a[0] && b[1] >= a[1] && b[2] >= a[2] &&
						 (b[0] > a[0] || b[1] > a[1] || b[2] > a[2]);
		}
		assert_int_equal(search->trials[i].rank > 0, is_beaten);
	}
	(void) state;
}

/* What is bad from the first fold on is given up; nothing that is pruned wins. */
static void
test_pruning(void **state)
{
	SearchOptions options = options_for(SEARCH_F1);
	Search *search;
	uint32_t n_pruned = 0;

	options.prunes = true;
	options.trials_per_study = 30;
	search = search_create(&options);
	search_add_study(search, "logistic_regression", "{\"penalty\": \"l1\"}",
					 "{\"C\": {\"low\": 0.001, \"high\": 100, \"log\": true}}");
	run(search);
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		const SearchTrial *trial = &search->trials[i];

		assert_int_equal(trial->state == TRIAL_PRUNED, trial->n_steps < N_FOLDS);
		n_pruned += trial->state == TRIAL_PRUNED;
	}
	assert_in_range(n_pruned, 1, 25);
	assert_int_equal(search_best(search)->state, TRIAL_COMPLETE);
	(void) state;
}

/* A grid ends; a point that comes again has the figures that it had; one that failed is no winner. */
static void
test_points(void **state)
{
	SearchOptions options = options_for(SEARCH_F1);
	Search *search;
	SearchTrial *trial;
	const char *given = "{\"penalty\": \"l2\", \"weighting\": \"tfidf\", \"max_features\": 0,"
						" \"class_weight\": \"none\", \"min_df\": 1}";
	uint32_t n_repeats = 0;

	options.sampler = SAMPLER_GRID;
	search = search_create(&options);
	search_add_study(search, "logistic_regression", given,
					 "{\"C\": [1, 10], \"ngram_max\": [1, 2, 3]}");
	assert_int_equal(search_trial_count(search), 6);
	run(search);
	assert_int_equal(search->n_trials, 6);
	options.sampler = SAMPLER_RANDOM;
	search = search_create(&options);
	search_add_study(search, "logistic_regression", given,
					 "{\"C\": [1, 10], \"ngram_max\": [1, 2]}");
	run(search);
	for (uint32_t i = 0; i < search->n_trials; i++)
	{
		const SearchTrial *earlier = &search->trials[search->trials[i].repeats - 1];

		if (search->trials[i].repeats == 0)
			continue;
		n_repeats++;
		assert_int_equal(earlier->repeats, 0);
		assert_string_equal(search->trials[i].parameters, earlier->parameters);
		assert_memory_equal(search->trials[i].figures, earlier->figures, sizeof(earlier->figures));
	}
	/* twelve trials of four points */
	assert_in_range(n_repeats, 8, 11);
	search = search_create(&options);
	search_add_study(search, "logistic_regression", "{}", "{}");
	trial = search_begin_trial(search);
	search_fail_trial(trial);
	assert_null(search_best(search));
	trial = search_begin_trial(search);
	assert_int_equal(trial->number, 2);
	search_drop_trial(search);
	assert_int_equal(search->n_trials, 1);
	(void) state;
}

/* What is known comes first, is not pruned, and takes no point of a grid; what no trial can have is told. */
static void
test_enqueued(void **state)
{
	const char *given = "{\"penalty\": \"l2\", \"weighting\": \"tfidf\", \"max_features\": 0,"
						" \"class_weight\": \"none\", \"min_df\": 1}";
	SamplerType samplers[] = {SAMPLER_TPE, SAMPLER_RANDOM, SAMPLER_GRID};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		SearchOptions options = options_for(SEARCH_F1);
		Search *search;
		Search *without;
		PipelineOptions pipeline;
		ParameterGroup groups[N_PIPELINE_GROUPS];
		ByteBuffer known = {0};
		uint32_t n_sampled;

		options.sampler = samplers[i];
		options.prunes = true;
		search = search_create(&options);
		search_add_study(search, "logistic_regression", given,
						 "{\"C\": {\"low\": 0.5, \"high\": 20}, \"ngram_max\": [1, 2]}");
		/* a version: it was trained with more than trials are measured with */
		pipeline_parse_options(
			"logistic_regression",
			"{\"penalty\": \"l2\", \"min_df\": 1, \"C\": 1.25, \"ngram_max\": 1, "
			"\"calibration\": \"sigmoid\", \"seed\": 9, \"cv_folds\": 3}",
			NULL, 0, &pipeline);
		pipeline_groups(&pipeline, groups);
		parameters_append_json(&known, groups, N_PIPELINE_GROUPS);
		assert_null(search_enqueue(search, 0, buffer_c_string(&known), ORIGIN_DEPLOYED));
		assert_null(search_enqueue(search, 0, buffer_c_string(&known), ORIGIN_DEPLOYED));
		assert_null(search_enqueue_defaults(search, 0));
		assert_int_equal(search->studies[0].n_enqueued, 2);
		n_sampled = options.sampler == SAMPLER_GRID ? 8 : 10;
		assert_int_equal(search_trial_count(search), n_sampled + 2);
		run(search);
		assert_int_equal(search->n_trials, n_sampled + 2);
		assert_int_equal(search->trials[0].origin, ORIGIN_DEPLOYED);
		assert_non_null(strstr(search->trials[0].parameters, "\"C\": 1.25"));
		assert_int_equal(search->trials[1].origin, ORIGIN_DEFAULTS);
		assert_non_null(strstr(search->trials[1].parameters, "\"C\": 10"));
		assert_non_null(strstr(search->trials[1].parameters, "\"ngram_max\": 2"));
		for (uint32_t k = 0; k < search->n_trials; k++)
		{
			assert_int_equal(search->trials[k].origin == ORIGIN_SAMPLER, k >= 2);
			assert_true(k >= 2 || search->trials[k].state == TRIAL_COMPLETE);
			assert_true(search_best(search)->objectives[0] >= search->trials[0].objectives[0]);
			assert_true(search_best(search)->objectives[0] >= search->trials[1].objectives[0]);
		}
		if (options.sampler == SAMPLER_TPE)
			continue;
		/* the sampler's points are those of a search without */
		without = search_create(&options);
		search_add_study(without, "logistic_regression", given,
						 "{\"C\": {\"low\": 0.5, \"high\": 20}, \"ngram_max\": [1, 2]}");
		run(without);
		for (uint32_t k = 0; k < n_sampled; k++)
			assert_string_equal(without->trials[k].parameters, search->trials[k + 2].parameters);
	}
}

/* Parameters that no trial can have. */
static void
test_not_enqueued(void **state)
{
	static const struct
	{
		const char *given;
		const char *space;
		const char *outside;
	} cases[] = {{"{}", "{\"C\": {\"low\": 20, \"high\": 30}}", "C"},
				 {"{}", "{\"C\": [1, 2]}", "C"},
				 {"{}", "{\"ngram_max\": {\"low\": 3, \"high\": 4}}", "ngram_max"},
				 {"{}", "{\"penalty\": [\"l1\"]}", "penalty"}};
	SearchOptions options = options_for(SEARCH_F1);
	Search *search;
	PipelineOptions pipeline;
	ParameterGroup groups[N_PIPELINE_GROUPS];
	ByteBuffer known = {0};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		search = search_create(&options);
		search_add_study(search, "logistic_regression", cases[i].given, cases[i].space);
		assert_string_equal(search_enqueue_defaults(search, 0), cases[i].outside);
		assert_int_equal(search->studies[0].n_enqueued, 0);
	}
	/* what is not searched must be the same too */
	search = search_create(&options);
	search_add_study(search, "logistic_regression", "{}", "{}");
	pipeline_parse_options("logistic_regression", "{\"stop_words\": \"english\"}", NULL, 0,
						   &pipeline);
	pipeline_groups(&pipeline, groups);
	parameters_append_json(&known, groups, N_PIPELINE_GROUPS);
	assert_string_equal(search_enqueue(search, 0, buffer_c_string(&known), ORIGIN_DEPLOYED),
						"stop_words");
	/* the defaults of all kinds lie in their spaces */
	for (size_t k = 0; k < n_classifier_kinds; k++)
	{
		search = search_create(&options);
		search_add_study(search, classifier_kinds[k]->name, "{}", "{}");
		assert_null(search_enqueue_defaults(search, 0));
		assert_int_equal(search->studies[0].n_enqueued, 1);
	}
}

static void
test_wrong(void **state)
{
	SearchOptions options = options_for(SEARCH_LATENCY);
	Search *search;

	(void) state;
	options.prunes = true;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_create(&options));
	options = options_for(SEARCH_F1);
	options.n_folds = 1;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_create(&options));
	options.n_folds = 3;
	options.n_objectives = 0;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_create(&options));
	options.n_objectives = 2;
	options.objectives[1] = SEARCH_F1;
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_create(&options));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_figure_find("beauty"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  search_parse_limits("{\"f1\": \"x\"}", &options));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_parse_limits("{\"\": 1}", &options));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_parse_limits("[1]", &options));
	options.n_objectives = 1;
	search = search_create(&options);
	assert_host_error(
		HOST_ERROR_INVALID_PARAMETER,
		search_add_study(search, "logistic_regression", "{\"C\": 1}", "{\"C\": [1, 2]}"));
	assert_string_equal(test_host_error.message, "parameter \"C\" is both given and searched");
	assert_host_error(
		HOST_ERROR_INVALID_PARAMETER,
		search_add_study(search, "logistic_regression", "{}", "{\"stemmer\": [\"none\"]}"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER,
					  search_add_study(search, "logistic_regression", "{}", "{\"seed\": [1, 2]}"));
	assert_host_error(HOST_ERROR_INVALID_PARAMETER, search_add_study(search, "none", "{}", "{}"));
}

/* A subset of texts is chosen by the set, not by the order. */
static void
test_text_subset(void **state)
{
	TextSubset forward = {0};
	TextSubset backward = {0};
	uint64_t sum = 0;

	(void) state;
	for (int i = 0; i < 5000; i++)
	{
		char text[200];

		make_text(i, text, sizeof(text));
		text_subset_add(&forward, text, strlen(text), corpus_text_hash(text, strlen(text)));
		make_text(4999 - i, text, sizeof(text));
		text_subset_add(&backward, text, strlen(text), corpus_text_hash(text, strlen(text)));
	}
	assert_in_range(forward.rows.n_rows, TEXT_SUBSET_SIZE / 3, TEXT_SUBSET_SIZE);
	assert_int_equal(forward.rows.n_rows, backward.rows.n_rows);
	for (uint32_t i = 0; i < forward.rows.n_rows; i++)
	{
		const HeldOutRow *row = &forward.rows.rows[i];

		sum += row->hash - backward.rows.rows[i].hash;
		/* the text is the one of the hash still */
		assert_true(corpus_text_hash(forward.rows.texts.data + row->start, row->length) ==
					row->hash);
	}
	assert_int_equal(sum, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_turns, free_all),
		cmocka_unit_test_teardown(test_best, free_all),
		cmocka_unit_test_teardown(test_limits, free_all),
		cmocka_unit_test_teardown(test_front, free_all),
		cmocka_unit_test_teardown(test_pruning, free_all),
		cmocka_unit_test_teardown(test_points, free_all),
		cmocka_unit_test_teardown(test_enqueued, free_all),
		cmocka_unit_test_teardown(test_not_enqueued, free_all),
		cmocka_unit_test_teardown(test_wrong, free_all),
		cmocka_unit_test_teardown(test_text_subset, free_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
