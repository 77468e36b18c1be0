package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

var (
	turnsAtOnce = &Rule{"turns at once", "for i in 0..n { y = y + f(x[i], i) } = y + sum over i of f(x, iota(n))", Reassociate}
	termsAtOnce = &Rule{"terms at once", "f(x[0], 0) + f(x[1], 1) + .. = sum over i of f(x, iota(n))", Reassociate}
)

// A bundle is a sum of terms that differ in a number that counts them: what the
// turns of a loop add up, or terms written one by one.
type bundle struct {
	at      *ir.Value // the loop, or the last addition of the sum
	counter *ir.Value // of the loop; nil where terms are written one by one
	n       int
	leaves  []*ir.Value   // what is added up; of a loop, in a turn
	terms   [][]*ir.Value // each term as a list: its values for all numbers, or the one of a loop
}

// atOnce writes bundles as sums over an axis of their own where that lets sparse
// compute less of them, as it does where tokens choose experts:
//
//	for i in 0..n { y = y + where(choice == i, gate, 0) * f(x, w[i]) }
//
// There all turns compute all tokens, which one product for all turns would too,
// and store it. So bundles are tried on a copy, and written so only if in the end
// there are fewer FLOPs than without, and nothing larger than what a turn makes is
// left with the axis.
func atOnce(ctx *Context, f *ir.Func) error {
	found := bundles(f)
	if len(found) == 0 {
		return nil
	}
	known := newSparsity(f)
	var some []int
	for i, b := range found {
		if b.chooses(known) {
			some = append(some, i)
		}
	}
	if len(some) == 0 {
		return nil
	}
	g, _ := f.Clone()
	if err := sparsely(ctx.trial(), g); err != nil {
		return err
	}
	some, err := paying(ctx, f, some, g.Work())
	if err != nil || len(some) == 0 {
		return err
	}
	bundled(ctx, f, found, some)
	return nil
}

// paying returns which of some bundles of f pay, by their places in the list of all:
// if they do not all together, half of them is looked at by itself, then the others.
// without are the FLOPs of f after the rest of the pass.
func paying(ctx *Context, f *ir.Func, some []int, without int) ([]int, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g, _ := f.Clone()
	try := ctx.trial()
	made := bundled(try, g, bundles(g), some) // the same ones: what is found depends on what a function says
	if len(made) == 0 {
		return nil, nil
	}
	if err := sparsely(try, g); err != nil {
		return nil, err
	}
	if g.Work() < without && !leftLarge(g, made) {
		return some, nil
	}
	if len(some) == 1 {
		return nil, nil
	}
	first, err := paying(ctx, f, some[:len(some)/2], without)
	if err != nil {
		return nil, err
	}
	second, err := paying(ctx, f, some[len(some)/2:], without)
	return slices.Concat(first, second), err
}

// nearby is how many values of a term chooses looks at.
const nearby = 64

// chooses reports whether a comparison or a one-hot value is among the values that
// a term is made of last. Without one a trial is in vain.
func (b bundle) chooses(s *sparsity) bool {
	var next []*ir.Value
	for _, t := range b.terms {
		next = append(next, t[0])
	}
	for i := 0; i < len(next) && i < nearby; i++ {
		v := next[i]
		if v.Op == ir.OpEq || s.hot[v] {
			return true
		}
		for _, a := range v.Args {
			if !slices.Contains(next, a) {
				next = append(next, a)
			}
		}
	}
	return false
}

// trial returns a context for what is tried on a copy: without a limit, and telling
// nobody.
func (ctx *Context) trial() *Context {
	try := *ctx
	try.opts.Report, try.opts.Refuse, try.opts.MaxRewrites, try.made = nil, nil, 0, nil
	return &try
}

// leftLarge reports whether one of values that compute something and have more
// elements than they may is still in f.
func leftLarge(f *ir.Func, most map[*ir.Value]int) bool {
	left := false
	f.Walk(func(v *ir.Value) {
		n, made := most[v]
		left = left || made && v.Work() > 0 && v.Type.Elems() > n
	})
	return left
}

// bundles returns the bundles of f in order.
func bundles(f *ir.Func) []bundle {
	s := &bundling{uses: f.Uses(), shapes: map[*ir.Value]int{}, texts: map[string]int{}}
	s.region(&f.Region)
	return s.found
}

// bundling is the state of bundles. Values have the same number in shapes if they
// are computed alike but for where slices begin, and for integers.
type bundling struct {
	uses   map[*ir.Value]int
	shapes map[*ir.Value]int
	texts  map[string]int
	found  []bundle
}

func (s *bundling) region(r *ir.Region) {
	within := map[*ir.Value]bool{} // additions that are part of a later one
	for _, v := range slices.Backward(r.Body) {
		if v.Op == ir.OpAdd {
			for _, a := range v.Args {
				within[a] = s.continues(v, a)
			}
		}
	}
	here := map[*ir.Value]bool{}
	for _, v := range r.Body {
		here[v] = true
		switch {
		case v.Op == ir.OpLoop:
			s.region(v.Body)
			s.loop(v)
		case v.Op == ir.OpAdd && !within[v] && v.Type.DType.IsFloat() && !rounded(v):
			s.sum(v, here)
		}
	}
}

