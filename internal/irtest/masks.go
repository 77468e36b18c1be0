package irtest

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// mask makes a truth value of rows and columns from iotas: a triangle, a window,
// blocks on the diagonal, or something of the columns alone.
func (g *gen) mask(rows, cols int) *ir.Value {
	ints := func(n int) *ir.Value {
		v, err := g.b.Full(ir.IntNumber(int64(n)), ir.Make(tensor.I64))
		if err != nil {
			panic(err) // a constant is always well-typed
		}
		g.facts[v] = facts{mag: 16, exact: true}
		return v
	}
	iota := func(n int) *ir.Value { return g.emit(ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I64, n)) }
	column := func(v *ir.Value) *ir.Value {
		return g.emit(ir.OpReshape, nil, ir.Make(tensor.I64, v.Type.Dims()[0], 1), v)
	}
	j, i := iota(cols), column(iota(rows))
	size := ints(1 + g.src.Int(4, "size"))
	compare := []ir.Op{ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe, ir.OpEq}[g.src.Int(5, "comparison")]
	switch g.src.Int(5, "form") {
	case 0:
		return g.emit(compare, nil, none, j, i)
	case 1:
		return g.emit(compare, nil, none, g.emit(ir.OpAbs, nil, none, g.emit(ir.OpSub, nil, none, j, i)), size)
	case 2:
		return g.emit(compare, nil, none, g.emit(ir.OpFloorDiv, nil, none, j, size), g.emit(ir.OpFloorDiv, nil, none, i, size))
	case 3:
		shifted := g.emit(ir.OpAdd, nil, none, i, size)
		in := g.emit(ir.OpAnd, nil, none, g.emit(ir.OpLe, nil, none, j, shifted), g.emit(ir.OpGe, nil, none, j, i))
		if g.chance(2, "not") {
			in = g.emit(ir.OpNot, nil, none, in)
		}
		return in
	}
	every := g.emit(compare, nil, none, j, size)
	return g.emit(ir.OpBroadcast, nil, ir.Make(tensor.Bool, rows, cols), every)
}

// maskedProduct multiplies with what a mask leaves of a product, by choice or by
// a factor.
func maskedProduct(g *gen) {
	m, n, d := 2+g.src.Int(9, "rows"), 2+g.src.Int(9, "columns"), 1+g.src.Int(4, "depth")
	x := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,cb->ac"}, none, g.like(g.float, []int{m, d}), g.like(g.float, []int{n, d}))
	zero := g.constant(g.float, 0)
	if g.chance(2, "relu") {
		x = g.emit(ir.OpMax, nil, none, x, zero)
	}
	c := g.mask(m, n)
	switch g.src.Int(5, "form") {
	case 0:
		x = g.emit(ir.OpWhere, nil, none, c, x, zero)
	case 1:
		x = g.emit(ir.OpWhere, nil, none, c, zero, x)
	case 2:
		x = g.emit(ir.OpMul, nil, none, g.emit(ir.OpConvert, nil, ir.Make(g.float, m, n), c), x)
	case 3:
		ones, err := g.b.Full(ir.FloatNumber(1), ir.Make(g.float, m, n))
		if err != nil {
			panic(err) // a constant is always well-typed
		}
		g.facts[ones] = facts{mag: 1, exact: true}
		x = g.emit(ir.OpMul, nil, none, x, g.emit(ir.OpTri, &ir.TriAttrs{K: dim.Const(g.src.Int(3, "diagonal") - 1), Upper: g.chance(2, "upper")}, none, ones))
	case 4: // a softmax, but for its maximum: less that, residues know no infinity
		x = g.emit(ir.OpWhere, nil, none, c, g.clip(x, 8), g.constant(g.float, math.Inf(-1)))
		g.facts[x] = facts{mag: 8}
		x = g.emit(ir.OpExp, nil, none, x)
		g.facts[x] = facts{mag: 4096}
		x = g.emit(ir.OpDiv, nil, none, x, g.kept(ir.OpSum, x))
		g.facts[x] = facts{mag: 1}
	}
	g.matmul(x, nil)
}

// causalProduct makes linear attention of enough positions for chunks of them.
func causalProduct(g *gen) {
	n, d, e := 64+g.src.Int(9, "positions"), 1+g.src.Int(3, "depth"), 1+g.src.Int(3, "columns")
	if n*n > g.cfg.MaxElems {
		return
	}
	q, k := g.like(g.float, []int{n, d}), g.like(g.float, []int{n, d})
	x := g.emit(ir.OpContract, &ir.ContractAttrs{Spec: []string{"ab,cb->ac", "cb,ab->ca"}[g.src.Int(2, "spec")]}, none, q, k)
	if g.chance(3, "scaled") {
		x = g.emit(ir.OpMul, nil, none, x, g.constant(g.float, 0.5))
	}
	if g.chance(5, "squared") {
		x = g.emit(ir.OpMul, nil, none, x, x)
	}
	x = g.emit(ir.OpTri, &ir.TriAttrs{K: dim.Const(g.src.Int(3, "diagonal") - 1), Upper: g.chance(5, "upper")}, none, x)
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, x, g.like(g.float, []int{n, e}))
}
