package irtest

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func stepReshape(g *gen, op ir.Op) {
	v := g.anyOf(1)
	dims := v.Type.Dims()
	i := g.src.Int(len(dims), "axis")
	switch { // split an axis, join two, or add one
	case g.src.Int(2, "join") == 0 && i+1 < len(dims):
		dims = slices.Replace(dims, i, i+2, dims[i]*dims[i+1])
	default:
		by := 1
		for _, d := range []int{2, 3, 5, 4, 7} {
			if dims[i] > 0 && dims[i]%d == 0 && g.src.Int(2, "divisor") == 0 {
				by = d
				break
			}
		}
		dims = slices.Replace(dims, i, i+1, dims[i]/by, by)
	}
	g.emit(op, nil, ir.Make(v.Type.DType, dims...), v)
}

func stepBroadcast(g *gen, op ir.Op) {
	v := g.anyOf(0)
	dims := v.Type.Dims()
	for i, n := range dims {
		if n == 1 {
			dims[i] = g.extent()
		}
	}
	for len(dims) < 4 && g.chance(2, "more") {
		dims = append([]int{g.extent()}, dims...)
	}
	if t := ir.Make(v.Type.DType, dims...); t.Elems() <= g.cfg.MaxElems {
		g.emit(op, nil, t, v)
	}
}

func stepTranspose(g *gen, op ir.Op) {
	v := g.anyOf(2)
	perm := make([]int, v.Type.Rank())
	for i := range perm {
		perm[i] = i
	}
	i := g.src.Int(len(perm)-1, "axis")
	perm[i], perm[i+1] = perm[i+1], perm[i]
	if g.chance(2, "rotate") {
		perm = append(perm[1:], perm[0])
	}
	g.emit(op, &ir.PermAttrs{Perm: perm}, none, v)
}

// slice draws a part of each axis of a shape: where it begins, its step and size.
func (g *gen) slice(dims []int) (*ir.SliceAttrs, []int) {
	start, step, size := make([]int, len(dims)), make([]int, len(dims)), slices.Clone(dims)
	for i, n := range dims {
		step[i] = 1
		if n == 0 || g.src.Int(2, "whole") == 0 {
			continue
		}
		start[i] = g.src.Int(n, "start")
		step[i] = []int{1, 2, -1, -2, 3}[g.src.Int(5, "step")]
		room := n - start[i]
		if step[i] < 0 {
			room = start[i] + 1
		}
		most := (room + max(step[i], -step[i]) - 1) / max(step[i], -step[i])
		size[i] = most - g.src.Int(most, "cut")
	}
	return &ir.SliceAttrs{Start: ir.Sizes(start...), Step: step}, size
}

func stepSlice(g *gen, op ir.Op) {
	v := g.anyOf(1)
	a, size := g.slice(v.Type.Dims())
	g.emit(op, a, ir.Make(v.Type.DType, size...), v)
}

func stepUpdate(g *gen, op ir.Op) {
	v := g.anyOf(1)
	a, size := g.slice(v.Type.Dims())
	g.emit(op, a, none, v, g.like(v.Type.DType, size))
}

func stepConcat(g *gen, op ir.Op) {
	v := g.anyOf(1)
	axis := g.axis(v)
	dims := v.Type.Dims()
	args := []*ir.Value{v}
	for range 1 + g.src.Int(2, "parts") {
		part := slices.Clone(dims)
		part[axis] = g.extent()
		if product(part) <= g.cfg.MaxElems/4 {
			args = append(args, g.like(v.Type.DType, part))
		}
	}
	if g.chance(2, "swap") {
		slices.Reverse(args)
	}
	g.emit(op, &ir.AxisAttrs{Axis: axis}, none, args...)
}

func product(shape []int) int { return ir.Make(tensor.F32, shape...).Elems() }

