package llvm

import (
	"math"
	"math/big"
	"sync"
)

// Mathematical functions with many more bits than a double has: what emitted
// code is measured against, and what its polynomials are fitted to. Arguments
// are finite and inside the domain.

// bigPrec is the precision of everything here, in bits. Losing 60 of them, as
// 1 - erf(6) does, leaves twice the bits of a double.
const bigPrec = 256

func newBig() *big.Float { return new(big.Float).SetPrec(bigPrec) }

func bigOf(x float64) *big.Float { return newBig().SetFloat64(x) }

func bigInt(n int) *big.Float { return newBig().SetInt64(int64(n)) }

func bigAdd(x, y *big.Float) *big.Float { return newBig().Add(x, y) }
func bigSub(x, y *big.Float) *big.Float { return newBig().Sub(x, y) }
func bigMul(x, y *big.Float) *big.Float { return newBig().Mul(x, y) }
func bigQuo(x, y *big.Float) *big.Float { return newBig().Quo(x, y) }

// bigScale returns x * 2^n.
func bigScale(x *big.Float, n int) *big.Float { return newBig().SetMantExp(x, n) }

// negligible reports whether adding term to sum changes nothing.
func negligible(term, sum *big.Float) bool {
	return term.Sign() == 0 || term.MantExp(nil) < sum.MantExp(nil)-bigPrec
}

// bigPi has the bits to reduce the largest double.
var bigPi = sync.OnceValue(func() *big.Float {
	const prec = 1024 + 53 + 2*bigPrec
	arctan := func(n int64) *big.Float { // of 1/n
		sum := new(big.Float).SetPrec(prec)
		power := new(big.Float).SetPrec(prec).Quo(big.NewFloat(1), new(big.Float).SetInt64(n))
		square := new(big.Float).SetInt64(n * n)
		for k := int64(0); power.Sign() != 0 && power.MantExp(nil) > -prec; k++ {
			t := new(big.Float).SetPrec(prec).Quo(power, new(big.Float).SetInt64(2*k+1))
			if k%2 == 0 {
				sum.Add(sum, t)
			} else {
				sum.Sub(sum, t)
			}
			power.Quo(power, square)
		}
		return sum
	}
	// Machin: pi/4 = 4 arctan(1/5) - arctan(1/239).
	p := arctan(5)
	p.SetMantExp(p, 2).Sub(p, arctan(239))
	return p.SetMantExp(p, 2)
})

var bigLn2 = sync.OnceValue(func() *big.Float { return bigScale(bigAtanh(bigQuo(bigInt(1), bigInt(3))), 1) })

// bigAtanh sums the series, for small s.
func bigAtanh(s *big.Float) *big.Float {
	sum, power, square := newBig().Set(s), newBig().Set(s), bigMul(s, s)
	for k := 3; ; k += 2 {
		power.Mul(power, square)
		t := bigQuo(power, bigInt(k))
		if negligible(t, sum) {
			return sum
		}
		sum.Add(sum, t)
	}
}

// bigExpm1 returns e^x - 1.
func bigExpm1(x *big.Float) *big.Float {
	if x.MantExp(nil) > -1 {
		return bigSub(bigExp(x), bigInt(1))
	}
	sum, term := newBig().Set(x), newBig().Set(x)
	for k := 2; !negligible(term, sum); k++ {
		term.Quo(term.Mul(term, x), bigInt(k))
		sum.Add(sum, term)
	}
	return sum
}

func bigExp(x *big.Float) *big.Float {
	q, _ := bigQuo(x, bigLn2()).Float64()
	k := int(math.RoundToEven(q))
	r := bigSub(x, bigMul(bigLn2(), bigInt(k)))
	const squarings = 8
	e := bigExpm1(bigScale(r, -squarings))
	for range squarings { // (1+e)^2 - 1
		e.Add(bigScale(e, 1), bigMul(e, e))
	}
	return bigScale(e.Add(e, bigInt(1)), k)
}

func bigLog(x *big.Float) *big.Float {
	m := newBig()
	k := x.MantExp(m)
	if m.Cmp(bigOf(math.Sqrt2/2)) < 0 {
		m, k = bigScale(m, 1), k-1
	}
	// log m = 2 atanh((m-1)/(m+1)); an eighth root first makes that small.
	one := bigInt(1)
	f := bigSub(m, one)
	roots := 0
	for f.MantExp(nil) > -6 && roots < 6 {
		f.Quo(f, bigAdd(one, newBig().Sqrt(bigAdd(one, f)))) // sqrt(1+f) - 1
		roots++
	}
	l := bigScale(bigAtanh(bigQuo(f, bigAdd(f, bigInt(2)))), 1+roots)
	return l.Add(l, bigMul(bigLn2(), bigInt(k)))
}

func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) > -3 {
		return bigLog(bigAdd(bigInt(1), x))
	}
	return bigScale(bigAtanh(bigQuo(x, bigAdd(x, bigInt(2)))), 1)
}

// bigSinCos returns sin(x + quarter*pi/2).
func bigSin(x *big.Float, quarter int) *big.Float {
	half := new(big.Float).SetPrec(bigPi().Prec()).SetMantExp(bigPi(), -1)
	q := new(big.Float).SetPrec(half.Prec()).Quo(x, half)
	q.Add(q, new(big.Float).SetFloat64(math.Copysign(0.5, q2(q))))
	n, _ := q.Int(nil)
	r := newBig().Set(new(big.Float).SetPrec(half.Prec()).Sub(x, new(big.Float).SetPrec(half.Prec()).Mul(half, new(big.Float).SetInt(n))))
	turn := (int(new(big.Int).And(n, big.NewInt(3)).Int64()) + quarter) & 3
	sum, term, k := newBig().Set(r), newBig().Set(r), 1
	if turn&1 == 1 {
		sum, term, k = bigInt(1), bigInt(1), 0
	}
	square := bigMul(r, r)
	for !negligible(term, sum) {
		term.Quo(term.Mul(term, square), bigInt(-(k+1)*(k+2)))
		sum.Add(sum, term)
		k += 2
	}
	if turn >= 2 {
		sum.Neg(sum)
	}
	return sum
}

// q2 returns a double with x's sign.
func q2(x *big.Float) float64 {
	if x.Signbit() {
		return -1
	}
	return 1
}

func bigTanh(x *big.Float) *big.Float {
	if x.MantExp(nil) > 8 {
		return bigOf(q2(x))
	}
	e := bigExpm1(bigScale(x, 1))
	return bigQuo(e, bigAdd(e, bigInt(2)))
}

// bigErf sums 2/sqrt(pi) e^(-x^2) x (1 + (2x^2)/3 + (2x^2)^2/(3*5) + ...).
func bigErf(x *big.Float) *big.Float {
	if x.MantExp(nil) > 3 {
		return bigOf(q2(x))
	}
	square := bigMul(x, x)
	sum, term := newBig().Set(x), newBig().Set(x)
	for k := 3; !negligible(term, sum); k += 2 {
		term.Quo(term.Mul(term, bigScale(square, 1)), bigInt(k))
		sum.Add(sum, term)
	}
	sum.Mul(sum, bigExp(newBig().Neg(square)))
	return bigQuo(bigScale(sum, 1), newBig().Sqrt(newBig().Set(bigPi())))
}

// bigPow returns x^y for positive x.
func bigPow(x, y *big.Float) *big.Float { return bigExp(bigMul(y, bigLog(x))) }
