package llvm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// plan returns f as kernels with their memory placed; whatever can be chained is.
func plan(t testing.TB, f *ir.Func, target Target, strict bool) *kernel.Program {
	t.Helper()
	return planWith(t, f, target, strict, fewRows)
}

// planWith is plan with a choice of chains; see fuse.Options.
func planWith(t testing.TB, f *ir.Func, target Target, strict bool, chain func(*kernel.Chained) int) *kernel.Program {
	t.Helper()
	p := fuse.Program(f, fuse.Options{
		Strict:  strict,
		Panel:   func(d ir.DType, cols int) int { return PanelWidth(target, d, cols) },
		InPlace: func(g *kernel.Gemm) bool { return target.VectorBytes >= 32 && InPlace(g) },
		Packs:   func(g *kernel.Gemm) bool { return Packs(target, g) },
		Chain:   chain,
	})
	memplan.Assign(p)
	if err := kernel.Verify(p); err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	return p
}

// alone is lathe_barrier for one thread.
const alone = `
define i32 @lathe_barrier(i8* %ctx, i32 %worker, i32 %workers) {
  %p = getelementptr i8, i8* %ctx, i64 1024
  %w = bitcast i8* %p to i32*
  %c = load i32, i32* %w
  ret i32 %c
}`

// A machine compiles for a target and runs with one thread.
type machine struct {
	lib     *libllvm.Library
	host    jit.Target
	target  Target
	barrier *jit.Image
}

func newMachine(t testing.TB, lib *libllvm.Library, bytes int) *machine {
	m := &machine{lib: lib}
	m.host, m.target = hostTarget(lib, bytes)
	m.barrier = m.load(t, []byte(alone))
	return m
}

// load compiles modules for a run of one thread, until the test ends.
func (m *machine) load(t testing.TB, texts ...[]byte) *jit.Image {
	t.Helper()
	img := m.loadWith(t, func(name string) uintptr {
		if m.barrier != nil {
			if fn, ok := m.barrier.Symbol(name); ok {
				return fn
			}
		}
		return jit.LibC(name)
	}, texts...)
	t.Cleanup(func() { img.Close() })
	return img
}

// loadWith compiles modules that take from resolve what they lack. The caller
// closes the image.
func (m *machine) loadWith(t testing.TB, resolve func(name string) uintptr, texts ...[]byte) *jit.Image {
	t.Helper()
	objs, err := jit.CompileAll(context.Background(), m.lib, m.host, texts, jit.Object)
	if err != nil {
		t.Fatalf("%v\n%s", err, bytes.Join(texts, nil))
	}
	img, err := jit.LoadAll(objs, resolve)
	if err != nil {
		t.Fatalf("%v\n%s", err, bytes.Join(texts, nil))
	}
	return img
}

// image is loadWith for p.
func (m *machine) image(t testing.TB, p *kernel.Program, opts Options, resolve func(name string) uintptr) *jit.Image {
	t.Helper()
	code, err := Emit(p, m.target, opts)
	if err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	return m.loadWith(t, resolve, code.Modules()...)
}

// pool returns workers, which end with the test.
func (m *machine) pool(t testing.TB) *pool.Pool {
	t.Helper()
	obj, err := jit.Compile(context.Background(), m.lib, m.host, pool.Source(), jit.Object)
	if err != nil {
		t.Fatal(err)
	}
	workers, err := pool.New(obj)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { workers.Close() })
	return workers
}

// A failure is the error slot of a worker.
type failure struct{ code, site, value, bound int64 }

func (f *failure) Error() string { return fmt.Sprintf("%+v", *f) }

// place gives every buffer of p memory, full of ones bits but for what args are,
// and returns the context and the memory of each buffer. Memory ends where
// nothing is mapped, so that touching more is a fault.
func place(t testing.TB, p *kernel.Program, args []*tensor.Tensor, workers int) (ctx []byte, memory map[*kernel.Buffer][]byte) {
	ctx = newCtx(t, p, workers)
	arena := fenced(t, max(p.Arena, 64))
	memory = map[*kernel.Buffer][]byte{}
	for i := range arena {
		arena[i] = 0xff
	}
	for _, b := range p.Buffers {
		var m []byte
		if b.Kind == kernel.Temp {
			m = arena[b.Offset:]
		} else {
			m = fenced(t, max(b.Bytes, 1))
			for i := range m {
				m[i] = 0xff
			}
		}
		memory[b] = m
		if i := slices.Index(p.Params, b); i >= 0 {
			copy(m, args[i].Bytes())
		}
		*(*uintptr)(unsafe.Pointer(&ctx[kernel.CtxBuffers+8*b.ID])) = uintptr(unsafe.Pointer(unsafe.SliceData(m)))
	}
	return ctx, memory
}

