package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An elimination writes a sum of terms without their deltas: as gathers, or as
// scatters into one buffer for each way in which they lie.
type elimination struct {
	*opener
	out   []int // indices of the result
	rule  *Rule
	exact bool // nothing is multiplied or added but zeros
	most  int  // elements that a value may have
	parts []*ir.Value
	// group are the indices of blocks and of places in them (see regrouped), and
	// taken counts what is taken for blocks: right operands, which codegen reads
	// where they are.
	group []int
	taken int
	into  []scattered
}

// A scattered is what terms have been scattered into.
type scattered struct {
	layout
	*ir.Value
}

// sum returns the sum of terms; nil where a term has no delta to go by, or would
// make something larger than what there was.
func (e *elimination) sum(terms []summand) *ir.Value {
	for _, t := range terms {
		if !e.term(t) {
			return nil
		}
	}
	for _, s := range e.into {
		e.parts = append(e.parts, s.unflattened(e, s.Value))
	}
	var sum *ir.Value
	for i, v := range e.parts {
		if i == 0 {
			sum = v
		} else {
			sum = e.w.emit(e.root, ir.OpAdd, nil, ir.Type{}, sum, v)
		}
	}
	e.exact = e.exact && len(terms) == 1
	return sum
}

// term adds a term to the sum; ok is false where it can't.
func (e *elimination) term(t summand) bool {
	gone, stays, factors, ok := e.choose(t)
	if !ok || len(gone)+len(stays) == 0 {
		return false
	}
	all := slices.Concat(gone, stays)
	for i, d := range all { // of a comparison they may have other axes of size 1
		if d.at == nil {
			all[i].at = e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(d.fixed))}, ir.Make(tensor.I64))
			continue
		}
		all[i].at = e.w.withShape(e.root, d.at, sizesOf(e.sizes, d.rows))
	}
	e.most = max(e.most, spanOf(e.sizes, e.out))
	for _, f := range factors {
		e.most = max(e.most, f.Type.Elems())
	}
	for _, d := range all {
		e.most = max(e.most, times(spanOf(e.sizes, d.rows), e.sizes[d.class]))
	}
	var masks []factor
	for i := range all {
		if m := e.inRange(&all[i]); m.Value != nil {
			masks = append(masks, m)
		}
	}
	if !e.unnest(all) {
		return false
	}
	stays = all[len(gone):]
	for i, m := range masks {
		if masks[i], ok = e.gathered(m, all); !ok {
			return false
		}
	}
	if len(all) == 1 && len(gone) == 1 {
		before, made := *e.opener, len(e.w.body)
		if grouped, ok := e.regrouped(&t, factors, all[0]); ok {
			factors = grouped
		} else {
			*e.opener, e.w.body = before, e.w.body[:made]
		}
		e.group, e.taken = nil, 0
	}
	for i, f := range factors {
		if factors[i], ok = e.gathered(f, all); !ok {
			return false
		}
	}
	l := layout{pre: e.out}
	if len(stays) > 0 {
		l = e.layoutOf(stays)
		e.rule = scatters
	}
	keep := l.updates()
	want := len(keep)
	for _, m := range masks {
		for _, i := range m.idx {
			if !slices.Contains(keep, i) {
				keep = append(keep, i)
			}
		}
	}
	e.exact = len(factors) == 1 && len(stays) == 0 && len(keep) == want && !t.minus
	u := e.multiplied(t, factors, keep, all)
	if u == nil {
		return false
	}
	u = e.masked(u, keep, masks)
	if len(keep) > want {
		var axes []int
		for i := want; i < len(keep); i++ {
			axes = append(axes, i)
		}
		u = e.w.emit(e.root, ir.OpSum, &ir.AxesAttrs{Axes: axes}, ir.Type{}, u)
	}
	if len(stays) == 0 {
		e.parts = append(e.parts, u)
		return true
	}
	return e.scatter(l, stays, u)
}

