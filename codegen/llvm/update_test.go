package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, c := range []struct{ shape, part, start, step []int }{
		{nil, nil, nil, nil},
		{[]int{0}, []int{0}, []int{0}, []int{1}},
		{[]int{9}, []int{0}, []int{3}, []int{1}},
		{[]int{100}, []int{37}, []int{3}, []int{1}},
		{[]int{100}, []int{33}, []int{1}, []int{3}},
		{[]int{100}, []int{33}, []int{97}, []int{-3}},
		{[]int{4, 6}, []int{4, 6}, []int{0, 0}, []int{1, 1}},
		{[]int{4, 6}, []int{4, 6}, []int{3, 5}, []int{-1, -1}},
		{[]int{4, 6}, []int{2, 6}, []int{1, 0}, []int{2, 1}},
		{[]int{4, 6}, []int{1, 6}, []int{3, 0}, []int{7, 1}},
		{[]int{4, 50}, []int{4, 20}, []int{0, 29}, []int{1, 1}},
		{[]int{3, 4, 5}, []int{3, 1, 5}, []int{0, 2, 0}, []int{1, 1, 1}},
		{[]int{3, 4, 5}, []int{2, 2, 2}, []int{0, 3, 4}, []int{2, -2, -3}},
		{[]int{2, 1, 5, 3}, []int{2, 1, 2, 3}, []int{0, 0, 3, 0}, []int{1, 1, 1, 1}},
	} {
		a := &ir.SliceAttrs{Start: ir.Sizes(c.start...), Step: c.step}
		name := fmt.Sprint(c.shape, c.part, c.start, c.step)
		for _, d := range []tensor.DType{tensor.BF16, tensor.I32} {
			make := func() *singleCase {
				return newCase(t, fmt.Sprint(d, " ", name), ir.OpUpdate, a, pattern(d, c.shape, 1), pattern(d, c.part, 2))
			}
			cases = append(cases, make(), make().overwriting())
			if d == tensor.I32 {
				cases = append(cases, make().lie(swapped, sliced), make().lie(sliced, swapped), make().lie(repeated, repeated),
					make().lie(dense, sliced).overwriting(), make().lie(dense, swapped).overwriting())
			}
		}
	}
	checkSingles(t, cases)
}

func TestDynUpdate(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, shape := range [][]int{{37}, {2, 6, 3}, {4, 0}} {
		for axis, n := range shape {
			for _, size := range []int{0, (n + 1) / 2, n, n + 1} {
				part := append([]int(nil), shape...)
				part[axis] = size
				for _, d := range []tensor.DType{tensor.F32, tensor.Bool} {
					for i, start := range []int64{0, int64(n - size), int64(n-size) + 1, -1 << 63} {
						make := func() *singleCase {
							at := tensor.New(tensor.I64)
							at.SetInt(0, start)
							c := newCase(t, fmt.Sprint(d, shape, part, start), ir.OpDynUpdate, &ir.AxisAttrs{Axis: axis},
								pattern(d, shape, 1), pattern(d, part, 2), at)
							if i > 1 || size > n {
								places, code := placesOf(n, size)
								c.failing(int64(code), start, int64(places))
							}
							return c
						}
						cases = append(cases, make())
						if d == tensor.F32 {
							cases = append(cases, make().overwriting(), make().lie(sliced, swapped))
						}
					}
				}
			}
		}
	}
	checkSingles(t, cases)
}
