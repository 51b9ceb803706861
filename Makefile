# Makefile of sentiment, a PostgreSQL extension (PGXS)
#
#   make                build the extension for the server of pg_config (PG_CONFIG= chooses another)
#   make install        install it there
#   make installcheck   regression and isolation tests against a running server
#   make test           every test suite, each on a private server; installs what it needs
#   make demo           a private server with real reviews and a trained model; make demo-stop ends it
#   make exporter       the HTTP sidecar, build/sentiment-exporter; make install-exporter (prefix=/usr/local) installs it
#   make page           bundle the exporter's web page anew, with Node.js and npm (the bundle is part of the sources)
#   make lint           formatting, static analysis, warnings as errors
#   make bench          comparison with scikit-learn and fastText (DATA_FOLDER= for more data), and the exporter's figures
#
# OPTFLAGS="-O3 -march=native" builds for this machine's processor only.

EXTENSION = sentiment
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" sentiment.control)

MODULE_big = sentiment
CORE_SOURCES = $(wildcard src/core/*.c src/core/*/*.c)
EXTENSION_SOURCES = $(wildcard src/extension/*.c)
OBJS = $(CORE_SOURCES:.c=.o) $(EXTENSION_SOURCES:.c=.o)

# The install script is joined from the topics', in an order in which each finds what it needs.
SQL_TOPICS = install label_text sparse_vector image_value text corpus_state features fit evaluation drift \
	stored_role privileges registry model_source \
	curves \
	drift_profile drift_report drift_injection \
	validation_state contract \
	deployment_history lifecycle gate compare model_transfer \
	train search predict kinds views model_card traffic experiment statistics progress live_traffic \
	monitor retraining pipeline_run schedule metrics failover integrity
SQL_SOURCES = $(SQL_TOPICS:%=src/extension/%.sql)
JOINED_SCRIPT = sql/$(EXTENSION)--$(EXTVERSION).sql

DATA_built = $(JOINED_SCRIPT)
DATA = $(filter-out $(JOINED_SCRIPT), $(wildcard sql/$(EXTENSION)--*--*.sql))

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=$(EXTENSION)

OPTFLAGS = -O3 -fno-math-errno -ffp-contract=off
PG_CPPFLAGS = -Isrc -D_GNU_SOURCE
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-declaration-after-statement $(OPTFLAGS)
# Names of the core must not be taken for the server's or another library's.
SHLIB_LINK = -lcjson -lutf8proc -lstemmer -lm -ldl -lpthread -Wl,--version-script=src/extension/exports.map

EXTRA_CLEAN = $(OBJS:.o=.d) $(wildcard sql/$(EXTENSION)--[0-9]*.[0-9]*.[0-9].sql) build results \
	output_iso regression.diffs regression.out tmp_check log

# No bitcode for the server's JIT compiler: calls go to C anyway, and clang would be needed.
override with_llvm = no

PG_CONFIG ?= pg_config
ifneq ($(filter-out test demo demo-stop bench lint deps clean-build exporter install-exporter page page-tools,$(or $(MAKECMDGOALS),all)),)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error The server's development files are missing (looked with "$(PG_CONFIG) --pgxs"): on Debian, apt-get install postgresql-server-dev-15; or give PG_CONFIG=/path/to/pg_config)
endif
# header:package
missing := $(strip $(foreach h,cjson/cJSON.h:libcjson-dev utf8proc.h:libutf8proc-dev libstemmer.h:libstemmer-dev xxhash.h:libxxhash-dev,\
	$(shell printf '\043include <$(firstword $(subst :, ,$(h)))>\n' | $(or $(CC),cc) $(CPPFLAGS) -x c -fsyntax-only - 2>/dev/null || echo $(lastword $(subst :, ,$(h))))))
ifneq ($(missing),)
ifeq ($(filter clean,$(MAKECMDGOALS)),)
$(error Libraries are missing: on Debian, apt-get install $(missing))
endif
endif
include $(PGXS)
endif

# Objects know the headers that they were made from.
src/%.o: src/%.c Makefile
	$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<
-include $(OBJS:.o=.d)

$(shlib): src/extension/exports.map

$(JOINED_SCRIPT): $(SQL_SOURCES) sentiment.control Makefile
	@for topic in $(wildcard src/extension/*.sql); do \
		case " $(SQL_SOURCES) " in *" $$topic "*) ;; *) echo "$$topic is not in SQL_TOPICS" >&2; exit 1;; esac; done
	@mkdir -p sql
	printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit' > $@.new
	cat $(SQL_SOURCES) >> $@.new
	mv $@.new $@

# The exporter is a program of its own: it shares no object with the extension. PGXS would set CFLAGS for the
# server's libraries, so it has its own.
EXPORTER_SOURCES = $(filter-out src/exporter/embed.c, $(wildcard src/exporter/*.c))
EXPORTER_OBJECTS = $(EXPORTER_SOURCES:src/exporter/%.c=build/exporter/%.o)
EXPORTER_PACKAGES = libpq libmicrohttpd zlib
EXPORTER_CC = $(or $(filter-out default,$(CC)),gcc)
EXPORTER_CFLAGS = -O2 -g
EXPORTER_ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DEXPORTER_VERSION='"$(EXTVERSION)"' -Isrc/exporter -pthread \
	-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
	$(shell pkg-config --cflags $(EXPORTER_PACKAGES)) $(EXPORTER_CFLAGS)
EXPORTER_LIBS = $(shell pkg-config --libs $(EXPORTER_PACKAGES)) -lm -pthread -Wl,-z,relro,-z,now
EXPORTER_PAGES = $(shell find src/exporter/page/dist -type f 2>/dev/null)

exporter: build/sentiment-exporter

build/exporter/%.o: src/exporter/%.c Makefile
	@mkdir -p build/exporter
	$(EXPORTER_CC) $(EXPORTER_ALL_CFLAGS) -MMD -MP -c -o $@ $<
-include $(EXPORTER_OBJECTS:.o=.d)

build/exporter/embed: src/exporter/embed.c Makefile
	@mkdir -p build/exporter
	$(EXPORTER_CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lz

build/exporter/embedded.c: build/exporter/embed src/exporter/openapi.json sentiment.control $(EXPORTER_PAGES)
	build/exporter/embed src/exporter/page/dist src/exporter/openapi.json $(EXTVERSION) > $@.new
	mv $@.new $@

build/exporter/embedded.o: build/exporter/embedded.c src/exporter/assets.h
	$(EXPORTER_CC) $(EXPORTER_ALL_CFLAGS) -c -o $@ $<

build/sentiment-exporter: $(EXPORTER_OBJECTS) build/exporter/embedded.o
	$(EXPORTER_CC) $(EXPORTER_ALL_CFLAGS) -o $@ $^ $(EXPORTER_LIBS)

prefix ?= /usr/local
EXPORTER_UNITS = $(if $(filter /usr,$(prefix)),/lib/systemd/system,/etc/systemd/system)

install-exporter: exporter
	install -D -m 755 build/sentiment-exporter '$(DESTDIR)$(prefix)/bin/sentiment-exporter'
	install -D -m 644 src/exporter/sentiment-exporter.1 '$(DESTDIR)$(prefix)/share/man/man1/sentiment-exporter.1'
	install -D -m 644 src/exporter/role.sql '$(DESTDIR)$(prefix)/share/sentiment-exporter/role.sql'
	install -d '$(DESTDIR)$(EXPORTER_UNITS)'
	sed 's|@prefix@|$(prefix)|' src/exporter/sentiment-exporter.service > '$(DESTDIR)$(EXPORTER_UNITS)/sentiment-exporter.service'

# The web page: its bundle is committed, so that the exporter can be built without Node.js.
PAGE = src/exporter/page
PAGE_TOOLS = $(PAGE)/node_modules/.package-lock.json

$(PAGE_TOOLS): $(PAGE)/package.json $(PAGE)/package-lock.json $(PAGE)/.npmrc
	cd $(PAGE) && npm ci --ignore-scripts --loglevel=error
	@touch $@

page-tools: $(PAGE_TOOLS)

page: page-tools
	cd $(PAGE) && npm run --silent check && npm run --silent build

.PHONY: deps test demo demo-stop lint bench exporter install-exporter page page-tools

deps:
	@test/install_dependencies.sh

test:
	@test/run_tests.sh

demo:
	@test/demo/demo.sh start

demo-stop:
	@test/demo/demo.sh stop

lint:
	@test/lint.sh

bench:
	@test/bench/run_bench.sh "$(DATA_FOLDER)"
	@test/bench/run_exporter.sh
