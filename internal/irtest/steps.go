package irtest

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A stepFunc appends an operation, with operands found in scope or made.
type stepFunc func(g *gen, op ir.Op)

// stepTable has one entry for each operation that is a step of its own; param
// comes with operands and get with loops. It is a function because loops, which
// are steps, make steps.
func stepTable() [ir.NumOps]stepFunc {
	return [ir.NumOps]stepFunc{
		ir.OpConst: stepConst,
		ir.OpFull:  stepFull,
		ir.OpIota:  stepIota,

		ir.OpNeg:     stepUnary,
		ir.OpAbs:     stepUnary,
		ir.OpSign:    stepRounding,
		ir.OpFloor:   stepRounding,
		ir.OpCeil:    stepRounding,
		ir.OpRound:   stepRounding,
		ir.OpSqrt:    stepPositive,
		ir.OpRsqrt:   stepPositive,
		ir.OpExp:     stepReal,
		ir.OpExpm1:   stepReal,
		ir.OpLog:     stepPositive,
		ir.OpLog1p:   stepPositive,
		ir.OpSin:     stepReal,
		ir.OpCos:     stepReal,
		ir.OpTanh:    stepReal,
		ir.OpErf:     stepReal,
		ir.OpNot:     stepLogic,
		ir.OpConvert: stepConvert,

		ir.OpAdd:      stepBinary,
		ir.OpSub:      stepBinary,
		ir.OpMul:      stepBinary,
		ir.OpDiv:      stepDiv,
		ir.OpFloorDiv: stepIntDiv,
		ir.OpMod:      stepIntDiv,
		ir.OpPow:      stepPow,
		ir.OpMax:      stepBinary,
		ir.OpMin:      stepBinary,
		ir.OpAnd:      stepLogic,
		ir.OpOr:       stepLogic,
		ir.OpEq:       stepCompare,
		ir.OpNe:       stepCompare,
		ir.OpLt:       stepCompare,
		ir.OpLe:       stepCompare,
		ir.OpGt:       stepCompare,
		ir.OpGe:       stepCompare,
		ir.OpWhere:    stepWhere,

		ir.OpContract:  stepContract,
		ir.OpSum:       stepReduce,
		ir.OpProd:      stepReduce,
		ir.OpReduceMax: stepReduce,
		ir.OpReduceMin: stepReduce,
		ir.OpAny:       stepReduceLogic,
		ir.OpAll:       stepReduceLogic,
		ir.OpArgMax:    stepArg,
		ir.OpArgMin:    stepArg,
		ir.OpCumSum:    stepCumSum,

		ir.OpReshape:   stepReshape,
		ir.OpBroadcast: stepBroadcast,
		ir.OpTranspose: stepTranspose,
		ir.OpSlice:     stepSlice,
		ir.OpConcat:    stepConcat,
		ir.OpPad:       stepPad,
		ir.OpTri:       stepTri,
		ir.OpDiag:      stepDiag,
		ir.OpDiagonal:  stepDiagonal,
		ir.OpAssume:    stepAssume,
		ir.OpUpdate:    stepUpdate,

		ir.OpDynSlice:     stepDynSlice,
		ir.OpDynUpdate:    stepDynUpdate,
		ir.OpTake:         stepTake,
		ir.OpTakeAlong:    stepTakeAlong,
		ir.OpScatter:      stepScatter,
		ir.OpScatterAlong: stepScatterAlong,
		ir.OpOneHot:       stepOneHot,

		ir.OpArgSort: stepArgSort,
		ir.OpTopK:    stepTopK,

		ir.OpCholesky: stepCholesky,
		ir.OpSolve:    stepSolve,
		ir.OpInv:      stepInv,

		ir.OpLoop: stepLoop,
	}
}

var none ir.Type // of operations that infer their type

func stepConst(g *gen, op ir.Op) {
	t := tensor.New(g.float, g.shape(g.src.Int(3, "rank"))...)
	for i := range t.Len() {
		t.SetFloat(i, float64(g.draw(17)-8)/2)
	}
	g.emit(op, &ir.ConstAttrs{Data: t}, ir.Make(g.float, t.Shape()...))
}

