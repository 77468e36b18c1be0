package check

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/ir/dim"
)

var errZeroDivision = errors.New("division by zero")

// arithmetic computes x op y for + - * / // % ^.
func arithmetic(op syntax.Kind, x, y number) (number, error) {
	switch {
	case x.rat != nil && y.rat != nil:
		return fractions(op, x.rat, y.rat)
	case x.sym != nil || y.sym != nil:
		return overSizes(op, x, y)
	case x.precise() != nil && y.precise() != nil:
		return reals(op, x.precise(), y.precise())
	}
	return oddNumbers(op, x.float(), y.float())
}

// fractions computes on fractions, exactly but for roots.
func fractions(op syntax.Kind, x, y *big.Rat) (number, error) {
	out := new(big.Rat)
	switch op {
	case syntax.Add:
		out.Add(x, y)
	case syntax.Sub:
		out.Sub(x, y)
	case syntax.Mul:
		out.Mul(x, y)
	case syntax.Div:
		if y.Sign() == 0 {
			return number{}, errZeroDivision
		}
		out.Quo(x, y)
	case syntax.FloorDiv, syntax.Mod:
		if y.Sign() == 0 {
			return number{}, errZeroDivision
		}
		q := floorRat(new(big.Rat).Quo(x, y))
		if op == syntax.FloorDiv {
			out.SetInt(q)
		} else {
			out.Sub(x, new(big.Rat).Mul(y, new(big.Rat).SetInt(q)))
		}
	case syntax.Pow:
		return power(x, y)
	}
	return checkedRat(out)
}

// floorRat returns the greatest integer that is not above r.
func floorRat(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean; the divisor is positive
}

// power computes x ^ y.
func power(x, y *big.Rat) (number, error) {
	if !y.IsInt() {
		if x.Sign() < 0 {
			return number{odd: math.NaN()}, nil
		}
		if x.Sign() == 0 {
			if y.Sign() < 0 {
				return number{odd: math.Inf(1)}, nil
			}
			return number{rat: new(big.Rat)}, nil
		}
		if y.Num().BitLen() < 8 && y.Denom().Cmp(big.NewInt(2)) == 0 {
			root, err := sqrtNumber(number{rat: x})
			if err != nil {
				return root, err
			}
			return arithmetic(syntax.Pow, root, number{rat: new(big.Rat).SetInt(y.Num())})
		}
		return reals(syntax.Pow, number{rat: x}.precise(), number{rat: y}.precise())
	}
	bits := max(x.Num().BitLen(), x.Denom().BitLen())
	if !y.Num().IsInt64() || bits > 1 && new(big.Int).Abs(y.Num()).Cmp(big.NewInt(int64(2*maxBits/bits+1))) > 0 {
		return number{}, errBits
	}
	n := y.Num().Int64()
	if bits <= 1 { // 0, 1 or -1
		n %= 2
		if n == 0 && y.Sign() != 0 {
			n = 2
		}
	}
	if x.Sign() == 0 && y.Sign() < 0 {
		return number{}, errZeroDivision
	}
	k := new(big.Int).Abs(big.NewInt(n))
	num, den := new(big.Int).Exp(x.Num(), k, nil), new(big.Int).Exp(x.Denom(), k, nil)
	if n < 0 {
		num, den = den, num
	}
	return checkedRat(new(big.Rat).SetFrac(num, den))
}

// overSizes computes on expressions over sizes.
func overSizes(op syntax.Kind, x, y number) (number, error) {
	a, ok1 := x.expr()
	b, ok2 := y.expr()
	if !ok1 || !ok2 {
		return number{}, errOpen
	}
	var e dim.Expr
	switch op {
	case syntax.Add:
		e = dim.Add(a, b)
	case syntax.Sub:
		e = dim.Sub(a, b)
	case syntax.Mul:
		e = dim.Mul(a, b)
	case syntax.Div:
		e = dim.Quo(a, b)
	case syntax.FloorDiv:
		e = dim.Floor(dim.Quo(a, b))
	case syntax.Mod:
		e = dim.Mod(a, b)
	case syntax.Pow:
		n, ok := b.Int()
		if !ok || n < 0 || n > 64 {
			return number{}, errOpen
		}
		e = dim.Const(1)
		for range n {
			e = dim.Mul(e, a)
		}
	}
	if e.Err() != nil {
		if n, ok := b.Int(); ok && n == 0 {
			return number{}, errZeroDivision
		}
		return number{}, errOpen
	}
	return sizeNumber(e), nil
}

