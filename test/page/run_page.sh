#!/usr/bin/env bash
# The page in a real browser: a private database with all that there is to see, exporters in front of it, and
# test_page.js, which drives Chromium. Writes TAP.
#
#   test/page/run_page.sh BINDIR FOLDER     FOLDER: an empty one that the server's user may write
set -euo pipefail
bindir=$1
work=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
exporters=()

if [ "$(id -u)" = 0 ]; then
	as_user() { (cd "$work" && runuser -u postgres -- "$@"); }
	chown postgres "$work"
else
	as_user() { (cd "$work" && "$@"); }
fi

clean_up() {
	local process
	for process in "${exporters[@]}"; do kill "$process" 2>/dev/null || true; done
	[ -f "$work/data/postmaster.pid" ] && as_user "$bindir/pg_ctl" -D "$work/data" -m immediate -w stop >/dev/null 2>&1
	return 0
}
trap clean_up EXIT
trap 'exit 130' INT TERM

psql() { as_user "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -U postgres "$@"; }

# start_exporter NAME OPTION...: on a free port, whose address goes to the variable NAME
start_exporter() {
	local name=$1 log="$work/$1.log" address=""
	shift
	: >"$log" # it is read before the exporter has opened it
	"$root/build/sentiment-exporter" --listen 127.0.0.1:0 "$@" >"$log" 2>&1 &
	exporters+=($!)
	for _ in $(seq 1200); do
		address=$(sed -n 's|.*\(https\{0,1\}://127\.0\.0\.1:[0-9]*\).*|\1|p' "$log" | head -1)
		[ -n "$address" ] && break
		sleep 0.05
	done
	[ -n "$address" ] || { echo "the exporter did not start:" >&2; cat "$log" >&2; exit 1; }
	export "$name=$address"
}

as_user "$bindir/initdb" -D "$work/data" -U postgres -E UTF8 --locale=C.UTF-8 -A trust >"$work/initdb.log" 2>&1
as_user "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -w -o "-k '$work' -c listen_addresses='' -c fsync=off \
	-c shared_preload_libraries=pg_cron,sentiment -c cron.database_name=page -c cron.use_background_workers=on" start >/dev/null
psql -d postgres -c 'CREATE DATABASE page'
psql -d page -c 'CREATE EXTENSION sentiment'
psql -d page -v database=page -f /dev/fd/3 3<"$root/src/exporter/role.sql"
psql -d page -f /dev/fd/3 3<"$root/test/page/page.sql" >"$work/page.sql.log"

connection="host=$work user=sentiment_exporter"
start_exporter PAGE_ADDRESS --database "$connection dbname=page"
echo "a token of the test" >"$work/token"
start_exporter PAGE_ADDRESS_TOKEN --database "$connection dbname=page" --token-file "$work/token"
start_exporter PAGE_ADDRESS_LATE --database "$connection dbname=late"

export PAGE_SCREENSHOTS="$root/build/screenshots" PAGE_TOKEN="a token of the test"
# what makes the database that the last exporter waits for
export PAGE_CREATE_LATE="$bindir/psql -X -q -h $work -U postgres -d postgres -c 'CREATE DATABASE late' &&
	$bindir/psql -X -q -h $work -U postgres -d late -c 'CREATE EXTENSION sentiment'"
mkdir -p "$PAGE_SCREENSHOTS"
node --test --test-reporter=tap --test-concurrency=1 "$root/test/page/test_modules.js" "$root/test/page/test_page.js"
