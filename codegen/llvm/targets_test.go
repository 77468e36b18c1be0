package llvm

import (
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/libllvm"
)

// TestTargets runs some of the cases on every LLVM that is installed, for vectors
// of every width and for none.
func TestTargets(t *testing.T) {
	files := libllvm.Installed()
	if len(files) == 0 {
		t.Skip("needs LLVM")
	}
	n := 0
	for _, file := range files {
		lib, err := libllvm.Open(file)
		if err != nil {
			t.Fatal(err)
		}
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
