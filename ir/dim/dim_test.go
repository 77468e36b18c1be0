package dim_test

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/ir/dim"
)

var seed = flag.Uint64("seed", 1, "seed of random expressions")

func parse(t testing.TB, s string) dim.Expr {
	t.Helper()
	e, err := dim.Parse(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return e
}

func TestString(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"0", "0"},
		{"n", "n"},
		{"2*n - 1", "2*n - 1"},
		{"4 - n", "4 - n"},
		{"-n", "-n"},
		{"-n - 1", "-n - 1"},
		{"b*a + a*b", "2*a*b"},
		{"(n + 1)*(n - 1)", "n*n - 1"},
		{"n - n", "0"},
		{"n/n", "1"},
		{"6/4", "3/2"},
		{"n/2 + n/2", "n"},
		{"3*n/4", "3*n/4"},
		{"3*n/4/c", "3*n/(4*c)"},
		{"ceil(n/c)", "ceil(n/c)"},
		{"ceil(n/2)*c", "c*ceil(n/2)"},
		{"ceil(7/2)", "4"},
		{"floor(-7/2)", "-4"},
		{"ceil(n)", "n"},
		{"floor(n/2 + 5/3)", "floor(n/2 + 1/2) + 1"},
		{"ceil(n/2 + 2/3)", "ceil(n/2) + 1"},
		{"floor(3*n/2)", "floor(n/2) + n"},
		{"floor(floor(n/2)/2)", "floor(n/4)"},
		{"ceil((ceil(n/2) + 1)/3)", "ceil(n/6 + 1/3)"},
		{"ceil(n*(n + 1)/2)", "n*n/2 + n/2"},
		{"n % 1", "0"},
		{"n/2 % 1", "(n/2) % 1"},
		{"(2*n + 5) % 4", "(2*n + 1) % 4"},
		{"4*n % 4", "0"},
		{"n % -3", "-((2*n) % 3)"}, // -n is 2*n modulo 3
		{"min(n, 3) % 4", "min(3, n)"},
		{"7 % 4", "3"},
		{"-7 % 4", "1"},
		{"7 % -4", "-1"},
		{"n % 4 + 1", "(n % 4) + 1"},
		{"min(n, 4)", "min(4, n)"},
		{"min(n, n + 1)", "n"},
		{"max(n, n + 1)", "n + 1"},
		{"max(n, 0)", "n"},
		{"min(n, min(m, n))", "min(m, n)"},
		{"min(c, min(b, a))", "min(a, min(b, c))"},
		{"(n*n - 1)/(n + 1)", "n - 1"},
		{"n/(n + 1)", "1 - 1/(n + 1)"},
		{"m/(n*n + n)", "m/n/(n + 1)"},
		{"1/(1/n + 1)", "1 - 1/(n + 1)"},
		{"γ*2", "2*γ"},
		{"a.b + a.c", "a.b + a.c"},
	} {
		got := parse(t, tt.in).String()
		if got != tt.want {
			t.Errorf("%s prints %q, want %q", tt.in, got, tt.want)
		}
		if again := parse(t, got).String(); again != got {
			t.Errorf("%s prints %q, and that %q", tt.in, got, again)
		}
	}
}

// TestRandom holds random expressions against their value, computed with big
// fractions from what was written, and against their own text.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 0))
	compared := 0
	for range 4000 {
		tr := randomTree(r, 4)
		e := tr.expr()
		if e.Err() != nil {
			continue
		}
		text := e.String()
		again, err := dim.Parse(text)
		if err != nil || !again.Equal(e) {
			t.Errorf("seed %d: %v prints %q, which reads as %v (%v)", *seed, tr, text, again, err)
		}
		if w, err := dim.Parse(tr.String()); err != nil || !w.Equal(e) {
			t.Errorf("seed %d: %v built is %v, parsed %v (%v)", *seed, tr, e, w, err)
		}
		for _, env := range environments(r, 8) {
			want := tr.eval(env)
			if want == nil {
				continue
			}
			compared++
			num, den, ok := e.Eval(env).Rat()
			if !ok || big.NewRat(int64(num), int64(den)).Cmp(want) != 0 {
				t.Errorf("seed %d: %v = %v at %v is %v, want %v", *seed, tr, e, env, e.Eval(env), want)
			}
			if e.Integer() == dim.Yes && !want.IsInt() {
				t.Errorf("seed %d: %v is called an integer, but is %v at %v", *seed, e, want, env)
			}
		}
	}
	if compared < 10000 {
		t.Errorf("only %d values compared", compared)
	}
}

