package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
)

// The bounds of factorisations are the standard componentwise forward ones
// (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 8.1, 9.3,
// 10.1), with W = |inverse| computed in f64:
//
//	|x' - x| <= W (c G + Ea) |x| + W Eb,  divided by 1 - |W (c G + Ea)|
//
// where c G bounds the backward error and Ea, Eb are the errors of the operands.
// Where the norm in the divisor passes a half, nothing is said.

// A system is one matrix, values, errors and masses apart, and its bound.
type system struct {
	n       int
	a, e    []float64 // values and errors of what the form reads
	inverse []float64
	spread  []float64 // W (c G + Ea)
	shrink  float64   // 1 - its norm
	growth  float64   // norm of G: how much larger than x numbers on the way are
	ok      bool
}

// matrixOf takes apart the part of x that the form of a solve reads.
func matrixOf(form string, x []elem, n int) (a, e []float64, ok bool) {
	a, e = make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j := range n {
			from := x[i*n+j]
			switch form {
			case ir.SolveLower:
				if j > i {
					continue
				}
			case ir.SolveUnitLower:
				if j >= i {
					from = exact(float64(one(i == j)))
				}
			case ir.SolveUpper:
				if j < i {
					continue
				}
			case ir.SolveUnitUpper:
				if j <= i {
					from = exact(float64(one(i == j)))
				}
			case ir.SolveDiagonal:
				if j != i {
					continue
				}
			case ir.SolveSPD:
				if j > i {
					from = x[j*n+i]
				}
			}
			if from.has(bad) || !from.finite() {
				return nil, nil, false
			}
			a[i*n+j], e[i*n+j] = from.v, from.e
		}
	}
	return a, e, true
}

// newSystem bounds the solution of systems with the matrix x.
func newSystem(p *precision, form string, x []elem, n int) system {
	s := system{n: n}
	a, e, ok := matrixOf(form, x, n)
	if !ok {
		return s
	}
	s.a, s.e = a, e
	s.inverse = make([]float64, n*n)
	for i := range n {
		s.inverse[i*n+i] = 1
	}
	factors := append([]float64(nil), a...)
	eliminate(factors, n)
	solveMatrix(ir.SolveLU, a, s.inverse, n, n)
	backward, grown := make([]float64, n*n), make([]float64, n*n)
	c := gamma(3*n+1, p.inner)
	for i := range n {
		for j := range n {
			at := i*n + j
			grown[at] = growth(a, factors, n, i, j)
			backward[at] = c*grown[at] + e[at] + p.flush
		}
	}
	s.growth = rowNorm(grown, n)
	s.spread = absProduct(s.inverse, backward, n, n)
	norm := rowNorm(s.spread, n)
	s.shrink = 1 - norm
	s.ok = norm < 0.5
	return s
}

// growth bounds |L||U| at i, j, whatever rows partial pivoting takes: no element
// of L is above one, so the column of |U| added up; and for Cholesky, where the
// matrix lets it, the root of the product of the diagonal.
func growth(a, factors []float64, n, i, j int) float64 {
	g := math.Abs(a[i*n+j])
	sum := 0.0
	for k := range j + 1 {
		sum += math.Abs(factors[k*n+j])
	}
	return max(g, sum, math.Sqrt(max(a[i*n+i]*a[j*n+j], 0)))
}

// absProduct returns |x||y| for an n by n and an n by cols matrix.
func absProduct(x, y []float64, n, cols int) []float64 {
	out := make([]float64, n*cols)
	for i := range n {
		for k := range n {
			w := math.Abs(x[i*n+k])
			for j := range cols {
				out[i*cols+j] += w * math.Abs(y[k*cols+j])
			}
		}
	}
	return out
}

// rowNorm returns the largest sum of a row; NaN counts as infinite.
func rowNorm(x []float64, n int) float64 {
	norm := 0.0
	for i := range n {
		sum := 0.0
		for _, a := range x[i*n : (i+1)*n] {
			sum += a
		}
		if !(sum <= norm) {
			norm = sum
		}
		if norm != norm {
			return inf()
		}
	}
	return norm
}

