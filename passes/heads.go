package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// headsApart finds a product with another one, whose result is split, as heads of an
// attention are, where the three factors cost less in another order: of few queries
// with keys, which then need not be made. The heads are split in the weights.
func headsApart(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		if rounded(v) {
			continue
		}
		from, steps := w.wayDown(f.value)
		if len(steps) == 0 || !w.alone(from) || from == f.other {
			continue
		}
		for _, g := range blockFactors(from) {
			if g.other.Type.Props != (ir.Props{}) || banded(g.other) {
				continue
			}
			h, ok := headsOf(g, steps)
			if !ok || !h.pays(f, v, from) {
				continue
			}
			return func() *ir.Value {
				weight := g.other
				if !slices.Equal(weight.Type.Dims(), h.weight) {
					weight = w.emitEarly(v, ir.OpReshape, nil, ir.Make(weight.Type.DType, h.weight...), weight)
				}
				x := g.value
				if !slices.Equal(x.Type.Dims(), h.value) {
					x = w.emit(v, ir.OpReshape, nil, ir.Make(x.Type.DType, h.value...), x)
				}
				w.instead(from)
				y := w.put(from, ir.OpContract, &ir.ContractAttrs{Spec: specOf([][]int{h.valueIdx, h.weightIdx}, h.out)}, ir.Type{}, x, weight)
				return f.product(w, v, y, f.other)
			}
		}
	}
	return nil
}

// heads is a product behind which axes are split and moved, with that done to its
// factors.
type heads struct {
	value, weight            []int // sizes
	valueIdx, weightIdx, out []int // indices
	sizes                    []int // of indices
}

// headsOf takes a product along the steps by which its result is moved.
func headsOf(g blockFactor, steps way) (heads, bool) {
	h := heads{}
	index := map[byte][]int{} // of a letter: those that it is split into
	axes := make([][]int, 0, len(g.out))
	for i := range len(g.out) {
		n := steps[len(steps)-1].Args[0].Type.Dims()[i]
		index[g.out[i]] = []int{len(h.sizes)}
		axes = append(axes, index[g.out[i]])
		h.sizes = append(h.sizes, n)
	}
	if len(index) != len(g.out) {
		return h, false
	}
	order := make([]int, len(axes)) // the index of each axis
	for i := range order {
		order[i] = i
	}
	split := map[int][]int{}
	for _, s := range slices.Backward(steps) {
		if s.Op == ir.OpTranspose {
			next := make([]int, len(order))
			for i, p := range s.Attrs.(*ir.PermAttrs).Perm {
				next[i] = order[p]
			}
			order = next
			continue
		}
		groups, ok := joinedAxes(s.Type.Dims(), s.Args[0].Type.Dims())
		if !ok {
			return h, false
		}
		var next []int
		for axis, group := range groups {
			i := order[axis]
			if len(group) == 1 {
				next = append(next, i)
				continue
			}
			if i >= len(axes) {
				return h, false // split again
			}
			for _, n := range group {
				split[i] = append(split[i], len(h.sizes))
				h.sizes = append(h.sizes, n)
			}
			next = append(next, split[i]...)
		}
		order = next
	}
	h.out = order
	parts := func(letters string, dims []int) (idx, sizes []int) {
		for i := range len(letters) {
			of, ok := index[letters[i]]
			if !ok {
				of = []int{len(h.sizes)}
				index[letters[i]] = of
				h.sizes = append(h.sizes, dims[i])
			}
			if s := split[of[0]]; s != nil {
				of = s
			}
			for _, k := range of {
				idx, sizes = append(idx, k), append(sizes, h.sizes[k])
			}
		}
		return idx, sizes
	}
	h.valueIdx, h.value = parts(g.operands[g.at], g.value.Type.Dims())
	h.weightIdx, h.weight = parts(g.operands[1-g.at], g.other.Type.Dims())
	for i, n := range h.value {
		if n != h.sizes[h.valueIdx[i]] {
			return h, false
		}
	}
	return h, len(split) > 0 && len(h.sizes) < 20
}

// pays reports whether v, f's product with what h makes, costs less with the weights
// multiplied by the other factor first.
func (h heads) pays(f blockFactor, v, from *ir.Value) bool {
	mine, other := f.operands[f.at], f.operands[1-f.at]
	if len(h.out) != len(mine) {
		return false
	}
	index := map[byte]int{}
	for i := range len(mine) {
		if _, twice := index[mine[i]]; twice {
			return false
		}
		index[mine[i]] = h.out[i]
	}
	sizes := slices.Clone(h.sizes)
	of := func(letters string, dims []int) []int {
		var idx []int
		for i := range len(letters) {
			if _, ok := index[letters[i]]; !ok {
				index[letters[i]] = len(sizes)
				sizes = append(sizes, dims[i])
			}
			idx = append(idx, index[letters[i]])
		}
		return idx
	}
	theirs := of(other, f.other.Type.Dims())
	out := of(f.out, v.Type.Dims())
	for _, first := range [][2][]int{{h.weightIdx, h.valueIdx}, {h.valueIdx, h.weightIdx}} {
		// What the first product keeps: what the last factor or the result has.
		var kept []int
		all := slices.Concat(theirs, first[0])
		for _, i := range all {
			if !slices.Contains(kept, i) && (slices.Contains(first[1], i) || slices.Contains(out, i)) {
				kept = append(kept, i)
			}
		}
		cost := added(contraction(sizes, theirs, first[0], kept), contraction(sizes, kept, first[1], out))
		if cost < from.Work()+v.Work() {
			return true
		}
	}
	return false
}

// contraction returns the FLOPs of a product of two factors without structure.
func contraction(sizes, a, b, out []int) int {
	t := func(idx []int) ir.Type { return ir.Make(tensor.F32, sizesOf(sizes, idx)...) }
	return ir.ContractWork(specOf([][]int{a, b}, out), []ir.Type{t(a), t(b)}, ir.Props{})
}
