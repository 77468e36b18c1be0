package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// unroll is how many steps along the sum one turn of the innermost loop does,
// and how many go by for each line of the next panel that is fetched. More gain
// nothing that can be measured, and take time to compile.
const unroll = 2

// streamAhead is how many steps ahead a panel is fetched that is read once.
const streamAhead = 96

// cacheLine is the bytes of a line of the cache.
const cacheLine = 64

// A gemmEmitter emits the function of one kernel.Gemm.
//
// The space that workers share is that of tiles: for each point of Batch, of
// the rows that are not tiled and of the blocks of rows, each panel, and for
// each of these the tiles of the block. So the rows of a block stay in the cache
// while the panels pass by, and a panel while the tiles do. A tile's sums are
// in registers from the first product to the last; only where a panel is too
// long for the cache, it goes by chunks, with the sums in memory between them.
type gemmEmitter struct {
	*scope
	g             *kernel.Gemm
	d             ir.DType
	lanes         int // of a vector, at least 1
	panels        int
	sum           []kernel.Dim // merged
	steps         int          // product of sum
	rows          rowGroup     // those that are tiled
	outer         []kernel.Dim // those that are not, and Batch
	chunk, chunks int          // the steps that are summed before the next tile, and how often
	cut           cut
	origin        []index      // for each dimension of the result: where the tile is; those of size 1 are 0
	spilled       value.Value  // sums in memory, where they go there
	turned        value.Value  // a tile in memory, column by column
	block         *blockAt     // of a chain; nil for all rows
	packs         bool         // blocks of A are packed
	leftSum       []kernel.Dim // Sum merged for A alone; B is the number of steps that one is
	packedLeft    value.Value  // where blocks of A are packed
	packer        *packEmitter // where the kernel packs panels itself
	packedRight   value.Value  // the panel
	scales        scales       // of a thin product
}

// emitGemm emits the body of a kernel function for s.k.Gemm.
func (s *scope) emitGemm() {
	if s.k.Gemm.Value.Type.Elems() > 0 {
		newGemmEmitter(s, nil).emit()
	}
}

// newGemmEmitter prepares a product, or with a block the rows of it that a chain
// works on.
func newGemmEmitter(s *scope, block *blockAt) *gemmEmitter {
	g := s.k.Gemm
	e := &gemmEmitter{scope: s, g: g, d: g.Value.Type.DType, steps: 1}
	e.lanes = tileLanes(s.m.target, e.d)
	if !packed(g) && (g.Col.B != 1 || maskedView(g.A) || maskedView(g.B)) {
		panic("llvm: a right operand is read in place only if its columns are neighbours and neither operand is of a promised structure")
	}
	e.panels = (g.Col.Size + g.Panel - 1) / g.Panel
	sum, leftSum := slices.Clone(g.Sum), slices.Clone(g.Sum)
	for i := len(sum) - 1; i >= 0; i-- {
		leftSum[i].B = e.steps
		if packed(g) {
			sum[i].B = e.steps * g.Panel
		}
		e.steps *= sum[i].Size
	}
	e.sum, e.leftSum = mergeSum(sum), mergeSum(leftSum)
	e.outer = slices.Clone(g.Batch)
	if size := e.panels * e.steps * g.Panel; g.Packed != nil {
		for i := len(e.outer) - 1; i >= 0; i-- {
			e.outer[i].B = size
			size *= g.PointsOfB(e.outer[i])
		}
	}
	e.rows = rowGroup{size: 1}
	groups := e.groups()
	tiled := -1
	for i, r := range groups {
		if tiled < 0 || r.size > e.rows.size && !g.OneRow() {
			tiled, e.rows = i, r
		}
	}
	for i, r := range groups {
		if i != tiled {
			e.outer = append(e.outer, r.dims...) // of stride 0 in B
		}
	}
	if block != nil {
		e.takeRows(block)
	}
	if e.packs = e.packsLeft(); e.packs {
		e.sum = []kernel.Dim{{Size: e.steps, B: g.Panel, Result: -1}}
	}
	e.chunk, e.chunks = e.steps, 1 // of one tile: no other one would find a chunk in the cache
	if len(e.sum) == 1 && packed(g) && e.rows.size > RowTile(s.m.target, e.d, g.Panel) {
		e.chunk, e.chunks = newChunks(e.steps, e.panelBytes(e.steps))
	}
	switch rowBytes := e.chunk * sizeOf(e.left(1).t); {
	case block != nil:
		e.cut = oneBlock(block.count, RowTile(s.m.target, e.d, g.Panel))
	case !packed(g) && narrow(g.Left):
		// One tile a block: the rows of B that it reads lie one after the other.
		e.cut = newCut(e.rows.size, RowTile(s.m.target, e.d, g.Panel), cacheBytes)
	default:
		e.cut = newCut(e.rows.size, RowTile(s.m.target, e.d, g.Panel), rowBytes)
	}
	if g.Packs {
		e.packer = newPackEmitter(s, g)
	}
	e.origin = make([]index, g.Value.Type.Rank())
	for i := range e.origin {
		e.origin[i] = index{base: i64(0)}
	}
	return e
}

