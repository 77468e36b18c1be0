package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// What is zero by construction stays zero in a product even beside NaN and
// infinities: what a promised structure leaves out and, but in strict mode, what
// diag, one_hot and their kin leave zero. Most values have no such elements, and
// cost nothing here.

// hasZeros reports whether elements of v may be zero by construction.
func (s *scope) hasZeros(v *ir.Value) bool { return s.prog.HasZeros(v) }

// zeroAt tests whether element idx of v is zero by construction.
func (s *scope) zeroAt(v *ir.Value, idx []index) test {
	if !s.hasZeros(v) {
		return test{no: true}
	}
	if s.flat {
		idx = s.flatOr(v, idx)
	}
	idx = s.canonical(v, idx)
	r := len(idx)
	arg := func(idx []index) test { return s.zeroAt(v.Args[0], idx) }
	switch v.Op {
	case ir.OpParam:
		return s.outside(v.Type, idx)
	case ir.OpAssume:
		return s.oneOf(s.outside(v.Type, idx), arg(idx))
	case ir.OpFull:
		return test{yes: true}
	case ir.OpOneHot:
		at := v.Args[0]
		i := s.asIndex(s.asI64(at.Type.DType, s.asked(at, idx[:r-1])))
		return s.unless(s.against(enum.IPredEQ, i, idx[r-1]))
	case ir.OpDiag:
		off := s.unless(s.against(enum.IPredEQ, idx[r-2], idx[r-1]))
		if s.strict {
			off = test{no: true}
		}
		return s.oneOf(off, arg(idx[:r-1]))
	case ir.OpTri:
		if s.strict {
			return arg(idx)
		}
		return s.oneOf(s.unless(s.inTriangle(v, idx)), arg(idx))
	case ir.OpPad:
		moved, inside := s.padded(v, idx)
		within := test{no: true}
		if s.hasZeros(v.Args[0]) && v.Args[0].Type.Elems() > 0 {
			within = s.both(inside, arg(s.clamped(moved, v.Args[0].Type.Dims(), false)))
		}
		if s.strict || v.Attrs.(*ir.PadAttrs).Value.Float != 0 {
			return within
		}
		return s.oneOf(s.unless(inside), within)
	case ir.OpConcat:
		return s.zeroInParts(v, idx)
	case ir.OpReshape:
		return arg(s.reshaped(idx, v.Type.Dims(), v.Args[0].Type.Dims()))
	case ir.OpTranspose:
		return arg(transposed(v, idx))
	case ir.OpSlice:
		return arg(s.sliced(v, idx))
	case ir.OpDiagonal:
		return arg(append(slices.Clone(idx), idx[r-1]))
	case ir.OpContract:
		out := test{no: true}
		c := newContraction(v)
		for k, at := range c.places(idx, nil) {
			out = s.oneOf(out, s.zeroAt(v.Args[k], at))
		}
		return out
	}
	out := test{no: true} // elementwise: zero where one operand is
	for _, a := range v.Args {
		out = s.oneOf(out, s.zeroAt(a, s.stretched(a, idx)))
	}
	return out
}

// zeroInParts is zeroAt for a concatenation: an element is in one of its parts.
func (s *scope) zeroInParts(v *ir.Value, idx []index) test {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	out, start := test{no: true}, 0
	for _, a := range v.Args {
		n := a.Type.Dims()[axis]
		if a.Type.Elems() > 0 && s.hasZeros(a) {
			moved := slices.Clone(idx)
			moved[axis] = s.clamp(s.shift(idx[axis], -start), n, false)
			out = s.oneOf(out, s.both(s.within(idx[axis], start, start+n), s.zeroAt(a, moved)))
		}
		start += n
	}
	return out
}

// outside tests whether an element is outside of the structure that t promises.
func (s *scope) outside(t ir.Type, idx []index) test {
	return s.unless(s.inBand(t, idx))
}

// withZeros returns x, a product of factors, or the zero nothing where x is NaN and a factor is zero by construction.
func (s *scope) withZeros(d ir.DType, x value.Value, zero test, nothing float64) value.Value {
	if zero.no || !d.IsFloat() {
		return x
	}
	is := zero.is
	if zero.yes {
		is = constant.True
	}
	lost := s.both(test{is: s.splat(is, lanesOf(x))}, test{is: s.isNaN(x)})
	return s.choose(lost.is, s.float(x.Type(), nothing), x)
}
