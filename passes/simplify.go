package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// simplifications are the laws of the pass simplify:
//
//	x.T.T   becomes   x
//
// Each has fewer operations on its right side, none of which costs more. They
// need nothing before them; equal values look alike after them.
var simplifications = []law{
	{&Rule{"transposed twice", "transpose(transpose(x, p), q) = transpose(x, p[q])", Exact}, transposedTwice},
	{&Rule{"transposed in place", "transpose(x, [0, 1, ..]) = x", Exact}, transposedInPlace},
	{&Rule{"reshaped twice", "reshape(reshape(x, a), b) = reshape(x, b)", Exact}, reshapedTwice},
	{&Rule{"moved in place", "x reshaped, stretched, cut, padded or joined to what it is = x", Exact}, movedInPlace},
	{&Rule{"reduced one", "sum(x, axis=i) = reshape(x) where axis i has one element", Exact}, reducedOne},
	{&Rule{"negated twice", "-(-x) = x", Exact}, negatedTwice},
	{&Rule{"neutral", "x * 1 = x / 1 = x - 0 = x", Exact}, neutral},
	{&Rule{"zero added", "x + 0 = x", Reassociate}, zeroAdded},
	{&Rule{"kept triangle", "tril(x, k) = x where nothing lies beyond", Exact}, keptTriangle},
	{&Rule{"diagonal of a diagonal", "diagonal(diag(v)) = v", Exact}, diagonalOfDiag},
	{&Rule{"times zero", "0 * x = 0 for an x that is finite whatever the arguments are", Nonfinite}, timesZero},
	{&Rule{"less itself", "x - x = 0 for an x that is finite whatever the arguments are", Nonfinite}, lessItself},
	{&Rule{"added and taken away", "(a + x) - x = a for an x that is finite whatever the arguments are", Nonfinite}, lessAdded},
	{&Rule{"chosen", "where(true, a, b) = a", Exact}, chosen},
}

func transposedTwice(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTranspose || v.Args[0].Op != ir.OpTranspose {
		return nil
	}
	x := v.Args[0]
	inner, outer := x.Attrs.(*ir.PermAttrs).Perm, v.Attrs.(*ir.PermAttrs).Perm
	perm := make([]int, len(outer))
	for i, p := range outer {
		perm[i] = inner[p]
	}
	return func() *ir.Value {
		return w.emit(v, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, x.Args[0])
	}
}

