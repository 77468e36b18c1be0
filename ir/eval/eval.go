package eval

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Mode says which arithmetic floats are computed with.
type Mode uint8

const (
	// Own keeps the program's own element types: every result is rounded to its
	// element type; f16 and bf16 are computed in f32, sums and products too.
	Own Mode = iota
	// F64 computes all floats in f64, whatever the declared type. Conversions
	// between float types round nothing. Integers are exact as in Own.
	F64
)

// Options say how Run computes. The zero Options is what --naive does.
type Options struct {
	Mode Mode
	// Strict keeps sums and products in the order of the index, from the first
	// element on; without it contractions of two operands go through gonum's
	// BLAS.
	Strict bool
}

// Run evaluates f operation by operation. args are in the order of f.Params,
// weights included, and are only read. The results are the caller's, in the
// order of f.Results and of their declared element types; with F64, floats come
// as f64.
//
// The error is a *RuntimeError for what the program did wrong at run time,
// ctx.Err() if ctx ended first, else it says what does not fit.
func Run(ctx context.Context, f *ir.Func, args []*tensor.Tensor, opts Options) ([]*tensor.Tensor, error) {
	if err := checkArgs(f, args); err != nil {
		return nil, err
	}
	m := &machine{ctx: ctx, opts: opts}
	in := make([]held, len(args))
	for i, t := range args {
		in[i] = m.promised(m.keep(t), f.Params[i].Type)
	}
	results, err := run(ctx, m, f, in)
	if err != nil {
		return nil, err
	}
	out := make([]*tensor.Tensor, len(results))
	for i, t := range results {
		d := f.Results[i].Type.DType
		if opts.Mode == F64 {
			d = m.stored(d)
		}
		out[i] = own(t.Tensor, d, append(slices.Clone(args), out[:i]...))
	}
	return out, nil
}

// checkArgs checks that args are what f takes, that f has constant sizes, and that
// its values are within the limit of a tensor.
func checkArgs(f *ir.Func, args []*tensor.Tensor) error {
	if !f.Static() {
		return fmt.Errorf("eval: %s has sizes that are not constant: instantiate it first", f.Name)
	}
	if len(args) != len(f.Params) {
		return fmt.Errorf("eval: %s takes %d arguments, have %d", f.Name, len(f.Params), len(args))
	}
	for i, p := range f.Params {
		if t := args[i]; t == nil || t.DType() != p.Type.DType || !slices.Equal(t.Shape(), p.Type.Dims()) {
			have := "nothing"
			if t != nil {
				have = tensor.TypeString(t.DType(), t.Shape())
			}
			return fmt.Errorf("eval: argument %v of %s is %v, have %s", p, f.Name, p.Type.Plain(), have)
		}
	}
	// Every value is made, also what a compiler would never store.
	var large error
	f.Walk(func(v *ir.Value) {
		if large != nil || v.Type.Tuple != nil {
			return
		}
		if _, _, err := tensor.Size(v.Type.DType, v.Type.Dims(), 0); err != nil {
			large = &source.Error{Pos: v.Pos, Msg: fmt.Sprintf("a value is too large to be evaluated: %v", err)}
		}
	})
	return large
}

// own returns t in element type d, in memory that none of others has.
func own(t *tensor.Tensor, d tensor.DType, others []*tensor.Tensor) *tensor.Tensor {
	if t.DType() != d {
		return t.Convert(d)
	}
	for _, o := range others {
		if unsafe.SliceData(o.Bytes()) == unsafe.SliceData(t.Bytes()) {
			return t.Clone()
		}
	}
	return t
}

// A machine is the domain of tensors. Between operations f16 and bf16 are held
// as f32 that the narrow type can represent.
type machine struct {
	ctx  context.Context
	opts Options
}

// stored returns the element type that elements of type d are held in.
func (m *machine) stored(d tensor.DType) tensor.DType {
	switch {
	case d.IsFloat() && m.opts.Mode == F64:
		return tensor.F64
	case d == tensor.BF16 || d == tensor.F16:
		return tensor.F32
	}
	return d
}

