package passes

import (
	"maps"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

var (
	takeOut  = &Rule{Name: "take out", Law: "a @ b + a @ c = a @ (b + c)", Class: Distribute}
	mulOut   = &Rule{Name: "multiply out", Law: "(a + b) @ c = a @ c + b @ c", Class: Distribute}
	sumApart = &Rule{Name: "sum taken apart", Law: "s @ x, s @ y = a @ x + b @ x, a @ y + b @ y for s = a + b", Class: Distribute}
	addUp    = &Rule{Name: "add up", Law: "2 * x + 3 * x = 5 * x", Class: Distribute}
)

// distribute is the pass factor, which uses the distributive law in the direction that is cheaper:
//
//	a @ b + a @ c       becomes   a @ (b + c)
//	(a - h.T @ h) @ x   becomes   a @ x - h.T @ (h @ x)
//
// A sum is multiplied out as far as nothing else needs what is in it, equal
// terms are added up, and then common factors are taken out again where that
// pays, the products ordered as chain does it. So sums that are the same come to
// the same FLOPs, however they are written. It pays or not by the FLOPs of the
// whole: a sum with structure is not mixed with one without, and what is needed
// elsewhere is not computed anew.
//
// It needs nothing before it.
func distribute(ctx *Context, f *ir.Func) error {
	w := newRewriter(ctx, f)
	w.when = newTiming(w)
	w.often = []int{1}
	apart := sumsApart(f, w.when)
	w.often = nil
	sums := polynomialsOf(f, apart, w.when.hoists)
	w.run(func(v *ir.Value) *ir.Value {
		p := sums[v]
		if p == nil {
			return v
		}
		for _, t := range p.terms {
			w.renew(t.network)
		}
		if cancels(p.terms) {
			return v
		}
		before := w.when.work(p.inside)
		all := newFactoring(v, w.when)
		best := all.best(p.terms)
		if p.apart {
			if !w.allowed(sumApart) {
				return v
			}
			w.rewrote(sumApart, v.Pos, before-best.price.flops)
			return w.written(v, all, best)
		}
		rule := cheapestOrder
		switch {
		case slices.ContainsFunc(p.terms, func(t term) bool { return t.cancelled }):
			rule = turnedBack
		case best.like > 0:
			rule = addUp
		case best.factors < p.sums:
			rule = mulOut
		case best.factors > p.sums:
			rule = takeOut
		case slices.ContainsFunc(best.addends, func(a *addend) bool { return a.tree.half }):
			rule = oneTriangle
		}
		if best.price.flops >= before {
			ctx.refuse(p, best, before, w.when)
			return v
		}
		if !w.allowed(rule) {
			return v
		}
		u, saved := w.when.cheaper(before, func() *ir.Value { return w.written(v, all, best) })
		if u == nil {
			return v
		}
		w.rewrote(rule, v.Pos, saved)
		return u
	})
	return nil
}

// written makes the operations of s, in the shape of root.
func (w *rewriter) written(root *ir.Value, all *factoring, s *sum) *ir.Value {
	u := (&summing{w, all, root, map[*ir.Value]*ir.Value{}}).sum(s)
	return w.shaped(u, &network{root: root, sizes: root.Type.Dims(), out: allOf(root.Type.Rank()), factors: []factor{{idx: s.axes}}})
}

// refuse reports what does not pay: taking out a factor of a sum that has none
// taken out, or multiplying one out.
func (ctx *Context) refuse(p *polynomial, best *sum, before int, when *timing) {
	if p.sums == 0 {
		if best.rival != nil {
			ctx.refused(takeOut, p.root.Pos, best.rival.price.flops-before)
		}
		return
	}
	apart := newFactoring(p.root, when)
	apart.flat = true
	if s := apart.best(p.terms); s.price.flops >= before {
		ctx.refused(mulOut, p.root.Pos, s.price.flops-before)
	}
}

// allOf returns 0, 1, .. below n.
func allOf(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// polynomialsOf returns the largest sums of products of f by their roots,
// without those that choices hang on. Sums that are taken apart are a part of each
// polynomial that needs them. If hoists, those in loops go on through what was
// computed before the loop for them alone.
func polynomialsOf(f *ir.Func, apart map[*ir.Value]bool, hoists bool) map[*ir.Value]*polynomial {
	uses, kept := f.Uses(), routes(f)
	out := map[*ir.Value]*polynomial{}
	done := map[*ir.Value]bool{} // inside of another one
	var region func(r *ir.Region, around map[*ir.Value]bool)
	region = func(r *ir.Region, around map[*ir.Value]bool) {
		here := map[*ir.Value]bool{}
		if hoists {
			here = maps.Clone(around)
		}
		for _, v := range r.Body {
			here[v] = true
		}
		inner := func(v *ir.Value) bool { return (uses[v] == 1 || apart[v]) && here[v] && !kept[v] && !v.Load }
		for _, v := range slices.Backward(r.Body) {
			if v.Body != nil {
				region(v.Body, here)
			}
			if done[v] || kept[v] || v.Load || v.Op == ir.OpDiag || !linear(v) && !additive(v) {
				continue
			}
			p, ok := expand(v, inner)
			if !ok || !p.opened {
				continue
			}
			for _, u := range p.inside {
				p.apart = p.apart || apart[u]
			}
			p.inside = slices.DeleteFunc(p.inside, func(u *ir.Value) bool { return done[u] })
			for _, u := range p.inside {
				done[u] = true
			}
			out[v] = p
		}
	}
	region(&f.Region, map[*ir.Value]bool{})
	return out
}

// A summing writes sums as operations.
type summing struct {
	*rewriter
	of   *factoring
	root *ir.Value
	done map[*ir.Value]*ir.Value // by what stands for a sum
}

// sum returns the value of s, with its axes.
func (g *summing) sum(s *sum) *ir.Value {
	var acc *ir.Value
	var axes set
	minus := false
	for _, a := range s.addends {
		v := g.addend(a)
		if acc == nil {
			acc, axes, minus = v, setOf(a.last), a.minus
			continue
		}
		all := axes | setOf(a.last)
		g.place = s.at.depth
		x, y := g.spread(acc, axes, all), g.spread(v, setOf(a.last), all)
		switch {
		case minus == a.minus:
			acc = g.emit(g.root, ir.OpAdd, nil, ir.Type{}, x, y)
		case minus:
			acc, minus = g.emit(g.root, ir.OpSub, nil, ir.Type{}, y, x), false
		default:
			acc = g.emit(g.root, ir.OpSub, nil, ir.Type{}, x, y)
		}
		axes = all
		g.place = g.depth
	}
	if minus {
		g.place = s.at.depth
		acc = g.emit(g.root, ir.OpNeg, nil, ir.Type{}, acc)
		g.place = g.depth
	}
	return acc
}

// addend returns the product of a, without its sign.
func (g *summing) addend(a *addend) *ir.Value {
	n := a.ordering.network
	for i, x := range n.factors {
		s := g.of.of[x.Value]
		if s == nil {
			continue
		}
		if g.done[x.Value] == nil {
			g.done[x.Value] = g.sum(s)
		}
		n.factors[i].Value = g.done[x.Value]
	}
	return (&product{g.rewriter, a.ordering, map[string]computed{}}).whole(a.tree)
}

// spread returns v, which has some of the axes of all, in a shape that broadcasts.
func (g *summing) spread(v *ir.Value, axes, all set) *ir.Value {
	var shape []int
	dims := v.Type.Dims()
	for _, c := range all.members() {
		if axes.has(c) {
			shape, dims = append(shape, dims[0]), dims[1:]
		} else if len(shape) > 0 {
			shape = append(shape, 1)
		}
	}
	return g.reshaped(g.root, v, shape)
}

// renew takes what now stands for the values of a network.
func (w *rewriter) renew(n *network) {
	for i := range n.factors {
		n.factors[i].Value = w.of(n.factors[i].Value)
	}
	for i, s := range n.scales {
		if s.Value != nil {
			n.scales[i].Value = w.of(s.Value)
		}
	}
}
