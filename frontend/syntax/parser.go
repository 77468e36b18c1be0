package syntax

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/internal/source"
)

// Limits of a program's text. Beyond them Parse reports an error that is
// source.ErrLimit to errors.Is.
const (
	MaxFile    = 16 << 20 // bytes of a file
	MaxNesting = 256      // brackets, unary operators and powers around an expression; blocks around a statement
	MaxHeight  = 10_000   // of the tree of an expression: operators in a row count too
)

// Parse reads a program. It returns an error, source errors joined, where the
// text is not well formed, and beside it what could be read.
func Parse(file *source.File) (*File, error) {
	var errs source.Errors
	tree := &File{Source: file}
	if n := len(file.Text); n > MaxFile {
		e := errs.Addf(source.Pos{File: file}, "a file of %d bytes; the limit is %d (16 MB)", n, MaxFile)
		e.Hint, e.Kind = "move a part of it to a file that is imported", source.ErrLimit
		return tree, errs.Err()
	}
	p := &parser{s: newScanner(file, &errs)}
	p.next()
	tree.Decls = p.file()
	return tree, errs.Err()
}

// A parser descends by the grammar in nodes.go, one method a rule, in the
// files decl.go, types.go, statement.go, expression.go. A method that meets
// what the rule does not allow reports it and panics with bailout; try, which
// stands around each declaration, member and statement, ends that.
type parser struct {
	s     *scanner
	tok   Token  // the next one
	ahead *Token // the one behind tok where peek has looked, else nil

	brackets int // open round and square ones: inside them lines do not end
	nest     int // of the expression, see MaxNesting
	blocks   int // of the statement
	loops    int // around the statement
	height   int // of the expression parsed last

	// reopened is set when a block ends at a declaration because its closing
	// brace is missing, until the declaration is parsed.
	reopened bool
}

// bailout is the panic that leaves a rule whose mistake is reported.
type bailout struct{}

// try parses and reports whether that went well. After a mistake it has put
// back what the parser keeps about its depth and skipped what the rule left.
func (p *parser) try(parse func()) (ok bool) {
	saved := *p
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			depth := p.brackets - saved.brackets
			p.brackets, p.nest, p.blocks, p.loops = 0, 0, saved.blocks, saved.loops
			p.skip(depth)
		default:
			panic(r)
		}
	}()
	parse()
	return true
}

// skip goes to the end of the line, of the block or of the file, past blocks
// on the way, whose mistakes are independent ones. Lines do not end inside the
// given number of open brackets, unless a word at the head of one shows that a
// bracket is not closed.
func (p *parser) skip(depth int) {
	quiet := p.s.quiet
	defer func() { p.s.quiet = quiet }()
	p.s.quiet = true
	for {
		switch p.tok.Kind {
		case EOF, RBrace:
			return
		case LParen, LBracket:
			depth++
		case RParen, RBracket:
			depth = max(0, depth-1)
		case Newline:
			if depth == 0 {
				return
			}
			p.next()
			switch p.tok.Kind {
			case WordReturn, WordIf, WordAssert:
				return
			}
			if p.atDecl() {
				return
			}
			continue
		case LBrace:
			p.s.quiet = quiet
			p.try(func() { p.block() })
			if p.reopened {
				return
			}
			p.s.quiet = true
			continue
		}
		p.next()
	}
}

// next moves to the next token, past line ends where brackets are open.
func (p *parser) next() {
	for {
		if p.ahead != nil {
			p.tok, p.ahead = *p.ahead, nil
		} else {
			p.tok = p.s.next()
		}
		if p.tok.Kind != Newline || p.brackets == 0 {
			return
		}
	}
}

// peek returns the token behind the next one, a line end where there is one.
func (p *parser) peek() Token {
	if p.ahead == nil {
		t := p.s.next()
		p.ahead = &t
	}
	return *p.ahead
}

func (p *parser) pos(off int) source.Pos { return source.Pos{File: p.s.file, Off: off} }

// here returns the place of the next token.
func (p *parser) here() Place { return Place{p.pos(p.tok.Off)} }

// failf reports a mistake at an offset and leaves the rule.
func (p *parser) failf(off int, hint, format string, args ...any) {
	p.s.errorf(off, hint, format, args...)
	panic(bailout{})
}

// expected reports that something else than the next token had to stand here.
func (p *parser) expected(hint, format string, args ...any) {
	p.failf(p.tok.Off, hint, "expected %s, found %s", fmt.Sprintf(format, args...), describe(p.tok))
}

