package kernel

import (
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// String returns the program as text: the buffers, then a line for each kernel
// with its space, what it reads and what it stores. What runs when weights are
// loaded stands before what runs in each call.
func (p *Program) String() string {
	w := &printer{prog: p}
	w.line("program %s arena %d", p.Func.Name, p.Arena)
	for _, b := range p.Buffers {
		place := ""
		switch b.Kind {
		case Temp, Loaded, LoadTemp:
			place = fmt.Sprintf(" at %d", b.Offset)
		}
		w.line("  %v %v %v = %v, %d bytes%s", b, b.Kind, b.Type, b.Value, b.Bytes, place)
	}
	if len(p.Load) > 0 {
		w.line("  load")
		w.indent = "  "
		w.steps(p.Load)
		w.indent = ""
		w.line("  call")
		w.indent = "  "
	}
	w.steps(p.Steps)
	return w.b.String()
}

// String returns the buffer's name, b7.
func (b *Buffer) String() string { return fmt.Sprintf("b%d", b.ID) }

type printer struct {
	prog   *Program
	b      strings.Builder
	indent string
}

func (w *printer) line(format string, args ...any) {
	w.b.WriteString(w.indent)
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

func (w *printer) steps(steps []Step) {
	w.indent += "  "
	for _, s := range steps {
		switch s := s.(type) {
		case *Kernel:
			w.kernel(s)
		case *Loop:
			w.line("loop i%d in %v..%v step %d", s.Slot, s.Lo, s.Hi, s.Step)
			w.steps(s.Body)
		}
	}
	w.indent = w.indent[2:]
}

// String returns the bound as the dump spells it.
func (b Bound) String() string {
	switch {
	case b.Buf != nil:
		return b.Buf.String()
	case b.Index != nil:
		return b.Index.String()
	}
	return fmt.Sprint(b.Const)
}

func (w *printer) kernel(k *Kernel) {
	guard := ""
	if k.Guard != nil {
		guard = fmt.Sprintf(" if %v is %v", k.Guard.Flag, k.Guard.Want)
	}
	w.line("%s %v: %s%s", k.Name, k.Kind, k.Space(), guard)
	if c := k.Chained; c != nil {
		for i, b := range c.Local {
			w.line("  %v local %v = %v, %d bytes a row in slot %d", b, b.Type, b.Value, c.RowOf(b), c.Slots[i])
		}
		w.indent += "  "
		for _, part := range c.Parts {
			w.kernel(part.Kernel)
		}
		w.indent = w.indent[2:]
		return
	}
	if len(k.Inside) > 0 {
		w.line("  %s", strings.Join(k.Ops(), " "))
	}
	for _, s := range k.Stores() {
		part := ""
		if s.Offset != 0 || !sameInts(s.Strides, RowMajor(s.Value.Type.Dims())) {
			part = fmt.Sprintf(" at %d by %v", s.Offset, s.Strides)
		}
		w.line("  store %v to %v%s", s.Value, s.Buf, part)
	}
}

func sameInts(a, b []int) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// Space returns what the kernel walks, in words.
func (k *Kernel) Space() string {
	switch {
	case k.Nest != nil:
		s := fmt.Sprintf("nest %v", k.Nest.Outer)
		if len(k.Nest.Inner) > 0 {
			s += fmt.Sprintf(" over %v in %d stages", k.Nest.Inner, len(k.Nest.Stages))
		}
		if k.Nest.Flat {
			s += " flat"
		}
		return s
	case k.Pack != nil:
		return fmt.Sprintf("pack %v of %v in panels of %d", k.Pack.B.Source(), k.Pack.Value, k.Pack.Panel)
	case k.Gemm != nil:
		right := k.Gemm.B.Source()
		if k.Gemm.Packed != nil {
			right = k.Gemm.Packed
		}
		s := fmt.Sprintf("gemm batch %v rows %v columns %d over %v of %v and %v",
			sizes(k.Gemm.Batch), sizes(k.Gemm.Rows), k.Gemm.Col.Size, sizes(k.Gemm.Sum), k.Gemm.A.Buf, right)
		if k.Gemm.Packs {
			s += fmt.Sprintf(" packed in panels of %d", k.Gemm.Panel)
		}
		if t := k.Gemm.Pick; t != nil {
			s += fmt.Sprintf(" by %v", t.Take.Args[1])
		}
		if b := k.Gemm.Left; b != nil {
			s += fmt.Sprintf(" by row %v", b)
		}
		if b := k.Gemm.Only; b != nil {
			s += fmt.Sprintf(" only %v", b)
		}
		if b := k.Gemm.Right; b != nil {
			s += fmt.Sprintf(" by column %v", b)
		}
		if k.Gemm.Mirror {
			s += " mirrored"
		}
		return s
	case k.Chained != nil:
		return k.Chained.space()
	}
	s := fmt.Sprintf("%v to %v", k.Single.Value, k.Single.Out)
	if k.Single.InPlace {
		s += " in place"
	}
	return s
}

func sizes(dims []Dim) []int {
	out := make([]int, len(dims))
	for i, d := range dims {
		out[i] = d.Size
	}
	return out
}

// Ops returns the operations that the kernel computes, in order.
func (k *Kernel) Ops() []string {
	ops := make([]string, len(k.Inside))
	for i, v := range k.Inside {
		ops[i] = v.Op.String()
		if v.Op == ir.OpContract {
			ops[i] += " " + v.Attrs.(*ir.ContractAttrs).Spec
		}
	}
	return ops
}
