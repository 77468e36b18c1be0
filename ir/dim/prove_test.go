package dim_test

import (
	"math/rand/v2"
	"testing"

	"github.com/lathe-lang/lathe/ir/dim"
)

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b        string
		equal, same dim.Truth
	}{
		{"n", "n", dim.Yes, dim.Yes},
		{"n", "m", dim.No, dim.Unknown},
		{"n", "4", dim.No, dim.Unknown},
		{"n", "n + 1", dim.No, dim.No},
		{"2*n - 1", "n + n - 1", dim.Yes, dim.Yes},
		{"min(4, n)", "4", dim.Unknown, dim.Unknown},
		{"min(4, n)", "5", dim.No, dim.No},
		{"n/2", "m", dim.Unknown, dim.Unknown},
		{"n", "1/2", dim.No, dim.No},
		{"(a + b)/(c + d)", "a/(c + d) + b/(d + c)", dim.Yes, dim.Yes},
		{"a/b + c/d", "(a*d + b*c)/(b*d)", dim.Yes, dim.Yes},
		{"ceil(n/2) + floor(n/2)", "n", dim.Yes, dim.Yes},
		{"ceil(n/4)", "floor((n + 3)/4)", dim.Yes, dim.Yes},
		{"n % 4", "n - 4*floor(n/4)", dim.Yes, dim.Yes},
		{"ceil(n/4)", "floor((n + 2)/4)", dim.Unknown, dim.Unknown},
		{"ceil(n/c)", "m", dim.Unknown, dim.Unknown},
	} {
		a, b := parse(t, tt.a), parse(t, tt.b)
		if got := dim.Equal(a, b); got != tt.equal {
			t.Errorf("Equal(%s, %s) is %v, want %v", tt.a, tt.b, got, tt.equal)
		}
		if got := dim.SameValue(b, a); got != tt.same {
			t.Errorf("SameValue(%s, %s) is %v, want %v", tt.b, tt.a, got, tt.same)
		}
	}
}

func TestLess(t *testing.T) {
	for _, tt := range []struct {
		a, b         string
		less, lessEq dim.Truth
	}{
		{"0", "n", dim.Unknown, dim.Yes},
		{"n", "n", dim.No, dim.Yes},
		{"n", "n + 1", dim.Yes, dim.Yes},
		{"n + 1", "n", dim.No, dim.No},
		{"n", "512", dim.Unknown, dim.Unknown},
		{"min(4, n)", "4", dim.Unknown, dim.Yes},
		{"min(n, m)", "m", dim.Unknown, dim.Yes},
		{"min(n, m)", "max(n, m)", dim.Unknown, dim.Yes},
		{"n", "max(n, m) + 1", dim.Yes, dim.Yes},
		{"floor(n/2)", "n", dim.Unknown, dim.Yes},
		{"ceil(n/2)", "n", dim.Unknown, dim.Yes},
		{"ceil(n/2)", "n + 1", dim.Yes, dim.Yes},
		{"n % 4", "4", dim.Yes, dim.Yes},
		{"n % 4", "n", dim.Unknown, dim.Yes},
		{"n % m", "m", dim.Unknown, dim.Yes},
		{"n", "n*n", dim.Unknown, dim.Yes},
		{"n", "n*n + 1", dim.Yes, dim.Yes},
		{"n*m", "n*m + n", dim.Unknown, dim.Yes},
		{"4*floor(n/4)", "n", dim.Unknown, dim.Yes},
		{"n", "4*ceil(n/4)", dim.Unknown, dim.Yes},
		{"1/2", "2/3", dim.Yes, dim.Yes},
		{"-1/2", "-2/3", dim.No, dim.No},
	} {
		a, b := parse(t, tt.a), parse(t, tt.b)
		if got := dim.Less(a, b); got != tt.less {
			t.Errorf("%s < %s is %v, want %v", tt.a, tt.b, got, tt.less)
		}
		if got := dim.LessEq(a, b); got != tt.lessEq {
			t.Errorf("%s <= %s is %v, want %v", tt.a, tt.b, got, tt.lessEq)
		}
	}
}

// TestProofs tries to refute what is proved of random expressions.
func TestProofs(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 2))
	proofs := 0
	for range 1500 {
		ta, tb := randomTree(r, 3), randomTree(r, 3)
		a, b := ta.expr(), tb.expr()
		less, lessEq, same := dim.Less(a, b), dim.LessEq(a, b), dim.SameValue(a, b)
		equal := dim.Equal(a, b)
		if equal == dim.Yes && same != dim.Yes {
			t.Errorf("seed %d: %v and %v are Equal, but not SameValue", *seed, a, b)
		}
		for _, answer := range []dim.Truth{less, lessEq, same} {
			if answer != dim.Unknown {
				proofs++
			}
		}
		for _, env := range environments(r, 30) {
			x, y := ta.eval(env), tb.eval(env)
			if x == nil || y == nil {
				continue
			}
			c := x.Cmp(y)
			refute := func(name string, answer dim.Truth, holds bool) {
				if answer == dim.Yes && !holds || answer == dim.No && holds {
					t.Errorf("seed %d: %v %s %v is %v, but they are %v and %v at %v", *seed, ta, name, tb, answer, x, y, env)
				}
			}
			refute("<", less, c < 0)
			refute("<=", lessEq, c <= 0)
			refute("=", same, c == 0)
		}
	}
	if proofs < 500 {
		t.Errorf("only %d proofs", proofs)
	}
}

// TestProofWork checks that the work of a proof is bounded: an expression of
// many functions of many sizes must not take more than a few times the work of
// one that is a tenth as large, where a search without a bound takes thousands.
func TestProofWork(t *testing.T) {
	work := func(left, right []string) float64 {
		big, other := dim.Const(0), dim.Const(1)
		for _, a := range left {
			for _, b := range right {
				x, y := dim.Var(a), dim.Var(b)
				big = dim.Add(big, dim.Min(dim.Mul(x, y), dim.Floor(dim.Quo(dim.Add(x, y), dim.Const(3)))))
				other = dim.Add(other, dim.Max(dim.Mul(x, x), dim.Mod(y, dim.Add(x, dim.Const(1)))))
			}
		}
		if big.Err() != nil || other.Err() != nil {
			t.Fatal(big.Err(), other.Err())
		}
		return testing.AllocsPerRun(1, func() {
			if dim.Less(big, other) != dim.Unknown || dim.Equal(big, other) != dim.Unknown {
				t.Error("decided: the case shows nothing")
			}
		})
	}
	small := work([]string{"a", "b"}, []string{"i", "j"})
	large := work([]string{"a", "b", "c", "d", "e", "f", "g", "h"}, []string{"i", "j", "k", "l", "m"})
	t.Logf("allocations: %v and %v", small, large)
	if large > 10*small {
		t.Errorf("the large proof makes %v allocations, the small one %v", large, small)
	}
}
