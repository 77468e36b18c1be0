package passes_test

import (
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/passes"
)

// regressions are the programs of testdata/regress.
func regressions(t *testing.T) []irtest.Regression {
	t.Helper()
	all, err := irtest.Regressions("../testdata/regress")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("testdata/regress has no programs")
	}
	return all
}

// TestRegressions tries the programs that were rewritten wrongly once, with the
// passes and the arguments of then, and with others.
func TestRegressions(t *testing.T) {
	for _, r := range regressions(t) {
		t.Run(r.Name, func(t *testing.T) {
			if n := len(r.Func.Body); n > 20 {
				t.Errorf("%d operations: at most 20 make a reproducer", n)
			}
			tried := [][]string{r.Passes, nil}
			for _, name := range passes.Names() {
				tried = append(tried, []string{name})
			}
			for seed := range uint64(8) {
				tried = append(tried, lists(seed)[1])
			}
			for seed := range uint64(5) {
				args := r.Args
				if seed > 0 {
					args = irtest.Args(r.Func, seed, seed%2 == 0)
				}
				for _, strict := range []bool{false, true} {
					tr := trial{seed: seed, strict: strict}
					if err := tr.evaluate(t.Context(), r.Func, args); err != nil {
						t.Fatal(err)
					}
					for _, tr.passes = range tried {
						if err := tr.check(t.Context(), r.Func, nil); err != nil {
							t.Errorf("passes %v, strict %v, arguments %d: %v", tr.passes, strict, seed, err)
						}
					}
				}
			}
		})
	}
}
