/*
 * stemmer.c
 *	  Words to their stems.
 *
 * libstemmer allocates its stemmers with malloc, and host_error would leave them behind. So they belong
 * to nobody: a thread makes at most one for each language and keeps it. They have no state between words.
 */
#include <stdbool.h>
#include <string.h>

#include <libstemmer.h>

#include "core/host.h"
#include "core/text/stemmer.h"

/* The algorithms of libstemmer 2.2 but for "porter", the outdated one for English. */
const char *const stemmer_languages[] = {
	"none",    "arabic",    "armenian",   "basque",   "catalan", "danish",
	"dutch",   "english",   "finnish",    "french",   "german",  "greek",
	"hindi",   "hungarian", "indonesian", "irish",    "italian", "lithuanian",
	"nepali",  "norwegian", "portuguese", "romanian", "russian", "serbian",
	"spanish", "swedish",   "tamil",      "turkish",  "yiddish", NULL,
};

static _Thread_local struct sb_stemmer
	*stemmers[sizeof(stemmer_languages) / sizeof(stemmer_languages[0])];

/* Raise the error that libstemmer has no memory. */
static void __attribute__((noreturn)) raise_out_of_memory(void)
{
	host_error(HOST_ERROR_OUT_OF_MEMORY, NULL,
			   "Let the server's processes have more memory (ulimit -v, vm.overcommit_memory).",
			   "out of memory in libstemmer");
}

/* Whether libstemmer has a stemmer for a language. */
static bool
is_known(const char *language)
{
	for (const char **name = sb_stemmer_list(); *name != NULL; name++)
	{
		if (strcmp(*name, language) == 0)
			return true;
	}
	return false;
}

/* Get the stemmer of a language ready. */
void
stemmer_prepare(int language)
{
	if (stemmers[language] == NULL)
		stemmers[language] = sb_stemmer_new(stemmer_languages[language], "UTF_8");
	if (stemmers[language] == NULL && is_known(stemmer_languages[language]))
		raise_out_of_memory();
	if (stemmers[language] == NULL)
		host_error(HOST_ERROR_INVALID_PARAMETER, NULL, "Install libstemmer 2.2 or later.",
				   "this build of libstemmer has no stemmer \"%s\"", stemmer_languages[language]);
}

/* The stem of a lower-cased word. */
const char *
stemmer_stem(int language, const char *word, size_t length, size_t *stem_length)
{
	const sb_symbol *stem;

	stemmer_prepare(language);
	stem = sb_stemmer_stem(stemmers[language], (const sb_symbol *) word, (int) length);
	if (stem == NULL)
		raise_out_of_memory();
	*stem_length = (size_t) sb_stemmer_length(stemmers[language]);
	return (const char *) stem;
}
