package check

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Builder makes a function step by step, for programs that are not text: by
// the operators, the built-ins and the rules of the language, since it is the
// same code that evaluates them. All sizes are constant. After a mistake,
// which Func returns, values are bad and further steps do nothing. It is not
// safe for concurrent use.
type Builder struct {
	c    *checker
	errs source.Errors
	used map[string]bool // names of parameters
}

// A Value is what a step gave: a tensor, a static number or flag, a list, a
// type. The zero Value is none.
type Value struct {
	v  value
	of *checker // nil for what belongs to no function
}

// An Argument is what a built-in is applied to; Name is empty where it goes by position.
type Argument struct {
	Name  string
	Value Value
}

// NewBuilder returns a builder of a function called name.
func NewBuilder(name string) *Builder {
	b := &Builder{used: map[string]bool{}}
	b.c = (&Program{}).newChecker(name, false, &b.errs)
	return b
}

// Err returns the first mistake, nil if there is none.
func (b *Builder) Err() error {
	if list := b.errs.List(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// Fail records a mistake that the caller found, if it is the first.
func (b *Builder) Fail(at source.Pos, hint, format string, args ...any) Value {
	if b.errs.Len() > 0 {
		return b.wrap(badValue)
	}
	b.c.errorf(at, hint, format, args...)
	return b.wrap(badValue)
}

func (b *Builder) wrap(v value) Value {
	if v.kind == tensorKind && b.errs.Len() > 0 {
		v = badValue
	}
	return Value{v, b.c}
}

// take returns the value that an operand is.
func (b *Builder) take(at source.Pos, x Value) value {
	switch {
	case b.errs.Len() > 0:
		return badValue
	case x.v.kind == noKind:
		b.c.errorf(at, "", "an operand has no value: it was made by no builder")
		return badValue
	case x.of != nil && x.of != b.c:
		b.c.errorf(at, "", "an operand belongs to another builder's function")
		return badValue
	}
	return x.v
}

// Number returns a static number as the language writes it, -1e-5, inf or nan;
// true and false are flags. ok is false for all else.
func Number(text string) (x Value, ok bool) {
	v, ok := parseStatic(text)
	return Value{v: v}, ok
}

// Text returns a string, such as the first argument of einsum.
func Text(s string) Value { return Value{v: value{kind: stringKind, text: s}} }

// TypeOf returns a type as an argument of zeros and its kin; a scalar type is
// an element type, as dtype= takes.
func TypeOf(t ir.Type) Value { return Value{v: value{kind: typeKind, typ: t}} }

// List returns a list of values.
func (b *Builder) List(at source.Pos, elems ...Value) Value {
	out := value{kind: listKind}
	for _, e := range elems {
		v := b.take(at, e)
		if v.kind == badKind {
			return b.wrap(v)
		}
		out.elems = append(out.elems, v)
	}
	return b.wrap(out)
}

// Elems returns the elements of a list or of a tuple; nil for all else.
func (x Value) Elems() []Value {
	if x.v.kind != listKind && x.v.kind != tupleKind {
		return nil
	}
	out := make([]Value, len(x.v.elems))
	for i, e := range x.v.elems {
		out[i] = Value{e, x.of}
	}
	return out
}

// Type returns the type of a tensor; ok is false for all else.
func (x Value) Type() (t ir.Type, ok bool) {
	if x.v.kind != tensorKind {
		return ir.Type{}, false
	}
	return x.v.v.Type, true
}

// String says what the value is, as messages do.
func (x Value) String() string { return x.v.describe() }

// Param makes an argument, or a weight, whose structure its type declares.
func (b *Builder) Param(at source.Pos, name string, t ir.Type, weight bool) Value {
	switch {
	case b.errs.Len() > 0:
		return b.wrap(badValue)
	case name == "":
		return b.Fail(at, "", "a parameter has no name")
	case b.used[name]:
		return b.Fail(at, "", "%s is declared twice", source.Quote(name))
	case !t.Static() || t.Tuple != nil || t.DType == tensor.Invalid:
		return b.Fail(at, "", "%s is declared %v, expected an element type and constant sizes", source.Quote(name), t)
	case t.Rank() > ir.MaxRank:
		b.c.errorf(at, "", "rank %d is above the limit of %d", t.Rank(), ir.MaxRank).Kind = source.ErrLimit
		return b.wrap(badValue)
	}
	for i, n := range t.Dims() {
		if n < 0 {
			return b.Fail(at, "", "size %d of %s cannot be negative, found %d", i, source.Quote(name), n)
		}
	}
	b.used[name] = true
	if _, val := b.c.param(name, t, weight, at); val != nil {
		return b.wrap(tensorValue(val))
	}
	return b.wrap(badValue)
}

// Unary computes - and not.
func (b *Builder) Unary(at source.Pos, op syntax.Kind, x Value) Value {
	return b.wrap(b.c.unary(at, op, b.take(at, x)))
}

// Binary computes an operator of two operands.
func (b *Builder) Binary(at source.Pos, op syntax.Kind, x, y Value) Value {
	return b.wrap(b.c.binary(at, op, b.take(at, x), b.take(at, y)))
}

// Transpose swaps the last two dimensions, x.T.
func (b *Builder) Transpose(at source.Pos, x Value) Value {
	v := b.take(at, x)
	if v.kind != tensorKind {
		if v.kind != badKind {
			return b.Fail(at, "", "x.T swaps the last two dimensions, found %s", v.describe())
		}
		return b.wrap(badValue)
	}
	return b.wrap(b.c.transpose(v, at))
}

// Convert gives x another element type, as f32(x) does.
func (b *Builder) Convert(at source.Pos, d tensor.DType, x Value) Value {
	return b.wrap(b.c.convert(at, d, b.take(at, x)))
}

// Declare holds x against a type and gives it the structure that the type
// declares, as y: f32[n, n] lower = x does.
func (b *Builder) Declare(at source.Pos, x Value, t ir.Type) Value {
	v := b.take(at, x)
	b.c.pos = at
	return b.wrap(b.c.conform(v, t, at, "the value is declared"))
}

// Call applies the built-in called name.
func (b *Builder) Call(at source.Pos, name string, args []Argument) Value {
	if b.errs.Len() > 0 {
		return b.wrap(badValue)
	}
	if !isBuiltin(name) {
		names := Builtins()
		slices.Sort(names)
		return b.Fail(at, near(name, names), "no function is called %s", source.Quote(name))
	}
	placed := make([]arg, len(args))
	for i, a := range args {
		placed[i] = arg{value: b.take(at, a.Value), at: at}
		if placed[i].value.kind == badKind {
			return b.wrap(badValue)
		}
		if a.Name != "" {
			placed[i].name = &syntax.Name{Place: syntax.Place{At: at}, Name: a.Name}
		}
	}
	b.c.pos = at
	return b.wrap(b.c.builtin(at, name, placed))
}

// A Place is one place of an index. The zero Place is the whole dimension, :.
type Place struct {
	Kind         PlaceKind
	At           Value // of an element
	Lo, Hi, Step Value // of a slice; the zero Value where left out
}

// A PlaceKind says what a place of an index is.
type PlaceKind uint8

// The kinds of places.
const (
	SlicePlace    PlaceKind = iota // lo:hi:step
	ElementPlace                   // a number, an integer scalar or a tensor of integers
	NewAxisPlace                   // None
	EllipsisPlace                  // ...
)

// places makes an index of places.
func (b *Builder) places(at source.Pos, places []Place) ([]indexArg, bool) {
	var out []indexArg
	for _, p := range places {
		arg := indexArg{at: at}
		switch p.Kind {
		case NewAxisPlace:
			arg.kind = newAxis
		case EllipsisPlace:
			arg.kind = ellipsis
		case ElementPlace:
			arg.text = p.At.String()
			if !b.c.asPlace(&arg, b.take(at, p.At)) {
				return nil, false
			}
		default:
			arg.kind = aSlice
			for i, bound := range []Value{p.Lo, p.Hi, p.Step} {
				if i > 0 && (i == 1 || bound.v.kind != noKind) {
					arg.text += ":"
				}
				if bound.v.kind == noKind {
					continue
				}
				arg.text += bound.String()
				arg.slice[i] = b.take(at, bound)
				if !b.c.sliceBound(arg.slice[i], at) {
					return nil, false
				}
			}
		}
		out = append(out, arg)
	}
	return out, true
}

// Index takes x[places].
func (b *Builder) Index(at source.Pos, x Value, places []Place) Value {
	v := b.take(at, x)
	if v.kind != tensorKind {
		if v.kind != badKind {
			return b.Fail(at, "", "only tensors can be indexed, found %s", v.describe())
		}
		return b.wrap(badValue)
	}
	args, ok := b.places(at, places)
	if !ok {
		return b.wrap(badValue)
	}
	return b.wrap(b.c.indexTensor(at, v, args))
}

// Update returns the updated copy of y after y[places] op= x, where op is
// syntax.Assign for =, else an operator.
func (b *Builder) Update(at source.Pos, y Value, places []Place, op syntax.Kind, x Value) Value {
	old, v := b.take(at, y), b.take(at, x)
	if old.kind == badKind || v.kind == badKind {
		return b.wrap(badValue)
	}
	if old.kind != tensorKind {
		return b.Fail(at, "", "only a tensor has parts to update, found %s", old.describe())
	}
	args, ok := b.places(at, places)
	if !ok {
		return b.wrap(badValue)
	}
	b.c.pos = at
	return b.wrap(b.c.update(target{"the tensor", at, at, op}, old, args, v))
}

// Loop runs body for i = lo, lo+step, ... before hi. It carries tensors, which
// start as the given ones and go on as what the body returns, with their types
// unchanged; the result is what they are at the end.
func (b *Builder) Loop(at source.Pos, lo, hi Value, step int, starts []Value, body func(i Value, now []Value) []Value) []Value {
	bad := make([]Value, len(starts))
	for i := range bad {
		bad[i] = b.wrap(badValue)
	}
	if step == 0 {
		b.Fail(at, "", "a loop with step 0 never ends")
	}
	if len(starts) == 0 {
		b.Fail(at, "", "a loop carries nothing, so nothing comes out of it")
	}
	first, ok1 := b.c.loopBound(b.take(at, lo), at)
	last, ok2 := b.c.loopBound(b.take(at, hi), at)
	inits := make([]*ir.Value, len(starts))
	for i, s := range starts {
		v := b.take(at, s)
		if v.kind != tensorKind {
			if v.kind != badKind {
				b.Fail(at, "make a scalar of it by Convert", "a loop carries tensors, found %s", v.describe())
			}
			return bad
		}
		inits[i] = v.tensor()
	}
	if !ok1 || !ok2 || b.errs.Len() > 0 {
		return bad
	}
	b.c.pos = at
	outs, err := b.c.loop(first, last, step, inits, func(i *ir.Value, now []*ir.Value) ([]*ir.Value, error) {
		carried := make([]Value, len(now))
		for j, v := range now {
			carried[j] = b.wrap(tensorValue(v))
		}
		ends := body(b.wrap(tensorValue(i)), carried)
		if len(ends) != len(now) && b.errs.Len() == 0 {
			b.Fail(at, "", "the loop carries %s, but its body returns %d", count(len(now), "value"), len(ends))
		}
		out := make([]*ir.Value, 0, len(now))
		for j, e := range ends {
			v := b.take(at, e)
			if v.kind == numberKind || v.kind == flagKind {
				v = b.c.conform(v, ir.Make(now[j].Type.DType), at, fmt.Sprintf("value %d that the loop carries is", j))
			}
			switch {
			case v.kind == tensorKind && v.tensor().Type.Equal(now[j].Type):
				out = append(out, v.tensor())
				continue
			case v.kind != badKind:
				b.Fail(at, "a loop carries a value with its type unchanged", "value %d is %v when a turn starts and %s when it ends", j, now[j].Type.Plain(), v.describe())
			}
			return nil, errTrial
		}
		if b.errs.Len() > 0 {
			return nil, errTrial
		}
		return out, nil
	})
	if err != nil {
		b.c.report(at, err)
		return bad
	}
	out := make([]Value, len(outs))
	for i, v := range outs {
		out[i] = b.wrap(tensorValue(v))
	}
	return out
}

// Func ends the function with its results and returns it, verified, or the
// first mistake. Its parameters are the arguments, then the weights. The
// builder is spent.
func (b *Builder) Func(at source.Pos, results []Value) (*ir.Func, error) {
	if len(results) == 0 {
		b.Fail(at, "", "the function returns nothing")
	}
	fn := b.c.b.F
	for _, r := range results {
		v := b.take(at, r)
		if v.kind == numberKind || v.kind == flagKind {
			v = b.c.scalar(v, v.naturalDType(), at)
		}
		switch v.kind {
		case tensorKind:
			fn.Results = append(fn.Results, v.tensor())
		case badKind:
		default:
			b.Fail(at, "return its elements", "a function returns tensors and static numbers, found %s", v.describe())
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	isWeight := func(p *ir.Value) bool { return p.Weight }
	args := slices.DeleteFunc(slices.Clone(fn.Params), isWeight)
	weights := slices.DeleteFunc(slices.Clone(fn.Params), func(p *ir.Value) bool { return !isWeight(p) })
	fn.Params = append(args, weights...)
	fn.Body = slices.Concat(b.c.prologue, fn.Body)
	fn.Rebuild()
	if err := ir.Verify(fn); err != nil {
		// A value of a loop's body that is used behind the loop.
		return nil, errors.Join(errors.New("the function is not well formed: is a value of a loop's body used outside of it?"), err)
	}
	return fn, nil
}
