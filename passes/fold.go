package passes

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// folds are the laws of the pass fold, which computes when compiling what is
// known then:
//
//	full(2) * full(3)   becomes   full(6)
//
// Only what is exact is folded. Indices become
// static where they are known, which lets slice see them.
var folds = []law{
	{&Rule{"arithmetic", "2 * 3 = 6", Exact}, foldedArithmetic},
	{&Rule{"moved constant", "reshape(full(c)) = full(c)", Exact}, movedConstant},
	{&Rule{"static index", "x[i] = x[3] where i is 3", Exact}, staticIndex},
	{&Rule{"product with zero", "x * 0 = 0 for a zero by construction", FromStructure}, productWithZero},
}

// full makes the constant n.
func (w *rewriter) full(v *ir.Value, n ir.Number, exact bool) *ir.Value {
	return w.emit(v, ir.OpFull, &ir.FullAttrs{Value: n, Exact: exact}, v.Type.Plain())
}

func foldedArithmetic(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op.Info().Class != ir.Elementwise || len(v.Args) > 2 {
		return nil
	}
	var x []ir.Number
	for _, a := range v.Args {
		if a.Op != ir.OpFull {
			return nil
		}
		x = append(x, a.Attrs.(*ir.FullAttrs).Value)
	}
	from, to := v.Args[0].Type.DType, v.Type.DType
	var n ir.Number
	switch {
	case v.Op == ir.OpConvert:
		y, ok := converted(x[0], from, to)
		if !ok {
			return nil
		}
		n = y
	case from.IsFloat() && to.IsFloat():
		y, ok := floatOp(v.Op, x)
		if !ok {
			return nil
		}
		if y != tensor.Round(to, y) {
			return nil
		}
		n = ir.FloatNumber(y)
	case from.IsInt() && to.IsInt():
		y, ok := intOp(v.Op, x)
		if !ok {
			return nil
		}
		n = ir.IntNumber(tensor.Wrap(to, y))
	default:
		return nil
	}
	// A product with a zero by construction is one.
	exact := to.IsFloat() && (v.Op == ir.OpMul || v.Op == ir.OpNeg || v.Op == ir.OpConvert)
	return func() *ir.Value { return w.full(v, n, exact && slices.ContainsFunc(v.Args, exactZero)) }
}

// floatOp returns a function of floats where it is exact: what is rounded may be
// part of what other passes would do in another order.
func floatOp(op ir.Op, x []ir.Number) (float64, bool) {
	a := x[0].Float
	b := x[len(x)-1].Float
	var y, lost float64
	switch op {
	case ir.OpNeg:
		y = -a
	case ir.OpAdd:
		y = a + b
		lost = (a - (y - b)) + (b - (y - (y - b)))
	case ir.OpSub:
		y = a - b
		lost = (a - (y + b)) - (b + (y - (y + b)))
	case ir.OpMul:
		y = a * b
		lost = math.FMA(a, b, -y)
	case ir.OpDiv:
		y = a / b
		lost = math.FMA(y, b, -a)
	default:
		return 0, false
	}
	// Subnormals may be flushed, or not; NaN and infinities lose something.
	return y, lost == 0 && (y == 0 || math.Abs(y) >= 0x1p-100)
}

func intOp(op ir.Op, x []ir.Number) (int64, bool) {
	a, b := x[0].Int, x[len(x)-1].Int
	switch op {
	case ir.OpNeg:
		return -a, true
	case ir.OpAdd:
		return a + b, true
	case ir.OpSub:
		return a - b, true
	case ir.OpMul:
		return a * b, true
	case ir.OpMax:
		return max(a, b), true
	case ir.OpMin:
		return min(a, b), true
	}
	return 0, false
}

// converted returns an integral number in another element type, as convert makes
// it; floats to integers, which saturate, are left to the run.
func converted(x ir.Number, from, to tensor.DType) (ir.Number, bool) {
	switch {
	case from.IsFloat() && to.IsFloat():
		return ir.FloatNumber(tensor.Round(to, x.Float)), x.Float == math.Trunc(x.Float)
	case from.IsFloat():
		return ir.Number{}, false
	case to.IsFloat():
		return ir.FloatNumber(tensor.Round(to, float64(x.Int))), true
	}
	return ir.IntNumber(tensor.Wrap(to, x.Int)), true
}

// movedConstant folds movement of what is the same everywhere. A zero stays one
// by construction if all of it is.
func movedConstant(w *rewriter, v *ir.Value) func() *ir.Value {
	switch v.Op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpConcat, ir.OpUpdate:
	default:
		return nil
	}
	var same *ir.FullAttrs
	for _, a := range v.Args {
		if a.Op != ir.OpFull {
			return nil
		}
		f := a.Attrs.(*ir.FullAttrs)
		if same != nil && *f != *same || f.Value.Float != f.Value.Float {
			return nil
		}
		same = f
	}
	return func() *ir.Value { return w.full(v, same.Value, same.Exact) }
}

func staticIndex(w *rewriter, v *ir.Value) func() *ir.Value {
	at := map[ir.Op]int{ir.OpDynSlice: 1, ir.OpDynUpdate: 2}[v.Op]
	if at == 0 || v.Args[at].Op != ir.OpFull {
		return nil
	}
	i := int(v.Args[at].Attrs.(*ir.FullAttrs).Value.Int)
	x := v.Args[0]
	start, step := make([]int, x.Type.Rank()), make([]int, x.Type.Rank())
	for k := range step {
		step[k] = 1
	}
	sizes, axis := v.Type.Dims(), 0
	if v.Op == ir.OpDynSlice {
		axis = v.Attrs.(*ir.DynSliceAttrs).Axis
	} else {
		axis = v.Attrs.(*ir.AxisAttrs).Axis
		sizes = v.Args[1].Type.Dims()
	}
	if i < 0 || i > x.Type.Dims()[axis]-sizes[axis] {
		return nil // the run says so
	}
	start[axis] = i
	attrs := &ir.SliceAttrs{Start: ir.Sizes(start...), Step: step}
	if v.Op == ir.OpDynUpdate {
		return func() *ir.Value { return w.put(v, ir.OpUpdate, attrs, ir.Type{}, x, v.Args[1]) }
	}
	return func() *ir.Value { return w.put(v, ir.OpSlice, attrs, v.Type.Plain(), x) }
}

// exactZero reports whether v is nothing but zeros by construction.
func exactZero(v *ir.Value) bool {
	return v.Op == ir.OpFull && v.Attrs.(*ir.FullAttrs).ExactZero()
}

func productWithZero(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpMul && v.Op != ir.OpContract || !slices.ContainsFunc(v.Args, exactZero) {
		return nil
	}
	return func() *ir.Value { return w.full(v, ir.FloatNumber(0), true) }
}
