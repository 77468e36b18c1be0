package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"

	"github.com/lathe-lang/lathe/internal/source"
)

// at returns the place of the first § in text, which it takes out.
func at(text string) source.Pos {
	off := strings.Index(text, "§")
	return source.Pos{File: &source.File{Name: "m.lathe", Text: strings.Replace(text, "§", "", 1)}, Off: off}
}

func TestExcerpt(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "a\nu = silu(h §@ wu)\nb", "u = silu(h @ wu)\n           ^\n"},
		{"tabs before", "\t\tx = §y", "        x = y\n            ^\n"},
		{"tab stops", "ab\tx §y", "ab  x y\n      ^\n"},
		{"at a tab", "ab§\tx", "ab  x\n  ^\n"},
		{"end of line", "x = §\ny", "x =\n    ^\n"},
		{"greek is one cell a letter", "γ = β §+ 1", "γ = β + 1\n      ^\n"},
		{"han is two cells a letter", "重 = §x", "重 = x\n     ^\n"},
		{"combining marks take no cell", "e\u0301 = §x", "e\u0301 = x\n    ^\n"},
		{"control characters", "a\x00\x1b[31m§b", "a\\x00\\x1b[31mb\n             ^\n"},
		{"direction marks", "a\u202e§b", "a\\u202eb\n       ^\n"},
		{"not utf-8", "a\xff§b", "a\\xffb\n     ^\n"},
		{"carriage return", "a §b\r\nc", "a b\n  ^\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := source.Error{Pos: at(tt.text), Msg: "m", Hint: "write it"}
			want := "        " + strings.ReplaceAll(tt.want, "\n", "\n        ") + "hint: write it\n"
			if diff := cmp.Diff(want, e.Excerpt()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestExcerptWindow checks that however long the line is, the excerpt quotes at
// most 200 bytes, whole characters only, and the caret stands under the place.
func TestExcerptWindow(t *testing.T) {
	for _, unit := range []string{"a", "γ", "重", "𝛾", "\xff"} {
		for _, before := range []int{0, 1, 19, 20, 21, 39, 40, 41, 79, 80, 81, 500, 100000} {
			for _, after := range []int{0, 1, 27, 28, 36, 37, 54, 55, 109, 110, 111, 100000} {
				text := strings.Repeat(unit, before) + "§!" + strings.Repeat(unit, after)
				e := source.Error{Pos: at(text), Msg: "m"}
				line, caret, _ := strings.Cut(e.Excerpt(), "\n")
				if !utf8.ValidString(line) {
					t.Fatalf("%q %d %d: cut inside a character: %q", unit, before, after, line)
				}
				quoted := strings.ReplaceAll(line, `\xff`, ".")
				if n := len(strings.TrimSpace(quoted)); n > 200 {
					t.Errorf("%q %d %d: quotes %d bytes", unit, before, after, n)
				}
				head, _, ok := strings.Cut(line, "!")
				if !ok {
					t.Fatalf("%q %d %d: the place is not in the window: %q", unit, before, after, line)
				}
				if got := strings.Index(caret, "^"); got != uniseg.StringWidth(head) {
					t.Errorf("%q %d %d: caret at cell %d, place at %d", unit, before, after, got, uniseg.StringWidth(head))
				}
			}
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"gamma":                       "gamma",
		"a\tb\nc\rd":                  `a\tb\nc\rd`,
		"\x07\u200b\U000e0001\xc3":    `\x07\u200b\U000e0001\xc3`,
		"\uFFFD":                      "\uFFFD",
		strings.Repeat("x", 60):       strings.Repeat("x", 60),
		strings.Repeat("x", 61):       strings.Repeat("x", 60) + "...",
		"x" + strings.Repeat("重", 30): "x" + strings.Repeat("重", 19) + "...",
	} {
		if got := source.Quote(in); got != want {
			t.Errorf("Quote(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	a := &source.File{Name: "a", Text: strings.Repeat("x", 50)}
	b := &source.File{Name: "b", Text: "y"}
	var es source.Errors
	if es.Err() != nil || es.Full() {
		t.Fatalf("zero Errors: %v, full %v", es.Err(), es.Full())
	}
	es.Addf(source.Pos{File: a, Off: 7}, "late")
	es.Addf(source.Pos{File: b}, "other file")
	es.Addf(source.Pos{File: a, Off: 3}, "early").Hint = "h"
	es.Addf(source.Pos{File: a, Off: 7}, "repeat")
	if got, want := fmt.Sprint(es.Err()), "a:1:4: early\na:1:8: late\nb:1:1: other file"; got != want || es.Len() != 3 {
		t.Errorf("got %d errors\n%s\nwant\n%s", es.Len(), got, want)
	}
	for i := 20; i < 40; i++ {
		es.Addf(source.Pos{File: a, Off: i}, "more")
	}
	if n := len(es.List()); n != source.MaxErrors || !es.Full() {
		t.Errorf("reports %d errors, want %d", n, source.MaxErrors)
	}
	wrapped := fmt.Errorf("load: %w", errors.Join(errors.New("disk"), fmt.Errorf("parse: %w", es.Err())))
	if diff := cmp.Diff(es.List(), source.List(wrapped), cmp.Comparer(func(a, b *source.Error) bool { return a == b })); diff != "" {
		t.Errorf("List lost errors (-want +got):\n%s", diff)
	}
	if source.List(nil) != nil || source.List(errors.New("disk")) != nil {
		t.Error("List finds errors where there are none")
	}
}

func TestErrLimit(t *testing.T) {
	var es source.Errors
	es.Addf(source.Pos{File: &source.File{Name: "a"}}, "too deep").Kind = source.ErrLimit
	if !errors.Is(es.Err(), source.ErrLimit) {
		t.Error("errors.Is does not find ErrLimit in the collected error")
	}
}
