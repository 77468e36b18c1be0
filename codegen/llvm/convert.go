package llvm

import (
	"strings"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// The half types have no registers of their own: LLVM 14 and 15 cannot compile
// bfloat, and f16 without the instructions for it becomes calls of functions
// that are not there. So both are made by integer arithmetic on the bits of a
// float, rounding to nearest even; subnormals come out right even where the
// processor takes those of float for zero.

// bits returns the integer type of x's width, and x as it.
func (e *emitter) bits(x value.Value) (types.Type, value.Value) {
	t := like(types.NewInt(uint64(8*sizeOf(elemOf(x.Type())))), x)
	return t, e.bitcast(x, t)
}

// bf16ToFloat converts the bits of bf16, exactly.
func (e *emitter) bf16ToFloat(x value.Value) value.Value {
	t := like(types.I32, x)
	return e.bitcast(e.cur.NewShl(e.cur.NewZExt(x, t), e.int(t, 16)), like(types.Float, x))
}

// roundBF16 rounds a float to bf16, as the upper half of its bits; NaN stays.
func (e *emitter) roundBF16(x value.Value) (types.Type, value.Value) {
	t, bits := e.bits(x)
	odd := e.cur.NewAnd(e.cur.NewLShr(bits, e.int(t, 16)), e.int(t, 1))
	rounded := e.add(bits, e.add(odd, e.int(t, 0x7fff)))
	quiet := e.cur.NewOr(bits, e.int(t, 1<<22))
	return t, e.choose(e.isNaN(x), quiet, rounded)
}

func (e *emitter) floatToBF16(x value.Value) value.Value {
	t, bits := e.roundBF16(x)
	return e.cur.NewTrunc(e.cur.NewLShr(bits, e.int(t, 16)), like(types.I16, x))
}

// f16ToFloat converts the bits of f16, exactly.
func (e *emitter) f16ToFloat(x value.Value) value.Value {
	if e.m.target.F16C {
		return e.cur.NewFPExt(e.bitcast(x, like(types.Half, x)), like(types.Float, x))
	}
	t, ft := like(types.I32, x), like(types.Float, x)
	bits := e.cur.NewZExt(x, t)
	sign := e.cur.NewShl(e.cur.NewAnd(bits, e.int(t, 0x8000)), e.int(t, 16))
	exponent := e.cur.NewAnd(bits, e.int(t, 0x7c00))
	fraction := e.cur.NewAnd(bits, e.int(t, 0x3ff))
	low := e.cur.NewShl(e.cur.NewAnd(bits, e.int(t, 0x7fff)), e.int(t, 13))
	normal := e.add(low, e.int(t, (127-15)<<23))
	special := e.cur.NewOr(low, e.int(t, 0x7f800000)) // infinity and NaN
	tiny := e.fmul(e.cur.NewSIToFP(fraction, ft), e.float(ft, 0x1p-24))
	_, subnormal := e.bits(tiny)
	out := e.choose(e.icmp(enum.IPredEQ, exponent, e.int(t, 0)), subnormal, normal)
	out = e.choose(e.icmp(enum.IPredEQ, exponent, e.int(t, 0x7c00)), special, out)
	return e.bitcast(e.cur.NewOr(out, sign), ft)
}

// floatToF16 rounds a float to the bits of f16.
func (e *emitter) floatToF16(x value.Value) value.Value {
	half := like(types.I16, x)
	if e.m.target.F16C {
		return e.bitcast(e.cur.NewFPTrunc(x, like(types.Half, x)), half)
	}
	ft := x.Type()
	t, bits := e.bits(x)
	sign := e.cur.NewAnd(e.cur.NewLShr(bits, e.int(t, 16)), e.int(t, 0x8000))
	low := e.cur.NewAnd(bits, e.int(t, 0x7fffffff))
	// Normal results: another exponent, and the lower 13 bits rounded away. A
	// carry goes into the exponent, and from the greatest into infinity.
	odd := e.cur.NewAnd(e.cur.NewLShr(low, e.int(t, 13)), e.int(t, 1))
	normal := e.cur.NewLShr(e.add(e.sub(low, e.int(t, (127-15)<<23)), e.add(odd, e.int(t, 0xfff))), e.int(t, 13))
	// Subnormal results: adding 0.5 makes the processor round at the right bit,
	// and leaves the result in the lower bits.
	aligned := e.fadd(e.bitcast(low, ft), e.float(ft, 0.5))
	_, tiny := e.bits(aligned)
	subnormal := e.sub(tiny, e.int(t, 0x3f000000))
	nan := e.cur.NewAnd(e.cur.NewOr(e.cur.NewLShr(low, e.int(t, 13)), e.int(t, 0x7e00)), e.int(t, 0x7fff))
	out := e.choose(e.icmp(enum.IPredULT, low, e.int(t, (127-14)<<23)), subnormal, normal)
	out = e.choose(e.icmp(enum.IPredUGE, low, e.int(t, (127+16)<<23)), e.int(t, 0x7c00), out)
	out = e.choose(e.icmp(enum.IPredUGT, low, e.int(t, 0x7f800000)), nan, out)
	return e.cur.NewTrunc(e.cur.NewOr(out, sign), half)
}

// narrow rounds a float to what d, bf16 or f16, can represent; other types are
// left alone.
func (e *emitter) narrow(d ir.DType, x value.Value) value.Value {
	switch d {
	case tensor.BF16:
		t, bits := e.roundBF16(x)
		return e.bitcast(e.cur.NewAnd(bits, e.int(t, -1<<16)), x.Type())
	case tensor.F16:
		return e.f16ToFloat(e.floatToF16(x))
	}
	return x
}

// rounded does what strict mode asks for after every operation.
func (e *emitter) rounded(d ir.DType, x value.Value) value.Value {
	if e.strict {
		return e.narrow(d, x)
	}
	return x
}

func (e *emitter) isNaN(x value.Value) value.Value { return e.fcmp(enum.FPredUNO, x, x) }

// isSigned reports whether the integers of d have a sign.
func isSigned(d ir.DType) bool { return d == tensor.I64 || d == tensor.I32 || d == tensor.I8 }

// convert converts x, in register form, from one element type to another, as
// tensor.Convert does.
func (e *emitter) convert(from, to ir.DType, x value.Value) value.Value {
	switch {
	case from == to:
		return x
	case to == tensor.Bool && from.IsFloat():
		return e.fcmp(enum.FPredUNE, x, e.float(x.Type(), 0))
	case to == tensor.Bool:
		return e.icmp(enum.IPredNE, x, e.int(x.Type(), 0))
	case from.IsFloat() && to.IsFloat():
		return e.floatToFloat(to, x)
	case from.IsFloat():
		return e.floatToInt(to, x)
	case to.IsFloat():
		return e.intToFloat(from, to, x)
	}
	return e.extend(x, regType(to).(*types.IntType), isSigned(from))
}

// floatToFloat rounds once: from double to a half type by way of the float that
// is rounded to odd, which loses nothing that decides the second rounding.
func (e *emitter) floatToFloat(to ir.DType, x value.Value) value.Value {
	double := types.Equal(elemOf(x.Type()), types.Double)
	switch {
	case to == tensor.F64 && !double:
		return e.cur.NewFPExt(x, like(types.Double, x))
	case to == tensor.F32 && double:
		return e.cur.NewFPTrunc(x, like(types.Float, x))
	case double:
		x = e.toOdd(x)
	}
	return e.narrow(to, x)
}

// toOdd converts a double to the float next to it towards zero, with the lowest
// bit set if that is not exact.
func (e *emitter) toOdd(x value.Value) value.Value {
	near := e.cur.NewFPTrunc(x, like(types.Float, x))
	back := e.cur.NewFPExt(near, x.Type())
	t, bits := e.bits(near)
	above := e.fcmp(enum.FPredOGT, e.fabs(back), e.fabs(x))
	down := e.sub(bits, e.cur.NewZExt(above, t))
	inexact := e.fcmp(enum.FPredONE, back, x)
	return e.bitcast(e.cur.NewOr(down, e.cur.NewZExt(inexact, t)), near.Type())
}

// fabs clears the sign.
func (e *emitter) fabs(x value.Value) value.Value { return e.intrinsic("llvm.fabs", x.Type(), x) }

// floatToInt truncates, saturates, and makes NaN 0.
func (e *emitter) floatToInt(to ir.DType, x value.Value) value.Value {
	t := like(regType(to), x)
	name := "llvm.fptosi.sat."
	if !isSigned(to) {
		name = "llvm.fptoui.sat."
	}
	return e.cur.NewCall(e.m.declare(name+mangle(t)+"."+mangle(x.Type()), t, x.Type()), x)
}

// intToFloat rounds once. Integers of more than 53 bits go to the half types
// with the bits that no half type sees made one.
func (e *emitter) intToFloat(from, to ir.DType, x value.Value) value.Value {
	signed := isSigned(from)
	if to == tensor.F64 || to == tensor.F32 || elemOf(x.Type()).(*types.IntType).BitSize <= 8 {
		t := like(regType(to), x)
		if signed {
			return e.narrow(to, e.cur.NewSIToFP(x, t)) // of 8 bits: exact until here
		}
		return e.narrow(to, e.cur.NewUIToFP(x, t))
	}
	if from == tensor.I64 {
		t := x.Type()
		low := e.cur.NewAnd(x, e.int(t, 0x7ff))
		some := e.cur.NewZExt(e.icmp(enum.IPredNE, low, e.int(t, 0)), t)
		sticky := e.cur.NewOr(e.sub(x, low), e.cur.NewShl(some, e.int(t, 10)))
		big := e.icmp(enum.IPredUGE, e.add(x, e.int(t, 1<<53)), e.int(t, 1<<54))
		x = e.choose(big, sticky, x)
	}
	return e.narrow(to, e.toOdd(e.cur.NewSIToFP(x, like(types.Double, x))))
}

// hasRounding reports whether the target rounds to integers in one instruction;
// elsewhere LLVM would call a function.
func (t Target) hasRounding() bool {
	return t.VectorBytes >= 32 || strings.HasPrefix(t.Triple, "aarch64") || strings.Contains(t.Features, "+sse4.1")
}

// round returns the nearest integer, ties to even, with the sign of x.
func (e *emitter) round(x value.Value) value.Value {
	if e.m.target.hasRounding() {
		return e.intrinsic("llvm.rint", x.Type(), x)
	}
	// From this number on there are no fractions: adding it rounds them away.
	whole := 0x1p23
	if types.Equal(elemOf(x.Type()), types.Double) {
		whole = 0x1p52
	}
	c := e.float(x.Type(), whole)
	size := e.fabs(x)
	r := e.cur.NewFSub(e.cur.NewFAdd(size, c), c)
	r2 := e.copysign(r, x)
	return e.choose(e.fcmp(enum.FPredOLT, size, c), r2, x)
}

// floor returns the greatest integer not above x.
func (e *emitter) floor(x value.Value) value.Value {
	if e.m.target.hasRounding() {
		return e.intrinsic("llvm.floor", x.Type(), x)
	}
	r := e.round(x)
	less := e.fsub(r, e.float(x.Type(), 1))
	return e.copysign(e.choose(e.fcmp(enum.FPredOGT, r, x), less, r), x)
}

// ceil returns the least integer not below x.
func (e *emitter) ceil(x value.Value) value.Value {
	if e.m.target.hasRounding() {
		return e.intrinsic("llvm.ceil", x.Type(), x)
	}
	r := e.round(x)
	more := e.fadd(r, e.float(x.Type(), 1))
	return e.copysign(e.choose(e.fcmp(enum.FPredOLT, r, x), more, r), x)
}

// copysign returns x with the sign of y.
func (e *emitter) copysign(x, y value.Value) value.Value {
	return e.intrinsic("llvm.copysign", x.Type(), x, y)
}
