package fuse

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// loop plans the loop that c stands for: copies of the first values into the
// buffers that are carried, and the body, at whose end the next values are
// copied there.
func (r *region) loop(c *cluster) {
	p, v := r.p, c.anchor
	body := v.Body
	l := &kernel.Loop{
		Value: v, Lo: r.bound(c, v.Args[0]), Hi: r.bound(c, v.Args[1]),
		Step: v.Attrs.(*ir.LoopAttrs).Step, Index: body.Params[0], Slot: p.loops,
	}
	for _, u := range body.Captures() {
		r.capture(c, u)
	}
	carried := body.Params[1:]
	for k, u := range carried {
		b := p.buffer(p.temp, u)
		p.prog.Buf[u] = b
		init := v.Args[2+k]
		if p.owner[init] != nil {
			p.materialise(r, init)
		}
		c.extra = append(c.extra, init)
		c.steps = append(c.steps, p.copyStep(init, b))
	}
	c.needs = append(c.needs, r.sources(&ir.Value{Args: c.extra})...)

	p.loops++
	p.prog.Indices = max(p.prog.Indices, p.loops)
	inner := p.region(body, r, c)
	next := make([]*kernel.Buffer, len(carried)) // nil: in p.prog.Buf, when the body is planned
	for k, u := range body.Results {
		next[k] = inner.next(u, carried, k)
	}
	l.Body = p.finish(inner)
	for k, u := range body.Results {
		from, to := next[k], p.prog.Buf[carried[k]]
		if from == nil {
			from = p.prog.Buf[u]
		}
		if from != to {
			yielded := &ir.Value{Op: ir.OpParam, Type: u.Type, Pos: u.Pos} // u as it is now, in from
			p.prog.Buf[yielded] = from
			l.Body = append(l.Body, p.copyStep(yielded, to))
		}
	}
	p.loops--
	c.steps = append(c.steps, l)
	if len(carried) == 1 {
		p.prog.Buf[v] = p.prog.Buf[carried[0]]
	}
}

// next makes sure that what the body yields as value k is complete before
// anything that is carried changes: it is in a buffer of its own, which is
// returned if it is not that of u.
func (r *region) next(u *ir.Value, carried []*ir.Value, k int) *kernel.Buffer {
	p := r.p
	switch {
	case u == carried[k]:
		return p.prog.Buf[u]
	case p.owner[u] != nil && r.has(p.owner[u]):
		p.materialise(r, u)
		return nil
	case p.owner[u] == nil && u.Op != ir.OpParam && p.prog.Buf[u] == nil:
		p.materialise(r, u)
		return nil
	case p.prog.Buf[u] != nil && !slices.Contains(carried, u):
		return nil
	}
	b := p.buffer(p.temp, u)
	r.copy(u, b)
	return b
}

// bound returns an end of a loop.
func (r *region) bound(c *cluster, v *ir.Value) kernel.Bound {
	if v.Op == ir.OpFull {
		return kernel.Bound{Const: int(v.Attrs.(*ir.FullAttrs).Value.Int)}
	}
	if v.Op == ir.OpParam && r.p.prog.Buf[v] == nil {
		return kernel.Bound{Index: v}
	}
	c.extra = append(c.extra, v)
	return kernel.Bound{Buf: r.p.materialise(r, v)}
}

// capture makes u, which the body of c uses, known inside: it is stored before
// the loop unless it costs next to nothing to compute in each turn.
func (r *region) capture(c *cluster, u *ir.Value) {
	p := r.p
	switch {
	case p.prog.Buf[u] != nil || p.owner[u] != nil || p.cost(u, map[*ir.Value]int{}) > cheap:
		p.captured[p.materialise(r, u)] = true
		c.extra = append(c.extra, u)
	default:
		for _, a := range u.Args {
			r.capture(c, a)
		}
	}
}

// copyStep makes a kernel that stores v in b.
func (p *planner) copyStep(v *ir.Value, b *kernel.Buffer) *kernel.Kernel {
	return &kernel.Kernel{Kind: kernel.Copy, Nest: p.mapNest(whole(v, b), v.Type.Dims(), nil)}
}
