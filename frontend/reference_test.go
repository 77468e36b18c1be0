package frontend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/draw"
	"github.com/lathe-lang/lathe/internal/tensorio"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestReference holds each example to numbers that were computed from the
// formulas of its paper without it: they must lie within the bounds of what a
// correct evaluation in the example's element types may give. Of a deep network
// such bounds say nothing; its text is then also read with f64 in the place of
// f32, see deep.
// Sizes come from the weights and the inputs.
func TestReference(t *testing.T) {
	paths, err := filepath.Glob("../examples/testdata/*/case.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				File, Entry, Weights string
				Set                  map[string]any
				Inputs               map[string]string
				Outputs              []string
			}
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			b := frontend.Binding{Set: map[string]string{}, Params: map[string]ir.Type{}, Weights: map[string]ir.Type{}}
			for name, v := range c.Set {
				b.Set[name] = fmt.Sprint(v)
			}
			values := map[string]*tensor.Tensor{}
			for name, file := range c.Inputs {
				a, err := tensorio.ReadNpy(filepath.Join(dir, file), 0)
				if err != nil {
					t.Fatal(err)
				}
				values[name] = a.Tensor
				b.Params[name] = ir.Make(a.Tensor.DType(), a.Tensor.Shape()...)
			}
			weights, err := tensorio.OpenSafetensors(filepath.Join(dir, c.Weights))
			if err != nil {
				t.Fatal(err)
			}
			defer weights.Close()
			for _, name := range weights.Names() {
				a, err := weights.Tensor(name)
				if err != nil {
					t.Fatal(err)
				}
				values[name] = a.Tensor
				b.Weights[name] = ir.Make(a.Tensor.DType(), a.Tensor.Shape()...)
			}
			var want []*tensor.Tensor
			for _, file := range c.Outputs {
				a, err := tensorio.ReadNpy(filepath.Join(dir, file), 0)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, a.Tensor)
			}
			f, args := instantiate(t, c.File, c.Entry, tensor.F32, b, values)
			bands, err := eval.Bounded(context.Background(), f, args)
			if err != nil {
				t.Fatal(err)
			}
			for i, band := range bands {
				verdict := eval.Check(want[i].Convert(tensor.F32), band)
				if !verdict.OK() {
					t.Errorf("result %d: %v", i, verdict)
				}
				if verdict.BadCount > 0 {
					deep(t, c.File, c.Entry, b, values, want[i], i)
				}
			}
		})
	}
}

