package source

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// maxQuote is how many bytes of a name or a word a message repeats.
const maxQuote = 60

// Quote returns text of a program for use inside a message: at most 60 bytes of
// it, with what cannot be printed escaped, between no quotation marks.
func Quote(s string) string {
	if len(s) <= maxQuote {
		return Printable(s)
	}
	return Printable(trimPartialEnd(s[:maxQuote], true)) + cut
}

// Printable returns s with control characters, invisible and direction-changing
// characters and bytes that are not UTF-8 escaped as in a Go string, so that no
// program can move the cursor of the terminal that shows its errors.
func Printable(s string) string {
	plain := true
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var out strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				fmt.Fprintf(&out, `\x%02x`, s[i])
				continue
			}
		}
		writePrintable(&out, r)
	}
	return out.String()
}

// writePrintable writes r, escaped where it cannot be shown.
func writePrintable(out *strings.Builder, r rune) {
	switch {
	case unicode.IsPrint(r):
		out.WriteRune(r)
	case r == '\t':
		out.WriteString(`\t`)
	case r == '\n':
		out.WriteString(`\n`)
	case r == '\r':
		out.WriteString(`\r`)
	case r < 0x80:
		fmt.Fprintf(out, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(out, `\u%04x`, r)
	default:
		fmt.Fprintf(out, `\U%08x`, r)
	}
}

// render returns what an excerpt shows of s: Printable, but tabs become the
// spaces to the next tab stop. The text starts at the given cell of the line.
func render(s string, cell int) string {
	var out strings.Builder
	for i, part := range strings.Split(s, "\t") {
		if i > 0 {
			n := tabStop - cell%tabStop
			out.WriteString(strings.Repeat(" ", n))
			cell += n
		}
		part = Printable(part)
		out.WriteString(part)
		cell += uniseg.StringWidth(part)
	}
	return out.String()
}

// trimPartial drops the tail of a character that was cut at the head of s.
func trimPartial(s string, wasCut bool) string {
	for n := 0; wasCut && n < utf8.UTFMax-1 && s != "" && !utf8.RuneStart(s[0]); n++ {
		s = s[1:]
	}
	return s
}

// trimPartialEnd drops the head of a character that was cut at the end of s.
func trimPartialEnd(s string, wasCut bool) string {
	if !wasCut {
		return s
	}
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if tail := s[len(s)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return s[:len(s)-n]
			}
			break
		}
	}
	return s
}