// choose says which deltas are gathered by, because their class is summed, and
// which are scattered by. What is neither is a factor.
func (e *elimination) choose(t summand) (gone, stays []delta, factors []factor, ok bool) {
	factors = slices.Clone(t.factors)
	var owners []delta
	for _, d := range t.deltas {
		owned := slices.ContainsFunc(owners, func(o delta) bool { return o.class == d.class })
		if !owned && !slices.Contains(d.rows, d.class) {
			owners = append(owners, d)
			continue
		}
		if d.dense.Value == nil {
			return nil, nil, nil, false
		}
		factors = append(factors, d.dense)
	}
	for _, d := range owners {
		summed := func(i int) bool {
			return !slices.Contains(e.out, i) && !slices.ContainsFunc(owners, func(o delta) bool { return o.class == i })
		}
		switch {
		case !slices.Contains(e.out, d.class):
			gone = append(gone, d)
		case slices.ContainsFunc(d.rows, summed):
			stays = append(stays, d)
		case d.dense.Value == nil:
			return nil, nil, nil, false
		default:
			factors = append(factors, d.dense)
		}
	}
	return gone, stays, factors, true
}

// unnest gathers the indices of deltas, all in range, that are about the classes
// of others.
func (e *elimination) unnest(all []delta) bool {
	for range all {
		nested := false
		for i, d := range all {
			f, ok := e.gathered(factor{Value: d.at, idx: d.rows}, slices.Delete(slices.Clone(all), i, i+1))
			if !ok {
				return false
			}
			if f.Value != d.at {
				all[i].at, all[i].rows = f.Value, f.idx
				nested = true
				if slices.Contains(f.idx, d.class) {
					return false // they are about each other
				}
			}
		}
		if !nested {
			return true
		}
	}
	return false
}

// inRange brings the indices of d into range, and returns where they were so;
// nothing if they are.
func (e *elimination) inRange(d *delta) factor {
	n := int64(e.sizes[d.class])
	have := e.bounds.of(d.at)
	if d.safe || have.within(0, n-1) {
		return factor{}
	}
	t := d.at.Type
	number := func(x int64) *ir.Value {
		return e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(x)}, ir.Make(t.DType))
	}
	var inside *ir.Value
	if have.lo < 0 {
		inside = e.w.emit(e.root, ir.OpGe, nil, ir.Type{}, d.at, number(0))
	}
	if have.hi >= n {
		below := e.w.emit(e.root, ir.OpLt, nil, ir.Type{}, d.at, number(n))
		if inside != nil {
			below = e.w.emit(e.root, ir.OpAnd, nil, ir.Type{}, inside, below)
		}
		inside = below
	}
	d.at = e.w.emit(e.root, ir.OpWhere, nil, ir.Type{}, inside, d.at, number(0))
	return factor{Value: inside, idx: d.rows}
}

// multiplied returns the product of the factors of t, with the indices keep,
// summed over the others.
func (e *elimination) multiplied(t summand, factors []factor, keep []int, done []delta) *ir.Value {
	d := e.root.Type.DType
	n := &network{sizes: e.sizes, factors: factors, out: keep}
	one, minus := ir.IntNumber(1), ir.IntNumber(-1)
	if d.IsFloat() {
		one, minus = ir.FloatNumber(1), ir.FloatNumber(-1)
	}
	if len(factors) == 0 {
		n.factors = []factor{{Value: e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: one}, ir.Make(d))}}
	}
	if t.minus {
		n.scales = append(n.scales, scale{constant: minus})
	}
	f := &flattener{network: n}
	n.root = &ir.Value{Op: ir.OpContract, Pos: e.root.Pos, Type: ir.Make(d, sizesOf(e.sizes, keep)...)}
	for _, i := range t.sums {
		class := slices.ContainsFunc(done, func(o delta) bool { return o.class == i })
		if !class && !slices.Contains(keep, i) && !slices.ContainsFunc(factors, func(x factor) bool { return slices.Contains(x.idx, i) }) {
			f.times(e.sizes[i])
		}
	}
	for _, x := range factors {
		if x.Type.Elems() > e.most {
			return nil
		}
	}
	if f.fails || len(e.sizes) > maxIndices || n.root.Type.Elems() > e.most {
		return nil
	}
	best, o := order(n, e.w.when)
	return e.w.shaped((&product{e.w, o, map[string]computed{}}).whole(best), n)
}

