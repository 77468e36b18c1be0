package dim

import (
	"cmp"
	"slices"
	"strings"
)

// Limits of one expression.
const (
	maxTerms  = 512
	maxDegree = 64
	maxDepth  = 64
	maxWeight = 4096 // parts of an expression, those inside functions included
)

// A sum is a normal form that is not constant: terms in the order of
// compareMono, no two with one monomial, none with coefficient 0; or an error.
type sum struct {
	terms []term
	err   error
}

// A term is a coefficient times a monomial.
type term struct {
	coef rat
	mono mono
}

// A mono is a product of powers of atoms, in the order of their keys; the
// empty one is 1.
type mono []power

// A power is an atom to an exponent other than 0. A negative one divides.
type power struct {
	atom *atom
	exp  int
}

type kind uint8

// The kinds of atoms.
const (
	variable kind = iota
	divisor       // args[0], a sum of several terms; only with negative exponents
	modulo        // args[0] % args[1]
	flooring      // floor(args[0])
	ceiling       // ceil(args[0])
	minimum       // the least of args, at least two, in the order of their text
	maximum       // the greatest
)

// An atom is what monomials are made of.
type atom struct {
	kind   kind
	key    string // its text; equal atoms have equal keys
	args   []Expr
	depth  int // of functions in it
	weight int // parts of its arguments
}

func newAtom(k kind, args ...Expr) *atom {
	a := &atom{kind: k, args: args}
	for _, e := range args {
		a.weight += weigh(e.terms())
		for _, t := range e.terms() {
			for _, p := range t.mono {
				a.depth = max(a.depth, p.atom.depth+1)
			}
		}
	}
	switch {
	case a.depth > maxDepth:
		panic(bailout{errDeep})
	case a.weight > maxWeight: // before its text is made: it may grow as 2 to the depth
		panic(bailout{errLarge})
	}
	a.key = a.text()
	return a
}

func ofAtom(a *atom) Expr {
	return Expr{x: &sum{terms: []term{{one, mono{{a, 1}}}}}}
}

// check panics with the error that e carries.
func check(e Expr) {
	if e.x != nil && e.x.err != nil {
		panic(bailout{e.x.err})
	}
}

// terms returns e as a list of terms, empty for 0.
func (e Expr) terms() []term {
	if e.x != nil {
		return e.x.terms
	}
	if e.c == (rat{}) {
		return nil
	}
	return []term{{coef: e.c}}
}

// fromTerms makes the expression of terms that are sorted and distinct.
func fromTerms(ts []term) Expr {
	switch {
	case len(ts) == 0:
		return Expr{}
	case len(ts) == 1 && len(ts[0].mono) == 0:
		return Expr{c: ts[0].coef}
	case len(ts) > maxTerms || weigh(ts) > maxWeight:
		panic(bailout{errLarge})
	}
	return Expr{x: &sum{terms: ts}}
}

// weigh returns the number of coefficients, names and functions in terms, all
// repeated as often as their text would.
func weigh(ts []term) int {
	n := 0
	for _, t := range ts {
		n++
		for _, p := range t.mono {
			n += max(p.exp, -p.exp) * (1 + p.atom.weight)
		}
	}
	return n
}

// collect sorts terms, adds up those of one monomial and drops zeros.
func collect(ts []term) []term {
	slices.SortStableFunc(ts, func(a, b term) int { return compareMono(a.mono, b.mono) })
	out := ts[:0]
	for _, t := range ts {
		if n := len(out); n > 0 && compareMono(out[n-1].mono, t.mono) == 0 {
			out[n-1].coef = out[n-1].coef.add(t.coef)
			continue
		}
		if n := len(out); n > 0 && out[n-1].coef == (rat{}) {
			out = out[:n-1]
		}
		out = append(out, t)
	}
	if n := len(out); n > 0 && out[n-1].coef == (rat{}) {
		out = out[:n-1]
	}
	return out
}

func degree(m mono) int {
	d := 0
	for _, p := range m {
		d += p.exp
	}
	return d
}

