package llvm

import (
	"math"

	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A sweep is an operation along one axis: the dimensions before and after it,
// of an operand, and the sizes of all three.
type sweep struct {
	view        kernel.View
	before      part
	after       part
	pre, n, end int // sizes: before the axis, along it, after it
	step        int // the stride along the axis
}

func newSweep(v kernel.View, axis int) sweep {
	dims := v.Type.Dims()
	r := len(dims)
	return sweep{
		view: v, before: partOf(v, 0, axis), after: partOf(v, axis+1, r),
		pre: product(dims[:axis]), n: dims[axis], end: product(dims[axis+1:]), step: v.Strides[axis],
	}
}

// line returns the elements along the axis at place o before and p after it.
func (s *singleEmitter) line(w sweep, o, p value.Value) run {
	off := s.add(i64(w.view.Offset), s.add(s.offset(w.before, o), s.offset(w.after, p)))
	return run{d: w.view.Type.DType, p: s.at(memType(w.view.Type.DType), s.ptr(w.view.Buf), off), stride: w.step}
}

// across returns the elements after the axis, at place o before it and j along it.
func (s *singleEmitter) across(w sweep, o, j value.Value) run {
	off := s.add(s.add(i64(w.view.Offset), s.offset(w.before, o)), s.mul(j, i64(w.step)))
	return s.runOf(w.view, off, w.after)
}

// cumSum emits ir.OpCumSum. Along the last axis, vectors hold neighbours of one
// row, which are added up within the vector where the order is free; else they
// hold neighbouring rows.
func (s *singleEmitter) cumSum() {
	k := s.k
	a := k.Value.Attrs.(*ir.CumSumAttrs)
	w := newSweep(k.Operands[0], a.Axis)
	if w.end > 1 {
		s.rows(w.pre, w.end, func(o, from, to value.Value) { s.sumRows(w, a.Exclusive, o, from, to) })
		return
	}
	lo, hi := s.share(w.pre)
	s.each(lo, hi, 1, func(o value.Value) {
		src := s.line(w, o, i64(0))
		dst := s.outRun(s.mul(o, i64(w.n)), 1)
		n := w.n
		if a.Exclusive {
			s.put(dst, i64(0), s.zeroOf(regType(dst.d)))
			dst.p = s.at(memType(dst.d), dst.p, i64(1))
			n--
		}
		s.sumLine(dst, src, n)
	})
}

// zeroOf returns the number 0 of t, an element type in registers.
func (s *singleEmitter) zeroOf(t types.Type) value.Value {
	if _, ok := elemOf(t).(*types.FloatType); ok {
		return s.float(t, 0)
	}
	return s.int(t, 0)
}

// nothing returns what sums begin with: -0.0 for floats, of which a sum keeps
// the sign.
func (s *singleEmitter) nothing(t types.Type) value.Value {
	if _, ok := elemOf(t).(*types.FloatType); ok {
		return s.float(t, math.Copysign(0, -1))
	}
	return s.int(t, 0)
}

// sumRows sums along the axis for the columns from..to.
func (s *singleEmitter) sumRows(w sweep, exclusive bool, o, from, to value.Value) {
	d := s.k.Out.Type.DType
	s.span(from, to, byLanes(s.floatWidth(d), s.across(w, o, i64(0))), func(p value.Value, lanes int) {
		t := vec(regType(d), lanes)
		out := func(j value.Value) run {
			return s.outRun(s.mul(s.add(s.mul(o, i64(w.n)), j), i64(w.end)), 1)
		}
		first, n := 0, w.n
		if exclusive {
			s.put(out(i64(0)), p, s.zeroOf(t))
			first, n = 1, n-1
		}
		s.loop(i64(0), i64(n), 1, []value.Value{s.nothing(t)}, func(j value.Value, sum []value.Value) []value.Value {
			x := s.plusOf(s.k.Out.Type.DType, sum[0], s.get(s.across(w, o, j), p, lanes))
			s.put(out(s.add(j, i64(first))), p, x)
			return []value.Value{x}
		})
	})
}

// sumLine sets dst to the running sums of src.
func (s *singleEmitter) sumLine(dst, src run, n int) {
	t := regType(dst.d)
	lanes := s.floatWidth(dst.d)
	done, sum := 0, s.nothing(t)
	if byLanes(lanes, src) > 0 && (!s.strict || !dst.d.IsFloat()) {
		done = n / lanes * lanes
		sum = s.loop(i64(0), i64(done), lanes, []value.Value{sum}, func(i value.Value, sum []value.Value) []value.Value {
			x := s.prefix(s.get(src, i, lanes))
			x = s.plusOf(s.k.Out.Type.DType, x, s.splat(sum[0], lanes))
			s.put(dst, i, x)
			return []value.Value{s.lane(x, lanes-1)}
		})[0]
	}
	s.loop(i64(done), i64(n), 1, []value.Value{sum}, func(i value.Value, sum []value.Value) []value.Value {
		x := s.plusOf(s.k.Out.Type.DType, sum[0], s.get(src, i, 0))
		s.put(dst, i, x)
		return []value.Value{x}
	})
}

// prefix returns the sums of the lanes of x up to each.
func (s *singleEmitter) prefix(x value.Value) value.Value {
	n := lanesOf(x)
	none := s.nothing(x.Type())
	for by := 1; by < n; by *= 2 {
		var from []int // lanes of none and then of x
		for i := range n {
			from = append(from, i+n-by)
			if i < by {
				from[i] = i
			}
		}
		x = s.plusOf(s.k.Out.Type.DType, x, s.shuffle(none, x, from))
	}
	return x
}
