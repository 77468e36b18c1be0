package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

var (
	gathers  = &Rule{"one-hot gathers", "one_hot(i, n) @ x = take(x, i)", FromStructure}
	scatters = &Rule{"one-hot scatters", "one_hot(i, n).T @ x = scatter_add(zeros, i, x)", FromStructure}
)

// sparse computes with the ones of one-hot values only:
//
//	one_hot(i, n) @ x   becomes   take(x, i)
//
// It looks at sums of products some of whose factors are one-hot values, also
// such that are written as a comparison with iota, and scatters into zeros: those
// are one-hot factors too. Products and sums of one-hot values, with gates and
// masks, are seen through wherever they are used, so dispatch and combine tensors
// of a mixture of experts are never made. Where the classes are summed, what they
// count along is gathered; where they stay and the rows are summed, what is left
// of the product is scattered. Indices that may be out of range, whose row is
// zero, are masked.
//
// Where each row has its own class, and what is gathered has these rows too, as
// what all experts make of all tokens has, only the rows that chose a class are
// computed with it (see regrouped).
//
// A product with a sparse factor, gates of one expert for all tokens, is scattered
// where that spares what the other factor takes.
//
// Then rows that are taken more often than there are are computed once each (see
// repeat.go).
//
// Sums that the turns of a loop make, or that are written term by term, are sums
// over an axis first, where that leads to these (see turns.go).
//
// It fires where FLOPs are saved and nothing larger is made than what was there.
// It runs before chain, which orders the products that are left.
func sparse(ctx *Context, f *ir.Func) error {
	if err := atOnce(ctx, f); err != nil {
		return err
	}
	return sparsely(ctx, f)
}

// sparsely is sparse of sums as they are written.
func sparsely(ctx *Context, f *ir.Func) error {
	// What is opened wherever it is used need not be computed, so it comes second.
	for _, all := range []bool{false, true} {
		s := newSparsity(f)
		w := newRewriter(ctx, f)
		w.run(func(v *ir.Value) *ir.Value {
			if !s.roots[v] || !all && s.openedLater(v) {
				return v
			}
			return s.rewrite(w, v)
		})
	}
	return byLaws(slices.Concat(repetitions, accumulations))(ctx, f)
}

// A sparsity is what is known of a function as it was before the pass.
type sparsity struct {
	args   map[*ir.Value][]*ir.Value
	users  map[*ir.Value][]*ir.Value
	uses   map[*ir.Value]int
	home   map[*ir.Value]*ir.Region
	bodies map[*ir.Region][]*ir.Value // as they were
	order  map[*ir.Value]int          // the place in its body
	hot    map[*ir.Value]bool         // a product or light sum of products with one-hot factors
	roots  map[*ir.Value]bool         // sums with one-hot factors
	kept   map[*ir.Value]bool         // see routes
	later  map[*ir.Value]bool         // what openedLater has found
	bounds intervals
}

func newSparsity(f *ir.Func) *sparsity {
	s := &sparsity{
		args: map[*ir.Value][]*ir.Value{}, users: map[*ir.Value][]*ir.Value{}, uses: f.Uses(), home: map[*ir.Value]*ir.Region{},
		hot: map[*ir.Value]bool{}, roots: map[*ir.Value]bool{}, kept: routes(f), bounds: intervals{},
		later: map[*ir.Value]bool{}, bodies: map[*ir.Region][]*ir.Value{}, order: map[*ir.Value]int{},
	}
	s.survey(&f.Region)
	return s
}

func (s *sparsity) survey(r *ir.Region) {
	s.bodies[r] = slices.Clone(r.Body)
	for i, v := range r.Body {
		s.order[v] = i
		if v.Body != nil {
			s.survey(v.Body)
		}
		s.args[v], s.home[v] = slices.Clone(v.Args), r
		for _, a := range v.Args {
			s.users[a] = append(s.users[a], v)
		}
		if v.Type.Tuple != nil || v.Type.DType == tensor.Bool || v.Cost.Set && v.Cost.Flops > 0 || !s.hasHot(v) {
			continue // a cost may cover other operations too
		}
		if sums(v) {
			s.roots[v] = true
			o, _, terms := s.open(&rewriter{}, v)
			s.hot[v] = len(terms) > 0 && !slices.ContainsFunc(terms, func(t summand) bool { return !o.light(t) })
		} else {
			s.hot[v] = true
			s.roots[v] = v.Op == ir.OpMul // it may spare what the other factor takes
		}
	}
	for _, v := range r.Results {
		s.users[v] = append(s.users[v], nil)
	}
}

// hasHot reports whether v is a product or a sum with one-hot factors.
func (s *sparsity) hasHot(v *ir.Value) bool {
	some := func(a *ir.Value) bool { return s.hot[a] }
	switch v.Op {
	case ir.OpContract, ir.OpMul:
		return slices.ContainsFunc(v.Args, some)
	case ir.OpAdd, ir.OpSub:
		return s.hot[v.Args[0]] && s.hot[v.Args[1]]
	case ir.OpSum, ir.OpNeg, ir.OpTranspose, ir.OpBroadcast:
		return s.hot[v.Args[0]]
	case ir.OpReshape:
		return s.hot[v.Args[0]] && sameWithoutOnes(v.Type.Dims(), v.Args[0].Type.Dims())
	case ir.OpSlice:
		return s.hot[v.Args[0]] && partial(v)
	case ir.OpScatter, ir.OpScatterAlong:
		return !v.Attrs.(*ir.ScatterAttrs).Set && exactZero(v.Args[0])
	}
	if v.Op == ir.OpWhere {
		at, _, _ := selection(v, s.args)
		return at != nil
	}
	at, _ := oneHot(v, s.args)
	return at != nil
}

// openedLater reports whether all that uses v sees through it.
func (s *sparsity) openedLater(v *ir.Value) bool {
	if later, ok := s.later[v]; ok || !s.hot[v] {
		return later
	}
	s.later[v] = !slices.ContainsFunc(s.users[v], func(u *ir.Value) bool { return !s.roots[u] && !s.openedLater(u) })
	return s.later[v]
}

// spares reports whether a contraction is among values.
func spares(values []*ir.Value) bool {
	return slices.ContainsFunc(values, func(v *ir.Value) bool { return v.Op == ir.OpContract && sums(v) })
}

// rewrite returns what stands for the sum v: v, if nothing is saved.
func (s *sparsity) rewrite(w *rewriter, v *ir.Value) *ir.Value {
	made := len(w.body)
	o, out, terms := s.open(w, v)
	e := &elimination{opener: o, out: out, rule: gathers}
	u := e.sum(terms)
	before := 0
	counted := map[*ir.Value]bool{} // several terms may need one value
	for _, x := range o.inside {
		if !counted[x] {
			before += x.Work()
		}
		counted[x] = true
	}
	after := 0
	if u != nil {
		after = workSince(u, w.body[made:])
	}
	if u == nil || after >= before || !sums(v) && !spares(o.inside[1:]) || s.kept[v] && !e.exact || !w.allowed(e.rule) {
		w.body = w.body[:made]
		return v
	}
	if u.Type.Props == (ir.Props{}) && slices.Contains(w.body[made:], u) {
		u.Type = u.Type.WithProps(v.Type.Props)
	}
	w.rewrote(e.rule, v.Pos, (before-after)*w.turns)
	return u
}