func stepFull(g *gen, op ir.Op) {
	values := []float64{0, 1, -1, 2, 0.5, 3}
	t := ir.Make(g.float, g.shape(g.src.Int(3, "rank"))...)
	g.emit(op, &ir.FullAttrs{Value: ir.FloatNumber(values[g.src.Int(len(values), "value")])}, t)
}

func stepIota(g *gen, op ir.Op) {
	t := ir.Make([]tensor.DType{tensor.I64, tensor.I32, g.float}[g.src.Int(3, "type")], g.shape(1+g.src.Int(2, "rank"))...)
	g.emit(op, &ir.AxisAttrs{Axis: g.src.Int(t.Rank(), "axis")}, t)
}

func stepUnary(g *gen, op ir.Op) {
	v := g.anyOf(0)
	if v.Type.DType == tensor.Bool {
		v = g.floatOf(0)
	}
	g.emit(op, nil, none, v)
}

func stepReal(g *gen, op ir.Op) {
	v := g.floatOf(0)
	if (op == ir.OpExp || op == ir.OpExpm1) && g.facts[v].mag > 6 {
		v = g.emit(ir.OpMin, nil, none, v, g.constant(v.Type.DType, 4))
		g.facts[v] = facts{mag: 6}
	}
	g.emit(op, nil, none, v)
}

func stepRounding(g *gen, op ir.Op) {
	v := g.decided(0)
	if !isFloat(v) {
		v = g.floatOf(0)
	}
	g.emit(op, nil, none, v)
}

// positive returns x*x + 1/4.
func (g *gen) positive(v *ir.Value) *ir.Value {
	return g.emit(ir.OpAdd, nil, none, g.emit(ir.OpMul, nil, none, v, v), g.constant(v.Type.DType, 0.25))
}

func stepPositive(g *gen, op ir.Op) {
	v := g.floatOf(0)
	g.emit(op, nil, none, g.positive(v))
	r := g.vals[len(g.vals)-1]
	g.facts[r] = facts{mag: max(g.facts[v].mag, 2)}
}

func stepLogic(g *gen, op ir.Op) {
	v := g.pick("bool", func(v *ir.Value) bool { return v.Type.DType == tensor.Bool })
	if v == nil {
		v = g.input(tensor.Bool, g.shape(1+g.src.Int(2, "rank")))
	}
	if op == ir.OpNot {
		g.emit(op, nil, none, v)
		return
	}
	g.emit(op, nil, none, v, g.like(tensor.Bool, v.Type.Dims()))
}

func stepConvert(g *gen, op ir.Op) {
	v := g.decided(0)
	all := append([]tensor.DType{g.float, g.float}, tensor.DTypes()...)
	d := all[g.src.Int(len(all), "type")]
	if d.IsFloat() && limit(d) < g.facts[v].mag {
		d = tensor.F64
	}
	g.emit(op, nil, ir.Type{DType: d, Shape: v.Type.Shape}, v)
}

// partner returns a second operand for v that broadcasts against it.
func (g *gen) partner(v *ir.Value) *ir.Value {
	shape := v.Type.Dims()
	if g.chance(3, "stretch") {
		shape = shape[g.src.Int(len(shape)+1, "drop"):]
		for i := range shape {
			if g.chance(3, "one") {
				shape[i] = 1
			}
		}
	}
	return g.like(v.Type.DType, shape)
}

func stepBinary(g *gen, op ir.Op) {
	v := g.anyOf(0)
	if v.Type.DType == tensor.Bool && op != ir.OpMax && op != ir.OpMin {
		v = g.floatOf(0)
	}
	w := g.partner(v)
	if g.chance(2, "swap") {
		v, w = w, v
	}
	g.emit(op, nil, none, v, w)
}

func stepDiv(g *gen, op ir.Op) {
	v := g.floatOf(0)
	w := g.positive(g.partner(v))
	g.emit(op, nil, none, v, w)
	r := g.vals[len(g.vals)-1]
	if g.facts[r].mag > limit(g.float)/4 {
		g.clip(r, 8)
	}
}

