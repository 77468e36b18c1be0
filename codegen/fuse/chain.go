package fuse

import (
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// chain joins products of matrices of which one reads what another made, with
// the reductions between them, to kernels that run block of rows by block of
// rows (kernel.Chained), where Options.Chain says that it pays. What they hand
// on is not stored.
//
// It works on finished steps, when it is known who reads what: a buffer is local
// to a chain if one of its parts writes it and no step but its parts reads it,
// each in the row that it is working on.
func (p *planner) chain(steps []kernel.Step) []kernel.Step {
	if p.opts.Chain == nil {
		return steps
	}
	all := &usage{prog: p.prog, readers: map[*kernel.Buffer][]kernel.Step{}, writers: map[*kernel.Buffer][]kernel.Step{}}
	all.steps(steps)
	return p.chainIn(steps, all)
}

// A usage says which steps read and write each buffer. The bounds of a loop are
// read by the loop.
type usage struct {
	prog             *kernel.Program
	readers, writers map[*kernel.Buffer][]kernel.Step
}

func (u *usage) steps(steps []kernel.Step) {
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Kernel:
			for _, b := range u.prog.Loads(s) {
				u.readers[b] = append(u.readers[b], s)
			}
			for _, b := range kernel.Written(s) {
				u.writers[b] = append(u.writers[b], s)
			}
		case *kernel.Loop:
			for _, b := range []*kernel.Buffer{s.Lo.Buf, s.Hi.Buf} {
				if b != nil {
					u.readers[b] = append(u.readers[b], s)
				}
			}
			u.steps(s.Body)
		}
	}
}

// chainIn makes the chains of one list of steps: those around the largest
// buffers first.
func (p *planner) chainIn(steps []kernel.Step, all *usage) []kernel.Step {
	var ends []*kernel.Kernel // products that may be the last of a chain
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Loop:
			s.Body = p.chainIn(s.Body, all)
		case *kernel.Kernel:
			if s.Gemm != nil && s.Gemm.A.Buf.Kind == kernel.Temp {
				ends = append(ends, s)
			}
		}
	}
	slices.SortStableFunc(ends, func(a, b *kernel.Kernel) int { return b.Gemm.A.Buf.Bytes - a.Gemm.A.Buf.Bytes })
	for _, end := range ends {
		if at := slices.Index(steps, kernel.Step(end)); at >= 0 {
			steps = p.chainTo(steps, at, all)
		}
	}
	return steps
}

// chainTo replaces steps by a chain around what the product steps[at] reads, if
// there is one that pays.
func (p *planner) chainTo(steps []kernel.Step, at int, all *usage) []kernel.Step {
	end := steps[at].(*kernel.Kernel)
	c := &chainer{usage: all, steps: steps, strict: p.opts.Strict, chained: &kernel.Chained{}, axes: map[*kernel.Kernel][]int{}}
	if !c.start(end) {
		return steps
	}
	for c.grow(p.opts.Chain) || len(c.chained.Local) > 0 && c.extend(p.opts.Chain) {
	}
	if len(c.chained.Local) == 0 {
		return steps
	}
	k := &kernel.Kernel{Kind: kernel.Chain, Chained: c.chained}
	last := c.chained.Parts[len(c.chained.Parts)-1].Kernel
	var out []kernel.Step
	for _, step := range steps {
		switch s, ok := step.(*kernel.Kernel); {
		case ok && s == last:
			out = append(out, k)
		case !ok || c.axes[s] == nil:
			out = append(out, step)
		}
	}
	for _, part := range c.chained.Parts {
		k.Inside = append(k.Inside, part.Inside...)
	}
	for _, b := range c.chained.Local {
		p.prog.Buffers = slices.DeleteFunc(p.prog.Buffers, func(o *kernel.Buffer) bool { return o == b })
	}
	for _, users := range []map[*kernel.Buffer][]kernel.Step{all.readers, all.writers} {
		for b, list := range users { // the order of buffers doesn't matter
			for i, s := range list {
				if s, ok := s.(*kernel.Kernel); ok && c.axes[s] != nil {
					users[b][i] = k
				}
			}
		}
	}
	return out
}

// A chainer finds the parts of one chain: from a product backwards, and then the
// products that follow.
type chainer struct {
	*usage
	steps   []kernel.Step
	strict  bool
	chained *kernel.Chained
	axes    map[*kernel.Kernel][]int // of the parts
}

// start makes end the last part: the rows are those in which its left operand
// lies in memory.
func (c *chainer) start(end *kernel.Kernel) bool {
	dims, axes, ok := rowsOf(end.Gemm)
	if !ok || end.Guard != nil {
		return false
	}
	c.chained.Dims = dims
	return c.add(end, axes)
}

