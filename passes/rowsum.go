package passes

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// softmaxShift finds scores minus their maximum along an axis, and in the scores a
// product with keys to which a row of weights is added: it adds to each score what
// does not change along the axis, and goes with the maximum. Of infinite weights
// NaN must be left, so what the keys are made with gets 0 times the row.
func softmaxShift(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpSub || !v.Type.DType.IsFloat() || rounded(v) {
		return nil
	}
	x, most := v.Args[0], v.Args[1]
	if !slices.Equal(x.Type.Dims(), v.Type.Dims()) || w.uses[x] > 2 {
		return nil
	}
	most, steps := w.wayDown(most)
	if most.Op != ir.OpReduceMax || most.Args[0] != x || !w.alone(most) {
		return nil
	}
	axes := most.Attrs.(*ir.AxesAttrs).Axes
	if len(axes) != 1 {
		return nil
	}
	for _, s := range steps {
		if s.Op != ir.OpReshape || !sameWithoutOnes(s.Type.Dims(), most.Type.Dims()) {
			return nil
		}
	}
	keeps := v.Type.Dims()
	keeps[axes[0]] = 1
	if !slices.Equal(v.Args[1].Type.Dims(), keeps) {
		return nil
	}
	scores := w.scoresOf(x, axes[0])
	if scores == nil {
		return nil
	}
	return func() *ir.Value {
		y := scores()
		w.instead(x, most)
		m := w.emit(most, ir.OpReduceMax, most.Attrs, ir.Type{}, y)
		m.Cost = most.Cost
		u := w.emit(v, ir.OpSub, nil, ir.Type{}, y, w.reshaped(v, m, keeps))
		u.Cost = v.Cost
		w.uses[y] = 2
		return u
	}
}

// scoresOf returns what makes x without what its products add that is the same
// along an axis; nil if there is nothing such.
func (w *rewriter) scoresOf(x *ir.Value, axis int) func() *ir.Value {
	again := func(i int, scores func() *ir.Value) func() *ir.Value {
		if scores == nil {
			return nil
		}
		return func() *ir.Value {
			args := slices.Clone(x.Args)
			args[i] = scores()
			w.instead(x.Args[i])
			u := w.put(x, x.Op, x.Attrs, ir.Type{}, args...)
			u.Cost = x.Cost
			return u
		}
	}
	for i, a := range x.Args {
		if w.uses[a] > 1 || !slices.Equal(a.Type.Dims(), x.Type.Dims()) {
			continue
		}
		switch x.Op {
		case ir.OpAdd, ir.OpSub:
		case ir.OpMul, ir.OpDiv:
			if x.Op == ir.OpDiv && i == 1 || !constantAlong(x.Args[1-i], x.Type.Rank()-axis) {
				continue
			}
		case ir.OpWhere:
			if i == 0 {
				continue
			}
			if n, ok := number(x.Args[3-i]); !ok || !math.IsInf(n, -1) {
				continue // what is left must be no score
			}
		default:
			continue
		}
		if f := again(i, w.scoresOf(a, axis)); f != nil {
			return f
		}
	}
	for _, f := range blockFactors(x) {
		key := slices.Index([]byte(f.operands[f.at]), f.out[axis])
		if key < 0 || !f.kept(key) {
			continue
		}
		from, steps := w.wayDown(f.value)
		k, a := w.withEarly(from, ir.OpAdd)
		if k == nil || !w.alone(from) || !w.alone(k) {
			continue
		}
		moved, ok := steps.up(w, w.withRank(from, a))
		if !ok || moved.Type.Dims()[key] != 1 {
			continue
		}
		if made := w.guarded(k, a); made != nil {
			return func() *ir.Value {
				w.instead(from, k)
				return f.product(w, x, w.moved(steps, made()), f.other)
			}
		}
	}
	return nil
}

