package draw

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// structure makes the last two dimensions of t have properties.
func (r *Source) structure(t *tensor.Tensor, p ir.Props) error {
	shape := t.Shape()
	m, n := shape[len(shape)-2], shape[len(shape)-1]
	if m*n == 0 {
		return nil
	}
	if p.NeedsSquare() && m != n {
		return fmt.Errorf("%v needs a square matrix, have %d x %d", p, m, n)
	}
	for at := 0; at < t.Len(); at += m * n {
		x := matrix{t, at, m, n}
		r.matrix(x, p)
	}
	return nil
}

// A matrix is m rows and n columns of a tensor, from an element on.
type matrix struct {
	t        *tensor.Tensor
	at, m, n int
}

func (x matrix) get(i, j int) float64    { return x.t.Float(x.at + i*x.n + j) }
func (x matrix) set(i, j int, v float64) { x.t.SetFloat(x.at+i*x.n+j, v) }

// matrix makes x have properties. Where several hold at once that are drawn
// in different ways, the identity or a diagonal has them all.
func (r *Source) matrix(x matrix, p ir.Props) {
	below, above := p.Band(x.m, x.n)
	triangular := below == 0 || above == 0
	switch {
	case p.Has(ir.Permutation) || p.Has(ir.OneHot):
		r.places(x, p, below, above)
		return
	case p.Has(ir.Orthogonal):
		if full := below >= x.m-1 && above >= x.n-1; full && !p.Mirrored() {
			r.orthogonal(x)
			return
		}
		x.diagonal(func(int) float64 { return 1 })
		return
	case p.Has(ir.SPD):
		r.spd(x, below, above)
	case p.Mirrored():
		x.mirror(min(below, above))
	}
	for i := range x.m {
		for j := range x.n {
			if i-j > below || j-i > above {
				x.set(i, j, 0)
			}
		}
	}
	if p.Has(ir.Unit) {
		for i := range min(x.m, x.n) {
			x.set(i, i, 1)
		}
	} else if triangular && p.Any(ir.Lower|ir.Upper|ir.Diagonal) && !p.Has(ir.SPD) && x.t.DType().IsFloat() {
		// A normal diagonal makes solves of some size as good as singular.
		for i := range min(x.m, x.n) {
			d := x.get(i, i)
			if d < 0 {
				x.set(i, i, d-1)
			} else {
				x.set(i, i, d+1)
			}
		}
	}
}

// diagonal makes x zero but for its diagonal.
func (x matrix) diagonal(d func(i int) float64) {
	for i := range x.m {
		for j := range x.n {
			v := 0.0
			if i == j {
				v = d(i)
			}
			x.set(i, j, v)
		}
	}
}

// mirror copies the lower triangle to the upper one, width diagonals wide.
func (x matrix) mirror(width int) {
	for i := range x.m {
		for j := range i {
			if i-j > width {
				x.set(i, j, 0)
			}
			x.set(j, i, x.get(i, j))
		}
	}
}

// spd makes x a a^T / n + I for the elements a that it has; inside a band it
// makes the diagonal outweigh the rest.
func (r *Source) spd(x matrix, below, above int) {
	n := x.n
	if width := min(below, above); width < n-1 {
		x.mirror(width)
		for i := range n {
			sum := 1.0
			for j := range n {
				if j != i && i-j <= width && j-i <= width {
					sum += max(x.get(i, j), -x.get(i, j))
				}
			}
			x.set(i, i, sum)
		}
		return
	}
	a := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			// The elements were scaled by 1/sqrt(n), and so is their product.
			a.Set(i, j, x.get(i, j))
		}
	}
	var product mat.Dense
	product.Mul(a, a.T())
	for i := range n {
		for j := range i + 1 {
			v := product.At(i, j)
			if i == j {
				v++
			}
			x.set(i, j, v)
			x.set(j, i, v)
		}
	}
}

// orthogonal makes x the Q of the elements that it has.
func (r *Source) orthogonal(x matrix) {
	a := mat.NewDense(x.n, x.n, nil)
	for i := range x.n {
		for j := range x.n {
			a.Set(i, j, x.get(i, j))
		}
	}
	var qr mat.QR
	qr.Factorize(a)
	var q mat.Dense
	qr.QTo(&q)
	orthonormal(&q)
	for i := range x.n {
		for j := range x.n {
			x.set(i, j, q.At(i, j))
		}
	}
}

// places draws a permutation, or a 1 for each row, inside of the band.
func (r *Source) places(x matrix, p ir.Props, below, above int) {
	places := make([]int, x.m)
	switch full := below >= x.m-1 && above >= x.n-1; {
	case p.Any(ir.Permutation|ir.Orthogonal) && full && !p.Mirrored():
		places = r.Perm(x.n)
	case p.NeedsSquare():
		for i := range places {
			places[i] = i
		}
	default:
		for i := range places {
			lo, hi := max(0, i-below), min(x.n-1, i+above)
			if lo > hi { // a row without a place in the band: there is none such
				lo, hi = 0, x.n-1
			}
			places[i] = lo + r.IntN(hi-lo+1)
		}
	}
	for i := range x.m {
		for j := range x.n {
			v := 0.0
			if j == places[i] {
				v = 1
			}
			x.set(i, j, v)
		}
	}
}
