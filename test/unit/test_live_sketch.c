/*
 * test_live_sketch.c
 *	  Sketches of live traffic: the same figures as of profiles of rows, false alarms, drift that is found.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/drift/drift_report.h"
#include "core/drift/injection.h"
#include "core/drift/live_sketch.h"
#include "core/evaluation/drift_statistics.h"
#include "core/hash.h"
#include "core/pipeline_train.h"
#include "host.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Numeric columns of the tests: one of prices, one of stars, one of many numbers and many zeros, and further ones. */
#define N_COLUMNS (MAX_LIVE_COLUMNS + 2)

/* What a window's rows are like. */
typedef struct Window
{
	uint64_t first; /* seed of its first row */
	uint64_t n_rows;
	const char *text_drift;   /* kind, or NULL */
	const char *number_drift; /* kind, or NULL */
	uint32_t column;          /* that drifts */
	bool one_label;
} Window;

/* Free what a test left behind. */
static int
free_memory(void **state)
{
	(void) state;
	test_host_free_all();
	return 0;
}

/* A made review. */
static size_t
make_text(char *text, size_t size, uint64_t seed, bool positive)
{
	static const char *const words[] = {"the",  "coffee", "tea",   "taste", "price", "box",
										"is",   "was",    "a",     "of",    "it",    "cup",
										"milk", "sugar",  "water", "dark",  "order", "again"};
	uint64_t hash = hash_mix(seed * 2654435761 + 17);
	size_t length = 0;
	size_t n_words = 8 + hash % 12;

	for (size_t i = 0; i < n_words; i++)
	{
		const char *word = words[hash % N_ELEMENTS(words)];

		hash = hash_mix(hash + i);
		if (hash % 7 == 0)
			word = positive ? "lovely" : "awful";
		length += (size_t) snprintf(text + length, size - length, "%s%s", i == 0 ? "" : " ", word);
		/* rare words, of which not all are counted one by one */
		if (hash % 5 == 1)
			length +=
				(size_t) snprintf(text + length, size - length, " w%d", (int) (hash >> 20) & 1023);
	}
	return length +
		   (size_t) snprintf(text + length, size - length, "%s", hash % 3 == 0 ? "!" : ".");
}

/* Made numbers. numbers: (N_COLUMNS) */
static void
make_numbers(float *numbers, uint64_t seed)
{
	for (uint32_t i = 0; i < N_COLUMNS; i++)
	{
		uint64_t hash = hash_mix(seed * 31 + i);
		double uniform = ((double) (hash >> 11) + 0.5) * 0x1p-53;

		numbers[i] = (float) (1000 + 3 * log(uniform));
		if (i == 1)
			numbers[i] = hash % 13 == 0 ? NAN : (float) (1 + hash % 5);
		if (i == 2)
			numbers[i] = hash % 3 == 0 ? 0 : (float) (-10 * log(uniform));
	}
}

/* A pipeline trained on made reviews, with numbers; SVD if asked for. */
static Pipeline *
make_pipeline(bool svd)
{
	static const char *const names[N_COLUMNS] = {"price", "stars", "weight", "a", "b",
												 "c",     "d",     "e",      "f", "g"};
	PipelineOptions options;
	Corpus corpus = {.n_documents = 0};
	CorpusValues values;
	ByteBuffer image;
	void *aligned;

	pipeline_parse_options("logistic_regression",
						   svd ? "{\"svd_components\": 8, \"text_features\": true}"
							   : "{\"ngram_max\": 1}",
						   NULL, 0, &options);
	options.features.n_numeric = N_COLUMNS;
	options.features.numeric_names = names;
	values = feature_space_corpus_values(&options.features);
	corpus_initialize(&corpus, &options.features.tokenizer, &values);
	for (uint64_t i = 0; i < 1500; i++)
	{
		char text[1024];
		float numbers[N_COLUMNS];
		size_t length = make_text(text, sizeof(text), i, i % 2 == 0);

		make_numbers(numbers, i);
		corpus_add_text(&corpus, text, length,
						corpus_add_label(&corpus, i % 2 == 0 ? "pos" : "neg", 3), numbers);
	}
	image = pipeline_train(&options, &corpus, NULL);
	aligned = host_allocate(image.length + 64);
	aligned = (void *) (((uintptr_t) aligned + 63) & ~(uintptr_t) 63);
	memcpy(aligned, image.data, image.length);
	return pipeline_open(aligned, image.length);
}

