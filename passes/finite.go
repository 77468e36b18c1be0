package passes

import (
	"math"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// magnitudes finds how large the elements of values can be, and with that which
// values are finite, each once.
type magnitudes struct {
	most  map[*ir.Value]float64
	zeros map[*ir.Value]bool // whether there may be some by construction
	ints  intervals
}

func newMagnitudes() *magnitudes {
	return &magnitudes{map[*ir.Value]float64{}, map[*ir.Value]bool{}, intervals{}}
}

// finite reports whether v is known to be finite: no element is NaN or infinite,
// whatever the arguments and weights are, of which nothing is known. Integers and
// truth values are.
func (m *magnitudes) finite(v *ir.Value) bool { return !math.IsInf(m.of(v), 1) }

// of returns what no element of v is larger than, its sign aside; infinity where
// that is not known, or an element may be NaN. Roundings are in it, in whichever
// order sums are made, and so is room for them: what is near the largest number
// of the type counts as infinite.
func (m *magnitudes) of(v *ir.Value) float64 {
	if x, ok := m.most[v]; ok {
		return x
	}
	var x float64
	switch d := v.Type.DType; {
	case v.Type.Tuple != nil:
		x = math.Inf(1)
	case d.IsFloat():
		if x = m.find(v); !(x < largest(d)/2) { // or NaN
			x = math.Inf(1)
		}
	default:
		r := m.ints.of(v)
		x = max(math.Abs(float64(r.lo)), math.Abs(float64(r.hi)))
	}
	m.most[v] = x
	return x
}

// largest returns the largest finite number of a type of floats.
func largest(d tensor.DType) float64 {
	switch d {
	case tensor.F16:
		return 65504
	case tensor.F64:
		return math.MaxFloat64
	}
	return math.MaxFloat32 // bf16 reaches as far, nearly
}

func (m *magnitudes) find(v *ir.Value) float64 {
	unknown := math.Inf(1)
	arg := func(i int) float64 { return m.of(v.Args[i]) }
	// A sum of n terms, each at most x large, is rounded n times.
	sum := func(n int, x float64) float64 {
		return float64(n) * x * math.Exp(float64(n)*unit(v.Type.DType))
	}
	// A bounded function of something finite, with what it may err by.
	bounded := func() float64 {
		if m.finite(v.Args[0]) {
			return 1.125
		}
		return unknown
	}
	switch v.Op {
	case ir.OpFull:
		n, _ := number(v)
		return math.Abs(n)
	case ir.OpConst:
		most := 0.0
		for _, x := range v.Attrs.(*ir.ConstAttrs).Data.Floats() {
			most = max(most, math.Abs(x)) // NaN, if one is
		}
		return most
	case ir.OpIota:
		return float64(v.Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis])
	case ir.OpOneHot, ir.OpSign:
		if v.Op == ir.OpSign && !m.finite(v.Args[0]) {
			return unknown
		}
		return 1
	case ir.OpSin, ir.OpCos, ir.OpTanh, ir.OpErf:
		return bounded()
	case ir.OpConvert:
		return sum(1, arg(0))
	case ir.OpFloor, ir.OpCeil, ir.OpRound:
		return arg(0) + 1
	case ir.OpExp, ir.OpExpm1:
		return sum(1, math.Exp(arg(0))*1.125)
	case ir.OpAdd, ir.OpSub:
		return sum(2, max(arg(0), arg(1)))
	case ir.OpMul:
		return larger(v.Type.DType, arg(0), arg(1))
	case ir.OpDiv:
		const normal = 0x1p-14 // in every type: what is smaller may be taken for zero
		if n, ok := number(v.Args[1]); ok && math.Abs(n) >= normal {
			return larger(v.Type.DType, arg(0), 1/math.Abs(n))
		}
	case ir.OpMax, ir.OpMin:
		return max(arg(0), arg(1))
	case ir.OpWhere:
		return max(arg(1), arg(2))
	case ir.OpContract:
		if n, ok := summed(v); ok && len(v.Args) == 2 && !v.Cost.Set {
			return sum(n, larger(v.Type.DType, arg(0), arg(1)))
		}
	case ir.OpSum:
		return sum(reduced(v, v.Attrs.(*ir.AxesAttrs).Axes), arg(0))
	case ir.OpCumSum:
		return sum(v.Type.Dims()[v.Attrs.(*ir.CumSumAttrs).Axis], arg(0))
	case ir.OpReduceMax, ir.OpReduceMin:
		if reduced(v, v.Attrs.(*ir.AxesAttrs).Axes) > 0 {
			return arg(0)
		}
	case ir.OpNeg, ir.OpAbs, ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpTri, ir.OpDiag, ir.OpDiagonal,
		ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice:
		return arg(0)
	case ir.OpPad:
		return max(arg(0), math.Abs(v.Attrs.(*ir.PadAttrs).Value.Float))
	case ir.OpConcat, ir.OpUpdate:
		most := 0.0
		for i := range v.Args {
			most = max(most, arg(i))
		}
		return most
	case ir.OpDynUpdate:
		return max(arg(0), arg(1))
	}
	return unknown
}