// packed reports whether B is read as it was packed.
func packed(g *kernel.Gemm) bool { return g.Packed != nil || g.Packs }

// groups returns the rows in groups; the first one is that of the band where A
// is banded, or what is needed is.
func (e *gemmEmitter) groups() []rowGroup {
	g := e.g
	if !g.OneRow() {
		return groupRows(g.Rows)
	}
	rest := slices.Delete(slices.Clone(g.Rows), g.LeftRow, g.LeftRow+1)
	return append(groupRows(g.Rows[g.LeftRow:g.LeftRow+1]), groupRows(rest)...)
}

// emit emits the loops around the tiles. Groups are passed over once somebody
// asks to stop.
func (e *gemmEmitter) emit() {
	if e.thin() {
		e.emitThin()
		return
	}
	g := e.g
	groups := e.panels * e.cut.blocks
	for _, d := range e.outer {
		groups *= d.Size
	}
	block := i64(e.cut.block)
	lo, hi := e.portion(groups*e.cut.block, g.Value.Type.Elems()*e.steps)
	end := e.cur.NewUDiv(e.add(hi, i64(e.cut.block-1)), block)
	start := e.cur.NewUDiv(lo, block)
	e.takeScratch()
	e.loop(start, end, 1, nil, func(group value.Value, _ []value.Value) []value.Value {
		first := e.mul(group, block)
		e.when(e.poll(), func() {
			e.group(group, start, e.larger(e.sub(lo, first), i64(0)), e.smaller(e.sub(hi, first), block))
		})
		return nil
	})
}

// larger returns the larger of two i64.
func (e *emitter) larger(x, y value.Value) value.Value {
	return e.choose(e.icmp(enum.IPredSGT, x, y), x, y)
}

// smaller returns the smaller of two i64.
func (e *emitter) smaller(x, y value.Value) value.Value {
	return e.choose(e.icmp(enum.IPredSLT, x, y), x, y)
}

// digit splits a mixed-radix number: it returns n mod size and n / size.
func (e *emitter) digit(n value.Value, size int) (digit, rest value.Value) {
	if size == 1 {
		return i64(0), n
	}
	return e.cur.NewURem(n, i64(size)), e.cur.NewUDiv(n, i64(size))
}

// group computes the tiles from..to of the block of rows and the panel that
// group stands for; start is the worker's first group.
func (e *gemmEmitter) group(group, start, from, to value.Value) {
	g := e.g
	panel, n := e.digit(group, e.panels)
	block, n := e.digit(n, e.cut.blocks)
	a, b := value.Value(i64(g.A.Offset)), e.rightStart()
	for i := len(e.outer) - 1; i >= 0; i-- {
		d := e.outer[i]
		var at value.Value
		at, n = e.digit(n, d.Size)
		e.origin[d.Result] = index{base: at}
		a = e.add(a, e.mul(at, i64(d.A)))
		b = e.add(b, e.mul(e.pointOfB(d, at), i64(d.B)))
	}
	block = e.dealt(block)
	first := e.mul(block, i64(e.cut.block))
	p := panelAt{number: panel, a: a, block: first}
	p.from, p.to = e.add(first, from), e.smaller(e.add(first, to), i64(e.cut.tiles))
	if g.Mirror {
		p.from = e.between(e.tileOf(e.firstColumn(p)), p.from, p.to)
	}
	if e.packs {
		fresh := e.cur.NewOr(e.icmp(enum.IPredEQ, panel, i64(0)), e.icmp(enum.IPredEQ, group, start))
		e.when(fresh, func() { e.packLeft(a, first) })
	}
	e.panel(p, b)
}

