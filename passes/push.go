package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// gathered returns f without the classes of deltas: at the indices that they
// name. Their rows take the place of the classes. What f is computed from is
// gathered in its place where nothing else needs f, it is no earlier than what
// needs it, and there are fewer rows than classes, so that all the work is done on
// the rows alone:
//
//	one_hot(i, n) @ exp(x @ w)   becomes   exp(take(x, i) @ w)
//
// ok is false where something would be made that is too large.
func (e *elimination) gathered(f factor, deltas []delta) (g factor, ok bool) {
	ds := slices.DeleteFunc(slices.Clone(deltas), func(d delta) bool { return !slices.Contains(f.idx, d.class) })
	if len(ds) == 0 {
		return f, true
	}
	made, sizes := len(e.w.body), len(e.sizes)
	p := &pushing{elimination: e, deltas: ds, dies: e.below(f.Value), done: map[*ir.Value]factor{}, from: map[*ir.Value][]int{}, visits: map[*ir.Value]int{}}
	if g, ok := p.gathered(f); ok && len(p.done) > 0 && !p.failed {
		e.inside = append(e.inside, p.dead()...)
		return g, true
	}
	e.w.body, e.sizes = e.w.body[:made], e.sizes[:sizes]
	return e.picked(f, ds)
}

// below returns v and what only it needs; nothing where v is needed elsewhere
// too, or a choice hangs on it.
func (e *elimination) below(v *ir.Value) map[*ir.Value]bool {
	dies := map[*ir.Value]bool{}
	r := e.home[v]
	if r == nil || e.uses[v] != 1 || !slices.Contains(e.inside, e.users[v][0]) {
		return dies
	}
	dies[v] = true
	for i := e.order[v] - 1; i >= 0; i-- {
		u := e.bodies[r][i]
		if e.users[u] != nil && !e.kept[u] && !slices.ContainsFunc(e.users[u], func(by *ir.Value) bool { return !dies[by] }) {
			dies[u] = true
		}
	}
	return dies
}

// A pushing gathers what a value is computed from.
type pushing struct {
	*elimination
	deltas []delta
	dies   map[*ir.Value]bool
	done   map[*ir.Value]factor // of values, what was gathered
	from   map[*ir.Value][]int  // the indices that they had
	visits map[*ir.Value]int
	failed bool // on the way
}

// dead returns the values that nothing needs any more, from the last to the first.
func (p *pushing) dead() []*ir.Value {
	var dead []*ir.Value
	for v := range p.done {
		dead = append(dead, v)
	}
	slices.SortFunc(dead, func(a, b *ir.Value) int { return p.order[b] - p.order[a] })
	lives := map[*ir.Value]bool{}
	return slices.DeleteFunc(dead, func(v *ir.Value) bool {
		lives[v] = p.visits[v] != p.uses[v] || slices.ContainsFunc(p.users[v], func(by *ir.Value) bool { return lives[by] })
		return lives[v]
	})
}

// gathered is that of elimination for what is below.
func (p *pushing) gathered(f factor) (g factor, ok bool) {
	v := f.Value
	ds := slices.DeleteFunc(slices.Clone(p.deltas), func(d delta) bool { return !slices.Contains(f.idx, d.class) })
	if len(ds) == 0 {
		return f, true
	}
	if idx, ok := p.from[v]; ok && slices.Equal(idx, f.idx) {
		p.visits[v]++
		return p.done[v], true
	}
	if _, twice := p.from[v]; !twice && p.dies[v] && p.home[v] == p.home[p.root] && p.w.levels[v] == p.w.levels[p.root] {
		made := len(p.w.body)
		g, ok := p.pushed(f, ds)
		if p.failed = p.failed || !ok && len(p.w.body) > made; p.failed {
			return f, false
		}
		if ok {
			p.done[v], p.from[v] = g, f.idx
			p.visits[v]++
			return g, true
		}
	}
	return p.picked(f, ds)
}

// pushed gathers the operands of f.
func (p *pushing) pushed(f factor, ds []delta) (g factor, ok bool) {
	v := f.Value
	if v.Op == ir.OpContract && v.Cost.Set {
		return f, false
	}
	var had []int
	for _, d := range ds {
		had = append(had, d.class)
	}
	order := slices.Clone(f.idx)
	at := slices.IndexFunc(order, func(i int) bool { return slices.Contains(had, i) })
	added := slices.DeleteFunc(rowsOf(ds), func(i int) bool { return slices.Contains(f.idx, i) })
	if spanOf(p.sizes, added) >= spanOf(p.sizes, had) {
		return f, false // no fewer than there were
	}
	order = slices.Insert(order, at, added...)
	order = slices.DeleteFunc(order, func(i int) bool { return slices.Contains(had, i) })
	switch info := v.Op.Info(); {
	case info.Class == ir.Elementwise:
		args := make([]*ir.Value, len(v.Args))
		for i, a := range v.Args {
			x, ok := p.gathered(factor{Value: a, idx: p.stretched(a, v, f.idx)})
			if !ok {
				return f, false
			}
			args[i] = p.spread(x, order)
		}
		want := ir.Type{}
		if info.Typed {
			want = ir.Make(v.Type.DType, sizesOf(p.sizes, order)...)
		}
		u := p.w.emit(v, v.Op, v.Attrs, want, args...)
		u.Cost = v.Cost
		return factor{Value: u, idx: order}, slices.Equal(u.Type.Dims(), sizesOf(p.sizes, order))
	case v.Op == ir.OpTranspose:
		of := make([]int, len(f.idx))
		for i, a := range v.Attrs.(*ir.PermAttrs).Perm {
			of[a] = f.idx[i]
		}
		return p.gathered(factor{Value: v.Args[0], idx: of})
	case v.Op == ir.OpContract:
		operands, out, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
		index := map[byte]int{}
		for i := range len(out) {
			index[out[i]] = f.idx[i]
		}
		var parts [][]int
		var args []*ir.Value
		for k, a := range v.Args {
			var of []int
			for i, n := range a.Type.Dims() {
				c := operands[k][i]
				if _, ok := index[c]; !ok {
					index[c] = p.index(n)
				}
				of = append(of, index[c])
			}
			x, ok := p.gathered(factor{Value: a, idx: of})
			if !ok {
				return f, false
			}
			parts, args = append(parts, x.idx), append(args, x.Value)
		}
		for _, x := range parts {
			// What is taken for blocks is a right operand, or would be copied.
			if p.forBlocks(x) && len(x) > 2 && (len(parts) != 2 || !slices.Contains(x, order[len(order)-1])) {
				return f, false
			}
		}
		u := p.w.emit(v, ir.OpContract, &ir.ContractAttrs{Spec: specOf(parts, order)}, ir.Type{}, args...)
		u.Cost = v.Cost
		return factor{Value: u, idx: order}, true
	}
	return f, false
}

// spread returns f with axes so that it broadcasts to all; what it has beside
// them are axes of size 1.
func (e *elimination) spread(f factor, all []int) *ir.Value {
	idx := slices.DeleteFunc(slices.Clone(f.idx), func(i int) bool { return !slices.Contains(all, i) })
	v := e.w.withShape(e.root, f.Value, sizesOf(e.sizes, idx))
	return e.w.aligned(e.root, factor{Value: v, idx: idx}, all)
}
