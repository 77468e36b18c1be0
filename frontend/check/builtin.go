package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A builtin is a row of the language's table of functions.
type builtin struct {
	name   string
	params string // names in order; those with = may be left out, ... takes any number
	call   func(b *builtinCall) value
}

// builtins returns the table, in the order of language.md.
var builtins = sync.OnceValue(func() []builtin {
	return slices.Concat(elementwise(), reductions(), linearAlgebra(), shapes(), making(), indexing())
})

// lookupBuiltin returns the row of a function.
func lookupBuiltin(name string) (builtin, bool) {
	all := builtins()
	if i := slices.IndexFunc(all, func(b builtin) bool { return b.name == name }); i >= 0 {
		return all[i], true
	}
	return builtin{}, false
}

func isBuiltin(name string) bool { _, ok := lookupBuiltin(name); return ok }

// Builtins returns the names of the built-in functions, in the order of the
// language's table.
func Builtins() []string {
	var names []string
	for _, b := range builtins() {
		names = append(names, b.name)
	}
	return names
}

// A builtinCall is a call of a built-in with its arguments by parameter. Its
// methods report what is wrong with an argument by a panic with errBuiltin or
// an error, which builtin catches: so the rows read like formulas.
type builtinCall struct {
	c    *checker
	name string
	at   source.Pos
	args map[string]arg
	rest []arg // of a row with ...
}

// A builtinError leaves a built-in: after an error that is recorded, or where
// sizes decide what the result is.
type builtinError struct{ result value }

// builtin evaluates a call of a built-in.
func (c *checker) builtin(at source.Pos, name string, args []arg) value {
	if v, ok := c.staticCall(at, name, args); ok {
		return v
	}
	row, _ := lookupBuiltin(name)
	b := &builtinCall{c: c, name: name, at: at, args: map[string]arg{}}
	if !b.place(row, args) {
		return badValue
	}
	for _, a := range args {
		if a.value.kind == unknownKind {
			return unknownValue
		}
	}
	for param, a := range b.args {
		if a.value.kind == flagKind && a.value.flag == open {
			// Either way must be right; what differs is unknown.
			var both [2]value
			for i, flag := range []bool{false, true} {
				a.value = flagValue(flag)
				b.args[param] = a
				both[i] = b.run(row)
			}
			return merge(both[0], both[1])
		}
	}
	return b.run(row)
}

// run evaluates the row.
func (b *builtinCall) run(row builtin) (v value) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case builtinError:
			v = r.result
		default:
			panic(r)
		}
	}()
	return row.call(b)
}

// place puts arguments in the place of their parameters.
func (b *builtinCall) place(row builtin, args []arg) bool {
	var names []string
	optional := map[string]bool{}
	many := false
	for _, p := range strings.Split(row.params, ", ") {
		name, _, opt := strings.Cut(p, "=")
		if name == "..." {
			many = true
			continue
		}
		names = append(names, name)
		optional[name] = opt
	}
	head := row.name + "(" + row.params + ")"
	ok := true
	fail := func(at source.Pos, hint, format string, parts ...any) {
		b.c.errorf(at, hint, format, parts...)
		ok = false
	}
	for i, a := range args {
		name := ""
		switch {
		case a.name != nil:
			name = a.name.Name
		case i < len(names):
			name = names[i]
		case many:
			b.rest = append(b.rest, a)
			continue
		default:
			fail(a.at, "it is "+head, "%s takes %s at most, found %d", row.name, count(len(names), "argument"), len(args))
			return false
		}
		switch _, twice := b.args[name]; {
		case !slices.Contains(names, name):
			fail(a.name.At, choice(name, names), "%s has no parameter %s", row.name, source.Quote(name))
		case twice:
			fail(a.name.At, "", "argument %s is given twice", name)
		default:
			b.args[name] = a
		}
	}
	for _, name := range names {
		if _, given := b.args[name]; !given && !optional[name] && ok {
			fail(b.at, "it is "+head, "argument %s of %s is missing", name, row.name)
		}
	}
	return ok
}

// fail records an error and leaves the built-in.
func (b *builtinCall) fail(at source.Pos, hint, format string, args ...any) {
	b.c.errorf(at, hint, format, args...)
	panic(builtinError{badValue})
}

// unknown leaves the built-in where only sizes decide.
func (b *builtinCall) unknown() { panic(builtinError{unknownValue}) }

