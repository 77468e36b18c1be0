// Package llvmtest finds the LLVM libraries of tests: the one that LATHE_LLVM
// names or else the newest that is found, as the command line does, and for
// what must hold with any LLVM all others of the system too. Without any, tests
// fail with what to install. Only test files import it.
package llvmtest

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// Want is what LATHE_LLVM names: a library, its folder, a major version, or ""
// for the newest that is found. Tests give it to lathe.Options.LLVM.
func Want() string { return os.Getenv("LATHE_LLVM") }

// Library returns the library that programs use. It skips a test where compiled
// code cannot run.
func Library(t testing.TB) *libllvm.Library {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("compiled code runs on linux/amd64 only, this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	lib, err := libllvm.Open(Want())
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// Libraries returns the library that programs use, and after it all others in
// the usual folders, newest first.
func Libraries(t testing.TB) []*libllvm.Library {
	t.Helper()
	libs := []*libllvm.Library{Library(t)}
	for _, file := range libllvm.Installed() {
		lib, err := libllvm.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(libs, lib) { // a library is opened once for all its names
			libs = append(libs, lib)
		}
	}
	return libs
}
