package llvm

import (
	"math"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// Functions of double; see math_poly.go. The ways to reduce arguments and to put
// results together are those of FreeBSD's msun, and of Dekker for products and
// sums of twice the bits.

// ln 2 in two doubles. The first has 42 bits, so that its multiples are exact.
const (
	ln2High64 = 0x1.62e42fefa38p-1
	ln2Low64  = 0x1.ef35793c7673p-45
)

// An exponent is e^x on its way: k as a power of 2, and r + low, |r| <= ln(2)/2,
// such that e^x is 2^k e^(r+low). minus1 is e^r - 1 - r.
type exponent struct {
	power, r, low, minus1 value.Value
}

// exponentOf reduces x + low, where low is small beside x or nil for nothing.
// power is 2^(k+up).
func (e *emitter) exponentOf(x, low value.Value, up int, p []float64) exponent {
	t := x.Type()
	k, power := e.nearest(x, math.Log2E, up)
	ln2High, ln2Low := ln2High64, ln2Low64
	if types.Equal(elemOf(t), types.Float) {
		ln2High, ln2Low = ln2High32, ln2Low32
	}
	high := e.mulAdd(k, e.float(t, -ln2High), x) // exact
	less := e.fmul(k, e.float(t, -ln2Low))
	if low != nil {
		less = e.fadd(less, low)
	}
	r, low := e.sumOfLesser(high, less)
	return exponent{power, r, low, e.fmul(e.fmul(r, r), e.polynomial(r, p[2:]))}
}

// expF64 is made as expF32 is.
func (e *emitter) expF64(x value.Value) value.Value { return e.expOf(x, nil, exp64[:]) }

// expOf returns e^(x+low); see exponentOf.
func (e *emitter) expOf(x, low value.Value, p []float64) value.Value {
	const lift = 64
	t := x.Type()
	x = e.atLeast(e.atMost(x, 710), -746)
	a := e.exponentOf(x, low, -1, p)
	two := e.float(t, 2)
	p2 := e.mulAdd(e.fadd(a.r, e.fadd(a.minus1, a.low)), two, two)
	isLow := e.below(x, -707) // from 2^-1021 on
	n, bits := e.bits(a.power)
	power := e.bitcast(e.choose(isLow, e.add(bits, e.int(n, lift<<52)), bits), t)
	y := e.fmul(p2, power)
	return e.choose(isLow, e.fmul(y, e.float(t, math.Ldexp(1, -lift))), y)
}

func (e *emitter) expm1F64(x value.Value) value.Value {
	return e.expm1Of(x, 710, -60, exp64[:])
}

// expm1Of keeps x between most, where e^x overflows, and least, where it is
// nothing beside 1.
func (e *emitter) expm1Of(x value.Value, most, least float64, p []float64) value.Value {
	high, low := e.halfExpm1(e.atLeast(e.atMost(x, most), least), p)
	half := e.fadd(high, low)
	return e.orTiny(x, e.fadd(half, half))
}

// halfExpm1 returns half of e^x - 1, 2^k (e^r - 1) + (2^k - 1), as a number and a
// small one; the whole might be beyond the largest power of two.
func (e *emitter) halfExpm1(x value.Value, p []float64) (high, low value.Value) {
	t := x.Type()
	a := e.exponentOf(x, nil, -1, p)
	high, lost := e.sumOfLesser(e.fsub(a.power, e.float(t, 0.5)), e.fmul(a.power, a.r))
	return high, e.mulAdd(a.power, e.fadd(a.minus1, a.low), lost)
}

// orTiny returns x where its square is nothing beside it, which keeps zeros'
// signs and the bits of subnormal numbers, and y elsewhere.
func (e *emitter) orTiny(x, y value.Value) value.Value {
	return e.choose(e.below(e.fabs(x), 0x1p-54), x, y)
}

// tanhF64 is h / (h+1), where h is half of e^2x - 1. What h and h+1 are beyond a
// double corrects the quotient.
func (e *emitter) tanhF64(x value.Value) value.Value {
	one := e.float(x.Type(), 1)
	y := e.atMost(e.fabs(x), 22) // where the result is 1
	h, hLow := e.sumOfLesser(e.halfExpm1(e.fadd(y, y), exp64[:]))
	d, dLow := e.sumOf(one, h)
	inverse := e.fdiv(one, d)
	q := e.fmul(h, inverse)
	back, backLow := e.productParts(q, d)
	rest := e.fadd(e.fsub(e.fsub(h, back), backLow), e.fsub(hLow, e.fmul(q, e.fadd(dLow, hLow))))
	return e.copysign(e.orTiny(y, e.mulAdd(rest, inverse, q)), x)
}

// erfF64 is made as erfF32 is, with powers of e.
func (e *emitter) erfF64(x value.Value) value.Value {
	t := x.Type()
	y := e.fabs(x)
	near := e.mulAdd(e.polynomial(e.fmul(y, y), erf64[:]), y, y)

	a := e.exponentOf(e.polynomial(e.atMost(y, 6), logErfc64[:]), nil, 0, exp64[:])
	p := e.fadd(e.float(t, 1), e.fadd(a.r, a.minus1))
	far := e.mulAdd(e.fneg(p), a.power, e.float(t, 1))
	return e.copysign(e.choose(e.below(y, 1), near, far), x)
}

func (e *emitter) logF64(x value.Value) value.Value {
	f, k, _ := e.split(x, true)
	return e.logSpecial(x, e.logOf(f, k))
}

// logOf returns log(1+f) + k log 2. With s = f/(2+f), log(1+f) is
// 2s + s^3 P(s^2), and 2s is f - sf.
func (e *emitter) logOf(f, k value.Value) value.Value {
	t := f.Type()
	s := e.fdiv(f, e.fadd(f, e.float(t, 2)))
	square := e.fmul(s, s)
	tail := e.fmul(square, e.polynomial(square, log64[1:]))
	half := e.fmul(e.fmul(f, f), e.float(t, 0.5))
	low := e.mulAdd(k, e.float(t, ln2Low64), e.fmul(s, e.fadd(half, tail)))
	return e.mulAdd(k, e.float(t, ln2High64), e.fsub(f, e.fsub(half, low)))
}

func (e *emitter) log1pF64(x value.Value) value.Value { return e.log1pOf(x, e.logOf) }

// log1pOf is the logarithm of the rounded 1+x, with what rounding lost added to
// what of it is beyond a power of two. log returns log(1+f) + k log 2.
func (e *emitter) log1pOf(x value.Value, log func(f, k value.Value) value.Value) value.Value {
	t := x.Type()
	form := formatOf(t)
	u, lost := e.sumOf(e.float(t, 1), x)
	f, k, raised := e.split(u, false)
	n, _ := e.bits(u)
	inverse := e.bitcast(e.cur.NewShl(e.sub(e.int(n, int64(2*form.bias)), raised), e.int(n, int64(form.mantissa))), t)
	better := e.mulAdd(lost, inverse, f)
	f = e.choose(e.below(x, 0x1p60), better, f)
	l := e.choose(e.below(x, math.Inf(1)), log(f, k), x)
	end := e.choose(e.equals(x, -1), e.float(t, math.Inf(-1)), e.float(t, math.NaN()))
	return e.orTiny(x, e.choose(e.above(x, -1), l, end))
}

// powShort is pow of floats that were widened to double, to be rounded to float.
func (e *emitter) powShort(x, y value.Value) value.Value {
	f, k, _ := e.split(e.fabs(x), false) // no float is subnormal as a double
	big := e.atLeast(e.atMost(y, 0x1p65), -0x1p65)
	return e.powSpecial(x, y, e.expOf(e.fmul(big, e.logOf(f, k)), nil, exp64Short[:]))
}

// powF64 is e^(y log x) with a logarithm of twice the bits.
func (e *emitter) powF64(x, y value.Value) value.Value {
	f, k, _ := e.split(e.fabs(x), true)
	high, low := e.longLog(f, k)
	// The logarithm of no number but 1 is below 2^-53.
	y2 := e.atLeast(e.atMost(y, 0x1p65), -0x1p65)
	p, lost := e.productParts(y2, high)
	lost = e.mulAdd(y2, low, lost)
	finite := e.below(e.fabs(p), 800) // else the lower part is nothing
	lost = e.choose(finite, lost, e.float(x.Type(), 0))
	return e.powSpecial(x, y, e.expOf(p, lost, exp64[:]))
}

// longLog returns log(1+f) + k log 2 as the sum of two doubles, to 65 bits and
// more. With s = f/(2+f), log(1+f) is 2s + s^3 (2/3 + s^2 P(s^2)).
func (e *emitter) longLog(f, k value.Value) (high, low value.Value) {
	t := f.Type()
	const third, thirdLow = 2.0 / 3, 0x1.5555555555555p-55
	d, dLost := e.sumOf(e.float(t, 2), f)
	s := e.fdiv(f, d)
	back, backLost := e.productParts(s, d)
	rest := e.fsub(e.fsub(e.fsub(f, back), backLost), e.fmul(s, dLost))
	sLow := e.fdiv(rest, d)

	z, zLow := e.productParts(s, s)
	zLow = e.mulAdd(e.fadd(s, s), sLow, zLow)
	tail := e.fmul(z, e.polynomial(z, log64Tail[:]))
	w, wLow := e.sumOfLesser(e.float(t, third), tail)
	wLow = e.fadd(wLow, e.float(t, thirdLow))

	c, cLow := e.productParts(z, w)
	cLow = e.fadd(cLow, e.mulAdd(z, wLow, e.fmul(zLow, w)))
	cubic, cubicLow := e.productParts(s, c)
	cubicLow = e.fadd(cubicLow, e.mulAdd(s, cLow, e.fmul(sLow, c)))

	a, aLow := e.sumOfLesser(e.fmul(k, e.float(t, ln2High64)), e.fadd(s, s))
	b, bLow := e.sumOfLesser(a, cubic)
	less := e.fadd(e.fadd(aLow, bLow), e.mulAdd(k, e.float(t, ln2Low64), e.fadd(e.fadd(sLow, sLow), cubicLow)))
	return e.sumOfLesser(b, less)
}

// powSpecial returns x^y, which is p, |x|^y, where neither is special.
func (e *emitter) powSpecial(x, y, p value.Value) value.Value {
	t := x.Type()
	zero, one, infinity, nan := e.float(t, 0), e.float(t, 1), e.float(t, math.Inf(1)), e.float(t, math.NaN())
	size := e.fabs(x)
	falling := e.below(y, 0)
	p = e.choose(e.equals(size, 0), e.choose(falling, infinity, zero), p)
	p = e.choose(e.equals(size, math.Inf(1)), e.choose(falling, zero, infinity), p)
	half := e.fmul(y, e.float(t, 0.5))
	fraction := e.fcmp(enum.FPredONE, e.round(y), y)
	odd := e.cur.NewAnd(e.fcmp(enum.FPredONE, e.round(half), half), e.not(fraction))
	p = e.choose(odd, e.copysign(p, x), p)
	negative := e.cur.NewAnd(e.below(x, 0), e.above(x, math.Inf(-1)))
	p = e.choose(e.cur.NewAnd(negative, fraction), nan, p)
	p = e.choose(e.fcmp(enum.FPredUNO, x, y), nan, p)
	return e.choose(e.cur.NewOr(e.equals(x, 1), e.equals(y, 0)), one, p)
}
