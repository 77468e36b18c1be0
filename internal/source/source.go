// Package source holds program text, places in it, and what is wrong there.
// It knows nothing of any language: the front end and the reader of the IR's
// text form share it.
//
// This package is part of the compiler, not of its API; it changes without notice.
package source

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// bom is the byte-order mark that some editors write at the head of a file.
const bom = "\uFEFF"

// A File is one text and its name as the user wrote it. Positions point to it,
// so it is used by pointer; its fields do not change once positions exist.
type File struct {
	Name string
	Text string
}

// A Pos is a byte offset in a file. The zero Pos means "no place known".
type Pos struct {
	File *File
	Off  int
}

// IsValid reports whether the place is known.
func (p Pos) IsValid() bool { return p.File != nil }

// LineCol returns the 1-based line and the 1-based column counted in runes; a
// byte-order mark has no column, and a byte that is not UTF-8 counts as one
// rune. It returns 0, 0 for the zero Pos. It reads the text up to the place.
func (p Pos) LineCol() (line, col int) {
	if p.File == nil {
		return 0, 0
	}
	before := p.File.Text[:p.offset()]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(strings.TrimPrefix(before[start:], bom))
}

// String returns file:line:col, or "-" for the zero Pos.
func (p Pos) String() string {
	if p.File == nil {
		return "-"
	}
	line, col := p.LineCol()
	return fmt.Sprintf("%s:%d:%d", Printable(p.File.Name), line, col)
}

// Line returns the text of the place's line without its end, and the place's
// byte offset in it. The place may stand one past the last byte.
func (p Pos) Line() (text string, off int) {
	if p.File == nil {
		return "", 0
	}
	all, at := p.File.Text, p.offset()
	start := strings.LastIndexByte(all[:at], '\n') + 1
	text, _, _ = strings.Cut(all[start:], "\n")
	text, off = strings.TrimSuffix(text, "\r"), at-start
	if rest, ok := strings.CutPrefix(text, bom); ok && start == 0 {
		text, off = rest, max(0, off-len(bom))
	}
	return text, min(off, len(text))
}

// offset returns Off moved into the text, so that a stale position shows a
// wrong place instead of ending the process.
func (p Pos) offset() int { return max(0, min(p.Off, len(p.File.Text))) }
