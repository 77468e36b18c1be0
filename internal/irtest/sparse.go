package irtest

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// hot makes a one-hot value for indices of the given shape, some of which may be
// out of range: by the operation, or by comparing with iota; maybe with gates.
func (g *gen) hot(shape []int, n int) *ir.Value {
	idx := g.index(shape, n+g.src.Int(2, "out of range"))
	dims := append(slices.Clone(shape), n)
	var v *ir.Value
	if g.chance(3, "compared") {
		places := g.emit(ir.OpIota, &ir.AxisAttrs{}, ir.Make(idx.Type.DType, n))
		column := g.emit(ir.OpReshape, nil, ir.Make(idx.Type.DType, append(slices.Clone(shape), 1)...), idx)
		v = g.emit(ir.OpConvert, nil, ir.Make(g.float, dims...), g.emit(ir.OpEq, nil, none, column, places))
	} else {
		v = g.emit(ir.OpOneHot, nil, ir.Make(g.float, dims...), idx)
	}
	switch g.src.Int(4, "gates") {
	case 1:
		gates := g.like(g.float, shape)
		v = g.emit(ir.OpMul, nil, none, v, g.emit(ir.OpReshape, nil, ir.Make(g.float, append(slices.Clone(shape), 1)...), gates))
	case 2:
		v = g.emit(ir.OpMul, nil, none, v, g.like(g.float, dims))
	case 3:
		v = g.emit(ir.OpNeg, nil, none, v)
	}
	return v
}

// oneHotProduct multiplies with a one-hot value, over its classes or its rows.
func oneHotProduct(g *gen) {
	rows, n, d := 1+g.src.Int(9, "rows"), 1+g.src.Int(9, "classes"), 1+g.src.Int(5, "columns")
	h := g.hot([]int{rows}, n)
	if g.chance(3, "two") {
		h = g.emit([]ir.Op{ir.OpAdd, ir.OpSub}[g.src.Int(2, "sign")], nil, none, h, g.hot([]int{rows}, n))
	}
	if g.chance(4, "transposed") {
		t := g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0}}, none, h)
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ca"}, none, t, g.like(g.float, []int{rows, d}))
	}
	picked := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, h, g.like(g.float, []int{n, d}))
	if g.chance(2, "back") {
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,ac->bc"}, none, h, picked)
	}
	if g.chance(3, "sum") {
		g.emit(ir.OpSum, g.reduced(h), none, h)
	}
}

// oneHotBatch has an index for several rows of each batch, and maybe a table too.
func oneHotBatch(g *gen) {
	b, k, n, d := 1+g.src.Int(4, "batch"), 1+g.src.Int(4, "rows"), 1+g.src.Int(6, "classes"), 1+g.src.Int(4, "columns")
	h := g.hot([]int{b, k}, n)
	specs := []struct {
		spec string
		dims []int
	}{
		{"abc,cd->abd", []int{n, d}}, {"abc,acd->abd", []int{b, n, d}}, {"abc,acd->dab", []int{b, n, d}}, {"abc,ac->ab", []int{b, n}},
		{"abc,abd->cd", []int{b, k, d}}, {"abc,abd->acd", []int{b, k, d}}, {"abc,abd->adc", []int{b, k, d}}, {"abc,ab->ac", []int{b, k}},
		{"abc,cd->ad", []int{n, d}}, {"abc,bcd->ad", []int{k, n, d}}, {"abc,ad->dc", []int{b, d}}, {"abc,bd->bcd", []int{k, d}},
	}
	for range 1 + g.src.Int(2, "products") {
		s := specs[g.src.Int(len(specs), "spec")]
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: s.spec}, none, h, g.like(g.float, s.dims))
	}
	if g.chance(2, "choices") { // one row for all choices
		s := g.emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{1}}, none, h)
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, s, g.like(g.float, []int{n, d}))
	}
}

// dispatched makes the tensors by which experts get their tokens, and uses them.
func dispatched(g *gen) {
	t, e, c, d := 2+g.src.Int(9, "tokens"), 2+g.src.Int(3, "experts"), 1+g.src.Int(3, "capacity"), 1+g.src.Int(4, "columns")
	expert, slot := g.hot([]int{t}, e), g.hot([]int{t}, c)
	if g.chance(2, "counted") {
		places := g.emit(ir.OpCumSum, &ir.CumSumAttrs{Exclusive: true}, none, expert)
		room := g.emit(ir.OpConvert, nil, expert.Type, g.emit(ir.OpLt, nil, none, places, g.constant(g.float, float64(c))))
		expert = g.emit(ir.OpMul, nil, none, expert, room)
		at := g.emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{1}}, none, g.emit(ir.OpMul, nil, none, expert, places))
		slot = g.emit(ir.OpOneHot, nil, slot.Type.Plain(), g.emit(ir.OpConvert, nil, ir.Make(tensor.I64, t), at))
	}
	dispatch := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,ac->abc"}, none, expert, slot)
	in := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,ad->bcd"}, none, dispatch, g.like(g.float, []int{t, d}))
	out := g.emit(ir.OpTanh, nil, none, in)
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,bcd->ad"}, none, dispatch, out)
}

