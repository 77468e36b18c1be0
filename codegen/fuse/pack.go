package fuse

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// pack decides how a product whose operands are placed reads its right one. It
// returns the step that packs it, if it is packed in each call.
//
// What is known when weights are loaded is packed then, once, however many
// products read it the same way: for a call that is never slower than to read
// it where it lies, and up to three times as fast where few rows use it. What
// only a call knows is packed there if that repays.
func (p *planner) pack(g *kernel.Gemm) []kernel.Step {
	if few(g) {
		return nil // see streams
	}
	step := &kernel.Kernel{Kind: kernel.Copy, Pack: g}
	if p.loaded(g) {
		key := g.B.Source().String() + packLayout(g)
		g.Packed = p.packs[key]
		if g.Packed == nil {
			v := g.B.Of
			if v == nil {
				v = g.B.Buf.Value
			}
			g.Packed = p.typed(kernel.Loaded, v, packedType(g))
			p.packs[key] = g.Packed
			p.prog.Load = append(p.prog.Load, step)
			if w, formula := p.formula(v); w != nil {
				layout := fmt.Sprint(formula, " strict ", p.opts.Strict, packLayout(g))
				p.prog.Packs = append(p.prog.Packs, kernel.Pack{Buffer: g.Packed, Weight: w, Layout: layout})
			}
		}
		return nil
	}
	if p.opts.InPlace != nil && p.opts.InPlace(g) {
		return nil
	}
	g.Packed = p.typed(p.temp, g.Value, packedType(g))
	return []kernel.Step{step}
}

// loaded reports whether the right operand of g, a product of a call, is known
// when weights are loaded.
func (p *planner) loaded(g *kernel.Gemm) bool {
	if p.temp != kernel.Temp || g.B.Of != nil {
		return p.temp == kernel.Temp && p.unstored[g.B.Of]
	}
	return g.B.Buf.Kind == kernel.Weight || g.B.Buf.Kind == kernel.Loaded
}

// packLate takes out the steps that pack what products should pack by themselves,
// panel by panel (Options.Packs), with the memory for it. Products that became
// part of a chain, which goes through the panels for each of its blocks, keep
// them.
func (p *planner) packLate(steps []kernel.Step) []kernel.Step {
	if p.opts.Packs == nil {
		return steps
	}
	late := map[*kernel.Gemm]bool{}
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Loop:
			s.Body = p.packLate(s.Body)
		case *kernel.Kernel:
			if g := s.Gemm; g != nil && g.Packed != nil && g.Packed.Kind == p.temp && p.opts.Packs(g) {
				late[g] = true
			}
		}
	}
	var out []kernel.Step
	for _, s := range steps {
		if k, ok := s.(*kernel.Kernel); !ok || k.Pack == nil || !late[k.Pack] {
			out = append(out, s)
		}
	}
	for g := range late {
		p.prog.Buffers = slices.DeleteFunc(p.prog.Buffers, func(b *kernel.Buffer) bool { return b == g.Packed })
		g.Packed, g.Packs = nil, true
	}
	return out
}

// packedType returns the type of a buffer for the packed operand of g.
func packedType(g *kernel.Gemm) ir.Type {
	d := g.Value.Type.DType
	if d == tensor.BF16 || d == tensor.F16 {
		d = tensor.F32 // packed in the type of the arithmetic
	}
	n := (g.Col.Size + g.Panel - 1) / g.Panel * g.Panel
	for _, s := range g.Sum {
		n *= s.Size
	}
	for _, s := range g.Batch {
		n *= g.PointsOfB(s)
	}
	return ir.Make(d, max(n, 1))
}

// packLayout returns a string that two products share if their right operands are
// packed to the same bytes, where these come from one buffer.
func packLayout(g *kernel.Gemm) string {
	key := fmt.Sprint(" from ", g.B.Offset, " ", g.Value.Type.DType, " panels ", g.Panel, " columns ", g.Col.Size, " by ", g.Col.B)
	for _, d := range g.Batch {
		key += fmt.Sprint(" batch ", g.PointsOfB(d), " by ", d.B)
	}
	for _, d := range g.Sum {
		key += fmt.Sprint(" sum ", d.Size, " by ", d.B)
	}
	return key
}
