// Package fuse turns a function of the IR into kernels: it decides which
// operations share a loop nest, what is stored between kernels and what is
// computed anew where it is needed.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// # How it decides
//
// Every value is owned by a cluster, which becomes a kernel, or floats: it is
// computed wherever it is needed. Values are taken in order.
//
//   - A contraction that is a product of matrices, a reduction, and each
//     operation with a skeleton of its own opens a cluster. A reduction joins
//     the cluster of a reduction before it where both walk the same space.
//   - Elementwise work that depends on a cluster joins it, if it walks the same
//     space and needs the cluster's values only at its own place.
//   - All else floats. A floating value is stored after all, by a kernel of its
//     own, where memory is asked for (an operand of a contraction, a result),
//     or where computing it anew would cost more than reading it.
//
// An owned value that something outside of its cluster needs is stored. At last,
// products that hand rows to each other are chained, where that pays.
package fuse

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// Options control Program.
type Options struct {
	Strict bool
	// Panel returns how many columns a panel of a packed operand has, for
	// products with so many columns on the target.
	Panel func(d ir.DType, cols int) int
	// InPlace reports whether a product should read its right operand where it
	// is, without packing it in each call; nil for never.
	InPlace func(g *kernel.Gemm) bool
	// Packs reports whether a product should pack the panels that it multiplies
	// by itself, and not have all of them packed before; nil for no.
	Packs func(g *kernel.Gemm) bool
	// Chain returns how many rows the blocks of a chain should have, of which all
	// but Block is filled in; 0 if its parts are better run one after the other,
	// as they are without Chain.
	Chain func(c *kernel.Chained) int
	// Keep keeps every stored value to the end of a run: nothing works in place.
	Keep bool
}

// Program returns f as kernels. All sizes of f are constant.
func Program(f *ir.Func, opts Options) *kernel.Program {
	p := &planner{
		opts: opts,
		prog: &kernel.Program{
			Func: f, Strict: opts.Strict,
			Buf: map[*ir.Value]*kernel.Buffer{}, Site: map[*ir.Value]int{},
		},
		needed:   f.Needed(),
		owner:    map[*ir.Value]*cluster{},
		captured: map[*kernel.Buffer]bool{},
		packs:    map[string]*kernel.Buffer{},
		unstored: map[*ir.Value]bool{},
	}
	f.Walk(func(v *ir.Value) {
		if v.Op.Info().Fails {
			p.prog.Site[v] = len(p.prog.Sites)
			p.prog.Sites = append(p.prog.Sites, v.Pos)
		}
		if v.Op == ir.OpConst {
			p.prog.Buf[v] = p.buffer(kernel.Constant, v)
		}
	})
	for _, v := range f.Params {
		kind := kernel.Argument
		if v.Weight {
			kind = kernel.Weight
		}
		b := p.buffer(kind, v)
		p.prog.Buf[v] = b
		p.prog.Params = append(p.prog.Params, b)
	}
	p.prog.Load = p.packLate(p.load(f))
	p.prog.Steps = p.packLate(p.chain(p.call(f)))
	p.settleLoaded()
	for i, k := range kernel.Kernels(p.prog.Load) {
		k.Name = fmt.Sprintf("l%d", i)
	}
	for i, k := range kernel.Kernels(p.prog.Steps) {
		k.Name = fmt.Sprintf("k%d", i)
		if k.Chained != nil {
			for j, part := range k.Chained.Parts {
				part.Name = fmt.Sprintf("k%d.%d", i, j)
			}
		}
	}
	return p.prog
}

// A planner makes one program.
type planner struct {
	opts Options
	prog *kernel.Program
	// needed says of which values only some diagonals are; see ir.Region.Needed.
	needed map[*ir.Value]ir.Diagonals
	owner  map[*ir.Value]*cluster
	// captured are the buffers that the steps of a loop use which were made
	// outside of it: those steps are complete, so they stay.
	captured map[*kernel.Buffer]bool
	packs    map[string]*kernel.Buffer // made when weights are loaded, by what is packed how
	loops    int                       // around the region that is planned
	unstored map[*ir.Value]bool        // computed when weights are loaded, by those who pack it
	temp     kernel.BufferKind         // of what is stored between kernels
}

// buffer makes a buffer for v.
func (p *planner) buffer(kind kernel.BufferKind, v *ir.Value) *kernel.Buffer {
	return p.typed(kind, v, v.Type.Plain())
}

// typed makes a buffer of a type of its own, which v names.
func (p *planner) typed(kind kernel.BufferKind, v *ir.Value, t ir.Type) *kernel.Buffer {
	b := &kernel.Buffer{ID: 1, Kind: kind, Type: t, Value: v}
	if n := len(p.prog.Buffers); n > 0 { // alias takes some out, and no two may have the same
		b.ID = p.prog.Buffers[n-1].ID + 1
	}
	b.Bytes = max(b.Type.Bytes(), b.Type.DType.Size())
	p.prog.Buffers = append(p.prog.Buffers, b)
	return b
}