// has reports whether a parameter is given.
func (b *builtinCall) has(name string) bool { _, ok := b.args[name]; return ok }

// placeOf returns the place of an argument.
func (b *builtinCall) placeOf(name string) source.Pos {
	if a, ok := b.args[name]; ok {
		return a.at
	}
	return b.at
}

// tensor returns an argument that must be a tensor.
func (b *builtinCall) tensor(name string) *ir.Value { return b.asTensor(b.args[name], name) }

func (b *builtinCall) asTensor(a arg, name string) *ir.Value {
	if a.value.kind != tensorKind {
		b.fail(a.at, scalarHint(a.value, name), "%s of %s must be a tensor, found %s", name, b.name, a.value.describe())
	}
	return a.value.tensor()
}

// scalarHint says how to make a scalar of a static value that stands for the
// parameter called name, if that is likely what was meant.
func scalarHint(v value, name string) string {
	d := tensor.F32
	switch {
	case v.kind == flagKind && name == "c":
		return "choose with if, where the condition is static"
	case v.kind == flagKind:
		d = tensor.Bool
	case v.kind != numberKind:
		return ""
	case name == "idx" || name == "positions":
		if !v.num.isInt() {
			return "indices are integers"
		}
		d = tensor.I64
	}
	if name == "positions" {
		return fmt.Sprintf("write tensor([%s], dtype=i64), or iota(n) for all", v.describe())
	}
	return fmt.Sprintf("write %v(%s)", d, v.describe())
}

// like returns an argument as a tensor; a static number takes the element type d.
func (b *builtinCall) like(name string, d tensor.DType) *ir.Value {
	a := b.args[name]
	switch a.value.kind {
	case numberKind, flagKind:
		return b.got(b.c.scalar(a.value, d, a.at))
	}
	return b.tensor(name)
}

// got returns the tensor of a value that was built, or leaves after an error.
func (b *builtinCall) got(v value) *ir.Value {
	if v.kind != tensorKind {
		panic(builtinError{v})
	}
	return v.tensor()
}

// emit makes an operation at the call.
func (b *builtinCall) emit(op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
	b.c.b.Pos = b.at
	v, err := b.c.b.Emit(op, attrs, want, args...)
	if err != nil {
		b.c.reportAs(b.at, b.name, err)
		panic(builtinError{badValue})
	}
	b.c.made(v, b.at)
	return v
}

// op makes an elementwise operation.
func (b *builtinCall) op(op ir.Op, args ...*ir.Value) *ir.Value {
	return b.emit(op, nil, ir.Type{}, args...)
}

// free marks what a formula's FLOPs cover already.
func free(v *ir.Value) *ir.Value { v.Cost = ir.Free; return v }

// constant makes a scalar of a static number.
func (b *builtinCall) constant(n number, d tensor.DType) *ir.Value {
	return b.got(b.c.scalar(value{kind: numberKind, num: n}, d, b.at))
}

func (b *builtinCall) int(n int, d tensor.DType) *ir.Value { return b.constant(intNumber(int64(n)), d) }

// static computes a static number.
func (b *builtinCall) static(op syntax.Kind, x, y number) number {
	n, err := arithmetic(op, x, y)
	if errors.Is(err, errOpen) {
		b.unknown()
	}
	if err != nil {
		b.fail(b.at, "", "%s: %v", b.name, err)
	}
	return n
}

// flag returns an optional flag.
func (b *builtinCall) flag(name string) bool {
	a, ok := b.args[name]
	if !ok {
		return false
	}
	if a.value.kind != flagKind {
		b.fail(a.at, "", "%s of %s is true or false, found %s", name, b.name, a.value.describe())
	}
	return a.value.flag == yes
}

// number returns an optional static number.
func (b *builtinCall) number(name string, otherwise number) number {
	a, ok := b.args[name]
	if !ok {
		return otherwise
	}
	if a.value.kind != numberKind {
		b.fail(a.at, "", "%s of %s is a static number, found %s", name, b.name, a.value.describe())
	}
	return a.value.num
}

// size returns a static integer.
func (b *builtinCall) size(name string) dim.Expr {
	return b.asSize(b.args[name].value, name, b.args[name].at)
}

func (b *builtinCall) asSize(v value, name string, at source.Pos) dim.Expr {
	if v.kind == unknownKind {
		b.unknown()
	}
	if v.kind != numberKind {
		b.fail(at, "", "%s of %s is a static integer, found %s", name, b.name, v.describe())
	}
	n, problem := v.size()
	if problem != "" {
		b.fail(at, "", "%s of %s must be an integer: it is %s", name, b.name, problem)
	}
	return n
}

