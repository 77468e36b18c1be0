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
}

// tile computes one tile of the result and all that is stored of it.
func (e *gemmEmitter) tile(t tileAt) {
	sums := e.sums(t)
	n := len(t.widths)
	if !e.heavy() {
		for i := range t.height {
			e.finish(t, e.add(t.row, i64(i)), sums[i*n:(i+1)*n])
		}
		return
	}
	// The rows go through memory, so that the code for one is there once.
	st := sumType(e.d)
	base := e.rowsInMemory()
	place := func(row value.Value, j int) value.Value {
		return e.at(st, base, e.add(e.mul(row, i64(n*e.lanes)), i64(j*e.lanes)))
	}
	for i, x := range sums {
		e.emitter.store(x, place(i64(i/n), i%n))
	}
	e.loop(i64(0), i64(t.height), 1, nil, func(i value.Value, _ []value.Value) []value.Value {
		row := make([]value.Value, n)
		for j := range row {
			row[j] = e.load(st, place(i, j), lanesOf(sums[j]))
		}
		e.inner(0, func() { e.finish(t, e.add(t.row, i), row) })
		return nil
	})
}

// rowsInMemory returns the place for the rows of one tile, on the stack.
func (e *gemmEmitter) rowsInMemory() value.Value {
	if e.spilled == nil {
		elems := (e.cut.height + min(e.cut.tall, 1)) * e.g.Panel
		t := types.NewArray(uint64(elems), sumType(e.d))
		place := e.fn.Blocks[0].NewAlloca(t)
		place.Align = cacheLine
		e.spilled = place
	}
	return e.bitcast(e.spilled, types.NewPointer(sumType(e.d)))
}

// heavy reports whether what is fused to the product is so much code that it
// should not be there once a row.
func (e *gemmEmitter) heavy() bool { return len(e.k.Inside) > 3 }

// finish stores all that comes of one row of a tile.
func (e *gemmEmitter) finish(t tileAt, row value.Value, sums []value.Value) {
	idx := slices.Clone(e.origin)
	n := row
	for i := len(e.rows.dims) - 1; i >= 0; i-- {
		d := e.rows.dims[i]
		at := n
		if i > 0 {
			at, n = e.digit(n, d.Size)
		}
		idx[d.Result] = index{base: at}
	}
	first := e.mul(t.number, i64(e.g.Panel))
	for j, x := range sums {
		x = e.result(x, t.widths[j])
		idx := slices.Clone(idx)
		idx[e.g.Col.Result] = index{base: e.add(first, i64(j*e.lanes)), step: 1}
		e.inner(lanesOf(x), func() {
			e.bind(e.g.Value, idx, x)
			for _, st := range e.g.Store {
				e.scope.store(st, idx, e.value(st.Value, idx))
			}
		})
	}
}

// result turns a sum into an element of the contraction's type, of which the
// first width lanes count.
func (e *gemmEmitter) result(x value.Value, width int) value.Value {
	if t := regType(e.d); !types.Equal(t, sumType(e.d)) {
		x = e.cur.NewTrunc(x, like(t, x))
	}
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

// sums returns the sums of a tile, row by row.
func (e *gemmEmitter) sums(t tileAt) []value.Value {
	acc := make([]value.Value, t.height*len(t.widths))
	for i := range acc {
		st := vec(sumType(e.d), vectorOf(e.read(t.widths[i%len(t.widths)])))
		switch {
		case !e.d.IsFloat():
			acc[i] = e.int(st, 0)
		case e.steps == 0:
			acc[i] = e.float(st, 0)
		default:
			// -0 is what a sum may start with: x + -0 is x for every x.
			acc[i] = e.float(st, math.Copysign(0, -1))
		}
	}
	if e.steps == 0 {
		return acc
	}
	a := e.at(memType(e.d), e.ptr(e.g.A.Buf), e.add(t.a, e.mul(t.row, i64(e.rows.stride))))
	if t.next != nil {
		// Each tile of the block fetches a part of the panel, the last ones nothing new.
		part := e.mul(e.sub(t.tile, t.block), i64(e.sum[0].Size/unroll*cacheLine))
		inside := e.icmp(enum.IPredSLT, part, i64(e.panelBytes()))
		t.next = e.at(types.I8, e.bitcast(t.next, types.I8Ptr), e.choose(inside, part, i64(0)))
	}
	if len(e.sum) == 0 {
		e.step(t, acc, a, t.b, kernel.Dim{}, 0)
		return acc
	}
	return e.sumOver(t, e.sum, a, t.b, acc)
}

// read returns how many elements of a row of B are read for width columns:
// packed panels are padded.
func (e *gemmEmitter) read(width int) int {
	if e.g.Packed != nil {
		return e.lanes
	}
	return width
}

// sumOver adds the products over the dimensions of sum, of which the innermost
// one is unrolled; a and b point to the first elements.
func (e *gemmEmitter) sumOver(t tileAt, sum []kernel.Dim, a, b value.Value, acc []value.Value) []value.Value {
	d := sum[0]
	ta, tb := memType(e.d), e.rightType()
	move := func(k value.Value) (value.Value, value.Value) {
		return e.at(ta, a, e.mul(k, i64(d.A))), e.at(tb, b, e.mul(k, i64(d.B)))
	}
	if len(sum) > 1 {
		return e.loop(i64(0), i64(d.Size), 1, acc, func(k value.Value, acc []value.Value) []value.Value {
			a, b := move(k)
			return e.sumOver(t, sum[1:], a, b, acc)
		})
	}
	whole := d.Size / unroll * unroll
	if whole < 2*unroll {
		whole = 0
	}
	if whole > 0 {
		acc = e.loop(i64(0), i64(whole), unroll, acc, func(k value.Value, acc []value.Value) []value.Value {
			acc = slices.Clone(acc)
			a, b := move(k)
			for u := range unroll {
				e.step(t, acc, a, b, d, u)
			}
			if t.next != nil {
				e.prefetch(e.at(types.I8, t.next, e.mul(k, i64(cacheLine/unroll))))
			}
			return acc
		})
		a, b = move(i64(whole))
	}
	acc = slices.Clone(acc)
	for u := range d.Size - whole {
		e.step(t, acc, a, b, d, u)
	}
	return acc
}

// step adds the products of step u from a and b on to acc.
func (e *gemmEmitter) step(t tileAt, acc []value.Value, a, b value.Value, d kernel.Dim, u int) {
	n := len(t.widths)
	row := make([]value.Value, n)
	for j, w := range t.widths {
		row[j] = e.right(b, u*d.B+j*e.lanes, e.read(w))
	}
	for i := range t.height {
		x := e.widen(e.fromMemory(e.d, e.load(memType(e.d), e.at(memType(e.d), a, i64(i*e.rows.stride+u*d.A)), 0)))
		all := x
		for j := range row {
			if lanesOf(all) != lanesOf(row[j]) {
				all = e.splat(x, lanesOf(row[j]))
			}
			acc[i*n+j] = e.addProduct(acc[i*n+j], all, row[j])
		}
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
	if e.g.Packed != nil {
		return regType(e.d)
	}
	return memType(e.d)
}

// right reads n elements of a row of B, at elements from b.
func (e *gemmEmitter) right(b value.Value, at, n int) value.Value {
	x := e.load(e.rightType(), e.at(e.rightType(), b, i64(at)), vectorOf(n))
	if e.g.Packed == nil {
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
