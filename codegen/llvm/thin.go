package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A product of few rows reads each element of B once or little more, so its time
// is that of reading B. Tiles would go down a panel and read a few lines of each
// row of B, which lie as far apart as rows do: too far for the processor to
// fetch ahead. So some rows of B are read together, from left to right, and the
// sums are in memory that stays in the first-level cache.

// thinRows is the most rows of a product that is read so; with more, tiles do
// enough with each element.
const thinRows = 3

// thinBytes is the most memory that sums take: half of a first-level cache.
const thinBytes = 16 << 10

// thin reports whether the product reads B in place for few rows.
func (e *gemmEmitter) thin() bool {
	rows := 1
	for _, r := range e.g.Rows {
		rows *= r.Size
	}
	return !packed(e.g) && e.block == nil && rows <= thinRows && e.g.Left == nil && !e.g.Mirror && e.steps > 0
}

// emitThin emits a thin product. Workers share its columns, in units of some
// vectors, at all points of Batch and of rows that are not tiled.
func (e *gemmEmitter) emitThin() {
	const vectors = 4
	width := vectors * e.lanes
	units := (e.g.Col.Size + width - 1) / width
	points := units
	for _, d := range e.outer {
		points *= d.Size
	}
	most := max(thinBytes/(e.rows.size*width*sizeOf(sumType(e.d))), 1)
	e.scales = e.findScales()
	e.spilled = e.bitcast(e.scratch(e.rows.size*min(most, units)*width*sizeOf(sumType(e.d))), types.NewPointer(sumType(e.d)))
	lo, hi := e.portion(points, e.g.Value.Type.Elems()*e.steps)
	e.loop(e.cur.NewUDiv(lo, i64(units)), e.cur.NewUDiv(e.add(hi, i64(units-1)), i64(units)), 1, nil, func(n value.Value, _ []value.Value) []value.Value {
		base := e.mul(n, i64(units))
		from, to := e.larger(e.sub(lo, base), i64(0)), e.smaller(e.sub(hi, base), i64(units))
		a, b := value.Value(i64(e.g.A.Offset)), e.rightStart()
		for i := len(e.outer) - 1; i >= 0; i-- {
			d := e.outer[i]
			var at value.Value
			at, n = e.digit(n, d.Size)
			e.origin[d.Result] = index{base: at}
			a, b = e.add(a, e.mul(at, i64(d.A))), e.add(b, e.mul(at, i64(d.B)))
		}
		pa := e.at(memType(e.d), e.ptr(e.g.A.Buf), a)
		pb := b
		if e.g.B.Of == nil {
			pb = e.at(memType(e.d), e.ptr(e.g.B.Buf), b)
		}
		e.loop(from, to, most, nil, func(u value.Value, _ []value.Value) []value.Value {
			e.when(e.poll(), func() {
				end := e.smaller(e.add(u, i64(most)), to)
				p := thinAt{first: e.mul(u, i64(width)), end: e.smaller(e.mul(end, i64(width)), i64(e.g.Col.Size))}
				e.inner(0, func() { e.thinPart(p, pa, pb) })
			})
			return nil
		})
		return nil
	})
}

// Scales are what B, computed as it is read, is a product of with a narrow matrix:
// B = of * row * column, the last two nil where there are none. They are taken out
// of the sum where that is one multiplication for many: one number for a row of B
// is multiplied with the elements of A beside it, one for a column with the sum.
type scales struct{ of, row, column *ir.Value }

// findScales returns the scales of B; in strict mode they stay where they are.
func (e *gemmEmitter) findScales() scales {
	v := e.g.B.Of
	out := scales{of: v}
	if v == nil || e.prog.Strict || e.d != tensor.F32 && e.d != tensor.F64 {
		return out
	}
	last := lastAxis(v)
	size := v.Type.Dims()[last]
	// The column decides where in a row an element is.
	alone := !slices.ContainsFunc(e.sum, func(d kernel.Dim) bool { return d.B%size != 0 })
	for out.of.Op == ir.OpMul {
		y, s := out.of.Args[0], out.of.Args[1]
		if !slices.Equal(y.Type.Dims(), v.Type.Dims()) {
			y, s = s, y
		}
		dims := s.Type.Dims()
		axis := last - (v.Type.Rank() - len(dims)) // of s
		inRow, beside := axis >= 0 && dims[axis] != 1, false
		for i, n := range dims {
			beside = beside || i != axis && n != 1
		}
		switch {
		case !slices.Equal(y.Type.Dims(), v.Type.Dims()):
			return out
		case !beside && alone && out.column == nil:
			out.column = s
		case !inRow && out.row == nil:
			out.row = s
		default:
			return out
		}
		out.of = y
	}
	return out
}

// A thinAt is some columns of a thin product.
type thinAt struct {
	first, end value.Value
}

