package dim

import (
	"math"
	"math/bits"
	"strconv"
)

// A rat is a fraction in lowest terms. The zero rat is 0.
type rat struct {
	num  int64 // never math.MinInt64
	over int64 // denominator - 1, not negative
}

var one = rat{num: 1}

func whole(n int64) rat {
	if n == math.MinInt64 {
		panic(bailout{errOverflow})
	}
	return rat{num: n}
}

func (r rat) den() int64 { return r.over + 1 }

func (r rat) isInt() bool { return r.over == 0 }

func (r rat) sign() int {
	switch {
	case r.num > 0:
		return 1
	case r.num < 0:
		return -1
	}
	return 0
}

func (r rat) String() string {
	s := strconv.FormatInt(r.num, 10)
	if !r.isInt() {
		s += "/" + strconv.FormatInt(r.den(), 10)
	}
	return s
}

// fraction returns num/den in lowest terms.
func fraction(num, den int64) rat {
	if den == 0 {
		panic(bailout{errZero})
	}
	if num == math.MinInt64 || den == math.MinInt64 {
		panic(bailout{errOverflow})
	}
	if den < 0 {
		num, den = -num, -den
	}
	g := gcd(num, den)
	return rat{num: num / g, over: den/g - 1}
}

func (r rat) neg() rat { return rat{num: -r.num, over: r.over} }

func (r rat) add(s rat) rat {
	if r.isInt() && s.isInt() {
		return whole(add64(r.num, s.num))
	}
	g := gcd(r.den(), s.den())
	return fraction(add64(mul64(r.num, s.den()/g), mul64(s.num, r.den()/g)), mul64(r.den(), s.den()/g))
}

func (r rat) mul(s rat) rat {
	if r.isInt() && s.isInt() {
		return whole(mul64(r.num, s.num))
	}
	// Crosswise reduction first, so that what fits in the end fits on the way.
	g, h := gcd(r.num, s.den()), gcd(s.num, r.den())
	return rat{num: mul64(r.num/g, s.num/h), over: mul64(r.den()/h, s.den()/g) - 1}
}

func (r rat) inv() rat { return fraction(r.den(), r.num) }

func (r rat) floor() rat {
	q := r.num / r.den()
	if r.num%r.den() < 0 {
		q--
	}
	return whole(q)
}

func (r rat) ceil() rat { return r.neg().floor().neg() }

// cmp compares without overflow.
func (r rat) cmp(s rat) int {
	if c := r.sign() - s.sign(); c != 0 {
		return sign(c)
	}
	rh, rl := bits.Mul64(abs(r.num), abs(s.den()))
	sh, sl := bits.Mul64(abs(s.num), abs(r.den()))
	c := 0
	switch {
	case rh > sh, rh == sh && rl > sl:
		c = 1
	case rh < sh, rl < sl:
		c = -1
	}
	return c * r.absSign()
}

// absSign returns -1 for a negative number and 1 for any other.
func (r rat) absSign() int {
	if r.num < 0 {
		return -1
	}
	return 1
}

func sign(c int) int {
	if c > 0 {
		return 1
	}
	return -1
}

func abs(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// gcd returns the greatest common divisor of |a| and |b|; gcd(0, 0) is 1.
func gcd(a, b int64) int64 {
	if a < 0 {
		a = -a
	}
	if b < 0 {
		b = -b
	}
	for b != 0 {
		a, b = b, a%b
	}
	if a == 0 {
		return 1
	}
	return a
}

func lcm(a, b int64) int64 { return mul64(a/gcd(a, b), b) }

func add64(a, b int64) int64 {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		panic(bailout{errOverflow})
	}
	return c
}

func mul64(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	hi, lo := bits.Mul64(abs(a), abs(b))
	if hi != 0 || lo > math.MaxInt64 {
		panic(bailout{errOverflow})
	}
	if (a < 0) != (b < 0) {
		return -int64(lo)
	}
	return int64(lo)
}
