package syntax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// noPlaces compares trees without their positions.
var noPlaces = cmp.FilterPath(func(p cmp.Path) bool {
	return p.Last().Type() == reflect.TypeFor[source.Pos]() || p.Last().Type() == reflect.TypeFor[*source.File]()
}, cmp.Ignore())

func parse(t testing.TB, text string) *syntax.File {
	t.Helper()
	f, err := syntax.Parse(&source.File{Name: "t.lathe", Text: text})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

func files(t testing.TB, pattern string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(b)
	}
	return texts
}

// TestRoundTrip prints what it parsed: the text must give the same tree and,
// printed again, the same text.
func TestRoundTrip(t *testing.T) {
	for path, text := range files(t, "testdata/roundtrip/*.lathe") {
		for name, text := range map[string]string{
			"plain": text, "crlf": strings.ReplaceAll(text, "\n", "\r\n"), "bom": "\uFEFF" + text,
		} {
			t.Run(filepath.Base(path)+" "+name, func(t *testing.T) {
				first := parse(t, text)
				again := parse(t, first.String())
				if diff := cmp.Diff(first, again, noPlaces); diff != "" {
					t.Errorf("printing changed the tree (-parsed +printed):\n%s", diff)
				}
				if diff := cmp.Diff(first.String(), again.String()); diff != "" {
					t.Errorf("printing is not stable (-once +twice):\n%s", diff)
				}
			})
		}
	}
}

// TestPrecedence pins the shape of expressions, with all brackets written.
func TestPrecedence(t *testing.T) {
	for in, want := range map[string]string{
		"a + b * c":                 "(a + (b * c))",
		"a - b - c":                 "((a - b) - c)",
		"a @ b * c / d // e % f":    "(((((a @ b) * c) / d) // e) % f)",
		"a ^ b ^ c":                 "(a ^ (b ^ c))",
		"-a ^ b":                    "(- (a ^ b))",
		"2 ^ -1 * 3":                "((2 ^ (- 1)) * 3)",
		"2 ^ -a ^ b":                "(2 ^ (- (a ^ b)))",
		"-a @ b":                    "((- a) @ b)",
		"a * -b.T":                  "(a * (- b.T))",
		"not a == b":                "(not (a == b))",
		"not a and b or c and d":    "(((not a) and b) or (c and d))",
		"a or b and c":              "(a or (b and c))",
		"a < b + 1":                 "(a < (b + 1))",
		"a.T ^ 2":                   "(a.T ^ 2)",
		"f(x)[0] ^ n":               "(f(x)[0] ^ n)",
		"(a + b) * c":               "((a + b) * c)",
		"a\n+ b":                    "", // a line cannot start so
		"(a\n+ b)":                  "(a + b)",
		"a +\n\n# comment\n  b":     "(a + b)",
		"f(a,\n\n b\n)":             "f(a, b)",
		"x[a:b, :, ::2, ..., None]": "x[a:b, :, ::2, ..., None]",
	} {
		f, err := syntax.Parse(&source.File{Name: "t", Text: "fn f() { y = " + in + "\n}"})
		if want == "" {
			if err == nil {
				t.Errorf("%q is accepted", in)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		x := f.Decls[0].(*syntax.Fn).Body.Stmts[0].(*syntax.Bind).Value
		if got := bracketed(x); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

// bracketed writes an expression with brackets around every operation.
func bracketed(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Binary:
		return fmt.Sprintf("(%s %v %s)", bracketed(x.X), x.Op, bracketed(x.Y))
	case *syntax.Unary:
		return fmt.Sprintf("(%v %s)", x.Op, bracketed(x.X))
	}
	return syntax.ExprString(x)
}

// TestErrors reads programs that say themselves where they are wrong: a line
// "# ERROR text" expects an error with that text whose caret stands at the
// column of the # on the line before; "# HINT text" behind it expects the hint. Parts
// of a file between lines of dashes are programs of their own.
func TestErrors(t *testing.T) {
	for path, all := range files(t, "testdata/errors/*.lathe") {
		for i, text := range strings.Split(all, "# ----\n") {
			var want, program []string
			for line := range strings.Lines(strings.TrimSuffix(text, "\n")) {
				line = strings.TrimSuffix(line, "\n")
				if before, msg, ok := strings.Cut(line, "# ERROR "); ok {
					want = append(want, fmt.Sprintf("%d:%d: %s", len(program), len([]rune(before))+1, msg))
				} else if _, msg, ok := strings.Cut(line, "# HINT "); ok {
					want[len(want)-1] += " (" + msg + ")"
				} else {
					program = append(program, line)
				}
			}
			_, err := syntax.Parse(&source.File{Name: "t", Text: strings.Join(program, "\n")})
			var got []string
			for _, e := range source.List(err) {
				line, col := e.Pos.LineCol()
				text := fmt.Sprintf("%d:%d: %s", line, col, e.Msg)
				if e.Hint != "" {
					text += " (" + e.Hint + ")"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, part %d:\n%s\n-want +got:\n%s", path, i, text, diff)
			}
		}
	}
}
