package lathe_test

import (
	"context"
	"flag"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
)

var (
	graphs    = flag.Int("graphs", 300, "how many random functions TestRandomFunctions compiles")
	firstSeed = flag.Uint64("first", 0, "the first seed")
)

// TestRandomFunctions compiles random functions, with all passes for one worker
// and with none for three, and holds the results to the bounds that error
// analysis gives for the function as written. Every fourth function has NaN and
// infinities in its arguments. Numbers near the largest are only for what no pass
// has rewritten: 2 * a, where a @ b is added to itself, may overflow beside a zero.
func TestRandomFunctions(t *testing.T) {
	undecided, elements := 0, 0 // of the finite functions
	for seed := *firstSeed; seed < *firstSeed+uint64(*graphs); seed++ {
		for _, way := range []struct {
			name string
			huge bool
			opts lathe.Options
		}{
			{"all passes, 1 thread", false, lathe.Options{Threads: 1}},
			{"no passes, 3 threads", true, lathe.Options{Threads: 3, Passes: []string{}}},
		} {
			f, args := irtest.Random(seed, irtest.Config{NonFinite: seed%4 == 3, NoHuge: !way.huge})
			want, err := eval.Bounded(t.Context(), f, args)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for i, got := range runFunc(t, seed, f, args, way.opts) {
				v := eval.Check(got, want[i])
				if seed%4 != 3 {
					undecided += v.BadCount
					elements += got.Len()
				}
				if !v.OK() {
					t.Errorf("seed %d, %s: result %d: %v\n%v", seed, way.name, i, v, f)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if undecided*50 > elements {
		t.Errorf("%d of %d elements could not be judged, more than 2 %%", undecided, elements)
	}
}

// runFunc compiles f with its weights and runs it.
func runFunc(t *testing.T, seed uint64, f *ir.Func, args []*lathe.Tensor, opts lathe.Options) []*lathe.Tensor {
	t.Helper()
	program, err := lathe.FromFunc(f)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	opts.Weights = map[string]*lathe.Tensor{}
	var inputs []*lathe.Tensor
	for i, p := range f.Params {
		if p.Weight {
			opts.Weights[p.Name] = args[i]
		} else {
			inputs = append(inputs, args[i])
		}
	}
	opts.LLVM = llvmtest.Want()
	x, err := program.Compile(context.Background(), f.Name, opts)
	if err != nil {
		t.Fatalf("seed %d: %v\n%v", seed, err, f)
	}
	defer x.Close()
	out, err := x.Run(context.Background(), inputs...)
	if err != nil {
		t.Fatalf("seed %d: %v\n%v", seed, err, f)
	}
	return out
}
