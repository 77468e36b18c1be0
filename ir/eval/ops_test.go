package eval

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// elements makes a tensor of the given type, written "f32[2, 3]", from numbers.
func elements(t testing.TB, typ string, x ...float64) *tensor.Tensor {
	t.Helper()
	name, sizes, _ := strings.Cut(strings.TrimSuffix(typ, "]"), "[")
	d, err := tensor.ParseDType(name)
	if err != nil {
		t.Fatal(err)
	}
	var shape []int
	for _, s := range strings.FieldsFunc(sizes, func(r rune) bool { return r == ',' || r == ' ' }) {
		n := 0
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
		shape = append(shape, n)
	}
	out := tensor.New(d, shape...)
	if out.Len() != len(x) {
		t.Fatalf("%s has %d elements, not %d", typ, out.Len(), len(x))
	}
	for i, v := range x {
		if d.IsFloat() {
			out.SetFloat(i, v)
		} else {
			out.SetInt(i, int64(v))
		}
	}
	return out
}

var (
	nan    = math.NaN()
	huge   = math.Inf(1)
	negNil = math.Copysign(0, -1)
)

type operand struct {
	typ string
	x   []float64
}

// plain returns a type without properties.
func plain(typ string) string {
	if i := strings.Index(typ, "]"); i >= 0 {
		return typ[:i+1]
	}
	return typ
}

