package llvm

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// pullers has the emission of each operation that a kernel may compute where
// its elements are needed. Operations without an entry have a skeleton of their
// own, are bound by one, or are no computation.
var pullers = [ir.NumOps]puller{
	ir.OpConst: pullConst,
	ir.OpFull:  pullFull,
	ir.OpIota:  pullIota,

	ir.OpNeg:     pull(neg),
	ir.OpAbs:     pull(abs),
	ir.OpSign:    pull(sign),
	ir.OpFloor:   pullFloat((*emitter).floor),
	ir.OpCeil:    pullFloat((*emitter).ceil),
	ir.OpRound:   pullFloat((*emitter).round),
	ir.OpSqrt:    pullFloat((*emitter).sqrt),
	ir.OpRsqrt:   pullFloat((*emitter).rsqrt),
	ir.OpExp:     pullFloat((*emitter).exp),
	ir.OpExpm1:   pullFloat((*emitter).expm1),
	ir.OpLog:     pullFloat((*emitter).log),
	ir.OpLog1p:   pullFloat((*emitter).log1p),
	ir.OpSin:     pullFloat((*emitter).sin),
	ir.OpCos:     pullFloat((*emitter).cos),
	ir.OpTanh:    pullFloat((*emitter).tanh),
	ir.OpErf:     pullFloat((*emitter).erf),
	ir.OpNot:     pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.not(x[0]) }),
	ir.OpConvert: pullConvert,

	ir.OpAdd:      pull(func(e *emitter, d ir.DType, x []value.Value) value.Value { return e.plusOf(d, x[0], x[1]) }),
	ir.OpSub:      pull(minus),
	ir.OpMul:      pullMul,
	ir.OpDiv:      pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.fdiv(x[0], x[1]) }),
	ir.OpFloorDiv: pullDivision,
	ir.OpMod:      pullDivision,
	ir.OpPow:      pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.pow(x[0], x[1]) }),
	ir.OpMax:      pull(func(e *emitter, d ir.DType, x []value.Value) value.Value { return e.maxOf(d, x[0], x[1]) }),
	ir.OpMin:      pull(func(e *emitter, d ir.DType, x []value.Value) value.Value { return e.minOf(d, x[0], x[1]) }),
	ir.OpAnd:      pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.cur.NewAnd(x[0], x[1]) }),
	ir.OpOr:       pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.cur.NewOr(x[0], x[1]) }),
	ir.OpEq:       pullCompare(enum.FPredOEQ, enum.IPredEQ, enum.IPredEQ),
	ir.OpNe:       pullCompare(enum.FPredUNE, enum.IPredNE, enum.IPredNE),
	ir.OpLt:       pullCompare(enum.FPredOLT, enum.IPredSLT, enum.IPredULT),
	ir.OpLe:       pullCompare(enum.FPredOLE, enum.IPredSLE, enum.IPredULE),
	ir.OpGt:       pullCompare(enum.FPredOGT, enum.IPredSGT, enum.IPredUGT),
	ir.OpGe:       pullCompare(enum.FPredOGE, enum.IPredSGE, enum.IPredUGE),
	ir.OpWhere:    pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return e.choose(x[0], x[1], x[2]) }),

	ir.OpContract: pullProduct,

	ir.OpReshape:   pullReshape,
	ir.OpBroadcast: pullBroadcast,
	ir.OpTranspose: pullTranspose,
	ir.OpSlice:     pullSlice,
	ir.OpConcat:    pullConcat,
	ir.OpPad:       pullPad,
	ir.OpTri:       pullTri,
	ir.OpDiag:      pullDiag,
	ir.OpDiagonal:  pullDiagonal,
	ir.OpAssume:    pullAssume,
	ir.OpUpdate:    pullUpdate,

	ir.OpDynSlice:  pullDynSlice,
	ir.OpDynUpdate: pullDynUpdate,
	ir.OpTake:      pullTake,
	ir.OpTakeAlong: pullTakeAlong,
	ir.OpOneHot:    pullOneHot,
}

