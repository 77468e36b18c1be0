package eval

import "math"

// This file says what a correct result is where NaN or an infinity goes in.
//
// Atoms are arguments, constants, and results of operations that no rewrite
// passes: functions, extremes, choices. A value that additions, multiplications
// and divisions by an atom make of them is a polynomial of the atoms, and what a
// compiler may compute is any formula of the same polynomial: it may take the
// terms in any order (Reassociate), multiply sums out and take common factors
// out (Distribute), and leave out terms with a zero by construction (Nonfinite,
// FromStructure). It may not leave out others, be it that two cancel out. So:
//
//   - NaN as an atom is NaN in every formula: it is firm.
//   - Everything else follows from infinite atoms, and never is finite, unless a
//     zero by selection may have left the term out. A term with one is infinite,
//     of one sign, in every formula, if each of its other factors is: if it is
//     itself an atom that is surely not zero, or a sum of such terms of one sign.
//     A sum for which that does not hold is mixed: what meets it multiplied out
//     meets terms that oppose each other, or zero. The product is stray: NaN or
//     an infinity, as the formula has it.
//   - A sum is stray where infinities of products oppose each other, since x i + y i
//     is (x + y) i, and where its finite terms alone may overflow. It is NaN where
//     infinite atoms oppose each other.
//   - A product with a zero by construction is zero. But other formulas may add such
//     zeros up before they multiply the sum, and a sum of them is one by selection:
//     of G, H and x in G (H x), and (G H) x, where only x is not finite. So a sum is
//     undecided if in a term of it such a zero meets a factor of several that is not
//     finite, or one that other terms have too, and if a term is masked: a sum
//     in which such a zero has met what is not finite.
//   - An inverse is no polynomial, but (A^-1 B) c may be A^-1 (B c), which meets NaN
//     and infinities in the order of the solve. Nothing is said of such products.
//
// Functions of what is stray are undecided.

// stray is NaN or an infinity, which of them the formula decides.
var stray = elem{v: math.NaN(), m: math.Inf(1), flags: astray | wild | formed}

// notANumber is a sum or product that is NaN in every formula.
var notANumber = elem{v: math.NaN(), m: math.Inf(1), flags: formed}

// undecided reports whether a function of x can say nothing.
func (x elem) undecided() bool { return x.flags&(bad|astray) != 0 }

// firm reports whether x is NaN in every formula.
func (x elem) firm() bool { return x.v != x.v && !x.has(wild) }

// maybeZero reports whether x may be zero, though it need not be.
func (x elem) maybeZero() bool { return math.Abs(x.v) <= x.e && !x.isZero() }

// A summands is what is known of the terms of a sum together.
type summands struct {
	flags              flags // mixed, inverted and masked
	positive, negative bool
}

func (s *summands) add(x elem) {
	if x.has(hard) {
		s.flags |= x.flags & masked
		return
	}
	s.flags |= x.flags & (mixed | inverted | masked)
	switch {
	case x.v > x.e:
		s.positive = true
	case x.v < -x.e:
		s.negative = true
	default: // zero, or NaN
		s.flags |= mixed
	}
}

// of returns the flags of the sum.
func (s *summands) of() flags {
	if s.positive && s.negative {
		return s.flags | mixed
	}
	return s.flags
}

// wildSum is a sum v of terms of which one is not finite, and none bad.
func (p *precision) wildSum(v float64, terms ...elem) elem {
	x := elem{v: v, m: math.Inf(1), flags: formed}
	var s summands
	mass := 0.0 // of the finite ones
	for _, t := range terms {
		switch {
		case t.firm():
			return notANumber
		case t.has(astray):
			x = stray
		case t.finite():
			mass += t.m + t.e + t.late
		}
		x.flags |= t.flags & wild
		s.add(t)
	}
	if x.v != x.v && x.has(wild) || !(mass < p.over) {
		return stray
	}
	x.flags |= s.of()
	return x
}

// hardProduct is a product with the zero by construction h; apart says that x
// stands in several such products, which may be added up before they meet x.
func hardProduct(h, x elem, apart bool) elem {
	switch {
	case x.has(hard):
		h.flags |= x.flags & (formed | masked)
	case x.has(bad), x.finite() && !x.has(masked):
	case apart || x.has(formed|masked):
		h.flags |= formed
	default:
		h.flags |= masked
	}
	return h
}

// lost reports whether x as a term of a sum leaves that undecided.
func (x elem) lost() bool {
	return x.has(bad) || x.has(hard) && x.has(formed) || x.has(masked) && !x.has(hard)
}

// wildProduct is a product of two of which one is not finite, neither bad nor
// zero by construction.
func wildProduct(a, b elem) elem {
	switch {
	case (a.flags|b.flags)&(soft|inverted) != 0:
		return unknown
	case a.firm() || b.firm():
		return notANumber
	}
	for _, x := range []elem{a, b} {
		if x.has(astray) || x.has(mixed) && !x.isZero() || x.maybeZero() {
			return stray
		}
	}
	return elem{v: a.v * b.v, m: math.Inf(1), flags: wild | formed}
}

// wildQuotient is a / b, which may be a (1/b), where one is not finite or b is
// zero. Neither is bad, nor a zero by construction.
func wildQuotient(a, b elem) elem {
	zero := b.v == 0 && b.e == 0
	switch {
	case (a.flags|b.flags)&(soft|inverted) != 0:
		return unknown
	case a.firm() || b.firm():
		return notANumber
	case b.has(astray|mixed|wild) && !b.finite() || !b.finite() && a.maybeZero():
		return unknown // 1/b is zero, or NaN
	case a.has(astray|mixed) && !a.isZero() && !b.finite() && a.finite():
		return elem{v: a.v / b.v} // zeros, whatever their signs
	case a.has(astray), a.has(mixed) && !a.isZero(), a.maybeZero(), b.maybeZero(), zero && b.m > 0:
		return stray // the sign of a zero that was computed is not known
	}
	x := elem{v: a.v / b.v, m: math.Abs(a.v / b.v), flags: wild | formed}
	if x.finite() {
		x.flags = 0
	}
	return x
}