/* Where rows are added to: a profile, a sketch with the predicted labels, or both. */
typedef struct Sides
{
	DriftProfile *profile;
	const LiveLayout *layout;
	LiveSketch *sketch;
	uint64_t labels[N_COUNTED_LABELS];
} Sides;

/* Predict a text and add it. */
static void
add_text(Sides *sides, Pipeline *pipeline, const char *text, size_t length, const float *numbers,
		 uint64_t key)
{
	LiveSample sample;
	ProfileRow row = {.text = text,
					  .length = length,
					  .numeric = numbers,
					  .label = NO_PROFILE_LABEL,
					  .is_counted = true,
					  .key = hash_mix(key),
					  .text_hash = corpus_text_hash(text, length)};

	row.probabilities = pipeline_predict(pipeline, row.text, row.length, numbers);
	if (sides->profile != NULL)
		drift_profile_add(sides->profile, pipeline, &row);
	if (sides->sketch == NULL)
		return;
	live_sketch_locate(sides->layout, pipeline, row.text, row.length, numbers, row.probabilities,
					   &sample);
	for (uint32_t i = 0; i < N_LIVE_HISTOGRAMS; i++)
	{
		assert_in_range(sample.places[i], 0, N_LIVE_CELLS - 1);
		assert_int_equal(live_sketch_cell(sample.places[i]).histogram, i);
	}
	for (uint32_t i = N_LIVE_HISTOGRAMS; i < sample.n_places; i++)
		assert_in_range(sample.places[i], N_LIVE_CELLS, N_LIVE_COUNTERS - 1);
	live_sketch_add(sides->sketch, &sample);
	sides->labels[pipeline_decide(pipeline, row.probabilities)]++;
}

/* Add the rows of a window. */
static void
add_window(Sides *sides, Pipeline *pipeline, const Window *window)
{
	for (uint64_t i = 0; i < window->n_rows; i++)
	{
		uint64_t seed = window->first + i;
		char text[1024];
		float numbers[N_COLUMNS];
		size_t length = make_text(text, sizeof(text), seed, window->one_label || seed % 2 == 0);
		ByteBuffer changed = {0};

		make_numbers(numbers, seed);
		if (window->number_drift != NULL)
		{
			bool is_missing;
			double value = inject_number_drift(numbers[window->column], window->number_drift, 1,
											   seed, &is_missing);

			numbers[window->column] = is_missing ? NAN : (float) value;
		}
		inject_text_drift(text, length, window->text_drift == NULL ? "typos" : window->text_drift,
						  window->text_drift == NULL ? 0 : 1, 3, &changed);
		add_text(sides, pipeline, changed.data, changed.length, numbers, seed);
		buffer_reset(&changed);
	}
}

/* The reference of a pipeline. */
static DriftProfile *
make_reference(Pipeline *pipeline)
{
	Sides sides = {.profile = host_allocate_zero(sizeof(DriftProfile))};

	drift_profile_begin(sides.profile, pipeline, REFERENCE_SAMPLE_ROWS);
	add_window(&sides, pipeline, &(Window){.first = 10000, .n_rows = 1500});
	return sides.profile;
}

/* The report of a window that was seen live. thresholds: JSON */
static DriftReport
live_report(DriftProfile *reference, const LiveLayout *layout, Pipeline *pipeline,
			const Window *window, const char *thresholds)
{
	Sides sides = {.layout = layout, .sketch = host_allocate_zero(sizeof(LiveSketch))};
	DriftReportOptions options;
	ParameterGroup group = {drift_report_parameters, n_drift_report_parameters, &options};
	DriftProfile *current;

	parameters_parse(thresholds, &group, 1);
	options.alpha = 0.01;
	add_window(&sides, pipeline, window);
	current = live_sketch_profile(sides.sketch, layout, sides.labels, pipeline);
	return drift_report_make(live_layout_project(layout, reference, current->term_slots), current,
							 pipeline, &options);
}

