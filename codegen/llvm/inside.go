package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// A test says for each lane whether something holds: yes and no are what is
// known when generating.
type test struct {
	is      value.Value // i1, of all lanes or of each
	yes, no bool
}

func (s *scope) always() test { return test{yes: true} }

// both returns the test that holds where x and y do.
func (s *scope) both(x, y test) test {
	switch {
	case x.no || y.no:
		return test{no: true}
	case x.yes:
		return y
	case y.yes:
		return x
	}
	a, b := s.alike(x.is, y.is)
	return test{is: s.cur.NewAnd(a, b)}
}

// oneOf returns the test that holds where x or y does.
func (s *scope) oneOf(x, y test) test {
	switch {
	case x.yes || y.yes:
		return test{yes: true}
	case x.no:
		return y
	case y.no:
		return x
	}
	a, b := s.alike(x.is, y.is)
	return test{is: s.cur.NewOr(a, b)}
}

// unless tests whether x does not hold.
func (s *scope) unless(x test) test {
	if x.yes || x.no {
		return test{yes: x.no, no: x.yes}
	}
	return test{is: s.not(x.is)}
}

// alike returns a and b in vectors of the same lanes.
func (s *scope) alike(a, b value.Value) (value.Value, value.Value) {
	if lanesOf(a) != lanesOf(b) {
		a, b = s.splat(a, s.lanes), s.splat(b, s.lanes)
	}
	return a, b
}

// against compares two indices.
func (s *scope) against(p enum.IPred, x, y index) test {
	a, aok := known(x.base)
	b, bok := known(y.base)
	if x.uniform() && y.uniform() {
		if aok && bok {
			holds := map[enum.IPred]bool{enum.IPredSLT: a < b, enum.IPredSLE: a <= b, enum.IPredSGE: a >= b, enum.IPredSGT: a > b, enum.IPredEQ: a == b}[p]
			return test{yes: holds, no: !holds}
		}
		return test{is: s.icmp(p, x.base, y.base)}
	}
	return test{is: s.icmp(p, s.wide(x), s.wide(y))}
}

// within tests lo <= x < hi.
func (s *scope) within(x index, lo, hi int) test {
	if lo >= hi {
		return test{no: true}
	}
	return s.both(s.against(enum.IPredSGE, x, at(i64(lo))), s.against(enum.IPredSLT, x, at(i64(hi))))
}

// pick returns yes() where t holds and no() elsewhere. Each is emitted as a branch
// where t is the same in all lanes, so it may rely on t then; else both are, so
// they must be able to do without: clamp gives them indices that exist.
//
// Where lanes differ now and then but mostly agree, as at the edge of padding,
// yes is also emitted for the case that t holds in all lanes, with indices that
// still follow each other.
func (s *scope) pick(t test, yes, no func(all bool) value.Value) value.Value {
	switch {
	case t.yes:
		return yes(true)
	case t.no:
		return no(true)
	}
	branch := func(f func(bool) value.Value, all bool) func() []value.Value {
		return func() (out []value.Value) {
			s.inner(s.lanes, func() { out = []value.Value{f(all)} })
			return out
		}
	}
	lanes := lanesOf(t.is)
	if lanes == 0 {
		return s.either(t.is, branch(yes, true), branch(no, true))[0]
	}
	it := types.NewInt(uint64(lanes))
	bits := s.bitcast(t.is, it)
	every := s.icmp(enum.IPredEQ, bits, s.int(it, -1))
	return s.either(every, branch(yes, true), func() []value.Value {
		none := s.icmp(enum.IPredEQ, bits, s.int(it, 0))
		return s.either(none, branch(no, true), branch(func(bool) value.Value {
			return s.choose(t.is, yes(false), no(false))
		}, false))
	})[0]
}

// clamp returns x, moved into 0..n where all is false.
func (s *scope) clamp(x index, n int, all bool) index {
	if all || x.uniform() {
		if _, ok := known(x.base); ok && x.uniform() || all {
			return x
		}
	}
	v := s.wide(x)
	zero, last := s.int(v.Type(), 0), s.int(v.Type(), int64(n-1))
	v = s.choose(s.icmp(enum.IPredSLT, v, zero), zero, v)
	v = s.choose(s.icmp(enum.IPredSGT, v, last), last, v)
	if lanesOf(v) == 0 {
		return at(v)
	}
	return index{vec: v}
}

func pullPad(s *scope, v *ir.Value, idx []index) value.Value {
	arg := v.Args[0]
	moved, inside := s.padded(v, idx)
	return s.pick(inside, func(all bool) value.Value {
		return s.value(arg, s.clamped(moved, arg.Type.Dims(), all))
	}, func(bool) value.Value { return s.number(v.Type.DType, v.Attrs.(*ir.PadAttrs).Value) })
}

// padded returns where in the operand of a pad element idx is, and whether it is
// inside.
func (s *scope) padded(v *ir.Value, idx []index) (moved []index, inside test) {
	a, from := v.Attrs.(*ir.PadAttrs), v.Args[0].Type.Dims()
	inside = s.always()
	moved = make([]index, len(idx))
	for i, x := range idx {
		lo, _ := a.Lo[i].Int()
		hi, _ := a.Hi[i].Int()
		moved[i] = s.shift(x, -lo)
		if lo > 0 || hi > 0 {
			inside = s.both(inside, s.within(moved[i], 0, from[i]))
		}
	}
	return moved, inside
}

// clamped clamps all of idx.
func (s *scope) clamped(idx []index, dims []int, all bool) []index {
	out := make([]index, len(idx))
	for i, x := range idx {
		out[i] = s.clamp(x, dims[i], all)
	}
	return out
}

func pullConcat(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	var parts []*ir.Value
	for _, a := range v.Args {
		if a.Type.Elems() > 0 {
			parts = append(parts, a)
		}
	}
	if len(parts) == 0 {
		return s.zero(v.Type.DType) // never asked for
	}
	var from func(k, start int, all bool) value.Value
	from = func(k, start int, all bool) value.Value {
		dims := parts[k].Type.Dims()
		moved := slices.Clone(idx)
		moved[axis] = s.shift(idx[axis], -start)
		here := func(all bool) value.Value {
			at := slices.Clone(moved)
			at[axis] = s.clamp(moved[axis], dims[axis], all)
			return s.value(parts[k], at)
		}
		if k == len(parts)-1 {
			return here(all)
		}
		t := s.against(enum.IPredSLT, moved[axis], at(i64(dims[axis])))
		return s.pick(t, func(yes bool) value.Value { return here(yes && all) },
			func(none bool) value.Value { return from(k+1, start+dims[axis], none && all) })
	}
	return from(0, 0, true)
}

// keep returns x where t holds, zero elsewhere.
func (s *scope) keep(t test, d ir.DType, x value.Value) value.Value {
	switch {
	case t.yes:
		return x
	case t.no:
		return s.zero(d)
	}
	return s.choose(t.is, x, s.zero(d))
}
