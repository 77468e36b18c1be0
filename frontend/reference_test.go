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
// with the element type d in the place of f32, and its arguments.
func instantiate(t *testing.T, file, entry string, d tensor.DType, b frontend.Binding, values map[string]*tensor.Tensor) (*ir.Func, []*tensor.Tensor) {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{file, "layers.lathe"} {
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
