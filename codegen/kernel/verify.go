package kernel

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// Verify returns an error for the first of these rules that p breaks:
//
//   - every buffer has an ID of its own, and none has 0, the scratch's;
//   - a kernel has exactly one skeleton;
//   - what a kernel loads was stored before, by a step of the same or an outer
//     list of steps, or is the caller's or constant;
//   - a kernel writes no argument, weight or constant;
//   - the steps of Load read no argument, and write only what is Loaded or a
//     LoadTemp; the other steps write neither, and read no LoadTemp;
//   - a store has a stride for each dimension of its value and ends within its
//     buffer;
//   - the values of a nest have the shape of Outer or the full one;
//   - the parts of a chain are products and nests whose axes are the chain's rows,
//     and what is local is stored by a part before one that reads it;
//   - every result is stored.
func Verify(p *Program) error {
	c := &checker{prog: p, stored: map[*Buffer]bool{}}
	ids := map[int]*Buffer{}
	for _, b := range p.Buffers {
		if b.ID == 0 {
			return fmt.Errorf("an %v has the ID of the scratch, 0", b.Kind)
		}
		if other := ids[b.ID]; other != nil {
			return fmt.Errorf("%v is the ID of an %v and of an %v", b, other.Kind, b.Kind)
		}
		ids[b.ID] = b
	}
	given := func(kinds ...BufferKind) {
		for _, b := range p.Buffers {
			c.stored[b] = c.stored[b] && b.Kind != LoadTemp || slices.Contains(kinds, b.Kind)
		}
	}
	given(Weight, Constant)
	c.writes = []BufferKind{Loaded, LoadTemp}
	if err := c.steps(p.Load); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	given(Weight, Constant, Argument)
	c.writes = []BufferKind{Temp, Result}
	if err := c.steps(p.Steps); err != nil {
		return err
	}
	for _, b := range p.Results {
		if !c.stored[b] {
			return fmt.Errorf("result %v is not stored", b)
		}
	}
	return nil
}

type checker struct {
	prog   *Program
	stored map[*Buffer]bool
	writes []BufferKind // what the steps may write
}