// masked returns u, with the indices idx, where all masks hold, and zero elsewhere.
func (e *elimination) masked(u *ir.Value, idx []int, masks []factor) *ir.Value {
	if len(masks) == 0 {
		return u
	}
	var all *ir.Value
	for _, m := range masks {
		x := e.w.aligned(e.root, m, idx)
		if all != nil {
			x = e.w.emit(e.root, ir.OpAnd, nil, ir.Type{}, all, x)
		}
		all = x
	}
	return e.w.emit(e.root, ir.OpWhere, nil, ir.Type{}, all, u, e.w.zeros(e.root, ir.Make(u.Type.DType)))
}

// zeros makes a value that is zero by construction.
func (w *rewriter) zeros(like *ir.Value, t ir.Type) *ir.Value {
	zero := ir.IntNumber(0)
	if t.DType.IsFloat() {
		zero = ir.FloatNumber(0)
	}
	return w.emit(like, ir.OpFull, &ir.FullAttrs{Value: zero, Exact: t.DType.IsFloat()}, t)
}

// withShape returns v with the sizes dims, which hold as many elements.
func (w *rewriter) withShape(like, v *ir.Value, dims []int) *ir.Value {
	if v.Op == ir.OpReshape {
		v = v.Args[0]
	}
	if slices.Equal(v.Type.Dims(), dims) {
		return v
	}
	return w.emit(like, ir.OpReshape, nil, ir.Make(v.Type.DType, dims...), v)
}

// permuted returns f with its axes in the order idx.
func (w *rewriter) permuted(like *ir.Value, f factor, idx []int) *ir.Value {
	if slices.Equal(f.idx, idx) {
		return f.Value
	}
	perm := make([]int, len(idx))
	for i, c := range idx {
		perm[i] = slices.Index(f.idx, c)
	}
	return w.emit(like, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, f.Value)
}

// aligned returns f with axes as in all, of size 1 for the indices that it
// lacks, so that it broadcasts.
func (w *rewriter) aligned(like *ir.Value, f factor, all []int) *ir.Value {
	order := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return !slices.Contains(f.idx, i) })
	v := w.permuted(like, f, order)
	dims := v.Type.Dims()
	var shape []int
	for _, i := range all {
		if slices.Contains(f.idx, i) {
			shape, dims = append(shape, dims[0]), dims[1:]
		} else if len(shape) > 0 {
			shape = append(shape, 1)
		}
	}
	return w.withShape(like, v, shape)
}

func spanOf(sizes, idx []int) int {
	n := 1
	for _, i := range idx {
		n = times(n, sizes[i])
	}
	return n
}

// position is the place in a group of axes that indices and deltas name.
func (e *elimination) position(group, rows []int, ds []delta) *ir.Value {
	var at *ir.Value
	for _, g := range group {
		var f factor
		if i := slices.IndexFunc(ds, func(d delta) bool { return d.class == g }); i >= 0 {
			f = factor{Value: ds[i].at, idx: ds[i].rows}
			if f.Type.DType != tensor.I64 {
				f.Value = e.w.emit(e.root, ir.OpConvert, nil, f.Type.WithDType(tensor.I64), f.Value)
			}
		} else {
			f = factor{Value: e.w.emit(e.root, ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I64, e.sizes[g])), idx: []int{g}}
		}
		x := e.w.aligned(e.root, f, rows)
		if at != nil {
			n := e.w.emit(e.root, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(e.sizes[g]))}, ir.Make(tensor.I64))
			at = e.w.emit(e.root, ir.OpMul, nil, ir.Type{}, at, n)
			x = e.w.emit(e.root, ir.OpAdd, nil, ir.Type{}, at, x)
		}
		at = x
	}
	full := sizesOf(e.sizes, rows)
	if !slices.Equal(at.Type.Dims(), full) {
		at = e.w.emit(e.root, ir.OpBroadcast, nil, ir.Make(tensor.I64, full...), at)
	}
	return at
}

