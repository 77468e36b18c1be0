package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/ir"
)

func TestCumSum(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, d := range numbers {
		for i, shape := range [][]int{{0}, {1}, {37}, {3, 0}, {5, 7}, {2, 3, 33}} {
			for axis := range shape {
				for _, exclusive := range []bool{false, true} {
					if d.Size() < 4 && exclusive == (axis == 0) {
						continue
					}
					a := &ir.CumSumAttrs{Axis: axis, Exclusive: exclusive}
					name := fmt.Sprintf("%v %v %d %v", d, shape, axis, exclusive)
					cases = append(cases, newCase(t, name, ir.OpCumSum, a, pattern(d, shape, i)))
					if i == 4 && d.Size() > 2 {
						for _, l := range []layout{swapped, sliced, repeated} {
							cases = append(cases, newCase(t, name, ir.OpCumSum, a, pattern(d, shape, i)).lie(l))
						}
					}
					if d.IsFloat() {
						cases = append(cases, newCase(t, name+" special", ir.OpCumSum, a, pattern(d, shape, i, specials[3:5]...)))
						cases = append(cases, newCase(t, name+" infinite", ir.OpCumSum, a, pattern(d, shape, i, specials[:3]...)))
					}
				}
			}
		}
	}
	checkSingles(t, cases)
}
