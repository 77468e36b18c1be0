package fuse

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// factors makes the operands of a product strided memory, and finds the products
// that their structure leaves out.
func (p *planner) factors(r *region, g *kernel.Gemm) {
	operands, result, args := sides(g)
	g.Left, g.Right = nil, nil
	for i, d := range g.Rows {
		if b := p.band(args[0], operands[0], result, d, g.Sum); b != nil {
			g.Left, g.LeftRow = b, i
		}
	}
	g.Right = p.band(args[1], operands[1], result, g.Col, g.Sum)
	view := func(v *ir.Value, b *kernel.Band) kernel.View {
		if b != nil {
			return p.rawView(r, v)
		}
		return p.view(r, v)
	}
	g.A = view(args[0], g.Left)
	if g.Pick = p.pick(r, g, operands[1], result, args[1]); g.Pick != nil {
		g.Right = nil
		g.B = p.view(r, g.Pick.Take.Args[0])
		return
	}
	if w, ok := p.widened(args[1]); ok && (p.unstored[w.Of] || few(g)) {
		g.B = w
		return
	}
	g.B = view(args[1], g.Right)
}

// pick returns how the right operand v of g, whose indices are idx, is taken: nil
// if it is not matrices taken by a vector of indices, one for each point of a batch
// index, or is in memory as it is. What is taken from must be: then nothing is copied.
func (p *planner) pick(r *region, g *kernel.Gemm, idx, result string, v *ir.Value) *kernel.Pick {
	if v.Op != ir.OpTake || p.owner[v] != nil || p.prog.Buf[v] != nil || v.Args[1].Type.Rank() != 1 {
		return nil
	}
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	at := strings.IndexByte(result, idx[axis])
	if !slices.ContainsFunc(g.Batch, func(d kernel.Dim) bool { return d.Result == at && d.Size > 1 }) {
		return nil
	}
	p.materialise(r, v.Args[1])
	return &kernel.Pick{Take: v, Result: at, Size: v.Args[0].Type.Dims()[axis]}
}

// band returns which products the structure of an operand leaves out, whose
// indices are idx: nil if none, or if its matrices have not the rows and columns
// that are the index d of the result and the sum's.
func (p *planner) band(v *ir.Value, idx, result string, d kernel.Dim, sum []kernel.Dim) *kernel.Band {
	n := len(idx)
	if len(sum) != 1 || sum[0].Size < 2 || d.Size < 2 || n < 2 {
		return nil
	}
	i := strings.IndexByte(idx, result[d.Result])
	if i < n-2 || strings.IndexByte(result, idx[2*n-3-i]) >= 0 {
		return nil
	}
	dims := v.Type.Dims()
	diagonals := ir.DiagonalsOf(v, p.prog.Strict)
	if !diagonals.Of(dims[n-2], dims[n-1]) {
		return nil
	}
	raw, unit := p.raw(v)
	if !raw {
		return nil
	}
	if i == n-1 { // k is the row
		diagonals = diagonals.Transposed()
	}
	b := &kernel.Band{Lo: -diagonals.Below, Hi: diagonals.Above}
	if unit && b.Lo <= 0 && b.Hi >= 0 {
		if b.Lo != 0 && b.Hi != 0 {
			return nil
		}
		b.Unit = true
	}
	return b
}

// raw reports whether products can take their elements of v from memory in
// which what the diagonals leave out is anything, and whether ones take the
// place of the elements of the main diagonal there.
func (p *planner) raw(v *ir.Value) (raw, unit bool) {
	moved := false
	for {
		switch stored := p.prog.Buf[v] != nil || p.owner[v] != nil; {
		case v.Op == ir.OpParam && stored:
			unit = unit || v.Type.Props.Has(ir.Unit)
			return !v.Type.Props.Mirrored() && !(unit && moved), unit
		case stored || !isStrided(v.Op) && !p.masks(v):
			return !(unit && moved), unit
		case v.Op == ir.OpAssume:
			unit = unit || v.Type.Props.Has(ir.Unit)
		case v.Op == ir.OpSlice || v.Op == ir.OpReshape || v.Op == ir.OpDiagonal:
			moved = true
		}
		v = v.Args[0]
	}
}

// masks reports whether v is its operand but for diagonals that are left out,
// or the main one.
func (p *planner) masks(v *ir.Value) bool {
	return v.Op == ir.OpTri || v.Op == ir.OpAssume && !v.Type.Props.Mirrored()
}

// rawView makes v strided memory in which what its diagonals leave out is
// anything.
func (p *planner) rawView(r *region, v *ir.Value) kernel.View {
	if p.prog.Buf[v] == nil && p.owner[v] == nil && (isStrided(v.Op) || p.masks(v)) {
		w := p.rawView(r, v.Args[0])
		if p.masks(v) {
			w.Type = v.Type
			return w
		}
		if moved, ok := w.Move(v); ok {
			return moved
		}
	}
	w := p.view(r, v)
	w.Raw = true
	return w
}

// skipsZeros reports whether g leaves out all products with what is zero by
// construction in operand i of its contraction.
func (p *planner) skipsZeros(g *kernel.Gemm, i int) bool {
	v, b := g.Value.Args[i], g.Left
	if (i == 0) == g.Swap {
		b = g.Right
	}
	if !p.prog.OnlyDiagonals(v) {
		return false
	}
	dims := v.Type.Dims()
	n := len(dims)
	return b != nil || n < 2 || !ir.DiagonalsOf(v, p.prog.Strict).Of(dims[n-2], dims[n-1])
}
