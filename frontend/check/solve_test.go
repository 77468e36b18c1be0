package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// load parses a program of one file.
func load(t testing.TB, text string) *Program {
	t.Helper()
	tree, err := syntax.Parse(&source.File{Name: "t.lathe", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New([]*Unit{{File: tree}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// types makes a map of f32 types: "x", 2, 3 is f32[2, 3] for x.
func types(parts ...any) map[string]ir.Type {
	out := map[string]ir.Type{}
	name := ""
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			name = p
			out[name] = ir.Make(tensor.F32)
		case int:
			out[name] = ir.Make(tensor.F32, append(out[name].Dims(), p)...)
		}
	}
	return out
}

const nested = `
model Mlp(d, f = 4 * d) {
    weight w1: f32[d, f]
    fn forward(x: f32[n, d]) -> f32[n, d] { x }
}
model Block(d, heads = 2) {
    mlp: Mlp(d, 2 * d) as "ffn"
    weight norm: f32[d]
    fn forward(x: f32[n, d]) -> f32[n, d] { mlp(x) }
}
model Net(d, depth = 2, odd) {
    weight embed: f32[2 * odd - 1, d] as "emb.weight"
    blocks: Block(d)[depth]
    fn forward(x: f32[b, n, d], k: int = 3, c: float, causal: flag = false, y: f32[3 * b + 1]) -> f32[b, n, d] { x }
    fn other(x: f32[d]) { embed }
}
`

func TestSolve(t *testing.T) {
	for _, tt := range []struct {
		name, entry, want string
		b                 Binding
	}{
		{"by argument", "Net.forward", "d=4 (argument x) depth=2 (default) odd= () k=3 (default) c=0.5 (set) causal=false (default) b=2 (argument x) n=3 (argument x)",
			Binding{Set: map[string]string{"c": "0.5"}, Params: types("x", 2, 3, 4)}},
		{"linear", "Net.forward", "d=4 (set) depth=2 (default) odd= () k=3 (default) c=1 (set) causal=false (default) b=5 (argument y) n=6 (set)",
			Binding{Set: map[string]string{"c": "1", "d": "4", "n": "6"}, Params: types("y", 16)}},
		{"weights of sub-models", "Net.forward", "d=8 (weight blocks.1.ffn.w1) depth=2 (default) odd=7 (weight emb.weight) k=3 (default) c=1 (set) causal=true (set) b=1 (set) n=1 (set)",
			Binding{Set: map[string]string{"c": "1", "n": "1", "b": "1", "causal": "true"}, Weights: types("emb.weight", 13, 8, "blocks.1.ffn.w1", 8, 16, "unrelated", 5)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, sig, err := load(t, nested).Instantiate(tt.entry, tt.b)
			if err != nil {
				t.Fatal(err)
			}
			var parts []string
			for _, z := range sig.Sizes {
				parts = append(parts, fmt.Sprintf("%s=%s (%s)", z.Name, z.Value, z.From))
			}
			if got := strings.Join(parts, " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSolveErrors(t *testing.T) {
	c := map[string]string{"c": "1"}
	with := func(more ...string) map[string]string {
		m := map[string]string{"c": "1"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for _, tt := range []struct {
		name, entry, want, hint string
		b                       Binding
	}{
		{"missing size", "Net.forward", "t.lathe:14:23: size b has no value: nothing that is given determines it", "say it with --set b=1, or give an argument or a weight that shows it", Binding{Set: with("n", "1", "d", "1")}},
		{"missing float", "Net.forward", "t.lathe:14:45: float parameter c has no value: nothing that is given determines it", "", Binding{Params: types("x", 1, 1, 1)}},
		{"missing size of the model", "Net.other", "t.lathe:11:25: size odd has no value: nothing that is given determines it", "", Binding{Params: types("x", 4)}},
		{"no such size", "Net.forward", "Net.forward has no size and no static parameter called dept", "did you mean depth?", Binding{Set: with("dept", "1")}},
		{"no such argument", "Net.forward", "Net.forward has no argument called z", "there is x, y", Binding{Set: c, Params: types("z", 1)}},
		{"no number", "Net.forward", "b=0x10: expected a number, true or false", "", Binding{Set: with("b", "0x10")}},
		{"negative", "Net.forward", "t.lathe:14:23: size b cannot be negative, found -1", "", Binding{Set: with("b", "-1")}},
		{"fraction", "Net.forward", "t.lathe:14:23: size b is an integer, found 1.5", "", Binding{Set: with("b", "1.5")}},
		{"flag for a number", "Net.forward", "t.lathe:14:33: int parameter k is static: expected an integer, found true", "", Binding{Set: with("k", "true")}},
		{"rank", "Net.forward", "t.lathe:14:16: argument x is declared f32[b, n, d], found f32[2, 3]: rank 2, not 3", "", Binding{Set: c, Params: types("x", 2, 3)}},
		{"contradiction", "Net.forward", "t.lathe:14:29: argument x is declared f32[b, n, d], found f32[1, 1, 4]: dimension 2 is 4, not 8 (d = 8 by weight blocks.0.norm)", "", Binding{Set: c, Params: types("x", 1, 1, 4), Weights: types("blocks.0.norm", 8)}},
		{"no such multiple", "Net.forward", "t.lathe:14:90: argument y is declared f32[3*b + 1], found f32[6]: dimension 0 is 6, and no size b makes 3*b + 1 that", "", Binding{Set: c, Params: types("y", 6)}},
		{"no entry", "Net.forwart", "t.lathe:1:1: no entry is called Net.forwart", "did you mean Net.forward?", Binding{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, nested).Instantiate(tt.entry, tt.b)
			list := source.List(err)
			if len(list) == 0 || list[0].Error() != tt.want || tt.hint != "" && list[0].Hint != tt.hint {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
				if len(list) > 0 {
					t.Logf("hint %q, want %q", list[0].Hint, tt.hint)
				}
			}
		})
	}
}
