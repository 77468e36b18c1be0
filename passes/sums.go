package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxPartitions is the most terms of which all partitions into groups with a
// common factor are tried; of more, the best two groups are joined again and
// again.
const maxPartitions = 5

// A sum says how a polynomial is computed.
type sum struct {
	addends []*addend // in the order in which they are added
	axes    []int     // the indices of the result that some addend has
	sizes   []int     // of axes
	props   ir.Props
	at      moment
	price   price // with that of what is below
	own     price // without
	below   []*sum
	factors int  // how many sums are inside of products
	like    int  // how many terms were collected into others
	rival   *sum // the cheapest one with a common factor taken out
}

// An addend is one product of a sum. Its factors may be sums.
type addend struct {
	minus bool
	tree  *tree
	*ordering
	price price // with that of the sums
}

// A factoring finds the cheapest way to compute polynomials.
type factoring struct {
	root  *ir.Value
	when  *timing
	sums  map[string]*sum    // by the text of the polynomial
	stand map[*sum]*ir.Value // what stands for a sum in networks
	of    map[*ir.Value]*sum // the sum that a value stands for
	flat  bool               // never factor
}

func newFactoring(root *ir.Value, when *timing) *factoring {
	return &factoring{root: root, when: when, sums: map[string]*sum{}, stand: map[*sum]*ir.Value{}, of: map[*ir.Value]*sum{}}
}

// text returns what two terms have in common exactly if they are the same but
// for the scales.
func (t term) text() string {
	o := newOrdering(t.network)
	k := o.key(set(1)<<len(t.factors) - 1)
	orders := make([]string, len(k.orders))
	for i, order := range k.orders {
		orders[i] = fmt.Sprint(order)
	}
	return k.text + slices.Min(orders)
}

func (t term) scaleText() string {
	var b strings.Builder
	for _, s := range t.scales {
		if s.Value != nil {
			fmt.Fprintf(&b, "*%d", s.ID)
		} else {
			fmt.Fprintf(&b, "*%v,%v,%v", s.constant.Float, s.constant.Int, s.divides)
		}
	}
	return b.String()
}

// collect adds up the constants of terms that are the same otherwise, where that
// is exact and leaves something.
func (f *factoring) collect(terms []term) ([]term, int) {
	var out []term
	at := map[string]int{}
	like := 0
	for _, t := range terms {
		key := t.text() + term{network: &network{scales: t.runtime()}}.scaleText()
		i, ok := at[key]
		if ok {
			if u, ok := out[i].plus(t); ok {
				out[i] = u
				like++
				continue
			}
		}
		at[key] = len(out)
		out = append(out, t)
	}
	return out, like
}

// cancels reports whether a term is subtracted from one that is the same but for
// its constant. Where it is infinite the difference is NaN, and must stay so.
func cancels(terms []term) bool {
	seen := map[string]bool{}
	for _, t := range terms {
		key := t.text() + term{network: &network{scales: t.runtime()}}.scaleText()
		if minus, ok := seen[key]; ok && minus != t.minus {
			return true
		}
		seen[key] = t.minus
	}
	return false
}

// runtime returns the scales but for the constant that comes first.
func (t term) runtime() []scale {
	if len(t.scales) > 0 && t.scales[0].Value == nil && !t.scales[0].divides {
		return t.scales[1:]
	}
	return t.scales
}

// plus returns t + u, which differ in their constants only.
func (t term) plus(u term) (term, bool) {
	d := t.root.Type.DType
	a, b := t.constant(), u.constant()
	var c ir.Number
	if a.IsInt {
		n := a.Int + b.Int
		if n = tensor.Wrap(d, n); n == 0 {
			return term{}, false
		}
		c = ir.IntNumber(n)
	} else {
		x := a.Float + b.Float
		if x == 0 || tensor.Round(d, x) != x || x-a.Float != b.Float || x-b.Float != a.Float {
			return term{}, false
		}
		c = ir.FloatNumber(x)
	}
	sum := term{network: &network{}}
	*sum.network = *t.network
	sum.scales = nil
	if !c.IsInt && c.Float < 0 {
		sum.minus, c.Float = true, -c.Float
	}
	if c != ir.FloatNumber(1) && c != ir.IntNumber(1) {
		sum.scales = []scale{{constant: c}}
	}
	sum.scales = append(sum.scales, t.runtime()...)
	return sum, true
}