// TestLaws holds the laws of arithmetic for random parts: both sides must have
// one normal form.
func TestLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 1))
	one := dim.Const(1)
	laws := []struct {
		name string
		f    func(a, b, c dim.Expr) (dim.Expr, dim.Expr)
	}{
		{"a+b = b+a", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Add(a, b), dim.Add(b, a) }},
		{"a*b = b*a", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Mul(a, b), dim.Mul(b, a) }},
		{"(a+b)+c = a+(b+c)", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) {
			return dim.Add(dim.Add(a, b), c), dim.Add(a, dim.Add(b, c))
		}},
		{"a*(b+c) = a*b + a*c", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) {
			return dim.Mul(a, dim.Add(b, c)), dim.Add(dim.Mul(a, b), dim.Mul(a, c))
		}},
		{"a-a = 0", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Sub(a, a), dim.Const(0) }},
		{"(a+b)-b = a", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Sub(dim.Add(a, b), b), a }},
		{"-a = 0-a", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Neg(a), dim.Sub(dim.Const(0), a) }},
		{"min(a, b) = min(b, a)", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Min(a, b), dim.Min(b, a) }},
		{"max(a, a) = a", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) { return dim.Max(a, a), a }},
		{"floor(floor(a)) = floor(a)", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) {
			return dim.Floor(dim.Floor(a)), dim.Floor(a)
		}},
		{"ceil(a + 1) = ceil(a) + 1", func(a, b, c dim.Expr) (dim.Expr, dim.Expr) {
			return dim.Ceil(dim.Add(a, one)), dim.Add(dim.Ceil(a), one)
		}},
	}
	tried := make([]int, len(laws))
	for range 1000 {
		a, b, c := randomTree(r, 2).expr(), randomTree(r, 2).expr(), randomTree(r, 2).expr()
		for i, law := range laws {
			x, y := law.f(a, b, c)
			if x.Err() != nil || y.Err() != nil {
				continue
			}
			tried[i]++
			if dim.Equal(x, y) != dim.Yes {
				t.Errorf("seed %d: %s: a = %v, b = %v, c = %v: %v and %v", *seed, law.name, a, b, c, x, y)
			}
		}
	}
	for i, law := range laws {
		if tried[i] < 500 {
			t.Errorf("%s was tried %d times only", law.name, tried[i])
		}
	}
}

