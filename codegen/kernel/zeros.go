package kernel

import (
	"maps"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// HasZeros reports whether elements of v may be zero by construction: what a
// promised structure leaves out and, but in strict mode, what diag, one_hot and
// their kin leave zero. A product with such a zero is zero, beside NaN and
// infinities too.
func (p *Program) HasZeros(v *ir.Value) bool {
	if has, ok := p.zeros[v]; ok {
		return has
	}
	if p.zeros == nil {
		p.zeros = map[*ir.Value]bool{}
	}
	has := v.Type.DType.IsFloat() && p.findZeros(v)
	p.zeros[v] = has
	return has
}

// Private returns a copy of p for the use of one goroutine: what is found on
// demand is kept apart.
func (p *Program) Private() *Program {
	q := *p
	q.zeros = maps.Clone(p.zeros)
	return &q
}

// Structured reports whether t promises zeros or mirrored elements.
func Structured(t ir.Type) bool {
	return t.Props.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) != 0
}

func (p *Program) findZeros(v *ir.Value) bool {
	some := func() bool { return slices.ContainsFunc(v.Args, p.HasZeros) }
	switch v.Op {
	case ir.OpParam:
		return Structured(v.Type)
	case ir.OpAssume:
		return Structured(v.Type) || some()
	case ir.OpFull:
		return !p.Strict && v.Attrs.(*ir.FullAttrs).ExactZero()
	case ir.OpDiag, ir.OpTri, ir.OpOneHot:
		return !p.Strict || v.Op != ir.OpOneHot && some()
	case ir.OpPad:
		return !p.Strict && v.Attrs.(*ir.PadAttrs).Value.Float == 0 || some()
	case ir.OpNeg, ir.OpAbs, ir.OpConvert, ir.OpMul, ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal, ir.OpConcat:
		return some()
	case ir.OpDiv:
		return !p.Strict && ir.ByConstant(v) && p.HasZeros(v.Args[0])
	case ir.OpContract:
		return sumsNothing(v) && some()
	}
	return false
}

// sumsNothing reports whether every index of a contraction is one of its result.
func sumsNothing(v *ir.Value) bool {
	operands, result, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	for _, idx := range operands {
		for i := range len(idx) {
			if !slices.Contains([]byte(result), idx[i]) {
				return false
			}
		}
	}
	return true
}
