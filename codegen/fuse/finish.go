package fuse

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// finish stores what must be stored, orders the clusters and makes the steps.
func (p *planner) finish(r *region) []kernel.Step {
	p.settle(r)
	for i := 0; i < len(r.clusters); i++ { // grows: what is asked for opens maps
		c := r.clusters[i]
		switch c.kind {
		case gemmCluster:
			p.factors(r, c.gemm)
		case singleCluster:
			for _, a := range c.anchor.Args {
				p.view(r, a)
			}
		}
		for _, v := range p.pulls(c) {
			if p.owner[v] != nil {
				p.materialise(r, v)
			}
		}
	}
	for _, c := range r.clusters {
		p.recompute(r, c)
	}
	ordered := p.order(r)
	var steps []kernel.Step
	for i, c := range ordered {
		if c.kind == singleCluster {
			steps = append(steps, p.single(r, c, ordered[i+1:])...)
			continue
		}
		steps = append(steps, p.steps(r, c)...)
	}
	return steps
}

// pulls returns the values that c reads from memory, or would if they had a
// buffer: what floating values lead to from the operands of its members.
func (p *planner) pulls(c *cluster) []*ir.Value {
	var out []*ir.Value
	seen := map[*ir.Value]bool{}
	var visit func(*ir.Value)
	visit = func(v *ir.Value) {
		if seen[v] {
			return
		}
		seen[v] = true
		switch o := p.owner[v]; {
		case o == c:
		case slices.Contains(c.again, v):
			for _, a := range v.Args {
				visit(a)
			}
		case o != nil || p.prog.Buf[v] != nil:
			out = append(out, v)
		default:
			for _, a := range v.Args {
				visit(a)
			}
		}
	}
	if c.kind == copyCluster {
		visit(c.anchor)
	}
	for _, v := range c.inside {
		for _, a := range v.Args {
			visit(a)
		}
	}
	for _, v := range c.extra {
		visit(v)
	}
	return out
}

// recompute makes c compute itself what it needs from maps that read c: values
// that float within c, and were stored for somebody else.
func (p *planner) recompute(r *region, c *cluster) {
	for {
		n := len(c.again)
		for _, v := range p.pulls(c) {
			if m := p.owner[v]; m != nil && m.kind == mapCluster && r.has(m) && r.after(m, c) {
				c.again = append(c.again, v)
			}
		}
		if len(c.again) == n {
			return
		}
	}
}

// order returns the clusters such that each comes after those it reads from,
// otherwise in the order of the values.
func (p *planner) order(r *region) []*cluster {
	byFirst := slices.Clone(r.clusters)
	slices.SortStableFunc(byFirst, func(a, b *cluster) int { return a.first - b.first })
	done := map[*cluster]bool{}
	var out []*cluster
	var visit func(*cluster)
	visit = func(c *cluster) {
		if done[c] {
			return
		}
		done[c] = true
		for _, v := range p.pulls(c) {
			if d := p.owner[v]; d != nil && r.has(d) {
				visit(d)
			}
		}
		out = append(out, c)
	}
	for _, c := range byFirst {
		visit(c)
	}
	return out
}

// steps makes the steps of a cluster that is no single.
func (p *planner) steps(r *region, c *cluster) []kernel.Step {
	k := &kernel.Kernel{Inside: slices.Concat(c.inside, c.again)}
	switch c.kind {
	case loopCluster:
		return c.steps
	case copyCluster:
		return []kernel.Step{p.copyStep(c.anchor, c.copyN)}
	case concatCluster:
		return p.concat(c)
	case mapCluster:
		k.Kind = kernel.Map
		if c.anchor.Op.Info().Class == ir.Movement {
			k.Kind = kernel.Copy
		}
		k.Nest = p.mapNest(whole(c.anchor, p.prog.Buf[c.anchor]), c.outer, c)
		return []kernel.Step{k}
	case gemmCluster:
		k.Kind = kernel.Contraction
		k.Gemm = c.gemm
		p.place(r, c)
		k.Gemm.Store = p.stored(c)
		return p.guarded(c, append(p.pack(c.gemm), k))
	}
	k.Kind = kernel.Reduce
	if c.anchor.Op == ir.OpContract {
		k.Kind = kernel.Contraction
	}
	k.Nest = p.nest(c)
	return []kernel.Step{k}
}

