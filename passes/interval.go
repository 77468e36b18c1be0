package passes

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An interval holds every element of an integer value.
type interval struct{ lo, hi int64 }

// wide is how far the ends of an interval go: two of them add up without
// overflow.
const wide = math.MaxInt64 / 4

// everyInt is what is known of nothing but its type.
func everyInt(d tensor.DType) interval {
	lo, hi := tensor.Range(d)
	return interval{lo, hi}
}

func (a interval) or(b interval) interval { return interval{min(a.lo, b.lo), max(a.hi, b.hi)} }

func (a interval) within(lo, hi int64) bool { return lo <= a.lo && a.hi <= hi }

// intervals finds the intervals of integer values, each once.
type intervals map[*ir.Value]interval

// of returns the interval of v: what its operation says of its elements,
// wherever it is evaluated.
func (m intervals) of(v *ir.Value) interval {
	if r, ok := m[v]; ok {
		return r
	}
	all := everyInt(v.Type.DType)
	m[v] = all
	if r := m.find(v); r.within(all.lo, all.hi) { // else it has wrapped
		m[v] = r
	}
	return m[v]
}

func (m intervals) find(v *ir.Value) interval {
	all := everyInt(v.Type.DType)
	places := func(n int) interval { return interval{0, int64(max(n-1, 0))} }
	switch v.Op {
	case ir.OpFull:
		n := v.Attrs.(*ir.FullAttrs).Value.Int
		return interval{n, n}
	case ir.OpConst:
		return listed(v.Attrs.(*ir.ConstAttrs).Data, all)
	case ir.OpIota:
		return places(v.Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis])
	case ir.OpArgMax, ir.OpArgMin:
		return places(v.Args[0].Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis])
	case ir.OpArgSort:
		return places(v.Type.Dims()[v.Attrs.(*ir.SortAttrs).Axis])
	case ir.OpTopK:
		return places(v.Args[0].Type.Dims()[v.Attrs.(*ir.TopKAttrs).Axis])
	case ir.OpOneHot:
		return interval{0, 1}
	case ir.OpConvert:
		if !v.Args[0].Type.DType.IsFloat() {
			return m.of(v.Args[0])
		}
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal, ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice:
		return m.of(v.Args[0])
	case ir.OpConcat, ir.OpUpdate:
		return m.join(v.Args)
	case ir.OpDynUpdate:
		return m.join(v.Args[:2])
	case ir.OpWhere:
		return m.join(v.Args[1:])
	case ir.OpPad:
		n := v.Attrs.(*ir.PadAttrs).Value.Int
		return m.of(v.Args[0]).or(interval{n, n})
	case ir.OpScatter, ir.OpScatterAlong:
		if v.Attrs.(*ir.ScatterAttrs).Set {
			return m.of(v.Args[0]).or(m.of(v.Args[2]))
		}
	case ir.OpMax, ir.OpMin, ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpMod, ir.OpFloorDiv:
		if r, ok := arithmetic(v.Op, m.of(v.Args[0]), m.of(v.Args[1])); ok {
			return r
		}
	}
	return all
}

func (m intervals) join(args []*ir.Value) interval {
	r := m.of(args[0])
	for _, a := range args[1:] {
		r = r.or(m.of(a))
	}
	return r
}

// listed returns the interval of the elements of t; all if there are none.
func listed(t *tensor.Tensor, all interval) interval {
	if t.Len() == 0 {
		return all
	}
	return interval{slices.Min(t.Ints()), slices.Max(t.Ints())}
}

// arithmetic returns the interval of an operation on numbers of two intervals;
// ok is false where it may have overflowed.
func arithmetic(op ir.Op, a, b interval) (r interval, ok bool) {
	small := a.within(-wide, wide) && b.within(-wide, wide)
	switch op {
	case ir.OpMax:
		return interval{max(a.lo, b.lo), max(a.hi, b.hi)}, true
	case ir.OpMin:
		return interval{min(a.lo, b.lo), min(a.hi, b.hi)}, true
	case ir.OpAdd:
		return interval{a.lo + b.lo, a.hi + b.hi}, small
	case ir.OpSub:
		return interval{a.lo - b.hi, a.hi - b.lo}, small
	case ir.OpMul:
		if !a.within(-1<<31, 1<<31) || !b.within(-1<<31, 1<<31) {
			return r, false
		}
		p, q, s, t := a.lo*b.lo, a.lo*b.hi, a.hi*b.lo, a.hi*b.hi
		return interval{min(p, q, s, t), max(p, q, s, t)}, true
	case ir.OpMod:
		if b.lo <= 0 {
			return r, false
		}
		if a.within(0, b.lo-1) {
			return a, true
		}
		return interval{0, b.hi - 1}, true
	case ir.OpFloorDiv:
		if b.lo <= 0 || a.lo < 0 {
			return r, false
		}
		return interval{a.lo / b.hi, a.hi / b.lo}, true
	}
	return r, false
}
