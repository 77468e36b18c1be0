package source_test

import (
	"testing"

	"github.com/lathe-lang/lathe/internal/source"
)

func TestPos(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		off        int
		want, line string
	}{
		{"start", "ab\ncd", 0, "f:1:1", "ab"},
		{"second line", "ab\ncd", 4, "f:2:2", "cd"},
		{"at the newline", "ab\ncd", 2, "f:1:3", "ab"},
		{"end of text", "ab\ncd", 5, "f:2:3", "cd"},
		{"after the last newline", "ab\n", 3, "f:2:1", ""},
		{"empty", "", 0, "f:1:1", ""},
		{"columns are runes", "γβx", 4, "f:1:3", "γβx"},
		{"byte-order mark", "\uFEFFab", 4, "f:1:2", "ab"},
		{"at the byte-order mark", "\uFEFFab", 0, "f:1:1", "ab"},
		{"carriage return", "ab\r\ncd", 1, "f:1:2", "ab"},
		{"not utf-8", "\xff\xfex", 2, "f:1:3", "\xff\xfex"},
		{"stale, too large", "ab", 99, "f:1:3", "ab"},
		{"stale, negative", "ab", -1, "f:1:1", "ab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := source.Pos{File: &source.File{Name: "f", Text: tt.text}, Off: tt.off}
			if got := p.String(); got != tt.want {
				t.Errorf("String() = %s, want %s", got, tt.want)
			}
			if line, _ := p.Line(); line != tt.line {
				t.Errorf("Line() = %q, want %q", line, tt.line)
			}
		})
	}
}

func TestZeroPos(t *testing.T) {
	var p source.Pos
	if line, col := p.LineCol(); p.IsValid() || p.String() != "-" || line != 0 || col != 0 {
		t.Errorf("zero Pos: valid %v, %q, %d:%d", p.IsValid(), p, line, col)
	}
	if line, off := p.Line(); line != "" || off != 0 {
		t.Errorf("zero Pos has line %q, %d", line, off)
	}
	e := source.Error{Msg: "no place"}
	if e.Error() != "no place" || e.Excerpt() != "" {
		t.Errorf("error without a place: %q, %q", e.Error(), e.Excerpt())
	}
}
