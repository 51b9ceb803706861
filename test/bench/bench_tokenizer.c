/*
 * bench_tokenizer.c
 *	  How fast are tokenizer and text features on a file?
 *
 * Usage: bench_tokenizer FILE [JSON options] [seconds]
 * Each line is a text; prints MB/s of the best of several passes, tokens and a sum of the hashes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/host.h"
#include "core/text/text_features.h"
#include "core/text/tokenizer.h"

/* Seconds on a clock that only goes forward. */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

/* Read a whole file. */
static char *
read_file(const char *path, size_t *length)
{
	struct stat status;
	char *bytes = NULL;
	int file = open(path, O_RDONLY);

	*length = 0;
	if (file < 0 || fstat(file, &status) != 0)
	{
		perror(path);
		exit(EXIT_FAILURE);
	}
	bytes = host_allocate((size_t) status.st_size + 1);
	while (*length < (size_t) status.st_size)
	{
		ssize_t n = read(file, bytes + *length, (size_t) status.st_size - *length);

		if (n <= 0)
		{
			perror(path);
			exit(EXIT_FAILURE);
		}
		*length += (size_t) n;
	}
	close(file);
	return bytes;
}

/* What one pass found, so that the work cannot be optimized away. */
typedef struct Findings
{
	size_t n_tokens;
	uint64_t hash_sum;
	double feature_sum;
} Findings;

/* Work on one text. */
typedef void (*TextFunction)(void *state, const char *text, size_t length, Findings *findings);

static void
tokenize(void *state, const char *text, size_t length, Findings *findings)
{
	Tokenizer *tokenizer = state;
	const TokenBatch *batch;

	tokenizer_begin(tokenizer, text, length);
	while ((batch = tokenizer_next(tokenizer)) != NULL)
	{
		findings->n_tokens += batch->count;
		for (uint32_t i = 0; i < batch->count; i++)
			findings->hash_sum += batch->hashes[i];
	}
}

static void
compute_features(void *state, const char *text, size_t length, Findings *findings)
{
	double values[N_TEXT_FEATURES];

	(void) state;
	text_features_compute(text, length, values);
	for (unsigned i = 0; i < N_TEXT_FEATURES; i++)
		findings->feature_sum += values[i];
}

/* Apply a function to each line. */
static void
for_each_line(const char *bytes, size_t length, TextFunction function, void *state,
			  Findings *findings)
{
	size_t start = 0;

	while (start < length)
	{
		const char *newline = memchr(bytes + start, '\n', length - start);
		size_t end = newline != NULL ? (size_t) (newline - bytes) : length;

		function(state, bytes + start, end - start, findings);
		start = end + 1;
	}
}

/* Repeat passes for some seconds and answer the best pass's seconds. */
static double
best_pass(const char *bytes, size_t length, TextFunction function, void *state, double seconds,
		  Findings *findings)
{
	double begin = now();
	double best = 1e9;

	while (now() - begin < seconds || best == 1e9)
	{
		double start = now();

		*findings = (Findings){0};
		for_each_line(bytes, length, function, state, findings);
		if (now() - start < best)
			best = now() - start;
	}
	return best;
}

int
main(int argc, char **argv)
{
	TokenizerOptions options;
	ParameterGroup group = {tokenizer_parameters, n_tokenizer_parameters, &options};
	double seconds = argc > 3 ? atof(argv[3]) : 1.0;
	Findings findings;
	size_t length;
	char *bytes;
	double best;

	if (argc < 2)
	{
		fprintf(stderr, "usage: %s FILE [JSON options] [seconds]\n", argv[0]);
		return EXIT_FAILURE;
	}
	parameters_parse(argc > 2 ? argv[2] : "{}", &group, 1);
	bytes = read_file(argv[1], &length);

	best = best_pass(bytes, length, tokenize, tokenizer_create(&options), seconds, &findings);
	printf("tokens:        %7.1f MB/s  (%zu bytes, %zu tokens, hash sum %016llx)\n",
		   (double) length / best / 1e6, length, findings.n_tokens,
		   (unsigned long long) findings.hash_sum);
	best = best_pass(bytes, length, compute_features, NULL, seconds, &findings);
	printf("text features: %7.1f MB/s  (sum %.6f)\n", (double) length / best / 1e6,
		   findings.feature_sum);
	return EXIT_SUCCESS;
}
