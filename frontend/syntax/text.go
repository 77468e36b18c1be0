package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// checkText reports what may stand nowhere in a file, comments included: NUL,
// a carriage return that ends no line, characters that change the direction of
// text (which let a program read otherwise than it runs), bytes that are not UTF-8.
func checkText(file *source.File, errs *source.Errors) {
	text := file.Text
	for off := 0; off < len(text) && !errs.Full(); {
		pos := source.Pos{File: file, Off: off}
		c := text[off]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[off:])
			switch {
			case r == utf8.RuneError && n == 1:
				errs.Addf(pos, `byte \x%02x is not UTF-8`, c).Hint = "save the file as UTF-8"
			case isBidi(r):
				errs.Addf(pos, `character U+%04X changes the direction of the text`, r).Hint = "remove it"
			}
			off += n
			continue
		}
		switch {
		case c == 0:
			errs.Addf(pos, "a NUL byte: this is no text file")
		case c == '\r' && !strings.HasPrefix(text[off+1:], "\n"):
			errs.Addf(pos, "a carriage return without a line feed").Hint = `end lines with \n or \r\n`
		}
		off++
	}
}

// isBidi reports whether r is one of Unicode's directional formatting characters.
func isBidi(r rune) bool {
	switch {
	case r == 0x061C, r == 0x200E, r == 0x200F, 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}
