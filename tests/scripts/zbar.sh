#!/usr/bin/env bash
# An independent scanner reads the QR code of a presentation to exactly the bytes of its file.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v zbarimg >/dev/null || { echo 'zbarimg is missing; it is in the package zbar-tools' >&2; exit 1; }
command -v python3 >/dev/null || { echo 'python3 is missing; it decodes Base45 independently of our program' >&2; exit 1; }

cargo build --locked --quiet
milchglas="${CARGO_TARGET_DIR:-$PWD/target}/debug/milchglas"
case "$milchglas" in /*) ;; *) milchglas="$PWD/$milchglas" ;; esac
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo 'a passphrase for this test' >secret
m() { "$milchglas" "$@" --json >/dev/null; }
m issuer init --name Office --work 4 --passphrase-file secret
m issuer publish --out office.json --passphrase-file secret
m wallet init --work 4 --passphrase-file secret
m wallet issuer office.json --passphrase-file secret
"$milchglas" issuer claims national-id >person.json
m issuer invite --schema national-id --claims person.json --assurance full --out invitation --qr invitation.png --passphrase-file secret
m wallet apply invitation --out application --qr application.png --passphrase-file secret
m issuer issue application --out answer --qr answer.png --passphrase-file secret
m wallet accept answer --passphrase-file secret
m verifier init --name Café --origin https://cafe.example --work 4 --passphrase-file secret
m verifier trust office.json
m issuer epoch --out epochs --passphrase-file secret
m wallet sync epochs --passphrase-file secret
m verifier sync epochs
m verifier request cafe --out request --qr request.png --passphrase-file secret
m wallet respond request --yes --out presentation --qr presentation.png --passphrase-file secret

# Base45 as RFC 9285 has it, written anew.
decode='
import sys
letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
text = [letters.index(chr(letter)) for letter in sys.stdin.buffer.read().removesuffix(b"\n")]
out = bytearray()
for start in range(0, len(text), 3):
    group = text[start:start + 3]
    value = sum(digit * 45 ** place for place, digit in enumerate(group))
    out += value.to_bytes(2 if len(group) == 3 else 1, "big")
sys.stdout.buffer.write(out)
'
for object in invitation application answer request presentation; do
  zbarimg --raw -q --nodbus --oneshot "$object.png" >"$object.text"
  python3 -c "$decode" <"$object.text" >"$object.scanned"
  cmp "$object" "$object.scanned"
  echo "$object: $(stat -c %s "$object") bytes, as scanned"
done
# What a scanner types is an input like any other.
"$milchglas" verifier check presentation.text
