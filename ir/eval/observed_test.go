package eval

import (
	"context"
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestObserved routes by scores that the bound can't tell apart: either choice
// is taken over with what depends on it, a wrong one is not.
func TestObserved(t *testing.T) {
	f := parse(t, `
func f(x: f32[4], y: f32[4]) -> (i64[2], f32[2], i64, bool[4], i32[4]) {
  v2 = mul x, x : f32[4]
  v3 = top_k{axis=0, k=2} v2 : i64[2]
  v4 = take{axis=0} y, v3 : f32[2]
  v5 = argmax{axis=0} v2 : i64
  v6 = mul x, y : f32[4]
  v7 = lt v2, v6 : bool[4]
  v8 = convert v6 : i32[4]
  return v3, v4, v5, v7, v8
}`)
	third := float64(float32(1.0 / 3))
	args := []*tensor.Tensor{
		elements(t, "f32[4]", third, -third, 0.1, 3),
		elements(t, "f32[4]", third, 7, 30, 5),
	}
	run := func(seen Observed) []*Band {
		t.Helper()
		want, err := BoundedWith(context.Background(), f, args, BoundOptions{Seen: seen})
		if err != nil {
			t.Fatal(err)
		}
		return want
	}
	plain := run(nil)
	if plain[0].Bad(0) || !plain[0].Bad(1) || !plain[1].Bad(1) || plain[2].Bad(0) || !plain[3].Bad(0) || plain[3].Bad(3) || !plain[4].Bad(2) {
		t.Fatalf("undecided: %+v", plain)
	}
	for _, c := range []struct {
		second float64 // of the two chosen
		want   float64 // what is gathered by it
		right  bool
	}{{0, third, true}, {1, 7, true}, {2, third, false}, {3, third, false}, {9, third, false}} {
		top := elements(t, "i64[2]", 3, c.second)
		got := run(Observed{
			f.Body[1]: top,
			f.Body[5]: elements(t, "bool[4]", 1, 1, 1, 1),
			f.Body[6]: elements(t, "i32[4]", 0, 0, 3, 15),
		})
		if v := Check(top, got[0]); v.OK() != c.right {
			t.Errorf("second choice %v: %v", c.second, v)
		}
		if v, _, _ := got[1].Float(1); got[1].Bad(1) || v != c.want {
			t.Errorf("second choice %v gathers %v, want %v", c.second, v, c.want)
		}
		if got[3].Bad(0) || got[3].Int(0) != 1 || got[4].Bad(2) || got[4].Int(2) != 3 {
			t.Errorf("comparison and conversion are not taken over: %+v", got[3:])
		}
	}
	wrong := run(Observed{f.Body[6]: elements(t, "i32[4]", 0, -2, 9, 15)})
	if wrong[4].Bad(2) || wrong[4].Int(2) == 9 {
		t.Errorf("a wrong conversion is taken over: %+v", wrong[4])
	}
}