// picked returns f at the indices that deltas name, all of which are about f.
// ok is false where that would be too large.
func (e *elimination) picked(f factor, ds []delta) (g factor, ok bool) {
	rows := rowsOf(ds)
	var shared, group, rest []int // of f
	for _, i := range f.idx {
		isRow := slices.Contains(rows, i)
		switch {
		case isRow:
			shared = append(shared, i)
			group = append(group, i)
		case slices.ContainsFunc(ds, func(d delta) bool { return d.class == i }):
			group = append(group, i)
		default:
			rest = append(rest, i)
		}
	}
	if e.forBlocks(rows) && len(rest) > 1 {
		e.taken++
	} else if times(spanOf(e.sizes, rows), spanOf(e.sizes, rest)) > max(e.most, f.Type.Elems()) {
		return f, false
	}
	like := e.root
	if len(ds) == 1 && len(shared) == 0 {
		axis := slices.Index(f.idx, ds[0].class)
		if len(rows) == 0 && ds[0].at.Op == ir.OpFull {
			v := e.w.part(like, f.Value, axis, int(ds[0].at.Attrs.(*ir.FullAttrs).Value.Int), 1)
			idx := slices.Delete(slices.Clone(f.idx), axis, axis+1)
			return factor{Value: e.w.withShape(like, v, sizesOf(e.sizes, idx)), idx: idx}, true
		}
		v := e.w.emit(like, ir.OpTake, &ir.AxisAttrs{Axis: axis}, ir.Type{}, f.Value, ds[0].at)
		return factor{Value: v, idx: slices.Concat(f.idx[:axis], rows, f.idx[axis+1:])}, true
	}
	if len(ds) == 1 && len(rest) == 0 {
		// Along one axis, with one list of indices for each place of the others.
		own := slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return slices.Contains(shared, i) })
		x := e.w.permuted(like, f, append(slices.Clone(shared), ds[0].class))
		order := slices.Concat(shared, own)
		at := e.w.permuted(like, factor{Value: ds[0].at, idx: ds[0].rows}, order)
		at = e.w.withShape(like, at, append(sizesOf(e.sizes, shared), spanOf(e.sizes, own)))
		v := e.w.emit(like, ir.OpTakeAlong, &ir.AxisAttrs{Axis: len(shared)}, ir.Type{}, x, at)
		return factor{Value: e.w.withShape(like, v, sizesOf(e.sizes, order)), idx: order}, true
	}
	pre, post, together := around(f.idx, group)
	if !together {
		pre, post = nil, rest
	}
	v := e.w.permuted(like, f, slices.Concat(pre, group, post))
	v = e.w.withShape(like, v, slices.Concat(sizesOf(e.sizes, pre), []int{spanOf(e.sizes, group)}, sizesOf(e.sizes, post)))
	v = e.w.emit(like, ir.OpTake, &ir.AxisAttrs{Axis: len(pre)}, ir.Type{}, v, e.position(group, rows, ds))
	return factor{Value: v, idx: slices.Concat(pre, rows, post)}, true
}

// forBlocks reports whether something with the indices idx is one for all places
// of a block.
func (e *elimination) forBlocks(idx []int) bool {
	return len(e.group) > 0 && slices.Contains(idx, e.group[0]) && !slices.Contains(idx, e.group[1])
}