// constant returns the constant of a term with its sign.
func (t term) constant() ir.Number {
	c := ir.FloatNumber(1)
	if !t.root.Type.DType.IsFloat() {
		c = ir.IntNumber(1)
	}
	if len(t.runtime()) < len(t.scales) {
		c = t.scales[0].constant
	}
	if t.minus {
		c.Float, c.Int = -c.Float, -c.Int
	}
	if c.IsInt {
		c.Float = 0
	}
	return c
}

// best returns the cheapest sum of terms, which have the given sizes of the
// indices of the result.
func (f *factoring) best(terms []term) *sum {
	texts := make([]string, len(terms))
	for i, t := range terms {
		texts[i] = fmt.Sprint(t.minus, t.text(), t.scaleText(), sizesOf(t.sizes, t.out))
	}
	slices.Sort(texts)
	key := strings.Join(texts, "+")
	if s := f.sums[key]; s != nil {
		return s
	}
	terms, like := f.collect(terms)
	groups := map[set]*addend{}
	group := func(g set) *addend {
		if a, ok := groups[g]; ok {
			return a
		}
		a := f.group(terms, g)
		groups[g] = a
		return a
	}
	var best, rival *sum
	try := func(parts []set) {
		var addends []*addend
		for _, g := range parts {
			addends = append(addends, group(g))
		}
		s := f.add(terms[0], addends)
		if len(parts) < len(terms) {
			if again := f.again(addends); again != nil && again.price.less(s.price) {
				s = again
			}
		}
		if s.factors > 0 && len(parts) < len(terms) && (rival == nil || s.price.less(rival.price)) {
			rival = s
		}
		if best == nil || s.price.less(best.price) {
			best = s
		}
	}
	all := set(1)<<len(terms) - 1
	var single []set
	for i := range terms {
		single = append(single, 1<<i)
	}
	try(single)
	switch {
	case f.flat:
	case len(terms) <= maxPartitions:
		var partition func(rest set, parts []set)
		partition = func(rest set, parts []set) {
			if rest == 0 {
				try(parts)
				return
			}
			low := rest & -rest
			others := rest &^ low
			for more := others; ; more = (more - 1) & others {
				if group(low|more) != nil {
					partition(others&^more, append(slices.Clone(parts), low|more))
				}
				if more == 0 {
					break
				}
			}
		}
		partition(all, nil)
	default:
		for parts := single; ; {
			before := best
			var joined []set
			for i := range parts {
				for j := range i {
					if group(parts[i]|parts[j]) == nil {
						continue
					}
					next := slices.Delete(slices.Clone(parts), i, i+1)
					next[j] |= parts[i]
					had := best
					if try(next); best != had {
						joined = next
					}
				}
			}
			if best == before {
				break
			}
			parts = joined
		}
	}
	best.like += like
	best.rival = rival
	f.sums[key] = best
	return best
}

// again returns the sum of addends of which two have a sum as a common factor,
// which may be taken out too: of a@c + a@d + b@c + b@d, in a@(c+d) + b@(c+d);
// nil if there is none.
func (f *factoring) again(addends []*addend) *sum {
	seen := map[*ir.Value]bool{}
	common := false
	var terms []term
	for _, a := range addends {
		n := *a.ordering.network
		terms = append(terms, term{network: &n, minus: a.minus})
		own := map[*ir.Value]bool{}
		for _, x := range n.factors {
			if f.of[x.Value] != nil && !own[x.Value] {
				common = common || seen[x.Value]
				seen[x.Value], own[x.Value] = true, true
			}
		}
	}
	if !common {
		return nil
	}
	return f.best(terms)
}

// group returns the terms of g as one product with their common factors, nil if
// they have none.
func (f *factoring) group(terms []term, g set) *addend {
	members := g.members()
	first := terms[members[0]]
	if len(members) == 1 {
		t, o := order(first.network, f.when)
		a := &addend{minus: first.minus, tree: t, ordering: o, price: t.price}
		f.count(a)
		return a
	}
	var best *addend
	for _, common := range choices(len(first.factors)) {
		if a := f.product(terms, members, common); a != nil && (best == nil || a.price.less(best.price)) {
			best = a
		}
	}
	return best
}

