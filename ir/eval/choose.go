package eval

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// beats reports whether a comes before b where the largest comes first: NaN
// counts as largest, and -0 equals +0.
func beats[T number](a, b T) bool { return a > b || a != a && b == b }

func evalArg(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), argBest[float64], argBest[float32], argBest[int64], argBest[int32], argBest[int8], argBest[uint8])
	out := tensor.New(tensor.I64, v.Type.Dims()...)
	f(v, view[int64](out), args[0])
	return out, nil
}

// argBest finds the first of the largest or least; NaN wins both.
func argBest[T number](v *ir.Value, out []int64, arg *tensor.Tensor) {
	x := axisLast(arrayOf[T](arg), v.Attrs.(*ir.AxisAttrs).Axis)
	n := last(x.shape)
	for k := range out {
		row := x.data[k*n : (k+1)*n]
		best := 0
		for i, a := range row {
			b := row[best]
			if v.Op == ir.OpArgMax && beats(a, b) || v.Op == ir.OpArgMin && b == b && (a < b || a != a) {
				best = i
			}
		}
		out[k] = int64(best)
	}
}

func evalArgSort(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	a := v.Attrs.(*ir.SortAttrs)
	return order(args[0], a.Axis, args[0].Shape()[a.Axis], a.Descending), nil
}

func evalTopK(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	a := v.Attrs.(*ir.TopKAttrs)
	k, _ := a.K.Int()
	return order(args[0], a.Axis, k, true), nil
}

// order returns the indices of the first k elements along axis in sorted order;
// equal ones stay in the order of the index, in both directions.
func order(t *tensor.Tensor, axis, k int, descending bool) *tensor.Tensor {
	f := byType(t.DType(), orderOf[float64], orderOf[float32], orderOf[int64], orderOf[int32], orderOf[int8], orderOf[uint8])
	return wrap(tensor.I64, f(t, axis, k, descending))
}

func orderOf[T number](t *tensor.Tensor, axis, k int, descending bool) array[int64] {
	x := axisLast(arrayOf[T](t), axis)
	n := last(x.shape)
	out := newArray[int64](append(slices.Clone(x.shape[:len(x.shape)-1]), k))
	index := make([]int64, n)
	for r := range product(out.shape[:len(out.shape)-1]) {
		row := x.data[r*n : (r+1)*n]
		for i := range index {
			index[i] = int64(i)
		}
		slices.SortStableFunc(index, func(i, j int64) int {
			a, b := row[i], row[j]
			if !descending {
				a, b = b, a
			}
			switch {
			case beats(a, b):
				return -1
			case beats(b, a):
				return 1
			}
			return 0
		})
		copy(out.data[r*k:(r+1)*k], index)
	}
	return axisBack(out, axis)
}
