package irtest

import (
	"github.com/lathe-lang/lathe/ir"
)

// weight is input for a weight.
func (g *gen) weight(shape ...int) *ir.Value {
	v := g.input(g.float, shape)
	v.Weight = true
	return v
}

// linear multiplies rows by a weight, with a bias or without.
func (g *gen) linear(x *ir.Value, n int) *ir.Value {
	dims := x.Type.Dims()
	y := g.matmul(x, g.weight(dims[len(dims)-1], n))
	if y == nil || g.chance(4, "no bias") {
		return y
	}
	b := g.weight(n)
	if g.chance(8, "bias of a call") {
		b = g.like(g.float, []int{n})
	}
	return g.emit(ir.OpAdd, nil, none, y, b)
}

// inHeads gives each head its part of the columns of x, as [heads, rows, columns].
func (g *gen) inHeads(x *ir.Value, heads int) *ir.Value {
	dims := x.Type.Dims()
	x = g.emit(ir.OpReshape, nil, ir.Make(g.float, dims[0], heads, dims[1]/heads), x)
	return g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0, 2}}, none, x)
}

// attended is attention with several heads over scaled and shifted rows, with biases
// of weights, and of few or many queries.
func attended(g *gen) {
	rows, heads := 2+g.src.Int(15, "rows"), 1+g.src.Int(3, "heads")
	width := heads * (1 + g.src.Int(8, "width of a head"))
	d := 1 + g.src.Int(9, "width")
	x := g.like(g.float, []int{rows, d})
	if g.facts[x].mag > 64 {
		x = g.clip(x, 8)
	}
	if g.chance(2, "scaled") {
		x = g.emit(ir.OpMul, nil, none, x, g.weight(d))
	}
	if g.chance(2, "shifted") {
		x = g.emit(ir.OpAdd, nil, none, x, g.weight(d))
	}
	if g.chance(6, "needed elsewhere") {
		g.emit(ir.OpTanh, nil, none, x)
	}
	from := x
	if g.chance(2, "few queries") {
		from = g.like(g.float, []int{1 + g.src.Int(2, "queries"), d})
	}
	q, k, v := g.linear(from, width), g.linear(x, width), g.linear(x, width)
	if q == nil || k == nil || v == nil {
		return
	}
	s := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,adc->abd"}, none, g.inHeads(q, heads), g.inHeads(k, heads))
	if g.chance(2, "scores scaled") {
		s = g.emit(ir.OpMul, nil, none, s, g.constant(g.float, 0.25))
	}
	if g.chance(4, "scores shifted") {
		s = g.emit(ir.OpAdd, nil, none, s, g.like(g.float, []int{rows}))
	}
	if g.facts[s].mag > 64 {
		s = g.emit(ir.OpMul, nil, none, s, g.constant(g.float, 0x1p-9))
	}
	e := g.emit(ir.OpExp, nil, none, g.lowered(s))
	g.facts[e] = facts{mag: 1}
	a := g.emit(ir.OpDiv, nil, none, e, g.kept(ir.OpSum, e))
	g.facts[a] = facts{mag: 1}
	o := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,acd->bad"}, none, a, g.inHeads(v, heads))
	o = g.emit(ir.OpReshape, nil, ir.Make(g.float, from.Type.Dims()[0], width), o)
	g.linear(o, 1+g.src.Int(9, "out"))
}

// lowered is v minus the maximum of each row.
func (g *gen) lowered(v *ir.Value) *ir.Value {
	d := g.put(ir.OpSub, nil, none, v, g.kept(ir.OpReduceMax, v))
	g.facts[d] = facts{mag: 2} // at most 0: exp is at most 1
	return d
}

// joinedFactor multiplies rows that are joined of parts, some of them the same for
// all, by a weight.
func joinedFactor(g *gen) {
	rows, groups := 1+g.src.Int(8, "rows"), 1+g.src.Int(4, "groups")
	part := func(dims ...int) *ir.Value {
		x := g.like(g.float, append(dims, 1+g.src.Int(6, "columns")))
		if g.chance(3, "of weights") {
			x = g.weight(x.Type.Dims()...)
		}
		all := []int{groups, rows, x.Type.Dims()[2]}
		if product(all) == product(x.Type.Dims()) {
			return x
		}
		return g.emit(ir.OpBroadcast, nil, ir.Make(g.float, all...), x)
	}
	a, b := part(1, rows), part(groups, 1)
	if g.chance(3, "one for each") {
		a = part(groups, rows)
	}
	c := g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 2}, none, a, b)
	g.linear(c, 1+g.src.Int(9, "out"))
}

// convolved multiplies shifted rows of a table, padded with zeros, by weights: one
// product for each tap, or one for all.
func convolved(g *gen) {
	n, rows, d, out := 2+g.src.Int(5, "table"), 4+g.src.Int(12, "rows"), 1+g.src.Int(5, "width"), 1+g.src.Int(6, "out")
	x := g.emit(ir.OpTake, &ir.AxisAttrs{}, none, g.weight(n, d), g.index([]int{rows}, n))
	lo := g.src.Int(3, "padded")
	x = g.emit(ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(lo, 0), Hi: ir.Sizes(2-lo, 0), Value: ir.FloatNumber(0)}, none, x)
	tap := func(k int) *ir.Value {
		return g.emit(ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(k, 0), Step: []int{1, 1}}, ir.Make(g.float, rows, d), x)
	}
	if !g.chance(2, "stacked") {
		var sum *ir.Value
		for k := range 2 {
			y := g.matmul(tap(k), g.weight(d, out))
			if y != nil && sum != nil {
				y = g.emit(ir.OpAdd, nil, none, sum, y)
			}
			sum = y
		}
		return
	}
	var taps []*ir.Value
	for k := range 3 {
		taps = append(taps, g.emit(ir.OpReshape, nil, ir.Make(g.float, rows, 1, d), tap(k)))
	}
	windows := g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 1}, none, taps...)
	spec := []string{"abc,bcd->ad", "abc,bcd->da", "abc,bcd->bad"}[g.src.Int(3, "kept")]
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, none, windows, g.weight(3, d, out))
}
