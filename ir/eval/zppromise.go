package eval

import "github.com/lathe-lang/lathe/ir"

// promised makes the matrices of x, drawn at random, keep what no reading of
// elements makes true: their product with their transposition, or that each row
// is zeros but for a one. Of the integers modulo a prime, reflections are
// orthogonal and dense.
func promised(x array[int64], props ir.Props, seed uint64) {
	if !props.Any(ir.Orthogonal|ir.Permutation|ir.OneHot) || len(x.shape) < 2 {
		return
	}
	cols := last(x.shape)
	rows := x.shape[len(x.shape)-2]
	for at := 0; at < len(x.data); at += rows * cols {
		m := x.data[at : at+rows*cols]
		draw := func(i, n int) int { return int(scramble(seed, uint64(at), uint64(i)) % uint64(n)) }
		switch {
		case props.Has(ir.Permutation):
			to := make([]int, rows)
			for i := range to {
				to[i] = i
			}
			for i := rows - 1; i > 0; i-- {
				j := draw(i, i+1)
				to[i], to[j] = to[j], to[i]
			}
			onlyOnes(m, cols, to)
		case props.Has(ir.Orthogonal):
			reflect(m, cols)
		default:
			to := make([]int, rows)
			for i := range to {
				to[i] = draw(i, cols)
			}
			onlyOnes(m, cols, to)
		}
	}
}

// onlyOnes makes m zeros but for a one in each row i, in column to[i].
func onlyOnes(m []int64, cols int, to []int) {
	clear(m)
	for i, j := range to {
		m[i*cols+j] = 1
	}
}

// reflect makes the n x n matrix m the reflection I - 2 v v^T / (v^T v) by its
// first row v; the identity where v^T v is zero.
func reflect(m []int64, n int) {
	v := append([]int64(nil), m[:n]...)
	norm := int64(0)
	for _, a := range v {
		norm = residue(norm + residue(a*a))
	}
	scale := residue(2 * inverse(norm))
	for i := range n {
		for j := range n {
			x := residue(-residue(scale * residue(v[i]*v[j])))
			if i == j {
				x = residue(x + 1)
			}
			m[i*n+j] = x
		}
	}
}
