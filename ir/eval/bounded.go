package eval

import (
	"context"
	"fmt"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Bounded evaluates f in f64 on arguments that are exactly what they are, and
// returns for each result what a correct compiled one may be. It holds for any
// function, of a whole program or of what one kernel does.
//
// The bounds cover element types of f64, f32, bf16 and f16 (computed in f32, or
// rounded after each operation), sums and linear chains in any order, fused
// multiply-adds, subnormals taken for zero, and functions of two units in the
// last place. Not covered are products of which another legal order underflows
// where the written one does not. Errors are those of Run.
func Bounded(ctx context.Context, f *ir.Func, args []*tensor.Tensor) ([]*Band, error) {
	return BoundedWith(ctx, f, args, BoundOptions{})
}

// BoundedWith is Bounded for a run that differs from the usual one.
func BoundedWith(ctx context.Context, f *ir.Func, args []*tensor.Tensor, opts BoundOptions) ([]*Band, error) {
	if err := checkArgs(f, args); err != nil {
		return nil, err
	}
	o := &oracle{ctx, opts}
	in := make([]*Band, len(args))
	for i, t := range args {
		in[i] = bandOf(t)
		if props := f.Params[i].Type.Props; props != (ir.Props{}) {
			x := structured(in[i].array(), props, constants(in[i].DType))
			in[i] = &Band{in[i].DType, x.shape, withPromise(x.data, props)}
		}
	}
	return run(ctx, o, f, in)
}

// bandOf returns the elements of t without error.
func bandOf(t *tensor.Tensor) *Band {
	b := newBand(t.DType(), t.Shape())
	if t.DType().IsFloat() {
		for i, x := range t.Floats() {
			b.elems[i] = exact(x)
		}
		return b
	}
	for i, n := range t.Ints() {
		b.elems[i].n = n
	}
	return b
}

func newBand(d tensor.DType, shape []int) *Band {
	return &Band{d, shape, make([]elem, product(shape))}
}

func (b *Band) array() array[elem] { return array[elem]{b.Shape, b.elems} }

// constants are the zero and the one by construction.
func constants(d tensor.DType) literals[elem] {
	if d.IsFloat() {
		return literals[elem]{zero: elem{flags: hard}, one: exact(1)}
	}
	return literals[elem]{one: elem{n: 1}}
}

// made returns a constant that an operation makes: under strict math a zero is
// not known to win over NaN.
func (o *oracle) made(x elem) elem {
	if o.opts.Strict {
		return x.selected()
	}
	return x
}

// constants are those that v makes.
func (o *oracle) constants(v *ir.Value) literals[elem] {
	lit := constants(v.Type.DType)
	if v.Op != ir.OpAssume { // a declared property holds in any case
		lit.zero = o.made(lit.zero)
	}
	return lit
}

// An oracle is the domain of bands.
type oracle struct {
	ctx  context.Context
	opts BoundOptions
}

func (o *oracle) integer(x *Band) (int64, bool) { return x.elems[0].n, !x.elems[0].has(bad) }

func (o *oracle) scalar(n int64) *Band {
	return &Band{DType: tensor.I64, elems: []elem{{n: n}}}
}

func (o *oracle) unknown(t ir.Type) *Band {
	return &Band{t.DType, t.Dims(), filled(t.Dims(), unknown).data}
}

func (o *oracle) eval(v *ir.Value, args []*Band) (*Band, error) {
	f := bandTable[v.Op]
	if f == nil {
		return nil, fmt.Errorf("eval: %v is no operation that can be bounded", v.Op)
	}
	out, err := f(o, v, args)
	if err != nil {
		return nil, err
	}
	if v.Op == ir.OpContract && v.Type.Props.Mirrored() { // known to be, and so computed below the diagonal only
		out = structured(array[elem]{v.Type.Dims(), out}, v.Type.Props, o.constants(v)).data
	}
	if seen := o.opts.Seen[v]; seen != nil {
		takeOver(v, args, out, seen)
	}
	return &Band{v.Type.DType, v.Type.Dims(), out}, nil
}

// A bandFunc gives the elements of one operation's result.
type bandFunc func(o *oracle, v *ir.Value, args []*Band) ([]elem, error)

// bandTable has one entry for each operation but those of the interpreter.
var bandTable = [ir.NumOps]bandFunc{
	ir.OpConst: bandConst,
	ir.OpFull:  bandFull,
	ir.OpIota:  bandIota,

	ir.OpNeg:     bandUnary,
	ir.OpAbs:     bandUnary,
	ir.OpSign:    bandUnary,
	ir.OpFloor:   bandUnary,
	ir.OpCeil:    bandUnary,
	ir.OpRound:   bandUnary,
	ir.OpSqrt:    bandUnary,
	ir.OpRsqrt:   bandUnary,
	ir.OpExp:     bandUnary,
	ir.OpExpm1:   bandUnary,
	ir.OpLog:     bandUnary,
	ir.OpLog1p:   bandUnary,
	ir.OpSin:     bandUnary,
	ir.OpCos:     bandUnary,
	ir.OpTanh:    bandUnary,
	ir.OpErf:     bandUnary,
	ir.OpNot:     bandUnary,
	ir.OpConvert: bandConvert,

	ir.OpAdd:      bandBinary,
	ir.OpSub:      bandBinary,
	ir.OpMul:      bandBinary,
	ir.OpDiv:      bandBinary,
	ir.OpFloorDiv: bandBinary,
	ir.OpMod:      bandBinary,
	ir.OpPow:      bandBinary,
	ir.OpMax:      bandBinary,
	ir.OpMin:      bandBinary,
	ir.OpAnd:      bandBinary,
	ir.OpOr:       bandBinary,
	ir.OpEq:       bandBinary,
	ir.OpNe:       bandBinary,
	ir.OpLt:       bandBinary,
	ir.OpLe:       bandBinary,
	ir.OpGt:       bandBinary,
	ir.OpGe:       bandBinary,
	ir.OpWhere:    bandWhere,

	ir.OpContract:  bandContract,
	ir.OpSum:       bandReduce,
	ir.OpProd:      bandReduce,
	ir.OpReduceMax: bandReduce,
	ir.OpReduceMin: bandReduce,
	ir.OpAny:       bandReduce,
	ir.OpAll:       bandReduce,
	ir.OpArgMax:    bandArg,
	ir.OpArgMin:    bandArg,
	ir.OpCumSum:    bandCumSum,

	ir.OpReshape:   bandMove,
	ir.OpBroadcast: bandMove,
	ir.OpTranspose: bandMove,
	ir.OpSlice:     bandMove,
	ir.OpConcat:    bandMove,
	ir.OpPad:       bandMove,
	ir.OpTri:       bandMove,
	ir.OpDiag:      bandMove,
	ir.OpDiagonal:  bandMove,
	ir.OpAssume:    bandMove,
	ir.OpUpdate:    bandMove,

	ir.OpDynSlice:     bandIndexed,
	ir.OpDynUpdate:    bandIndexed,
	ir.OpTake:         bandIndexed,
	ir.OpTakeAlong:    bandIndexed,
	ir.OpScatter:      bandScatter,
	ir.OpScatterAlong: bandScatter,
	ir.OpOneHot:       bandOneHot,

	ir.OpArgSort: bandArgSort,
	ir.OpTopK:    bandTopK,

	ir.OpCholesky: bandCholesky,
	ir.OpSolve:    bandSolve,
	ir.OpInv:      bandInv,
}

// number returns a static number as an element.
func (o *oracle) number(n ir.Number) elem {
	switch {
	case n.IsInt:
		return elem{n: n.Int}
	case n.Float == 0:
		return o.made(elem{v: n.Float, flags: hard})
	}
	return exact(n.Float)
}

func bandConst(_ *oracle, v *ir.Value, _ []*Band) ([]elem, error) {
	return bandOf(v.Attrs.(*ir.ConstAttrs).Data).elems, nil
}

func bandFull(o *oracle, v *ir.Value, _ []*Band) ([]elem, error) {
	a := v.Attrs.(*ir.FullAttrs)
	if !a.Value.IsInt && !a.Exact {
		return filled(v.Type.Dims(), exact(a.Value.Float)).data, nil
	}
	return filled(v.Type.Dims(), o.number(a.Value)).data, nil
}

func bandIota(_ *oracle, v *ir.Value, _ []*Band) ([]elem, error) {
	shape, axis := v.Type.Dims(), v.Attrs.(*ir.AxisAttrs).Axis
	out := newArray[elem](shape)
	inner := product(shape[axis+1:])
	for i := range out.data {
		n := int64(i / inner % shape[axis])
		if v.Type.DType.IsFloat() {
			out.data[i] = convertElem(elem{n: n}, tensor.I64, v.Type.DType)
		} else {
			out.data[i].n = tensor.Wrap(v.Type.DType, n)
		}
	}
	return out.data, nil
}

// stretchedTo returns the elements of b as if broadcast to shape.
func (b *Band) stretchedTo(shape []int) []elem {
	if len(b.elems) == product(shape) {
		return b.elems
	}
	out := newArray[elem](shape)
	copyWalk(out.data, walk{steps: strides(shape)}, b.elems, stretched(b.Shape, shape), shape)
	return out.data
}

func bandUnary(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	d := args[0].DType
	out := make([]elem, args[0].Len())
	for i, x := range args[0].elems {
		switch {
		case d.IsFloat():
			out[i] = precisions[d].unary(v.Op, x)
		case x.has(bad):
			out[i] = unknown
		default:
			out[i].n = tensor.Wrap(d, unaryInt(v.Op, x.n))
		}
	}
	return out, nil
}

func unaryInt(op ir.Op, n int64) int64 {
	switch {
	case op == ir.OpNot:
		return 1 - n
	case op == ir.OpNeg, op == ir.OpAbs && n < 0:
		return -n
	case op == ir.OpAbs:
		return n
	}
	return int64(sign(float64(n)))
}

func bandConvert(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	out := make([]elem, args[0].Len())
	for i, x := range args[0].elems {
		out[i] = convertElem(x, args[0].DType, v.Type.DType)
	}
	return out, nil
}

func bandBinary(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	shape, d := v.Type.Dims(), args[0].DType
	a, b := args[0].stretchedTo(shape), args[1].stretchedTo(shape)
	out := make([]elem, len(a))
	if d.IsFloat() {
		f := precisions[d].binary(v.Op, [2]bool{args[0].Len() < len(a), args[1].Len() < len(b)})
		if !o.opts.Strict && ir.ByConstant(v) {
			quotient := f
			f = func(a, b elem) elem {
				if a.has(hard) {
					return a
				}
				return quotient(a, b)
			}
		}
		for i := range out {
			out[i] = f(a[i], b[i])
		}
		return out, nil
	}
	for i := range out {
		x, err := binaryInt(v, d, a[i], b[i])
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// binary returns the function op; apart says which operand is stretched.
func (p *precision) binary(op ir.Op, apart [2]bool) func(a, b elem) elem {
	switch op {
	case ir.OpAdd:
		return func(a, b elem) elem { return p.add(a, b, 1) }
	case ir.OpSub:
		return func(a, b elem) elem { return p.add(a, b, -1) }
	case ir.OpMul:
		return func(a, b elem) elem { return p.mul(a, b, apart) }
	case ir.OpDiv:
		return p.div
	case ir.OpPow:
		return p.pow
	case ir.OpMax:
		return func(a, b elem) elem { return p.extreme(a, b, 1) }
	case ir.OpMin:
		return func(a, b elem) elem { return p.extreme(a, b, -1) }
	}
	return func(a, b elem) elem { return p.compare(op, a, b) }
}

// binaryInt computes exactly; and, or and their like may know a result though
// they do not know both operands.
func binaryInt(v *ir.Value, d tensor.DType, a, b elem) (elem, error) {
	if (a.flags|b.flags)&bad != 0 {
		for _, x := range []elem{a, b} {
			if !x.has(bad) && (v.Op == ir.OpAnd && x.n == 0 || v.Op == ir.OpOr && x.n == 1) {
				return x, nil
			}
		}
		return unknown, nil
	}
	var n int64
	switch v.Op {
	case ir.OpAdd:
		n = a.n + b.n
	case ir.OpSub:
		n = a.n - b.n
	case ir.OpMul:
		n = a.n * b.n
	case ir.OpMax, ir.OpOr:
		n = max(a.n, b.n)
	case ir.OpMin, ir.OpAnd:
		n = min(a.n, b.n)
	case ir.OpFloorDiv, ir.OpMod:
		if b.n == 0 {
			return elem{}, failf(v, "%s", ir.DivisionFault(a.n))
		}
		q, r := floorDiv(a.n, b.n)
		n = q
		if v.Op == ir.OpMod {
			n = r
		}
	default:
		return elem{n: int64(one(holds(v.Op, a.n, b.n)))}, nil
	}
	return elem{n: tensor.Wrap(d, n)}, nil
}

func bandWhere(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	shape := v.Type.Dims()
	c, a, b := args[0].stretchedTo(shape), args[1].stretchedTo(shape), args[2].stretchedTo(shape)
	var zero [2]flags // the zero of where(c, x, 0)
	for i := range zero {
		if ir.IsNumber(v.Args[1+i], 0) {
			zero[i] = soft
		}
	}
	out := make([]elem, len(c))
	for i := range out {
		switch {
		case c[i].has(bad):
			out[i] = unknown
		case c[i].n != 0:
			out[i] = a[i].selected()
			out[i].flags |= zero[0]
		default:
			out[i] = b[i].selected()
			out[i].flags |= zero[1]
		}
	}
	return out, nil
}

// selected returns x as a choice leaves it: a zero is one by selection then.
func (x elem) selected() elem {
	if x.flags&hard != 0 {
		x.flags = x.flags&^hard | soft
	}
	return x
}

func bandMove(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	x := make([]array[elem], len(args))
	for i, b := range args {
		x[i] = b.array()
	}
	var fill elem
	if v.Op == ir.OpPad {
		fill = o.number(v.Attrs.(*ir.PadAttrs).Value)
	}
	if v.Op == ir.OpUpdate {
		x[0] = touched(x[0])
	}
	out := move(v, x, o.constants(v), fill).data
	switch {
	case v.Op == ir.OpAssume:
		out = withPromise(out, v.Type.Props)
	case v.Op == ir.OpBroadcast && len(out) > args[0].Len():
		for i := range out {
			if !out[i].finite() {
				out[i].flags |= formed
			}
		}
	}
	return out, nil
}

// withPromise marks elements of a matrix of which more is promised than where its
// zeros are. A product with a permutation, or with rows of a single one, may be
// taken for a gather, so the zeros are some by selection. An orthogonal matrix is
// the inverse of its transposition.
func withPromise(x []elem, p ir.Props) []elem {
	if !p.Any(ir.Orthogonal | ir.Permutation | ir.OneHot) {
		return x
	}
	out := append([]elem(nil), x...)
	for i := range out {
		switch {
		case !p.Any(ir.Permutation | ir.OneHot):
			out[i].flags |= inverted
		case out[i].isZero():
			out[i].flags |= soft
		}
	}
	return out
}

// touched returns elements of which some are replaced: a zero that stays is one
// by selection.
func touched(x array[elem]) array[elem] {
	out := newArray[elem](x.shape)
	for i, e := range x.data {
		out.data[i] = e.selected()
	}
	return out
}

// indices returns the elements of an integer band as indices.
func (b *Band) indices() indices {
	x := indices{array: newArray[int64](b.Shape), bad: make([]bool, b.Len())}
	for i, e := range b.elems {
		x.data[i], x.bad[i] = e.n, e.has(bad)
		x.any = x.any || x.bad[i]
	}
	return x
}

func bandIndexed(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	n := len(args) - 1
	x := make([]array[elem], n)
	for i, b := range args[:n] {
		x[i] = b.array()
	}
	if v.Op == ir.OpDynUpdate {
		x[0] = touched(x[0])
	}
	out, err := indexed(v, x, args[n].indices(), unknown)
	return out.data, err
}

// A tally is an element with updates added to it, before rounding.
type tally struct {
	elem
	terms []elem
}

func bandScatter(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	if v.Attrs.(*ir.ScatterAttrs).Set {
		out, err := scattered(v, touched(args[0].array()), args[2].array(), args[1].indices(), nil, unknown)
		return out.data, err
	}
	into, updates := newArray[tally](args[0].Shape), newArray[tally](args[2].Shape)
	for i, x := range args[0].elems {
		into.data[i].elem = x.selected()
	}
	for i, x := range args[2].elems {
		updates.data[i].elem = x
	}
	add := func(a, b tally) tally {
		a.terms = append(a.terms, b.elem)
		return a
	}
	sums, err := scattered(v, into, updates, args[1].indices(), add, tally{elem: unknown})
	if err != nil {
		return nil, err
	}
	out := make([]elem, len(sums.data))
	for i, t := range sums.data {
		out[i] = t.elem
		if len(t.terms) > 0 {
			out[i] = sumElems(v.Type.DType, append(t.terms, t.elem))
		}
	}
	return out, nil
}

func bandOneHot(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	return oneHot(v.Type.Dims(), args[0].indices(), o.constants(v), unknown).data, nil
}
