package lathe_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/passes"
)

var (
	graphs    = flag.Int("graphs", 150, "how many random functions TestRandomFunctions compiles")
	firstSeed = flag.Uint64("first", 0, "the first seed")
)

// TestRandomFunctions compiles random functions with all passes, with none, and
// with some in some order, for one worker and for several, and holds the results
// to the bounds that error analysis gives for the function as written. Every
// fourth function has NaN and infinities in its arguments, and of every fourth a
// variation is compiled. Numbers near the largest are only for what no pass has
// rewritten: 2 * a, where a @ b is added to itself, may overflow beside a zero.
func TestRandomFunctions(t *testing.T) {
	var mu sync.Mutex
	undecided, elements := 0, 0 // of the finite functions
	compiled := 0
	t.Run("seeds", func(t *testing.T) {
		shards := uint64(runtime.GOMAXPROCS(0))
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for i := shard; i < uint64(*graphs) && !t.Failed(); i += shards {
					bad, all := compileRandom(t, *firstSeed+i)
					mu.Lock()
					undecided += bad
					elements += all
					compiled += 3
					mu.Unlock()
				}
			})
		}
	})
	if undecided*50 > elements {
		t.Errorf("%d of %d elements could not be judged, more than 2 %%", undecided, elements)
	}
	t.Logf("tried: %d programs compiled, their results within the derived bounds; %.2f %% of the elements undecided", compiled, 100*float64(undecided)/float64(max(elements, 1)))
}

// compileRandom compiles the function of a seed under three lists of passes, and
// returns how many elements could not be judged, of how many.
func compileRandom(t *testing.T, seed uint64) (undecided, elements int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	some := passes.Names()
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	some = some[:1+r.IntN(len(some))]
	for _, opts := range []lathe.Options{{Threads: 1}, {Threads: 3, Passes: []string{}}, {Threads: 2, Passes: some}} {
		rewritten := opts.Passes == nil || len(opts.Passes) > 0
		f, args := irtest.Random(seed, irtest.Config{NonFinite: seed%4 == 3, NoHuge: rewritten, Unused: seed%8 == 6})
		want, err := eval.Bounded(t.Context(), f, args)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if seed%4 == 1 {
			f = irtest.Varied(f, seed)
		}
		for i, got := range runFunc(t, fmt.Sprintf("seed %d", seed), f, args, opts)[:len(want)] {
			v := eval.Check(got, want[i])
			if seed%4 != 3 {
				undecided += v.BadCount
				elements += got.Len()
			}
			if !v.OK() {
				t.Errorf("seed %d, %d threads, passes %v: result %d: %v\n%v", seed, opts.Threads, opts.Passes, i, v, f)
			}
		}
	}
	return undecided, elements
}

// runFunc compiles f with its weights and runs it.
func runFunc(t *testing.T, what string, f *ir.Func, args []*lathe.Tensor, opts lathe.Options) []*lathe.Tensor {
	t.Helper()
	program, err := lathe.FromFunc(f)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
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
		t.Fatalf("%s: %v\n%v", what, err, f)
	}
	defer x.Close()
	out, err := x.Run(context.Background(), inputs...)
	if err != nil {
		t.Fatalf("%s: %v\n%v", what, err, f)
	}
	return out
}