// solution returns the elements of the solution for right-hand sides b.
func (s *system) solution(p *precision, b []elem, cols int) []elem {
	n := s.n
	out := make([]elem, n*cols)
	if !s.ok {
		return filled([]int{n, cols}, unknown).data
	}
	v, eb, mb := make([]float64, n*cols), make([]float64, n*cols), make([]float64, n*cols)
	lost := make([]bool, cols)
	for i, x := range b {
		x = p.read(x)
		if x.has(bad) || !x.finite() {
			lost[i%cols] = true
			continue
		}
		v[i], eb[i], mb[i] = x.v, x.e, x.m
	}
	solveMatrix(ir.SolveLU, s.a, v, n, cols)
	fromA, fromB := absProduct(s.spread, v, n, cols), absProduct(s.inverse, eb, n, cols)
	mass := absProduct(s.inverse, mb, n, cols)
	for i := range out {
		if lost[i%cols] {
			out[i] = unknown
			continue
		}
		// The error of a column feeds on its largest element.
		largest, most := 0.0, 0.0
		for k := i % cols; k < len(out); k += cols {
			largest = max(largest, fromA[k]+fromB[k])
			most = max(most, mb[k], s.growth*math.Abs(v[k]))
		}
		first := fromA[i] + fromB[i]
		second := largest * (1 - s.shrink) / s.shrink
		x := elem{v: v[i], e: first + second, m: max(mass[i], math.Abs(v[i])+first), flags: inverted}
		out[i] = p.checked(p.rounded(x, p.round), most)
	}
	return out
}

func bandSolve(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	form := v.Attrs.(*ir.SolveAttrs).Form
	p := &precisions[args[0].DType]
	n, cols := last(args[0].Shape), last(args[1].Shape)
	out := make([]elem, 0, args[1].Len())
	if args[1].Len() == 0 {
		return out, nil
	}
	for k := range args[0].Len() / (n * n) {
		if err := o.ctx.Err(); err != nil {
			return nil, err
		}
		a, b := args[0].elems[k*n*n:(k+1)*n*n], args[1].elems[k*n*cols:(k+1)*n*cols]
		if form == ir.SolveDiagonal {
			for i, x := range b {
				out = append(out, p.div(x, a[i/cols*n+i/cols]))
			}
			continue
		}
		s := newSystem(p, form, a, n)
		out = append(out, s.solution(p, b, cols)...)
	}
	return out, nil
}

func bandInv(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	p := &precisions[args[0].DType]
	n := last(args[0].Shape)
	out := make([]elem, 0, args[0].Len())
	for at := 0; at < args[0].Len(); at += n * n {
		if err := o.ctx.Err(); err != nil {
			return nil, err
		}
		ones := make([]elem, n*n)
		for i := range n {
			ones[i*n+i] = exact(1)
		}
		s := newSystem(p, ir.SolveLU, args[0].elems[at:at+n*n], n)
		out = append(out, s.solution(p, ones, n)...)
	}
	return out, nil
}

// bandCholesky bounds the factor by |L| Phi(X), X = |1/L| (c |L||L^T| + Ea) |1/L^T|
// where Phi keeps the lower triangle and half the diagonal, doubled for what is
// beyond first order, which holds for norms of X up to a quarter.
func bandCholesky(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	p := &precisions[args[0].DType]
	n := last(args[0].Shape)
	out := make([]elem, args[0].Len())
	for at := 0; at < len(out); at += n * n {
		if err := o.ctx.Err(); err != nil {
			return nil, err
		}
		p.choleskyElems(o.made(elem{flags: hard}), out[at:at+n*n], args[0].elems[at:at+n*n], n)
	}
	return out, nil
}

func (p *precision) choleskyElems(zero elem, out, x []elem, n int) {
	shape := []int{n, n}
	eachMatrix(shape, func(at, i, j int) {
		out[at] = unknown
		if j > i {
			out[at] = zero
		}
	})
	a, e, ok := matrixOf(ir.SolveSPD, x, n)
	l := make([]float64, n*n)
	if !ok || !cholesky(l, a, n) {
		return
	}
	inverse := make([]float64, n*n)
	for i := range n {
		inverse[i*n+i] = 1
	}
	forward(l, inverse, n, n, false)
	transposed := func(m []float64) []float64 { return permuted(array[float64]{shape, m}, []int{1, 0}).data }
	backward := absProduct(l, transposed(l), n, n)
	c := gamma(n+1, p.inner)
	for i := range backward {
		backward[i] = c*backward[i] + e[i] + p.flush
	}
	inner := absProduct(absProduct(inverse, backward, n, n), transposed(inverse), n, n)
	size := 0.0
	for _, y := range inner {
		size += y * y
	}
	if !(math.Sqrt(size) <= 0.25) {
		return
	}
	eachMatrix(shape, func(at, i, j int) {
		switch {
		case j > i:
			inner[at] = 0
		case j == i:
			inner[at] /= 2
		}
	})
	moved := absProduct(l, inner, n, n)
	eachMatrix(shape, func(at, i, j int) {
		if j <= i {
			y := elem{v: l[at], e: 2 * moved[at]}
			out[at] = p.rounded(y.fresh(), p.round).fresh()
		}
	})
}