// pointOfB returns which point of the right operand point at of d has.
func (e *gemmEmitter) pointOfB(d kernel.Dim, at value.Value) value.Value {
	p := e.g.Pick
	if p == nil || p.Result != d.Result {
		return at
	}
	from := p.Take.Args[1]
	var x value.Value
	e.inner(0, func() {
		x = e.checked(p.Take, from.Type.DType, e.value(from, []index{{base: at}}), p.Size, CodeIndex).base
	})
	return x
}

// rightStart returns where the right operand begins, in elements.
func (e *gemmEmitter) rightStart() value.Value {
	if e.g.Packed != nil {
		return i64(0)
	}
	return i64(e.g.B.Offset)
}

// panel computes tiles of the panel p.number, where the panels begin at element b
// of the right operand.
func (e *gemmEmitter) panel(p panelAt, b value.Value) {
	g := e.g
	switch {
	case g.Packs:
		p.b, p.raw = e.packedRight, e.add(b, e.mul(p.number, i64(g.Panel*g.Col.B)))
	case g.Packed != nil:
		p.b = e.panelAt(g.Packed, b, p.number, e.steps*g.Panel)
	default:
		p.b = e.panelAt(g.B.Buf, b, p.number, g.Panel*g.Col.B)
	}
	full, rest := g.Col.Size/g.Panel, g.Col.Size%g.Panel
	switch {
	case rest == 0:
		e.tiles(p, g.Panel)
	case full == 0:
		e.tiles(p, rest)
	default:
		e.either(e.icmp(enum.IPredSLT, p.number, i64(full)),
			func() []value.Value { e.inner(0, func() { e.tiles(p, g.Panel) }); return nil },
			func() []value.Value { e.inner(0, func() { e.tiles(p, rest) }); return nil })
	}
}

// panelAt points to a panel, where they begin at element b of a buffer and are
// width elements apart.
func (e *gemmEmitter) panelAt(buf *kernel.Buffer, b, number value.Value, width int) value.Value {
	t := e.rightType()
	return e.at(t, e.bitcast(e.ptr(buf), types.NewPointer(t)), e.add(b, e.mul(number, i64(width))))
}

// dealt returns the block of rows that is the one of that number where later
// blocks have more or less to do than earlier ones: a later one follows each
// earlier one, so that workers get as much of both.
func (e *gemmEmitter) dealt(n value.Value) value.Value {
	if !e.g.OneRow() && !e.g.Mirror || e.cut.blocks < 3 {
		return n
	}
	return e.inTurn(n, e.cut.blocks)
}

// inTurn returns number n of 0, count-1, 1, count-2, ...
func (e *emitter) inTurn(n value.Value, count int) value.Value {
	half := e.cur.NewUDiv(n, i64(2))
	odd := e.icmp(enum.IPredNE, e.cur.NewAnd(n, i64(1)), i64(0))
	return e.choose(odd, e.sub(i64(count-1), half), half)
}

// panelBytes returns the bytes of n steps of a packed panel.
func (e *gemmEmitter) panelBytes(n int) int { return n * e.g.Panel * sizeOf(e.rightType()) }

// A panelAt is one panel with one block of rows.
type panelAt struct {
	number   value.Value // of the panel
	a        value.Value // where the rows of A begin, in elements
	b        value.Value // points to the panel
	raw      value.Value // where it is in B, in elements, if the kernel packs it
	block    value.Value // the first tile of the block
	from, to value.Value // the tiles to compute
	lo, hi   value.Value // the steps to sum over, where the sum goes by chunks
	next     value.Value // points to what is fetched ahead; nil if nothing is
	crossed  bool        // the diagonal of a symmetric result goes through the tiles
}

