package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A scattering is a scatter or a scatter_along. Workers share the places beside
// the axis, out[o, :, p], and each one walks all indices for its own, in order.
type scattering struct {
	*singleEmitter
	set     bool
	into    sweep
	updates kernel.View
	indices kernel.View
	count   int // of indices at each place
	// Parts of updates: o, the number of the index, p.
	before, middle, after part
	// along: indices are sweeps too, one list for each place.
	along *sweep
}

func (s *singleEmitter) scatter() {
	k := s.k
	a := k.Value.Attrs.(*ir.ScatterAttrs)
	e := newScattering(s, a)
	end := a.Axis + k.Operands[1].Type.Rank()
	e.count = e.indices.Type.Elems()
	e.before = partOf(e.updates, 0, a.Axis)
	e.middle = partOf(e.updates, a.Axis, end)
	e.after = partOf(e.updates, end, e.updates.Type.Rank())
	e.emit()
}

func (s *singleEmitter) scatterAlong() {
	k := s.k
	a := k.Value.Attrs.(*ir.ScatterAttrs)
	e := newScattering(s, a)
	w := newSweep(e.indices, a.Axis)
	e.along = &w
	e.count = w.n
	e.before = partOf(e.updates, 0, a.Axis)
	e.middle = partOf(e.updates, a.Axis, a.Axis+1)
	e.after = partOf(e.updates, a.Axis+1, e.updates.Type.Rank())
	e.emit()
}

func newScattering(s *singleEmitter, a *ir.ScatterAttrs) *scattering {
	k := s.k
	return &scattering{
		singleEmitter: s, set: a.Set, into: newSweep(k.Operands[0], a.Axis),
		indices: k.Operands[1], updates: k.Operands[2],
	}
}

func (e *scattering) emit() {
	listed := e.listed()
	e.rows(e.into.pre, e.into.end, func(o, from, to value.Value) {
		if !e.k.InPlace {
			e.copy(o, from, to)
		}
		switch {
		case e.count == 0:
		case listed:
			e.addListed(o, from, to)
		default:
			e.each(i64(0), i64(e.count), 1, func(n value.Value) { e.apply(o, n, from, to) })
		}
	})
}

// copy copies the places from..to of o.
func (e *scattering) copy(o, from, to value.Value) {
	n := i64(e.into.n)
	if e.into.end == 1 {
		e.copyRun(e.outRun(e.mul(o, n), 1), e.line(e.into, o, i64(0)), i64(0), n)
		return
	}
	e.each(i64(0), n, 1, func(t value.Value) {
		e.copyRun(e.target(o, t), e.across(e.into, o, t), from, to)
	})
}

// target returns the elements out[o, t, :].
func (e *scattering) target(o, t value.Value) run {
	return e.outRun(e.mul(e.add(e.mul(o, i64(e.into.n)), t), i64(e.into.end)), 1)
}

// update returns the updates that index n brings to o.
func (e *scattering) update(o, n value.Value) run {
	off := e.add(e.offset(e.before, o), e.offset(e.middle, n))
	return e.runOf(e.updates, e.add(i64(e.updates.Offset), off), e.after)
}

// index returns index n of the list at o and p, whether it is one, and reports
// it if it is not.
func (e *scattering) index(o, n, p value.Value) (i, ok value.Value) {
	var x value.Value
	if e.along != nil {
		x = e.raw(e.line(*e.along, o, p), n, 0)
	} else {
		x = e.raw(e.runOf(e.indices, i64(e.indices.Offset), partOf(e.indices, 0, e.indices.Type.Rank())), n, 0)
	}
	i = e.indexOf(e.indices.Type.DType, x)
	size := i64(e.into.n)
	e.fail(CodeIndex, e.site(e.k.Value), e.icmp(enum.IPredUGE, i, size), i, size)
	return i, e.icmp(enum.IPredULT, i, size)
}

// apply puts or adds what index n brings to the places from..to of o.
func (e *scattering) apply(o, n, from, to value.Value) {
	if e.along != nil {
		e.each(from, to, 1, func(p value.Value) {
			i, ok := e.index(o, n, p)
			e.when(ok, func() { e.combine(e.target(o, i), e.update(o, n), p, 0) })
		})
		return
	}
	i, ok := e.index(o, n, nil)
	e.when(ok, func() {
		dst, src := e.target(o, i), e.update(o, n)
		if e.into.end == 1 {
			e.combine(dst, src, i64(0), 0)
			return
		}
		e.span(from, to, byLanes(e.width(dst.d), src), func(p value.Value, lanes int) { e.combine(dst, src, p, lanes) })
	})
}

