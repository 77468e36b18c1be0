package irtest

import "github.com/lathe-lang/lathe/ir"

// accumulated scatters rows into zeros and adds what is there already.
func accumulated(g *gen) {
	n, d := 2+g.src.Int(7, "rows"), 1+g.src.Int(5, "columns")
	idx := g.index([]int{1 + g.src.Int(9, "count")}, n)
	updates := g.like(g.float, []int{idx.Type.Dims()[0], d})
	sum := g.emit(ir.OpScatter, &ir.ScatterAttrs{Set: g.chance(6, "set")}, none, g.zeros(n, d), idx, updates)
	x := g.like(g.float, []int{n, d})
	if g.chance(2, "swap") {
		x, sum = sum, x
	}
	g.emit(ir.OpAdd, nil, none, x, sum)
}

// solvedBefore multiplies a solution for many right-hand sides by a thin matrix.
func solvedBefore(g *gen) {
	n := 2 + g.src.Int(5, "order")
	a := g.matrix(nil, n, ir.Props{Set: []ir.Prop{0, ir.Lower, ir.SPD}[g.src.Int(3, "property")]})
	form := ir.SolveLU
	switch {
	case a.Type.Props.Has(ir.Lower):
		form = ir.SolveLower
	case a.Type.Props.Has(ir.SPD):
		form = ir.SolveSPD
	}
	b := g.input(g.float, []int{n, 2 + g.src.Int(9, "right-hand sides")})
	x := g.emit(ir.OpSolve, &ir.SolveAttrs{Form: form}, none, a, b)
	g.facts[x] = facts{mag: g.facts[b].mag * 8}
	g.emit(ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, none, x, g.like(g.float, []int{b.Type.Dims()[1], 1 + g.src.Int(2, "columns")}))
}
