package eval

import "math"

// ln 2 in two numbers. The first has 42 bits, so that its multiples are exact.
const (
	ln2High = 0x1.62e42fefa38p-1
	ln2Rest = 0x1.ef35793c7673p-45
)

// pow returns x^y with an error of 1 unit in the last place at most, as found. math.Pow
// multiplies as often as y has bits, and is off by 134 units for an exponent of
// 200 and by half of the bits for some larger ones.
func pow(x, y float64) float64 {
	size := math.Abs(x)
	if !(size > 0) || math.IsInf(x, 0) || size == 1 || y == 0 || y != y || math.IsInf(y, 0) || x < 0 && y != math.Trunc(y) {
		return math.Pow(x, y) // as C99 says
	}
	high, low := longLog(size)
	y2 := max(-0x1p65, min(y, 0x1p65)) // the logarithm of no number but 1 is below 2^-53
	p, lost := twoProduct(y2, high)
	lost += y2 * low
	if math.Abs(p) > 0x1p11 { // the result is 0 or infinite
		p, lost = math.Copysign(0x1p11, p), 0
	}
	v := expOf(p, lost)
	if x < 0 && math.Mod(y, 2) != 0 {
		return -v
	}
	return v
}

// exp returns e^x. That of package math is infinite from 709.44 on, where some
// processors have an assembly of it, and not from 709.78.
func exp(x float64) float64 {
	if x > 709 && x < 710 {
		return expOf(x, 0)
	}
	return math.Exp(x)
}

// expOf returns e^(p+lost), |p| up to 2^11 and lost small, as 2^k e^r.
func expOf(p, lost float64) float64 {
	k := math.RoundToEven(p * math.Log2E)
	r := math.FMA(-k, ln2High, p)
	m := math.Expm1(r)
	return math.Ldexp(1+(m+(1+m)*(lost-k*ln2Rest)), int(k))
}

// longLog returns log x of a positive finite x as a sum of two numbers, to 65
// bits and more. With x = 2^k (1+f) and s = f/(2+f), log(1+f) is
// 2s + s^3 (2/3 + 2/5 s^2 + ...).
func longLog(x float64) (high, low float64) {
	const third, thirdLow = 2.0 / 3, 0x1.5555555555555p-55
	m, exp := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, exp = 2*m, exp-1
	}
	f, k := m-1, float64(exp)
	d, dLow := twoSum(2, f)
	s := f / d
	back, backLow := twoProduct(s, d)
	sLow := (f - back - backLow - s*dLow) / d
	z, zLow := twoProduct(s, s)
	zLow += 2 * s * sLow
	var tail float64
	for i := 31; i >= 5; i -= 2 { // z is below 0.03
		tail = tail*z + 2/float64(i)
	}
	w, wLow := twoSum(third, z*tail)
	wLow += thirdLow
	c, cLow := twoProduct(z, w)
	cLow += z*wLow + zLow*w
	cubic, cubicLow := twoProduct(s, c)
	cubicLow += s*cLow + sLow*c
	a, aLow := twoSum(k*ln2High, 2*s)
	b, bLow := twoSum(a, cubic)
	return twoSum(b, aLow+bLow+2*sLow+cubicLow+k*ln2Rest)
}

// twoSum returns x + y, rounded, and what rounding lost.
func twoSum(x, y float64) (sum, lost float64) {
	sum = x + y
	part := sum - x
	return sum, (x - (sum - part)) + (y - part)
}

// twoProduct returns x * y, rounded, and what rounding lost.
func twoProduct(x, y float64) (product, lost float64) {
	product = x * y
	return product, math.FMA(x, y, -product)
}
