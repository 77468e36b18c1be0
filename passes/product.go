package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A product writes a network as operations of two operands.
type product struct {
	*rewriter
	*ordering
	done map[string]computed // by the text of its key
}

// A computed is a part that has been computed, with the order of its kept indices in
// the key and in the value.
type computed struct {
	*ir.Value
	order, axes []int
}

// whole returns the value of a network that is multiplied as t says. Its axes
// are those of the result that some factor has.
func (p *product) whole(t *tree) *ir.Value {
	v, axes := p.tree(t)
	if !slices.Equal(axes, p.last) {
		v = p.transposed(v, axes, p.last)
	}
	return v
}

// shaped returns v, whose axes are those of the result of n that some factor
// has, in the shape of the root of n.
func (w *rewriter) shaped(v *ir.Value, n *network) *ir.Value {
	if !v.Type.Equal(n.root.Type) {
		covered := n.covered()
		shape := make([]int, len(n.out))
		for i, c := range n.out {
			shape[i] = 1
			if slices.Contains(covered, c) {
				shape[i] = n.sizes[c]
			}
		}
		v = w.reshaped(n.root, v, shape)
		if !v.Type.Equal(n.root.Type) {
			v = w.emit(n.root, ir.OpBroadcast, nil, n.root.Type.Plain(), v)
		}
	}
	return v
}

// reshaped returns v with the given sizes, at the place of like.
func (w *rewriter) reshaped(like, v *ir.Value, shape []int) *ir.Value {
	t := ir.Make(v.Type.DType, shape...)
	if v.Type.Equal(t) {
		return v
	}
	return w.emit(like, ir.OpReshape, nil, t, v)
}

// transposed returns v, whose axes have the indices from, with the axes to.
func (p *product) transposed(v *ir.Value, from, to []int) *ir.Value {
	perm := make([]int, len(to))
	for i, c := range to {
		perm[i] = slices.Index(from, c)
	}
	return p.emit(p.root, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, v)
}

// tree returns the product of a tree and the indices of its axes. What is the
// same product is computed once.
func (p *product) tree(t *tree) (*ir.Value, []int) {
	var v *ir.Value
	axes := t.axes
	defer func() { p.place = p.depth }()
	if t.left == nil {
		p.place = p.when.of(p.factors[t.of.members()[0]].Value).depth
		v = p.leaf(t)
	} else {
		shared := p.twice && t.of.len() < len(p.factors) && !p.hasScale(t)
		if shared {
			k := p.key(t.of)
			if m, ok := p.done[k.text]; ok {
				axes = make([]int, len(m.axes))
				for i, c := range m.axes {
					axes[i] = k.orders[0][slices.Index(m.order, c)]
				}
				v = m.Value
			}
		}
		if v == nil {
			v = p.pair(t)
			if shared {
				k := p.key(t.of)
				p.done[k.text] = computed{v, k.orders[0], axes}
			}
		}
	}
	if t.scaled {
		p.place = t.at.depth
		v = p.times(v)
	}
	return v, axes
}

// hasScale reports whether the scales are applied below t.
func (p *product) hasScale(t *tree) bool {
	return t.left != nil && (t.left.scaled || t.right.scaled || p.hasScale(t.left) || p.hasScale(t.right))
}

// leaf returns a factor with one axis for each of its indices, summed over
// those that nothing else has.
func (p *product) leaf(t *tree) *ir.Value {
	f := p.factors[t.of.members()[0]]
	v, idx := f.Value, slices.Clone(f.idx)
	for {
		i, j := repeated(idx)
		if i < 0 {
			break
		}
		rest := slices.Clone(idx)
		rest = slices.Delete(slices.Delete(rest, j, j+1), i, i+1)
		perm := make([]int, 0, len(idx))
		for k := range idx {
			if k != i && k != j {
				perm = append(perm, k)
			}
		}
		if perm = append(perm, i, j); !slices.IsSorted(perm) {
			v = p.emit(p.root, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, v)
		}
		v = p.emit(p.root, ir.OpDiagonal, nil, ir.Type{}, v)
		idx = append(rest, idx[i])
	}
	var axes, shape []int
	for k, c := range idx {
		switch {
		case slices.Contains(t.axes, c):
			shape = append(shape, p.sizes[c])
		case p.sizes[c] > 1:
			axes = append(axes, k)
		}
	}
	if len(axes) > 0 {
		v = p.emit(p.root, ir.OpSum, &ir.AxesAttrs{Axes: axes}, ir.Type{}, v)
	}
	v = p.reshaped(p.root, v, shape)
	idx = slices.DeleteFunc(idx, func(c int) bool { return !slices.Contains(t.axes, c) })
	if !slices.Equal(idx, t.axes) {
		v = p.transposed(v, idx, t.axes)
	}
	return v
}

