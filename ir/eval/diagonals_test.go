package eval_test

import (
	"context"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// What ir.DiagonalsOf leaves out of a value is zero.
func TestDiagonals(t *testing.T) {
	left := 0
	for seed := range uint64(600) {
		for _, strict := range []bool{false, true} {
			f, args := irtest.Random(seed, irtest.Config{})
			f.Results = nil
			for _, v := range f.Body {
				if v.Type.Tuple == nil && v.Type.Rank() >= 2 && v.Type.DType.IsFloat() {
					f.Results = append(f.Results, v)
				}
			}
			out, err := eval.Run(context.Background(), f, args, eval.Options{Strict: strict})
			if err != nil {
				continue // an index out of range, say
			}
			for i, v := range f.Results {
				dims := v.Type.Dims()
				m, n := dims[len(dims)-2], dims[len(dims)-1]
				d := ir.DiagonalsOf(v, strict)
				if d.Of(m, n) {
					left++
				}
				for at := range out[i].Len() {
					row, col := at/n%m, at%n
					if x := out[i].Float(at); x != 0 && (col-row > d.Above || row-col > d.Below) {
						t.Fatalf("seed %d: %v is %v at %d, %d, outside of %+v\n%v", seed, v, x, row, col, d, f)
					}
				}
			}
		}
	}
	if left == 0 {
		t.Error("no value has a structure")
	}
	t.Logf("%d values have a structure", left)
}
