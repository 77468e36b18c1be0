package llvm

import (
	"fmt"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestThin has products of so few rows that B is read row by row: sums and
// columns that do not come out even, more columns than a part has, batches, a sum
// over two indices that do not lie densely.
func TestThin(t *testing.T) {
	lib := llvmtest.Library(t)
	for _, bytes := range []int{0, 16} {
		host, target := hostTarget(lib, bytes)
		for _, d := range []tensor.DType{tensor.F32, tensor.F64, tensor.BF16, tensor.I8} {
			texts := []string{
				matmulText(d, 1, 19, 5000), matmulText(d, 2, 8, 67), matmulText(d, 3, 30, 1500),
				fmt.Sprintf(`func f(a: %[1]s[3, 2, 9], b: %[1]s[3, 9, 701]) -> (%[1]s[3, 2, 701]) {
  v2 = contract{spec="xab,xbc->xac"} a, b : %[1]s[3, 2, 701]
  return v2
}
`, d),
				fmt.Sprintf(`func f(a: %[1]s[5, 1, 9], b: %[1]s[9, 5, 301]) -> (%[1]s[1, 301]) {
  v2 = contract{spec="xab,bxc->ac"} a, b : %[1]s[1, 301]
  return v2
}
`, d),
			}
			for i, text := range texts {
				p := newProduct(t, text, target, i == 2, false)
				if !newGemmOf(p).thin() {
					t.Errorf("%s is not thin", text)
				}
				p.check(t, lib, host, target)
			}
		}
	}
}

// TestThinWeights sees which products of few rows are read row by row, and what
// is fused to one.
func TestThinWeights(t *testing.T) {
	lib := llvmtest.Library(t)
	m := newMachine(t, lib, 0)
	for _, c := range []struct {
		k    int
		is   string // what w is, beside its type
		body string
		thin bool
	}{
		{300, "", "", true},
		{30, "", "", false},                                 // small
		{300, " upper", "", false},                          // promised zeros
		{300, "", "  v10 = neg w : f32[300, 300]\n", false}, // computed as it is read
		{300, "", "  v10 = transpose{perm=[1, 0]} w : f32[300, 300]\n", false}, // columns are no neighbours
	} {
		w := "w"
		if c.body != "" {
			w = "v10"
		}
		f := parse(t, fmt.Sprintf(`func f(x: f32[1, %[1]d], w: f32[%[1]d, 300]%[2]s, y: f32[300]) -> (f32[1, 300]) {
%[3]s  v12 = contract{spec="ab,bc->ac"} x, %[4]s : f32[1, 300]
  v13 = add v12, y : f32[1, 300]
  v14 = abs v13 : f32[1, 300]
  return v14
}
`, c.k, c.is, c.body, w))
		p := plan(t, f, m.target, false)
		kernels := p.Kernels()
		last := kernels[len(kernels)-1]
		if thin := last.Gemm != nil && last.Gemm.Packed == nil; thin != c.thin {
			t.Errorf("%s\nread row by row: %v, want %v", f, thin, c.thin)
		}
		if c.thin && (len(kernels) != 1 || len(last.Inside) != 3) {
			t.Errorf("%s\nis not one kernel:\n%v", f, p)
		}
		args := randomArgs(f, 3)
		got, err := m.runPlan(t, p, args)
		if err != nil {
			t.Fatal(err)
		}
		bounded(t, "thin", f, args, got)
	}
}