// operands returns the elements of v's operands that make element idx of v by
// NumPy's rule.
func (s *scope) operands(v *ir.Value, idx []index) []value.Value {
	x := make([]value.Value, len(v.Args))
	for i, a := range v.Args {
		x[i] = s.value(a, s.stretched(a, idx))
	}
	return x
}

// stretched returns the index of a that broadcasting takes for idx.
func (s *scope) stretched(a *ir.Value, idx []index) []index {
	if s.flat {
		if a.IsScalar() {
			return nil
		}
		return idx
	}
	from := a.Type.Dims()
	out := slices.Clone(idx[len(idx)-len(from):])
	for i, n := range from {
		if n == 1 {
			out[i] = at(i64(0))
		}
	}
	return out
}

// pull makes the puller of an elementwise operation. d is the element type of
// its last operand.
func pull(emit func(e *emitter, d ir.DType, x []value.Value) value.Value) puller {
	return func(s *scope, v *ir.Value, idx []index) value.Value {
		x := s.operands(v, idx)
		d := v.Args[len(v.Args)-1].Type.DType
		return s.rounded(v.Type.DType, emit(s.emitter, d, x))
	}
}

// pullFloat makes the puller of a function of one float.
func pullFloat(emit func(e *emitter, x value.Value) value.Value) puller {
	return pull(func(e *emitter, _ ir.DType, x []value.Value) value.Value { return emit(e, x[0]) })
}

func pullCompare(f enum.FPred, signed, unsigned enum.IPred) puller {
	return pull(func(e *emitter, d ir.DType, x []value.Value) value.Value {
		switch {
		case d.IsFloat():
			return e.fcmp(f, x[0], x[1])
		case isSigned(d):
			return e.icmp(signed, x[0], x[1])
		}
		return e.icmp(unsigned, x[0], x[1])
	})
}

func pullConvert(s *scope, v *ir.Value, idx []index) value.Value {
	a := v.Args[0]
	return s.convert(a.Type.DType, v.Type.DType, s.value(a, s.stretched(a, idx)))
}

func (e *emitter) not(x value.Value) value.Value {
	return e.cur.NewXor(x, splatConst(constant.True, lanesOf(x)))
}

func neg(e *emitter, d ir.DType, x []value.Value) value.Value {
	if d.IsFloat() {
		return e.fneg(x[0])
	}
	return e.sub(e.int(x[0].Type(), 0), x[0])
}

func abs(e *emitter, d ir.DType, x []value.Value) value.Value {
	switch {
	case d.IsFloat():
		return e.fabs(x[0])
	case !isSigned(d):
		return x[0]
	}
	zero := e.int(x[0].Type(), 0)
	return e.choose(e.icmp(enum.IPredSLT, x[0], zero), e.sub(zero, x[0]), x[0])
}

// sign keeps NaN and the sign of zero.
func sign(e *emitter, d ir.DType, x []value.Value) value.Value {
	t := x[0].Type()
	if d.IsFloat() {
		one := e.copysign(e.float(t, 1), x[0])
		return e.choose(e.fcmp(enum.FPredONE, x[0], e.float(t, 0)), one, x[0])
	}
	positive := e.cur.NewZExt(e.icmp(enum.IPredNE, x[0], e.int(t, 0)), t)
	if !isSigned(d) {
		return positive
	}
	return e.choose(e.icmp(enum.IPredSLT, x[0], e.int(t, 0)), e.int(t, -1), positive)
}

func (e *emitter) sqrt(x value.Value) value.Value { return e.intrinsic("llvm.sqrt", x.Type(), x) }