/* A text that is asked again and again is no drift of the traffic: it counts as what it is, one text. */
static void
test_popular_texts(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *reference = make_reference(pipeline);
	LiveLayout *layout = host_allocate(sizeof(LiveLayout));
	int n_alarms = 0;
	int n_found = 0;

	(void) state;
	live_layout_make(layout, pipeline, reference);
	for (uint64_t i = 0; i < 20; i++)
	{
		const Window windows[2] = {
			{.first = 100000 + i * 1000, .n_rows = 300},
			{.first = 100000 + i * 1000, .n_rows = 300, .text_drift = "longer"}};

		for (int drifted = 0; drifted < 2; drifted++)
		{
			Sides sides = {.layout = layout, .sketch = host_allocate_zero(sizeof(LiveSketch))};
			DriftReportOptions options;
			ParameterGroup group = {drift_report_parameters, n_drift_report_parameters, &options};
			Window one = {.first = 500000 + i, .n_rows = 1};
			DriftProfile *current;
			DriftReport report;

			parameters_parse("{}", &group, 1);
			options.alpha = 0.01;
			/* every text four times, and one 60 times */
			for (int copy = 0; copy < 4; copy++)
				add_window(&sides, pipeline, &windows[drifted]);
			for (int copy = 0; copy < 60; copy++)
				add_window(&sides, pipeline, &one);
			current = live_sketch_profile(sides.sketch, layout, sides.labels, pipeline);
			report = drift_report_make(live_layout_project(layout, reference, current->term_slots),
									   current, pipeline, &options);
			/* 1260 rows; of their shares of texts 1 / 195 is the sum of squares */
			assert_true(report.effective_current > 150 && report.effective_current < 260);
			if (drifted)
				n_found += report.n_drifted > 0;
			else
				n_alarms += report.n_drifted > 0;
		}
	}
	assert_in_range(n_alarms, 0, 2);
	assert_int_equal(n_found, 20);
}

/* A finding of a report. */
static const DriftFinding *
finding_of(const DriftReport *report, const char *feature, const char *statistic)
{
	for (size_t i = 0; i < report->n_findings; i++)
	{
		if (strcmp(report->findings[i].feature, feature) == 0 &&
			strcmp(report->findings[i].statistic, statistic) == 0)
			return &report->findings[i];
	}
	fail_msg("there is no %s of %s", statistic, feature);
	return NULL;
}

/* Histograms hold what a profile of the same texts holds, brought to the sketch's cells. */
static void
check_histograms(const DriftProfile *profile, const DriftProfile *sketched)
{
	for (int i = 0; i < N_LIVE_HISTOGRAMS; i++)
	{
		Histogram *exact = &profile->histograms[i];
		Histogram *live = &sketched->histograms[i];
		uint32_t shift = live->shift > exact->shift ? live->shift : exact->shift;
		HistogramBins exact_bins = histogram_sorted_bins(exact, shift, 0);
		HistogramBins live_bins = histogram_sorted_bins(live, shift, 0);
		DriftTest same = drift_kolmogorov_smirnov(exact, live);

		assert_true(live->n_rows == profile->n_rows && live->n_missing == exact->n_missing);
		/* log odds nearer to 0 than 1/64 count in the next cell */
		if (i == PROFILE_SCORE)
		{
			assert_true(same.statistic < 0.02);
			continue;
		}
		assert_true(same.statistic == 0);
		assert_int_equal(live_bins.n_bins, exact_bins.n_bins);
		assert_memory_equal(live_bins.bins, exact_bins.bins,
							live_bins.n_bins * sizeof(HistogramBin));
		assert_true(live->minimum <= exact->minimum && exact->maximum <= live->maximum);
	}
	/* counts below 16 have cells of their own */
	assert_true(sketched->histograms[3].n_bins >= 16);
	assert_true(profile->histograms[PROFILE_UNKNOWN].n_missing > 0);
}

