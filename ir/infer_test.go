package ir_test

import (
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func TestBroadcastShape(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "2 n", "2 n"},
		{"n", "m n", "m n"},
		{"1", "n", "n"},
		{"n", "1", "n"},
		{"4 1 3", "5 1", "4 5 3"},
		{"1", "min(4,k)", "min(4,k)"}, // whatever it is, a 1 stretches to it
		{"min(4,k)", "1", "min(4,k)"},
		{"min(4,k)", "4", "min(4,k)"}, // k decides; the first one is kept
		{"4", "min(4,k)", "4"},
		{"0", "1", "0"},
		{"1", "0", "0"},
		{"n", "m", "sizes differ: n and m"},
		{"n", "4", "sizes differ: n and 4"},
		{"0", "2", "sizes differ: 0 and 2"},
	} {
		var got []string
		out, err := ir.BroadcastShape(shape(t, tt.a), shape(t, tt.b))
		for _, n := range out {
			got = append(got, strings.ReplaceAll(n.String(), " ", ""))
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%q and %q: got %q, want %q", tt.a, tt.b, text, tt.want)
		}
	}
}

// shape reads sizes that stand apart by blanks.
func shape(t *testing.T, text string) []dim.Expr {
	t.Helper()
	var out []dim.Expr
	for _, s := range strings.Fields(text) {
		e, err := dim.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// TestInferErrors checks what inference refuses, and that it says what was
// expected and found. Each case is one statement over the parameters.
func TestInferErrors(t *testing.T) {
	const head = "func f(x: f32[2, 3], y: f32[4, 3], s: f32, k: i64[5], i: i64, b: bool[3], h: f16[3], e: f32[0, 3], q: f32[3, 3], w: f32[n, m]) -> () {\n  v90 = "
	for _, tt := range []struct{ text, want string }{
		{"add x, y : f32[2, 3]", "f32[2, 3] and f32[4, 3] do not broadcast: sizes differ: 2 and 4"},
		{"add x, h : f32[2, 3]", "element types differ: f32[2, 3] and f16[3]"},
		{"add b, b : bool[3]", "want numbers, have bool[3]"},
		{"exp k : i64[5]", "want floats, have i64[5]"},
		{"div k, k : i64[5]", "want floats, have i64[5]"},
		{"mod s, s : f32", "want integers, have f32"},
		{"not s : f32", "want bool, have f32"},
		{"where x, x, x : f32[2, 3]", "condition: want bool, have f32[2, 3]"},
		{"where b, x, k : f32[2, 3]", "element types differ: f32[2, 3] and i64[5]"},
		{`contract{spec="ab,bc->ac"} x, y : f32[2, 3]`, `index 'b' of "ab,bc->ac" is 3 and 4`},
		{`contract{spec="ab,cb->acd"} x, y : f32[2, 4]`, `index 'd' of the result is in no operand`},
		{`contract{spec="aa->a"} q : f32[3]`, `repeats 'a' within one operand`},
		{`contract{spec="ab->aa"} q : f32[3, 3]`, `repeats 'a' in the result`},
		{`contract{spec="ab,cb->ac"} x : f32[2, 3]`, `names 2 operands, there are 1`},
		{`contract{spec="abc->a"} x : f32[2]`, `has 3 indices for operand 1, f32[2, 3]`},
		{`contract{spec="aB->a"} x : f32[2]`, `indices are the letters a to z, have 'B'`},
		{`contract{spec="ab"} x : f32[2]`, `has no ->`},
		{"sum{axes=[2]} x : f32[2]", "axis 2 of f32[2, 3] is out of range"},
		{"sum{axes=[1, 0]} x : f32", "axes [1 0] are not ascending"},
		{"sum{axes=[1, 1]} x : f32", "axes [1 1] are not ascending"},
		{"any{axes=[0]} x : f32[3]", "want bool, have f32[2, 3]"},
		{"argmax{axis=0} e : i64[3]", "axis 0 of f32[0, 3] has no elements to choose from"},
		{"cumsum{axis=-1, exclusive=false} x : f32[2, 3]", "axis -1 of f32[2, 3] is out of range"},
		{"reshape x : f32[7]", "f32[2, 3] has 6 elements, f32[7] has 7"},
		{"reshape w : f32[n, n]", "has m*n elements, f32[n, n] has n*n"},
		{"reshape x : f16[6]", "a reshape keeps the element type"},
		{"broadcast x : f32[2]", "f32[2, 3] does not stretch to f32[2]"},
		{"broadcast x : f32[2, 1]", "f32[2, 3] does not stretch to f32[2, 1]"},
		{"transpose{perm=[0, 0]} x : f32[2, 2]", "[0 0] is no order of the 2 axes of f32[2, 3]"},
		{"transpose{perm=[1]} x : f32[2]", "[1] is no order of the 2 axes"},
		{"slice{start=[0, 1], step=[1, 1]} x : f32[2, 3]", "axis 1 of f32[2, 3]: 3 elements from 1 on in steps of 1 lie outside of size 3"},
		{"slice{start=[0, 0], step=[1, 0]} x : f32[2, 3]", "a slice has step 0"},
		{"slice{start=[0], step=[1]} x : f32[2]", "do not fit"},
		{"update{start=[0, 0], step=[1, 1]} x, y : f32[2, 3]", "4 elements from 0 on in steps of 1 lie outside of size 2"},
		{"concat{axis=1} x, y : f32[2, 6]", "differ at axis 0: 2 and 4"},
		{"pad{lo=[0, -1], hi=[0, 0], value=0.0} x : f32[2, 2]", "padded by the negative number -1"},
		{"pad{lo=[0, 1], hi=[0, 0], value=0} x : f32[2, 4]", "the value and f32[2, 3] are not of one kind"},
		{"tri{k=0, upper=false} b : bool[3]", "want a matrix, have bool[3]"},
		{"diag s : f32", "want a vector, have f32"},
		{"assume x : f32[2, 3] lower", "lower: want a square matrix, have f32[2, 3] (2 and 3)"},
		{"assume k : i64[5] spd", "spd asks for floats"},
		{"assume w : f32[n, m] spd", "want a square matrix, have f32[n, m] (n and m)"},
		{"dyn_slice{axis=1, size=2} x, k : f32[2, 2]", "want an i64 scalar, have i64[5]"},
		{"dyn_update{axis=1} x, y, i : f32[2, 3]", "f32[4, 3] is no part of f32[2, 3] at axis 0"},
		{"take{axis=0} x, s : f32[3]", "want integer indices, have f32"},
		{"take_along{axis=1} x, k : f32[5]", "want indices of rank 2, have i64[5]"},
		{"scatter{axis=0, set=false} x, k, y : f32[2, 3]", "want updates f32[5, 3] for f32[2, 3], have f32[4, 3]"},
		{"one_hot k : f32[4, 7]", "f32[4, 7] is no one-hot form of i64[5]"},
		{"top_k{axis=1, k=4} x : i64[2, 4]", "4"},
		{"cholesky x : f32[2, 3]", "want a square matrix, have f32[2, 3] (2 and 3)"},
		{"inv k : i64[5]", "want floats, have i64[5]"},
		{`solve{form="qr"} q, q : f32[3, 3]`, `no form of solve is called "qr"`},
		{`solve{form="lu"} q, x : f32[3, 3]`, "want right-hand sides of 3 rows for f32[3, 3], have f32[2, 3]"},
		{"iota{axis=0} : f32", "axis 0 of f32 is out of range"},
		{"full{value=1} : f32[2]", "the value and f32[2] are not of one kind"},
		{"const{data=f32[2](1.0, 2.0)} : f32[3]", "the elements are f32[2], the type is f32[3]"},
		{"convert x : f16[3, 2]", "a conversion keeps the shape: f32[2, 3] to f16[3, 2]"},
		{"get{index=0} x : f32", "f32[2, 3] has no part 0"},
		{"for{step=0} i, i, s : f32 do (v1: i64, v2: f32) {\nyield v2\n}", "a loop has step 0"},
		{"for{step=1} i, s, s : f32 do (v1: i64, v2: f32) {\nyield v2\n}", "want an i64 scalar, have f32"},
	} {
		m := parse(t, head+tt.text+"\n  return\n}\n")
		if err := ir.Verify(m.Funcs[0]); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// TestUndecidedSizes checks that what only the values of sizes decide is let
// through while they are not known.
func TestUndecidedSizes(t *testing.T) {
	m := parse(t, `func f(x: f32[min(4, n), n], y: f32[4, n]) -> (f32[min(4, n), n]) {
  v2 = add x, y : f32[min(4, n), n]
  return v2
}
`)
	if err := ir.VerifyModule(m); err != nil {
		t.Error(err)
	}
	if got := ir.Make(tensor.F32, 2).Equal(ir.Make(tensor.F32, 3)); got {
		t.Error("2 and 3 agree")
	}
}
