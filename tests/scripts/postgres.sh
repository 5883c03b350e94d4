#!/usr/bin/env bash
# The registry's tests on PostgreSQL: in a cluster made for them in a temporary folder, on a socket there and a port of this machine, gone
# afterwards. The port is for TLS.
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

command -v openssl >/dev/null || { echo 'openssl is missing; it is in the package openssl' >&2; exit 1; }

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
# An authority, and a certificate of it for localhost.
(
  cd "$folder"
  request=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  "${request[@]}" -x509 -days 2 -subj '/CN=authority' -keyout authority.key -out authority.pem
  "${request[@]}" -subj '/CN=localhost' -keyout data/server.key -out server.csr
  openssl x509 -req -days 2 -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out data/server.crt \
    -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n')
  chmod 600 data/server.key
  if [ "$(id -u)" = 0 ]; then chown postgres data/server.key data/server.crt; fi
) >/dev/null 2>&1
# As durable as a real one.
start() {
  port=$((20000 + RANDOM % 20000))
  "${unprivileged[@]}" "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/log" start >/dev/null -o "-c listen_addresses=127.0.0.1 -c port=$port \
    -c ssl=on -c unix_socket_directories='$folder' -c max_connections=300"
}
# The port may be another program's.
start || start || start || { cat "$folder/log" >&2; exit 1; }
cd - >/dev/null

export MILCHGLAS_TEST_POSTGRES="postgres://registry@${folder//\//%2F}:$port/postgres?sslmode=disable"
export MILCHGLAS_TEST_POSTGRES_PORT="$port"
export MILCHGLAS_TEST_POSTGRES_AUTHORITY="$folder/authority.pem"
cargo test --locked --package milchglas-issuer --features postgres registry:: -- --include-ignored "$@"