func transposedInPlace(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTranspose || !slices.IsSorted(v.Attrs.(*ir.PermAttrs).Perm) {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}

func reshapedTwice(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpReshape || v.Args[0].Op != ir.OpReshape {
		return nil
	}
	return func() *ir.Value { return w.emit(v, ir.OpReshape, nil, v.Type.Plain(), v.Args[0].Args[0]) }
}

// movedInPlace finds movement that moves nothing: these operations keep the
// order of the elements, so of the same type it is the same value.
func movedInPlace(_ *rewriter, v *ir.Value) func() *ir.Value {
	switch v.Op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpPad:
	case ir.OpConcat:
		if len(v.Args) != 1 {
			return nil
		}
	case ir.OpSlice:
		for i, step := range v.Attrs.(*ir.SliceAttrs).Step {
			if step < 0 && v.Type.Dims()[i] > 1 {
				return nil
			}
		}
	default:
		return nil
	}
	if !v.Type.Equal(v.Args[0].Type) {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}

// reducedOne is about reductions that are their only operand.
func reducedOne(w *rewriter, v *ir.Value) func() *ir.Value {
	switch v.Op {
	case ir.OpSum, ir.OpProd, ir.OpReduceMax, ir.OpReduceMin, ir.OpAny, ir.OpAll:
	default:
		return nil
	}
	x := v.Args[0]
	if !x.Type.Plain().WithDType(v.Type.DType).Equal(x.Type.Plain()) {
		return nil
	}
	for _, axis := range v.Attrs.(*ir.AxesAttrs).Axes {
		if x.Type.Dims()[axis] != 1 {
			return nil
		}
	}
	if v.Op != ir.OpSum && !w.unmarked(x) {
		return nil
	}
	return func() *ir.Value { return w.put(v, ir.OpReshape, nil, v.Type.Plain(), x) }
}

func negatedTwice(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpNeg || v.Args[0].Op != ir.OpNeg {
		return nil
	}
	return func() *ir.Value { return v.Args[0].Args[0] }
}

// number returns the one number that v is everywhere.
func number(v *ir.Value) (float64, bool) {
	for v.Op == ir.OpBroadcast || v.Op == ir.OpReshape {
		v = v.Args[0]
	}
	if v.Op != ir.OpFull {
		return 0, false
	}
	n := v.Attrs.(*ir.FullAttrs).Value
	if n.IsInt {
		return float64(n.Int), true
	}
	return n.Float, true
}

func is(v *ir.Value, x float64) bool {
	n, ok := number(v)
	return ok && n == x
}

// unmarked reports whether x may stand for what is computed of it without a
// change: in strict mode products with NaN tell a zero that a property declares
// from one that was computed.
func (w *rewriter) unmarked(x *ir.Value) bool {
	const depth = 8
	return !w.opts.Strict || !declaresZeros(x, depth)
}

// declaresZeros reports whether v may have zeros that a property declares; true
// where the answer lies deeper.
func declaresZeros(v *ir.Value, depth int) bool {
	if v.Type.Props != (ir.Props{}) || depth == 0 {
		return true
	}
	switch class := v.Op.Info().Class; {
	case class == ir.Movement, class == ir.Indexed:
	case v.Op == ir.OpNeg, v.Op == ir.OpAbs, v.Op == ir.OpConvert, v.Op == ir.OpMul, v.Op == ir.OpAdd, v.Op == ir.OpSub, v.Op == ir.OpSum:
	default:
		return false
	}
	return slices.ContainsFunc(v.Args, func(a *ir.Value) bool { return declaresZeros(a, depth-1) })
}

func neutral(w *rewriter, v *ir.Value) func() *ir.Value {
	for i, a := range v.Args {
		var ok bool
		switch v.Op {
		case ir.OpMul:
			ok = is(v.Args[1-i], 1)
		case ir.OpDiv:
			ok = i == 0 && is(v.Args[1], 1)
		case ir.OpSub:
			ok = i == 0 && is(v.Args[1], 0)
		}
		if ok && a.Type.Equal(v.Type) && (v.Op == ir.OpMul || w.unmarked(a)) {
			return func() *ir.Value { return a }
		}
	}
	return nil
}

// zeroAdded loses the sign of a zero: -0 + 0 is 0.
func zeroAdded(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpAdd {
		return nil
	}
	for i, a := range v.Args {
		if is(v.Args[1-i], 0) && a.Type.Equal(v.Type) {
			return func() *ir.Value { return a }
		}
	}
	return nil
}

func keptTriangle(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTri {
		return nil
	}
	t := v.Attrs.(*ir.TriAttrs)
	k, _ := t.K.Int()
	d := v.Type.Dims()
	m, n := d[len(d)-2], d[len(d)-1]
	if t.Upper && k > 1-m || !t.Upper && k < n-1 {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}

func diagonalOfDiag(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpDiagonal || v.Args[0].Op != ir.OpDiag {
		return nil
	}
	return func() *ir.Value { return v.Args[0].Args[0] }
}

func chosen(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpWhere {
		return nil
	}
	c, ok := number(v.Args[0])
	if !ok {
		return nil
	}
	x := v.Args[2]
	if c != 0 {
		x = v.Args[1]
	}
	if !w.unmarked(x) {
		return nil
	}
	return func() *ir.Value { return w.put(v, ir.OpBroadcast, nil, v.Type.Plain(), x) }
}