// repeatedTake takes more rows than there are, and computes with them.
func repeatedTake(g *gen) {
	n, d, m := 1+g.src.Int(4, "rows"), 1+g.src.Int(5, "columns"), 1+g.src.Int(4, "products")
	shape := []int{n + 1 + g.src.Int(3, "more")}
	if g.chance(3, "two axes") {
		shape = append([]int{2}, shape...)
	}
	dims, spec := []int{n, d}, "ab,bc->ac"
	axis := g.src.Int(2, "axis")
	if axis == 1 {
		dims, spec = []int{d, n}, "ba,bc->ca"
	}
	idx := g.index(shape, n)
	x := g.like(g.float, dims)
	t := g.emit(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, x, idx)
	for range 1 + g.src.Int(3, "steps") {
		switch g.src.Int(5, "step") {
		case 0:
			t = g.emit(ir.OpTanh, nil, none, t)
		case 1:
			column := []int{t.Type.Dims()[t.Type.Rank()-1]}
			t = g.emit(ir.OpAdd, nil, none, t, g.like(g.float, column))
		case 2:
			g.emit(ir.OpSum, g.reduced(t), none, t)
		case 3:
			t = g.emit(ir.OpMul, nil, none, g.emit(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, g.like(g.float, dims), idx), t)
		case 4:
			if len(shape) == 2 {
				spec = map[int]string{0: "dab,bc->dac", 1: "bda,bc->cda"}[axis]
			}
			g.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, none, t, g.like(g.float, []int{d, m}))
		}
	}
	if g.chance(2, "again") {
		g.emit(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, t, g.index([]int{2}, shape[0]))
	}
}

// chosenGates weighs what experts compute of all tokens with gates that are zero
// but for a choice, by each expert of its tokens or by each token of its experts.
func chosenGates(g *gen) {
	e, n, d, m := 1+g.src.Int(3, "experts"), 2+g.src.Int(7, "tokens"), 1+g.src.Int(4, "columns"), 1+g.src.Int(4, "hidden")
	dims := []int{e, n}
	spec, perToken := "ab,abc->bc", g.chance(2, "per token")
	if perToken {
		dims, spec = []int{n, e}, "ab,bac->ac"
	}
	k := 1 + g.src.Int(dims[1], "k")
	scores := g.input(g.float, dims)
	top := g.emit(ir.OpTopK, &ir.TopKAttrs{Axis: 1, K: dim.Const(k)}, none, scores)
	values := g.emit(ir.OpTakeAlong, &ir.AxisAttrs{Axis: 1}, none, scores, top)
	var gates *ir.Value
	if g.chance(2, "one-hot") {
		hot := g.emit(ir.OpOneHot, nil, ir.Make(g.float, dims[0], k, dims[1]), top)
		gates = g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,ab->ac"}, none, hot, values)
	} else {
		zero, err := g.b.Full(ir.FloatNumber(0), ir.Make(g.float, dims...))
		if err != nil {
			panic(err) // floats of such a shape are well-typed
		}
		zero.Attrs = &ir.FullAttrs{Exact: true}
		g.facts[zero] = facts{exact: true}
		gates = g.emit(ir.OpScatterAlong, &ir.ScatterAttrs{Axis: 1}, none, zero, top, values)
	}
	hidden := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,cbd->cad"}, none, g.like(g.float, []int{n, d}), g.like(g.float, []int{e, d, m}))
	gate := g.emit(ir.OpTanh, nil, none, hidden)
	if g.chance(2, "gated") {
		gate = g.emit(ir.OpMul, nil, none, hidden, gate)
	}
	hidden = gate
	if g.chance(2, "bias") {
		hidden = g.emit(ir.OpAdd, nil, none, hidden, g.like(g.float, []int{e, 1, m}))
	}
	out := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,acd->abd"}, none, hidden, g.like(g.float, []int{e, m, d}))
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, none, gates, out)
}

