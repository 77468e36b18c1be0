package benchmarks

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

var update = flag.Bool("update", false, "add rows to testdata/reached.txt")

// TestLeastFlops holds the rows of laab to testdata/reached.txt, which lists
// those whose compiled FLOPs are no more than the least that are known. A pass
// that reaches another one adds it, with -update; none leaves.
func TestLeastFlops(t *testing.T) {
	t.Parallel()
	const file = "testdata/reached.txt"
	list, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	reached := strings.Fields(string(list))
	p, err := source("laab.lathe")
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for _, e := range expressions() {
		n := 3000 / max(1, e.shrink)
		_, optimised, err := Flops(t.Context(), p, e.name, lathe.Options{Set: e.sizes(p, n)(e.name)}, llvmtest.Want())
		if err != nil {
			t.Fatal(err)
		}
		least := e.least(float64(n))
		before, got := slices.Contains(reached, e.name), float64(optimised) <= least
		if before || got {
			fmt.Fprintln(&now, e.name)
		}
		switch {
		case before && !got:
			t.Errorf("%s: %d FLOPs, %.0f had been reached", e.name, optimised, least)
		case got && !before && !*update:
			t.Errorf("%s: %d FLOPs, of %.0f that are known: go test ./benchmarks -run TestLeastFlops -update lists it", e.name, optimised, least)
		}
	}
	for _, name := range reached {
		if !slices.ContainsFunc(expressions(), func(e expression) bool { return e.name == name }) {
			t.Errorf("%s names %s, which is no row", file, name)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(now.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExpressions sees that the forms by hand cost the least that is known, but
// for what needs a pass: a symmetric product, a structured factor.
func TestExpressions(t *testing.T) {
	t.Parallel()
	dear := []string{"cse_matmul_paranthesis", "cse_matmul_no_paranthesis", "am_transpose", "cm_loops", "lamp_update_syrk"}
	p, err := source("laab.lathe")
	if err != nil {
		t.Fatal(err)
	}
	tests := 0
	for _, e := range expressions() {
		if e.tests != nil {
			tests++
		}
		entry := e.name + "_best"
		if !hasEntry(p, entry) {
			continue
		}
		const n = 300
		f, _, err := p.Func(entry, lathe.Options{Set: e.sizes(p, n)(entry)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := float64(f.Flops()), e.least(n); got != want && !slices.Contains(dear, e.name) {
			t.Errorf("%s: %.0f FLOPs by hand, %.0f are said to be enough", e.name, got, want)
		}
	}
	if tests != 17 {
		t.Errorf("the suite has %d tests, want 17", tests)
	}
}

// TestLAAB runs the protocol on small operands, for each kind of reference.
func TestLAAB(t *testing.T) {
	t.Parallel()
	suite, err := Find("laab")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), suite, Config{LLVM: llvmtest.Want(), Size: 30, Samples: 1, Only: regexp.MustCompile("^(mm_.*|cse_addition|cm_partial_op_sum|lamp_inverse_many|lamp_solve_spd)$")})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 8 {
		t.Fatalf("%d rows, want 8", len(report.Rows))
	}
	for _, r := range report.Rows {
		if r.Values["best_form"] == "missing" || r.Values["bad_form"] == "missing" { // no OpenBLAS
			if len(r.Why) == 0 || r.Pass {
				t.Errorf("%s: without its reference it does not say why it failed", r.Name)
			}
			continue
		}
		for _, key := range []string{"time.n", "best.n", "bad.n", "rule.loss", "flops.least"} {
			if _, ok := r.number(key); !ok {
				t.Errorf("%s has no %s", r.Name, key)
			}
		}
		if apart, ok := r.number("difference"); !ok || apart > halfDigits {
			t.Errorf("%s differs from its reference by %g", r.Name, apart)
		}
	}
}
