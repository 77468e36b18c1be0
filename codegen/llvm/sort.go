package llvm

import (
	"math/bits"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An ordering puts elements along an axis in order. It sorts tickets: unsigned
// integers with the key of an element in the upper half and its index in the
// lower one, so that no two are equal and the lower index comes first among
// equal keys. Keys count up in the order that is asked for; NaN is the largest
// element and -0 equals +0.
type ordering struct {
	*singleEmitter
	line       sweep
	d          ir.DType
	descending bool
	key        *types.IntType // i32 or i64, as wide as the element or wider
	ticket     *types.IntType // twice as wide, or as what holds any index
	half       uint64         // bits of the lower half
}

func newOrdering(s *singleEmitter, axis int, descending bool) *ordering {
	o := &ordering{singleEmitter: s, line: newSweep(s.k.Operands[0], axis), descending: descending}
	o.d = o.line.view.Type.DType
	o.key, o.ticket, o.half = types.I32, types.I64, 32
	if o.d.Size() == 8 || uint64(o.line.n) > 1<<32 {
		o.ticket, o.half = types.NewInt(128), 64
	}
	if o.d.Size() == 8 {
		o.key = types.I64
	}
	return o
}

// argSort emits ir.OpArgSort.
func (s *singleEmitter) argSort() {
	a := s.k.Value.Attrs.(*ir.SortAttrs)
	o := newOrdering(s, a.Axis, a.Descending)
	o.sortRows(o.line.n)
}

// insertionLimit is how many elements are kept in order by insertion: it takes
// n + k^2 log n steps where the elements come in no order and n k at worst, where
// sorting takes n log n that are some ten times as long as the former.
const insertionLimit = 64

// topK emits ir.OpTopK.
func (s *singleEmitter) topK() {
	a := s.k.Value.Attrs.(*ir.TopKAttrs)
	o := newOrdering(s, a.Axis, true)
	k, _ := a.K.Int()
	if k > insertionLimit {
		o.sortRows(k)
		return
	}
	o.rowsOf(k, func(src, dst run) { o.keepFirst(src, dst, k) })
}

// rowsOf shares out the rows along the axis; dst is where the k indices of src go.
func (o *ordering) rowsOf(k int, body func(src, dst run)) {
	w := o.line
	lo, hi := o.share(w.pre * w.end)
	o.each(lo, hi, 1, func(row value.Value) {
		before, after := value.Value(row), value.Value(i64(0))
		if w.end > 1 {
			before, after = o.cur.NewUDiv(row, i64(w.end)), o.cur.NewURem(row, i64(w.end))
		}
		off := o.add(o.mul(before, i64(k*w.end)), after)
		o.when(o.poll(), func() { body(o.singleEmitter.line(w, before, after), o.outRun(off, w.end)) })
	})
}

// keyOf returns the key of x, an element in register form.
func (o *ordering) keyOf(x value.Value) value.Value {
	t := like(o.key, x)
	top := o.int(t, -1<<(o.key.BitSize-1))
	var key value.Value
	if o.d.IsFloat() {
		// Plus zero: -0 becomes +0. The bits of negative floats count down.
		bits := o.bitcast(o.cur.NewFAdd(x, o.float(x.Type(), 0)), t)
		sign := o.cur.NewAShr(bits, o.int(t, int64(o.key.BitSize-1)))
		key = o.cur.NewXor(bits, o.cur.NewOr(sign, top))
		key = o.choose(o.fcmp(enum.FPredUNO, x, x), o.int(t, -1), key)
	} else {
		signed := o.d != tensor.U8 && o.d != tensor.Bool
		key = o.extend(x, o.key, signed)
		if signed {
			key = o.cur.NewXor(key, top)
		}
	}
	if o.descending {
		key = o.cur.NewXor(key, o.int(t, -1))
	}
	return key
}

// ticketOf returns the ticket of element i, an i64, of src.
func (o *ordering) ticketOf(src run, i value.Value) value.Value {
	key := o.extend(o.keyOf(o.get(src, i, 0)), o.ticket, false)
	return o.cur.NewOr(o.cur.NewShl(key, constant.NewInt(o.ticket, int64(o.half))), o.extend(i, o.ticket, false))
}

// indexIn returns the index in a ticket, an i64.
func (o *ordering) indexIn(x value.Value) value.Value {
	return o.cur.NewAnd(o.extend(x, types.I64, false), i64(1<<min(o.half, 63)-1))
}

// slot returns the place of element i of an array of tickets.
func (o *ordering) slot(p, i value.Value) value.Value { return o.at(o.ticket, p, i) }

func (o *ordering) ticketAt(p, i value.Value) value.Value {
	return o.load(o.ticket, o.slot(p, i), 0)
}

func (o *ordering) before(x, y value.Value) value.Value { return o.icmp(enum.IPredULT, x, y) }

// workspace returns scratch for n tickets.
func (o *ordering) workspace(n int) value.Value {
	return o.bitcast(o.scratch(n*int(o.ticket.BitSize/8)), types.NewPointer(o.ticket))
}

// keepFirst writes the indices of the first k elements of src to dst. It keeps
// the first of what it has seen in order, and looks for elements that come
// before the last of them, a vector at a time.
func (o *ordering) keepFirst(src, dst run, k int) {
	if k == 0 {
		return
	}
	kept := o.workspace(k)
	last := o.slot(kept, i64(k-1))
	o.each(i64(0), i64(k), 1, func(i value.Value) {
		o.emitter.store(constant.NewInt(o.ticket, -1), o.slot(kept, i))
	})
	o.each(i64(0), i64(k), 1, func(i value.Value) { o.insert(kept, k, o.ticketOf(src, i)) })
	try := func(i value.Value) {
		x := o.ticketOf(src, i)
		o.when(o.before(x, o.load(o.ticket, last, 0)), func() { o.insert(kept, k, x) })
	}
	lanes := max(o.m.target.VectorBytes, 16) / int(o.key.BitSize/8)
	o.span(i64(k), i64(o.line.n), byLanes(lanes, src), func(i value.Value, lanes int) {
		if lanes == 0 {
			try(i)
			return
		}
		limit := o.cur.NewTrunc(o.cur.NewLShr(o.load(o.ticket, last, 0), constant.NewInt(o.ticket, int64(o.half))), o.key)
		some := o.before(o.keyOf(o.get(src, i, lanes)), o.splat(limit, lanes)) // of equal keys the earlier index stays
		mask := types.NewInt(uint64(lanes))
		o.when(o.icmp(enum.IPredNE, o.bitcast(some, mask), constant.NewInt(mask, 0)), func() {
			o.each(i, o.add(i, i64(lanes)), 1, try)
		})
	})
	o.each(i64(0), i64(k), 1, func(i value.Value) { o.putRaw(dst, i, o.indexIn(o.ticketAt(kept, i))) })
}

// insert puts x into kept, k tickets in order, of which the last drops out.
func (o *ordering) insert(kept value.Value, k int, x value.Value) {
	least := func(x, y value.Value) value.Value { return o.choose(o.before(x, y), x, y) }
	o.each(i64(k-1), i64(0), -1, func(i value.Value) {
		before := o.ticketAt(kept, o.sub(i, i64(1)))
		here := o.choose(o.before(before, x), x, before) // x or what it moves up
		o.emitter.store(least(here, o.ticketAt(kept, i)), o.slot(kept, i))
	})
	o.emitter.store(least(x, o.ticketAt(kept, i64(0))), o.slot(kept, i64(0)))
}

// sortBlock is how many tickets are sorted in registers before runs are merged.
const sortBlock = 4

// sortRows sorts rows by merging and writes the first k indices of each.
func (o *ordering) sortRows(k int) {
	n := o.line.n
	padded := (n + sortBlock - 1) / sortBlock * sortBlock
	o.rowsOf(k, func(src, dst run) {
		a := o.workspace(2 * padded)
		b := o.slot(a, i64(padded))
		o.sortBlocks(src, a)
		passes := bits.Len(uint((padded - 1) / sortBlock)) // until runs of sortBlock<<passes hold all
		init := []value.Value{a, b, i64(sortBlock)}
		sorted := o.loop(i64(0), i64(passes), 1, init, func(_ value.Value, c []value.Value) []value.Value {
			o.mergePass(c[0], c[1], c[2], padded)
			return []value.Value{c[1], c[0], o.add(c[2], c[2])}
		})[0]
		o.each(i64(0), i64(k), 1, func(i value.Value) { o.putRaw(dst, i, o.indexIn(o.ticketAt(sorted, i))) })
	})
}

// sortBlocks writes the tickets of src to a, each block of them in order. The
// last block is filled up with tickets that come after all others.
func (o *ordering) sortBlocks(src run, a value.Value) {
	n := o.line.n
	block := func(at value.Value, have int) {
		var x [sortBlock]value.Value
		for l := range x {
			i := o.add(at, i64(l))
			if l < have {
				x[l] = o.ticketOf(src, i)
			} else {
				x[l] = constant.NewInt(o.ticket, -1)
			}
		}
		for _, pair := range [][2]int{{0, 1}, {2, 3}, {0, 2}, {1, 3}, {1, 2}} {
			p, q := x[pair[0]], x[pair[1]]
			c := o.before(p, q)
			x[pair[0]], x[pair[1]] = o.choose(c, p, q), o.choose(c, q, p)
		}
		for l := range x {
			o.emitter.store(x[l], o.slot(a, o.add(at, i64(l))))
		}
	}
	full := n / sortBlock * sortBlock
	o.each(i64(0), i64(full), sortBlock, func(at value.Value) { block(at, sortBlock) })
	if full < n {
		block(i64(full), n-full)
	}
}

// mergePass merges neighbouring runs of m tickets in src to runs of 2m in dst,
// n tickets in all.
func (o *ordering) mergePass(src, dst, m value.Value, n int) {
	twice := o.add(m, m)
	pairs := o.cur.NewUDiv(i64(n), twice)
	o.each(i64(0), pairs, 1, func(p value.Value) {
		at := o.mul(p, twice)
		o.mergePair(o.slot(src, at), o.slot(dst, at), m)
	})
	at := o.mul(pairs, twice)
	o.mergeRest(o.slot(src, at), o.slot(dst, at), m, o.sub(i64(n), at))
}

// mergePair merges two runs of m tickets from both ends: neither end can leave
// its run before it has written m tickets, so there is nothing to check.
func (o *ordering) mergePair(src, dst, m value.Value) {
	end := o.sub(o.add(m, m), i64(1))
	init := []value.Value{i64(0), m, o.sub(m, i64(1)), end}
	o.loop(i64(0), m, 1, init, func(t value.Value, c []value.Value) []value.Value {
		x, y := o.ticketAt(src, c[0]), o.ticketAt(src, c[1])
		first := o.before(x, y)
		o.emitter.store(o.choose(first, x, y), o.slot(dst, t))
		step := o.cur.NewZExt(first, types.I64)
		u, v := o.ticketAt(src, c[2]), o.ticketAt(src, c[3])
		last := o.before(u, v) // v comes last
		o.emitter.store(o.choose(last, v, u), o.slot(dst, o.sub(end, t)))
		back := o.cur.NewZExt(last, types.I64)
		return []value.Value{
			o.add(c[0], step), o.add(c[1], o.sub(i64(1), step)),
			o.sub(c[2], o.sub(i64(1), back)), o.sub(c[3], back),
		}
	})
}

// mergeRest merges a run of m tickets, or what there is of it, with the rest,
// n tickets in all and fewer than 2m.
func (o *ordering) mergeRest(src, dst, m, n value.Value) {
	half := o.atMost(m, n)
	init := []value.Value{i64(0), half}
	o.loop(i64(0), n, 1, init, func(t value.Value, c []value.Value) []value.Value {
		x := o.ticketAt(src, o.atMost(c[0], o.sub(half, i64(1))))
		y := o.ticketAt(src, o.atMost(c[1], o.sub(n, i64(1))))
		first := o.cur.NewOr(o.icmp(enum.IPredSGE, c[1], n), o.cur.NewAnd(o.icmp(enum.IPredSLT, c[0], half), o.before(x, y)))
		o.emitter.store(o.choose(first, x, y), o.slot(dst, t))
		step := o.cur.NewZExt(first, types.I64)
		return []value.Value{o.add(c[0], step), o.add(c[1], o.sub(i64(1), step))}
	})
}