// load plans what is computed when weights are loaded: what calls need of it
// gets buffers of the executable's.
func (p *planner) load(f *ir.Func) []kernel.Step {
	body := &ir.Region{Params: f.Params}
	for _, v := range f.Body {
		if v.Load {
			body.Body = append(body.Body, v)
		}
	}
	p.temp = kernel.LoadTemp
	if p.opts.Keep {
		p.temp = kernel.Loaded
	}
	r := p.region(body, nil, nil)
	p.leave(r, f)
	for _, v := range f.LoadTime() {
		b := p.prog.Buf[v]
		switch {
		case b != nil && b.Kind == kernel.LoadTemp:
			b.Kind = kernel.Loaded // a loop carries it in this buffer
		case b != nil, p.unstored[v]:
		case p.owner[v] != nil:
			p.prog.Buf[v] = p.buffer(kernel.Loaded, v)
		default:
			p.store(r, v, p.buffer(kernel.Loaded, v))
		}
		body.Results = append(body.Results, v)
	}
	steps := p.finish(r)
	for v := range p.unstored {
		if b := p.prog.Buf[v]; b != nil { // others needed it in memory
			b.Kind = kernel.Loaded
		}
	}
	return steps
}

// settleLoaded keeps of what is computed when weights are loaded what calls read:
// not what is packed for those that do, but also indices that say where zeros by
// construction lie.
func (p *planner) settleLoaded() {
	if p.opts.Keep {
		return
	}
	reads := p.prog.Reads(p.prog.Steps)
	for _, b := range p.prog.Buffers {
		switch read := slices.Contains(reads, b); {
		case b.Kind == kernel.Loaded && !read:
			b.Kind = kernel.LoadTemp
		case b.Kind == kernel.LoadTemp && read:
			b.Kind = kernel.Loaded
		}
	}
}

// call plans what is computed in each call: each result gets a buffer of the
// caller's.
func (p *planner) call(f *ir.Func) []kernel.Step {
	body := &ir.Region{Params: f.Params, Results: f.Results}
	for _, v := range f.Body {
		if !v.Load {
			body.Body = append(body.Body, v)
		}
	}
	p.temp = kernel.Temp
	r := p.region(body, nil, nil)
	for _, v := range f.Results {
		b := p.buffer(kernel.Result, v)
		p.prog.Results = append(p.prog.Results, b)
		switch {
		case p.prog.Buf[v] != nil:
			r.copy(v, b)
		case p.owner[v] != nil:
			p.prog.Buf[v] = b
		default:
			p.store(r, v, b)
		}
	}
	return p.finish(r)
}

// region opens clusters for the values of a region, in order.
// around is the loop whose body it is, in the region outer; nil for a function.
func (p *planner) region(body *ir.Region, outer *region, around *cluster) *region {
	r := &region{p: p, body: body, index: map[*ir.Value]int{}, outer: outer, around: around}
	for i, v := range body.Body {
		r.index[v] = i
		switch {
		case v.Op == ir.OpLoop:
			r.open(loopCluster, v)
		case v.Op == ir.OpGet:
			loop := v.Args[0]
			p.owner[v] = p.owner[loop]
			p.prog.Buf[v] = p.prog.Buf[loop.Body.Params[1+v.Attrs.(*ir.GetAttrs).Index]]
		case v.Op == ir.OpConcat:
			r.open(concatCluster, v)
		case isSingle(v.Op):
			r.open(singleCluster, v)
		case v.Op == ir.OpContract:
			r.contraction(v)
		case v.Op.Info().Class == ir.Reduction:
			r.reduction(v)
		case v.Op.Info().Class == ir.Elementwise, v.Op == ir.OpTri:
			r.elementwise(v)
		}
	}
	return r
}

// isSingle reports whether op has a skeleton of its own.
func isSingle(op ir.Op) bool {
	switch op.Info().Class {
	case ir.Scan, ir.Selection, ir.Factorisation:
		return true
	}
	switch op {
	case ir.OpUpdate, ir.OpDynUpdate, ir.OpScatter, ir.OpScatterAlong:
		return true
	}
	return false
}

// store makes the floating value v materialised in buffer b, by a map of its own.
func (p *planner) store(r *region, v *ir.Value, b *kernel.Buffer) {
	c := r.open(mapCluster, v)
	c.outer = v.Type.Dims()
	p.prog.Buf[v] = b
}

// materialise gives v a buffer, if it has none.
func (p *planner) materialise(r *region, v *ir.Value) *kernel.Buffer {
	if b := p.prog.Buf[v]; b != nil {
		return b
	}
	if _, own := r.index[v]; p.owner[v] == nil && !own && r.outer != nil && v != r.body.Params[0] {
		// It is stored where it was made, before the loop; a parameter without a
		// buffer is the index of a loop around this one.
		b := p.materialise(r.outer, v)
		p.captured[b] = true
		r.around.extra = append(r.around.extra, v)
		return b
	}
	if p.owner[v] == nil {
		p.store(r, v, p.buffer(p.temp, v))
	} else {
		p.prog.Buf[v] = p.buffer(p.temp, v)
	}
	return p.prog.Buf[v]
}

// view makes v strided memory, materialising as little as it takes.
func (p *planner) view(r *region, v *ir.Value) kernel.View {
	if w, ok := p.prog.View(v); ok {
		return w
	}
	if p.owner[v] == nil && isStrided(v.Op) {
		p.view(r, v.Args[0])
		if w, ok := p.prog.View(v); ok {
			return w
		}
	}
	p.materialise(r, v)
	w, _ := p.prog.View(v)
	return w
}

// isStrided reports whether op may only change strides; see kernel.Program.View.
func isStrided(op ir.Op) bool {
	switch op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal:
		return true
	}
	return false
}

// sameDims reports whether v has the sizes dims.
func sameDims(v *ir.Value, dims []int) bool { return slices.Equal(v.Type.Dims(), dims) }
