#!/usr/bin/env bash
# Checks Go, builds bin/lathe, and sees to an LLVM library: the runtime package
# only, no compiler, no headers. Installs nothing where lathe finds one.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}

# --- Go ---
want=$(sed -n 's/^go //p' go.mod)
if ! command -v "$GO" >/dev/null; then
  echo "setup: no Go: install Go $want or newer from https://go.dev/dl/" >&2
  exit 1
fi
# Inside the module, a Go that may fetch toolchains reports the one it will use.
have=$("$GO" env GOVERSION | sed 's/^go//; s/[- ].*//')
if [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" != "$want" ]; then
  echo "setup: Go $have is too old: want $want or newer" >&2
  exit 1
fi

# --- LLVM ---
"$GO" build -o bin/lathe ./cmd/lathe

# found prints what lathe would use and ends this script, if there is something.
found() {
  local llvm
  llvm=$(bin/lathe version | grep '^LLVM [0-9]') || return 0
  echo "setup: Go $have, $llvm"
  exit 0
}
# missing ends this script with what lathe says of what is missing.
missing() {
  bin/lathe doctor >&2 || true
  exit 1
}

found
if [ -n "${LATHE_LLVM:-}" ] || ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  missing
fi
echo "setup: installing an LLVM library"
apt-get update
for version in 19 16 15 14; do
  if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "libllvm$version"; then
    found
  fi
done
echo "setup: none of libllvm19, 16, 15 and 14 could be installed; see the messages above" >&2
missing
