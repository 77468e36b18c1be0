package tensor

import (
	"math"

	"github.com/x448/float16"
)

// Round returns x as an element of type d holds it: the nearest value, ties to
// even, for floats (beyond the largest, infinity); for integers truncated and
// saturated, NaN to 0; for bool 1 where x is not zero.
func Round(d DType, x float64) float64 {
	switch d {
	case F64:
		return x
	case F32:
		return float64(float32(x))
	case BF16:
		return float64(BF16ToF32(F64ToBF16(x)))
	case F16:
		return float64(F16ToF32(F64ToF16(x)))
	case Bool:
		if x != 0 {
			return 1
		}
		return 0
	default:
		return float64(Saturate(d, x))
	}
}

// F16ToF32 returns the value of the bits of an f16, which is exact.
func F16ToF32(bits uint16) float32 { return float16.Frombits(bits).Float32() }

// F32ToF16 returns the bits of the nearest f16, ties to even. NaN stays NaN.
func F32ToF16(x float32) uint16 { return float16.Fromfloat32(x).Bits() }

// F64ToF16 is F32ToF16 from f64, rounded once.
func F64ToF16(x float64) uint16 { return F32ToF16(oddF32(x)) }

// BF16ToF32 returns the value of the bits of a bf16, which is exact.
func BF16ToF32(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// F32ToBF16 returns the bits of the nearest bf16, ties to even. NaN stays NaN,
// with its sign and the upper bits of its payload, and quiet.
func F32ToBF16(x float32) uint16 {
	bits := math.Float32bits(x)
	if x != x {
		return uint16(bits>>16) | 0x40
	}
	// Adding just under half a unit, plus the last bit kept, carries exactly
	// where the nearest value is the upper one; the carry out of the largest
	// finite value gives infinity.
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// F64ToBF16 is F32ToBF16 from f64, rounded once.
func F64ToBF16(x float64) uint16 { return F32ToBF16(oddF32(x)) }

// oddF32 rounds to f32 so that a second rounding, to f16 or bf16, gives what
// one rounding would: an inexact value takes the neighbour with an odd last
// bit, which is never a tie of the narrower type (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008).
func oddF32(x float64) float32 {
	f := float32(x)
	back := float64(f)
	if back == x || x != x {
		return f
	}
	bits := math.Float32bits(f)
	if bits&1 == 1 {
		return f
	}
	// f was rounded to even: step to the neighbour on the other side of x.
	if math.Abs(back) > math.Abs(x) {
		return math.Float32frombits(bits - 1)
	}
	return math.Float32frombits(bits + 1)
}

// oddF64 is the same from an i64 to f64.
func oddF64(v int64) float64 {
	f := float64(v)
	if f == math.MaxInt64 { // 2^63, which no i64 reaches: v was rounded up
		return math.Float64frombits(math.Float64bits(f) - 1)
	}
	back := int64(f)
	bits := math.Float64bits(f)
	switch {
	case back == v || bits&1 == 1:
		return f
	case (back > v) == (v > 0): // away from zero
		return math.Float64frombits(bits - 1)
	default:
		return math.Float64frombits(bits + 1)
	}
}

// Saturate converts a float to the integer type d: truncated towards zero, the
// nearest end of the range where it lies outside, and 0 for NaN. d must be an
// integer type.
func Saturate(d DType, x float64) int64 {
	lo, hi := Range(d)
	switch {
	case x != x:
		return 0
	case x <= float64(lo):
		return lo
	case x >= float64(hi): // for i64 float64(hi) is 2^63, one above
		return hi
	}
	return int64(x)
}

// Wrap keeps the low bits of v that the integer type d has, with its sign. For
// Bool it gives 1 where v is not zero. Other types leave v alone.
func Wrap(d DType, v int64) int64 {
	switch d {
	case I32:
		return int64(int32(v))
	case I8:
		return int64(int8(v))
	case U8:
		return int64(uint8(v))
	case Bool:
		if v != 0 {
			return 1
		}
		return 0
	}
	return v
}

// Range returns the least and the greatest value of an integer type, and 0, 1
// for Bool. For floats it returns 0, 0.
func Range(d DType) (lo, hi int64) {
	switch d {
	case I64:
		return math.MinInt64, math.MaxInt64
	case I32:
		return math.MinInt32, math.MaxInt32
	case I8:
		return math.MinInt8, math.MaxInt8
	case U8:
		return 0, math.MaxUint8
	case Bool:
		return 0, 1
	}
	return 0, 0
}
