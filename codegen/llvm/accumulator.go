package llvm

import (
	"math"
	"slices"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An accumulator is a partial result of a reduction, in each lane: one value, or
// for argmax and argmin the position too.
type accumulator []value.Value

// result returns what reduction r gives.
func (e *nester) result(r *ir.Value, a accumulator) value.Value {
	if len(a) == 1 {
		return e.rounded(r.Type.DType, a[0])
	}
	return e.extend(a[1], types.I64, true)
}

// start returns the accumulator of nothing, in vectors of width elements.
func (e *nester) start(r *ir.Value, width int) accumulator {
	lanes := lanesOfWidth(width)
	d := r.Args[0].Type.DType
	t := vec(regType(d), lanes)
	number := func(f float64, n int64) value.Value {
		switch {
		case d.IsFloat():
			return e.float(t, f)
		case d == tensor.Bool:
			return splatConst(constant.NewBool(n&1 != 0), lanes)
		}
		return e.int(t, n)
	}
	lo, hi := tensor.Range(d)
	if d == tensor.U8 {
		hi = -1 // all bits
	}
	inf, nowhere := math.Inf(1), e.int(vec(e.position(), lanes), math.MaxInt32)
	if e.position() == types.I64 {
		nowhere = e.int(vec(types.I64, lanes), math.MaxInt64)
	}
	switch r.Op {
	case ir.OpProd, ir.OpAll:
		return accumulator{number(1, 1)}
	case ir.OpReduceMax:
		return accumulator{number(-inf, lo)}
	case ir.OpReduceMin:
		return accumulator{number(inf, hi)}
	case ir.OpArgMax:
		return accumulator{number(-inf, lo), nowhere}
	case ir.OpArgMin:
		return accumulator{number(inf, hi), nowhere}
	}
	if product(e.n.Inner) > 0 {
		return accumulator{number(math.Copysign(0, -1), 0)} // adding -0 to it gives -0
	}
	return accumulator{number(0, 0)}
}

// accumulate takes x, an element of r's operand at the place of the code.
func (e *nester) accumulate(r *ir.Value, a accumulator, x value.Value) accumulator {
	if len(a) == 1 {
		return e.merge(r, a, accumulator{x})
	}
	pos := e.linear(0, strides(e.n.Inner), e.inner)
	if e.position() == types.I64 {
		return e.merge(r, a, accumulator{x, e.wide(pos)})
	}
	return e.merge(r, a, accumulator{x, e.short(pos)})
}

// position returns the type in which argmax counts: more lanes fit a register
// where it is narrow.
func (e *nester) position() *types.IntType {
	if product(e.n.Inner) < math.MaxInt32 {
		return types.I32
	}
	return types.I64
}

// merge combines two partial results.
func (e *nester) merge(r *ir.Value, a, b accumulator) accumulator {
	d := r.Args[0].Type.DType
	x, y := a[0], b[0]
	switch r.Op {
	case ir.OpSum, ir.OpContract:
		return accumulator{e.plusOf(d, x, y)}
	case ir.OpProd:
		return accumulator{e.productOf(d, x, y)}
	case ir.OpReduceMax, ir.OpAny:
		return accumulator{e.maxOf(d, x, y)}
	case ir.OpReduceMin, ir.OpAll:
		return accumulator{e.minOf(d, x, y)}
	}
	// The other is taken where it is better, or as good and before.
	before := e.icmp(enum.IPredSLT, b[1], a[1])
	same := e.cur.NewAnd(e.not(e.beats(r.Op, d, x, y)), before)
	take := e.cur.NewOr(e.beats(r.Op, d, y, x), same)
	return accumulator{e.choose(take, y, x), e.choose(take, b[1], a[1])}
}

// beats reports whether argmax (argmin) prefers x to y wherever they are: NaN
// to all else.
func (e *nester) beats(op ir.Op, d ir.DType, x, y value.Value) value.Value {
	f, signed, unsigned := enum.FPredOGT, enum.IPredSGT, enum.IPredUGT
	if op == ir.OpArgMin {
		f, signed, unsigned = enum.FPredOLT, enum.IPredSLT, enum.IPredULT
	}
	switch {
	case d.IsFloat():
		nan := e.cur.NewAnd(e.isNaN(x), e.fcmp(enum.FPredORD, y, y))
		return e.cur.NewOr(e.fcmp(f, x, y), nan)
	case isSigned(d):
		return e.icmp(signed, x, y)
	}
	return e.icmp(unsigned, x, y)
}

// widen returns a with lanes lanes, the new ones holding nothing.
func (e *nester) widen(r *ir.Value, a accumulator, lanes int) accumulator {
	out := make(accumulator, len(a))
	for i, x := range a {
		n := lanesOf(x)
		if n == 0 {
			out[i] = e.setLane(e.start(r, lanes)[i], x, 0)
			continue
		}
		order := make([]int, lanes)
		for k := range order {
			order[k] = min(k, n)
		}
		out[i] = e.shuffle(x, e.start(r, n)[i], order)
	}
	return out
}

// combine returns the result of all lanes, as scalars.
func (e *nester) combine(r *ir.Value, a accumulator, lanes int) accumulator {
	if lanes < 2 {
		return a
	}
	power := 1
	for power < lanes {
		power *= 2
	}
	if power != lanes {
		a = e.widen(r, a, power)
	}
	for n := power / 2; n >= 1; n /= 2 {
		lo, hi := make(accumulator, len(a)), make(accumulator, len(a))
		for i, x := range a {
			if n == 1 {
				lo[i], hi[i] = e.lane(x, 0), e.lane(x, 1)
				continue
			}
			first, second := make([]int, n), make([]int, n)
			for k := range n {
				first[k], second[k] = k, n+k
			}
			lo[i], hi[i] = e.shuffle(x, x, first), e.shuffle(x, x, second)
		}
		a = e.merge(r, lo, hi)
	}
	return a
}

// vectorsOf returns the vectors of accumulators in a row.
func vectorsOf(accs [][]accumulator) []value.Value {
	var out []value.Value
	for _, row := range accs {
		for _, a := range row {
			out = append(out, a...)
		}
	}
	return out
}

// unpack puts vectors that vectorsOf has returned, or others in their place, into
// accumulators.
func unpack(x []value.Value, accs [][]accumulator) {
	for k := range accs {
		for i := range accs[k] {
			n := len(accs[k][i])
			accs[k][i], x = accumulator(x[:n:n]), x[n:]
		}
	}
}

// carry is turns for accumulators, which it changes in place.
func (e *nester) carry(lo, hi value.Value, step int, accs [][]accumulator, body func(x value.Value, accs [][]accumulator)) {
	now := make([][]accumulator, len(accs))
	for k := range accs {
		now[k] = slices.Clone(accs[k])
	}
	out := e.turns(lo, hi, step, vectorsOf(accs), func(x value.Value, carried []value.Value) []value.Value {
		unpack(carried, now)
		body(x, now)
		return vectorsOf(now)
	})
	unpack(out, accs)
}

// carryWhere runs body, which changes accumulators in place, where c holds.
func (e *nester) carryWhere(c value.Value, accs [][]accumulator, body func(accs [][]accumulator)) {
	now := make([][]accumulator, len(accs))
	for k := range accs {
		now[k] = slices.Clone(accs[k])
	}
	out := e.either(c, func() []value.Value {
		e.nested(func() { body(now) })
		return vectorsOf(now)
	}, func() []value.Value { return vectorsOf(accs) })
	unpack(out, accs)
}
