package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// forward overwrites b with the solution for the lower triangle of a; of the
// transpose of its upper one if turned.
func (f *factorer) forward(a, b matrix, unit, turned bool) {
	if turned && b.cols == 1 {
		f.forwardColumns(a, b)
		return
	}
	all := f.allColumns(b)
	if f.blocked(a, b) {
		f.forwardBlocks(a, b, [2]value.Value{i64(0), i64(a.rows)}, all, unit, turned, f.packed)
		return
	}
	f.eachRow(a.rows, func(i value.Value) { f.substitute(a, b, i, i64(0), i, all, unit, turned) })
}

// blocked reports whether the right-hand sides b are worth going by blocks.
func (f *factorer) blocked(a, b matrix) bool { return a.rows >= blockedFrom && b.cols >= blockSize }

func (f *factorer) allColumns(m matrix) [2]value.Value { return [2]value.Value{i64(0), i64(m.cols)} }

// backward overwrites b with the solution for the upper triangle of a.
func (f *factorer) backward(a, b matrix, unit bool) {
	if f.blocked(a, b) && !f.strict {
		f.backwardBlocks(a, b, f.allColumns(b), unit, f.packed)
		return
	}
	n := i64(a.rows)
	f.eachRow(a.rows, func(back value.Value) {
		i := f.sub(i64(a.rows-1), back)
		f.substitute(a, b, i, f.add(i, i64(1)), n, f.allColumns(b), unit, false)
	})
}

// substitute makes row i of the solution, in the columns from..to, from rows
// from..to, which are done.
// Each sum is in a register from its first product to the last.
func (f *factorer) substitute(a, b matrix, i, from, to value.Value, cols [2]value.Value, unit, turned bool) {
	end := func(p, x value.Value) {
		if !unit {
			x = f.fdiv(x, f.splat(f.read(a, i, i), lanesOf(x)))
		}
		f.emitter.store(x, p)
	}
	if b.cols == 1 && !turned {
		p := f.cell(b, i, i64(0))
		end(p, f.subtractDot(f.load(b.t, p, 0), f.cell(a, i, i64(0)), f.cell(b, i64(0), i64(0)), from, to))
		return
	}
	f.span(cols[0], cols[1], 4*f.floatWidth(f.d), func(j value.Value, lanes int) {
		p := f.cell(b, i, j)
		end(p, f.loop(from, to, 1, []value.Value{f.load(b.t, p, lanes)}, func(k value.Value, sum []value.Value) []value.Value {
			x := f.read(a, i, k)
			if turned {
				x = f.read(a, k, i)
			}
			return []value.Value{f.fsub(sum[0], f.fmul(f.splat(x, lanes), f.load(b.t, f.cell(b, k, j), lanes)))}
		})[0])
	})
}

// subtractDot returns x minus the products of elements from..to at p and q: one
// by one in strict mode, else in as many sums as a vector has lanes.
func (f *factorer) subtractDot(x, p, q, from, to value.Value) value.Value {
	product := func(k value.Value, lanes int) value.Value {
		return f.fmul(f.load(f.t, f.at(f.t, p, k), lanes), f.load(f.t, f.at(f.t, q, k), lanes))
	}
	if !f.strict {
		lanes := f.floatWidth(f.d)
		sums := value.Value(f.float(vec(f.t, lanes), 0))
		full := f.add(from, f.cur.NewAnd(f.sub(to, from), i64(-lanes)))
		sums = f.loop(from, full, lanes, []value.Value{sums}, func(k value.Value, sum []value.Value) []value.Value {
			return []value.Value{f.fadd(sum[0], product(k, lanes))}
		})[0]
		for ; lanes > 1; lanes /= 2 {
			var low, high []int
			for l := range lanes / 2 {
				low, high = append(low, l), append(high, l+lanes/2)
			}
			sums = f.fadd(f.shuffle(sums, sums, low), f.shuffle(sums, sums, high))
		}
		x, from = f.fsub(x, f.lane(sums, 0)), full
	}
	return f.loop(from, to, 1, []value.Value{x}, func(k value.Value, sum []value.Value) []value.Value {
		return []value.Value{f.fsub(sum[0], product(k, 0))}
	})[0]
}

// forwardColumns is forward, turned, for b of one column, which is a vector: it
// takes what each element brings to all after it, where rows of a are read.
func (f *factorer) forwardColumns(a, b matrix) {
	n := i64(a.rows)
	f.eachRow(a.rows, func(k value.Value) {
		p := f.cell(b, k, i64(0))
		x := f.fdiv(f.load(b.t, p, 0), f.read(a, k, k))
		f.emitter.store(x, p)
		f.along(f.add(k, i64(1)), n, func(i value.Value, lanes int) {
			q := f.cell(b, i, i64(0))
			product := f.fmul(f.load(a.t, f.cell(a, k, i), lanes), f.splat(x, lanes))
			f.emitter.store(f.fsub(f.load(b.t, q, lanes), product), q)
		})
	})
}

// inv emits ir.OpInv: LU and a solution for the columns of the unit matrix.
func (s *singleEmitter) inv() {
	f := s.factorer()
	f.batch(f.bytes(f.n, f.n)+f.resultBytes()+8*f.n, func(k value.Value) {
		a, b := f.take(f.n, f.n), f.result(k)
		f.readWhole(a, f.operand(0), k)
		f.solveLU(a, b, func(i, row value.Value) {
			f.along(i64(0), i64(f.n), func(j value.Value, lanes int) {
				f.emitter.store(f.float(vec(f.t, lanes), 0), f.cell(b, i, j))
			})
			f.emitter.store(f.float(f.t, 1), f.cell(b, i, row))
		})
		f.finish(k, b)
	})
}

