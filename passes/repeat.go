package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// repetitions are laws about rows that are taken more often than there are: what
// is computed row by row is computed of each once.
//
//	take(table, i) @ w   becomes   take(table @ w, i)
//
// Of a table of weights that is done when they are loaded (see tables.go for products). What is taken less
// often than there are rows goes the other way, which is for slice.
var repetitions = []law{
	{&Rule{"taken twice", "take(take(x, i), j) = take(x, take(i, j))", Exact}, takenTwice},
	{&Rule{"repeated rows", "f(take(x, i)) = take(f(x), i) where i has more elements than x has rows", Exact}, repeatedRows},
	{&Rule{"table for each", "take(x, i) @ w, summed over an axis of i = sum of take(x @ w[k], i[k])", Reassociate}, tablesProduct},
}

func takenTwice(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTake || v.Args[0].Op != ir.OpTake {
		return nil
	}
	x := v.Args[0]
	inner, outer := x.Attrs.(*ir.AxisAttrs).Axis, v.Attrs.(*ir.AxisAttrs).Axis
	if outer < inner || outer >= inner+x.Args[1].Type.Rank() {
		return nil
	}
	return func() *ir.Value {
		idx := w.put(v, ir.OpTake, &ir.AxisAttrs{Axis: outer - inner}, ir.Type{}, x.Args[1], v.Args[1])
		return w.put(v, ir.OpTake, x.Attrs, ir.Type{}, x.Args[0], idx)
	}
}

// A repeatedTake is a take of more rows than there are: its axes from..to are those
// of the indices.
type repeatedTake struct {
	table, idx     *ir.Value
	from, to, rank int
}

func repeats(v *ir.Value) (repeatedTake, bool) {
	if v.Op != ir.OpTake {
		return repeatedTake{}, false
	}
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	r := repeatedTake{v.Args[0], v.Args[1], axis, axis + v.Args[1].Type.Rank(), v.Type.Rank()}
	return r, r.idx.Type.Elems() > r.table.Type.Dims()[axis] && r.table.Type.Dims()[axis] > 0
}

func repeatedRows(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op == ir.OpContract {
		return tableProduct(w, v)
	}
	for _, a := range v.Args {
		r, ok := repeats(a)
		if !ok || v.Type.Tuple != nil {
			continue
		}
		var apply func() *ir.Value
		switch v.Op.Info().Class {
		case ir.Elementwise:
			apply = r.elementwise(w, v)
		case ir.Reduction:
			apply = r.reduction(w, v)
		}
		if apply != nil {
			return apply
		}
	}
	return nil
}

// taken returns f, which was computed of the table, at the indices.
func (r repeatedTake) taken(w *rewriter, like, f *ir.Value, axis int) *ir.Value {
	return w.put(like, ir.OpTake, &ir.AxisAttrs{Axis: axis}, ir.Type{}, f, r.idx)
}

// elementwise wants all other operands to be the same along the indices, or to
// be taken at them too.
func (r repeatedTake) elementwise(w *rewriter, v *ir.Value) func() *ir.Value {
	rank := v.Type.Rank()
	dims := v.Type.Dims()
	behind := rank - r.to
	if r.rank != rank || !slices.Equal(dims[r.from:r.to], r.idx.Type.Dims()) {
		return nil
	}
	for _, a := range v.Args {
		if s, ok := repeats(a); ok && s.idx == r.idx && a.Type.Rank() == rank && s.from == r.from {
			if s.table.Type.Dims()[s.from] != r.table.Type.Dims()[r.from] {
				return nil
			}
			continue
		}
		d := a.Type.Dims()
		for i, n := range d[max(len(d)-rank, 0):] {
			if at := rank - len(d) + i; at >= r.from && at < r.to && n != 1 {
				return nil
			}
		}
	}
	return func() *ir.Value {
		args := make([]*ir.Value, len(v.Args))
		for i, a := range v.Args {
			if s, ok := repeats(a); ok && s.idx == r.idx && a.Type.Rank() == rank && s.from == r.from {
				args[i] = s.table
				continue
			}
			d := a.Type.Dims()
			if first := rank - len(d); first < r.to && len(d) > 0 { // axes of size 1, of which one is left
				d = slices.Concat(d[:max(r.from-(rank-len(d)), 0)], []int{1}, d[len(d)-behind:])
			}
			args[i] = w.withShape(v, a, d)
		}
		want := ir.Type{}
		if v.Op.Info().Typed {
			want = ir.Make(v.Type.DType, slices.Concat(dims[:r.from], r.table.Type.Dims()[r.from:r.from+1], dims[r.to:])...)
		}
		f := w.emit(v, v.Op, v.Attrs, want, args...)
		f.Cost = v.Cost
		return r.taken(w, v, w.rewritten(f), r.from)
	}
}

// reduction wants the indices to stay.
func (r repeatedTake) reduction(w *rewriter, v *ir.Value) func() *ir.Value {
	var gone []int
	switch a := v.Attrs.(type) {
	case *ir.AxesAttrs:
		gone = a.Axes
	case *ir.AxisAttrs:
		gone = []int{a.Axis}
	}
	added := r.to - r.from - 1
	axis := r.from
	axes := make([]int, len(gone))
	for i, g := range gone {
		axes[i] = g
		switch {
		case g >= r.to:
			axes[i] -= added
		case g >= r.from:
			return nil
		default:
			axis--
		}
	}
	return func() *ir.Value {
		var attrs ir.Attrs = &ir.AxesAttrs{Axes: axes}
		if _, ok := v.Attrs.(*ir.AxisAttrs); ok {
			attrs = &ir.AxisAttrs{Axis: axes[0]}
		}
		f := w.emit(v, v.Op, attrs, ir.Type{}, r.table)
		f.Cost = v.Cost
		return r.taken(w, v, w.rewritten(f), axis)
	}
}
