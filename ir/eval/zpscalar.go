package eval

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Floats are residues modulo zpPrime, held as integers around zero, so that they
// have an order: max, comparisons and sorts are those of the integers, and what
// holds for any order holds for them; the largest of a row is as zpMost says. The
// ends stand for the infinities.
const (
	zpPrime = 1<<31 - 1
	zpInf   = (zpPrime - 1) / 2
)

// residue brings any integer into the range of residues.
func residue(n int64) int64 {
	n %= zpPrime
	switch {
	case n > zpInf:
		n -= zpPrime
	case n < -zpInf:
		n += zpPrime
	}
	return n
}

// inverse returns 1/x, and 0 for 0.
func inverse(x int64) int64 { return power(x, zpPrime-2) }

func power(x int64, k int) int64 {
	y := int64(1)
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			y = residue(y * x)
		}
		x = residue(x * x)
	}
	return y
}

// scramble is a function of its operands with no law at all.
func scramble(x ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, a := range x {
		h ^= a + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

func opaque(op ir.Op, x ...int64) int64 {
	words := []uint64{uint64(op)}
	for _, a := range x {
		words = append(words, uint64(a))
	}
	return int64(scramble(words...)%(zpPrime-2)) - (zpInf - 1)
}

// zpReal returns a function of one float: polynomial ones exactly, others
// scrambled but for the laws that the compiler may use: signs, and what rsqrt,
// expm1 and log1p are in terms of sqrt, exp and log.
func zpReal(op ir.Op, x int64) int64 {
	switch op {
	case ir.OpNeg:
		return -x
	case ir.OpAbs:
		return max(x, -x)
	case ir.OpSign:
		return int64(sign(float64(x)))
	case ir.OpRsqrt:
		return inverse(zpReal(ir.OpSqrt, x))
	case ir.OpExpm1:
		return residue(zpReal(ir.OpExp, x) - 1)
	case ir.OpLog1p:
		return zpReal(ir.OpLog, residue(x+1))
	case ir.OpSin, ir.OpTanh, ir.OpErf:
		return residue(zpReal(ir.OpSign, x) * opaque(op, max(x, -x)))
	case ir.OpExp:
		switch x {
		case 0:
			return 1
		case -zpInf:
			return 0
		case zpInf:
			return zpInf
		}
	case ir.OpCos:
		if x == 0 {
			return 1
		}
		return opaque(op, max(x, -x))
	case ir.OpLog:
		switch x {
		case 1:
			return 0
		case 0:
			return -zpInf
		}
	case ir.OpSqrt:
		if x == 0 || x == 1 {
			return x
		}
	case ir.OpFloor, ir.OpCeil, ir.OpRound:
		if small(x) {
			return x
		}
	}
	return opaque(op, x)
}

// small reports whether a residue stands for an integer.
func small(x int64) bool { return x == int64(int16(x)) }

func zpPow(x, y int64) int64 {
	switch {
	case y >= 0 && y <= 64:
		return power(x, int(y))
	case y < 0 && y >= -64:
		return inverse(power(x, int(-y)))
	case y == inverse(2):
		return zpReal(ir.OpSqrt, x)
	case y == residue(-inverse(2)):
		return zpReal(ir.OpRsqrt, x)
	}
	return opaque(ir.OpPow, x, y)
}

// maxDenominator is how large the denominator of a fraction may be that a
// rounded float is taken to stand for: every size that a mean divides by in a
// random program, and products of two of them.
const maxDenominator = 1 << 14

// zpFloat returns the residue of a float of type d: of the simplest fraction
// that rounds to it, so that 1/3 is the inverse of 3, else of what it is exactly.
func zpFloat(d tensor.DType, x float64) int64 {
	switch {
	case math.IsInf(x, 1):
		return zpInf
	case math.IsInf(x, -1):
		return -zpInf
	case x != x:
		return opaque(ir.OpConst)
	case x < 0:
		return -zpFloat(d, -x)
	}
	mantissa, exp := math.Frexp(x)
	m := int64(mantissa * (1 << 53))
	exp -= 53
	for m != 0 && m%2 == 0 {
		m, exp = m/2, exp+1
	}
	// Of a few bits it is what it says: a product of powers of two and small numbers.
	if p, q, ok := fraction(d, x); ok && q < m {
		return residue(residue(p) * inverse(q))
	}
	m = residue(m)
	if exp < 0 {
		return residue(m * inverse(power(2, -exp)))
	}
	return residue(m * power(2, exp))
}

// fraction returns the convergent p/q of x with the least q that rounds to x.
func fraction(d tensor.DType, x float64) (p, q int64, ok bool) {
	if x >= 1<<53 {
		return 0, 0, false
	}
	rest := new(big.Rat).SetFloat64(x)
	p0, q0, p1, q1 := int64(0), int64(1), int64(1), int64(0)
	for {
		whole := new(big.Int).Quo(rest.Num(), rest.Denom())
		if !whole.IsInt64() {
			return 0, 0, false
		}
		a := whole.Int64()
		hi, lo := bits.Mul64(uint64(a), uint64(p1))
		if hi != 0 || lo > 1<<60 || q1 > 0 && a > maxDenominator {
			return 0, 0, false
		}
		p0, q0, p1, q1 = p1, q1, a*p1+p0, a*q1+q0
		if q1 > maxDenominator {
			return 0, 0, false
		}
		if tensor.Round(d, float64(p1)/float64(q1)) == x {
			return p1, q1, true
		}
		rest.Sub(rest, new(big.Rat).SetInt(whole))
		if rest.Sign() == 0 {
			return 0, 0, false
		}
		rest.Inv(rest)
	}
}

// zpConvert converts an element between types; a float becomes the integer that
// it stands for, or some small one.
func zpConvert(x int64, from, to tensor.DType) int64 {
	switch {
	case from.IsFloat() && to.IsFloat():
		return x
	case from.IsFloat():
		if to == tensor.Bool {
			return int64(one(x != 0))
		}
		if !small(x) {
			x = int64(scramble(uint64(ir.OpConvert), uint64(x)) % 8)
		}
		return tensor.Wrap(to, x)
	case to.IsFloat():
		return residue(x)
	}
	return tensor.Wrap(to, x)
}
