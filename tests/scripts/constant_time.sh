#!/usr/bin/env bash
# Secret scalars must show neither in branches, nor in memory addresses, nor in the number of instructions.
#
#   memcheck    takes the scalars for undefined data, and reports every jump and every address that depends on them;
#   callgrind   counts the instructions for very different scalars: the numbers must be equal.
#
# Both must catch a multiplication that varies by design. Usage: constant_time.sh [blst|portable]; both backends unless one is named.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo 'valgrind is missing; it is in the package valgrind' >&2; exit 1; }

target="${CARGO_TARGET_DIR:-$PWD/target}"
case "$target" in /*) ;; *) target="$PWD/$target" ;; esac
scripts="$PWD/tests/scripts"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"${CC:-cc}" -shared -fPIC -O1 -o "$folder/secret_input.so" "$scripts/secret_input.c"

# 0, 1, a small number, r - 1, z^2, 2^254, and two without structure.
secrets=(
  0
  1
  2a
  73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000
  ac45a4010001a4020000000100000000
  4000000000000000000000000000000000000000000000000000000000000000
  2c1d1f5e7e3f0e58a8a4b1d17fb0ac5b8b5b1a8f9d3e5c7b0a6f4e2d1c3b5a79
  5f9e8d7c6b5a49382716f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0
)
constant=('fixed_base_mul 1' 'fixed_base_msm 2' 'fixed_base_msm 13' 'fixed_base_short 3' 'g1_mul 1' 'g1_mul_byte 1' 'g1_msm 3')
control='mul_vartime 1'

# The same secret, COUNT times.
scalars() { for ((i = 0; i < $1; i++)); do printf '%128s' "$2" | tr ' ' 0; done; }

memcheck() { # OPERATION COUNT
  scalars "$2" "${secrets[6]}" | LD_PRELOAD= valgrind --quiet --error-exitcode=9 --trace-children=yes \
    --suppressions="$scripts/constant_time.supp" \
    env LD_PRELOAD="$folder/secret_input.so" "$program" "$1" >"$folder/memcheck.log" 2>&1
}

instructions() { # OPERATION COUNT: one number for each secret
  for secret in "${secrets[@]}"; do
    scalars "$2" "$secret" | valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/callgrind.out" \
      --toggle-collect='*measured*' "$program" "$1" >/dev/null 2>&1
    sed -n 's/^totals: //p' "$folder/callgrind.out"
  done
}

failed=0
check() { # WHAT WHETHER-IT-HOLDS
  echo "  $1: $([ "$2" = 0 ] && echo ok || echo FAILED)"
  [ "$2" = 0 ] || failed=1
}

for backend in "${@:-blst portable}"; do for backend in $backend; do
  echo "$backend"
  cargo build --locked --quiet --release -p milchglas-tests --bin constant-time --no-default-features --features "$backend"
  program="$folder/$backend"
  cp "$target/release/constant-time" "$program"

  for operation in "${constant[@]}"; do
    status=0; memcheck $operation || status=$?
    check "$operation: no jump and no address depends on a secret" "$status"
    [ "$status" = 0 ] || head -40 "$folder/memcheck.log"
    counts="$(instructions $operation)"
    different="$(sort -u <<<"$counts" | wc -l)"
    check "$operation: $(head -1 <<<"$counts") instructions for each of ${#secrets[@]} secrets" "$((different != 1))"
    [ "$different" = 1 ] || paste -sd' ' <<<"$counts"
  done

  status=0; memcheck $control || status=$?
  check "memcheck catches the control" "$((status != 9))"
  check "callgrind catches the control" "$(($(instructions $control | sort -u | wc -l) == 1))"
done; done
exit "$failed"