/* Columns and terms are those of the profile, once it is projected. */
static void
check_counts(const DriftProfile *projected, const DriftProfile *sketched)
{
	for (uint32_t i = 0; i < MAX_LIVE_COLUMNS; i++)
	{
		Histogram *exact = &projected->histograms[PROFILE_NUMERIC + i];
		Histogram *live = &sketched->histograms[PROFILE_NUMERIC + i];
		HistogramBins exact_bins = histogram_sorted_bins(exact, 0, 0);
		HistogramBins live_bins = histogram_sorted_bins(live, 0, 0);

		assert_true(exact->shift == 0 && live->shift == 0);
		assert_true(live->n_missing == exact->n_missing && live->n_rows == exact->n_rows);
		assert_int_equal(live_bins.n_bins, exact_bins.n_bins);
		assert_memory_equal(live_bins.bins, exact_bins.bins,
							live_bins.n_bins * sizeof(HistogramBin));
	}
	for (uint32_t i = MAX_LIVE_COLUMNS; i < N_COLUMNS; i++)
		assert_int_equal(sketched->histograms[PROFILE_NUMERIC + i].n_rows, 0);
	assert_memory_equal(sketched->term_texts, projected->term_texts,
						(projected->shape.n_terms + 1) * sizeof(uint64_t));
}

/* The mean embedding is that of the profile's sample, but for the latter's fewer bits. */
static void
check_embedding(const DriftProfile *profile, const DriftProfile *sketched)
{
	VectorMoments exact = drift_profile_moments(profile, &profile->sample);
	double exact_mean[MAX_MOMENT_DIMENSIONS];
	double mean[MAX_MOMENT_DIMENSIONS];

	vector_moments_mean(&exact, exact_mean);
	vector_moments_mean(sketched->embedding_sums, mean);
	assert_int_equal(sketched->embedding_sums->n_rows, profile->n_rows);
	assert_int_equal(sketched->embedding_sums->n_dimensions, profile->shape.n_dimensions);
	for (uint32_t i = 0; i < exact.n_dimensions; i++)
		assert_true(fabs(mean[i] - exact_mean[i]) < 1e-3);
}

static void
check_sketch(bool svd)
{
	Pipeline *pipeline = make_pipeline(svd);
	DriftProfile *reference = make_reference(pipeline);
	LiveLayout *layout = host_allocate(sizeof(LiveLayout));
	Sides sides = {.profile = host_allocate_zero(sizeof(DriftProfile)),
				   .layout = layout,
				   .sketch = host_allocate_zero(sizeof(LiveSketch))};
	DriftProfile *sketched;
	DriftProfile *projected;

	live_layout_make(layout, pipeline, reference);
	drift_profile_begin(sides.profile, pipeline, CURRENT_SAMPLE_ROWS);
	for (uint64_t i = 0; i < 500; i++)
	{
		char text[2048];
		float numbers[N_COLUMNS];
		size_t length = make_text(text, sizeof(text) / 2, 3000 + i, i % 2 == 0);

		/* counts of 0 to 20 exclamation marks, some texts of digits and capitals, some empty */
		for (uint64_t j = 0; j < i % 21; j++)
			text[length++] = i % 5 == 0 ? 'Q' : i % 7 == 0 ? '4' : '!';
		make_numbers(numbers, 3000 + i);
		numbers[3] = i % 3 == 0 ? -1e30F : i % 7 == 0 ? 1e30F : numbers[3];
		numbers[1] = i % 9 == 0 ? 2.5F : numbers[1];
		add_text(&sides, pipeline, text, i % 50 == 0 ? 0 : length, i % 100 == 7 ? NULL : numbers,
				 i);
	}
	sketched = live_sketch_profile(sides.sketch, layout, sides.labels, pipeline);
	assert_int_equal(live_sketch_texts(sides.sketch), 500);
	assert_true(sketched->n_rows == 500 && sketched->n_texts == 500 && sketched->n_counted == 500);
	assert_true(drift_profile_fits(sides.profile, sketched));
	assert_memory_equal(sketched->predicted, sides.profile->predicted, 2 * sizeof(uint64_t));
	check_histograms(sides.profile, sketched);
	projected = live_layout_project(layout, sides.profile, sketched->term_slots);
	check_counts(projected, sketched);
	assert_int_equal(projected->histograms[PROFILE_NUMERIC].n_rows, 500);
	check_embedding(sides.profile, sketched);
}