// rsqrt is 1 / sqrt(x). Strict mode computes it in double, which gives the float
// nearest to it.
func (e *emitter) rsqrt(x value.Value) value.Value {
	t := x.Type()
	if e.strict && types.Equal(elemOf(t), types.Float) {
		wide := e.cur.NewFPExt(x, like(types.Double, x))
		return e.cur.NewFPTrunc(e.rsqrt(wide), t)
	}
	return e.fdiv(e.float(t, 1), e.sqrt(x))
}

func minus(e *emitter, d ir.DType, x []value.Value) value.Value {
	if d.IsFloat() {
		return e.fsub(x[0], x[1])
	}
	return e.sub(x[0], x[1])
}

// plusOf returns x + y of elements of d.
func (e *emitter) plusOf(d ir.DType, x, y value.Value) value.Value {
	if d.IsFloat() {
		return e.fadd(x, y)
	}
	return e.add(x, y)
}

// productOf returns x * y of elements of d.
func (e *emitter) productOf(d ir.DType, x, y value.Value) value.Value {
	if d.IsFloat() {
		return e.fmul(x, y)
	}
	return e.mul(x, y)
}

// maxOf returns the larger of x and y; NaN wins, and +0 is above -0.
func (e *emitter) maxOf(d ir.DType, x, y value.Value) value.Value {
	switch {
	case d == tensor.Bool:
		return e.cur.NewOr(x, y)
	case d.IsFloat():
		return e.extreme(enum.FPredOGT, x, y)
	case isSigned(d):
		return e.choose(e.icmp(enum.IPredSGT, x, y), x, y)
	}
	return e.choose(e.icmp(enum.IPredUGT, x, y), x, y)
}

// minOf returns the smaller of x and y; NaN wins, and -0 is below +0.
func (e *emitter) minOf(d ir.DType, x, y value.Value) value.Value {
	switch {
	case d == tensor.Bool:
		return e.cur.NewAnd(x, y)
	case d.IsFloat():
		return e.extreme(enum.FPredOLT, x, y)
	case isSigned(d):
		return e.choose(e.icmp(enum.IPredSLT, x, y), x, y)
	}
	return e.choose(e.icmp(enum.IPredULT, x, y), x, y)
}

// extreme returns the larger (better is OGT) or smaller (OLT) of two floats.
//
// p = better(x, y) ? x : y and q = better(y, x) ? y : x are one instruction
// each, and equal but for zeros of both signs, of which the bits decide, and
// NaN, which the sum of x and y is too.
func (e *emitter) extreme(better enum.FPred, x, y value.Value) value.Value {
	if c, ok := floatOf(x); ok && c == c {
		x, y = y, x
	}
	q := e.choose(e.fcmp(better, y, x), y, x)
	if c, ok := floatOf(y); ok && c == c { // q is NaN where x is
		switch {
		case c != 0:
			return q
		case better == enum.FPredOGT:
			return e.cur.NewFAdd(q, e.float(x.Type(), 0)) // makes -0 +0
		}
	}
	p := e.choose(e.fcmp(better, x, y), x, y)
	t, a := e.bits(p)
	b := e.bitcast(q, t)
	var bits value.Value = e.cur.NewAnd(a, b)
	if better == enum.FPredOLT {
		bits = e.cur.NewOr(a, b)
	}
	return e.choose(e.fcmp(enum.FPredUNO, x, y), e.cur.NewFAdd(x, y), e.bitcast(bits, x.Type()))
}

// floatOf returns the value of a constant, the same in all lanes.
func floatOf(x value.Value) (float64, bool) {
	switch c := x.(type) {
	case *floatConst:
		bits, err := strconv.ParseUint(strings.TrimPrefix(c.text, "0x"), 16, 64)
		return math.Float64frombits(bits), err == nil
	case *constant.Vector:
		first, ok := floatOf(c.Elems[0])
		for _, other := range c.Elems[1:] {
			if y, same := floatOf(other); !same || y != first {
				return 0, false
			}
		}
		return first, ok
	}
	return 0, false
}

