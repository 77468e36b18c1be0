package benchmarks

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

// models are the examples at the sizes that their heads name.
var models = []struct {
	name, file, entry string
	set               map[string]string
}{
	{"gau", "gau.lathe", "Gau.forward", map[string]string{"b": "1", "n": "1024"}},
	{"flash", "flash.lathe", "Flash.forward", map[string]string{"b": "1", "n": "1024"}},
	{"flash-causal", "flash.lathe", "Flash.forward", map[string]string{"b": "1", "n": "1024", "causal": "true"}},
	{"moe-choice", "moe_choice.lathe", "MoeChoice.forward", map[string]string{"n": "512"}},
	{"moe-top2", "moe_top2.lathe", "MoeTop2.forward", map[string]string{"n": "512"}},
	{"patch-merger", "patch_merger.lathe", "Vit.forward", map[string]string{"b": "1"}},
	{"datamux", "datamux.lathe", "DataMux.forward", map[string]string{"b": "1"}},
}

func BenchmarkModels(b *testing.B) {
	for _, m := range models {
		program, err := lathe.Load("../examples/" + m.file)
		if err != nil {
			b.Fatal(err)
		}
		f, sig, err := program.Func(m.entry, lathe.Options{Set: m.set})
		if err != nil {
			b.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 0))
		weights := map[string]*lathe.Tensor{}
		var inputs, all []*lathe.Tensor
		for _, p := range f.Params {
			t := random(rng, p.Type)
			all = append(all, t)
			if p.Weight {
				weights[p.Name] = t
			} else {
				inputs = append(inputs, t)
			}
		}
		report := func(b *testing.B) {
			b.ReportMetric(float64(f.Flops())*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
		}
		b.Run(m.name+"/naive", func(b *testing.B) {
			for b.Loop() {
				if _, err := eval.Run(context.Background(), f, all, eval.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			report(b)
		})
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", m.name, threads), func(b *testing.B) {
				x, err := program.Compile(context.Background(), m.entry, lathe.Options{Set: m.set, Weights: weights, Threads: threads, LLVM: llvmtest.Want()})
				if err != nil {
					b.Fatal(err)
				}
				defer x.Close()
				outputs := make([]*lathe.Tensor, len(sig.Results))
				for i, t := range sig.Results {
					outputs[i] = lathe.NewTensor(t.DType, t.Dims()...)
				}
				for b.Loop() {
					if err := x.RunInto(context.Background(), outputs, inputs); err != nil {
						b.Fatal(err)
					}
				}
				report(b)
			})
		}
	}
}

// random draws normal floats, scaled by 1/sqrt of the last dimension but one
// for matrices, and zeros and ones for integers.
func random(rng *rand.Rand, t ir.Type) *lathe.Tensor {
	dims := t.Dims()
	scale := 1.0
	if n := len(dims); n > 1 {
		scale = 1 / math.Sqrt(float64(dims[n-2]))
	}
	out := lathe.NewTensor(t.DType, dims...)
	for i := range out.Len() {
		if t.DType.IsFloat() {
			out.SetFloat(i, rng.NormFloat64()*scale)
		} else {
			out.SetInt(i, rng.Int64N(2))
		}
	}
	return out
}
