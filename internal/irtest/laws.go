package irtest

import (
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// lawPatterns are what the laws of the passes fold, simplify, structure and cse
// look for, beside patterns.
var lawPatterns = []func(g *gen){zeroFactor, undone, chosenBranch, orthogonalProduct, sharedSolves, lowRank, transposedTwin, foldable, nearly, joined, turnedTwice, nested, changedBeside, keptAcrossTurns, lessFinite}

// zeroFactor multiplies with zeros by construction, or with zeros that a program
// computed, which are no such.
func zeroFactor(g *gen) {
	v := g.floatOf(2)
	dims := v.Type.Dims()
	zero := g.zeros(dims[len(dims)-1], g.extent())
	if g.chance(3, "computed") {
		zero = g.emit(ir.OpMul, nil, none, zero, g.like(zero.Type.DType, zero.Type.Dims()))
	}
	if zero.Type.DType == v.Type.DType {
		g.matmul(v, zero)
	}
}

// undone applies what changes nothing.
func undone(g *gen) {
	v := g.floatOf(1)
	d := v.Type.DType
	switch g.src.Int(8, "what changes nothing") {
	case 0:
		g.emit(ir.OpNeg, nil, none, g.emit(ir.OpNeg, nil, none, v))
	case 1:
		g.emit(ir.OpAdd, nil, none, v, g.constant(d, 0))
	case 2:
		g.emit(ir.OpMul, nil, none, g.constant(d, 1), v)
	case 3:
		g.emit(ir.OpSub, nil, none, v, g.constant(d, 0))
	case 4:
		g.emit(ir.OpDiv, nil, none, v, g.constant(d, 1))
	case 5:
		d := g.like(g.float, []int{1 + g.src.Int(9, "order")})
		g.emit(ir.OpDiagonal, nil, none, g.emit(ir.OpDiag, nil, none, d))
	case 6:
		props := []ir.Prop{ir.Symmetric, ir.SPD, ir.Lower}
		m := g.matrix(nil, 1+g.src.Int(9, "order"), ir.Props{Set: props[g.src.Int(3, "property")]})
		g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0}}, none, m)
	case 7:
		c := g.zeros(2+g.src.Int(3, "rows"), 3)
		if g.chance(2, "sliced") {
			a, size := g.slice(c.Type.Dims())
			g.emit(ir.OpSlice, a, ir.Make(c.Type.DType, size...), c)
		} else {
			g.emit(ir.OpConcat, &ir.AxisAttrs{Axis: g.src.Int(2, "axis")}, none, c, c)
		}
	}
}

// chosenBranch chooses by what is known when compiling.
func chosenBranch(g *gen) {
	v := g.floatOf(1)
	w := g.partner(v)
	if g.chance(2, "swap") {
		v, w = w, v
	}
	c, err := g.b.Full(ir.IntNumber(int64(g.src.Int(2, "choice"))), ir.Make(tensor.Bool))
	if err != nil {
		panic(err) // a constant is always well-typed
	}
	g.facts[c] = facts{mag: 1, exact: true}
	g.emit(ir.OpWhere, nil, none, c, v, w)
}

// orthogonalProduct multiplies orthogonal matrices with themselves, transposed or
// not, inverts them, and solves with them.
func orthogonalProduct(g *gen) {
	props := []ir.Prop{ir.Orthogonal, ir.Permutation}
	q := g.matrix(nil, 1+g.src.Int(9, "order"), ir.Props{Set: props[g.src.Int(2, "property")]})
	turned := g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0}}, none, q)
	other := func() *ir.Value { return g.like(g.float, []int{q.Type.Dims()[0], 1 + g.src.Int(5, "columns")}) }
	switch g.src.Int(8, "use") {
	case 6:
		g.matmul(turned, g.matmul(q, other()))
	case 7: // (q a).T (q b), or of another sum
		x, y := g.matmul(q, other()), g.matmul([]*ir.Value{q, turned}[g.src.Int(2, "way")], other())
		if x != nil && y != nil {
			g.matmul(g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: []int{1, 0}}, none, x), y)
		}
	case 0:
		g.matmul(turned, q)
	case 1:
		g.matmul(q, turned)
	case 2:
		g.matmul(q, q)
	case 3:
		g.emit(ir.OpInv, nil, none, q)
	case 4:
		g.matmul(g.emit(ir.OpInv, nil, none, turned), q)
	default:
		g.emit(ir.OpSolve, &ir.SolveAttrs{Form: ir.SolveLU}, none, q, other())
	}
}

