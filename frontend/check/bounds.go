package check

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// indexBounds returns, for each parameter of f whose elements serve as indices,
// the number below which they must stay for every index to lie inside: the least
// size of what they index. Sizes must be constant.
//
// It follows elements from the parameter through movement, conversions, loops
// and steps of the form mul*x + add with constants. An index that is computed
// in another way bounds nothing.
func indexBounds(f *ir.Func) map[*ir.Value]int {
	bounds := map[*ir.Value]int{}
	for _, p := range f.Params {
		if p.Weight || !p.Type.DType.IsInt() {
			continue
		}
		a := &indexFlow{from: map[*ir.Value][]affine{p: {{1, 0}}}, bound: -1}
		a.region(&f.Region)
		if a.bound >= 0 {
			bounds[p] = a.bound
		}
	}
	return bounds
}

// An affine is the index mul*x + add of an element x, mul > 0.
type affine struct{ mul, add int }

// maxForms is how many forms of one value are followed; loops could make
// more without end.
const maxForms = 8

// An indexFlow is the way of one parameter's elements through a function.
type indexFlow struct {
	from  map[*ir.Value][]affine
	bound int // -1 for none
}

// region follows the values of a region in order.
func (a *indexFlow) region(r *ir.Region) {
	for _, v := range r.Body {
		a.value(v)
	}
}

// flow adds what is known of x, changed by step, to v. It reports whether that
// is new.
func (a *indexFlow) flow(v, x *ir.Value, step affine) bool {
	changed := false
	for _, f := range a.from[x] {
		g := affine{f.mul * step.mul, f.add*step.mul + step.add}
		if g.mul > 1<<31 || g.add > 1<<31 || g.add < -1<<31 {
			continue
		}
		if old := a.from[v]; len(old) < maxForms && !slices.Contains(old, g) {
			a.from[v] = append(old, g)
			changed = true
		}
	}
	return changed
}

// index records that idx counts along n elements.
func (a *indexFlow) index(idx *ir.Value, n int) {
	for _, f := range a.from[idx] {
		// mul*x + add < n
		limit := 0
		if n > f.add {
			limit = (n - f.add + f.mul - 1) / f.mul
		}
		if a.bound < 0 || limit < a.bound {
			a.bound = limit
		}
	}
}

var same = affine{1, 0}

// value follows one operation.
func (a *indexFlow) value(v *ir.Value) {
	size := func(x *ir.Value, axis int) int { return x.Type.Dims()[axis] }
	switch v.Op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpConcat, ir.OpPad, ir.OpTri, ir.OpDiag,
		ir.OpDiagonal, ir.OpAssume, ir.OpUpdate, ir.OpReduceMax, ir.OpReduceMin, ir.OpMax, ir.OpMin, ir.OpGet:
		for _, x := range v.Args {
			a.flow(v, x, same)
		}
	case ir.OpConvert:
		if v.Type.DType.IsInt() {
			a.flow(v, v.Args[0], same)
		}
	case ir.OpWhere:
		a.flow(v, v.Args[1], same)
		a.flow(v, v.Args[2], same)
	case ir.OpAdd, ir.OpSub, ir.OpMul:
		a.arithmetic(v)
	case ir.OpTake, ir.OpTakeAlong:
		a.index(v.Args[1], size(v.Args[0], v.Attrs.(*ir.AxisAttrs).Axis))
		a.flow(v, v.Args[0], same)
	case ir.OpScatter, ir.OpScatterAlong:
		a.index(v.Args[1], size(v.Args[0], v.Attrs.(*ir.ScatterAttrs).Axis))
		if v.Attrs.(*ir.ScatterAttrs).Set {
			a.flow(v, v.Args[0], same)
			a.flow(v, v.Args[2], same)
		}
	case ir.OpDynSlice:
		at := v.Attrs.(*ir.DynSliceAttrs).Axis
		a.index(v.Args[1], size(v.Args[0], at)-size(v, at)+1)
		a.flow(v, v.Args[0], same)
	case ir.OpDynUpdate:
		at := v.Attrs.(*ir.AxisAttrs).Axis
		a.index(v.Args[2], size(v.Args[0], at)-size(v.Args[1], at)+1)
		a.flow(v, v.Args[0], same)
		a.flow(v, v.Args[1], same)
	case ir.OpOneHot:
		a.index(v.Args[0], size(v, v.Type.Rank()-1))
	case ir.OpLoop:
		a.loop(v)
	}
}

// arithmetic follows x + k, k + x, x - k, x * k and k * x with a constant k.
func (a *indexFlow) arithmetic(v *ir.Value) {
	for i, x := range v.Args {
		k, ok := largest(v.Args[1-i])
		switch {
		case !ok || v.Op == ir.OpSub && i == 1:
		case v.Op == ir.OpAdd:
			a.flow(v, x, affine{1, k})
		case v.Op == ir.OpSub:
			if k, ok := least(v.Args[1]); ok {
				a.flow(v, x, affine{1, -k})
			}
		case k > 0:
			a.flow(v, x, affine{k, 0})
		}
	}
}

// loop follows what a loop carries, and its bounds, which its index lies
// between.
func (a *indexFlow) loop(v *ir.Value) {
	lo, hi, inits := v.Args[0], v.Args[1], v.Args[2:]
	index, carried := v.Body.Params[0], v.Body.Params[1:]
	if v.Attrs.(*ir.LoopAttrs).Step > 0 {
		a.flow(index, hi, affine{1, -1})
	} else {
		a.flow(index, lo, same)
	}
	for i, x := range inits {
		a.flow(carried[i], x, same)
	}
	for range maxForms {
		a.region(v.Body)
		changed := false
		for i, x := range v.Body.Results {
			changed = a.flow(carried[i], x, same) || changed
		}
		if !changed {
			break
		}
	}
	for i := range inits {
		a.flow(v, carried[i], same) // of several, get takes all: which part is not told apart
	}
}

// largest returns the largest element of a constant.
func largest(v *ir.Value) (int, bool) { return extreme(v, func(a, b int64) bool { return a > b }) }

// least returns the least element of a constant.
func least(v *ir.Value) (int, bool) { return extreme(v, func(a, b int64) bool { return a < b }) }

func extreme(v *ir.Value, better func(a, b int64) bool) (int, bool) {
	switch v.Op {
	case ir.OpFull:
		n := v.Attrs.(*ir.FullAttrs).Value
		return int(n.Int), n.IsInt && int64(int32(n.Int)) == n.Int
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpConvert:
		if v.Type.DType.IsInt() && v.Args[0].Type.DType.IsInt() {
			return extreme(v.Args[0], better)
		}
	case ir.OpIota:
		n := v.Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis]
		if n > 0 && int(int32(n)) == n && better(1, 0) {
			return n - 1, true
		}
		return 0, n > 0
	case ir.OpConst:
		data := v.Attrs.(*ir.ConstAttrs).Data.Ints()
		if len(data) == 0 {
			return 0, false
		}
		best := data[0]
		for _, n := range data {
			if better(n, best) {
				best = n
			}
		}
		return int(best), int64(int32(best)) == best
	}
	return 0, false
}
