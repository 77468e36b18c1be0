package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// The functions of this file give value, bound and mass of one float from those
// of its operands.

// add returns a + b, or a - b where sign is -1.
func (p *precision) add(a, b elem, sign float64) elem {
	if (a.flags|b.flags)&bad != 0 {
		return unknown
	}
	b.v *= sign
	if a.has(formed) && a.has(hard) || b.has(formed) && b.has(hard) {
		return unknown
	}
	if (a.flags|b.flags)&(hard|soft) != 0 && a.isZero() && b.isZero() {
		// Distributing over the sum leaves two products with zeros, but a product
		// with the sum need not know of them. Nor need anything be added to a zero.
		return elem{v: a.v + b.v, flags: (a.flags|b.flags)&^hard | soft}
	}
	if !a.finite() || !b.finite() {
		return p.wildSum(a.v+b.v, a, b)
	}
	var terms summands
	terms.add(a)
	terms.add(b)
	zero := a.isZero() || b.isZero()
	whole := a.whole() && b.whole()
	if !whole { // a zero may stand beside a subnormal
		a, b = p.read(a), p.read(b)
	}
	x := elem{v: a.v + b.v, e: a.e + b.e, m: a.m + b.m, late: a.late + b.late, flags: terms.of()}
	x.sums = max(a.sums, b.sums) + min(a.sums, b.sums, mostJoined) + 1
	early := p.joined(a.sums)*b.m + p.joined(b.sums)*a.m
	switch {
	case zero:
		return x
	case whole && x.m <= p.whole:
		x.late += p.round*x.m + early
		return x
	}
	x = p.rounded(x, p.round)
	x.e += early
	return x
}

// mostJoined is how many of its additions the shorter of two sums may bring to
// the terms of the longer one: sums of many terms are kept together.
const mostJoined = 16

// joined bounds the relative error of what is added before the last of a sum's
// additions: x + a, where x is a sum, may be a sum that begins with a.
func (p *precision) joined(sums int) float64 {
	if sums == 0 {
		return 0
	}
	return gamma(sums, p.inner) + p.round
}

// mul returns a * b; apart says which of them other elements of the product have too.
func (p *precision) mul(a, b elem, apart [2]bool) elem {
	switch {
	case a.has(hard):
		return hardProduct(a, b, apart[1])
	case b.has(hard):
		return hardProduct(b, a, apart[0])
	case (a.flags|b.flags)&bad != 0:
		return unknown
	case !a.finite() || !b.finite():
		return wildProduct(p.read(a), p.read(b))
	case a.isZero() || b.isZero():
		return elem{v: a.v * b.v, flags: (a.flags | b.flags) & (soft | masked)}
	case a.whole() && b.whole() && a.m*b.m <= p.whole:
		x := product2(a, b)
		x.late += p.round * x.m
		return x
	}
	return p.rounded(product2(p.read(a), p.read(b)), p.round)
}

// product2 returns a * b before it is rounded. The order of the terms keeps a
// small bound from being lost beside the mass.
func product2(a, b elem) elem {
	if !a.whole() || !b.whole() {
		a, b = a.settled(), b.settled()
	}
	return elem{
		v: a.v * b.v, e: a.e*(b.m+b.e) + a.m*b.e, m: a.m * b.m,
		late: a.late*(b.m+b.late) + a.m*b.late, sums: a.sums + b.sums, flags: (a.flags | b.flags) & (mixed | inverted | masked),
	}
}

