package syntax_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// TestLimits holds each limit at its value, which is accepted, and at one more,
// which is an error that names it.
func TestLimits(t *testing.T) {
	nested := func(open, inner, shut string) func(int) string {
		return func(n int) string { return strings.Repeat(open, n) + inner + strings.Repeat(shut, n) }
	}
	bind := func(x func(int) string) func(int) string {
		return func(n int) string { return "fn f() { y = " + x(n) + "\n}" }
	}
	for _, tt := range []struct {
		name  string
		limit int
		text  func(n int) string // of a program of size n
	}{
		{"round brackets", syntax.MaxNesting, bind(nested("(", "x", ")"))},
		{"lists", syntax.MaxNesting, bind(nested("[", "x", "]"))},
		{"calls", syntax.MaxNesting, bind(nested("f(", "x", ")"))},
		{"indices", syntax.MaxNesting, bind(nested("x[", "0", "]"))},
		{"types", syntax.MaxNesting, bind(nested("f32[", "0", "]"))},
		{"minus", syntax.MaxNesting, bind(nested("- ", "x", ""))},
		{"not", syntax.MaxNesting, bind(nested("not ", "x", ""))},
		{"powers", syntax.MaxNesting, bind(nested("x ^ ", "x", ""))},
		{"blocks", syntax.MaxNesting, func(n int) string { return "fn f() " + nested("{ if c ", "{}", "}")(n-1) }},
		{"else if", syntax.MaxNesting, func(n int) string {
			return "fn f() { if c {} " + strings.Repeat("else if c {} ", n-2) + "}"
		}},
		{"brackets in blocks", syntax.MaxNesting, func(n int) string {
			return "fn f() " + nested("{ if c ", "{ y = "+nested("(", "x", ")")(n)+" }", "}")(syntax.MaxNesting-1)
		}},
		{"sum", syntax.MaxHeight, bind(func(n int) string { return "x" + strings.Repeat(" + x", n-1) })},
		{"postfix", syntax.MaxHeight, bind(func(n int) string { return "x" + strings.Repeat(".T", n-1) })},
		{"number", syntax.MaxLiteral, bind(func(n int) string { return strings.Repeat("1", n) })},
		{"exponent", syntax.MaxExponent, bind(func(n int) string { return fmt.Sprintf("1e-%d", n) })},
		{"string", syntax.MaxLiteral, bind(func(n int) string { return `"` + strings.Repeat("a", n) + `"` })},
		{"file", syntax.MaxFile, func(n int) string { return strings.Repeat("#", n) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parse(t, tt.text(tt.limit))
			// One more, and so much more that unguarded recursion would end the process.
			for _, n := range []int{tt.limit + 1, 200 * tt.limit} {
				if tt.limit*200 > syntax.MaxFile && n > tt.limit+1 {
					continue
				}
				_, err := syntax.Parse(&source.File{Name: "t", Text: tt.text(n)})
				list := source.List(err)
				if !errors.Is(err, source.ErrLimit) || len(list) != 1 {
					t.Fatalf("%d: got %v, want one ErrLimit", n, err)
				}
				if !strings.Contains(list[0].Msg, fmt.Sprint(tt.limit)) {
					t.Errorf("%d: %q does not name the limit %d", n, list[0].Msg, tt.limit)
				}
			}
		})
	}
}

// TestHeight checks that brackets do not hide the height of what is in them.
func TestHeight(t *testing.T) {
	chain := "x" + strings.Repeat(" + x", syntax.MaxHeight/2)
	for _, in := range []string{
		"(" + chain + ")" + strings.Repeat(" + x", syntax.MaxHeight/2),
		"f(a, k=" + chain + ")" + strings.Repeat(".T", syntax.MaxHeight/2),
		"x[0, " + chain + ":, ...]" + strings.Repeat(".T", syntax.MaxHeight/2),
		"[" + chain + ", x][0]" + strings.Repeat(".T", syntax.MaxHeight/2),
		"[x for i in " + chain + "..1 step 2]" + strings.Repeat("[0]", syntax.MaxHeight/2),
		"f32[" + chain + ", 1]" + strings.Repeat(".T", syntax.MaxHeight/2),
		"-(" + chain + ") ^ (x" + strings.Repeat(".T", syntax.MaxHeight-2) + ")",
	} {
		_, err := syntax.Parse(&source.File{Name: "t", Text: "fn f() { y = " + in + "\n}"})
		if !errors.Is(err, source.ErrLimit) {
			t.Errorf("%.20s...: got %v, want ErrLimit", in, err)
		}
	}
}
