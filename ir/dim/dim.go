package dim

import (
	"errors"
	"maps"
	"slices"
)

// An Expr is a size, or a number on the way to one. It is immutable and in
// normal form; the zero Expr is the constant 0. Constants cost no memory.
type Expr struct {
	c rat  // the value of a constant
	x *sum // nil for a constant
}

// What an expression that carries an error may carry.
var (
	errOverflow = errors.New("size does not fit in 64 bits")
	errZero     = errors.New("division by zero in a size")
	errLarge    = errors.New("size is too large: more than 512 terms, 64 factors in one of them, or 4096 parts in all")
	errDeep     = errors.New("size nests more than 64 functions")
)

// A bailout carries an error out of the arithmetic; catch makes it the result.
type bailout struct{ err error }

// catch turns a bailout into an expression that carries its error.
func catch(e *Expr) {
	switch r := recover().(type) {
	case nil:
	case bailout:
		*e = Expr{x: &sum{err: r.err}}
	default:
		panic(r)
	}
}

// Const returns the constant n.
func Const(n int) (e Expr) {
	defer catch(&e)
	return Expr{c: whole(int64(n))}
}

// Var returns the size variable called name.
func Var(name string) Expr {
	return ofAtom(&atom{kind: variable, key: name})
}

// Add returns a + b.
func Add(a, b Expr) (e Expr) {
	defer catch(&e)
	return add(a, b)
}

// Sub returns a - b.
func Sub(a, b Expr) (e Expr) {
	defer catch(&e)
	return sub(a, b)
}

// Neg returns -a.
func Neg(a Expr) (e Expr) {
	defer catch(&e)
	return scale(a, rat{num: -1})
}

// Mul returns a * b.
func Mul(a, b Expr) (e Expr) {
	defer catch(&e)
	return mul(a, b)
}

// Quo returns a / b, exactly: 1/2 is a half.
func Quo(a, b Expr) (e Expr) {
	defer catch(&e)
	return quo(a, b)
}

// Mod returns a % b, which has the sign of b: a - b*floor(a/b).
func Mod(a, b Expr) (e Expr) {
	defer catch(&e)
	return mod(a, b)
}

// Min returns the lesser of a and b.
func Min(a, b Expr) (e Expr) {
	defer catch(&e)
	return extreme(minimum, a, b)
}

// Max returns the greater of a and b.
func Max(a, b Expr) (e Expr) {
	defer catch(&e)
	return extreme(maximum, a, b)
}

// Ceil returns the least integer that is not less than a.
func Ceil(a Expr) (e Expr) {
	defer catch(&e)
	return round(ceiling, a)
}

// Floor returns the greatest integer that is not greater than a.
func Floor(a Expr) (e Expr) {
	defer catch(&e)
	return round(flooring, a)
}

// Err returns what went wrong on the way to e, nil if nothing did: a number
// that does not fit in 64 bits, a division by zero, or a limit of this package.
func (e Expr) Err() error {
	if e.x == nil {
		return nil
	}
	return e.x.err
}

// IsConst reports whether e is a constant, maybe a fraction.
func (e Expr) IsConst() bool { return e.x == nil }

// Int returns the value of a constant integer; ok is false for any other.
func (e Expr) Int() (n int, ok bool) {
	if e.x != nil || !e.c.isInt() || int64(int(e.c.num)) != e.c.num {
		return 0, false
	}
	return int(e.c.num), true
}

// Rat returns the value of a constant, in lowest terms with den > 0.
func (e Expr) Rat() (num, den int, ok bool) {
	num, den = int(e.c.num), int(e.c.den())
	if e.x != nil || int64(num) != e.c.num || int64(den) != e.c.den() {
		return 0, 0, false
	}
	return num, den, true
}

// Equal reports whether e and f have the same normal form. It is stricter than
// the function Equal, which also proves.
func (e Expr) Equal(f Expr) bool {
	if e.Err() != nil || f.Err() != nil {
		return e.Err() == f.Err()
	}
	return e.compare(f) == 0
}

// Vars returns the names of the variables in e, sorted.
func (e Expr) Vars() []string {
	names := map[string]bool{}
	e.eachVar(names)
	return slices.Sorted(maps.Keys(names))
}

func (e Expr) eachVar(names map[string]bool) {
	for _, t := range e.terms() {
		for _, p := range t.mono {
			if p.atom.kind == variable {
				names[p.atom.key] = true
			}
			for _, a := range p.atom.args {
				a.eachVar(names)
			}
		}
	}
}

// Eval returns e with the values of env in the place of its variables;
// variables that env does not have stay.
func (e Expr) Eval(env map[string]int) Expr {
	if e.x == nil {
		return e
	}
	values := make(map[string]Expr, len(env))
	for name, n := range env {
		values[name] = Const(n)
	}
	return e.Subst(values)
}

// Subst returns e with the expressions of env in the place of its variables,
// all at once; variables that env does not have stay.
func (e Expr) Subst(env map[string]Expr) (out Expr) {
	defer catch(&out)
	return subst(e, env)
}

func subst(e Expr, env map[string]Expr) Expr {
	if e.x == nil {
		return e
	}
	check(e)
	var out Expr
	for _, t := range e.x.terms {
		product := Expr{c: t.coef}
		for _, p := range t.mono {
			base := substAtom(p.atom, env)
			for range max(p.exp, -p.exp) {
				if p.exp > 0 {
					product = mul(product, base)
				} else {
					product = quo(product, base)
				}
			}
		}
		out = add(out, product)
	}
	return out
}

func substAtom(a *atom, env map[string]Expr) Expr {
	if a.kind == variable {
		if e, ok := env[a.key]; ok {
			return e
		}
		return ofAtom(a)
	}
	args := make([]Expr, len(a.args))
	for i, b := range a.args {
		args[i] = subst(b, env)
	}
	switch a.kind {
	case divisor:
		return args[0]
	case modulo:
		return mod(args[0], args[1])
	case flooring, ceiling:
		return round(a.kind, args[0])
	default:
		e := args[0]
		for _, b := range args[1:] {
			e = extreme(a.kind, e, b)
		}
		return e
	}
}

// Solve returns the value of the only variable of e that makes e equal to
// value, where e is linear in it, as in 2*n - 1 or (n + 3)/2. The value must be
// an integer that is not negative. Where e has that form but no such value
// exists, name is the variable and ok is false; else name is empty.
func (e Expr) Solve(value int) (name string, n int, ok bool) {
	if e.Err() != nil {
		return "", 0, false
	}
	var slope, rest rat
	for _, t := range e.terms() {
		switch {
		case len(t.mono) == 0:
			rest = t.coef
		case len(t.mono) == 1 && t.mono[0].exp == 1 && t.mono[0].atom.kind == variable && name == "":
			name, slope = t.mono[0].atom.key, t.coef
		default:
			return "", 0, false
		}
	}
	if name == "" {
		return "", 0, false
	}
	root := Quo(Sub(Const(value), Expr{c: rest}), Expr{c: slope})
	if n, ok = root.Int(); !ok || n < 0 {
		return name, 0, false
	}
	return name, n, true
}
