package llvm

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// places makes indices below n, with repetitions.
func places(d tensor.DType, shape []int, n, seed int) *tensor.Tensor {
	x := tensor.New(d, shape...)
	for i := range x.Len() {
		x.SetInt(i, int64((i*i*7+i*seed+seed)%n))
	}
	return x
}

func TestScatter(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, c := range []struct {
		shape, idx []int
		axis       int
	}{
		{[]int{7}, []int{20}, 0}, {[]int{7}, nil, 0}, {[]int{7}, []int{0}, 0},
		{[]int{5, 37}, []int{9}, 0}, {[]int{5, 37}, []int{2, 3}, 1}, {[]int{3, 4, 5}, []int{2, 3}, 1},
		{[]int{4, 0}, []int{3}, 0}, {[]int{0, 4}, []int{3}, 1}, {[]int{2, 3, 2, 2}, []int{5}, 1},
	} {
		for _, set := range []bool{false, true} {
			part := slices.Concat(c.shape[:c.axis], c.idx, c.shape[c.axis+1:])
			for _, d := range []tensor.DType{tensor.F32, tensor.BF16, tensor.F16, tensor.I64, tensor.U8, tensor.Bool} {
				if d == tensor.Bool && !set || d != tensor.F32 && d != tensor.BF16 && len(c.shape) == 2 && c.axis == 0 {
					continue
				}
				a := &ir.ScatterAttrs{Axis: c.axis, Set: set}
				make := func() *singleCase {
					return newCase(t, fmt.Sprint(d, " ", c.shape, c.idx, c.axis, " ", set), ir.OpScatter, a, pattern(d, c.shape, 1), places(tensor.I64, c.idx, c.shape[c.axis], 3), pattern(d, part, 2))
				}
				cases = append(cases, make())
				if len(c.shape) > 1 && (d == tensor.F32 || d == tensor.F16) {
					cases = append(cases, make().overwriting(), make().lie(swapped, sliced, swapped), make().lie(sliced, swapped, sliced), make().lie(repeated, dense, repeated))
				}
				if d == tensor.F32 || d == tensor.BF16 {
					for _, bad := range []int64{-1, int64(c.shape[c.axis]), 1 << 40} {
						f := make()
						if n := f.args[1].Len(); n > 0 && product(part) > 0 {
							f.args[1].SetInt(n/2, bad)
							cases = append(cases, f.failing(CodeIndex, bad, int64(c.shape[c.axis])))
						}
					}
				}
			}
		}
	}
	for _, d := range []tensor.DType{tensor.I32, tensor.I8, tensor.U8} { // indices of each type
		idx := places(d, []int{6}, 4, 1)
		cases = append(cases, newCase(t, d.String(), ir.OpScatter, &ir.ScatterAttrs{}, pattern(tensor.F32, []int{4, 3}, 1), idx, pattern(tensor.F32, []int{6, 3}, 2)))
	}
	checkSingles(t, cases)
}

func TestScatterAlong(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, c := range []struct {
		shape, idx []int
		axis       int
	}{
		{[]int{7}, []int{20}, 0}, {[]int{7}, []int{0}, 0}, {[]int{5, 37}, []int{9, 37}, 0}, {[]int{5, 37}, []int{5, 6}, 1},
		{[]int{3, 4, 5}, []int{3, 2, 5}, 1}, {[]int{4, 0}, []int{3, 0}, 0}, {[]int{0, 4}, []int{0, 3}, 1},
	} {
		for _, set := range []bool{false, true} {
			for _, d := range []tensor.DType{tensor.F32, tensor.BF16, tensor.F16, tensor.I64, tensor.U8, tensor.Bool} {
				if d == tensor.Bool && !set || d != tensor.F32 && d != tensor.BF16 && len(c.shape) == 2 && c.axis == 0 {
					continue
				}
				a := &ir.ScatterAttrs{Axis: c.axis, Set: set}
				make := func() *singleCase {
					return newCase(t, fmt.Sprint(d, " ", c.shape, c.idx, c.axis, " ", set), ir.OpScatterAlong, a, pattern(d, c.shape, 1), places(tensor.I32, c.idx, c.shape[c.axis], 3), pattern(d, c.idx, 2))
				}
				cases = append(cases, make())
				if len(c.shape) > 1 && (d == tensor.F32 || d == tensor.F16) {
					cases = append(cases, make().overwriting(), make().lie(swapped, sliced, swapped), make().lie(sliced, swapped, sliced), make().lie(repeated, dense, repeated))
					for _, bad := range []int64{-1, int64(c.shape[c.axis])} {
						f := make()
						if n := f.args[1].Len(); n > 0 {
							f.args[1].SetInt(n/2, bad)
							cases = append(cases, f.failing(CodeIndex, bad, int64(c.shape[c.axis])))
						}
					}
				}
			}
		}
	}
	checkSingles(t, cases)
}

// No index is inside of an axis without elements.
func TestScatterNowhere(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, op := range []ir.Op{ir.OpScatter, ir.OpScatterAlong} {
		for _, set := range []bool{false, true} {
			for _, d := range []tensor.DType{tensor.F32, tensor.BF16} {
				for _, shape := range [][]int{{0}, {2, 0}} {
					axis := len(shape) - 1
					part := append(slices.Clone(shape[:axis]), 3)
					idx := part
					if op == ir.OpScatter {
						idx = part[axis:]
					}
					make := func() *singleCase {
						a := &ir.ScatterAttrs{Axis: axis, Set: set}
						return newCase(t, fmt.Sprint(d, " ", shape, " ", set), op, a, tensor.New(d, shape...), tensor.New(tensor.I64, idx...), pattern(d, part, 2))
					}
					cases = append(cases, make().failing(CodeIndex, 0, 0), make().overwriting().failing(CodeIndex, 0, 0))
				}
			}
		}
	}
	checkSingles(t, cases)
}
