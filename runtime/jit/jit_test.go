package jit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// each runs test with every LLVM library.
func each(t testing.TB, test func(lib *libllvm.Library, name string)) {
	t.Helper()
	for _, lib := range llvmtest.Libraries(t) {
		test(lib, lib.Version().String())
	}
}

func mustCompile(t testing.TB, lib *libllvm.Library, text string) []byte {
	t.Helper()
	obj, err := Compile(context.Background(), lib, Host(lib), []byte(text), Object)
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func mustLoad(t testing.TB, obj []byte) *Image {
	t.Helper()
	img, err := Load(obj, LibC)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func mustSymbol(t testing.TB, img *Image, name string) uintptr {
	t.Helper()
	addr, ok := img.Symbol(name)
	if !ok {
		t.Fatalf("no symbol %s", name)
	}
	return addr
}

// mixed has every kind of section and reference: constants, variables, zeros,
// a table of addresses, a jump table, vector constants, a call of the C library.
const mixed = `
@tab = internal constant [4 x float] [float 1.0, float 2.0, float 3.0, float 4.0], align 16
@state = internal global i64 5, align 8
@ptrs = internal constant [2 x i8*] [i8* bitcast ([4 x float]* @tab to i8*), i8* bitcast (i64* @state to i8*)], align 8
@zero = internal global [100 x i64] zeroinitializer, align 64
@shared = global i64 7
declare void @llvm.memcpy.p0i8.p0i8.i64(i8*, i8*, i64, i1)
define i64 @mixed(float* %out, float* %in, i64 %n) {
  %pp = getelementptr [2 x i8*], [2 x i8*]* @ptrs, i64 0, i64 0
  %p8 = load volatile i8*, i8** %pp
  %p = bitcast i8* %p8 to float*
  %q = getelementptr float, float* %p, i64 2
  %x = load float, float* %q
  store float %x, float* %out
  %o1 = getelementptr float, float* %out, i64 1
  %o8 = bitcast float* %o1 to i8*
  %i8 = bitcast float* %in to i8*
  call void @llvm.memcpy.p0i8.p0i8.i64(i8* %o8, i8* %i8, i64 %n, i1 false)
  %iv = bitcast float* %in to <8 x float>*
  %v = load <8 x float>, <8 x float>* %iv, align 4
  %s = fadd <8 x float> %v, <float 1.0, float 2.0, float 3.0, float 4.0, float 5.0, float 6.0, float 7.0, float 8.0>
  %o2 = getelementptr float, float* %out, i64 32
  %ov = bitcast float* %o2 to <8 x float>*
  store <8 x float> %s, <8 x float>* %ov, align 4
  %st = load i64, i64* @state
  %st2 = add i64 %st, 1
  store i64 %st2, i64* @state
  %zp = getelementptr [100 x i64], [100 x i64]* @zero, i64 0, i64 %n
  %z = load i64, i64* %zp
  %z1 = add i64 %z, 1
  store i64 %z1, i64* %zp
  %sh = load i64, i64* @shared
  switch i64 %st2, label %d [ i64 0, label %a
   i64 6, label %b
   i64 7, label %c
   i64 8, label %a
   i64 9, label %e ]
a: ret i64 1
b: ret i64 %st2
c: %w = add i64 %z1, 100
  ret i64 %w
e: ret i64 %sh
d: ret i64 -1
}`

// newBuffers makes memory on the heap: a value that the compiler only knows as a
// number may be on the stack, which moves.
//
//go:noinline
func newBuffers() *[2][64]float32 { return new([2][64]float32) }

// runMixed calls mixed five times and returns all that came out.
func runMixed(fn uintptr) (results [5]uintptr, out [64]float32) {
	buffers := newBuffers()
	for i := range buffers[0] {
		buffers[0][i] = float32(i)
	}
	for i := range results {
		results[i] = Call(fn, uintptr(unsafe.Pointer(&buffers[1])), uintptr(unsafe.Pointer(&buffers[0])), 64)
	}
	return results, buffers[1]
}

// Our loader, LLVM's, and the meaning of the program agree.
func TestLoad(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		obj := mustCompile(t, lib, mixed)
		img := mustLoad(t, obj)
		defer img.Close()
		results, out := runMixed(mustSymbol(t, img, "mixed"))
		if want := [5]uintptr{6, 102, 1, 7, ^uintptr(0)}; results != want {
			t.Errorf("%s: got %v, want %v", name, results, want)
		}
		want := [64]float32{0: 3}
		for i := range 16 { // 64 bytes
			want[1+i] = float32(i)
		}
		for i := range 8 {
			want[32+i] = float32(i + i + 1)
		}
		if out != want {
			t.Errorf("%s: got %v, want %v", name, out, want)
		}
		if _, ok := img.Symbol("state"); ok {
			t.Errorf("%s: an internal symbol is visible", name)
		}

		linker, err := lib.NewLinker()
		if err != nil {
			t.Fatal(err)
		}
		defer linker.Close()
		if err := linker.Add(obj); err != nil {
			t.Fatal(err)
		}
		fn, err := linker.Lookup("mixed")
		if err != nil {
			t.Fatal(err)
		}
		if r, o := runMixed(fn); r != results || o != out {
			t.Errorf("%s: LLVM's linker gives %v %v, ours %v %v", name, r, o, results, out)
		}
	})
}

