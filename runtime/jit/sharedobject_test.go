package jit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ebitengine/purego"

	"github.com/lathe-lang/lathe/internal/libllvm"
)

// command runs a tool in dir and returns what it prints, or skips the test
// where the tool is missing.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// names is what lathe build's names of weights look like, beside mixed.
const names = mixed + `
@s0 = private constant [3 x i8] c"wu\00"
@s1 = private constant [3 x i8] c"wo\00"
@names = constant [3 x i8*] [i8* getelementptr ([3 x i8], [3 x i8]* @s0, i64 0, i64 0), i8* getelementptr ([3 x i8], [3 x i8]* @s1, i64 0, i64 0), i8* null]
define hidden i64 @secret() {
  ret i64 1
}`

func makeShared(t *testing.T, lib *libllvm.Library) []byte {
	t.Helper()
	obj := mustCompile(t, lib, names)
	so, err := SharedObject(obj, "libmixed.so", "libc.so.6")
	if err != nil {
		t.Fatal(err)
	}
	again, err := SharedObject(obj, "libmixed.so", "libc.so.6")
	if err != nil || !bytes.Equal(so, again) {
		t.Errorf("not the same bytes again; error %v", err)
	}
	return so
}

// The library gives what the loaded object gives, in this process.
func TestSharedObject(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		path := write(t, t.TempDir(), "libmixed.so", makeShared(t, lib))
		handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := purego.Dlclose(handle); err != nil {
				t.Error(err)
			}
		}()
		fn, err := purego.Dlsym(handle, "mixed")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := purego.Dlsym(handle, "secret"); err == nil {
			t.Errorf("%s: a hidden symbol is visible", version)
		}
		img := mustLoad(t, mustCompile(t, lib, mixed))
		defer img.Close()
		wantResults, wantOut := runMixed(mustSymbol(t, img, "mixed"))
		if results, out := runMixed(fn); results != wantResults || out != wantOut {
			t.Errorf("%s: got %v %v, want %v %v", version, results, out, wantResults, wantOut)
		}
	})
}

const cProgram = `
#include <stdio.h>
#include <string.h>
long mixed(float *out, float *in, long n);
extern const char *const names[];
extern long shared;
int main(void) {
	float in[64], out[64];
	for (int i = 0; i < 64; i++) in[i] = i;
	memset(out, 0, sizeof out);
	long first = mixed(out, in, 64);
	printf("%ld %g %g %g %s %s %d %ld\n", first, out[0], out[3], out[34], names[0], names[1], names[2] == 0, shared);
	return 0;
}`

const want = "6 3 2 5 wu wo 1 7"

// A C program that is linked against the library, and one that is linked with
// the object file, both run.
func TestSharedObjectFromC(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		dir := t.TempDir()
		write(t, dir, "libmixed.so", makeShared(t, lib))
		write(t, dir, "mixed.o", mustCompile(t, lib, names))
		write(t, dir, "main.c", []byte(cProgram))
		command(t, dir, "cc", "main.c", "-L.", "-lmixed", "-Wl,-rpath,"+dir, "-o", "dynamic")
		command(t, dir, "cc", "main.c", "mixed.o", "-o", "static")
		for _, program := range []string{"dynamic", "static"} {
			if got := strings.TrimSpace(command(t, dir, filepath.Join(dir, program))); got != want {
				t.Errorf("%s: %s program: got %q, want %q", version, program, got, want)
			}
		}
	})
}

const pythonProgram = `
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
lib.mixed.restype = ctypes.c_long
lib.mixed.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]
inp, out = (ctypes.c_float * 64)(*range(64)), (ctypes.c_float * 64)()
first = lib.mixed(out, inp, 64)
names = (ctypes.c_char_p * 3).in_dll(lib, "names")
print("%d %g %g %g %s %s %d %d" % (first, out[0], out[3], out[34], names[0].decode(), names[1].decode(), names[2] is None, ctypes.c_long.in_dll(lib, "shared").value))
`

func TestSharedObjectFromPython(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		path := write(t, t.TempDir(), "libmixed.so", makeShared(t, lib))
		if got := strings.TrimSpace(command(t, "", "python3", "-c", pythonProgram, path)); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	})
}

// Tools that know ELF find nothing to complain about.
func TestSharedObjectReadelf(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		path := write(t, t.TempDir(), "libmixed.so", makeShared(t, lib))
		out := command(t, "", "readelf", "-aW", path)
		for _, want := range []string{"Library soname: [libmixed.so]", "Shared library: [libc.so.6]", "R_X86_64_GLOB_DAT", "R_X86_64_RELATIVE"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", version, want, out)
			}
		}
		if strings.Contains(strings.ToLower(out), "warning") || strings.Contains(strings.ToLower(out), "readelf: error") {
			t.Errorf("%s: complaints in\n%s", version, out)
		}
	})
}

// A library of code alone has no constants and no variables to map.
func TestSharedObjectOfCodeAlone(t *testing.T) {
	each(t, func(lib *libllvm.Library, version string) {
		so, err := SharedObject(mustCompile(t, lib, "define i64 @twice(i64 %x) {\n %y = add i64 %x, %x\n ret i64 %y }"), "libtwice.so")
		if err != nil {
			t.Fatal(err)
		}
		handle, err := purego.Dlopen(write(t, t.TempDir(), "libtwice.so", so), purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			t.Fatal(err)
		}
		fn, err := purego.Dlsym(handle, "twice")
		if err != nil {
			t.Fatal(err)
		}
		if got := Call(fn, 21); got != 42 {
			t.Errorf("%s: got %d, want 42", version, got)
		}
		if err := purego.Dlclose(handle); err != nil {
			t.Error(err)
		}
	})
}

func TestSharedObjectErrors(t *testing.T) {
	if _, err := SharedObject([]byte("no object"), "libx.so"); err == nil {
		t.Error("a library of no object")
	}
	each(t, func(lib *libllvm.Library, version string) {
		obj := mustCompile(t, lib, mixed)
		for _, name := range []string{"", "a\x00b"} {
			if _, err := SharedObject(obj, name); err == nil {
				t.Errorf("%s: a library called %q", version, name)
			}
		}
	})
}
