#!/usr/bin/env bash
# The main job, end to end: a gated attention unit with weights from a file,
# checked kernel by kernel, and its result beside a reference that
# examples/testdata/make.py computed from the formulas with NumPy.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
data=examples/testdata/gau
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

run() {
  echo "+ $*"
  "$@"
}
run bin/lathe explain examples/gau.lathe Gau.forward --weights "$data/gau.safetensors" \
  --in "x=$data/x.npy" --in "bias=$data/bias.npy"
run bin/lathe run examples/gau.lathe Gau.forward --weights "$data/gau.safetensors" \
  --in "x=$data/x.npy" --in "bias=$data/bias.npy" --out "$out/y.npy" --check
run "$GO" run ./examples/compare "$out/y.npy" "$data/y.npy"
