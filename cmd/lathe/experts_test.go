package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// explained returns what lathe explain says of an entry of an example, or of a
// file with a path of its own.
func explained(t *testing.T, file, entry string, set ...string) *explanation {
	t.Helper()
	if !strings.Contains(file, "/") {
		file = "../../examples/" + file
	}
	args := []string{"explain", file, entry, "--json"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), &env{stdout: &stdout, stderr: &stderr, getenv: uncached}, args); code != exitDone {
		t.Fatalf("exit status %d\n%s", code, stderr.String())
	}
	x := &explanation{}
	if err := json.Unmarshal(stdout.Bytes(), x); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestExperts sees what becomes of layers of experts at the sizes of the papers:
// no product is left for dispatch and combine, what is between the products of
// the experts is never in memory as a whole, and explain names what did it.
func TestExperts(t *testing.T) {
	t.Parallel()
	const n, d, f, e = 4096, 768, 3072, 16
	sizes := []string{fmt.Sprint("n=", n), fmt.Sprint("d=", d), fmt.Sprint("f=", f), fmt.Sprint("e=", e)}
	const slots, route = 2 * n, 2 * n * d * e // rows of all experts together, and the router's product
	for _, c := range []struct {
		file, entry string
		products    int // of the experts
		rules       string
	}{
		{"moe_choice.lathe", "MoeChoice.forward", 2, "one-hot gathers,one-hot scatters,scatters into"},
		{"moe_choice_capped.lathe", "MoeChoiceCapped.forward", 2, "one-hot gathers,one-hot scatters,scatters into"},
		{"moe_top2.lathe", "MoeTop2.forward", 3, "one-hot gathers,one-hot scatters"},
		{"moe_top2.lathe", "MoeTop2.with_losses", 3, "one-hot gathers,one-hot scatters"},
	} {
		t.Run(c.entry, func(t *testing.T) {
			x := explained(t, c.file, c.entry, sizes...)
			expert := explained(t, strings.Replace(c.file, ".lathe", "_expert.lathe", 1), c.entry, sizes...)
			if a, b := x.Optimized.Flops, expert.Optimized.Flops; 50*a > 51*b || 50*b > 51*a {
				t.Errorf("%d FLOPs, %d as written by hand", a, b)
			}
			// What is left beside products, the capped router's turns too, is little.
			if most := (route + 2*c.products*slots*d*f) / 100 * 103; x.Optimized.Flops > most {
				t.Errorf("%d FLOPs, want at most %d", x.Optimized.Flops, most)
			}
			if x.Optimized.Peak*5 > x.Naive.Peak {
				t.Errorf("peak is %d bytes, want at most a fifth of %d", x.Optimized.Peak, x.Naive.Peak)
			}
			for _, rule := range strings.Split(c.rules, ",") {
				if !strings.Contains(fmt.Sprint(x.Rewrites), " "+rule+" ") {
					t.Errorf("explain does not name %s", rule)
				}
			}
		})
	}
}

// variations are layers in which tokens choose experts that are all computed, as
// written, of all tokens. Gates are zero by construction where nothing is chosen.
var variations = []struct {
	name    string
	choices int // of each token
	dense   int // experts of all tokens beside
	grouped bool
	body    string
}{
	{"three experts a token, and a shared one", 3, 1, true, `
        best, experts = top_k(softmax(x @ router), 3)
        gates = sum(one_hot(experts, e) * best[:, :, None], axis=1)
        out = einsum("enf,efd->end", gelu(einsum("nd,edf->enf", x, w1)), w2)
        return x + einsum("ne,end->nd", gates, out) + gelu(x @ s1) @ s2`},
	{"gates in log space, scattered", 2, 0, true, `
        best, experts = top_k(log_softmax(x @ router), 2)
        gates = scatter_along(zeros(f32[n, e]), experts, exp(best - logsumexp(best, axis=-1, keepdims=true)), axis=1)
        out = einsum("enf,efd->end", gelu(einsum("nd,edf->enf", x, w1)), w2)
        return x + einsum("ne,end->nd", gates, out)`},
	{"the best one, in one product", 1, 0, true, `
        p = softmax(x @ router)
        gates = p * one_hot(argmax(p, axis=-1), e)
        return x + einsum("ne,enf,efd->nd", gates, gelu(einsum("nd,edf->enf", x, w1)), w2)`},
	{"two in turns", 2, 0, true, `
        p = softmax(x @ router)
        first = one_hot(argmax(p, axis=-1), e)
        second = one_hot(argmax(p * (1 - first), axis=-1), e)
        h = gelu(einsum("nd,edf->nef", x, w1))
        return x + einsum("ne,ned->nd", p * (first + second), einsum("nef,efd->ned", h, w2))`},
	{"in turns with a mask each", 1, 0, true, `
        p = softmax(x @ router)
        choice = argmax(p, axis=-1)
        gate = max(p, axis=-1)
        y = x
        for i in 0..e {
            y = y + where(choice == i, gate, 0)[:, None] * (gelu(x @ w1[i]) @ w2[i])
        }
        return y`},
	{"in turns with gates of two experts", 2, 0, true, `
        best, experts = top_k(softmax(x @ router), 2)
        gates = scatter_along(zeros(f32[n, e]), experts, best, axis=1)
        y = zeros(f32[n, d])
        for i in 0..e {
            y = y + gates[:, i][:, None] * (gelu(x @ w1[i]) @ w2[i])
        }
        return x + y`},
	{"two layers in turns", 2, 0, true, `
        static for layer in 0..2 {
            choice = argmax(x @ router, axis=-1)
            y = x
            for i in 0..e {
                y = y + where((choice == i)[:, None], gelu(x @ w1[i]) @ w2[i], 0)
            }
            x = y
        }
        return x`},
	{"one by one, with a mask before and behind", 1, 0, true, `
        choice = argmax(x @ router, axis=-1)
        y = x
        static for i in 0..e {
            mask = f32(choice == i)[:, None]
            y = y + mask * (gelu((mask * x) @ w1[i]) @ w2[i])
        }
        return y`},
	{"one by one, each chosen first or second", 2, 0, true, `
        best, experts = top_k(softmax(x @ router), 2)
        y = x
        static for i in 0..e {
            y = y + sum(where(experts == i, best, 0), axis=1)[:, None] * (gelu(x @ w1[i]) @ w2[i])
        }
        return y`},
	{"matrices of its own for each token", 2, 0, false, `
        best, experts = top_k(softmax(x @ router), 2)
        out = einsum("nkf,nkfd->nkd", gelu(einsum("nd,nkdf->nkf", x, w1[experts])), w2[experts])
        return x + einsum("nk,nkd->nd", best, out)`},
}

