package llvm

import (
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// TestTargets runs some of the cases on every LLVM, for vectors
// of every width and for none.
func TestTargets(t *testing.T) {
	n := 0
	for _, lib := range llvmtest.Libraries(t) {
		for k, bytes := range []int{0, 32, 16, -1} {
			m := newMachine(t, lib, bytes)
			for i, c := range irtest.Cases() {
				if (i+n)%61 != 0 {
					continue
				}
				t.Run(lib.Version().String()+" "+c.Name, func(t *testing.T) {
					t.Parallel()
					m.check(t, c, k%2 == 0)
				})
			}
			n++
		}
	}
}
