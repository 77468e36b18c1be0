package eval

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestZerosByConstruction multiplies zeros by NaN: those by construction win,
// those that happen to be zero do not, and strict mode knows declared ones only.
func TestZerosByConstruction(t *testing.T) {
	for _, c := range []struct {
		name, body    string
		usual, strict float64 // the first element of the result, where NaN is in row 1
		certain       bool    // the oracle knows what it usually is
	}{
		{"declared", "v2 = assume p0 : f32[2, 2] lower", 2, 2, true},
		{"declared and transposed twice", `v2 = assume p0 : f32[2, 2] lower
  v3 = transpose{perm=[1, 0]} v2 : f32[2, 2]
  v4 = transpose{perm=[1, 0]} v3 : f32[2, 2]`, 2, 2, true},
		{"tri", "v2 = tri{k=0, upper=false} p0 : f32[2, 2]", 2, nan, true},
		{"diag", "v2 = diagonal p0 : f32[2]\n  v3 = diag v2 : f32[2, 2]", 2, nan, true},
		{"one_hot", "v2 = iota{axis=0} : i64[2]\n  v3 = one_hot v2 : f32[2, 2]", 1, nan, true},
		{"product of triangles", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = contract{spec="ab,bc->ac"} v2, v2 : f32[2, 2]`, 4, nan, false},
		{"scaled", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = full{value=3.0} : f32
  v4 = mul v2, v3 : f32[2, 2]`, 6, nan, true},
		{"the sum of two", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = add v2, v2 : f32[2, 2]`, 4, nan, false},
		{"a running sum of one", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = cumsum{axis=0, exclusive=false} v2 : f32[2, 2]`, nan, nan, false},
		{"zeros", "v2 = full{value=0.0, exact=true} : f32[2, 2]", 0, nan, true},
		{"a written zero", "v2 = full{value=0.0} : f32[2, 2]", nan, nan, true},
		{"by chance", "v2 = neg p0 : f32[2, 2]", nan, nan, true},
		{"selected, times zero in a product of matrices", `v2 = iota{axis=0} : i64[2]
  v3 = full{value=1} : i64
  v4 = lt v2, v3 : bool[2]
  v5 = convert v4 : f32[2]
  v6 = slice{start=[1, 0], step=[1, 1]} p0 : f32[1, 2]
  v7 = reshape v6 : f32[2]
  v8 = contract{spec="a,b->ab"} v7, v5 : f32[2, 2]`, nan, nan, false},
		{"selected", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = full{value=0.0} : f32
  v4 = lt v2, v3 : bool[2, 2]
  v5 = where v4, v3, v2 : f32[2, 2]`, nan, nan, false},
	} {
		last := fmt.Sprint(2 + strings.Count(c.body, "\n"))
		text := "func f(p0: f32[2, 2], p1: f32[2, 1]) -> (f32[2, 1]) {\n  " + c.body +
			"\n  v9 = contract{spec=\"ab,bc->ac\"} v" + last + ", p1 : f32[2, 1]\n  return v9\n}"
		f := parse(t, text)
		args := []*tensor.Tensor{elements(t, "f32[2, 2]", 2, 0, 0, 1), elements(t, "f32[2, 1]", 1, nan)}
		for strict, want := range map[bool]float64{false: c.usual, true: c.strict} {
			out, err := Run(context.Background(), f, args, Options{Strict: strict})
			if err != nil {
				t.Fatal(err)
			}
			if got := out[0].Float(0); got != want && !(got != got && want != want) {
				t.Errorf("%s, strict %v: %v, want %v", c.name, strict, got, want)
			}
		}
		bands, err := Bounded(context.Background(), f, args)
		if err != nil {
			t.Fatal(err)
		}
		v, _, _ := bands[0].Float(0)
		if bands[0].Bad(0) == c.certain || c.certain && v != c.usual && !(v != v && c.usual != c.usual) {
			t.Errorf("%s: the oracle says %v, bad %v; want %v", c.name, v, bands[0].Bad(0), c.usual)
		}
	}
}