static void
test_live_sketch(void **state)
{
	(void) state;
	check_sketch(false);
	check_sketch(true);
}

/* Every cell has numbers of its own, in the order of the cells; they tile a histogram without a gap. */
static void
test_live_cells(void **state)
{
	(void) state;
	for (uint32_t i = 1; i < N_LIVE_CELLS; i++)
	{
		LiveCell before = live_sketch_cell(i - 1);
		LiveCell cell = live_sketch_cell(i);

		if (cell.is_missing || before.is_missing)
		{
			assert_true(cell.is_missing == (cell.histogram != before.histogram));
			assert_true(isnan(cell.is_missing ? cell.lower : before.upper));
			continue;
		}
		assert_int_equal(cell.histogram, before.histogram);
		assert_true(cell.cell > before.cell && cell.lower >= before.upper);
		/* around 0, and below the smallest number, there is room */
		if (cell.lower > 0 && before.lower > 0 && cell.histogram != PROFILE_SCORE)
			assert_int_equal(cell.cell, before.cell + 1);
	}
	assert_int_equal(live_sketch_cell(0).histogram, 0);
	assert_int_equal(live_sketch_cell(N_LIVE_CELLS - 1).histogram, PROFILE_SCORE);
	assert_true(live_sketch_cell(N_LIVE_CELLS - 1).upper > 1 - 1e-12);
}

/* The places of a column are in ascending order, without overlap, and tile all numbers. */
static void
check_column(const LiveColumn *column)
{
	double end = -INFINITY;

	assert_in_range(column->n_groups, 1, MAX_LIVE_GROUPS);
	assert_int_equal(live_column_place(column, NAN), 0);
	for (uint32_t place = 1; place <= 2 * column->n_groups + 1; place++)
	{
		double lower;
		double upper;

		live_column_range(column, place, &lower, &upper);
		/* between neighbours without a gap, the gap's range is empty */
		if (lower > upper)
		{
			assert_int_equal(place % 2, 1);
			continue;
		}
		assert_true(place == 1 ? lower == -INFINITY : lower == nextafter(end, INFINITY));
		assert_int_equal(live_column_place(column, lower), place);
		assert_int_equal(live_column_place(column, upper), place);
		end = upper;
	}
	assert_true(end == INFINITY);
}

/* Numbers that many rows share are groups of their own; others are joined, without a gap. */
static void
test_live_columns(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *reference = make_reference(pipeline);
	LiveLayout layout;

	(void) state;
	live_layout_make(&layout, pipeline, reference);
	assert_int_equal(layout.n_columns, MAX_LIVE_COLUMNS);
	for (uint32_t i = 0; i < MAX_LIVE_COLUMNS; i++)
		check_column(&layout.columns[i]);
	/* of some 1,500 distinct prices, 24 groups of equal counts */
	assert_in_range(layout.columns[0].n_groups, 20, 24);
	assert_int_equal(layout.columns[1].n_groups, 5);
	for (int star = 1; star <= 5; star++)
	{
		assert_int_equal(live_column_place(&layout.columns[1], star), 2 * star);
		assert_int_equal(live_column_place(&layout.columns[1], star + 0.5), 2 * star + 1);
	}
	/* a third of the weights are 0, below all others */
	assert_true(layout.columns[2].lower[0] == 0 && layout.columns[2].upper[0] < 1e-6);
	assert_int_equal(live_column_place(&layout.columns[2], -1), 1);
	assert_in_range(layout.columns[2].n_groups, 10, 24);
	/* without a reference, or with another model's, no column is counted */
	live_layout_make(&layout, pipeline, NULL);
	assert_int_equal(layout.columns[0].n_groups, 0);
	live_layout_make(&layout, pipeline, make_reference(make_pipeline(true)));
	assert_int_equal(layout.columns[0].n_groups, 0);
}

