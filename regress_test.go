package lathe_test

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestRegressions compiles the programs that were compiled wrongly once, with the
// passes, the mode and the arguments of then, and with others, and holds the
// results to the derived bounds.
func TestRegressions(t *testing.T) {
	all, err := irtest.Regressions("testdata/regress")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			math := lathe.Real
			if r.Strict {
				math = lathe.Strict
			}
			bounds := eval.BoundOptions{Strict: r.Strict}
			for n, args := range [][]*lathe.Tensor{r.Args, irtest.Args(r.Func, 1, false), irtest.Args(r.Func, 2, true)} {
				want, err := eval.BoundedWith(t.Context(), r.Func, args, bounds)
				if err != nil {
					t.Fatal(err)
				}
				for _, list := range [][]string{r.Passes, nil, {}} {
					f, _ := r.Func.Clone()
					what := fmt.Sprintf("arguments %d, passes %v", n, list)
					for i, got := range runFunc(t, what, f, args, lathe.Options{Threads: 1 + n, Passes: list, Math: math}) {
						if v := eval.Check(got, want[i]); !v.OK() {
							t.Errorf("%s: result %d: %v", what, i, v)
						}
					}
				}
			}
		})
	}
}
