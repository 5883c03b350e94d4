#!/usr/bin/env bash
# The module for browsers and Node: built, not too large, with the native verdicts on all vectors, and an answer that the café accepts.
# With the name of a folder in which `npm install @mattrglobal/pairing-crypto` was run, it also measures. WASM_TESTING may say where the package with
# what only tests call is left.
set -euo pipefail
cd "$(dirname "$0")/../.."

compiler() {
  [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" ] ||
    [ -f /usr/lib/rustlib/src/rust/library/std/Cargo.toml ]
}
missing=()
compiler || missing+=(rustc-web cargo-web rust-web-src lld)
command -v clang >/dev/null || missing+=(clang)
command -v node >/dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
target="${CARGO_TARGET_DIR:-target}"
[ -x "$target/binaryen/node_modules/.bin/wasm-opt" ] || npm install --silent --prefix "$target/binaryen" binaryen@132 >/dev/null

cargo test --locked --quiet --package milchglas-xtask --features wasm
cargo xtask wasm
cargo build --locked --quiet

module="$target/wasm-pkg/milchglas_bg.wasm"
raw="$(stat -c %s "$module")"
packed="$(gzip -9c "$module" | wc -c)"
echo "raw $((raw / 1024)) KiB, after gzip -9 $((packed / 1024)) KiB"
[ "$raw" -le $((900 * 1024)) ] || { echo 'more than 900 KiB' >&2; exit 1; }
[ "$packed" -le $((350 * 1024)) ] || { echo 'more than 350 KiB after gzip -9' >&2; exit 1; }

# The same code with what only tests call; and somebody who installs the package.
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
installed="$scratch/installed"
mkdir "$installed"
export WASM_TESTING="${WASM_TESTING:-$scratch/testing}"
cargo xtask wasm --testing --out "$WASM_TESTING"
node --test crates/wasm/tests/
(cd "$target/wasm-pkg" && npm pack --silent --pack-destination "$installed" >/dev/null)
cp crates/wasm/tests/types.ts "$installed"
(
  cd "$installed"
  npm install --silent --no-audit --no-fund ./milchglas-*.tgz typescript@5 >/dev/null
  node node_modules/milchglas/example/cafe.mjs
  npx tsc --noEmit --strict --module nodenext --target es2022 --lib es2024,dom types.ts
)
[ $# -eq 0 ] || node crates/wasm/tests/measure.mjs "$1"
