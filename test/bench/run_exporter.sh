#!/bin/bash
# The exporter's figures: wrk on loopback, a private server, Debian's food reviews.
#
#   test/bench/run_exporter.sh
#
# Client, exporter and server share the machine. Each figure is the median of BENCH_ROUNDS (5) rounds of
# BENCH_SECONDS (5); pgbench asks the same predictions in between, so that a busy machine shows. Beside the times stand the
# processor's seconds, which other load disturbs less. PG_CONFIG chooses the server. Ends with an error only if something fails
# to run, not if a target is missed.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
pg_config=${PG_CONFIG:-pg_config}
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-5}
cd "$top"
test/install_dependencies.sh build exporter bench
make -s PG_CONFIG="$pg_config" all install >/dev/null
make -s exporter >/dev/null
bindir=$("$pg_config" --bindir)
work=$(mktemp -d "${TMPDIR:-/tmp}/sentiment_exporter.XXXXXX")
exporter=""

# The server refuses root.
as_server_user() {
	if [ "$(id -u)" -eq 0 ]; then (cd "$work" && runuser -u postgres -- "$@"); else "$@"; fi
}
clean_up() {
	[ -z "$exporter" ] || kill "$exporter" 2>/dev/null || true
	as_server_user "$bindir/pg_ctl" -D "$work/server/data" -m immediate -s stop || true
	rm -rf "$work"
}
trap clean_up EXIT

chmod 755 "$work"
mkdir "$work/server"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/server"
as_server_user "$bindir/initdb" -D "$work/server/data" -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
as_server_user "$bindir/pg_ctl" -D "$work/server/data" -l "$work/server/log" -s -w -o "-k '$work/server' -c listen_addresses=''" start
psql() { "$bindir/psql" -X -q -h "$work/server" -U postgres -d postgres "$@"; }
Rscript test/demo/reviews.R "$work/reviews.csv"
psql -c "CREATE EXTENSION sentiment" -c "CREATE TABLE reviews (id int PRIMARY KEY, text text, label text, category text)" \
	-c "\\copy reviews FROM '$work/reviews.csv' CSV HEADER" -c "ANALYZE reviews" \
	-c "SELECT sentiment_train('food', 'reviews')" >/dev/null 2>&1
psql -At -c "SELECT json_build_object('texts', json_build_array(text)) FROM reviews ORDER BY id" >"$work/predict.txt"
psql -At -c "SELECT json_build_object('reviewText', text) FROM reviews, generate_series(1, 40) AS copy ORDER BY copy, id" >"$work/lines.txt"
psql -At -c "SELECT json_build_object('data', json_agg(json_build_object('reviewText', text))) FROM reviews, generate_series(1, 2)" >"$work/batch.txt"
words=$(psql -At -c "SELECT round(avg(array_length(regexp_split_to_array(text, '\\s+'), 1))) FROM reviews")
printf '%s\n' '\set id random(1, 5000)' "SELECT sentiment_predict(text, 'food') FROM reviews WHERE id = :id;" >"$work/predict.sql"

build/sentiment-exporter --listen 127.0.0.1:0 --database "host=$work/server user=postgres dbname=postgres" 2>"$work/exporter.log" &
exporter=$!
until url=$(grep -o 'http://127[^"]*' "$work/exporter.log") && curl -sf "$url/ready" >/dev/null; do sleep 0.1; done

# the processor's milliseconds that exporter and server have used
cpu() {
	local pids
	pids="$exporter $(psql -At -c "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'sentiment-exporter'")"
	for pid in $pids; do awk '{ print ($14 + $15) * 10 }' "/proc/$pid/stat"; done | awk '{ s += $1 } END { print s }'
}
# column N of the lines in FILE: the median
median() { cut -d' ' -f"$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "reviews of $words words; $(nproc) cores for client, exporter and server; load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for round in $(seq "$rounds"); do
	for connections in 1 32; do
		before=$(cpu)
		REVIEWS=$work/predict.txt wrk -t1 -c"$connections" -d"${seconds}s" -s test/bench/exporter_predict.lua "$url/" >"$work/wrk"
		line=$(sed -n 's/^RESULT //p' "$work/wrk")
		requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$work/wrk")
		echo "$line $(awk "BEGIN { print ($(cpu) - $before) * 1000 / $requests }")" >>"$work/predict.$connections"
	done
	for form in lines:application/x-ndjson:200000 batch:application/json:10000; do
		IFS=: read -r name type n <<<"$form"
		before=$(cpu)
		time=$(curl -sf -o "$work/answer" -w '%{time_total}' -H 'Expect:' -H "Content-Type: $type" --data-binary "@$work/$name.txt" "$url/batch_predict")
		echo "$(awk "BEGIN { print $n / $time }") $(awk "BEGIN { print ($(cpu) - $before) * 1000 / $n }")" >>"$work/result.$name"
	done
	"$bindir/pgbench" -n -M prepared -c 32 -j 1 -T "$seconds" -f "$work/predict.sql" -h "$work/server" -U postgres postgres 2>/dev/null |
		sed -n 's/^tps = \([0-9.]*\).*/\1/p' >>"$work/pgbench"
done
for connections in 1 32; do
	file=$work/predict.$connections
	printf '/predict, %2d connections: %6.0f requests/s, median %.2f ms, p99 %.2f ms, %.0f us of the processor (exporter and server), %d errors\n' \
		"$connections" "$(median "$file" 1)" "$(median "$file" 2)" "$(median "$file" 3)" "$(median "$file" 5)" "$(median "$file" 4)"
done
printf '/batch_predict, lines:      %7.0f reviews/s, %.1f us of the processor each\n' "$(median "$work/result.lines" 1)" "$(median "$work/result.lines" 2)"
printf '/batch_predict, JSON array: %7.0f reviews/s, %.1f us of the processor each\n' "$(median "$work/result.batch" 1)" "$(median "$work/result.batch" 2)"
printf 'pgbench -c 32, the same prediction: %.0f per second\n' "$(median "$work/pgbench" 1)"
REVIEWS=$work/predict.txt wrk -t1 -c32 -d"${BENCH_MEMORY_SECONDS:-5}s" -s test/bench/exporter_predict.lua "$url/" >/dev/null
printf 'resident memory after %s requests: %.1f MB; load after: %s\n' \
	"$(curl -s "$url/metrics" | sed -n 's/^api_request_duration_seconds_count{method="POST",endpoint="\/predict"} //p')" \
	"$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$exporter/status")" "$(cut -d' ' -f1-3 /proc/loadavg)"
