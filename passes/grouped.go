package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// grouping computes of the rows that choose among parts, tokens among experts,
// nothing but what is chosen:
//
//	sum over e of one_hot(i, n)[t, e] * f(x[t], w[e])   becomes   f(x[t], w[i[t]])
//
// The rows are put in the order of their parts, those of each part in blocks of
// their own, the last one of a part filled up with rows that nobody reads. A block
// has one part, so the products are as many products of matrices as there are
// blocks, whose right operands are those of the parts, taken and never copied
// (kernel.Pick). How many blocks a part has is known only when the program runs,
// but not how many there are at most. Each row then reads what its block made of
// it, wherever that is, so nothing is added up in an order that depends on choices.
var grouping = &Rule{"grouped by choice", "one_hot(i, n) @ f(x, w) = take(f(x in groups by i, take(w, group)), place in its group)", FromStructure}

// Sizes of blocks: no smaller than products of matrices are worth, no larger than
// gains anything, and between these so that at most an eighth of rows is added.
// With fewer rows than parts, matrices may as well be taken for each row.
const (
	leastBlock = 4
	mostBlock  = 128
)

// regrouped returns the factors of a term with those that have the class of its
// only delta, some of whose rows they have too, computed of the rows in groups.
// ok is false where that does not pay; e may have made something then.
func (e *elimination) regrouped(t *summand, factors []factor, d delta) (out []factor, ok bool) {
	var with []factor
	for _, f := range factors {
		if slices.Contains(f.idx, d.class) {
			with = append(with, f)
		} else {
			out = append(out, f)
		}
	}
	var shared []int // rows that are computed for all parts as they are written
	for _, i := range d.rows {
		if slices.ContainsFunc(with, func(f factor) bool { return slices.Contains(f.idx, i) }) {
			shared = append(shared, i)
		}
	}
	parts, rows := e.sizes[d.class], spanOf(e.sizes, d.rows)
	if len(shared) == 0 || rows < parts {
		return nil, false
	}
	size := leastBlock
	for size < mostBlock && 2*size*8*parts <= rows {
		size *= 2
	}
	count := (rows + parts*(size-1)) / size
	if count*size >= times(parts, spanOf(e.sizes, shared)) {
		return nil, false
	}

	g := e.inGroups(d, parts, rows, count, size)
	block, place := e.index(count), e.index(size)
	deltas := []delta{{at: g.part, rows: []int{block}, class: d.class, safe: true}}
	for _, i := range shared {
		at := e.w.withShape(e.root, e.digitOf(g.row, d.rows, i), []int{count, size})
		deltas = append(deltas, delta{at: at, rows: []int{block, place}, class: i, safe: true})
	}
	e.group = []int{block, place}
	p := &pushing{elimination: e, deltas: deltas, done: map[*ir.Value]factor{}, from: map[*ir.Value][]int{}, visits: map[*ir.Value]int{}}
	for i, f := range with {
		p.dies = e.below(f.Value)
		if with[i], ok = p.gathered(f); !ok || p.failed || e.forBlocks(with[i].idx) && len(with[i].idx) > 2 && !slices.Contains(e.out, with[i].idx[len(with[i].idx)-1]) {
			return nil, false
		}
	}
	if len(p.done) == 0 || e.taken == 0 {
		return nil, false
	}
	e.inside = append(e.inside, p.dead()...)

	keep := []int{block, place}
	for _, f := range with {
		for _, i := range f.idx {
			needed := slices.Contains(e.out, i) || slices.ContainsFunc(out, func(o factor) bool { return slices.Contains(o.idx, i) })
			if needed && !slices.Contains(keep, i) {
				keep = append(keep, i)
			}
		}
	}
	for _, f := range with {
		t.sums = slices.DeleteFunc(slices.Clone(t.sums), func(i int) bool { return slices.Contains(f.idx, i) && !slices.Contains(keep, i) })
	}
	n := &network{sizes: e.sizes, factors: with, out: keep}
	n.root = &ir.Value{Op: ir.OpContract, Pos: e.root.Pos, Type: ir.Make(e.root.Type.DType, sizesOf(e.sizes, keep)...)}
	if len(e.sizes) > maxIndices {
		return nil, false
	}
	best, o := order(n, e.w.when)
	u := e.w.shaped((&product{e.w, o, map[string]computed{}}).whole(best), n)

	rest := keep[2:]
	u = e.w.withShape(e.root, u, append([]int{count * size}, sizesOf(e.sizes, rest)...))
	at := e.w.withShape(e.root, g.at, sizesOf(e.sizes, d.rows))
	u = e.w.emit(e.root, ir.OpTake, &ir.AxisAttrs{Axis: 0}, ir.Type{}, u, at)
	e.rule = grouping
	return append(out, factor{Value: u, idx: slices.Concat(d.rows, rest)}), true
}