// larger returns what no product of numbers so large is larger than; zero times
// what is not known is not known.
func larger(d tensor.DType, x, y float64) float64 {
	if math.IsInf(x, 1) || math.IsInf(y, 1) {
		return math.Inf(1)
	}
	return x * y * (1 + unit(d))
}

// unit is more than the relative error of a rounding to d.
func unit(d tensor.DType) float64 {
	switch d {
	case tensor.BF16:
		return 0x1p-7
	case tensor.F16:
		return 0x1p-10
	}
	return 0x1p-23
}

// reduced returns how many elements of the operand of v make one of v.
func reduced(v *ir.Value, axes []int) int {
	n := 1
	for _, axis := range axes {
		n = times(n, v.Args[0].Type.Dims()[axis])
	}
	return n
}

// summed returns how many products the elements of a contraction are sums of.
func summed(v *ir.Value) (n int, ok bool) {
	operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil {
		return 0, false
	}
	n = 1
	seen := out
	for k, letters := range operands {
		for i, size := range v.Args[k].Type.Dims() {
			if c := letters[i : i+1]; !strings.Contains(seen, c) {
				seen += c
				n = times(n, size)
			}
		}
	}
	return n, true
}

// plainly reports whether v is finite and none of its zeros is one by
// construction, which a zero computed in their place would not be.
func (m *magnitudes) plainly(v *ir.Value) bool { return m.finite(v) && !m.constructs(v) }

// constructs reports whether v may have zeros by construction.
func (m *magnitudes) constructs(v *ir.Value) bool {
	if !v.Type.DType.IsFloat() {
		return false
	}
	if may, ok := m.zeros[v]; ok {
		return may
	}
	may := exactZero(v) || v.Type.Props != (ir.Props{}) || slices.ContainsFunc(v.Args, m.constructs)
	switch v.Op {
	case ir.OpTri, ir.OpDiag, ir.OpPad, ir.OpOneHot:
		may = true
	}
	m.zeros[v] = may
	return may
}

// timesZero is about zeros that a program has computed, or written as a number:
// what they meet may be NaN unless it is known that it is not.
func timesZero(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpMul && v.Op != ir.OpContract || len(v.Args) != 2 {
		return nil
	}
	for i, a := range v.Args {
		if is(a, 0) && !exactZero(a) && w.magnitudes().plainly(v.Args[1-i]) && w.magnitudes().plainly(a) {
			return func() *ir.Value { return w.zero(v) }
		}
	}
	return nil
}

// lessItself is about differences of a value that is known to be finite and itself.
func lessItself(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op == ir.OpSub && v.Args[0] == v.Args[1] && w.magnitudes().plainly(v.Args[0]) {
		return func() *ir.Value { return w.zero(v) }
	}
	return nil
}

// lessAdded is about a finite value that is added and taken away again.
func lessAdded(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpSub && v.Op != ir.OpAdd {
		return nil
	}
	x, y := v.Args[0], v.Args[1]
	rest := func(a, b *ir.Value, op ir.Op) *ir.Value { // a with b, which op has put there, left out
		for i, c := range a.Args {
			if a.Op == op && c == b && (op == ir.OpAdd || i == 1) && a.Args[1-i].Type.Equal(v.Type) && w.magnitudes().plainly(b) {
				return a.Args[1-i]
			}
		}
		return nil
	}
	var left *ir.Value
	if v.Op == ir.OpSub {
		left = rest(x, y, ir.OpAdd) // (a + b) - b
	} else if left = rest(x, y, ir.OpSub); left == nil { // (a - b) + b
		left = rest(y, x, ir.OpSub)
	}
	if left == nil {
		return nil
	}
	return func() *ir.Value { return left }
}

// zero makes a zero that is computed, not one by construction.
func (w *rewriter) zero(v *ir.Value) *ir.Value {
	n := ir.FloatNumber(0)
	if !v.Type.DType.IsFloat() {
		n = ir.IntNumber(0)
	}
	return w.full(v, n, false)
}

// magnitudes returns how large the values of the function are.
func (w *rewriter) magnitudes() *magnitudes {
	if w.large == nil {
		w.large = newMagnitudes()
	}
	return w.large
}