func stepPad(g *gen, op ir.Op) {
	v := g.anyOf(1)
	a := &ir.PadAttrs{Value: ir.FloatNumber(float64(g.src.Int(2, "value")))}
	if !isFloat(v) {
		a.Value = ir.IntNumber(int64(a.Value.Float))
	}
	total := 1
	for _, n := range v.Type.Dims() {
		lo, hi := g.src.Int(3, "lo"), g.src.Int(3, "hi")
		if total*(n+lo+hi) > g.cfg.MaxElems {
			lo, hi = 0, 0
		}
		total *= max(n+lo+hi, 1)
		a.Lo, a.Hi = append(a.Lo, dim.Const(lo)), append(a.Hi, dim.Const(hi))
	}
	g.emit(op, a, none, v)
}

func stepTri(g *gen, op ir.Op) {
	v := g.anyOf(2)
	g.emit(op, &ir.TriAttrs{K: dim.Const(g.src.Int(5, "k") - 2), Upper: g.chance(2, "upper")}, none, v)
}

func stepDiag(g *gen, op ir.Op) {
	v := g.anyOf(1)
	if dims := v.Type.Dims(); product(dims)*dims[len(dims)-1] <= g.cfg.MaxElems {
		g.emit(op, nil, none, v)
	}
}

func stepDiagonal(g *gen, op ir.Op) { g.emit(op, nil, none, g.anyOf(2)) }

// square returns float matrices with as many rows as columns.
func (g *gen) square() *ir.Value {
	v := g.pick("square", func(v *ir.Value) bool {
		d := v.Type.Dims()
		return isFloat(v) && len(d) >= 2 && d[len(d)-1] == d[len(d)-2]
	})
	if v == nil || g.chance(4, "fresh") {
		n := min(g.extent(), 33)
		v = g.input(g.float, []int{n, n})
	}
	return v
}

// masks are the properties that are true of any elements, since those outside
// of the structure are not read.
var masks = []ir.Props{
	{Set: ir.Lower}, {Set: ir.Upper}, {Set: ir.Diagonal}, {Set: ir.Tridiagonal}, {Set: ir.Banded, Below: 1, Above: 2},
	{Set: ir.Symmetric}, {Set: ir.Lower | ir.Unit}, {Set: ir.Upper | ir.Unit}, {Set: ir.Lower | ir.Banded, Below: 2},
}

func stepAssume(g *gen, op ir.Op) {
	if g.chance(3, "promise") { // one that has to be true
		props := []ir.Prop{ir.SPD, ir.Permutation, ir.Orthogonal, ir.OneHot}[g.src.Int(4, "property")]
		g.matrix(nil, max(min(g.extent(), 33), 1), ir.Props{Set: props})
		return
	}
	v := g.square()
	g.emit(op, nil, v.Type.WithProps(masks[g.src.Int(len(masks), "property")]), v)
}

func stepDynSlice(g *gen, op ir.Op) {
	v := g.anyOf(1)
	axis := g.axis(v)
	n := v.Type.Dims()[axis]
	size := n - g.src.Int(n+1, "cut")
	g.emit(op, &ir.DynSliceAttrs{Axis: axis, Size: dim.Const(size)}, none, v, g.place(n-size+1))
}

func stepDynUpdate(g *gen, op ir.Op) {
	v := g.anyOf(1)
	axis := g.axis(v)
	dims := v.Type.Dims()
	n := dims[axis]
	dims[axis] -= g.src.Int(n+1, "cut")
	part := g.like(v.Type.DType, dims)
	g.emit(op, &ir.AxisAttrs{Axis: axis}, none, v, part, g.place(n-dims[axis]+1))
}

// indexable returns a value and an axis of it that has elements.
func (g *gen) indexable() (*ir.Value, int) {
	v := g.anyOf(1)
	axis := g.axis(v)
	if v.Type.Dims()[axis] == 0 {
		v, axis = g.input(g.float, []int{1 + g.src.Int(9, "extent")}), 0
	}
	return v, axis
}

func stepTake(g *gen, op ir.Op) {
	v, axis := g.indexable()
	dims := v.Type.Dims()
	idx := g.shape(g.src.Int(3, "rank of indices"))
	if product(dims)/max(dims[axis], 1)*product(idx) <= g.cfg.MaxElems {
		g.emit(op, &ir.AxisAttrs{Axis: axis}, none, v, g.index(idx, dims[axis]))
	}
}

