package build_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/frontend/build"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

const f32, i64 = tensor.F32, tensor.I64

// TestSameAsText builds programs in Go and in text: they must be the same
// function of the IR.
func TestSameAsText(t *testing.T) {
	for _, c := range []struct {
		name, text string
		set        map[string]string
		build      func(b *build.Builder)
	}{
		{"main", `fn main(x: f32[2, 3], y: f32[3]) { -(x + y) * 2 - x / y ^ 2 }`, nil, func(b *build.Builder) {
			x, y := b.Arg("x", f32, 2, 3), b.Arg("y", f32, 3)
			b.Return(b.Sub(b.Mul(b.Neg(b.Add(x, y)), 2), b.Div(x, b.Pow(y, 2))))
		}},
		{"main", `fn main(i: i64[4], x: f32[4]) { where((i // 3 < i % 2) and not (i == 1) or x >= 0.1, x, -inf) }`, nil, func(b *build.Builder) {
			i, x := b.Arg("i", i64, 4), b.Arg("x", f32, 4)
			less := b.Less(b.FloorDiv(i, 3), b.Mod(i, 2))
			c := b.Or(b.And(less, b.Not(b.Equal(i, 1))), b.GreaterEq(x, 0.1))
			b.Return(b.Call("where", c, x, math.Inf(-1)))
		}},
		{"main", `fn main(x: f32[2, 5, 4], r: i64[3]) { return x[:, 1:-1, ::-1][0][None, ..., 2], x[0][r, :], f64(x).T }`, nil, func(b *build.Builder) {
			x, r := b.Arg("x", f32, 2, 5, 4), b.Arg("r", i64, 3)
			part := b.Index(x, build.All(), build.Slice(1, -1), build.Range{Step: -1})
			first := b.Index(b.Index(part, 0), build.NewAxis, build.Dots, 2)
			b.Return(first, b.Index(b.Index(x, 0), r, build.All()), b.T(b.Convert(tensor.F64, x)))
		}},
		{"main", `fn main(x: f32[6, 4], r: i64[6]) {
			y = zeros(f32[9, 4])
			y[r] += x
			y[0, 1:3] = 1
			y[r] -= x
			y[2] *= 3
			y[3] /= x[0]
			return y
		}`, nil, func(b *build.Builder) {
			x, r := b.Arg("x", f32, 6, 4), b.Arg("r", i64, 6)
			y := b.Call("zeros", ir.Make(f32, 9, 4))
			y = b.AddTo(y, x, r)
			y = b.Set(y, 1, 0, build.Slice(1, 3))
			y = b.SubFrom(y, x, r)
			y = b.MulInto(y, 3, 2)
			y = b.DivInto(y, b.Index(x, 0), 3)
			b.Return(y)
		}},
		{"main", `fn main(x: f32[8, 4]) {
			s = zeros(f32[4])
			m = x[0]
			for i in 7..0 step -2 {
				s += x[i] * f32(i)
				m = max(m, x[i])
			}
			return s, m
		}`, nil, func(b *build.Builder) {
			x := b.Arg("x", f32, 8, 4)
			out := b.ForStep(7, 0, -2, []build.Value{b.Call("zeros", ir.Make(f32, 4)), b.Index(x, 0)}, func(i build.Value, now []build.Value) []build.Value {
				s := b.Add(now[0], b.Mul(b.Index(x, i), b.Convert(f32, i)))
				return []build.Value{s, b.Call("max", now[1], b.Index(x, i))}
			})
			b.Return(out[0], out[1])
		}},
		{"main", `fn main(x: f32[5, 4], w: f32[4, 4] lower) {
			v, i = top_k(x, 2)
			a, c = split(x, 2, axis=1)
			y: f32[4, 4] spd = x.T @ x + 0.1 * eye(4)
			z = solve(y, solve(w, x.T))
			return softmax(v, axis=0), i, concat([a, c], axis=-1), einsum("ij,ik->jk", z, w), reshape(x, [2, -1]), tensor([[1, 0.5]]), eye(2, dtype=f64), mean(x, axis=[0, 1], keepdims=true)
		}`, nil, func(b *build.Builder) {
			x := b.Arg("x", f32, 5, 4)
			w := b.ArgOf("w", ir.Make(f32, 4, 4).WithProps(ir.Props{Set: ir.Lower}))
			top := b.Unpack(b.Call("top_k", x, 2), 2)
			parts := b.Unpack(b.Call("split", x, 2, build.Named("axis", 1)), 2)
			y := b.Add(b.MatMul(b.T(x), x), b.Mul(0.1, b.Call("eye", 4)))
			y = b.Declare(y, ir.Make(f32, 4, 4).WithProps(ir.Props{Set: ir.SPD}))
			z := b.Call("solve", y, b.Call("solve", w, b.T(x)))
			b.Return(b.Call("softmax", top[0], build.Named("axis", 0)), top[1], b.Call("concat", parts, build.Named("axis", -1)),
				b.Call("einsum", "ij,ik->jk", z, w), b.Call("reshape", x, []int{2, -1}), b.Call("tensor", [][]float64{{1, 0.5}}),
				b.Call("eye", 2, build.Named("dtype", tensor.F64)),
				b.Call("mean", x, build.Named("axis", []int{0, 1}), build.Named("keepdims", true)))
		}},
		{"Gau.forward", `
			model Gau(d, e, s) {
				weight norm:  f32[d]
				weight wu:    f32[d, e]
				weight wv:    f32[d, e]
				weight wz:    f32[d, s]
				weight gamma: f32[2, s]
				weight beta:  f32[2, s]
				weight wo:    f32[e, d]
				fn forward(x: f32[2, 8, d], bias: f32[8, 8]) -> f32[2, 8, d] {
					h = layernorm(x) * norm
					u = silu(h @ wu)
					v = silu(h @ wv)
					z = silu(h @ wz)
					q = z * gamma[0] + beta[0]
					k = z * gamma[1] + beta[1]
					a = relu(q @ k.T / 8 + bias) ^ 2
					return x + (u * (a @ v)) @ wo
				}
			}`, map[string]string{"d": "6", "e": "10", "s": "4"}, func(b *build.Builder) {
			x, bias := b.Arg("x", f32, 2, 8, 6), b.Arg("bias", f32, 8, 8)
			norm := b.Weight("norm", f32, 6)
			wu, wv, wz := b.Weight("wu", f32, 6, 10), b.Weight("wv", f32, 6, 10), b.Weight("wz", f32, 6, 4)
			gamma, beta := b.Weight("gamma", f32, 2, 4), b.Weight("beta", f32, 2, 4)
			wo := b.Weight("wo", f32, 10, 6)
			silu := func(x build.Value) build.Value { return b.Call("silu", x) }
			h := b.Mul(b.Call("layernorm", x), norm)
			u, v, z := silu(b.MatMul(h, wu)), silu(b.MatMul(h, wv)), silu(b.MatMul(h, wz))
			q := b.Add(b.Mul(z, b.Index(gamma, 0)), b.Index(beta, 0))
			k := b.Add(b.Mul(z, b.Index(gamma, 1)), b.Index(beta, 1))
			a := b.Pow(b.Call("relu", b.Add(b.Div(b.MatMul(q, b.T(k)), 8), bias)), 2)
			b.Return(b.Add(x, b.MatMul(b.Mul(u, b.MatMul(a, v)), wo)))
		}},
	} {
		p, err := frontend.LoadText("a.lathe", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		want, _, err := p.Instantiate(c.name, frontend.Binding{Set: c.set})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		b := build.New(c.name)
		c.build(b)
		got, err := b.Func()
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if g, w := placeless(got), placeless(want); g != w {
			t.Errorf("%s: got\n%s\nwant\n%s", c.text, g, w)
		}
		if got.Flops() != want.Flops() {
			t.Errorf("%s: %d FLOPs, want %d", c.text, got.Flops(), want.Flops())
		}
	}
}

// placeless returns the text of a function without places, which differ.
func placeless(f *ir.Func) string {
	f.Walk(func(v *ir.Value) { v.Pos = source.Pos{} })
	return f.String()
}

// TestErrors: the first mistake is kept, with the line of this file.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		want  string
		build func(b *build.Builder, x build.Value)
	}{
		{"inner sizes differ: f32[2, 3] @ f32[2, 3] (3 and 2)", func(b *build.Builder, x build.Value) { b.Return(b.Add(b.MatMul(x, x), b.Call("nothing"))) }},
		{"no function is called sofmax", func(b *build.Builder, x build.Value) { b.Return(b.Call("sofmax", x)) }},
		{"axis 2 of sum is out of range for f32[2, 3]", func(b *build.Builder, x build.Value) { b.Return(b.Call("sum", x, build.Named("axis", 2))) }},
		{"index 2 is out of range for dimension 0 of f32[2, 3]", func(b *build.Builder, x build.Value) { b.Return(b.Index(x, 2)) }},
		{"an index must be an integer, found 0.5, no integer", func(b *build.Builder, x build.Value) { b.Return(b.Index(x, 0.5)) }},
		{"x is declared twice", func(b *build.Builder, x build.Value) { b.Return(b.Arg("x", f32)) }},
		{"size 0 of w cannot be negative, found -1", func(b *build.Builder, x build.Value) { b.Return(b.Weight("w", f32, -1)) }},
		{"an operand belongs to another builder's function", func(b *build.Builder, x build.Value) { b.Return(b.Neg(build.New("g").Arg("x", f32))) }},
		{"an operand has no value: it was made by no builder", func(b *build.Builder, x build.Value) { b.Return(b.Neg(build.Value{})) }},
		{"an operand is a Value, a number, a flag, a string, a type or a list of them, found a Go value of type []string", func(b *build.Builder, x build.Value) { b.Return(b.Neg([]string{"a"})) }},
		{"an operand is nil", func(b *build.Builder, x build.Value) { b.Return(b.Add(x, nil)) }},
		{"an argument by position stands behind one by name", func(b *build.Builder, x build.Value) { b.Return(b.Call("sum", build.Named("axis", 0), x)) }},
		{"the function has no result", func(b *build.Builder, x build.Value) {}},
		{"the function has returned before", func(b *build.Builder, x build.Value) { b.Return(x); b.Return(x) }},
		{"a function returns tensors and static numbers, found a list of 2 values", func(b *build.Builder, x build.Value) { b.Return([]build.Value{x, x}) }},
		{"value 0 is f32[2, 3] when a turn starts and f32[3] when it ends", func(b *build.Builder, x build.Value) {
			b.Return(b.For(0, 2, []build.Value{x}, func(i build.Value, now []build.Value) []build.Value {
				return []build.Value{b.Index(now[0], 0)}
			})[0])
		}},
		{"the loop carries 1 value, but its body returns 0", func(b *build.Builder, x build.Value) {
			b.Return(b.For(0, 2, []build.Value{x}, func(build.Value, []build.Value) []build.Value { return nil })[0])
		}},
		{"expected 3 values, found a list of 2 values", func(b *build.Builder, x build.Value) {
			b.Return(b.Unpack(b.Call("split", x, 2), 3)[2])
		}},
		{"axis 7 of split is out of range for f32[2, 3]", func(b *build.Builder, x build.Value) {
			b.Return(b.Unpack(b.Call("split", x, 2, build.Named("axis", 7)), 2)[1])
		}},
		{"a loop with step 0 never ends", func(b *build.Builder, x build.Value) {
			b.Return(b.ForStep(0, 2, 0, []build.Value{x}, func(_ build.Value, now []build.Value) []build.Value { return now })[0])
		}},
	} {
		b := build.New("main")
		c.build(b, b.Arg("x", f32, 2, 3))
		_, err := b.Func()
		if err == nil {
			t.Errorf("no error, want %q", c.want)
			continue
		}
		place, got, _ := strings.Cut(err.Error(), ": ")
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if !regexp.MustCompile(`build_test\.go:[0-9]+:1$`).MatchString(place) {
			t.Errorf("%s: the place is %s", c.want, place)
		}
	}
}

