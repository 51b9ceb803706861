#!/usr/bin/env bash
# Run the test suites, each against private servers, and count what passed.
#
#   test/run_tests.sh [unit] [sanitized] [regress] [isolation] [tap] [page] [fuzz] [containers]     (default: all)
#
# Builds the extension and installs it into the server of PG_CONFIG, as make install does. Everything
# else stays in build/ and in a temporary folder that is removed at the end. FUZZ_SECONDS is the time of
# each fuzzer; TAP_TESTS="t/001_restart.pl t/..." chooses files of the suite tap, and TAP_JOBS how many run at once.
set -uo pipefail
cd "$(dirname "$0")/.."

suites=${*:-unit sanitized regress isolation tap page fuzz containers}
pg_config=${PG_CONFIG:-pg_config}
build=$PWD/build/test
passed=0
failed=0

test/install_dependencies.sh build test || exit 1
mkdir -p "$build"
bindir=$("$pg_config" --bindir)
pgxs_test=$(dirname "$(dirname "$("$pg_config" --pgxs)")")/test

# The server refuses root, and may not be able to read the checkout: it gets a folder of its own.
work=$(mktemp -d /tmp/sentiment-test.XXXXXX)
chmod 755 "$work"
if [ "$(id -u)" = 0 ]; then
	user=postgres
	as_user() { (cd "$work" && runuser -u "$user" -- "$@"); }
	give() { chown -R "$user" "$@"; }
else
	as_user() { (cd "$work" && "$@"); }
	give() { :; }
fi

stop_server() {
	[ -f "$work/data/postmaster.pid" ] && as_user "$bindir/pg_ctl" -D "$work/data" -m immediate -w stop >/dev/null 2>&1
	return 0
}
clean_up() {
	stop_server
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# report SUITE PASSED FAILED SECONDS [LOG]: one line, and the log if something failed
report() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	printf '%-10s %4d passed %4d failed %5d s\n' "$1" "$2" "$3" "$4"
	if [ "$3" -gt 0 ] && [ -n "${5:-}" ]; then
		sed 's/^/    /' "$5" | tail -200
	fi
}

# The exporter's parts that need neither HTTP nor a database.
exporter_parts="bearer_token errors gzip json_request json_scanner listen_address log prometheus_format rate_limit text_buffer"

# compile_core FOLDER COMPILER FLAGS...: objects of the core, the test host and the exporter's parts, two at a time
compile_core() {
	local folder=$1 compiler=$2
	shift 2
	mkdir -p "$folder"
	find src/core -name '*.c' | sort | {
		cat
		echo test/unit/host.c
		for part in $exporter_parts; do echo "src/exporter/$part.c"; done
	} | xargs -P 2 -I{} sh -c '
		object="$0/$(echo "$1" | tr / _).o"; compiler=$2; source=$1; shift 2
		"$compiler" -std=gnu11 -D_GNU_SOURCE -Isrc -Itest/unit "$@" -c -o "$object" "$source"' \
		"$folder" {} "$compiler" "$@"
}

