package lathe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// routers are layers of experts that return what they chose beside what they
// made of it, by all the ways in which choices are made.
var routers = []struct{ name, body string }{
	{"experts choose", `
        p = softmax(x @ router)
        gates, chosen = top_k(p.T, 100)
        hot = one_hot(chosen, n)
        h = gelu(einsum("ekn,nd,edf->ekf", hot, x, w1))
        return x + einsum("ekn,ek,ekf,efd->nd", hot, gates, h, w2), chosen`},
	{"tokens choose three, of a norm", `
        p = softmax((rmsnorm(x) * scale + shift) @ router)
        best, chosen = top_k(p, 3)
        gates = sum(one_hot(chosen, e) * (best / sum(best, axis=-1, keepdims=true))[:, :, None], axis=1)
        h = gelu(einsum("nd,edf->enf", x, w1))
        return x + einsum("ne,enf,efd->nd", gates, h, w2), chosen`},
	{"two in turns, of a product of products", `
        p = softmax((x * 0.3) @ (mix @ router) + bias)
        first = argmax(p, axis=-1)
        second = argmax(p * (1 - one_hot(first, e)), axis=-1)
        hot = one_hot(first, e) + one_hot(second, e)
        h = gelu(einsum("nd,edf->enf", x, w1))
        return x + einsum("ne,ne,enf,efd->nd", p, hot, h, w2), stack([first, second])`},
	{"by the k-th value, in log space", `
        logits = layernorm(x) @ router + x @ router
        logp = log_softmax(logits)
        best, _ = top_k(logp, 2)
        chosen = i64(logp >= best[:, 1:])
        gates = where(chosen > 0, exp(logp), 0.0)
        h = gelu(einsum("nd,edf->enf", x, w1))
        return x + einsum("ne,enf,efd->nd", gates, h, w2), chosen`},
	{"above others, with what is left after a capacity", `
        p = sigmoid((x @ mix) @ router / 3.0)
        open = f32(p > roll(p, e / 2, axis=1))
        place = cumsum(open, axis=0, exclusive=true)
        chosen = i64(open * f32(place < n / 4))
        h = gelu(einsum("nd,edf->enf", x, w1))
        return x + einsum("ne,ne,enf,efd->nd", p, f32(chosen), h, w2), chosen`},
}

// TestRouting sees that the passes change no choice of any of 10,000 tokens: what
// a choice hangs on is computed as it is without them. The second half of each
// token is the first one again, and the second half of the experts are the first
// ones with rows swapped. So experts come in pairs that only rounding tells apart,
// and whatever is rounded otherwise turns many choices.
func TestRouting(t *testing.T) {
	t.Parallel()
	const n, d, f, e = 10000, 24, 8, 8
	r := rand.New(rand.NewPCG(1, 2))
	// random makes a tensor in which element i of the axes of paired goes with
	// element i + size/2.
	random := func(paired int, dims ...int) *lathe.Tensor {
		size := 1
		for _, k := range dims {
			size *= k
		}
		data := make([]float32, size)
		for i := range data {
			// Where the element is with the halves of the paired axes swapped.
			other, rest, step := 0, i, 1
			for a := len(dims) - 1; a >= 0; a-- {
				at := rest % dims[a]
				if a >= len(dims)-paired {
					at = (at + dims[a]/2) % dims[a]
				}
				other, rest, step = other+at*step, rest/dims[a], step*dims[a]
			}
			if data[i] = float32(r.NormFloat64()); paired > 0 && other < i {
				data[i] = data[other]
			}
		}
		return slice(t, data, dims...)
	}
	weights := map[string]*lathe.Tensor{
		"router": random(2, d, e), "bias": random(1, e), "scale": random(1, d), "shift": random(1, d), "mix": random(2, d, d),
		"w1": random(0, e, d, f), "w2": random(0, e, f, d),
	}
	x := random(1, n, d)
	for _, c := range routers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := fmt.Sprintf(`
model M(d, f, e) {
    weight router: f32[d, e]
    weight bias: f32[e]
    weight scale: f32[d]
    weight shift: f32[d]
    weight mix: f32[d, d]
    weight w1: f32[e, d, f]
    weight w2: f32[e, f, d]
    fn forward(x: f32[n, d]) {%s
    }
}`, c.body)
			p, err := lathe.LoadText("routing.lathe", text)
			if err != nil {
				t.Fatal(err)
			}
			var chosen []*tensor.Tensor
			for _, passes := range [][]string{{}, nil} {
				exe, err := p.Compile(context.Background(), "M.forward", lathe.Options{
					LLVM: llvmtest.Want(), Passes: passes, Weights: weights, Set: sizes(fmt.Sprint("n=", n)),
				})
				if err != nil {
					t.Fatal(err)
				}
				defer exe.Close()
				out, err := exe.Run(context.Background(), x)
				if err != nil {
					t.Fatal(err)
				}
				chosen = append(chosen, out[1])
			}
			differ := 0
			want, got := chosen[0].Ints(), chosen[1].Ints()
			for i, k := range want {
				if got[i] != k {
					differ++
				}
			}
			if differ > 0 {
				t.Errorf("%d of %d choices differ", differ, len(want))
			}
		})
	}
}