// solveLU factors a and sets b to the solution; fill sets row i of b to row from
// of the right-hand sides.
func (f *factorer) solveLU(a, b matrix, fill func(i, from value.Value)) {
	rows := f.takeIndices()
	f.eliminate(a, rows)
	f.eachRow(f.n, func(i value.Value) { fill(i, f.load(types.I64, f.at(types.I64, rows, i), 0)) })
	f.forward(a, b, true, false)
	f.backward(a, b, false)
}

// solve emits ir.OpSolve.
func (s *singleEmitter) solve() {
	f := s.factorer()
	form := s.k.Value.Attrs.(*ir.SolveAttrs).Form
	if form == ir.SolveDiagonal {
		s.solveDiagonal(f)
		return
	}
	if form != ir.SolveLU && form != ir.SolveSPD && f.direct && f.n >= blockedFrom && f.cols >= blockSize && f.operand(0).col == 1 && !f.strict {
		f.solveColumns(form)
		return
	}
	f.batch(f.bytes(f.n, f.n)+f.resultBytes()+8*f.n, func(k value.Value) {
		left, right := f.operand(0), f.operand(1)
		a, b := f.take(f.n, f.n), f.result(k)
		fill := func(i, from value.Value) {
			src := f.row(right, k, from, i64(0), false)
			f.copyRow(b, i, src, i64(0), i64(f.cols))
		}
		fillAll := func() { f.eachRow(f.n, func(i value.Value) { fill(i, i) }) }
		switch form {
		case ir.SolveLU:
			f.readWhole(a, left, k)
			f.solveLU(a, b, fill)
		case ir.SolveSPD:
			f.readTurned(a, left, k)
			f.factorSPD(a)
			last := f.read(a, i64(f.n-1), i64(f.n-1))
			f.either(f.fcmp(enum.FPredORD, last, last), func() []value.Value {
				fillAll()
				f.forward(a, b, false, true)
				f.backward(a, b, false)
				return nil
			}, func() []value.Value {
				f.readMirrored(a, left, k)
				f.solveLU(a, b, fill)
				return nil
			})
		default:
			if f.direct && left.col == 1 {
				a = matrix{f.t, f.row(left, k, i64(0), i64(0), false).p, f.n, f.n, left.row}
			} else {
				f.readWhole(a, left, k)
			}
			fillAll()
			unit := form == ir.SolveUnitLower || form == ir.SolveUnitUpper
			if form == ir.SolveLower || form == ir.SolveUnitLower {
				f.forward(a, b, unit, false)
			} else {
				f.backward(a, b, unit)
			}
		}
		f.finish(k, b)
	})
}

// solveColumns solves for a triangle that is read where it lies. Workers share
// the columns of the right-hand sides, by panels.
func (f *factorer) solveColumns(form string) {
	width := f.panelWidth()
	panels := (f.cols + width - 1) / width
	lo, hi := f.share(product(f.k.Out.Type.Dims()[:f.k.Out.Type.Rank()-2]) * panels)
	room := f.scratch(f.packedBytes())
	first, last := f.cur.NewUDiv(lo, i64(panels)), f.cur.NewUDiv(f.add(hi, i64(panels-1)), i64(panels))
	f.each(first, last, 1, func(k value.Value) {
		f.room = room
		packed := f.take(updateSteps, width)
		start := f.mul(k, i64(panels))
		from := f.mul(f.larger(f.sub(lo, start), i64(0)), i64(width))
		to := f.smaller(f.mul(f.smaller(f.sub(hi, start), i64(panels)), i64(width)), i64(f.cols))
		left, right := f.operand(0), f.operand(1)
		a := matrix{f.t, f.row(left, k, i64(0), i64(0), false).p, f.n, f.n, left.row}
		b := f.result(k)
		f.eachRow(f.n, func(i value.Value) { f.copyRow(b, i, f.row(right, k, i, i64(0), false), from, to) })
		unit, cols := form == ir.SolveUnitLower || form == ir.SolveUnitUpper, [2]value.Value{from, to}
		if form == ir.SolveLower || form == ir.SolveUnitLower {
			f.forwardBlocks(a, b, [2]value.Value{i64(0), i64(f.n)}, cols, unit, false, packed)
		} else {
			f.backwardBlocks(a, b, cols, unit, packed)
		}
	})
}

// solveDiagonal divides the rows of the right-hand sides.
func (s *singleEmitter) solveDiagonal(f *factorer) {
	left, right := f.operand(0), f.operand(1)
	rows := f.k.Out.Type.Elems() / f.cols
	f.rows(rows, f.cols, func(row, from, to value.Value) {
		k, i := f.cur.NewUDiv(row, i64(f.n)), f.cur.NewURem(row, i64(f.n))
		d := f.get(f.row(left, k, i, i, false), i64(0), 0)
		src, dst := f.row(right, k, i, i64(0), false), f.outRun(f.mul(row, i64(f.cols)), 1)
		f.span(from, to, byLanes(f.floatWidth(f.d), src), func(j value.Value, lanes int) {
			f.put(dst, j, f.fdiv(f.get(src, j, lanes), f.splat(d, lanes)))
		})
	})
}