// div allows for x * (1 / y), since division by a scalar counts as linear.
func (p *precision) div(a, b elem) elem {
	if (a.flags|b.flags)&bad != 0 {
		return unknown
	}
	if a.has(hard) && (!b.finite() || b.v == 0) {
		return unknown // a division, or a product with 1 / b, of which it decides
	}
	exactZero := b.v == 0 && b.e == 0
	a, b = p.read(a.settled()), p.read(b.settled())
	if !a.finite() || !b.finite() || exactZero {
		return wildQuotient(a, b)
	}
	y := math.Abs(b.v) - b.e
	if !(y > 0) {
		return unknown
	}
	if a.isZero() {
		return elem{v: a.v / b.v, flags: a.selected().flags & soft} // or a product with 1 / b
	}
	x := elem{v: a.v / b.v, m: a.m / y, sums: a.sums, flags: a.flags & (mixed | inverted | masked)}
	x.e = (a.e + a.m/math.Abs(b.v)*b.e) / y
	x.e += a.m * p.tiny // the reciprocal may be flushed
	return p.rounded(x, 3*p.round)
}

// extreme returns max(a, b), or min where sign is -1: both move by no more than
// their operands.
func (p *precision) extreme(a, b elem, sign float64) elem {
	switch {
	case a.has(bad) || b.has(bad):
		return unknown
	case a.firm() || b.firm():
		return exact(math.NaN())
	case a.undecided() || b.undecided():
		return unknown
	case a.v != a.v || b.v != b.v:
		return exact(math.NaN())
	}
	a, b = p.read(a), p.read(b)
	if sign*a.v < sign*b.v {
		a, b = b, a
	}
	if sign*(a.v-b.v) > a.e+b.e || !a.finite() {
		b.e = 0 // b is out of reach
	}
	return elem{v: a.v, e: max(a.e, b.e)}.fresh()
}

// compare returns the truth of op as an integer element.
func (p *precision) compare(op ir.Op, a, b elem) elem {
	if a.undecided() || b.undecided() {
		return unknown
	}
	a, b = p.read(a), p.read(b)
	if a.e+b.e > 0 && math.Abs(a.v-b.v) <= a.e+b.e {
		return unknown
	}
	return elem{n: int64(one(holds(op, a.v, b.v)))}
}

// stepwise returns f(x) for a function that is constant but for jumps, bad if a
// jump lies within the bound.
func stepwise(x elem, f func(float64) float64) elem {
	if x.undecided() {
		return unknown
	}
	v := f(x.v)
	if x.e > 0 && (f(x.v-x.e) != v || f(x.v+x.e) != v) {
		return unknown
	}
	return exact(v)
}

// unary returns a function of one float.
func (p *precision) unary(op ir.Op, x elem) elem {
	switch op {
	case ir.OpNeg:
		x.v = -x.v
		return x
	case ir.OpAbs:
		if x.has(astray) {
			return x
		}
		x.v = math.Abs(x.v)
		return x.fresh()
	case ir.OpSign, ir.OpFloor, ir.OpCeil, ir.OpRound:
		return stepwise(p.read(x), realFuncs[op])
	}
	if x.undecided() {
		return unknown
	}
	v := realFuncs[op](x.v)
	masked := math.IsInf(x.v, -1) && op == ir.OpExp
	x = p.read(x)
	moved, ok := reach(op, x.v, x.e)
	switch {
	case !ok:
		return unknown
	case masked:
		return elem{flags: soft}
	case math.IsInf(v, 0) || v != v || v == 0 && moved == 0:
		return exact(v) // a pole, outside the domain, or a zero kept as it is
	}
	y := elem{v: v, e: moved + p.fn*(math.Abs(v)+moved) + p.tiny}
	if math.Abs(v)-y.e >= p.over {
		return exact(math.Inf(1)) // of exp and expm1 only
	}
	return p.checked(y.fresh(), math.Abs(v)+y.e)
}