func (e *scattering) combine(dst, src run, p value.Value, lanes int) {
	if e.set {
		e.putRaw(dst, p, e.raw(src, p, lanes))
		return
	}
	e.put(dst, p, e.plusOf(e.k.Out.Type.DType, e.get(dst, p, lanes), e.get(src, p, lanes)))
}

// listed reports whether the updates of each element are added up before they
// are rounded: those of the narrow floats, whose sums are made in f32.
func (e *scattering) listed() bool { return listed(e.k) }

func listed(k *kernel.Single) bool {
	d := k.Out.Type.DType
	return !k.Value.Attrs.(*ir.ScatterAttrs).Set && (d == tensor.BF16 || d == tensor.F16)
}

// scatterScratch is room for lists: which index first and last names each element
// along the axis, and for each index the next one that names the same.
func scatterScratch(k *kernel.Single) int {
	if !listed(k) {
		return 0
	}
	axis := k.Value.Attrs.(*ir.ScatterAttrs).Axis
	count := k.Operands[1].Type.Elems()
	if k.Value.Op == ir.OpScatterAlong {
		count = k.Operands[1].Type.Dims()[axis]
	}
	return 8 * (2*k.Out.Type.Dims()[axis] + count)
}

// addListed adds all updates of o, through lists of the indices that name the
// same element.
func (e *scattering) addListed(o, from, to value.Value) {
	if e.along == nil {
		e.makeLists(o, nil)
		e.eachListed(func(t, first value.Value) {
			dst := e.target(o, t)
			e.span(from, to, byLanes(e.floatWidth(dst.d), e.update(o, i64(0))), func(p value.Value, lanes int) { e.addList(o, dst, first, p, lanes) })
		})
		return
	}
	e.each(from, to, 1, func(p value.Value) {
		e.makeLists(o, p)
		e.eachListed(func(t, first value.Value) { e.addList(o, e.target(o, t), first, p, 0) })
	})
}

// heads, tails and nexts are the arrays of the lists, of i64; -1 ends a list.
func (e *scattering) heads() value.Value {
	return e.bitcast(e.scratch(scatterScratch(e.k)), types.NewPointer(types.I64))
}

func (e *scattering) tails() value.Value { return e.at(types.I64, e.heads(), i64(e.into.n)) }
func (e *scattering) nexts() value.Value { return e.at(types.I64, e.heads(), i64(2*e.into.n)) }

func (e *scattering) makeLists(o, p value.Value) {
	heads, tails, nexts := e.heads(), e.tails(), e.nexts()
	e.each(i64(0), i64(e.into.n), 1, func(t value.Value) { e.emitter.store(i64(-1), e.at(types.I64, heads, t)) })
	e.each(i64(0), i64(e.count), 1, func(n value.Value) {
		i, ok := e.index(o, n, p)
		e.when(ok, func() {
			head, tail := e.at(types.I64, heads, i), e.at(types.I64, tails, i)
			e.emitter.store(i64(-1), e.at(types.I64, nexts, n))
			e.either(e.icmp(enum.IPredSLT, e.load(types.I64, head, 0), i64(0)),
				func() []value.Value { e.emitter.store(n, head); return nil },
				func() []value.Value {
					e.emitter.store(n, e.at(types.I64, nexts, e.load(types.I64, tail, 0)))
					return nil
				})
			e.emitter.store(n, tail)
		})
	})
}

// eachListed runs body for each element along the axis that has a list.
func (e *scattering) eachListed(body func(t, first value.Value)) {
	e.each(i64(0), i64(e.into.n), 1, func(t value.Value) {
		first := e.load(types.I64, e.at(types.I64, e.heads(), t), 0)
		e.when(e.icmp(enum.IPredSGE, first, i64(0)), func() { body(t, first) })
	})
}

// addList adds the list that begins with first to lanes elements of dst.
func (e *scattering) addList(o value.Value, dst run, first, p value.Value, lanes int) {
	sum := e.while([]value.Value{first, e.get(dst, p, lanes)},
		func(c []value.Value) value.Value { return e.icmp(enum.IPredSGE, c[0], i64(0)) },
		func(c []value.Value) []value.Value {
			x := e.plusOf(e.k.Out.Type.DType, c[1], e.get(e.update(o, c[0]), p, lanes))
			return []value.Value{e.load(types.I64, e.at(types.I64, e.nexts(), c[0]), 0), x}
		})[1]
	e.put(dst, p, sum)
}
