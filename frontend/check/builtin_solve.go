package check

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// solve solves a x = b; a vector is one right-hand side. Leading dimensions
// broadcast, as those of @.
func (b *builtinCall) solve() value {
	a, rhs := b.tensor("a"), b.tensor("b")
	m, n := a.Type.Rank(), rhs.Type.Rank()
	if m < 2 || !ir.SameSize(a.Type.Shape[m-1], a.Type.Shape[m-2]) {
		b.fail(b.placeOf("a"), "", "solve takes a square matrix, found %v", a.Type.Plain())
	}
	if n == 0 {
		b.fail(b.placeOf("b"), "", "solve takes vectors or matrices of right-hand sides, found %v", rhs.Type.Plain())
	}
	if a.Type.DType != rhs.Type.DType {
		b.fail(b.at, differHint(a.Type.DType, rhs.Type.DType), "solve: element types differ: %v and %v", a.Type.Plain(), rhs.Type.Plain())
	}
	vector := n == 1
	rows := rhs.Type.Shape[max(n-2, 0)]
	if size := a.Type.Shape[m-1]; !ir.SameSize(rows, size) {
		hint := ""
		if n == m-1 && ir.SameSize(rhs.Type.Shape[n-1], size) {
			hint = "for one vector a matrix write solve(a, b[..., None])[..., 0]"
		}
		b.fail(b.placeOf("b"), hint, "solve: %v asks for right-hand sides with %v rows, found %v with %v", a.Type.Plain(), size, rhs.Type.Plain(), rows)
	}
	attrs := &ir.SolveAttrs{Form: b.c.solveForm(a)}
	if vector {
		rhs = b.reshape(rhs, []dim.Expr{rows, dim.Const(1)})
		n = 2
	}
	var x *ir.Value
	if m == 2 && n > 2 {
		x = b.solveColumns(attrs, a, rhs)
	} else {
		lead, err := ir.BroadcastShape(a.Type.Shape[:m-2], rhs.Type.Shape[:n-2])
		if err != nil {
			b.fail(b.at, "", "solve: the leading dimensions of %v and %v do not broadcast: %v", a.Type.Plain(), rhs.Type.Plain(), err)
		}
		x = b.emit(ir.OpSolve, attrs, ir.Type{}, b.led(a, lead), b.led(rhs, lead))
	}
	if vector {
		x = b.reshape(x, x.Type.Shape[:x.Type.Rank()-1])
	}
	return tensorValue(x)
}

// led stretches the leading dimensions of matrices.
func (b *builtinCall) led(x *ir.Value, lead []dim.Expr) *ir.Value {
	r := x.Type.Rank()
	shape := slices.Concat(lead, x.Type.Shape[r-2:])
	if len(shape) == r && slices.EqualFunc(x.Type.Shape, shape, dim.Expr.Equal) {
		return x
	}
	return b.emit(ir.OpBroadcast, nil, ir.Type{DType: x.Type.DType, Shape: shape}, x)
}

// solveColumns solves for all right-hand sides of one matrix at once: so the
// matrix is factored once. [.., n, m] becomes [n, .. * m] and back.
func (b *builtinCall) solveColumns(attrs *ir.SolveAttrs, a, rhs *ir.Value) *ir.Value {
	r := rhs.Type.Rank()
	there := []int{r - 2}
	back := make([]int, r)
	for i := range r - 2 {
		there = append(there, i)
		back[i] = i + 1
	}
	there = append(there, r-1)
	back[r-2], back[r-1] = 0, r-1
	turned := b.emit(ir.OpTranspose, &ir.PermAttrs{Perm: there}, ir.Type{}, rhs)
	flat := b.reshape(turned, []dim.Expr{turned.Type.Shape[0], ir.Product(turned.Type.Shape[1:])})
	x := b.emit(ir.OpSolve, attrs, ir.Type{}, a, flat)
	return b.emit(ir.OpTranspose, &ir.PermAttrs{Perm: back}, ir.Type{}, b.reshape(x, turned.Type.Shape))
}

// solveForm chooses how to solve with a matrix by what is known of it.
func (c *checker) solveForm(a *ir.Value) string {
	return ir.SolveForm(c.structure(a, 0))
}

// maxStructure is how many operations the structure of a matrix is followed
// back over.
const maxStructure = 32

