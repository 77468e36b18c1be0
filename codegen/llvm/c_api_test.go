package llvm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

const layer = `
func layer(x: f32[6, 40], idx: i64[2], weight w: f32[40, 24], weight a.b: f32[24]) -> (f32[2, 24], f32[6]) {
  v4 = contract{spec="ab,bc->ac"} x, w : f32[6, 24]
  v5 = add v4, a.b : f32[6, 24]
  v6 = sum{axes=[1]} v5 : f32[6]
  v7 = take{axis=0} v5, idx : f32[2, 24]
  return v7, v6
}
`

func parse(t testing.TB, text string) *ir.Func {
	t.Helper()
	m, err := ir.Parse(&source.File{Name: "test", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if err := ir.Verify(m.Funcs[0]); err != nil {
		t.Fatal(err)
	}
	return m.Funcs[0]
}

// addresses returns a list of pointers for C.
func addresses(buffers ...[]byte) []uintptr {
	out := []uintptr{0}
	for _, b := range buffers {
		out = append(out, uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	}
	return out[1:]
}

// TestLibrary calls a library as C would: loaded weights, a run, a run with a bad
// index, and a run after it.
func TestLibrary(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	m.barrier = nil // nothing but the C library
	f := parse(t, layer)
	p := plan(t, f, m.target, false)
	code, err := Emit(p, m.target, Options{C: "layer"})
	if err != nil {
		t.Fatal(err)
	}
	img := m.load(t, code.Text())
	call := func(name string, args ...uintptr) uintptr {
		fn, ok := img.Symbol("layer_" + name)
		if !ok {
			t.Fatal("no function " + name)
		}
		return jit.Call(fn, args...)
	}
	args := randomArgs(f, 3)
	args[1].SetInt(0, 2)
	args[1].SetInt(1, 0)
	memory := make([][]byte, len(args))
	for i, x := range args {
		memory[i] = fenced(t, len(x.Bytes()))
		copy(memory[i], x.Bytes())
	}
	loaded, scratch := fenced(t, int(call("weights_size"))), fenced(t, int(call("scratch_size")))
	list := func(b ...[]byte) uintptr {
		a := addresses(b...)
		out := fenced(t, 8*len(a))
		copy(unsafe.Slice((*uintptr)(unsafe.Pointer(&out[0])), len(a)), a)
		return uintptr(unsafe.Pointer(&out[0]))
	}
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }
	if code := call("load", list(memory[2], memory[3]), at(loaded)); code != 0 {
		t.Fatal("load returns", code)
	}
	clear(memory[2]) // the weights are copied
	clear(memory[3])
	out := [][]byte{fenced(t, 2*24*4), fenced(t, 6*4)}
	run := func() uintptr {
		return call("run", at(loaded), list(memory[0], memory[1]), list(out...), at(scratch))
	}
	bands, err := eval.Bounded(context.Background(), f, args)
	if err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		if code := run(); code != 0 {
			t.Fatal("run returns", code)
		}
		for i, v := range f.Results {
			got := tensor.Must(tensor.FromBytes(v.Type.DType, slices.Clone(out[i]), v.Type.Dims()...))
			if v := eval.Check(got, bands[i]); !v.OK() {
				t.Error(v)
			}
		}
	}
	check()
	memory[1][0] = 6
	if code := run(); code != CodeIndex {
		t.Errorf("a run with a bad index returns %d, want %d", code, CodeIndex)
	}
	memory[1][0] = 2
	check()
	names, _ := img.Symbol("layer_weight_names")
	var got []string
	for _, p := range unsafe.Slice((**byte)(unsafe.Add(nil, names)), 3) {
		if p != nil {
			got = append(got, string(unsafe.Slice(p, strings.IndexByte(string(unsafe.Slice(p, 4)), 0))))
		}
	}
	if want := []string{"w", "a.b"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

// TestHeader holds the header to what a C compiler takes, where there is one.
func TestHeader(t *testing.T) {
	f := parse(t, layer)
	p := plan(t, f, Target{VectorBytes: 64}, false)
	text := Header(p, "layer")
	for _, want := range []string{"[0] x: f32[6, 40], 960 bytes", "[1] a.b: f32[24], 96 bytes", "int layer_run("} {
		if !strings.Contains(text, want) {
			t.Errorf("the header has no %q:\n%s", want, text)
		}
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Log("no C compiler")
		return
	}
	dir := t.TempDir()
	for file, body := range map[string]string{"layer.h": text, "use.c": "#include \"layer.h\"\n#include \"layer.h\"\nint main(void) { return layer_load((const void *const *)layer_weight_names, 0) == LAYER_OK; }\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(cc, "-std=c99", "-pedantic", "-Wall", "-Werror", "-fsyntax-only", "use.c")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, text)
	}
}
