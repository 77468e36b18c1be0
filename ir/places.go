package ir

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lathe-lang/lathe/internal/source"
)

// A placeTable collects the source lines that the positions of a module point
// to, so that its errors can show them when it is read back. Files of one name
// count as one.
type placeTable struct {
	files []string // in the order of their first position
	lines map[string]map[int]string
}

// spell returns a position as the text form writes it, @gau.lathe:14:18, and
// notes its line.
func (t *placeTable) spell(pos source.Pos) string {
	if t.lines == nil {
		t.lines = map[string]map[int]string{}
	}
	name := pos.File.Name
	lines := t.lines[name]
	if lines == nil {
		lines = map[int]string{}
		t.lines[name] = lines
		t.files = append(t.files, name)
	}
	line, col := pos.LineCol()
	if _, ok := lines[line]; !ok {
		lines[line] = rawLine(pos)
	}
	return fmt.Sprintf("@%s:%d:%d", spellFile(name), line, col)
}

// rawLine returns the line of pos with all its bytes but the newline.
func rawLine(pos source.Pos) string {
	text := pos.File.Text
	off := max(0, min(pos.Off, len(text)))
	start := strings.LastIndexByte(text[:off], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	return line
}

// text returns the table as the text form writes it. Blank lines are left out.
func (t *placeTable) text() string {
	var b strings.Builder
	for _, f := range t.files {
		var numbers []int
		for n, line := range t.lines[f] {
			if strings.Trim(line, " ") != "" {
				numbers = append(numbers, n)
			}
		}
		if len(numbers) == 0 {
			continue
		}
		slices.Sort(numbers)
		fmt.Fprintf(&b, "file %s {\n", spellFile(f))
		for _, n := range numbers {
			fmt.Fprintf(&b, "  %d %s\n", n, strconv.Quote(t.lines[f][n]))
		}
		b.WriteString("}\n\n")
	}
	return b.String()
}

// spellFile quotes a file name unless it is letters, digits and _ . - /
func spellFile(name string) string {
	for _, r := range name {
		if !isFileRune(r) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func isFileRune(r rune) bool { return r == '-' || r == '/' || isNameRune(r) }

// Limits of the positions in a text.
const (
	maxLine    = 1 << 20 // the last line of a file
	maxColumn  = 1 << 16
	maxPadding = 1 << 24 // bytes of lines that are not in the table
)

// A placeReader makes positions from lines and columns. The files that they
// point to hold the lines of the table; other lines are blank, and as long as
// the positions ask for.
type placeReader struct {
	files   []*placeFile // in the order of their first mention
	byName  map[string]*placeFile
	pending []placeWant
	padding int
}

type placeFile struct {
	file  source.File
	lines map[int]placeLine
	last  int
}

// A placeLine is a line and its length in runes, a byte-order mark apart.
type placeLine struct {
	text string
	cols int
}

// A placeWant is a position that is set when all files are complete.
type placeWant struct {
	pos       *source.Pos
	file      *placeFile
	line, col int
}

func (r *placeReader) file(name string) *placeFile {
	if f := r.byName[name]; f != nil {
		return f
	}
	f := &placeFile{file: source.File{Name: name}, lines: map[int]placeLine{}}
	if r.byName == nil {
		r.byName = map[string]*placeFile{}
	}
	r.byName[name] = f
	r.files = append(r.files, f)
	return f
}

// want asks for a position; it returns false where the limit on lines that are
// not in the table is passed.
func (r *placeReader) want(pos *source.Pos, name string, line, col int) bool {
	f := r.file(name)
	f.last = max(f.last, line)
	have := f.lines[line]
	if missing := col - 1 - have.cols; missing > 0 {
		if r.padding += missing; r.padding > maxPadding {
			return false
		}
		f.lines[line] = placeLine{have.text + strings.Repeat(" ", missing), col - 1}
	}
	r.pending = append(r.pending, placeWant{pos, f, line, col})
	return true
}

const bom = "\uFEFF"

// line sets a line of a file; it returns false if it is there already.
func (f *placeFile) line(number int, text string) bool {
	if _, ok := f.lines[number]; ok {
		return false
	}
	visible := text
	if number == 1 {
		visible = strings.TrimPrefix(text, bom)
	}
	f.lines[number] = placeLine{text, utf8.RuneCountInString(visible)}
	f.last = max(f.last, number)
	return true
}

// resolve completes the files and sets the positions.
func (r *placeReader) resolve() {
	starts := map[*placeFile][]int{}
	for _, f := range r.files {
		var b strings.Builder
		start := make([]int, f.last+1)
		for n := 1; n <= f.last; n++ {
			start[n] = b.Len()
			b.WriteString(f.lines[n].text + "\n")
		}
		f.file.Text = b.String()
		starts[f] = start
	}
	for _, w := range r.pending {
		off := starts[w.file][w.line]
		rest := w.file.file.Text[off:]
		if w.line == 1 && strings.HasPrefix(rest, bom) {
			off, rest = off+len(bom), rest[len(bom):]
		}
		for range w.col - 1 {
			_, n := utf8.DecodeRuneInString(rest)
			off, rest = off+n, rest[n:]
		}
		*w.pos = source.Pos{File: &w.file.file, Off: off}
	}
}
