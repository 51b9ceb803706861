/*
 * options.c
 *	  What the command line and the environment ask for.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen_address.h"

typedef enum OptionType
{
	OPTION_STRING,
	OPTION_NUMBER,
	OPTION_SWITCH
} OptionType;

/* An option: --name, and the environment's SENTIMENT_EXPORTER_NAME. */
typedef struct OptionDescription
{
	const char *name;
	OptionType type;
	size_t offset;
	const char *standard; /* as it would be given */
	long least;
	long most;
	const char *argument;
	const char *help;
} OptionDescription;

#define MEMBER(name) offsetof(Options, name)

static const OptionDescription descriptions[] = {
	{"listen", OPTION_STRING, MEMBER(listen), "127.0.0.1:8000", 0, 0, "HOST:PORT",
	 "address to serve; port 0: a free one, which the log tells"},
	{"database", OPTION_STRING, MEMBER(database), "", 0, 0, "CONNINFO",
	 "database, as libpq's connection string; PGHOST, PGDATABASE etc. work too"},
	{"model", OPTION_STRING, MEMBER(model), NULL, 0, 0, "NAME",
	 "model that answers where a request names none"},
	{"token-file", OPTION_STRING, MEMBER(token_file), NULL, 0, 0, "FILE",
	 "ask for the bearer token in this file"},
	{"tls-certificate", OPTION_STRING, MEMBER(tls_certificate), NULL, 0, 0, "FILE",
	 "serve HTTPS with this certificate (PEM)"},
	{"tls-key", OPTION_STRING, MEMBER(tls_key), NULL, 0, 0, "FILE", "and this key (PEM)"},
	{"threads", OPTION_NUMBER, MEMBER(threads), "1", 1, 64, "N",
	 "threads, each with its own part of the connections"},
	{"connections", OPTION_NUMBER, MEMBER(connections), "2", 1, 256, "N",
	 "connections to the database"},
	{"statement-timeout", OPTION_NUMBER, MEMBER(statement_timeout), "5000", 10, 3600000, "MS",
	 "longest time of a query"},
	{"max-body", OPTION_NUMBER, MEMBER(max_body), "8388608", 1024, 1 << 30, "BYTES",
	 "largest body of a request, unpacked; lines are not limited by it"},
	{"body-memory", OPTION_NUMBER, MEMBER(body_memory), "67108864", 1024, LONG_MAX, "BYTES",
	 "memory for the bodies of all requests together"},
	{"max-stream", OPTION_NUMBER, MEMBER(max_stream), "4294967296", 1024, LONG_MAX, "BYTES",
	 "largest body of lines, unpacked"},
	{"max-connections", OPTION_NUMBER, MEMBER(max_connections), "2000", 1, 100000, "N",
	 "connections of clients"},
	{"address-connections", OPTION_NUMBER, MEMBER(address_connections), "0", 0, 100000, "N",
	 "connections of one client's address; 0: no limit"},
	{"request-timeout", OPTION_NUMBER, MEMBER(request_timeout), "30", 1, 3600, "SECONDS",
	 "time for a client to send a request, and to take its answer"},
	{"idle-timeout", OPTION_NUMBER, MEMBER(idle_timeout), "60", 1, 3600, "SECONDS",
	 "time that a connection may stay without a request"},
	{"rate-limit", OPTION_NUMBER, MEMBER(rate_limit), NULL, 0, 10000000, "N",
	 "requests per second and client's address, 0: no limit (default 1000, but none from this "
	 "machine)"},
	{"shutdown-timeout", OPTION_NUMBER, MEMBER(shutdown_timeout), "20", 0, 3600, "SECONDS",
	 "time to finish requests after SIGTERM"},
	{"log-format", OPTION_STRING, MEMBER(log_format), "text", 0, 0, "text|json",
	 "form of the log (LOG_FORMAT works too)"},
	{"log-requests", OPTION_SWITCH, MEMBER(log_requests), "on", 0, 0, "on|off",
	 "one line for each request"},
};
#define N_OPTIONS (sizeof(descriptions) / sizeof(*descriptions))

/* Name of an option in the environment. */
static void
environment_name(const char *name, char *buffer, size_t size)
{
	size_t length = (size_t) snprintf(buffer, size, "SENTIMENT_EXPORTER_%s", name);

	for (size_t i = 0; i < length && i < size; i++)
		buffer[i] = (char) (buffer[i] == '-' ? '_' : toupper((unsigned char) buffer[i]));
}