// integer returns a static integer that must be known.
func (b *builtinCall) integer(name string, otherwise int) int {
	if !b.has(name) {
		return otherwise
	}
	n, known := b.size(name).Int()
	if !known {
		b.unknown()
	}
	return n
}

// sizes returns a list of static integers that are not negative.
func (b *builtinCall) sizes(name string) []dim.Expr {
	a := b.args[name]
	elems := []value{a.value}
	if a.value.kind == listKind {
		elems = a.value.elems
	}
	var out []dim.Expr
	for _, v := range elems {
		n := b.asSize(v, name, a.at)
		if k, ok := n.Int(); ok && k < 0 {
			b.fail(a.at, "", "a size of %s cannot be negative, found %d", b.name, k)
		}
		out = append(out, n)
	}
	return out
}

// axis returns an axis of a tensor of the given rank; negative ones count from
// the end.
func (b *builtinCall) axis(name string, x ir.Type, otherwise int) int {
	return b.normal(b.integer(name, otherwise), x, b.placeOf(name))
}

func (b *builtinCall) normal(axis int, x ir.Type, at source.Pos) int {
	r := x.Rank()
	if axis < -r || axis >= r {
		b.fail(at, "", "axis %d of %s is out of range for %v", axis, b.name, x.Plain())
	}
	if axis < 0 {
		axis += r
	}
	return axis
}

// axes returns the axes of axis=, ascending; all of them where it is left out.
func (b *builtinCall) axes(x ir.Type) []int {
	a, ok := b.args["axis"]
	if !ok {
		all := make([]int, x.Rank())
		for i := range all {
			all[i] = i
		}
		return all
	}
	elems := []value{a.value}
	if a.value.kind == listKind {
		elems = a.value.elems
	}
	var out []int
	for _, v := range elems {
		n, known := b.asSize(v, "axis", a.at).Int()
		if !known {
			b.unknown()
		}
		axis := b.normal(n, x, a.at)
		if slices.Contains(out, axis) {
			b.fail(a.at, "", "axis %d of %s is named twice", axis, b.name)
		}
		out = append(out, axis)
	}
	slices.Sort(out)
	return out
}

// tensors returns a list of tensors, at least one.
func (b *builtinCall) tensors(name string) []*ir.Value {
	a := b.args[name]
	if a.value.kind != listKind {
		b.fail(a.at, "write "+b.name+"([a, b])", "%s of %s is a list of tensors, found %s", name, b.name, a.value.describe())
	}
	if len(a.value.elems) == 0 {
		b.fail(a.at, "", "%s takes at least one tensor", b.name)
	}
	var out []*ir.Value
	for _, v := range a.value.elems {
		if v.kind == unknownKind {
			b.unknown()
		}
		out = append(out, b.asTensor(arg{value: v, at: a.at}, "an element"))
	}
	return out
}

// dtype returns the element type of dtype=.
func (b *builtinCall) dtype(otherwise tensor.DType) tensor.DType {
	a, ok := b.args["dtype"]
	if !ok {
		return otherwise
	}
	if a.value.kind != typeKind || a.value.typ.Rank() != 0 {
		b.fail(a.at, "write dtype=f32", "dtype of %s is an element type, found %s", b.name, a.value.describe())
	}
	return a.value.typ.DType
}

// floats checks that the tensor's elements are floats.
func (b *builtinCall) floats(x *ir.Value) *ir.Value {
	if !x.Type.DType.IsFloat() {
		b.fail(b.at, "convert it: f32(...)", "%s takes floats, found %v", b.name, x.Type.Plain())
	}
	return x
}

// keep puts the axes that a reduction removed back with size 1.
func (b *builtinCall) keep(x, reduced *ir.Value, axes []int) *ir.Value {
	shape := slices.Clone(x.Type.Shape)
	for _, axis := range axes {
		shape[axis] = dim.Const(1)
	}
	return b.reshape(reduced, shape)
}

func (b *builtinCall) reshape(x *ir.Value, shape []dim.Expr) *ir.Value {
	if slices.EqualFunc(x.Type.Shape, shape, dim.Expr.Equal) {
		return x
	}
	return b.emit(ir.OpReshape, nil, ir.Type{DType: x.Type.DType, Shape: shape}, x)
}