// groupedTokens has so many tokens choose that they are worth grouping by expert.
func groupedTokens(g *gen) {
	e, n, d, m := 2+g.src.Int(3, "experts"), 16+g.src.Int(9, "tokens"), 2+g.src.Int(3, "columns"), 2+g.src.Int(3, "hidden")
	scores := g.input(g.float, []int{n, e})
	choice := g.emit(ir.OpArgMax, &ir.AxisAttrs{Axis: 1}, none, scores)
	if g.chance(2, "at random") {
		choice = g.index([]int{n}, e+g.src.Int(2, "out of range"))
	}
	gates := g.emit(ir.OpOneHot, nil, ir.Make(g.float, n, e), choice)
	if g.chance(2, "two") {
		top := g.emit(ir.OpTopK, &ir.TopKAttrs{Axis: 1, K: dim.Const(2)}, none, scores)
		gates = g.emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{1}}, none, g.emit(ir.OpOneHot, nil, ir.Make(g.float, n, 2, e), top))
	}
	if g.chance(2, "weighed") {
		gates = g.emit(ir.OpMul, nil, none, gates, scores)
	}
	hidden := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,cbd->cad"}, none, g.input(g.float, []int{n, d}), g.input(g.float, []int{e, d, m}))
	hidden = g.emit(ir.OpTanh, nil, none, hidden)
	if g.chance(2, "bias") {
		hidden = g.emit(ir.OpAdd, nil, none, hidden, g.input(g.float, []int{e, 1, m}))
	}
	w := g.input(g.float, []int{e, m, d})
	if g.chance(2, "one product") {
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bac,bcd->ad"}, none, gates, hidden, w)
		return
	}
	out := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "abc,acd->abd"}, none, hidden, w)
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bac->ac"}, none, gates, out)
}

// expertsInTurns adds up what experts make of tokens, in the turns of a loop or one
// by one, each with a mask or gates of its own.
func expertsInTurns(g *gen) {
	e, n, d, m := 2+g.src.Int(3, "experts"), 24+g.src.Int(9, "tokens"), 2+g.src.Int(3, "columns"), 2+g.src.Int(3, "hidden")
	loop := g.depth == 0 && !g.cfg.NoLoops && g.chance(2, "in turns")
	choice := g.index([]int{n}, e+g.src.Int(2, "out of range"))
	x, w := g.input(g.float, []int{n, d}), g.input(g.float, []int{e, d, m})
	gates := g.input(g.float, []int{n})
	kind, bias := g.src.Int(3, "mask"), g.chance(2, "bias")
	part := func(v, i *ir.Value, k int) *ir.Value {
		dims := v.Type.Dims()
		dims[0] = 1
		if loop {
			v = g.put(ir.OpDynSlice, &ir.DynSliceAttrs{Axis: 0, Size: dim.Const(1)}, none, v, i)
		} else {
			start, step := make([]int, len(dims)), slices.Repeat([]int{1}, len(dims))
			start[0] = k
			v = g.put(ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(start...), Step: step}, ir.Make(g.float, dims...), v)
		}
		return g.put(ir.OpReshape, nil, ir.Make(g.float, dims[1:]...), v)
	}
	rows := g.input(g.float, []int{e, n})
	shift := g.input(g.float, []int{e, m})
	term := func(i *ir.Value, k int) *ir.Value {
		number := i
		if i.Type.DType != choice.Type.DType {
			number = g.put(ir.OpConvert, nil, ir.Make(choice.Type.DType), i)
		}
		is := g.put(ir.OpEq, nil, none, choice, number)
		var mask *ir.Value
		switch kind {
		case 0:
			mask = g.put(ir.OpWhere, nil, none, is, gates, g.constant(g.float, 0))
		case 1:
			mask = g.put(ir.OpMul, nil, none, g.put(ir.OpConvert, nil, ir.Make(g.float, n), is), gates)
		case 2: // no choice, so it does not pay
			mask = part(rows, i, k)
		}
		h := g.put(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, x, part(w, i, k))
		if bias {
			h = g.put(ir.OpAdd, nil, none, h, part(shift, i, k))
		}
		h = g.put(ir.OpTanh, nil, none, h)
		return g.put(ir.OpMul, nil, none, g.put(ir.OpReshape, nil, ir.Make(g.float, n, 1), mask), h)
	}
	sum := g.input(g.float, []int{n, m})
	if !loop {
		for k := range e {
			sum = g.put(ir.OpAdd, nil, none, sum, term(g.constant(choice.Type.DType, float64(k)), k))
		}
		return
	}
	outside, most := len(g.vals), g.facts[sum].mag+float64(e)*max(g.facts[gates].mag, g.facts[rows].mag)
	g.depth++
	results, err := g.b.Loop(g.constant(tensor.I64, 0), g.constant(tensor.I64, float64(e)), 1, []*ir.Value{sum}, func(i *ir.Value, carried []*ir.Value) ([]*ir.Value, error) {
		g.facts[i] = facts{mag: float64(e), exact: true, below: e}
		g.facts[carried[0]] = facts{mag: most}
		return []*ir.Value{g.put(ir.OpAdd, nil, none, carried[0], term(i, 0))}, nil
	})
	g.depth--
	if err != nil {
		panic(err) // what is carried keeps its type
	}
	g.vals = g.vals[:outside]
	g.facts[results[0]] = facts{mag: most}
	g.vals = append(g.vals, results[0])
}
