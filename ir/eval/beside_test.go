package eval

import (
	"math"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestBeside says of what comes of NaN and infinities whether every formula gives
// the same, whether it is NaN or an infinity at least, or whether it may be anything.
func TestBeside(t *testing.T) {
	const (
		decided = iota
		notFinite
		anything
	)
	inf := math.Inf(1)
	nan := math.NaN()
	for _, c := range []struct {
		name, body string
		x, y       []float64 // of p0: f32[2, 2] and p1: f32[2, 1]
		known      int
		want       float64 // of the first element, where it is decided
	}{
		{"NaN times what may be zero", `v2 = mul p1, p1 : f32[2, 1]
  v3 = contract{spec="ab,bc->ac"} p0, v2 : f32[2, 1]`, []float64{1, -1, 1, 1}, []float64{nan, 2}, decided, nan},
		{"an infinity times a sum of one sign", `v2 = contract{spec="ab,bc->ac"} p0, p0 : f32[2, 2]
  v3 = mul v2, p1 : f32[2, 2]`, []float64{1, 2, 3, 4}, []float64{inf, 1}, decided, inf},
		{"an infinity times a difference", `v2 = sub p0, p1 : f32[2, 2]
  v3 = mul v2, p1 : f32[2, 2]`, []float64{1, 2, 3, 4}, []float64{inf, 1}, notFinite, 0},
		{"an infinity times a sum with a zero", `v2 = contract{spec="ab->a"} p0 : f32[2]
  v4 = reshape v2 : f32[2, 1]
  v3 = mul v4, p1 : f32[2, 1]`, []float64{0, 2, 3, 4}, []float64{inf, 1}, notFinite, 0},
		{"opposite infinities as written", `v2 = neg p1 : f32[2, 1]
  v3 = add p1, v2 : f32[2, 1]`, []float64{0, 0, 0, 0}, []float64{inf, 1}, decided, nan},
		{"opposite infinities of products", `v3 = contract{spec="ab,bc->ac"} p0, p1 : f32[2, 1]`,
			[]float64{1, -1, 1, 1}, []float64{inf, inf}, notFinite, 0},
		{"the exponential of these", `v2 = contract{spec="ab,bc->ac"} p0, p1 : f32[2, 1]
  v3 = exp v2 : f32[2, 1]`, []float64{1, -1, 1, 1}, []float64{inf, inf}, anything, 0},
		{"zeros by construction, at once", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v3 = contract{spec="ab,bc->ac"} v2, p1 : f32[2, 1]`, []float64{5, 1, 1, 1}, []float64{1, nan}, decided, 5},
		{"zeros by construction, which others may join before", `v2 = tri{k=-1, upper=false} p0 : f32[2, 2]
  v4 = contract{spec="ab,bc->ac"} v2, p1 : f32[2, 1]
  v3 = contract{spec="ab,bc->ac"} p0, v4 : f32[2, 1]`, []float64{5, 1, 1, 1}, []float64{1, nan}, anything, 0},
		{"an inverse", `v2 = inv p0 : f32[2, 2]
  v3 = contract{spec="ab,bc->ac"} v2, p1 : f32[2, 1]`, []float64{2, 1, 1, 3}, []float64{1, nan}, anything, 0},
		{"an orthogonal matrix", `v2 = assume p0 : f32[2, 2] orthogonal
  v3 = contract{spec="ab,bc->ac"} v2, p1 : f32[2, 1]`, []float64{0, 1, 1, 0}, []float64{1, nan}, anything, 0},
		{"a constant divides", `v2 = tri{k=0, upper=false} p0 : f32[2, 2]
  v4 = full{value=2.0} : f32
  v5 = div v2, v4 : f32[2, 2]
  v3 = contract{spec="ab,bc->ac"} v5, p1 : f32[2, 1]`, []float64{5, 1, 1, 1}, []float64{1, nan}, decided, 2.5},
	} {
		_, result, _ := strings.Cut(c.body[strings.LastIndex(c.body, "v3 = "):], " : ")
		f := parse(t, "func f(p0: f32[2, 2], p1: f32[2, 1]) -> ("+result+") {\n  "+c.body+"\n  return v3\n}")
		args := []*tensor.Tensor{elements(t, "f32[2, 2]", c.x...), elements(t, "f32[2, 1]", c.y...)}
		bands, err := Bounded(t.Context(), f, args)
		if err != nil {
			t.Fatal(err)
		}
		accepts := func(x float64) bool {
			only := *bands[0]
			only.Shape, only.elems = []int{1}, only.elems[:1]
			got := tensor.New(tensor.F32, 1)
			got.SetFloat(0, x)
			return Check(got, &only).OK()
		}
		want := map[float64]bool{inf: c.known != decided, -inf: c.known != decided, 12345: c.known == anything}
		isNaN := c.known != decided || c.want != c.want
		if c.known == decided && c.want == c.want {
			want[c.want] = true
		}
		for x, ok := range want {
			if accepts(x) != ok {
				t.Errorf("%s: %v is accepted: %v, want %v", c.name, x, !ok, ok)
			}
		}
		if accepts(nan) != isNaN {
			t.Errorf("%s: NaN is accepted: %v, want %v", c.name, !isNaN, isNaN)
		}
	}
}
