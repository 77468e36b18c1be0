package eval

import (
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// blockElems is how many elements a row kernel takes at a time: operands that
// stretch along a row are spread into a block of that size, which stays in the
// first-level cache.
const blockElems = 1024

// A float is the Go types that floats are held in.
type float interface{ float64 | float32 }

func evalUnary(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), unaryFloats[float64], unaryFloats[float32], unaryInts[int64], unaryInts[int32], unaryInts[int8], unaryInts[uint8])
	out := tensor.New(args[0].DType(), args[0].Shape()...)
	f(v.Op, out, args[0])
	return out, nil
}

func unaryFloats[T float](op ir.Op, out, arg *tensor.Tensor) {
	y, x := view[T](out), view[T](arg)
	switch op {
	case ir.OpNeg:
		for i := range y {
			y[i] = -x[i]
		}
	case ir.OpAbs:
		for i := range y {
			y[i] = T(math.Abs(float64(x[i])))
		}
	case ir.OpSqrt: // one rounding in f64 and one to f32 give what one would
		for i := range y {
			y[i] = T(math.Sqrt(float64(x[i])))
		}
	default:
		f := realFuncs[op]
		for i := range y {
			y[i] = T(f(float64(x[i])))
		}
	}
}

// realFuncs has the functions of one float.
var realFuncs = [ir.NumOps]func(float64) float64{
	ir.OpNeg:   func(x float64) float64 { return -x },
	ir.OpAbs:   math.Abs,
	ir.OpSign:  sign,
	ir.OpFloor: math.Floor,
	ir.OpCeil:  math.Ceil,
	ir.OpRound: math.RoundToEven,
	ir.OpSqrt:  math.Sqrt,
	ir.OpRsqrt: func(x float64) float64 { return 1 / math.Sqrt(x) },
	ir.OpExp:   exp,
	ir.OpExpm1: math.Expm1,
	ir.OpLog:   math.Log,
	ir.OpLog1p: math.Log1p,
	ir.OpSin:   math.Sin,
	ir.OpCos:   math.Cos,
	ir.OpTanh:  math.Tanh,
	ir.OpErf:   math.Erf,
}

// sign keeps NaN and the sign of zero.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

func unaryInts[T int64 | int32 | int8 | uint8](op ir.Op, out, arg *tensor.Tensor) {
	y, x := view[T](out), view[T](arg)
	for i, a := range x {
		switch {
		case op == ir.OpNeg, op == ir.OpAbs && a < 0:
			y[i] = -a
		case op == ir.OpAbs:
			y[i] = a
		case a > 0: // sign
			y[i] = 1
		case a < 0:
			y[i]-- // from zero
		}
	}
}

func evalNot(_ *machine, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := tensor.New(tensor.Bool, args[0].Shape()...)
	x := args[0].Bytes()
	for i := range x {
		out.Bytes()[i] = 1 - x[i]
	}
	return out, nil
}

// evalConvert goes through the declared types, which round, saturate and wrap
// as the tensor package says.
func evalConvert(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	to := v.Type.DType
	if m.opts.Mode == F64 && to.IsFloat() {
		to = tensor.F64
	}
	t := m.keep(args[0].Convert(to))
	if t == args[0] {
		t = t.Clone()
	}
	return t, nil
}

// rows calls f with blocks of the operands, stretched to the shape of the
// result, and where each block begins in it.
func rows[T number](shape []int, args []*tensor.Tensor, f func(at int, x [][]T) error) error {
	if product(shape) == 0 {
		return nil
	}
	walks := make([]walk, len(args))
	data := make([][]T, len(args))
	for k, t := range args {
		walks[k], data[k] = stretched(t.Shape(), shape), view[T](t)
	}
	sizes, walks := merge(shape, walks)
	n := last(sizes)
	spread := make([][]T, len(args))
	for k, w := range walks {
		if last(w.steps) != 1 {
			spread[k] = make([]T, min(n, blockElems))
		}
	}
	x := make([][]T, len(args))
	at := 0
	var failed error
	eachRow(sizes, walks, func(starts []int) {
		for from := 0; from < n && failed == nil; from += blockElems {
			size := min(blockElems, n-from)
			for k, w := range walks {
				step := last(w.steps)
				start := starts[k] + from*step
				if step == 1 {
					x[k] = data[k][start : start+size]
					continue
				}
				x[k] = spread[k][:size]
				if step == 0 && from > 0 {
					continue // still there
				}
				for i := range x[k] {
					x[k][i] = data[k][start+i*step]
				}
			}
			failed = f(at, x)
			at += size
		}
	})
	return failed
}

func evalBinary(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	d := args[0].DType()
	f := byType(d, binaryFloats[float64], binaryFloats[float32], binaryInts[int64], binaryInts[int32], binaryInts[int8], binaryInts[uint8])
	out := tensor.New(d, v.Type.Dims()...)
	return out, f(v, out, args)
}

