package kernel

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// OnlyDiagonals reports whether what is zero by construction in v is just what
// ir.DiagonalsOf leaves out.
func (p *Program) OnlyDiagonals(v *ir.Value) bool { return p.onlyDiagonals(v, ir.DiagonalsDepth) }

func (p *Program) onlyDiagonals(v *ir.Value, depth int) bool {
	if !p.HasZeros(v) {
		return true
	}
	if depth == 0 {
		return false
	}
	arg := func() bool { return p.onlyDiagonals(v.Args[0], depth-1) }
	switch v.Op {
	case ir.OpParam:
		return true
	case ir.OpAssume:
		if v.Type.Props.Mirrored() {
			return !p.HasZeros(v.Args[0])
		}
		return arg()
	case ir.OpTri, ir.OpNeg, ir.OpAbs, ir.OpConvert:
		return arg()
	case ir.OpDiag:
		return !p.Strict && !p.HasZeros(v.Args[0])
	case ir.OpTranspose:
		// Of the diagonals of other dimensions nothing is known.
		return structured(v.Args[0], v) && arg()
	case ir.OpSlice:
		return steps1(v) && arg()
	case ir.OpReshape, ir.OpBroadcast, ir.OpDiv:
		return lastTwo(v) == lastTwo(v.Args[0]) && arg()
	case ir.OpMul:
		return !slices.ContainsFunc(v.Args, func(a *ir.Value) bool {
			return p.HasZeros(a) && (lastTwo(a) != lastTwo(v) || !p.onlyDiagonals(a, depth-1))
		})
	}
	return false
}

// structured reports whether the last two dimensions of a are those of its
// transposition v, in either order.
func structured(a, v *ir.Value) bool {
	perm, r := v.Attrs.(*ir.PermAttrs).Perm, a.Type.Rank()
	return r >= 2 && min(perm[r-2], perm[r-1]) == r-2
}

// steps1 reports whether a slice takes neighbours in the last two dimensions.
func steps1(v *ir.Value) bool {
	s := v.Attrs.(*ir.SliceAttrs).Step
	return len(s) >= 2 && s[len(s)-2] == 1 && s[len(s)-1] == 1
}

// lastTwo returns the sizes of the last two dimensions, zeros if there are none.
func lastTwo(v *ir.Value) [2]int {
	d := v.Type.Dims()
	if len(d) < 2 {
		return [2]int{}
	}
	return [2]int{d[len(d)-2], d[len(d)-1]}
}

// OneRow reports whether a band counts the indices of Rows[LeftRow].
func (g *Gemm) OneRow() bool { return g.Left != nil || g.Only != nil }