// apply evaluates one operation, written as in the text form without its name
// and operands: "add" or "sum{axes=[0]}".
func apply(t testing.TB, op, result string, opts Options, args ...operand) (*tensor.Tensor, error) {
	t.Helper()
	var params, names []string
	var in []*tensor.Tensor
	for i, a := range args {
		params = append(params, fmt.Sprintf("p%d: %s", i, a.typ))
		names = append(names, fmt.Sprintf("p%d", i))
		in = append(in, elements(t, plain(a.typ), a.x...))
	}
	id := len(args)
	f := parse(t, fmt.Sprintf("func f(%s) -> (%s) {\n  v%d = %s %s : %s\n  return v%d\n}",
		strings.Join(params, ", "), result, id, op, strings.Join(names, ", "), result, id))
	out, err := Run(context.Background(), f, in, opts)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// TestOperations holds operations to values written by hand.
func TestOperations(t *testing.T) {
	f := func(typ string, x ...float64) operand { return operand{typ, x} }
	for _, c := range []struct {
		op   string
		args []operand
		want operand
	}{
		{"sign", []operand{f("f32[5]", -2, negNil, 0, 3, nan)}, f("f32[5]", -1, negNil, 0, 1, nan)},
		{"sign", []operand{f("i8[3]", -128, 0, 5)}, f("i8[3]", -1, 0, 1)},
		{"neg", []operand{f("u8[3]", 0, 1, 255)}, f("u8[3]", 0, 255, 1)},
		{"neg", []operand{f("i8[2]", -128, 5)}, f("i8[2]", -128, -5)},
		{"abs", []operand{f("i8[3]", -128, -5, 5)}, f("i8[3]", -128, 5, 5)},
		{"abs", []operand{f("f32[3]", negNil, -5, nan)}, f("f32[3]", 0, 5, nan)},
		{"round", []operand{f("f64[6]", 0.5, 1.5, 2.5, -0.5, -1.5, 0.49)}, f("f64[6]", 0, 2, 2, negNil, -2, 0)},
		{"floor", []operand{f("f64[3]", -0.5, 0.5, -huge)}, f("f64[3]", -1, 0, -huge)},
		{"ceil", []operand{f("f64[3]", -0.5, 0.5, huge)}, f("f64[3]", negNil, 1, huge)},
		{"sqrt", []operand{f("f32[4]", 4, negNil, -1, huge)}, f("f32[4]", 2, negNil, nan, huge)},
		{"rsqrt", []operand{f("f32[4]", 4, 0, -1, huge)}, f("f32[4]", 0.5, huge, nan, 0)},
		{"exp", []operand{f("f32[5]", 0, -huge, huge, nan, 1000)}, f("f32[5]", 1, 0, huge, nan, huge)},
		{"log", []operand{f("f32[4]", 1, 0, -1, huge)}, f("f32[4]", 0, -huge, nan, huge)},
		{"tanh", []operand{f("f32[3]", 0, huge, -huge)}, f("f32[3]", 0, 1, -1)},
		{"not", []operand{f("bool[2]", 0, 1)}, f("bool[2]", 1, 0)},
		{"convert", []operand{f("f32[8]", 1.9, -1.9, 300, -300, nan, huge, -huge, 127.5)}, f("i8[8]", 1, -1, 127, -128, 0, 127, -128, 127)},
		{"convert", []operand{f("f32[3]", -1, 255.9, 256)}, f("u8[3]", 0, 255, 255)},
		{"convert", []operand{f("i64[4]", 255, 256, -1, 128)}, f("i8[4]", -1, 0, -1, -128)},
		{"convert", []operand{f("f32[3]", 0, nan, 0.25)}, f("bool[3]", 0, 1, 1)},
		{"convert", []operand{f("f32[3]", 257, 65504, 70000)}, f("f16[3]", 257, 65504, huge)},
		{"convert", []operand{f("i64[2]", 257, 259)}, f("bf16[2]", 256, 260)},
		{"add", []operand{f("i8[2]", 127, -128), f("i8[2]", 1, -1)}, f("i8[2]", -128, 127)},
		{"add", []operand{f("f32[2, 1]", 1, 2), f("f32[3]", 10, 20, 30)}, f("f32[2, 3]", 11, 21, 31, 12, 22, 32)},
		{"add", []operand{f("f32", 1<<24), f("f32", 1)}, f("f32", 1<<24)},
		{"add", []operand{f("bf16", 256), f("bf16", 1)}, f("bf16", 256)},
		{"mul", []operand{f("i32", 65536), f("i32", 65536)}, f("i32", 0)},
		{"div", []operand{f("f32[3]", 1, -1, 0), f("f32", 0)}, f("f32[3]", huge, -huge, nan)},
		{"floordiv", []operand{f("i8[6]", 7, -7, 7, -7, -128, 6), f("i8[6]", 2, 2, -2, -2, -1, 3)}, f("i8[6]", 3, -4, -4, 3, -128, 2)},
		{"mod", []operand{f("i8[6]", 7, -7, 7, -7, -128, 6), f("i8[6]", 2, 2, -2, -2, -1, 3)}, f("i8[6]", 1, 1, -1, -1, 0, 0)},
		{"pow", []operand{f("f64[3]", 2, 9, -2), f("f64[3]", 10, 0.5, 3)}, f("f64[3]", 1024, 3, -8)},
		{"max", []operand{f("f32[4]", negNil, 0, nan, 1), f("f32[4]", 0, negNil, 1, nan)}, f("f32[4]", 0, 0, nan, nan)},
		{"min", []operand{f("f32[4]", negNil, 0, nan, 1), f("f32[4]", 0, negNil, 1, nan)}, f("f32[4]", negNil, negNil, nan, nan)},
		{"and", []operand{f("bool[4]", 0, 0, 1, 1), f("bool[4]", 0, 1, 0, 1)}, f("bool[4]", 0, 0, 0, 1)},
		{"or", []operand{f("bool[4]", 0, 0, 1, 1), f("bool[4]", 0, 1, 0, 1)}, f("bool[4]", 0, 1, 1, 1)},
		{"eq", []operand{f("f32[3]", nan, 0, 1), f("f32[3]", nan, negNil, 2)}, f("bool[3]", 0, 1, 0)},
		{"ne", []operand{f("f32[3]", nan, 0, 1), f("f32[3]", nan, negNil, 2)}, f("bool[3]", 1, 0, 1)},
		{"lt", []operand{f("u8[2]", 200, 1), f("u8[2]", 1, 200)}, f("bool[2]", 0, 1)},
		{"le", []operand{f("f32[2]", 1, nan), f("f32[2]", 1, 1)}, f("bool[2]", 1, 0)},
		{"gt", []operand{f("i8[2]", -1, 1), f("i8[2]", 1, -1)}, f("bool[2]", 0, 1)},
		{"ge", []operand{f("bool[2]", 0, 1), f("bool[2]", 1, 1)}, f("bool[2]", 0, 1)},
		{"where", []operand{f("bool[2]", 1, 0), f("f32[2]", 1, nan), f("f32", 7)}, f("f32[2]", 1, 7)},

		{`contract{spec="ab,bc->ac"}`, []operand{f("f32[2, 2]", 1, 2, 3, 4), f("f32[2, 2]", 5, 6, 7, 8)}, f("f32[2, 2]", 19, 22, 43, 50)},
		{`contract{spec="ab,bc->ca"}`, []operand{f("i8[2, 2]", 1, 2, 3, 4), f("i8[2, 2]", 50, 6, 7, 8)}, f("i8[2, 2]", 64, -78, 22, 50)},
		{`contract{spec="ab,bc->ac"}`, []operand{f("f32[1, 0]"), f("f32[0, 2]")}, f("f32[1, 2]", 0, 0)},
		{`contract{spec="a,b->ab"}`, []operand{f("f32[2]", 1, 2), f("f32[2]", 3, nan)}, f("f32[2, 2]", 3, nan, 6, nan)},
		{`contract{spec="ab,b->a"}`, []operand{f("f32[2, 2]", 0, 1, 0, 2), f("f32[2]", huge, 1)}, f("f32[2]", nan, nan)},
		{`contract{spec="a,a,a->"}`, []operand{f("f32[2]", 1, 2), f("f32[2]", 3, 4), f("f32[2]", 5, 6)}, f("f32", 63)},
		{`contract{spec="abc->ca"}`, []operand{f("f32[2, 2, 1]", 1, 2, 3, 4)}, f("f32[1, 2]", 3, 7)},
		{`contract{spec="ab,ac->a"}`, []operand{f("f32[1, 2]", 1, 2), f("f32[1, 2]", 3, 4)}, f("f32[1]", 21)},

		{"sum{axes=[0]}", []operand{f("f32[2, 2]", 1, 2, 3, 4)}, f("f32[2]", 4, 6)},
		{"sum{axes=[1]}", []operand{f("f32[2, 2]", 1, 2, 3, 4)}, f("f32[2]", 3, 7)},
		{"sum{axes=[0]}", []operand{f("f32[1]", negNil)}, f("f32", negNil)},
		{"sum{axes=[0]}", []operand{f("i8[3]", 100, 100, 100)}, f("i8", 44)},
		{"sum{axes=[0]}", []operand{f("bf16[3]", 256, 1, 1)}, f("bf16", 258)},
		{"sum{axes=[0]}", []operand{f("f32[0]")}, f("f32", 0)},
		{"prod{axes=[0]}", []operand{f("f32[0]")}, f("f32", 1)},
		{"prod{axes=[0]}", []operand{f("i64[3]", 2, -3, 4)}, f("i64", -24)},
		{"reduce_max{axes=[0]}", []operand{f("f32[0]")}, f("f32", -huge)},
		{"reduce_min{axes=[0]}", []operand{f("f32[0]")}, f("f32", huge)},
		{"reduce_max{axes=[0]}", []operand{f("i8[0]")}, f("i8", -128)},
		{"reduce_max{axes=[0]}", []operand{f("f32[2]", negNil, 0)}, f("f32", 0)},
		{"reduce_min{axes=[0]}", []operand{f("f32[3]", 1, nan, 0)}, f("f32", nan)},
		{"any{axes=[1]}", []operand{f("bool[2, 2]", 0, 0, 0, 1)}, f("bool[2]", 0, 1)},
		{"all{axes=[1]}", []operand{f("bool[2, 2]", 1, 1, 0, 1)}, f("bool[2]", 1, 0)},
		{"any{axes=[0]}", []operand{f("bool[0]")}, f("bool", 0)},
		{"all{axes=[0]}", []operand{f("bool[0]")}, f("bool", 1)},
		{"argmax{axis=0}", []operand{f("f32[5]", 1, 3, 3, nan, nan)}, f("i64", 3)},
		{"argmax{axis=0}", []operand{f("f32[3]", negNil, 0, -1)}, f("i64", 0)},
		{"argmin{axis=0}", []operand{f("f32[5]", 3, 1, 1, 7, 9)}, f("i64", 1)},
		{"argmin{axis=0}", []operand{f("f32[3]", 3, nan, 1)}, f("i64", 1)},
		{"argmax{axis=1}", []operand{f("bool[2, 2]", 0, 1, 1, 1)}, f("i64[2]", 1, 0)},
		{"cumsum{axis=0, exclusive=false}", []operand{f("f32[3]", 1, 2, 3)}, f("f32[3]", 1, 3, 6)},
		{"cumsum{axis=0, exclusive=true}", []operand{f("f32[3]", 1, 2, 3)}, f("f32[3]", 0, 1, 3)},
		{"cumsum{axis=0, exclusive=true}", []operand{f("f32[2, 2]", 1, 2, 3, 4)}, f("f32[2, 2]", 0, 0, 1, 2)},
		{"cumsum{axis=0, exclusive=false}", []operand{f("u8[3]", 200, 100, 1)}, f("u8[3]", 200, 44, 45)},

		{"reshape", []operand{f("f32[2, 3]", 1, 2, 3, 4, 5, 6)}, f("f32[3, 2]", 1, 2, 3, 4, 5, 6)},
		{"broadcast", []operand{f("f32[2, 1]", 1, 2)}, f("f32[2, 2]", 1, 1, 2, 2)},
		{"transpose{perm=[2, 0, 1]}", []operand{f("f32[1, 2, 3]", 1, 2, 3, 4, 5, 6)}, f("f32[3, 1, 2]", 1, 4, 2, 5, 3, 6)},
		{"slice{start=[4], step=[-2]}", []operand{f("f32[5]", 1, 2, 3, 4, 5)}, f("f32[3]", 5, 3, 1)},
		{"slice{start=[1, 0], step=[1, 2]}", []operand{f("f32[2, 3]", 1, 2, 3, 4, 5, 6)}, f("f32[1, 2]", 4, 6)},
		{"concat{axis=1}", []operand{f("f32[2, 1]", 1, 2), f("f32[2, 2]", 3, 4, 5, 6)}, f("f32[2, 3]", 1, 3, 4, 2, 5, 6)},
		{"concat{axis=0}", []operand{f("bool[1]", 1), f("bool[0]"), f("bool[1]", 0)}, f("bool[2]", 1, 0)},
		{"pad{lo=[1], hi=[2], value=7.0}", []operand{f("f32[1]", 1)}, f("f32[4]", 7, 1, 7, 7)},
		{"tri{k=0, upper=false}", []operand{f("f32[2, 2]", 1, nan, 3, 4)}, f("f32[2, 2]", 1, 0, 3, 4)},
		{"tri{k=1, upper=true}", []operand{f("f32[2, 3]", 1, 2, 3, 4, 5, 6)}, f("f32[2, 3]", 0, 2, 3, 0, 0, 6)},
		{"diag", []operand{f("f32[2]", 1, 2)}, f("f32[2, 2]", 1, 0, 0, 2)},
		{"diagonal", []operand{f("f32[2, 3]", 1, 2, 3, 4, 5, 6)}, f("f32[2]", 1, 5)},
		{"update{start=[2], step=[-2]}", []operand{f("f32[3]", 1, 2, 3), f("f32[2]", 8, 9)}, f("f32[3]", 9, 2, 8)},
		{"assume", []operand{f("f32[2, 2]", 1, nan, 3, 4)}, f("f32[2, 2] lower", 1, 0, 3, 4)},
		{"assume", []operand{f("f32[2, 2]", 9, nan, 3, 9)}, f("f32[2, 2] lower unit", 1, 0, 3, 1)},
		{"assume", []operand{f("f32[2, 2]", 1, nan, 3, 4)}, f("f32[2, 2] symmetric", 1, 3, 3, 4)},
		{"assume", []operand{f("f32[2, 2]", 1, 2, 3, 4)}, f("f32[2, 2] diagonal", 1, 0, 0, 4)},
		{"assume", []operand{f("f32[2, 4]", 1, 2, 3, 4, 5, 6, 7, 8)}, f("f32[2, 4] banded(0, 1)", 1, 2, 0, 0, 0, 6, 7, 0)},
		{"assume", []operand{f("f32[2, 2]", 1, 2, 3, 4)}, f("f32[2, 2] orthogonal", 1, 2, 3, 4)},
		{"neg", []operand{f("f32[2, 2] upper", 1, 2, nan, 4)}, f("f32[2, 2]", -1, -2, negNil, -4)},

		{"dyn_slice{axis=0, size=2}", []operand{f("f32[4]", 1, 2, 3, 4), f("i64", 2)}, f("f32[2]", 3, 4)},
		{"dyn_update{axis=0}", []operand{f("f32[3]", 1, 2, 3), f("f32[1]", 9), f("i64", 2)}, f("f32[3]", 1, 2, 9)},
		{"take{axis=0}", []operand{f("f32[2, 2]", 1, 2, 3, 4), f("i32[3]", 1, 0, 1)}, f("f32[3, 2]", 3, 4, 1, 2, 3, 4)},
		{"take{axis=1}", []operand{f("f32[2, 2]", 1, 2, 3, 4), f("u8", 1)}, f("f32[2]", 2, 4)},
		{"take{axis=1}", []operand{f("bool[1, 2]", 1, 0), f("i64[1, 2]", 1, 0)}, f("bool[1, 1, 2]", 0, 1)},
		{"take_along{axis=1}", []operand{f("f32[2, 2]", 1, 2, 3, 4), f("i64[2, 1]", 1, 0)}, f("f32[2, 1]", 2, 3)},
		{"take_along{axis=0}", []operand{f("f32[2, 2]", 1, 2, 3, 4), f("i64[1, 2]", 1, 0)}, f("f32[1, 2]", 3, 2)},
		{"scatter{axis=0, set=false}", []operand{f("f32[3]", 1, 2, 3), f("i64[3]", 0, 2, 0), f("f32[3]", 10, 20, 30)}, f("f32[3]", 41, 2, 23)},
		{"scatter{axis=0, set=true}", []operand{f("f32[3]", 1, 2, 3), f("i64[3]", 0, 2, 0), f("f32[3]", 10, 20, 30)}, f("f32[3]", 30, 2, 20)},
		{"scatter{axis=1, set=false}", []operand{f("i8[2, 2]", 1, 2, 3, 4), f("i64", 1), f("i8[2]", 127, 1)}, f("i8[2, 2]", 1, -127, 3, 5)},
		{"scatter_along{axis=1, set=false}", []operand{f("f32[2, 2]", 1, 2, 3, 4), f("i64[2, 1]", 1, 0), f("f32[2, 1]", 10, 20)}, f("f32[2, 2]", 1, 12, 23, 4)},
		{"one_hot", []operand{f("i64[3]", 1, -1, 2)}, f("f32[3, 2]", 0, 1, 0, 0, 0, 0)},

		{"argsort{axis=0, descending=false}", []operand{f("f32[6]", 3, nan, 1, 3, -huge, 1)}, f("i64[6]", 4, 2, 5, 0, 3, 1)},
		{"argsort{axis=0, descending=true}", []operand{f("f32[6]", 3, nan, 1, 3, huge, 1)}, f("i64[6]", 1, 4, 0, 3, 2, 5)},
		{"argsort{axis=0, descending=false}", []operand{f("f32[3]", 0, negNil, -1)}, f("i64[3]", 2, 0, 1)},
		{"top_k{axis=0, k=3}", []operand{f("f32[5]", 1, nan, 7, 7, nan)}, f("i64[3]", 1, 4, 2)},
		{"top_k{axis=1, k=1}", []operand{f("u8[2, 2]", 200, 100, 5, 5)}, f("i64[2, 1]", 0, 0)},

		{"cholesky", []operand{f("f64[2, 2]", 4, nan, 2, 10)}, f("f64[2, 2] lower", 2, 0, 1, 3)},
		{"cholesky", []operand{f("f32[3, 3]", 1, 0, 0, 2, 1, 0, 1, 1, 9)}, f("f32[3, 3] lower", 1, 0, 0, 2, nan, 0, 1, nan, nan)},
		{"cholesky", []operand{f("f32[1, 1]", 0)}, f("f32[1, 1] lower", nan)},
		{`solve{form="lu"}`, []operand{f("f64[2, 2]", 0, 2, 4, 0), f("f64[2, 1]", 6, 8)}, f("f64[2, 1]", 2, 3)},
		{`solve{form="spd"}`, []operand{f("f64[2, 2]", 4, nan, 2, 10), f("f64[2, 1]", 8, 22)}, f("f64[2, 1]", 1, 2)},
		{`solve{form="spd"}`, []operand{f("f64[2, 2]", 0, nan, 2, 0), f("f64[2, 1]", 6, 8)}, f("f64[2, 1]", 4, 3)},
		{`solve{form="lower"}`, []operand{f("f64[2, 2]", 2, nan, 1, 4), f("f64[2, 1]", 2, 9)}, f("f64[2, 1]", 1, 2)},
		{`solve{form="upper"}`, []operand{f("f64[2, 2]", 2, 1, nan, 4), f("f64[2, 1]", 4, 8)}, f("f64[2, 1]", 1, 2)},
		{`solve{form="unit_lower"}`, []operand{f("f64[2, 2]", nan, nan, 1, nan), f("f64[2, 1]", 1, 3)}, f("f64[2, 1]", 1, 2)},
		{`solve{form="unit_upper"}`, []operand{f("f64[2, 2]", nan, 1, nan, nan), f("f64[2, 1]", 3, 2)}, f("f64[2, 1]", 1, 2)},
		{`solve{form="diagonal"}`, []operand{f("f64[2, 2]", 2, nan, nan, 0), f("f64[2, 1]", 4, 1)}, f("f64[2, 1]", 2, huge)},
		{"inv", []operand{f("f32[2, 2]", 0, 2, 4, 0)}, f("f32[2, 2]", 0, 0.25, 0.5, 0)},
	} {
		for _, opts := range []Options{{}, {Strict: true}} {
			got, err := apply(t, c.op, c.want.typ, opts, c.args...)
			if err != nil {
				t.Errorf("%s: %v", c.op, err)
				continue
			}
			want := elements(t, plain(c.want.typ), c.want.x...)
			for i := range want.Len() {
				a, b := got.Float(i), want.Float(i)
				if got.DType() != want.DType() || !(a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b) {
					t.Errorf("%s of %v, %+v: element %d is %v, want %v", c.op, c.args, opts, i, a, b)
				}
			}
		}
	}
}

// TestFailures holds run-time errors to their texts.
func TestFailures(t *testing.T) {
	f := func(typ string, x ...float64) operand { return operand{typ, x} }
	for _, c := range []struct {
		op, result string
		args       []operand
		want       string
	}{
		{"take{axis=0}", "f32[2]", []operand{f("f32[3]", 1, 2, 3), f("i64[2]", 1, -1)}, "index -1 is out of range: want 0 to 2"},
		{"take{axis=0}", "f32[1]", []operand{f("f32[0]"), f("i64[1]", 0)}, "index 0 is out of range: there are no elements"},
		{"take_along{axis=0}", "f32[1]", []operand{f("f32[3]", 1, 2, 3), f("u8[1]", 9)}, "index 9 is out of range: want 0 to 2"},
		{"scatter{axis=0, set=true}", "f32[3]", []operand{f("f32[3]", 1, 2, 3), f("i64[1]", 3), f("f32[1]", 1)}, "index 3 is out of range: want 0 to 2"},
		{"dyn_slice{axis=0, size=2}", "f32[2]", []operand{f("f32[3]", 1, 2, 3), f("i64", 2)}, "a slice from 2 on is out of range: want it to begin at 0 to 1"},
		{"dyn_update{axis=0}", "f32[3]", []operand{f("f32[3]", 1, 2, 3), f("f32[2]", 1, 2), f("i64", -1)}, "a slice from -1 on is out of range: want it to begin at 0 to 1"},
		{"floordiv", "i8[2]", []operand{f("i8[2]", 1, 2), f("i8[2]", 1, 0)}, "2 is divided by zero"},
		{"mod", "i64", []operand{f("i64", -5), f("i64", 0)}, "-5 is divided by zero"},
	} {
		_, err := apply(t, c.op, c.result, Options{}, c.args...)
		if _, ok := err.(*RuntimeError); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.op, err, c.want)
		}
	}
}

