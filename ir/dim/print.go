package dim

import (
	"strconv"
	"strings"
)

// String returns e as the language spells it, 2*n - 1 or ceil(n/c). Parse reads
// it back to an equal expression. An expression that carries an error is
// printed as that error in angle brackets.
func (e Expr) String() string {
	if err := e.Err(); err != nil {
		return "<" + err.Error() + ">"
	}
	ts := e.terms()
	switch {
	case e.x == nil:
		return e.c.String()
	case len(ts) == 1 && ts[0].coef == one && len(ts[0].mono) == 1 && ts[0].mono[0].exp == 1:
		if a := ts[0].mono[0].atom; a.kind == modulo {
			return a.modText() // % needs no brackets where it stands alone
		}
	}
	// A sum starts with a term that is not negative, where it has one.
	first := 0
	for i, t := range ts {
		if t.coef.sign() > 0 {
			first = i
			break
		}
	}
	var b strings.Builder
	b.WriteString(ts[first].text())
	for i, t := range ts {
		switch {
		case i == first:
		case t.coef.sign() < 0:
			t.coef = t.coef.neg()
			b.WriteString(" - " + t.text())
		default:
			b.WriteString(" + " + t.text())
		}
	}
	return b.String()
}

// text returns a term as a product over a product, 3*n/(4*c), over sums,
// n/c/(n + 1).
func (t term) text() string {
	var over, under []string
	sums := ""
	sign := ""
	if t.coef.sign() < 0 {
		sign, t.coef = "-", t.coef.neg()
	}
	if t.coef.num != 1 {
		over = append(over, strconv.FormatInt(t.coef.num, 10))
	}
	if !t.coef.isInt() {
		under = append(under, strconv.FormatInt(t.coef.den(), 10))
	}
	for _, p := range t.mono {
		for range p.exp {
			over = append(over, p.atom.key)
		}
		for range -p.exp {
			if p.atom.kind == divisor {
				sums += "/" + p.atom.key
			} else {
				under = append(under, p.atom.key)
			}
		}
	}
	if len(over) == 0 {
		over = []string{"1"}
	}
	s := sign + strings.Join(over, "*")
	switch len(under) {
	case 0:
		return s + sums
	case 1:
		return s + "/" + under[0] + sums
	default:
		return s + "/(" + strings.Join(under, "*") + ")" + sums
	}
}

// text returns the key of an atom: its spelling as a factor.
func (a *atom) text() string {
	switch a.kind {
	case divisor:
		return "(" + a.args[0].String() + ")"
	case modulo:
		return "(" + a.modText() + ")"
	case flooring:
		return "floor(" + a.args[0].String() + ")"
	case ceiling:
		return "ceil(" + a.args[0].String() + ")"
	case minimum, maximum:
		name := "min("
		if a.kind == maximum {
			name = "max("
		}
		// The language's min and max take two.
		s := a.args[len(a.args)-1].String()
		for i := len(a.args) - 2; i >= 0; i-- {
			s = name + a.args[i].String() + ", " + s + ")"
		}
		return s
	}
	return a.key
}

func (a *atom) modText() string { return operand(a.args[0]) + " % " + operand(a.args[1]) }

// operand returns e as an operand of %, in brackets unless it is one name,
// number or call.
func operand(e Expr) string {
	if n, ok := e.Int(); ok && n >= 0 {
		return e.String()
	}
	if ts := e.terms(); len(ts) == 1 && ts[0].coef == one && len(ts[0].mono) == 1 && ts[0].mono[0].exp == 1 {
		return ts[0].mono[0].atom.key
	}
	return "(" + e.String() + ")"
}