// reach returns how far f(x) may be from f(v) for |x - v| <= e. ok is false if
// x may lie on both sides of the border of the domain.
func reach(op ir.Op, v, e float64) (moved float64, ok bool) {
	if e == 0 || v != v {
		return 0, true
	}
	near := max(math.Abs(v)-e, 0) // the least |x|
	low := v - e                  // the least x
	if op == ir.OpLog1p {
		low++
	}
	switch op {
	case ir.OpSqrt, ir.OpRsqrt, ir.OpLog, ir.OpLog1p:
		if low <= 0 {
			return 0, low+2*e < 0 // all of it outside: NaN
		}
	}
	switch op {
	case ir.OpSqrt:
		return e / (math.Sqrt(v) + math.Sqrt(low)), true
	case ir.OpRsqrt:
		a, b := math.Sqrt(v), math.Sqrt(low)
		return e / (a * b * (a + b)), true
	case ir.OpLog, ir.OpLog1p:
		return e / low, true
	case ir.OpExp, ir.OpExpm1:
		return exp(v) * math.Expm1(e), true
	case ir.OpSin, ir.OpCos:
		return min(e, 2), true
	case ir.OpTanh:
		c := math.Cosh(near)
		return min(e/c/c, 2), true
	case ir.OpErf:
		return min(e*2/math.SqrtPi*math.Exp(-near*near), 2), true
	}
	panic("eval: no bound for " + op.String())
}

// pow returns a to the power b.
func (p *precision) pow(a, b elem) elem {
	if a.undecided() || b.undecided() {
		return unknown
	}
	a, b = p.read(a), p.read(b)
	v := pow(a.v, b.v)
	whole := b.e == 0 && b.v == math.Trunc(b.v)
	if a.e == 0 && b.e == 0 && (v != v || math.IsInf(v, 0) || v == 0 || v == 1) {
		return exact(v)
	}
	size := math.Abs(a.v)
	var moved float64
	switch {
	case !a.finite() || !b.finite():
		return unknown // an infinity beside a number with a bound
	case a.v < 0 && !whole:
		if b.e == 0 && a.v+a.e < 0 {
			return exact(math.NaN())
		}
		return unknown
	case size-a.e > 0: // |t| of exp(t), t = b ln|a|, and how far it moves
		lnMoved := a.e / (size - a.e)
		ln := math.Abs(math.Log(size))
		moved = math.Abs(v) * math.Expm1((math.Abs(b.v)+b.e)*lnMoved+ln*b.e)
	case whole && b.v >= 1:
		moved = pow(size+a.e, b.v) - math.Abs(v)
	default:
		return unknown
	}
	y := elem{v: v, e: moved + p.fn*(math.Abs(v)+moved) + p.tiny}
	if math.Abs(v)-y.e >= p.over {
		return exact(math.Copysign(math.Inf(1), v))
	}
	return p.checked(y.fresh(), math.Abs(v)+y.e)
}

// convert returns x, of type from, in the type to.
func convertElem(x elem, from, to tensor.DType) elem {
	if x.has(bad) {
		return unknown
	}
	switch {
	case from.IsFloat() && to.IsFloat():
		p := &precisions[to]
		if x = precisions[from].read(x); p.round <= precisions[from].round || x.isZero() || !x.finite() {
			return x
		}
		if x.e == 0 && tensor.Round(to, x.v) == x.v && x.m == math.Abs(x.v) {
			return p.read(x)
		}
		return p.rounded(x, p.round)
	case x.has(astray): // to integers
		return unknown
	case from.IsFloat():
		if x = precisions[from].read(x); to == tensor.Bool && x.e > 0 && math.Abs(x.v) <= x.e {
			return unknown // zero between two that are not
		}
		y := stepwise(x, func(v float64) float64 { return tensor.Round(to, v) })
		if y.has(bad) {
			return unknown
		}
		y.n = int64(y.v)
		if to.IsInt() {
			y.n = tensor.Saturate(to, x.v)
		}
		return elem{n: y.n}
	case to.IsFloat():
		y := exact(float64(x.n))
		if p := &precisions[to]; y.m > p.whole && tensor.Round(to, y.v) != y.v {
			y.e = p.round * y.m
			y = p.checked(y, y.m)
		}
		if from == tensor.Bool && x.n == 0 {
			y.flags = soft
		}
		return y
	}
	return elem{n: tensor.Wrap(to, x.n)}
}
