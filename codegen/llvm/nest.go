package llvm

import (
	"math"
	"slices"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A nester emits a kernel.Nest. Vectors run along one axis of it:
//
//   - along an axis of Inner (the row form) each reduction has several vectors of
//     partial results, which are combined at the end of a row;
//   - along an axis of Outer (the column form; maps too) each lane reduces for
//     itself, in the order of the index, as strict mode wants it.
//
// A point of the space that workers share is a row: one index of each axis of
// Outer but that of the vectors; long axes of vectors are cut into slabs.
type nester struct {
	*scope
	n     *kernel.Nest
	axis  kernel.Axis // of the vectors
	width int         // lanes of a full vector; 1 for scalar code
	group int         // vectors that are computed together

	// across says that some memory lies across the axis of the vectors, as in a
	// transposition: what a vector touches is touched again by the next rows.
	across bool
	block  *blockAt // of a chain; nil for all points
	outer  []index  // where the code is that is emitted
	inner  []index

	offset   int // of the vector in its group, in elements
	rowsKept []*row
}

// slab is how many elements a map computes between two looks at the cancel word.
const slab = 4096

// emitNest emits the body of a kernel that is a nest, at the entry of its
// function, or with a block the rows of it that a chain works on.
func (s *scope) emitNest(block *blockAt) {
	n := s.k.Nest
	if product(n.Outer) == 0 {
		return // nothing is stored
	}
	s.flat = n.Flat
	e := &nester{scope: s, n: n, block: block, outer: make([]index, len(n.Outer)), inner: make([]index, len(n.Inner))}
	for i := range e.outer {
		e.outer[i] = at(i64(0))
	}
	for i := range e.inner {
		e.inner[i] = at(i64(0))
	}
	e.width = max(1, s.m.target.VectorBytes/e.elemBytes())
	e.axis = e.bestAxis()
	if e.size(e.axis) < 2 {
		e.width = 1
	}
	e.group = e.together()
	e.keepRows()
	if e.axis.Inner {
		e.rows()
	} else {
		e.columns()
	}
}

// elemBytes returns the size of the elements by which vectors are counted: 8
// where all are so wide, 1 where all are so narrow, else 4.
func (e *nester) elemBytes() int {
	least, most := 8, 1
	see := func(v *ir.Value) {
		n := sizeOf(regType(v.Type.DType))
		least, most = min(least, n), max(most, n)
	}
	for _, v := range e.roots() {
		see(v)
		if e.prog.Buf[v] != nil && !e.inside[v] {
			continue // a copy
		}
		for _, a := range v.Args {
			see(a)
		}
	}
	switch {
	case most == 1:
		return 1
	case least == 8:
		return 8
	}
	return 4
}

// roots returns what the nest reduces and stores.
func (e *nester) roots() []*ir.Value {
	var out []*ir.Value
	for _, st := range e.n.Stages {
		out = append(out, st.Reduce...)
		for _, store := range st.Store {
			out = append(out, store.Value)
		}
	}
	for _, store := range e.n.Store {
		out = append(out, store.Value)
	}
	return out
}

func (e *nester) size(a kernel.Axis) int {
	dims := e.n.Outer
	if a.Inner {
		dims = e.n.Inner
	}
	if len(dims) == 0 {
		return 1
	}
	return dims[a.Index]
}

// ordered reports whether the nest has reductions that strict mode keeps in the
// order of the index.
func (e *nester) ordered() bool {
	if !e.strict {
		return false
	}
	for _, st := range e.n.Stages {
		for _, r := range st.Reduce {
			if r.Type.DType.IsFloat() && (r.Op == ir.OpSum || r.Op == ir.OpProd || r.Op == ir.OpContract) {
				return true
			}
		}
	}
	return false
}

// bestAxis returns the axis of the vectors: of the last two axes of Outer and of
// Inner that for which an element takes the fewest instructions.
func (e *nester) bestAxis() kernel.Axis {
	var candidates []kernel.Axis
	last := func(dims []int, inner bool) {
		found := 0
		for i := len(dims) - 1; i >= 0 && found < 2; i-- {
			if dims[i] > 1 && (inner || !e.isRow(i)) {
				candidates = append(candidates, kernel.Axis{Inner: inner, Index: i})
				found++
			}
		}
	}
	if !e.ordered() && product(e.n.Inner) > 0 {
		last(e.n.Inner, true)
	}
	last(e.n.Outer, false)
	switch {
	case len(candidates) == 0 && e.block != nil:
		return e.noRow()
	case len(candidates) == 0:
		return kernel.Axis{Index: max(len(e.n.Outer)-1, 0)}
	}
	best, least := candidates[0], math.Inf(1)
	for _, a := range candidates {
		if cost, across := e.costOf(a); cost < least {
			best, least, e.across = a, cost, across
		}
	}
	return best
}

// combining is about how many instructions it takes to combine the lanes of a
// vector.
const combining = 12

// costOf emits one step of the nest with vectors along a, to be thrown away, and
// returns how many instructions an element took, and whether memory was touched
// lane by lane.
func (e *nester) costOf(a kernel.Axis) (cost float64, across bool) {
	f := llir.NewFunc("trial", types.Void)
	t, em := *e, *e.emitter
	em.fn, em.cur = f, f.NewBlock("")
	t.scope = newScope(&em, e.prog, e.k, e.ctx, e.worker, e.workers, e.indices, e.ptr)
	t.flat, t.axis = e.flat, a
	t.outer, t.inner = slices.Clone(e.outer), slices.Clone(e.inner)
	unknown := func() value.Value { return llir.NewParam("", types.I64) }
	for i, n := range e.n.Outer {
		if n > 1 {
			t.outer[i] = at(unknown())
		}
	}
	for i, n := range e.n.Inner {
		if n > 1 {
			t.inner[i] = at(unknown())
		}
	}
	lanes := min(e.width, e.size(a))
	base := unknown()
	t.multiple[base] = lanes
	count := 0
	t.onPiece(piece{base: base, lanes: lanes}, func() {
		for _, st := range e.n.Stages {
			for _, r := range st.Reduce {
				t.element(r)
			}
			for _, r := range st.Reduce {
				n := lanesOfWidth(lanes)
				if a.Inner {
					n = 0
				}
				x := e.undef(vec(regType(r.Type.DType), n))
				if a.Inner {
					t.as(0, func() { t.bind(r, t.outer, x) })
				} else {
					t.bind(r, t.outer, x)
				}
			}
			for _, store := range st.Store {
				t.put(store, t.full())
			}
		}
		if !a.Inner {
			for _, store := range e.n.Store {
				t.put(store, t.outer)
			}
		}
	})
	for _, b := range f.Blocks {
		count += len(b.Insts) + 1
	}
	cost = float64(count) / float64(lanes)
	if a.Inner {
		for _, st := range e.n.Stages {
			cost += combining * float64(len(st.Reduce)) / float64(product(e.n.Inner))
		}
	}
	return cost, t.awkward > 0
}

// lanesOfWidth returns s.lanes for vectors of width elements.
func lanesOfWidth(width int) int {
	if width == 1 {
		return 0
	}
	return width
}

// as runs body with vectors of lanes lanes.
func (s *scope) as(lanes int, body func()) {
	before := s.lanes
	s.lanes = lanes
	body()
	s.lanes = before
}

// heavy are the operations that keep a processor busy with one vector.
var heavy = []ir.Op{ir.OpExp, ir.OpExpm1, ir.OpLog, ir.OpLog1p, ir.OpSin, ir.OpCos, ir.OpTanh, ir.OpErf, ir.OpPow, ir.OpFloorDiv, ir.OpMod, ir.OpDiv, ir.OpSqrt, ir.OpRsqrt}

// work returns a rough count of the operations of one element of the values
// that a nest reduces and stores.
func (s *scope) work(roots []*ir.Value) int {
	seen := map[*ir.Value]bool{}
	total := 0
	var visit func(*ir.Value)
	visit = func(v *ir.Value) {
		if seen[v] {
			return
		}
		seen[v] = true
		total++
		if !s.inside[v] && s.prog.Buf[v] != nil {
			return
		}
		if slices.Contains(heavy, v.Op) {
			total += 10
		}
		for _, a := range v.Args {
			visit(a)
		}
	}
	for _, v := range roots {
		visit(v)
	}
	return total
}

// together returns how many vectors are computed together: enough to hide the
// latency of sums where there is little else to do.
func (e *nester) together() int {
	reduces := slices.ContainsFunc(e.n.Stages, func(st kernel.Stage) bool { return len(st.Reduce) > 0 })
	switch w := e.work(e.roots()); {
	case w > 16:
		return 1
	case reduces && w <= 10:
		return 4
	}
	return 2
}

// full returns the indices of the full shape.
func (e *nester) full() []index {
	if e.flat {
		return e.outer
	}
	out := make([]index, len(e.n.Full))
	for i, a := range e.n.Full {
		if a.Inner {
			out[i] = e.inner[a.Index]
		} else {
			out[i] = e.outer[a.Index]
		}
	}
	return out
}

// setAxis places the code at x along the axis of the vectors.
func (e *nester) setAxis(x index) {
	switch {
	case e.axis.Inner:
		e.inner[e.axis.Index] = x
	case len(e.outer) > 0:
		e.outer[e.axis.Index] = x
	}
}

// put stores a value at idx.
func (e *nester) put(st kernel.Store, idx []index) {
	if !e.flat {
		e.scope.store(st, idx, e.value(st.Value, idx))
		return
	}
	idx = e.stretched(st.Value, idx)
	x := e.value(st.Value, idx)
	pos := at(i64(st.Offset))
	if len(idx) > 0 {
		pos = e.sum(pos, idx[0])
	}
	e.storeAt(st.Buf, st.Value.Type.DType, pos, x)
}

// A piece is one vector of a step: lanes elements from base on.
type piece struct {
	base   value.Value
	lanes  int
	offset int // from the first of the group
}

// pieces returns vectors for count elements from base on.
func (e *nester) pieces(base value.Value, count int) []piece {
	var out []piece
	for off := 0; off < count; {
		n := min(e.width, count-off)
		out = append(out, piece{e.plus(base, i64(off)), n, off})
		off += n
	}
	return out
}

// onPiece runs body with vectors of p, placed at it.
func (e *nester) onPiece(p piece, body func()) {
	if p.lanes == 1 {
		e.setAxis(at(p.base))
	} else {
		e.setAxis(index{base: p.base, step: 1})
	}
	e.offset = p.offset
	e.as(lanesOfWidth(p.lanes), body)
}

// share returns the part of total, [lo, hi), that this worker does.
func (s *scope) share(total int) (lo, hi value.Value) {
	cut := func(w value.Value) value.Value {
		return s.cur.NewUDiv(s.mul(w, i64(total)), s.workers)
	}
	return cut(s.worker), cut(s.add(s.worker, i64(1)))
}

// points runs body for each of this worker's share of total points, until
// somebody asks to stop.
func (s *scope) points(total int, body func(p value.Value)) {
	lo, hi := s.share(total)
	s.when(s.icmp(enum.IPredSLT, lo, hi), func() {
		s.nested(func() {
			s.polled = true
			s.turns(lo, hi, 1, nil, func(p value.Value, _ []value.Value) []value.Value {
				body(p)
				return nil
			})
		})
	})
}

// nested runs body as the body of inner with the vectors of now.
func (s *scope) nested(body func()) { s.inner(s.lanes, body) }

// poll returns whether nobody asked to stop.
func (s *scope) poll() value.Value {
	return s.icmp(enum.IPredEQ, s.stopWord(s.ctx), constant.NewInt(types.I32, 0))
}

// columns emits the column form: a row of the space is cut into slabs, each a
// run of groups of vectors; what is left at the end of the row is the last.
func (e *nester) columns() {
	n := e.size(e.axis)
	step := e.width * e.group
	groups, rest := n/step, n%step
	perSlab := max(1, slab/(step*max(1, product(e.n.Inner))))
	across := e.across && e.block == nil
	if across {
		perSlab = 1
	}
	slabs := max(1, (groups+perSlab-1)/perSlab)
	rows := 1
	for i, d := range e.n.Outer {
		if i != e.axis.Index {
			rows *= d
		}
	}
	e.points(rows*slabs, func(p value.Value) {
		row, cut := p, value.Value(i64(0))
		switch {
		case slabs > 1 && across:
			cut, row = e.over(p, rows)
		case slabs > 1:
			row, cut = e.over(p, slabs)
		}
		e.place(row)
		end := i64(groups * step)
		lo, hi := value.Value(i64(0)), value.Value(end)
		if slabs > 1 {
			lo = e.times(cut, perSlab*step)
			hi = e.plus(lo, i64(perSlab*step))
			if groups%perSlab != 0 {
				hi = e.choose(e.icmp(enum.IPredSLT, hi, end), hi, end)
			}
		}
		switch {
		case groups == 1 || perSlab == 1 && groups > 0:
			e.column(e.pieces(lo, step))
		case groups > 1:
			e.turns(lo, hi, step, nil, func(i value.Value, _ []value.Value) []value.Value {
				e.column(e.pieces(i, step))
				return nil
			})
		}
		tail := func() { e.nested(func() { e.column(e.pieces(end, rest)) }) }
		switch {
		case rest == 0:
		case slabs == 1:
			tail()
		default:
			e.when(e.icmp(enum.IPredEQ, cut, i64(slabs-1)), tail)
		}
	})
}

// place sets the indices of Outer, but that of the vectors, to those of a row.
func (e *nester) place(row value.Value) {
	if e.block != nil {
		e.placeRow(row)
		return
	}
	for i := len(e.n.Outer) - 1; i >= 0; i-- {
		if !e.axis.Inner && i == e.axis.Index {
			continue
		}
		first := true // of those that are left: the rest is its index
		for j := range i {
			first = first && (e.n.Outer[j] == 1 || !e.axis.Inner && j == e.axis.Index)
		}
		x := row
		if !first {
			row, x = e.over(row, e.n.Outer[i])
		} else {
			row = i64(0)
		}
		e.outer[i] = at(x)
	}
}

// column computes one group of vectors.
func (e *nester) column(ps []piece) {
	for s := range e.n.Stages {
		st := &e.n.Stages[s]
		accs := make([][]accumulator, len(ps))
		for k, p := range ps {
			for _, r := range st.Reduce {
				accs[k] = append(accs[k], e.start(r, p.lanes))
			}
		}
		e.walk(e.n.Inner, -1, accs, func(accs [][]accumulator) {
			for k, p := range ps {
				e.onPiece(p, func() { e.step(s, accs[k]) })
			}
		})
		for k, p := range ps {
			e.onPiece(p, func() {
				for i, r := range st.Reduce {
					e.bind(r, e.outer, e.result(r, accs[k][i]))
				}
			})
		}
	}
	for _, p := range ps {
		e.onPiece(p, func() {
			for _, st := range e.n.Store {
				e.put(st, e.outer)
			}
		})
	}
}

// step does what a stage does at one point: it adds to the accumulators, and
// stores.
func (e *nester) step(s int, accs []accumulator) {
	st := &e.n.Stages[s]
	e.readRows(s)
	for i, r := range st.Reduce {
		accs[i] = e.accumulate(r, accs[i], e.element(r))
	}
	for _, store := range st.Store {
		e.put(store, e.full())
	}
	e.fillRows(s)
}

// element returns what reduction r takes at the place of the code.
func (e *nester) element(r *ir.Value) value.Value {
	if r.Op == ir.OpContract {
		return e.term(r, newContraction(r), e.outer, e.inner)
	}
	return e.value(r.Args[0], e.full())
}

// walk runs body for all indices of dims but the one skipped, in order, in
// nested loops that carry the accumulators.
func (e *nester) walk(dims []int, skip int, accs [][]accumulator, body func([][]accumulator)) {
	if product(dims) == 0 {
		return
	}
	var from func(i int, accs [][]accumulator)
	from = func(i int, accs [][]accumulator) {
		switch {
		case i == len(dims):
			body(accs)
		case i == skip:
			from(i+1, accs)
		case dims[i] == 1:
			e.inner[i] = at(i64(0))
			from(i+1, accs)
		default:
			e.carry(i64(0), i64(dims[i]), 1, accs, func(x value.Value, accs [][]accumulator) {
				e.inner[i] = at(x)
				from(i+1, accs)
			})
		}
	}
	from(0, accs)
}

// carry is turns for accumulators, which it changes in place.
func (e *nester) carry(lo, hi value.Value, step int, accs [][]accumulator, body func(x value.Value, accs [][]accumulator)) {
	pack := func(accs [][]accumulator) []value.Value {
		var out []value.Value
		for _, row := range accs {
			for _, a := range row {
				out = append(out, a...)
			}
		}
		return out
	}
	unpack := func(x []value.Value, accs [][]accumulator) {
		for k := range accs {
			for i := range accs[k] {
				n := len(accs[k][i])
				accs[k][i], x = accumulator(x[:n:n]), x[n:]
			}
		}
	}
	now := make([][]accumulator, len(accs))
	for k := range accs {
		now[k] = slices.Clone(accs[k])
	}
	out := e.turns(lo, hi, step, pack(accs), func(x value.Value, carried []value.Value) []value.Value {
		unpack(carried, now)
		body(x, now)
		return pack(now)
	})
	unpack(out, accs)
}

// rows emits the row form.
func (e *nester) rows() {
	e.points(product(e.n.Outer), func(p value.Value) {
		e.place(p)
		for s := range e.n.Stages {
			e.row(s)
		}
		for _, st := range e.n.Store {
			e.put(st, e.outer)
		}
	})
}

// row does a stage of one row.
func (e *nester) row(s int) {
	st := &e.n.Stages[s]
	n := e.size(e.axis)
	step := e.width * e.group
	groups, rest := n/step, n%step
	vectors := min(e.group, max(1, n/e.width)) // that accumulate
	lanes := min(e.width, n)
	accs := make([][]accumulator, vectors)
	for k := range accs {
		for _, r := range st.Reduce {
			accs[k] = append(accs[k], e.start(r, lanes))
		}
	}
	group := func(ps []piece, accs [][]accumulator) {
		for k, p := range ps {
			e.onPiece(p, func() {
				if p.lanes == lanes {
					e.step(s, accs[k])
					return
				}
				own := make([]accumulator, len(st.Reduce))
				for i, r := range st.Reduce {
					own[i] = e.start(r, p.lanes)
				}
				e.step(s, own)
				for i, r := range st.Reduce {
					accs[0][i] = e.merge(r, accs[0][i], e.widen(r, own[i], lanes))
				}
			})
		}
	}
	e.walk(e.n.Inner, e.axis.Index, accs, func(accs [][]accumulator) {
		switch {
		case groups == 1:
			group(e.pieces(i64(0), step), accs)
		case groups > 1:
			e.carry(i64(0), i64(groups*step), step, accs, func(x value.Value, accs [][]accumulator) {
				group(e.pieces(x, step), accs)
			})
		}
		if rest > 0 {
			group(e.pieces(i64(groups*step), rest), accs)
		}
	})
	for i, r := range st.Reduce {
		all := accs[0][i]
		for _, other := range accs[1:] {
			all = e.merge(r, all, other[i])
		}
		all = e.combine(r, all, lanes)
		e.bind(r, e.outer, e.result(r, all))
	}
}

// An accumulator is a partial result of a reduction, in each lane: one value, or
// for argmax and argmin the position too.
type accumulator []value.Value

// result returns what reduction r gives.
func (e *nester) result(r *ir.Value, a accumulator) value.Value {
	if len(a) == 1 {
		return e.rounded(r.Type.DType, a[0])
	}
	return e.extend(a[1], types.I64, true)
}

// start returns the accumulator of nothing, in vectors of width elements.
func (e *nester) start(r *ir.Value, width int) accumulator {
	lanes := lanesOfWidth(width)
	d := r.Args[0].Type.DType
	t := vec(regType(d), lanes)
	number := func(f float64, n int64) value.Value {
		switch {
		case d.IsFloat():
			return e.float(t, f)
		case d == tensor.Bool:
			return splatConst(constant.NewBool(n&1 != 0), lanes)
		}
		return e.int(t, n)
	}
	lo, hi := tensor.Range(d)
	if d == tensor.U8 {
		hi = -1 // all bits
	}
	inf, nowhere := math.Inf(1), e.int(vec(e.position(), lanes), math.MaxInt32)
	if e.position() == types.I64 {
		nowhere = e.int(vec(types.I64, lanes), math.MaxInt64)
	}
	switch r.Op {
	case ir.OpProd, ir.OpAll:
		return accumulator{number(1, 1)}
	case ir.OpReduceMax:
		return accumulator{number(-inf, lo)}
	case ir.OpReduceMin:
		return accumulator{number(inf, hi)}
	case ir.OpArgMax:
		return accumulator{number(-inf, lo), nowhere}
	case ir.OpArgMin:
		return accumulator{number(inf, hi), nowhere}
	}
	if product(e.n.Inner) > 0 {
		return accumulator{number(math.Copysign(0, -1), 0)} // adding -0 to it gives -0
	}
	return accumulator{number(0, 0)}
}

// accumulate takes x, an element of r's operand at the place of the code.
func (e *nester) accumulate(r *ir.Value, a accumulator, x value.Value) accumulator {
	if len(a) == 1 {
		return e.merge(r, a, accumulator{x})
	}
	pos := e.linear(0, strides(e.n.Inner), e.inner)
	if e.position() == types.I64 {
		return e.merge(r, a, accumulator{x, e.wide(pos)})
	}
	return e.merge(r, a, accumulator{x, e.short(pos)})
}

// position returns the type in which argmax counts: more lanes fit a register
// where it is narrow.
func (e *nester) position() *types.IntType {
	if product(e.n.Inner) < math.MaxInt32 {
		return types.I32
	}
	return types.I64
}

// merge combines two partial results.
func (e *nester) merge(r *ir.Value, a, b accumulator) accumulator {
	d := r.Args[0].Type.DType
	x, y := a[0], b[0]
	switch r.Op {
	case ir.OpSum, ir.OpContract:
		return accumulator{e.plusOf(d, x, y)}
	case ir.OpProd:
		return accumulator{e.productOf(d, x, y)}
	case ir.OpReduceMax, ir.OpAny:
		return accumulator{e.maxOf(d, x, y)}
	case ir.OpReduceMin, ir.OpAll:
		return accumulator{e.minOf(d, x, y)}
	}
	// The other is taken where it is better, or as good and before.
	before := e.icmp(enum.IPredSLT, b[1], a[1])
	same := e.cur.NewAnd(e.not(e.beats(r.Op, d, x, y)), before)
	take := e.cur.NewOr(e.beats(r.Op, d, y, x), same)
	return accumulator{e.choose(take, y, x), e.choose(take, b[1], a[1])}
}

// beats reports whether argmax (argmin) prefers x to y wherever they are: NaN
// to all else.
func (e *nester) beats(op ir.Op, d ir.DType, x, y value.Value) value.Value {
	f, signed, unsigned := enum.FPredOGT, enum.IPredSGT, enum.IPredUGT
	if op == ir.OpArgMin {
		f, signed, unsigned = enum.FPredOLT, enum.IPredSLT, enum.IPredULT
	}
	switch {
	case d.IsFloat():
		nan := e.cur.NewAnd(e.isNaN(x), e.fcmp(enum.FPredORD, y, y))
		return e.cur.NewOr(e.fcmp(f, x, y), nan)
	case isSigned(d):
		return e.icmp(signed, x, y)
	}
	return e.icmp(unsigned, x, y)
}

// widen returns a with lanes lanes, the new ones holding nothing.
func (e *nester) widen(r *ir.Value, a accumulator, lanes int) accumulator {
	out := make(accumulator, len(a))
	for i, x := range a {
		n := lanesOf(x)
		if n == 0 {
			out[i] = e.setLane(e.start(r, lanes)[i], x, 0)
			continue
		}
		order := make([]int, lanes)
		for k := range order {
			order[k] = min(k, n)
		}
		out[i] = e.shuffle(x, e.start(r, n)[i], order)
	}
	return out
}

// combine returns the result of all lanes, as scalars.
func (e *nester) combine(r *ir.Value, a accumulator, lanes int) accumulator {
	if lanes < 2 {
		return a
	}
	power := 1
	for power < lanes {
		power *= 2
	}
	if power != lanes {
		a = e.widen(r, a, power)
	}
	for n := power / 2; n >= 1; n /= 2 {
		lo, hi := make(accumulator, len(a)), make(accumulator, len(a))
		for i, x := range a {
			if n == 1 {
				lo[i], hi[i] = e.lane(x, 0), e.lane(x, 1)
				continue
			}
			first, second := make([]int, n), make([]int, n)
			for k := range n {
				first[k], second[k] = k, n+k
			}
			lo[i], hi[i] = e.shuffle(x, x, first), e.shuffle(x, x, second)
		}
		a = e.merge(r, lo, hi)
	}
	return a
}
