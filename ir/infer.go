package ir

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A kind is a set of element types that an operation takes.
type kind struct {
	name string
	has  func(DType) bool
}

var (
	anyType = kind{"any element type", func(DType) bool { return true }}
	numeric = kind{"numbers", func(d DType) bool { return d != tensor.Bool }}
	float   = kind{"floats", DType.IsFloat}
	integer = kind{"integers", DType.IsInt}
	boolean = kind{"bool", func(d DType) bool { return d == tensor.Bool }}
)

func (k kind) check(t Type) error {
	if t.Tuple != nil {
		return fmt.Errorf("want a tensor, have the tuple %v", t)
	}
	if !k.has(t.DType) {
		return fmt.Errorf("want %s, have %v", k.name, t)
	}
	return nil
}

// BroadcastShape returns the shape that NumPy's rule gives: shapes are aligned
// at their last dimension, and a literal 1 stretches.
func BroadcastShape(a, b []dim.Expr) ([]dim.Expr, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	off := len(a) - len(b)
	for i, n := range b {
		switch m := a[off+i]; {
		case IsOne(n):
		case IsOne(m): // before SameSize, which cannot tell 1 from min(4, k)
			out[off+i] = n
		case SameSize(m, n):
		default:
			return nil, fmt.Errorf("sizes differ: %v and %v", m, n)
		}
	}
	return out, nil
}

func broadcastTypes(args []Type) (Type, error) {
	out := args[0].Plain()
	for _, t := range args[1:] {
		if t.DType != out.DType {
			return Type{}, fmt.Errorf("element types differ: %v and %v", args[0].Plain(), t.Plain())
		}
		shape, err := BroadcastShape(out.Shape, t.Shape)
		if err != nil {
			return Type{}, fmt.Errorf("%v and %v do not broadcast: %w", args[0].Plain(), t.Plain(), err)
		}
		out.Shape = shape
	}
	return out, nil
}

func unary(k kind) func([]Type, Attrs, Type) (Type, error) { return binary(k) }

func binary(k kind) func([]Type, Attrs, Type) (Type, error) {
	return func(args []Type, _ Attrs, _ Type) (Type, error) {
		for _, t := range args {
			if err := k.check(t); err != nil {
				return Type{}, err
			}
		}
		return broadcastTypes(args)
	}
}

func compare(k kind) func([]Type, Attrs, Type) (Type, error) {
	same := binary(k)
	return func(args []Type, attrs Attrs, want Type) (Type, error) {
		t, err := same(args, attrs, want)
		return t.WithDType(tensor.Bool), err
	}
}

func inferWhere(args []Type, _ Attrs, _ Type) (Type, error) {
	if err := boolean.check(args[0]); err != nil {
		return Type{}, fmt.Errorf("condition: %w", err)
	}
	t, err := broadcastTypes(args[1:])
	if err != nil {
		return Type{}, err
	}
	t.Shape, err = BroadcastShape(args[0].Shape, t.Shape)
	return t, err
}

// stated checks what holds for every type that a maker states.
func stated(want Type) (Type, error) {
	switch {
	case want.Tuple != nil || want.DType == tensor.Invalid:
		return Type{}, fmt.Errorf("want a tensor type, have %v", want)
	case len(want.Shape) > MaxRank:
		return Type{}, fmt.Errorf("rank %d is above the limit of %d", len(want.Shape), MaxRank)
	}
	for _, n := range want.Shape {
		if v, ok := n.Int(); ok && v < 0 {
			return Type{}, fmt.Errorf("%v has the negative size %d", want, v)
		}
	}
	return want, nil
}

func inferConst(_ []Type, attrs Attrs, want Type) (Type, error) {
	data := attrs.(*ConstAttrs).Data
	if data == nil {
		return Type{}, fmt.Errorf("a constant has no elements")
	}
	if t := Make(data.DType(), data.Shape()...); !t.Equal(want) {
		return Type{}, fmt.Errorf("the elements are %v, the type is %v", t, want)
	}
	return stated(want)
}

func inferFull(_ []Type, attrs Attrs, want Type) (Type, error) {
	if n := attrs.(*FullAttrs).Value; n.IsInt == want.DType.IsFloat() {
		return Type{}, fmt.Errorf("the value and %v are not of one kind", want)
	}
	return stated(want)
}

func inferIota(_ []Type, attrs Attrs, want Type) (Type, error) {
	if err := numeric.check(want); err != nil {
		return Type{}, err
	}
	if err := checkAxis(attrs.(*AxisAttrs).Axis, want); err != nil {
		return Type{}, err
	}
	return stated(want)
}

func inferConvert(args []Type, _ Attrs, want Type) (Type, error) {
	if !sameShape(args[0].Shape, want.Shape) {
		return Type{}, fmt.Errorf("a conversion keeps the shape: %v to %v", args[0], want)
	}
	return stated(want.Plain())
}

func checkAxis(axis int, t Type) error {
	if axis < 0 || axis >= len(t.Shape) {
		return fmt.Errorf("axis %d of %v is out of range", axis, t.Plain())
	}
	return nil
}

// inferLoop sees lo, hi and the first values; the body is Verify's concern.
func inferLoop(args []Type, attrs Attrs, _ Type) (Type, error) {
	if attrs.(*LoopAttrs).Step == 0 {
		return Type{}, fmt.Errorf("a loop has step 0")
	}
	if len(args) < 3 {
		return Type{}, fmt.Errorf("a loop takes its bounds and at least one carried value, have %d operands", len(args))
	}
	for _, t := range args[:2] {
		if err := checkStart(t); err != nil {
			return Type{}, err
		}
	}
	if len(args) == 3 {
		return args[2].Plain(), nil
	}
	var out Type
	for _, t := range args[2:] {
		out.Tuple = append(out.Tuple, t.Plain())
	}
	return out, nil
}

func inferGet(args []Type, attrs Attrs, _ Type) (Type, error) {
	i := attrs.(*GetAttrs).Index
	if i < 0 || i >= len(args[0].Tuple) {
		return Type{}, fmt.Errorf("%v has no part %d", args[0], i)
	}
	return args[0].Tuple[i], nil
}
