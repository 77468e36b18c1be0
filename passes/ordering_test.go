package passes_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/passes"
)

var searches = flag.Int("searches", 120, "how many random chains and sums are searched by brute force")

// A link is a factor of a chain of matrices.
type link struct {
	name         string
	transposed   bool
	rows, cols   int
	below, above int
}

// structures that links have, with how many diagonals they keep of n.
var structures = []struct {
	props        string
	below, above func(n int) int
}{
	{"lower", func(n int) int { return n - 1 }, func(int) int { return 0 }},
	{"upper", func(int) int { return 0 }, func(n int) int { return n - 1 }},
	{"diagonal", func(int) int { return 0 }, func(int) int { return 0 }},
	{"tridiagonal", func(n int) int { return min(1, n-1) }, func(n int) int { return min(1, n-1) }},
}

// chainOf draws a chain and the text of a function that multiplies it from left
// to right.
func chainOf(r *rand.Rand) ([]link, string) {
	n := 2 + r.IntN(6)
	sizes := []int{1, 2, 3, 5, 8, 13, 20}
	at := sizes[r.IntN(len(sizes))]
	var links []link
	var params []string
	var body strings.Builder
	id := n
	for i := range n {
		l := link{name: fmt.Sprintf("x%d", i), rows: at, transposed: r.IntN(3) == 0}
		square := at > 1 && r.IntN(3) == 0
		l.cols = at
		if !square {
			l.cols = sizes[r.IntN(len(sizes))]
		}
		l.below, l.above = l.rows-1, l.cols-1
		rows, cols := l.rows, l.cols
		if l.transposed {
			rows, cols = cols, rows
		}
		stated := ""
		if square && r.IntN(2) == 0 {
			s := structures[r.IntN(len(structures))]
			stated = " " + s.props
			l.below, l.above = s.below(at), s.above(at)
			if l.transposed {
				l.below, l.above = l.above, l.below
			}
		}
		params = append(params, fmt.Sprintf("%s: f32[%d, %d]%s", l.name, rows, cols, stated))
		links = append(links, l)
		at = l.cols
	}
	acc := links[0].name
	cols := links[0].cols
	if links[0].transposed {
		fmt.Fprintf(&body, "v%d = transpose{perm=[1, 0]} x0 : f32[%d, %d]\n", id, links[0].rows, cols)
		acc = fmt.Sprintf("v%d", id)
		id++
	}
	for _, l := range links[1:] {
		spec := "ab,bc->ac"
		if l.transposed {
			spec = "ab,cb->ac"
		}
		fmt.Fprintf(&body, "v%d = contract{spec=%q} %s, %s : f32[%d, %d]\n", id, spec, acc, l.name, links[0].rows, l.cols)
		acc = fmt.Sprintf("v%d", id)
		id++
	}
	return links, fmt.Sprintf("func f(%s) -> (f32[%d, %d]) {\n%sreturn %s\n}\n", strings.Join(params, ", "), links[0].rows, at, body.String(), acc)
}

// productFlops returns the FLOPs of multiplying two banded matrices, counted point by
// point.
func productFlops(a, b link) int {
	points := 0
	for i := range a.rows {
		for k := range a.cols {
			if i-k > a.below || k-i > a.above {
				continue
			}
			for j := range b.cols {
				if k-j <= b.below && j-k <= b.above {
					points++
				}
			}
		}
	}
	one := func(l link) bool { return l.below == 0 && l.above == 0 }
	if a.cols == 1 || one(a) || one(b) {
		return points // nothing to add up
	}
	return 2 * points
}

// join returns the product as a link.
func join(a, b link) link {
	return link{rows: a.rows, cols: b.cols, below: min(a.below+b.below, a.rows-1), above: min(a.above+b.above, b.cols-1)}
}

// allOrders returns the FLOPs of each way to put parentheses in a chain.
func allOrders(links []link) []int {
	if len(links) == 1 {
		return []int{0}
	}
	var out []int
	for cut := 1; cut < len(links); cut++ {
		a, b := links[:cut], links[cut:]
		step := productFlops(joined(a), joined(b))
		for _, x := range allOrders(a) {
			for _, y := range allOrders(b) {
				out = append(out, x+y+step)
			}
		}
	}
	return out
}

func joined(links []link) link {
	l := links[0]
	for _, m := range links[1:] {
		l = join(l, m)
	}
	return l
}

// TestChainOptimal compares chain with all parenthesisations of random chains of
// up to 7 factors of mixed shapes, some transposed, some with structure.
// go test ./passes -run TestChainOptimal -searches 1000
func TestChainOptimal(t *testing.T) {
	better := 0
	for seed := range uint64(*searches) {
		links, text := chainOf(rand.New(rand.NewPCG(seed, 7)))
		f := parseFunc(t, text)
		written := f.Work()
		if err := passes.Run(t.Context(), f, passes.Options{Passes: []string{"chain"}, Verify: true}); err != nil {
			t.Fatal(err)
		}
		want := slices.Min(allOrders(links))
		if got := f.Work(); got != want {
			t.Errorf("seed %d: chain gives %d FLOPs, the best parentheses %d\n%s\n%v", seed, got, want, text, f)
		}
		if want < written {
			better++
		}
	}
	if better < *searches/4 {
		t.Errorf("only %d of %d chains were not written in the best order", better, *searches)
	}
}
