package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
)

// number evaluates a literal.
func (c *checker) number(x *syntax.Number) value {
	n, err := parseNumber(x.Text)
	if err != nil {
		c.errorf(x.At, "", "%s", err)
		return badValue
	}
	return value{kind: numberKind, num: n}
}

// parseStatic reads a static value from the command line: a number, maybe with
// a sign, true or false.
func parseStatic(text string) (value, bool) {
	switch text {
	case "true":
		return flagValue(true), true
	case "false":
		return flagValue(false), true
	}
	digits, negative := strings.CutPrefix(text, "-")
	if !isNumber(digits) {
		return value{}, false
	}
	n, err := parseNumber(digits)
	if err != nil {
		return value{}, false
	}
	if negative {
		n = n.negated()
	}
	return value{kind: numberKind, num: n}, true
}

// isNumber reports whether a text is a number of the language: big.Rat reads
// more, such as fractions and hexadecimal.
func isNumber(s string) bool {
	if s == "inf" || s == "nan" {
		return true
	}
	if s == "" || len(s) > syntax.MaxLiteral || s[0] < '0' || s[0] > '9' {
		return false
	}
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if has {
		exponent = strings.TrimPrefix(strings.TrimPrefix(exponent, "+"), "-")
		if exponent == "" || len(exponent) > 4 || strings.Trim(exponent, "0123456789") != "" {
			return false
		}
	}
	whole, fraction, has := strings.Cut(mantissa, ".")
	if has && fraction == "" {
		return false
	}
	return strings.Trim(whole+fraction, "0123456789_") == ""
}

// static holds a value against the kind that a static parameter, or a size of
// a model, is declared to have.
func (c *checker) static(p *syntax.Param, v value, at source.Pos) value {
	name := source.Quote(p.Name.Name)
	kind := p.Static
	what := kind.String() + " parameter " + name
	if kind == syntax.NotStatic {
		what = "size " + name
	}
	switch v.kind {
	case badKind:
		return v
	case unknownKind:
		if kind == syntax.Flag {
			return value{kind: flagKind, flag: open}
		}
		return v
	case flagKind:
		if kind == syntax.Flag {
			return v
		}
	case numberKind:
		switch kind {
		case syntax.NotStatic:
			return c.sizeValue(v, p.Name.Name, at)
		case syntax.Float:
			return v
		case syntax.Int:
			if _, problem := v.size(); problem == "" {
				return v
			}
		}
	}
	want := map[syntax.Static]string{syntax.NotStatic: "an integer", syntax.Int: "an integer", syntax.Float: "a number", syntax.Flag: "true or false"}[kind]
	hint := ""
	if v.kind == tensorKind {
		hint = "a tensor is known only at run time"
	}
	c.errorf(at, hint, "%s is static: expected %s, found %s", what, want, v.describe())
	return badValue
}

// sizeValue holds a static number against what sizes are: integers that are
// not negative.
func (c *checker) sizeValue(v value, name string, at source.Pos) value {
	if v.kind != numberKind {
		c.errorf(at, "", "size %s is an integer, found %s", source.Quote(name), v.describe())
		return badValue
	}
	n, problem := v.size()
	if problem != "" {
		c.errorf(at, "", "size %s is an integer, found %s", source.Quote(name), v.describe())
		return badValue
	}
	if k, ok := n.Int(); ok && k < 0 {
		c.errorf(at, "", "size %s cannot be negative, found %d", source.Quote(name), k)
		return badValue
	}
	return v
}

// mayBeNegative reports whether an expression over sizes holds a static
// parameter, of which less is known than of a size.
func (c *checker) mayBeNegative(e dim.Expr) bool {
	return slices.ContainsFunc(e.Vars(), func(name string) bool { return c.signed[name] })
}

// provedLessEq reports whether a <= b whatever the sizes are.
func (c *checker) provedLessEq(a, b dim.Expr) bool {
	return !c.mayBeNegative(a) && !c.mayBeNegative(b) && dim.LessEq(a, b) == dim.Yes
}