// take moves past a token of the given kind and returns it. What says what it
// is for: "after the name".
func (p *parser) take(kind Kind, what string) Token {
	t := p.tok
	if t.Kind != kind {
		p.expected("", "%s %s", show(kind), what)
	}
	p.next()
	return t
}

// got moves past a token of the given kind if there is one.
func (p *parser) got(kind Kind) bool {
	if p.tok.Kind != kind {
		return false
	}
	p.next()
	return true
}

// open moves past an opening bracket, the next token, and returns it.
func (p *parser) open() Token {
	t := p.tok
	p.brackets++
	p.next()
	return t
}

// close moves past the bracket that closes the opening one. Other is what else
// could stand here, for the message.
func (p *parser) close(opening Token, other string) {
	kind := RParen
	if opening.Kind == LBracket {
		kind = RBracket
	}
	if p.tok.Kind != kind {
		line, col := p.pos(opening.Off).LineCol()
		p.expected("", "%s%s to close the '%s' at %d:%d", other, show(kind), opening.Text, line, col)
	}
	p.brackets--
	p.next()
}

// list parses what stands in brackets, separated by commas, the last of which
// may be followed by one too.
func (p *parser) list(item func()) {
	opening := p.open()
	for p.tok.Kind != RParen && p.tok.Kind != RBracket {
		item()
		if !p.got(Comma) {
			break
		}
	}
	p.close(opening, "',' or ")
}

// enter counts one level of an expression; leave with p.nest--.
func (p *parser) enter() {
	p.nest++
	if p.nest > MaxNesting {
		p.s.limitf(p.tok.Off, "bind a part of it to a name", "the expression is nested too deep; the limit is %d", MaxNesting)
		panic(bailout{})
	}
}

// grow sets the height of the expression whose highest part has height h.
func (p *parser) grow(h, off int) {
	p.height = h + 1
	if p.height > MaxHeight {
		p.s.limitf(off, "bind a part of it to a name", "too many operations in a row; the limit is %d", MaxHeight)
		panic(bailout{})
	}
}

// name parses a name that is declared or bound.
func (p *parser) name(what string) *Name {
	n := &Name{p.here(), p.tok.Text}
	switch {
	case p.tok.Kind == Elem:
		p.expected("the names of element types cannot be used for anything else", "%s", what)
	case p.tok.Kind != Ident && isWord(p.tok.Kind):
		p.expected(fmt.Sprintf("'%s' is a word of the language", p.tok.Text), "%s", what)
	case p.tok.Kind != Ident:
		p.expected("", "%s", what)
	}
	p.next()
	return n
}

// str parses a string.
func (p *parser) str(what string) *String {
	at := p.here()
	return &String{at, unquote(p.take(Str, what).Text)}
}

// at reports whether the next token is the given word, which is no keyword.
func (p *parser) at(word string) bool { return p.tok.Kind == Ident && p.tok.Text == word }

// endLine parses the end of a statement, declaration or member.
func (p *parser) endLine(what string) {
	switch p.tok.Kind {
	case Newline:
		p.next()
	case RBrace, EOF:
	default:
		if !p.reopened {
			p.expected(afterHint(p.tok), "the end of the line after %s", what)
		}
	}
}

// afterHint guesses why something stands behind a complete statement.
func afterHint(t Token) string {
	switch t.Kind {
	case Ident, Num, LBrace:
		return "each statement has a line of its own"
	case RParen, RBracket:
		return "there is no bracket open"
	case Assign:
		return "only a name or a part of a tensor, y[i], can stand before ="
	}
	return ""
}

// describe names a token in a message.
func describe(t Token) string {
	switch t.Kind {
	case EOF:
		return "the end of the file"
	case Newline:
		return "the end of the line"
	case Ident:
		return "name " + source.Quote(t.Text)
	case Num:
		return "number " + source.Quote(t.Text)
	case Str:
		return "string " + source.Quote(t.Text)
	case Elem:
		return "element type " + t.Text
	}
	return "'" + t.Text + "'"
}

// show names a kind of token in a message.
func show(k Kind) string {
	if slices.Contains([]Kind{EOF, Newline, Ident, Elem, Num, Str}, k) {
		return "a " + k.String()
	}
	return "'" + k.String() + "'"
}

// isWord reports whether the kind is written in letters.
func isWord(k Kind) bool { return And <= k && k <= Not || WordFor <= k && k <= WordNaN }
