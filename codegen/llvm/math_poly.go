package llvm

import (
	"math"
	"strings"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// The mathematical functions, of scalars and of vectors of any number of lanes.
// Each takes multiples of ln 2 or pi/2 out of its argument, evaluates a
// polynomial (math_coefficients.go) and puts the result together; special values
// are chosen at the end. There are no tables, no calls, and no branches but for
// the reduction of huge angles.
//
// Strict mode, and how many lanes there are, change no bit: what must be fused
// is written as llvm.fma, and nothing else may be. Where the target has no fused
// multiply-add, products that must be exact are split in halves, and float
// functions are those of double, rounded.
//
// The largest errors found, in units in the last place: of float functions with
// FMA for all 2^32 arguments, of the others for a million (TestMath32, TestMath64
// and TestMathPow with -exhaustive). The number of instructions is that for a
// vector of floats on x86-64-v4, for sin and cos with the reduction of huge
// angles, which is skipped where none is huge, and for pow for two vectors of
// double.
//
//	       float  float    double  double   instructions
//	              no FMA           no FMA
//	exp    0.90   0.51     0.84    0.84      20
//	expm1  1.16   0.51     1.12    1.12      32
//	log    1.00   0.51     0.82    0.82      31
//	log1p  1.53   0.51     1.16    1.16      40
//	sin    0.51   0.51     0.76    0.76     348
//	cos    0.51   0.51     0.77    0.77     344
//	tanh   1.42   0.51     0.77    0.77      31
//	erf    1.23   0.51     1.00    1.22      35
//	pow    0.51   0.51     0.88    0.88     160
//
// Special values are those of C99. Where the processor takes subnormal numbers
// for zero, so do the functions.

// tanhSplit32 and erfSplit32 are where two polynomials meet.
const (
	tanhSplit32 = 0.6
	erfSplit32  = 0.93
)

// exp returns e^x, expm1 e^x - 1.
func (e *emitter) exp(x value.Value) value.Value {
	return e.function(x, (*emitter).expF32, (*emitter).expF64)
}

func (e *emitter) expm1(x value.Value) value.Value {
	return e.function(x, (*emitter).expm1F32, (*emitter).expm1F64)
}

// log returns the natural logarithm of x, log1p that of 1 + x.
func (e *emitter) log(x value.Value) value.Value {
	return e.function(x, (*emitter).logF32, (*emitter).logF64)
}

func (e *emitter) log1p(x value.Value) value.Value {
	return e.function(x, (*emitter).log1pF32, (*emitter).log1pF64)
}

// sin and cos take radians, of any size.
func (e *emitter) sin(x value.Value) value.Value { return e.sine(x, 0) }

func (e *emitter) cos(x value.Value) value.Value { return e.sine(x, 1) }

// sine returns sin(x + quarter pi/2).
func (e *emitter) sine(x value.Value, quarter int) value.Value {
	return e.asWritten(func() value.Value {
		if types.Equal(elemOf(x.Type()), types.Double) {
			return e.sineF64(x, quarter)
		}
		return e.narrowed(e.sineShort(e.widened(x), quarter))
	})
}

func (e *emitter) tanh(x value.Value) value.Value {
	return e.function(x, (*emitter).tanhF32, (*emitter).tanhF64)
}

func (e *emitter) erf(x value.Value) value.Value {
	return e.function(x, (*emitter).erfF32, (*emitter).erfF64)
}

// pow returns x^y.
func (e *emitter) pow(x, y value.Value) value.Value {
	return e.asWritten(func() value.Value {
		if types.Equal(elemOf(x.Type()), types.Double) {
			return e.powF64(x, y)
		}
		return e.narrowed(e.powShort(e.widened(x), e.widened(y)))
	})
}

// function emits a function of x: single where x is float and its products may
// be fused, else double, of which float functions are the rounded result.
func (e *emitter) function(x value.Value, single, double func(e *emitter, x value.Value) value.Value) value.Value {
	return e.asWritten(func() value.Value {
		switch {
		case types.Equal(elemOf(x.Type()), types.Double):
			return double(e, x)
		case e.m.target.hasFMA():
			return single(e, x)
		}
		return e.narrowed(double(e, e.widened(x)))
	})
}

func (e *emitter) widened(x value.Value) value.Value {
	return e.cur.NewFPExt(x, like(types.Double, x))
}

func (e *emitter) narrowed(x value.Value) value.Value {
	return e.cur.NewFPTrunc(x, like(types.Float, x))
}

// asWritten emits what fn emits without leave to fuse products and sums.
func (e *emitter) asWritten(fn func() value.Value) value.Value {
	strict := e.strict
	e.strict = true
	x := fn()
	e.strict = strict
	return x
}

// hasFMA reports whether the target multiplies and adds in one instruction;
// elsewhere LLVM would call a function.
func (t Target) hasFMA() bool {
	switch {
	case strings.HasPrefix(t.Triple, "aarch64"), strings.HasPrefix(t.Triple, "arm64"):
		return true
	case t.Features != "":
		return strings.Contains(","+t.Features+",", ",+fma,")
	}
	return t.VectorBytes >= 32 // of the levels that have a name, all with AVX2
}

// mulAdd returns x*y + z, rounded once where that is one instruction, and where
// the difference does not matter.
func (e *emitter) mulAdd(x, y, z value.Value) value.Value {
	if e.m.target.hasFMA() {
		return e.fma(x, y, z)
	}
	return e.fadd(e.fmul(x, y), z)
}

// polynomial returns c[0] + c[1]*u + c[2]*u^2 + ...
func (e *emitter) polynomial(u value.Value, c []float64) value.Value {
	t := u.Type()
	p := e.float(t, c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		p = e.mulAdd(p, u, e.float(t, c[i]))
	}
	return p
}

// sumOf returns x + y, rounded, and what rounding lost.
func (e *emitter) sumOf(x, y value.Value) (sum, lost value.Value) {
	sum = e.fadd(x, y)
	part := e.fsub(sum, x)
	return sum, e.fadd(e.fsub(x, e.fsub(sum, part)), e.fsub(y, part))
}

// sumOfLesser is sumOf where y is smaller than x, or x is zero.
func (e *emitter) sumOfLesser(x, y value.Value) (sum, lost value.Value) {
	sum = e.fadd(x, y)
	return sum, e.fsub(y, e.fsub(sum, x))
}

// productParts returns x * y of doubles, rounded, and what rounding lost. Where
// nothing is fused, operands must be smaller than 2^970.
func (e *emitter) productParts(x, y value.Value) (product, lost value.Value) {
	product = e.fmul(x, y)
	if e.m.target.hasFMA() {
		return product, e.fma(x, y, e.fneg(product))
	}
	xh, xl := e.halves(x)
	yh, yl := e.halves(y)
	lost = e.fsub(e.fmul(xh, yh), product) // each line is exact (Dekker)
	lost = e.fadd(lost, e.fmul(xh, yl))
	lost = e.fadd(lost, e.fmul(xl, yh))
	return product, e.fadd(lost, e.fmul(xl, yl))
}

// halves splits a double into two of 26 bits.
func (e *emitter) halves(x value.Value) (high, low value.Value) {
	scaled := e.fmul(x, e.float(x.Type(), 1<<27+1))
	high = e.fsub(scaled, e.fsub(scaled, x))
	return high, e.fsub(x, high)
}

// below, above and between compare and are false for NaN.
func (e *emitter) below(x value.Value, c float64) value.Value {
	return e.fcmp(enum.FPredOLT, x, e.float(x.Type(), c))
}

func (e *emitter) above(x value.Value, c float64) value.Value {
	return e.fcmp(enum.FPredOGT, x, e.float(x.Type(), c))
}

func (e *emitter) equals(x value.Value, c float64) value.Value {
	return e.fcmp(enum.FPredOEQ, x, e.float(x.Type(), c))
}

// atMost and atLeast return x, or the bound where x is beyond; NaN stays.
func (e *emitter) atMost(x value.Value, c float64) value.Value {
	return e.choose(e.above(x, c), e.float(x.Type(), c), x)
}

func (e *emitter) atLeast(x value.Value, c float64) value.Value {
	return e.choose(e.below(x, c), e.float(x.Type(), c), x)
}

// A floatFormat is how a float type keeps its numbers.
type floatFormat struct {
	mantissa int // bits after the point
	bias     int // of the exponent
}

func formatOf(t types.Type) floatFormat {
	if types.Equal(elemOf(t), types.Double) {
		return floatFormat{52, 1023}
	}
	return floatFormat{23, 127}
}

// nearest returns the integer k that is nearest to the product x*c, as a float,
// and 2^(k+up). k+up must be an exponent of normal numbers for the power to be
// one.
//
// Adding 1.5*2^mantissa leaves no bits for a fraction, and the integer in the
// last bits; of the others a shift to the place of the exponent leaves nothing.
func (e *emitter) nearest(x value.Value, c float64, up int) (k, power value.Value) {
	t := x.Type()
	f := formatOf(t)
	magic := e.float(t, math.Ldexp(1.5, f.mantissa)+float64(f.bias+up))
	sum := e.mulAdd(x, e.float(t, c), magic)
	n, bits := e.bits(sum)
	return e.fsub(sum, magic), e.bitcast(e.cur.NewShl(bits, e.int(n, int64(f.mantissa))), t)
}

// split returns f and k such that x = (1+f) * 2^k with 1+f from sqrt(1/2) to
// sqrt(2), for positive finite x; raised is k + bias, an integer. With tiny, x
// may be subnormal.
func (e *emitter) split(x value.Value, tiny bool) (f, k, raised value.Value) {
	t := x.Type()
	form := formatOf(t)
	whole := math.Ldexp(1, form.mantissa)
	offset := e.float(t, whole+float64(form.bias))
	if tiny {
		isTiny := e.below(x, math.Ldexp(1, 1-form.bias))
		x = e.choose(isTiny, e.fmul(x, e.float(t, whole*4)), x)
		offset = e.choose(isTiny, e.float(t, whole+float64(form.bias+form.mantissa+2)), offset)
	}
	n, bits := e.bits(x)
	one, root := floatBits(t, 1), floatBits(t, math.Sqrt2/2)
	mantissa := int64(1)<<form.mantissa - 1
	shifted := e.add(bits, e.int(n, one-root))
	raised = e.cur.NewLShr(shifted, e.int(n, int64(form.mantissa)))
	m := e.bitcast(e.add(e.cur.NewAnd(shifted, e.int(n, mantissa)), e.int(n, root)), t)
	// k as a float: put into the last bits of 2^mantissa.
	k = e.bitcast(e.cur.NewOr(raised, e.int(n, floatBits(t, whole))), t)
	return e.fsub(m, e.float(t, 1)), e.fsub(k, offset), raised
}

// floatBits returns the bits of x in the type t.
func floatBits(t types.Type, x float64) int64 {
	if types.Equal(elemOf(t), types.Double) {
		return int64(math.Float64bits(x))
	}
	return int64(math.Float32bits(float32(x)))
}
