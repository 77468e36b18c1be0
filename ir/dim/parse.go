package dim

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNesting is how deep brackets and signs may nest in what Parse reads.
const MaxNesting = 256

// A ParseError says what is wrong with a text, and where.
type ParseError struct {
	Off int // of the byte where the mistake stands
	Msg string
}

// Error returns the message with the column, counted in bytes from 1.
func (e *ParseError) Error() string { return fmt.Sprintf("column %d: %s", e.Off+1, e.Msg) }

// Parse reads an expression as String writes it and as the language spells
// sizes: numbers, names, + - * / %, brackets, and min, max, ceil and floor. Names
// may hold dots. Every error is a *ParseError, also that of an expression
// that divides by zero or does not fit.
func Parse(s string) (e Expr, err error) {
	p := &parser{text: s}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *ParseError:
			e, err = Expr{}, r
		default:
			panic(r)
		}
	}()
	p.next()
	e = p.sum()
	if p.tok != "" {
		p.failf("want an operator, have %q", p.tok)
	}
	return e, nil
}

type parser struct {
	text  string
	off   int    // of tok
	tok   string // the current token, empty at the end
	depth int
}

func (p *parser) failf(format string, args ...any) {
	panic(&ParseError{Off: p.off, Msg: fmt.Sprintf(format, args...)})
}

// next moves to the next token: a name, a number, or one character.
func (p *parser) next() {
	p.off += len(p.tok)
	rest := p.text[p.off:]
	p.off += len(rest) - len(strings.TrimLeft(rest, " \t"))
	rest = p.text[p.off:]
	n := len(rest)
	for i, r := range rest {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' {
			n = i
			if i == 0 {
				n = utf8.RuneLen(r)
				if r == utf8.RuneError {
					_, n = utf8.DecodeRuneInString(rest)
				}
			}
			break
		}
	}
	p.tok = rest[:n]
}

func (p *parser) got(tok string) bool {
	if p.tok != tok {
		return false
	}
	p.next()
	return true
}

func (p *parser) want(tok string) {
	if !p.got(tok) {
		if p.tok == "" {
			p.failf("want %q, have the end of the size", tok)
		}
		p.failf("want %q, have %q", tok, p.tok)
	}
}

func (p *parser) enter() {
	if p.depth++; p.depth > MaxNesting {
		p.failf("size nests deeper than %d", MaxNesting)
	}
}

func (p *parser) sum() Expr {
	e := p.product()
	for {
		off := p.off
		switch {
		case p.got("+"):
			e = p.checked(off, Add(e, p.product()))
		case p.got("-"):
			e = p.checked(off, Sub(e, p.product()))
		default:
			return e
		}
	}
}

func (p *parser) product() Expr {
	e := p.unary()
	for {
		off := p.off
		switch {
		case p.got("*"):
			e = p.checked(off, Mul(e, p.unary()))
		case p.got("/"):
			e = p.checked(off, Quo(e, p.unary()))
		case p.got("%"):
			e = p.checked(off, Mod(e, p.unary()))
		default:
			return e
		}
	}
}

func (p *parser) unary() Expr {
	if off := p.off; p.tok == "-" {
		p.enter()
		p.next()
		e := p.checked(off, Neg(p.unary()))
		p.depth--
		return e
	}
	return p.primary()
}

func (p *parser) primary() Expr {
	off, tok := p.off, p.tok
	if tok == "(" {
		p.enter()
		p.next()
		e := p.sum()
		p.want(")")
		p.depth--
		return e
	}
	first, _ := utf8.DecodeRuneInString(tok)
	switch {
	case tok == "":
		p.failf("want a size, have the end")
	case '0' <= first && first <= '9':
		n, err := strconv.ParseInt(tok, 10, 64)
		if err != nil || int64(int(n)) != n {
			p.failf("want an integer that fits in 64 bits, have %q", tok)
		}
		p.next()
		return Const(int(n))
	case !unicode.IsLetter(first) && first != '_':
		p.failf("want a size, have %q", tok)
	}
	p.next()
	if p.tok != "(" {
		return Var(tok)
	}
	p.enter()
	p.next()
	var e Expr
	switch tok {
	case "ceil":
		e = Ceil(p.sum())
	case "floor":
		e = Floor(p.sum())
	case "min", "max":
		e = p.sum()
		p.want(",")
		if f := p.sum(); tok == "min" {
			e = Min(e, f)
		} else {
			e = Max(e, f)
		}
	default:
		p.off, p.tok = off, tok
		p.failf("no function of sizes is called %s; there are min, max, ceil and floor", tok)
	}
	e = p.checked(off, e)
	p.want(")")
	p.depth--
	return e
}

// checked returns e, or fails at off if e carries an error.
func (p *parser) checked(off int, e Expr) Expr {
	if err := e.Err(); err != nil {
		panic(&ParseError{Off: off, Msg: err.Error()})
	}
	return e
}
