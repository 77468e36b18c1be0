package llvm

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// number returns a static number as an element of d, in register form.
func (s *scope) number(d ir.DType, n ir.Number) value.Value {
	t := vec(regType(d), s.lanes)
	switch {
	case d.IsFloat() && n.IsInt:
		return s.float(t, float64(n.Int))
	case d.IsFloat():
		return s.float(t, n.Float)
	case d == tensor.Bool:
		return splatConst(constant.NewBool(n.Int != 0), s.lanes)
	}
	return s.int(t, n.Int<<(64-8*d.Size())>>(64-8*d.Size())) // LLVM's integers have no sign
}

// zero and one are what movement puts where no operand is.
func (s *scope) zero(d ir.DType) value.Value { return s.number(d, ir.IntNumber(0)) }
func (s *scope) one(d ir.DType) value.Value  { return s.number(d, ir.IntNumber(1)) }

func pullFull(s *scope, v *ir.Value, _ []index) value.Value {
	return s.number(v.Type.DType, v.Attrs.(*ir.FullAttrs).Value)
}

// pullConst reads a constant that has no buffer: it is an immediate where all
// elements are the same.
func pullConst(s *scope, v *ir.Value, idx []index) value.Value {
	data := v.Attrs.(*ir.ConstAttrs).Data
	if n, ok := onlyNumber(data); ok {
		return s.number(v.Type.DType, n)
	}
	p := s.m.elements(data)
	pos := s.linear(0, strides(v.Type.Dims()), s.flatOr(v, idx))
	return s.fromMemory(v.Type.DType, s.loadRaw(p, memType(v.Type.DType), pos))
}

// onlyNumber returns the number that all elements of t are, bit for bit.
func onlyNumber(t *tensor.Tensor) (ir.Number, bool) {
	if t.Len() == 0 {
		return ir.Number{}, false
	}
	get := func(i int) ir.Number {
		if t.DType().IsFloat() {
			return ir.FloatNumber(t.Float(i))
		}
		return ir.IntNumber(t.Int(i))
	}
	first := get(0)
	for i := 1; i < t.Len(); i++ {
		n := get(i)
		if n.Int != first.Int || math.Float64bits(n.Float) != math.Float64bits(first.Float) {
			return ir.Number{}, false
		}
	}
	return first, true
}

func pullIota(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x, d := s.flatOr(v, idx)[axis], v.Type.DType
	if n, _ := v.Type.Shape[axis].Int(); n <= math.MaxInt32 {
		return s.convert(tensor.I32, d, s.short(x))
	}
	return s.convert(tensor.I64, d, s.wide(x))
}

// short returns an index as i32, for each lane.
func (s *scope) short(x index) value.Value {
	switch {
	case x.vec != nil:
		return s.cur.NewTrunc(x.vec, vec(types.I32, s.lanes))
	case s.lanes == 0:
		return s.extend(x.base, types.I32, true)
	}
	return s.integer("short"+strconv.Itoa(s.lanes), x.base, i64(x.step), func() value.Value {
		v := s.splat(s.extend(x.base, types.I32, true), s.lanes)
		if x.step == 0 {
			return v
		}
		return s.add(v, s.ramp(types.I32, x.step))
	})
}

// flatOr returns one index a dimension of v: idx, or what the linear index of a
// flat nest stands for.
func (s *scope) flatOr(v *ir.Value, idx []index) []index {
	if len(idx) == v.Type.Rank() {
		return idx
	}
	return s.split(idx[0], v.Type.Dims())
}

// strides returns the strides of a row-major tensor.
func strides(dims []int) []int {
	out := make([]int, len(dims))
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		out[i] = n
		n *= max(dims[i], 1)
	}
	return out
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// split returns the indices of dims that a linear position in them stands for.
func (s *scope) split(pos index, dims []int) []index {
	out := make([]index, len(dims))
	for i := len(dims) - 1; i >= 0; i-- {
		if i == 0 || product(dims[:i]) == 1 {
			out[i] = pos
			pos = at(i64(0))
			continue
		}
		pos, out[i] = s.divide(pos, dims[i], product(dims))
	}
	return out
}

