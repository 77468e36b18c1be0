package irtest

import "github.com/lathe-lang/lathe/ir"

// zeros returns zeros by construction.
func (g *gen) zeros(sizes ...int) *ir.Value {
	v, err := g.b.Emit(ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(0), Exact: true}, ir.Make(g.float, sizes...))
	if err != nil {
		panic(err) // a constant is always well-typed
	}
	g.facts[v] = facts{exact: true}
	return v
}

// small returns a float matrix of a few rows and columns.
func (g *gen) small() *ir.Value {
	return g.like(g.float, []int{1 + g.src.Int(5, "rows"), 1 + g.src.Int(5, "columns")})
}

// blocked multiplies a matrix of blocks, some of them zeros, from either side.
func blocked(g *gen) {
	a, d := g.small(), g.small()
	m, n, p, q := a.Type.Dims()[0], a.Type.Dims()[1], d.Type.Dims()[0], d.Type.Dims()[1]
	var rows [2]*ir.Value
	if g.chance(2, "by padding") {
		pad := func(x *ir.Value, lo, hi int) *ir.Value {
			return g.emit(ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(0, lo), Hi: ir.Sizes(0, hi), Value: ir.FloatNumber(0)}, none, x)
		}
		rows = [2]*ir.Value{pad(a, 0, q), pad(d, n, 0)}
	} else {
		b, c := g.zeros(m, q), g.zeros(p, n)
		if g.chance(2, "triangle of blocks") {
			b = g.like(g.float, []int{m, q})
		}
		join := func(x, y *ir.Value) *ir.Value { return g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 1}, none, x, y) }
		rows = [2]*ir.Value{join(a, b), join(c, d)}
	}
	whole := g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 0}, none, rows[0], rows[1])
	if g.chance(2, "from the right") {
		x := g.like(g.float, []int{g.extent(), m + p})
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, x, whole)
		return
	}
	g.matmul(whole, nil)
}

// identityProduct multiplies with an identity, or a matrix that is no more than one.
func identityProduct(g *gen) {
	x := g.small()
	n := x.Type.Dims()[1]
	one, err := g.b.Full(ir.FloatNumber(1), ir.Make(g.float, n))
	if err != nil {
		panic(err) // a constant is always well-typed
	}
	g.facts[one] = facts{mag: 1, exact: true}
	if g.chance(3, "other diagonal") {
		one = g.like(g.float, []int{n})
	}
	g.matmul(x, g.emit(ir.OpDiag, nil, none, one))
}

// solvedProduct multiplies with an inverse from either side.
func solvedProduct(g *gen) {
	n := 1 + g.src.Int(6, "order")
	props := []ir.Prop{0, ir.Lower, ir.Upper, ir.Lower | ir.Unit, ir.SPD}
	a := g.matrix(nil, n, ir.Props{Set: props[g.src.Int(len(props), "property")]})
	swap := &ir.PermAttrs{Perm: []int{1, 0}}
	if g.chance(3, "transposed") {
		a = g.emit(ir.OpTranspose, swap, none, a)
	}
	inverse := g.emit(ir.OpInv, nil, none, a)
	if g.chance(2, "from the right") {
		x := g.like(g.float, []int{g.extent(), n})
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, x, inverse)
		return
	}
	g.matmul(inverse, nil)
}

// kronecker multiplies a vector, or a matrix, by a Kronecker product.
func kronecker(g *gen) {
	join := func(a, b *ir.Value) *ir.Value {
		m, n, p, q := a.Type.Dims()[0], a.Type.Dims()[1], b.Type.Dims()[0], b.Type.Dims()[1]
		k := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,cd->acbd"}, none, a, b)
		return g.emit(ir.OpReshape, nil, ir.Make(g.float, m*p, n*q), k)
	}
	a, b := g.small(), g.small()
	n, q := a.Type.Dims()[1], b.Type.Dims()[1]
	k := join(a, b)
	if g.chance(3, "by another one") {
		c, d := g.like(g.float, []int{n, g.extent()}), g.like(g.float, []int{q, g.extent()})
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, k, join(c, d))
		return
	}
	if g.chance(2, "vector") {
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,b->a"}, none, k, g.like(g.float, []int{n * q}))
		return
	}
	g.matmul(k, nil)
}

// kroneckerSum multiplies by a sum of Kronecker products with identities, and of a
// diagonal, as differential operators on a grid are.
func kroneckerSum(g *gen) {
	m, n := 1+g.src.Int(6, "rows"), 1+g.src.Int(6, "columns")
	eye := func(n int) *ir.Value {
		return g.emit(ir.OpDiag, nil, none, g.emit(ir.OpBroadcast, nil, ir.Make(g.float, n), g.constant(g.float, 1)))
	}
	join := func(a, b *ir.Value) *ir.Value {
		k := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,cd->acbd"}, none, a, b)
		return g.emit(ir.OpReshape, nil, ir.Make(g.float, m*n, m*n), k)
	}
	right := join(eye(m), g.like(g.float, []int{n, n}))
	if g.chance(3, "no identity") {
		right = join(g.like(g.float, []int{m, m}), g.like(g.float, []int{n, n}))
	}
	sum := g.emit([]ir.Op{ir.OpAdd, ir.OpSub}[g.src.Int(2, "sign")], nil, none, join(g.like(g.float, []int{m, m}), eye(n)), right)
	if g.chance(3, "diagonal") {
		sum = g.emit(ir.OpAdd, nil, none, sum, g.emit(ir.OpDiag, nil, none, g.like(g.float, []int{m * n})))
	}
	switch g.src.Int(3, "by") {
	case 0:
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,b->a"}, none, sum, g.like(g.float, []int{m * n}))
	case 1:
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,ca->cb"}, none, sum, g.like(g.float, []int{1 + g.src.Int(3, "rows"), m * n}))
	default:
		g.matmul(sum, nil)
	}
}

// pooled sums blocks of the rows of a product.
func pooled(g *gen) {
	n, block := 1+g.src.Int(4, "blocks"), 1+g.src.Int(4, "rows of a block")
	y := g.matmul(g.like(g.float, []int{n * block, g.extent()}), nil)
	if y == nil {
		return
	}
	x := g.emit(ir.OpReshape, nil, ir.Make(g.float, n, block, y.Type.Dims()[1]), y)
	g.emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{1}}, none, x)
}

// solvedBlocks solves with a matrix that has its blocks along the diagonal, or
// inverts it.
func solvedBlocks(g *gen) {
	props := []ir.Prop{ir.Lower, ir.Upper, ir.SPD}
	m, n := 1+g.src.Int(4, "order"), 1+g.src.Int(4, "order")
	block := func(n, before, behind int) *ir.Value {
		a := g.matrix(nil, n, ir.Props{Set: props[g.src.Int(len(props), "property")]})
		return g.emit(ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(0, before), Hi: ir.Sizes(0, behind), Value: ir.FloatNumber(0)}, none, a)
	}
	whole := g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: 0}, none, block(m, 0, n), block(n, m, 0))
	if g.chance(2, "inverse") {
		g.emit(ir.OpInv, nil, none, whole)
		return
	}
	g.emit(ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLU}, none, whole, g.like(g.float, []int{m + n, g.extent()}))
}
