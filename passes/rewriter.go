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
	often      []int                   // how often those around it are, and it, by depth
	depth      int                     // of loops around it
	body       []*ir.Value             // of the open region, as far as it is rebuilt
	outer      [][]*ir.Value           // those of the regions around it, from one that there is not
	place      int                     // the depth at which emit puts values, usually that of the open region
	now        map[*ir.Value]*ir.Value // what stands for a value that was rewritten
	visit      func(*ir.Value) *ir.Value
	laws       []law                  // that rewritten applies
	gone       int                    // FLOPs of what the law that is being applied replaces
	levels     map[*ir.Value]ir.Level // of the values as they were
	uses       map[*ir.Value]int      // of the values as they were
	inProducts map[*ir.Value]int      // how many of the uses are in a product of matrices, transposed or not
	dearer     map[*ir.Value]int      // by how much these products would cost more, solved in place of multiplied by an inverse
	home       map[*ir.Value]int      // the depth at which a value stands
	large      *magnitudes            // how large values can be, once a law has asked
	when       *timing                // when what a pass chooses to compute is computed
}

// newRewriter returns a rewriter of f.
func newRewriter(ctx *Context, f *ir.Func) *rewriter {
	w := &rewriter{Context: ctx, f: f, turns: 1, now: map[*ir.Value]*ir.Value{}, levels: f.Levels(), uses: f.Uses(), home: map[*ir.Value]int{}}
	w.inProducts, w.dearer = factorUses(f)
	w.when = &timing{w: w}
	return w
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
	w.outer = append(w.outer, w.body)
	w.body = nil
	w.often = append(w.often, w.turns)
	for _, p := range r.Params {
		w.home[p] = w.depth
	}
	for _, v := range r.Body {
		for i, a := range v.Args {
			v.Args[i] = w.of(a)
		}
		if v.Body != nil {
			turns := w.turns
			w.turns *= v.Turns()
			w.depth++
			w.place = w.depth
			w.region(v.Body)
			w.depth--
			w.place = w.depth
			w.turns = turns
		}
		u := w.visit(v)
		if u == v {
			w.home[v] = w.depth
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
	last := len(w.outer) - 1
	w.body, w.outer = w.outer[last], w.outer[:last]
	w.often = w.often[:last]
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
	w.levels[v] = w.levels[like]
	w.home[v] = w.place
	if w.place < w.depth {
		w.outer[w.place+1] = append(w.outer[w.place+1], v)
	} else {
		w.body = append(w.body, v)
	}
	return v
}

// factorUses counts for each value in how many products of matrices it stands that
// become known when it does, and by how much its products would cost more together
// if they were solved and it is an inverse.
func factorUses(f *ir.Func) (n, dearer map[*ir.Value]int) {
	n, dearer = map[*ir.Value]int{}, map[*ir.Value]int{}
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
		for i, a := range []*ir.Value{m.left, m.right} {
			for matrixTransposed(a) && uses[a] == 1 {
				a = a.Args[0]
			}
			if levels[a] == levels[v] {
				n[a]++
			}
			if a.Op == ir.OpInv && a.Type.Rank() == 2 {
				columns := []int{m.columns(), m.rows()}[i]
				dearer[a] += solveWork(a.Args[0], columns) - v.Work()
			}
		}
	})
	return n, dearer
}
