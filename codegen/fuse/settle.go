package fuse

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// cheap is the work, in additions, up to which computing a value anew costs no
// more than reading it back.
const cheap = 3

// cost returns the work, in additions, of computing an element of v where it
// floats; done holds what is known.
func (p *planner) cost(v *ir.Value, done map[*ir.Value]int) int {
	if p.owner[v] != nil || p.prog.Buf[v] != nil {
		return 0
	}
	if n, ok := done[v]; ok {
		return n
	}
	n := v.Op.Additions()
	for _, a := range v.Args {
		n = min(n+p.cost(a, done), 1<<20)
	}
	done[v] = n
	return n
}

// settle stores floating values that are cheaper to read than to compute anew:
// costly ones that several clusters need, and costly ones that a cluster needs
// more often than they have elements. Those that a cluster needs which they
// themselves depend on stay where they are.
func (p *planner) settle(r *region) {
	work := map[*ir.Value]int{}
	users := map[*ir.Value][]*cluster{} // clusters that compute a floating value
	often := map[*ir.Value]int{}        // elements of the largest user
	use := func(u *ir.Value, elems int, cs ...*cluster) {
		for _, c := range cs {
			if !slices.Contains(users[u], c) {
				users[u] = append(users[u], c)
			}
		}
		often[u] = max(often[u], elems)
	}
	for _, c := range r.clusters {
		if c.kind == copyCluster {
			use(c.anchor, c.anchor.Type.Elems(), c)
		}
		for _, v := range c.extra {
			use(v, v.Type.Elems(), c)
		}
	}
	for i := len(r.body.Body) - 1; i >= 0; i-- {
		v := r.body.Body[i]
		if v.Type.Tuple != nil || v.Op == ir.OpLoop || v.Op == ir.OpGet {
			continue
		}
		if c := p.owner[v]; c != nil {
			elems := v.Type.Elems()
			if c.kind == nestCluster && isReduction(v.Op) {
				elems = 1
				for _, n := range c.fullDims() {
					elems *= n
				}
			}
			for _, a := range v.Args {
				use(a, elems, c)
			}
			continue
		}
		if p.prog.Buf[v] == nil && p.cost(v, work) > cheap && p.worthStoring(r, v, users[v], often[v]) {
			p.materialise(r, v)
			for _, a := range v.Args {
				use(a, v.Type.Elems(), p.owner[v])
			}
			continue
		}
		for _, a := range v.Args {
			use(a, max(often[v], v.Type.Elems()), users[v]...)
		}
	}
}

// worthStoring reports whether the floating value v, costly to compute, is
// needed by several clusters, or more often than it has elements.
func (p *planner) worthStoring(r *region, v *ir.Value, users []*cluster, often int) bool {
	for _, c := range r.sources(v) {
		if slices.ContainsFunc(users, func(u *cluster) bool { return r.after(c, u) }) {
			return false
		}
	}
	return len(users) > 1 || often > 2*v.Type.Elems()
}
