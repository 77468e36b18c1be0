package lathe_test

import (
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/langtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestBuiltins compiles the programs of langtest, which have every built-in of
// the language over element types, ranks, axes, steps and empty tensors, and
// holds the results to the bounds of their error analysis.
func TestBuiltins(t *testing.T) {
	for i, c := range langtest.Cases() {
		if testing.Short() && i%10 != 0 {
			continue
		}
		program, err := lathe.LoadText("case.lathe", c.Text)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		f, _, err := program.Func("main", lathe.Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		want, err := eval.Bounded(t.Context(), f, c.Args)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		x, err := program.Compile(t.Context(), "main", lathe.Options{Threads: 1 + i%3, LLVM: llvmtest.Want()})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got, err := x.Run(t.Context(), c.Args...)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		for k := range got {
			if v := eval.Check(got[k], want[k]); !v.OK() {
				t.Errorf("%s: result %d: %v", c.Name, k, v)
			}
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
}
