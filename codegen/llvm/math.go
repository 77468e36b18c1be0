package llvm

import (
	"math"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// Functions of floats are straight-line code for any number of lanes, computed
// in double: a float's function is that of its double, rounded once, which is
// correct to 0.51 units in the last place. No operation is contracted, so the
// result is the same in both modes, on every processor and in every lane.

// exact runs f without contraction.
func (e *emitter) exact(f func() value.Value) value.Value {
	defer func(strict bool) { e.strict = strict }(e.strict)
	e.strict = true
	return f()
}

// inDouble computes a function of x in double.
func (e *emitter) inDouble(x value.Value, f func(x value.Value) value.Value) value.Value {
	return e.exact(func() value.Value {
		if types.Equal(elemOf(x.Type()), types.Double) {
			return f(x)
		}
		return e.cur.NewFPTrunc(f(e.cur.NewFPExt(x, like(types.Double, x))), x.Type())
	})
}

// poly returns c[0] + x*(c[1] + x*(...)).
func (e *emitter) poly(x value.Value, c ...float64) value.Value {
	y := e.float(x.Type(), c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		y = e.fadd(e.fmul(y, x), e.float(x.Type(), c[i]))
	}
	return y
}

// asBits returns the bits of a double as i64.
func (e *emitter) asBits(x value.Value) value.Value { return e.bitcast(x, like(types.I64, x)) }

// magic is 1.5 * 2^52: adding it to a double below 2^51 leaves the nearest
// integer in the low bits.
const magic = 6755399441055744.0

// nearest returns the integer nearest to x, below 2^51, as a double and as i64.
func (e *emitter) nearest(x value.Value) (n, k value.Value) {
	m := e.float(x.Type(), magic)
	t := e.fadd(x, m)
	return e.fsub(t, m), e.sub(e.asBits(t), e.asBits(m))
}

// toDouble returns a small i64 as a double.
func (e *emitter) toDouble(k value.Value) value.Value {
	m := e.float(like(types.Double, k), magic)
	return e.fsub(e.bitcast(e.add(k, e.asBits(m)), m.Type()), m)
}

// power2 returns 2^k for -1022 <= k <= 1023.
func (e *emitter) power2(k value.Value) value.Value {
	biased := e.add(k, e.int(k.Type(), 1023))
	return e.bitcast(e.cur.NewShl(biased, e.int(k.Type(), 52)), like(types.Double, k))
}

// within returns x between lo and hi; NaN stays.
func (e *emitter) within(x value.Value, lo, hi float64) value.Value {
	l, h := e.float(x.Type(), lo), e.float(x.Type(), hi)
	x = e.choose(e.fcmp(enum.FPredOLT, x, l), l, x)
	return e.choose(e.fcmp(enum.FPredOGT, x, h), h, x)
}

// Parts of the logarithm of 2: the first times an integer below 2^20 is exact.
const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// reduced returns k and r with x = k ln 2 + r, |r| <= ln 2 / 2, and expm1(r),
// whose Taylor series is cut where a term is below 2^-56 of the sum.
func (e *emitter) reduced(x value.Value) (n, k, expm1 value.Value) {
	n, k = e.nearest(e.fmul(x, e.float(x.Type(), math.Log2E)))
	r := e.fsub(x, e.fmul(n, e.float(x.Type(), ln2Hi)))
	r = e.fsub(r, e.fmul(n, e.float(x.Type(), ln2Lo)))
	c, f := []float64{}, 2.0
	for i := 2; i <= 14; i++ {
		c = append(c, 1/f)
		f *= float64(i + 1)
	}
	return n, k, e.fadd(r, e.fmul(e.fmul(r, r), e.poly(r, c...)))
}

// exp returns e to the power x.
func (e *emitter) exp(x value.Value) value.Value { return e.inDouble(x, e.expDouble) }

func (e *emitter) expDouble(x value.Value) value.Value {
	_, k, m := e.reduced(e.within(x, -746, 710))
	half := e.cur.NewAShr(k, e.int(k.Type(), 1))
	y := e.fadd(e.float(x.Type(), 1), m)
	return e.fmul(e.fmul(y, e.power2(half)), e.power2(e.sub(k, half)))
}

// expm1 returns exp(x) - 1.
func (e *emitter) expm1(x value.Value) value.Value { return e.inDouble(x, e.expm1Double) }

func (e *emitter) expm1Double(x value.Value) value.Value {
	t := x.Type()
	one := e.float(t, 1)
	_, k, m := e.reduced(e.within(x, -60, 710))
	// (m + 1 - 2^-k) 2^k for positive k, else m 2^k + (2^k - 1).
	inverse := e.power2(e.sub(e.int(k.Type(), 0), e.choose(e.icmp(enum.IPredSGT, k, e.int(k.Type(), 1000)), e.int(k.Type(), 1000), k)))
	half := e.cur.NewAShr(k, e.int(k.Type(), 1))
	large := e.fmul(e.fmul(e.fadd(m, e.fsub(one, inverse)), e.power2(half)), e.power2(e.sub(k, half)))
	scale := e.power2(e.choose(e.icmp(enum.IPredSGT, k, e.int(k.Type(), 1000)), e.int(k.Type(), 1000), k))
	small := e.fadd(e.fmul(m, scale), e.fsub(scale, one))
	y := e.choose(e.icmp(enum.IPredSGT, k, e.int(k.Type(), 1)), large, small)
	return e.choose(e.fcmp(enum.FPredOEQ, x, e.float(t, 0)), x, y)
}

// log returns the natural logarithm.
func (e *emitter) log(x value.Value) value.Value { return e.inDouble(x, e.logDouble) }

// logDouble follows FreeBSD's e_log.c: x = 2^k (1 + f), and log(1 + f) from an
// odd polynomial in s = f / (2 + f), whose coefficients those are.
func (e *emitter) logDouble(x value.Value) value.Value {
	t := x.Type()
	zero, one := e.float(t, 0), e.float(t, 1)
	tiny := e.fcmp(enum.FPredOLT, x, e.float(t, 0x1p-1022))
	y := e.choose(tiny, e.fmul(x, e.float(t, 0x1p54)), x)
	b := e.asBits(y)
	from := e.sub(b, e.int(b.Type(), int64(math.Float64bits(math.Sqrt2/2))))
	k := e.cur.NewAShr(from, e.int(b.Type(), 52))
	f := e.fsub(e.bitcast(e.sub(b, e.cur.NewShl(k, e.int(b.Type(), 52))), t), one)
	n := e.toDouble(e.sub(k, e.choose(tiny, e.int(b.Type(), 54), e.int(b.Type(), 0))))

	s := e.fdiv(f, e.fadd(e.float(t, 2), f))
	z := e.fmul(s, s)
	r := e.fmul(z, e.poly(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
		2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01))
	hfsq := e.fmul(e.fmul(e.float(t, 0.5), f), f)
	low := e.fadd(e.fmul(s, e.fadd(hfsq, r)), e.fmul(n, e.float(t, ln2Lo)))
	out := e.fsub(e.fmul(n, e.float(t, ln2Hi)), e.fsub(e.fsub(hfsq, low), f))

	out = e.choose(e.fcmp(enum.FPredOEQ, x, zero), e.float(t, math.Inf(-1)), out)
	out = e.choose(e.fcmp(enum.FPredOLT, x, zero), e.float(t, math.NaN()), out)
	// Infinity and NaN are their own logarithms.
	return e.choose(e.fcmp(enum.FPredULT, x, e.float(t, math.Inf(1))), e.choose(e.fcmp(enum.FPredUNO, x, x), x, out), x)
}

// log1p returns log(1 + x).
func (e *emitter) log1p(x value.Value) value.Value { return e.inDouble(x, e.log1pDouble) }

// log1pDouble adds to log(u), u = 1 + x rounded, what the rounding lost.
func (e *emitter) log1pDouble(x value.Value) value.Value {
	t := x.Type()
	one := e.float(t, 1)
	u := e.fadd(one, x)
	lost := e.fdiv(e.fsub(x, e.fsub(u, one)), u)
	y := e.fadd(e.logDouble(u), lost)
	y = e.choose(e.fcmp(enum.FPredOEQ, x, e.float(t, -1)), e.float(t, math.Inf(-1)), y)
	y = e.choose(e.fcmp(enum.FPredOEQ, x, e.float(t, math.Inf(1))), x, y)
	return e.choose(e.fcmp(enum.FPredOEQ, x, e.float(t, 0)), x, y)
}

// tanh returns the hyperbolic tangent, expm1(2a) / (expm1(2a) + 2) of a = |x|.
func (e *emitter) tanh(x value.Value) value.Value {
	return e.inDouble(x, func(x value.Value) value.Value {
		t := x.Type()
		a := e.intrinsic("llvm.fabs", t, x)
		m := e.expm1Double(e.within(e.fadd(a, a), 0, 50))
		return e.intrinsic("llvm.copysign", t, e.fdiv(m, e.fadd(m, e.float(t, 2))), x)
	})
}
