package check

import (
	"math/bits"
	"testing"
)

// TestProducts: the chains lead to the power, no slower than by squarings.
func TestProducts(t *testing.T) {
	// The lengths of the shortest addition chains, OEIS A003313.
	shortest := []int{0, 1, 2, 2, 3, 3, 4, 3, 4, 4, 5, 4, 5, 5, 5, 4, 5, 5, 6, 5, 6, 6, 6, 5, 6, 6, 6, 6, 7, 6, 7, 5}
	try := func(k int) {
		steps := products(k)
		powers := []int{1}
		for _, s := range steps {
			powers = append(powers, powers[s.x]+powers[s.y])
		}
		if last := powers[len(powers)-1]; last != k {
			t.Errorf("the products for %d make the power %d", k, last)
		}
		if k <= len(shortest) && len(steps) != shortest[k-1] {
			t.Errorf("%d products for the power %d, want %d", len(steps), k, shortest[k-1])
		}
		if binary := bits.Len(uint(k)) - 1 + bits.OnesCount(uint(k)) - 1; len(steps) > binary {
			t.Errorf("%d products for the power %d; squarings take %d", len(steps), k, binary)
		}
	}
	for k := 1; k <= 3000; k++ {
		try(k)
	}
	for k := 1<<20 - 200; k <= 1<<20; k++ {
		try(k)
	}
}