// divide returns x / n and x % n of an index in 0..limit.
func (s *scope) divide(x index, n, limit int) (quotient, rest index) {
	if x.uniform() {
		q, r := s.over(x.base, n)
		return at(q), at(r)
	}
	if n == 1 {
		return x, at(i64(0))
	}
	if x.vec == nil && x.step > 0 {
		// All lanes have one quotient where the rest of the first is known to
		// leave room for the steps of the others.
		m := common(s.multipleOf(x.base), n) // the rest is a multiple of m
		if known, ok := known(x.base); ok {
			if known%n+(s.lanes-1)*x.step < n {
				return at(i64(known / n)), index{base: i64(known % n), step: x.step}
			}
		} else if m > (s.lanes-1)*x.step {
			q, r := s.over(x.base, n)
			return at(q), index{base: r, step: x.step}
		}
		if x.step%n == 0 {
			q, r := s.over(x.base, n)
			return index{base: q, step: x.step / n}, at(r)
		}
	}
	v := s.wide(x)
	if limit > math.MaxInt32 {
		by := s.int(v.Type(), int64(n))
		return index{vec: s.cur.NewUDiv(v, by)}, index{vec: s.cur.NewURem(v, by)}
	}
	// In i32, for which there are vector instructions.
	short := s.short(x)
	by := s.int(short.Type(), int64(n))
	q := s.cur.NewUDiv(short, by)
	r := s.sub(short, s.mul(q, by))
	return index{vec: s.cur.NewZExt(q, v.Type())}, index{vec: s.cur.NewZExt(r, v.Type())}
}

// pullReshape matches the dimensions of both shapes in groups of equal size: a
// group that is one dimension in either shape needs no division.
func pullReshape(s *scope, v *ir.Value, idx []index) value.Value {
	a := v.Args[0]
	from, to := a.Type.Dims(), v.Type.Dims()
	if v.Type.Elems() == 0 {
		return s.zero(v.Type.DType) // never asked for
	}
	if s.flat {
		if a.IsScalar() {
			idx = nil
		}
		return s.value(a, idx)
	}
	if b := s.prog.Buf[a]; b != nil && !s.inside[a] && !masked(a) {
		return s.loadAt(b, v.Type.DType, s.linear(0, strides(to), idx))
	}
	return s.value(a, s.reshaped(idx, to, from))
}

// reshaped returns the indices of the shape from that stand for those of to.
func (s *scope) reshaped(idx []index, to, from []int) []index {
	out := make([]index, len(from))
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		m, n := 1, 1
		i0, j0 := i, j
		for first := true; first || m != n; first = false {
			switch {
			case m <= n && i < len(from):
				m *= from[i]
				i++
			case j < len(to):
				n *= to[j]
				j++
			default:
				m *= from[i]
				i++
			}
		}
		// Ones at the end belong to this group too.
		for i < len(from) && from[i] == 1 {
			i++
		}
		for j < len(to) && to[j] == 1 {
			j++
		}
		pos := s.linear(0, strides(to[j0:j]), idx[j0:j])
		copy(out[i0:i], s.split(pos, from[i0:i]))
	}
	return out
}

func pullBroadcast(s *scope, v *ir.Value, idx []index) value.Value {
	a := v.Args[0]
	return s.value(a, s.stretched(a, idx))
}

func pullTranspose(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], transposed(v, idx))
}

func transposed(v *ir.Value, idx []index) []index {
	out := make([]index, len(idx))
	for i, p := range v.Attrs.(*ir.PermAttrs).Perm {
		out[p] = idx[i]
	}
	return out
}

func pullSlice(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], s.sliced(v, idx))
}

func (s *scope) sliced(v *ir.Value, idx []index) []index {
	a := v.Attrs.(*ir.SliceAttrs)
	out := make([]index, len(idx))
	for i, x := range idx {
		start, _ := a.Start[i].Int()
		out[i] = s.shift(s.scale(x, a.Step[i]), start)
	}
	return out
}

func pullDiagonal(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], append(slices.Clone(idx), idx[len(idx)-1]))
}

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
	a, b := x.is, y.is
	if lanesOf(a) != lanesOf(b) {
		a, b = s.splat(a, s.lanes), s.splat(b, s.lanes)
	}
	return test{is: s.cur.NewAnd(a, b)}
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

func pullTri(s *scope, v *ir.Value, idx []index) value.Value {
	return s.keep(s.inTriangle(v, idx), v.Type.DType, s.value(v.Args[0], idx))
}

// inTriangle tests whether a tri keeps an element.
func (s *scope) inTriangle(v *ir.Value, idx []index) test {
	a := v.Attrs.(*ir.TriAttrs)
	k, _ := a.K.Int()
	i, j := idx[len(idx)-2], idx[len(idx)-1]
	pred := enum.IPredSLE
	if a.Upper {
		pred = enum.IPredSGE
	}
	return s.against(pred, j, s.shift(i, k))
}

