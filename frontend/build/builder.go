package build

import (
	"errors"

	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Builder makes one function. It is not safe for concurrent use.
type Builder struct {
	check   *check.Builder
	places  places
	results []check.Value
	ended   source.Pos // where Return was called
	spent   bool
}

// A Value is what a step gave: mostly a tensor. After a mistake it is bad, and
// so is what is made of it.
type Value struct{ v check.Value }

// New returns a builder of a function called name, such as "Mlp.forward".
func New(name string) *Builder { return &Builder{check: check.NewBuilder(name)} }

// Arg declares the next argument of the function; without sizes it is a scalar.
func (b *Builder) Arg(name string, d tensor.DType, sizes ...int) Value {
	return b.ArgOf(name, ir.Make(d, sizes...))
}

// ArgOf declares the next argument by its type. A structure that the type
// declares is the caller's promise.
func (b *Builder) ArgOf(name string, t ir.Type) Value {
	return Value{b.check.Param(b.here(), name, t, false)}
}

// Weight declares a weight, a tensor that stays the same from call to call, by
// its full name, such as "blocks.3.attn.wq".
func (b *Builder) Weight(name string, d tensor.DType, sizes ...int) Value {
	return b.WeightOf(name, ir.Make(d, sizes...))
}

// WeightOf declares a weight by its type, with the structure that it declares.
func (b *Builder) WeightOf(name string, t ir.Type) Value {
	return Value{b.check.Param(b.here(), name, t, true)}
}

// Return ends the function with its results: tensors, or static numbers.
func (b *Builder) Return(results ...any) {
	at := b.here()
	if b.ended.IsValid() {
		b.check.Fail(at, "", "the function has returned before")
		return
	}
	b.ended = at
	for _, r := range results {
		b.results = append(b.results, b.operand(at, r))
	}
}

// Err returns the first mistake so far: a *source.Error with the place in the
// Go program. It returns nil if there is none.
func (b *Builder) Err() error { return b.check.Err() }

// Func returns the function, or the first mistake. Its parameters are the
// arguments, then the weights, each in the order of declaration. It can be
// called once.
func (b *Builder) Func() (*ir.Func, error) {
	at := b.here()
	switch {
	case b.Err() != nil:
		return nil, b.Err()
	case b.spent:
		return nil, errors.New("Func was called before: a builder makes one function")
	case !b.ended.IsValid():
		b.check.Fail(at, "call Return first", "the function has no result")
		return nil, b.Err()
	}
	b.spent = true
	return b.check.Func(b.ended, b.results)
}

// Type returns the type of a tensor, and the zero Type for all else.
func (v Value) Type() ir.Type {
	t, _ := v.v.Type()
	return t
}

// Shape returns the sizes of a tensor, nil for a scalar and for all else. After
// a mistake there is none: Dim never panics.
func (v Value) Shape() []int { return v.Type().Dims() }

// Dim returns a size of a tensor; a negative axis counts from the end. It
// returns 1 where there is no such size.
func (v Value) Dim(axis int) int {
	shape := v.Shape()
	if axis < 0 {
		axis += len(shape)
	}
	if axis < 0 || axis >= len(shape) {
		return 1
	}
	return shape[axis]
}

// Unpack returns the n values of what has several: of top_k, of split, of a
// list. It returns n values after a mistake, too.
func (b *Builder) Unpack(x Value, n int) []Value {
	at := b.here()
	elems := x.v.Elems()
	if len(elems) != n {
		b.check.Fail(at, "", "expected %d values, found %v", n, x)
		elems = make([]check.Value, max(n, 0))
	}
	return wrap(elems)
}

// String says what the value is, as messages do: f32[8, 64].
func (v Value) String() string { return v.v.String() }