/* Say what is wrong, and exit. */
static void __attribute__((noreturn))
usage_error(const char *name, const char *value, const char *wrong)
{
	fprintf(stderr, "sentiment-exporter: --%s: \"%s\" %s\nTry --help.\n", name, value, wrong);
	exit(2);
}

/* Set one option. */
static void
set_option(Options *options, const OptionDescription *option, const char *value)
{
	char *place = (char *) options + option->offset;
	char *end;

	if (option->type == OPTION_STRING)
		memcpy(place, &value, sizeof(value));
	else if (option->type == OPTION_SWITCH)
	{
		bool on = strcmp(value, "on") == 0;

		if (!on && strcmp(value, "off") != 0)
			usage_error(option->name, value, "is neither on nor off");
		memcpy(place, &on, sizeof(on));
	}
	else
	{
		long number;

		errno = 0;
		number = strtol(value, &end, 10);
		if (errno != 0 || end == value || *end != '\0' || number < option->least ||
			number > option->most)
		{
			char wrong[100];

			snprintf(wrong, sizeof(wrong), "is not a number from %ld to %ld", option->least,
					 option->most);
			usage_error(option->name, value, wrong);
		}
		memcpy(place, &number, sizeof(number));
	}
}

/* Print all options. */
static void
print_help(void)
{
	char name[64];

	printf("sentiment-exporter serves the models of the PostgreSQL extension sentiment over HTTP,\n"
		   "and metrics for Prometheus.\n\nUsage: sentiment-exporter [OPTION...]\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		const OptionDescription *option = &descriptions[i];

		snprintf(name, sizeof(name), "--%s %s", option->name, option->argument);
		printf("  %-32s %s", name, option->help);
		if (option->standard != NULL && option->standard[0] != '\0')
			printf(" [%s]", option->standard);
		printf("\n");
	}
	printf("  %-32s %s\n  %-32s %s\n\n", "--help", "this text", "--version", "the version");
	printf("Each option may come from the environment too, such as SENTIMENT_EXPORTER_LISTEN.\n");
}

/* The option named by an argument; *value becomes what follows "=", or NULL. */
static const OptionDescription *
find_option(const char *argument, const char **value)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		size_t length = strlen(descriptions[i].name);

		if (strncmp(argument, descriptions[i].name, length) == 0 &&
			(argument[length] == '\0' || argument[length] == '='))
		{
			*value = argument[length] == '=' ? argument + length + 1 : NULL;
			return &descriptions[i];
		}
	}
	return NULL;
}

/* Read the command line. */
static void
read_arguments(Options *options, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
	{
		const char *value;
		const OptionDescription *option;

		if (strcmp(argv[i], "--help") == 0)
		{
			print_help();
			exit(0);
		}
		if (strcmp(argv[i], "--version") == 0)
		{
			printf("sentiment-exporter %s\n", EXPORTER_VERSION);
			exit(0);
		}
		option = strncmp(argv[i], "--", 2) == 0 ? find_option(argv[i] + 2, &value) : NULL;
		if (option == NULL)
		{
			fprintf(stderr, "sentiment-exporter: unknown argument \"%s\"\nTry --help.\n", argv[i]);
			exit(2);
		}
		if (value == NULL && i + 1 == argc)
			usage_error(option->name, "", "needs a value");
		set_option(options, option, value == NULL ? argv[++i] : value);
	}
}

void
options_read(Options *options, int argc, char **argv)
{
	ListenAddress address;
	const char *wrong;

	memset(options, 0, sizeof(*options));
	options->rate_limit = -1;
	for (size_t i = 0; i < N_OPTIONS; i++)
	{
		const OptionDescription *option = &descriptions[i];
		char name[64];
		const char *value;

		if (option->standard != NULL)
			set_option(options, option, option->standard);
		environment_name(option->name, name, sizeof(name));
		value = getenv(name);
		if (value == NULL && strcmp(option->name, "log-format") == 0)
			value = getenv("LOG_FORMAT");
		if (value != NULL && value[0] != '\0')
			set_option(options, option, value);
	}
	read_arguments(options, argc, argv);
	if (strcmp(options->log_format, "text") != 0 && strcmp(options->log_format, "json") != 0)
		usage_error("log-format", options->log_format, "is neither text nor json");
	if ((options->tls_certificate == NULL) != (options->tls_key == NULL))
		usage_error("tls-certificate", "", "and --tls-key go together");
	if (options->model != NULL && (options->model[0] == '\0' || strlen(options->model) > 63))
		usage_error("model", options->model, "is not a model's name");
	wrong = listen_address_parse(options->listen, &address);
	if (wrong != NULL)
		usage_error("listen", options->listen, wrong);
}
