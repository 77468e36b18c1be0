package llvm

import (
	"fmt"
	"math"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"
)

// An emitter appends instructions to one function. It is the one place that
// knows what llir must not decide: pointer types, alignment, fast-math flags,
// exact constants. Arithmetic takes scalars and vectors alike.
//
// Loops and branches are functions that call back for their bodies; cur is the
// block that is open.
type emitter struct {
	m      *module
	fn     *ir.Func
	cur    *ir.Block
	strict bool // no contraction: every operation is rounded as written
}

// i64 returns an integer constant.
func i64(n int) *constant.Int { return constant.NewInt(types.I64, int64(n)) }

// lanesOf returns the number of lanes of a value: 0 for a scalar.
func lanesOf(v value.Value) int {
	if t, ok := v.Type().(*types.VectorType); ok {
		return int(t.Len)
	}
	return 0
}

// elemOf returns the type of one lane.
func elemOf(t types.Type) types.Type {
	if v, ok := t.(*types.VectorType); ok {
		return v.ElemType
	}
	return t
}

// vec returns the type of lanes elements of t; t itself for 0 lanes.
func vec(t types.Type, lanes int) types.Type {
	if lanes == 0 {
		return t
	}
	return types.NewVector(uint64(lanes), t)
}

// like returns t with the lanes of v.
func like(t types.Type, v value.Value) types.Type { return vec(t, lanesOf(v)) }

// splatConst returns the vector constant whose lanes are all c; c for 0 lanes.
func splatConst(c constant.Constant, lanes int) constant.Constant {
	if lanes == 0 {
		return c
	}
	elems := make([]constant.Constant, lanes)
	for i := range elems {
		elems[i] = c
	}
	return constant.NewVector(types.NewVector(uint64(lanes), c.Type()), elems...)
}

// A floatConst is a float or double constant that prints its exact bits: llir's
// own decimal printing loses them.
type floatConst struct {
	constant.Constant
	text string
}

func (c *floatConst) Ident() string  { return c.text }
func (c *floatConst) String() string { return c.Type().String() + " " + c.text }

// newFloat returns the constant x of the type float or double, exactly.
func newFloat(t types.Type, x float64) constant.Constant {
	if types.Equal(t, types.Float) {
		x = float64(float32(x)) // LLVM spells a float as the double of its value
	}
	c := constant.NewFloat(t.(*types.FloatType), 0)
	return &floatConst{Constant: c, text: fmt.Sprintf("0x%016X", math.Float64bits(x))}
}

// float returns the constant x of t, a float type or a vector of one.
func (e *emitter) float(t types.Type, x float64) value.Value {
	c := newFloat(elemOf(t), x)
	if v, ok := t.(*types.VectorType); ok {
		return splatConst(c, int(v.Len))
	}
	return c
}

// int returns the constant n of t, an integer type or a vector of one.
func (e *emitter) int(t types.Type, n int64) value.Value {
	c := constant.NewInt(elemOf(t).(*types.IntType), n)
	if v, ok := t.(*types.VectorType); ok {
		return splatConst(c, int(v.Len))
	}
	return c
}

// splat returns the scalar x in every lane; x for 0 lanes.
func (e *emitter) splat(x value.Value, lanes int) value.Value {
	if lanes == 0 || lanesOf(x) > 0 {
		return x
	}
	if c, ok := x.(constant.Constant); ok {
		return splatConst(c, lanes)
	}
	t := types.NewVector(uint64(lanes), x.Type())
	one := e.cur.NewInsertElement(constant.NewUndef(t), x, constant.NewInt(types.I32, 0))
	mask := constant.NewZeroInitializer(types.NewVector(uint64(lanes), types.I32))
	return e.cur.NewShuffleVector(one, constant.NewUndef(t), mask)
}

// lane returns lane i of x.
func (e *emitter) lane(x value.Value, i int) value.Value {
	return e.cur.NewExtractElement(x, constant.NewInt(types.I32, int64(i)))
}

// setLane returns x with lane i replaced.
func (e *emitter) setLane(x, elem value.Value, i int) value.Value {
	return e.cur.NewInsertElement(x, elem, constant.NewInt(types.I32, int64(i)))
}

// undef returns an undefined value of t, to be filled lane by lane.
func (e *emitter) undef(t types.Type) value.Value { return constant.NewUndef(t) }

func (e *emitter) flags() []enum.FastMathFlag {
	if e.strict {
		return nil
	}
	return []enum.FastMathFlag{enum.FastMathFlagContract}
}

func (e *emitter) fadd(x, y value.Value) value.Value {
	i := e.cur.NewFAdd(x, y)
	i.FastMathFlags = e.flags()
	return i
}

func (e *emitter) fsub(x, y value.Value) value.Value {
	i := e.cur.NewFSub(x, y)
	i.FastMathFlags = e.flags()
	return i
}

func (e *emitter) fmul(x, y value.Value) value.Value {
	i := e.cur.NewFMul(x, y)
	i.FastMathFlags = e.flags()
	return i
}

func (e *emitter) fdiv(x, y value.Value) value.Value { return e.cur.NewFDiv(x, y) }

func (e *emitter) fneg(x value.Value) value.Value { return e.cur.NewFNeg(x) }

// fma returns x*y + z rounded once, always: for polynomials and, where strict
// mode does not forbid it, for sums of products.
func (e *emitter) fma(x, y, z value.Value) value.Value {
	return e.intrinsic("llvm.fma", x.Type(), x, y, z)
}

// intrinsic calls name.<type> with operands of the type t, which it returns:
// llvm.fma.v16f32 for a vector of 16 floats.
func (e *emitter) intrinsic(name string, t types.Type, args ...value.Value) value.Value {
	params := make([]types.Type, len(args))
	for i, a := range args {
		params[i] = a.Type()
	}
	return e.cur.NewCall(e.m.declare(name+"."+mangle(t), t, params...), args...)
}

