#!/usr/bin/env bash
# The registry's tests on PostgreSQL: in a cluster made for them in a temporary folder, on a socket there, gone afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=/usr/lib/postgresql/15/bin
if [ ! -x "$bin/postgres" ]; then
  [ "$(id -u)" = 0 ] || { echo 'PostgreSQL 15 is missing; it is in the package postgresql-15' >&2; exit 1; }
  # Only the programs: no cluster of the system's own.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15 >/dev/null
fi

# The server refuses to run as root.
unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(runuser -u postgres --)
folder="$(mktemp -d)"
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
stop() {
  (cd / && "${unprivileged[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM

cd /
"${unprivileged[@]}" "$bin/initdb" -D "$folder/data" -U registry -A trust -E UTF8 --locale=C >/dev/null
# As durable as a real one; on a socket only, which nobody but this machine's users can reach.
"${unprivileged[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=300" start >/dev/null ||
  { cat "$folder/log" >&2; exit 1; }
cd - >/dev/null

export MILCHGLAS_TEST_POSTGRES="postgres://registry@${folder//\//%2F}/postgres?sslmode=disable"
cargo test --locked --package milchglas-issuer --features postgres registry:: -- --include-ignored "$@"
