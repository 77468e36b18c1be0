package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// splitJoined splits a product with a factor that is joined along the index that is
// summed, where the products of the parts cost less: one that is stretched along
// an axis is multiplied once, and one that is known early in no call.
func splitJoined(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		if f.value.Op != ir.OpConcat || rounded(v) || !w.alone(f.value) {
			continue
		}
		axis := f.value.Attrs.(*ir.AxisAttrs).Axis
		if !f.summed(axis) {
			continue
		}
		other, _, _ := f.once(axis)
		var parts []*ir.Value
		cost, first := 0, 0
		var sums [2][]int // sizes of the sums of what is known early, and of the rest
		for _, x := range f.value.Args {
			n := x.Type.Dims()[axis]
			x = w.unstretched(f, x, axis)
			parts = append(parts, x)
			rest := f.other.Type
			sizes := rest.Dims()
			sizes[other] = n
			rest = ir.Make(rest.DType, sizes...)
			when := 0
			if !w.early(x) || !w.early(f.other) {
				when = 1
				types := []ir.Type{x.Type, rest}
				if f.at == 1 {
					slices.Reverse(types)
				}
				cost += ir.ContractWork(f.spec, types, ir.Props{})
			}
			made := v.Type.Dims()
			for i, size := range x.Type.Dims() {
				if f.kept(i) && size == 1 {
					_, out, _ := f.once(i)
					made[out] = 1
				}
			}
			if sums[when] == nil {
				sums[when] = made
			} else {
				for i, size := range made {
					sums[when][i] = max(sums[when][i], size)
				}
				if when == 1 {
					cost += elemsOf(sums[1])
				}
			}
			first += n
		}
		if sums[0] != nil && sums[1] != nil {
			cost += v.Type.Elems()
		}
		if cost >= v.Work() {
			continue
		}
		return func() *ir.Value {
			w.instead(f.value)
			var early, late *ir.Value
			first := 0
			for i, x := range parts {
				n := f.value.Args[i].Type.Dims()[axis]
				weight := w.partEarly(v, f.other, other, first, n)
				first += n
				sum := &late
				var y *ir.Value
				if w.early(x) && w.early(f.other) {
					sum = &early
					y = w.emitEarly(v, ir.OpContract, &ir.ContractAttrs{Spec: f.spec}, ir.Type{}, f.ordered(x, weight)...)
				} else {
					y = f.product(w, v, x, weight)
				}
				if *sum != nil {
					y = w.emitEarly(v, ir.OpAdd, nil, ir.Type{}, *sum, y)
				}
				*sum = y
			}
			y := late
			switch {
			case late == nil:
				y = early
			case early != nil:
				y = w.put(v, ir.OpAdd, nil, ir.Type{}, late, early)
			}
			if !y.Type.Equal(v.Type) {
				y = w.emit(v, ir.OpBroadcast, nil, v.Type.Plain(), y)
			}
			return y
		}
	}
	return nil
}

func elemsOf(sizes []int) int {
	n := 1
	for _, s := range sizes {
		n = times(n, s)
	}
	return n
}

// partEarly is part for what may be known early.
func (w *rewriter) partEarly(like, x *ir.Value, axis, first, n int) *ir.Value {
	level := w.levels[x]
	y := w.part(like, x, axis, first, n)
	w.levels[y] = level
	return y
}

// unstretched returns x, a part of a factor, with size 1 along the axes that only
// the factor and the result have and along which x is the same.
func (w *rewriter) unstretched(f blockFactor, x *ir.Value, joined int) *ir.Value {
	if x.Op != ir.OpBroadcast {
		return x
	}
	thin := w.withRank(x, x.Args[0])
	dims := x.Type.Dims()
	for i, n := range thin.Type.Dims() {
		if i != joined && n == 1 && f.kept(i) {
			dims[i] = 1
		}
	}
	if slices.Equal(dims, x.Type.Dims()) {
		return x
	}
	if !slices.Equal(dims, thin.Type.Dims()) {
		thin = w.emitEarly(x, ir.OpBroadcast, nil, ir.Make(x.Type.DType, dims...), thin)
	}
	return thin
}
