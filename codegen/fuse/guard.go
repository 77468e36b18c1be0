package fuse

import (
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// guarded returns the steps of a product of matrices such that what is zero by
// construction stays zero beside NaN and infinities, which the skeleton of a
// product sees to only for the diagonals that it leaves out. Where an operand may
// have other such zeros, a kernel looks through the other one, and the product
// is summed in a nest, which skips zeros, if something is not finite there.
func (p *planner) guarded(c *cluster, steps []kernel.Step) []kernel.Step {
	v := c.anchor
	var beside []*ir.Value // operands that meet zeros
	for i, a := range v.Args {
		if p.prog.HasZeros(a) && !p.skipsZeros(c.gemm, i) {
			beside = append(beside, v.Args[1-i])
		}
	}
	if len(beside) == 0 {
		return steps
	}
	var out []kernel.Step
	var flag *kernel.Buffer
	for _, x := range beside {
		k, b := p.nonFinite(x, flag)
		out, flag = append(out, k), b
	}
	for _, s := range steps {
		s.(*kernel.Kernel).Guard = &kernel.Guard{Flag: flag}
	}
	n := &kernel.Nest{Stages: []kernel.Stage{{Reduce: []*ir.Value{v}}}, Store: p.stored(c)}
	for i, size := range v.Type.Dims() {
		n.Outer = append(n.Outer, size)
		n.Full = append(n.Full, kernel.Axis{Index: i})
	}
	for i, d := range c.gemm.Sum {
		n.Inner = append(n.Inner, d.Size)
		n.Full = append(n.Full, kernel.Axis{Inner: true, Index: i})
	}
	careful := &kernel.Kernel{
		Kind: kernel.Contraction, Nest: n, Guard: &kernel.Guard{Flag: flag, Want: true},
		Inside: steps[len(steps)-1].(*kernel.Kernel).Inside,
	}
	return append(append(out, steps...), careful)
}

// nonFinite makes a kernel that stores whether x has an element that is not
// finite, or before, if not nil, is true.
func (p *planner) nonFinite(x *ir.Value, before *kernel.Buffer) (*kernel.Kernel, *kernel.Buffer) {
	dims := x.Type.Dims()
	value := func(op ir.Op, t ir.Type, args ...*ir.Value) *ir.Value {
		return &ir.Value{Name: "nonfinite", Op: op, Type: t, Args: args, Pos: x.Pos}
	}
	t := x.Type.Plain()
	zero := value(ir.OpSub, t, x, x) // NaN for what is not finite
	isNaN := value(ir.OpNe, t.WithDType(tensor.Bool), zero, zero)
	some := value(ir.OpAny, ir.Make(tensor.Bool), isNaN)
	some.Attrs = &ir.AxesAttrs{Axes: axes(len(dims))}
	inside := []*ir.Value{zero, isNaN, some}
	found := some
	if before != nil {
		earlier := value(ir.OpParam, some.Type)
		p.prog.Buf[earlier] = before
		found = value(ir.OpOr, some.Type, some, earlier)
		inside = append(inside, found)
	}
	b := p.buffer(p.temp, found)
	n := &kernel.Nest{
		Inner: dims, Stages: []kernel.Stage{{Reduce: []*ir.Value{some}}}, Store: []kernel.Store{whole(found, b)},
	}
	for i := range dims {
		n.Full = append(n.Full, kernel.Axis{Inner: true, Index: i})
	}
	return &kernel.Kernel{Kind: kernel.Reduce, Inside: inside, Nest: n}, b
}
