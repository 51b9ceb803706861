#!/bin/bash
# The benchmark: sentiment beside scikit-learn and fastText on this machine, in one table.
#
#   test/bench/run_bench.sh [FOLDER]
#
# BENCH_PARTS chooses parts: main (logistic regression, one thread), kinds (the others, two threads), search
# (of hyperparameters, beside Optuna with scikit-learn), contract
# (a validation beside a prediction of the same rows), counting (what statistics in shared memory cost).
# FOLDER may hold more real reviews (kindle/kindle_12k_all_columns.csv.gz, fine_foods/*.csv). Without it
# the reviews are those of Debian's r-cran-modeldata. PG_CONFIG chooses the server. Ends with an error only
# if something fails to run, not if a target is missed.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
data_folder=${1:-}
pg_config=${PG_CONFIG:-pg_config}

if [ -x "$top/test/install_dependencies.sh" ]; then
	"$top/test/install_dependencies.sh" build bench
fi
export PATH=/usr/bin:$PATH # Debian's python3 is the one with scikit-learn
make -C "$top" PG_CONFIG="$pg_config" all install >/dev/null

BENCH_BIN=$("$pg_config" --bindir)
BENCH_WORK=$(mktemp -d "${TMPDIR:-/tmp}/sentiment_bench.XXXXXX")
BENCH_SOCKET=$BENCH_WORK
BENCH_PORT=5432
export BENCH_BIN BENCH_WORK BENCH_SOCKET BENCH_PORT
# one thread for scikit-learn, whatever BLAS it uses
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

# The server refuses root.
as_server_user() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

clean_up() {
	as_server_user "$BENCH_BIN/pg_ctl" -D "$BENCH_WORK/server/data" -m immediate -s stop || true
	rm -rf "$BENCH_WORK"
}
trap clean_up EXIT

mkdir "$BENCH_WORK/server"
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$BENCH_WORK"
	chown postgres "$BENCH_WORK/server"
fi
BENCH_SOCKET=$BENCH_WORK/server
cd "$BENCH_WORK/server"
as_server_user "$BENCH_BIN/initdb" -D data -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
as_server_user "$BENCH_BIN/pg_ctl" -D "$BENCH_WORK/server/data" -l server.log -s -w \
	-o "-k '$BENCH_SOCKET' -p $BENCH_PORT -c listen_addresses=''" start
cd "$top"

parts=${BENCH_PARTS:-main kinds search contract counting}
case " $parts " in
	*" main "*) /usr/bin/python3 "$top/test/bench/run_bench.py" ${data_folder:+"$data_folder"} ;;
esac
case " $parts " in
	*" search "*) /usr/bin/python3 "$top/test/bench/run_search.py" ${data_folder:+"$data_folder"} ;;
esac
case " $parts " in
	*" contract "*) /usr/bin/python3 "$top/test/bench/run_contract.py" ${data_folder:+"$data_folder"} ;;
esac
case " $parts " in
	*" kinds "*)
		export BENCH_CLASSIFIER=$BENCH_WORK/bench_classifier
		cc -O2 -std=gnu11 -D_GNU_SOURCE -Isrc -Itest/unit -o "$BENCH_CLASSIFIER" test/bench/bench_classifier.c \
			test/unit/host.c src/core/*.o src/core/*/*.o -lcjson -lutf8proc -lstemmer -lm -lpthread -ldl
		# two threads for every rival
		OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2 MKL_NUM_THREADS=2 \
			/usr/bin/python3 "$top/test/bench/run_kinds.py" ${data_folder:+"$data_folder"}
		;;
esac
case " $parts " in
	*" counting "*)
		as_server_user "$BENCH_BIN/pg_ctl" -D "$BENCH_WORK/server/data" -m fast -s -w stop
		(cd "$BENCH_WORK/server" && as_server_user "$BENCH_BIN/pg_ctl" -D "$BENCH_WORK/server/data" -l server.log -s -w \
			-o "-k '$BENCH_SOCKET' -p $BENCH_PORT -c listen_addresses='' -c shared_preload_libraries=sentiment" start)
		/usr/bin/python3 "$top/test/bench/run_counting.py" ${data_folder:+"$data_folder"}
		;;
esac