// pullDivision divides integers, rounding down; a zero divisor is an error, and
// the least integer divided by -1 wraps, where the processor would trap.
func pullDivision(s *scope, v *ir.Value, idx []index) value.Value {
	in := s.operands(v, idx)
	x, y, d := in[0], in[1], v.Type.DType
	t := x.Type()
	zero, one := s.int(t, 0), s.int(t, 1)
	bad := s.icmp(enum.IPredEQ, y, zero)
	s.fail(CodeDivision, s.site(v), bad, s.asI64(d, x), i64(0))
	if !isSigned(d) {
		by := s.choose(bad, one, y)
		if v.Op == ir.OpMod {
			return s.cur.NewURem(x, by)
		}
		return s.cur.NewUDiv(x, by)
	}
	minus := s.icmp(enum.IPredEQ, y, s.int(t, -1))
	by := s.choose(s.cur.NewOr(bad, minus), one, y)
	q, r := s.cur.NewSDiv(x, by), s.cur.NewSRem(x, by)
	other := s.icmp(enum.IPredSLT, s.cur.NewXor(r, by), zero)
	down := s.cur.NewAnd(s.icmp(enum.IPredNE, r, zero), other)
	if v.Op == ir.OpMod { // by 1 and -1 there is no rest
		return s.choose(down, s.add(r, by), r)
	}
	return s.choose(minus, s.sub(zero, x), s.sub(q, s.cur.NewZExt(down, t)))
}

// asI64 returns integers of d as i64.
func (s *scope) asI64(d ir.DType, x value.Value) value.Value {
	return s.extend(x, types.I64, isSigned(d))
}

// pullProduct multiplies the operands of a contraction that sums nothing.
func pullProduct(s *scope, v *ir.Value, idx []index) value.Value {
	c := newContraction(v)
	if len(c.summed) > 0 {
		panic("llvm: " + v.String() + " sums, and is not bound")
	}
	return s.rounded(v.Type.DType, s.term(v, c, idx, nil))
}

// A contraction is an ir.OpContract with its letters resolved.
type contraction struct {
	operands []string
	result   string
	summed   string // letters that the result lacks, in order of first appearance
}

func newContraction(v *ir.Value) contraction {
	operands, result, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil {
		panic("llvm: " + err.Error()) // the verifier has seen it
	}
	c := contraction{operands: operands, result: result}
	for _, letters := range operands {
		for _, l := range letters {
			if !slices.Contains([]rune(result+c.summed), l) {
				c.summed += string(l)
			}
		}
	}
	return c
}

// term returns the product of the operands where the result's letters are outer
// and the summed ones inner.
func (s *scope) term(v *ir.Value, c contraction, outer, inner []index) value.Value {
	d := v.Type.DType
	places := c.places(outer, inner)
	var out value.Value
	zero := test{no: true}
	for k, a := range v.Args {
		x := s.value(a, places[k])
		zero = s.oneOf(zero, s.zeroAt(a, places[k]))
		if out == nil {
			out = x
		} else {
			out = s.productOf(d, out, x)
		}
	}
	return s.withZeros(d, out, zero, 0)
}

// places returns the index of each operand where the result's letters are outer
// and the summed ones inner.
func (c contraction) places(outer, inner []index) [][]index {
	where := map[rune]index{}
	for i, l := range c.result {
		where[l] = outer[i]
	}
	for i, l := range c.summed {
		where[l] = inner[i]
	}
	out := make([][]index, len(c.operands))
	for k, letters := range c.operands {
		for _, l := range letters {
			out[k] = append(out[k], where[l])
		}
	}
	return out
}

func pullMul(s *scope, v *ir.Value, idx []index) value.Value {
	x, d := s.operands(v, idx), v.Type.DType
	zero := test{no: true}
	for _, a := range v.Args {
		zero = s.oneOf(zero, s.zeroAt(a, s.stretched(a, idx)))
	}
	return s.rounded(d, s.withZeros(d, s.productOf(d, x[0], x[1]), zero, 0))
}
