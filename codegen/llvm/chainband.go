package llvm

import (
	"math"
	"slices"

	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// Masked scores are a triangle or a band, of which a block of rows needs only
// some columns: those that the product after it does not leave out, and those of
// which a maximum or a sum between takes more than -inf or zero. The parts before
// make no others, rounded to whole panels and groups of vectors.

// chainBands returns for each part of a chain in which columns its rows are
// needed: column j of row i, counted in the point, where j-i is in Lo..Hi; nil for
// all.
func chainBands(p *kernel.Program, c *kernel.Chained) []*kernel.Band {
	f := &bandFinder{Program: p, chain: c, needed: map[*kernel.Buffer]*kernel.Band{}, read: map[*kernel.Buffer]bool{}}
	out := make([]*kernel.Band, len(c.Parts))
	if c.Split != len(c.Dims)-1 {
		return out // rows are those of several matrices
	}
	for i := len(c.Parts) - 1; i >= 0; i-- {
		part := c.Parts[i]
		switch {
		case part.Gemm != nil:
			out[i] = f.ofGemm(part)
		case hasColumns(part):
			out[i] = f.ofNest(part)
		default:
			f.reads(part, nil)
		}
	}
	return out
}

// A bandFinder goes through the parts from the last to the first.
type bandFinder struct {
	*kernel.Program
	chain  *kernel.Chained
	needed map[*kernel.Buffer]*kernel.Band // of what is local and read; nil for all
	read   map[*kernel.Buffer]bool
}

// need notes that columns of a local buffer are read.
func (f *bandFinder) need(b *kernel.Buffer, band *kernel.Band) {
	if f.read[b] {
		band = eitherBand(f.needed[b], band)
	}
	f.needed[b], f.read[b] = band, true
}

// eitherBand returns the least band that holds both.
func eitherBand(a, b *kernel.Band) *kernel.Band {
	if a == nil || b == nil {
		return nil
	}
	return &kernel.Band{Lo: min(a.Lo, b.Lo), Hi: max(a.Hi, b.Hi)}
}

// reads notes that a part reads local buffers in the columns of a band.
func (f *bandFinder) reads(part kernel.Part, band *kernel.Band) {
	for _, b := range f.Loads(part.Kernel) {
		if slices.Contains(f.chain.Local, b) {
			f.need(b, band)
		}
	}
}

// stored returns the columns in which a part's results are read.
func (f *bandFinder) stored(part kernel.Part) *kernel.Band {
	var band *kernel.Band
	for i, st := range part.Stores() {
		var of *kernel.Band
		if slices.Contains(f.chain.Local, st.Buf) && f.read[st.Buf] {
			of = f.needed[st.Buf]
		}
		if i == 0 {
			band = of
		} else {
			band = eitherBand(band, of)
		}
	}
	return band
}

func (f *bandFinder) ofGemm(part kernel.Part) *kernel.Band {
	g := part.Gemm
	band := f.stored(part)
	// What it reads beside the left operand, it reads in the row and columns that
	// it computes.
	left := g.A.Buf
	beside := *g
	beside.A.Buf = nil
	others := f.Loads(&kernel.Kernel{Inside: part.Inside, Gemm: &beside})
	for _, b := range f.Loads(part.Kernel) {
		switch {
		case !slices.Contains(f.chain.Local, b):
		case b == left && !slices.Contains(others, b) && g.Left != nil && g.A.Offset == 0 && g.Sum[0].A == 1 && g.Sum[0].Size == g.A.Buf.Type.Dims()[g.A.Buf.Type.Rank()-1]:
			f.need(b, &kernel.Band{Lo: g.Left.Lo, Hi: g.Left.Hi})
		default:
			f.need(b, nil)
		}
	}
	return band
}

// hasColumns reports whether the last two axes of a nest are the rows of the chain
// and columns.
func hasColumns(part kernel.Part) bool {
	n, last := part.Nest, len(part.Nest.Full)-1
	return len(n.Inner) == 1 && last > 0 && n.Full[last] == kernel.Axis{Inner: true} &&
		n.Full[last-1] == kernel.Axis{Index: part.Axes[len(part.Axes)-1]}
}

func (f *bandFinder) ofNest(part kernel.Part) *kernel.Band {
	n := part.Nest
	var band *kernel.Band
	first := true
	with := func(b *kernel.Band) {
		if first {
			band, first = b, false
		} else {
			band = eitherBand(band, b)
		}
	}
	var roots []*ir.Value
	for _, stage := range n.Stages {
		for _, r := range stage.Reduce {
			with(f.neutral(r, n.Inner[0]))
			if r.Op != ir.OpContract {
				roots = append(roots, r.Args[0])
			}
		}
		for _, st := range stage.Store {
			roots = append(roots, st.Value)
			if slices.Contains(f.chain.Local, st.Buf) && f.read[st.Buf] {
				with(f.needed[st.Buf])
			} else {
				with(nil)
			}
		}
	}
	if band == nil || !f.inPlace(part, roots) {
		f.reads(part, nil)
		return nil
	}
	f.reads(part, band)
	return band
}

// neutral returns the columns beyond which what r reduces leaves it as it is.
func (f *bandFinder) neutral(r *ir.Value, columns int) *kernel.Band {
	fill := map[ir.Op]float64{ir.OpReduceMax: math.Inf(-1), ir.OpSum: 0}
	x, known := fill[r.Op]
	if !known || f.Strict || !r.Type.DType.IsFloat() {
		return nil
	}
	a := r.Args[0]
	axes, rank := r.Attrs.(*ir.AxesAttrs).Axes, a.Type.Rank()
	if rank < 2 || len(axes) != 1 || axes[0] != rank-1 || a.Type.Dims()[rank-1] != columns {
		return nil
	}
	d := ir.Outside(a, x)
	if !d.Of(a.Type.Dims()[rank-2], columns) {
		return nil
	}
	return &kernel.Band{Lo: -d.Below, Hi: d.Above}
}

// inPlace reports whether what a nest reads of the local buffers to compute
// roots, which have rows and columns, it reads in the column that it is at.
func (f *bandFinder) inPlace(part kernel.Part, roots []*ir.Value) bool {
	seen := map[*ir.Value]bool{}
	var visit func(v *ir.Value) bool
	visit = func(v *ir.Value) bool {
		if seen[v] {
			return true
		}
		seen[v] = true
		if !slices.Contains(part.Inside, v) && f.Buf[v] != nil {
			return true // loaded
		}
		if v.Op.Info().Class == ir.Reduction {
			return true // of this nest: its operand is a root
		}
		for _, a := range v.Args {
			same := ir.SameLastTwo(a, v) && (v.Op.Info().Class == ir.Elementwise || v.Op == ir.OpReshape || v.Op == ir.OpBroadcast || v.Op == ir.OpTri)
			if !same && f.touches(a, part, map[*ir.Value]bool{}) || !visit(a) {
				return false
			}
		}
		return true
	}
	for _, v := range roots {
		if !visit(v) {
			return false
		}
	}
	return true
}

// touches reports whether a part reads a local buffer with columns for v.
func (f *bandFinder) touches(v *ir.Value, part kernel.Part, seen map[*ir.Value]bool) bool {
	if seen[v] || v.Op.Info().Class == ir.Reduction && slices.Contains(part.Inside, v) {
		return false
	}
	seen[v] = true
	if b := f.Buf[v]; b != nil && !slices.Contains(part.Inside, v) {
		return slices.Contains(f.chain.Local, b) && b.Type.Dims()[b.Type.Rank()-1] == part.Nest.Inner[0]
	}
	return slices.ContainsFunc(v.Args, func(a *ir.Value) bool { return f.touches(a, part, seen) })
}

// A columnRange is the columns from lo up to hi: lo, and hi if it isn't all of them,
// are multiples of what columnStep says. There are columns in it, as many as that at
// least.
type columnRange struct{ lo, hi value.Value }

// columnStep returns in what steps the columns of blocks are counted: whole
// panels, and whole groups of vectors where there are nests between.
func columnStep(t Target, c *kernel.Chained) int {
	step := 1
	for _, part := range c.Parts {
		n := max(t.VectorBytes, 4) // four vectors of four bytes each
		if part.Gemm != nil {
			n = part.Gemm.Panel
		}
		step = step / gcd(step, n) * n
	}
	return step
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// columnsOf returns the columns of n that a block of rows needs; nil for all.
func (s *scope) columnsOf(band *kernel.Band, b *blockAt, n int) *columnRange {
	step := columnStep(s.m.target, b.Chained)
	if band == nil || n < 2*step {
		return nil
	}
	down := func(x value.Value) value.Value { return s.mul(s.cur.NewUDiv(x, i64(step)), i64(step)) }
	zero := i64(0)
	lo := down(s.smaller(s.larger(s.add(b.row, i64(band.Lo)), zero), i64((n/step-1)*step)))
	hi := down(s.add(s.larger(s.add(b.row, i64(b.count+band.Hi)), zero), i64(step-1)))
	return &columnRange{lo, s.smaller(s.larger(hi, s.add(lo, i64(step))), i64(n))}
}