// repeated returns the places of an index that comes twice, negative if none does.
func repeated(idx []int) (i, j int) {
	for j, c := range idx {
		if i := slices.Index(idx[:j], c); i >= 0 {
			return i, j
		}
	}
	return -1, -1
}

// pair returns the product of the two sides of t: elementwise where nothing is
// summed and broadcasting says which elements meet, else a contraction.
func (p *product) pair(t *tree) *ir.Value {
	x, a := p.tree(t.left)
	y, b := p.tree(t.right)
	p.place = t.left.at.and(t.right.at).depth
	plain := !banded(x) && !banded(y)
	space := setOf(a) | setOf(b)
	if plain && space == setOf(t.axes) && (setOf(a) == space || setOf(b) == space) && within(a, t.axes) && within(b, t.axes) {
		return p.emit(p.root, ir.OpMul, nil, ir.Type{}, p.spread(x, a, t.axes), p.spread(y, b, t.axes))
	}
	// The operand that alone has the first axis of the result comes first.
	for _, c := range t.axes {
		if inA, inB := slices.Contains(a, c), slices.Contains(b, c); inA != inB {
			if inB {
				a, b, x, y = b, a, y, x
			}
			break
		}
	}
	v := p.emit(p.root, ir.OpContract, &ir.ContractAttrs{Spec: specOf([][]int{a, b}, t.axes)}, ir.Type{}, x, y)
	if t.props.Mirrored() && !ir.OwnTranspose(v) {
		v.Type.Props = ir.Props{Set: ir.Symmetric}
	}
	return v
}

// within reports whether the indices of part come in the same order in all.
func within(part, all []int) bool {
	for _, c := range all {
		if len(part) > 0 && part[0] == c {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// spread returns v with axes of size 1 so that it broadcasts to a value with the
// axes all.
func (p *product) spread(v *ir.Value, axes, all []int) *ir.Value {
	var shape []int
	for _, c := range all {
		if slices.Contains(axes, c) {
			shape = append(shape, p.sizes[c])
		} else if len(shape) > 0 {
			shape = append(shape, 1)
		}
	}
	return p.reshaped(p.root, v, shape)
}

// times multiplies v by the scales, which are multiplied first.
func (p *product) times(v *ir.Value) *ir.Value {
	scalar := ir.Type{DType: v.Type.DType, Shape: []dim.Expr{}}
	var over, under *ir.Value
	join := func(to **ir.Value, s *ir.Value) {
		if *to == nil {
			*to = s
		} else {
			*to = p.emit(p.root, ir.OpMul, nil, ir.Type{}, *to, s)
		}
	}
	minus := ir.FloatNumber(-1)
	if !v.Type.DType.IsFloat() {
		minus = ir.IntNumber(-1)
	}
	for _, s := range p.scales {
		x := s.Value
		switch {
		case x == nil && len(p.scales) == 1 && s.constant == minus:
			return p.below(ir.OpNeg, v)
		case x == nil:
			x = p.emit(p.root, ir.OpFull, &ir.FullAttrs{Value: s.constant}, scalar)
		default:
			x = p.reshaped(p.root, x, nil)
		}
		if s.divides {
			join(&under, x)
		} else {
			join(&over, x)
		}
	}
	switch {
	case over == nil:
		return p.below(ir.OpDiv, v, under)
	case under != nil:
		over = p.emit(p.root, ir.OpDiv, nil, ir.Type{}, over, under)
	}
	return p.below(ir.OpMul, v, over)
}

// below returns v changed by an elementwise operation with scalars, done before v
// is reshaped: there the kernel that makes the elements does it in passing, while
// behind a split of axes, as into heads, it would be a kernel by itself.
func (p *product) below(op ir.Op, v *ir.Value, scalars ...*ir.Value) *ir.Value {
	if v.Op != ir.OpReshape || v.Type.Props != (ir.Props{}) {
		return p.emit(p.root, op, nil, ir.Type{}, append([]*ir.Value{v}, scalars...)...)
	}
	return p.emit(p.root, ir.OpReshape, nil, v.Type, p.below(op, v.Args[0], scalars...))
}
