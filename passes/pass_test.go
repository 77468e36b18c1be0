package passes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
)

func TestSelect(t *testing.T) {
	all := passes.Names()
	for _, c := range []struct {
		list string
		want []string // nil for all
		err  string
	}{
		{list: ""},
		{list: "none", want: []string{}},
		{list: "dead", want: []string{"dead"}},
		{list: "dead,cse,dead", want: []string{"dead", "cse", "dead"}},
		{list: "-dead", want: slices.DeleteFunc(slices.Clone(all), func(n string) bool { return n == "dead" })},
		{list: "cse,-dead", err: "passes are either listed or left out with -: cse,-dead mixes the two"},
		{list: "-cse,dead", err: "passes are either listed or left out with -: -cse,dead mixes the two"},
		{list: "csee", err: `no pass is called csee: did you mean cse?`},
		{list: "-deed", err: `no pass is called deed: did you mean dead?`},
		{list: "somethingelse", err: `no pass is called somethingelse: the passes are ` + strings.Join(all, ", ")},
		{list: "cse,none", err: `no pass is called none: `},
		{list: "cse,", err: "a name is missing in the list of passes cse,"},
		{list: "-", err: "a name is missing in the list of passes -"},
	} {
		var list []string
		if c.list != "" {
			list = strings.Split(c.list, ",")
		}
		got, err := passes.Select(list)
		switch {
		case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)):
			t.Errorf("%q: error %v, want %s", c.list, err, c.err)
		case c.err == "" && (err != nil || (got == nil) != (c.want == nil) || !slices.Equal(got, c.want)):
			t.Errorf("%q: %q, %v, want %q", c.list, got, err, c.want)
		}
	}
}

// three is a function in which dead has one value to remove, and cse has two to
// share.
const three = `func f(x: f32[8]) -> (f32[8]) {
  v1 = exp x : f32[8]
  v2 = exp x : f32[8]
  v3 = sin v1 : f32[8]
  v4 = sin v2 : f32[8]
  v5 = cos x : f32[8]
  v6 = mul v3, v4 : f32[8]
  return v6
}`

// TestMaxRewrites stops after each number of rewrites, across passes: so is a
// wrong one found by halving.
func TestMaxRewrites(t *testing.T) {
	for _, c := range []struct {
		most, flops int
		rewrites    string
	}{
		{-1, 48, ""},
		{1, 40, "dead"},
		{2, 32, "dead cse"},
		{3, 24, "dead cse cse"},
		{0, 24, "dead cse cse"},
	} {
		f := parseFunc(t, three)
		var names []string
		flops := f.Flops()
		err := passes.Run(t.Context(), f, passes.Options{
			MaxRewrites: c.most, Verify: true, Passes: []string{"dead", "cse"},
			Report: func(r passes.Rewrite) {
				names = append(names, r.Pass)
				if r.Before != flops {
					t.Errorf("at most %d: the rewrite by %s begins with %d FLOPs, the one before ended with %d", c.most, r.Pass, r.Before, flops)
				}
				flops = r.After
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if flops != f.Flops() {
			t.Errorf("at most %d: the last rewrite ends with %d FLOPs, the function has %d", c.most, flops, f.Flops())
		}
		if got := strings.Join(names, " "); got != c.rewrites || f.Flops() != c.flops {
			t.Errorf("at most %d: rewrites %q and %d FLOPs, want %q and %d\n%v", c.most, got, f.Flops(), c.rewrites, c.flops, f)
		}
	}
}

func TestRunErrors(t *testing.T) {
	err := passes.Run(t.Context(), parseFunc(t, three), passes.Options{Passes: []string{"cse", "other"}})
	if err == nil || err.Error() != "no pass is called other" {
		t.Errorf("a pass that is none: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := parseFunc(t, three)
	before := f.String()
	if err := passes.Run(ctx, f, passes.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	if diff := cmp.Diff(before, f.String()); diff != "" {
		t.Errorf("a cancelled run has changed the function:\n%s", diff)
	}
}

// TestAfter sees the function after each pass, in the order in which they ran.
func TestAfter(t *testing.T) {
	f := parseFunc(t, three)
	var seen []string
	err := passes.Run(t.Context(), f, passes.Options{
		Passes: []string{"dead", "cse"},
		After: func(pass string, g *ir.Func) {
			if g != f {
				t.Error("another function is shown")
			}
			seen = append(seen, pass)
		},
	})
	if err != nil || strings.Join(seen, " ") != "dead cse" {
		t.Errorf("%v, %v", seen, err)
	}
}

// TestRandomFunctions runs the usual passes on random functions, which must
// stay well formed after each and give the same modulo a prime, and twice, which
// must give the same text.
func TestRandomFunctions(t *testing.T) {
	rewrites := 0
	for seed := range uint64(150) {
		in, _ := irtest.Random(seed, irtest.Config{Steps: 20, MaxElems: 256})
		text := ""
		for range 2 {
			out, _ := irtest.Random(seed, irtest.Config{Steps: 20, MaxElems: 256})
			err := passes.Run(t.Context(), out, passes.Options{Verify: true, Report: func(passes.Rewrite) { rewrites++ }})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if text != "" && text != out.String() {
				t.Errorf("seed %d: a second run gives something else:\n%s", seed, cmp.Diff(text, out.String()))
			}
			text = out.String()
			if err := sameResidues(t, in, out); err != nil {
				t.Fatalf("seed %d: %v\nwas\n%v", seed, err, in)
			}
		}
	}
	if rewrites < 20 {
		t.Errorf("only %d rewrites were made", rewrites)
	}
}
