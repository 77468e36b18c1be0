package llvm

import (
	"errors"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestPick multiplies with matrices that indices name: they are read where they
// are, whether packed before or not, and an index that is none is found.
func TestPick(t *testing.T) {
	m := newMachine(t, llvmtest.Library(t), 0)
	for _, rows := range []string{"5", "300"} {
		f := parse(t, strings.ReplaceAll(`
func f(x: f32[4, R, 9], i: i64[4], w: f32[3, 9, 21], weight v: f32[21, 3, 40]) -> (f32[4, R, 40]) {
  v4 = take{axis=0} w, i : f32[4, 9, 21]
  v5 = contract{spec="abc,acd->abd"} x, v4 : f32[4, R, 21]
  v6 = take{axis=1} v, i : f32[21, 4, 40]
  v7 = contract{spec="abc,cad->abd"} v5, v6 : f32[4, R, 40]
  return v7
}`, "R", rows))
		p := plan(t, f, m.target, false)
		if n := strings.Count(p.String(), " by i\n"); n != 2 {
			t.Errorf("%d products read matrices by an index, want 2:\n%v", n, p)
		}
		args := randomArgs(f, 1)
		for _, c := range []struct{ index, bad int64 }{{2, 0}, {0, 0}, {3, 3}, {-1, -1}} {
			var err error
			if args[1], err = tensor.FromSlice([]int64{0, c.index, 1, 0}, 4); err != nil {
				t.Fatal(err)
			}
			if c.bad == 0 {
				m.check(t, irtest.Case{Name: rows, Func: f, Args: args}, false)
				continue
			}
			var bad *failure
			if _, err := m.runPlan(t, p, args); !errors.As(err, &bad) || bad.code != CodeIndex || bad.value != c.bad || bad.bound != 3 {
				t.Errorf("found %v, want index %d of 3", err, c.bad)
			}
		}
	}
}
