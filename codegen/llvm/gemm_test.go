package llvm

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// A gemmCase is a function with one contraction, and its kernels.
type gemmCase struct {
	f    *ir.Func
	prog *kernel.Program
	gemm *kernel.Gemm

	target Target
}

// newProduct plans the function in text, whose one contraction becomes a Gemm,
// with everything after it that is elementwise as its epilogue. Without pack
// the right operand is read where it is.
func newProduct(t testing.TB, text string, target Target, strict, pack bool) *gemmCase {
	t.Helper()
	m, err := ir.Parse(&source.File{Name: "test", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	f := m.Funcs[0]
	if err := ir.Verify(f); err != nil {
		t.Fatal(err)
	}
	p := &gemmCase{f: f, target: target, prog: &kernel.Program{Func: f, Strict: strict, Buf: map[*ir.Value]*kernel.Buffer{}}}
	for _, v := range f.Params {
		p.prog.Params = append(p.prog.Params, p.buffer(kernel.Argument, v))
	}
	var c *ir.Value
	var inside []*ir.Value
	for _, v := range f.Body {
		if v.Op == ir.OpContract {
			c = v
		}
		if c != nil && (v == c || v.Op.Info().Class == ir.Elementwise) {
			inside = append(inside, v)
		}
	}
	g := p.classify(t, c)
	g.Panel = PanelWidth(target, c.Type.DType, g.Col.Size)
	for _, v := range f.Results {
		b := p.buffer(kernel.Result, v)
		p.prog.Results = append(p.prog.Results, b)
		g.Store = append(g.Store, kernel.Store{Value: v, Buf: b, Strides: kernel.RowMajor(v.Type.Dims())})
	}
	if pack {
		elems := (g.Col.Size + g.Panel - 1) / g.Panel * g.Panel
		for _, d := range append(g.Batch, g.Sum...) {
			elems *= d.Size
		}
		b := &kernel.Buffer{ID: len(p.prog.Buffers), Kind: kernel.Temp, Type: g.B.Type, Bytes: max(elems, 1) * sizeOf(regType(g.B.Type.DType))}
		p.prog.Buffers = append(p.prog.Buffers, b)
		g.Packed = b
		p.prog.Steps = append(p.prog.Steps, &kernel.Kernel{Name: "k0", Kind: kernel.Copy, Pack: g})
	}
	p.gemm = g
	p.prog.Steps = append(p.prog.Steps, &kernel.Kernel{Name: "k1", Kind: kernel.Contraction, Inside: inside, Gemm: g})
	return p
}

func (p *gemmCase) buffer(k kernel.BufferKind, v *ir.Value) *kernel.Buffer {
	b := &kernel.Buffer{ID: len(p.prog.Buffers), Kind: k, Type: v.Type, Value: v, Bytes: max(v.Type.Bytes(), v.Type.DType.Size())}
	p.prog.Buffers = append(p.prog.Buffers, b)
	p.prog.Buf[v] = b
	return b
}

// classify makes a Gemm of a contraction of two views.
func (p *gemmCase) classify(t testing.TB, v *ir.Value) *kernel.Gemm {
	operands, result, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil {
		t.Fatal(err)
	}
	g := &kernel.Gemm{Value: v}
	left, right := 0, 1
	if last := result[len(result)-1:]; !strings.Contains(operands[1], last) {
		left, right, g.Swap = 1, 0, true
	}
	var ok [2]bool
	g.A, ok[0] = p.prog.View(v.Args[left])
	g.B, ok[1] = p.prog.View(v.Args[right])
	if !ok[0] || !ok[1] {
		t.Fatal("an operand is no view")
	}
	sizes, err := ir.IndexSizes(v.Attrs.(*ir.ContractAttrs).Spec, []ir.Type{v.Args[0].Type, v.Args[1].Type})
	if err != nil {
		t.Fatal(err)
	}
	dim := func(c byte, at int) kernel.Dim {
		n, _ := sizes[c].Int()
		d := kernel.Dim{Size: n, Result: at}
		for i := range operands[left] {
			if operands[left][i] == c {
				d.A += g.A.Strides[i]
			}
		}
		for i := range operands[right] {
			if operands[right][i] == c {
				d.B += g.B.Strides[i]
			}
		}
		return d
	}
	for i := range result {
		d := dim(result[i], i)
		switch {
		case i == len(result)-1:
			g.Col = d
		case strings.IndexByte(operands[right], result[i]) >= 0:
			g.Batch = append(g.Batch, d)
		default:
			g.Rows = append(g.Rows, d)
		}
	}
	seen := result
	for i := range operands[0] + operands[1] {
		c := (operands[0] + operands[1])[i]
		if strings.IndexByte(seen, c) < 0 {
			seen += string(c)
			g.Sum = append(g.Sum, dim(c, -1))
		}
	}
	return g
}

// fenced returns n bytes of zeros that end where memory ends, so that reading or
// writing beyond them is a fault.
func fenced(t testing.TB, n int) []byte {
	page := syscall.Getpagesize()
	size := (n+page-1)/page*page + page
	all, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	if err := syscall.Mprotect(all[size-page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return all[size-page-n : size-page]
}

// newCtx returns the memory that kernels find their workers' scratch by.
func newCtx(t testing.TB, prog *kernel.Program, workers int) []byte {
	last := 0
	for _, b := range prog.Buffers {
		last = max(last, b.ID)
	}
	ctx := fenced(t, (kernel.CtxBuffers+8*(last+1)+63)/64*64)
	scratch := fenced(t, max(prog.Scratch*workers, 64))
	*(*uintptr)(unsafe.Pointer(&ctx[kernel.CtxBuffers])) = uintptr(unsafe.Pointer(&scratch[0]))
	return ctx
}

// hostTarget returns what the host is, with vectors of that many bytes; 0 for
// the widest.
func hostTarget(lib *libllvm.Library, bytes int) (jit.Target, Target) {
	h := jit.Host(lib)
	switch bytes {
	case 0:
		bytes = h.VectorBytes()
	case 16:
		h.CPU, h.Features = "x86-64", ""
	}
	return h, Target{Triple: h.Triple, CPU: h.CPU, Features: h.Features, VectorBytes: bytes, F16C: bytes > 16 && h.Has("f16c")}
}

// emitAlone emits one kernel as a function of ctx, the worker, the number of
// workers, and all buffers in order of ID.
func emitAlone(m *module, p *kernel.Program, k *kernel.Kernel) {
	ps := []*llir.Param{llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64), llir.NewParam("workers", types.I64)}
	for _, b := range p.Buffers {
		ps = append(ps, llir.NewParam("", types.NewPointer(memType(b.Type.DType))))
	}
	e := m.define(k.Name, enum.LinkageExternal, types.Void, ps...)
	s := newScope(e, p, k, ps[0], ps[1], ps[2], i64(0), func(b *kernel.Buffer) value.Value { return ps[3+b.ID] })
	if k.Pack != nil {
		s.emitPack()
	} else {
		s.emitGemm()
	}
	s.cur.NewRet(nil)
}

// compile returns the machine code of the product's kernels.
func (p *gemmCase) compile(t testing.TB, lib *libllvm.Library, host jit.Target, target Target) *jit.Image {
	t.Helper()
	m := newModule(target, p.prog.Strict)
	for _, s := range p.prog.Steps {
		emitAlone(m, p.prog, s.(*kernel.Kernel))
	}
	w := newWriter(m)
	w.functions(m.shared, "internal")
	w.module(m)
	obj, err := jit.Compile(context.Background(), lib, host, w.b.Bytes(), jit.Object)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.b.Bytes())
	}
	img, err := jit.Load(obj, jit.LibC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// run runs the kernels with workers that go one after the other, and returns the
// results.
func (p *gemmCase) run(t testing.TB, img *jit.Image, args []*tensor.Tensor, workers int) []*tensor.Tensor {
	t.Helper()
	memory := p.memory(t, img, args, workers)
	var out []*tensor.Tensor
	for _, b := range p.prog.Results {
		out = append(out, tensor.Must(tensor.FromBytes(b.Type.DType, memory[b.ID][:b.Type.Bytes()], b.Type.Dims()...)).Clone())
	}
	return out
}

// memory is run for the contents of all buffers. What kernels write is full of
// one bits before.
func (p *gemmCase) memory(t testing.TB, img *jit.Image, args []*tensor.Tensor, workers int) [][]byte {
	t.Helper()
	memory := make([][]byte, len(p.prog.Buffers))
	ctx := newCtx(t, p.prog, workers)
	list := []uintptr{uintptr(unsafe.Pointer(&ctx[0])), 0, uintptr(workers)}
	for i, b := range p.prog.Buffers {
		memory[i] = fenced(t, b.Bytes)
		for j := range memory[i] {
			memory[i][j] = 0xff
		}
		if i < len(args) {
			copy(memory[i], args[i].Bytes())
		}
		list = append(list, uintptr(unsafe.Pointer(&memory[i][0])))
	}
	for _, s := range p.prog.Steps {
		fn, ok := img.Symbol(s.(*kernel.Kernel).Name)
		if !ok {
			t.Fatal("no symbol")
		}
		for w := range workers {
			list[1] = uintptr(w)
			jit.Call(fn, list...)
		}
	}
	return memory
}

// randomArgs returns arguments for f: normal floats, small integers.
func randomArgs(f *ir.Func, seed uint64) []*tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	var args []*tensor.Tensor
	for _, v := range f.Params {
		x := tensor.New(v.Type.DType, v.Type.Dims()...)
		for i := range x.Len() {
			if v.Type.DType.IsFloat() {
				x.SetFloat(i, r.NormFloat64())
			} else {
				x.SetInt(i, tensor.Wrap(v.Type.DType, int64(r.Uint64())))
			}
		}
		args = append(args, x)
	}
	return args
}

// check compiles and runs the product, with several numbers of workers, and
// holds it to the evaluator: bit for bit in strict mode.
func (p *gemmCase) check(t *testing.T, lib *libllvm.Library, host jit.Target, target Target) {
	t.Helper()
	ctx, args := context.Background(), randomArgs(p.f, 7)
	img := p.compile(t, lib, host, target)
	got := p.run(t, img, args, 1)
	for _, workers := range []int{2, 5} {
		for i, x := range p.run(t, img, args, workers) {
			if !tensor.Equal(x, got[i]) {
				t.Errorf("%s: result %d differs with %d workers", p.f, i, workers)
			}
		}
	}
	if p.prog.Strict {
		want, err := eval.Run(ctx, p.f, args, eval.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !tensor.Equal(got[i], want[i]) {
				t.Errorf("%s: strict result %d differs\n got %v\nwant %v", p.f, i, got[i], want[i])
			}
		}
		return
	}
	bands, err := eval.Bounded(ctx, p.f, args)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bands {
		if v := eval.Check(got[i], b); !v.OK() || v.BadCount > 0 {
			t.Errorf("%s: result %d: %v", p.f, i, v)
		}
	}
}

// matmulText is the product of an m by k and a k by n matrix.
func matmulText(d tensor.DType, m, k, n int) string {
	return fmt.Sprintf(`func f(a: %[1]s[%[2]d, %[3]d], b: %[1]s[%[3]d, %[4]d]) -> (%[1]s[%[2]d, %[4]d]) {
  v2 = contract{spec="ab,bc->ac"} a, b : %[1]s[%[2]d, %[4]d]
  return v2
}
`, d, m, k, n)
}

func TestGemmSizes(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	sizes := []int{1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 63, 65}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() int { return sizes[r.IntN(len(sizes))] }
	for _, n := range sizes {
		for _, mkn := range [][3]int{{n, pick(), pick()}, {pick(), n, pick()}, {pick(), pick(), n}} {
			newProduct(t, matmulText(tensor.F32, mkn[0], mkn[1], mkn[2]), target, r.IntN(2) == 0, r.IntN(2) == 0).check(t, lib, host, target)
		}
	}
}

// TestGemmBlocks has rows for several blocks, sums for several chunks, and
// panels that are fetched ahead; enough work for all workers.
func TestGemmBlocks(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	for _, mkn := range [][3]int{{397, 40, 70}, {50, 2101, 70}, {23, 301, 500}} {
		for _, d := range []tensor.DType{tensor.F32, tensor.BF16} {
			for i, text := range []string{matmulText(d, mkn[0], mkn[1], mkn[2]), transposedText(d, mkn[0], mkn[1], mkn[2])} {
				c := newProduct(t, text, target, i == 0, true)
				if want := i == 1 || d == tensor.BF16; newGemmOf(c).packs != want {
					t.Errorf("%s: the left operand is packed: %v", text, !want)
				}
				c.check(t, lib, host, target)
			}
		}
	}
}

// newGemmOf returns how the product of c is emitted.
func newGemmOf(c *gemmCase) *gemmEmitter {
	k := c.prog.Steps[len(c.prog.Steps)-1].(*kernel.Kernel)
	return newGemmEmitter(&scope{emitter: &emitter{m: newModule(c.target, c.prog.Strict)}, prog: c.prog, k: k}, nil)
}

// TestGemmSpecialValues has sums of equal terms: of nothing but -0, of NaN, of
// infinities and of small integers, which are the same in any order.
func TestGemmSpecialValues(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	for _, d := range []tensor.DType{tensor.F32, tensor.BF16, tensor.F16} {
		for _, k := range []int{1, 2, 9} {
			for _, strict := range []bool{false, true} {
				p := newProduct(t, matmulText(d, 6, k, 37), target, strict, true)
				a, b := tensor.New(d, 6, k), tensor.New(d, k, 37)
				special := []float64{math.Copysign(0, -1), 1, math.NaN(), math.Inf(1), math.Inf(-1), 3}
				for i := range a.Len() {
					a.SetFloat(i, special[i/k])
				}
				for i := range b.Len() {
					b.SetFloat(i, special[(1+i%37)%len(special)])
				}
				args := []*tensor.Tensor{a, b}
				want, err := eval.Run(context.Background(), p.f, args, eval.Options{Strict: true})
				if err != nil {
					t.Fatal(err)
				}
				for _, workers := range []int{1, 2, 5} {
					if got := p.run(t, p.compile(t, lib, host, target), args, workers); !tensor.Equal(got[0], want[0]) {
						t.Errorf("%s: strict %v, %d workers:\n got %v\nwant %v", p.f, strict, workers, got[0], want[0])
					}
				}
			}
		}
	}
}

func TestGemmTypesAndTargets(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, bytes := range []int{0, 32, 16, -1} {
		host, target := hostTarget(lib, max(bytes, 0))
		if bytes < 0 {
			target.VectorBytes = 0
		}
		for _, d := range tensor.DTypes() {
			if d == tensor.Bool || (bytes == 32 || bytes < 0) && d != tensor.F32 && d != tensor.F16 && d != tensor.I8 {
				continue
			}
			for _, strict := range []bool{false, true} {
				newProduct(t, matmulText(d, 13, 21, 43), target, strict, true).check(t, lib, host, target)
			}
			newProduct(t, transposedText(d, 13, 21, 43), target, false, true).check(t, lib, host, target)
			if bytes == 0 {
				newProduct(t, matmulText(d, 6, 9, 37), target, false, false).check(t, lib, host, target)
			}
		}
	}
}

func TestGemmEveryLLVM(t *testing.T) {
	for _, lib := range llvmtest.Libraries(t) {
		host, target := hostTarget(lib, 0)
		for _, d := range []tensor.DType{tensor.F32, tensor.BF16, tensor.U8} {
			newProduct(t, matmulText(d, 37, 130, 65), target, false, true).check(t, lib, host, target)
		}
		newProduct(t, transposedText(tensor.F32, 37, 130, 65), target, false, true).check(t, lib, host, target)
	}
}

// transposedText is matmulText of transposes of both operands.
func transposedText(d tensor.DType, m, k, n int) string {
	return fmt.Sprintf(`func f(a: %[1]s[%[3]d, %[2]d], b: %[1]s[%[4]d, %[3]d]) -> (%[1]s[%[2]d, %[4]d]) {
  v2 = transpose{perm=[1, 0]} a : %[1]s[%[2]d, %[3]d]
  v3 = transpose{perm=[1, 0]} b : %[1]s[%[3]d, %[4]d]
  v4 = contract{spec="ab,bc->ac"} v2, v3 : %[1]s[%[2]d, %[4]d]
  return v4
}
`, d, m, k, n)
}

// gemmForms are functions whose operands lie in memory in all sorts of ways.
var gemmForms = map[string]string{
	"transposed": transposedText(tensor.F32, 21, 37, 43),
	"swapped": `func f(a: f32[9, 20], b: f32[33, 20]) -> (f32[33, 9]) {
  v2 = contract{spec="ab,cb->ca"} a, b : f32[33, 9]
  return v2
}`,
	"batch": `func f(a: f32[3, 10, 20], b: f32[3, 20, 18]) -> (f32[3, 10, 18]) {
  v2 = contract{spec="abc,acd->abd"} a, b : f32[3, 10, 18]
  return v2
}`,
	"batch of stride 0": `func f(a: f32[10, 20], b: f32[3, 20, 18]) -> (f32[3, 10, 18]) {
  v2 = broadcast a : f32[3, 10, 20]
  v3 = contract{spec="abc,acd->abd"} v2, b : f32[3, 10, 18]
  return v3
}`,
	"index of B beside its column": `func f(a: f32[10, 20], b: f32[3, 20, 18]) -> (f32[3, 10, 18]) {
  v2 = contract{spec="ab,cbd->cad"} a, b : f32[3, 10, 18]
  return v2
}`,
	"B of stride 0 along the sum": `func f(a: f32[10, 20], b: f32[1, 18]) -> (f32[10, 18]) {
  v2 = broadcast b : f32[20, 18]
  v3 = contract{spec="ab,bc->ac"} a, v2 : f32[10, 18]
  return v3
}`,
	"A of stride 0 along the rows": `func f(a: f32[1, 20], b: f32[20, 18]) -> (f32[10, 18]) {
  v2 = broadcast a : f32[10, 20]
  v3 = contract{spec="ab,bc->ac"} v2, b : f32[10, 18]
  return v3
}`,
	"two dimensions of rows": `func f(a: f32[4, 7, 20], b: f32[20, 18]) -> (f32[4, 7, 18]) {
  v2 = contract{spec="abc,cd->abd"} a, b : f32[4, 7, 18]
  return v2
}`,
	"rows that do not merge": `func f(a: f32[7, 4, 2, 20], b: f32[20, 18]) -> (f32[4, 7, 2, 18]) {
  v2 = contract{spec="abcd,de->bace"} a, b : f32[4, 7, 2, 18]
  return v2
}`,
	"two sums": `func f(a: f32[9, 5, 11], b: f32[5, 11, 18]) -> (f32[9, 18]) {
  v2 = contract{spec="abc,bcd->ad"} a, b : f32[9, 18]
  return v2
}`,
	"two sums that do not merge": `func f(a: f32[9, 5, 11], b: f32[11, 18, 5]) -> (f32[9, 18]) {
  v2 = contract{spec="abc,cdb->ad"} a, b : f32[9, 18]
  return v2
}`,
	"three sums": `func f(a: f32[3, 9, 5, 11], b: f32[11, 3, 18, 5]) -> (f32[9, 18]) {
  v2 = contract{spec="abcd,daec->be"} a, b : f32[9, 18]
  return v2
}`,
	"slices": `func f(a: f32[30, 50], b: f32[50, 60]) -> (f32[9, 19]) {
  v2 = slice{start=[29, 3], step=[-3, 2]} a : f32[9, 20]
  v3 = slice{start=[49, 1], step=[-2, 3]} b : f32[20, 19]
  v4 = contract{spec="ab,bc->ac"} v2, v3 : f32[9, 19]
  return v4
}`,
	"left across, by steps": `func f(a: f32[50, 40], b: f32[5, 4, 160]) -> (f32[13, 160]) {
  v2 = slice{start=[0, 1], step=[2, 3]} a : f32[20, 13]
  v3 = transpose{perm=[1, 0]} v2 : f32[13, 20]
  v4 = reshape b : f32[20, 160]
  v5 = contract{spec="ab,bc->ac"} v3, v4 : f32[13, 160]
  return v5
}`,
	"left across, several sums": `func f(a: bf16[5, 21, 6, 4], b: bf16[5, 6, 4, 160]) -> (bf16[21, 160]) {
  v2 = contract{spec="abcd,acde->be"} a, b : bf16[21, 160]
  return v2
}`,
	"left across, sums in another order": `func f(a: f32[6, 21, 5], b: f32[5, 6, 160]) -> (f32[21, 160]) {
  v2 = contract{spec="abc,cad->bd"} a, b : f32[21, 160]
  return v2
}`,
	"left across, batch": `func f(a: f32[3, 20, 21], b: f32[3, 20, 160]) -> (f32[3, 21, 160]) {
  v2 = contract{spec="abc,abd->acd"} a, b : f32[3, 21, 160]
  return v2
}`,
	"columns backwards": `func f(a: f32[9, 20], b: f32[20, 35]) -> (f32[9, 35]) {
  v2 = slice{start=[0, 34], step=[1, -1]} b : f32[20, 35]
  v3 = contract{spec="ab,bc->ac"} a, v2 : f32[9, 35]
  return v3
}`,
	"attention": `func f(q: f32[2, 13, 4, 10], k: f32[2, 17, 4, 10]) -> (f32[2, 4, 13, 17]) {
  v2 = contract{spec="abcd,aecd->acbe"} q, k : f32[2, 4, 13, 17]
  return v2
}`,
	"nothing to sum": `func f(a: f32[9, 0], b: f32[0, 18], c: f32[18]) -> (f32[9, 18], f32[9, 18]) {
  v3 = contract{spec="ab,bc->ac"} a, b : f32[9, 18]
  v4 = add v3, c : f32[9, 18]
  return v3, v4
}`,
	"no rows": `func f(a: f32[0, 9], b: f32[9, 18]) -> (f32[0, 18]) {
  v2 = contract{spec="ab,bc->ac"} a, b : f32[0, 18]
  return v2
}`,
	"no columns": `func f(a: f32[3, 9], b: f32[9, 0]) -> (f32[3, 0]) {
  v2 = contract{spec="ab,bc->ac"} a, b : f32[3, 0]
  return v2
}`,
	"little behind": `func f(a: f32[21, 30], b: f32[30, 67], c: f32[67]) -> (f32[21, 67]) {
  v3 = contract{spec="ab,bc->ac"} a, b : f32[21, 67]
  v4 = add v3, c : f32[21, 67]
  return v4
}`,
	"much behind": `func f(a: f32[21, 30], b: f32[30, 67], c: f32[67], d: f32[21, 1]) -> (f32[21, 67], f32[21, 67]) {
  v4 = contract{spec="ab,bc->ac"} a, b : f32[21, 67]
  v5 = add v4, c : f32[21, 67]
  v6 = mul v5, d : f32[21, 67]
  v7 = neg v6 : f32[21, 67]
  v8 = mul v7, v4 : f32[21, 67]
  return v5, v8
}`,
}

func TestGemmForms(t *testing.T) {
	lib := llvmtest.Library(t)
	for name, text := range gemmForms {
		t.Run(name, func(t *testing.T) {
			for _, bytes := range []int{0, 16} {
				host, target := hostTarget(lib, bytes)
				for _, strict := range []bool{false, true} {
					newProduct(t, text, target, strict, true).check(t, lib, host, target)
				}
			}
		})
	}
}

// TestPack holds packed panels to their definition, zeros included.
func TestPack(t *testing.T) {
	lib := llvmtest.Library(t)
	for name, text := range gemmForms {
		for _, bytes := range []int{0, 16} {
			host, target := hostTarget(lib, bytes)
			p := newProduct(t, text, target, false, true)
			args := randomArgs(p.f, 3)
			g := p.gemm
			if g.B.Type.DType != tensor.F32 || g.Value.Type.Elems() == 0 {
				continue
			}
			memory := p.memory(t, p.compile(t, lib, host, target), args, 3)
			got := tensor.Must(tensor.FromBytes(tensor.F32, memory[g.Packed.ID], g.Packed.Bytes/4))
			source, at := args[g.B.Buf.ID], 0
			each(g.Batch, g.B.Offset, func(from int) {
				for first := 0; first < g.Col.Size; first += g.Panel {
					each(g.Sum, from, func(from int) {
						for j := first; j < first+g.Panel; j++ {
							want := 0.0
							if j < g.Col.Size {
								want = source.Float(from + j*g.Col.B)
							}
							if x := got.Float(at); x != want {
								t.Fatalf("%s: element %d of the panels is %v, want %v", name, at, x, want)
							}
							at++
						}
					})
				}
			})
		}
	}
}

// each calls body with the position of each point of dims in B.
func each(dims []kernel.Dim, from int, body func(from int)) {
	if len(dims) == 0 {
		body(from)
		return
	}
	for k := range dims[0].Size {
		each(dims[1:], from+k*dims[0].B, body)
	}
}

// TestGemmStops asks for a stop before a product begins, which then stores
// nothing.
func TestGemmStops(t *testing.T) {
	lib := llvmtest.Library(t)
	host, target := hostTarget(lib, 0)
	p := newProduct(t, matmulText(tensor.F32, 20, 30, 70), target, false, true)
	img := p.compile(t, lib, host, target)
	ctx := newCtx(t, p.prog, 1)
	ctx[kernel.CtxCancel] = 1
	list := []uintptr{uintptr(unsafe.Pointer(&ctx[0])), 0, 1}
	var result []byte
	for _, b := range p.prog.Buffers {
		memory := fenced(t, b.Bytes)
		if b.Kind == kernel.Result {
			result = memory
		}
		list = append(list, uintptr(unsafe.Pointer(&memory[0])))
	}
	for i := range result {
		result[i] = 0xff
	}
	fn, _ := img.Symbol("k1")
	jit.Call(fn, list...)
	for i, x := range result {
		if x != 0xff {
			t.Fatalf("byte %d is written after a stop", i)
		}
	}
}