// choices returns the sets of factors, of n, that may be taken out of a sum: all
// that leave something, or of many those at either end.
func choices(n int) []set {
	var out []set
	if n <= 5 {
		for s := set(1); s < 1<<n-1; s++ {
			out = append(out, s)
		}
		return out
	}
	for k := 1; k < n; k++ {
		low := set(1)<<k - 1
		out = append(out, low, (set(1)<<n-1)&^low, 1<<k)
	}
	return append(out, 1)
}

// count adds to the price of an addend that of the sums below it.
func (f *factoring) count(a *addend) {
	for _, s := range f.below(a, nil) {
		a.price = a.price.add(s.own)
	}
}

// below returns all with the sums among the factors of a and those below them,
// each once.
func (f *factoring) below(a *addend, all []*sum) []*sum {
	for _, x := range a.ordering.network.factors {
		s := f.of[x.Value]
		if s == nil {
			continue
		}
		for _, b := range append([]*sum{s}, s.below...) {
			if !slices.Contains(all, b) {
				all = append(all, b)
			}
		}
	}
	return all
}

// product returns the terms of members with the factors common, of the first of
// them, taken out; nil if the others do not have these.
func (f *factoring) product(terms []term, members []int, common set) *addend {
	first := terms[members[0]]
	outer := term{network: &network{root: f.root, out: first.out, sizes: slices.Clone(first.sizes)}}
	var link set // indices of the common factors
	for _, k := range common.members() {
		outer.factors = append(outer.factors, first.factors[k])
		link |= setOf(first.factors[k].idx)
	}
	// The scales are taken out where they are the same everywhere.
	sameScales := true
	for _, m := range members[1:] {
		sameScales = sameScales && terms[m].scaleText() == first.scaleText()
	}
	if sameScales {
		outer.scales, outer.minus = first.scales, first.minus
	}
	link |= setOf(first.out)
	var rests []term
	var list []int // of link, as the terms have them
	for _, m := range members {
		t := terms[m]
		taken, index := common, map[int]int{}
		if m != members[0] {
			var ok bool
			if taken, index, ok = match(first, common, t); !ok {
				return nil
			}
		} else {
			for c := range first.sizes {
				index[c] = c
			}
		}
		if taken.len() == len(t.factors) {
			return nil // 1 would be left
		}
		// The indices of t that the common factors do not have get numbers of
		// their own, after those of the first term.
		r := term{network: &network{root: f.root, sizes: slices.Clone(first.sizes), scales: t.scales}, minus: t.minus}
		if sameScales {
			r.scales, r.minus = nil, t.minus != first.minus
		}
		for k, g := range t.factors {
			if taken.has(k) {
				continue
			}
			idx := slices.Clone(g.idx)
			for i, c := range idx {
				at, ok := index[c]
				if !ok {
					at = len(r.sizes)
					r.sizes = append(r.sizes, t.sizes[c])
					index[c] = at
				}
				idx[i] = at
				if at < len(first.sizes) && link.has(at) && !slices.Contains(list, at) {
					list = append(list, at)
				}
			}
			g.idx = idx
			r.factors = append(r.factors, g)
		}
		rests = append(rests, r)
	}
	for i := range rests {
		rests[i].out = list
		rests[i] = rests[i].numbered()
	}
	inner := f.best(rests)
	outer.factors = append(outer.factors, factor{Value: f.value(inner), idx: pick(list, inner.axes)})
	outer = outer.numbered()
	t, o := order(outer.network, f.when)
	a := &addend{minus: outer.minus, tree: t, ordering: o, price: t.price}
	f.count(a)
	return a
}

// pick returns the elements of list at the given places.
func pick(list, places []int) []int {
	out := make([]int, len(places))
	for i, p := range places {
		out[i] = list[p]
	}
	return out
}

// value returns what stands for a sum as a factor.
func (f *factoring) value(s *sum) *ir.Value {
	if v := f.stand[s]; v != nil {
		return v
	}
	t := ir.Type{DType: f.root.Type.DType, Props: s.props}
	for _, n := range s.sizes {
		t.Shape = append(t.Shape, dim.Const(n))
	}
	v := &ir.Value{ID: -1 - len(f.of), Op: ir.OpParam, Type: t}
	f.of[v], f.stand[s] = s, v
	f.when.stands(v, s.at)
	return v
}

