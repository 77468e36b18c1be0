package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// symmetricDepth is how far symmetricValue follows operands.
const symmetricDepth = 8

// symmetricValue reports whether the matrices of v, its last two axes, are their
// own transposes to the last bit: promised, diagonal, a product with its own
// transpose, a sum with it, or elementwise work on such.
func symmetricValue(v *ir.Value) bool { return symmetricTo(v, symmetricDepth) }

func symmetricTo(v *ir.Value, depth int) bool {
	r := v.Type.Rank()
	if r < 2 || depth == 0 {
		return false
	}
	dims := v.Type.Dims()
	m, n := dims[r-2], dims[r-1]
	switch {
	case m != n:
		return false
	case v.Type.Props.Any(ir.Symmetric | ir.SPD | ir.Diagonal):
		return true
	case ir.DiagonalsOf(v, false) == (ir.Diagonals{}):
		return true
	}
	switch v.Op {
	case ir.OpContract:
		return ir.OwnTranspose(v)
	case ir.OpAssume:
		return v.Type.Props.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) == 0 && symmetricTo(v.Args[0], depth-1)
	case ir.OpTranspose:
		return matrixTransposed(v) && symmetricTo(v.Args[0], depth-1)
	}
	if v.Op.Info().Class != ir.Elementwise {
		return false
	}
	if v.Op.Info().Algebra&ir.Commutative != 0 && len(v.Args) == 2 {
		x, back := bare(v.Args[0], false)
		y, turned := bare(v.Args[1], false)
		if x == y && back != turned {
			return true
		}
	}
	return !slices.ContainsFunc(v.Args, func(a *ir.Value) bool {
		d := a.Type.Dims()
		r := len(d)
		alike := r == 0 || d[r-1] == 1 && (r == 1 || d[r-2] == 1) // everywhere
		return !alike && !symmetricTo(a, depth/2)
	})
}
