package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// Where an operand is a triangle or a band, a tile sums only over the steps that
// some element of it needs. At their ends are steps that count for some of its
// elements only: for the first or last rows, by the structure of A, they have
// code of their own each; for some columns, by that of B, the sums of the others
// stay as they are. So nothing is multiplied that the structure leaves out, and
// what lies there in memory, or meets it in the other operand, does not matter.

// banded reports whether products are left out.
func (e *gemmEmitter) banded() bool { return e.g.Left != nil || e.g.Right != nil }

// sumsNothing reports whether all products of some element may be left out.
func (e *gemmEmitter) sumsNothing() bool {
	some := func(b *kernel.Band, size int) bool {
		return b != nil && (b.Lo > b.Hi || b.Hi < 0 || size+b.Lo > e.steps)
	}
	l, r := e.g.Left, e.g.Right
	return l != nil && r != nil || some(l, e.rows.size) || some(r, e.g.Col.Size)
}

// columns returns how many columns of a tile are valid.
func (t *tileAt) columns() int {
	n := 0
	for _, w := range t.widths {
		n += w
	}
	return n
}

// limit sets the steps of a tile, t.lo up to t.hi, to those that some element
// needs, as far as they are in that range already.
func (e *gemmEmitter) limit(t *tileAt) {
	if t.lo == nil {
		t.lo, t.hi = i64(0), i64(e.steps)
	}
	narrow := func(b *kernel.Band, first value.Value, n, size int) {
		if b == nil {
			return
		}
		if b.Lo > 1-size {
			t.lo = e.larger(t.lo, e.add(first, i64(b.Lo)))
		}
		if b.Hi < e.steps-1 {
			t.hi = e.smaller(t.hi, e.add(first, i64(n+b.Hi)))
		}
	}
	narrow(e.g.Left, t.row, t.height, e.rows.size)
	narrow(e.g.Right, e.firstColumn(t.panelAt), t.columns(), e.g.Col.Size)
	t.hi = e.larger(t.lo, t.hi)
}

// firstColumn returns the first column of a panel.
func (e *gemmEmitter) firstColumn(p panelAt) value.Value { return e.mul(p.number, i64(e.g.Panel)) }

// between returns x, or the bound that it is beyond.
func (e *gemmEmitter) between(x, lo, hi value.Value) value.Value {
	return e.smaller(e.larger(x, lo), hi)
}

// sumInBand adds the products of the steps t.lo up to t.hi along d that are not
// left out; a and b point to the elements of step 0.
func (e *gemmEmitter) sumInBand(t tileAt, d kernel.Dim, a, b value.Value, acc []value.Value) []value.Value {
	l := e.g.Left
	if l == nil {
		return e.sumByColumns(t, d, a, b, t.lo, t.hi, acc)
	}
	// Steps relative to the tile's first row: at step q row i takes part where
	// q-i is in lo..hi.
	lo, hi, h := l.Lo, l.Hi, t.height
	first, last := lo+h-1, hi // of the steps in which all rows take part
	if l.Unit && hi == 0 {
		last--
	}
	if l.Unit && lo == 0 {
		first++
	}
	if last < first {
		for q := lo; q < hi+h; q++ {
			acc = e.edge(t, d, a, b, q, acc)
		}
		return acc
	}
	if lo > 1-e.rows.size {
		for q := lo; q < first; q++ {
			acc = e.edge(t, d, a, b, q, acc)
		}
	}
	from, to := t.lo, t.hi
	if lo > 1-e.rows.size {
		from = e.between(e.add(t.row, i64(first)), t.lo, t.hi)
	}
	if hi < e.steps-1 {
		to = e.between(e.add(t.row, i64(last+1)), from, t.hi)
	}
	acc = e.sumByColumns(t, d, a, b, from, to, acc)
	if hi < e.steps-1 {
		for q := last + 1; q < hi+h; q++ {
			acc = e.edge(t, d, a, b, q, acc)
		}
	}
	return acc
}