func (c *checker) steps(steps []Step) error {
	for _, s := range steps {
		switch s := s.(type) {
		case *Kernel:
			if err := c.kernel(s); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		case *Loop:
			for _, b := range []*Buffer{s.Lo.Buf, s.Hi.Buf} {
				if b != nil && !c.stored[b] {
					return fmt.Errorf("loop i%d: its bound %v is not stored before", s.Slot, b)
				}
			}
			if err := c.steps(s.Body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) kernel(k *Kernel) error {
	skeletons := 0
	for _, set := range []bool{k.Nest != nil, k.Pack != nil, k.Gemm != nil, k.Single != nil, k.Chained != nil} {
		if set {
			skeletons++
		}
	}
	if skeletons != 1 {
		return fmt.Errorf("has %d skeletons", skeletons)
	}
	for _, b := range c.prog.Loads(k) {
		if !c.stored[b] {
			return fmt.Errorf("loads %v (%v), which is not stored before", b, b.Value)
		}
	}
	for _, s := range k.Stores() {
		if err := c.store(s); err != nil {
			return err
		}
	}
	for _, b := range Written(k) {
		if !slices.Contains(c.writes, b.Kind) {
			return fmt.Errorf("writes %v, an %v", b, b.Kind)
		}
		c.stored[b] = true
	}
	switch {
	case k.Nest != nil:
		return nestShapes(k.Nest)
	case k.Gemm != nil:
		return k.Gemm.picks()
	case k.Chained != nil:
		return c.chained(k.Chained)
	}
	return nil
}

func (c *checker) store(s Store) error {
	dims := s.Value.Type.Dims()
	if len(s.Strides) != len(dims) {
		return fmt.Errorf("stores %v with %d strides", s.Value, len(s.Strides))
	}
	if slices.Contains(dims, 0) {
		return nil
	}
	last := s.Offset
	for i, n := range dims {
		last += (n - 1) * s.Strides[i]
	}
	if last >= s.Buf.Type.Elems() {
		return fmt.Errorf("stores %v beyond the end of %v", s.Value, s.Buf)
	}
	return nil
}

// picks checks that there is an index of matrices for each point of a batch index.
func (g *Gemm) picks() error {
	p := g.Pick
	if p == nil {
		return nil
	}
	at := slices.IndexFunc(g.Batch, func(d Dim) bool { return d.Result == p.Result })
	if at < 0 {
		return fmt.Errorf("takes matrices along dimension %d, which is no batch index", p.Result)
	}
	if have := p.Take.Args[1].Type.Dims(); !slices.Equal(have, []int{g.Batch[at].Size}) {
		return fmt.Errorf("takes %d matrices by indices %v", g.Batch[at].Size, have)
	}
	if !slices.Contains(p.Take.Args[0].Type.Dims(), p.Size) {
		return fmt.Errorf("takes from %d matrices of %v", p.Size, p.Take.Args[0].Type)
	}
	return nil
}

func nestShapes(n *Nest) error {
	full := make([]int, len(n.Full))
	for i, a := range n.Full {
		if a.Inner {
			full[i] = n.Inner[a.Index]
		} else {
			full[i] = n.Outer[a.Index]
		}
	}
	for _, s := range n.Store {
		if dims := s.Value.Type.Dims(); !n.Flat && !slices.Equal(dims, n.Outer) {
			return fmt.Errorf("stores %v of shape %v in a nest over %v", s.Value, dims, n.Outer)
		}
	}
	for _, stage := range n.Stages {
		for _, s := range stage.Store {
			if dims := s.Value.Type.Dims(); !slices.Equal(dims, full) {
				return fmt.Errorf("stores %v of shape %v in a nest of %v", s.Value, dims, full)
			}
		}
		for _, v := range stage.Reduce {
			if dims := v.Type.Dims(); !slices.Equal(dims, n.Outer) {
				return fmt.Errorf("reduces to %v of shape %v in a nest over %v", v, dims, n.Outer)
			}
		}
	}
	return nil
}

// Written returns the buffers that k writes, each once.
func Written(k *Kernel) []*Buffer {
	var out []*Buffer
	for _, s := range k.Stores() {
		if !slices.Contains(out, s.Buf) {
			out = append(out, s.Buf)
		}
	}
	switch {
	case k.Single != nil:
		out = append(out, k.Single.Out)
	case k.Pack != nil:
		out = append(out, k.Pack.Packed)
	}
	return out
}

// Reads returns the buffers that steps read, each once, in order of first use.
func (p *Program) Reads(steps []Step) []*Buffer {
	var out []*Buffer
	seen := map[*Buffer]bool{nil: true}
	add := func(buffers ...*Buffer) {
		for _, b := range buffers {
			if !seen[b] {
				seen[b] = true
				out = append(out, b)
			}
		}
	}
	for _, s := range steps {
		switch s := s.(type) {
		case *Kernel:
			add(p.Loads(s)...)
		case *Loop:
			add(s.Lo.Buf, s.Hi.Buf)
			add(p.Reads(s.Body)...)
		}
	}
	return out
}

// Loads returns the buffers that k reads, in order of first use.
func (p *Program) Loads(k *Kernel) []*Buffer {
	var out []*Buffer
	add := func(b *Buffer) {
		if b != nil && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	inside := map[*ir.Value]bool{}
	for _, v := range k.Inside {
		inside[v] = true
	}
	seen := map[*ir.Value]bool{}
	// Where a zero by construction lies may hang on indices: whether an element
	// is one is asked of the operation that made it, though it is stored.
	var pull, asks func(*ir.Value)
	asked := map[*ir.Value]bool{}
	asks = func(v *ir.Value) {
		if asked[v] || !p.HasZeros(v) {
			return
		}
		asked[v] = true
		if v.Op == ir.OpOneHot {
			pull(v.Args[0])
			return
		}
		for _, a := range v.Args {
			asks(a)
		}
	}
	pull = func(v *ir.Value) {
		if seen[v] {
			return
		}
		seen[v] = true
		if b := p.Buf[v]; b != nil && !inside[v] {
			add(b)
			return
		}
		for _, a := range v.Args {
			pull(a)
			asks(a)
		}
	}
	view := func(w View) {
		if w.Of != nil {
			pull(w.Of)
			return
		}
		add(w.Buf)
	}
	if k.Guard != nil {
		add(k.Guard.Flag)
	}
	switch {
	case k.Chained != nil:
		return k.Chained.loads(p)
	case k.Single != nil:
		for _, w := range k.Single.Operands {
			add(w.Buf)
		}
	case k.Pack != nil:
		view(k.Pack.B)
	case k.Gemm != nil:
		add(k.Gemm.A.Buf)
		if k.Gemm.Packed != nil {
			add(k.Gemm.Packed)
		} else {
			view(k.Gemm.B)
		}
		if k.Gemm.Pick != nil {
			pull(k.Gemm.Pick.Take.Args[1])
		}
		seen[k.Gemm.Value] = true
	}
	for _, s := range k.Stores() {
		pull(s.Value)
	}
	if k.Nest != nil {
		for _, stage := range k.Nest.Stages {
			for _, v := range stage.Reduce {
				pull(v)
			}
		}
	}
	return out
}