func results(p *kernel.Program, memory map[*kernel.Buffer][]byte) []*tensor.Tensor {
	var out []*tensor.Tensor
	for _, b := range p.Results {
		out = append(out, tensor.Must(tensor.FromBytes(b.Type.DType, memory[b][:b.Type.Bytes()], b.Type.Dims()...)).Clone())
	}
	return out
}

func failureOf(ctx []byte) error {
	if f := *(*failure)(unsafe.Pointer(&ctx[kernel.CtxErrors])); f.code != 0 {
		return &f
	}
	return nil
}

// run compiles and runs f.
func (m *machine) run(t testing.TB, f *ir.Func, args []*tensor.Tensor, strict bool) ([]*tensor.Tensor, error) {
	t.Helper()
	return m.runPlan(t, plan(t, f, m.target, strict), args)
}

// runPlan compiles and runs p.
func (m *machine) runPlan(t testing.TB, p *kernel.Program, args []*tensor.Tensor) ([]*tensor.Tensor, error) {
	t.Helper()
	code, err := Emit(p, m.target, Options{Symbol: "program", Load: "load"})
	if err != nil {
		t.Fatalf("%v\n%v", err, p)
	}
	img := m.load(t, code.Modules()...)
	ctx, memory := place(t, p, args, 1)
	for _, name := range []string{"load", "program"} {
		if fn, ok := img.Symbol(name); ok {
			jit.Call(fn, uintptr(unsafe.Pointer(&ctx[0])), 0, 1)
		}
	}
	return results(p, memory), failureOf(ctx)
}

// inexact are the functions whose results strict mode only bounds.
var inexact = []ir.Op{ir.OpExp, ir.OpExpm1, ir.OpLog, ir.OpLog1p, ir.OpSin, ir.OpCos, ir.OpTanh, ir.OpErf, ir.OpPow}

func exact(f *ir.Func) bool {
	ok := true
	f.Walk(func(v *ir.Value) { ok = ok && !slices.Contains(inexact, v.Op) })
	return ok
}

// same reports whether two tensors are equal bit for bit, NaN apart, of which
// no processor promises the bits.
func same(a, b *tensor.Tensor) bool {
	if !a.DType().IsFloat() || a.DType() != b.DType() || a.Len() != b.Len() {
		return tensor.Equal(a, b)
	}
	for i := range a.Len() {
		x, y := a.Float(i), b.Float(i)
		if math.Float64bits(x) != math.Float64bits(y) && (x == x || y == y) {
			return false
		}
	}
	return true
}

// check runs a case and holds it to the evaluator.
func (m *machine) check(t *testing.T, c irtest.Case, strict bool) {
	t.Helper()
	ctx := context.Background()
	got, err := m.run(t, c.Func, c.Args, strict)
	want, wantErr := eval.Run(ctx, c.Func, c.Args, eval.Options{Strict: true})
	var mistake *eval.RuntimeError
	if wantErr != nil && !errors.As(wantErr, &mistake) {
		t.Fatal(wantErr)
	}
	if (err != nil) != (wantErr != nil) {
		t.Errorf("%s: failed with %v, want %v\n%v", c.Name, err, wantErr, c.Func)
		return
	}
	if err != nil {
		return
	}
	if strict && exact(c.Func) {
		for i := range want {
			if !same(got[i], want[i]) {
				t.Errorf("%s: strict result %d differs\n got %v\nwant %v\n%v", c.Name, i, got[i], want[i], c.Func)
			}
		}
		return
	}
	bounded(t, c.Name, c.Func, c.Args, got)
}

// bounded holds results of f to their derived bounds.
func bounded(t testing.TB, name string, f *ir.Func, args, got []*tensor.Tensor) {
	t.Helper()
	bands, err := eval.Bounded(t.Context(), f, args)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bands {
		if v := eval.Check(got[i], b); !v.OK() {
			t.Errorf("%s: result %d: %v\n%v", name, i, v, f)
		}
	}
}

func TestCases(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	n := 0
	for i, c := range irtest.Cases() {
		n++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			m.check(t, c, i%2 == 0)
		})
	}
	t.Logf("%d cases", n)
}