// compareMono orders by total degree, highest first, then lexicographically:
// an order that products keep, which reduce needs.
func compareMono(a, b mono) int {
	if c := cmp.Compare(degree(b), degree(a)); c != 0 {
		return c
	}
	for i := 0; i < len(a) || i < len(b); i++ {
		switch {
		case i == len(b) || i < len(a) && a[i].atom.key < b[i].atom.key:
			return cmp.Compare(0, a[i].exp)
		case i == len(a) || b[i].atom.key < a[i].atom.key:
			return cmp.Compare(b[i].exp, 0)
		case a[i].exp != b[i].exp:
			return cmp.Compare(b[i].exp, a[i].exp)
		}
	}
	return 0
}

// compare orders expressions by their terms; 0 means the same normal form.
func (e Expr) compare(f Expr) int {
	return slices.CompareFunc(e.terms(), f.terms(), func(a, b term) int {
		if c := compareMono(a.mono, b.mono); c != 0 {
			return c
		}
		return a.coef.cmp(b.coef)
	})
}

func add(a, b Expr) Expr {
	if a.x == nil && b.x == nil {
		return Expr{c: a.c.add(b.c)}
	}
	check(a)
	check(b)
	return reduce(fromTerms(collect(slices.Concat(a.terms(), b.terms()))))
}

func sub(a, b Expr) Expr { return add(a, scale(b, rat{num: -1})) }

// scale returns a times r.
func scale(a Expr, r rat) Expr {
	if a.x == nil {
		return Expr{c: a.c.mul(r)}
	}
	check(a)
	if r == (rat{}) {
		return Expr{}
	}
	ts := make([]term, len(a.x.terms))
	for i, t := range a.x.terms {
		ts[i] = term{t.coef.mul(r), t.mono}
	}
	return fromTerms(ts)
}

func mul(a, b Expr) Expr {
	if a.x == nil && b.x == nil {
		return Expr{c: a.c.mul(b.c)}
	}
	check(a)
	check(b)
	return reduce(product(a, b))
}

// product multiplies term by term.
func product(a, b Expr) Expr {
	at, bt := a.terms(), b.terms()
	if len(at)*len(bt) > 16*maxTerms {
		panic(bailout{errLarge})
	}
	ts := make([]term, 0, len(at)*len(bt))
	for _, t := range at {
		for _, u := range bt {
			ts = append(ts, term{t.coef.mul(u.coef), mulMono(t.mono, u.mono)})
		}
	}
	return fromTerms(collect(ts))
}

func mulMono(a, b mono) mono {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	var out mono
	factors := 0
	for len(a) > 0 || len(b) > 0 {
		var p power
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].atom.key < b[0].atom.key:
			p, a = a[0], a[1:]
		case len(a) == 0 || b[0].atom.key < a[0].atom.key:
			p, b = b[0], b[1:]
		default:
			p = power{a[0].atom, a[0].exp + b[0].exp}
			a, b = a[1:], b[1:]
		}
		if p.exp != 0 {
			out = append(out, p)
			factors += max(p.exp, -p.exp)
		}
	}
	if factors > maxDegree {
		panic(bailout{errLarge})
	}
	return out
}

func invMono(m mono) mono {
	out := make(mono, len(m))
	for i, p := range m {
		out[i] = power{p.atom, -p.exp}
	}
	return out
}

func quo(a, b Expr) Expr {
	check(a)
	check(b)
	if b.x == nil {
		return scale(a, b.c.inv())
	}
	// A divisor with divisors in it: multiply both by them.
	if m := divisors(b); len(m) > 0 {
		return quo(reduce(times(a, m)), times(b, m))
	}
	if bt := b.x.terms; len(bt) == 1 {
		return reduce(product(a, fromTerms([]term{{bt[0].coef.inv(), invMono(bt[0].mono)}})))
	}
	content, prim := primitive(b)
	over := fromTerms([]term{{content.coef.inv(), mulMono(invMono(content.mono), mono{{newAtom(divisor, prim), -1}})}})
	return reduce(product(a, over))
}

