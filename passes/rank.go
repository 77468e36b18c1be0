package passes

import (
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// rankDepth is how far rankBound follows operands.
const rankDepth = 6

// rankBound returns the most that the rank of the matrices of v, its last two
// axes, can be: that of a product is at most what is summed over, that of a sum at
// most the sum.
func rankBound(v *ir.Value, depth int) int {
	dims := v.Type.Dims()
	r := len(dims)
	if r < 2 {
		return 1
	}
	full := min(dims[r-2], dims[r-1])
	of := func(i int) int { return rankBound(v.Args[i], depth-1) }
	if depth == 0 {
		return full
	}
	switch v.Op {
	case ir.OpContract:
		operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
		if err != nil || len(operands) != 2 {
			return full
		}
		row, col := out[r-2:r-1], out[r-1:]
		for a, b := range []int{1, 0} {
			if !strings.Contains(operands[a], row) || strings.Contains(operands[a], col) || strings.Contains(operands[b], row) {
				continue
			}
			shared := 1
			for i, n := range v.Args[a].Type.Dims() {
				if c := operands[a][i : i+1]; strings.Contains(operands[b], c) && !strings.Contains(out, c) {
					shared = times(shared, n)
				}
			}
			return min(full, shared)
		}
	case ir.OpAdd, ir.OpSub:
		return min(full, added(of(0), of(1)))
	case ir.OpMul: // that of an elementwise product is at most the product
		return min(full, times(of(0), of(1)))
	case ir.OpNeg:
		return of(0)
	case ir.OpTranspose:
		if matrixTransposed(v) {
			return of(0)
		}
	case ir.OpBroadcast:
		return min(full, of(0))
	}
	return full
}