// match returns factors of t that are the factors common of first, with the
// indices of first that those of t are then.
func match(first term, common set, t term) (taken set, index map[int]int, ok bool) {
	want := common.members()
	index = map[int]int{}
	for _, c := range t.out {
		index[c] = c
	}
	used := map[int]bool{} // indices of first
	for _, c := range first.out {
		used[c] = true
	}
	var find func(k int) bool
	find = func(k int) bool {
		if k == len(want) {
			return true
		}
		x := first.factors[want[k]]
	next:
		for j, y := range t.factors {
			if taken.has(j) || x.Value != y.Value {
				continue
			}
			var fresh []int
			undo := func() {
				for _, c := range fresh {
					delete(used, index[c])
					delete(index, c)
				}
			}
			for i, c := range y.idx {
				at, ok := index[c]
				if !ok && !used[x.idx[i]] {
					index[c] = x.idx[i]
					used[x.idx[i]] = true
					fresh = append(fresh, c)
				} else if !ok || at != x.idx[i] {
					undo()
					continue next
				}
			}
			taken |= 1 << j
			if find(k + 1) {
				return true
			}
			taken &^= 1 << j
			undo()
		}
		return false
	}
	ok = find(0)
	return taken, index, ok
}

// add returns the sum of addends: those with few elements first, and one that
// is not subtracted first where there is one.
func (f *factoring) add(like term, addends []*addend) *sum {
	s := &sum{addends: slices.Clone(addends)}
	elems := func(a *addend) int { return a.elems(setOf(a.last)) }
	slices.SortStableFunc(s.addends, func(a, b *addend) int {
		if d := elems(a) - elems(b); d != 0 {
			return d
		}
		return signOf(a) - signOf(b)
	})
	var axes set
	minus := true
	var seen []*ir.Value // sums among the factors
	for i, a := range s.addends {
		s.own = s.own.add(a.tree.price)
		s.below = f.below(a, s.below)
		for _, x := range a.ordering.network.factors {
			if inner := f.of[x.Value]; inner != nil && !slices.Contains(seen, x.Value) {
				seen = append(seen, x.Value)
				s.factors += inner.factors + 1
				s.like += inner.like
			}
		}
		axes |= setOf(a.last)
		minus = minus && a.minus
		s.at = s.at.and(a.tree.at)
		if i > 0 {
			n := 1
			for _, c := range axes.members() {
				n = times(n, like.sizes[c])
			}
			s.own = s.own.add(f.when.price(s.at, n, n))
		}
	}
	s.axes = axes.members()
	n := 1
	for _, c := range s.axes {
		s.sizes = append(s.sizes, like.sizes[c])
		n = times(n, like.sizes[c])
	}
	if minus {
		s.own = s.own.add(f.when.price(s.at, n, n))
	}
	s.price = s.own
	for _, b := range s.below {
		s.price = s.price.add(b.own)
	}
	s.props = s.structure()
	return s
}

func signOf(a *addend) int {
	if a.minus {
		return 1
	}
	return 0
}

// structure returns that of the last two axes of a sum: its bands are the widest
// of its addends.
func (s *sum) structure() ir.Props {
	r := len(s.axes)
	if r < 2 {
		return ir.Props{}
	}
	m, n := s.sizes[r-2], s.sizes[r-1]
	below, above, mirrored := 0, 0, true
	for _, a := range s.addends {
		p := a.structure()
		if !slices.Equal(a.last, s.axes) || p == (ir.Props{}) {
			return ir.Props{}
		}
		b, c := p.Band(m, n)
		below, above = max(below, b), max(above, c)
		mirrored = mirrored && p.Mirrored()
	}
	switch {
	case below < m-1 || above < n-1:
		return bandProps(band{below: below, above: above})
	case mirrored:
		return ir.Props{Set: ir.Symmetric}
	}
	return ir.Props{}
}

// structure returns that of the result of an addend.
func (a *addend) structure() ir.Props {
	p := a.tree.props
	if r := len(a.last); a.tree.left != nil || r < 2 || slices.Equal(a.tree.axes, a.last) {
		return p
	} else if !slices.Equal(a.tree.axes[:r-2], a.last[:r-2]) {
		return ir.Props{}
	}
	m, n := a.sizes[a.last[len(a.last)-2]], a.sizes[a.last[len(a.last)-1]]
	if p.Mirrored() || p == (ir.Props{}) {
		return p
	}
	below, above := p.Band(n, m)
	return bandProps(band{below: above, above: below})
}
