package llvm

import (
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A leftOperand says how the rows of a tile are read: in place, or as they were
// packed.
type leftOperand struct {
	t      types.Type   // of its elements
	row    int          // the distance of two rows
	sum    []kernel.Dim // of which A counts
	packed bool
	// distance is row where code does not know it; else nil.
	distance value.Value
}

// left returns how a tile of that many rows reads A.
//
// A packed block has its tiles one after the other. A tile is packed as its rows
// where A has the elements of a row side by side, and else step by step, so that
// packing writes what it reads together.
func (e *gemmEmitter) left(height int) leftOperand {
	if !e.packs {
		return leftOperand{t: memType(e.d), row: e.rows.stride, sum: e.sum}
	}
	l := leftOperand{t: regType(e.d), row: e.steps, sum: []kernel.Dim{e.sum[0]}, packed: true}
	l.sum[0].A = 1
	if !e.byRows() {
		l.row, l.sum[0].A = 1, height
	}
	return l
}

// packsLeft reports whether blocks of A should be packed before they are
// multiplied: their elements are not what is multiplied, or lie in other lines
// of the cache from one step to the next. It pays when several panels read them.
func (e *gemmEmitter) packsLeft() bool {
	if maskedView(e.g.A) {
		return true
	}
	if !packed(e.g) || e.panels < 2 || e.steps < 2*unroll || e.rows.size < 2 {
		return false
	}
	return !e.byRows() || !types.Equal(memType(e.d), regType(e.d))
}

// byRows reports whether the elements of a row of A lie side by side.
func (e *gemmEmitter) byRows() bool {
	n := len(e.leftSum)
	return !maskedView(e.g.A) && (n == 0 || e.leftSum[n-1].A == 1)
}

// scratchBytes returns the bytes that the packed rows of a block take.
func (e *gemmEmitter) scratchBytes() int {
	return e.cut.block * (e.cut.height + min(e.cut.tall, 1)) * e.steps * sizeOf(regType(e.d))
}

// packLeft packs the rows of a block of tiles, which begin at element a of A.
func (e *gemmEmitter) packLeft(a, block value.Value) {
	base := e.rowOf(block)
	end := e.smaller(e.add(block, i64(e.cut.block)), i64(e.cut.tiles))
	place := func(row value.Value) value.Value { // of the first row of a tile, or of any if packed by rows
		return e.at(regType(e.d), e.packedLeft, e.mul(e.sub(row, base), i64(e.steps)))
	}
	rowAt := func(src, row value.Value) value.Value { return e.add(src, e.mul(row, i64(e.rows.stride))) }
	if n := len(e.leftSum); e.byRows() && n > 0 {
		e.loop(base, e.rowOf(end), 1, nil, func(row value.Value, _ []value.Value) []value.Value {
			e.walkLeft(e.leftSum[:n-1], rowAt(a, row), i64(0), func(src, step value.Value) {
				e.convertRow(src, e.at(regType(e.d), place(row), step), e.leftSum[n-1].Size)
			})
			return nil
		})
		return
	}
	// Some steps of a tile together fill lines of the cache: tiles lie so far apart
	// that a line might be gone before the next step comes to it.
	steps := func(src, step value.Value, d kernel.Dim, n int) {
		e.eachTile(block, end, func(tile value.Value, height int) {
			row := e.rowOf(tile)
			dst := place(row)
			for u := range n {
				at := e.mul(e.add(step, i64(u*d.B)), i64(height))
				e.packStep(e.add(rowAt(src, row), i64(u*d.A)), e.at(regType(e.d), dst, at), height)
			}
		})
	}
	n := len(e.leftSum)
	if n == 0 {
		steps(a, i64(0), kernel.Dim{}, 1)
		return
	}
	together := 1
	if e.inVectors() {
		together = 8
	}
	d := e.leftSum[n-1]
	e.walkLeft(e.leftSum[:n-1], a, i64(0), func(src, step value.Value) {
		turns := func(from, to, n int) {
			e.loop(i64(from), i64(to), n, nil, func(k value.Value, _ []value.Value) []value.Value {
				steps(e.add(src, e.mul(k, i64(d.A))), e.add(step, e.mul(k, i64(d.B))), d, n)
				return nil
			})
		}
		whole := d.Size / together * together
		turns(0, whole, together)
		if whole < d.Size {
			turns(whole, d.Size, 1)
		}
	})
}

// walkLeft calls body for each point of dims, with the position in A's buffer
// there and the number of the step, which count on from src and step.
func (e *gemmEmitter) walkLeft(dims []kernel.Dim, src, step value.Value, body func(src, step value.Value)) {
	if len(dims) == 0 {
		body(src, step)
		return
	}
	d := dims[0]
	e.loop(i64(0), i64(d.Size), 1, nil, func(k value.Value, _ []value.Value) []value.Value {
		e.walkLeft(dims[1:], e.add(src, e.mul(k, i64(d.A))), e.add(step, e.mul(k, i64(d.B))), body)
		return nil
	})
}

// inVectors reports whether the elements of a step lie side by side.
func (e *gemmEmitter) inVectors() bool { return e.rows.stride == 1 && !maskedView(e.g.A) }

// packStep packs the elements of all rows of a tile at one step.
func (e *gemmEmitter) packStep(src, dst value.Value, height int) {
	if e.inVectors() && height > 1 {
		e.emitter.store(e.fromMemory(e.d, e.load(memType(e.d), e.at(memType(e.d), e.ptr(e.g.A.Buf), src), height)), dst)
		return
	}
	for i := range height {
		e.emitter.store(e.element(e.g.A, e.add(src, i64(i*e.rows.stride))), e.at(regType(e.d), dst, i64(i)))
	}
}

// convertRow converts n neighbours.
func (e *gemmEmitter) convertRow(src, dst value.Value, n int) {
	part := func(at value.Value, n int) {
		x := e.load(memType(e.d), e.at(memType(e.d), e.ptr(e.g.A.Buf), e.add(src, at)), vectorOf(n))
		e.emitter.store(e.fromMemory(e.d, x), e.at(regType(e.d), dst, at))
	}
	whole := n / e.lanes * e.lanes
	e.loop(i64(0), i64(whole), e.lanes, nil, func(k value.Value, _ []value.Value) []value.Value {
		part(k, e.lanes)
		return nil
	})
	if rest := n - whole; rest > 0 {
		part(i64(whole), rest)
	}
}