func (m *machine) keep(t *tensor.Tensor) *tensor.Tensor {
	if d := m.stored(t.DType()); d != t.DType() {
		return t.Convert(d)
	}
	return t
}

// promised applies the structure that the type of a parameter promises.
func (m *machine) promised(t *tensor.Tensor, typ ir.Type) held {
	if typ.Props == (ir.Props{}) {
		return held{Tensor: t}
	}
	f := byType(t.DType(), structuredTensor[float64], structuredTensor[float32], structuredTensor[int64], structuredTensor[int32], structuredTensor[int8], structuredTensor[uint8])
	h := held{Tensor: f(t, typ.Props)}
	if typ.DType.IsFloat() {
		h.zeros = structured(newArray[bool](t.Shape()), typ.Props, literals[bool]{zero: true}).data
	}
	return h
}

func structuredTensor[T number](t *tensor.Tensor, p ir.Props) *tensor.Tensor {
	return wrap(t.DType(), structured(arrayOf[T](t), p, numbers[T]()))
}

func (m *machine) eval(v *ir.Value, args []held) (held, error) {
	f := table[v.Op]
	if f == nil {
		return held{}, fmt.Errorf("eval: %v is no operation that can be evaluated", v.Op)
	}
	zeros := m.zeros(v, args)
	out, ok, err := m.product(v, args, zeros)
	if !ok {
		plain := make([]*tensor.Tensor, len(args))
		for i, a := range args {
			plain[i] = a.Tensor
		}
		out, err = f(m, v, plain)
	}
	if err != nil {
		return held{}, err
	}
	if class := v.Op.Info().Class; class != ir.Movement && m.opts.Mode == Own {
		narrow(v.Type.DType, out)
	}
	return held{out, zeros}, nil
}

// narrow rounds f32 elements in place to those that f16 or bf16 can represent.
func narrow(d tensor.DType, t *tensor.Tensor) {
	switch d {
	case tensor.BF16:
		data := view[float32](t)
		for i, x := range data {
			data[i] = tensor.BF16ToF32(tensor.F32ToBF16(x))
		}
	case tensor.F16:
		data := view[float32](t)
		for i, x := range data {
			data[i] = tensor.F16ToF32(tensor.F32ToF16(x))
		}
	}
}

func (m *machine) integer(x held) (int64, bool) { return x.Int(0), true }

func (m *machine) scalar(n int64) held {
	t := tensor.New(tensor.I64)
	t.SetInt(0, n)
	return held{Tensor: t}
}

func (m *machine) unknown(t ir.Type) held { return held{Tensor: m.blank(t)} }

// blank returns a tensor of zeros for values of type t.
func (m *machine) blank(t ir.Type) *tensor.Tensor {
	return tensor.New(m.stored(t.DType), t.Dims()...)
}

// number is the Go types that elements are held in; bool is held in uint8.
type number interface {
	float64 | float32 | int64 | int32 | int8 | uint8
}

// view returns the elements of t; T must be the type they are held in.
func view[T number](t *tensor.Tensor) []T {
	if t.DType() == tensor.Bool {
		return any(t.Bytes()).([]T)
	}
	x, err := tensor.Slice[T](t)
	if err != nil {
		panic(err)
	}
	return x
}

func arrayOf[T number](t *tensor.Tensor) array[T] { return array[T]{t.Shape(), view[T](t)} }

// wrap returns the elements of x as a tensor that shares their memory.
func wrap[T number](d tensor.DType, x array[T]) *tensor.Tensor {
	if d == tensor.Bool {
		return tensor.Must(tensor.FromBytes(d, any(x.data).([]uint8), x.shape...))
	}
	return tensor.Must(tensor.FromSlice(x.data, x.shape...))
}

func numbers[T number]() literals[T] { return literals[T]{zero: 0, one: 1} }
