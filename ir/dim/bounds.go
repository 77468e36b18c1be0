package dim

// A limit is an end of a range: a number, or beyond all numbers.
type limit struct {
	v   rat
	inf int // -1, 0 or 1
}

// atLeast reports whether l >= r.
func (l limit) atLeast(r rat) bool { return l.inf > 0 || l.inf == 0 && l.v.cmp(r) >= 0 }

func (l limit) less(m limit) bool {
	if l.inf != 0 || m.inf != 0 {
		return l.inf < m.inf
	}
	return l.v.cmp(m.v) < 0
}

func (l limit) add(m limit) limit {
	if l.inf != 0 {
		return l
	}
	if m.inf != 0 {
		return m
	}
	return limit{v: l.v.add(m.v)}
}

func (l limit) sign() int {
	if l.inf != 0 {
		return l.inf
	}
	return l.v.sign()
}

func (l limit) mul(m limit) limit {
	s := l.sign() * m.sign()
	if s == 0 || l.inf == 0 && m.inf == 0 {
		return limit{v: l.v.mul(m.v)} // an infinite limit has v 0
	}
	return limit{inf: s}
}

// A span is a range of values, both ends included where they are numbers.
type span struct{ lo, hi limit }

var anything = span{limit{inf: -1}, limit{inf: 1}}

func point(r rat) span { return span{limit{v: r}, limit{v: r}} }

func (s span) add(t span) span { return span{s.lo.add(t.lo), s.hi.add(t.hi)} }

func (s span) mul(t span) span {
	out := span{s.lo.mul(t.lo), s.lo.mul(t.lo)}
	for _, l := range []limit{s.lo.mul(t.hi), s.hi.mul(t.lo), s.hi.mul(t.hi)} {
		if l.less(out.lo) {
			out.lo = l
		}
		if out.hi.less(l) {
			out.hi = l
		}
	}
	return out
}

// rangeOf returns a range that e never leaves, whatever the sizes are. It looks
// at each term alone.
func rangeOf(e Expr) span {
	out := point(rat{})
	for _, t := range e.terms() {
		s := point(t.coef)
		for _, p := range t.mono {
			f := rangeOfAtom(p.atom)
			if p.exp < 0 {
				f = reciprocal(p.atom, f)
			}
			for range max(p.exp, -p.exp) {
				s = s.mul(f)
			}
		}
		out = out.add(s)
	}
	return out
}

// reciprocal returns the range of 1/a for an atom in the range s, which is not 0.
func reciprocal(a *atom, s span) span {
	if integralAtom(a) && s.lo.atLeast(rat{}) {
		if s.lo.less(limit{v: one}) {
			s.lo.v = one
		}
	}
	if s.lo.inf != 0 || s.lo.v.sign() <= 0 {
		return anything
	}
	out := span{hi: limit{v: s.lo.v.inv()}}
	if s.hi.inf == 0 && s.hi.v.sign() > 0 {
		out.lo.v = s.hi.v.inv()
	}
	return out
}

func rangeOfAtom(a *atom) span {
	switch a.kind {
	case variable:
		return span{hi: limit{inf: 1}}
	case divisor:
		return rangeOf(a.args[0])
	case flooring, ceiling:
		s := rangeOf(a.args[0])
		for _, l := range []*limit{&s.lo, &s.hi} {
			if a.kind == flooring {
				l.v = l.v.floor()
			} else {
				l.v = l.v.ceil()
			}
		}
		return s
	case modulo:
		return rangeOfMod(a.args[0], a.args[1])
	}
	out := rangeOf(a.args[0])
	for _, e := range a.args[1:] {
		s := rangeOf(e)
		if a.kind == minimum && s.lo.less(out.lo) || a.kind == maximum && out.lo.less(s.lo) {
			out.lo = s.lo
		}
		if a.kind == minimum && s.hi.less(out.hi) || a.kind == maximum && out.hi.less(s.hi) {
			out.hi = s.hi
		}
	}
	return out
}

// rangeOfMod returns the range of a % b, which lies between 0 and b.
func rangeOfMod(a, b Expr) span {
	s := rangeOf(b)
	whole := integral(a) && integral(b)
	if s.lo.atLeast(rat{}) {
		out := span{hi: s.hi}
		if whole && out.hi.inf == 0 {
			out.hi.v = out.hi.v.add(rat{num: -1})
		}
		if t := rangeOf(a); t.lo.atLeast(rat{}) && t.hi.less(out.hi) {
			out.hi = t.hi // a % b <= a
		}
		return out
	}
	if s.hi.inf == 0 && s.hi.v.sign() <= 0 {
		return span{lo: s.lo}
	}
	return span{limit{inf: min(s.lo.inf, 0), v: s.lo.v}, s.hi}
}
