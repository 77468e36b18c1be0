package llvm

import (
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// Large factorisations and solves go by blocks of rows or columns, in the order
// of the recursive algorithms (Toledo, Locality of Reference in LU Decomposition
// with Partial Pivoting, 1997; Elmroth and Gustavson), written as a loop: after
// block b, as many blocks as the lowest bit of b+1 says are subtracted from as
// many blocks that follow. So nearly all work is products of matrices, with sums
// in registers. From an element the same products are subtracted in the same
// order as without blocks, so the result is the same bit for bit; only backward
// substitution takes another order, and has blocks in no strict mode.

const (
	// blockSize is the rows or columns of a block.
	blockSize = 16
	// blockedFrom is the size of a matrix from which on there are blocks.
	blockedFrom = 4 * blockSize
	// updateSteps is how many steps of a product are summed before the next tile.
	updateSteps = 256
)

// blocks runs body for the numbers of the blocks of n rows, until somebody asks
// to stop.
func (f *factorer) blocks(n value.Value, body func(b value.Value)) {
	count := f.cur.NewUDiv(f.add(n, i64(blockSize-1)), i64(blockSize))
	f.each(i64(0), count, 1, func(b value.Value) { f.when(f.poll(), func() { body(b) }) })
}

// carried returns how many rows are subtracted after block b.
func (f *factorer) carried(b value.Value) value.Value {
	n := f.add(b, i64(1))
	return f.mul(f.cur.NewAnd(n, f.sub(i64(0), n)), i64(blockSize))
}

// A subtraction is c -= a b in the rows and columns from..to of c, summed over the
// steps from..to.
type subtraction struct {
	c, a, b      matrix
	turned       bool // the element of a in row i at step k is a[k, i]
	upper        bool // only what is on or above the diagonal is asked for
	rows, cols   [2]value.Value
	steps        [2]value.Value
	packed       matrix // scratch: updateSteps rows of a panel
	height, wide int    // of a tile, in rows and vectors
}

// packedBytes is the scratch that subtractions take.
func (f *factorer) packedBytes() int { return f.bytes(updateSteps, f.panelWidth()) }

func (f *factorer) panelWidth() int {
	return (len(tileRows(f.m.target)) - 2) * f.floatWidth(f.d)
}

// subtract emits a subtraction.
func (f *factorer) subtract(u subtraction) {
	lanes := f.floatWidth(f.d)
	u.wide = len(tileRows(f.m.target)) - 2
	u.height = tileRows(f.m.target)[u.wide]
	width := u.wide * lanes
	f.each(u.steps[0], u.steps[1], updateSteps, func(k value.Value) {
		u := u
		u.steps = [2]value.Value{k, f.smaller(f.add(k, i64(updateSteps)), u.steps[1])}
		j := u.cols[0]
		for _, n := range []int{width, lanes} {
			if n == lanes && n == width {
				continue
			}
			end := f.add(j, f.mul(f.cur.NewUDiv(f.sub(u.cols[1], j), i64(n)), i64(n)))
			f.each(j, end, n, func(j value.Value) { f.panel(u, j, n/lanes) })
			j = end
		}
		f.each(j, u.cols[1], 1, func(j value.Value) { f.panel(u, j, 0) })
	})
}

// panel subtracts in that many vectors of columns from j on; in one column for 0.
func (f *factorer) panel(u subtraction, j value.Value, vectors int) {
	lanes := f.floatWidth(f.d)
	if vectors == 0 {
		lanes = 0
	}
	from, to := u.rows[0], u.rows[1]
	if u.upper {
		to = f.larger(from, f.smaller(to, f.add(j, i64(max(vectors*lanes, 1)))))
	}
	b := func(k value.Value, v int) value.Value { return f.cell(u.b, k, f.add(j, i64(v*lanes))) }
	if vectors == u.wide {
		f.each(u.steps[0], u.steps[1], 1, func(k value.Value) {
			for v := range vectors {
				f.emitter.store(f.load(f.t, b(k, v), lanes), f.cell(u.packed, f.sub(k, u.steps[0]), i64(v*lanes)))
			}
		})
		b = func(k value.Value, v int) value.Value {
			return f.cell(u.packed, f.sub(k, u.steps[0]), i64(v*lanes))
		}
	}
	vectors = max(vectors, 1)
	tile := func(i value.Value, height int) {
		at := func(n int) value.Value {
			return f.cell(u.c, f.add(i, i64(n/vectors)), f.add(j, i64(n%vectors*lanes)))
		}
		sums := make([]value.Value, height*vectors)
		for n := range sums {
			sums[n] = f.load(f.t, at(n), lanes)
		}
		sums = f.loop(u.steps[0], u.steps[1], 1, sums, func(k value.Value, sums []value.Value) []value.Value {
			row := make([]value.Value, vectors)
			for v := range row {
				row[v] = f.load(f.t, b(k, v), lanes)
			}
			out := make([]value.Value, len(sums))
			for r := range height {
				p := f.cell(u.a, f.add(i, i64(r)), k)
				if u.turned {
					p = f.cell(u.a, k, f.add(i, i64(r)))
				}
				x := f.splat(f.load(f.t, p, 0), lanes)
				for v := range vectors {
					out[r*vectors+v] = f.fsub(sums[r*vectors+v], f.fmul(x, row[v]))
				}
			}
			return out
		})
		for n, x := range sums {
			f.emitter.store(x, at(n))
		}
	}
	whole := f.add(from, f.mul(f.cur.NewUDiv(f.sub(to, from), i64(u.height)), i64(u.height)))
	f.each(from, whole, u.height, func(i value.Value) { tile(i, u.height) })
	f.each(whole, to, 1, func(i value.Value) { tile(i, 1) })
}

// choleskyBlocks is choleskyRows by blocks.
func (f *factorer) choleskyBlocks(u, packed matrix) {
	n := i64(u.rows)
	f.blocks(n, func(b value.Value) {
		lo := f.mul(b, i64(blockSize))
		next := f.add(lo, i64(blockSize))
		f.choleskyRows(u, lo, f.smaller(next, n))
		count := f.carried(b)
		f.when(f.icmp(enum.IPredSLT, next, n), func() {
			f.subtract(subtraction{
				c: u, a: u, b: u, turned: true, upper: true, packed: packed,
				rows: [2]value.Value{next, f.smaller(f.add(next, count), n)}, cols: [2]value.Value{next, n},
				steps: [2]value.Value{f.sub(next, count), next},
			})
		})
	})
}

// eliminateBlocks is eliminate by blocks.
func (f *factorer) eliminateBlocks(a matrix, rows value.Value, packed matrix) {
	n := i64(a.rows)
	f.blocks(n, func(b value.Value) {
		lo := f.mul(b, i64(blockSize))
		next := f.add(lo, i64(blockSize))
		f.either(f.icmp(enum.IPredSLE, next, n),
			func() []value.Value { f.eliminatePanel(a, rows, lo); return nil },
			func() []value.Value { f.eliminateColumns(a, rows, lo, n); return nil })
		count := f.carried(b)
		f.when(f.icmp(enum.IPredSLT, next, n), func() {
			first, cols := f.sub(next, count), [2]value.Value{next, f.smaller(f.add(next, count), n)}
			f.forwardBlocks(a, a, [2]value.Value{first, next}, cols, true, false, packed)
			f.subtract(subtraction{
				c: a, a: a, b: a, packed: packed,
				rows: [2]value.Value{next, n}, cols: cols, steps: [2]value.Value{first, next},
			})
		})
	})
}

// eliminatePanel is eliminateColumns for the columns of a whole block, each row
// of which is updated at once.
func (f *factorer) eliminatePanel(a matrix, rows, lo value.Value) {
	n := i64(a.rows)
	lanes := f.floatWidth(f.d)
	vectors := max(blockSize/lanes, 1)
	lanes = min(lanes, blockSize)
	it := types.NewVector(uint64(lanes), types.I64)
	f.each(i64(0), i64(blockSize), 1, func(q value.Value) {
		k := f.add(lo, q)
		f.exchange(a, rows, k)
		d := f.read(a, k, k)
		pivots, after, on := make([]value.Value, vectors), make([]value.Value, vectors), make([]value.Value, vectors)
		for v := range vectors {
			pivots[v] = f.load(f.t, f.cell(a, k, f.add(lo, i64(v*lanes))), lanes)
			column := make([]constant.Constant, lanes)
			for l := range column {
				column[l] = constant.NewInt(types.I64, int64(v*lanes+l))
			}
			columns := constant.NewVector(it, column...)
			after[v] = f.icmp(enum.IPredSGT, columns, f.splat(q, lanes))
			on[v] = f.icmp(enum.IPredEQ, columns, f.splat(q, lanes))
		}
		f.each(f.add(k, i64(1)), n, 1, func(i value.Value) {
			x := f.splat(f.fdiv(f.read(a, i, k), d), lanes)
			for v := range vectors {
				p := f.cell(a, i, f.add(lo, i64(v*lanes)))
				old := f.load(f.t, p, lanes)
				now := f.choose(after[v], f.fsub(old, f.fmul(x, pivots[v])), old)
				f.emitter.store(f.choose(on[v], x, now), p)
			}
		})
	})
}

// forwardBlocks is forward by blocks: it solves for the rows from..to of b, in the
// columns from..to, with the triangle of a in the same rows and columns.
func (f *factorer) forwardBlocks(a, b matrix, rows, cols [2]value.Value, unit, turned bool, packed matrix) {
	f.blocks(f.sub(rows[1], rows[0]), func(t value.Value) {
		lo := f.add(rows[0], f.mul(t, i64(blockSize)))
		next := f.add(lo, i64(blockSize))
		f.each(lo, f.smaller(next, rows[1]), 1, func(i value.Value) { f.substitute(a, b, i, lo, i, cols, unit, turned) })
		count := f.carried(t)
		f.when(f.icmp(enum.IPredSLT, next, rows[1]), func() {
			f.subtract(subtraction{
				c: b, a: a, b: b, turned: turned, packed: packed,
				rows: [2]value.Value{next, f.smaller(f.add(next, count), rows[1])}, cols: cols,
				steps: [2]value.Value{f.sub(next, count), next},
			})
		})
	})
}

// backwardBlocks is backward by blocks, in another order of the products.
func (f *factorer) backwardBlocks(a, b matrix, cols [2]value.Value, unit bool, packed matrix) {
	n := i64(a.rows)
	f.blocks(n, func(t value.Value) {
		end := f.sub(n, f.mul(t, i64(blockSize)))
		lo := f.larger(f.sub(end, i64(blockSize)), i64(0))
		f.each(i64(0), f.sub(end, lo), 1, func(back value.Value) {
			i := f.sub(f.sub(end, i64(1)), back)
			f.substitute(a, b, i, f.add(i, i64(1)), end, cols, unit, false)
		})
		count := f.carried(t)
		f.when(f.icmp(enum.IPredSGT, lo, i64(0)), func() {
			f.subtract(subtraction{
				c: b, a: a, b: b, packed: packed,
				rows: [2]value.Value{f.larger(f.sub(lo, count), i64(0)), lo}, cols: cols,
				steps: [2]value.Value{lo, f.add(lo, count)},
			})
		})
	})
}
