#!/bin/sh
# Measures all suites, each into out/bench/SUITE.json, and prints their tables.
# A row that fails makes the exit status 1; the other suites still run.
set -eu
cd "$(dirname "$0")/.."
mkdir -p out/bench
status=0
for suite in $(bin/lathe bench | sed 's/ .*//'); do
	bin/lathe bench "$suite" --json > "out/bench/$suite.json" || [ $? -eq 1 ]
	bin/lathe bench --from "out/bench/$suite.json" || status=1
done
exit $status
