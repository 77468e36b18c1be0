package llvm

import (
	"strings"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// How a product of matrices is cut, as measured: a tile of the result is as
// large as the registers hold, and a block of rows of the left operand stays in
// the second-level cache while the panels of the right one pass by.

// cacheBytes is how much of the second-level cache a block of rows may fill: a
// part of the smallest one in use (512 KB), which has a panel to hold as well.
const cacheBytes = 384 << 10

// wholeBytes is how large a panel is at most that is multiplied with all rows of
// a block at once, and chunkBytes about how much of a larger one before the rest
// of it: then a block still has so many rows that the panels are not read from
// memory too often.
const (
	wholeBytes = 256 << 10
	chunkBytes = 128 << 10
)

// blockRows is the most rows of a block: from there on, reading the panels once
// more for the next block costs nothing that can be measured.
const blockRows = 168

// sumType returns the type that products of elements of d are summed in.
// Elements of 8 bits are multiplied as 16 bits, of which the lower half is right.
func sumType(d ir.DType) types.Type {
	if t := regType(d); !types.Equal(t, types.I8) {
		return t
	}
	return types.I16
}

// tileLanes returns how many elements of d a contraction works on at a time, at
// least 1.
func tileLanes(t Target, d ir.DType) int {
	return max(t.VectorBytes/sizeOf(sumType(d)), 1)
}

// tileRows returns how many rows a tile of nv vectors has at most: the
// accumulators, one row of the right operand, one element of the left and one
// product are in registers together. Index 0 is not used.
func tileRows(t Target) []int {
	switch {
	case t.VectorBytes >= 64, strings.HasPrefix(t.Triple, "aarch64"):
		return []int{0, 14, 12, 8, 6}
	case t.VectorBytes >= 32:
		return []int{0, 10, 6, 4}
	case t.VectorBytes >= 16:
		return []int{0, 8, 4}
	}
	return []int{0, 4, 3, 2, 2}
}

// RowTile returns how many rows a tile of a Gemm has at most whose panels have
// that many columns.
func RowTile(t Target, d ir.DType, panel int) int {
	rows := tileRows(t)
	return rows[min(panel/tileLanes(t, d), len(rows)-1)]
}

// PanelWidth returns how many columns the panels of a Gemm of the element type d
// with that many columns should have (kernel.Gemm.Panel). It is what the
// processor needs the least time for by count of instructions.
func PanelWidth(t Target, d ir.DType, cols int) int {
	lanes, best, width := tileLanes(t, d), 0.0, 0
	likely := len(tileRows(t)) - 2 // of equals the one that leaves a register free
	for nv := max(1, min(len(tileRows(t))-1, (cols+lanes-1)/lanes)); nv > 0; nv-- {
		panel := nv * lanes
		rows := RowTile(t, d, panel)
		cost := float64(cols/panel) * rowCost(nv, rows)
		if rest := cols % panel; rest > 0 {
			// A panel that is not full has code of its own.
			cost += rowCost((rest+lanes-1)/lanes, rows) + 1.0/16
		}
		if width == 0 || cost < best || cost == best && nv == likely {
			best, width = cost, panel
		}
	}
	return width
}

// rowCost returns the cycles of one row of a tile for one step along the sum:
// two multiplications or two loads start in a cycle, and the next addition to
// an accumulator waits for four.
func rowCost(nv, rows int) float64 {
	n, r := float64(nv), float64(rows)
	return max(n/2, (1+n/r)/2, 4/r)
}

// InPlace reports whether the right operand of g is better read where it is than
// packed before (kernel.Gemm.Packed): packing takes longer than it saves where
// few rows use it, or some and the cache holds it well.
// g.Batch to g.Sum and the operands must be filled in.
func InPlace(g *kernel.Gemm) bool {
	// As measured; see BenchmarkGemm. Where rows are a page or more apart, what
	// is in the cache depends on where the pages are.
	const fewRows, someRows, pageBytes, allBytes = 16, 256, 4 << 10, 1 << 20
	d := g.Value.Type.DType
	if g.Mirror || g.Right != nil && g.Right.Unit {
		return false // the ones are packed
	}
	if g.Col.B != 1 || maskedView(g.A) || maskedView(g.B) || !types.Equal(memType(d), regType(d)) {
		return false
	}
	rows := 1
	for _, r := range g.Rows {
		rows *= r.Size
	}
	if narrow(g.Left) {
		return true // each row of B is read for a few rows
	}
	near, bytes := true, g.Col.Size*d.Size()
	for i, k := range g.Sum {
		near = near && max(k.B, -k.B)*d.Size() < pageBytes
		bytes *= k.Size
		if i == len(g.Sum)-1 && k.A != 1 {
			return false // blocks of A are packed, which takes a packed B
		}
	}
	return rows <= fewRows || near && bytes <= allBytes && rows <= someRows
}

// narrow reports whether a row takes part in so few steps that packing the steps
// takes longer than they do.
func narrow(b *kernel.Band) bool {
	const fewSteps = 64
	return b != nil && b.Hi-b.Lo < fewSteps
}

// A rowGroup is rows whose elements of A are in equal distances: one dimension,
// or several that lie densely.
type rowGroup struct {
	dims   []kernel.Dim // of a size above 1
	size   int
	stride int // in A
}

// groupRows merges neighbours of the dimensions of rows.
func groupRows(rows []kernel.Dim) []rowGroup {
	var out []rowGroup
	for _, d := range rows {
		if d.Size == 1 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].stride == d.Size*d.A {
			out[n-1] = rowGroup{append(out[n-1].dims, d), out[n-1].size * d.Size, d.A}
			continue
		}
		out = append(out, rowGroup{[]kernel.Dim{d}, d.Size, d.A})
	}
	return out
}