// sharedSolves solves with one matrix for several right-hand sides, of which the
// second may depend on the first solution.
func sharedSolves(g *gen) {
	n := 1 + g.src.Int(7, "order")
	form, props := ir.SolveLU, ir.Props{}
	if g.chance(2, "positive") {
		form, props = ir.SolveSPD, ir.Props{Set: ir.SPD}
	}
	a := g.matrix(nil, n, props)
	b, c := g.like(g.float, []int{n, 1 + g.src.Int(5, "columns")}), g.like(g.float, []int{n, 1 + g.src.Int(5, "columns")})
	solve := func(a, b *ir.Value) *ir.Value {
		x := g.emit(ir.OpSolve, &ir.SolveAttrs{Form: form}, none, a, b)
		g.facts[x] = facts{mag: g.facts[b].mag * 8}
		return x
	}
	x := solve(a, b)
	if g.chance(3, "one after the other") {
		c = x
	}
	y := solve(a, c)
	switch g.src.Int(4, "by a product") {
	case 2:
		g.matmul(y, nil)
	case 3: // and by another, with few columns
		k := 1 + g.src.Int(9, "inner")
		if z := g.matmul(y, g.like(g.float, []int{y.Type.Dims()[1], k})); z != nil {
			g.matmul(z, g.like(g.float, []int{k, 1 + g.src.Int(2, "last")}))
		}
	}
}

// lowRank multiplies a sum of something and a thin product with few columns,
// which is cheaper multiplied out.
func lowRank(g *gen) {
	n := 3 + g.src.Int(14, "order")
	base := g.like(g.float, []int{n, n})
	u, v := g.like(g.float, []int{n, 1 + g.src.Int(2, "rank")}), g.constant(g.float, 2)
	thin := g.matmul(u, g.like(g.float, []int{u.Type.Dims()[1], n}))
	if thin == nil || thin.Op != ir.OpContract {
		return
	}
	if g.chance(3, "scaled") {
		thin = g.emit(ir.OpMul, nil, none, v, thin)
	}
	sum := g.emit([]ir.Op{ir.OpAdd, ir.OpSub}[g.src.Int(2, "sign")], nil, none, base, thin)
	if sum.Op != ir.OpMin { // it was not clipped
		g.matmul(sum, g.like(g.float, []int{n, 1 + g.src.Int(2, "columns")}))
	}
}

// transposedTwin computes a product, and the same one transposed: half the time one
// of square matrices, which has the type of the other.
func transposedTwin(g *gen) {
	a, b := g.floatOf(2), (*ir.Value)(nil)
	if g.chance(2, "square") {
		n := 1 + g.src.Int(9, "order")
		a, b = g.like(g.float, []int{n, n}), g.like(g.float, []int{n, n})
	}
	if a.Type.Rank() != 2 {
		return
	}
	c := g.matmul(a, b)
	if c == nil || c.Op != ir.OpContract {
		return
	}
	swap := &ir.PermAttrs{Perm: []int{1, 0}}
	left, right := g.emit(ir.OpTranspose, swap, none, c.Args[1]), g.emit(ir.OpTranspose, swap, none, a)
	switch g.src.Int(3, "form") {
	case 0:
		g.matmul(left, right)
	case 1:
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "kj,ik->ji"}, none, c.Args[1], a)
	default:
		g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "jk,ik->ji"}, none, left, a)
	}
}

// foldable computes with constants, which have different results in any order,
// and uses what comes out.
func foldable(g *gen) {
	v := g.floatOf(0)
	d := v.Type.DType
	numbers := []float64{2, 3, -1, 0.5, 4}
	i := g.src.Int(len(numbers), "first")
	a, b := g.constant(d, numbers[i]), g.constant(d, numbers[(i+1+g.src.Int(len(numbers)-1, "second"))%len(numbers)])
	c := g.emit([]ir.Op{ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpDiv}[g.src.Int(4, "operation")], nil, none, a, b)
	g.facts[c] = facts{mag: 16}
	if g.chance(3, "negated") {
		c = g.emit(ir.OpNeg, nil, none, c)
	}
	if r := g.emit([]ir.Op{ir.OpMul, ir.OpAdd}[g.src.Int(2, "use")], nil, none, v, c); g.chance(2, "product") && r.Type.Rank() > 1 {
		g.matmul(r, nil)
	}
}

// nearly applies what changes something, as near as can be to what does not.
func nearly(g *gen) {
	v := g.floatOf(1)
	c := g.constant(v.Type.DType, []float64{0, 0, 1, -1, 2}[g.src.Int(5, "number")])
	op := []ir.Op{ir.OpSub, ir.OpSub, ir.OpMul, ir.OpAdd}[g.src.Int(4, "operation")]
	if g.chance(2, "swap") {
		g.emit(op, nil, none, v, c)
	} else {
		g.emit(op, nil, none, c, v)
	}
}

