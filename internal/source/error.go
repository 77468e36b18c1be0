package source

import (
	"errors"
	"strings"

	"github.com/rivo/uniseg"
)

// ErrLimit is what errors.Is finds in every error that reports a limit: a
// program too deep, too long or too large to be compiled.
var ErrLimit = errors.New("limit exceeded")

// An Error is one mistake in a program: where, what, and what to do about it.
type Error struct {
	Pos  Pos
	Msg  string // what was expected and what was found, with the sizes in it
	Hint string // the likely fix; empty if there is none
	Kind error  // what errors.Is and errors.As find, such as ErrLimit; mostly nil
}

// Error returns one line, file:line:col: message, without the hint.
func (e *Error) Error() string {
	if e.Pos.File == nil {
		return Printable(e.Msg)
	}
	return e.Pos.String() + ": " + Printable(e.Msg)
}

// Unwrap returns the error's kind.
func (e *Error) Unwrap() error { return e.Kind }

const (
	margin  = "        " // what an excerpt is set in by
	tabStop = 4          // cells between tab stops of an excerpt

	// An excerpt shows at most this many bytes of the line before the place and
	// from it on, so that no message quotes more than 200 bytes of a program.
	maxBefore = 80
	maxAfter  = 110
	cut       = "..."
)

// Excerpt returns the line with a caret under the place, then the hint; each of
// the two or three lines is set in and ends with a newline. Tabs become spaces,
// control characters are escaped, and of a long line a window is shown.
// It returns only the hint, or nothing, where the place is not known.
func (e *Error) Excerpt() string {
	var out strings.Builder
	if e.Pos.File != nil {
		line, off := e.Pos.Line()
		// What lies outside the window is dropped before it is rendered: a line
		// may be as long as the file. One rune is four bytes at most.
		before, after := line[max(0, off-maxBefore):off], line[off:min(len(line), off+maxAfter)]
		before, after = trimPartial(before, off > maxBefore), trimPartialEnd(after, len(line)-off > maxAfter)
		if len(before) < off {
			before = cut + before
		}
		if off+len(after) < len(line) {
			after += cut
		}
		shown := render(before, 0)
		caret := uniseg.StringWidth(shown)
		out.WriteString(strings.TrimRight(margin+shown+render(after, caret), " ") + "\n")
		out.WriteString(margin + strings.Repeat(" ", caret) + "^\n")
	}
	if e.Hint != "" {
		out.WriteString(margin + "hint: " + Printable(e.Hint) + "\n")
	}
	return out.String()
}