// reals computes with realPrec bits.
func reals(op syntax.Kind, x, y *big.Float) (number, error) {
	out := new(big.Float).SetPrec(realPrec)
	switch op {
	case syntax.Add:
		out.Add(x, y)
	case syntax.Sub:
		out.Sub(x, y)
	case syntax.Mul:
		out.Mul(x, y)
	case syntax.Div, syntax.FloorDiv, syntax.Mod:
		if y.Sign() == 0 {
			return number{}, errZeroDivision
		}
		out.Quo(x, y)
		if op == syntax.Div {
			break
		}
		if out.MantExp(nil) > maxBits {
			return number{}, errBits
		}
		q := floorFloat(out)
		if op == syntax.FloorDiv {
			return checkedRat(new(big.Rat).SetInt(q))
		}
		out.Sub(x, new(big.Float).SetPrec(realPrec).Mul(y, new(big.Float).SetPrec(realPrec).SetInt(q)))
	case syntax.Pow:
		if y.IsInt() && y.MantExp(nil) < 16 {
			n, _ := y.Int64()
			return intPower(x, n), nil
		}
		switch {
		case x.Sign() < 0:
			return number{odd: math.NaN()}, nil
		case x.Sign() == 0:
			return number{odd: math.Pow(0, float64(y.Sign()))}, nil
		}
		return expFloat(out.Mul(y, logFloat(x))), nil
	}
	return realNumber(out), nil
}

// intPower computes x^n by squarings.
func intPower(x *big.Float, n int64) number {
	out := new(big.Float).SetPrec(realPrec).SetInt64(1)
	base := new(big.Float).SetPrec(realPrec).Set(x)
	for k := max(n, -n); k > 0; k >>= 1 {
		if k&1 == 1 {
			out.Mul(out, base)
		}
		base.Mul(base, base)
		if base.IsInf() {
			break
		}
	}
	if n < 0 {
		if out.Sign() == 0 {
			return number{odd: math.Inf(1)}
		}
		out.Quo(new(big.Float).SetPrec(realPrec).SetInt64(1), out)
	}
	return realNumber(out)
}

// floorFloat returns the greatest integer that is not above x.
func floorFloat(x *big.Float) *big.Int {
	n, acc := x.Int(nil)
	if acc == big.Above { // towards zero from below
		n.Sub(n, big.NewInt(1))
	}
	return n
}

// oddNumbers computes where one number is infinite or NaN, as IEEE 754 does.
func oddNumbers(op syntax.Kind, x, y float64) (number, error) {
	var z float64
	switch op {
	case syntax.Add:
		z = x + y
	case syntax.Sub:
		z = x - y
	case syntax.Mul:
		z = x * y
	case syntax.Div:
		if y == 0 {
			return number{}, errZeroDivision
		}
		z = x / y
	case syntax.Pow:
		z = math.Pow(x, y)
	default:
		return number{}, fmt.Errorf("%v and %v are not both integers", x, y)
	}
	if math.IsInf(z, 0) || math.IsNaN(z) {
		return number{odd: z}, nil
	}
	return number{rat: new(big.Rat).SetFloat64(z)}, nil
}

// compare decides x op y for < <= > >= == !=. Where sizes decide the answer is
// open; signed are variables that may be less than 0.
func compare(op syntax.Kind, x, y number, signed func(dim.Expr) bool) truth {
	if x.sym != nil || y.sym != nil {
		a, ok1 := x.expr()
		b, ok2 := y.expr()
		if !ok1 || !ok2 {
			return open
		}
		if (signed(a) || signed(b)) && !dim.Sub(a, b).IsConst() {
			return open
		}
		switch op {
		case syntax.Less:
			return proved(dim.Less(a, b))
		case syntax.LessEq:
			return proved(dim.LessEq(a, b))
		case syntax.Greater:
			return proved(dim.Less(b, a))
		case syntax.GreaterEq:
			return proved(dim.LessEq(b, a))
		case syntax.Equal:
			return proved(dim.SameValue(a, b))
		}
		return not(proved(dim.SameValue(a, b)))
	}
	var c int
	switch p, q := x.precise(), y.precise(); {
	case x.rat != nil && y.rat != nil:
		c = x.rat.Cmp(y.rat)
	case p != nil && q != nil:
		c = p.Cmp(q)
	default:
		a, b := x.float(), y.float()
		if math.IsNaN(a) || math.IsNaN(b) {
			return truthOf(op == syntax.NotEqual)
		}
		switch {
		case a < b:
			c = -1
		case a > b:
			c = 1
		}
	}
	switch op {
	case syntax.Less:
		return truthOf(c < 0)
	case syntax.LessEq:
		return truthOf(c <= 0)
	case syntax.Greater:
		return truthOf(c > 0)
	case syntax.GreaterEq:
		return truthOf(c >= 0)
	case syntax.Equal:
		return truthOf(c == 0)
	}
	return truthOf(c != 0)
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func proved(t dim.Truth) truth { return [...]truth{dim.Unknown: open, dim.No: no, dim.Yes: yes}[t] }

// not returns the other answer.
func not(t truth) truth { return [...]truth{open: open, no: yes, yes: no, invalid: invalid}[t] }
