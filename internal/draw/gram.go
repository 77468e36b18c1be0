package draw

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Gram returns q^T q - I for a square q. For matrices so small that n units of
// rounding are few, its elements are summed in twice the precision; large ones
// leave room for the errors of an ordinary product, which grow like sqrt(n).
func Gram(q *mat.Dense) *mat.Dense {
	const small = 256
	n, _ := q.Dims()
	out := mat.NewDense(n, n, nil)
	if n > small {
		out.Mul(q.T(), q)
		for i := range n {
			out.Set(i, i, out.At(i, i)-1)
		}
		return out
	}
	for i := range n {
		for j := range n {
			start := 0.0
			if i == j {
				start = -1
			}
			out.Set(i, j, columnDot(q, i, j, start))
		}
	}
	return out
}

// columnDot returns start plus the product of two columns, in twice the
// precision (Ogita, Rump, Oishi: Accurate Sum and Dot Product, 2005, algorithm 5.3).
func columnDot(q *mat.Dense, i, j int, start float64) float64 {
	n, _ := q.Dims()
	sum, rest := start, 0.0
	for k := range n {
		a, b := q.At(k, i), q.At(k, j)
		product := a * b
		low := math.FMA(a, b, -product)
		next := sum + product
		back := next - sum
		low += (sum - (next - back)) + (product - back)
		sum, rest = next, rest+low
	}
	return sum + rest
}

// orthonormal brings a matrix that is orthogonal but for rounding to one that
// is so but for the rounding of its elements, by a step of Newton's iteration,
// q - q (q^T q - I) / 2.
func orthonormal(q *mat.Dense) {
	var step mat.Dense
	step.Mul(q, Gram(q))
	step.Scale(-0.5, &step)
	q.Add(q, &step)
}