// TestModes tells the two arithmetics apart: 2^24 + 1 is no f32.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		opts Options
		want float64
	}{{Options{}, 1 << 24}, {Options{Mode: F64}, 1<<24 + 1}} {
		got, err := apply(t, "add", "f32", c.opts, operand{"f32", []float64{1 << 24}}, operand{"f32", []float64{1}})
		if err != nil {
			t.Fatal(err)
		}
		if got.Float(0) != c.want {
			t.Errorf("%+v: %v, want %v", c.opts, got.Float(0), c.want)
		}
	}
}

// TestStrictOrder adds numbers of which the order decides the sum.
func TestStrictOrder(t *testing.T) {
	n := 4096
	x, ones := make([]float64, n), make([]float64, n)
	want := float32(0)
	for i := range x {
		x[i], ones[i] = 1/float64(float32(i+1)), 1
		x[i] = float64(float32(x[i]))
		if i == 0 {
			want = float32(x[i])
		} else {
			want += float32(x[i])
		}
	}
	typ := fmt.Sprintf("f32[%d]", n)
	for op, args := range map[string][]operand{
		"sum{axes=[0]}":            {{typ, x}},
		`contract{spec="a,a->"}`:   {{typ, x}, {typ, ones}},
		`contract{spec="a,a,a->"}`: {{typ, x}, {typ, ones}, {typ, ones}},
	} {
		got, err := apply(t, op, "f32", Options{Strict: true}, args...)
		if err != nil {
			t.Fatal(err)
		}
		if float32(got.Float(0)) != want {
			t.Errorf("%s: %v, want %v", op, got.Float(0), want)
		}
	}
}

