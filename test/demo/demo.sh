#!/usr/bin/env bash
# A private server with real reviews and a trained model, and the exporter with its web page: demo.sh start,
# demo.sh stop.
#
# Everything is in build/demo, or in a temporary folder named in build/demo/location where the server's
# user cannot reach the checkout or the socket's path would be too long. No other cluster is touched.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
demo=$root/build/demo
pg_config=${PG_CONFIG:-pg_config}
log=$demo/demo.log
export PAGER=cat PSQL_PAGER=cat

fail() {
	echo "demo: $1" >&2
	[ -s "$log" ] && tail -20 "$log" >&2
	exit 1
}

if [ "$(id -u)" = 0 ]; then
	as_user() { (cd / && runuser -u postgres -- "$@"); }
	prefix="runuser -u postgres -- "
else
	as_user() { "$@"; }
	prefix=""
fi

# The folder of the server, if there is one.
location() { cat "$demo/location" 2>/dev/null || true; }

stop_server() {
	local place
	place=$(location)
	[ -n "$place" ] && [ -d "$place/data" ] || return 0
	if as_user "$bindir/pg_ctl" -D "$place/data" status >/dev/null 2>&1; then
		as_user "$bindir/pg_ctl" -D "$place/data" -m fast -w stop >>"$log" 2>&1 || fail "could not stop the server"
	fi
}

stop_exporter() {
	local process
	process=$(cat "$demo/exporter.pid" 2>/dev/null || true)
	rm -f "$demo/exporter.pid"
	# only if it is still the exporter
	[ -n "$process" ] && [ "$(cat "/proc/$process/comm" 2>/dev/null)" = sentiment-expor ] || return 0
	kill "$process" 2>/dev/null || true
	for _ in $(seq 50); do
		kill -0 "$process" 2>/dev/null || return 0
		sleep 0.1
	done
}

# start_exporter PLACE: on port 8000, or on a free one; sets address
start_exporter() {
	local place=$1 port
	address=""
	cp build/sentiment-exporter "$place/sentiment-exporter"
	chmod 755 "$place/sentiment-exporter"
	for port in 8000 0; do
		: >"$demo/exporter.log"
		# a subshell that becomes the exporter: a function in the background would keep this shell's output open
		# shellcheck disable=SC2016,SC2086
		(cd / && exec ${prefix}setsid nohup sh -c 'echo $$ && exec "$@"' sh "$place/sentiment-exporter" --listen "127.0.0.1:$port" \
			--database "host=$place user=sentiment_exporter dbname=demo" --model food --log-requests off) \
			>"$demo/exporter.pid" 2>"$demo/exporter.log" </dev/null &
		for _ in $(seq 50); do
			address=$(sed -n 's|.*\(http://127\.0\.0\.1:[0-9]*\).*|\1|p' "$demo/exporter.log" | head -1)
			[ -n "$address" ] && return 0
			sleep 0.1
		done
	done
	return 1
}

choose_location() {
	local place
	place=$(location)
	if [ -n "$place" ] && [ -d "$place/data" ]; then
		return
	fi
	place=$demo/server
	mkdir -p "$place"
	[ "$(id -u)" = 0 ] && chown postgres "$place"
	if [ ${#place} -gt 80 ] || ! as_user test -w "$place" 2>/dev/null; then
		rm -rf "$place"
		place=$(mktemp -d /tmp/sentiment-demo.XXXXXX)
		[ "$(id -u)" = 0 ] && chown postgres "$place"
	fi
	chmod 700 "$place"
	echo "$place" >"$demo/location"
}

start_server() {
	local place
	choose_location
	place=$(location)
	if [ ! -f "$place/data/PG_VERSION" ]; then
		as_user "$bindir/initdb" -D "$place/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >>"$log" 2>&1 ||
			fail "could not make a database cluster"
	fi
	if as_user "$bindir/pg_ctl" -D "$place/data" status >/dev/null 2>&1; then
		# the library may have been built anew
		as_user "$bindir/pg_ctl" -D "$place/data" -m fast -w stop >>"$log" 2>&1 || true
	fi
	as_user "$bindir/pg_ctl" -D "$place/data" -l "$place/server.log" -w \
		-o "-k '$place' -p 5432 -c listen_addresses='' -c shared_preload_libraries=pg_cron,sentiment \
			-c cron.database_name=demo -c cron.use_background_workers=on" start >>"$log" 2>&1 ||
		fail "could not start the server (see $place/server.log)"
}

case "${1:-start}" in
	start)
		mkdir -p "$demo"
		: >"$log"
		PG_CONFIG=${PG_CONFIG:-} test/install_dependencies.sh build exporter demo
		bindir=$("$pg_config" --bindir)
		echo "building and installing the extension, building the exporter"
		{ make -s PG_CONFIG="$pg_config" && make -s install PG_CONFIG="$pg_config" && make -s exporter; } >>"$log" 2>&1 ||
			fail "could not build or install the extension"
		stop_exporter
		start_server
		place=$(location)
		if [ ! -s "$demo/labelled_reviews.csv" ]; then
			Rscript test/demo/reviews.R "$demo/reviews.new" >>"$log" 2>&1 || fail "could not write the reviews"
			mv "$demo/reviews.new" "$demo/labelled_reviews.csv"
		fi
		as_user "$bindir/psql" -X -q -h "$place" -U postgres -d postgres -c 'DROP DATABASE IF EXISTS demo WITH (FORCE)' \
			-c 'CREATE DATABASE demo' >>"$log" 2>&1 || fail "could not create the database"
		as_user "$bindir/psql" -X -h "$place" -U postgres -d demo -f /dev/fd/3 3<"$root/test/demo/demo.sql" \
			<"$demo/labelled_reviews.csv" 2>>"$log" || fail "the demo did not work"
		{ as_user "$bindir/psql" -X -h "$place" -U postgres -d demo -c 'DROP ROLE IF EXISTS sentiment_exporter' \
			&& as_user "$bindir/psql" -X -h "$place" -U postgres -d demo -v database=demo -f /dev/fd/3 3<"$root/src/exporter/role.sql"; } \
			>>"$log" 2>&1 || fail "could not make the role of the exporter"
		as_user "$bindir/psql" -X -h "$place" -U postgres -d demo -f /dev/fd/3 3<"$root/test/demo/page.sql" 2>>"$log" ||
			fail "the second part of the demo did not work"
		start_exporter "$place" || fail "the exporter did not start (see $demo/exporter.log)"
		echo
		echo "Web page:     $address"
		echo "Go on with:   ${prefix}psql -h $place -U postgres demo"
		echo "End it with:  make demo-stop"
		;;
	stop)
		bindir=$("$pg_config" --bindir)
		stop_exporter
		stop_server
		place=$(location)
		[ -z "$place" ] || rm -rf "$place"
		rm -f "$demo/location"
		echo "the demo's server and exporter are stopped and removed, with all that was in them"
		;;
	*)
		echo "usage: demo.sh start | stop" >&2
		exit 2
		;;
esac
