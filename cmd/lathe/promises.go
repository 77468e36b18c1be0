package main

import (
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/lathe-lang/lathe"
	"github.com/lathe-lang/lathe/internal/draw"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// promises tests what a program declares of an argument or a weight.
func (c *checked) promises(what string, t *lathe.Tensor, p ir.Props) {
	shape := t.Shape()
	if p == (ir.Props{}) || len(shape) < 2 {
		return
	}
	m, n := shape[len(shape)-2], shape[len(shape)-1]
	if m*n == 0 {
		return
	}
	for at := 0; at < t.Len(); at += m * n {
		if why := broken(matrix{t, at, m, n}, p); why != "" {
			c.failf("%s is declared %v, but %s", what, p, why)
			return
		}
	}
}

// A matrix is m rows and n columns of a tensor, from an element on.
type matrix struct {
	t        *lathe.Tensor
	at, m, n int
}

func (x matrix) get(i, j int) float64 { return x.t.Float(x.at + i*x.n + j) }

// broken says how a matrix fails properties; "" where it has them all. An
// element outside of a structure must be zero, and mirrored ones the same.
func broken(x matrix, p ir.Props) string {
	below, above := p.Band(x.m, x.n)
	for i := range x.m {
		for j := range x.n {
			v := x.get(i, j)
			switch {
			case (i-j > below || j-i > above) && v != 0:
				return place(x, i, j, "want 0")
			case p.Has(ir.Unit) && i == j && v != 1:
				return place(x, i, j, "want 1")
			case p.Mirrored() && j < i && v != x.get(j, i) && !(math.IsNaN(v) && math.IsNaN(x.get(j, i))):
				return place(x, i, j, "want what "+cell(j, i)+" has, "+x.t.Format(x.at+j*x.n+i))
			case p.Any(ir.Permutation|ir.OneHot) && v != 0 && v != 1:
				return place(x, i, j, "want 0 or 1")
			}
		}
	}
	if p.Any(ir.Permutation | ir.OneHot) {
		for i := range x.m {
			if x.count(i*x.n, 1, x.n) != 1 {
				return "row " + itoa(i) + " has not exactly one 1"
			}
		}
	}
	if p.Has(ir.Permutation) {
		for j := range x.n {
			if x.count(j, x.n, x.m) != 1 {
				return "column " + itoa(j) + " has not exactly one 1"
			}
		}
	}
	if p.Has(ir.SPD) && !definite(x) {
		return "it has no Cholesky factor: it is not positive definite"
	}
	if p.Has(ir.Orthogonal) {
		return skew(x)
	}
	return ""
}

// count returns how many of n elements are 1.
func (x matrix) count(at, step, n int) int {
	ones := 0
	for i := range n {
		if x.t.Float(x.at+at+i*step) == 1 {
			ones++
		}
	}
	return ones
}

// definite reports whether the lower triangle has a Cholesky factor.
func definite(x matrix) bool {
	a := mat.NewSymDense(x.n, nil)
	for i := range x.n {
		for j := range i + 1 {
			v := x.get(i, j)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
			a.SetSym(i, j, v)
		}
	}
	var factor mat.Cholesky
	return factor.Factorize(a)
}

// skew says how far the columns of x are from orthonormal, if further than n
// units of rounding, which is what the language allows.
func skew(x matrix) string {
	unit := map[tensor.DType]float64{tensor.F64: 0x1p-53, tensor.F32: 0x1p-24, tensor.F16: 0x1p-11, tensor.BF16: 0x1p-8}[x.t.DType()]
	bound := float64(x.n) * unit
	a := mat.NewDense(x.n, x.n, nil)
	for i := range x.n {
		for j := range x.n {
			a.Set(i, j, x.get(i, j))
		}
	}
	off := draw.Gram(a)
	for i := range x.n {
		for j := range x.n {
			want := 0.0
			if i == j {
				want = 1
			}
			if d := off.At(i, j); !(math.Abs(d) <= bound) {
				return "columns " + itoa(i) + " and " + itoa(j) + " have the product " + ftoa(want+d) + ", want " + ftoa(want)
			}
		}
	}
	return ""
}

func place(x matrix, i, j int, want string) string {
	return "element " + cell(i, j) + " is " + x.t.Format(x.at+i*x.n+j) + ", " + want
}

func cell(i, j int) string { return "[" + itoa(i) + ", " + itoa(j) + "]" }

func itoa(n int) string { return strconv.Itoa(n) }

func ftoa(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