// tiles computes the tiles of a panel of which cols columns are valid.
func (e *gemmEmitter) tiles(p panelAt, cols int) {
	var widths []int
	for rest := cols; rest > 0; rest -= e.lanes {
		widths = append(widths, min(rest, e.lanes))
	}
	if e.chunks == 1 {
		e.packPanel(p, cols, i64(0), i64(e.steps))
		p.next = e.ahead(p, i64(0), i64(e.steps))
		if e.g.Mirror {
			mid := e.below(p, cols)
			crossed := p
			crossed.to, p.from = mid, mid
			crossed.crossed = true
			e.walkTiles(crossed, widths)
		}
		e.walkTiles(p, widths)
		return
	}
	// The sums of the block's rows are in memory from one chunk to the next.
	base, from, to := e.rowOf(p.block), e.rowOf(p.from), e.rowOf(p.to)
	place := func(row value.Value, j int) value.Value { return e.place(e.sub(row, base), j, len(widths)) }
	start := e.start(widths)
	e.loop(from, to, 1, nil, func(row value.Value, _ []value.Value) []value.Value {
		for j, x := range start {
			e.emitter.store(x, place(row, j))
		}
		return nil
	})
	e.loop(i64(0), i64(e.steps), e.chunk, nil, func(lo value.Value, _ []value.Value) []value.Value {
		p := p
		p.lo, p.hi = lo, e.smaller(e.add(lo, i64(e.chunk)), i64(e.steps))
		e.packPanel(p, cols, p.lo, p.hi)
		p.next = e.ahead(p, p.lo, p.hi)
		e.walkTiles(p, widths)
		return nil
	})
	if e.g.Mirror {
		mid := e.below(p, cols)
		e.eachTile(p.from, mid, func(n value.Value, height int) {
			row := e.rowOf(n)
			e.inner(0, func() {
				e.finishCrossed(tileAt{p, n, row, height, widths, e.left(height)}, i64(height), e.sub(row, base))
			})
		})
		e.eachTile(mid, p.to, func(n value.Value, height int) {
			row := e.rowOf(n)
			e.inner(0, func() { e.finishAcross(tileAt{p, n, row, height, widths, e.left(height)}, e.sub(row, base)) })
		})
		from = e.rowOf(mid)
	}
	e.loop(from, to, 1, nil, func(row value.Value, _ []value.Value) []value.Value {
		e.finishStored(p, row, e.sub(row, base), start, widths)
		return nil
	})
}

// fetches reports whether packed panels, which do not stay in the cache, are
// fetched ahead, and streams whether a tile fetches what it reads itself soon:
// the only one of its panel.
func (e *gemmEmitter) fetches() bool {
	return e.g.Packed != nil && len(e.sum) == 1 && e.panels*e.panelBytes(e.steps) > cacheBytes
}

func (e *gemmEmitter) streams() bool { return e.cut.tiles == 1 && e.fetches() }

// ahead points to what follows the steps lo to hi of a panel, nil if it is not
// to be fetched: panels that are small together are in the cache anyway.
func (e *gemmEmitter) ahead(p panelAt, lo, hi value.Value) value.Value {
	if e.g.Packs {
		return e.aheadRaw(p, lo, hi)
	}
	if !e.fetches() {
		return nil
	}
	if e.streams() {
		return e.bitcast(e.at(e.rightType(), p.b, i64(streamAhead*e.g.Panel)), types.I8Ptr)
	}
	// Nothing follows the end of the last panel.
	end := e.cur.NewAnd(e.icmp(enum.IPredEQ, p.number, i64(e.panels-1)), e.icmp(enum.IPredEQ, hi, i64(e.steps)))
	next := e.at(e.rightType(), p.b, e.mul(e.choose(end, lo, hi), i64(e.g.Panel)))
	return e.bitcast(next, types.I8Ptr)
}

// rowOf returns the first row of a tile.
func (e *gemmEmitter) rowOf(tile value.Value) value.Value {
	row := e.add(e.mul(tile, i64(e.cut.height)), e.smaller(tile, i64(e.cut.tall)))
	if e.block != nil {
		return e.add(e.block.row, row)
	}
	return row
}

// walkTiles computes tiles, those of one height after the other.
func (e *gemmEmitter) walkTiles(p panelAt, widths []int) {
	if e.sumsApart() {
		e.walkApart(p, widths)
		return
	}
	e.eachTile(p.from, p.to, func(n value.Value, height int) {
		e.inner(0, func() { e.tile(tileAt{p, n, e.rowOf(n), height, widths, e.left(height)}) })
	})
}

// eachTile calls body for the tiles from..to, in loops over those of one height.
func (e *gemmEmitter) eachTile(from, to value.Value, body func(tile value.Value, height int)) {
	run := func(from, to value.Value, height int) {
		e.loop(from, to, 1, nil, func(n value.Value, _ []value.Value) []value.Value {
			body(n, height)
			return nil
		})
	}
	c := e.cut
	if c.tall > 0 {
		run(from, e.smaller(to, i64(c.tall)), c.height+1)
	}
	run(e.larger(from, i64(c.tall)), to, c.height)
}