func binaryFloats[T float](v *ir.Value, out *tensor.Tensor, args []*tensor.Tensor) error {
	y := view[T](out)
	var row func(y, a, b []T)
	switch v.Op {
	case ir.OpAdd:
		row = addRow[T]
	case ir.OpSub:
		row = subRow[T]
	case ir.OpMul:
		row = mulRow[T]
	case ir.OpDiv:
		row = func(y, a, b []T) {
			for i := range y {
				y[i] = a[i] / b[i]
			}
		}
	case ir.OpMax:
		row = maxRow[T]
	case ir.OpMin:
		row = minRow[T]
	case ir.OpPow:
		row = func(y, a, b []T) {
			for i := range y {
				y[i] = T(pow(float64(a[i]), float64(b[i])))
			}
		}
	default:
		return fmt.Errorf("eval: %v takes no floats", v.Op)
	}
	return rows(out.Shape(), args, func(at int, x [][]T) error {
		row(y[at:at+len(x[0])], x[0], x[1])
		return nil
	})
}

func addRow[T number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] + b[i]
	}
}

func subRow[T number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] - b[i]
	}
}

func mulRow[T number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = a[i] * b[i]
	}
}

func maxRow[T number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = max(a[i], b[i])
	}
}

func minRow[T number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = min(a[i], b[i])
	}
}

func binaryInts[T int64 | int32 | int8 | uint8](v *ir.Value, out *tensor.Tensor, args []*tensor.Tensor) error {
	y := view[T](out)
	var row func(y, a, b []T)
	switch v.Op {
	case ir.OpAdd:
		row = addRow[T]
	case ir.OpSub:
		row = subRow[T]
	case ir.OpMul:
		row = mulRow[T]
	case ir.OpMax, ir.OpOr: // bool is 0 or 1
		row = maxRow[T]
	case ir.OpMin, ir.OpAnd:
		row = minRow[T]
	case ir.OpFloorDiv, ir.OpMod:
		return rows(out.Shape(), args, func(at int, x [][]T) error {
			for i, a := range x[0] {
				b := x[1][i]
				if b == 0 {
					return failf(v, "%s", ir.DivisionFault(int64(a)))
				}
				q, r := floorDiv(a, b)
				if v.Op == ir.OpMod {
					q = r
				}
				y[at+i] = q
			}
			return nil
		})
	default:
		return fmt.Errorf("eval: %v takes no integers", v.Op)
	}
	return rows(out.Shape(), args, func(at int, x [][]T) error {
		row(y[at:at+len(x[0])], x[0], x[1])
		return nil
	})
}

// floorDiv returns the quotient rounded down and the remainder, which has the
// sign of b. The least integer divided by -1 wraps, as Go's division does.
func floorDiv[T int64 | int32 | int8 | uint8](a, b T) (q, r T) {
	q, r = a/b, a%b
	if r != 0 && (r < 0) != (b < 0) {
		q, r = q-1, r+b
	}
	return q, r
}

func evalCompare(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), compareRows[float64], compareRows[float32], compareRows[int64], compareRows[int32], compareRows[int8], compareRows[uint8])
	out := tensor.New(tensor.Bool, v.Type.Dims()...)
	return out, f(v, out, args)
}

func compareRows[T number](v *ir.Value, out *tensor.Tensor, args []*tensor.Tensor) error {
	y := out.Bytes()
	return rows(out.Shape(), args, func(at int, x [][]T) error {
		a, b := x[0], x[1]
		for i := range a {
			if holds(v.Op, a[i], b[i]) {
				y[at+i] = 1
			}
		}
		return nil
	})
}

// holds reports whether the comparison op holds.
func holds[T number](op ir.Op, a, b T) bool {
	switch op {
	case ir.OpEq:
		return a == b
	case ir.OpNe:
		return a != b
	case ir.OpLt:
		return a < b
	case ir.OpLe:
		return a <= b
	case ir.OpGt:
		return a > b
	}
	return a >= b
}

func evalWhere(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	d := args[1].DType()
	f := byType(d, chooseRows[float64], chooseRows[float32], chooseRows[int64], chooseRows[int32], chooseRows[int8], chooseRows[uint8])
	out := tensor.New(d, v.Type.Dims()...)
	return out, f(out, args)
}

func chooseRows[T number](out *tensor.Tensor, args []*tensor.Tensor) error {
	y, shape := view[T](out), out.Shape()
	// The condition is stretched first: its elements are of another type.
	cond := newArray[uint8](shape)
	copyWalk(cond.data, walk{steps: strides(shape)}, args[0].Bytes(), stretched(args[0].Shape(), shape), shape)
	return rows(shape, args[1:], func(at int, x [][]T) error {
		a, b := x[0], x[1]
		for i, c := range cond.data[at : at+len(a)] {
			if c != 0 {
				y[at+i] = a[i]
			} else {
				y[at+i] = b[i]
			}
		}
		return nil
	})
}