// TestExpertForms holds the forms of experts, which have the weights of the
// textbook forms, to these as TestReference holds these to the papers. The capped
// choice of experts is left out: it bisects, and which half to go on with is
// decided within the bounds.
func TestExpertForms(t *testing.T) {
	for _, c := range []struct{ file, entry, set string }{
		{"charformer", "Charformer.forward", "n=1 l=12 d=24 heads=2 f=32 depth=1 vocab=20"},
		{"datamux", "DataMux.forward", "b=1 n=3 d=16 heads=2 depth=2 vocab=20 l=5"},
		{"datamux", "DataMux.forward", "b=1 n=3 d=16 heads=2 depth=2 vocab=20 l=5 mixing=1"},
		{"datamux", "DataMux.forward", "b=1 n=4 d=16 heads=2 depth=2 vocab=20 l=5 mixing=2"},
		{"datamux", "DataMux.sentence", "b=1 n=3 d=16 heads=2 depth=2 vocab=20 l=5"},
		{"flash", "Flash.forward", "b=1 n=12 d=8 e=16 s=4 c=4"},
		{"flash", "Flash.forward", "b=1 n=12 d=8 e=16 s=4 c=4 causal=true"},
		{"gau", "Gau.forward", "b=1 n=6 d=8 e=16 s=4"},
		{"moe_choice", "MoeChoice.forward", "n=16 d=8 f=16 e=4"},
		{"moe_top2", "MoeTop2.forward", "n=16 d=8 f=16 e=4"},
		{"patch_merger", "Vit.forward", "b=1 d=12 depth=2 heads=2"},
		{"vit", "Vit.forward", "b=1 d=12 depth=2 heads=2"},
		{"ytuning", "YTuning.forward", "b=1 t=6 d=16"},
	} {
		t.Run(c.file+" "+c.entry+" "+c.set, func(t *testing.T) {
			t.Parallel()
			b := frontend.Binding{Set: map[string]string{}}
			for _, s := range strings.Fields(c.set) {
				name, value, _ := strings.Cut(s, "=")
				b.Set[name] = value
			}
			f, _ := instantiate(t, c.file+".lathe", c.entry, tensor.F32, b, nil)
			values, limits := map[string]*tensor.Tensor{}, eval.IndexBounds(f)
			var args []*tensor.Tensor
			for i, q := range f.Params {
				r, err := draw.New(7, q.Name)
				if err != nil {
					t.Fatal(err)
				}
				x, err := r.Value(q.Type, limits[i])
				if err != nil {
					t.Fatal(err)
				}
				values[q.Name], args = x, append(args, x)
			}
			bands, err := eval.Bounded(t.Context(), f, args)
			if err != nil {
				t.Fatal(err)
			}
			expert, args := instantiate(t, c.file+"_expert.lathe", c.entry, tensor.F32, b, values)
			got, err := eval.Run(t.Context(), expert, args, eval.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i, band := range bands {
				verdict := eval.Check(got[i], band)
				if !verdict.OK() {
					t.Errorf("result %d: %v", i, verdict)
				}
				if verdict.BadCount > 0 {
					f, args := instantiate(t, c.file+".lathe", c.entry, tensor.F64, b, values)
					want, err := eval.Run(t.Context(), f, args, eval.Options{})
					if err != nil {
						t.Fatal(err)
					}
					deep(t, c.file+"_expert.lathe", c.entry, b, values, want[i], i)
				}
			}
		})
	}
}

// deep holds a result of a network to the reference by its own conditioning:
// the same program in f32 is off by some d, so in f64, with roundings that are
// 2^29 times smaller, it is off by d * 2^-29. Roundings differ, by luck and by
// order; the number of values of the program is allowed for that.
func deep(t *testing.T, file, entry string, b frontend.Binding, values map[string]*tensor.Tensor, want *tensor.Tensor, result int) {
	t.Helper()
	var got [2][]float64
	steps := 0
	for i, d := range []tensor.DType{tensor.F32, tensor.F64} {
		f, args := instantiate(t, file, entry, d, b, values)
		out, err := eval.Run(context.Background(), f, args, eval.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got[i], steps = out[result].Floats(), len(f.Body)
	}
	off := 0.0
	for i := range got[0] {
		off = max(off, math.Abs(got[0][i]-got[1][i]))
	}
	bound := off * math.Pow(2, -29) * float64(steps)
	for i, w := range want.Floats() {
		if d := math.Abs(got[1][i] - w); !(d <= bound) {
			t.Errorf("result %d, element %d: %g, want %g within %g", result, i, got[1][i], w, bound)
			return
		}
	}
}

// instantiate makes the function of an entry of an example, whose text is read
// with the element type d in the place of f32, and its arguments if values has them.
func instantiate(t *testing.T, file, entry string, d tensor.DType, b frontend.Binding, values map[string]*tensor.Tensor) (*ir.Func, []*tensor.Tensor) {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{file, "layers.lathe", "layers_expert.lathe"} {
		text, err := os.ReadFile(filepath.Join("../examples", name))
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(text), "f32", d.String()))}
	}
	p, err := frontend.LoadFS(fsys, file)
	if err != nil {
		t.Fatal(err)
	}
	f, sig, err := p.Instantiate(entry, b)
	if err != nil {
		t.Fatal(err)
	}
	if values == nil {
		return f, nil
	}
	if missing := sig.Missing(slices.Collect(maps.Keys(values))); len(missing) > 0 {
		t.Fatalf("weights are missing: %v", missing)
	}
	var args []*tensor.Tensor
	for _, q := range f.Params {
		x := values[q.Name]
		if x.DType().IsFloat() {
			x = x.Convert(d)
		}
		args = append(args, x)
	}
	return f, args
}
