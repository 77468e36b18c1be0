package ir

import (
	"fmt"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// NewFunc returns an empty function.
func NewFunc(name string) *Func { return &Func{Name: name} }

// NewParam adds an argument, or a weight.
func (f *Func) NewParam(name string, t Type, weight bool, pos source.Pos) *Value {
	v := &Value{ID: f.nextID, Name: name, Op: OpParam, Type: t, Weight: weight, Pos: pos}
	f.nextID++
	f.Params = append(f.Params, v)
	return v
}

// NewValue makes an operation and infers its type; want is the type of a
// Typed operation, ignored for others. The value is in no region yet. The
// error, if any, has the place pos.
func (f *Func) NewValue(pos source.Pos, op Op, attrs Attrs, want Type, args ...*Value) (*Value, error) {
	info := op.Info()
	if n := info.Args; n != len(args) && (n != Variadic || len(args) == 0) {
		return nil, &source.Error{Pos: pos, Msg: fmt.Sprintf("%v: want %d operands, have %d", op, n, len(args))}
	}
	types := make([]Type, len(args))
	for i, a := range args {
		types[i] = a.Type
		if a.Type.Tuple != nil && op != OpGet {
			return nil, &source.Error{Pos: pos, Msg: fmt.Sprintf("%v: want a tensor, have the tuple %v", op, a.Type)}
		}
	}
	t, err := info.Infer(types, attrs, want)
	if err == nil {
		err = checkType(t) // sizes that overflow, ranks above the limit
	}
	if err != nil {
		return nil, &source.Error{Pos: pos, Msg: fmt.Sprintf("%v: %v", op, err)}
	}
	v := &Value{ID: f.nextID, Op: op, Type: t, Args: args, Attrs: attrs, Pos: pos}
	f.nextID++
	return v, nil
}

// A Builder appends values to a function, in the region that is open.
type Builder struct {
	F    *Func
	Pos  source.Pos // given to the values that are made
	open []*Region
}

// NewBuilder returns a builder that appends to the body of f.
func NewBuilder(f *Func) *Builder { return &Builder{F: f, open: []*Region{&f.Region}} }

func (b *Builder) region() *Region { return b.open[len(b.open)-1] }

// Emit makes an operation at b.Pos and appends it to the open region.
func (b *Builder) Emit(op Op, attrs Attrs, want Type, args ...*Value) (*Value, error) {
	v, err := b.F.NewValue(b.Pos, op, attrs, want, args...)
	if err != nil {
		return nil, err
	}
	r := b.region()
	r.Body = append(r.Body, v)
	return v, nil
}

// Loop appends a loop for i = lo, lo+step, ... before hi, that carries values
// which start as inits. body makes the values of one turn from i and what is
// carried, and returns what is carried on; its types must be those of inits.
// The result has one value for each of inits.
func (b *Builder) Loop(lo, hi *Value, step int, inits []*Value, body func(i *Value, carried []*Value) ([]*Value, error)) ([]*Value, error) {
	args := append([]*Value{lo, hi}, inits...)
	v, err := b.F.NewValue(b.Pos, OpLoop, &LoopAttrs{Step: step}, Type{}, args...)
	if err != nil {
		return nil, err
	}
	r := &Region{}
	param := func(t Type) *Value {
		p := &Value{ID: b.F.nextID, Op: OpParam, Type: t.Plain(), Pos: b.Pos}
		b.F.nextID++
		r.Params = append(r.Params, p)
		return p
	}
	i := param(Make(tensor.I64))
	carried := make([]*Value, len(inits))
	for k, init := range inits {
		carried[k] = param(init.Type)
	}
	b.open = append(b.open, r)
	pos := b.Pos
	r.Results, err = body(i, carried)
	b.Pos = pos
	b.open = b.open[:len(b.open)-1]
	if err != nil {
		return nil, err
	}
	for k, u := range r.Results {
		if k >= len(inits) || !u.Type.Equal(inits[k].Type) {
			return nil, &source.Error{Pos: b.Pos, Msg: fmt.Sprintf("a carried value changes its type from %v to %v", inits[k].Type.Plain(), u.Type.Plain())}
		}
	}
	if len(r.Results) != len(inits) {
		return nil, &source.Error{Pos: b.Pos, Msg: fmt.Sprintf("a loop carries %d values and yields %d", len(inits), len(r.Results))}
	}
	v.Body = r
	outer := b.region()
	outer.Body = append(outer.Body, v)
	if len(inits) == 1 {
		return []*Value{v}, nil
	}
	out := make([]*Value, len(inits))
	for k := range inits {
		if out[k], err = b.Emit(OpGet, &GetAttrs{Index: k}, Type{}, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Full returns a constant of type t.
func (b *Builder) Full(n Number, t Type) (*Value, error) {
	return b.Emit(OpFull, &FullAttrs{Value: n}, t.Plain())
}

// Index returns the i64 scalar n.
func (b *Builder) Index(n int) *Value {
	v, err := b.Full(IntNumber(int64(n)), Make(tensor.I64))
	if err != nil {
		panic(err) // an i64 scalar is always well-typed
	}
	return v
}

// Sizes returns constant sizes as expressions.
func Sizes(n ...int) []dim.Expr { return Make(tensor.F32, n...).Shape }
