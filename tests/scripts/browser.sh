#!/usr/bin/env bash
# Wallet, kiosk and office in headless Chromium: the tests, the pictures of all pages and the figures, in target/browser.
#   tests/scripts/browser.sh [test|pictures|bench]…   (all of them where none is named)
# WASM_TESTING may name the package that wasm.sh was told to leave there.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v chromium >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi
if ! command -v npm >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >/dev/null
fi
mkdir -p "${CARGO_TARGET_DIR:-target}"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
[ -e "$target/wasm-pkg/milchglas_bg.wasm" ] || cargo xtask wasm
cargo build --locked --release
export MILCHGLAS=$target/release/milchglas WASM_PACKAGE=$target/wasm-pkg CHROMIUM=${CHROMIUM:-$(command -v chromium)}

cd tests/browser
[ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund
[ $# -gt 0 ] || set -- test pictures bench
if [[ " $* " = *" bench "* || " $* " = *" test "* ]] && [ ! -e "${WASM_TESTING:-}/measure.js" ]; then
  WASM_TESTING=$(mktemp -d)
  trap 'rm -rf "$WASM_TESTING"' EXIT
  export WASM_TESTING
  (cd ../.. && cargo xtask wasm --testing --out "$WASM_TESTING")
fi
for what in "$@"; do npm run --silent "$what"; done
