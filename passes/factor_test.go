package passes_test

import (
	"testing"

	"github.com/lathe-lang/lathe/passes"
)

// TestRefusals sees what factor looked at and left, with what it would cost.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, text, rule string
		after            int
	}{
		{"a triangle is not mixed with a dense one", `func f(a: f32[9, 9], l: f32[9, 9] lower, p: f32[9], q: f32[9]) -> (f32[9, 9]) {
			v1 = contract{spec="ab,bc->ac"} a, l : f32[9, 9]
			v2 = contract{spec="ab,b->a"} a, p : f32[9]
			v3 = contract{spec="a,b->ab"} v2, q : f32[9, 9]
			v4 = add v1, v3 : f32[9, 9]
			return v4
		}`, "take out", 9*9*10 + 162 + 81 + 81},
		{"a sum of wide matrices is multiplied once", `func f(a: f32[9, 9], b: f32[9, 9], c: f32[9, 20]) -> (f32[9, 20]) {
			v1 = add a, b : f32[9, 9]
			v2 = contract{spec="ab,bc->ac"} v1, c : f32[9, 20]
			return v2
		}`, "multiply out", 81 + 2*9*9*20},
	} {
		f := parseFunc(t, c.text)
		var refused []passes.Rewrite
		err := passes.Run(t.Context(), f, passes.Options{
			Passes: []string{"factor"}, Verify: true,
			Report: func(r passes.Rewrite) { t.Errorf("%s: %s was used", c.name, r.Rule.Name) },
			Refuse: func(r passes.Rewrite) { refused = append(refused, r) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(refused) != 1 || refused[0].Rule.Name != c.rule || refused[0].Before != c.after || refused[0].After <= refused[0].Before {
			t.Errorf("%s: refused %+v, want %s at %d FLOPs, which would be more", c.name, refused, c.rule, c.after)
		}
	}
}
