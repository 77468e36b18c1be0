package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// A weighted product is one of an operand that may be moved from where it was
// made, and a weight.
type weighted struct {
	blockFactor
	from *ir.Value // what value was moved from
	way  way
}

// weightedProducts returns how v is a product with what is known early.
func (w *rewriter) weightedProducts(v *ir.Value) []weighted {
	var out []weighted
	if rounded(v) || w.early(v) {
		return nil
	}
	for _, f := range blockFactors(v) {
		if w.early(f.other) && !w.early(f.value) && f.other.Type.Props == (ir.Props{}) {
			from, steps := w.wayDown(f.value)
			out = append(out, weighted{f, from, steps})
		}
	}
	return out
}

// summed reports whether the letter of an axis of the factor is summed with the
// other one, each having it once; kept whether the factor alone has it, and the
// result.
func (f blockFactor) summed(axis int) bool {
	other, out, ok := f.once(axis)
	return ok && other >= 0 && out < 0
}

func (f blockFactor) kept(axis int) bool {
	other, out, ok := f.once(axis)
	return ok && other < 0 && out >= 0
}

// shiftOf finds x + a at the foot of the way, with a moved to where the product
// is: it must have the axes that are summed, and none of those that only the
// factor has.
func (w *rewriter) shiftOf(f weighted) (x, a *ir.Value) {
	x, a = w.withEarly(f.from, ir.OpAdd)
	if x == nil {
		return nil, nil
	}
	a, ok := f.way.up(w, w.withRank(f.from, a))
	if !ok {
		return nil, nil
	}
	for axis, n := range a.Type.Dims() {
		whole := n == f.value.Type.Dims()[axis]
		if !(f.kept(axis) && n == 1 || f.summed(axis) && whole) {
			return nil, nil
		}
	}
	return x, a
}

// shift takes what is added to an operand of products out of them, if it is gone
// then from all of them, and what is added to their results costs less. Where
// something known early is added to a result anyway, that is nothing.
func (l *leveling) shift(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range w.weightedProducts(v) {
		x, a := w.shiftOf(f)
		if x == nil {
			continue
		}
		if !l.freed[f.from] {
			cost, ok := l.shifted(w, f.from, v)
			if !ok || cost >= f.from.Type.Elems() {
				continue
			}
		}
		return func() *ir.Value {
			w.instead(l.free(f.from)...)
			y := f.product(w, v, w.moved(f.way, x), f.other)
			b := w.emitEarly(v, ir.OpContract, v.Attrs, ir.Type{}, f.ordered(a, f.other)...)
			return w.put(v, ir.OpAdd, nil, ir.Type{}, y, b)
		}
	}
	return nil
}

// ordered returns the factors in the order of the contraction.
func (f blockFactor) ordered(value, other *ir.Value) []*ir.Value {
	if f.at == 1 {
		return []*ir.Value{other, value}
	}
	return []*ir.Value{value, other}
}

// moved moves x along a way.
func (w *rewriter) moved(p way, x *ir.Value) *ir.Value {
	for _, s := range slices.Backward(p) {
		want := ir.Type{}
		if s.Op == ir.OpReshape {
			want = s.Type.Plain()
		}
		x = w.put(s, s.Op, s.Attrs, want, x)
	}
	return x
}

// shifted returns how many elements are added to results of products if v, a sum,
// is taken out of all products that need it; ok is false if something else needs it.
func (l *leveling) shifted(w *rewriter, v, product *ir.Value) (cost int, ok bool) {
	users := l.products(w, v, product)
	for _, u := range users {
		if u == nil {
			return 0, false
		}
		took := false
		for _, f := range w.weightedProducts(u) {
			if f.from == v {
				x, _ := w.shiftOf(f)
				took = x != nil
			}
		}
		if !took {
			return 0, false
		}
		by := l.users[u]
		if u == product && w.uses[u] == 0 {
			by = nil // made by a law just now
		}
		if len(by) == 1 {
			if x, _ := w.withEarly(by[0], ir.OpAdd); x != nil {
				continue
			}
		}
		cost += u.Type.Elems()
	}
	return cost, len(users) > 0
}

