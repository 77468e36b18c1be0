package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// masks are the laws of the pass mask, which finds where masks that iotas and
// constants make leave matrices nothing but some diagonals, so that products with
// them sum over these only, and products masked so are made within them only:
//
//	where(j <= i, a, 0) @ b   becomes   tril(a) @ b
//
// Masks are triangles, windows, and blocks on the diagonal, which are in a window.
// A matrix whose elements depend on how far rows and columns are from each other
// only is read from a vector.
var masks = []law{
	{&Rule{"mask", "where(j <= i, a, 0) = tril(a)", FromStructure}, selected},
	{&Rule{"factor mask", "f32(j <= i) * a = tril(ones) * a = tril(a)", FromStructure}, multiplied},
	{&Rule{"masked factor", "softmax(where(j <= i, a, -inf)) @ b = tril(softmax(where(j <= i, a, -inf))) @ b", FromStructure}, maskedFactor},
	{&Rule{"running state", "tril(q @ k.T) @ v = tril(q @ k.T) @ v inside of chunks + q @ sum(k.T @ v of earlier chunks)", Reassociate}, runningState},
	{&Rule{"distance", "rope(stretched a, i) @ rope(stretched b, j).T = table(i - j)", Distribute}, byDistance},
}

// keepDiagonals emits v without what d leaves out; v, if that is nothing.
func (w *rewriter) keepDiagonals(like, v *ir.Value, d ir.Diagonals) *ir.Value {
	dims := v.Type.Dims()
	m, n := dims[len(dims)-2], dims[len(dims)-1]
	if d.Above < n-1 {
		v = w.put(like, ir.OpTri, &ir.TriAttrs{K: dim.Const(d.Above)}, ir.Type{}, v)
	}
	if d.Below < m-1 {
		v = w.put(like, ir.OpTri, &ir.TriAttrs{K: dim.Const(-d.Below), Upper: true}, ir.Type{}, v)
	}
	return v
}

// leavesOut reports whether d leaves something out of v.
func leavesOut(d ir.Diagonals, v *ir.Value) bool {
	dims := v.Type.Dims()
	return d.Of(dims[len(dims)-2], dims[len(dims)-1])
}

// stretched returns v, stretched to the shape of like.
func (w *rewriter) stretched(like, v *ir.Value) *ir.Value {
	if slices.Equal(v.Type.Dims(), like.Type.Dims()) {
		return v
	}
	return w.put(like, ir.OpBroadcast, nil, like.Type.Plain(), v)
}

func selected(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpWhere || v.Type.Rank() < 2 || !v.Type.DType.IsFloat() || !ir.SameLastTwo(v.Args[0], v) {
		return nil
	}
	for i, want := range []bool{true, false} {
		m := ir.MaskOf(v.Args[0], want)
		kept := v.Args[1+i]
		if !m.Exact || !leavesOut(m.Diagonals, v) || !ir.IsNumber(v.Args[2-i], 0) || kept.Op == ir.OpFull && !is(kept, 1) {
			continue // or a mask that is added
		}
		return func() *ir.Value { return w.keepDiagonals(v, w.stretched(v, kept), m.Diagonals) }
	}
	return nil
}

// onesOn returns the diagonals on which v is one, where it is zero on the others.
func onesOn(v *ir.Value) (d ir.Diagonals, ok bool) {
	if v.Type.Rank() < 2 {
		return d, false
	}
	if v.Op == ir.OpConvert && v.Args[0].Op != ir.OpParam && !v.Args[0].Type.DType.IsFloat() {
		m := ir.MaskOf(v.Args[0], true)
		return m.Diagonals, m.Exact && leavesOut(m.Diagonals, v)
	}
	x := v
	for x.Op == ir.OpTri {
		x = x.Args[0]
	}
	d = ir.DiagonalsOf(v, false)
	return d, x != v && is(x, 1) && leavesOut(d, v)
}

func multiplied(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpMul || v.Cost.Set || !v.Type.DType.IsFloat() {
		return nil
	}
	for i, a := range v.Args {
		if d, ok := onesOn(a); ok && ir.SameLastTwo(a, v) {
			return func() *ir.Value { return w.keepDiagonals(v, w.stretched(v, v.Args[1-i]), d) }
		}
	}
	return nil
}

// maskedFactor needs no exact mask: what the diagonals leave out is zero, and
// what they do not may be.
func maskedFactor(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		r := f.value.Type.Rank()
		if r < 2 {
			continue
		}
		d := ir.Outside(f.value, 0)
		if d == ir.DiagonalsOf(f.value, false) {
			continue
		}
		types := []ir.Type{v.Args[0].Type, v.Args[1].Type}
		types[f.at] = types[f.at].WithProps(ir.Props{Set: ir.Banded, Below: d.Below, Above: d.Above})
		if ir.ContractWork(f.spec, types, ir.Props{}) >= v.Work() {
			continue
		}
		return func() *ir.Value { return f.product(w, v, w.keepDiagonals(v, f.value, d), f.other) }
	}
	return nil
}
