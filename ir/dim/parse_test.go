package dim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/dim"
)

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		in   string
		off  int
		want string
	}{
		{"", 0, "want a size"},
		{"n +", 3, "want a size, have the end"},
		{"n m", 2, `want an operator, have "m"`},
		{"(n", 2, `want ")", have the end`},
		{"min(n)", 5, `want ","`},
		{"sqrt(n)", 0, "no function of sizes is called sqrt"},
		{"1.5", 0, "want an integer"},
		{"9223372036854775808", 0, "fits in 64 bits"},
		{"n + 4/0", 5, "division by zero"},
		{"3037000500*3037000500", 10, "64 bits"},
		{"n $ 2", 2, `have "$"`},
		{"\xff", 0, "want a size"},
		{strings.Repeat("(", 300), 256, "nests deeper than 256"},
		{strings.Repeat("-", 300), 256, "nests deeper than 256"},
	} {
		_, err := dim.Parse(tt.in)
		var pe *dim.ParseError
		if !errors.As(err, &pe) || pe.Off != tt.off || !strings.Contains(pe.Msg, tt.want) {
			t.Errorf("%.20q: got %v, want %q at %d", tt.in, err, tt.want, tt.off)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2*n - 1", "ceil(n/c)", "min(4, n) % 3", "n/(n + 1)/m", "-(a.b*γ)", "1/(1/n + 1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := dim.Parse(s)
		if err != nil {
			return
		}
		again, err := dim.Parse(e.String())
		if err != nil || !again.Equal(e) {
			t.Errorf("%q is %v, which reads as %v (%v)", s, e, again, err)
		}
	})
}
