package irtest

import (
	"github.com/lathe-lang/lathe/ir"
)

// island makes a formula of linear algebra on matrices and vectors of two
// sizes: what the passes that reorder products and sums work on.
func island(g *gen) {
	i := &islander{gen: g, sizes: [2]int{1 + g.src.Int(9, "size"), 1 + g.src.Int(5, "size")}}
	v := i.matrix(i.sizes[g.src.Int(2, "size")], i.sizes[g.src.Int(2, "size")], 2+g.src.Int(3, "depth"))
	switch g.src.Int(6, "end") {
	case 0:
		g.emit(ir.OpSum, g.reduced(v), none, v)
	case 1:
		if d := v.Type.Dims(); d[0] == d[1] {
			g.emit(ir.OpSum, &ir.AxesAttrs{Axes: []int{0}}, none, g.emit(ir.OpDiagonal, nil, none, v))
		}
	}
}

// sharedProduct multiplies vectors, or matrices, by one product of matrices, which
// may be needed by something else too.
func sharedProduct(g *gen) {
	n := 2 + g.src.Int(6, "size")
	i := &islander{gen: g, sizes: [2]int{n, 1 + g.src.Int(n, "size")}}
	s := i.product("ab,bc->ac", i.matrix(n, i.sizes[1], 1), i.matrix(i.sizes[1], n, 1))
	if g.chance(2, "sum") {
		s = g.emit([]ir.Op{ir.OpAdd, ir.OpSub}[g.src.Int(2, "sum")], nil, none, i.matrix(n, n, 1), s)
	}
	for range 2 + g.src.Int(2, "uses") {
		spec, x := "ab,b->a", g.like(i.float, []int{n})
		if g.chance(4, "matrix") {
			spec, x = "ab,bc->ac", g.like(i.float, []int{n, i.sizes[g.src.Int(2, "columns")]})
		}
		x = i.product(spec, s, x)
		if g.chance(3, "again") {
			i.product(spec, s, x)
		}
	}
	if g.chance(4, "elsewhere") {
		g.emit(ir.OpExp, nil, none, s)
	}
}

// congruence multiplies a matrix that is symmetric, or nearly, by another one on
// one side and by that transposed on the other.
func congruence(g *gen) {
	n, m := 1+g.src.Int(7, "size"), 1+g.src.Int(7, "size")
	i := &islander{gen: g, sizes: [2]int{n, m}}
	x, s := i.matrix(n, m, 1), i.matrix(n, n, 1)
	switch g.src.Int(5, "middle") {
	case 0:
		s = g.emit(ir.OpAssume, nil, s.Type.WithProps(ir.Props{Set: ir.Symmetric}), s)
	case 1:
		s = g.emit(ir.OpAdd, nil, none, g.emit(ir.OpTranspose, swapped, none, s), s)
	case 2:
		s = i.product("ab,cb->ac", s, s)
	case 3:
		s = g.emit(ir.OpDiag, nil, none, g.like(g.float, []int{n}))
	}
	if g.chance(3, "elementwise") {
		s = g.emit(ir.OpAbs, nil, none, s)
	}
	last := x
	if g.chance(4, "another") {
		last = i.matrix(n, m, 1)
	}
	if g.chance(2, "order") {
		i.product("ba,bc->ac", x, i.product("ab,bc->ac", s, last))
	} else {
		i.product("ab,bc->ac", i.product("ba,bc->ac", x, s), last)
	}
}

// An islander makes the parts of an island.
type islander struct {
	*gen
	sizes [2]int
}

var swapped = &ir.PermAttrs{Perm: []int{1, 0}}

// matrix returns an m x n matrix from operations of at most the given depth.
func (i *islander) matrix(m, n, depth int) *ir.Value {
	if depth == 0 || i.chance(6, "leaf") {
		return i.leaf(m, n)
	}
	d := depth - 1
	k := i.sizes[i.src.Int(2, "inner size")]
	switch i.src.Int(12, "part") {
	case 0:
		return i.emit(ir.OpAdd, nil, none, i.matrix(m, n, d), i.matrix(m, n, d))
	case 1:
		return i.emit(ir.OpSub, nil, none, i.matrix(m, n, d), i.matrix(m, n, d))
	case 2:
		c := []float64{2, -3, 0.5, 0.1}[i.src.Int(4, "factor")]
		return i.emit([]ir.Op{ir.OpMul, ir.OpDiv}[i.src.Int(2, "scale")], nil, none, i.matrix(m, n, d), i.constant(i.float, c))
	case 3:
		return i.emit(ir.OpNeg, nil, none, i.matrix(m, n, d))
	case 4:
		return i.emit(ir.OpTranspose, swapped, none, i.matrix(n, m, d))
	case 5: // a column scales the rows, a row the columns
		v := i.matrix(m, 1, min(d, 1))
		if i.chance(2, "row") {
			v = i.matrix(1, n, min(d, 1))
		}
		return i.emit(ir.OpMul, nil, none, v, i.matrix(m, n, d))
	case 6:
		v := i.emit(ir.OpDiag, nil, none, i.like(i.float, []int{m}))
		return i.product("ab,bc->ac", v, i.matrix(m, n, d))
	case 7: // of rank one
		return i.product("ab,bc->ac", i.matrix(m, 1, d), i.matrix(1, n, d))
	case 8:
		return i.product("ab,cb->ac", i.matrix(m, k, d), i.matrix(n, k, d))
	case 9:
		return i.product("ab,ac->bc", i.matrix(k, m, d), i.matrix(k, n, d))
	}
	return i.product("ab,bc->ac", i.matrix(m, k, d), i.matrix(k, n, d))
}

func (i *islander) product(spec string, a, b *ir.Value) *ir.Value {
	return i.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, none, a, b)
}

// leaf returns a value in scope or a new one, now and then with a structure.
func (i *islander) leaf(m, n int) *ir.Value {
	v := i.like(i.float, []int{m, n})
	if m == n && i.chance(5, "structure") {
		v = i.emit(ir.OpAssume, nil, v.Type.WithProps(masks[i.src.Int(len(masks), "property")]), v)
	}
	return v
}