// rowsOf returns the dimensions of a product's left operand that are not summed,
// and of which dimension of the result each is: those that the operand's buffer
// begins with, in order, all else in it being summed. Dimensions of size 1 don't
// count. It fails for an operand that isn't so.
func rowsOf(g *kernel.Gemm) (dims, axes []int, ok bool) {
	var rows []kernel.Dim
	for _, d := range slices.Concat(g.Batch, g.Rows) {
		if d.Size == 1 {
			continue
		}
		if d.A <= 0 {
			return nil, nil, false // one operand for several points
		}
		rows = append(rows, d)
	}
	slices.SortStableFunc(rows, func(a, b kernel.Dim) int { return b.A - a.A })
	shape := slices.DeleteFunc(slices.Clone(g.A.Buf.Type.Dims()), func(n int) bool { return n == 1 })
	strides := kernel.RowMajor(shape)
	if len(rows) == 0 || len(rows) > len(shape) {
		return nil, nil, false
	}
	for i, d := range rows {
		if d.Size != shape[i] || d.A != strides[i] {
			return nil, nil, false
		}
		dims, axes = append(dims, d.Size), append(axes, d.Result)
	}
	last := g.A.Offset
	for _, d := range g.Sum {
		if d.Size == 0 || d.A < 0 {
			return nil, nil, false
		}
		last += (d.Size - 1) * d.A
	}
	return dims, axes, last < strides[len(rows)-1]
}

// add makes k a part whose axes are the rows, if the rows can be cut in it.
func (c *chainer) add(k *kernel.Kernel, axes []int) bool {
	split := 0
	if g := k.Gemm; g != nil {
		if g.Mirror || g.Packed == nil && g.B.Of != nil {
			return false // it stores to other rows too, or has too few
		}
		rows := map[int]kernel.Dim{}
		count := 0
		for _, d := range g.Rows {
			rows[d.Result] = d
		}
		for _, d := range slices.Concat(g.Batch, g.Rows) {
			if d.Size != 1 {
				count++
			}
		}
		n := len(axes)
		if _, ok := rows[axes[n-1]]; !ok || count != n {
			return false
		}
		if g.OneRow() && axes[n-1] != g.Rows[g.LeftRow].Result {
			return false // its tiles are of other rows
		}
		// Rows that lie densely can be taken together, but where a band counts them.
		for split = n - 1; split > 0; split-- {
			d, ok := rows[axes[split-1]]
			e := rows[axes[split]]
			if !ok || g.OneRow() || d.A != e.Size*e.A {
				break
			}
		}
	} else if c.strict && ordered(k.Nest) || !hasOther(k.Nest, axes) {
		return false
	}
	c.chained.Split = max(c.chained.Split, split)
	c.chained.Parts = append(c.chained.Parts, kernel.Part{Kernel: k, Axes: axes})
	slices.SortFunc(c.chained.Parts, func(a, b kernel.Part) int { return c.at(a.Kernel) - c.at(b.Kernel) })
	c.axes[k] = axes
	return true
}

// at returns where in the list of steps k is, -1 if it is elsewhere.
func (c *chainer) at(k *kernel.Kernel) int { return slices.Index(c.steps, kernel.Step(k)) }

// hasOther reports whether a nest has an axis beside its rows, for vectors.
func hasOther(n *kernel.Nest, rows []int) bool {
	return len(n.Outer) > len(rows) || len(n.Inner) > 0 && !slices.Contains(n.Inner, 0)
}

// ordered reports whether a nest has sums that strict mode does in the order of
// the index, with vectors along the rows, as a chain does not.
func ordered(n *kernel.Nest) bool {
	for _, st := range n.Stages {
		for _, v := range st.Reduce {
			if v.Type.DType.IsFloat() && (v.Op == ir.OpSum || v.Op == ir.OpProd || v.Op == ir.OpContract) {
				return true
			}
		}
	}
	return false
}

// grow adds the writer of a buffer that the parts read, and reports whether it
// found one that pays.
func (c *chainer) grow(pays func(*kernel.Chained) int) bool {
	for _, part := range c.chained.Parts {
		for _, b := range c.prog.Loads(part.Kernel) {
			if c.isLocal(b) || !c.private(b) {
				continue
			}
			before := *c.chained
			before.Parts, before.Local = slices.Clone(before.Parts), slices.Clone(before.Local)
			w := c.writers[b][0].(*kernel.Kernel)
			if c.take(w, c.axesOf(w, b)) && c.rowwise() && c.movable() {
				c.slots()
				if block := pays(c.chained); block > 0 {
					c.chained.Block = block
					return true
				}
			}
			delete(c.axes, w)
			*c.chained = before
		}
	}
	return false
}

