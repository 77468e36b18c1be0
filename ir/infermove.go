package ir

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir/dim"
)

// Product returns the product of sizes.
func Product(shape []dim.Expr) dim.Expr {
	n := dim.Const(1)
	for _, s := range shape {
		n = dim.Mul(n, s)
	}
	return n
}

func inferReshape(args []Type, _ Attrs, want Type) (Type, error) {
	if want.DType != args[0].DType {
		return Type{}, fmt.Errorf("a reshape keeps the element type: %v to %v", args[0].Plain(), want)
	}
	if m, n := Product(args[0].Shape), Product(want.Shape); dim.Equal(m, n) == dim.No {
		return Type{}, fmt.Errorf("%v has %v elements, %v has %v", args[0].Plain(), m, want.Plain(), n)
	}
	return stated(want.Plain())
}

func inferBroadcast(args []Type, _ Attrs, want Type) (Type, error) {
	shape, err := BroadcastShape(args[0].Shape, want.Shape)
	if err != nil || !sameShape(shape, want.Shape) || want.DType != args[0].DType {
		return Type{}, fmt.Errorf("%v does not stretch to %v", args[0].Plain(), want)
	}
	return stated(want.Plain())
}

func inferTranspose(args []Type, attrs Attrs, _ Type) (Type, error) {
	perm, t := attrs.(*PermAttrs).Perm, args[0].Plain()
	if sorted := slices.Sorted(slices.Values(perm)); len(perm) != len(t.Shape) || !isRange(sorted) {
		return Type{}, fmt.Errorf("%v is no order of the %d axes of %v", perm, len(t.Shape), t)
	}
	out := Type{DType: t.DType}
	for _, p := range perm {
		out.Shape = append(out.Shape, t.Shape[p])
	}
	return out, nil
}

// isRange reports whether s is 0, 1, 2, ...
func isRange(s []int) bool {
	for i, v := range s {
		if i != v {
			return false
		}
	}
	return true
}

// checkSlice checks that size elements from start on, step apart, lie in n.
func checkSlice(start dim.Expr, step int, size, n dim.Expr) error {
	if step == 0 {
		return fmt.Errorf("a slice has step 0")
	}
	first, ok1 := start.Int()
	count, ok2 := size.Int()
	m, ok3 := n.Int()
	if !ok1 || !ok2 || !ok3 || count == 0 {
		return nil
	}
	last, ok := dim.Add(start, dim.Mul(dim.Const(count-1), dim.Const(step))).Int()
	if !ok || min(first, last) < 0 || max(first, last) >= m {
		return fmt.Errorf("%d elements from %d on in steps of %d lie outside of size %d", count, first, step, m)
	}
	return nil
}

func inferSlice(args []Type, attrs Attrs, want Type) (Type, error) {
	s, t := attrs.(*SliceAttrs), args[0].Plain()
	if len(s.Start) != len(t.Shape) || len(s.Step) != len(t.Shape) || len(want.Shape) != len(t.Shape) || want.DType != t.DType {
		return Type{}, fmt.Errorf("start, step and type %v do not fit %v", want, t)
	}
	for i := range t.Shape {
		if err := checkSlice(s.Start[i], s.Step[i], want.Shape[i], t.Shape[i]); err != nil {
			return Type{}, fmt.Errorf("axis %d of %v: %w", i, t, err)
		}
	}
	return stated(want.Plain())
}

func inferUpdate(args []Type, attrs Attrs, _ Type) (Type, error) {
	s, t, part := attrs.(*SliceAttrs), args[0].Plain(), args[1].Plain()
	if len(s.Start) != len(t.Shape) || len(s.Step) != len(t.Shape) || len(part.Shape) != len(t.Shape) || part.DType != t.DType {
		return Type{}, fmt.Errorf("start, step and part %v do not fit %v", part, t)
	}
	for i := range t.Shape {
		if err := checkSlice(s.Start[i], s.Step[i], part.Shape[i], t.Shape[i]); err != nil {
			return Type{}, fmt.Errorf("axis %d of %v: %w", i, t, err)
		}
	}
	return t, nil
}