func pullDiag(s *scope, v *ir.Value, idx []index) value.Value {
	r := len(idx)
	i, j := idx[r-2], idx[r-1]
	from := idx[:r-1] // the row, which the lanes share more often
	if !i.uniform() && j.uniform() {
		from = append(slices.Clone(idx[:r-2]), j)
	}
	return s.keep(s.against(enum.IPredEQ, i, j), v.Type.DType, s.value(v.Args[0], from))
}

// masked reports whether elements of v in memory may be others than those that
// its type promises.
func masked(v *ir.Value) bool {
	return v.Op == ir.OpParam && kernel.Structured(v.Type)
}

// maskedView reports whether elements of w are not always what is in memory.
func maskedView(w kernel.View) bool { return !w.Raw && masked(w.Buf.Value) }

func pullAssume(s *scope, v *ir.Value, idx []index) value.Value {
	return s.structured(v.Type, idx, func(idx []index) value.Value { return s.value(v.Args[0], idx) })
}

// structured returns element idx of a value of type t, of which load gives the
// elements within the structure.
func (s *scope) structured(t ir.Type, idx []index, load func([]index) value.Value) value.Value {
	p := t.Props
	if p.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) == 0 {
		return load(idx)
	}
	dims := t.Dims()
	r := len(idx)
	i, j := idx[r-2], idx[r-1]
	var x value.Value
	if p.Mirrored() && dims[r-1] > 1 {
		x = s.pick(s.against(enum.IPredSLE, j, i), func(all bool) value.Value {
			if all {
				return load(idx)
			}
			return load(s.lower(idx))
		}, func(all bool) value.Value {
			if !all {
				return load(s.lower(idx))
			}
			swapped := slices.Clone(idx)
			swapped[r-2], swapped[r-1] = j, i
			return load(swapped)
		})
	} else {
		x = load(idx)
	}
	x = s.keep(s.inBand(t, idx), t.DType, x)
	if p.Has(ir.Unit) {
		on := s.against(enum.IPredEQ, i, j)
		switch {
		case on.yes:
			return s.one(t.DType)
		case on.no:
			return x
		}
		return s.choose(on.is, s.one(t.DType), x)
	}
	return x
}

// inBand tests whether an element may be other than zero in the structure that
// t promises.
func (s *scope) inBand(t ir.Type, idx []index) test {
	dims := t.Dims()
	r := len(idx)
	m, n := dims[r-2], dims[r-1]
	i, j := idx[r-2], idx[r-1]
	below, above := t.Props.Band(m, n)
	inside := s.always()
	if above < n-1 {
		inside = s.both(inside, s.against(enum.IPredSLE, j, s.shift(i, above)))
	}
	if below < m-1 {
		inside = s.both(inside, s.against(enum.IPredSLE, i, s.shift(j, below)))
	}
	return inside
}

// lower returns idx with the last two indices swapped where they are above the
// diagonal.
func (s *scope) lower(idx []index) []index {
	r := len(idx)
	i, j := s.wide(idx[r-2]), s.wide(idx[r-1])
	above := s.icmp(enum.IPredSGT, j, i)
	out := slices.Clone(idx)
	out[r-2], out[r-1] = s.asIndex(s.choose(above, j, i)), s.asIndex(s.choose(above, i, j))
	return out
}

// asIndex returns the i64 or vector of it as an index.
func (s *scope) asIndex(x value.Value) index {
	if lanesOf(x) > 0 {
		return index{vec: x}
	}
	return at(x)
}

func pullUpdate(s *scope, v *ir.Value, idx []index) value.Value {
	a, into, part := v.Attrs.(*ir.SliceAttrs), v.Args[0], v.Args[1]
	if part.Type.Elems() == 0 {
		return s.value(into, idx)
	}
	dims, dst := part.Type.Dims(), into.Type.Dims()
	here := s.always()
	moved := make([]index, len(idx))
	for i, x := range idx {
		start, _ := a.Start[i].Int()
		step := a.Step[i]
		if dims[i] == 1 {
			step = 1
		}
		if step < 0 { // the same elements from the other end
			x = s.sum(s.scale(x, -1), at(i64(start)))
		} else {
			x = s.shift(x, -start)
		}
		if n := max(step, -step); n > 1 {
			// Not negative before it is divided.
			here = s.both(here, s.within(x, 0, dst[i]))
			x = s.clamp(x, dst[i], false)
			var rest index
			x, rest = s.divide(x, n, dst[i])
			here = s.both(here, s.against(enum.IPredEQ, rest, at(i64(0))))
		}
		moved[i] = x
		if dims[i] != dst[i] || step != 1 {
			here = s.both(here, s.within(x, 0, dims[i]))
		}
	}
	return s.pick(here, func(all bool) value.Value {
		return s.value(part, s.clamped(moved, dims, all))
	}, func(bool) value.Value { return s.value(into, idx) })
}

