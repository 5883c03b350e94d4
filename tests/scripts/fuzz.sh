#!/usr/bin/env bash
# Runs every fuzz target for a short time, one after the other: tests/scripts/fuzz.sh [SECONDS [TARGET...]], 10 seconds each by default.
# Fails on the first crash; the input that caused it stays in tests/fuzz/artifacts. Corpora grow in tests/fuzz/corpus.
# Needs a nightly toolchain and a C++ compiler; installs cargo-fuzz if it is not there.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-10}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: tests/scripts/fuzz.sh [SECONDS [TARGET...]]" >&2
  exit 2
fi
shift || true

if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "fuzz.sh: no nightly toolchain, which the sanitizers need: rustup toolchain install nightly --profile minimal" >&2
  exit 1
fi
if ! command -v c++ >/dev/null; then
  echo "fuzz.sh: no C++ compiler, which libFuzzer needs: apt-get install g++" >&2
  exit 1
fi
if ! command -v cargo-fuzz >/dev/null; then
  cargo install cargo-fuzz --locked
fi

fuzz() { cargo +nightly fuzz "$1" --fuzz-dir tests/fuzz "${@:2}"; }

# Freed memory that the sanitizer holds back would count as used.
export ASAN_OPTIONS=quarantine_size_mb=16
export MILCHGLAS_FUZZ_CORPUS="$PWD/tests/fuzz/corpus"

fuzz build
if [[ $# -gt 0 ]]; then targets=("$@"); else mapfile -t targets < <(fuzz list); fi
for target in "${targets[@]}"; do
  case $target in
    # The largest picture that is read, 8,192 pixels square, takes 64 MiB and a decoder's lines.
    png) memory=(-malloc_limit_mb=72) ;;
    *) memory=(-malloc_limit_mb=64) ;;
  esac
  printf '\n== %s, %s seconds\n' "$target" "$seconds"
  fuzz run "$target" -- -max_total_time="$seconds" -timeout=20 -rss_limit_mb=512 "${memory[@]}" -len_control=0 -close_fd_mask=1 -print_final_stats=1
done
printf '\n== no crash in %s targets\n' "${#targets[@]}"
