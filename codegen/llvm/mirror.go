package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// Where the result is symmetric (kernel.Gemm.Mirror), tiles above the diagonal
// are not computed: each element on or below it is stored a second time, with
// its indices exchanged and all that is fused to the product computed for that
// place. Tiles that the diagonal crosses store elements one by one, so that no
// element is stored by two of them.

// tileOf returns the tile that a row is in.
func (e *gemmEmitter) tileOf(row value.Value) value.Value {
	c := e.cut
	if c.tall == 0 {
		return e.cur.NewUDiv(row, i64(c.height))
	}
	rest := e.sub(row, i64(c.tall*(c.height+1)))
	short := e.add(i64(c.tall), e.cur.NewUDiv(e.larger(rest, i64(0)), i64(c.height)))
	return e.choose(e.icmp(enum.IPredSLT, rest, i64(0)), e.cur.NewUDiv(row, i64(c.height+1)), short)
}

// below returns the first of the tiles of p that lie on or below the diagonal
// with all their elements.
func (e *gemmEmitter) below(p panelAt, cols int) value.Value {
	last := e.add(e.firstColumn(p), i64(cols-1))
	tile := e.tileOf(last)
	crossed := e.cur.NewZExt(e.icmp(enum.IPredSLT, e.rowOf(tile), last), types.I64)
	return e.between(e.add(tile, crossed), p.from, p.to)
}

// finishCrossed stores all that comes of a tile of so many rows that the diagonal
// crosses, whose sums are in memory from row first on.
func (e *gemmEmitter) finishCrossed(t tileAt, height, first value.Value) {
	c := e.firstColumn(t.panelAt)
	e.loop(i64(0), height, 1, nil, func(i value.Value, _ []value.Value) []value.Value {
		row := e.add(t.row, i)
		end := e.between(e.add(e.sub(row, c), i64(1)), i64(0), i64(t.columns()))
		e.loop(i64(0), end, 1, nil, func(q value.Value, _ []value.Value) []value.Value {
			sum := e.at(sumType(e.d), e.place(e.add(first, i), 0, len(t.widths)), q)
			x := e.result(e.load(sumType(e.d), sum, 0), 1)
			col := e.add(c, q)
			e.loop(i64(0), i64(2), 1, nil, func(side value.Value, _ []value.Value) []value.Value {
				turned := e.icmp(enum.IPredNE, side, i64(0))
				idx := slices.Clone(e.origin)
				idx[e.rows.dims[0].Result] = at(e.choose(turned, col, row))
				idx[e.g.Col.Result] = at(e.choose(turned, row, col))
				e.storeAll(idx, x)
				return nil
			})
			return nil
		})
		return nil
	})
}

// finishAcross stores what comes of a tile below the diagonal, whose sums are in
// memory from row first on, on the other side of the diagonal.
func (e *gemmEmitter) finishAcross(t tileAt, first value.Value) {
	n, st := len(t.widths), sumType(e.d)
	most := e.cut.height + min(e.cut.tall, 1)
	if e.turned == nil {
		turned := e.fn.Blocks[0].NewAlloca(types.NewArray(uint64(most*e.g.Panel), st))
		turned.Align = cacheLine
		e.turned = turned
	}
	base := e.bitcast(e.turned, types.NewPointer(st))
	// All vectors are whole, for B is packed.
	e.loop(i64(0), i64(n*e.lanes), e.lanes, nil, func(col value.Value, _ []value.Value) []value.Value {
		for from := 0; from < t.height; from += e.lanes {
			rows := make([]value.Value, min(e.lanes, t.height-from))
			for i := range rows {
				rows[i] = e.load(st, e.at(st, e.place(e.add(first, i64(from+i)), 0, n), col), vectorOf(e.lanes))
			}
			for q, x := range e.turn(rows) {
				e.emitter.store(x, e.at(st, base, e.add(e.mul(e.add(col, i64(q)), i64(most)), i64(from))))
			}
		}
		return nil
	})
	c := e.firstColumn(t.panelAt)
	e.loop(i64(0), i64(t.columns()), 1, nil, func(q value.Value, _ []value.Value) []value.Value {
		for from := 0; from < t.height; from += e.lanes {
			count := min(e.lanes, t.height-from)
			x := e.load(st, e.at(st, base, e.add(e.mul(q, i64(most)), i64(from))), vectorOf(count))
			idx := slices.Clone(e.origin)
			idx[e.rows.dims[0].Result] = at(e.add(c, q))
			idx[e.g.Col.Result] = index{base: e.add(t.row, i64(from)), step: 1}
			e.storeAll(idx, e.result(x, count))
		}
		return nil
	})
}

// turn returns the columns of rows of vectors, each with as many lanes as there
// are rows, which are no more than a vector has.
func (e *gemmEmitter) turn(rows []value.Value) []value.Value {
	n, lanes := len(rows), max(lanesOf(rows[0]), 1)
	if lanes == 1 {
		return rows
	}
	var out []value.Value
	if n == 1 {
		for l := range lanes {
			out = append(out, e.lane(rows[0], l))
		}
		return out
	}
	size := 1
	for size < n {
		size *= 2
	}
	for from := 0; from < lanes; from += size {
		pick := make([]int, size)
		for l := range pick {
			pick[l] = from + l
		}
		square := make([]value.Value, size)
		for i := range square {
			square[i] = e.undef(vec(elemOf(rows[0].Type()), size))
			if i < n {
				square[i] = e.shuffle(rows[i], rows[i], pick)
			}
		}
		for _, x := range e.transpose(square) {
			if size > n {
				x = e.firstLanes(x, n)
			}
			out = append(out, x)
		}
	}
	return out
}