// joined joins constants, which are or are not the same.
func joined(g *gen) {
	full := func(rows int) *ir.Value {
		v, err := g.b.Full(ir.FloatNumber(float64(g.src.Int(3, "number"))), ir.Make(g.float, rows, 3))
		if err != nil {
			panic(err) // a constant is always well-typed
		}
		g.facts[v] = facts{mag: 2, exact: true}
		return v
	}
	x := g.emit(ir.OpConcat, &ir.AxisAttrs{}, none, full(1+g.src.Int(3, "rows")), full(2))
	g.matmul(x, nil)
}

// turnedTwice moves the axes of a tensor of three or four, and moves them again,
// which in the other order would be something else.
func turnedTwice(g *gen) {
	v := g.like(g.float, g.shape(3+g.src.Int(2, "rank")))
	for range 2 {
		perm := make([]int, v.Type.Rank())
		for i := range perm {
			j := g.src.Int(i+1, "axis")
			perm[i], perm[j] = perm[j], i
		}
		v = g.emit(ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none, v)
	}
}

// nested applies two of the functions that may undo each other, in any order.
func nested(g *gen) {
	v := g.floatOf(1)
	ops := []ir.Op{ir.OpNeg, ir.OpAbs, ir.OpFloor, ir.OpCeil, ir.OpRound, ir.OpSign}
	for range 2 {
		v = g.emit(ops[g.src.Int(len(ops), "function")], nil, none, v)
	}
}

// changedBeside changes a part of a product and needs the product as it was, too.
func changedBeside(g *gen) {
	v := g.matmul(g.floatOf(2), nil)
	if v == nil || v.Type.Rank() != 2 {
		return
	}
	a, size := g.slice(v.Type.Dims())
	u := g.emit(ir.OpUpdate, a, none, v, g.like(v.Type.DType, size))
	g.matmul(u, nil)
	g.matmul(v, nil)
}

// keptAcrossTurns computes what every turn of a loop reads first, and then makes
// more in each turn.
func keptAcrossTurns(g *gen) {
	n := 2 + g.src.Int(5, "size")
	square := func() *ir.Value { return g.like(g.float, []int{n, n}) }
	product := func(a, b *ir.Value) *ir.Value {
		return g.put(ir.OpTanh, nil, none, g.put(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, a, b))
	}
	kept, p, q := product(square(), square()), square(), square()
	g.turned(g.like(g.float, []int{1 + g.src.Int(4, "rows"), n}), func(row, carried *ir.Value) *ir.Value {
		v := product(g.put(ir.OpMul, nil, none, row, carried), kept)
		return product(product(v, p), q)
	})
}

// lessFinite cancels what is finite whatever the arguments are, a table of
// positions, or what only seems so: it has a zero by construction, is chosen
// beside something, or is multiplied by an argument.
func lessFinite(g *gen) {
	v := g.floatOf(1)
	shape := v.Type.Dims()
	at := g.emit(ir.OpIota, &ir.AxisAttrs{Axis: g.axis(v)}, ir.Make(tensor.I64, shape...))
	x := g.emit(ir.OpConvert, nil, ir.Make(v.Type.DType, shape...), at)
	switch g.src.Int(6, "made of it") {
	case 0:
		x = g.emit(ir.OpSin, nil, none, x)
	case 1:
		if len(shape) > 1 {
			x = g.emit(ir.OpTri, &ir.TriAttrs{K: dim.Const(0)}, none, x)
		}
	case 2:
		x = g.emit(ir.OpMul, nil, none, x, g.like(v.Type.DType, shape))
	case 3:
		x = g.emit(ir.OpWhere, nil, none, g.like(tensor.Bool, shape), x, g.emit(ir.OpNeg, nil, none, x))
	}
	switch g.src.Int(4, "how") {
	case 0:
		x = g.emit(ir.OpSub, nil, none, x, x)
		g.emit(ir.OpAdd, nil, none, v, x)
	case 1:
		g.emit(ir.OpSub, nil, none, g.emit(ir.OpAdd, nil, none, v, x), x)
	case 2:
		g.emit(ir.OpAdd, nil, none, x, g.emit(ir.OpSub, nil, none, v, x))
	default:
		zero := g.emit(ir.OpMul, nil, none, g.constant(v.Type.DType, 0), x)
		if len(shape) > 1 {
			g.matmul(zero, nil)
		}
	}
}