// continues reports whether the addition v adds to another one, a, only.
func (s *bundling) continues(v, a *ir.Value) bool {
	return a.Op == ir.OpAdd && s.uses[a] == 1 && a.Type.Equal(v.Type) && !v.Cost.Set && !a.Cost.Set
}

// leaves appends what v, an addition, adds up.
func (s *bundling) leaves(v *ir.Value, to []*ir.Value) []*ir.Value {
	for _, a := range v.Args {
		if s.continues(v, a) {
			to = s.leaves(a, to)
		} else {
			to = append(to, a)
		}
	}
	return to
}

// loop finds that a loop from 0 on carries one sum, on which no turn depends.
func (s *bundling) loop(v *ir.Value) {
	n, known := loopTurns(v)
	if !known || n < 2 || len(v.Body.Results) != 1 || v.Attrs.(*ir.LoopAttrs).Step != 1 || v.Args[0].Attrs.(*ir.FullAttrs).Value.Int != 0 {
		return
	}
	carried, result := v.Body.Params[1], v.Body.Results[0]
	if result.Op != ir.OpAdd || !result.Type.DType.IsFloat() || rounded(result) {
		return
	}
	b := bundle{at: v, counter: v.Body.Params[0], n: n, leaves: s.leaves(result, nil)}
	for _, leaf := range b.leaves {
		if leaf == carried {
			continue
		}
		b.terms = append(b.terms, []*ir.Value{leaf})
	}
	if len(b.terms) == len(b.leaves)-1 && len(b.terms) > 0 {
		s.found = append(s.found, b)
	}
}

// sum finds terms of the sum v, in a region that has the values here before it, that
// are computed alike.
func (s *bundling) sum(v *ir.Value, here map[*ir.Value]bool) {
	leaves := s.leaves(v, nil)
	if len(leaves) < 2 {
		return
	}
	alike := map[int][]*ir.Value{}
	var order []int
	for _, leaf := range leaves {
		if !here[leaf] || !leaf.Type.Equal(v.Type) {
			continue
		}
		k := s.shape(leaf)
		if alike[k] == nil {
			order = append(order, k)
		}
		alike[k] = append(alike[k], leaf)
	}
	for _, k := range order {
		if n := len(alike[k]); n > 1 {
			s.found = append(s.found, bundle{at: v, n: n, leaves: leaves, terms: [][]*ir.Value{alike[k]}})
		}
	}
}

// shape returns the number of v in s.shapes.
func (s *bundling) shape(v *ir.Value) int {
	if k, ok := s.shapes[v]; ok {
		return k
	}
	text := fmt.Sprint(len(s.shapes), " alone")
	switch {
	case v.Op == ir.OpFull && v.IsScalar() && v.Type.DType.IsInt():
		text = "number " + v.Type.String()
	case v.Op == ir.OpParam || v.Op == ir.OpConst || v.Body != nil || v.Type.Tuple != nil: // constants may be large
	default:
		var b strings.Builder
		fmt.Fprint(&b, v.Op, v.Type, v.Cost)
		if a, ok := v.Attrs.(*ir.SliceAttrs); ok && v.Op == ir.OpSlice {
			fmt.Fprint(&b, a.Step)
		} else {
			b.WriteString(ir.AttrString(v.Attrs))
		}
		for _, a := range v.Args {
			fmt.Fprint(&b, " ", s.shape(a))
		}
		text = b.String()
	}
	k, ok := s.texts[text]
	if !ok {
		k = len(s.texts)
		s.texts[text] = k
	}
	s.shapes[v] = k
	return k
}

// bundled writes some of all bundles of f as sums over an axis of their own, as far
// as that can be done, and returns what has such an axis, with the elements of the
// largest value of a turn.
func bundled(ctx *Context, f *ir.Func, all []bundle, some []int) map[*ir.Value]int {
	at := map[*ir.Value][]bundle{}
	for _, i := range some {
		at[all[i].at] = append(at[all[i].at], all[i])
	}
	made := map[*ir.Value]int{}
	w := newRewriter(ctx, f)
	w.run(func(v *ir.Value) *ir.Value {
		u := v
		instead := map[*ir.Value]*ir.Value{} // of leaves; nil where they are gone
		for _, b := range at[v] {
			rule := termsAtOnce
			if b.counter != nil {
				rule = turnsAtOnce
			}
			before := len(w.body)
			l := &lifting{rewriter: w, bundle: b, done: map[*ir.Value][]lifted{}}
			sums, ok := l.sums()
			if !ok || !w.allowed(rule) {
				w.body = w.body[:before]
				continue
			}
			w.rewrote(rule, v.Pos, 0)
			most := 0 // of a turn
			for _, x := range l.made {
				if x.Work() > 0 {
					most = max(most, x.Type.Elems()/b.n)
				}
			}
			for _, x := range l.made {
				made[x] = most
			}
			for i, term := range b.terms {
				for _, x := range term {
					instead[x] = nil
				}
				instead[term[0]] = sums[i]
			}
			if b.counter != nil {
				instead[v.Body.Params[1]] = v.Args[2]
			}
			u = nil
			for _, leaf := range b.leaves {
				now, changed := instead[leaf]
				switch {
				case !changed:
					now = w.of(leaf)
				case now == nil:
					continue
				}
				if u == nil {
					u = now
				} else {
					u = w.emit(v, ir.OpAdd, nil, ir.Type{}, u, now)
				}
			}
		}
		return u
	})
	return made
}
