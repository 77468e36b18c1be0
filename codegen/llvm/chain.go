package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// mostRows is how many rows the blocks of a chain have at most: more gain nothing
// that can be measured.
const mostRows = 128

// blockTile is how few rows a block may have where rows are long: about a tile.
const blockTile = 8

// ChainRows returns how many rows the blocks of c should have, 0 if its parts
// are better run one after the other. Running them block by block pays where
// what each of them hands on doesn't stay in the second-level cache, and a block
// of it does.
//
// The numbers are as measured. The right operands pass by once for each block. If
// they stay in the cache too, blocks of few rows will do. If they don't, blocks
// need more rows, beyond what the cache holds, and right operands must pass by
// several times anyway, which they do not in layers of experts with few rows
// each. Where what is handed on would stay in no cache at all, it costs more than
// right operands do, however few rows there are, and fewer rows a block do: then
// a block of it need not stay in the second-level cache either, for the whole
// would be written to memory, and may be more than there is. A worker's block
// takes no more than noCache bytes, however long a row is.
func ChainRows(t Target, c *kernel.Chained) int {
	const passes, noCache = 4, 64 << 20
	rowBytes, right, most := 0, 0, 0
	for _, n := range c.RowBytes() {
		rowBytes += n
	}
	for _, part := range c.Parts {
		handed := 0
		for _, b := range kernel.Written(part.Kernel) {
			if slices.Contains(c.Local, b) {
				handed += b.Bytes
				most = max(most, b.Bytes)
			}
		}
		if 0 < handed && handed <= t.level2()/2 {
			return 0
		}
		if g := part.Gemm; g != nil {
			right = max(right, rightBytes(g))
		}
	}
	room, fewest := t.level2()/4*3, 48
	if right > t.level2() {
		room, fewest = t.level2()/2*3, 96
		switch {
		case most > noCache:
			fewest = 32
		case c.Rows() < passes*blockRows:
			return 0
		}
	}
	rows := min(room/max(rowBytes, 1), mostRows)
	if most > noCache {
		rows = max(rows, min(fewest, noCache/max(rowBytes, 1)))
		fewest = blockTile
	}
	if rows < min(fewest, c.Rows()) {
		return 0
	}
	return evenRows(t, c, rows)
}

// rightBytes returns the bytes of the right operand of g at a point of Batch.
func rightBytes(g *kernel.Gemm) int {
	bytes := g.Col.Size * g.Value.Type.DType.Size()
	for _, d := range g.Sum {
		bytes *= d.Size
	}
	return bytes
}

// evenRows returns about most rows, such that blocks are about equal and made of
// whole tiles.
func evenRows(t Target, c *kernel.Chained, most int) int {
	all := c.Rows()
	if all <= most {
		return all
	}
	tile := 1
	for _, part := range c.Parts {
		if g := part.Gemm; g != nil {
			tile = max(tile, RowTile(t, g.Value.Type.DType, g.Panel))
		}
	}
	blocks := (all + most - 1) / most
	rows := (all + blocks - 1) / blocks
	if up := (rows + tile - 1) / tile * tile; up <= most {
		rows = up
	}
	return rows
}

// A blockAt is the rows of a chain that a part works on.
type blockAt struct {
	*kernel.Chained
	axes  []int         // of the part; see kernel.Part
	point []value.Value // an index for each of the points' dimensions
	row   value.Value   // the first one, within the point
	count int
	cols  *columnRange // that the part's rows are needed in; nil for all
}

// emitChained emits the body of a kernel function for s.k.Chained. A part is
// emitted as it would be by itself, but for its rows, and for the pointers to
// what is local, which point so far before the worker's scratch that the rows
// of the block lie there.
func (s *scope) emitChained() {
	c := s.k.Chained
	blocks := (c.Rows() + c.Block - 1) / c.Block
	local, offsets := c.LocalBytes()
	memory := s.scratch(local)
	lo, hi := s.share(c.Points() * blocks)
	s.loop(lo, hi, 1, nil, func(i value.Value, _ []value.Value) []value.Value {
		s.when(s.poll(), func() {
			number, n := s.digit(i, blocks)
			if blocks > 2 && slices.ContainsFunc(c.Parts, func(p kernel.Part) bool { return p.Gemm != nil && p.Gemm.OneRow() }) {
				number = s.inTurn(number, blocks) // later blocks have more or less to do: see dealt
			}
			row := s.mul(number, i64(c.Block))
			first := s.add(s.mul(n, i64(c.Rows())), row)
			b := blockAt{Chained: c, point: make([]value.Value, c.Split), row: row}
			for k := c.Split - 1; k >= 0; k-- {
				b.point[k], n = s.digit(n, c.Dims[k])
			}
			pointers := map[*kernel.Buffer]value.Value{}
			for k, buf := range c.Local {
				before := s.sub(i64(offsets[k]), s.mul(first, i64(c.RowOf(buf))))
				pointers[buf] = s.bitcast(s.emitter.at(types.I8, memory, before), types.NewPointer(memType(buf.Type.DType)))
			}
			bands := chainBands(s.prog, c)
			parts := func(count int) func() []value.Value {
				return func() []value.Value {
					b.count = count
					for k, part := range c.Parts {
						s.part(part, bands[k], b, pointers, local)
					}
					return nil
				}
			}
			if rest := c.Rows() % c.Block; rest > 0 {
				s.either(s.icmp(enum.IPredEQ, number, i64(blocks-1)), parts(rest), parts(c.Block))
			} else {
				parts(c.Block)()
			}
		})
		return nil
	})
}

