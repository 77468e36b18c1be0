package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

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

// within reports whether the nest walks only some of the indices of axis a, those
// of the block's columns.
func (e *nester) within(a kernel.Axis) bool {
	return e.block != nil && e.block.cols != nil && a == kernel.Axis{Inner: true}
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
		case e.within(e.axis):
			c := e.block.cols
			e.carry(c.lo, e.smaller(c.hi, i64(groups*step)), step, accs, func(x value.Value, accs [][]accumulator) {
				group(e.pieces(x, step), accs)
			})
			if rest > 0 {
				e.carryWhere(e.icmp(enum.IPredSGT, c.hi, i64(groups*step)), accs, func(accs [][]accumulator) {
					group(e.pieces(i64(groups*step), rest), accs)
				})
			}
			return
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