# run_unit SUITE FLAGS...: every test/unit/test_*.c
run_unit() {
	local suite=$1 start=$SECONDS log="$build/$1.log" ok=0 bad=0 source name n
	shift
	: >"$log"
	rm -rf "${build:?}/$suite"
	if ! compile_core "$build/$suite" gcc "$@" >>"$log" 2>&1; then
		report "$suite" 0 1 $((SECONDS - start)) "$log"
		return
	fi
	for source in test/unit/test_*.c; do
		name=$(basename "$source" .c)
		if ! gcc -std=gnu11 -D_GNU_SOURCE -Isrc -Itest/unit "$@" -o "$build/$suite/$name" "$source" \
			"$build/$suite"/*.o -lcmocka -lcjson -lutf8proc -lstemmer -lz -lm -lpthread >"$build/$name.out" 2>&1; then
			cat "$build/$name.out" >>"$log"
			bad=$((bad + 1))
			continue
		fi
		CMOCKA_MESSAGE_OUTPUT=TAP "$build/$suite/$name" >"$build/$name.out" 2>&1
		local status=$?
		n=$(grep -c '^ok ' "$build/$name.out")
		ok=$((ok + n))
		n=$(grep -c '^not ok ' "$build/$name.out")
		if [ "$n" = 0 ] && { [ "$status" != 0 ] || ! grep -q '^ok ' "$build/$name.out"; }; then
			n=1
		fi
		bad=$((bad + n))
		if [ "$n" != 0 ]; then
			{ echo "== $name (exit status $status)"; grep -v '^ok ' "$build/$name.out"; } >>"$log"
		fi
	done
	report "$suite" "$ok" "$bad" $((SECONDS - start)) "$log"
}

# start_server: a private one, on a unix socket only
start_server() {
	[ -f "$work/data/postmaster.pid" ] && return 0
	mkdir -p "$work/socket"
	give "$work"
	as_user "$bindir/initdb" -D "$work/data" -U postgres -E UTF8 --locale=C.UTF-8 -A trust >"$build/server.log" 2>&1 &&
		as_user "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -w \
			-o "-k '$work/socket' -c listen_addresses='' -c fsync=off -c max_prepared_transactions=4" start >>"$build/server.log" 2>&1
}

# run_regress SUITE PROGRAM NAMES...: pg_regress or pg_isolation_regress over copies of the tests
run_regress() {
	local suite=$1 program=$2 start=$SECONDS log="$build/$1.log" ok bad
	shift 2
	if [ $# = 0 ]; then
		report "$suite" 0 1 0
		echo "    there are no tests"
		return
	fi
	mkdir -p "$work/$suite"
	cp -r test/sql test/specs expected "$work/$suite/"
	mkdir -p "$work/$suite/test"
	mv "$work/$suite/sql" "$work/$suite/specs" "$work/$suite/test/"
	start_server || { report "$suite" 0 1 0 "$build/server.log"; return; }
	give "$work/$suite"
	(cd "$work/$suite" && as_user env PGUSER=postgres sh -c 'cd "$1" && shift && exec "$@"' sh "$work/$suite" \
		"$program" --inputdir=test --outputdir="$work/$suite" --bindir="$bindir" \
		--host="$work/socket" --port=5432 --dbname="sentiment_$suite" --load-extension=sentiment "$@") >"$log" 2>&1
	ok=$(grep -cE '^(test .*ok +[0-9]+ ms|ok [0-9]+)' "$log")
	bad=$(($# - ok))
	if [ "$bad" != 0 ]; then
		cat "$work/$suite/regression.diffs" >>"$log" 2>/dev/null
		cp "$work/$suite/regression.diffs" "$build/$suite.diffs" 2>/dev/null
		mkdir -p "$build/$suite.results" && cp "$work/$suite/results/"* "$build/$suite.results/" 2>/dev/null
	fi
	report "$suite" "$ok" "$bad" $((SECONDS - start)) "$log"
}

run_tap() {
	local start=$SECONDS log="$build/tap.log" ok bad tests
	# those that mostly wait (for the minutes of cron, for alerts) go beside the others, so they begin first
	tests="t/012_story.pl t/030_observability.pl $(cd test && ls t/*.pl | grep -vE '/(012_story|030_observability)')"
	mkdir -p "$work/tap"
	cp -r test/t "$work/tap/t"
	cp -r test/sql "$work/tap/sql"
	cp -r README.md docs "$work/tap/"
	[ -s build/reviews.csv ] || { Rscript test/demo/reviews.R build/reviews.csv.new && mv build/reviews.csv.new build/reviews.csv; } >"$build/reviews.log" 2>&1
	cp build/reviews.csv "$work/tap/" || cat "$build/reviews.log"
	if ! make -s exporter >"$build/exporter.log" 2>&1; then
		report tap 0 1 $((SECONDS - start)) "$build/exporter.log"
		return
	fi
	cp -r build/sentiment-exporter src/exporter/role.sql docker "$work/tap/"
	give "$work"
	as_user sh -c 'cd "$1" && shift && exec "$@"' sh "$work/tap" \
		env PATH="$bindir:$PATH" PERL5LIB="$pgxs_test/perl" PG_REGRESS="$pgxs_test/regress/pg_regress" \
		TESTDATADIR="$work/tap/data" TESTLOGDIR="$work/tap/log" TESTDIR="$work/tap" top_builddir="$work/tap" \
		portdir="$work/tap" SENTIMENT_EXPORTER="$work/tap/sentiment-exporter" \
		SENTIMENT_REVIEWS="$work/tap/reviews.csv" prove --comments --verbose --timer --jobs="${TAP_JOBS:-2}" ${TAP_TESTS:-$tests} >"$log" 2>&1
	local status=$?
	ok=$(grep -cE '^ok [0-9]+' "$log")
	bad=$(grep -cE '^not ok [0-9]+' "$log")
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok" = 0 ]; }; then
		bad=1
	fi
	if [ "$bad" != 0 ]; then
		rm -rf "$build/tap.logs" && cp -r "$work/tap/tmp_check/log" "$build/tap.logs" 2>/dev/null
		grep -v '^ok ' "$log" >"$log.failed"
	fi
	report tap "$ok" "$bad" $((SECONDS - start)) "$log.failed"
}

# The web page in Chromium. Its tools come from npm: without Node.js it is left out, and that is said.
run_page() {
	local start=$SECONDS log="$build/page.log" ok bad
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		echo "page: Node.js and npm are not there: THE WEB PAGE IS NOT TESTED"
		return
	fi
	if ! { test/install_dependencies.sh page && make -s exporter && make -s page-tools; } >"$log" 2>&1; then
		report page 0 1 $((SECONDS - start)) "$log"
		return
	fi
	mkdir -p "$work/page"
	test/page/run_page.sh "$bindir" "$work/page" >"$log" 2>&1
	local status=$?
	ok=$(grep -cE '^ok [0-9]+' "$log")
	bad=$(grep -cE '^not ok [0-9]+' "$log")
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok" = 0 ]; }; then
		bad=1
	fi
	grep -v '^ok ' "$log" >"$log.failed"
	report page "$ok" "$bad" $((SECONDS - start)) "$log.failed"
}

run_fuzz() {
	local start=$SECONDS log="$build/fuzz.log" ok=0 bad=0 source name
	: >"$log"
	if ! echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n > 0; }' |
		clang -fsanitize=fuzzer -x c - -o "$build/fuzz_probe" 2>/dev/null; then
		echo "fuzz: clang's libFuzzer is not there, skipped"
		return
	fi
	compile_core "$build/fuzz" clang -O1 -g -fsanitize=fuzzer-no-link,address,undefined >>"$log" 2>&1
	for source in test/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		mkdir -p "$build/corpus_$name"
		if clang -std=gnu11 -D_GNU_SOURCE -Isrc -Itest/unit -O1 -g -fsanitize=fuzzer,address,undefined \
			-o "$build/fuzz/$name" "$source" "$build/fuzz"/*.o -lcjson -lutf8proc -lstemmer -lz -lm >>"$log" 2>&1 &&
			(cd "$build/fuzz" && "./$name" -max_total_time="${FUZZ_SECONDS:-10}" -timeout=20 -rss_limit_mb=4096 \
				-artifact_prefix="$build/$name-" "$build/corpus_$name") >>"$log" 2>&1; then
			ok=$((ok + 1))
		else
			bad=$((bad + 1))
		fi
	done
	report fuzz "$ok" "$bad" $((SECONDS - start)) "$log"
}

# run_containers: the files of docker/, then its images, built and run without an engine
run_containers() {
	local start=$SECONDS log="$build/containers.log" ok bad program status=0
	mkdir -p "$work/files" "$work/images"
	: >"$log"
	for program in check_files:files images:images; do
		/usr/bin/python3 "test/containers/${program%:*}.py" "$work/${program#*:}" >>"$log" 2>&1 || status=1
	done
	grep -E '^ok .*# SKIP' "$log" | sed 's/^ok [0-9]* - *//; s/^/containers: /'
	ok=$(grep -E '^ok [0-9]+' "$log" | grep -cv '# SKIP')
	bad=$(grep -cE '^not ok [0-9]+' "$log")
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok" = 0 ]; }; then
		bad=1
	fi
	grep -v '^ok ' "$log" >"$log.failed"
	report containers "$ok" "$bad" $((SECONDS - start)) "$log.failed"
}

case " $suites " in
	*" regress "* | *" isolation "* | *" tap "* | *" page "*)
		if ! { make -s PG_CONFIG="$pg_config" && make -s install PG_CONFIG="$pg_config"; } >"$build/build.log" 2>&1; then
			cat "$build/build.log"
			echo "0 passed, 1 failed"
			exit 1
		fi
		;;
esac

for suite in $suites; do
	case "$suite" in
		unit) run_unit unit -O2 -g -ffp-contract=off -Wall -Wextra ;;
		sanitized) run_unit sanitized -O1 -g -ffp-contract=off -fsanitize=address,undefined -fno-sanitize-recover=all ;;
		regress)
			run_regress regress "$pgxs_test/regress/pg_regress" \
				$(for file in test/sql/*.sql; do basename "$file" .sql; done)
			;;
		isolation)
			run_regress isolation "$pgxs_test/isolation/pg_isolation_regress" \
				$(for file in test/specs/*.spec; do [ -e "$file" ] && basename "$file" .spec; done)
			;;
		tap) run_tap ;;
		page) run_page ;;
		fuzz) run_fuzz ;;
		containers) run_containers ;;
		*) echo "unknown suite: $suite" >&2; exit 2 ;;
	esac
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
