package benchmarks

import (
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// TestModels runs the protocol on a model, and sees that passes and the forms
// by hand change no result.
func TestModels(t *testing.T) {
	t.Parallel()
	suite, err := Find("models")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), suite, Config{LLVM: llvmtest.Want(), Samples: 1, Threads: []int{2}, Only: regexp.MustCompile("^GAU n512")})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 1 {
		t.Fatalf("%d rows, want 1", len(report.Rows))
	}
	r := report.Rows[0]
	for _, key := range []string{"time.median_s", "plain.median_s", "ideal_s", "headroom", "bandwidth", "flops.useful", "compile_s"} {
		if x, ok := r.number(key); !ok || !(x > 0) {
			t.Errorf("%s: %s is %g", r.Name, key, x)
		}
	}
	for _, why := range r.Why {
		if strings.Contains(why, "passes change") {
			t.Error(why)
		}
	}
}

// TestUsefulFlops sees that no form of a model is said to do with fewer FLOPs
// than the products that it can't leave out, and that each row's program checks.
func TestUsefulFlops(t *testing.T) {
	t.Parallel()
	p, err := source("models.lathe")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range cases() {
		if names[c.name] {
			t.Errorf("two rows are called %s", c.name)
		}
		names[c.name] = true
		if !hasEntry(p, c.entry) {
			t.Errorf("%s: there is no entry %s", c.name, c.entry)
		}
		if strings.Contains(c.entry, "top2") {
			continue // depends on the operands
		}
		f, _, err := p.Func(c.entry, lathe.Options{Set: c.sizes()})
		if err != nil {
			t.Fatal(err)
		}
		if useful, written := c.useful(nil), float64(f.Flops()); useful > written || c.bytes <= 0 {
			t.Errorf("%s: %g FLOPs are said to be needed, %g are written; %g bytes", c.name, useful, written, c.bytes)
		}
	}
}

// TestFilled counts the slots of a routing that is known.
func TestFilled(t *testing.T) {
	p, err := source("models.lathe")
	if err != nil {
		t.Fatal(err)
	}
	const n, e, d = 4, 4, 3
	f, _, err := p.Func("Moe.top2", lathe.Options{Set: map[string]string{"n": "4", "e": "4", "d": "3", "f": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &compiled{fn: f}
	for _, v := range f.Params {
		c.params = append(c.params, lathe.NewTensor(v.Type.DType, v.Type.Dims()...))
	}
	x, router := c.param("x"), c.param("router")
	for i := range n {
		x.SetFloat(i*d, 1)
	}
	// All tokens want expert 3 most, then 1: two of the four find room in each.
	router.SetFloat(3, 2)
	router.SetFloat(1, 1)
	if got := filled(c, n, e, d); got != 4 {
		t.Errorf("%d slots are filled, want 4", got)
	}
	// One token wants 0 before 2 in place of them.
	x.SetFloat(0, 0)
	x.SetFloat(1, 1)
	router.SetFloat(e+0, 2)
	router.SetFloat(e+2, 1)
	if got := filled(c, n, e, d); got != 6 {
		t.Errorf("%d slots are filled, want 6", got)
	}
}
