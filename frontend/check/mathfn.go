package check

import (
	"math"
	"math/big"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A staticFunction computes a function of static numbers; signed as in compare.
type staticFunction struct {
	params int // how many, at least
	many   bool
	f      func(x []number, signed func(dim.Expr) bool) (number, error)
}

// staticFunctions are the built-ins that have a meaning for static numbers.
// All others take tensors.
func staticFunctions(name string) (staticFunction, bool) {
	one := func(f func(x number) (number, error)) (staticFunction, bool) {
		return staticFunction{1, false, func(x []number, _ func(dim.Expr) bool) (number, error) { return f(x[0]) }}, true
	}
	switch name {
	case "sqrt":
		return one(sqrtNumber)
	case "exp":
		return one(func(x number) (number, error) {
			return transcendental(x, math.Exp, func(p *big.Float) number { return expFloat(p) })
		})
	case "log":
		return one(func(x number) (number, error) {
			return transcendental(x, math.Log, func(p *big.Float) number {
				switch p.Sign() {
				case -1:
					return number{odd: math.NaN()}
				case 0:
					return number{odd: math.Inf(-1)}
				}
				return realNumber(logFloat(p))
			})
		})
	case "floor":
		return one(func(x number) (number, error) { return roundNumber(x, dim.Floor, floorRat) })
	case "ceil":
		return one(func(x number) (number, error) { return roundNumber(x, dim.Ceil, ceilRat) })
	case "round":
		return one(func(x number) (number, error) {
			if x.isInt() {
				return x, nil
			}
			return roundNumber(x, nil, roundRat)
		})
	case "abs":
		return staticFunction{1, false, func(x []number, signed func(dim.Expr) bool) (number, error) {
			switch compare(syntax.Less, x[0], intNumber(0), signed) {
			case yes:
				return x[0].negated(), nil
			case no:
				return x[0], nil
			}
			return number{}, errOpen
		}}, true
	case "pow":
		return staticFunction{2, false, func(x []number, _ func(dim.Expr) bool) (number, error) {
			return arithmetic(syntax.Pow, x[0], x[1])
		}}, true
	case "min":
		return staticFunction{2, true, func(x []number, _ func(dim.Expr) bool) (number, error) { return extremeOf(x, syntax.Less, dim.Min) }}, true
	case "max":
		return staticFunction{2, true, func(x []number, _ func(dim.Expr) bool) (number, error) { return extremeOf(x, syntax.Greater, dim.Max) }}, true
	}
	return staticFunction{}, false
}

// extremeOf returns the number that compares by op with all others. NaN wins.
func extremeOf(xs []number, op syntax.Kind, over func(a, b dim.Expr) dim.Expr) (number, error) {
	best := xs[0]
	for _, x := range xs[1:] {
		switch {
		case x.sym != nil || best.sym != nil:
			a, ok1 := best.expr()
			b, ok2 := x.expr()
			if !ok1 || !ok2 {
				return number{}, errOpen
			}
			e := over(a, b)
			if e.Err() != nil {
				return number{}, errOpen
			}
			best = sizeNumber(e)
		case math.IsNaN(best.odd):
		case math.IsNaN(x.odd) || compare(op, x, best, nil) == yes:
			best = x
		}
	}
	return best, nil
}

// roundNumber rounds to an integer. Infinities and NaN stay.
func roundNumber(x number, over func(dim.Expr) dim.Expr, exact func(*big.Rat) *big.Int) (number, error) {
	switch {
	case x.rat != nil:
		return number{rat: new(big.Rat).SetInt(exact(x.rat))}, nil
	case x.real != nil:
		if x.real.MantExp(nil) > maxBits {
			return number{}, errBits
		}
		r, _ := x.real.Rat(nil)
		return number{rat: new(big.Rat).SetInt(exact(r))}, nil
	case x.sym != nil:
		if over == nil {
			return number{}, errOpen
		}
		e := over(*x.sym)
		if e.Err() != nil {
			return number{}, errOpen
		}
		return sizeNumber(e), nil
	}
	return x, nil
}

// ceilRat returns the least integer that is not below r.
func ceilRat(r *big.Rat) *big.Int {
	n := floorRat(new(big.Rat).Neg(r))
	return n.Neg(n)
}

// roundRat returns the nearest integer, of two the even one.
func roundRat(r *big.Rat) *big.Int {
	n := floorRat(new(big.Rat).Add(r, big.NewRat(1, 2)))
	if r.Denom().Cmp(big.NewInt(2)) == 0 && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n
}

// sqrtNumber returns the square root, exactly where it is a fraction.
func sqrtNumber(x number) (number, error) {
	if x.rat != nil && x.rat.Sign() >= 0 {
		num, den := new(big.Int).Sqrt(x.rat.Num()), new(big.Int).Sqrt(x.rat.Denom())
		root := new(big.Rat).SetFrac(num, den)
		if new(big.Rat).Mul(root, root).Cmp(x.rat) == 0 {
			return number{rat: root}, nil
		}
	}
	return transcendental(x, math.Sqrt, func(p *big.Float) number {
		if p.Sign() < 0 {
			return number{odd: math.NaN()}
		}
		return realNumber(new(big.Float).SetPrec(realPrec).Sqrt(p))
	})
}

// transcendental computes f of a constant: with many bits, or as IEEE 754 does
// for infinities and NaN.
func transcendental(x number, odd func(float64) float64, f func(*big.Float) number) (number, error) {
	if x.sym != nil {
		return number{}, errOpen
	}
	if p := x.precise(); p != nil {
		return f(p), nil
	}
	z := odd(x.odd)
	if z == 0 {
		return intNumber(0), nil
	}
	return number{odd: z}, nil
}

// workPrec is realPrec and room for the errors of a few hundred operations.
const workPrec = realPrec + 64

func newFloat() *big.Float { return new(big.Float).SetPrec(workPrec) }

// expFloat returns e^x: x is halved until a short Taylor series does, and the
// result squared as often.
func expFloat(x *big.Float) number {
	const beyond = 24 // bits of an exponent that the largest f64 is far below
	if x.Sign() == 0 {
		return intNumber(1)
	}
	e := x.MantExp(nil)
	if e > beyond {
		if x.Sign() > 0 {
			return number{odd: math.Inf(1)}
		}
		return intNumber(0)
	}
	halvings := max(0, e+8)
	r := newFloat().Set(x)
	r.SetMantExp(r, -halvings)
	sum, term := newFloat().SetInt64(1), newFloat().SetInt64(1)
	for n := int64(1); n < 100; n++ {
		term.Mul(term, r)
		term.Quo(term, newFloat().SetInt64(n))
		sum.Add(sum, term)
		if term.Sign() == 0 || term.MantExp(nil) < -workPrec {
			break
		}
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return realNumber(new(big.Float).SetPrec(realPrec).Set(sum))
}

// logFloat returns the natural logarithm of x > 0: of its mantissa by the
// series of atanh, and that of its power of two.
func logFloat(x *big.Float) *big.Float {
	m := newFloat()
	e := x.MantExp(m)
	one := newFloat().SetInt64(1)
	// log m = 2 atanh((m - 1)/(m + 1)), m in [1/2, 1)
	out := atanh2(newFloat().Quo(newFloat().Sub(m, one), newFloat().Add(m, one)))
	log2 := atanh2(newFloat().Quo(one, newFloat().SetInt64(3)))
	out.Add(out, log2.Mul(log2, newFloat().SetInt64(int64(e))))
	return new(big.Float).SetPrec(realPrec).Set(out)
}

// atanh2 returns 2 atanh(z) for |z| <= 1/3, where each term of the series is at
// most a ninth of the one before.
func atanh2(z *big.Float) *big.Float {
	square := newFloat().Mul(z, z)
	sum, power := newFloat().Set(z), newFloat().Set(z)
	for n := int64(3); n < 400 && power.Sign() != 0; n += 2 {
		power.Mul(power, square)
		sum.Add(sum, newFloat().Quo(power, newFloat().SetInt64(n)))
		if power.MantExp(nil) < sum.MantExp(nil)-workPrec {
			break
		}
	}
	return sum.Add(sum, sum)
}