// TestChosenExperts sees that experts compute no more tokens than choose them, in
// blocks of which an eighth may be filled up, however the layer is written; and
// that this is right, at a small size.
func TestChosenExperts(t *testing.T) {
	t.Parallel()
	const n, d, f, e = 2048, 256, 1024, 8
	for _, c := range variations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "experts.lathe")
			text := fmt.Sprintf(`
model Experts(d, f, e) {
    weight router: f32[d, e]
    weight w1: f32[e, d, f]
    weight w2: f32[e, f, d]
    weight s1: f32[d, f]
    weight s2: f32[f, d]
    fn forward(x: f32[n, d]) -> f32[n, d] {%s
    }
}`, c.body)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			x := explained(t, file, "Experts.forward", fmt.Sprint("n=", n), fmt.Sprint("d=", d), fmt.Sprint("f=", f), fmt.Sprint("e=", e))
			const expert = 4 * n * d * f
			experts := expert * c.dense * 8
			experts += expert * c.choices * 9
			if most := experts/8 + experts/800; x.Optimized.Flops > most+2*n*d*e {
				t.Errorf("%d FLOPs, want at most %d", x.Optimized.Flops, most)
			}
			if got := strings.Contains(fmt.Sprint(x.Rewrites), " grouped by choice "); got != c.grouped {
				t.Errorf("explain names grouping: %t, want %t", got, c.grouped)
			}
			if x.Optimized.Peak*5 > x.Naive.Peak {
				t.Errorf("peak is %d bytes, want at most a fifth of %d", x.Optimized.Peak, x.Naive.Peak)
			}
			checkedRun(t, file, "Experts.forward", "n=77", "d=16", "f=40", "e=4")
		})
	}
}

// checkedRun runs an entry of a file with random weights, and checks it.
func checkedRun(t *testing.T, file, entry string, set ...string) {
	t.Helper()
	args := []string{"run", file, entry, "--random", "1", "--check"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), &env{stdout: &stdout, stderr: &stderr, getenv: uncached}, args); code != exitDone {
		t.Fatalf("exit status %d\n%s%s", code, stdout.String(), stderr.String())
	}
}

// TestExpertWidths has experts of different widths, written one by one, choose a
// quarter of the tokens each: that is what they compute.
func TestExpertWidths(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "widths.lathe")
	if err := os.WriteFile(file, []byte(`
model Experts(d, f) {
    weight router: f32[d, 3]
    weight a1: f32[d, f]
    weight a2: f32[f, d]
    weight b1: f32[d, 2 * f]
    weight b2: f32[2 * f, d]
    weight c1: f32[d, 4 * f]
    weight c2: f32[4 * f, d]
    fn forward(x: f32[n, d]) -> f32[n, d] {
        best, tokens = top_k(softmax(x @ router).T, n / 4)
        gates = sum(one_hot(tokens, n) * best[:, :, None], axis=1)
        y = x + gates[0][:, None] * (gelu(x @ a1) @ a2)
        y = y + gates[1][:, None] * (gelu(x @ b1) @ b2)
        return y + gates[2][:, None] * (gelu(x @ c1) @ c2)
    }
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	const n, d, f = 1024, 256, 512
	x := explained(t, file, "Experts.forward", fmt.Sprint("n=", n), fmt.Sprint("d=", d), fmt.Sprint("f=", f))
	if most := (n/4*7*4*d*f + 2*n*d*3) / 100 * 101; x.Optimized.Flops > most {
		t.Errorf("%d FLOPs, want at most %d", x.Optimized.Flops, most)
	}
	checkedRun(t, file, "Experts.forward", "n=44", "d=16", "f=24")
}
