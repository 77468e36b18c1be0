package ir

import (
	"fmt"
	"slices"
	"strings"

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

// SplitSpec returns the operands' and the result's indices of an einsum
// specification such as "abc,cd->abd".
func SplitSpec(spec string) (operands []string, result string, err error) {
	lhs, result, ok := strings.Cut(spec, "->")
	if !ok {
		return nil, "", fmt.Errorf("%q has no ->", spec)
	}
	for _, c := range strings.ReplaceAll(lhs, ",", "") + result {
		if c < 'a' || c > 'z' {
			return nil, "", fmt.Errorf("%q: indices are the letters a to z, have %q", spec, c)
		}
	}
	return strings.Split(lhs, ","), result, nil
}

// IndexSizes returns the size of each index of a contraction.
func IndexSizes(spec string, args []Type) (map[byte]dim.Expr, error) {
	operands, result, err := SplitSpec(spec)
	if err != nil {
		return nil, err
	}
	if len(operands) != len(args) {
		return nil, fmt.Errorf("%q names %d operands, there are %d", spec, len(operands), len(args))
	}
	sizes := map[byte]dim.Expr{}
	for i, idx := range operands {
		if len(idx) != len(args[i].Shape) {
			return nil, fmt.Errorf("%q has %d indices for operand %d, %v", spec, len(idx), i+1, args[i].Plain())
		}
		for j := range len(idx) {
			if strings.IndexByte(idx, idx[j]) != j {
				return nil, fmt.Errorf("%q repeats %q within one operand", spec, idx[j])
			}
			n := args[i].Shape[j]
			if m, ok := sizes[idx[j]]; ok && !SameSize(m, n) {
				return nil, fmt.Errorf("index %q of %q is %v and %v", idx[j], spec, m, n)
			}
			sizes[idx[j]] = n
		}
	}
	for j := range len(result) {
		if _, ok := sizes[result[j]]; !ok {
			return nil, fmt.Errorf("%q: index %q of the result is in no operand", spec, result[j])
		}
		if strings.IndexByte(result, result[j]) != j {
			return nil, fmt.Errorf("%q repeats %q in the result", spec, result[j])
		}
	}
	return sizes, nil
}

func inferContract(args []Type, attrs Attrs, _ Type) (Type, error) {
	spec := attrs.(*ContractAttrs).Spec
	sizes, err := IndexSizes(spec, args)
	if err != nil {
		return Type{}, err
	}
	for _, t := range args {
		if err := numeric.check(t); err != nil {
			return Type{}, err
		}
		if t.DType != args[0].DType {
			return Type{}, fmt.Errorf("element types differ: %v and %v", args[0].Plain(), t.Plain())
		}
	}
	_, result, _ := SplitSpec(spec)
	out := Type{DType: args[0].DType}
	for j := range len(result) {
		out.Shape = append(out.Shape, sizes[result[j]])
	}
	return out, nil
}

func reduction(k kind) func([]Type, Attrs, Type) (Type, error) {
	return func(args []Type, attrs Attrs, _ Type) (Type, error) {
		t := args[0].Plain()
		if err := k.check(t); err != nil {
			return Type{}, err
		}
		out := Type{DType: t.DType}
		axes := attrs.(*AxesAttrs).Axes
		for i, axis := range axes {
			if err := checkAxis(axis, t); err != nil {
				return Type{}, err
			}
			if i > 0 && axes[i-1] >= axis {
				return Type{}, fmt.Errorf("axes %v are not ascending", axes)
			}
		}
		for i, n := range t.Shape {
			if !slices.Contains(axes, i) {
				out.Shape = append(out.Shape, n)
			}
		}
		return out, nil
	}
}

func inferArg(args []Type, attrs Attrs, _ Type) (Type, error) {
	axis, t := attrs.(*AxisAttrs).Axis, args[0]
	if err := anyType.check(t); err != nil {
		return Type{}, err
	}
	if err := checkAxis(axis, t); err != nil {
		return Type{}, err
	}
	if n, ok := t.Shape[axis].Int(); ok && n == 0 {
		return Type{}, fmt.Errorf("axis %d of %v has no elements to choose from", axis, t.Plain())
	}
	return Type{DType: tensor.I64, Shape: slices.Delete(slices.Clone(t.Shape), axis, axis+1)}, nil
}

func inferCumSum(args []Type, attrs Attrs, _ Type) (Type, error) {
	if err := numeric.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain(), checkAxis(attrs.(*CumSumAttrs).Axis, args[0])
}

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

func checkMatrix(t Type) error {
	if err := anyType.check(t); err != nil {
		return err
	}
	if len(t.Shape) < 2 {
		return fmt.Errorf("want a matrix, have %v", t.Plain())
	}
	return nil
}

func checkSquare(t Type) error {
	if err := checkMatrix(t); err != nil {
		return err
	}
	if m, n := t.Shape[len(t.Shape)-2], t.Shape[len(t.Shape)-1]; !SameSize(m, n) {
		return fmt.Errorf("want a square matrix, have %v (%v and %v)", t.Plain(), m, n)
	}
	return nil
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

func inferCholesky(args []Type, _ Attrs, _ Type) (Type, error) {
	if err := float.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain().WithProps(Props{Set: Lower}), checkSquare(args[0])
}

func inferInv(args []Type, _ Attrs, _ Type) (Type, error) {
	if err := float.check(args[0]); err != nil {
		return Type{}, err
	}
	return args[0].Plain(), checkSquare(args[0])
}

func inferSolve(args []Type, attrs Attrs, _ Type) (Type, error) {
	switch form := attrs.(*SolveAttrs).Form; form {
	case SolveLU, SolveSPD, SolveLower, SolveUpper, SolveUnitLower, SolveUnitUpper, SolveDiagonal:
	default:
		return Type{}, fmt.Errorf("no form of solve is called %q", form)
	}
	a, b := args[0].Plain(), args[1].Plain()
	if err := float.check(a); err != nil {
		return Type{}, err
	}
	if err := checkSquare(a); err != nil {
		return Type{}, err
	}
	r := len(a.Shape)
	if b.DType != a.DType || len(b.Shape) != r || !sameShape(b.Shape[:r-1], a.Shape[:r-1]) {
		return Type{}, fmt.Errorf("want right-hand sides of %v rows for %v, have %v", a.Shape[r-1], a, b)
	}
	return b, nil
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
