package irtest

import (
	"github.com/lathe-lang/lathe/ir"
)

// handedOn makes products that hand rows to each other, with elementwise work or
// a softmax between: attention and feed-forward layers, batched or not, and near
// misses, in which something else needs what is between.
func handedOn(g *gen) {
	v := g.floatOf(2)
	if dims := v.Type.Dims(); product(dims) == 0 {
		return
	}
	for range 2 + g.src.Int(2, "products") {
		next := g.rowProduct(v)
		if next == nil {
			return
		}
		if g.facts[next].mag > 64 {
			next = g.clip(next, 8)
		}
		v = g.between(next)
		if g.chance(6, "needed elsewhere") {
			g.emit(ir.OpSum, g.reduced(v), none, v)
		}
	}
}

// rowProduct multiplies the rows of v by a matrix, or by one for each point of
// its first axis, either of them transposed or not.
func (g *gen) rowProduct(v *ir.Value) *ir.Value {
	dims := v.Type.Dims()
	r := len(dims)
	k, n := dims[r-1], g.extent()
	if product(dims[:r-1])*n > g.cfg.MaxElems || product(dims)*n > maxSpace || n == 0 {
		return nil
	}
	all := letters(r + 1)
	rows, sum, col := all[:r-1], all[r-1:r], all[r:]
	var batch []int
	spec := ""
	if r > 2 && g.chance(2, "batch") {
		batch, spec = dims[:1], all[:1]
	}
	shape := append(append([]int{}, batch...), k, n)
	right := spec + sum + col
	if g.chance(2, "transposed") {
		shape[len(shape)-2], shape[len(shape)-1] = n, k
		right = spec + col + sum
	}
	w := g.like(v.Type.DType, shape)
	return g.emit(ir.OpContract, &ir.ContractAttrs{Spec: rows + sum + "," + right + "->" + rows + col}, none, v, w)
}

// between does elementwise work on v, or a softmax of its rows.
func (g *gen) between(v *ir.Value) *ir.Value {
	switch g.src.Int(6, "between") {
	case 0:
		return v
	case 1:
		p := g.emit(ir.OpMax, nil, none, v, g.constant(v.Type.DType, 0))
		return g.emit(ir.OpMul, nil, none, p, p)
	case 2:
		return g.emit(ir.OpAdd, nil, none, v, g.partner(v))
	case 3:
		return g.emit(ir.OpMul, nil, none, v, g.partner(v))
	case 4:
		return g.emit(ir.OpTanh, nil, none, v)
	}
	d := g.emit(ir.OpSub, nil, none, v, g.kept(ir.OpReduceMax, v))
	g.facts[d] = facts{mag: 2} // at most 0: exp is at most 1
	e := g.emit(ir.OpExp, nil, none, d)
	g.facts[e] = facts{mag: 1}
	s := g.emit(ir.OpDiv, nil, none, e, g.kept(ir.OpSum, e))
	g.facts[s] = facts{mag: 1}
	return s
}
