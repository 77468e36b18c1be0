package llvm

import (
	"math"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Factorisations go over rows of vectors and take every element through the
// same operations in the same order as the textbook's loops, and as package
// eval: sums of products are subtracted one by one in the order of the index,
// whatever the number of workers. Strict mode is that without contraction; in
// other modes the sums for one right-hand side have an order of their own. Workers
// share the matrices of a batch; one matrix is one worker's, but for large
// triangular solves, of which workers share the columns.

// A matrix is rows in memory, in register form: float for the narrow types.
type matrix struct {
	t          types.Type
	p          value.Value // to its first element
	rows, cols int
	stride     int // from row to row
}

// A factorer emits one operation on each matrix of a batch.
type factorer struct {
	*singleEmitter
	d      ir.DType
	t      types.Type
	n      int         // rows and columns of the matrix
	cols   int         // of the result
	room   value.Value // scratch that is not taken yet
	packed matrix      // scratch of subtractions, where there are blocks
	direct bool        // the result's memory is in register form, so work is done there
}

func (s *singleEmitter) factorer() *factorer {
	out := s.k.Out.Type
	dims := out.Dims()
	r := len(dims)
	return &factorer{
		singleEmitter: s, d: out.DType, t: regType(out.DType), n: dims[r-2], cols: dims[r-1],
		direct: out.DType == tensor.F32 || out.DType == tensor.F64,
	}
}

// batch runs body for each of this worker's matrices.
func (f *factorer) batch(scratch int, body func(k value.Value)) {
	dims := f.k.Out.Type.Dims()
	lo, hi := f.share(product(dims[:len(dims)-2]))
	all := value.Value(nil)
	if f.n >= blockedFrom {
		scratch += f.packedBytes()
	}
	if scratch > 0 {
		all = f.scratch(scratch)
	}
	f.each(lo, hi, 1, func(k value.Value) {
		f.room = all
		if f.n >= blockedFrom {
			f.packed = f.take(updateSteps, f.panelWidth())
		}
		body(k)
	})
}

// bytes returns the scratch that a matrix takes.
func (f *factorer) bytes(rows, cols int) int {
	return (rows*cols*sizeOf(f.t) + 63) / 64 * 64
}

// take returns a matrix in scratch.
func (f *factorer) take(rows, cols int) matrix {
	m := matrix{f.t, f.bitcast(f.room, types.NewPointer(f.t)), rows, cols, cols}
	f.room = f.at(types.I8, f.room, i64(f.bytes(rows, cols)))
	return m
}

// takeIndices returns what is left of scratch as i64.
func (f *factorer) takeIndices() value.Value {
	return f.bitcast(f.room, types.NewPointer(types.I64))
}

// result returns where the result of matrix k is made: in its place, or in
// scratch, from where finish writes it.
func (f *factorer) result(k value.Value) matrix {
	if !f.direct {
		return f.take(f.n, f.cols)
	}
	return matrix{f.t, f.at(f.t, f.ptr(f.k.Out), f.mul(k, i64(f.n*f.cols))), f.n, f.cols, f.cols}
}

// resultBytes is the scratch that result takes.
func (f *factorer) resultBytes() int {
	if f.direct {
		return 0
	}
	return f.bytes(f.n, f.cols)
}

// finish writes what result has returned.
func (f *factorer) finish(k value.Value, m matrix) {
	if f.direct {
		return
	}
	dst := f.outRun(f.mul(k, i64(f.n*f.cols)), 1)
	f.span(i64(0), i64(m.rows*m.cols), f.floatWidth(f.d), func(i value.Value, lanes int) {
		f.put(dst, i, f.load(f.t, f.at(f.t, m.p, i), lanes))
	})
}

// cell returns the address of an element.
func (f *factorer) cell(m matrix, i, j value.Value) value.Value {
	return f.at(m.t, m.p, f.add(f.mul(i, i64(m.stride)), j))
}

func (f *factorer) read(m matrix, i, j value.Value) value.Value {
	return f.load(m.t, f.cell(m, i, j), 0)
}

// along runs body for vectors of the columns from..to of a row.
func (f *factorer) along(from, to value.Value, body func(j value.Value, lanes int)) {
	f.span(from, to, f.floatWidth(f.d), body)
}

// An operand is an operand's matrices as they lie in memory.
type operand struct {
	view     kernel.View
	lead     part
	row, col int // strides
}

func (f *factorer) operand(i int) operand {
	v := f.k.Operands[i]
	r := len(v.Strides)
	return operand{v, partOf(v, 0, r-2), v.Strides[r-2], v.Strides[r-1]}
}

// row returns row i of matrix k from column j on; column i from row j on if
// turned.
func (f *factorer) row(s operand, k, i, j value.Value, turned bool) run {
	row, col := s.row, s.col
	if turned {
		row, col = col, row
	}
	off := f.add(f.add(i64(s.view.Offset), f.offset(s.lead, k)), f.add(f.mul(i, i64(row)), f.mul(j, i64(col))))
	return run{d: s.view.Type.DType, p: f.at(memType(s.view.Type.DType), f.ptr(s.view.Buf), off), stride: col}
}

// readRow copies columns from..to of row i of matrix k, or of column i if turned.
func (f *factorer) readRow(m matrix, s operand, k, i, from, to value.Value, turned bool) {
	src := f.row(s, k, i, i64(0), turned)
	f.copyRow(m, i, src, from, to)
}

// copyRow sets the columns from..to of row i to elements of src.
func (f *factorer) copyRow(m matrix, i value.Value, src run, from, to value.Value) {
	f.span(from, to, byLanes(f.floatWidth(f.d), src), func(j value.Value, lanes int) {
		f.emitter.store(f.get(src, j, lanes), f.cell(m, i, j))
	})
}

// eachRow runs body for n rows, until somebody asks to stop.
func (f *factorer) eachRow(n int, body func(i value.Value)) {
	f.each(i64(0), i64(n), 1, func(i value.Value) { f.when(f.poll(), func() { body(i) }) })
}

// readWhole copies matrix k.
func (f *factorer) readWhole(m matrix, s operand, k value.Value) {
	f.eachRow(m.rows, func(i value.Value) { f.readRow(m, s, k, i, i64(0), i64(m.cols), false) })
}

// readMirrored copies the lower triangle of matrix k to both.
func (f *factorer) readMirrored(m matrix, s operand, k value.Value) {
	f.eachRow(m.rows, func(i value.Value) {
		f.readRow(m, s, k, i, i64(0), i, false)
		f.readRow(m, s, k, i, i, i64(m.cols), true)
	})
}

// readTurned copies the lower triangle of matrix k to the upper one of m.
func (f *factorer) readTurned(m matrix, s operand, k value.Value) {
	// A few columns at a time, so that the lines of m stay in the cache.
	f.strips(m.rows, func(from, to value.Value) {
		f.each(from, i64(m.rows), 1, func(i value.Value) {
			src := f.row(s, k, i, i64(0), false)
			f.each(from, f.smaller(to, f.add(i, i64(1))), 1, func(j value.Value) { f.emitter.store(f.get(src, j, 0), f.cell(m, j, i)) })
		})
	})
}

// strips runs body for a few of n rows after the other, until somebody asks to
// stop.
func (f *factorer) strips(n int, body func(from, to value.Value)) {
	f.each(i64(0), i64(n), blockSize, func(from value.Value) {
		f.when(f.poll(), func() { body(from, f.smaller(f.add(from, i64(blockSize)), i64(n))) })
	})
}

// divideRow divides the columns from..to of row i by x.
func (f *factorer) divideRow(m matrix, i, from, to, x value.Value) {
	f.along(from, to, func(j value.Value, lanes int) {
		p := f.cell(m, i, j)
		f.emitter.store(f.fdiv(f.load(m.t, p, lanes), f.splat(x, lanes)), p)
	})
}

// subtractRow subtracts x times row k of b from row i of m, in the columns
// from..to.
func (f *factorer) subtractRow(m matrix, i value.Value, b matrix, k, x, from, to value.Value) {
	f.along(from, to, func(j value.Value, lanes int) {
		p := f.cell(m, i, j)
		product := f.fmul(f.splat(x, lanes), f.load(b.t, f.cell(b, k, j), lanes))
		f.emitter.store(f.fsub(f.load(m.t, p, lanes), product), p)
	})
}

// factorSPD overwrites the upper triangle of u with the transposed factor of
// the matrix whose lower triangle, transposed, it holds; what is below is lost.
// All is NaN from the first pivot on that is not positive, in particular the
// last element.
func (f *factorer) factorSPD(u matrix) {
	if u.rows < blockedFrom {
		f.choleskyRows(u, i64(0), i64(u.rows))
		return
	}
	f.choleskyBlocks(u, f.packed)
}

// choleskyRows makes rows lo up to hi of the factor, from which all rows before
// lo are subtracted.
func (f *factorer) choleskyRows(u matrix, lo, hi value.Value) {
	end := i64(u.cols)
	f.each(lo, hi, 1, func(k value.Value) {
		f.when(f.poll(), func() {
			pivot := f.read(u, k, k)
			root := f.intrinsic("llvm.sqrt", f.t, pivot)
			root = f.choose(f.fcmp(enum.FPredOGT, pivot, f.float(f.t, 0)), root, f.float(f.t, math.NaN()))
			f.emitter.store(root, f.cell(u, k, k))
			next := f.add(k, i64(1))
			f.divideRow(u, k, next, end, root)
			f.each(next, hi, 1, func(i value.Value) { f.subtractRow(u, i, u, k, f.read(u, k, i), i, end) })
		})
	})
}

// cholesky emits ir.OpCholesky.
func (s *singleEmitter) cholesky() {
	f := s.factorer()
	f.batch(f.bytes(f.n, f.n)+f.resultBytes(), func(k value.Value) {
		u := f.take(f.n, f.n)
		f.readTurned(u, f.operand(0), k)
		f.factorSPD(u)
		l := f.result(k)
		f.eachRow(f.n, func(i value.Value) {
			after := f.add(i, i64(1))
			f.along(after, i64(f.n), func(j value.Value, lanes int) {
				f.emitter.store(f.float(vec(f.t, lanes), 0), f.cell(l, i, j))
			})
		})
		// A few columns at a time, so that the lines of u stay in the cache.
		f.strips(f.n, func(from, to value.Value) {
			f.each(from, i64(f.n), 1, func(i value.Value) {
				f.each(from, f.smaller(to, f.add(i, i64(1))), 1, func(j value.Value) { f.emitter.store(f.read(u, j, i), f.cell(l, i, j)) })
			})
		})
		f.finish(k, l)
	})
}

// eliminate overwrites a with its factors, partial pivoting, and sets rows to
// the row of a that each one came from.
func (f *factorer) eliminate(a matrix, rows value.Value) {
	f.eachRow(a.rows, func(i value.Value) { f.emitter.store(i, f.at(types.I64, rows, i)) })
	if a.rows < blockedFrom {
		f.eliminateColumns(a, rows, i64(0), i64(a.rows))
		return
	}
	f.eliminateBlocks(a, rows, f.packed)
}

// eliminateColumns eliminates the columns lo up to hi, from which all columns
// before lo are subtracted.
func (f *factorer) eliminateColumns(a matrix, rows, lo, hi value.Value) {
	f.each(lo, hi, 1, func(k value.Value) {
		f.when(f.poll(), func() {
			next := f.add(k, i64(1))
			f.exchange(a, rows, k)
			d := f.read(a, k, k)
			f.each(next, i64(a.rows), 1, func(i value.Value) {
				x := f.fdiv(f.read(a, i, k), d)
				f.emitter.store(x, f.cell(a, i, k))
				f.subtractRow(a, i, a, k, x, next, hi)
			})
		})
	})
}

// exchange exchanges row k with the one that has the pivot of column k.
func (f *factorer) exchange(a matrix, rows, k value.Value) {
	p := f.pivot(a, k)
	f.when(f.icmp(enum.IPredNE, p, k), func() {
		f.swap(types.I64, f.at(types.I64, rows, p), f.at(types.I64, rows, k), 0)
		f.along(i64(0), i64(a.cols), func(j value.Value, lanes int) { f.swap(a.t, f.cell(a, p, j), f.cell(a, k, j), lanes) })
	})
}

// pivot returns the row, from k on, with the largest element in column k; NaN is
// the largest.
func (f *factorer) pivot(a matrix, k value.Value) value.Value {
	abs := func(i value.Value) value.Value { return f.intrinsic("llvm.fabs", a.t, f.read(a, i, k)) }
	init := []value.Value{k, abs(k)}
	return f.loop(f.add(k, i64(1)), i64(a.rows), 1, init, func(i value.Value, c []value.Value) []value.Value {
		x := abs(i)
		nan := f.cur.NewAnd(f.fcmp(enum.FPredUNO, x, x), f.fcmp(enum.FPredORD, c[1], c[1]))
		better := f.cur.NewOr(f.fcmp(enum.FPredOGT, x, c[1]), nan)
		return []value.Value{f.choose(better, i, c[0]), f.choose(better, x, c[1])}
	})[0]
}

// swap exchanges lanes elements of t at p and q.
func (f *factorer) swap(t types.Type, p, q value.Value, lanes int) {
	x, y := f.load(t, p, lanes), f.load(t, q, lanes)
	f.emitter.store(y, p)
	f.emitter.store(x, q)
}
