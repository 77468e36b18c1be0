package lathe

import (
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// BenchmarkCompile compiles a layer and a model of twelve, without a cache and
// from one. Loading weights is part of it: most of the time of the model from
// the cache goes into packing 88 MB.
func BenchmarkCompile(b *testing.B) {
	llvmtest.Library(b)
	for _, c := range []struct {
		name, file, entry string
		set               map[string]string
	}{
		{"gau", "examples/gau.lathe", "Gau.forward", map[string]string{"b": "1", "n": "1024"}},
		{"vit", "examples/patch_merger.lathe", "Vit.forward", map[string]string{"b": "1"}},
	} {
		program, err := Load(c.file)
		if err != nil {
			b.Fatal(err)
		}
		opts := Options{LLVM: llvmtest.Want(), Set: c.set, Weights: map[string]*Tensor{}}
		_, sig, err := program.Func(c.entry, opts)
		if err != nil {
			b.Fatal(err)
		}
		for _, w := range sig.Weights {
			opts.Weights[w.Name] = NewTensor(w.Type.DType, w.Type.Dims()...)
		}
		run := func(b *testing.B) {
			for b.Loop() {
				x, err := program.Compile(b.Context(), c.entry, opts)
				if err != nil {
					b.Fatal(err)
				}
				x.Close()
			}
		}
		b.Run(c.name+"/cold", run)
		opts.Cache = b.TempDir()
		x, err := program.Compile(b.Context(), c.entry, opts)
		if err != nil {
			b.Fatal(err)
		}
		x.Close()
		b.Run(c.name+"/hit", run)
	}
}