func inferConcat(args []Type, attrs Attrs, _ Type) (Type, error) {
	axis, out := attrs.(*AxisAttrs).Axis, args[0].Plain()
	if err := checkAxis(axis, out); err != nil {
		return Type{}, err
	}
	out.Shape = slices.Clone(out.Shape)
	for _, t := range args[1:] {
		if t.DType != out.DType || len(t.Shape) != len(out.Shape) {
			return Type{}, fmt.Errorf("%v and %v do not join", args[0].Plain(), t.Plain())
		}
		for i := range t.Shape {
			if i != axis && !SameSize(t.Shape[i], out.Shape[i]) {
				return Type{}, fmt.Errorf("%v and %v differ at axis %d: %v and %v", args[0].Plain(), t.Plain(), i, out.Shape[i], t.Shape[i])
			}
		}
		out.Shape[axis] = dim.Add(out.Shape[axis], t.Shape[axis])
	}
	return out, nil
}

func inferPad(args []Type, attrs Attrs, _ Type) (Type, error) {
	p, t := attrs.(*PadAttrs), args[0].Plain()
	if len(p.Lo) != len(t.Shape) || len(p.Hi) != len(t.Shape) {
		return Type{}, fmt.Errorf("want a pair for each of the %d axes of %v, have %d and %d", len(t.Shape), t, len(p.Lo), len(p.Hi))
	}
	if p.Value.IsInt == t.DType.IsFloat() {
		return Type{}, fmt.Errorf("the value and %v are not of one kind", t)
	}
	out := Type{DType: t.DType}
	for i, n := range t.Shape {
		for _, w := range []dim.Expr{p.Lo[i], p.Hi[i]} {
			if k, ok := w.Int(); ok && k < 0 {
				return Type{}, fmt.Errorf("axis %d of %v is padded by the negative number %d", i, t, k)
			}
		}
		m := dim.Add(dim.Add(p.Lo[i], n), p.Hi[i])
		if err := m.Err(); err != nil {
			return Type{}, fmt.Errorf("axis %d of %v, padded by %v and %v: %w", i, t, p.Lo[i], p.Hi[i], err)
		}
		out.Shape = append(out.Shape, m)
	}
	return out, nil
}

func inferTri(args []Type, _ Attrs, _ Type) (Type, error) {
	return args[0].Plain(), checkMatrix(args[0])
}

func inferDiag(args []Type, _ Attrs, _ Type) (Type, error) {
	t := args[0].Plain()
	if len(t.Shape) == 0 {
		return Type{}, fmt.Errorf("want a vector, have %v", t)
	}
	t.Shape = append(slices.Clone(t.Shape), t.Shape[len(t.Shape)-1])
	return stated(t)
}

func inferDiagonal(args []Type, _ Attrs, _ Type) (Type, error) {
	t := args[0].Plain()
	if err := checkMatrix(t); err != nil {
		return Type{}, err
	}
	r := len(t.Shape)
	t.Shape = append(slices.Clone(t.Shape[:r-2]), dim.Min(t.Shape[r-2], t.Shape[r-1]))
	return t, nil
}

func inferAssume(args []Type, _ Attrs, want Type) (Type, error) {
	if !args[0].Equal(want) {
		return Type{}, fmt.Errorf("a promise keeps the type: %v and %v", args[0].Plain(), want.Plain())
	}
	p := want.Props
	if p.Has(Unit) && !p.Any(Lower|Upper) {
		return Type{}, fmt.Errorf("unit stands beside lower or upper")
	}
	if p.Has(SPD) && !want.DType.IsFloat() {
		return Type{}, fmt.Errorf("spd asks for floats, have %v", want.Plain())
	}
	check := checkMatrix
	if p.NeedsSquare() {
		check = checkSquare
	}
	if err := check(want); err != nil {
		return Type{}, fmt.Errorf("%v: %w", p, err)
	}
	return want, nil
}