// numberResult makes a value of the outcome of static arithmetic.
func (c *checker) numberResult(n number, err error, at source.Pos) value {
	switch {
	case err == nil:
		return value{kind: numberKind, num: n}
	case errors.Is(err, errOpen):
		return unknownValue
	case errors.Is(err, errBits):
		c.errorf(at, "", "%s", err).Kind = source.ErrLimit
	default:
		c.errorf(at, "", "%s", err)
	}
	return badValue
}

// staticUnary computes -x and not x of static values.
func (c *checker) staticUnary(at source.Pos, op syntax.Kind, x value) value {
	if op == syntax.Not {
		if x.kind != flagKind {
			c.errorf(at, "", "not takes true or false, found %s", x.describe())
			return badValue
		}
		x.flag = not(x.flag)
		return x
	}
	if x.kind != numberKind {
		c.errorf(at, "", "- takes a number, found %s", x.describe())
		return badValue
	}
	x.num = x.num.negated()
	return x
}

// staticBinary computes an operation on two static values.
func (c *checker) staticBinary(at source.Pos, op syntax.Kind, x, y value) value {
	fail := func(want string) value {
		c.errorf(at, "", "%v takes %s, found %s and %s", op, want, x.describe(), y.describe())
		return badValue
	}
	switch op {
	case syntax.And, syntax.Or:
		if x.kind != flagKind || y.kind != flagKind {
			return fail("true or false")
		}
		decides := no
		if op == syntax.Or {
			decides = yes
		}
		switch {
		case x.flag == decides || y.flag == decides:
			x.flag = decides
		case x.flag == open || y.flag == open:
			x.flag = open
		default:
			x.flag = not(decides)
		}
		return x
	case syntax.Equal, syntax.NotEqual:
		if x.kind == flagKind && y.kind == flagKind {
			if x.flag == open || y.flag == open {
				x.flag = open
			} else {
				x.flag = truthOf((x.flag == y.flag) == (op == syntax.Equal))
			}
			return x
		}
		fallthrough
	case syntax.Less, syntax.LessEq, syntax.Greater, syntax.GreaterEq:
		if x.kind != numberKind || y.kind != numberKind {
			return fail("two static numbers")
		}
		return value{kind: flagKind, flag: compare(op, x.num, y.num, c.mayBeNegative)}
	case syntax.MatMul:
		c.errorf(at, "", "@ multiplies matrices, found the static numbers %s and %s", x.describe(), y.describe())
		return badValue
	}
	if x.kind != numberKind || y.kind != numberKind {
		return fail("numbers")
	}
	if op == syntax.FloorDiv && !(integerOrOpen(x.num) && integerOrOpen(y.num)) {
		c.errorf(at, "write floor(a / b)", "// divides integers, found %s and %s", x.describe(), y.describe())
		return badValue
	}
	n, err := arithmetic(op, x.num, y.num)
	if errors.Is(err, errZeroDivision) {
		err = fmt.Errorf("division by zero: %s %v %s", x.describe(), op, y.describe())
	}
	return c.numberResult(n, err, at)
}

// integerOrOpen reports whether a number is an integer, or may be one.
func integerOrOpen(x number) bool { return x.sym != nil || x.isInt() }

// staticCall computes a built-in whose arguments are all static; ok is false
// where it has no meaning for static values.
func (c *checker) staticCall(at source.Pos, name string, args []arg) (v value, ok bool) {
	fn, known := staticFunctions(name)
	if !known || len(args) < fn.params || !fn.many && len(args) > fn.params {
		return value{}, false
	}
	nums := make([]number, len(args))
	for i, a := range args {
		switch {
		case a.name != nil || a.value.kind != numberKind && a.value.kind != unknownKind:
			return value{}, false
		case a.value.kind == unknownKind:
			return unknownValue, true
		}
		nums[i] = a.value.num
	}
	n, err := fn.f(nums, c.mayBeNegative)
	return c.numberResult(n, err, at), true
}