// structure returns what is known of a matrix: by declaration, or by the way it
// was made. SPD stands for Gram matrices too, which are at least semidefinite.
func (c *checker) structure(v *ir.Value, depth int) ir.Props {
	p := ir.Props{Set: v.Type.Props.Set & (ir.Lower | ir.Upper | ir.Unit | ir.Diagonal | ir.SPD)}
	if p.Set != 0 || depth > maxStructure || v.Type.Tuple != nil || v.Type.Rank() < 2 {
		return p
	}
	of := func(i int) ir.Props { return c.structure(v.Args[i], depth+1) }
	switch v.Op {
	case ir.OpDiag:
		p.Set = ir.Diagonal
	case ir.OpTri:
		attrs := v.Attrs.(*ir.TriAttrs)
		k, known := attrs.K.Int()
		inner := of(0)
		p.Set = inner.Set & (ir.Lower | ir.Upper | ir.Diagonal)
		switch {
		case known && attrs.Upper && k >= 0:
			p.Set |= ir.Upper
		case known && !attrs.Upper && k <= 0:
			p.Set |= ir.Lower
		}
	case ir.OpTranspose:
		if r := v.Type.Rank(); swapsLast(v.Attrs.(*ir.PermAttrs).Perm) && r >= 2 {
			p = flipped(of(0))
		}
	case ir.OpMul, ir.OpDiv:
		for i := range v.Args {
			if i == 1 && v.Op == ir.OpDiv || !v.Args[1-i].IsScalar() {
				continue
			}
			p.Set = of(i).Set & (ir.Lower | ir.Upper | ir.Diagonal)
			if of(i).Has(ir.SPD) && positive(v.Args[1-i]) {
				p.Set |= ir.SPD
			}
		}
	case ir.OpAdd:
		left, right := of(0), of(1)
		p.Set = left.Set & right.Set & (ir.Lower | ir.Upper | ir.Diagonal)
		if (left.Has(ir.SPD) || positiveEye(v.Args[0])) && (right.Has(ir.SPD) || positiveEye(v.Args[1])) {
			p.Set |= ir.SPD
		}
	case ir.OpContract:
		if isGram(v) {
			p.Set = ir.SPD
		}
	}
	return p
}

// swapsLast reports whether a permutation swaps the last two axes and leaves
// the others.
func swapsLast(perm []int) bool {
	r := len(perm)
	for i, axis := range perm[:r-2] {
		if axis != i {
			return false
		}
	}
	return perm[r-2] == r-1 && perm[r-1] == r-2
}

// flipped returns the structure of the transpose.
func flipped(p ir.Props) ir.Props {
	out := ir.Props{Set: p.Set &^ (ir.Lower | ir.Upper)}
	if p.Has(ir.Lower) {
		out.Set |= ir.Upper
	}
	if p.Has(ir.Upper) {
		out.Set |= ir.Lower
	}
	return out
}

// positive reports whether v is a positive static number everywhere.
func positive(v *ir.Value) bool {
	switch v.Op {
	case ir.OpFull:
		n := v.Attrs.(*ir.FullAttrs).Value
		return n.IsInt && n.Int > 0 || !n.IsInt && n.Float > 0
	case ir.OpBroadcast, ir.OpReshape:
		return positive(v.Args[0])
	}
	return false
}

// positiveEye reports whether v is a positive static multiple of the unit matrix.
func positiveEye(v *ir.Value) bool {
	switch v.Op {
	case ir.OpDiag:
		return positive(v.Args[0])
	case ir.OpMul:
		return v.Args[0].IsScalar() && positive(v.Args[0]) && positiveEye(v.Args[1]) ||
			v.Args[1].IsScalar() && positive(v.Args[1]) && positiveEye(v.Args[0])
	case ir.OpDiv:
		return v.Args[1].IsScalar() && positive(v.Args[1]) && positiveEye(v.Args[0])
	}
	return false
}

// isGram reports whether a contraction multiplies a value by itself such that
// the result is a.T @ a for each of its leading dimensions: the operands have
// all indices in common but one each, which are the last two of the result.
func isGram(v *ir.Value) bool {
	operands, result, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil || len(operands) != 2 || len(result) < 2 || !v.Type.DType.IsFloat() {
		return false
	}
	x, left := untransposed(v.Args[0], operands[0])
	y, right := untransposed(v.Args[1], operands[1])
	if x != y {
		return false
	}
	r := len(result)
	differ := 0
	for i := range left {
		if left[i] == right[i] {
			if left[i] == result[r-1] || left[i] == result[r-2] {
				return false
			}
			continue
		}
		differ++
		ends := string([]byte{left[i], right[i]})
		if ends != result[r-2:] && ends != string([]byte{result[r-1], result[r-2]}) {
			return false
		}
	}
	return differ == 1
}

// untransposed returns the value that transpositions of it gave v, with the
// indices of v in its order.
func untransposed(v *ir.Value, idx string) (*ir.Value, string) {
	for v.Op == ir.OpTranspose {
		perm := v.Attrs.(*ir.PermAttrs).Perm
		was := make([]byte, len(perm))
		for i, axis := range perm {
			was[axis] = idx[i]
		}
		v, idx = v.Args[0], string(was)
	}
	return v, idx
}
