package passes

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxTerms bounds a polynomial: a sum that would make more terms of it stays a
// factor as it is.
const maxTerms = 10

// A term is a network that is added to others, or subtracted.
type term struct {
	*network
	minus bool
}

// A polynomial is a sum of networks with the same indices for the result: the
// index of axis i is i in each.
type polynomial struct {
	root   *ir.Value
	terms  []term
	inside []*ir.Value // root and what only it needs, which the polynomial replaces
	sums   int         // that were inside of a product
	opened bool        // whether there is a sum at all
	apart  bool        // something is inside of other polynomials too, and not computed
}

// additive reports whether v is a sum of two values.
func additive(v *ir.Value) bool {
	return (v.Op == ir.OpAdd || v.Op == ir.OpSub) && v.Type.DType != tensor.Bool && !(v.Cost.Set && v.Cost.Flops > 0)
}

// expand returns root with all products of sums multiplied out, as far as
// nothing else needs the sums.
func expand(root *ir.Value, inner func(v *ir.Value) bool) (*polynomial, bool) {
	p := &polynomial{root: root}
	var first *network
	if additive(root) {
		first = single(root)
	} else {
		n, ok := flatten(root, inner)
		if !ok {
			return nil, false
		}
		first, p.inside = n, n.inside
	}
	p.terms = []term{{network: first}}
	opened := 0
	for i := 0; i < len(p.terms); {
		t := p.terms[i]
		at := slices.IndexFunc(t.factors, func(f factor) bool { return additive(f.Value) && !f.shared })
		if at < 0 {
			i++
			continue
		}
		v := t.factors[at].Value
		made, inside, ok := t.open(at, inner)
		if !ok || len(p.terms)+1 > maxTerms || slices.ContainsFunc(made, func(u term) bool { return len(u.factors) > allTrees || len(u.sizes) > 20 }) {
			if slices.Contains(p.inside, v) {
				return nil, false // opened in another term
			}
			p.close(v)
			continue
		}
		// The sum may be a factor of other terms too: it was in all that came of
		// one product.
		opened++
		if len(t.factors) > 1 && !slices.Contains(p.inside, v) {
			p.sums++
		}
		p.inside = append(p.inside, v)
		p.inside = append(p.inside, inside...)
		p.terms = slices.Replace(p.terms, i, i+1, made...)
	}
	p.opened = opened > 0
	slices.SortFunc(p.inside, func(a, b *ir.Value) int { return a.ID - b.ID })
	p.inside = slices.Compact(p.inside)
	for i := range p.terms {
		p.terms[i] = p.terms[i].numbered()
	}
	return p, true
}

// close leaves a sum as it is, in all terms.
func (p *polynomial) close(v *ir.Value) {
	for _, t := range p.terms {
		for k := range t.factors {
			if t.factors[k].Value == v {
				t.factors[k].shared = true
			}
		}
	}
}

// single returns v as a network of one factor.
func single(v *ir.Value) *network {
	n := &network{root: v, sizes: v.Type.Dims()}
	for i := range n.sizes {
		n.out = append(n.out, i)
	}
	n.factors = []factor{{Value: v, idx: slices.Clone(n.out)}}
	return n
}