/* The terms that are counted are those of most texts, and each is found. */
static void
test_live_terms(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	const Vocabulary *vocabulary = &pipeline->space.vocabulary;
	uint32_t least = UINT32_MAX;
	LiveLayout layout;

	(void) state;
	live_layout_make(&layout, pipeline, NULL);
	assert_int_equal(layout.n_terms, N_LIVE_TERMS);
	assert_true(vocabulary->n_features > N_LIVE_TERMS);
	for (uint32_t i = 0; i < layout.n_terms; i++)
	{
		uint32_t frequency = vocabulary->document_frequency[layout.terms[i]];

		least = frequency < least ? frequency : least;
		assert_int_equal(live_layout_term(&layout, layout.terms[i]), i);
	}
	for (uint32_t i = 0; i < vocabulary->n_features; i++)
	{
		if (live_layout_term(&layout, i) == layout.n_terms)
			assert_true(vocabulary->document_frequency[i] <= least);
	}
}

/* A layout that was read from a file, and may be anything, leads nowhere. */
static void
test_sound_layouts(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *reference = make_reference(pipeline);
	uint32_t n_features = pipeline->space.vocabulary.n_features;
	LiveLayout sound;
	LiveLayout layout;

	(void) state;
	memset(&layout, 0, sizeof(layout));
	assert_true(live_layout_is_sound(&layout) && live_layout_is_of(&layout, pipeline));
	live_layout_make(&sound, pipeline, reference);
	assert_true(live_layout_is_sound(&sound) && live_layout_is_of(&sound, pipeline));

#define CHANGED(...) (layout = sound, __VA_ARGS__, &layout)
	assert_false(live_layout_is_sound(CHANGED(layout.n_terms = N_LIVE_TERMS + 1)));
	assert_false(live_layout_is_sound(CHANGED(layout.n_columns = MAX_LIVE_COLUMNS + 1)));
	assert_false(live_layout_is_sound(CHANGED(layout.terms[1] = layout.terms[0])));
	/* a table that is full would be searched without end */
	layout = sound;
	for (int i = 0; i < LIVE_TERM_TABLE; i++)
		layout.table[i] = 1;
	assert_false(live_layout_is_sound(&layout));
	assert_false(live_layout_is_sound(CHANGED(layout.columns[1].n_groups = MAX_LIVE_GROUPS + 1)));
	assert_false(live_layout_is_sound(CHANGED(layout.columns[1].lower[0] = NAN)));
	assert_false(live_layout_is_sound(CHANGED(layout.columns[1].upper[0] = INFINITY)));
	assert_false(
		live_layout_is_sound(CHANGED(layout.columns[1].upper[1] = layout.columns[1].upper[0])));

	/* of another model */
	layout = sound;
	layout.terms[layout.n_terms - 1] = n_features;
	assert_true(live_layout_is_sound(&layout));
	assert_false(live_layout_is_of(&layout, pipeline));
	pipeline->space.options.n_numeric = sound.n_columns - 1;
	assert_false(live_layout_is_of(&sound, pipeline));
#undef CHANGED
}

/* Of 200 windows without drift, few raise an alarm even if every change counts, however small. */
static void
test_false_alarms(void **state)
{
	static const char *const thresholds[] = {
		"{}", "{\"psi\": 0, \"ks\": 0, \"vocabulary\": 0, \"term\": 0, \"embedding\": 0}"};

	(void) state;
	for (int svd = 0; svd < 2; svd++)
	{
		Pipeline *pipeline = make_pipeline(svd);
		DriftProfile *reference = make_reference(pipeline);
		LiveLayout layout;

		live_layout_make(&layout, pipeline, reference);
		for (size_t t = 0; t < N_ELEMENTS(thresholds); t++)
		{
			int n_alarms = 0;

			for (uint64_t i = 0; i < 200; i++)
			{
				Window window = {.first = 100000 + i * 1000, .n_rows = i % 2 == 0 ? 300 : 60};

				n_alarms +=
					live_report(reference, &layout, pipeline, &window, thresholds[t]).n_drifted > 0;
			}
			assert_in_range(n_alarms, 0, t == 0 ? 2 : 5);
		}
	}
}

