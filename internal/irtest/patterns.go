package irtest

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// patterns are what rewrites look for, and near misses: a wrong rewrite shows
// only where it fires.
var patterns = []func(g *gen){
	oneHotProduct, oneHotBatch, dispatched, repeatedTake, chosenGates, groupedTokens, expertsInTurns,
	slicedProduct, chainOfProducts, twice, twin, sliceOfConcat, takeOfTake, reducedStretch, maskedSoftmax, maskedProduct, causalProduct,
	residual, routed, scatteredTake, distributed, diagonalScale, sumOfProduct, structuredProduct, normalised,
	summedProducts, overwritten, blocked, identityProduct, solvedProduct, kronecker, kroneckerSum, pooled, handedOn, island, island,
	sharedProduct, congruence, solvedBlocks,
	attended, attended, joinedFactor, accumulated, solvedBefore,
	convolved,
}

func slicedProduct(g *gen) {
	if v := g.matmul(g.floatOf(1), nil); v != nil && v.Type.Rank() > 0 {
		a, size := g.slice(v.Type.Dims())
		g.emit(ir.OpSlice, a, ir.Make(v.Type.DType, size...), v)
	}
}

func chainOfProducts(g *gen) {
	v := g.matmul(g.floatOf(2), nil)
	for range 1 + g.src.Int(2, "length") {
		if v != nil {
			v = g.matmul(v, nil)
		}
	}
}

// twice applies an operation that undoes itself.
func twice(g *gen) {
	v := g.floatOf(2)
	perm := []int{1, 0}
	for i := 2; i < v.Type.Rank(); i++ {
		perm = append(perm, i)
	}
	t := g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none, v)
	if g.chance(2, "between") {
		t = g.emit(ir.OpNeg, nil, none, t)
	}
	g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none, t)
}

// twin repeats an operation with one attribute or operand changed.
func twin(g *gen) {
	v := g.pick("twin", func(v *ir.Value) bool {
		return v.Op == ir.OpSlice || v.Op == ir.OpTake || v.Op == ir.OpScatter || v.Op == ir.OpSum || v.Op == ir.OpTri || v.Op == ir.OpConcat
	})
	if v == nil {
		return
	}
	args := slices.Clone(v.Args)
	switch a := v.Attrs.(type) {
	case *ir.SliceAttrs:
		dims, size := args[0].Type.Dims(), v.Type.Dims()
		start := make([]int, len(dims))
		for i, n := range dims {
			reach := max(size[i]-1, 0) * a.Step[i]
			if room := n - max(reach, -reach); room > 0 {
				start[i] = g.src.Int(room, "start") + max(-reach, 0)
			} else {
				start[i], _ = a.Start[i].Int()
			}
		}
		g.emit(ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(start...), Step: a.Step}, v.Type.Plain(), args[0])
	case *ir.AxesAttrs:
		g.emit(v.Op, g.reduced(args[0]), none, args[0])
	case *ir.TriAttrs:
		g.emit(v.Op, &ir.TriAttrs{K: a.K, Upper: !a.Upper}, none, args[0])
	case *ir.AxisAttrs:
		if v.Op == ir.OpConcat {
			slices.Reverse(args)
		} else {
			args[1] = g.index(args[1].Type.Dims(), args[0].Type.Dims()[a.Axis])
		}
		g.emit(v.Op, a, none, args...)
	case *ir.ScatterAttrs:
		g.emit(v.Op, g.scattered(a.Axis, v.Type.DType), none, args...)
	}
}

func sliceOfConcat(g *gen) {
	v := g.floatOf(1)
	axis := g.axis(v)
	w := g.like(v.Type.DType, v.Type.Dims())
	c := g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: axis}, none, v, w)
	a, size := g.slice(c.Type.Dims())
	g.emit(ir.OpSlice, a, ir.Make(c.Type.DType, size...), c)
}

func takeOfTake(g *gen) {
	v, axis := g.indexable()
	n := v.Type.Dims()[axis]
	count := 1 + g.src.Int(9, "count")
	t := g.emit(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, v, g.index([]int{count}, n))
	g.emit(ir.OpTake, &ir.AxisAttrs{Axis: axis}, none, t, g.index([]int{1 + g.src.Int(5, "count")}, count))
}

func reducedStretch(g *gen) {
	v := g.floatOf(1)
	dims := append([]int{1 + g.src.Int(9, "stretch")}, v.Type.Dims()...)
	if product(dims) > g.cfg.MaxElems {
		return
	}
	b := g.emit(ir.OpBroadcast, nil, ir.Make(v.Type.DType, dims...), v)
	g.emit(ir.OpSum, g.reduced(b), none, b)
}