// open returns the terms that come of t when factor k, a sum, is multiplied
// out, and the values that this replaces beside the sum.
func (t term) open(k int, inner func(v *ir.Value) bool) (made []term, inside []*ir.Value, ok bool) {
	f := t.factors[k]
	for side, x := range f.Args {
		n, ok := flattenOperand(x, inner)
		if !ok {
			if slices.Contains(x.Type.Dims(), 0) {
				return nil, nil, false
			}
			n = single(x)
			n.factors[0].shared = !additive(x) || !inner(x)
		}
		inside = append(inside, n.inside...)
		u := term{network: &network{root: t.root, out: t.out, cancelled: t.cancelled || n.cancelled}, minus: t.minus != (f.Op == ir.OpSub && side == 1)}
		u.sizes = slices.Clone(t.sizes)
		for i, other := range t.factors {
			if i != k {
				other.idx = slices.Clone(other.idx)
				u.factors = append(u.factors, other)
			}
		}
		// The axes of x are the last ones of f; one of size 1 is stretched.
		index := make([]int, len(n.sizes))
		for i := range index {
			index[i] = -1
		}
		skip := len(f.idx) - len(n.out)
		for i, c := range n.out {
			if n.sizes[c] == t.sizes[f.idx[skip+i]] {
				index[c] = f.idx[skip+i]
			}
		}
		for i, c := range index {
			if c < 0 {
				index[i] = len(u.sizes)
				u.sizes = append(u.sizes, n.sizes[i])
			}
		}
		for _, g := range n.factors {
			g.idx = slices.Clone(g.idx)
			for i := range g.idx {
				g.idx[i] = index[g.idx[i]]
			}
			u.factors = append(u.factors, g)
		}
		u.scales = append(slices.Clone(t.scales), n.scales...)
		if !u.tidy() {
			return nil, nil, false
		}
		made = append(made, u)
	}
	return made, inside, true
}

// tidy makes scales of constant factors and of sums over indices that no factor
// has. It returns false where a size is no number of the type.
func (t *term) tidy() bool {
	d := t.root.Type.DType
	var used set
	for _, f := range t.factors {
		used |= setOf(f.idx)
	}
	for i, n := range t.sizes {
		if !used.has(i) && !slices.Contains(t.out, i) && n != 1 {
			s := scale{constant: ir.IntNumber(tensor.Wrap(d, int64(n)))}
			if d.IsFloat() {
				s.constant = ir.FloatNumber(float64(n))
				if tensor.Round(d, float64(n)) != float64(n) {
					return false
				}
			}
			t.scales = append(t.scales, s)
			t.sizes[i] = 1 // counted
		}
	}
	for k := 0; k < len(t.factors) && len(t.factors) > 1; {
		f := t.factors[k]
		if f.Op != ir.OpFull || !usable(f.Attrs.(*ir.FullAttrs).Value) {
			k++
			continue
		}
		t.scales = append(t.scales, scale{constant: f.Attrs.(*ir.FullAttrs).Value})
		t.factors = slices.Delete(t.factors, k, k+1)
	}
	t.scales = constants(t.scales, d)
	if len(t.scales) > 0 && t.scales[0].Value == nil && d.IsFloat() {
		if c := t.scales[0].constant.Float; c < 0 {
			t.minus = !t.minus
			t.scales = slices.Clone(t.scales)
			t.scales[0].constant.Float = math.Abs(c)
			if c == -1 {
				t.scales = t.scales[1:]
			}
		}
	}
	return true
}

// numbered returns t with indices as a polynomial has them: those of the result
// first, in order, and none that no factor has. Scalars, which may be common to
// several terms, are factors then.
func (t term) numbered() term {
	index := map[int]int{}
	u := term{network: &network{root: t.root, cancelled: t.cancelled}, minus: t.minus}
	add := func(c int) int {
		i, ok := index[c]
		if !ok {
			i = len(u.sizes)
			index[c] = i
			u.sizes = append(u.sizes, t.sizes[c])
		}
		return i
	}
	for _, c := range t.out {
		u.out = append(u.out, add(c))
	}
	for _, f := range t.factors {
		g := f
		g.idx = nil
		for _, c := range f.idx {
			g.idx = append(g.idx, add(c))
		}
		u.factors = append(u.factors, g)
	}
	for _, s := range t.scales {
		if s.Value == nil {
			u.scales = append(u.scales, s)
			continue
		}
		g := factor{Value: s.Value}
		for range s.Type.Rank() {
			g.idx = append(g.idx, len(u.sizes))
			u.sizes = append(u.sizes, 1)
		}
		u.factors = append(u.factors, g)
	}
	return u
}
