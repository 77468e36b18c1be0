package benchmarks

import (
	"regexp"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// reached lists the rows of laab whose compiled FLOPs are no more than the least
// that are known. A pass that reaches another one adds it here, and none leaves.
var reached = []string{
	"mm_sgemm", "cse_addition", "matchain_ltor", "cm_loops", "cm_partial_op_sum", "cm_partial_op_prod",
	"ipdps_symmetric", "lamp_product", "lamp_product_nt", "lamp_product_tt", "lamp_update", "lamp_update_scaled", "lamp_chain_left",
	"lamp_solve_spd", "lamp_solve_symmetric", "lamp_solve_lower", "lamp_solve_diagonal", "lamp_sum_of_same", "lamp_loop_columns",
	"lamp_loop_diagonal", "lamp_column_of_product", "lamp_column_of_sum",
	"mm_trmm", "mm_syrk", "mm_tridiag", "cse_matmul_paranthesis", "cse_matmul_no_paranthesis", "cse_suboptimal", "matchain_rtol", "matchain_mixed", "am_transpose",
	"ipdps_diagonal", "ipdps_blocks", "lamp_update_syrk", "lamp_inverse_few", "lamp_inverse_many", "lamp_chain_right", "lamp_chain_inner", "lamp_diagonal_of_product",
}

func TestLeastFlops(t *testing.T) {
	t.Parallel()
	p, err := source("laab.lathe")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range expressions() {
		n := 3000 / max(1, e.shrink)
		_, optimised, err := Flops(t.Context(), p, e.name, lathe.Options{Set: e.sizes(p, n)(e.name)}, llvmtest.Want())
		if err != nil {
			t.Fatal(err)
		}
		least := e.least(float64(n))
		switch got := float64(optimised) <= least; {
		case slices.Contains(reached, e.name) && !got:
			t.Errorf("%s: %d FLOPs, %.0f had been reached", e.name, optimised, least)
		case !slices.Contains(reached, e.name) && got:
			t.Errorf("%s: %d FLOPs, of %.0f that are known: add it to reached", e.name, optimised, least)
		}
	}
	for _, name := range reached {
		if !slices.ContainsFunc(expressions(), func(e expression) bool { return e.name == name }) {
			t.Errorf("reached names %s, which is no row", name)
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
		if r.Values["best_form"] == "missing" {
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
