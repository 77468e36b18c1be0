package llvm

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// ordered makes tensors to sort: few values, many, special ones, and the ends of
// the range of integers.
func ordered(d tensor.DType, shape []int) []*tensor.Tensor {
	x := pattern(d, shape, 1)
	if d.IsFloat() {
		return []*tensor.Tensor{x, pattern(d, shape, 2, specials...)}
	}
	lo, hi := tensor.Range(d)
	y := x.Clone()
	for i := range y.Len() {
		switch i % 5 {
		case 1:
			y.SetInt(i, lo)
		case 3:
			y.SetInt(i, hi)
		}
	}
	return []*tensor.Tensor{x, y}
}

func TestArgSort(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, d := range tensor.DTypes() {
		for i, shape := range [][]int{{5, 9}, {1}, {0}, {2, 19, 3}, {16}, {300}} {
			for axis := range shape {
				for _, descending := range []bool{false, true} {
					if i > 0 && d != tensor.F32 && (d != tensor.I64 || descending) {
						continue
					}
					a := &ir.SortAttrs{Axis: axis, Descending: descending}
					name := fmt.Sprint(d, shape, axis, descending)
					for _, x := range ordered(d, shape) {
						cases = append(cases, newCase(t, name, ir.OpArgSort, a, x))
						if i == 0 && d == tensor.F32 {
							for _, l := range []layout{swapped, sliced, repeated} {
								cases = append(cases, newCase(t, name, ir.OpArgSort, a, x).lie(l))
							}
						}
					}
				}
			}
		}
	}
	checkSingles(t, cases)
}

func TestTopK(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, d := range tensor.DTypes() {
		for i, shape := range [][]int{{5, 9}, {3, 70}, {0}, {1}, {2, 19, 3}} {
			if i > 0 && d != tensor.F32 && d != tensor.I64 {
				continue
			}
			for axis, n := range shape {
				ks := []int{0, 2, n / 2, n}
				if i == 0 && d != tensor.F32 {
					ks = []int{2 + axis}
				}
				slices.Sort(ks)
				for _, k := range slices.Compact(ks) {
					if k > n {
						continue
					}
					a := &ir.TopKAttrs{Axis: axis, K: dim.Const(k)}
					name := fmt.Sprint(d, shape, axis, k)
					for _, x := range ordered(d, shape) {
						cases = append(cases, newCase(t, name, ir.OpTopK, a, x))
						if i == 0 && k == 2 && d == tensor.F32 {
							for _, l := range []layout{swapped, sliced, repeated} {
								cases = append(cases, newCase(t, name, ir.OpTopK, a, x).lie(l))
							}
						}
					}
				}
			}
		}
	}
	checkSingles(t, cases)
}
