package passes

import (
	"maps"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

var (
	cheapestOrder = &Rule{Name: "order", Law: "(a @ b) @ c = a @ (b @ c)", Class: Reassociate}
	oneTriangle   = &Rule{Name: "one triangle", Law: "x.T @ s @ x = (x.T @ s @ x).T for a symmetric s, of which half is computed", Class: Reassociate}
	takenApart    = &Rule{Name: "taken apart", Law: "s @ x, s @ y = a @ (b @ x), a @ (b @ y) for s = a @ b", Class: Reassociate}
)

// chain multiplies in the cheapest order:
//
//	(h.T @ h) @ x   becomes   h.T @ (h @ x)
//
// Products of matrices are not all that has an order: what chain looks at are
// networks of tensors, in which transposes, diagonals, traces, sums over axes,
// scalings of rows and columns and scalars are part of the product. Structure
// counts: that of factors, and what follows from it for products of some of them.
//
// It goes through values that nothing else needs, and through those that only
// products need which cost less together without them; it fires where FLOPs are
// saved. It leaves sums of products to factor.
func chain(ctx *Context, f *ir.Func) error {
	w := newRewriter(ctx, f)
	w.when = newTiming(w)
	networks := networksOf(f, nil, w.when.hoists)
	w.often = []int{1}
	apart := takeApart(f, networks, w.when)
	if len(apart) > 0 {
		networks = networksOf(f, apart, w.when.hoists)
	}
	var outside []*network // of loops
	for _, v := range f.Body {
		if n := networks[v]; n != nil {
			outside = append(outside, n)
		}
	}
	stands, alone := shareParts(outside, w.when)
	w.often = nil
	w.run(func(v *ir.Value) *ir.Value {
		n := networks[v]
		if n == nil {
			return v
		}
		if before := alone[n]; before != nil {
			if w.allowed(commonPart) {
				return w.withParts(n, stands)
			}
			n = before
		}
		w.renew(n)
		before := w.when.work(n.inside)
		if n.apart {
			if w.allowed(takenApart) {
				best, o := order(n, w.when)
				w.rewrote(takenApart, n.root.Pos, before-best.price.flops)
				return w.shaped((&product{w, o, map[string]computed{}}).whole(best), n)
			}
			return v
		}
		best, o := order(n, w.when)
		rule := best.rule()
		if n.cancelled {
			rule = turnedBack
		}
		if best.price.flops < before && w.allowed(rule) {
			u, saved := w.when.cheaper(before, func() *ir.Value {
				return w.shaped((&product{w, o, map[string]computed{}}).whole(best), n)
			})
			if u != nil {
				w.rewrote(rule, n.root.Pos, saved)
				return u
			}
		}
		return v
	})
	return nil
}

// rule returns the law that the order of a tree is found by.
func (t *tree) rule() *Rule {
	if t.half {
		return oneTriangle
	}
	return cheapestOrder
}

// withParts returns the value of a network that has parts in common with others,
// which are computed where they are needed first.
func (w *rewriter) withParts(n *network, stands map[*ir.Value]*common) *ir.Value {
	saved := 0
	write := func(n *network) *ir.Value {
		w.renew(n)
		best, o := order(n, w.when)
		saved -= best.price.flops
		return (&product{w, o, map[string]computed{}}).whole(best)
	}
	var parts func(n *network)
	parts = func(n *network) {
		for i, f := range n.factors {
			c := stands[f.Value]
			if c == nil {
				continue
			}
			if c.made == nil {
				parts(c.network)
				c.made = write(c.network)
			}
			n.factors[i].Value = c.made
		}
	}
	saved += w.when.work(n.inside)
	parts(n)
	v := w.shaped(write(n), n)
	w.rewrote(commonPart, n.root.Pos, saved)
	return v
}

// networksOf returns the largest networks of f by their roots, without those in
// which nothing is computed and those that choices hang on. Values that are taken
// apart are a part of each network that needs them. If hoists, those in loops go
// on through what was computed before the loop for them alone.
func networksOf(f *ir.Func, apart map[*ir.Value]bool, hoists bool) map[*ir.Value]*network {
	uses, kept := f.Uses(), routes(f)
	out := map[*ir.Value]*network{}
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
			if done[v] || kept[v] || v.Load || v.Op == ir.OpDiag || !linear(v) {
				continue
			}
			n, ok := flatten(v, inner)
			if !ok || n.work() == 0 {
				continue
			}
			for _, u := range n.inside {
				n.apart = n.apart || apart[u]
			}
			n.inside = slices.DeleteFunc(n.inside, func(u *ir.Value) bool { return done[u] })
			for _, u := range n.inside {
				done[u] = true
			}
			out[v] = n
		}
	}
	region(&f.Region, map[*ir.Value]bool{})
	return out
}
