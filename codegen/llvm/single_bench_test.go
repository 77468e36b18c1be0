package llvm

import (
	"context"
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// BenchmarkSingle runs operations with skeletons of their own on one worker; B/op
// is not what it measures, but ns for one element of the first operand is.
func BenchmarkSingle(b *testing.B) {
	lib := llvmtest.Library(b)
	host, target := hostTarget(lib, 0)
	random := func(shape ...int) *tensor.Tensor {
		x := tensor.New(tensor.F32, shape...)
		state := uint32(1)
		for i := range x.Len() {
			state = state*1664525 + 1013904223
			x.SetFloat(i, float64(int32(state))/(1<<31))
		}
		return x
	}
	for _, c := range []struct {
		op    ir.Op
		attrs ir.Attrs
		args  []*tensor.Tensor
	}{
		{ir.OpArgSort, &ir.SortAttrs{}, []*tensor.Tensor{random(50257)}},
		{ir.OpArgSort, &ir.SortAttrs{Axis: 1}, []*tensor.Tensor{random(1000, 64)}},
		{ir.OpTopK, &ir.TopKAttrs{K: dim.Const(50)}, []*tensor.Tensor{random(50257)}},
		{ir.OpTopK, &ir.TopKAttrs{Axis: 1, K: dim.Const(2)}, []*tensor.Tensor{random(1000, 64)}},
		{ir.OpCumSum, &ir.CumSumAttrs{Axis: 1}, []*tensor.Tensor{random(64, 1000)}},
		{ir.OpCumSum, &ir.CumSumAttrs{}, []*tensor.Tensor{random(64, 1000)}},
		{ir.OpScatter, &ir.ScatterAttrs{}, []*tensor.Tensor{random(100, 512), places(tensor.I64, []int{400}, 100, 1), random(400, 512)}},
		{ir.OpCholesky, nil, []*tensor.Tensor{regular(tensor.F32, nil, 256, true)}},
		{ir.OpInv, nil, []*tensor.Tensor{regular(tensor.F32, nil, 256, false)}},
		{ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLU}, []*tensor.Tensor{regular(tensor.F32, nil, 512, false), random(512, 1)}},
		{ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLower}, []*tensor.Tensor{regular(tensor.F32, nil, 512, false), random(512, 1)}},
		{ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLower}, []*tensor.Tensor{regular(tensor.F32, nil, 256, false), random(256, 256)}},
		{ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLU}, []*tensor.Tensor{regular(tensor.F32, []int{1000}, 8, false), random(1000, 8, 1)}},
	} {
		one := newCase(b, fmt.Sprint(c.args[0].Shape()), c.op, c.attrs, c.args...)
		m, p := newModule(target, false), &kernel.Program{Site: map[*ir.Value]int{}}
		one.emit(m, p, "f")
		obj, err := jit.Compile(context.Background(), lib, host, []byte(m.m.String()), jit.Object)
		if err != nil {
			b.Fatal(err)
		}
		img, err := jit.Load(obj, jit.LibC)
		if err != nil {
			b.Fatal(err)
		}
		fn, _ := img.Symbol("f")
		b.Run(one.name, func(b *testing.B) {
			memory := one.place(p.Scratch, 1)
			for b.Loop() {
				memory.call(fn, 0, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.args[0].Len()), "ns/elem")
		})
		if err := img.Close(); err != nil {
			b.Error(err)
		}
	}
}
