package fuse_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

var functions = flag.Int("functions", 3000, "how many random functions TestRandom plans")

// options plan for panels of 16 columns, and chain what can be chained, whatever
// the machine.
var options = fuse.Options{
	Panel: func(ir.DType, int) int { return 16 },
	Chain: func(c *kernel.Chained) int { return min(c.Rows(), 5) },
}

// TestRandom plans random functions, and holds the plans to the invariants of
// kernel.Verify: nothing is loaded that was not stored before, and so on.
func TestRandom(t *testing.T) {
	for seed := range uint64(*functions) {
		f, _ := irtest.Random(seed, irtest.Config{})
		p := fuse.Program(f, options)
		if err := kernel.Verify(p); err != nil {
			t.Fatalf("seed %d: %v\n%v\n%v", seed, err, f, p)
		}
	}
}

// TestDeterministic plans twice what is built twice.
func TestDeterministic(t *testing.T) {
	for seed := range uint64(200) {
		plan := func() string {
			f, _ := irtest.Random(seed, irtest.Config{})
			p := fuse.Program(f, options)
			memplan.Assign(p)
			return p.String()
		}
		if a, b := plan(), plan(); a != b {
			t.Fatalf("seed %d: plans differ\n%s\n%s", seed, a, b)
		}
	}
}

// TestManyStages plans rows of reductions, each of what the one before scaled: the
// work of all nests together, where each stage computes the elements that it
// reduces from those in memory, grows like the number of reductions.
func TestManyStages(t *testing.T) {
	work := func(reductions int) int {
		var b strings.Builder
		b.WriteString("func f(x: f32[512]) -> (f32[512]) {\n")
		x := "x"
		for i := range reductions {
			fmt.Fprintf(&b, "  v%d = reduce_max{axes=[0]} %s : f32\n  v%d = div %s, v%d : f32[512]\n", 1+2*i, x, 2+2*i, x, 1+2*i)
			x = fmt.Sprintf("v%d", 2+2*i)
		}
		fmt.Fprintf(&b, "  return %s\n}\n", x)
		module, err := ir.Parse(&source.File{Name: "f.ir", Text: b.String()})
		if err != nil {
			t.Fatal(err)
		}
		p := fuse.Program(module.Funcs[0], options)
		if err := kernel.Verify(p); err != nil {
			t.Fatalf("%v\n%v", err, p)
		}
		total := 0
		for _, k := range p.Kernels() {
			if k.Nest != nil {
				total += len(k.Nest.Stages) * len(k.Nest.Stages)
			}
		}
		return total
	}
	if few, many := work(24), work(192); many > 8*few {
		t.Errorf("24 reductions take %d, 192 take %d: want at most 8 times as much", few, many)
	}
}
