package ir

import (
	"testing"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestContractWork holds the counts to the formulas of the rule.
func TestContractWork(t *testing.T) {
	const n, m, k = 7, 5, 3
	of := func(p Prop, rows, cols int) Type { return Make(tensor.F32, rows, cols).WithProps(Props{Set: p}) }
	plain := func(sizes ...int) Type { return Make(tensor.F32, sizes...) }
	for _, c := range []struct {
		name, spec string
		types      []Type
		result     Props
		want       int
	}{
		{"general", "ab,bc->ac", []Type{plain(n, k), plain(k, m)}, Props{}, 2 * n * k * m},
		{"outer", "a,b->ab", []Type{plain(n), plain(m)}, Props{}, n * m},
		{"length 1", "ab,bc->ac", []Type{plain(n, 1), plain(1, m)}, Props{}, n * m},
		{"triangle", "ab,bc->ac", []Type{of(Lower, n, n), plain(n, m)}, Props{}, n * (n + 1) * m},
		{"transposed triangle", "ba,bc->ac", []Type{of(Upper, n, n), plain(n, m)}, Props{}, n * (n + 1) * m},
		{"right triangle", "ab,bc->ac", []Type{plain(m, n), of(Upper, n, n)}, Props{}, n * (n + 1) * m},
		{"triangles", "ab,bc->ac", []Type{of(Lower, n, n), of(Lower, n, n)}, Props{}, n * (n + 1) * (n + 2) / 3},
		{"both kinds", "ab,bc->ac", []Type{of(Lower, n, n), of(Upper, n, n)}, Props{}, n * (n + 1) * (2*n + 1) / 3},
		{"diagonal", "ab,bc->ac", []Type{of(Diagonal, n, n), plain(n, m)}, Props{}, n * m},
		{"diagonals", "ab,bc->ac", []Type{of(Diagonal, n, n), of(Diagonal, n, n)}, Props{}, n},
		{"tridiagonal", "ab,bc->ac", []Type{of(Tridiagonal, n, n), plain(n, m)}, Props{}, 2 * (3*n - 2) * m},
		{"tridiagonals", "ab,bc->ac", []Type{of(Tridiagonal, n, n), of(Tridiagonal, n, n)}, Props{}, 2 * (9*n - 10)},
		{"symmetric", "ab,cb->ac", []Type{plain(n, k), plain(n, k)}, Props{Set: Symmetric}, n * (n + 1) * k},
		{"batch", "xab,xbc->xac", []Type{plain(m, n, n).WithProps(Props{Set: Lower}), plain(m, n, k)}, Props{}, m * n * (n + 1) * k},
		{"vector", "ab,b->a", []Type{of(Lower, n, n), plain(n)}, Props{}, n * (n + 1)},
		{"three", "ab,bc,cd->ad", []Type{plain(n, m), plain(m, k), plain(k, n)}, Props{}, 3 * n * m * k * n},
		{"empty", "ab,bc->ac", []Type{of(Lower, 0, 0), plain(0, m)}, Props{}, 0},
	} {
		if got := ContractWork(c.spec, c.types, c.result); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