func stepIntDiv(g *gen, op ir.Op) {
	v := g.pick("integer", func(v *ir.Value) bool { return v.Type.DType.IsInt() })
	if v == nil {
		v = g.input(tensor.I64, g.shape(1))
	}
	d := v.Type.DType
	divisors := []float64{1, 2, 3, 7, -1, -3}
	if d == tensor.U8 {
		divisors = divisors[:4]
	}
	by := divisors[g.src.Int(len(divisors), "divisor")]
	r := g.emit(op, nil, none, v, g.constant(d, by))
	if op == ir.OpMod && by > 0 {
		g.facts[r] = facts{mag: by, below: int(by), exact: true}
	}
}

func stepPow(g *gen, op ir.Op) {
	v := g.floatOf(0)
	exponents := []float64{2, 3, 1, 0, -1, 0.5, 1.5}
	y := exponents[g.src.Int(len(exponents), "exponent")]
	if y != 2 && y != 1 && y != 0 && y != 3 {
		v = g.positive(v)
	}
	if g.facts[v].mag > 64 {
		v = g.clip(v, 8)
	}
	r := g.emit(op, nil, none, v, g.constant(v.Type.DType, y))
	g.facts[r] = facts{mag: 64 * 64 * 64}
	if v.Type.DType == tensor.F16 {
		g.clip(r, 64)
	}
}

func stepCompare(g *gen, op ir.Op) {
	v := g.decided(0)
	w := v
	if g.facts[v].exact || !isFloat(v) {
		same := g.pick("rival", func(u *ir.Value) bool {
			return u != v && u.Type.Equal(v.Type) && (g.facts[u].exact || !isFloat(u))
		})
		if w = same; w == nil {
			w = g.input(v.Type.DType, v.Type.Dims())
		}
	} else {
		w = g.partner(v)
	}
	g.emit(op, nil, none, v, w)
}

func stepWhere(g *gen, op ir.Op) {
	v := g.anyOf(0)
	c := g.like(tensor.Bool, v.Type.Dims())
	w := g.partner(v)
	if g.chance(2, "swap") {
		v, w = w, v
	}
	g.emit(op, nil, none, c, v, w)
}

// reduced gives the axes of a reduction of v.
func (g *gen) reduced(v *ir.Value) *ir.AxesAttrs {
	a := &ir.AxesAttrs{}
	for i := range v.Type.Rank() {
		if g.src.Int(2, "axis") == 0 {
			a.Axes = append(a.Axes, i)
		}
	}
	return a
}

func stepReduce(g *gen, op ir.Op) {
	v := g.anyOf(0)
	if v.Type.DType == tensor.Bool {
		v = g.floatOf(0)
	}
	if op == ir.OpProd && isFloat(v) {
		// Products of many factors are kept near one.
		v = g.emit(ir.OpCos, nil, none, v)
	}
	r := g.emit(op, g.reduced(v), none, v)
	if op == ir.OpProd {
		g.facts[r] = facts{mag: 1}
	}
}

func stepReduceLogic(g *gen, op ir.Op) {
	v := g.pick("bool", func(v *ir.Value) bool { return v.Type.DType == tensor.Bool })
	if v == nil {
		v = g.input(tensor.Bool, g.shape(1+g.src.Int(2, "rank")))
	}
	g.emit(op, g.reduced(v), none, v)
}

func stepArg(g *gen, op ir.Op) {
	v := g.decided(1)
	if a := g.axis(v); v.Type.Dims()[a] > 0 {
		g.emit(op, &ir.AxisAttrs{Axis: a}, none, v)
	}
}

func stepCumSum(g *gen, op ir.Op) {
	v := g.anyOf(1)
	if v.Type.DType == tensor.Bool {
		v = g.floatOf(1)
	}
	g.emit(op, &ir.CumSumAttrs{Axis: g.axis(v), Exclusive: g.chance(2, "exclusive")}, none, v)
}

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