// whole returns the store of all of v to b.
func whole(v *ir.Value, b *kernel.Buffer) kernel.Store {
	return kernel.Store{Value: v, Buf: b, Strides: kernel.RowMajor(v.Type.Dims())}
}

// stored returns the stores of the members of c that have buffers.
func (p *planner) stored(c *cluster) []kernel.Store {
	var out []kernel.Store
	for _, v := range c.inside {
		if b := p.prog.Buf[v]; b != nil {
			out = append(out, whole(v, b))
		}
	}
	return out
}

// nest makes the nest of a cluster with reductions.
func (p *planner) nest(c *cluster) *kernel.Nest {
	n := &kernel.Nest{Outer: c.outer, Inner: c.inner, Full: c.full, Stages: make([]kernel.Stage, 1)}
	// A value can be computed in stage s where all reductions that it needs
	// were made in stages before s.
	stage := map[*ir.Value]int{}
	var ready func(v *ir.Value) int
	ready = func(v *ir.Value) int {
		if s, ok := stage[v]; ok {
			return s
		}
		s := 0
		if o := p.owner[v]; o == c || slices.Contains(c.again, v) || o == nil && p.prog.Buf[v] == nil {
			for _, a := range v.Args {
				s = max(s, ready(a))
			}
			if o == c && isReduction(v.Op) {
				for len(n.Stages) <= s {
					n.Stages = append(n.Stages, kernel.Stage{})
				}
				n.Stages[s].Reduce = append(n.Stages[s].Reduce, v)
				s++
			}
		}
		stage[v] = s
		return s
	}
	full := c.fullDims()
	for _, v := range c.inside {
		s := ready(v)
		b := p.prog.Buf[v]
		if b == nil {
			continue
		}
		if isReduction(v.Op) || !sameDims(v, full) {
			n.Store = append(n.Store, whole(v, b))
			continue
		}
		for len(n.Stages) <= s {
			n.Stages = append(n.Stages, kernel.Stage{})
		}
		n.Stages[s].Store = append(n.Stages[s].Store, whole(v, b))
	}
	return n
}

func isReduction(op ir.Op) bool { return op == ir.OpContract || op.Info().Class == ir.Reduction }

// mapNest makes a nest without reductions, which stores one value that c
// computes; with nil for c, a copy of what is stored or floats.
func (p *planner) mapNest(s kernel.Store, outer []int, c *cluster) *kernel.Nest {
	n := &kernel.Nest{Outer: outer, Stages: []kernel.Stage{{}}, Store: []kernel.Store{s}}
	for i := range outer {
		n.Full = append(n.Full, kernel.Axis{Index: i})
	}
	if !slices.Equal(s.Strides, kernel.RowMajor(outer)) || !p.flat(s.Value, c) {
		return n
	}
	size := 1
	for _, k := range outer {
		size *= k
	}
	n.Outer, n.Full, n.Flat = []int{size}, []kernel.Axis{{}}, true
	return n
}

// flat reports whether all that is loaded to compute root in c lies in the
// order of root, or is a scalar.
func (p *planner) flat(root *ir.Value, c *cluster) bool {
	dims := root.Type.Dims()
	seen := map[*ir.Value]bool{}
	var ok func(*ir.Value) bool
	ok = func(v *ir.Value) bool {
		if seen[v] {
			return true
		}
		seen[v] = true
		loaded := p.prog.Buf[v] != nil && (c == nil || p.owner[v] != c && !slices.Contains(c.again, v))
		switch {
		case v.Op == ir.OpFull, v.IsScalar() && (loaded || v.Op == ir.OpParam):
			return true
		case !sameDims(v, dims):
			return false
		case loaded:
			return true
		}
		return v.Op.Info().Class == ir.Elementwise && !slices.ContainsFunc(v.Args, func(a *ir.Value) bool { return !ok(a) })
	}
	return ok(root)
}