// around returns what of idx stands before and after the members of group, and
// whether these stand together.
func around(idx, group []int) (pre, post []int, together bool) {
	first := slices.IndexFunc(idx, func(i int) bool { return slices.Contains(group, i) })
	end := first + len(group)
	for _, i := range idx[first:end] {
		if !slices.Contains(group, i) {
			return nil, nil, false
		}
	}
	return idx[:first], idx[end:], true
}

// rowsOf returns the rows of deltas, each once.
func rowsOf(ds []delta) []int {
	var rows []int
	for _, d := range ds {
		for _, i := range d.rows {
			if !slices.Contains(rows, i) {
				rows = append(rows, i)
			}
		}
	}
	return rows
}

// A layout says how the result of a scatter lies, and where the updates have
// their rows: in place of the group, which is one axis.
type layout struct {
	pre, group, post []int
	rows             []int
	along            int // the axis of the group that is indexed for each place of the others; -1 for none
}

func (l layout) updates() []int { return slices.Concat(l.pre, l.rows, l.post) }

// layoutOf chooses how to scatter by deltas.
func (e *elimination) layoutOf(ds []delta) layout {
	var l layout
	l.rows = rowsOf(ds)
	var rest []int
	batched := false
	for _, i := range e.out {
		class := slices.ContainsFunc(ds, func(d delta) bool { return d.class == i })
		row := slices.Contains(l.rows, i)
		batched = batched || row
		if class || row {
			l.group = append(l.group, i)
		} else {
			rest = append(rest, i)
		}
	}
	l.along = -1
	if len(ds) == 1 && batched && len(rest) == 0 {
		l.along = slices.Index(l.group, ds[0].class)
		own := slices.DeleteFunc(l.rows, func(i int) bool { return slices.Contains(l.group, i) })
		l.rows = slices.Concat(l.group[:l.along], own, l.group[l.along+1:])
		return l
	}
	var together bool
	if l.pre, l.post, together = around(e.out, l.group); !together {
		l.pre, l.post = nil, rest
	}
	return l
}

// scatter adds updates at what deltas name.
func (e *elimination) scatter(l layout, ds []delta, u *ir.Value) bool {
	like := e.root
	var at *ir.Value
	axis := len(l.pre)
	t := ir.Make(u.Type.DType, slices.Concat(sizesOf(e.sizes, l.pre), []int{spanOf(e.sizes, l.group)}, sizesOf(e.sizes, l.post))...)
	op := ir.OpScatter
	switch {
	case l.along >= 0:
		op, axis = ir.OpScatterAlong, l.along
		t = ir.Make(u.Type.DType, sizesOf(e.sizes, l.group)...)
		before, after := sizesOf(e.sizes, l.group[:l.along]), sizesOf(e.sizes, l.group[l.along+1:])
		own := l.rows[l.along : len(l.rows)-len(after)]
		shape := slices.Concat(before, []int{spanOf(e.sizes, own)}, after)
		at = e.w.withShape(like, e.w.permuted(like, factor{Value: ds[0].at, idx: ds[0].rows}, l.rows), shape)
		u = e.w.withShape(like, u, shape)
	case len(l.group) == 1:
		at = ds[0].at
	default:
		at = e.position(l.group, l.rows, ds)
	}
	i := slices.IndexFunc(e.into, func(s scattered) bool {
		return s.along == l.along && slices.Equal(s.pre, l.pre) && slices.Equal(s.group, l.group)
	})
	if i < 0 {
		i = len(e.into)
		e.into = append(e.into, scattered{l, e.w.zeros(like, t)})
	}
	e.into[i].Value = e.w.emit(like, op, &ir.ScatterAttrs{Axis: axis}, ir.Type{}, e.into[i].Value, at, u)
	return true
}

// unflattened returns what lies as l says as the result lies.
func (l layout) unflattened(e *elimination, v *ir.Value) *ir.Value {
	idx := slices.Concat(l.pre, l.group, l.post)
	v = e.w.withShape(e.root, v, sizesOf(e.sizes, idx))
	return e.w.permuted(e.root, factor{Value: v, idx: idx}, e.out)
}
