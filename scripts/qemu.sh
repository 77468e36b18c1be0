#!/usr/bin/env bash
# Runs random programs on emulated processors: one without AVX, one with AVX2 and
# without AVX-512. Each compiles for itself, so that an instruction which it has
# not ends the test. Needs qemu's user mode emulator, of Debian's qemu-user-static
# or qemu-user. Tests that end memory at a page are not for it: version 7.2 reads
# 16 bytes where a scalar multiply-add reads 8.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
GRAPHS=${GRAPHS:-40} # random programs on each processor
emulator=$(command -v qemu-x86_64-static || command -v qemu-x86_64 || true)
if [ -z "$emulator" ]; then
  echo "qemu: no qemu-x86_64-static and no qemu-x86_64: apt-get install qemu-user-static" >&2
  exit 1
fi
mkdir -p out
"$GO" test -c -o out/lathe.test .
for processor in Nehalem Haswell; do
  echo "+ $processor"
  "$emulator" -cpu "$processor" out/lathe.test -test.run '^TestRandomFunctions$' -graphs "$GRAPHS" -test.v 2>&1 |
    grep -E 'tried|_test.go|^(SIG|PASS|FAIL|---)'
done
