#!/usr/bin/env bash
# Tries random programs in rounds, each with new seeds, until TIME seconds have
# passed (one round if 0), and prints what was tried, how often, and what failed.
# FIRST is the first seed. The logs stay in out/trust.
set -uo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
TIME=${TIME:-0}
FIRST=${FIRST:-0}
PROGRAMS=${PROGRAMS:-2000} # a round: compiled under three lists of passes each
REWRITES=${REWRITES:-10000} # a round: rewritten under two lists of passes each
out=$PWD/out/trust
mkdir -p "$out"
rm -f "$out"/*.log
status=0

# part FOLDER TEST FLAGS... runs a test of the package in FOLDER. Each line "tried: COUNT WHAT"
# that it logs is one of the table, with the failures of the test beside it.
part() {
  local folder=$1 test=$2 begin=$SECONDS name
  shift 2
  name=$(echo "$folder" | tr -c 'a-z\n' -)
  if [ ! -e "$out/$name.test" ] && ! "$GO" test -c -o "$out/$name.test" "$folder"; then
    exit 1
  fi
  (cd "$folder" && "$out/$name.test" -test.run "^$test\$" -test.v -test.timeout 2h "$@") >"$out/$test.log" 2>&1
  if [ $? -ne 0 ]; then
    status=1
    failed=$(grep -c '^ *--- FAIL' "$out/$test.log")
    cp "$out/$test.log" "$out/$test.$FIRST.failed.log"
    echo "--- $test failed from seed $FIRST on; the first lines, all of them in $out/$test.$FIRST.failed.log"
    grep -v '^=== ' "$out/$test.log" | head -n 60
    failed=$((failed > 0 ? failed : 1))
  else
    failed=0
  fi
  sed -n 's/^.*tried: \([0-9]*\) \(.*\)$/\1\t\2/p' "$out/$test.log" | while IFS=$'\t' read -r count what; do
    printf '%s\t%s\t%s\t%s\n' "$what" "$count" "$failed" "$((SECONDS - begin))" >>"$out/rows.tsv"
  done
  if [ "$failed" -gt 0 ] && ! grep -q 'tried: ' "$out/$test.log"; then
    printf '%s\t%s\t%s\t%s\n' "$test" 0 "$failed" "$((SECONDS - begin))" >>"$out/rows.tsv"
  fi
  sed -n 's/^.*fired: \([a-z]*\) *\(.*[^ ]\)  *\([0-9][0-9]*\)   .*$/\1 \2\t\3/p' "$out/$test.log" >>"$out/fired.tsv"
}

rm -f "$out"/*.tsv "$out"/*.test
while :; do
  part ./passes TestTrial -programs "$REWRITES" -first "$FIRST" -firings
  part . TestRandomFunctions -graphs "$PROGRAMS" -first "$FIRST"
  FIRST=$((FIRST + REWRITES))
  [ "$SECONDS" -lt "$TIME" ] || break
done
part ./cmd/lathe TestHostile
if [ "$TIME" -gt 0 ]; then
  part ./codegen/llvm TestOrder -orders 300
  part . TestMemoryOfCycles -cycles 1000
  part . TestCancelAnywhere -cancels 100
fi

echo
awk -F'\t' '
  { sub(/; .*/, "", $1) }
  !($1 in tried) { order[++n] = $1 }
  { tried[$1] += $2; failed[$1] += $3; seconds[$1] += $4 }
  END {
    printf "%10s %7s %8s   %s\n", "tried", "failed", "seconds", "what"
    for (i = 1; i <= n; i++) printf "%10d %7d %8d   %s\n", tried[order[i]], failed[order[i]], seconds[order[i]], order[i]
  }' "$out/rows.tsv"
echo
awk -F'\t' '
  !($1 in fired) { order[++n] = $1 }
  { fired[$1] += $2 }
  END {
    printf "%10s   %s\n", "fired", "rule"
    for (i = 1; i <= n; i++) printf "%10d   %s\n", fired[order[i]], order[i]
  }' "$out/fired.tsv"
exit $status
