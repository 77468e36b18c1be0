package passes

import (
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// How far the search for an order goes: up to so many factors it tries all
// trees, up to so many those that never multiply what has no index in common, if
// these have not too many pairs of parts, and else those that keep the factors in
// order.
const (
	allTrees   = 7
	joinedOnly = 12
	mostPairs  = 1 << 14
)

// A price is what decides between orders: FLOPs of a call, and where these are
// equal those when weights are loaded, and then the elements of what is stored on
// the way. Among equals the factors are multiplied in their order, so that what
// is known first need not wait in memory for the last one.
type price struct{ flops, load, elems int }

func (p price) add(q price) price {
	return price{added(p.flops, q.flops), added(p.load, q.load), added(p.elems, q.elems)}
}

func (p price) less(q price) bool {
	switch {
	case p.flops != q.flops:
		return p.flops < q.flops
	case p.load != q.load:
		return p.load < q.load
	}
	return p.elems < q.elems
}

// most is where counts stop: beyond it all are alike.
const most = math.MaxInt / 4

func added(a, b int) int { return min(a+b, most) }

func times(a, b int) int {
	if a != 0 && b > most/a {
		return most
	}
	return a * b
}

// A tree says in which order the factors of a network are multiplied.
type tree struct {
	of          set // of factors
	left, right *tree
	scaled      bool // its result is multiplied by the scales
	at          moment
	axes        []int
	props       ir.Props
	price       price // with that of what is below
	half        bool  // a contraction below, or the tree itself, is symmetric though its sides differ
	again       int   // FLOPs of elementwise work for load time, which calls do as well where it costs no more than to read it
}

// A part is a set of factors with what does not depend on the order in which
// they are multiplied.
type part struct {
	keep   set // the indices that others or the result need
	axes   []int
	bands  []band
	props  ir.Props
	at     moment
	plain  *tree
	scaled *tree // nil unless the network has scales
}

// A band says that a part is zero unless -above <= row-col <= below.
type band struct{ row, col, below, above int }

// An ordering finds the cheapest order of a network.
type ordering struct {
	*network
	time    *timing
	parts   map[set]*part
	last    []int // the axes of the result
	dense   bool  // no factor has structure
	inOrder bool  // only neighbours are multiplied
	twice   bool  // some value is a factor twice
	keys    map[set]*key
	idx     []set  // of each factor
	beside  []set  // of each factor, those that it has an index in common with
	turns   []bool // of a factor, whether it is symmetric; nil until something asks
}

// order returns the cheapest order of multiplying the factors of n, and what
// was learnt of n on the way.
func order(n *network, when *timing) (*tree, *ordering) {
	o := newOrdering(n)
	o.time = when
	for i := range n.factors {
		o.leaf(i)
	}
	o.dense = o.dense && !o.twice && !o.mirror
	all := set(1)<<len(n.factors) - 1
	sets, few := o.sets(all)
	if o.inOrder = !few; o.inOrder {
		for length := 2; length <= len(n.factors); length++ {
			for from := 0; from+length <= len(n.factors); from++ {
				p := o.part((set(1)<<length - 1) << from)
				for cut := 1; cut < length; cut++ {
					o.split(p, (set(1)<<cut-1)<<from, (set(1)<<(length-cut)-1)<<(from+cut))
				}
			}
		}
	}
	for _, s := range sets {
		p := o.part(s)
		low := s & -s
		for a := (s - 1) & s; a > 0; a = (a - 1) & s {
			if a&low != 0 {
				o.split(p, a, s&^a)
			}
		}
	}
	p := o.parts[all]
	if len(n.scales) > 0 {
		return p.scaled, o
	}
	return p.plain, o
}

func newOrdering(n *network) *ordering {
	o := &ordering{network: n, parts: map[set]*part{}, last: n.covered(), dense: true, keys: map[set]*key{}}
	o.idx, o.beside = make([]set, len(n.factors)), make([]set, len(n.factors))
	for i, f := range n.factors {
		o.idx[i] = setOf(f.idx)
		for k, g := range n.factors[:i] {
			o.twice = o.twice || f.Value == g.Value
			if o.idx[i]&o.idx[k] != 0 {
				o.beside[i] |= 1 << k
				o.beside[k] |= 1 << i
			}
		}
	}
	return o
}

// sets returns the sets of at least two factors that the search looks at, each
// behind its parts; few is false where there are more factors than joinedOnly, or
// the sets have more than mostPairs pairs of parts.
func (o *ordering) sets(all set) (sets []set, few bool) {
	n := len(o.factors)
	if n > joinedOnly {
		return nil, false
	}
	pairs := 0
	add := func(s set) bool {
		if s.len() > 1 {
			sets = append(sets, s)
			pairs += 1 << (s.len() - 1)
		}
		return n <= allTrees || pairs <= mostPairs
	}
	if n <= allTrees || o.joined(1, all) != all {
		for s := set(1); s <= all; s++ {
			if o.wanted(s, all) && !add(s) {
				return nil, false
			}
		}
		return sets, true
	}
	// Those that hang together, found by adding one factor after the other.
	seen := map[set]bool{}
	var grow []set
	for i := range n {
		grow = append(grow, 1<<i)
	}
	for len(grow) > 0 {
		s := grow[len(grow)-1]
		grow = grow[:len(grow)-1]
		var around set
		for rest := s; rest != 0; rest &= rest - 1 {
			around |= o.beside[bits.TrailingZeros64(uint64(rest))]
		}
		for rest := around &^ s; rest != 0; rest &= rest - 1 {
			t := s | rest&-rest
			if seen[t] {
				continue
			}
			seen[t] = true
			if !add(t) {
				return nil, false
			}
			grow = append(grow, t)
		}
	}
	slices.Sort(sets)
	return sets, true
}

// wanted reports whether the search looks at a set of factors.
func (o *ordering) wanted(s, all set) bool {
	if len(o.factors) <= allTrees || s == all {
		return true
	}
	rest := s
	for rest != 0 {
		joined := o.joined(rest&-rest, s)
		if joined == s {
			return true
		}
		if o.joined(joined, all) != joined {
			return false // others join what is apart in s
		}
		rest &^= joined
	}
	return true
}

// joined returns the factors of s that are joined to those of from by indices.
func (o *ordering) joined(from, s set) set {
	for fresh := from; fresh != 0; {
		var around set
		for ; fresh != 0; fresh &= fresh - 1 {
			around |= o.beside[bits.TrailingZeros64(uint64(fresh))]
		}
		fresh = around & s &^ from
		from |= fresh
	}
	return from
}

// elems returns the number of points of some indices.
func (o *ordering) elems(idx set) int {
	n := 1
	for ; idx != 0; idx &= idx - 1 {
		n = times(n, o.sizes[bits.TrailingZeros64(uint64(idx))])
	}
	return n
}

// kept returns the indices of the factors of s that the others or the result need.
func (o *ordering) kept(s set) set {
	var inside, outside set
	for i, idx := range o.idx {
		if s.has(i) {
			inside |= idx
		} else {
			outside |= idx
		}
	}
	return inside & (outside | setOf(o.last))
}

// leaf adds factor i: what only it has is summed first, which never costs more
// than summing it later.
func (o *ordering) leaf(i int) {
	f := o.factors[i]
	s := set(1) << i
	p := &part{keep: o.kept(s), at: o.time.of(f.Value)}
	o.parts[s] = p
	var cost price
	distinct := true
	for k, c := range f.idx {
		if slices.Contains(f.idx[:k], c) {
			distinct = false
			continue
		}
		if p.keep.has(c) {
			p.axes = append(p.axes, c)
		}
	}
	if gone := o.elems(setOf(f.idx) &^ p.keep); gone > 1 {
		cost = o.time.price(p.at, o.elems(setOf(f.idx)), o.elems(p.keep))
	}
	if r := len(f.idx); r >= 2 && distinct && len(p.axes) == r {
		row, col := f.idx[r-2], f.idx[r-1]
		m, n := o.sizes[row], o.sizes[col]
		if d := ir.DiagonalsOf(f.Value, false); d.Of(m, n) {
			p.bands = []band{{row, col, d.Below, d.Above}}
			p.props = bandProps(p.bands[0])
			o.dense = false
		}
	}
	p.plain = &tree{of: s, axes: p.axes, props: p.props, at: p.at, price: cost}
	o.scale(p)
}

// part returns that of s; what its factors are made of is known.
func (o *ordering) part(s set) *part {
	p := &part{keep: o.kept(s)}
	for _, i := range s.members() {
		p.at = p.at.and(o.parts[1<<i].at)
	}
	p.at = o.time.fitting(p.at, o.elems(p.keep)*o.root.Type.DType.Size())
	o.parts[s] = p
	if o.dense {
		return p
	}
	for _, i := range s.members() {
		p.bands = append(p.bands, o.parts[1<<i].bands...)
	}
	p.bands = o.closed(p.bands, p.keep)
	// Structure is that of the last two axes: any two of a part, but those of
	// the whole are given.
	row, col := -1, -1
	if s.len() == len(o.factors) {
		if r := len(o.last); r >= 2 {
			row, col = o.last[r-2], o.last[r-1]
		}
	} else if len(p.bands) > 0 {
		row, col = p.bands[0].row, p.bands[0].col
	} else if r, c, ok := o.symmetric(s, p.keep, -1, -1); ok {
		row, col = r, c
	}
	if row < 0 {
		return p
	}
	for _, b := range p.bands {
		if b.row == col && b.col == row {
			b = band{row, col, b.above, b.below}
		}
		if b.row == row && b.col == col {
			p.props = bandProps(b)
		}
	}
	if p.props == (ir.Props{}) {
		whole := o.mirror && s.len() == len(o.factors) && o.sizes[row] == o.sizes[col]
		if _, _, ok := o.symmetric(s, p.keep, row, col); ok || whole {
			p.props = ir.Props{Set: ir.Symmetric}
		}
	}
	if p.props != (ir.Props{}) {
		p.axes = []int{row, col}
	}
	return p
}

// bandProps returns the structure of a matrix within a band.
func bandProps(b band) ir.Props {
	return ir.Props{Set: ir.Banded, Below: b.below, Above: b.above}
}

// closed returns the bands that follow from others for the indices that are
// kept: those of a product of banded matrices add up.
func (o *ordering) closed(bands []band, keep set) []band {
	if len(bands) == 0 {
		return nil
	}
	var idx []int
	for _, b := range bands {
		for _, i := range []int{b.row, b.col} {
			if !slices.Contains(idx, i) {
				idx = append(idx, i)
			}
		}
	}
	slices.Sort(idx)
	at := func(i int) int { return slices.Index(idx, i) }
	// far[i][j] is the most that index i may be above index j.
	far := make([][]int, len(idx))
	for i := range far {
		far[i] = make([]int, len(idx))
		for j := range far[i] {
			far[i][j] = o.sizes[idx[i]] - 1
		}
		far[i][i] = 0
	}
	for _, b := range bands {
		r, c := at(b.row), at(b.col)
		far[r][c] = min(far[r][c], b.below)
		far[c][r] = min(far[c][r], b.above)
	}
	for k := range idx {
		for i := range idx {
			for j := range idx {
				far[i][j] = min(far[i][j], far[i][k]+far[k][j])
			}
		}
	}
	var out []band
	for i, row := range idx {
		for j, col := range idx {
			if i < j && keep.has(row) && keep.has(col) && (far[i][j] < o.sizes[row]-1 || far[j][i] < o.sizes[col]-1) {
				out = append(out, band{row, col, far[i][j], far[j][i]})
			}
		}
	}
	return out
}

// scale tries to multiply the part by the scales when it is computed.
func (o *ordering) scale(p *part) {
	if len(o.scales) == 0 {
		return
	}
	at := p.at
	for _, s := range o.scales {
		if s.Value != nil {
			at = at.and(o.time.of(s.Value))
		}
	}
	cost := o.time.price(at, o.elems(p.keep)+len(o.scales)-1, o.elems(p.keep)).add(p.plain.price)
	if at.call {
		cost.flops = added(cost.flops, p.plain.again)
	}
	if p.scaled == nil || cost.less(p.scaled.price) {
		t := *p.plain
		t.scaled, t.at, t.price = true, at, cost
		if t.again += o.elems(p.keep); at.call {
			t.again = 0
		}
		p.scaled = &t
	}
}

// split tries to make p as the product of two parts.
func (o *ordering) split(p *part, a, b set) {
	x, y := o.parts[a], o.parts[b]
	if x == nil || y == nil || x.plain == nil || y.plain == nil {
		return
	}
	if len(o.factors) > allTrees && !o.inOrder && x.keep&y.keep == 0 && o.joined(a, a|b)&b != 0 {
		return
	}
	twin := o.twice && o.same(a, b)
	gram := twin && p.props.Mirrored()
	summed := o.elems(p.keep) < o.elems(x.keep|y.keep)
	half := p.props.Mirrored() && !gram && summed
	var axes []int
	if !o.plain(p, x, y) {
		axes = o.axesOf(p, x, y)
	}
	flops := o.step(p, x, y, axes, gram || half)
	try := func(best **tree, l, r *tree, first price) {
		at := p.at.and(l.at).and(r.at)
		cost := first.add(o.time.price(at, flops, o.elems(p.keep)))
		again := 0
		switch {
		case summed: // operands are read from memory
		case at.call:
			cost.flops = added(cost.flops, l.again+r.again)
		default:
			again = l.again + r.again + flops
		}
		ordered := func(t *tree) bool { return cost == t.price && a.before(b) && !t.left.of.before(t.right.of) }
		if *best != nil && !cost.less((*best).price) && !ordered(*best) {
			return
		}
		if axes == nil {
			axes = o.axesOf(p, x, y)
		}
		t := &tree{of: a | b, left: l, right: r, axes: axes, props: p.props, at: at, price: cost, half: half || l.half || r.half, again: again}
		if p.props.Mirrored() && !gram && !half {
			t.props = ir.Props{}
		}
		*best = t
	}
	if twin {
		try(&p.plain, x.plain, y.plain, x.plain.price)
	} else {
		try(&p.plain, x.plain, y.plain, x.plain.price.add(y.plain.price))
	}
	if len(o.scales) == 0 {
		return
	}
	if gram { // with one side scaled it is another product
		flops, gram = o.step(p, x, y, axes, false), false
	}
	try(&p.scaled, x.scaled, y.plain, x.scaled.price.add(y.plain.price))
	try(&p.scaled, x.plain, y.scaled, x.plain.price.add(y.scaled.price))
	o.scale(p)
}

// axesOf returns the order of the axes of the product of two parts: those of the
// first, those that the second brings, and last the two with structure.
func (o *ordering) axesOf(p, x, y *part) []int {
	if p == o.parts[set(1)<<len(o.factors)-1] {
		return o.last
	}
	var axes []int
	last := p.axes
	first, second := x.plain.axes, y.plain.axes
	if y.keep&^x.keep != 0 && x.keep&^y.keep == 0 {
		first, second = second, first // all of one scales the other
	}
	for _, list := range [][]int{first, second} {
		for _, i := range list {
			if p.keep.has(i) && !slices.Contains(axes, i) && !slices.Contains(last, i) {
				axes = append(axes, i)
			}
		}
	}
	return append(axes, last...)
}

// step returns the FLOPs of multiplying two parts; mirrored says that codegen
// computes one triangle of a product that is its own transpose.
func (o *ordering) step(p, x, y *part, axes []int, mirrored bool) int {
	space := x.keep | y.keep
	none := ir.Props{}
	if o.plain(p, x, y) {
		n := o.elems(space)
		if o.elems(p.keep) == n {
			return n
		}
		return times(2, n)
	}
	result := p.props
	if result.Mirrored() && !mirrored {
		result = none
	}
	spec := specOf([][]int{x.plain.axes, y.plain.axes}, axes)
	types := []ir.Type{o.typeOf(x.plain.axes, x.props), o.typeOf(y.plain.axes, y.props)}
	return ir.ContractWork(spec, types, result)
}

// plain reports whether nothing is known of the structure of two parts and of
// their product.
func (o *ordering) plain(p, x, y *part) bool {
	none := ir.Props{}
	return x.props == none && y.props == none && p.props == none
}

// typeOf returns the type of a value with the given axes.
func (o *ordering) typeOf(axes []int, props ir.Props) ir.Type {
	t := ir.Type{DType: o.root.Type.DType, Props: props}
	for _, i := range axes {
		t.Shape = append(t.Shape, dim.Const(o.sizes[i]))
	}
	return t
}

// specOf returns the specification of a product, its letters in the order in
// which they come.
func specOf(operands [][]int, out []int) string {
	letter := map[int]byte{}
	var spec []byte
	write := func(idx []int) {
		for _, i := range idx {
			if letter[i] == 0 {
				letter[i] = 'a' + byte(len(letter))
			}
			spec = append(spec, letter[i])
		}
	}
	for k, idx := range operands {
		if k > 0 {
			spec = append(spec, ',')
		}
		write(idx)
	}
	spec = append(spec, "->"...)
	write(out)
	return string(spec)
}

// A key tells sets of factors apart that are not the same product: two that
// have the same text are, with the indices of one in the place of those of the
// other.
type key struct {
	text   string
	orders [][]int // of the kept indices, all that give this text
}

// maxVariants is how many orders of equal factors a key looks at.
const maxVariants = 24

// key returns that of the factors of s. Equal factors may come in any order,
// and a symmetric one may be transposed: the least text counts.
func (o *ordering) key(s set) *key {
	if k := o.keys[s]; k != nil {
		return k
	}
	k := &key{}
	o.keys[s] = k
	members := s.members()
	slices.SortStableFunc(members, func(i, j int) int { return o.factors[i].ID - o.factors[j].ID })
	keep := o.kept(s)
	variants := 0
	var text []byte
	write := func(order []int, swaps set) {
		text = text[:0]
		var number [maxIndices]int // one more than that of an index
		next := 0
		kept := make([]int, 0, keep.len())
		for k, i := range order {
			f := o.factors[i]
			text = strconv.AppendInt(append(text, ' '), int64(f.ID), 10)
			idx := f.idx
			if swaps.has(k) {
				idx = slices.Clone(idx)
				r := len(idx)
				idx[r-2], idx[r-1] = idx[r-1], idx[r-2]
			}
			for _, c := range idx {
				if number[c] == 0 {
					next++
					number[c] = next
					if keep.has(c) {
						kept = append(kept, c)
					}
				}
				sign := byte('.')
				if keep.has(c) {
					sign = '!'
				}
				text = append(text, sign, byte('A'+number[c]))
			}
		}
		switch t := string(text); {
		case k.text == "" || t < k.text:
			k.text, k.orders = t, [][]int{kept}
		case t == k.text:
			k.orders = append(k.orders, kept)
		}
	}
	var choose func(done []int, left []int, swaps set)
	choose = func(done, left []int, swaps set) {
		if variants >= maxVariants {
			return
		}
		if len(left) == 0 {
			variants++
			write(done, swaps)
			return
		}
		for j, i := range left {
			if o.factors[i].Value != o.factors[left[0]].Value {
				break
			}
			rest := slices.Delete(slices.Clone(left), j, j+1)
			next := append(slices.Clone(done), i)
			choose(next, rest, swaps)
			if o.symmetricFactor(i) {
				choose(next, rest, swaps|1<<len(done))
			}
		}
	}
	choose(nil, members, 0)
	return k
}

// values returns a number that sets of the same factors have in common.
func (o *ordering) values(s set) int {
	n := 0
	for ; s != 0; s &= s - 1 {
		id := o.factors[bits.TrailingZeros64(uint64(s))].ID
		n += id * id
	}
	return n
}

// same reports whether two sets of factors are the same product.
func (o *ordering) same(a, b set) bool {
	return a.len() == b.len() && o.values(a) == o.values(b) && o.key(a).text == o.key(b).text
}
