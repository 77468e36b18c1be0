package llvm

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// regular makes matrices with a heavy diagonal, symmetric ones if asked for.
func regular(d tensor.DType, batch []int, n int, symmetric bool) *tensor.Tensor {
	x := pattern(d, append(slices.Clone(batch), n, n), n)
	for i := range x.Len() {
		r, c := i/n%n, i%n
		switch {
		case r == c:
			x.SetFloat(i, float64(3*n)+float64(i%3))
		case r < c && symmetric:
			x.SetFloat(i, x.Float(i+(c-r)*n-(c-r)))
		}
	}
	// Rows in another order, so that elimination has to find its pivots.
	if !symmetric && n > 1 {
		y := x.Clone()
		for i := range x.Len() {
			m, r, c := i/(n*n), i/n%n, i%n
			y.SetFloat(m*n*n+(r+1)%n*n+c, x.Float(i))
		}
		return y
	}
	return x
}

func TestFactor(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for i, d := range floats {
		for j, c := range []struct {
			n     int
			batch []int
		}{{0, nil}, {1, []int{3}}, {3, []int{0}}, {5, []int{2, 2}}, {13, nil}, {40, nil}} {
			if j > 3 && i > 1 {
				continue
			}
			name := fmt.Sprint(d, c.batch, c.n)
			layouts := []layout{dense}
			if d == tensor.F32 && len(c.batch) > 0 {
				layouts = []layout{dense, swapped, sliced}
			}
			for _, l := range layouts {
				cases = append(cases,
					newCase(t, name, ir.OpCholesky, nil, regular(d, c.batch, c.n, true)).lie(l).sure(),
					newCase(t, name, ir.OpInv, nil, regular(d, c.batch, c.n, false)).lie(l).sure())
			}
		}
	}
	checkSingles(t, cases)
}

var solveForms = []string{ir.SolveLU, ir.SolveSPD, ir.SolveLower, ir.SolveUpper, ir.SolveUnitLower, ir.SolveUnitUpper, ir.SolveDiagonal}

func TestSolve(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for i, d := range floats {
		for _, form := range solveForms {
			for j, c := range []struct {
				n, cols int
				batch   []int
			}{{0, 3, nil}, {4, 0, nil}, {4, 3, []int{3}}, {1, 1, nil}, {13, 21, nil}, {6, 1, []int{2}}, {70, 101, []int{2}}} {
				if j > 4 && (i > 1 || form == ir.SolveLU || form == ir.SolveSPD || form == ir.SolveDiagonal) {
					continue
				}
				if j > 2 && j < 5 && i != j%2 || i > 1 && (j != 2 || form == ir.SolveUnitUpper) {
					continue
				}
				make := func() *singleCase {
					b := pattern(d, append(slices.Clone(c.batch), c.n, c.cols), c.cols)
					m := regular(d, c.batch, c.n, form != ir.SolveLU)
					if form == ir.SolveUnitLower || form == ir.SolveUnitUpper {
						for i := range m.Len() { // small, as ones on the diagonal weigh little
							m.SetFloat(i, m.Float(i)/float64(64*c.n))
						}
					}
					return newCase(t, fmt.Sprint(d, form, c.batch, c.n, c.cols), ir.OpSolve, &ir.SolveAttrs{Form: form}, m, b).sure()
				}
				cases = append(cases, make())
				if d == tensor.F32 && j == 2 && form != ir.SolveUnitLower && form != ir.SolveUpper {
					cases = append(cases, make().lie(swapped, swapped), make().lie(sliced, sliced), make().lie(dense, repeated))
				}
			}
		}
	}
	checkSingles(t, cases)
}

// Matrices without a solution, or without a factor, give what the evaluator's
// arithmetic gives: bit for bit in strict mode, where that is checked.
func TestFactorSpecial(t *testing.T) {
	t.Parallel()
	var cases []*singleCase
	for _, d := range []tensor.DType{tensor.F32} {
		for i, spoil := range []func(x *tensor.Tensor, n int){
			func(x *tensor.Tensor, n int) { // singular
				for j := range n {
					x.SetFloat(2*n+j, x.Float(n+j))
					x.SetFloat(j*n+2, x.Float(j*n+1))
				}
			},
			func(x *tensor.Tensor, n int) { x.SetFloat(3*n+3, -1) },
			func(x *tensor.Tensor, n int) { x.SetFloat(3*n+3, 0) },
			func(x *tensor.Tensor, n int) { x.SetFloat(3*n+1, math.NaN()) },
			func(x *tensor.Tensor, n int) { x.SetFloat(2*n+2, math.Inf(1)) },
			func(x *tensor.Tensor, n int) { clear(x.Bytes()) },
		} {
			const n = 6
			x := regular(d, nil, n, true)
			spoil(x, n)
			b := pattern(d, []int{n, 5}, 1)
			name := fmt.Sprint(d, " spoiled ", i)
			cases = append(cases, newCase(t, name, ir.OpCholesky, nil, x), newCase(t, name, ir.OpInv, nil, x))
			for _, form := range solveForms {
				cases = append(cases, newCase(t, name+form, ir.OpSolve, &ir.SolveAttrs{Form: form}, x, b))
			}
		}
	}
	checkSingles(t, cases)
}