// edge adds the products of the step q after the tile's first row in the rows
// that take part in it, if it is one of t.lo up to t.hi.
func (e *gemmEmitter) edge(t tileAt, d kernel.Dim, a, b value.Value, q int, acc []value.Value) []value.Value {
	l := e.g.Left
	from, to := max(0, q-l.Hi), min(t.height-1, q-l.Lo)
	if from > to {
		return acc
	}
	k := e.add(t.row, i64(q))
	add := func() []value.Value {
		out := slices.Clone(acc)
		row := e.rightRow(t, e.at(e.rightType(), b, e.mul(k, i64(d.B))), 0)
		var keep []value.Value
		if e.g.Right != nil {
			keep = e.columnsAt(t, k, true, true)
		}
		at := e.at(t.left.t, a, e.mul(k, i64(d.A)))
		for i := from; i <= to; i++ {
			var x value.Value
			if l.Unit && i == q {
				x = e.float(sumType(e.d), 1)
			} else {
				x = e.leftElement(t, at, i, 0)
			}
			e.addRow(t, out, i, x, row, keep)
		}
		return out
	}
	if e.chunks == 1 && e.g.Right == nil && q >= 0 && e.rows.size-t.height+q < e.steps {
		return add() // it always is
	}
	inside := e.cur.NewAnd(e.icmp(enum.IPredSGE, k, t.lo), e.icmp(enum.IPredSLT, k, t.hi))
	return e.either(inside, add, func() []value.Value { return acc })
}

// sumByColumns adds the products of all rows at the steps from up to to.
func (e *gemmEmitter) sumByColumns(t tileAt, d kernel.Dim, a, b, from, to value.Value, acc []value.Value) []value.Value {
	r := e.g.Right
	if r == nil {
		return e.sumRange(t, d, a, b, from, to, acc)
	}
	// All columns take part from first up to end.
	c := e.firstColumn(t.panelAt)
	first, end := from, to
	below, above := r.Lo > 1-e.g.Col.Size, r.Hi < e.steps-1
	if below {
		first = e.between(e.add(c, i64(t.columns()-1+r.Lo)), from, to)
	}
	if above {
		end = e.between(e.add(c, i64(r.Hi+1)), first, to)
	}
	some := func(from, to value.Value) {
		acc = e.loop(from, to, 1, acc, func(k value.Value, acc []value.Value) []value.Value {
			acc = slices.Clone(acc)
			row := e.rightRow(t, e.at(e.rightType(), b, e.mul(k, i64(d.B))), 0)
			keep := e.columnsAt(t, k, below, above)
			at := e.at(t.left.t, a, e.mul(k, i64(d.A)))
			for i := range t.height {
				e.addRow(t, acc, i, e.leftElement(t, at, i, 0), row, keep)
			}
			return acc
		})
	}
	if below {
		some(from, first)
	}
	acc = e.sumRange(t, d, a, b, first, end, acc)
	if above {
		some(end, to)
	}
	return acc
}

// columnsAt returns for each vector of columns which of them take part in step
// k, looking at the lower end of the band, at the upper one, or both.
func (e *gemmEmitter) columnsAt(t tileAt, k value.Value, below, above bool) []value.Value {
	it := types.I32
	if sizeOf(sumType(e.d)) == 8 {
		it = types.I64
	}
	at := e.sub(k, e.firstColumn(t.panelAt))
	if it == types.I32 {
		at = e.cur.NewTrunc(at, it)
	}
	out := make([]value.Value, len(t.widths))
	for j, w := range t.widths {
		n := vectorOf(e.read(w))
		column := make([]constant.Constant, max(n, 1))
		for i := range column {
			column[i] = constant.NewInt(it, int64(j*e.lanes+i))
		}
		columns := value.Value(column[0])
		if n > 0 {
			columns = constant.NewVector(types.NewVector(uint64(n), it), column...)
		}
		end := func(pred enum.IPred, by int) {
			in := e.icmp(pred, columns, e.splat(e.sub(at, constant.NewInt(it, int64(by))), n))
			if out[j] != nil {
				in = e.cur.NewAnd(out[j], in)
			}
			out[j] = in
		}
		if below {
			end(enum.IPredSLE, e.g.Right.Lo)
		}
		if above {
			end(enum.IPredSGE, e.g.Right.Hi)
		}
	}
	return out
}
