package llvm

import (
	"math"
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A tileAt is one tile of the result: rows from row on, and a panel's columns.
type tileAt struct {
	panelAt
	tile   value.Value // its number among those of all rows
	row    value.Value // the first row
	height int
	widths []int // of each vector of columns, in elements
	left   leftOperand
}

// tile computes one tile of the result, and all that is stored of it once the
// sums are finished.
func (e *gemmEmitter) tile(t tileAt) {
	if !e.banded() {
		e.sumTile(t)
		return
	}
	e.limit(&t)
	if e.chunks == 1 {
		e.sumTile(t)
		return
	}
	e.when(e.icmp(enum.IPredSLT, t.lo, t.hi), func() { e.sumTile(t) })
}

// sumTile computes a tile over its steps.
func (e *gemmEmitter) sumTile(t tileAt) {
	n := len(t.widths)
	sums := make([]value.Value, 0, t.height*n)
	start := e.start(t.widths)
	for range t.height {
		sums = append(sums, start...)
	}
	if e.chunks == 1 && !e.heavy() && !e.g.Mirror {
		sums = e.sums(t, sums)
		for i := range t.height {
			e.finish(t.panelAt, e.add(t.row, i64(i)), sums[i*n:(i+1)*n], t.widths)
		}
		return
	}
	first := value.Value(i64(0))
	if e.chunks > 1 {
		first = e.sub(t.row, e.rowOf(t.block))
		for i := range sums {
			sums[i] = e.load(sumType(e.d), e.place(e.add(first, i64(i/n)), i%n, n), lanesOf(sums[i]))
		}
	}
	for i, x := range e.sums(t, sums) {
		e.emitter.store(x, e.place(e.add(first, i64(i/n)), i%n, n))
	}
	if e.chunks > 1 {
		return
	}
	if e.g.Mirror && !t.crossed {
		e.finishAcross(t, first)
	}
	e.finishTile(t, i64(t.height))
}

// finishTile stores what comes of a tile of so many rows whose sums are in
// memory, from the first row on. The code for a row is there once.
func (e *gemmEmitter) finishTile(t tileAt, height value.Value) {
	if t.crossed {
		e.finishCrossed(t, height, i64(0))
		return
	}
	start := e.start(t.widths)
	e.loop(i64(0), height, 1, nil, func(i value.Value, _ []value.Value) []value.Value {
		e.finishStored(t.panelAt, e.add(t.row, i), i, start, t.widths)
		return nil
	})
}

// place returns where vector j of n of a row's sums is in memory, on the stack:
// rows count from the start of the block, or of the tile if there is one chunk.
func (e *gemmEmitter) place(row value.Value, j, n int) value.Value {
	st := sumType(e.d)
	if e.spilled == nil {
		rows := e.cut.height + min(e.cut.tall, 1)
		if e.chunks > 1 {
			rows *= e.cut.block
		}
		place := e.fn.Blocks[0].NewAlloca(types.NewArray(uint64(rows*e.g.Panel), st))
		place.Align = cacheLine
		e.spilled = place
	}
	base := e.bitcast(e.spilled, types.NewPointer(st))
	return e.at(st, base, e.add(e.mul(row, i64(n*e.lanes)), i64(j*e.lanes)))
}

// finishStored stores all that comes of a row whose sums are in memory, of the
// types of like.
func (e *gemmEmitter) finishStored(p panelAt, row, at value.Value, like []value.Value, widths []int) {
	e.inner(0, func() {
		sums := make([]value.Value, len(like))
		for j := range sums {
			sums[j] = e.load(sumType(e.d), e.place(at, j, len(like)), lanesOf(like[j]))
		}
		e.finish(p, row, sums, widths)
	})
}

// heavy reports whether what is fused to the product is so much code that it
// should not be there once a row.
func (e *gemmEmitter) heavy() bool { return len(e.k.Inside) > 3 }

// finish stores all that comes of one row of a panel.
func (e *gemmEmitter) finish(p panelAt, row value.Value, sums []value.Value, widths []int) {
	idx := e.rowIndex(row)
	first := e.mul(p.number, i64(e.g.Panel))
	for j, x := range sums {
		x = e.result(x, widths[j])
		idx := slices.Clone(idx)
		idx[e.g.Col.Result] = index{base: e.add(first, i64(j*e.lanes)), step: 1}
		e.storeAll(idx, x)
	}
}

// storeAll stores all that comes of elements idx of the product, which are x.
func (e *gemmEmitter) storeAll(idx []index, x value.Value) {
	e.inner(lanesOf(x), func() {
		e.bind(e.g.Value, idx, x)
		for _, st := range e.g.Store {
			e.scope.store(st, idx, e.value(st.Value, idx))
		}
	})
}

// result turns a sum into an element of the contraction's type, of which the
// first width lanes count.
func (e *gemmEmitter) result(x value.Value, width int) value.Value {
	if t := regType(e.d); !types.Equal(t, sumType(e.d)) {
		x = e.cur.NewTrunc(x, like(t, x))
	}
	x = e.rounded(e.d, x)
	if lanesOf(x) > width {
		x = e.firstLanes(x, width)
	}
	return x
}

// firstLanes returns the first n lanes of x, as a scalar for one.
func (e *emitter) firstLanes(x value.Value, n int) value.Value {
	if n == 1 {
		return e.lane(x, 0)
	}
	mask := make([]constant.Constant, n)
	for i := range mask {
		mask[i] = constant.NewInt(types.I32, int64(i))
	}
	return e.cur.NewShuffleVector(x, constant.NewUndef(x.Type()), constant.NewVector(types.NewVector(uint64(n), types.I32), mask...))
}

// vectorOf returns the lanes of values of n elements: one is a scalar.
func vectorOf(n int) int {
	if n == 1 {
		return 0
	}
	return n
}

// start returns what the sums of a row start with.
func (e *gemmEmitter) start(widths []int) []value.Value {
	row := make([]value.Value, len(widths))
	for j, w := range widths {
		st := vec(sumType(e.d), vectorOf(e.read(w)))
		switch {
		case !e.d.IsFloat():
			row[j] = e.int(st, 0)
		case e.steps == 0, e.sumsNothing():
			row[j] = e.float(st, 0)
		default:
			// x + -0 is x for every x, so that a single -0 stays one.
			row[j] = e.float(st, math.Copysign(0, -1))
		}
	}
	return row
}

// sums returns acc, the sums of a tile row by row, with the products added.
func (e *gemmEmitter) sums(t tileAt, acc []value.Value) []value.Value {
	if e.steps == 0 {
		return acc
	}
	if b := e.g.Only; b != nil && e.block == nil { // a chain leaves out whole panels: see chainBands
		c := e.firstColumn(t.panelAt)
		meets := e.cur.NewAnd(
			e.icmp(enum.IPredSGE, e.add(c, i64(t.columns()-1)), e.add(t.row, i64(b.Lo))),
			e.icmp(enum.IPredSLE, c, e.add(t.row, i64(t.height-1+b.Hi))))
		return e.either(meets, func() []value.Value { return e.sumAll(t, acc) }, func() []value.Value { return acc })
	}
	return e.sumAll(t, acc)
}

// sumAll is sums for a tile that is needed.
func (e *gemmEmitter) sumAll(t tileAt, acc []value.Value) []value.Value {
	a := e.leftStart(t)
	t.next = e.nextOf(t)
	if len(t.left.sum) == 0 {
		acc = slices.Clone(acc) // a caller goes on with what it was, where the tile is not needed
		e.step(t, acc, a, t.b, kernel.Dim{}, 0)
		return acc
	}
	if e.banded() {
		return e.sumInBand(t, t.left.sum[0], a, t.b, acc)
	}
	return e.sumOver(t, t.left.sum, a, t.b, acc)
}

// leftStart points to the first element of A that a tile reads.
func (e *gemmEmitter) leftStart(t tileAt) value.Value {
	if t.left.packed {
		return e.at(t.left.t, e.packedLeft, e.mul(e.sub(t.row, e.rowOf(t.block)), i64(e.steps)))
	}
	return e.at(t.left.t, e.ptr(e.g.A.Buf), e.add(t.a, e.mul(t.row, i64(t.left.row))))
}

// nextOf points to what a tile fetches ahead; nil if nothing is: each tile of the
// block fetches a part, the last ones nothing new.
func (e *gemmEmitter) nextOf(t tileAt) value.Value {
	switch {
	case t.next == nil:
		return nil
	case e.g.Packs:
		return e.partRaw(t)
	case e.streams():
		return t.next
	}
	part := e.mul(e.sub(t.tile, t.block), i64(e.chunk/unroll*cacheLine))
	inside := e.icmp(enum.IPredSLT, part, i64(e.panelBytes(e.chunk)))
	return e.at(types.I8, t.next, e.choose(inside, part, i64(0)))
}

// read returns how many elements of a row of B are read for width columns:
// packed panels are padded.
func (e *gemmEmitter) read(width int) int {
	if packed(e.g) {
		return e.lanes
	}
	return width
}

// sumOver adds the products over the dimensions of sum, of which the innermost
// one is unrolled; a and b point to the first elements.
func (e *gemmEmitter) sumOver(t tileAt, sum []kernel.Dim, a, b value.Value, acc []value.Value) []value.Value {
	d := sum[0]
	ta, tb := t.left.t, e.rightType()
	move := func(k value.Value) (value.Value, value.Value) {
		return e.at(ta, a, e.mul(k, i64(d.A))), e.at(tb, b, e.mul(k, i64(d.B)))
	}
	if len(sum) > 1 {
		return e.loop(i64(0), i64(d.Size), 1, acc, func(k value.Value, acc []value.Value) []value.Value {
			a, b := move(k)
			return e.sumOver(t, sum[1:], a, b, acc)
		})
	}
	if e.chunks > 1 {
		return e.sumRange(t, d, a, b, t.lo, t.hi, acc)
	}
	whole := d.Size / unroll * unroll
	if whole < 2*unroll {
		whole = 0
	}
	if whole > 0 {
		acc = e.several(t, d, a, b, i64(0), i64(whole), acc)
		a, b = move(i64(whole))
	}
	acc = slices.Clone(acc)
	for u := range d.Size - whole {
		e.step(t, acc, a, b, d, u)
	}
	return acc
}

// several adds the products of the steps from up to to, a multiple of unroll.
func (e *gemmEmitter) several(t tileAt, d kernel.Dim, a, b, from, to value.Value, acc []value.Value) []value.Value {
	return e.loop(from, to, unroll, acc, func(k value.Value, acc []value.Value) []value.Value {
		acc = slices.Clone(acc)
		a, b := e.at(t.left.t, a, e.mul(k, i64(d.A))), e.at(e.rightType(), b, e.mul(k, i64(d.B)))
		for u := range unroll {
			e.step(t, acc, a, b, d, u)
		}
		switch {
		case t.next == nil:
		case e.g.Packs:
			e.fetchRaw(t, e.sub(k, from))
		case e.streams():
			at := e.at(types.I8, t.next, e.mul(k, i64(d.B*sizeOf(e.rightType()))))
			for line := 0; line < e.panelBytes(unroll); line += cacheLine {
				e.prefetch(e.at(types.I8, at, i64(line)))
			}
		default:
			e.prefetch(e.at(types.I8, t.next, e.mul(e.sub(k, from), i64(cacheLine/unroll))))
		}
		return acc
	})
}

// sumRange adds the products of the steps from up to to, which is no less.
func (e *gemmEmitter) sumRange(t tileAt, d kernel.Dim, a, b, from, to value.Value, acc []value.Value) []value.Value {
	whole := e.add(from, e.cur.NewAnd(e.sub(to, from), i64(-unroll)))
	acc = e.several(t, d, a, b, from, whole, acc)
	return e.loop(whole, to, 1, acc, func(k value.Value, acc []value.Value) []value.Value {
		acc = slices.Clone(acc)
		e.step(t, acc, e.at(t.left.t, a, e.mul(k, i64(d.A))), e.at(e.rightType(), b, e.mul(k, i64(d.B))), d, 0)
		return acc
	})
}

// step adds the products of step u from a and b on to acc.
func (e *gemmEmitter) step(t tileAt, acc []value.Value, a, b value.Value, d kernel.Dim, u int) {
	row := e.rightRow(t, b, u*d.B)
	for i := range t.height {
		e.addRow(t, acc, i, e.leftElement(t, a, i, u*d.A), row, nil)
	}
}

// rightRow reads a row of B, at elements from b.
func (e *gemmEmitter) rightRow(t tileAt, b value.Value, at int) []value.Value {
	row := make([]value.Value, len(t.widths))
	for j, w := range t.widths {
		row[j] = e.right(b, at+j*e.lanes, e.read(w))
	}
	return row
}

// leftElement reads the element of A in row i of a tile, at elements from a.
func (e *gemmEmitter) leftElement(t tileAt, a value.Value, i, at int) value.Value {
	if t.left.distance != nil && i > 0 {
		a = e.at(t.left.t, a, e.mul(t.left.distance, i64(i)))
	} else {
		at += i * t.left.row
	}
	x := value.Value(e.load(t.left.t, e.at(t.left.t, a, i64(at)), 0))
	if !t.left.packed {
		x = e.fromMemory(e.d, x)
	}
	return e.widen(x)
}

// addRow adds x times a row of B to row i of acc; where keep is not nil, to the
// columns that it holds for.
func (e *gemmEmitter) addRow(t tileAt, acc []value.Value, i int, x value.Value, row, keep []value.Value) {
	all := x
	for j := range row {
		if lanesOf(all) != lanesOf(row[j]) {
			all = e.splat(x, lanesOf(row[j]))
		}
		at := i*len(row) + j
		sum := e.addProduct(acc[at], all, row[j])
		if keep != nil {
			sum = e.choose(keep[j], sum, acc[at])
		}
		acc[at] = sum
	}
}

// addProduct returns sum + x*y: rounded twice in strict mode, else as the
// processor likes.
func (e *gemmEmitter) addProduct(sum, x, y value.Value) value.Value {
	if e.d.IsFloat() {
		return e.fadd(sum, e.fmul(x, y))
	}
	return e.add(sum, e.mul(x, y))
}

// widen turns an element into the type of the sums.
func (e *gemmEmitter) widen(x value.Value) value.Value {
	if t := like(sumType(e.d), x); !types.Equal(t, x.Type()) {
		return e.cur.NewZExt(x, t)
	}
	return x
}

// rightType returns the type of the elements of B where it is read.
func (e *gemmEmitter) rightType() types.Type {
	if packed(e.g) {
		return regType(e.d)
	}
	return memType(e.d)
}

// right reads n elements of a row of B, at elements from b.
func (e *gemmEmitter) right(b value.Value, at, n int) value.Value {
	x := e.load(e.rightType(), e.at(e.rightType(), b, i64(at)), vectorOf(n))
	if !packed(e.g) {
		x = e.fromMemory(e.d, x)
	}
	return e.widen(x)
}

// prefetch asks for the line at p, an i8*, in the second-level cache.
func (e *emitter) prefetch(p value.Value) {
	const read, level2, data = 0, 2, 1
	f := e.m.declare("llvm.prefetch.p0i8", types.Void, types.I8Ptr, types.I32, types.I32, types.I32)
	e.cur.NewCall(f, p, constant.NewInt(types.I32, read), constant.NewInt(types.I32, level2), constant.NewInt(types.I32, data))
}