func TestCompileErrors(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := Compile(ended, lib, Host(lib), []byte(mixed), Object); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
		if _, err := Compile(context.Background(), lib, Target{Triple: "sparc-sun-solaris"}, []byte(mixed), Object); err == nil || !strings.Contains(err.Error(), "sparc") {
			t.Errorf("%s: got %v, want an error about sparc", name, err)
		}
		if _, err := Compile(context.Background(), lib, Host(lib), []byte("nonsense"), Object); err == nil || !strings.Contains(err.Error(), "program:1:1") {
			t.Errorf("%s: got %v, want an error at program:1:1", name, err)
		}
		// A scalar function of libm in a program is a mistake, and Load says so.
		obj := mustCompile(t, lib, "declare float @expf(float)\ndefine float @f(float %x) {\n %y = call float @expf(float %x)\n ret float %y }")
		if _, err := Load(obj, LibC); err == nil || !strings.Contains(err.Error(), `"expf"`) {
			t.Errorf("%s: got %v, want an error about expf", name, err)
		}
	})
}

// Every target that has a name compiles, as far as the library is built for it,
// and uses the registers that VectorBytes promises.
func TestLevels(t *testing.T) {
	const add = `define void @add(<16 x float>* %p) "prefer-vector-width"="512" {
  %x = load <16 x float>, <16 x float>* %p, align 4
  %y = fadd <16 x float> %x, %x
  store <16 x float> %y, <16 x float>* %p, align 4
  ret void }`
	registers := map[int]string{16: "xmm", 32: "ymm", 64: "zmm"}
	each(t, func(lib *libllvm.Library, version string) {
		for _, level := range Levels() {
			target, err := Level(level)
			if err != nil {
				t.Fatal(err)
			}
			text, err := Compile(context.Background(), lib, target, []byte(add), Assembly)
			if err != nil {
				t.Errorf("%s: %s: %v", version, level, err)
				continue
			}
			if arch(target.Triple) != "x86_64" {
				if !bytes.Contains(text, []byte("fadd")) {
					t.Errorf("%s: %s: no fadd in\n%s", version, level, text)
				}
				continue
			}
			for width, reg := range registers {
				if got, want := bytes.Contains(text, []byte(reg)), width == target.VectorBytes(); got != want {
					t.Errorf("%s: %s: uses %s: %v, but VectorBytes is %d", version, level, reg, got, target.VectorBytes())
				}
			}
		}
		if host := Host(lib); host.VectorBytes() < 16 {
			t.Errorf("%s: host %+v has vectors of %d bytes", version, host, host.VectorBytes())
		}
	})
	if _, err := Level("pentium"); err == nil || !strings.Contains(err.Error(), "x86-64-v3") {
		t.Errorf("got %v, want an error that lists the names", err)
	}
}

// Many programs at once do not disturb each other.
func TestConcurrent(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		want := mustCompile(t, lib, mixed)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 3 {
					obj, err := Compile(context.Background(), lib, Host(lib), []byte(mixed), Object)
					if err != nil || !bytes.Equal(obj, want) {
						t.Errorf("%s: differs from the first compilation; error %v", name, err)
						return
					}
					img, err := Load(obj, LibC)
					if err != nil {
						t.Error(err)
						return
					}
					fn, _ := img.Symbol("mixed")
					if r, _ := runMixed(fn); r[1] != 102 {
						t.Errorf("%s: got %v", name, r)
					}
					if err := img.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
}

// mappings returns the number of memory mappings of the process, and fails the
// test where one is both writable and executable.
func mappings(t *testing.T) int {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	lines := strings.Split(strings.TrimSpace(string(maps)), "\n")
	for _, line := range lines {
		if f := strings.Fields(line); strings.HasPrefix(f[1], "rwx") {
			t.Errorf("writable and executable: %s", line)
		}
	}
	return len(lines)
}

// Loading and closing leaves nothing behind, and code is never writable.
func TestLeaks(t *testing.T) {
	lib := llvmtest.Library(t)
	cycle := func() {
		img := mustLoad(t, mustCompile(t, lib, mixed))
		if r, _ := runMixed(mustSymbol(t, img, "mixed")); r[0] != 6 {
			t.Fatalf("got %v", r)
		}
		mappings(t)
		if err := errors.Join(img.Close(), img.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 { // threads and heaps of Go and LLVM come to rest
		cycle()
	}
	before := mappings(t)
	const cycles = 200
	for range cycles {
		cycle()
	}
	// An image left behind would be three mappings a cycle; heaps may still
	// grow by a few in all.
	if after := mappings(t); after > before+cycles/4 {
		t.Errorf("%d mappings became %d", before, after)
	}
}

func TestCallAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector, pools forget at random")
	}
	img := mustLoad(t, mustCompile(t, llvmtest.Library(t), "define i64 @sum(i64 %a, i64 %b, i64 %c, i64 %d) {\n %x = add i64 %a, %b\n %y = add i64 %x, %c\n %z = add i64 %y, %d\n ret i64 %z }"))
	defer img.Close()
	fn := mustSymbol(t, img, "sum")
	if n := testing.AllocsPerRun(1000, func() {
		if Call(fn, 1, 2, 3, 4) != 10 {
			t.Fatal("wrong sum")
		}
	}); n != 0 {
		t.Errorf("a call allocates %v times", n)
	}
}

func TestSelfCheck(t *testing.T) {
	each(t, func(lib *libllvm.Library, name string) {
		if err := SelfCheck(context.Background(), lib); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := SelfCheck(ended, lib); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	})
}
