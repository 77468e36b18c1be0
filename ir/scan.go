package ir

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// A token is what a scanner finds: a name, a number, a string or a sign.
type token struct {
	kind  tokenKind
	text  string // as written; of a quoted name or a string, what it stands for
	off   int
	first bool // the first of its line
}

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokName             // x, Gau.forward, %"a b"
	tokQuoted           // a name in quotes: never a keyword
	tokNumber           // 12, 1.5e-3
	tokString           // "abc"
	tokSign             // ( ) { } [ ] , : = @ - and ->
)

// A scanner splits the text form into tokens. It stops at the first mistake by
// a panic with a bailout, which Parse catches.
type scanner struct {
	file *source.File
	off  int // behind tok
	tok  token
}

// A bailout carries the first error out of the recursive descent.
type bailout struct{ err *source.Error }

func (s *scanner) failAt(off int, format string, args ...any) {
	panic(bailout{&source.Error{Pos: source.Pos{File: s.file, Off: off}, Msg: fmt.Sprintf(format, args...)}})
}

func (s *scanner) failf(format string, args ...any) { s.failAt(s.tok.off, format, args...) }

// limitf fails with an error that is a source.ErrLimit.
func (s *scanner) limitf(format string, args ...any) {
	panic(bailout{&source.Error{Pos: source.Pos{File: s.file, Off: s.tok.off}, Msg: fmt.Sprintf(format, args...), Kind: source.ErrLimit}})
}

// next moves to the next token.
func (s *scanner) next() {
	text := s.file.Text
	first := s.off == 0
	for s.off < len(text) {
		switch c := text[s.off]; {
		case c == '\n':
			first = true
			s.off++
		case c == ' ' || c == '\t' || c == '\r':
			s.off++
		case c == '#':
			if n := strings.IndexByte(text[s.off:], '\n'); n >= 0 {
				s.off += n
			} else {
				s.off = len(text)
			}
		default:
			s.scan(first)
			return
		}
	}
	s.tok = token{off: s.off, first: true}
}

// scan reads the token that starts at s.off.
func (s *scanner) scan(first bool) {
	rest := s.file.Text[s.off:]
	t := token{off: s.off, first: first}
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case '0' <= r && r <= '9':
		t.kind, size = tokNumber, numberLen(rest)
	case isNameRune(r) && r != '.':
		t.kind, size = tokName, spanLen(rest, isNameRune)
	case strings.HasPrefix(rest, `%"`):
		t.kind, size = tokQuoted, 1+s.stringLen(s.off+1)
	case r == '"':
		t.kind, size = tokString, s.stringLen(s.off)
	case strings.HasPrefix(rest, "->"):
		t.kind, size = tokSign, 2
	case strings.ContainsRune("(){}[],:=@-", r):
		t.kind = tokSign
	default:
		s.failAt(s.off, "no token starts with %q", rest[:size])
	}
	t.text = rest[:size]
	switch t.kind {
	case tokString, tokQuoted:
		unquoted, err := strconv.Unquote(strings.TrimPrefix(t.text, "%"))
		if err != nil {
			s.failAt(s.off, "want a string as in Go, have %s", source.Quote(t.text))
		}
		t.text = unquoted
	}
	s.off += size
	s.tok = t
}

// stringLen returns the length of the string literal at off.
func (s *scanner) stringLen(off int) int {
	text := s.file.Text
	for i := off + 1; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1 - off
		}
	}
	s.failAt(off, "string is not closed on its line")
	return 0
}

// spanLen returns the length of the longest head of s whose runes are all ok.
func spanLen(s string, ok func(rune) bool) int {
	for i, r := range s {
		if !ok(r) {
			return i
		}
	}
	return len(s)
}

// numberLen returns the length of a number without a sign: digits, a fraction,
// an exponent, 0x and hexadecimal digits.
func numberLen(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9', c == '.', c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case (c == '+' || c == '-') && (s[i-1] == 'e' || s[i-1] == 'E') && !strings.HasPrefix(s, "0x"):
		default:
			return i
		}
	}
	return len(s)
}

// describe returns the current token for a message.
func (s *scanner) describe() string {
	switch s.tok.kind {
	case tokEnd:
		return "the end of the file"
	case tokString, tokQuoted:
		return "the string " + source.Quote(strconv.Quote(s.tok.text))
	}
	return source.Quote(s.tok.text)
}

// is reports whether the current token is a sign or a bare word.
func (s *scanner) is(text string) bool {
	return (s.tok.kind == tokSign || s.tok.kind == tokName) && s.tok.text == text
}

// got moves on if the current token is the sign or bare word text.
func (s *scanner) got(text string) bool {
	if !s.is(text) {
		return false
	}
	s.next()
	return true
}

func (s *scanner) want(text string) {
	if !s.got(text) {
		s.failf("want %q, have %s", text, s.describe())
	}
}

// name reads a name, bare or quoted.
func (s *scanner) name(what string) token {
	t := s.tok
	if t.kind != tokName && t.kind != tokQuoted {
		s.failf("want %s, have %s", what, s.describe())
	}
	s.next()
	return t
}

// integer reads an integer between lo and hi, with a sign where lo allows it.
func (s *scanner) integer(what string, lo, hi int64) int64 {
	off, text := s.tok.off, ""
	if s.got("-") {
		text = "-"
	}
	if s.tok.kind != tokNumber {
		s.failf("want %s, have %s", what, s.describe())
	}
	text += s.tok.text
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < lo || n > hi {
		s.failAt(off, "want %s between %d and %d, have %s", what, lo, hi, source.Quote(text))
	}
	s.next()
	return n
}

// raw returns the text from the current token to the first , or closing
// bracket that is not inside brackets, and its place. What follows is the
// current token then.
func (s *scanner) raw() (text string, off int) {
	off = s.tok.off
	depth, end := 0, len(s.file.Text)
scan:
	for i := off; i < len(s.file.Text); i++ {
		switch s.file.Text[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth == 0 {
				end = i
				break scan
			}
			depth--
		case ',':
			if depth == 0 {
				end = i
				break scan
			}
		case '\n', '}', '#':
			end = i
			break scan
		}
	}
	s.off = end
	s.next()
	return s.file.Text[off:end], off
}

// fileName reads the name of a source file, bare or quoted, that stands at once
// behind the current token, and moves on.
func (s *scanner) fileName() string {
	rest := s.file.Text[s.off:]
	if n := spanLen(rest, isFileRune); n > 0 {
		s.off += n
		s.next()
		return rest[:n]
	}
	s.next()
	if s.tok.kind != tokString {
		s.failf("want the name of a file, have %s", s.describe())
	}
	name := s.tok.text
	s.next()
	return name
}
