package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// Where all rows of a product are one block, each panel is used once by each
// worker. Packing it before would take a pass over memory, to write and to read.
// So a worker packs it into its scratch just before it multiplies it, and the
// cache has it until it is done; while it does, it fetches what comes next.

// Packs reports whether a product should pack its panels by itself
// (kernel.Gemm.Packs): its rows are one block, and nothing but where elements lie
// has to be known for packing. g.Batch to g.Sum and the operands must be filled in.
func Packs(t Target, g *kernel.Gemm) bool {
	if g.Left != nil || g.Right != nil || g.Mirror || maskedView(g.B) || len(mergeRight(g.Sum)) != 1 {
		return false
	}
	rows := groupRows(g.Rows)
	if len(rows) > 1 {
		return false
	}
	steps, height := 1, 1
	for _, d := range g.Sum {
		steps *= d.Size
	}
	if steps == 0 {
		return false // there is nothing to pack
	}
	if len(rows) == 1 {
		height = rows[0].size
	}
	d := g.Value.Type.DType
	size := sizeOf(regType(d))
	chunk, _ := newChunks(steps, steps*g.Panel*size)
	return newCut(height, RowTile(t, d, g.Panel), chunk*size).blocks == 1
}

// mergeRight merges neighbours of the dimensions of a sum that lie densely in B.
func mergeRight(sum []kernel.Dim) []kernel.Dim {
	only := make([]kernel.Dim, len(sum))
	steps := 1
	for i := len(sum) - 1; i >= 0; i-- {
		only[i] = kernel.Dim{Size: sum[i].Size, A: steps, B: sum[i].B, Result: -1}
		steps *= sum[i].Size
	}
	return mergeSum(only)
}

// takeScratch takes the scratch memory for what the kernel packs.
func (e *gemmEmitter) takeScratch() {
	left, right := 0, 0
	if e.packs {
		left = (e.scratchBytes() + cacheLine - 1) / cacheLine * cacheLine
	}
	if e.g.Packs {
		right = e.panelBytes(e.steps)
	}
	if left+right == 0 {
		return
	}
	memory, t := e.scratch(left+right), types.NewPointer(regType(e.d))
	e.packedLeft, e.packedRight = e.bitcast(memory, t), e.bitcast(e.emitter.at(types.I8, memory, i64(left)), t)
}

// packPanel packs the steps lo up to hi of a panel with that many columns, if
// that is the kernel's task.
func (e *gemmEmitter) packPanel(p panelAt, cols int, lo, hi value.Value) {
	if !e.g.Packs {
		return
	}
	e.inner(0, func() {
		if e.chunks > 1 {
			e.packer.lo, e.packer.hi = lo, hi
		}
		e.packer.panel(p.raw, p.b, cols)
	})
}

// lines returns over how many lines of the cache the columns of a panel go.
func (e *gemmEmitter) lines() int {
	return (e.g.Panel*e.d.Size() + cacheLine - 1) / cacheLine
}

// rowsAhead returns how many rows of a line are fetched in a turn of the innermost
// loop, such that the tiles of a block fetch a panel together.
func (e *gemmEmitter) rowsAhead() int {
	return min((e.lines()*unroll+e.cut.tiles-1)/e.cut.tiles, 2*unroll)
}

// aheadRaw returns where in B that is what is packed after the steps lo to hi of
// a panel, in elements; nil if columns are no neighbours: then each of them is
// read from its beginning to its end, which processors see coming.
func (e *gemmEmitter) aheadRaw(p panelAt, lo, hi value.Value) value.Value {
	if e.g.Col.B != 1 || e.panels*e.chunks == 1 {
		return nil
	}
	last := e.icmp(enum.IPredEQ, hi, i64(e.steps))
	end := e.cur.NewAnd(e.icmp(enum.IPredEQ, p.number, i64(e.panels-1)), last)
	row := e.choose(last, i64(0), hi)
	panel := e.choose(end, p.raw, e.choose(last, e.add(p.raw, i64(e.g.Panel)), p.raw))
	return e.add(panel, e.mul(row, i64(e.packer.sum[0].B)))
}

// partRaw points to the part of what comes next that a tile fetches: each takes
// one line of some rows, the last ones nothing new.
func (e *gemmEmitter) partRaw(t tileAt) value.Value {
	part, line := e.over(e.sub(t.tile, t.block), e.lines())
	row := e.mul(part, i64(e.chunk/unroll*e.rowsAhead()))
	row = e.choose(e.icmp(enum.IPredSLT, row, i64(e.chunk)), row, i64(0))
	at := e.add(t.next, e.add(e.mul(row, i64(e.packer.sum[0].B)), e.mul(line, i64(cacheLine/e.d.Size()))))
	return e.bitcast(e.at(memType(e.d), e.ptr(e.g.B.Buf), at), types.I8Ptr)
}

// fetchRaw fetches what is due after k steps.
func (e *gemmEmitter) fetchRaw(t tileAt, k value.Value) {
	stride := e.packer.sum[0].B * e.d.Size()
	n := e.rowsAhead()
	first := e.at(types.I8, t.next, e.mul(k, i64(n*stride/unroll)))
	for i := range n {
		e.prefetch(e.at(types.I8, first, i64(i*stride)))
	}
}
