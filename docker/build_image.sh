#!/usr/bin/env bash
# The steps of the images, which the Dockerfile runs stage by stage, and a test in plain Debian trees.
#
#   build_image.sh build SOURCE ARTIFACTS   compile; leave what belongs into ARTIFACTS/database and ARTIFACTS/exporter
#   build_image.sh database                 packages, user and folders of the database image
#   build_image.sh exporter                 packages, user and folders of the exporter image
#
# Runs as root in Debian 12 with a working apt, and in nothing that should be kept otherwise.
set -euo pipefail

version=15
bindir=/usr/lib/postgresql/$version/bin
database_user=999
exporter_user=998

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

install_packages() {
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "$@"
}

remove_package_lists() {
	apt-get clean
	rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
}

build() {
	local source=$1 artifacts=$2 folder
	install_packages gcc libc6-dev make pkg-config libpq-dev "postgresql-client-$version" \
		libcjson-dev libutf8proc-dev libstemmer-dev libxxhash-dev libmicrohttpd-dev zlib1g-dev
	# Only its headers are wanted, not the compiler for bitcode that it depends on (700 MB).
	folder=$(mktemp -d)
	chmod 755 "$folder"
	(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root "postgresql-server-dev-$version" && dpkg-deb -x ./*.deb /)
	rm -rf "$folder"

	make -s -C "$source" -j"$(nproc)" PG_CONFIG="$bindir/pg_config"
	make -s -C "$source" install PG_CONFIG="$bindir/pg_config" DESTDIR="$artifacts/database"
	make -s -C "$source" -j"$(nproc)" exporter
	install -D -m 755 "$source/build/sentiment-exporter" "$artifacts/exporter/usr/local/bin/sentiment-exporter"
	strip --strip-unneeded "$artifacts/database/usr/lib/postgresql/$version/lib/sentiment.so" \
		"$artifacts/exporter/usr/local/bin/sentiment-exporter"
}

database() {
	# Before the package makes it with any number: volumes remember the number.
	groupadd --system --gid $database_user postgres
	useradd --system --uid $database_user --gid postgres --home-dir /var/lib/postgresql --shell /bin/bash postgres
	mkdir -p /etc/postgresql-common
	echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
	install_packages "postgresql-$version" "postgresql-$version-cron" libcjson1 libutf8proc2 libstemmer0d libopenblas0-pthread
	# the certificate that ssl-cert makes would be the same in every container
	rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem
	install -d -o postgres -g postgres -m 700 /var/lib/postgresql /var/lib/postgresql/data
	install -d -o postgres -g postgres -m 755 /run/postgresql
	remove_package_lists
}

exporter() {
	groupadd --system --gid $exporter_user sentiment
	useradd --system --uid $exporter_user --gid sentiment --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin sentiment
	install_packages libpq5 libmicrohttpd12 zlib1g
	remove_package_lists
}

case "${1:-}" in
	build) build "${2:?folder of the sources}" "${3:?folder of what is built}" ;;
	database | exporter) "$1" ;;
	*)
		echo "usage: build_image.sh build SOURCE ARTIFACTS | database | exporter" >&2
		exit 2
		;;
esac
