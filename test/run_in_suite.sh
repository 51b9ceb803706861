#!/usr/bin/env bash
# Run test suites in another suite of Debian, with its PostgreSQL, compiler and libraries.
#
#   test/run_in_suite.sh CODENAME [unit] [sanitized] [regress] [isolation] [tap] [fuzz]
#
# CODENAME is trixie (PostgreSQL 17), forky or sid (18); without names of suites the first five run. The tree of that
# suite is made by debootstrap once, in build/trees (TREES= chooses another folder), and brought up to date afterwards;
# the sources are copied into it as git knows them. TAP_TESTS and FUZZ_SECONDS are those of run_tests.sh. What the
# tests leave is copied to build/test/CODENAME. Mounts are in a namespace of their own and end with the run.
# Needs root, 3 GB of disk a tree, and a mirror of Debian (MIRROR=).
set -euo pipefail
cd "$(dirname "$0")/.."

codename=${1:?the suite of Debian, such as trixie}
shift
suites=${*:-unit sanitized regress isolation tap}
trees=${TREES:-build/trees}
mirror=${MIRROR:-http://deb.debian.org/debian}
mkdir -p "$trees"
tree=$(cd "$trees" && pwd)/$codename

if [ "$(id -u)" != 0 ]; then
	echo "A tree of Debian is made and entered by root only" >&2
	exit 1
fi

if [ ! -e "$tree/etc/sentiment-tree" ]; then
	test/install_dependencies.sh containers
	rm -rf "$tree"
	echo "making a tree of $codename"
	# debootstrap has one way for all releases of these years, whose name is sid
	debootstrap --variant=minbase "$codename" "$tree" "$mirror" /usr/share/debootstrap/scripts/sid >"$tree.log" 2>&1 || {
		tail -20 "$tree.log" >&2
		exit 1
	}
	# how this machine's apt reaches a mirror
	apt-config dump | grep -E '^Acquire::(https?|ftp|Check-|Retries|ForceIPv)' >"$tree/etc/apt/apt.conf.d/90machine" || true
	echo 'force-unsafe-io' >"$tree/etc/dpkg/dpkg.cfg.d/no-sync"
	touch "$tree/etc/sentiment-tree"
fi
cp /etc/resolv.conf "$tree/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
mkdir -p "$tree/etc/postgresql-common"
echo "create_main_cluster = false" >"$tree/etc/postgresql-common/createcluster.conf"

rm -rf "$tree/source"
mkdir "$tree/source"
git ls-files -z | tar --null --files-from=- --create --file=- | tar --extract --directory="$tree/source" --file=-

status=0
unshare --mount --pid --fork --kill-child bash -euc '
	tree=$1
	shift
	mount -t proc proc "$tree/proc"
	mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
	exec chroot "$tree" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		http_proxy="${http_proxy:-}" DEBIAN_FRONTEND=noninteractive TAP_TESTS="${TAP_TESTS:-}" \
		FUZZ_SECONDS="${FUZZ_SECONDS:-10}" bash -euc "$@"' bash "$tree" '
	cd /source
	apt-get update -qq
	apt-get upgrade -y -qq >/var/log/upgrade.log 2>&1 </dev/null || { tail -20 /var/log/upgrade.log; exit 1; }
	version=$(apt-cache search --names-only "^postgresql-server-dev-[0-9]+$" | grep -oE "[0-9]+ " | sort -n | tail -1)
	version=${version% }
	export PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
	if [ ! -x "$PG_CONFIG" ]; then
		echo "installing postgresql-server-dev-$version"
		apt-get install -y -qq --no-install-recommends "postgresql-server-dev-$version" >/var/log/server-dev.log 2>&1 </dev/null ||
			{ tail -20 /var/log/server-dev.log; exit 1; }
	fi
	test/install_dependencies.sh build test
	"$PG_CONFIG" --version
	gcc --version | head -1
	PROFILE=-Werror make -s -j"$(nproc)"
	make -s -j"$(nproc)" exporter EXPORTER_CFLAGS="-O2 -g -Werror"
	exec test/run_tests.sh "$@"' bash $suites || status=$?

rm -rf "build/test/$codename"
mkdir -p build/test
[ ! -d "$tree/source/build/test" ] || cp -r "$tree/source/build/test" "build/test/$codename"
exit $status
