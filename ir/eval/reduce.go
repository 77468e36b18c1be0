package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func evalReduce(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	d := args[0].DType()
	f := byType(d, reduceTensor[float64], reduceTensor[float32], reduceTensor[int64], reduceTensor[int32], reduceTensor[int8], reduceTensor[uint8])
	out := tensor.New(d, v.Type.Dims()...)
	f(v, out, args[0])
	return out, nil
}

// reduceTensor combines from the first element on, in the order of the index.
func reduceTensor[T number](v *ir.Value, out, arg *tensor.Tensor) {
	x, n := axesLast(arrayOf[T](arg), v.Attrs.(*ir.AxesAttrs).Axes)
	var combine func(row []T) T
	switch v.Op {
	case ir.OpSum:
		combine = sumOf[T]
	case ir.OpProd:
		combine = productOf[T]
	case ir.OpReduceMax, ir.OpAny: // bool is 0 or 1
		combine = largest[T]
	default:
		combine = least[T]
	}
	empty := neutral[T](v.Op, arg.DType())
	y := view[T](out)
	for i := range y {
		if n == 0 {
			y[i] = empty
			continue
		}
		y[i] = combine(x.data[i*n : (i+1)*n])
	}
}

// neutral returns what a reduction over nothing gives.
func neutral[T number](op ir.Op, d tensor.DType) T {
	lo, hi := tensor.Range(d)
	least, greatest := T(lo), T(hi)
	if d.IsFloat() {
		inf := math.Inf(1)
		least, greatest = T(-inf), T(inf)
	}
	switch op {
	case ir.OpProd, ir.OpAll:
		return 1
	case ir.OpReduceMax:
		return least
	case ir.OpReduceMin:
		return greatest
	}
	return 0
}

func sumOf[T number](x []T) T {
	sum := x[0]
	for _, a := range x[1:] {
		sum += a
	}
	return sum
}

func productOf[T number](x []T) T {
	p := x[0]
	for _, a := range x[1:] {
		p *= a
	}
	return p
}

func largest[T number](x []T) T {
	m := x[0]
	for _, a := range x[1:] {
		m = max(m, a)
	}
	return m
}

func least[T number](x []T) T {
	m := x[0]
	for _, a := range x[1:] {
		m = min(m, a)
	}
	return m
}

func evalCumSum(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	d := args[0].DType()
	f := byType(d, cumSum[float64], cumSum[float32], cumSum[int64], cumSum[int32], cumSum[int8], cumSum[uint8])
	return f(v, args[0]), nil
}

func cumSum[T number](v *ir.Value, arg *tensor.Tensor) *tensor.Tensor {
	a := v.Attrs.(*ir.CumSumAttrs)
	x := axisLast(arrayOf[T](arg), a.Axis)
	out := newArray[T](x.shape)
	n := last(x.shape)
	for from := 0; from < len(x.data); from += n {
		row, y := x.data[from:from+n], out.data[from:from+n]
		if a.Exclusive { // the first element of y stays zero
			copy(y[1:], row)
			if n > 2 {
				running(y[1:], y[1:])
			}
			continue
		}
		running(y, row)
	}
	return wrap(arg.DType(), axisBack(out, a.Axis))
}

// running sets y to the sums of x up to each element; they may be the same.
func running[T number](y, x []T) {
	sum := x[0]
	y[0] = sum
	for i := 1; i < len(x); i++ {
		sum += x[i]
		y[i] = sum
	}
}
