package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestPacksItself has products that pack their own panels: several panels, of
// which the last is not full, tiles that fetch more than one row a turn or
// nothing new, sums by chunks, B in each order, packed rows of A, batches. What
// they compute is what they compute with panels packed before, bit for bit.
func TestPacksItself(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, bytes := range []int{0, 16} {
		host, target := hostTarget(lib, bytes)
		for _, d := range []tensor.DType{tensor.F32, tensor.F64, tensor.BF16, tensor.I8} {
			texts := []string{
				matmulText(d, 130, 40, 170), transposedText(d, 30, 41, 70), matmulText(d, 9, 2, 100),
				fmt.Sprintf(`func f(a: %[1]s[3, 20, 9], b: %[1]s[3, 9, 50]) -> (%[1]s[3, 20, 50]) {
  v2 = contract{spec="xab,xbc->xac"} a, b : %[1]s[3, 20, 50]
  return v2
}
`, d),
			}
			if bytes == 16 && d != tensor.F32 {
				continue
			}
			if bytes == 0 && d == tensor.F32 {
				texts = append(texts, matmulText(d, 20, 2101, 70), transposedText(d, 20, 2101, 70))
			}
			for i, text := range texts {
				before := newProduct(t, text, target, i == 1, true)
				late := newProduct(t, text, target, i == 1, true)
				if !Packs(target, late.gemm) {
					t.Fatalf("%s does not pack its panels itself", text)
				}
				late.prog.Steps = late.prog.Steps[1:]
				late.gemm.Packed, late.gemm.Packs = nil, true
				late.check(t, lib, host, target)
				args := randomArgs(late.f, 11)
				want := before.run(t, before.compile(t, lib, host, target), args, 2)
				got := late.run(t, late.compile(t, lib, host, target), args, 3)
				if !tensor.Equal(got[0], want[0]) {
					t.Errorf("%s: the result differs from that of panels packed before", text)
				}
			}
		}
	}
}
