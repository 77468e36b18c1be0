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

// TestExp compares exp with its series, up to where it is infinite: package
// math's is from 709.44 on, with the assembly of some processors.
func TestExp(t *testing.T) {
	xs := []float64{-745, -720, -708.5, -1, 0x1p-60, 0.5, 1, 88.8, 708.9999, 709, 709.0000001, math.Log(math.MaxFloat64)}
	for x := 709.3; x < 709.782; x += 0.00137 {
		xs = append(xs, x)
	}
	for _, x := range xs {
		// exp(x) = exp(x / 2^20) ^ (2^20)
		small := new(big.Float).SetPrec(300).SetFloat64(x)
		small.SetMantExp(small, -20)
		want, term := new(big.Float).SetPrec(300).SetInt64(1), new(big.Float).SetPrec(300).SetInt64(1)
		for i := int64(1); i < 40; i++ {
			term.Mul(term, small)
			term.Quo(term, new(big.Float).SetPrec(300).SetInt64(i))
			want.Add(want, term)
		}
		for range 20 {
			want.Mul(want, want)
		}
		got := exp(x)
		ref, _ := want.Float64()
		if math.IsInf(got, 0) || math.Abs(got-ref) > 2*(math.Nextafter(ref, math.Inf(1))-ref) {
			t.Errorf("exp(%v) is %v, want %v", x, got, ref)
		}
	}
	for x, want := range map[float64]float64{709.783: math.Inf(1), 710: math.Inf(1), 1e9: math.Inf(1), -746: 0, math.Inf(-1): 0, 0: 1} {
		if got := exp(x); got != want {
			t.Errorf("exp(%v) is %v, want %v", x, got, want)
		}
	}
	if got := exp(math.NaN()); got == got {
		t.Errorf("exp(NaN) is %v", got)
	}
	if got := math.Expm1(709.7); math.IsInf(got, 0) || math.Abs(got/exp(709.7)-1) > 0x1p-51 {
		t.Errorf("expm1(709.7) is %v", got)
	}
}
