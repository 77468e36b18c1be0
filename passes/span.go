package passes

import (
	"math"
	"math/big"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A span is the integers from lo to hi, one of which each element of a value is.
type span struct{ lo, hi int64 }

// spans knows spans of integers. What it does not know of, such as an argument,
// may be all that its type holds.
type spans map[*ir.Value]span

// typeSpan returns what integers of a type may be.
func typeSpan(d ir.DType) span {
	switch d {
	case tensor.I32:
		return span{math.MinInt32, math.MaxInt32}
	case tensor.I8:
		return span{math.MinInt8, math.MaxInt8}
	case tensor.U8:
		return span{0, math.MaxUint8}
	case tensor.Bool:
		return span{0, 1}
	}
	return span{math.MinInt64, math.MaxInt64}
}

// of returns the span of v, whose elements are integers.
func (s spans) of(v *ir.Value) span {
	if r, ok := s[v]; ok {
		return r
	}
	full := typeSpan(v.Type.DType)
	r, ok := s.find(v)
	if !ok || r.lo < full.lo || r.hi > full.hi {
		r = full // integers wrap
	}
	s[v] = r
	return r
}

func (s spans) find(v *ir.Value) (span, bool) {
	for _, a := range v.Args {
		if a.Type.Tuple != nil || a.Type.DType.IsFloat() {
			return span{}, false
		}
	}
	switch v.Op {
	case ir.OpFull:
		n := v.Attrs.(*ir.FullAttrs).Value
		return span{n.Int, n.Int}, n.IsInt
	case ir.OpIota:
		return span{0, int64(max(v.Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis]-1, 0))}, true
	case ir.OpConvert, ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal:
		return s.of(v.Args[0]), true
	case ir.OpConcat:
		r := s.of(v.Args[0])
		for _, a := range v.Args[1:] {
			r = r.with(s.of(a))
		}
		return r, true
	case ir.OpWhere:
		return s.of(v.Args[1]).with(s.of(v.Args[2])), true
	case ir.OpNeg:
		x := s.of(v.Args[0])
		return corners(span{0, 0}, x, (*big.Int).Sub)
	case ir.OpAbs:
		x := s.of(v.Args[0])
		neg, ok := corners(span{0, 0}, x, (*big.Int).Sub)
		return span{max(x.lo, neg.lo, 0), max(x.hi, neg.hi)}, ok
	case ir.OpAdd, ir.OpSub, ir.OpMul:
		f := map[ir.Op]func(z, x, y *big.Int) *big.Int{ir.OpAdd: (*big.Int).Add, ir.OpSub: (*big.Int).Sub, ir.OpMul: (*big.Int).Mul}[v.Op]
		return corners(s.of(v.Args[0]), s.of(v.Args[1]), f)
	case ir.OpMax:
		x, y := s.of(v.Args[0]), s.of(v.Args[1])
		return span{max(x.lo, y.lo), max(x.hi, y.hi)}, true
	case ir.OpMin:
		x, y := s.of(v.Args[0]), s.of(v.Args[1])
		return span{min(x.lo, y.lo), min(x.hi, y.hi)}, true
	case ir.OpMod:
		y := s.of(v.Args[1])
		return span{0, y.hi - 1}, y.lo > 0 // it has the sign of the divisor
	}
	return span{}, false
}

// with returns the least span that holds both.
func (s span) with(t span) span { return span{min(s.lo, t.lo), max(s.hi, t.hi)} }

// corners returns the span of f, which takes its extremes at extremes of x and y;
// ok is false where it leaves int64.
func corners(x, y span, f func(z, x, y *big.Int) *big.Int) (r span, ok bool) {
	first := true
	for _, a := range []int64{x.lo, x.hi} {
		for _, b := range []int64{y.lo, y.hi} {
			z := f(new(big.Int), big.NewInt(a), big.NewInt(b))
			if !z.IsInt64() {
				return span{}, false
			}
			n := span{z.Int64(), z.Int64()}
			if first {
				r, first = n, false
			}
			r = r.with(n)
		}
	}
	return r, true
}

// fails reports whether v, its body apart, may fail at run time.
func (s spans) fails(v *ir.Value) bool {
	if !v.Op.Info().Fails {
		return false
	}
	if v.Type.Tuple == nil && v.Type.Elems() == 0 {
		return true // of which the rules are others
	}
	switch v.Op {
	case ir.OpTake, ir.OpTakeAlong:
		idx := s.of(v.Args[1])
		return idx.lo < 0 || idx.hi >= int64(v.Args[0].Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis])
	case ir.OpFloorDiv, ir.OpMod:
		by := s.of(v.Args[1])
		return by.lo <= 0 && by.hi >= 0
	}
	return true
}
