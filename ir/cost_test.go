package ir_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/lathe-lang/lathe/ir"
)

// TestTurns counts turns in integers of any size.
func TestTurns(t *testing.T) {
	ends := []int{math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 5, -7, -1, 0, 1, 2, 10, math.MaxInt64 - 5, math.MaxInt64 - 1, math.MaxInt64}
	large := func(n int) *big.Int { return big.NewInt(int64(n)) }
	for _, lo := range ends {
		for _, hi := range ends {
			for _, step := range ends {
				if step == 0 {
					continue
				}
				// The least n that is not negative with lo + n*step not before hi:
				// (hi - lo) / step rounded up.
				want := new(big.Int).Sub(large(hi), large(lo))
				rest := new(big.Int)
				want.QuoRem(want, large(step), rest)
				if rest.Sign() != 0 && rest.Sign()*large(step).Sign() > 0 {
					want.Add(want, large(1))
				}
				if want.Sign() < 0 {
					want = large(0)
				}
				if got := new(big.Int).SetUint64(ir.Turns(lo, hi, step)); got.Cmp(want) != 0 {
					t.Errorf("%d..%d step %d turns %v times, want %v", lo, hi, step, got, want)
				}
			}
		}
	}
}