// thinPart computes columns; a and b point to the first row of A and to B. Of a B
// that is computed as it is read, here and below, b is the position.
func (e *gemmEmitter) thinPart(p thinAt, a, b value.Value) {
	rows := e.rows.size
	e.thinColumns(p, func(col value.Value, n int) {
		for r := range rows {
			e.emitter.store(e.start([]int{n})[0], e.thinSum(p, col, r))
		}
	})
	e.thinSteps(p, e.sum, a, b)
	var first []index
	if e.scales.column != nil {
		first = e.indexOf(e.g.B.Of, b)
	}
	e.thinColumns(p, func(col value.Value, n int) {
		for r := range rows {
			e.inner(0, func() {
				x := value.Value(e.load(sumType(e.d), e.thinSum(p, col, r), vectorOf(n)))
				if s := e.scales.column; s != nil {
					x = e.fmul(x, e.computed(e.g.B.Of, first, col, n, s))
				}
				x = e.result(x, n)
				idx := e.rowIndex(i64(r))
				idx[e.g.Col.Result] = index{base: col, step: 1}
				e.storeAll(idx, x)
			})
		}
	})
}

// thinColumns calls body for each vector of columns, of n elements, and for what
// is left of the last one.
func (e *gemmEmitter) thinColumns(p thinAt, body func(col value.Value, n int)) {
	whole := e.g.Col.Size / e.lanes * e.lanes
	e.loop(p.first, e.smaller(p.end, i64(whole)), e.lanes, nil, func(col value.Value, _ []value.Value) []value.Value {
		body(col, e.lanes)
		return nil
	})
	if rest := e.g.Col.Size - whole; rest > 0 {
		e.when(e.icmp(enum.IPredSGT, p.end, i64(whole)), func() { body(i64(whole), rest) })
	}
}

// thinSum returns where the sum of a row and a column is.
func (e *gemmEmitter) thinSum(p thinAt, col value.Value, row int) value.Value {
	return e.at(sumType(e.d), e.spilled, e.add(e.mul(e.sub(col, p.first), i64(e.rows.size)), i64(row*e.lanes)))
}

// thinSteps adds the products over the dimensions of sum.
func (e *gemmEmitter) thinSteps(p thinAt, sum []kernel.Dim, a, b value.Value) {
	if len(sum) == 0 {
		e.thinTogether(p, kernel.Dim{}, 1, a, b)
		return
	}
	d, t := sum[0], memType(e.d)
	turns := func(from, to, step int, body func(a, b value.Value)) {
		e.loop(i64(from), i64(to), step, nil, func(k value.Value, _ []value.Value) []value.Value {
			next := e.mul(k, i64(d.B))
			if e.g.B.Of == nil {
				next = e.at(t, b, next)
			} else {
				next = e.add(b, next)
			}
			body(e.at(t, a, e.mul(k, i64(d.A))), next)
			return nil
		})
	}
	if len(sum) > 1 {
		turns(0, d.Size, 1, func(a, b value.Value) { e.thinSteps(p, sum[1:], a, b) })
		return
	}
	// As many rows of B together as the elements of A beside them, which stay in
	// registers, leave room for.
	together := 8
	if e.rows.size > 1 {
		together = 4
	}
	whole := d.Size / together * together
	turns(0, whole, together, func(a, b value.Value) { e.thinTogether(p, d, together, a, b) })
	turns(whole, d.Size, 1, func(a, b value.Value) { e.thinTogether(p, d, 1, a, b) })
}

// thinTogether adds the products of some steps from a and b on.
func (e *gemmEmitter) thinTogether(p thinAt, d kernel.Dim, steps int, a, b value.Value) {
	rows, t := e.rows.size, memType(e.d)
	v, first := e.g.B.Of, make([][]index, steps)
	if v != nil {
		for u := range first {
			first[u] = e.indexOf(v, e.add(b, i64(u*d.B)))
		}
	}
	left := make([]value.Value, rows*steps)
	for u := range steps {
		var scale value.Value
		if s := e.scales.row; s != nil {
			scale = e.computed(v, first[u], i64(0), 1, s)
		}
		for r := range rows {
			x := e.widen(e.fromMemory(e.d, e.load(t, e.at(t, a, i64(r*e.rows.stride+u*d.A)), 0)))
			if scale != nil {
				x = e.fmul(x, scale)
			}
			left[r*steps+u] = x
		}
	}
	right := func(col value.Value, u, n int) value.Value {
		return e.right(e.at(t, b, col), u*d.B, n)
	}
	if v != nil {
		right = func(col value.Value, u, n int) value.Value {
			return e.widen(e.computed(v, first[u], col, n, e.scales.of))
		}
	}
	e.thinColumns(p, func(col value.Value, n int) {
		n = vectorOf(n)
		sums := make([]value.Value, rows)
		for r := range sums {
			sums[r] = e.load(sumType(e.d), e.thinSum(p, col, r), n)
		}
		for u := range steps {
			y := right(col, u, max(n, 1))
			for r := range sums {
				x := left[r*steps+u]
				if n > 0 {
					x = e.splat(x, n)
				}
				sums[r] = e.addProduct(sums[r], x, y)
			}
		}
		for r, x := range sums {
			e.emitter.store(x, e.thinSum(p, col, r))
		}
	})
}

// rowIndex returns the indices of a row of the result.
func (e *gemmEmitter) rowIndex(row value.Value) []index {
	idx := slices.Clone(e.origin)
	for i := len(e.rows.dims) - 1; i >= 0; i-- {
		d := e.rows.dims[i]
		at := row
		if i > 0 {
			at, row = e.digit(row, d.Size)
		}
		idx[d.Result] = index{base: at}
	}
	return idx
}
