package eval

import (
	"context"
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Residues are the elements of one value modulo a prime. Integers and bools are
// themselves.
type Residues struct {
	dtype tensor.DType
	array[int64]
}

// ZpArgs returns arguments for f, drawn from seed: floats uniform, integers
// within what they index (see IndexBounds), or 0 and 1; matrices keep what their
// types promise. Compare functions on the arguments of one of them.
func ZpArgs(f *ir.Func, seed uint64) ([]*Residues, error) {
	if !f.Static() {
		return nil, fmt.Errorf("eval: %s has sizes that are not constant: instantiate it first", f.Name)
	}
	bounds := IndexBounds(f)
	args := make([]*Residues, len(f.Params))
	for k, p := range f.Params {
		x := newResidues(p.Type.DType, p.Type.Dims())
		for i := range x.data {
			h := scramble(seed, uint64(k), uint64(i))
			switch {
			case x.dtype.IsFloat():
				x.data[i] = int64(h%zpPrime) - zpInf
			case bounds[k] > 0:
				x.data[i] = int64(h % uint64(bounds[k]))
			default:
				x.data[i] = int64(h % 2)
			}
		}
		if p.Type.Props.Any(ir.Permutation | ir.Orthogonal | ir.OneHot) {
			x.onesInRows(seed, uint64(k), p.Type.Props.Any(ir.Permutation|ir.Orthogonal))
		}
		if p.Type.Props != (ir.Props{}) {
			promised(x.array, p.Type.Props, scramble(seed, uint64(k)))
			x.array = structured(x.array, p.Type.Props, numbers[int64]())
		}
		args[k] = x
	}
	return args, nil
}

// onesInRows makes each matrix of x one with a single 1 in each row, and in each
// column if once: a permutation, which is orthogonal modulo a prime too.
func (x *Residues) onesInRows(seed, k uint64, once bool) {
	rows, columns := x.shape[len(x.shape)-2], x.shape[len(x.shape)-1]
	if columns == 0 {
		return
	}
	clear(x.data)
	for at := 0; at < len(x.data); at += rows * columns {
		free := make([]int, columns)
		for j := range free {
			free[j] = j
		}
		for i := range rows {
			j := int(scramble(seed, k, uint64(at+i)) % uint64(len(free)))
			x.data[at+i*columns+free[j]] = 1
			if once {
				free = slices.Delete(free, j, j+1)
			}
		}
	}
}

// Zp evaluates f modulo a prime and returns a hash of each result. Sums and
// products, and what follows from them, are exact, so functions that differ by
// laws of linear algebra give equal hashes, and others give different ones but
// for a chance of about their degree in 2^31. Functions like exp have no laws;
// constants stand for the simplest fractions that round to them. Indices are
// brought into range, and dividing by zero gives zero: nothing fails.
func Zp(ctx context.Context, f *ir.Func, args []*Residues) ([]uint64, error) {
	if len(args) != len(f.Params) {
		return nil, fmt.Errorf("eval: %s takes %d arguments, have %d", f.Name, len(f.Params), len(args))
	}
	for i, p := range f.Params {
		if x := args[i]; x.dtype != p.Type.DType || !slices.Equal(x.shape, p.Type.Dims()) {
			return nil, fmt.Errorf("eval: argument %v of %s is %v, have %s", p, f.Name, p.Type, tensor.TypeString(x.dtype, x.shape))
		}
	}
	out, err := run(ctx, &field{ctx}, f, args)
	if err != nil {
		return nil, err
	}
	hashes := make([]uint64, len(out))
	for i, x := range out {
		words := []uint64{uint64(x.dtype), uint64(len(x.shape))}
		for _, n := range x.shape {
			words = append(words, uint64(n))
		}
		for _, n := range x.data {
			words = append(words, uint64(n))
		}
		hashes[i] = scramble(words...)
	}
	return hashes, nil
}

func newResidues(d tensor.DType, shape []int) *Residues {
	return &Residues{d, newArray[int64](shape)}
}

// A field is the domain of residues.
type field struct{ ctx context.Context }

func (z *field) integer(x *Residues) (int64, bool) { return x.data[0], true }

func (z *field) scalar(n int64) *Residues {
	return &Residues{tensor.I64, array[int64]{data: []int64{n}}}
}

func (z *field) unknown(t ir.Type) *Residues { return newResidues(t.DType, t.Dims()) }

func (z *field) eval(v *ir.Value, args []*Residues) (*Residues, error) {
	f := zpTable[v.Op]
	if f == nil {
		return nil, fmt.Errorf("eval: %v is no operation of a field", v.Op)
	}
	out, err := f(z, v, args)
	if err != nil {
		return nil, err
	}
	return &Residues{v.Type.DType, array[int64]{v.Type.Dims(), out}}, nil
}

// A zpFunc gives the elements of one operation's result.
type zpFunc func(z *field, v *ir.Value, args []*Residues) ([]int64, error)

// zpTable has one entry for each operation but those of the interpreter.
var zpTable = [ir.NumOps]zpFunc{
	ir.OpConst: zpConst,
	ir.OpFull:  zpFull,
	ir.OpIota:  zpIota,

	ir.OpNeg:     zpUnary,
	ir.OpAbs:     zpUnary,
	ir.OpSign:    zpUnary,
	ir.OpFloor:   zpUnary,
	ir.OpCeil:    zpUnary,
	ir.OpRound:   zpUnary,
	ir.OpSqrt:    zpUnary,
	ir.OpRsqrt:   zpUnary,
	ir.OpExp:     zpUnary,
	ir.OpExpm1:   zpUnary,
	ir.OpLog:     zpUnary,
	ir.OpLog1p:   zpUnary,
	ir.OpSin:     zpUnary,
	ir.OpCos:     zpUnary,
	ir.OpTanh:    zpUnary,
	ir.OpErf:     zpUnary,
	ir.OpNot:     zpUnary,
	ir.OpConvert: zpUnary,

	ir.OpAdd:      zpBinary,
	ir.OpSub:      zpBinary,
	ir.OpMul:      zpBinary,
	ir.OpDiv:      zpBinary,
	ir.OpFloorDiv: zpBinary,
	ir.OpMod:      zpBinary,
	ir.OpPow:      zpBinary,
	ir.OpMax:      zpBinary,
	ir.OpMin:      zpBinary,
	ir.OpAnd:      zpBinary,
	ir.OpOr:       zpBinary,
	ir.OpEq:       zpBinary,
	ir.OpNe:       zpBinary,
	ir.OpLt:       zpBinary,
	ir.OpLe:       zpBinary,
	ir.OpGt:       zpBinary,
	ir.OpGe:       zpBinary,
	ir.OpWhere:    zpWhere,

	ir.OpContract:  zpContract,
	ir.OpSum:       zpReduce,
	ir.OpProd:      zpReduce,
	ir.OpReduceMax: zpReduce,
	ir.OpReduceMin: zpReduce,
	ir.OpAny:       zpReduce,
	ir.OpAll:       zpReduce,
	ir.OpArgMax:    zpOrder,
	ir.OpArgMin:    zpOrder,
	ir.OpCumSum:    zpCumSum,

	ir.OpReshape:   zpMove,
	ir.OpBroadcast: zpMove,
	ir.OpTranspose: zpMove,
	ir.OpSlice:     zpMove,
	ir.OpConcat:    zpMove,
	ir.OpPad:       zpMove,
	ir.OpTri:       zpMove,
	ir.OpDiag:      zpMove,
	ir.OpDiagonal:  zpMove,
	ir.OpAssume:    zpMove,
	ir.OpUpdate:    zpMove,

	ir.OpDynSlice:     zpIndexed,
	ir.OpDynUpdate:    zpIndexed,
	ir.OpTake:         zpIndexed,
	ir.OpTakeAlong:    zpIndexed,
	ir.OpScatter:      zpScatter,
	ir.OpScatterAlong: zpScatter,
	ir.OpOneHot:       zpOneHot,

	ir.OpArgSort: zpOrder,
	ir.OpTopK:    zpOrder,

	ir.OpCholesky: zpFactor,
	ir.OpSolve:    zpFactor,
	ir.OpInv:      zpFactor,
}

func zpNumber(d tensor.DType, n ir.Number) int64 {
	if n.IsInt {
		return n.Int
	}
	return zpFloat(d, n.Float)
}

func zpConst(_ *field, v *ir.Value, _ []*Residues) ([]int64, error) {
	data := v.Attrs.(*ir.ConstAttrs).Data
	if !data.DType().IsFloat() {
		return data.Ints(), nil
	}
	out := make([]int64, data.Len())
	for i, x := range data.Floats() {
		out[i] = zpFloat(data.DType(), x)
	}
	return out, nil
}

func zpFull(_ *field, v *ir.Value, _ []*Residues) ([]int64, error) {
	x := zpNumber(v.Type.DType, v.Attrs.(*ir.FullAttrs).Value)
	return filled(v.Type.Dims(), x).data, nil
}

func zpIota(_ *field, v *ir.Value, _ []*Residues) ([]int64, error) {
	shape, axis := v.Type.Dims(), v.Attrs.(*ir.AxisAttrs).Axis
	out := newArray[int64](shape)
	inner := product(shape[axis+1:])
	for i := range out.data {
		out.data[i] = zpConvert(int64(i/inner%shape[axis]), tensor.I64, v.Type.DType)
	}
	return out.data, nil
}

func (x *Residues) stretchedTo(shape []int) []int64 {
	if len(x.data) == product(shape) {
		return x.data
	}
	out := newArray[int64](shape)
	copyWalk(out.data, walk{steps: strides(shape)}, x.data, stretched(x.shape, shape), shape)
	return out.data
}

func zpUnary(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	d := args[0].dtype
	out := make([]int64, len(args[0].data))
	for i, x := range args[0].data {
		switch {
		case v.Op == ir.OpConvert:
			out[i] = zpConvert(x, d, v.Type.DType)
		case d.IsFloat():
			out[i] = zpReal(v.Op, x)
		default:
			out[i] = tensor.Wrap(d, unaryInt(v.Op, x))
		}
	}
	return out, nil
}

func zpBinary(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	shape, d := v.Type.Dims(), args[0].dtype
	a, b := args[0].stretchedTo(shape), args[1].stretchedTo(shape)
	out := make([]int64, len(a))
	for i := range out {
		out[i] = zpPair(v, d, a[i], b[i])
	}
	return out, nil
}

func zpPair(v *ir.Value, d tensor.DType, a, b int64) int64 {
	if d.IsFloat() {
		switch v.Op {
		case ir.OpAdd:
			return residue(a + b)
		case ir.OpSub:
			return residue(a - b)
		case ir.OpMul:
			return residue(a * b)
		case ir.OpDiv:
			return residue(a * inverse(b))
		case ir.OpPow:
			return zpPow(a, b)
		}
	} else if b == 0 && (v.Op == ir.OpFloorDiv || v.Op == ir.OpMod) {
		return 0
	}
	x, _ := binaryInt(v, tensor.I64, elem{n: a}, elem{n: b}) // fails only for a zero divisor
	if d.IsFloat() || v.Type.DType == tensor.Bool {
		return x.n
	}
	return tensor.Wrap(d, x.n)
}

func zpWhere(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	shape := v.Type.Dims()
	c, a, b := args[0].stretchedTo(shape), args[1].stretchedTo(shape), args[2].stretchedTo(shape)
	out := make([]int64, len(c))
	for i := range out {
		out[i] = b[i]
		if c[i] != 0 {
			out[i] = a[i]
		}
	}
	return out, nil
}

// plus and times are those of the type: modulo the prime, or wrapping.
func plus(d tensor.DType, a, b int64) int64 {
	if d.IsFloat() {
		return residue(a + b)
	}
	return tensor.Wrap(d, a+b)
}

func times(d tensor.DType, a, b int64) int64 {
	if d.IsFloat() {
		return residue(a * b)
	}
	return tensor.Wrap(d, a*b)
}

func zpContract(z *field, v *ir.Value, args []*Residues) ([]int64, error) {
	e, err := parseEinsum(v)
	if err != nil {
		return nil, err
	}
	d := args[0].dtype
	out := make([]int64, e.size(e.result))
	inner := e.shape(e.summed)
	if len(out) == 0 || product(inner) == 0 {
		return out, nil
	}
	walks, heads := make([]walk, len(args)), make([]walk, len(args))
	for k := range args {
		walks[k], heads[k] = e.over(k, e.summed), e.over(k, e.result)
		heads[k].steps = append(heads[k].steps, 0)
	}
	inner, walks = merge(inner, walks)
	i := 0
	eachRow(append(e.shape(e.result), 1), heads, func(heads []int) {
		for k := range walks {
			walks[k].at = heads[k]
		}
		sum := int64(0)
		eachRow(inner, walks, func(at []int) {
			for j := range last(inner) {
				p := int64(1)
				for k := range args {
					p = times(d, p, args[k].data[at[k]+j*last(walks[k].steps)])
				}
				sum = plus(d, sum, p)
			}
		})
		out[i] = sum
		i++
	})
	return out, z.ctx.Err()
}

func zpReduce(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	d := args[0].dtype
	x, n := axesLast(args[0].array, v.Attrs.(*ir.AxesAttrs).Axes)
	out := make([]int64, product(v.Type.Dims()))
	for i := range out {
		acc := neutral[int64](v.Op, tensor.I64)
		switch {
		case d.IsFloat() && v.Op == ir.OpReduceMin:
			acc = zpInf
		case !d.IsFloat():
			acc = neutral[int64](v.Op, d)
		}
		row := x.data[i*n : (i+1)*n]
		if d.IsFloat() && v.Op == ir.OpReduceMax {
			out[i] = zpMost(row)
			continue
		}
		for _, a := range row {
			switch v.Op {
			case ir.OpSum:
				acc = plus(d, acc, a)
			case ir.OpProd:
				acc = times(d, acc, a)
			case ir.OpReduceMax, ir.OpAny:
				acc = max(acc, a)
			default:
				acc = min(acc, a)
			}
		}
		out[i] = acc
	}
	return out, nil
}

// zpMost is the element that is largest seen from their mean. So it grows by what
// is added to all of them, as a maximum does, of which residues know nothing.
func zpMost(row []int64) int64 {
	sum, count := int64(0), int64(0)
	for _, a := range row {
		if a != -zpInf {
			sum, count = residue(sum+a), count+1
		}
	}
	mean := residue(sum * inverse(count))
	most, at := int64(-zpInf), int64(-zpInf)
	for _, a := range row {
		if from := residue(a - mean); a != -zpInf && (from > at || most == -zpInf) {
			most, at = a, from
		}
	}
	return most
}

func zpCumSum(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	a, d := v.Attrs.(*ir.CumSumAttrs), args[0].dtype
	x := axisLast(args[0].array, a.Axis)
	out := newArray[int64](x.shape)
	n := last(x.shape)
	for from := 0; from < len(x.data); from += n {
		sum := int64(0)
		for i := from; i < from+n; i++ {
			before := sum
			sum = plus(d, sum, x.data[i])
			out.data[i] = sum
			if a.Exclusive {
				out.data[i] = before
			}
		}
	}
	return axisBack(out, a.Axis).data, nil
}

// zpOrder orders residues as the integers that they are held as.
func zpOrder(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	t := wrap(tensor.I64, args[0].array)
	switch v.Op {
	case ir.OpArgSort:
		a := v.Attrs.(*ir.SortAttrs)
		return view[int64](order(t, a.Axis, t.Shape()[a.Axis], a.Descending)), nil
	case ir.OpTopK:
		a := v.Attrs.(*ir.TopKAttrs)
		k, _ := a.K.Int()
		return view[int64](order(t, a.Axis, k, true)), nil
	}
	out := make([]int64, product(v.Type.Dims()))
	argBest[int64](v, out, t)
	return out, nil
}
