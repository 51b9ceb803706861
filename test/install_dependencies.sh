#!/usr/bin/env bash
# Install what building, testing, the demo, the linters or the benchmark need, as Debian packages.
#
#   test/install_dependencies.sh [build] [exporter] [containers] [test] [page] [lint] [demo] [bench]
#
# Installs only what is missing. The server's version is that of PG_CONFIG, if given, else 15.
set -euo pipefail

version=15
if [ -n "${PG_CONFIG:-}" ]; then
	version=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
fi

build="gcc make postgresql-$version postgresql-server-dev-$version libcjson-dev libutf8proc-dev libstemmer-dev libxxhash-dev libopenblas0-pthread"
exporter="gcc make pkg-config libpq-dev libmicrohttpd-dev zlib1g-dev"
containers="debootstrap docker-compose prometheus prometheus-alertmanager python3-yaml shellcheck"
packages=""
for group in "${@:-build}"; do
	case "$group" in
		build) packages="$packages $build" ;;
		exporter) packages="$packages $exporter" ;;
		containers) packages="$packages $containers" ;;
		test) packages="$packages $build $exporter $containers openssl libcmocka-dev libipc-run-perl postgresql-$version-cron r-base-core r-cran-modeldata clang libclang-rt-dev" ;;
		page) packages="$packages $build $exporter postgresql-$version-cron chromium" ;;
		lint) packages="$packages $build $exporter libcmocka-dev clang-format cppcheck" ;;
		demo) packages="$packages $build postgresql-$version-cron r-base-core r-cran-modeldata" ;;
		bench) packages="$packages $build $exporter wrk curl python3-sklearn python3-optuna python3-xgboost fasttext r-base-core r-cran-modeldata" ;;
		*) echo "unknown group of packages: $group" >&2; exit 2 ;;
	esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "This needs a package manager other than apt: install what these Debian packages hold, then" >&2
	echo "run make, make install and make installcheck:$packages" >&2
	exit 1
fi

missing=""
for package in $packages; do
	case " $missing " in *" $package "*) continue ;; esac
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		as_root="sudo -n env DEBIAN_FRONTEND=noninteractive"
	else
		echo "Packages are missing. Run this as root, then try again:" >&2
		echo "    apt-get update && apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
fi

# A new installation of the server would make and start a cluster that nobody asked for.
if ! dpkg-query -W postgresql-common >/dev/null 2>&1; then
	$as_root mkdir -p /etc/postgresql-common
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
	fi
fi

# Neither does anybody want a Prometheus that watches this machine.
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee /usr/sbin/policy-rc.d >/dev/null
	$as_root chmod 755 /usr/sbin/policy-rc.d
	trap '$as_root rm -f /usr/sbin/policy-rc.d' EXIT
fi

echo "installing$missing"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends \
	-o Dpkg::Options::=--force-confold $missing; } >"$log" 2>&1 </dev/null; then
	tail -20 "$log" >&2
	echo "could not install the packages (whole log: $log)" >&2
	exit 1
fi
rm -f "$log"
