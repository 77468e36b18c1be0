package lathe_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
)

// inspected returns an entry of an example as written and after the passes, and the
// rules that were used.
func inspected(t *testing.T, file, entry string, set map[string]string) (naive int, f *ir.Func, rules []string) {
	t.Helper()
	p, err := lathe.Load("examples/" + file + ".lathe")
	if err != nil {
		t.Fatal(err)
	}
	opts := lathe.Options{Set: set}
	written, _, err := p.Func(entry, opts)
	if err != nil {
		t.Fatal(err)
	}
	opts.Rewrite = func(r passes.Rewrite) {
		if !slices.Contains(rules, r.Rule.Name) {
			rules = append(rules, r.Rule.Name)
		}
	}
	f, _, err = p.Inspect(t.Context(), entry, opts)
	if err != nil {
		t.Fatal(err)
	}
	return written.Flops(), f, rules
}

// TestExperts holds the textbook forms of models to the forms of experts, at the
// papers' sizes: equal FLOPs within 2 %, by the laws that are named, and where a
// paper's saving is known that much less than written.
func TestExperts(t *testing.T) {
	for _, c := range []struct {
		file, entry string
		set         map[string]string
		rules       []string
		saves       float64 // FLOPs as written over those of a call; 0 for any
	}{
		{"gau", "Gau.forward", map[string]string{"b": "1", "n": "1024"}, []string{"scale through product"}, 0},
		{"flash", "Flash.forward", map[string]string{"b": "1", "n": "4096"}, []string{"scale through product", "shift through product"}, 0},
		{"flash", "Flash.forward", map[string]string{"b": "1", "n": "4096", "causal": "true"}, []string{"scale through product"}, 0},
		{"moe_choice", "MoeChoice.forward", map[string]string{"n": "1024"}, []string{"one-hot gathers", "one-hot scatters"}, 1.5},
		{"moe_choice_capped", "MoeChoiceCapped.forward", map[string]string{"n": "1024"}, []string{"one-hot gathers", "one-hot scatters"}, 1.5},
		{"moe_top2", "MoeTop2.forward", map[string]string{"n": "1024"}, []string{"one-hot gathers", "one-hot scatters"}, 1.5},
		{"vit", "Vit.forward", map[string]string{"b": "1"},
			[]string{"part only", "scale through product", "shift through product", "softmax of a shift", "rows that sum to one", "split heads"}, 0},
		{"patch_merger", "Vit.forward", map[string]string{"b": "1"},
			[]string{"scale through product", "shift through product", "softmax of a shift", "rows that sum to one"}, 0},
		{"datamux", "DataMux.forward", map[string]string{"b": "1", "n": "40", "d": "768", "heads": "12", "depth": "12", "vocab": "50265"},
			[]string{"split factor", "softmax of a shift", "rows that sum to one", "part only"}, 0},
		{"datamux", "DataMux.forward", map[string]string{"b": "1", "mixing": "1"}, []string{"split factor", "order"}, 0},
		{"datamux", "DataMux.forward", map[string]string{"b": "1", "n": "8", "mixing": "2"}, []string{"split factor"}, 0},
		{"datamux", "DataMux.sentence", map[string]string{"b": "1"}, []string{"split factor", "part only", "split heads"}, 0},
		{"ytuning", "YTuning.attend", map[string]string{"b": "1", "t": "128"}, []string{"split heads", "softmax of a shift", "rows that sum to one"}, 10},
		{"ytuning", "YTuning.forward", map[string]string{"b": "1", "t": "128"}, []string{"split heads", "load time"}, 9},
		{"charformer", "Charformer.convolved", map[string]string{"n": "1", "l": "1024"}, []string{"repeated rows"}, 1000},
		{"charformer", "Charformer.front", map[string]string{"n": "1", "l": "1024"}, []string{"repeated rows"}, 300},
		{"charformer", "Charformer.forward", map[string]string{"n": "1", "l": "512", "depth": "2"}, []string{"repeated rows", "scale through product"}, 0},
	} {
		t.Run(fmt.Sprintf("%s %s %v", c.file, c.entry, c.set), func(t *testing.T) {
			t.Parallel()
			naive, textbook, rules := inspected(t, c.file, c.entry, c.set)
			_, expert, _ := inspected(t, c.file+"_expert", c.entry, c.set)
			a, b := float64(textbook.Work()), float64(expert.Work())
			if math.Abs(a-b) > 0.02*b {
				t.Errorf("%.4g FLOPs, of the expert's form %.4g", a, b)
			}
			for _, r := range c.rules {
				if !slices.Contains(rules, r) {
					t.Errorf("the rule %q was not used, but %q", r, rules)
				}
			}
			if saved := float64(naive) / a; saved < c.saves {
				t.Errorf("%.1f times fewer FLOPs than written, want %v", saved, c.saves)
			}
		})
	}
}

// TestSavings holds parts of models to what the papers' best forms save.
func TestSavings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		saves      float64
	}{
		{"demultiplexing, the linear map", `
model M() {
    weight w: f32[1536, 768]
    fn main(names: f32[40, 768], h: f32[128, 768]) {
        left = broadcast(names[:, None, :], [40, 128, 768])
        right = broadcast(h, [40, 128, 768])
        concat([left, right], axis=-1) @ w
    }
}
`, 59},
		{"demultiplexing, the layer", `
model M() {
    weight w: f32[1536, 768]
    weight bias: f32[768]
    weight scale: f32[768]
    weight shift: f32[768]
    fn main(names: f32[40, 768], h: f32[128, 768]) {
        left = broadcast(names[:, None, :], [40, 128, 768])
        right = broadcast(h, [40, 128, 768])
        layernorm(gelu(concat([left, right], axis=-1) @ w + bias)) * scale + shift
    }
}
`, 45},
		{"keys and values for three labels", `
model M() {
    weight wk: f32[1024, 1024]
    weight bk: f32[1024]
    weight wv: f32[1024, 1024]
    weight bv: f32[1024]
    fn main(q: f32[16, 3, 64], h: f32[128, 1024]) {
        k = transpose(reshape(h @ wk + bk, [128, 16, 64]), [1, 0, 2])
        v = transpose(reshape(h @ wv + bv, [128, 16, 64]), [1, 0, 2])
        softmax(q @ k.T / 8) @ v
    }
}
`, 14},
		{"two tokens that two heads read", `
model M() {
    weight wk: f32[384, 1536]
    weight wv: f32[1536, 384]
    fn main(x: f32[197, 384]) {
        y = relu(x @ wk) @ wv
        return y[0], y[5]
    }
}
`, 98},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := lathe.LoadText("part.lathe", c.text)
			if err != nil {
				t.Fatal(err)
			}
			opts := lathe.Options{}
			written, _, err := p.Func("M.main", opts)
			if err != nil {
				t.Fatal(err)
			}
			f, _, err := p.Inspect(t.Context(), "M.main", opts)
			if err != nil {
				t.Fatal(err)
			}
			if saved := float64(written.Flops()) / float64(f.Work()); saved < c.saves {
				t.Errorf("%.1f times fewer FLOPs than written, want %v\n%v", saved, c.saves, f)
			}
		})
	}
}