func stepTakeAlong(g *gen, op ir.Op) {
	v, axis := g.indexable()
	dims := v.Type.Dims()
	idx := slices.Clone(dims)
	idx[axis] = 1 + g.src.Int(6, "count")
	g.emit(op, &ir.AxisAttrs{Axis: axis}, none, v, g.index(idx, dims[axis]))
}

// scattered gives the attributes for values of type d, bool being put only.
func (g *gen) scattered(axis int, d tensor.DType) *ir.ScatterAttrs {
	return &ir.ScatterAttrs{Axis: axis, Set: d == tensor.Bool || g.chance(2, "set")}
}

func stepScatter(g *gen, op ir.Op) {
	into, axis := g.indexable()
	dims := into.Type.Dims()
	idx := g.index(g.shape(g.src.Int(2, "rank of indices")), dims[axis])
	part := slices.Concat(dims[:axis], idx.Type.Dims(), dims[axis+1:])
	if product(part) <= g.cfg.MaxElems {
		g.emit(op, g.scattered(axis, into.Type.DType), none, into, idx, g.like(into.Type.DType, part))
	}
}

func stepScatterAlong(g *gen, op ir.Op) {
	into, axis := g.indexable()
	dims := into.Type.Dims()
	n := dims[axis]
	dims[axis] = 1 + g.src.Int(6, "count")
	g.emit(op, g.scattered(axis, into.Type.DType), none, into, g.index(dims, n), g.like(into.Type.DType, dims))
}

func stepOneHot(g *gen, op ir.Op) {
	n := 1 + g.src.Int(17, "classes")
	idx := g.index(g.shape(g.src.Int(2, "rank of indices")), n+1) // one more than there are
	d := []tensor.DType{g.float, g.float, tensor.I32, tensor.Bool}[g.src.Int(4, "type")]
	g.emit(op, nil, ir.Make(d, append(idx.Type.Dims(), n)...), idx)
}

func stepArgSort(g *gen, op ir.Op) {
	v := g.decided(1)
	g.emit(op, &ir.SortAttrs{Axis: g.axis(v), Descending: g.chance(2, "descending")}, none, v)
}

func stepTopK(g *gen, op ir.Op) {
	v := g.decided(1)
	axis := g.axis(v)
	if n := v.Type.Dims()[axis]; n > 0 {
		r := g.emit(op, &ir.TopKAttrs{Axis: axis, K: dim.Const(1 + g.src.Int(n, "k"))}, none, v)
		if g.chance(2, "values") {
			g.emit(ir.OpTakeAlong, &ir.AxisAttrs{Axis: axis}, none, v, r)
		}
	}
}

// batch returns leading sizes for matrices, mostly none.
func (g *gen) batch() []int {
	if g.chance(3, "batch") {
		return []int{1 + g.src.Int(3, "batch")}
	}
	return nil
}

// order returns the order of a matrix to be factored.
func (g *gen) order() int { return max(min(g.extent(), 33), 1) }

func stepCholesky(g *gen, op ir.Op) {
	g.emit(op, nil, none, g.matrix(g.batch(), g.order(), ir.Props{Set: ir.SPD}))
}

func stepInv(g *gen, op ir.Op) {
	g.emit(op, nil, none, g.matrix(g.batch(), g.order(), ir.Props{}))
}

func stepSolve(g *gen, op ir.Op) {
	forms := []struct {
		form  string
		props ir.Prop
	}{
		{ir.SolveLU, 0}, {ir.SolveSPD, ir.SPD}, {ir.SolveLower, ir.Lower}, {ir.SolveUpper, ir.Upper},
		{ir.SolveUnitLower, ir.Lower | ir.Unit}, {ir.SolveUnitUpper, ir.Upper | ir.Unit}, {ir.SolveDiagonal, ir.Diagonal},
	}
	form := forms[g.src.Int(len(forms), "form")]
	batch, n := g.batch(), g.order()
	a := g.matrix(batch, n, ir.Props{Set: form.props})
	b := g.like(g.float, append(slices.Clone(batch), n, g.extent()))
	r := g.emit(op, &ir.SolveAttrs{Form: form.form}, none, a, b)
	g.facts[r] = facts{mag: g.facts[b].mag * 8}
}
