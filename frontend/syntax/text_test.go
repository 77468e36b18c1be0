package syntax_test

import (
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// TestText holds what may stand in a file at all, in code, comments and strings.
func TestText(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"bom", "\uFEFFconst a = 1", ""},
		{"crlf", "const a = 1\r\n\r\nconst b = 2\r\n", ""},
		{"greek names", "const γ_1 = 1 # и комментарий", ""},
		{"no end of line", "const a = 1", ""},
		{"empty", "", ""},
		{"a comment", "# nothing", ""},
		{"unicode in strings", `import "äöü/重.lathe"`, ""},
		{"nul", "const a\x00 = 1", "t:1:8: a NUL byte: this is no text file"},
		{"nul in a comment", "const a = 1 # \x00", "t:1:15: a NUL byte: this is no text file"},
		{"lone cr", "const a = 1\rconst b = 2", "t:1:12: a carriage return without a line feed"},
		{"cr at the end", "const a = 1\r", "t:1:12: a carriage return without a line feed"},
		{"cr in a string", "import \"a\rb\"", "t:1:10: a carriage return without a line feed"},
		{"bidi in a comment", "const a = 1 # \u202e", "t:1:15: character U+202E changes the direction of the text"},
		{"bidi in a string", "import \"\u2066a\"", "t:1:9: character U+2066 changes the direction of the text"},
		{"not utf-8", "const \xff = 1", `t:1:7: byte \xff is not UTF-8`},
		{"not utf-8 in a comment", "# \xc3\x28", `t:1:3: byte \xc3 is not UTF-8`},
		{"surrogate", "# \xed\xa0\x80", `t:1:3: byte \xed is not UTF-8`},
		{"no-break space", "const\u00a0a = 1", `t:1:6: unexpected character \u00a0`},
		{"second bom", "const a = \uFEFF1", `t:1:11: unexpected character \ufeff`},
		{"combining mark", "const e\u0301 = 1", "t:1:8: unexpected character \u0301"},
		{"escape in a string", "import \"\x1b[31m\"", `t:1:9: control character \x1b in a string`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := syntax.Parse(&source.File{Name: "t", Text: tt.text})
			got := ""
			if err != nil {
				got, _, _ = strings.Cut(err.Error(), "\n")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestErrorsAreTen checks that a file of mistakes gives the first ten, in order.
func TestErrorsAreTen(t *testing.T) {
	_, err := syntax.Parse(&source.File{Name: "t", Text: strings.Repeat("fn f() { y = + }\n", 100)})
	list := source.List(err)
	if len(list) != source.MaxErrors {
		t.Fatalf("got %d errors, want %d", len(list), source.MaxErrors)
	}
	for i, e := range list {
		if line, _ := e.Pos.LineCol(); line != i+1 {
			t.Errorf("error %d is in line %d", i, line)
		}
	}
}
