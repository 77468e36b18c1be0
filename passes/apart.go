package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// takeApart returns products that only products need, several of them, which
// cost less together if each multiplies the factors itself:
//
//	s = a @ b; s @ x, s @ y   becomes   a @ (b @ x), a @ (b @ y)
//
// for vectors x and y. What else needs s would compute it all the same, and then
// nothing is saved. It decides from the last product to the first one, by the
// FLOPs of all that need it. networks are those of f with nothing taken apart;
// only what stands outside of loops is looked at.
func takeApart(f *ir.Func, networks map[*ir.Value]*network, when *timing) map[*ir.Value]bool {
	uses, kept := f.Uses(), routes(f)
	here, apart := map[*ir.Value]bool{}, map[*ir.Value]bool{}
	inner := func(v *ir.Value) bool { return (uses[v] == 1 || apart[v]) && here[v] && !kept[v] && !v.Load }
	now := map[*ir.Value]*network{}      // by root, what is left of them
	users := map[*ir.Value][]*ir.Value{} // roots of networks, by factor
	needs := func(n *network) {
		for _, x := range n.factors {
			if !slices.Contains(users[x.Value], n.root) {
				users[x.Value] = append(users[x.Value], n.root)
			}
		}
	}
	factors := map[*ir.Value]int{} // how often a value is one, in networks as they were
	for _, v := range f.Body {
		here[v] = true
		if n := networks[v]; n != nil {
			now[v] = n
			needs(n)
			for _, x := range n.factors {
				factors[x.Value]++
			}
		}
	}
	for _, v := range slices.Backward(f.Body) {
		n := now[v]
		if n == nil || uses[v] < 2 || factors[v] != uses[v] {
			continue
		}
		apart[v] = true
		if opened := openIn(n, users[v], now, inner, when); opened != nil {
			delete(now, v)
			for _, u := range opened {
				now[u.root] = u
				needs(u)
			}
		} else {
			delete(apart, v)
		}
	}
	return apart
}

// openIn returns the networks of the given roots with the factors of n in place
// of its root, of which inner says that it is no factor by itself; nil if that
// costs as much as n and they do now.
func openIn(n *network, roots []*ir.Value, now map[*ir.Value]*network, inner func(*ir.Value) bool, when *timing) []*network {
	price := func(n *network) int {
		t, _ := order(n, when)
		return t.price.flops
	}
	saved := price(n)
	var opened []*network
	for _, root := range roots {
		old := now[root]
		if old == nil {
			continue // taken apart itself
		}
		u, ok := flatten(root, inner)
		if !ok || len(u.factors) > maxLooking || slices.ContainsFunc(u.factors, func(x factor) bool { return x.Value == n.root }) {
			return nil
		}
		saved += price(old) - price(u)
		opened = append(opened, u)
	}
	if saved <= 0 {
		return nil
	}
	return opened
}

// sumsApart returns sums that only products need, several of them, which cost less
// together if each multiplies what is added:
//
//	s = a + u @ v.T; s @ x, s @ y   becomes   a @ x + u @ (v.T @ x), a @ y + u @ (v.T @ y)
//
// for vectors x and y. It decides as takeApart does.
func sumsApart(f *ir.Func, when *timing) map[*ir.Value]bool {
	uses, kept := f.Uses(), routes(f)
	here, apart := map[*ir.Value]bool{}, map[*ir.Value]bool{}
	users := map[*ir.Value][]*ir.Value{}
	for _, v := range f.Body {
		here[v] = true
		for _, a := range v.Args {
			users[a] = append(users[a], v)
		}
	}
	single := func(v *ir.Value) bool { return uses[v] == 1 && here[v] && !kept[v] && !v.Load }
	inner := func(v *ir.Value) bool { return single(v) || apart[v] }
	// products returns the largest sums of products that need v as a factor beside
	// others; nil if something else needs it.
	products := func(v *ir.Value) []*ir.Value {
		if len(users[v]) != uses[v] {
			return nil // a result, or a loop's
		}
		var roots []*ir.Value
		for _, u := range users[v] {
			product := false
			for {
				product = product || u.Op == ir.OpContract && len(u.Args) > 1
				if kept[u] || u.Load || !linear(u) && !additive(u) || !product && !moves(u) {
					return nil
				}
				if !single(u) || len(users[u]) != 1 || !linear(users[u][0]) && !additive(users[u][0]) {
					break
				}
				u = users[u][0]
			}
			if !slices.Contains(roots, u) {
				roots = append(roots, u)
			}
		}
		return roots
	}
	// price returns the FLOPs of the sum of products of root; ok is false where
	// there is none to multiply out.
	price := func(root *ir.Value) (flops int, ok bool) {
		p, ok := expand(root, inner)
		if !ok || cancels(p.terms) {
			return 0, false
		}
		return newFactoring(root, when).best(p.terms).price.flops, true
	}
	for _, v := range slices.Backward(f.Body) {
		if uses[v] < 2 || !additive(v) || v.Type.Rank() < 2 || kept[v] || v.Load {
			continue
		}
		roots := products(v)
		saved, fine := price(v)
		fine = fine && len(roots) > 0
		for _, after := range []bool{false, true} {
			if apart[v] = after; after {
				saved = -saved
			}
			for _, root := range roots {
				flops, ok := price(root)
				saved, fine = saved+flops, fine && ok
			}
		}
		if !fine || saved >= 0 {
			delete(apart, v)
		}
	}
	return apart
}
