package llvm

import (
	"math"
	"slices"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

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
