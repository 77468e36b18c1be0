package eval

import (
	"context"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestZp holds pairs of functions to being equal or not.
func TestZp(t *testing.T) {
	const head = "func f(a: f32[5, 5], b: f32[5, 5], c: f32[5, 5], i: i64[3]) -> (f32[5, 5]) {\n  "
	const mm = `contract{spec="ab,bc->ac"} `
	for _, c := range []struct {
		name, one, other string
		equal            bool
	}{
		{"associative", "v4 = " + mm + "a, b : f32[5, 5]\n  v5 = " + mm + "v4, c : f32[5, 5]", "v4 = " + mm + "b, c : f32[5, 5]\n  v5 = " + mm + "a, v4 : f32[5, 5]", true},
		{"not commutative", "v4 = neg a : f32[5, 5]\n  v5 = " + mm + "v4, b : f32[5, 5]", "v4 = neg a : f32[5, 5]\n  v5 = " + mm + "b, v4 : f32[5, 5]", false},
		{"distributive", "v4 = add a, b : f32[5, 5]\n  v5 = mul v4, c : f32[5, 5]\n  v6 = neg v5 : f32[5, 5]", "v4 = mul a, c : f32[5, 5]\n  v5 = mul b, c : f32[5, 5]\n  v6 = add v4, v5 : f32[5, 5]\n  v7 = neg v6 : f32[5, 5]", true},
		{"thirds", "v4 = full{value=0.3333333432674408} : f32\n  v5 = mul a, v4 : f32[5, 5]", "v4 = full{value=3.0} : f32\n  v5 = div a, v4 : f32[5, 5]", true},
		{"inverse as solve", "v4 = inv a : f32[5, 5]\n  v5 = " + mm + "v4, b : f32[5, 5]", "v4 = neg a : f32[5, 5]\n  v5 = solve{form=\"lu\"} a, b : f32[5, 5]", true},
		{"functions do not combine", "v4 = exp a : f32[5, 5]\n  v5 = exp b : f32[5, 5]\n  v6 = mul v4, v5 : f32[5, 5]", "v4 = add a, b : f32[5, 5]\n  v5 = exp v4 : f32[5, 5]\n  v6 = add v5, v5 : f32[5, 5]", false},
		{"max of equals", "v4 = neg a : f32[5, 5]\n  v5 = max a, a : f32[5, 5]", "v4 = neg a : f32[5, 5]\n  v5 = neg v4 : f32[5, 5]", true},
		{"wrong triangle", "v4 = neg a : f32[5, 5]\n  v5 = tri{k=0, upper=false} a : f32[5, 5]", "v4 = neg a : f32[5, 5]\n  v5 = tri{k=0, upper=true} a : f32[5, 5]", false},
	} {
		result := func(body string) uint64 {
			t.Helper()
			last := '4'
			for _, r := range body {
				if r == '\n' {
					last++
				}
			}
			f := parse(t, head+body+"\n  return v"+string(last)+"\n}")
			args, err := ZpArgs(f, 7)
			if err != nil {
				t.Fatal(err)
			}
			hashes, err := Zp(context.Background(), f, args)
			if err != nil {
				t.Fatal(err)
			}
			return hashes[0]
		}
		if equal := result(c.one) == result(c.other); equal != c.equal {
			t.Errorf("%s: equal %v, want %v", c.name, equal, c.equal)
		}
	}
}

// TestZpFloat holds constants to the fractions that they stand for.
func TestZpFloat(t *testing.T) {
	for _, c := range []struct {
		d    tensor.DType
		x    float64
		p, q int64
	}{
		{tensor.F32, 0, 0, 1}, {tensor.F32, -3, -3, 1}, {tensor.F64, 1.0 / 3, 1, 3}, {tensor.F32, float64(float32(1) / 3000), 1, 3000},
		{tensor.F32, float64(float32(0.1)), 1, 10}, {tensor.F64, 0.1, 1, 10}, {tensor.F64, 0x1p-20, 1, 1 << 20}, {tensor.F64, 0x1p60, 1 << 60, 1},
	} {
		if got, want := zpFloat(c.d, c.x), residue(residue(c.p)*inverse(residue(c.q))); got != want {
			t.Errorf("%v %v: %d, want %d/%d = %d", c.d, c.x, got, c.p, c.q, want)
		}
	}
	if got := zpFloat(tensor.F64, 0x1p-1074); got == 0 {
		t.Error("the least float is zero")
	}
}

func TestIndexBounds(t *testing.T) {
	f := parse(t, `
func f(x: f32[9, 4], i: i64[2], j: i32[2], k: i64, n: i64) -> (f32[2, 4], f32[2, 4], f32[3, 4]) {
  v5 = take{axis=0} x, i : f32[2, 4]
  v6 = convert j : i64[2]
  v7 = take{axis=0} x, v6 : f32[2, 4]
  v8 = dyn_slice{axis=0, size=3} x, k : f32[3, 4]
  return v5, v7, v8
}`)
	for i, want := range []int{0, 9, 9, 7, 0} {
		if got := IndexBounds(f)[i]; got != want {
			t.Errorf("parameter %d: %d, want %d", i, got, want)
		}
	}
}
