package check

import (
	"fmt"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// emit makes an operation at c.pos.
func (c *checker) emit(at source.Pos, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) value {
	c.b.Pos = at
	v, err := c.b.Emit(op, attrs, want, args...)
	if err != nil {
		c.report(at, err)
		return badValue
	}
	c.made(v, at)
	return tensorValue(v)
}

// scalar makes a scalar of a static value.
func (c *checker) scalar(v value, d tensor.DType, at source.Pos) value {
	n := ir.Number{}
	var err error
	if v.kind == flagKind {
		if d != tensor.Bool {
			err = fmt.Errorf("%s is no number, as %v asks for", v.describe(), d)
		}
		n = ir.IntNumber(0)
		if v.flag == yes {
			n = ir.IntNumber(1)
		}
	} else {
		n, err = v.num.element(d)
	}
	if err != nil {
		c.errorf(at, "", "%s", err)
		return badValue
	}
	return c.emit(at, ir.OpFull, &ir.FullAttrs{Value: n}, ir.Make(d))
}

// assume gives a tensor the structure that a type declares.
func (c *checker) assume(v value, want ir.Type, at source.Pos) value {
	if want.Props == (ir.Props{}) {
		return v
	}
	return c.emit(at, ir.OpAssume, nil, v.tensor().Type.WithProps(want.Props), v.tensor())
}

// fits reports whether a tensor of a type is within the limits.
func (c *checker) fits(t ir.Type) error {
	if !t.Static() {
		return nil
	}
	_, _, err := tensor.Size(t.DType, t.Dims(), 0)
	return err
}

// unary computes -x and not x.
func (c *checker) unary(at source.Pos, op syntax.Kind, x value) value {
	switch x.kind {
	case badKind, unknownKind:
		return x
	case tensorKind:
		if op == syntax.Not {
			return c.emit(at, ir.OpNot, nil, ir.Type{}, x.tensor())
		}
		return c.emit(at, ir.OpNeg, nil, ir.Type{}, x.tensor())
	}
	return c.staticUnary(at, op, x)
}

// binary computes x op y.
func (c *checker) binary(at source.Pos, op syntax.Kind, x, y value) value {
	switch {
	case x.kind == badKind || y.kind == badKind:
		return badValue
	case x.kind == unknownKind || y.kind == unknownKind:
		return unknownValue
	case x.kind != tensorKind && y.kind != tensorKind:
		return c.staticBinary(at, op, x, y)
	}
	panic("TODO")
}

func (c *checker) transpose(v value, at source.Pos) value { panic("TODO") }

func (c *checker) update(s *syntax.Update, old value, index []indexArg, v value) value {
	panic("TODO")
}

type indexArg struct{}

func (f *frame) indexArgs(x *syntax.Index) ([]indexArg, bool) { panic("TODO") }

func (c *checker) indexTensor(x *syntax.Index, v value, args []indexArg) value { panic("TODO") }

func (f *frame) convert(x *syntax.Call, t *syntax.TypeLit) value { panic("TODO") }

func (c *checker) builtin(x *syntax.Call, name string, args []arg) value {
	v, _ := c.staticCall(x, name, args)
	return v
}

func isBuiltin(name string) bool { return false }

func builtinNames() []string { return nil }

var _ = dim.Const
