package eval

import (
	"testing"

	"github.com/lathe-lang/lathe/ir"
)

// TestPromised holds matrices to what they promise, modulo the prime.
func TestPromised(t *testing.T) {
	const n = 6
	for _, p := range []ir.Prop{ir.Orthogonal, ir.Permutation, ir.Orthogonal | ir.Permutation, ir.OneHot} {
		x := newArray[int64]([]int{2, n, n})
		for i := range x.data {
			x.data[i] = residue(int64(scramble(uint64(i)) >> 1))
		}
		promised(x, ir.Props{Set: p}, 7)
		for at := 0; at < len(x.data); at += n * n {
			m := x.data[at : at+n*n]
			for i := range n {
				for j := range n {
					dot, ones := int64(0), 0
					for k := range n {
						dot = residue(dot + residue(m[i*n+k]*m[j*n+k]))
						if m[i*n+k] == 1 {
							ones++
						}
					}
					if p != ir.OneHot && dot != int64(one(i == j)) {
						t.Errorf("%v: rows %d and %d multiply to %d", p, i, j, dot)
					}
					if p != ir.Orthogonal && (ones != 1 || m[i*n+j] != 0 && m[i*n+j] != 1) {
						t.Errorf("%v: row %d is %v", p, i, m[i*n:(i+1)*n])
					}
				}
			}
		}
	}
}
