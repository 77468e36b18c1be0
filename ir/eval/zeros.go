package eval

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A held value is a tensor as the machine keeps it, and which of its elements
// are zero by construction: a product with one is zero, whatever the other
// factor is. zeros is nil where none is known. In strict mode only what declared
// properties leave out counts.
type held struct {
	*tensor.Tensor
	zeros []bool
}

// zeros returns which elements of v's result are zero by construction.
func (m *machine) zeros(v *ir.Value, args []held) []bool {
	if !v.Type.DType.IsFloat() {
		return nil
	}
	switch v.Op {
	case ir.OpFull:
		if !m.opts.Strict && v.Attrs.(*ir.FullAttrs).ExactZero() {
			return filled(v.Type.Dims(), true).data
		}
	case ir.OpOneHot:
		if !m.opts.Strict {
			return oneHot(v.Type.Dims(), indicesOf(args[0].Tensor), literals[bool]{zero: true}, false).data
		}
	case ir.OpCholesky:
		if !m.opts.Strict {
			return structured(newArray[bool](v.Type.Dims()), ir.Props{Set: ir.Lower}, literals[bool]{zero: true}).data
		}
	case ir.OpNeg, ir.OpAbs:
		return args[0].zeros
	case ir.OpConvert:
		if v.Args[0].Type.DType.IsFloat() {
			return args[0].zeros
		}
	case ir.OpDiv:
		if !m.opts.Strict && ir.ByConstant(v) {
			return joinZeros(v, args, func(a, _ bool) bool { return a })
		}
	case ir.OpMul:
		return joinZeros(v, args, func(a, b bool) bool { return a || b })
	case ir.OpAdd, ir.OpSub:
		return joinZeros(v, args, func(a, b bool) bool { return a && b })
	case ir.OpSum:
		return sumZeros(v, args[0])
	case ir.OpContract:
		return m.contractZeros(v, args)
	case ir.OpDynSlice, ir.OpDynUpdate, ir.OpTake, ir.OpTakeAlong:
		return indexZeros(v, args)
	}
	if v.Op.Info().Class == ir.Movement {
		return m.moveZeros(v, args)
	}
	return nil
}

func anyZeros(args []held) bool {
	return slices.ContainsFunc(args, func(a held) bool { return a.zeros != nil })
}

// marks returns the marks of a as an array, all false where there are none.
func (a held) marks() array[bool] {
	if a.zeros == nil {
		return newArray[bool](a.Shape())
	}
	return array[bool]{a.Shape(), a.zeros}
}

func joinZeros(v *ir.Value, args []held, join func(a, b bool) bool) []bool {
	if !anyZeros(args) {
		return nil
	}
	shape := v.Type.Dims()
	spread := func(a held) []bool {
		out := newArray[bool](shape)
		copyWalk(out.data, walk{steps: strides(shape)}, a.marks().data, stretched(a.Shape(), shape), shape)
		return out.data
	}
	a, b := spread(args[0]), spread(args[1])
	for i := range a {
		a[i] = join(a[i], b[i])
	}
	return a
}

func sumZeros(v *ir.Value, arg held) []bool {
	if arg.zeros == nil {
		return nil
	}
	x, n := axesLast(arg.marks(), v.Attrs.(*ir.AxesAttrs).Axes)
	out := make([]bool, product(v.Type.Dims()))
	for i := range out {
		out[i] = n > 0 && !slices.Contains(x.data[i*n:(i+1)*n], false)
	}
	return out
}

// contractZeros marks elements all of whose terms have a zero by construction,
// by counting the others.
func (m *machine) contractZeros(v *ir.Value, args []held) []bool {
	if m.opts.Strict || !anyZeros(args) {
		return nil
	}
	others := make([]*tensor.Tensor, len(args))
	for k, a := range args {
		t := tensor.New(tensor.F64, a.Shape()...)
		for i, zero := range a.marks().data {
			view[float64](t)[i] = float64(one(!zero))
		}
		others[k] = t
	}
	count, err := evalContract(&machine{ctx: m.ctx}, v, others)
	if err != nil {
		return nil // the context has ended, as the interpreter finds next
	}
	out := make([]bool, count.Len())
	for i, n := range view[float64](count) {
		out[i] = n == 0
	}
	return out
}

func indexZeros(v *ir.Value, args []held) []bool {
	n := len(args) - 1
	if !anyZeros(args[:n]) {
		return nil
	}
	var x []array[bool]
	for _, a := range args[:n] {
		x = append(x, a.marks())
	}
	if v.Op == ir.OpDynUpdate { // a zero that stays is one by selection
		x[0] = newArray[bool](x[0].shape)
	}
	out, err := indexed(v, x, indicesOf(args[n].Tensor), false)
	if err != nil {
		return nil // the operation itself has failed before
	}
	return out.data
}

func (m *machine) moveZeros(v *ir.Value, args []held) []bool {
	lit, fill := literals[bool]{zero: !m.opts.Strict || v.Op == ir.OpAssume}, false
	makes := v.Op == ir.OpAssume || !m.opts.Strict && (v.Op == ir.OpTri || v.Op == ir.OpDiag)
	if v.Op == ir.OpPad {
		fill = !m.opts.Strict && v.Attrs.(*ir.PadAttrs).Value.Float == 0
		makes = fill
	}
	if !makes && !anyZeros(args) {
		return nil
	}
	var x []array[bool]
	for _, a := range args {
		x = append(x, a.marks())
	}
	if v.Op == ir.OpUpdate {
		x[0] = newArray[bool](x[0].shape)
	}
	return move(v, x, lit, fill).data
}

// product evaluates mul and contract where a factor has zeros by construction
// beside NaN or an infinity of another; ok is false where there is no such pair.
func (m *machine) product(v *ir.Value, args []held, zeros []bool) (out *tensor.Tensor, ok bool, err error) {
	if v.Op != ir.OpMul && v.Op != ir.OpContract || !anyZeros(args) || !slices.ContainsFunc(args, held.special) {
		return nil, false, nil
	}
	if args[0].DType() == tensor.F64 {
		out, err = productOf2[float64](m, v, args, zeros)
	} else {
		out, err = productOf2[float32](m, v, args, zeros)
	}
	return out, true, err
}

// special reports whether an element is NaN or infinite.
func (a held) special() bool {
	switch a.DType() {
	case tensor.F64:
		return !finite(view[float64](a.Tensor))
	case tensor.F32:
		return !finite(view[float32](a.Tensor))
	}
	return false
}

func productOf2[T float](m *machine, v *ir.Value, args []held, zeros []bool) (*tensor.Tensor, error) {
	if v.Op == ir.OpMul {
		out, err := evalBinary(m, v, []*tensor.Tensor{args[0].Tensor, args[1].Tensor})
		if err != nil {
			return nil, err
		}
		for i, zero := range zeros {
			if zero {
				view[T](out)[i] = 0
			}
		}
		return out, nil
	}
	e, err := parseEinsum(v)
	if err != nil {
		return nil, err
	}
	x, skip := make([][]T, len(args)), make([][]bool, len(args))
	for k, a := range args {
		x[k], skip[k] = view[T](a.Tensor), a.zeros
	}
	out, err := contractLoops(m, e, x, skip)
	return wrap(args[0].DType(), out), err
}
