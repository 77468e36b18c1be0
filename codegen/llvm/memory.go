package llvm

import (
	"strconv"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// common returns the greatest common divisor.
func common(a, b int) int {
	a, b = max(a, -a), max(b, -b)
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// multipleOf returns a number that x, an i64, is a multiple of.
func (s *scope) multipleOf(x value.Value) int {
	if n, ok := known(x); ok {
		return max(n, -n) // 0 is a multiple of everything, and common(0, n) is n
	}
	return max(s.multiple[x], 1)
}

// integer emits an operation on i64 scalars or vectors once, at the outermost
// level.
func (s *scope) integer(name string, x, y value.Value, emit func() value.Value) value.Value {
	b := s.appendID(append([]byte(name), ' '), x)
	b = s.appendID(append(b, ' '), y)
	key := string(b)
	if z, _ := s.find(key); z != nil {
		return z
	}
	d := max(s.floor(), s.depthOf(x), s.depthOf(y))
	z := s.emitAt(d, s.lanes, emit)
	s.levels[d].memo[key] = z
	return z
}

// plus returns x + y of i64 scalars.
func (s *scope) plus(x, y value.Value) value.Value {
	a, aok := known(x)
	b, bok := known(y)
	switch {
	case aok && bok:
		return i64(a + b)
	case aok && a == 0:
		return y
	case bok && b == 0:
		return x
	}
	z := s.integer("plus", x, y, func() value.Value { return s.add(x, y) })
	s.multiple[z] = common(s.multipleOf(x), s.multipleOf(y))
	return z
}

// times returns x * n.
func (s *scope) times(x value.Value, n int) value.Value {
	a, ok := known(x)
	switch {
	case ok:
		return i64(a * n)
	case n == 0:
		return i64(0)
	case n == 1:
		return x
	}
	z := s.integer("times", x, i64(n), func() value.Value { return s.mul(x, i64(n)) })
	s.multiple[z] = s.multipleOf(x) * max(n, -n)
	return z
}

// over returns x / n and x % n of an i64 that is not negative.
func (s *scope) over(x value.Value, n int) (quotient, rest value.Value) {
	a, ok := known(x)
	switch {
	case ok:
		return i64(a / n), i64(a % n)
	case n == 1:
		return x, i64(0)
	}
	q := s.integer("over", x, i64(n), func() value.Value { return s.cur.NewUDiv(x, i64(n)) })
	if m := s.multipleOf(x); m%n == 0 {
		s.multiple[q] = m / n
		return q, i64(0)
	}
	r := s.integer("rest", x, i64(n), func() value.Value { return s.cur.NewURem(x, i64(n)) })
	s.multiple[r] = common(s.multipleOf(x), n)
	return q, r
}

// wide returns an index as <lanes x i64>; as an i64 in scalar code.
func (s *scope) wide(x index) value.Value {
	if x.vec != nil {
		return x.vec
	}
	if s.lanes == 0 {
		return x.base
	}
	return s.integer("wide"+strconv.Itoa(s.lanes), x.base, i64(x.step), func() value.Value {
		v := s.splat(x.base, s.lanes)
		if x.step == 0 {
			return v
		}
		return s.add(v, s.ramp(types.I64, x.step))
	})
}

// ramp returns the vector 0, step, 2 step, ... of t.
func (s *scope) ramp(t *types.IntType, step int) value.Value {
	elems := make([]constant.Constant, s.lanes)
	for i := range elems {
		elems[i] = constant.NewInt(t, int64(i*step))
	}
	return constant.NewVector(types.NewVector(uint64(s.lanes), t), elems...)
}

// shift returns x + n.
func (s *scope) shift(x index, n int) index { return s.sum(x, at(i64(n))) }

// sum returns x + y.
func (s *scope) sum(x, y index) index {
	if x.vec == nil && y.vec == nil {
		return index{base: s.plus(x.base, y.base), step: x.step + y.step}
	}
	if zero, ok := known(y.base); y.vec == nil && y.step == 0 && ok && zero == 0 {
		return x
	}
	if zero, ok := known(x.base); x.vec == nil && x.step == 0 && ok && zero == 0 {
		return y
	}
	a, b := s.wide(x), s.wide(y)
	return index{vec: s.integer("sum", a, b, func() value.Value { return s.add(a, b) })}
}

// scale returns x * n.
func (s *scope) scale(x index, n int) index {
	switch {
	case n == 1:
		return x
	case n == 0:
		return at(i64(0))
	case x.vec == nil:
		return index{base: s.times(x.base, n), step: x.step * n}
	}
	return index{vec: s.integer("scale", x.vec, i64(n), func() value.Value {
		return s.mul(x.vec, s.int(x.vec.Type(), int64(n)))
	})}
}

// linear returns the position offset + sum of strides*idx.
func (s *scope) linear(offset int, strides []int, idx []index) index {
	out := at(i64(offset))
	for i, x := range idx {
		out = s.sum(out, s.scale(x, strides[i]))
	}
	return out
}

// laneIndex returns an index in lane i, an i64.
func (s *scope) laneIndex(x index, i int) value.Value {
	if x.vec != nil {
		return s.lane(x.vec, i)
	}
	return s.plus(x.base, i64(i*x.step))
}

// loadAt returns the elements of b at linear positions, in register form.
func (s *scope) loadAt(b *kernel.Buffer, d ir.DType, pos index) value.Value {
	return s.fromMemory(d, s.loadRaw(s.ptr(b), memType(d), pos))
}

// loadRaw loads elements of t at positions from p.
func (s *scope) loadRaw(p value.Value, t types.Type, pos index) value.Value {
	switch {
	case pos.vec == nil && (s.lanes == 0 || pos.step == 0):
		return s.splat(s.load(t, s.emitter.at(t, p, pos.base), 0), s.lanes)
	case pos.vec == nil && pos.step == 1:
		return s.load(t, s.emitter.at(t, p, pos.base), s.lanes)
	case pos.vec == nil && pos.step == -1:
		first := s.plus(pos.base, i64(1-s.lanes))
		return s.reverse(s.load(t, s.emitter.at(t, p, first), s.lanes))
	}
	s.awkward += s.lanes
	x := s.undef(vec(t, s.lanes))
	for i := range s.lanes {
		x = s.setLane(x, s.load(t, s.emitter.at(t, p, s.laneIndex(pos, i)), 0), i)
	}
	return x
}

// reverse returns the lanes of x in the other order.
func (s *scope) reverse(x value.Value) value.Value {
	order := make([]int, lanesOf(x))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	return s.shuffle(x, x, order)
}

// shuffle returns the lanes order of x and y, which are numbered on from those
// of x.
func (s *scope) shuffle(x, y value.Value, order []int) value.Value {
	mask := make([]constant.Constant, len(order))
	for i, k := range order {
		mask[i] = constant.NewInt(types.I32, int64(k))
	}
	return s.cur.NewShuffleVector(x, y, constant.NewVector(types.NewVector(uint64(len(order)), types.I32), mask...))
}

// fromMemory converts elements from memory form to register form.
func (e *emitter) fromMemory(d ir.DType, x value.Value) value.Value {
	switch d {
	case tensor.BF16:
		return e.bf16ToFloat(x)
	case tensor.F16:
		return e.f16ToFloat(x)
	case tensor.Bool:
		return e.cur.NewTrunc(x, like(types.I1, x))
	}
	return x
}

// toMemory converts elements from register form to memory form.
func (e *emitter) toMemory(d ir.DType, x value.Value) value.Value {
	switch d {
	case tensor.BF16:
		return e.floatToBF16(x)
	case tensor.F16:
		return e.floatToF16(x)
	case tensor.Bool:
		return e.cur.NewZExt(x, like(types.I8, x))
	}
	return x
}

// store writes x, element idx of st.Value, to its place.
func (s *scope) store(st kernel.Store, idx []index, x value.Value) {
	s.storeAt(st.Buf, st.Value.Type.DType, s.linear(st.Offset, st.Strides, idx), x)
}

// storeAt writes x, in register form, to linear positions of b.
func (s *scope) storeAt(b *kernel.Buffer, d ir.DType, pos index, x value.Value) {
	p, t := s.ptr(b), memType(d)
	x = s.toMemory(d, x)
	lanes := lanesOf(x)
	switch {
	case lanes == 0 || pos.vec == nil && pos.step == 1:
		s.emitter.store(x, s.emitter.at(t, p, pos.base))
	case pos.vec == nil && pos.step == -1:
		s.emitter.store(s.reverse(x), s.emitter.at(t, p, s.plus(pos.base, i64(1-lanes))))
	default:
		s.awkward += lanes
		for i := range lanes {
			s.emitter.store(s.lane(x, i), s.emitter.at(t, p, s.laneIndex(pos, i)))
		}
	}
}

// fail records the first error of the worker, if bad (an i1 or a vector of it)
// holds anywhere, and asks all workers to stop. val and bound, integers of the
// lanes of bad or scalars, tell what was found; site is the operation. Execution
// goes on, so the caller must go on with an index that is inside.
func (s *scope) fail(code, site int, bad, val, bound value.Value) {
	lanes := lanesOf(bad)
	some := bad
	var bits value.Value
	if lanes > 0 {
		t := types.NewInt(uint64(lanes))
		bits = s.bitcast(bad, t)
		some = s.icmp(enum.IPredNE, bits, s.int(t, 0))
	}
	s.when(some, func() {
		pick := func(x value.Value) value.Value {
			if lanesOf(x) > 0 {
				t := bits.Type()
				first := s.cur.NewCall(s.m.declare("llvm.cttz."+mangle(t), t, t, types.I1), bits, constant.False)
				x = s.cur.NewExtractElement(x, first)
			}
			return s.extend(x, types.I64, true)
		}
		s.cur.NewCall(s.m.failure(), s.ctx, s.worker, i64(code), i64(site), pick(val), pick(bound))
	})
}

// extend converts integers to another width: those that have no sign by zeros.
func (e *emitter) extend(x value.Value, to *types.IntType, signed bool) value.Value {
	from, want := elemOf(x.Type()).(*types.IntType), like(to, x)
	switch {
	case from.BitSize == to.BitSize:
		return x
	case from.BitSize > to.BitSize:
		return e.cur.NewTrunc(x, want)
	case signed:
		return e.cur.NewSExt(x, want)
	}
	return e.cur.NewZExt(x, want)
}

// site returns the number of the place of v, for error slots.
func (s *scope) site(v *ir.Value) int {
	i, ok := s.prog.Site[v]
	if !ok {
		panic("llvm: " + v.String() + " may fail and has no site")
	}
	return i
}