// divisors returns the least monomial that times e has no negative exponents.
func divisors(e Expr) mono {
	var m mono
	for _, t := range e.terms() {
		for _, p := range t.mono {
			i, found := slices.BinarySearchFunc(m, p.atom.key, func(q power, key string) int {
				return strings.Compare(q.atom.key, key)
			})
			switch {
			case p.exp > 0:
			case found:
				m[i].exp = max(m[i].exp, -p.exp)
			default:
				m = slices.Insert(m, i, power{p.atom, -p.exp})
			}
		}
	}
	return m
}

// times returns e times m, with the divisors of m multiplied out.
func times(e Expr, m mono) Expr {
	for _, p := range m {
		for range p.exp {
			if p.atom.kind == divisor {
				e = timesDivisor(e, p.atom)
			} else {
				e = product(e, ofAtom(p.atom))
			}
		}
	}
	return e
}

// timesDivisor returns e times the sum d: terms divided by it lose one power,
// others are multiplied out.
func timesDivisor(e Expr, d *atom) Expr {
	var divided, other []term
	for _, t := range e.terms() {
		if slices.ContainsFunc(t.mono, func(p power) bool { return p.atom.key == d.key }) {
			divided = append(divided, term{t.coef, mulMono(t.mono, mono{{d, 1}})})
		} else {
			other = append(other, t)
		}
	}
	rest := product(fromTerms(other), d.args[0])
	return fromTerms(collect(slices.Concat(divided, rest.terms())))
}

// primitive writes e, which has no divisors, as content times a sum whose
// coefficients are coprime integers, the first one positive, and whose terms
// share no factor.
func primitive(e Expr) (content term, prim Expr) {
	ts := e.x.terms
	var num, den int64 = 0, 1
	shared := slices.Clone(ts[0].mono)
	for _, t := range ts {
		num, den = gcd(num, t.coef.num), lcm(den, t.coef.den())
		for i := range shared {
			exp := 0
			for _, p := range t.mono {
				if p.atom.key == shared[i].atom.key {
					exp = p.exp
				}
			}
			shared[i].exp = min(shared[i].exp, exp)
		}
	}
	shared = slices.DeleteFunc(shared, func(p power) bool { return p.exp == 0 })
	content = term{fraction(num, den), shared}
	if ts[0].coef.num < 0 {
		content.coef = content.coef.neg()
	}
	return content, product(e, fromTerms([]term{{content.coef.inv(), invMono(shared)}}))
}

// reduce brings fractions into lowest terms: where a term over a divisor holds
// the divisor's leading monomial, that is replaced by the divisor, which
// cancels, less the divisor's other terms. So (n*n - 1)/(n + 1) becomes n - 1, and
// n/(n + 1) becomes 1 - 1/(n + 1). It ends because the other terms come later in the
// order of monomials; it treats each term alone, so that sums of what is
// reduced are reduced.
func reduce(e Expr) Expr {
	for range 8 * maxTerms {
		i, d, ok := reducible(e)
		if !ok {
			return e
		}
		t, lead := e.x.terms[i], d.args[0].x.terms[0]
		q := fromTerms([]term{{t.coef.mul(lead.coef.inv()), mulMono(t.mono, invMono(lead.mono))}})
		tail := product(q, fromTerms(slices.Clone(d.args[0].x.terms[1:])))
		whole := product(q, ofAtom(d))
		rest := slices.Delete(slices.Clone(e.x.terms), i, i+1)
		e = fromTerms(collect(slices.Concat(rest, whole.terms(), scale(tail, rat{num: -1}).terms())))
	}
	panic(bailout{errLarge})
}

// reducible finds a term over a divisor whose leading monomial it holds.
func reducible(e Expr) (i int, d *atom, ok bool) {
	if e.x == nil {
		return 0, nil, false
	}
	for i, t := range e.x.terms {
		for _, p := range t.mono {
			if p.atom.kind == divisor && holds(t.mono, p.atom.args[0].x.terms[0].mono) {
				return i, p.atom, true
			}
		}
	}
	return 0, nil, false
}

// holds reports whether every power of part is in m, or a higher one.
func holds(m, part mono) bool {
	for _, p := range part {
		if !slices.ContainsFunc(m, func(q power) bool { return q.atom.key == p.atom.key && q.exp >= p.exp }) {
			return false
		}
	}
	return true
}