// TestResultsAreTheCallers checks that no result shares memory with an argument
// or with another result.
func TestResultsAreTheCallers(t *testing.T) {
	f := parse(t, `
func f(x: f32[2]) -> (f32[2], f32[2, 1], f32[2, 1]) {
  v1 = reshape x : f32[2, 1]
  return x, v1, v1
}`)
	x := elements(t, "f32[2]", 1, 2)
	out, err := Run(context.Background(), f, []*tensor.Tensor{x}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].SetFloat(0, 100+float64(i))
	}
	if x.Float(0) != 1 || out[0].Float(0) != 100 || out[1].Float(0) != 101 {
		t.Errorf("shared memory: %v %v", x, out)
	}
}

// TestArguments holds the checks of arguments to their texts.
func TestArguments(t *testing.T) {
	f := parse(t, "func f(x: f32[2]) -> (f32[2]) {\n  return x\n}")
	open := parse(t, "func f(x: f32[n]) -> (f32[n]) {\n  return x\n}")
	for _, c := range []struct {
		f    *ir.Func
		args []*tensor.Tensor
		want string
	}{
		{f, nil, "takes 1 arguments, have 0"},
		{f, []*tensor.Tensor{elements(t, "f32[3]", 1, 2, 3)}, "argument x of f is f32[2], have f32[3]"},
		{f, []*tensor.Tensor{nil}, "have nothing"},
		{open, []*tensor.Tensor{elements(t, "f32[1]", 1)}, "sizes that are not constant"},
	} {
		if _, err := Run(context.Background(), c.f, c.args, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Run: %v, want %q", err, c.want)
		}
		if _, err := Bounded(context.Background(), c.f, c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Bounded: %v, want %q", err, c.want)
		}
	}
}
