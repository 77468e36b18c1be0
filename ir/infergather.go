package ir

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func checkIndex(t Type) error {
	if !t.DType.IsInt() {
		return fmt.Errorf("want integer indices, have %v", t)
	}
	return nil
}

func checkStart(t Type) error {
	if t.DType != tensor.I64 || len(t.Shape) != 0 {
		return fmt.Errorf("want an i64 scalar, have %v", t)
	}
	return nil
}

func inferDynSlice(args []Type, attrs Attrs, _ Type) (Type, error) {
	a, t := attrs.(*DynSliceAttrs), args[0].Plain()
	if err := checkStart(args[1]); err != nil {
		return Type{}, err
	}
	if err := checkAxis(a.Axis, t); err != nil {
		return Type{}, err
	}
	t.Shape = slices.Clone(t.Shape)
	t.Shape[a.Axis] = a.Size
	return stated(t)
}

func inferDynUpdate(args []Type, attrs Attrs, _ Type) (Type, error) {
	axis, t, part := attrs.(*AxisAttrs).Axis, args[0].Plain(), args[1].Plain()
	if err := checkStart(args[2]); err != nil {
		return Type{}, err
	}
	if err := checkAxis(axis, t); err != nil {
		return Type{}, err
	}
	if part.DType != t.DType || len(part.Shape) != len(t.Shape) {
		return Type{}, fmt.Errorf("%v is no part of %v", part, t)
	}
	for i := range t.Shape {
		if i == axis || SameSize(t.Shape[i], part.Shape[i]) {
			continue
		}
		return Type{}, fmt.Errorf("%v is no part of %v at axis %d", part, t, i)
	}
	return t, nil
}

func inferTake(args []Type, attrs Attrs, _ Type) (Type, error) {
	axis, t, idx := attrs.(*AxisAttrs).Axis, args[0].Plain(), args[1]
	if err := checkAxis(axis, t); err != nil {
		return Type{}, err
	}
	if err := checkIndex(idx); err != nil {
		return Type{}, err
	}
	t.Shape = slices.Concat(t.Shape[:axis], idx.Shape, t.Shape[axis+1:])
	return stated(t)
}

func checkAlong(axis int, t, idx Type) error {
	if err := checkAxis(axis, t); err != nil {
		return err
	}
	if err := checkIndex(idx); err != nil {
		return err
	}
	if len(idx.Shape) != len(t.Shape) {
		return fmt.Errorf("want indices of rank %d, have %v", len(t.Shape), idx.Plain())
	}
	for i := range t.Shape {
		if i != axis && !SameSize(t.Shape[i], idx.Shape[i]) {
			return fmt.Errorf("%v and indices %v differ at axis %d: %v and %v", t.Plain(), idx.Plain(), i, t.Shape[i], idx.Shape[i])
		}
	}
	return nil
}

func inferTakeAlong(args []Type, attrs Attrs, _ Type) (Type, error) {
	if err := checkAlong(attrs.(*AxisAttrs).Axis, args[0], args[1]); err != nil {
		return Type{}, err
	}
	return Type{DType: args[0].DType, Shape: args[1].Shape}, nil
}

func inferScatter(args []Type, attrs Attrs, want Type) (Type, error) {
	a := attrs.(*ScatterAttrs)
	into := args[0].Plain()
	part, err := inferTake(args[:2], &AxisAttrs{a.Axis}, want)
	if err != nil {
		return Type{}, err
	}
	if err := scatters(a, into); err != nil {
		return Type{}, err
	}
	if !part.Equal(args[2]) {
		return Type{}, fmt.Errorf("want updates %v for %v, have %v", part, into, args[2].Plain())
	}
	return into, nil
}

func inferScatterAlong(args []Type, attrs Attrs, _ Type) (Type, error) {
	a := attrs.(*ScatterAttrs)
	into := args[0].Plain()
	if err := checkAlong(a.Axis, into, args[1]); err != nil {
		return Type{}, err
	}
	if err := scatters(a, into); err != nil {
		return Type{}, err
	}
	if part := (Type{DType: into.DType, Shape: args[1].Shape}); !part.Equal(args[2]) {
		return Type{}, fmt.Errorf("want updates %v for %v, have %v", part, into, args[2].Plain())
	}
	return into, nil
}

// scatters checks that elements can be added where they are to be added up.
func scatters(a *ScatterAttrs, into Type) error {
	if a.Set {
		return nil
	}
	return numeric.check(into)
}

func inferOneHot(args []Type, _ Attrs, want Type) (Type, error) {
	if err := checkIndex(args[0]); err != nil {
		return Type{}, err
	}
	if r := len(want.Shape) - 1; r < 0 || !sameShape(want.Shape[:r], args[0].Shape) {
		return Type{}, fmt.Errorf("%v is no one-hot form of %v", want.Plain(), args[0].Plain())
	}
	return stated(want.Plain())
}

func inferArgSort(args []Type, attrs Attrs, _ Type) (Type, error) {
	if err := anyType.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].WithDType(tensor.I64), checkAxis(attrs.(*SortAttrs).Axis, args[0])
}

func inferTopK(args []Type, attrs Attrs, _ Type) (Type, error) {
	a, t := attrs.(*TopKAttrs), args[0].WithDType(tensor.I64)
	if err := anyType.check(args[0]); err != nil {
		return Type{}, err
	}
	if err := checkAxis(a.Axis, t); err != nil {
		return Type{}, err
	}
	if dim.Less(t.Shape[a.Axis], a.K) == dim.Yes {
		return Type{}, fmt.Errorf("axis %d of %v has fewer than %v elements", a.Axis, args[0].Plain(), a.K)
	}
	t.Shape = slices.Clone(t.Shape)
	t.Shape[a.Axis] = a.K
	return stated(t)
}
