package llvm

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// newPeak returns a function that measures how many floating-point operations
// on f32 the processor does in a nanosecond, in fused multiply-adds on registers.
func newPeak(t testing.TB, lib *libllvm.Library, host jit.Target, target Target) func() float64 {
	const sums = 16
	m := newModule(target, false)
	out, n := llir.NewParam("out", types.NewPointer(types.Float)), llir.NewParam("n", types.I64)
	e := m.define("peak", enum.LinkageExternal, types.Void, out, n)
	lanes := tileLanes(target, tensor.F32)
	x := e.load(types.Float, out, lanes)
	init := make([]value.Value, sums)
	for i := range init {
		init[i] = x
	}
	acc := e.loop(i64(0), n, 1, init, func(_ value.Value, acc []value.Value) []value.Value {
		next := make([]value.Value, sums)
		for i, s := range acc {
			next[i] = e.fadd(s, e.fmul(x, x))
		}
		return next
	})
	sum := acc[0]
	for _, s := range acc[1:] {
		sum = e.fadd(sum, s)
	}
	e.store(sum, out)
	e.cur.NewRet(nil)
	obj, err := jit.Compile(context.Background(), lib, host, []byte(m.m.String()), jit.Object)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jit.Load(obj, jit.LibC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	fn, _ := img.Symbol("peak")
	memory := fenced(t, 4*lanes)
	return func() float64 {
		const turns = 100_000
		start := time.Now()
		jit.Call(fn, uintptr(unsafe.Pointer(&memory[0])), turns)
		return float64(2*turns*sums*lanes) / float64(time.Since(start).Nanoseconds())
	}
}

// BenchmarkGemm reports how fast products are, packing included and apart, and
// beside a loop of nothing but fused multiply-adds that runs in between: what
// the processor can do at that moment. All figures are of one thread, and what
// all but a fiftieth of the runs stay below: others run on the machine too.
func BenchmarkGemm(b *testing.B) {
	lib := llvmtest.Library(b)
	host, target := hostTarget(lib, 0)
	peak := newPeak(b, lib, host, target)
	for _, mnk := range [][3]int{{1024, 1024, 1024}, {512, 3072, 768}, {197, 384, 384}, {64, 64, 64}, {128, 1536, 768}, {8, 768, 4096}, {16, 512, 512}, {128, 512, 512}, {256, 256, 256}, {16, 4096, 4096}, {128, 4096, 4096}, {256, 2048, 2048}, {64, 2048, 512}, {1024, 1024, 4096}} {
		m, n, k := mnk[0], mnk[1], mnk[2]
		for _, form := range []struct {
			name, text string
			pack       bool
		}{
			{"NN", matmulText(tensor.F32, m, k, n), true},
			{"NN-in-place", matmulText(tensor.F32, m, k, n), false},
			{"TT", transposedText(tensor.F32, m, k, n), true},
			{"TN", fmt.Sprintf("func f(a: f32[%[2]d, %[1]d], b: f32[%[2]d, %[3]d]) -> (f32[%[1]d, %[3]d]) {\n  v2 = contract{spec=\"ba,bc->ac\"} a, b : f32[%[1]d, %[3]d]\n  return v2\n}\n", m, k, n), true},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", form.name, m, n, k), func(b *testing.B) {
				p := newProduct(b, form.text, target, false, form.pack)
				img := p.compile(b, lib, host, target)
				p.measure(b, img, peak)
			})
		}
	}
}

// measure runs the product b.N times.
func (p *gemmCase) measure(b *testing.B, img *jit.Image, peak func() float64) {
	args := randomArgs(p.f, 1)
	ctx := newCtx(b, p.prog, 1)
	list := []uintptr{uintptr(unsafe.Pointer(&ctx[0])), 0, 1}
	for i, buffer := range p.prog.Buffers {
		memory := fenced(b, buffer.Bytes)
		if i < len(args) {
			copy(memory, args[i].Bytes())
		}
		list = append(list, uintptr(unsafe.Pointer(&memory[0])))
	}
	flops := 2.0
	for _, d := range slices.Concat(p.gemm.Batch, p.gemm.Rows, p.gemm.Sum, []kernel.Dim{p.gemm.Col}) {
		flops *= float64(d.Size)
	}
	pack, packed := img.Symbol("k0")
	gemm, _ := img.Symbol("k1")
	var whole, apart, peaks []float64
	for b.Loop() {
		start := time.Now()
		if packed {
			jit.Call(pack, list...)
		}
		middle := time.Now()
		jit.Call(gemm, list...)
		end := time.Now()
		whole = append(whole, flops/float64(end.Sub(start).Nanoseconds()))
		apart = append(apart, flops/float64(end.Sub(middle).Nanoseconds()))
		if len(whole)%max(1, int(1e8/flops)) == 0 || len(peaks) == 0 {
			peaks = append(peaks, peak())
		}
	}
	likely := func(x []float64) float64 { slices.Sort(x); return x[len(x)*49/50] }
	b.ReportMetric(likely(whole), "GFLOP/s")
	b.ReportMetric(likely(apart), "GFLOP/s-unpacked")
	b.ReportMetric(100*likely(whole)/likely(peaks), "%peak")
}