func TestErr(t *testing.T) {
	big := dim.Const(math.MaxInt64)
	n := dim.Var("n")
	power := n
	for range 7 {
		power = dim.Mul(power, power)
	}
	wide := dim.Const(1)
	for i := range 10 {
		wide = dim.Mul(wide, dim.Add(dim.Var(string(rune('a'+i))), dim.Const(1)))
	}
	deep := n
	for range 70 {
		deep = dim.Min(dim.Mul(deep, dim.Var("m")), n)
	}
	// Each turn doubles the text of what it makes.
	double := n
	for range 60 {
		double = dim.Add(double, dim.Floor(dim.Quo(dim.Mul(double, double), dim.Var("m"))))
	}
	for _, tt := range []struct {
		name string
		e    dim.Expr
		want string
	}{
		{"add", dim.Add(big, dim.Const(1)), "64 bits"},
		{"mul", dim.Mul(big, dim.Const(2)), "64 bits"},
		{"coefficient", dim.Mul(dim.Mul(big, n), dim.Const(3)), "64 bits"},
		{"least", dim.Const(math.MinInt64), "64 bits"},
		{"denominator", dim.Quo(dim.Quo(dim.Const(1), big), dim.Const(3)), "64 bits"},
		{"quo", dim.Quo(n, dim.Const(0)), "division by zero"},
		{"mod", dim.Mod(n, dim.Const(0)), "division by zero"},
		{"eval", dim.Ceil(dim.Quo(n, dim.Var("c"))).Eval(map[string]int{"c": 0}), "division by zero"},
		{"power", power, "64 factors"},
		{"wide", wide, "512 terms"},
		{"double", double, "4096 parts"},
		{"deep", deep, "64 functions"},
		{"carried", dim.Min(dim.Floor(dim.Neg(dim.Mul(big, big))), n), "64 bits"},
	} {
		if tt.e.Err() == nil || !strings.Contains(tt.e.Err().Error(), tt.want) {
			t.Errorf("%s: %v has error %v, want %q", tt.name, tt.e, tt.e.Err(), tt.want)
			continue
		}
		if _, ok := tt.e.Int(); ok || tt.e.IsConst() {
			t.Errorf("%s: an expression with an error is called constant", tt.name)
		}
		if dim.Equal(tt.e, tt.e) != dim.Unknown || dim.LessEq(tt.e, n) != dim.Unknown || tt.e.Integer() != dim.Unknown {
			t.Errorf("%s: an expression with an error is compared", tt.name)
		}
	}
	if n, ok := dim.Sub(big, dim.Const(-0)).Int(); !ok || n != math.MaxInt64 {
		t.Errorf("the greatest integer is %d, %v", n, ok)
	}
}

func TestConst(t *testing.T) {
	if !(dim.Expr{}).Equal(dim.Const(0)) {
		t.Error("the zero Expr is not 0")
	}
	half := parse(t, "1/2")
	if _, ok := half.Int(); ok || !half.IsConst() {
		t.Error("1/2 is an integer, or no constant")
	}
	if num, den, ok := parse(t, "-6/4").Rat(); !ok || num != -3 || den != 2 {
		t.Errorf("-6/4 is %d/%d, %v", num, den, ok)
	}
	got := testing.AllocsPerRun(100, func() { dim.Add(dim.Mul(dim.Const(3), dim.Const(4)), dim.Const(5)) })
	if got != 0 {
		t.Errorf("arithmetic on constants allocates %v times", got)
	}
}

func TestVars(t *testing.T) {
	got := parse(t, "min(z, a)*ceil(n/c) + n % (b + 2)").Vars()
	if want := []string{"a", "b", "c", "n", "z"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSubst(t *testing.T) {
	n, m := dim.Var("n"), dim.Var("m")
	got := parse(t, "n/m + min(n, m)").Subst(map[string]dim.Expr{"n": m, "m": dim.Add(n, n)})
	if want := parse(t, "m/(2*n) + min(m, 2*n)"); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := parse(t, "ceil(n/c)*c").Eval(map[string]int{"c": 4}); got.String() != "4*ceil(n/4)" {
		t.Errorf("got %v", got)
	}
}

func TestSolve(t *testing.T) {
	for _, tt := range []struct {
		e     string
		value int
		name  string
		n     int
		ok    bool
	}{
		{"n", 7, "n", 7, true},
		{"2*n - 1", 7, "n", 4, true},
		{"2*n - 1", 8, "n", 0, false},
		{"(n + 3)/2", 7, "n", 11, true},
		{"4 - n", 1, "n", 3, true},
		{"4 - n", 5, "n", 0, false},
		{"n + m", 5, "", 0, false},
		{"n*n", 4, "", 0, false},
		{"ceil(n/2)", 4, "", 0, false},
		{"3", 3, "", 0, false},
		{"9223372036854775807*n", 9223372036854775807, "n", 1, true},
		{"n - 9223372036854775807", 1, "n", 0, false},
	} {
		name, n, ok := parse(t, tt.e).Solve(tt.value)
		if name != tt.name || n != tt.n || ok != tt.ok {
			t.Errorf("%s = %d: got %s = %d, %v", tt.e, tt.value, name, n, ok)
		}
	}
}
