package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/internal/irtest"
	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestFactorBlocks holds factorisations and solves that go by blocks to the
// evaluator: in strict mode bit for bit, with sizes around those of blocks.
func TestFactorBlocks(t *testing.T) {
	lib := llvmtest.Library(t)
	var machines []*machine
	for _, bytes := range []int{0, 32, 16, -1} {
		machines = append(machines, newMachine(t, lib, bytes))
	}
	for i, c := range []struct {
		text      string
		symmetric bool
	}{
		{"func f(a: %[1]s[%[2]d, %[2]d]) -> (%[1]s[%[2]d, %[2]d] lower) {\n  v1 = cholesky a : %[1]s[%[2]d, %[2]d] lower\n  return v1\n}\n", true},
		{"func f(a: %[1]s[%[2]d, %[2]d]) -> (%[1]s[%[2]d, %[2]d]) {\n  v1 = inv a : %[1]s[%[2]d, %[2]d]\n  return v1\n}\n", false},
		{solveText(ir.SolveLU), false}, {solveText(ir.SolveSPD), true}, {solveText(ir.SolveLower), true}, {solveText(ir.SolveUpper), true},
	} {
		for j, n := range []int{64, 79, 80, 97, 150} {
			d := []tensor.DType{tensor.F32, tensor.F64, tensor.F32, tensor.BF16}[(i+j)%4]
			cols := []int{16, 70, 1, 33, 48}[j]
			t.Run(fmt.Sprint(i, d, n, cols), func(t *testing.T) {
				t.Parallel()
				f := parse(t, fmt.Sprintf(c.text, d, n, cols))
				args := []*tensor.Tensor{regular(d, nil, n, c.symmetric)}
				if len(f.Params) > 1 {
					args = append(args, pattern(d, []int{n, cols}, cols))
				}
				for _, strict := range []bool{false, true} {
					machines[(i+j)%4].check(t, irtest.Case{Name: c.text, Func: f, Args: args}, strict)
				}
			})
		}
	}
}

func solveText(form string) string {
	return "func f(a: %[1]s[%[2]d, %[2]d], b: %[1]s[%[2]d, %[3]d]) -> (%[1]s[%[2]d, %[3]d]) {\n  v2 = solve{form=\"" + form + "\"} a, b : %[1]s[%[2]d, %[3]d]\n  return v2\n}\n"
}
