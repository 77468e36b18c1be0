package llvm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe/internal/llvmtest"
)

// powArguments returns n pairs of numbers of which x^y is neither 0 nor infinite
// in a type with exponents up to limit; some are within its subnormal numbers.
func powArguments(r *rand.Rand, n int, limit float64) (x, y []float64) {
	for i := range n {
		spread := [...]float64{1e-6, 1e-2, 1, limit / 10}[i%4]
		a := math.Exp2(r.NormFloat64() * spread)
		if limit < 1000 {
			a = float64(float32(a))
		}
		if a == 1 || a == 0 || math.IsInf(a, 0) {
			a = 3
		}
		b := (2*r.Float64() - 1) * limit / math.Abs(math.Log2(a))
		if i%3 == 0 {
			b = r.NormFloat64() * 10
		}
		x, y = append(x, a), append(y, b)
	}
	return x, y
}

// TestMathPow holds pow to powers with far more bits: math.Pow is off by as many
// units as y is large.
func TestMathPow(t *testing.T) {
	lib := llvmtest.Library(t)
	n := 4000
	if *exhaustive {
		n = 1 << 20
	}
	var pow mathFunction
	for _, f := range mathFunctions() {
		if f.name == "pow" {
			pow = f
		}
	}
	for _, double := range []bool{false, true} {
		x, y := powArguments(rand.New(rand.NewPCG(3, 4)), n, map[bool]float64{false: 149, true: 1074}[double])
		if !double {
			for i := range y {
				y[i] = float64(float32(y[i]))
			}
		}
		want := make([]*big.Float, n)
		for i := range x {
			want[i] = pow.double(bigOf(x[i]), bigOf(y[i]))
		}
		for _, m := range []mathTarget{hostMath(lib, 8), plainMath(lib, 2)} {
			w := &worst{}
			for i, got := range evaluate(compileMath(t, m, pow, double), statusGradual, x, y) {
				if double {
					w.see(error64(got, want[i]), x[i], y[i], got)
				} else {
					exact, _ := want[i].Float64()
					w.see(error32(float32(got), exact), x[i], y[i], got)
				}
			}
			t.Logf("%v: pow of double %v: %.3f ULP at %v, %v", m, double, w.ulp, w.x, w.y)
			if bound := pow.bound[map[bool]int{false: 0, true: 1}[double]]; !(w.ulp <= bound) {
				t.Errorf("%v: pow(%v, %v) is %v, %.3f ULP off; the bound is %v", m, w.x, w.y, w.got, w.ulp, bound)
			}
		}
	}
}

// TestMathPowSign holds powers of negative numbers to those of positive ones.
func TestMathPowSign(t *testing.T) {
	lib := llvmtest.Library(t)
	f := mathFunctions()[8]
	for _, m := range []mathTarget{hostMath(lib, 8), plainMath(lib, 2)} {
		for _, double := range []bool{false, true} {
			whole := 0x1p24 // where all numbers are integers, and odd ones end
			if double {
				whole = 0x1p53
			}
			r := rand.New(rand.NewPCG(9, 10))
			var xs, minus, ys []float64
			for i := range 4000 {
				x := math.Exp2(r.NormFloat64())
				y := math.Trunc(20 * r.NormFloat64())
				if i%4 == 0 {
					x, y = 1+math.Ldexp(r.Float64(), -20), math.Trunc(r.NormFloat64()*whole)
				}
				xs, minus, ys = append(xs, x), append(minus, -x), append(ys, y)
			}
			c := compileMath(t, m, f, double)
			want, got := evaluate(c, statusGradual, xs, ys), evaluate(c, statusGradual, minus, ys)
			for i := range got {
				y := ys[i]
				if !double {
					y = float64(float32(y))
				}
				if math.Mod(y, 2) != 0 {
					want[i] = -want[i]
				}
				if !sameFloat(got[i], want[i]) {
					t.Fatalf("%v: pow(%v, %v) of double %v is %v, want %v", m, minus[i], y, double, got[i], want[i])
				}
			}
		}
	}
}
