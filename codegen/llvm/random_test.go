package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
)

// TestRandom compiles random functions, in strict mode and not, for vectors of
// several widths.
func TestRandom(t *testing.T) {
	lib := llvmtest.Library(t)
	var machines []*machine
	for _, bytes := range []int{0, 32, 16, -1} {
		machines = append(machines, newMachine(t, lib, bytes))
	}
	for seed := range uint64(250) {
		f, args := irtest.Random(seed, irtest.Config{NonFinite: seed%5 == 0, Only: noProducts(seed%5 == 0)})
		c := irtest.Case{Name: fmt.Sprintf("random %d", seed), Func: f, Args: args}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			machines[seed/2%4].check(t, c, seed%2 == 0)
		})
	}
}

// noProducts leaves out contractions: a zero by construction beside NaN is the
// passes' business, which know structure.
func noProducts(on bool) func(ir.Op) bool {
	if !on {
		return nil
	}
	return func(op ir.Op) bool { return op != ir.OpContract }
}
