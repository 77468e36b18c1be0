package dim

import (
	"slices"
	"strings"
)

// integral reports whether e is an integer for all integer values of its
// variables. False means that it may not be, or that nobody looked far enough.
func integral(e Expr) bool {
	var den int64 = 1
	for _, t := range e.terms() {
		if !integralMono(t.mono) {
			return false
		}
		den = lcm(den, t.coef.den())
	}
	return den == 1 || integralResidues(e, den)
}

// integralMono reports whether a monomial is a product of integers.
func integralMono(m mono) bool {
	for _, p := range m {
		if p.exp < 0 || !integralAtom(p.atom) {
			return false
		}
	}
	return true
}

func integralAtom(a *atom) bool {
	switch a.kind {
	case variable, flooring, ceiling:
		return true
	case divisor:
		return false
	default:
		return !slices.ContainsFunc(a.args, func(e Expr) bool { return !integral(e) })
	}
}

// integralResidues tries all residues modulo den, the common denominator, of
// the atoms of e: n*(n + 1)/2 is an integer because it is one for n = 0 and 1.
func integralResidues(e Expr, den int64) bool {
	const most = 4096 // evaluations
	index := map[string]int{}
	for _, t := range e.terms() {
		if degree(t.mono) > 8 {
			return false
		}
		for _, p := range t.mono {
			if _, ok := index[p.atom.key]; !ok {
				index[p.atom.key] = len(index)
			}
		}
	}
	combos := int64(1)
	for range index {
		if combos *= den; combos > most || den > most {
			return false
		}
	}
	for c := range combos {
		residues := make([]int64, len(index))
		for i, rest := 0, c; i < len(residues); i, rest = i+1, rest/den {
			residues[i] = rest % den
		}
		// Each term times den, modulo den.
		var total int64
		for _, t := range e.terms() {
			v := (t.coef.num % den) * (den / t.coef.den()) % den
			for _, p := range t.mono {
				for range p.exp {
					v = v * residues[index[p.atom.key]] % den
				}
			}
			total = (total + v) % den
		}
		if total != 0 {
			return false
		}
	}
	return true
}

// Integer reports whether e is an integer whatever the sizes are.
func (e Expr) Integer() Truth {
	switch {
	case e.Err() != nil:
		return Unknown
	case e.x == nil && !e.c.isInt():
		return No
	}
	return decide(func() Truth {
		if integral(e) {
			return Yes
		}
		return Unknown
	})
}

// round returns floor(e) or ceil(e).
func round(k kind, e Expr) Expr {
	check(e)
	if e.x == nil {
		if k == flooring {
			return Expr{c: e.c.floor()}
		}
		return Expr{c: e.c.ceil()}
	}
	if integral(e) {
		return e
	}
	// What is surely an integer comes out, so that 0 <= coefficient < 1 stays.
	var out, in []term
	var c rat
	var den int64 = 1
	fine := true // the terms inside are multiples of 1/den
	for _, t := range e.x.terms {
		if len(t.mono) == 0 {
			c = t.coef
			continue
		}
		if !integralMono(t.mono) {
			in, fine = append(in, t), false
			continue
		}
		n := t.coef.floor()
		if n != (rat{}) {
			out = append(out, term{n, t.mono})
		}
		if rest := t.coef.add(n.neg()); rest != (rat{}) {
			in = append(in, term{rest, t.mono})
			den = lcm(den, rest.den())
		}
	}
	if fine { // then the constant may be one, too
		if k == flooring {
			c = c.mul(whole(den)).floor().mul(fraction(1, den))
		} else {
			c = c.mul(whole(den)).ceil().mul(fraction(1, den))
		}
	}
	if n := c.floor(); n != (rat{}) {
		out = append(out, term{n, nil})
		c = c.add(n.neg())
	}
	inner := add(fromTerms(in), Expr{c: c})
	if inner.x == nil { // 0 <= inner < 1
		if k == ceiling {
			return add(fromTerms(collect(out)), Expr{c: inner.c.ceil()})
		}
		return fromTerms(collect(out))
	}
	rounded, ok := nested(k, inner, den)
	if !ok {
		rounded = ofAtom(newAtom(k, inner))
	}
	return add(fromTerms(collect(out)), rounded)
}

// nested simplifies floor((floor(x) + j)/den) to floor((x + j)/den), and so
// ceil of ceil.
func nested(k kind, e Expr, den int64) (Expr, bool) {
	ts := e.terms()
	if len(ts) == 0 || len(ts[0].mono) != 1 || ts[0].coef != fraction(1, den) {
		return Expr{}, false
	}
	if p := ts[0].mono[0]; p.exp == 1 && p.atom.kind == k && (len(ts) == 1 || len(ts[1].mono) == 0) {
		rest := fromTerms(ts[1:])
		return round(k, add(scale(p.atom.args[0], ts[0].coef), rest)), true
	}
	return Expr{}, false
}

// mod returns a - b*floor(a/b).
func mod(a, b Expr) Expr {
	q := quo(a, b) // where b is 0 this is the error
	switch {
	case integral(q):
		return Expr{}
	case q.x == nil:
		return sub(a, scale(b, q.c.floor()))
	case b.x != nil:
		return ofAtom(newAtom(modulo, a, b))
	case b.c.sign() < 0:
		return scale(mod(scale(a, rat{num: -1}), Expr{c: b.c.neg()}), rat{num: -1})
	}
	// Coefficients of integers count modulo b.
	var ts []term
	for _, t := range a.x.terms {
		if integralMono(t.mono) {
			t.coef = t.coef.add(b.c.mul(t.coef.mul(b.c.inv()).floor()).neg())
		}
		if t.coef != (rat{}) {
			ts = append(ts, t)
		}
	}
	a = fromTerms(ts)
	if r := rangeOf(a); r.lo.atLeast(rat{}) && below(r.hi, b.c) {
		return a
	}
	if a.x == nil {
		return mod(a, b)
	}
	return ofAtom(newAtom(modulo, a, b))
}

// below reports whether hi is less than b.
func below(hi limit, b rat) bool { return hi.inf == 0 && hi.v.cmp(b) < 0 }

// extreme returns the least or the greatest of a and b.
func extreme(k kind, a, b Expr) Expr {
	check(a)
	check(b)
	var args []Expr
	for _, e := range []Expr{a, b} {
		if ts := e.terms(); len(ts) == 1 && len(ts[0].mono) == 1 && ts[0].coef == one &&
			ts[0].mono[0].exp == 1 && ts[0].mono[0].atom.kind == k {
			args = append(args, ts[0].mono[0].atom.args...)
		} else {
			args = append(args, e)
		}
	}
	// An argument that another one always beats, or equals, goes.
	for i := 0; i < len(args); i++ {
		for j := 0; j < len(args); j++ {
			d := sub(args[i], args[j])
			if k == maximum {
				d = scale(d, rat{num: -1})
			}
			if i != j && rangeOf(d).lo.atLeast(rat{}) {
				args = slices.Delete(args, i, i+1)
				i--
				break
			}
		}
	}
	if len(args) == 1 {
		return args[0]
	}
	if len(args) > maxDegree {
		panic(bailout{errLarge})
	}
	slices.SortFunc(args, func(a, b Expr) int { return strings.Compare(a.String(), b.String()) })
	return ofAtom(newAtom(k, args...))
}
