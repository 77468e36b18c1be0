package llvm

import (
	"fmt"
	"strconv"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A signature is all of a kernel that its code depends on, as text: kernels of
// one program with the same text have the same code, and what is number i among
// the buffers of one is so for the others. The layers of a model are found to be
// equal by it before any code is made. Kernels with different texts may still
// have the same code.
type signature struct {
	prog    *kernel.Program
	inside  map[*ir.Value]bool
	slots   map[*ir.Value]int // of loop indices
	text    []byte
	values  map[*ir.Value]int
	numbers map[*kernel.Buffer]int
	buffers []*kernel.Buffer
}

func signatureOf(p *kernel.Program, k *kernel.Kernel, slots map[*ir.Value]int) *signature {
	s := &signature{
		prog: p, slots: slots, inside: map[*ir.Value]bool{},
		values: map[*ir.Value]int{}, numbers: map[*kernel.Buffer]int{},
	}
	for _, v := range k.Inside {
		s.inside[v] = true
	}
	s.kernel(k)
	return s
}

// kernel adds a kernel, or a part of one.
func (s *signature) kernel(k *kernel.Kernel) {
	s.add(len(k.Inside), "inside")
	for _, v := range k.Inside {
		s.value(v)
	}
	switch {
	case k.Nest != nil:
		s.add("nest", k.Nest.Outer, k.Nest.Inner, k.Nest.Full, k.Nest.Flat)
		for _, stage := range k.Nest.Stages {
			s.add("stage")
			for _, v := range stage.Reduce {
				s.value(v)
			}
			s.stores(stage.Store)
		}
		s.stores(k.Nest.Store)
	case k.Pack != nil:
		s.gemm("pack", k.Pack)
	case k.Gemm != nil:
		s.gemm("gemm", k.Gemm)
	case k.Single != nil:
		s.add("single", k.Single.InPlace)
		s.value(k.Single.Value)
		for _, v := range k.Single.Operands {
			s.view(v)
		}
		s.buffer(k.Single.Out)
	case k.Chained != nil:
		c := k.Chained
		s.add("chained", c.Dims, c.Split, c.Block, c.Slots, len(c.Local), len(c.Parts))
		for _, b := range c.Local {
			s.buffer(b)
		}
		for _, part := range c.Parts {
			s.add("part", part.Axes)
			s.kernel(part.Kernel)
		}
	}
}

// translate returns what buffers, of the kernel of other, are in the kernel of s.
func (s *signature) translate(other *signature, buffers []*kernel.Buffer) []*kernel.Buffer {
	out := make([]*kernel.Buffer, len(buffers))
	for i, b := range buffers {
		out[i] = s.buffers[other.numbers[b]]
	}
	return out
}

func (s *signature) add(what ...any) { s.text = fmt.Appendln(s.text, what...) }

// value adds v, the first time with all of it that code may look at: where it is
// loaded, its operands only matter to what finds zeros by construction.
func (s *signature) value(v *ir.Value) {
	n, seen := s.values[v]
	if !seen {
		n = len(s.values)
		s.values[v] = n
	}
	s.text = strconv.AppendInt(append(s.text, 'v'), int64(n), 10)
	if seen {
		return
	}
	slot, isIndex := s.slots[v]
	site, fails := s.prog.Site[v]
	zeros, b := s.prog.HasZeros(v), s.prog.Buf[v]
	s.add(v.Op, v.Type, s.inside[v], zeros, slot, isIndex, site, fails)
	switch {
	case v.Op == ir.OpConst:
		s.text = fmt.Appendf(s.text, "%p", v) // its elements may be part of the code
	case v.Attrs != nil:
		s.text = append(s.text, ir.AttrString(v.Attrs)...)
	}
	if b != nil {
		s.buffer(b)
		if !s.inside[v] && !zeros {
			return
		}
	}
	for _, a := range v.Args {
		s.value(a)
	}
}

func (s *signature) buffer(b *kernel.Buffer) {
	if b == nil {
		s.add("no buffer")
		return
	}
	n, seen := s.numbers[b]
	if !seen {
		n = len(s.buffers)
		s.numbers[b] = n
		s.buffers = append(s.buffers, b)
	}
	s.add("buffer", n, b.Kind, b.Type, b.Bytes)
	if !seen && b.Value != nil {
		s.value(b.Value) // whose type says which elements are there
	}
}

func (s *signature) stores(stores []kernel.Store) {
	s.add(len(stores), "stores")
	for _, st := range stores {
		s.value(st.Value)
		s.buffer(st.Buf)
		s.add(st.Offset, st.Strides)
	}
}

func (s *signature) view(v kernel.View) {
	s.buffer(v.Buf)
	if v.Of != nil {
		s.value(v.Of)
	}
	s.add(v.Offset, v.Strides, v.Type, v.Of != nil)
}

func (s *signature) gemm(kind string, g *kernel.Gemm) {
	s.add(kind, g.Swap, g.Batch, g.Rows, g.Col, g.Sum, g.Panel, g.Packs)
	s.value(g.Value)
	s.view(g.A)
	s.view(g.B)
	s.stores(g.Store)
	s.buffer(g.Packed)
	if g.Pick != nil {
		s.add("pick", g.Pick.Result, g.Pick.Size)
		s.value(g.Pick.Take)
	}
}
