package llvm

import (
	"math"

	"github.com/llir/llvm/ir/value"
)

// Functions of float that need fused multiply-adds; see math_poly.go.

// ln 2 in two floats. The first has 15 bits, so that its multiples are exact.
const (
	ln2High32 = 0x1.62e4p-1
	ln2Low32  = 0x1.7f7d1cp-20
)

// expF32 is 2^k e^r. The polynomial is that of 2e^r and the power 2^(k-1), so
// that the largest k has one; small powers are 2^64 times too large at first, so
// that they are normal, and rounding to a subnormal comes last.
func (e *emitter) expF32(x value.Value) value.Value {
	const lift = 64
	t := x.Type()
	x = e.atLeast(e.atMost(x, 89), -104)
	k, power := e.nearest(x, math.Log2E, -1)
	r := e.fma(k, e.float(t, -ln2High32), x)
	r = e.fma(k, e.float(t, -ln2Low32), r)
	p := e.polynomial(r, scaled(exp32[:], 2, 1))
	low := e.below(x, -86) // from 2^-125 on
	n, bits := e.bits(power)
	power = e.bitcast(e.choose(low, e.add(bits, e.int(n, lift<<23)), bits), t)
	y := e.fmul(p, power)
	return e.choose(low, e.fmul(y, e.float(t, math.Ldexp(1, -lift))), y)
}

// scaled returns the coefficients of c*p(s*u), for powers of 2 c and s.
func scaled(p []float64, c, s float64) []float64 {
	out := make([]float64, len(p))
	for i := range p {
		out[i] = p[i] * c
		c *= s
	}
	return out
}

// tanhF32 is a polynomial near zero, and 1 - 2/(e^2x + 1) elsewhere. r is half
// of what is left of 2x.
func (e *emitter) tanhF32(x value.Value) value.Value {
	t := x.Type()
	y := e.fabs(x)
	u := e.fmul(y, y)
	near := e.fma(e.polynomial(u, tanh32[1:]), e.fmul(y, u), y)

	z := e.atMost(y, 10) // where the result is 1
	k, power := e.nearest(z, 2*math.Log2E, 0)
	r := e.fma(k, e.float(t, -ln2High32/2), z)
	r = e.fma(k, e.float(t, -ln2Low32/2), r)
	sum := e.fma(e.polynomial(r, scaled(exp32[:], 1, 2)), power, e.float(t, 1))
	far := e.fsub(e.float(t, 1), e.fdiv(e.float(t, 2), sum))
	return e.copysign(e.choose(e.below(y, tanhSplit32), near, far), x)
}

// erfF32 is a polynomial near zero, and 1 - erfc elsewhere, where erfc is 2 to
// the power of a polynomial.
func (e *emitter) erfF32(x value.Value) value.Value {
	t := x.Type()
	y := e.fabs(x)
	near := e.fma(e.polynomial(e.fmul(y, y), erf32[:]), y, y)

	l := e.polynomial(e.atMost(y, 4), logErfc32[:])
	k, power := e.nearest(l, 1, 0)
	p := e.polynomial(e.fsub(l, k), exp2Of32[:])
	far := e.fma(e.fneg(p), power, e.float(t, 1))
	return e.copysign(e.choose(e.below(y, erfSplit32), near, far), x)
}

func (e *emitter) logF32(x value.Value) value.Value {
	f, k, _ := e.split(x, true)
	return e.logSpecial(x, e.logOf32(f, k))
}

// logOf32 returns log(1+f) + k log 2.
func (e *emitter) logOf32(f, k value.Value) value.Value {
	l := e.fma(e.polynomial(f, log32[2:]), e.fmul(f, f), f)
	return e.fma(k, e.float(f.Type(), math.Ln2), l)
}

func (e *emitter) log1pF32(x value.Value) value.Value { return e.log1pOf(x, e.logOf32) }

func (e *emitter) expm1F32(x value.Value) value.Value { return e.expm1Of(x, 89, -30, exp32[:]) }

// logSpecial returns log(x), which is l for positive finite x.
func (e *emitter) logSpecial(x, l value.Value) value.Value {
	t := x.Type()
	l = e.choose(e.below(x, math.Inf(1)), l, x) // infinity and NaN stay
	zero := e.choose(e.equals(x, 0), e.float(t, math.Inf(-1)), e.float(t, math.NaN()))
	return e.choose(e.above(x, 0), l, zero)
}