/* Each kind of drift is found, where it is. */
static void
check_drift(bool svd)
{
	static const struct
	{
		Window window;
		const char *feature;
		const char *statistic;
	} cases[] = {
		{{.text_drift = "longer"}, "text_len", "psi"},
		{{.text_drift = "shorter"}, "word_count", "ks"},
		{{.text_drift = "shouting"}, "caps_ratio", "psi"},
		{{.text_drift = "vocabulary_swap"}, "(unknown tokens)", "psi"},
		{{.text_drift = "vocabulary_swap"}, "(vocabulary)", "term share"},
		{{.text_drift = "negation_flip"}, "(unknown tokens)", "psi"},
		{{.one_label = true}, "(predicted label)", "psi"},
		{{.one_label = true}, "(vocabulary)", "term share"},
		{{.one_label = true}, "(embedding)", "mahalanobis"},
		{{.number_drift = "shift", .column = 0}, "price", "ks"},
		{{.number_drift = "scale", .column = 0}, "price", "psi"},
		{{.number_drift = "missing", .column = 1}, "stars", "psi"},
		{{.number_drift = "noise", .column = 1}, "stars", "psi"},
		{{.number_drift = "scale", .column = 2}, "weight", "psi"},
	};
	Pipeline *pipeline = make_pipeline(svd);
	DriftProfile *reference = make_reference(pipeline);
	LiveLayout layout;

	live_layout_make(&layout, pipeline, reference);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
	{
		Window window = cases[i].window;
		DriftReport report;

		window.first = 50000;
		window.n_rows = 400;
		report = live_report(reference, &layout, pipeline, &window, "{}");
		if (!finding_of(&report, cases[i].feature, cases[i].statistic)->drifted)
			fail_msg("%s is not found in %s",
					 window.text_drift != NULL     ? window.text_drift
					 : window.number_drift != NULL ? window.number_drift
												   : "one label",
					 cases[i].feature);
		/* a column that has not drifted has not */
		if (window.number_drift != NULL)
			assert_false(finding_of(&report, "a", "psi")->drifted);
	}
}

static void
test_live_drift(void **state)
{
	(void) state;
	check_drift(false);
	check_drift(true);
}

/* What is not counted has no figures. */
static void
test_not_counted(void **state)
{
	Pipeline *pipeline = make_pipeline(false);
	DriftProfile *reference = make_reference(pipeline);
	LiveLayout layout;
	DriftReport report;

	(void) state;
	live_layout_make(&layout, pipeline, reference);
	report = live_report(reference, &layout, pipeline, &(Window){.first = 1, .n_rows = 300}, "{}");
	assert_true(isnan(finding_of(&report, "(label)", "psi")->value));
	assert_true(isnan(finding_of(&report, "(domain classifier)", "auc")->value));
	assert_true(isnan(finding_of(&report, "f", "psi")->value));
	assert_false(isnan(finding_of(&report, "e", "psi")->value));
	assert_false(isnan(finding_of(&report, "(embedding)", "mahalanobis")->value));
	report = live_report(reference, &layout, pipeline, &(Window){.n_rows = 0}, "{}");
	assert_int_equal(report.n_tests, 0);
	/* a layout of nothing, of a version whose texts were not sampled */
	memset(&layout, 0, sizeof(layout));
	report = live_report(reference, &layout, pipeline, &(Window){.n_rows = 0}, "{}");
	assert_int_equal(report.n_tests, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_live_sketch, free_memory),
		cmocka_unit_test_teardown(test_live_cells, free_memory),
		cmocka_unit_test_teardown(test_live_columns, free_memory),
		cmocka_unit_test_teardown(test_live_terms, free_memory),
		cmocka_unit_test_teardown(test_sound_layouts, free_memory),
		cmocka_unit_test_teardown(test_false_alarms, free_memory),
		cmocka_unit_test_teardown(test_live_drift, free_memory),
		cmocka_unit_test_teardown(test_not_counted, free_memory),
		cmocka_unit_test_teardown(test_popular_texts, free_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