// kept reduces the last axis and keeps it as one of size 1.
func (g *gen) kept(op ir.Op, v *ir.Value) *ir.Value {
	dims := v.Type.Dims()
	r := g.emit(op, &ir.AxesAttrs{Axes: []int{len(dims) - 1}}, none, v)
	dims[len(dims)-1] = 1
	return g.emit(ir.OpReshape, nil, ir.Make(r.Type.DType, dims...), r)
}

func maskedSoftmax(g *gen) {
	v := g.floatOf(2)
	dims := v.Type.Dims()
	if dims[len(dims)-1] == 0 {
		return
	}
	if g.facts[v].mag > 64 {
		v = g.clip(v, 8)
	}
	if g.chance(2, "mask") {
		v = g.emit(ir.OpTri, &ir.TriAttrs{K: dim.Const(0)}, none, v)
	}
	d := g.emit(ir.OpSub, nil, none, v, g.kept(ir.OpReduceMax, v))
	g.facts[d] = facts{mag: 2} // at most 0: exp is at most 1
	e := g.emit(ir.OpExp, nil, none, d)
	g.facts[e] = facts{mag: 1}
	s := g.emit(ir.OpDiv, nil, none, e, g.kept(ir.OpSum, e))
	g.facts[s] = facts{mag: 1}
	if g.chance(2, "product") {
		g.matmul(s, nil)
	}
}

func residual(g *gen) {
	v := g.floatOf(0)
	w := g.emit(ir.OpTanh, nil, none, v)
	g.emit(ir.OpAdd, nil, none, v, w)
}

// routed gathers what a top-k chose and scatters the result back.
func routed(g *gen) {
	n, k := 2+g.src.Int(15, "experts"), 2
	score := g.input(g.float, []int{n})
	top := g.emit(ir.OpTopK, &ir.TopKAttrs{Axis: 0, K: dim.Const(k)}, none, score)
	x := g.like(g.float, []int{n, g.extent()})
	t := g.emit(ir.OpTake, &ir.AxisAttrs{Axis: 0}, none, x, top)
	if r := g.matmul(t, nil); r != nil {
		into := g.like(g.float, []int{n, r.Type.Dims()[1]})
		g.emit(ir.OpScatter, &ir.ScatterAttrs{}, none, into, top, r)
	}
}

func scatteredTake(g *gen) {
	v, axis := g.indexable()
	if axis != 0 || !isFloat(v) {
		return
	}
	n := v.Type.Dims()[0]
	idx := g.index([]int{1 + g.src.Int(9, "count")}, n)
	t := g.emit(ir.OpTake, &ir.AxisAttrs{}, none, v, idx)
	zero, err := g.b.Full(ir.FloatNumber(0), v.Type)
	if err != nil {
		panic(err) // v has such a type
	}
	g.facts[zero] = facts{exact: true}
	g.emit(ir.OpScatter, &ir.ScatterAttrs{}, none, zero, idx, t)
}

// distributed makes a x + b x, or x a + x b.
func distributed(g *gen) {
	v := g.floatOf(2)
	w := g.like(v.Type.DType, v.Type.Dims())
	a := g.matmul(v, nil)
	if a == nil {
		return
	}
	right := a.Args[1]
	if a.Op != ir.OpContract { // it was clipped
		return
	}
	if b := g.matmul(w, right); b != nil {
		g.emit([]ir.Op{ir.OpAdd, ir.OpSub}[g.src.Int(2, "sign")], nil, none, a, b)
	}
}

func diagonalScale(g *gen) {
	v := g.floatOf(2)
	dims := v.Type.Dims()
	n := dims[len(dims)-1]
	if n > 33 {
		return
	}
	d := g.emit(ir.OpDiag, nil, none, g.like(v.Type.DType, []int{n}))
	g.matmul(v, d)
}

func sumOfProduct(g *gen) {
	if v := g.matmul(g.floatOf(2), nil); v != nil {
		g.emit(ir.OpSum, g.reduced(v), none, v)
	}
}

func structuredProduct(g *gen) {
	v := g.square()
	if v.Type.Rank() != 2 {
		return
	}
	a := g.emit(ir.OpAssume, nil, v.Type.WithProps(masks[g.src.Int(len(masks), "property")]), v)
	if g.chance(2, "transposed") {
		a = g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0}}, none, a)
	}
	g.matmul(a, nil)
}

func normalised(g *gen) {
	v := g.floatOf(1)
	dims := v.Type.Dims()
	n := dims[len(dims)-1]
	if n == 0 {
		return
	}
	square := g.emit(ir.OpMul, nil, none, v, v)
	mean := g.emit(ir.OpMul, nil, none, g.kept(ir.OpSum, square), g.constant(v.Type.DType, 1/float64(n)))
	r := g.emit(ir.OpRsqrt, nil, none, g.emit(ir.OpAdd, nil, none, mean, g.constant(v.Type.DType, 0x1p-10)))
	g.facts[r] = facts{mag: 32}
	g.emit(ir.OpMul, nil, none, v, r)
}
