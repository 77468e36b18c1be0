package passes_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lathe-lang/lathe/passes"
)

// A formula is a matrix by its name, a product of formulas or a sum of them.
type formula struct {
	name       string
	rows, cols int
	product    []*formula
	sum        []*formula
	minus      []bool // of each of sum
}

func (e *formula) String() string {
	var parts []string
	switch {
	case e.product != nil:
		for _, x := range e.product {
			parts = append(parts, x.String())
		}
		return strings.Join(parts, "@")
	case e.sum != nil:
		for i, x := range e.sum {
			parts = append(parts, [...]string{"+", "-"}[btoi(e.minus[i])]+x.String())
		}
		slices.Sort(parts)
		return "(" + strings.Join(parts, "") + ")"
	}
	return e.name
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// times and plus make products and sums without products in products and sums
// in sums.
func timesAll(parts ...*formula) *formula {
	var all []*formula
	for _, p := range parts {
		if p.product != nil {
			all = append(all, p.product...)
		} else {
			all = append(all, p)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return &formula{rows: all[0].rows, cols: all[len(all)-1].cols, product: all}
}

func plusAll(parts []*formula, minus []bool) *formula {
	e := &formula{rows: parts[0].rows, cols: parts[0].cols}
	for i, p := range parts {
		if p.sum == nil {
			e.sum, e.minus = append(e.sum, p), append(e.minus, minus[i])
			continue
		}
		for j, q := range p.sum {
			e.sum, e.minus = append(e.sum, q), append(e.minus, minus[i] != p.minus[j])
		}
	}
	if len(e.sum) == 1 && !e.minus[0] {
		return e.sum[0]
	}
	return e
}

// flops returns the FLOPs of a formula, its products in the best order, and a
// sum that comes twice computed once.
func (e *formula) flops(seen map[string]bool) int {
	n := 0
	if e.sum != nil {
		if seen[e.String()] {
			return 0
		}
		seen[e.String()] = true
	}
	switch {
	case e.product != nil:
		var links []link
		for _, x := range e.product {
			n += x.flops(seen)
			links = append(links, link{rows: x.rows, cols: x.cols, below: x.rows - 1, above: x.cols - 1})
		}
		return n + slices.Min(allOrders(links))
	case e.sum != nil:
		for _, x := range e.sum {
			n += x.flops(seen)
		}
		adds := len(e.sum) - 1
		if !slices.Contains(e.minus, false) {
			adds++
		}
		return n + adds*e.rows*e.cols
	}
	return 0
}

// neighbours returns the formulas that one use of the distributive law makes.
func (e *formula) neighbours() []*formula {
	var out []*formula
	switch {
	case e.product != nil:
		for i, x := range e.product {
			for _, y := range x.neighbours() {
				parts := slices.Clone(e.product)
				parts[i] = y
				out = append(out, timesAll(parts...))
			}
			if x.sum == nil {
				continue
			}
			var terms []*formula
			for _, y := range x.sum {
				parts := slices.Clone(e.product)
				parts[i] = y
				terms = append(terms, timesAll(parts...))
			}
			out = append(out, plusAll(terms, x.minus))
		}
	case e.sum != nil:
		for i, x := range e.sum {
			for _, y := range x.neighbours() {
				parts := slices.Clone(e.sum)
				parts[i] = y
				out = append(out, plusAll(parts, e.minus))
			}
			for j := range i {
				for _, y := range taken(e.sum[j], x, e.minus[i] != e.minus[j]) {
					parts, minus := slices.Clone(e.sum), slices.Clone(e.minus)
					parts[j] = y
					out = append(out, plusAll(slices.Delete(parts, i, i+1), slices.Delete(minus, i, i+1)))
				}
			}
		}
	}
	return out
}

// taken returns a + b, or a - b, with a factor at one end taken out.
func taken(a, b *formula, minus bool) []*formula {
	if a.product == nil || b.product == nil {
		return nil
	}
	var out []*formula
	m, n := len(a.product), len(b.product)
	sign := []bool{false, minus}
	if a.product[0].String() == b.product[0].String() {
		out = append(out, timesAll(a.product[0], plusAll([]*formula{timesAll(a.product[1:]...), timesAll(b.product[1:]...)}, sign)))
	}
	if a.product[m-1].String() == b.product[n-1].String() {
		out = append(out, timesAll(plusAll([]*formula{timesAll(a.product[:m-1]...), timesAll(b.product[:n-1]...)}, sign), a.product[m-1]))
	}
	return out
}

// leastFlops searches all formulas that the distributive law reaches.
func leastFlops(e *formula) int {
	seen := map[string]bool{e.String(): true}
	least := e.flops(map[string]bool{})
	for todo := []*formula{e}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, x := range next.neighbours() {
			if s := x.String(); !seen[s] {
				seen[s] = true
				least = min(least, x.flops(map[string]bool{}))
				todo = append(todo, x)
			}
		}
	}
	return least
}

// sumOf draws a sum of up to four products of two or three matrices, all terms
// different.
func sumOf(r *rand.Rand) *formula {
	sizes := []int{1, 2, 3, 5, 8, 13, 20}
	var dims [4]int // the products go from 0 to 3, by 1 and 2
	for i := range dims {
		dims[i] = sizes[r.IntN(len(sizes))]
	}
	if dims[0] == 1 && dims[3] == 1 {
		dims[1], dims[2] = 8, 13 // products of scalars have no order
	}
	named := map[string]*formula{}
	matrix := func(from, to int) *formula {
		name := fmt.Sprintf("x%d%d%d", from, to, r.IntN(2))
		if named[name] == nil {
			named[name] = &formula{name: name, rows: dims[from], cols: dims[to]}
		}
		return named[name]
	}
	var terms []*formula
	var minus []bool
	seen := map[string]bool{}
	for range 2 + r.IntN(3) {
		var t *formula
		switch r.IntN(3) {
		case 0:
			t = timesAll(matrix(0, 1), matrix(1, 3))
		case 1:
			t = timesAll(matrix(0, 2), matrix(2, 3))
		default:
			t = timesAll(matrix(0, 1), matrix(1, 2), matrix(2, 3))
		}
		if !seen[t.String()] {
			seen[t.String()] = true
			terms, minus = append(terms, t), append(minus, r.IntN(3) == 0)
		}
	}
	minus[0] = false
	return plusAll(terms, minus)
}

// text returns a function that computes e as it is written.
func (e *formula) text() string {
	var params []string
	seen := map[string]bool{}
	var body strings.Builder
	id := 100
	var write func(e *formula) string
	value := func(rows, cols int, format string, args ...any) string {
		id++
		fmt.Fprintf(&body, "v%d = %s : f32[%d, %d]\n", id, fmt.Sprintf(format, args...), rows, cols)
		return fmt.Sprintf("v%d", id)
	}
	write = func(e *formula) string {
		switch {
		case e.product != nil:
			acc := write(e.product[0])
			for _, x := range e.product[1:] {
				acc = value(e.rows, x.cols, `contract{spec="ab,bc->ac"} %s, %s`, acc, write(x))
			}
			return acc
		case e.sum != nil:
			acc := ""
			for i, x := range e.sum {
				y := write(x)
				switch {
				case i == 0 && e.minus[0]:
					acc = value(e.rows, e.cols, "neg %s", y)
				case i == 0:
					acc = y
				default:
					acc = value(e.rows, e.cols, "%s %s, %s", [...]string{"add", "sub"}[btoi(e.minus[i])], acc, y)
				}
			}
			return acc
		}
		if !seen[e.name] {
			seen[e.name] = true
			params = append(params, fmt.Sprintf("%s: f32[%d, %d]", e.name, e.rows, e.cols))
		}
		return e.name
	}
	result := write(e)
	return fmt.Sprintf("func f(%s) -> (f32[%d, %d]) {\n%sreturn %s\n}\n", strings.Join(params, ", "), e.rows, e.cols, body.String(), result)
}

// TestSumOptimal compares factor with all formulas that the distributive law
// makes of random sums of up to four products, as they are written and written
// in another way, which must come to the same.
func TestSumOptimal(t *testing.T) {
	better := 0
	for seed := range uint64(*searches) {
		r := rand.New(rand.NewPCG(seed, 8))
		e := sumOf(r)
		want := leastFlops(e)
		other := e
		for range r.IntN(4) {
			if near := other.neighbours(); len(near) > 0 {
				other = near[r.IntN(len(near))]
			}
		}
		for _, written := range []*formula{e, other} {
			f := parseFunc(t, written.text())
			if f.Work() > want {
				better++
			}
			if err := passes.Run(t.Context(), f, passes.Options{Passes: []string{"factor"}, Verify: true}); err != nil {
				t.Fatal(err)
			}
			if got := f.Work(); got != want {
				t.Errorf("seed %d: %d FLOPs, want %d\n%v\n%v", seed, got, want, written, f)
			}
		}
	}
	if better < *searches/2 {
		t.Errorf("only %d of %d sums were not written in the best way", better, 2**searches)
	}
}