// mergeSum merges neighbours of the dimensions of a sum, as far as they lie
// densely in both operands.
func mergeSum(sum []kernel.Dim) []kernel.Dim {
	var out []kernel.Dim
	for _, d := range sum {
		if d.Size == 1 {
			continue
		}
		if n := len(out); n > 0 {
			if o := out[n-1]; o.A == d.Size*d.A && o.B == d.Size*d.B {
				out[n-1] = kernel.Dim{Size: o.Size * d.Size, A: d.A, B: d.B, Result: -1}
				continue
			}
		}
		out = append(out, d)
	}
	return out
}

// A cut says how the rows of a product are made into tiles of at most two
// heights, as even as they come, and tiles into blocks.
type cut struct {
	tiles  int
	tall   int // how many tiles have height+1 rows: the first ones
	height int // of the others
	block  int // tiles in a block
	blocks int
}

// newCut cuts rows of which each takes that many bytes of A.
func newCut(rows, most, rowBytes int) cut {
	c := cut{tiles: (rows + most - 1) / most}
	c.height, c.tall = rows/c.tiles, rows%c.tiles
	perBlock := max(min(blockRows, cacheBytes/max(rowBytes, 1))/most, 1)
	c.blocks = (c.tiles + perBlock - 1) / perBlock
	c.block = (c.tiles + c.blocks - 1) / c.blocks
	c.blocks = (c.tiles + c.block - 1) / c.block
	return c
}

// oneBlock cuts rows into the tiles of one block.
func oneBlock(rows, most int) cut {
	tiles := (rows + most - 1) / most
	return cut{tiles: tiles, height: rows / tiles, tall: rows % tiles, block: tiles, blocks: 1}
}

// newChunks cuts a sum over steps, the panel for which has that many bytes, into
// chunks of one size but for the last.
func newChunks(steps, bytes int) (chunk, chunks int) {
	chunks = 1
	if bytes > wholeBytes {
		chunks = (bytes + chunkBytes/2) / chunkBytes
	}
	chunk = (steps + chunks - 1) / max(chunks, 1)
	if chunks > 1 {
		chunk = (chunk + unroll - 1) / unroll * unroll
		chunks = (steps + chunk - 1) / chunk
	}
	return chunk, chunks
}

// smallWork is how many multiplications, or elements to move, are too few to
// share: what another core has in its cache would cost more to get than that.
const smallWork = 1 << 16

// portion returns the points of a space of total ones that this worker takes, lo
// up to hi; all of them together are that much work.
func (s *scope) portion(total, work int) (lo, hi value.Value) {
	if work < smallWork && !s.m.share || total == 1 {
		first := s.icmp(enum.IPredEQ, s.worker, i64(0))
		return i64(0), s.choose(first, i64(total), i64(0))
	}
	bound := func(w value.Value) value.Value { return s.cur.NewUDiv(s.mul(w, i64(total)), s.workers) }
	return bound(s.worker), bound(s.add(s.worker, i64(1)))
}