// part emits a part of a chain for the rows of b, and the columns of a band; local
// bytes of the scratch are taken.
func (s *scope) part(part kernel.Part, band *kernel.Band, b blockAt, pointers map[*kernel.Buffer]value.Value, local int) {
	b.axes = part.Axes
	ptr := func(buf *kernel.Buffer) value.Value {
		if p := pointers[buf]; p != nil {
			return p
		}
		return s.ptr(buf)
	}
	inner := newScope(s.emitter, s.prog, part.Kernel, s.ctx, s.worker, s.workers, s.indices, ptr)
	inner.taken = local
	inner.depth[b.row] = 0
	for _, x := range b.point {
		inner.depth[x] = 0
	}
	for _, p := range pointers {
		inner.depth[p] = 0
	}
	if part.Nest != nil {
		if band != nil {
			b.cols = inner.columnsOf(band, &b, part.Nest.Inner[0])
		}
		inner.emitNest(&b)
		return
	}
	b.cols = inner.columnsOf(band, &b, part.Gemm.Col.Size)
	newGemmEmitter(inner, &b).emitBlock()
}

// chainWork returns about how many multiplications a chain does.
func chainWork(c *kernel.Chained) int {
	work := 0
	for _, part := range c.Parts {
		if part.Gemm != nil {
			work += gemmWork(part.Gemm)
		}
	}
	return work
}

// gemmWork returns how many multiplications a product does.
func gemmWork(g *kernel.Gemm) int {
	work := g.Value.Type.Elems()
	for _, d := range g.Sum {
		work *= d.Size
	}
	return work
}

// The rows of a block, in a product.

// takeRows makes the rows of the block those that are tiled, and the points'
// dimensions those that are not.
func (e *gemmEmitter) takeRows(b *blockAt) {
	e.block = b
	dims := make([]kernel.Dim, e.g.Value.Type.Rank())
	for _, d := range e.outer {
		dims[d.Result] = d
	}
	for _, d := range e.g.Rows {
		dims[d.Result] = d
	}
	e.outer = nil
	for _, a := range b.axes[:b.Split] {
		e.outer = append(e.outer, dims[a])
	}
	e.rows = rowGroup{size: b.Rows()}
	for _, a := range b.axes[b.Split:] {
		e.rows.dims = append(e.rows.dims, dims[a])
		e.rows.stride = dims[a].A
	}
}

// emitBlock emits the tiles of the block's rows in all panels, or in those of its
// columns.
func (e *gemmEmitter) emitBlock() {
	e.takeScratch()
	a, b := value.Value(i64(e.g.A.Offset)), e.rightStart()
	for i, d := range e.outer {
		at := e.block.point[i]
		e.origin[d.Result] = index{base: at}
		a, b = e.add(a, e.mul(at, i64(d.A))), e.add(b, e.mul(e.pointOfB(d, at), i64(d.B)))
	}
	if e.packs {
		e.packLeft(a, i64(0))
	}
	from, to := value.Value(i64(0)), value.Value(i64(e.panels))
	if c := e.block.cols; c != nil {
		size := i64(e.g.Panel)
		from, to = e.cur.NewUDiv(c.lo, size), e.cur.NewUDiv(e.add(c.hi, i64(e.g.Panel-1)), size)
	}
	e.loop(from, to, 1, nil, func(panel value.Value, _ []value.Value) []value.Value {
		e.panel(panelAt{number: panel, a: a, block: i64(0), from: i64(0), to: i64(e.cut.tiles)}, b)
		return nil
	})
}

// The rows of a block, in a nest.

// isRow reports whether axis i of Outer is one of a chain's rows or points, along
// which a nest in a chain has no vectors.
func (e *nester) isRow(i int) bool { return e.block != nil && slices.Contains(e.block.axes, i) }

// noRow returns an axis that is no row, of a nest in a chain whose other axes
// are all of size 1.
func (e *nester) noRow() kernel.Axis {
	if n := len(e.n.Inner); n > 0 {
		return kernel.Axis{Inner: true, Index: n - 1}
	}
	for i := range e.n.Outer {
		if !e.isRow(i) {
			return kernel.Axis{Index: i}
		}
	}
	panic("llvm: a nest in a chain has nothing but rows")
}

// points is scope.points, in a chain for the points of the block's rows, of
// which total are those of all rows.
func (e *nester) points(total int, body func(p value.Value)) {
	if e.block == nil {
		e.scope.points(total, body)
		return
	}
	each := total / product(e.block.Dims)
	if each == 0 {
		return
	}
	e.nested(func() {
		e.polled = true
		e.turns(i64(0), i64(e.block.count*each), 1, nil, func(p value.Value, _ []value.Value) []value.Value {
			body(p)
			return nil
		})
	})
}

// placeRow is place for a point of a block's rows.
func (e *nester) placeRow(p value.Value) {
	b := e.block
	var x value.Value
	for i := len(e.n.Outer) - 1; i >= 0; i-- {
		if e.isRow(i) || !e.axis.Inner && i == e.axis.Index {
			continue
		}
		p, x = e.over(p, e.n.Outer[i])
		e.outer[i] = at(x)
	}
	p = e.plus(b.row, p)
	for k := len(b.Dims) - 1; k > b.Split; k-- {
		p, x = e.over(p, b.Dims[k])
		e.outer[b.axes[k]] = at(x)
	}
	e.outer[b.axes[b.Split]] = at(p)
	for k, x := range b.point {
		e.outer[b.axes[k]] = at(x)
	}
}