// products returns the products that need v, moved or not; nil among them for
// what else does. The one that is being rewritten may be new.
func (l *leveling) products(w *rewriter, v, product *ir.Value) []*ir.Value {
	if w.alone(v) {
		return []*ir.Value{product}
	}
	var out []*ir.Value
	for _, u := range l.users[v] {
		for w.alone(u) && (u.Op == ir.OpTranspose || u.Op == ir.OpReshape) && len(l.users[u]) == 1 {
			u = l.users[u][0]
		}
		if w.of(u) != u || u.Op != ir.OpContract {
			u = nil
		}
		out = append(out, u)
	}
	if len(l.users[v]) == 0 || w.uses[v] != len(l.users[v]) {
		out = append(out, nil) // a result, or needed by what laws have made
	}
	return out
}

// scaleOf finds x * a, with a moved to where the product is, and how it lies
// beside the weight: it may have axes that the weight has too.
func (w *rewriter) scaleOf(f weighted) (x, a *ir.Value) {
	x, a = w.withEarly(f.from, ir.OpMul)
	if x == nil {
		return nil, nil
	}
	a, ok := f.way.up(w, w.withRank(f.from, a))
	if !ok {
		return nil, nil
	}
	idx := make([]int, a.Type.Rank())
	some := false
	for axis, n := range a.Type.Dims() {
		idx[axis] = axis
		if n == 1 {
			continue
		}
		if some = true; !f.summed(axis) || n != f.value.Type.Dims()[axis] {
			return nil, nil
		}
	}
	if !some {
		return nil, nil // a number: chain places it
	}
	mine := f.operands[f.at]
	var all []int
	for i := range len(f.operands[1-f.at]) {
		at := strings.IndexByte(mine, f.operands[1-f.at][i])
		if at < 0 {
			at = len(mine) + i
		}
		all = append(all, at)
	}
	kept := slices.DeleteFunc(slices.Clone(idx), func(i int) bool { return a.Type.Dims()[i] == 1 })
	flat := a
	if len(kept) < len(idx) {
		var dims []int
		for _, i := range kept {
			dims = append(dims, a.Type.Dims()[i])
		}
		flat = w.emitEarly(a, ir.OpReshape, nil, ir.Make(a.Type.DType, dims...), a)
	}
	return x, w.aligned(flat, factor{Value: flat, idx: kept}, all)
}

// scale multiplies weights by what an operand of products is multiplied by, if that
// is gone then from all of them.
func (l *leveling) scale(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range w.weightedProducts(v) {
		x, a := w.scaleOf(f)
		if x == nil || !w.fitsEarly(f.other.Type.Bytes(), f.other, a) || !l.freed[f.from] && !l.scaled(w, f.from, v) {
			continue
		}
		return func() *ir.Value {
			w.instead(l.free(f.from)...)
			weight := w.emitEarly(v, ir.OpMul, nil, ir.Type{}, f.other, a)
			return f.product(w, v, w.moved(f.way, x), weight)
		}
	}
	return nil
}

// scaled reports whether all that needs v, a scaled value, are products that can do
// without.
func (l *leveling) scaled(w *rewriter, v, product *ir.Value) bool {
	return !slices.ContainsFunc(l.products(w, v, product), func(u *ir.Value) bool {
		if u == nil {
			return true
		}
		for _, f := range w.weightedProducts(u) {
			if f.from == v {
				x, _ := w.scaleOf(f)
				return x == nil
			}
		}
		return true
	})
}

// free notes that products do without v, and returns it the first time.
func (l *leveling) free(v *ir.Value) []*ir.Value {
	if l.freed[v] {
		return nil
	}
	l.freed[v] = true
	return []*ir.Value{v}
}