// guarded returns what makes k, a product with weights, with 0 times a row added to
// the weights: NaN where the row is not finite. A row that is known to be needs
// nothing.
func (w *rewriter) guarded(k, row *ir.Value) func() *ir.Value {
	if w.magnitudes().finite(row) {
		return func() *ir.Value { return k }
	}
	for _, f := range w.weightedProducts(k) {
		full := w.withRank(k, row)
		var idx []int // of the axes of the row, with which the weights are numbered
		var dims []int
		ok := true
		for axis, n := range full.Type.Dims() {
			if n == 1 {
				continue
			}
			idx, dims = append(idx, axis), append(dims, n)
			other := slices.Index([]byte(f.operands[1-f.at]), f.out[axis])
			ok = ok && other >= 0 && f.other.Type.Dims()[other] == n
		}
		if !ok || !w.fitsEarly(f.other.Type.Bytes(), f.other, row) {
			continue
		}
		var all []int
		for i := range len(f.operands[1-f.at]) {
			at := slices.Index([]byte(f.out), f.operands[1-f.at][i])
			if at < 0 {
				at = len(f.out) + i
			}
			all = append(all, at)
		}
		return func() *ir.Value {
			zero := w.emitEarly(k, ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(0)}, ir.Make(k.Type.DType))
			none := w.emitEarly(k, ir.OpMul, nil, ir.Type{}, row, zero)
			if !slices.Equal(none.Type.Dims(), dims) {
				none = w.emitEarly(k, ir.OpReshape, nil, ir.Make(k.Type.DType, dims...), none)
			}
			none = w.aligned(none, factor{Value: none, idx: idx}, all)
			return f.product(w, k, f.value, w.emitEarly(k, ir.OpAdd, nil, ir.Type{}, f.other, none))
		}
	}
	return nil
}

// softmaxSum finds a product with weights that sum to one, exp(s) / sum(exp(s)),
// and in its other factor a row that is the same in all that is added up.
func softmaxSum(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		a := f.other
		if rounded(v) || w.early(a) {
			continue
		}
		one := sumsToOne(a)
		if one < 0 {
			continue
		}
		axis := slices.Index([]byte(f.operands[f.at]), f.operands[1-f.at][one])
		if axis < 0 || !f.summed(axis) {
			continue
		}
		from, steps := w.wayDown(f.value)
		x, row := w.withEarly(from, ir.OpAdd)
		if x == nil || !w.alone(from) {
			continue
		}
		row, ok := steps.up(w, w.withRank(from, row))
		if !ok || v.Type.Elems() > from.Type.Elems() {
			continue
		}
		var idx, dims []int
		for i, n := range row.Type.Dims() {
			c := f.operands[f.at][i]
			out := slices.Index([]byte(f.out), c)
			switch {
			case out < 0 && i != axis, n != 1 && out < 0:
				ok = false // another index is summed too
			case n != 1:
				idx, dims = append(idx, out), append(dims, n)
				ok = ok && n == v.Type.Dims()[out]
			}
		}
		if !ok {
			continue
		}
		return func() *ir.Value {
			w.instead(from)
			y := f.product(w, v, w.moved(steps, x), a)
			if !slices.Equal(row.Type.Dims(), dims) {
				row = w.emitEarly(v, ir.OpReshape, nil, ir.Make(v.Type.DType, dims...), row)
			}
			row = w.aligned(row, factor{Value: row, idx: idx}, allOf(v.Type.Rank()))
			return w.put(v, ir.OpAdd, nil, ir.Type{}, y, row)
		}
	}
	return nil
}

// sumsToOne returns the axis along which a is divided by its own sum of
// exponentials; -1 if there is none.
func sumsToOne(a *ir.Value) int {
	if a.Op != ir.OpDiv || a.Args[0].Op != ir.OpExp {
		return -1
	}
	e, sum := a.Args[0], a.Args[1]
	if !slices.Equal(e.Type.Dims(), a.Type.Dims()) {
		return -1
	}
	if sum.Op == ir.OpReshape {
		sum = sum.Args[0]
	}
	if sum.Op != ir.OpSum || sum.Args[0] != e {
		return -1
	}
	axes := sum.Attrs.(*ir.AxesAttrs).Axes
	keeps := a.Type.Dims()
	if len(axes) != 1 {
		return -1
	}
	keeps[axes[0]] = 1
	if !slices.Equal(a.Args[1].Type.Dims(), keeps) {
		return -1
	}
	return axes[0]
}
