package llvm

import (
	"math"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// pi/2 in three doubles.
const (
	quarterHigh = 0x1.921fb54442d18p+0
	quarterMid  = 0x1.1a62633145c07p-54
	quarterLow  = -0x1.f1976b7ed8fbcp-110
)

// hugeAngle is from where on multiples of pi/2 are no longer counted in a double.
const hugeAngle = 0x1p30

// An angle is x = quarters*pi/2 + r + low with |r| <= pi/4, and a little more;
// quarters is an integer of i64 of which the last two bits count.
type angle struct {
	quarters, r, low value.Value
}

// angleOf reduces a double.
func (e *emitter) angleOf(x value.Value) angle {
	a := e.smallAngle(x)
	size := e.fabs(x)
	// Infinity and NaN have become NaN.
	huge := e.cur.NewAnd(e.fcmp(enum.FPredOGE, size, e.float(x.Type(), hugeAngle)), e.fcmp(enum.FPredONE, size, e.float(x.Type(), math.Inf(1))))
	parts := e.either(e.any(huge), func() []value.Value {
		b := e.hugeAngle(x)
		return []value.Value{e.choose(huge, b.quarters, a.quarters), e.choose(huge, b.r, a.r), e.choose(huge, b.low, a.low)}
	}, func() []value.Value { return []value.Value{a.quarters, a.r, a.low} })
	return angle{parts[0], parts[1], parts[2]}
}

// any reports whether a condition holds in one lane or more.
func (e *emitter) any(c value.Value) value.Value {
	n := lanesOf(c)
	if n == 0 {
		return c
	}
	t := types.NewInt(uint64(n))
	return e.icmp(enum.IPredNE, e.bitcast(c, t), constant.NewInt(t, 0))
}

// smallAngle reduces |x| < hugeAngle.
func (e *emitter) smallAngle(x value.Value) angle {
	t := x.Type()
	// As in nearest: the last bits of the sum are those of the integer.
	magic := e.float(t, 0x1.8p52)
	sum := e.mulAdd(x, e.float(t, 1/quarterHigh), magic)
	k := e.fsub(sum, magic)
	_, quarters := e.bits(sum)
	high, highLow := e.productParts(k, e.float(t, quarterHigh))
	// Both differences are exact: they are multiples of the last bit of
	// quarterHigh or of x, and below 1.
	left := e.fsub(e.fsub(x, high), highLow)
	mid, midLow := e.productParts(k, e.float(t, quarterMid))
	r, low := e.sumOf(left, e.fneg(mid))
	low = e.fsub(low, e.mulAdd(k, e.float(t, quarterLow), midLow))
	return angle{quarters, r, low}
}

// twoByPi are the bits of 2/pi after the point, and 64 zeros before them.
var twoByPi = [...]uint64{
	0,
	0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
	0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
	0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
	0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
}

// hugeAngle reduces any |x| >= hugeAngle, in integers (Payne and Hanek). With
// x = m 2^n, bits of 2/pi that are worth 4 or more when multiplied by 2^n give
// whole turns, whatever m is; the next 192 bits times m are kept, without what
// is worth 4 or more: two bits for the quarter, and a fraction of it.
func (e *emitter) hugeAngle(x value.Value) angle {
	t := x.Type()
	n, bits := e.bits(x)
	c := func(k int64) value.Value { return e.int(n, k) }
	shl := func(x value.Value, k int64) value.Value { return e.cur.NewShl(x, c(k)) }
	shr := func(x value.Value, k int64) value.Value { return e.cur.NewLShr(x, c(k)) }
	and := func(x value.Value, k int64) value.Value { return e.cur.NewAnd(x, c(k)) }
	or := func(x, y value.Value) value.Value { return e.cur.NewOr(x, y) }
	const half = 1<<32 - 1

	exponent := and(shr(bits, 52), 0x7ff)
	m := or(and(bits, 1<<52-1), c(1<<52))
	// The first bit of 2/pi is bit 64 and worth 2^(n-1); the first of the window
	// is worth 2.
	window := e.window(e.sub(exponent, c(1023+52+2-64)))

	// The product's digits of 32 bits, from the last on.
	var digits [6]value.Value
	var w [6]value.Value
	for i, x := range window {
		w[5-2*i], w[4-2*i] = shr(x, 32), and(x, half)
	}
	for row, factor := range []value.Value{and(m, half), shr(m, 32)} {
		carry := c(0)
		for i := row; i < len(w); i++ {
			p := e.add(e.mul(factor, w[i-row]), carry)
			if row > 0 {
				p = e.add(p, digits[i])
			}
			digits[i], carry = and(p, half), shr(p, 32)
		}
	}
	top, middle, last := or(shl(digits[5], 32), digits[4]), or(shl(digits[3], 32), digits[2]), or(shl(digits[1], 32), digits[0])

	// The fraction as a number from -1/2 to 1/2: its first bit is the sign, and
	// rounds the quarter up.
	quarters := shr(e.add(shr(top, 61), c(1)), 1)
	first, second := or(shl(top, 2), shr(middle, 62)), or(shl(middle, 2), shr(last, 62))
	sign := e.cur.NewAShr(first, c(63))
	first, second = e.cur.NewXor(first, sign), e.cur.NewXor(second, sign) // but for 2^-128

	double := func(digit value.Value, scale float64) value.Value { // exact: placed in the last bits of 2^52
		x := e.bitcast(or(digit, c(floatBits(t, 0x1p52))), t)
		return e.fmul(e.fsub(x, e.float(t, 0x1p52)), e.float(t, scale))
	}
	high, lost := e.sumOfLesser(double(shr(first, 32), 0x1p-32), double(and(first, half), 0x1p-64))
	rest := e.fadd(double(shr(second, 32), 0x1p-96), double(and(second, half), 0x1p-128))
	f, fLow := e.sumOfLesser(high, e.fadd(lost, rest))

	r, rLow := e.productParts(f, e.float(t, quarterHigh))
	rLow = e.fadd(rLow, e.mulAdd(f, e.float(t, quarterMid), e.fmul(fLow, e.float(t, quarterHigh))))

	// The signs of the fraction and of x.
	negative := e.icmp(enum.IPredSLT, bits, c(0))
	quarters = e.choose(negative, e.sub(c(0), quarters), quarters)
	flip := and(e.cur.NewXor(sign, bits), -1<<63)
	signed := func(x value.Value) value.Value {
		_, bits := e.bits(x)
		return e.bitcast(e.cur.NewXor(bits, flip), t)
	}
	return angle{quarters, signed(r), signed(rLow)}
}

// window returns 192 bits of twoByPi from the bit position on.
func (e *emitter) window(position value.Value) [3]value.Value {
	t := position.Type()
	words := make([]value.Value, len(twoByPi))
	for i, w := range twoByPi {
		words[i] = e.int(t, int64(w))
	}
	for step := 16; step > 0; step /= 2 {
		// Where position has this bit of the number of words, they move up.
		some := e.icmp(enum.IPredNE, e.cur.NewAnd(position, e.int(t, int64(step*64))), e.int(t, 0))
		next := make([]value.Value, min(len(words), step+3))
		for i := range next {
			next[i] = words[i]
			if i+step < len(words) {
				next[i] = e.choose(some, words[i+step], words[i])
			}
		}
		words = next
	}
	shift := e.cur.NewAnd(position, e.int(t, 63))
	back := e.sub(e.int(t, 63), shift)
	var out [3]value.Value
	for i := range out {
		after := e.cur.NewLShr(e.cur.NewLShr(words[i+1], e.int(t, 1)), back)
		out[i] = e.cur.NewOr(e.cur.NewShl(words[i], shift), after)
	}
	return out
}

// sineF64 returns sin(x + quarter pi/2).
func (e *emitter) sineF64(x value.Value, quarter int) value.Value {
	t := x.Type()
	a := e.angleOf(x)
	z := e.fmul(a.r, a.r)
	half := e.float(t, 0.5)

	// r - r^3/6 + ..., with low (1 - z/2) added to what is small.
	cube := e.fmul(z, a.r)
	low := e.fsub(a.low, e.fmul(e.fmul(z, half), a.low))
	sine := e.fadd(a.r, e.mulAdd(e.polynomial(z, sin64[1:]), cube, low))

	// 1 - z/2 + z^2/24 - ... - r low, with what rounding 1 - z/2 loses.
	halved := e.fmul(z, half)
	head := e.fsub(e.float(t, 1), halved)
	lost := e.fsub(e.fsub(e.float(t, 1), head), halved)
	tail := e.fmul(e.fmul(z, z), e.polynomial(z, cos64[2:]))
	cosine := e.fadd(head, e.fadd(lost, e.fsub(tail, e.fmul(a.r, a.low))))
	return e.turned(x, a, quarter, sine, cosine)
}

// sineShort is sineF64 of a float that was widened, to be rounded to float.
func (e *emitter) sineShort(x value.Value, quarter int) value.Value {
	a := e.angleOf(x)
	z := e.fmul(a.r, a.r)
	sine := e.fmul(a.r, e.polynomial(z, sin64Short[:]))
	return e.turned(x, a, quarter, sine, e.polynomial(z, cos64Short[:]))
}

// turned returns sin(x + quarter pi/2) from the sine and the cosine of what is
// left of x.
func (e *emitter) turned(x value.Value, a angle, quarter int, sine, cosine value.Value) value.Value {
	n, _ := e.bits(x)
	q := a.quarters
	if quarter > 0 {
		q = e.add(q, e.int(n, int64(quarter)))
	}
	odd := e.icmp(enum.IPredNE, e.cur.NewAnd(q, e.int(n, 1)), e.int(n, 0))
	_, y := e.bits(e.choose(odd, cosine, sine))
	sign := e.cur.NewShl(e.cur.NewAnd(q, e.int(n, 2)), e.int(n, 62))
	out := e.bitcast(e.cur.NewXor(y, sign), x.Type())
	if quarter == 0 {
		return e.orTiny(x, out)
	}
	return out
}
