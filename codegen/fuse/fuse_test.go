package fuse_test

import (
	"flag"
	"testing"

	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/internal/irtest"
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