// checked returns an index that is known at run time, moved to 0 where it is
// not in 0..n, which is an error.
func (s *scope) checked(v *ir.Value, d ir.DType, x value.Value, n, code int) index {
	x = s.asI64(d, x)
	zero := s.int(x.Type(), 0)
	bad := s.icmp(enum.IPredUGE, x, s.int(x.Type(), int64(n)))
	s.fail(code, s.site(v), bad, x, i64(n))
	return s.asIndex(s.choose(bad, zero, x))
}

// asked returns element idx of integers v, a scalar where the lanes share it.
func (s *scope) asked(v *ir.Value, idx []index) value.Value {
	if s.lanes == 0 || !uniform(idx) {
		return s.value(v, idx)
	}
	var x value.Value
	lanes := s.lanes
	s.lanes = 0
	x = s.value(v, idx)
	s.lanes = lanes
	return x
}

// where returns the index along an axis of n elements that element idx of the
// integers at holds. It is checked once for all that share it.
func (s *scope) where(v, at *ir.Value, idx []index, n, code int) index {
	lanes := s.lanes
	if uniform(idx) {
		lanes = 0
	}
	key := fmt.Sprintf("where %d %d %s", s.id(v), n, s.key(at, idx, lanes))
	x, _ := s.find(key)
	if x == nil {
		d := s.levelOf(at, idx)
		x = s.emitAt(d, lanes, func() value.Value {
			i := s.checked(v, at.Type.DType, s.value(at, idx), n, code)
			if i.vec != nil {
				return i.vec
			}
			return i.base
		})
		s.levels[d].memo[key] = x
	}
	return s.asIndex(x)
}

// placesOf returns in how many places a slice of size of n elements may begin,
// and the code of the error where it begins elsewhere. A slice of one element is
// an index.
func placesOf(n, size int) (places, code int) {
	if size == 1 {
		return n, CodeIndex
	}
	return max(n-size+1, 0), CodeSlice
}

func pullDynSlice(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.DynSliceAttrs).Axis
	from, to := v.Args[0].Type.Dims(), v.Type.Dims()
	n, code := placesOf(from[axis], to[axis])
	start := s.where(v, v.Args[1], nil, n, code)
	if n == 0 {
		return s.zero(v.Type.DType) // the error is recorded
	}
	moved := slices.Clone(idx)
	moved[axis] = s.sum(start, idx[axis])
	return s.value(v.Args[0], moved)
}

func pullDynUpdate(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	part := v.Args[1]
	dims, n := part.Type.Dims(), v.Type.Dims()[axis]
	places, code := placesOf(n, dims[axis])
	start := s.where(v, v.Args[2], nil, places, code)
	if places == 0 {
		return s.value(v.Args[0], idx)
	}
	moved := slices.Clone(idx)
	moved[axis] = s.sum(idx[axis], s.scale(start, -1))
	return s.pick(s.within(moved[axis], 0, dims[axis]), func(all bool) value.Value {
		at := slices.Clone(moved)
		at[axis] = s.clamp(moved[axis], dims[axis], all)
		return s.value(part, at)
	}, func(bool) value.Value { return s.value(v.Args[0], idx) })
}

func pullTake(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x, at := v.Args[0], v.Args[1]
	n := x.Type.Dims()[axis]
	r := at.Type.Rank()
	i := s.where(v, at, idx[axis:axis+r], n, CodeIndex)
	if n == 0 {
		return s.zero(v.Type.DType) // the error is recorded
	}
	return s.value(x, slices.Concat(idx[:axis], []index{i}, idx[axis+r:]))
}

func pullTakeAlong(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x := v.Args[0]
	n := x.Type.Dims()[axis]
	i := s.where(v, v.Args[1], idx, n, CodeIndex)
	if n == 0 {
		return s.zero(v.Type.DType)
	}
	moved := slices.Clone(idx)
	moved[axis] = i
	return s.value(x, moved)
}

func pullOneHot(s *scope, v *ir.Value, idx []index) value.Value {
	r := len(idx) - 1
	at := v.Args[0]
	i := s.asIndex(s.asI64(at.Type.DType, s.asked(at, idx[:r])))
	t := s.against(enum.IPredEQ, i, idx[r])
	switch {
	case t.yes:
		return s.one(v.Type.DType)
	case t.no:
		return s.zero(v.Type.DType)
	}
	return s.choose(t.is, s.one(v.Type.DType), s.zero(v.Type.DType))
}
