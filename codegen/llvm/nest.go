package llvm

import (
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
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
			lo, hi := value.Value(i64(0)), value.Value(i64(dims[i]))
			if e.within(kernel.Axis{Inner: true, Index: i}) {
				lo, hi = e.block.cols.lo, e.block.cols.hi
			}
			e.carry(lo, hi, 1, accs, func(x value.Value, accs [][]accumulator) {
				e.inner[i] = at(x)
				from(i+1, accs)
			})
		}
	}
	from(0, accs)
}