// concat makes a copy for each operand into its part of the result.
func (p *planner) concat(c *cluster) []kernel.Step {
	v := c.anchor
	b := p.prog.Buf[v]
	if b == nil {
		return nil // nobody needs it
	}
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	strides := kernel.RowMajor(v.Type.Dims())
	var steps []kernel.Step
	at := 0
	for _, a := range v.Args {
		dims := a.Type.Dims()
		if !slices.Contains(dims, 0) || v.Type.Elems() == 0 && len(steps) == 0 {
			k := &kernel.Kernel{Kind: kernel.Copy}
			k.Nest = p.mapNest(kernel.Store{Value: a, Buf: b, Offset: at * strides[axis], Strides: strides}, dims, nil)
			steps = append(steps, k)
		}
		at += dims[axis]
	}
	return steps
}

// single makes the kernel of an operation with a skeleton of its own. It works
// in place where the first operand's memory is the arena's and nothing after it
// reads it.
func (p *planner) single(r *region, c *cluster, after []*cluster) []kernel.Step {
	v := c.anchor
	s := &kernel.Single{Value: v, Out: p.materialise(r, v)}
	k := &kernel.Kernel{Inside: c.inside, Single: s, Kind: singleKind(v.Op)}
	if !p.opts.Keep && p.canOverwrite(r, c, after) {
		s.InPlace = true
		p.alias(s.Out, p.prog.Buf[v.Args[0]])
		s.Out = p.prog.Buf[v]
	}
	var steps []kernel.Step
	for _, a := range v.Args {
		w := p.view(r, a)
		if promised(a) {
			// What the structure leaves out is not in memory as it counts.
			b := p.buffer(p.temp, a)
			steps = append(steps, p.copyStep(a, b))
			w = kernel.View{Buf: b, Strides: kernel.RowMajor(a.Type.Dims()), Type: a.Type}
		}
		s.Operands = append(s.Operands, w)
	}
	return append(steps, k)
}

// promised reports whether v is a parameter with a structure, or a view of one.
func promised(v *ir.Value) bool {
	for isStrided(v.Op) {
		v = v.Args[0]
	}
	return v.Op == ir.OpParam && kernel.Structured(v.Type)
}

func singleKind(op ir.Op) kernel.Kind {
	switch op.Info().Class {
	case ir.Selection:
		return kernel.Selection
	case ir.Factorisation:
		return kernel.Factorisation
	case ir.Scan:
		return kernel.Reduce
	}
	return kernel.Copy
}

// canOverwrite reports whether the operation of c may write its result over its
// first operand: an update or a scatter into memory of the arena that no
// cluster after it, and no result, reads.
func (p *planner) canOverwrite(r *region, c *cluster, after []*cluster) bool {
	v := c.anchor
	switch v.Op {
	case ir.OpUpdate, ir.OpDynUpdate, ir.OpScatter, ir.OpScatterAlong:
	default:
		return false
	}
	into := v.Args[0]
	b, out := p.prog.Buf[into], p.prog.Buf[v]
	if b == nil || b.Kind != p.temp || out.Kind != p.temp || p.captured[out] || !r.owns(into) {
		return false
	}
	reads := func(u *ir.Value) bool { return p.prog.Buf[u] == b }
	for _, a := range v.Args[1:] {
		if slices.ContainsFunc(p.pulls(&cluster{inside: []*ir.Value{{Args: []*ir.Value{a}}}}), reads) {
			return false
		}
	}
	for _, d := range after {
		if slices.ContainsFunc(p.pulls(d), reads) {
			return false
		}
	}
	for k, u := range r.body.Results {
		// What is carried on as another value than it came as is copied there
		// while the memory it came in is written.
		if u == v && slices.Contains(r.body.Params, into) && r.body.Params[1+k] != into {
			return false
		}
		if slices.ContainsFunc(p.pulls(&cluster{inside: []*ir.Value{{Args: []*ir.Value{u}}}}), reads) {
			return false
		}
	}
	return true
}

// owns reports whether v is a value of the region itself, or carried by it:
// memory from outside a loop is read again by the next turn.
func (r *region) owns(v *ir.Value) bool {
	_, ok := r.index[v]
	return ok || slices.Contains(r.body.Params, v)
}

// alias makes every value that is in old be in b.
func (p *planner) alias(old, b *kernel.Buffer) {
	for v, c := range p.prog.Buf {
		if c == old {
			p.prog.Buf[v] = b
		}
	}
	p.prog.Buffers = slices.DeleteFunc(p.prog.Buffers, func(c *kernel.Buffer) bool { return c == old })
}
