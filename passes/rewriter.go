package passes

import (
	"github.com/lathe-lang/lathe/ir"
)

// A rewriter rebuilds a function value by value, operands before their uses.
// Passes that work from the leaves to the results are a function that it calls.
type rewriter struct {
	*Context
	f          *ir.Func
	turns      int                     // how often the open region is evaluated
	depth      int                     // of loops around it
	body       []*ir.Value             // of the open region, as far as it is rebuilt
	now        map[*ir.Value]*ir.Value // what stands for a value that was rewritten
	visit      func(*ir.Value) *ir.Value
	laws       []law                  // that rewritten applies
	levels     map[*ir.Value]ir.Level // of the values as they were
	uses       map[*ir.Value]int      // of the values as they were
	inProducts map[*ir.Value]int      // how many of the uses are in a product of matrices, transposed or not
}

// newRewriter returns a rewriter of f.
func newRewriter(ctx *Context, f *ir.Func) *rewriter {
	return &rewriter{Context: ctx, f: f, turns: 1, now: map[*ir.Value]*ir.Value{}, levels: f.Levels(), uses: f.Uses(), inProducts: factorUses(f)}
}

// run calls visit with each value that is no parameter, its operands rewritten
// already and its body too, and puts what visit returns in its place: v, if it
// stays, or a value before it, made by emit or there already. Then it removes
// what has become unused, and numbers anew.
func (w *rewriter) run(visit func(v *ir.Value) *ir.Value) {
	w.visit = visit
	w.region(&w.f.Region)
	w.f.Rebuild()
}

func (w *rewriter) region(r *ir.Region) {
	outer := w.body
	w.body = nil
	for _, v := range r.Body {
		for i, a := range v.Args {
			v.Args[i] = w.of(a)
		}
		if v.Body != nil {
			turns := w.turns
			w.turns *= v.Turns()
			w.depth++
			w.region(v.Body)
			w.depth--
			w.turns = turns
		}
		u := w.visit(v)
		if u == v {
			w.body = append(w.body, v)
		} else {
			w.now[v] = u
			w.uses[u] += w.uses[v]
			w.levels[u] = max(w.levels[u], w.levels[v])
		}
	}
	for i, v := range r.Results {
		r.Results[i] = w.of(v)
	}
	r.Body = w.body
	w.body = outer
}

// of returns what stands for v.
func (w *rewriter) of(v *ir.Value) *ir.Value {
	if u, ok := w.now[v]; ok {
		return u
	}
	return v
}

// emit appends an operation at the place of another one, like.Pos, computed at
// the same time, like.Load. It is a bug
// if its operands do not fit: passes know types.
func (w *rewriter) emit(like *ir.Value, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	v, err := w.f.NewValue(like.Pos, op, attrs, want, args...)
	if err != nil {
		panic(err)
	}
	v.Load = like.Load
	w.body = append(w.body, v)
	w.levels[v] = w.levels[like]
	return v
}

// factorUses counts for each value in how many products of matrices it stands that
// become known when it does.
func factorUses(f *ir.Func) map[*ir.Value]int {
	n := map[*ir.Value]int{}
	uses, levels := f.Uses(), f.Levels()
	f.Walk(func(v *ir.Value) {
		m, ok := asMatmul(v)
		if !ok {
			return
		}
		left, _ := bare(m.left, false)
		if right, _ := bare(m.right, false); left == right {
			return
		}
		for _, a := range []*ir.Value{m.left, m.right} {
			for matrixTransposed(a) && uses[a] == 1 {
				a = a.Args[0]
			}
			if levels[a] == levels[v] {
				n[a]++
			}
		}
	})
	return n
}