// extend adds the product that alone reads what the last part stores, and reports
// whether that pays.
func (c *chainer) extend(pays func(*kernel.Chained) int) bool {
	last := c.chained.Parts[len(c.chained.Parts)-1]
	for _, b := range kernel.Written(last.Kernel) {
		if b.Kind != kernel.Temp || len(c.readers[b]) != 1 || len(c.writers[b]) != 1 {
			continue
		}
		r, ok := c.readers[b][0].(*kernel.Kernel)
		if !ok || r.Guard != nil || r.Gemm == nil || r.Gemm.A.Buf != b || c.at(r) < 0 {
			continue
		}
		_, axes, ok := rowsOf(r.Gemm)
		if !ok || !slices.Equal(last.Axes, c.axesOf(last.Kernel, b)) {
			continue
		}
		before := *c.chained
		before.Parts, before.Local = slices.Clone(before.Parts), slices.Clone(before.Local)
		c.chained.Local = append(c.chained.Local, b)
		if len(axes) == len(before.Dims) && c.add(r, axes) && c.rowwise() && c.movable() {
			c.slots()
			if block := pays(c.chained); block > 0 {
				c.chained.Block = block
				return true
			}
		}
		delete(c.axes, r)
		*c.chained = before
	}
	return false
}

// take makes w a part, and local all that it writes which parts read.
func (c *chainer) take(w *kernel.Kernel, axes []int) bool {
	if axes == nil {
		return false
	}
	for _, b := range kernel.Written(w) {
		read := slices.ContainsFunc(c.chained.Parts, func(p kernel.Part) bool {
			return slices.Contains(c.prog.Loads(p.Kernel), b)
		})
		switch {
		case !read:
			continue
		case !c.private(b) || !slices.Equal(axes, c.axesOf(w, b)):
			return false
		}
		c.chained.Local = append(c.chained.Local, b)
	}
	return c.add(w, axes)
}

// private reports whether b has one writer, a kernel of the list that may become
// a part, and no reader but parts.
func (c *chainer) private(b *kernel.Buffer) bool {
	if b.Kind != kernel.Temp || len(c.writers[b]) != 1 || b.Type.Elems() == 0 {
		return false
	}
	w, ok := c.writers[b][0].(*kernel.Kernel)
	if !ok || w.Guard != nil || w.Gemm == nil && w.Nest == nil || w.Nest != nil && w.Nest.Flat || c.axes[w] != nil || c.at(w) < 0 {
		return false
	}
	return !slices.ContainsFunc(c.readers[b], func(s kernel.Step) bool {
		k, ok := s.(*kernel.Kernel)
		return !ok || c.axes[k] == nil
	})
}

// axesOf returns which axes of w, a kernel that writes b, are the rows: those of
// the dimensions that b begins with. It returns nil where they are not.
func (c *chainer) axesOf(w *kernel.Kernel, b *kernel.Buffer) []int {
	for _, s := range w.Stores() {
		if s.Buf != b {
			continue
		}
		dims := s.Value.Type.Dims()
		if !slices.Equal(s.Strides, kernel.RowMajor(dims)) || s.Offset != 0 || s.Value.Type.Elems() != b.Type.Elems() {
			return nil
		}
		var axes []int
		for i, n := range dims {
			if n == 1 || len(axes) == len(c.chained.Dims) {
				continue
			}
			if n != c.chained.Dims[len(axes)] {
				return nil
			}
			a := i
			if w.Nest != nil && !isOuterStore(w.Nest, s) {
				if w.Nest.Full[i].Inner {
					return nil
				}
				a = w.Nest.Full[i].Index
			}
			axes = append(axes, a)
		}
		if len(axes) < len(c.chained.Dims) {
			return nil
		}
		return axes
	}
	return nil
}

// isOuterStore reports whether s is one of the stores of n of the shape of Outer.
func isOuterStore(n *kernel.Nest, s kernel.Store) bool {
	return slices.ContainsFunc(n.Store, func(o kernel.Store) bool { return o.Value == s.Value && o.Buf == s.Buf })
}

// movable reports whether all parts may run where the last one does: no step
// between reads or writes what they write, or writes what one before it reads.
func (c *chainer) movable() bool {
	at := c.at(c.chained.Parts[len(c.chained.Parts)-1].Kernel)
	var reads, writes []*kernel.Buffer // of the parts so far
	for _, s := range c.steps[:at] {
		if k, ok := s.(*kernel.Kernel); ok && c.axes[k] != nil {
			reads = append(reads, c.prog.Loads(k)...)
			writes = append(writes, kernel.Written(k)...)
			continue
		}
		u := &usage{prog: c.prog, readers: map[*kernel.Buffer][]kernel.Step{}, writers: map[*kernel.Buffer][]kernel.Step{}}
		u.steps([]kernel.Step{s})
		for _, b := range writes {
			if u.readers[b] != nil || u.writers[b] != nil {
				return false
			}
		}
		if slices.ContainsFunc(reads, func(b *kernel.Buffer) bool { return u.writers[b] != nil }) {
			return false
		}
	}
	return true
}
