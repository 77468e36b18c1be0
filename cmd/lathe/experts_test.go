package main

import (
	"bytes"
	"encoding/json"
	"fmt"
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
