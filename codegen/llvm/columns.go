package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"
)

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
