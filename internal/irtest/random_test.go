package irtest

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

var ctx = context.Background()

var (
	graphs = flag.Uint64("graphs", 500, "random functions that a test looks at")
	first  = flag.Uint64("first", 0, "seed of the first of them")
)

// TestRandomWithinBounds runs random functions in their own types and holds them
// to the oracle; it counts what is undecided and which operations occur.
func TestRandomWithinBounds(t *testing.T) {
	var seen [ir.NumOps]int
	elems, undecided, values := 0, 0, 0
	for seed := *first; seed < *first+*graphs; seed++ {
		f, args := Random(seed, Config{})
		f.Walk(func(v *ir.Value) { seen[v.Op]++; values++ })
		usual, err := eval.Bounded(ctx, f, args)
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, f)
		}
		strict, err := eval.BoundedWith(ctx, f, args, eval.BoundOptions{Strict: true})
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, f)
		}
		for _, opts := range []eval.Options{{}, {Strict: true}, {Mode: eval.F64}} {
			got, err := eval.Run(ctx, f, args, opts)
			if err != nil {
				t.Fatalf("seed %d: %v\n%v", seed, err, f)
			}
			want := usual
			if opts.Strict {
				want = strict
			}
			for i, g := range got {
				if opts.Mode == eval.F64 && g.DType() != want[i].DType {
					g = g.Convert(want[i].DType)
				}
				v := eval.Check(g, want[i])
				if !v.OK() {
					t.Errorf("seed %d, %+v, result %d: %v\n%v", seed, opts, i, v, f)
					return
				}
				elems += g.Len()
				undecided += v.BadCount
			}
		}
	}
	t.Logf("%.1f values a function; %d of %d elements undecided (%.2f %%)", float64(values)/float64(*graphs), undecided, elems, 100*float64(undecided)/float64(elems))
	if undecided*50 > elems {
		t.Errorf("%d of %d elements are undecided, more than 2 %%", undecided, elems)
	}
	for op := ir.OpInvalid + 1; op < ir.NumOps; op++ {
		if seen[op] == 0 {
			t.Errorf("no %v in %d functions", op, *graphs)
		}
	}
}

// TestNonFinite does the same with NaN, infinities and subnormals among the
// arguments. Much is undecided then; what is decided must hold.
func TestNonFinite(t *testing.T) {
	elems, undecided := 0, 0
	for seed := *first; seed < *first+*graphs; seed++ {
		f, args := Random(seed, Config{NonFinite: true})
		want, err := eval.Bounded(ctx, f, args)
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, f)
		}
		got, err := eval.Run(ctx, f, args, eval.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, f)
		}
		for i, g := range got {
			v := eval.Check(g, want[i])
			if !v.OK() {
				t.Errorf("seed %d, result %d: %v\n%v", seed, i, v, f)
			}
			elems += g.Len()
			undecided += v.BadCount
		}
	}
	t.Logf("%d of %d elements undecided", undecided, elems)
	if undecided*2 > elems {
		t.Errorf("more than half is undecided: %d of %d elements", undecided, elems)
	}
}

func TestRandomIsDeterministic(t *testing.T) {
	for seed := range uint64(20) {
		f, args := Random(seed, Config{})
		g, again := Random(seed, Config{})
		if f.String() != g.String() {
			t.Fatalf("seed %d: two functions", seed)
		}
		for i := range args {
			if !tensor.Equal(args[i], again[i]) {
				t.Fatalf("seed %d: argument %d differs", seed, i)
			}
		}
	}
}

// TestCancelled ends an evaluation whose context has ended.
func TestCancelled(t *testing.T) {
	f, args := Random(1, Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := eval.Run(ctx, f, args, eval.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if _, err := eval.Bounded(ctx, f, args); !errors.Is(err, context.Canceled) {
		t.Errorf("Bounded: %v", err)
	}
}
