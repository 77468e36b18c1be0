package irtest

import (
	"github.com/lathe-lang/lathe/ir"
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
	i := g.src.Int(len(values), "value")
	g.emit(op, &ir.FullAttrs{Value: ir.FloatNumber(values[i]), Exact: i == 0 && t.Rank() > 0}, t)
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
