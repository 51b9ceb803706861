#!/usr/bin/env bash
# Make the secrets that compose.yaml reads, each a random one, in docker/secrets; keeps those that exist.
#
# The folder is closed, so that only its owner finds the files; the files are readable, because the containers,
# into which they are mounted one by one, run as other users.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p -m 700 secrets
chmod 700 secrets
for name in postgres_password exporter_password api_token grafana_password; do
	[ -s "secrets/$name" ] && continue
	(umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"secrets/$name.new")
	chmod 444 "secrets/$name.new"
	mv "secrets/$name.new" "secrets/$name"
	echo "made secrets/$name"
done
