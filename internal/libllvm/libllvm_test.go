package libllvm_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// each runs test with every LLVM library.
func each(t *testing.T, test func(t *testing.T, lib *libllvm.Library)) {
	for _, lib := range llvmtest.Libraries(t) {
		t.Run(lib.Version().String(), func(t *testing.T) { test(t, lib) })
	}
}

// compile is the whole path of a module on the host.
func compile(lib *libllvm.Library, text string, kind int) (code []byte, err error) {
	err = lib.Guard(func() error {
		machine, err := lib.NewMachine(lib.HostTriple(), lib.HostCPU(), lib.HostFeatures())
		if err != nil {
			return err
		}
		defer machine.Close()
		x := lib.NewContext()
		defer x.Close()
		m, err := x.Parse([]byte(text), "test")
		if err != nil {
			return err
		}
		defer m.Close()
		m.Target(machine)
		if err := m.Verify(); err != nil {
			return err
		}
		if err := m.RunPasses(machine, "default<O1>"); err != nil {
			return err
		}
		code, err = m.Emit(machine, kind)
		return err
	})
	return code, err
}

// scale has typed pointers, as llir prints them.
const scale = `
define void @scale(float* %p, i64 %i) {
  %q = getelementptr float, float* %p, i64 %i
  %x = load float, float* %q
  %y = fmul float %x, 2.0
  store float %y, float* %q
  ret void
}`

func TestCompile(t *testing.T) {
	each(t, func(t *testing.T, lib *libllvm.Library) {
		object, err := compile(lib, scale, libllvm.Object)
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(object))
		if err != nil {
			t.Fatal(err)
		}
		symbols, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range symbols {
			if elf.ST_BIND(s.Info) == elf.STB_GLOBAL {
				names = append(names, s.Name)
			}
		}
		if diff := cmp.Diff([]string{"scale"}, names); diff != "" {
			t.Errorf("global symbols (-want +got):\n%s", diff)
		}
		text, err := compile(lib, scale, libllvm.Assembly)
		if err != nil || !bytes.Contains(text, []byte("scale:")) {
			t.Errorf("assembly: %v\n%s", err, text)
		}
	})
}

// What is wrong with a module comes back as an error, and the library works as
// before afterwards.
func TestErrors(t *testing.T) {
	each(t, func(t *testing.T, lib *libllvm.Library) {
		for _, test := range []struct{ name, text, want string }{
			{"empty", "", "text is empty"},
			{"syntax", "define void @f() { ret i32 }", "cannot read"},
			{"malformed", "define void @f(i1 %c) {\n br i1 %c, label %a, label %b\na: %x = add i32 1, 1\n br label %b\nb: %y = add i32 %x, 1\n ret void }", "does not dominate"},
			{"diagnostic", `define void @f() { call void asm sideeffect "no such instruction", ""() ret void }`, "LLVM reports"},
			{"fatal", "declare i64 @llvm.aarch64.crc32x(i32, i64)\ndeclare i32 @llvm.aarch64.rndr.none()\ndeclare i32 @llvm.aarch64.crc32b(i32, i32)\ndefine i32 @f(i32 %x) {\n%y = call i32 @llvm.aarch64.crc32b(i32 %x, i32 %x)\nret i32 %y }", "fatal error in LLVM: "},
		} {
			_, err := compile(lib, test.text, libllvm.Object)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got error %v, want one with %q", test.name, err, test.want)
			}
			if _, err := compile(lib, scale, libllvm.Object); err != nil {
				t.Fatalf("a good module after %s: %v", test.name, err)
			}
		}
	})
}

func TestGuardPanic(t *testing.T) {
	each(t, func(t *testing.T, lib *libllvm.Library) {
		err := lib.Guard(func() error { panic("boom") })
		if err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("got %v, want an error that names the panic", err)
		}
		want := errors.New("mine")
		if err := lib.Guard(func() error { return want }); err != want {
			t.Errorf("got %v, want the error of the function", err)
		}
	})
}

// Calls from many goroutines give what one gives.
func TestConcurrent(t *testing.T) {
	each(t, func(t *testing.T, lib *libllvm.Library) {
		want, err := compile(lib, scale, libllvm.Object)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 4 {
					got, err := compile(lib, scale, libllvm.Object)
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("differs from the first compilation; error %v", err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestOpenOnce(t *testing.T) {
	each(t, func(t *testing.T, lib *libllvm.Library) {
		byPath, err := libllvm.Open(lib.Path())
		if err != nil {
			t.Fatal(err)
		}
		if byPath != lib {
			t.Errorf("%s was opened twice", lib.Path())
		}
		dir := t.TempDir()
		if err := os.Symlink(lib.Path(), filepath.Join(dir, filepath.Base(lib.Path()))); err != nil {
			t.Fatal(err)
		}
		byFolder, err := libllvm.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if byFolder != lib {
			t.Errorf("by folder: got %v, want %v", byFolder, lib)
		}
	})
}

// The libraries in the usual folders are found by their major version, and
// without any wish the newest.
func TestOpenInstalled(t *testing.T) {
	installed := libllvm.Installed()
	if len(installed) == 0 {
		t.Skip("no LLVM library is in the usual folders")
	}
	var newest int
	for _, file := range installed {
		lib, err := libllvm.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		major := lib.Version().Major
		newest = max(newest, major)
		byMajor, err := libllvm.Open(strconv.Itoa(major))
		if err != nil {
			t.Fatal(err)
		}
		if byMajor.Version().Major != major {
			t.Errorf("asked for %d, got %v", major, byMajor)
		}
	}
	got, err := libllvm.Open("")
	if err != nil {
		t.Fatal(err)
	}
	if got.Version().Major < newest {
		t.Errorf("got %v, want LLVM %d or later", got, newest)
	}
}

func TestNotFound(t *testing.T) {
	empty := t.TempDir()
	text := filepath.Join(t.TempDir(), "libLLVM-19.so")
	if err := os.WriteFile(text, []byte("not a library"), 0o644); err != nil {
		t.Fatal(err)
	}
	rust := filepath.Join(t.TempDir(), "libLLVM-22-rust-1.95.0-stable.so")
	if err := os.WriteFile(rust, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ want, message string }{
		{empty, empty},
		{text, "refused: " + text},
		{filepath.Dir(rust), "no LLVM library found"},
		{rust, "Rust's private copy"},
		{"999", "libLLVM.so.999.1"},
		{"13", "too old"},
		{filepath.Join(empty, "missing.so"), "expected a path, a folder or a major version"},
	} {
		_, err := libllvm.Open(test.want)
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("Open(%q): got error %v, want one with %q", test.want, err, test.message)
		}
		var missing *libllvm.NotFoundError
		if errors.As(err, &missing) && !strings.Contains(err.Error(), "install") {
			t.Errorf("Open(%q): error does not say what to install: %v", test.want, err)
		}
	}
}
