package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// Limits of literals. They bound the work of reading a number exactly; nothing
// that fits an element type comes near them.
const (
	MaxLiteral  = 4096 // bytes of a number or a string
	MaxExponent = 9999 // of a number, either sign
)

// number scans a number. One that is not formed as numbers are is reported and
// returned all the same, so that the parser has nothing to add.
func (s *scanner) number() Token {
	start := s.off
	whole := s.digits()
	hint, problem := "", ""
	rest := s.text[s.off:]
	if strings.HasPrefix(rest, ".") && !strings.HasPrefix(rest, "..") {
		s.off++
		if s.off < len(s.text) && isDigit(s.text[s.off]) {
			s.digits()
		} else {
			hint, problem = "write "+source.Quote(whole)+".0", "a number ends with a digit"
		}
	}
	exponent := ""
	if s.off < len(s.text) && (s.text[s.off] == 'e' || s.text[s.off] == 'E') {
		at := s.off + 1
		if at < len(s.text) && (s.text[at] == '+' || s.text[at] == '-') {
			at++
		}
		if at < len(s.text) && isDigit(s.text[at]) {
			s.off = at
			exponent = s.digits()
		}
	}
	end := s.off
	for s.off < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[s.off:])
		if !isLetter(r) && !unicode.IsDigit(r) {
			break
		}
		s.off += n
	}
	text, tail := s.text[start:s.off], s.text[end:s.off]
	switch {
	case problem != "":
	case strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") || strings.HasPrefix(text, "0b") || strings.HasPrefix(text, "0o"):
		hint, problem = "write it in decimal", "numbers are decimal: "+source.Quote(text)
	case tail == "e" || tail == "E":
		hint, problem = "write "+source.Quote(s.text[start:end])+"e0", "an exponent has digits: "+source.Quote(text)
	case tail != "":
		hint = "write " + source.Quote(s.text[start:end]) + " * " + source.Quote(tail)
		problem = "a number is followed by a letter: " + source.Quote(text)
	case strings.HasSuffix(text, "_") || strings.Contains(text, "__") || strings.Contains(text, "_.") || strings.Contains(text, "_e") || strings.Contains(text, "_E"):
		hint, problem = "write "+source.Quote(strings.ReplaceAll(text, "_", "")), "in a number _ stands between two digits"
	case len(whole) > 1 && whole[0] == '0':
		hint = "write " + source.Quote(plain(text))
		problem = "a number has no leading zeros: " + source.Quote(text)
	}
	switch {
	case problem != "":
		s.errorf(start, hint, "%s", problem)
	case len(text) > MaxLiteral:
		s.limitf(start, "", "a number of %d characters; the limit is %d", len(text), MaxLiteral)
	case tooLarge(exponent):
		s.limitf(start, "", "the exponent of %s is beyond the limit, %d", source.Quote(text), MaxExponent)
	}
	return Token{Kind: Num, Off: start, Text: text}
}

// plain returns a number without the zeros and the _ that lead it.
func plain(text string) string {
	cut := strings.TrimLeft(text, "0_")
	if cut == "" || !isDigit(cut[0]) {
		return "0" + cut
	}
	return cut
}

// tooLarge reports whether digits are a number over MaxExponent.
func tooLarge(digits string) bool {
	n := 0
	for _, c := range []byte(digits) {
		if isDigit(c) {
			n = min(10*n+int(c-'0'), MaxExponent+1)
		}
	}
	return n > MaxExponent
}

// digits scans digits and underscores and returns them.
func (s *scanner) digits() string {
	start := s.off
	for s.off < len(s.text) && (isDigit(s.text[s.off]) || s.text[s.off] == '_') {
		s.off++
	}
	return s.text[start:s.off]
}

// str scans a string. One that is not closed ends with its line.
func (s *scanner) str() Token {
	start := s.off
	s.off++
	for s.off < len(s.text) {
		switch c := s.text[s.off]; {
		case c == '"':
			s.off++
			text := s.text[start:s.off]
			if len(text)-2 > MaxLiteral {
				s.limitf(start, "", "a string of %d bytes; the limit is %d", len(text)-2, MaxLiteral)
			}
			return Token{Kind: Str, Off: start, Text: text}
		case c == '\\':
			s.off++
			if s.off < len(s.text) && strings.IndexByte(`"\nt`, s.text[s.off]) >= 0 {
				s.off++
				continue
			}
			s.errorf(s.off-1, `the escapes are \" \\ \n \t`, "unknown escape in a string")
		case c == '\n' || strings.HasPrefix(s.text[s.off:], "\r\n"):
			s.errorf(start, "", "the string is not closed on its line")
			return Token{Kind: Str, Off: start, Text: s.text[start:s.off] + `"`}
		case c < ' ' && c != '\t' && c != '\r' || c == 0x7f:
			s.errorf(s.off, "", `control character \x%02x in a string`, c)
			s.off++
		default:
			s.off++
		}
	}
	s.errorf(start, "", "the string is not closed on its line")
	return Token{Kind: Str, Off: start, Text: s.text[start:] + `"`}
}

// unquote returns the value of a string token; escapes that str has reported
// stay as they are.
func unquote(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(text)
}

// quote is the inverse of unquote.
func quote(value string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\t", `\t`).Replace(value) + `"`
}
