package eval

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestPow compares powers to whole exponents with exact products, and special
// arguments with what the standard library has for them.
func TestPow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		x, n := math.Exp2(r.NormFloat64()), r.IntN(1000)-500
		if r.IntN(2) == 0 {
			x = -x
		}
		want := new(big.Float).SetPrec(2000).SetInt64(1)
		for range max(n, -n) {
			want.Mul(want, big.NewFloat(x))
		}
		if n < 0 {
			want.Quo(new(big.Float).SetPrec(2000).SetInt64(1), want)
		}
		if e := want.MantExp(nil); e > 1023 || e < -1021 {
			continue
		}
		got := pow(x, float64(n))
		off := new(big.Float).SetPrec(2000).Sub(big.NewFloat(got), want)
		off.Quo(off, want)
		if size, _ := off.Float64(); math.Abs(size) > 0x1p-51 { // 2 units of the number after a power of 2
			t.Errorf("pow(%v, %d) is %v, relative error %v", x, n, got, size)
		}
	}
	inf, zero := math.Inf(1), math.Copysign(0, -1)
	vs := []float64{0, zero, 1, -1, 2, -2, 0.5, -0.5, 3, -3, inf, -inf, math.NaN(), 1e300, -1e300, 0x1p53 - 1}
	for _, x := range vs {
		for _, y := range vs {
			got, want := pow(x, y), math.Pow(x, y)
			if special := want == 0 || want != want || math.Abs(want) == 1 || math.IsInf(want, 0); special {
				if got != want && (got == got || want == want) || math.Signbit(got) != math.Signbit(want) && want == want {
					t.Errorf("pow(%v, %v) is %v, want %v", x, y, got, want)
				}
			}
		}
	}
}
