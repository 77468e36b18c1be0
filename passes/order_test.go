package passes

import (
	"slices"
	"testing"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// TestOrder holds the pipeline to what its passes say must come before them.
func TestOrder(t *testing.T) {
	all := pipeline()
	for i, p := range all {
		for _, name := range p.After {
			at := slices.IndexFunc(all, func(q Pass) bool { return q.Name == name })
			if at < 0 || at >= i {
				t.Errorf("%s comes after %s, which is pass %d of the pipeline; it is pass %d", p.Name, name, at, i)
			}
		}
		if n := slices.IndexFunc(all, func(q Pass) bool { return q.Name == p.Name }); n != i {
			t.Errorf("two passes are called %s", p.Name)
		}
	}
}

// TestStates counts the sets of factors that the search for an order looks at:
// of a chain those of neighbours only.
func TestStates(t *testing.T) {
	for _, n := range []int{8, 12, 20} {
		w := &network{root: &ir.Value{Type: ir.Make(tensor.F32, 4, 4)}}
		for i := range n {
			w.factors = append(w.factors, factor{Value: &ir.Value{ID: i, Op: ir.OpParam, Type: ir.Make(tensor.F32, 4, 4)}, idx: []int{i, i + 1}})
			w.sizes = append(w.sizes, 4)
		}
		w.sizes, w.out = append(w.sizes, 4), []int{0, n}
		f := &ir.Func{}
		r := newRewriter(&Context{}, f)
		r.often = []int{1}
		_, o := order(w, newTiming(r))
		if got, want := len(o.parts), n*(n+1)/2; got != want {
			t.Errorf("a chain of %d factors takes %d sets, want %d", n, got, want)
		}
	}
}