// mangle returns the suffix of an overloaded intrinsic: v16f32, i64, f64.
func mangle(t types.Type) string {
	prefix := ""
	if v, ok := t.(*types.VectorType); ok {
		prefix, t = fmt.Sprintf("v%d", v.Len), v.ElemType
	}
	switch t := t.(type) {
	case *types.FloatType:
		return prefix + map[types.FloatKind]string{types.FloatKindHalf: "f16", types.FloatKindFloat: "f32", types.FloatKindDouble: "f64"}[t.Kind]
	case *types.IntType:
		return fmt.Sprintf("%si%d", prefix, t.BitSize)
	}
	panic("llvm: no intrinsic suffix for " + t.String())
}

// fcmp compares floats; the result is i1, or a vector of it.
func (e *emitter) fcmp(p enum.FPred, x, y value.Value) value.Value { return e.cur.NewFCmp(p, x, y) }

// icmp compares integers.
func (e *emitter) icmp(p enum.IPred, x, y value.Value) value.Value { return e.cur.NewICmp(p, x, y) }

// choose returns x where c, y elsewhere.
func (e *emitter) choose(c, x, y value.Value) value.Value { return e.cur.NewSelect(c, x, y) }

func (e *emitter) add(x, y value.Value) value.Value { return e.cur.NewAdd(x, y) }
func (e *emitter) sub(x, y value.Value) value.Value { return e.cur.NewSub(x, y) }
func (e *emitter) mul(x, y value.Value) value.Value { return e.cur.NewMul(x, y) }

// bitcast reinterprets the bits of x as t.
func (e *emitter) bitcast(x value.Value, t types.Type) value.Value {
	if types.Equal(x.Type(), t) {
		return x
	}
	return e.cur.NewBitCast(x, t)
}

// at returns the address of element i (an i64) of p, a pointer to elements of t.
func (e *emitter) at(t types.Type, p, i value.Value) value.Value {
	return e.cur.NewGetElementPtr(t, p, i)
}

// load reads lanes elements of t from p, a pointer to elements of t, of which
// only the alignment of one element is known.
func (e *emitter) load(t types.Type, p value.Value, lanes int) value.Value {
	vt := vec(t, lanes)
	l := e.cur.NewLoad(vt, e.bitcast(p, types.NewPointer(vt)))
	l.Align = ir.Align(sizeOf(t))
	return l
}

// store writes x, a scalar or a vector, to p, a pointer to elements of x.
func (e *emitter) store(x, p value.Value) {
	s := e.cur.NewStore(x, e.bitcast(p, types.NewPointer(x.Type())))
	s.Align = ir.Align(sizeOf(elemOf(x.Type())))
}

// sizeOf returns the bytes of a scalar in memory.
func sizeOf(t types.Type) int {
	switch t := t.(type) {
	case *types.FloatType:
		return map[types.FloatKind]int{types.FloatKindHalf: 2, types.FloatKindFloat: 4, types.FloatKindDouble: 8}[t.Kind]
	case *types.IntType:
		return int(t.BitSize+7) / 8
	}
	return 8
}

// loop runs body for i = lo, lo+step, ... while i < hi (i > hi for a negative
// step). init are the first values of what it carries; body returns the next
// ones, and loop what they are after the last turn.
func (e *emitter) loop(lo, hi value.Value, step int, init []value.Value, body func(i value.Value, carried []value.Value) []value.Value) []value.Value {
	pred := enum.IPredSLT
	if step < 0 {
		pred = enum.IPredSGT
	}
	from := e.cur
	head, inside, exit := e.fn.NewBlock(""), e.fn.NewBlock(""), e.fn.NewBlock("")
	from.NewBr(head)
	i := head.NewPhi(ir.NewIncoming(lo, from))
	phis := make([]*ir.InstPhi, len(init))
	carried := make([]value.Value, len(init))
	for k, x := range init {
		phis[k] = head.NewPhi(ir.NewIncoming(x, from))
		carried[k] = phis[k]
	}
	head.NewCondBr(head.NewICmp(pred, i, hi), inside, exit)
	e.cur = inside
	next := body(i, carried)
	j := e.cur.NewAdd(i, i64(step))
	i.Incs = append(i.Incs, ir.NewIncoming(j, e.cur))
	for k, x := range next {
		phis[k].Incs = append(phis[k].Incs, ir.NewIncoming(x, e.cur))
	}
	e.cur.NewBr(head)
	e.cur = exit
	return carried
}

// when runs then where c, an i1, holds.
func (e *emitter) when(c value.Value, then func()) {
	inside, after := e.fn.NewBlock(""), e.fn.NewBlock("")
	e.cur.NewCondBr(c, inside, after)
	e.cur = inside
	then()
	e.cur.NewBr(after)
	e.cur = after
}

// either runs yes where c, an i1, holds and no elsewhere, and returns what they
// return; both return values of the same types.
func (e *emitter) either(c value.Value, yes, no func() []value.Value) []value.Value {
	a, b, after := e.fn.NewBlock(""), e.fn.NewBlock(""), e.fn.NewBlock("")
	e.cur.NewCondBr(c, a, b)
	e.cur = a
	x := yes()
	a = e.cur
	a.NewBr(after)
	e.cur = b
	y := no()
	b = e.cur
	b.NewBr(after)
	e.cur = after
	out := make([]value.Value, len(x))
	for k := range x {
		out[k] = after.NewPhi(ir.NewIncoming(x[k], a), ir.NewIncoming(y[k], b))
	}
	return out
}
