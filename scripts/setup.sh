#!/usr/bin/env bash
# Checks Go and sees to an LLVM library: the runtime package only, no compiler,
# no headers. Installs nothing where one is found already.
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
# Where the loader and the usual folders have one; Rust's private copies don't count.
found() {
  {
    { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | sed -n 's/.*=> //p'
    ls /usr/lib/*-linux-gnu/libLLVM* /usr/lib/llvm-*/lib/libLLVM* /usr/lib64/libLLVM* /usr/local/lib/libLLVM* \
      /opt/homebrew/opt/llvm*/lib/libLLVM.dylib /usr/local/opt/llvm*/lib/libLLVM.dylib 2>/dev/null
  } | grep -E '/libLLVM(-(1[4-9]|[2-9][0-9])[0-9.]*)?\.(so|dylib)' | grep -v rust | head -n 1 || true
}

if [ -n "${LATHE_LLVM:-}" ]; then
  echo "setup: Go $have, LLVM as LATHE_LLVM says: $LATHE_LLVM"
  exit 0
fi
lib=$(found)
if [ -n "$lib" ]; then
  echo "setup: Go $have, LLVM $lib"
  exit 0
fi

if [ "$(uname -s)" = Darwin ]; then
  echo "setup: no LLVM library: brew install llvm" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "setup: no LLVM library: install the package of your system that holds libLLVM.so (14 or newer)," >&2
  echo "setup: or set LATHE_LLVM to a library, its folder or its major version" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  cat >&2 <<'TEXT'
setup: no LLVM library. With root:

    apt-get update && apt-get install -y libllvm19        (or libllvm16, libllvm15, libllvm14)

without root:

    apt-get download libllvm19 && dpkg -x libllvm19_*.deb llvm
    export LATHE_LLVM=$(echo $PWD/llvm/usr/lib/*-linux-gnu)

Where `ldd $LATHE_LLVM/libLLVM*.so*` then says "not found", get that library in
the same way and add its folder to LD_LIBRARY_PATH.
TEXT
  exit 1
fi
echo "setup: installing an LLVM library"
apt-get update
for version in 19 16 15 14; do
  if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "libllvm$version"; then
    break
  fi
done
lib=$(found)
if [ -z "$lib" ]; then
  echo "setup: none of libllvm19, 16, 15 and 14 could be installed; see the messages above" >&2
  exit 1
fi
echo "setup: Go $have, LLVM $lib"
