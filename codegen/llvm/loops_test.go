package llvm

import (
	"fmt"
	"math"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestLoopTurns compares which indices loops turn with those of the evaluator,
// with bounds that are constant and such that only a run knows, at both ends of
// the range of indices too. What is carried depends on every index and on their
// order.
func TestLoopTurns(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	const least, most = math.MinInt64, math.MaxInt64
	for _, c := range []struct{ lo, hi, step int64 }{
		{0, 0, 1}, {0, 5, 1}, {3, 1, 1}, {0, 5, 2}, {0, 6, 2}, {-3, 4, 3}, {5, 0, -1}, {5, 0, -2}, {6, 0, -2}, {1, 3, -1},
		{most - 5, most, 4}, {most - 5, most, 5}, {most - 5, most, 6}, {most - 5, most, most}, {most - 1, most, 1}, {most, most, 1}, {most, least, 1},
		{least + 5, least, -4}, {least + 5, least, -5}, {least + 5, least, -6}, {least + 1, least, -1}, {least, least, -1}, {least, most, -1},
		{least, most, most}, {least, most, most - 1}, {most, least, -most}, {-1, least, -most}, {0, least, -most}, {0, most, most},
	} {
		constant := fmt.Sprintf("(s: i64) -> (i64) {\n  v1 = full{value=%d} : i64\n  v2 = full{value=%d} : i64\n", c.lo, c.hi)
		for _, form := range [][2]string{{constant, "v1, v2"}, {"(lo: i64, hi: i64, s: i64) -> (i64) {\n", "lo, hi"}} {
			f := parse(t, fmt.Sprintf(`func turns%s
  v3 = for{step=%d} %s, s : i64 do (v4: i64, v5: i64) {
    v6 = full{value=31} : i64
    v7 = mul v5, v6 : i64
    v8 = add v7, v4 : i64
    yield v8
  }
  return v3
}`, form[0], c.step, form[1]))
			args := []*tensor.Tensor{tensor.New(tensor.I64), tensor.New(tensor.I64), tensor.New(tensor.I64)}
			args[0].SetInt(0, c.lo)
			args[1].SetInt(0, c.hi)
			args[2].SetInt(0, 7)
			args = args[len(args)-len(f.Params):]
			got, err := m.run(t, f, args, false)
			if err != nil {
				t.Fatal(err)
			}
			want, err := eval.Run(t.Context(), f, args, eval.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !tensor.Equal(got[0], want[0]) {
				t.Errorf("%d..%d step %d: have %d, want %d\n%v", c.lo, c.hi, c.step, got[0].Int(0), want[0].Int(0), f)
			}
		}
	}
}