// Groups say where rows lie that have been put in blocks.
type groups struct {
	part *ir.Value // of each block
	row  *ir.Value // of each place of each block; some row, where there is none
	at   *ir.Value // the place of each row, counted through all blocks
}

// inGroups puts the rows that d is about in count blocks of size places.
func (e *elimination) inGroups(d delta, parts, rows, count, size int) groups {
	emit := func(op ir.Op, attrs ir.Attrs, args ...*ir.Value) *ir.Value {
		return e.w.emit(e.root, op, attrs, ir.Type{}, args...)
	}
	number := func(n int) *ir.Value {
		return e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(n))}, ir.Make(tensor.I64))
	}
	counted := func(n int) *ir.Value {
		return e.w.emit(e.root, ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I64, n))
	}
	first := &ir.AxisAttrs{Axis: 0}
	put := func(n int, at, x *ir.Value) *ir.Value {
		return emit(ir.OpScatter, &ir.ScatterAttrs{Axis: 0, Set: true}, e.w.zeros(e.root, ir.Make(tensor.I64, n)), at, x)
	}
	before := &ir.CumSumAttrs{Axis: 0, Exclusive: true}

	part := e.w.withShape(e.root, d.at, []int{rows})
	if part.Type.DType != tensor.I64 {
		part = e.w.emit(e.root, ir.OpConvert, nil, ir.Make(tensor.I64, rows), part)
	}
	sorted := emit(ir.OpArgSort, &ir.SortAttrs{Axis: 0}, part) // rows of a part stay in order
	each := e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(1)}, ir.Make(tensor.I64, rows))
	have := emit(ir.OpScatter, &ir.ScatterAttrs{Axis: 0}, e.w.zeros(e.root, ir.Make(tensor.I64, parts)), part, each)
	blocks := emit(ir.OpFloorDiv, nil, emit(ir.OpAdd, nil, have, number(size-1)), number(size))
	begin := emit(ir.OpCumSum, before, blocks) // the first block of each part
	shift := emit(ir.OpSub, nil, emit(ir.OpMul, nil, begin, number(size)), emit(ir.OpCumSum, before, have))
	at := emit(ir.OpAdd, nil, emit(ir.OpTake, first, shift, emit(ir.OpTake, first, part, sorted)), counted(rows))

	// The part of a block is the last one that begins no later.
	column := e.w.withShape(e.root, counted(count), []int{count, 1})
	begun := e.w.emit(e.root, ir.OpConvert, nil, ir.Make(tensor.I64, count, parts), emit(ir.OpLe, nil, begin, column))
	return groups{
		part: emit(ir.OpSub, nil, emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{1}}, begun), number(1)),
		row:  put(count*size, at, sorted),
		at:   put(rows, sorted, at),
	}
}

// digitOf returns the index i of rows that are counted through in the order all.
func (e *elimination) digitOf(row *ir.Value, all []int, i int) *ir.Value {
	after := spanOf(e.sizes, all[slices.Index(all, i)+1:])
	for _, step := range []struct {
		op ir.Op
		n  int
	}{{ir.OpFloorDiv, after}, {ir.OpMod, e.sizes[i]}} {
		if step.op == ir.OpFloorDiv && step.n > 1 || step.op == ir.OpMod && spanOf(e.sizes, all) != step.n*after {
			n := e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(step.n))}, ir.Make(tensor.I64))
			row = e.w.emit(e.root, step.op, nil, ir.Type{}, row, n)
		}
	}
	return row
}
