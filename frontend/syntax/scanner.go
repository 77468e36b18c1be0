package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// A scanner cuts a text into tokens, one a call. It reports what no token can
// be made of and goes on behind it.
type scanner struct {
	file *source.File
	text string
	off  int  // of the next byte to look at
	last Kind // of the token before
	end  int  // where that token ended
	errs *source.Errors

	quiet   bool // skipping behind a mistake: report nothing
	stopped bool // enough mistakes, or a limit: only EOF from here on
}

func newScanner(file *source.File, errs *source.Errors) *scanner {
	s := &scanner{file: file, text: file.Text, last: Newline, errs: errs}
	checkText(file, errs)
	s.stopped = errs.Full()
	if strings.HasPrefix(s.text, "\uFEFF") {
		s.off = len("\uFEFF")
	}
	return s
}

// errorf reports a mistake at an offset. The hint may be empty.
func (s *scanner) errorf(off int, hint, format string, args ...any) *source.Error {
	if s.quiet || s.stopped {
		return &source.Error{}
	}
	e := s.errs.Addf(source.Pos{File: s.file, Off: off}, format, args...)
	e.Hint = hint
	if s.errs.Full() {
		s.stopped = true
	}
	return e
}

// limitf reports that a limit is passed, and ends the scan: what follows would
// be work without bound.
func (s *scanner) limitf(off int, hint, format string, args ...any) {
	s.errorf(off, hint, format, args...).Kind = source.ErrLimit
	s.stopped = true
}

// next returns the next token. Lines without a token give no Newline, and
// neither do those that end with a binary operator or a comma; the last line
// has one even if the file does not.
func (s *scanner) next() Token {
	t := s.scan()
	s.last, s.end = t.Kind, min(t.Off+len(t.Text), s.off) // an unclosed string is given a quote
	return t
}

func (s *scanner) scan() Token {
	for !s.stopped && s.off < len(s.text) {
		switch c := s.text[s.off]; {
		case c == ' ' || c == '\t' || c == '\r':
			s.off++
		case c == '#':
			n := strings.IndexByte(s.text[s.off:], '\n')
			if n < 0 {
				n = len(s.text) - s.off
			}
			s.off += n
		case c == '\n':
			s.off++
			if s.last != Newline && !s.last.continues() {
				return Token{Kind: Newline, Off: s.end}
			}
		case isDigit(c):
			return s.number()
		case c == '.' && s.off+1 < len(s.text) && isDigit(s.text[s.off+1]):
			start := s.off
			s.off++
			s.digits()
			text := s.text[start:s.off]
			s.errorf(start, "write 0"+source.Quote(text), "a number starts with a digit")
			return Token{Kind: Num, Off: start, Text: text}
		case c == '"':
			return s.str()
		default:
			return s.word()
		}
	}
	if s.last != Newline && !s.stopped {
		return Token{Kind: Newline, Off: s.end}
	}
	return Token{Kind: EOF, Off: s.off}
}

// word scans a name or an operator.
func (s *scanner) word() Token {
	start := s.off
	for s.off < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[s.off:])
		if !isLetter(r) && !(s.off > start && unicode.IsDigit(r)) {
			break
		}
		s.off += n
	}
	if s.off > start {
		text := s.text[start:s.off]
		if kind, ok := words[text]; ok {
			return Token{Kind: kind, Off: start, Text: text}
		}
		return Token{Kind: Ident, Off: start, Text: text}
	}
	rest := s.text[start:]
	for _, m := range foreign {
		if strings.HasPrefix(rest, m.text) {
			s.off += len(m.text)
			s.errorf(start, m.hint, "unexpected %s", m.text)
			return Token{Kind: Bad, Off: start, Text: m.text}
		}
	}
	for _, op := range operators {
		if text := op.String(); strings.HasPrefix(rest, text) {
			s.off += len(text)
			return Token{Kind: op, Off: start, Text: text}
		}
	}
	r, n := utf8.DecodeRuneInString(rest)
	s.off += n
	hint := ""
	if r == '!' {
		hint = "write not"
	}
	if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		hint = "between words stand plain spaces"
	}
	s.errorf(start, hint, "unexpected character %s", source.Quote(rest[:n]))
	return Token{Kind: Bad, Off: start, Text: rest[:n]}
}

// operators are the kinds with one text that is no word; those that begin with
// another one come first.
var operators = []Kind{
	Dots, Arrow, FloorDiv, LessEq, GreaterEq, Equal, NotEqual, AddAssign, SubAssign, MulAssign, DivAssign, DotDot,
	Add, Sub, Mul, MatMul, Div, Mod, Pow, Less, Greater, Assign,
	LParen, RParen, LBracket, RBracket, LBrace, RBrace, Comma, Colon, Dot,
}

// foreign are operators of other languages, with what is written here instead.
var foreign = []struct{ text, hint string }{
	{"**", "powers are written ^"},
	{"//=", "write y = y // e"}, {"@=", "write y = y @ e"}, {"%=", "write y = y % e"}, {"^=", "write y = y ^ e"},
	{":=", "names are bound with ="},
	{"&&", "write and"}, {"||", "write or"}, {"&", "write and"}, {"|", "write or"},
	{"<<", "shifts are written * 2 ^ k"}, {">>", "shifts are written // 2 ^ k"},
	{";", "each statement has a line of its own"},
	{"'", "strings stand in double quotes"},
	{`\`, "a line goes on inside brackets, or after a binary operator or a comma"},
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) }
