package dim

import "slices"

// Truth is the answer of a proof.
type Truth uint8

// The answers. Unknown means that the values of sizes decide, or that the
// prover does not see it.
const (
	Unknown Truth = iota
	No
	Yes
)

// String returns unknown, no or yes.
func (t Truth) String() string { return [...]string{"unknown", "no", "yes"}[t] }

// decide returns what f returns, Unknown where its arithmetic does not fit.
func decide(f func() Truth) (t Truth) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			t = Unknown
		default:
			panic(r)
		}
	}()
	return f()
}

func known(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Equal reports whether two sizes agree, by the rule of the language: Yes
// where they have one normal form or can be proved equal; No where they are
// different sums of products of variables, since different size variables never
// agree, or can be proved different; else Unknown, which the values of sizes
// decide. For the truth of a condition, n == m, ask SameValue.
func Equal(a, b Expr) Truth {
	if a.x == nil && b.x == nil {
		return known(a.c == b.c)
	}
	return decide(func() Truth {
		t := sameValue(a, b)
		if t == Unknown && plain(a) && plain(b) {
			return No
		}
		return t
	})
}

// SameValue reports whether a and b are equal for all sizes (Yes) or for none
// (No).
func SameValue(a, b Expr) Truth {
	if a.x == nil && b.x == nil {
		return known(a.c == b.c)
	}
	return decide(func() Truth { return sameValue(a, b) })
}

// Less reports whether a < b for all sizes (Yes) or for none (No).
func Less(a, b Expr) Truth {
	if a.x == nil && b.x == nil {
		return known(a.c.cmp(b.c) < 0)
	}
	return decide(func() Truth { return order(sub(b, a), true) })
}

// LessEq reports whether a <= b for all sizes (Yes) or for none (No).
func LessEq(a, b Expr) Truth {
	if a.x == nil && b.x == nil {
		return known(a.c.cmp(b.c) <= 0)
	}
	return decide(func() Truth { return order(sub(b, a), false) })
}

// order decides d > 0 if strict, else d >= 0.
func order(d Expr, strict bool) Truth {
	switch {
	case positive(d, strict):
		return Yes
	case positive(scale(d, rat{num: -1}), !strict):
		return No
	}
	return Unknown
}

// plain reports whether e is a sum of products of variables with integer
// coefficients.
func plain(e Expr) bool {
	for _, t := range e.terms() {
		if !t.coef.isInt() {
			return false
		}
		for _, p := range t.mono {
			if p.exp < 0 || p.atom.kind != variable {
				return false
			}
		}
	}
	return true
}

func sameValue(a, b Expr) Truth {
	d := sub(a, b)
	if zero(d) {
		return Yes
	}
	if d.x == nil || positive(d, true) || positive(scale(d, rat{num: -1}), true) {
		return No
	}
	if integral(a) && b.x == nil && !b.c.isInt() || integral(b) && a.x == nil && !a.c.isInt() {
		return No
	}
	if zeroResidues(d) {
		return Yes
	}
	return Unknown
}

// zero reports whether d is 0 once its divisors are multiplied out.
func zero(d Expr) bool {
	for range maxDegree {
		m := divisors(d)
		if len(m) == 0 {
			break
		}
		d = times(d, m)
	}
	return d.Equal(Expr{})
}

// zeroResidues decides expressions with floor, ceil and % of constants: for
// each residue r of a variable n modulo the common denominator k of what is
// inside, n = k*q + r makes them sums of products.
func zeroResidues(d Expr) bool {
	const most = 64 // combinations
	if weigh(d.terms()) > maxWeight/8 {
		return false
	}
	moduli := map[string]int64{}
	for _, t := range d.terms() {
		for _, p := range t.mono {
			collectModuli(p.atom, moduli, 1)
		}
	}
	combos := int64(1)
	var names []string
	for _, name := range d.Vars() {
		if k := moduli[name]; k > 1 {
			names = append(names, name)
			if combos *= k; combos > most || k > most {
				return false
			}
		}
	}
	if len(names) == 0 {
		return false
	}
	for c := range combos {
		env := map[string]Expr{}
		for rest, i := c, 0; i < len(names); i++ {
			k := moduli[names[i]]
			env[names[i]] = add(scale(Var(names[i]), whole(k)), Expr{c: whole(rest % k)})
			rest /= k
		}
		if !zero(subst(d, env)) {
			return false
		}
	}
	return true
}

// collectModuli adds to moduli, for each variable inside a rounding or %, the
// number that its residues count for.
func collectModuli(a *atom, moduli map[string]int64, outer int64) {
	k := outer
	switch a.kind {
	case variable:
		if outer > 1 {
			if moduli[a.key] == 0 {
				moduli[a.key] = 1
			}
			moduli[a.key] = lcm(moduli[a.key], outer)
		}
		return
	case modulo:
		if b := a.args[1]; b.x == nil {
			k = mul64(k, b.c.num)
		}
	}
	for _, e := range a.args {
		den := k
		for _, t := range e.terms() {
			den = lcm(den, mul64(k, t.coef.den()))
		}
		for _, t := range e.terms() {
			for _, p := range t.mono {
				collectModuli(p.atom, moduli, den)
			}
		}
	}
}

// positive reports whether d > 0 (if strict) or d >= 0 can be proved for all
// sizes.
func positive(d Expr, strict bool) bool {
	check(d)
	return (&prover{fuel: 5000}).positive(d, strict, 0)
}

// A prover counts down how many parts of expressions it may still look at.
type prover struct{ fuel int }

// spend counts the parts of d; false means that the prover gives up.
func (p *prover) spend(d Expr) bool {
	p.fuel -= 1 + weigh(d.terms())
	return p.fuel >= 0
}

func (p *prover) positive(d Expr, strict bool, splits int) bool {
	lo := rangeOf(d).lo
	if lo.inf == 0 && (lo.v.sign() > 0 || !strict && lo.v.sign() == 0) {
		return true
	}
	if d.x == nil {
		return false
	}
	for i, t := range d.x.terms {
		for j, q := range t.mono {
			if q.exp == 1 && q.atom.kind > divisor {
				if !p.spend(d) {
					return false
				}
				if p.bounded(d, i, j, strict, splits) {
					return true
				}
			}
		}
	}
	if splits == 4 {
		return false
	}
	// A size is 0, or 1 more than another size.
	for _, name := range d.Vars() {
		if !p.spend(d) {
			return false
		}
		zero := subst(d, map[string]Expr{name: {}})
		if !p.positive(zero, strict, splits+1) {
			continue
		}
		next := subst(d, map[string]Expr{name: add(Var(name), Expr{c: one})})
		if p.positive(next, strict, splits+1) {
			return true
		}
	}
	return false
}

// bounded tries to prove d with the function that is factor j of term i
// replaced by something that makes d smaller.
func (p *prover) bounded(d Expr, i, j int, strict bool, splits int) bool {
	t := d.x.terms[i]
	a := t.mono[j].atom
	rest := fromTerms([]term{{t.coef, slices.Delete(slices.Clone(t.mono), j, j+1)}})
	s := rangeOf(rest)
	up := false // a smaller d needs a larger function
	switch {
	case s.lo.atLeast(rat{}):
	case s.hi.inf == 0 && s.hi.v.sign() <= 0:
		up = true
	default:
		return false
	}
	others := sub(d, fromTerms([]term{t}))
	with := func(e Expr) bool {
		return p.positive(add(others, mul(rest, e)), strict, splits)
	}
	x := a.args[0]
	switch a.kind {
	case flooring:
		if up {
			return with(x)
		}
		return with(sub(x, gap(x)))
	case ceiling:
		if up {
			return with(add(x, gap(x)))
		}
		return with(x)
	case modulo:
		return up && positiveRange(a.args[1]) && (positiveRange(x) && with(x) || with(a.args[1]))
	case minimum, maximum:
		// The least is not above any; it is one of them.
		if up == (a.kind == minimum) {
			return slices.ContainsFunc(a.args, with)
		}
		return !slices.ContainsFunc(a.args, func(e Expr) bool { return !with(e) })
	}
	return false
}

func positiveRange(e Expr) bool { return rangeOf(e).lo.atLeast(rat{}) }

// gap returns the most by which rounding changes x.
func gap(x Expr) Expr {
	var den int64 = 1
	for _, t := range x.terms() {
		if !integralMono(t.mono) {
			return Expr{c: one}
		}
		den = lcm(den, t.coef.den())
	}
	return Expr{c: fraction(den-1, den)}
}