// TestOutOfScope: a value of a loop's body has no meaning behind the loop.
func TestOutOfScope(t *testing.T) {
	b := build.New("main")
	var leaked build.Value
	x := b.Arg("x", f32, 3)
	b.For(0, 2, []build.Value{x}, func(_ build.Value, now []build.Value) []build.Value {
		leaked = b.Neg(now[0])
		return []build.Value{leaked}
	})
	b.Return(leaked)
	if _, err := b.Func(); err == nil || !strings.Contains(err.Error(), "outside of it?") {
		t.Errorf("got %v", err)
	}
}

// TestText: what a builder makes has a text that reads back as the same.
func TestText(t *testing.T) {
	b := build.New("main")
	x := b.Arg("x", f32, 3, 4)
	b.Return(b.For(0, x.Dim(-2), []build.Value{b.Call("zeros", ir.Make(f32, 4))}, func(i build.Value, now []build.Value) []build.Value {
		return []build.Value{b.Add(now[0], b.Index(x, i))}
	})[0])
	f, err := b.Func()
	if err != nil {
		t.Fatal(err)
	}
	m, err := ir.Parse(&source.File{Name: "main.ir", Text: f.String()})
	if err != nil {
		t.Fatalf("%v\n%v", err, f)
	}
	if got := m.Funcs[0].String(); got != f.String() {
		t.Errorf("got\n%s\nwant\n%v", got, f)
	}
}

func ExampleBuilder() {
	b := build.New("Mlp.forward")
	x := b.Arg("x", tensor.F32, 8, 64)
	w1 := b.Weight("w1", tensor.F32, 64, 256)
	w2 := b.Weight("w2", tensor.F32, 256, 64)
	b.Return(b.Add(x, b.MatMul(b.Call("relu", b.MatMul(x, w1)), w2)))
	f, err := b.Func()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Name, f.Results[0].Type, f.Flops(), "FLOPs")
	// Output: Mlp.forward f32[8, 64] 526848 FLOPs
}
