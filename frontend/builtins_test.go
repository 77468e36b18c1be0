package frontend_test

import (
	"context"
	"regexp"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/langtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// TestBuiltins takes every program of the list from its text to results. Both
// what the evaluator gives and what plain loops give must lie within the bounds
// that error analysis has for the function.
func TestBuiltins(t *testing.T) {
	names := map[string]bool{}
	undecided, elements := 0, 0
	for _, c := range langtest.Cases() {
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		p := checked(t, c.Text)
		if p == nil {
			continue
		}
		f, _, err := p.Instantiate("main", frontend.Binding{})
		if err == nil {
			err = ir.Verify(f)
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		bands, err := eval.Bounded(context.Background(), f, c.Args)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		got, err := eval.Run(context.Background(), f, c.Args, eval.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		want := c.Want()
		if len(got) != len(want) {
			t.Errorf("%s: %d results, want %d", c.Name, len(got), len(want))
			continue
		}
		for i, band := range bands {
			v := eval.Check(want[i], band)
			if !v.OK() {
				t.Errorf("%s: what plain loops give is out of bounds: %v\n%v", c.Name, v, f)
			}
			if v := eval.Check(got[i], band); !v.OK() {
				t.Errorf("%s: what the evaluator gives is out of bounds: %v\n%v", c.Name, v, f)
			}
			undecided += v.BadCount
			elements += want[i].Len()
		}
	}
	t.Logf("%d programs, %d elements, %d of them undecided", len(names), elements, undecided)
	if undecided*50 > elements {
		t.Errorf("%d of %d elements could not be judged, more than 2 %%", undecided, elements)
	}
}

// TestBuiltinsComplete: the list has a program for each built-in function.
func TestBuiltinsComplete(t *testing.T) {
	cases := langtest.Cases()
	for _, name := range check.Builtins() {
		called := regexp.MustCompile(`\b` + name + `\(`)
		if !slices.ContainsFunc(cases, func(c langtest.Case) bool { return called.MatchString(c.Text) }) {
			t.Errorf("no program uses %s", name)
		}
	}
}
