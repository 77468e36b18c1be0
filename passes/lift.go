package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A lifted value is one for all numbers of a bundle: with an axis for them before
// all others, or the same for each.
type lifted struct {
	*ir.Value
	axis bool
	of   []*ir.Value // the list that it stands for
}

// lifting makes the terms of a bundle for all numbers at once.
type lifting struct {
	*rewriter
	bundle
	done map[*ir.Value][]lifted // by the first one of their lists
	made []*ir.Value            // with an axis
}

// sums returns the sum of each term; ok is false where one can't be made.
func (l *lifting) sums() (out []*ir.Value, ok bool) {
	for _, t := range l.terms {
		v, ok := l.lift(t)
		if !ok || !v.axis || !t[0].Type.Plain().Equal(l.at.Type.Plain()) {
			return nil, false
		}
		out = append(out, l.emit(l.at, ir.OpSum, &ir.AxesAttrs{Axes: []int{0}}, ir.Type{}, v.Value))
	}
	return out, true
}

// lift returns what stands for a list of values, one for each number, or the one
// of a loop; ok is false where they are not alike, or their operation knows no
// axis more.
func (l *lifting) lift(list []*ir.Value) (out lifted, ok bool) {
	now := make([]*ir.Value, len(list))
	for i, v := range list {
		now[i] = l.of(v)
	}
	list = now
	first := list[0]
	if l.counter == nil && !slices.ContainsFunc(list, func(v *ir.Value) bool { return v != first }) {
		return lifted{Value: first}, true
	}
	if l.counter != nil && first != l.counter && l.home[first] <= l.depth {
		return lifted{Value: first}, true
	}
	for _, v := range l.done[first] {
		if slices.Equal(v.of, list) {
			return v, true
		}
	}
	defer func() {
		if ok {
			out.of = list
			l.done[first] = append(l.done[first], out)
		}
	}()
	if counted, ok := l.numbers(list); ok {
		return lifted{Value: counted, axis: true}, true
	}
	if first.Op == ir.OpParam || first.Body != nil || first.Type.Tuple != nil {
		return lifted{}, false
	}
	if out, ok := l.part(list); ok {
		return l.note(out)
	}
	for _, v := range list[1:] {
		if v.Op != first.Op || !v.Type.Equal(first.Type) || v.Cost != first.Cost || len(v.Args) != len(first.Args) || ir.AttrString(v.Attrs) != ir.AttrString(first.Attrs) {
			return lifted{}, false
		}
	}
	args := make([]lifted, len(first.Args))
	axis := false
	for k := range args {
		operands := make([]*ir.Value, len(list))
		for i, v := range list {
			operands[i] = v.Args[k]
		}
		if args[k], ok = l.lift(operands); !ok {
			return lifted{}, false
		}
		axis = axis || args[k].axis
	}
	if !axis {
		plain := make([]*ir.Value, len(args))
		for k, a := range args {
			plain[k] = a.Value
		}
		u := l.emit(l.at, first.Op, first.Attrs, first.Type, plain...)
		u.Cost = first.Cost
		return lifted{Value: u}, true
	}
	return l.note(l.operation(first, args))
}

// note remembers what has an axis.
func (l *lifting) note(v lifted) (lifted, bool) {
	if v.axis {
		l.made = append(l.made, v.Value)
	}
	return v, v.Value != nil
}

// numbers returns 0, 1, .. where a list is that.
func (l *lifting) numbers(list []*ir.Value) (*ir.Value, bool) {
	first := list[0]
	if l.counter != nil {
		if first != l.counter && !(first.Op == ir.OpConvert && first.Args[0] == l.counter && first.Type.DType.IsInt() && first.Type.DType.Size() >= 4) {
			return nil, false
		}
	} else {
		for i, v := range list {
			if v.Op != ir.OpFull || !v.IsScalar() || !v.Type.DType.IsInt() || v.Attrs.(*ir.FullAttrs).Value.Int != int64(i) {
				return nil, false
			}
		}
	}
	return l.emit(l.at, ir.OpIota, &ir.AxisAttrs{}, ir.Make(first.Type.DType, l.n)), true
}

// part returns the parts of a value that are one place along an axis each, that
// of the number.
func (l *lifting) part(list []*ir.Value) (lifted, bool) {
	first := list[0]
	axis, begin := -1, 0
	switch {
	case l.counter != nil && first.Op == ir.OpDynSlice && first.Args[1] == l.counter:
		axis = first.Attrs.(*ir.DynSliceAttrs).Axis
	case l.counter == nil && first.Op == ir.OpSlice:
		starts := first.Attrs.(*ir.SliceAttrs).Start
		for k := range starts {
			a, _ := starts[k].Int()
			b, ok := 0, list[1].Op == ir.OpSlice && len(list[1].Attrs.(*ir.SliceAttrs).Start) == len(starts)
			if ok {
				b, _ = list[1].Attrs.(*ir.SliceAttrs).Start[k].Int()
			}
			if ok && a != b {
				axis, begin = k, a
				break
			}
		}
		if axis < 0 {
			return lifted{}, false
		}
		for i, v := range list {
			if v.Op != ir.OpSlice || v.Args[0] != first.Args[0] || !v.Type.Equal(first.Type) {
				return lifted{}, false
			}
			a, want := v.Attrs.(*ir.SliceAttrs), slices.Clone(starts)
			want[axis] = dim.Const(begin + i)
			if !slices.Equal(a.Step, first.Attrs.(*ir.SliceAttrs).Step) || !slices.EqualFunc(a.Start, want, dim.Expr.Equal) {
				return lifted{}, false
			}
		}
	default:
		return lifted{}, false
	}
	x := first.Args[0]
	whole, ok := lifted{Value: l.of(x)}, true
	if l.counter != nil {
		whole, ok = l.lift([]*ir.Value{x})
	}
	size := first.Type.Dims()
	if !ok || whole.axis || size[axis] != 1 || begin+l.n > x.Type.Dims()[axis] {
		return lifted{}, false
	}
	start, step := make([]dim.Expr, len(size)), make([]int, len(size))
	for k := range size {
		start[k], step[k] = dim.Const(0), 1
	}
	if first.Op == ir.OpSlice {
		copy(start, first.Attrs.(*ir.SliceAttrs).Start)
		copy(step, first.Attrs.(*ir.SliceAttrs).Step)
	}
	step[axis] = 1
	some := slices.Clone(size)
	some[axis] = l.n
	u := whole.Value
	if !slices.Equal(some, u.Type.Dims()) || slices.ContainsFunc(step, func(s int) bool { return s != 1 }) {
		u = l.emit(l.at, ir.OpSlice, &ir.SliceAttrs{Start: start, Step: step}, ir.Make(u.Type.DType, some...), u)
	}
	if axis > 0 {
		perm := []int{axis}
		for k := range size {
			if k != axis {
				perm = append(perm, k)
			}
		}
		u = l.emit(l.at, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, u)
	}
	return lifted{Value: l.withAxis(u, size), axis: true}, true
}

// withAxis returns what has an axis with other sizes behind it.
func (l *lifting) withAxis(x *ir.Value, size []int) *ir.Value {
	for x.Op == ir.OpReshape {
		x = x.Args[0]
	}
	dims := append([]int{l.n}, size...)
	if slices.Equal(dims, x.Type.Dims()) {
		return x
	}
	return l.emit(l.at, ir.OpReshape, nil, ir.Make(x.Type.DType, dims...), x)
}

// operation returns what v makes of operands of which some have an axis; no value
// where it can't.
func (l *lifting) operation(v *ir.Value, args []lifted) lifted {
	dims := v.Type.Dims()
	if len(dims)+1 > ir.MaxRank {
		return lifted{}
	}
	var attrs ir.Attrs
	operands := make([]*ir.Value, len(args))
	for k, a := range args {
		operands[k] = a.Value
	}
	switch {
	case v.Op.Info().Class == ir.Elementwise, v.Op == ir.OpBroadcast:
		for k, a := range args {
			if of := v.Args[k].Type.Dims(); a.axis && len(of) < len(dims) {
				ones := slices.Repeat([]int{1}, len(dims)-len(of))
				operands[k] = l.withAxis(a.Value, append(ones, of...))
			}
		}
	case v.Op == ir.OpReshape:
		return lifted{Value: l.withAxis(operands[0], dims), axis: true}
	case v.Op == ir.OpContract:
		spec, ok := withLetter(v.Attrs.(*ir.ContractAttrs).Spec, args)
		if !ok {
			return lifted{}
		}
		attrs = &ir.ContractAttrs{Spec: spec}
	case v.Op == ir.OpTranspose:
		perm := []int{0}
		for _, p := range v.Attrs.(*ir.PermAttrs).Perm {
			perm = append(perm, p+1)
		}
		attrs = &ir.PermAttrs{Perm: perm}
	case v.Op == ir.OpArgMax, v.Op == ir.OpArgMin:
		attrs = &ir.AxisAttrs{Axis: v.Attrs.(*ir.AxisAttrs).Axis + 1}
	case v.Op.Info().Class == ir.Reduction:
		var axes []int
		for _, i := range v.Attrs.(*ir.AxesAttrs).Axes {
			axes = append(axes, i+1)
		}
		attrs = &ir.AxesAttrs{Axes: axes}
	case v.Op == ir.OpSlice:
		a := v.Attrs.(*ir.SliceAttrs)
		attrs = &ir.SliceAttrs{Start: append([]dim.Expr{dim.Const(0)}, a.Start...), Step: append([]int{1}, a.Step...)}
	default:
		return lifted{}
	}
	u := l.emit(l.at, v.Op, attrs, ir.Make(v.Type.DType, append([]int{l.n}, dims...)...), operands...)
	u.Cost = v.Cost
	return lifted{Value: u, axis: true}
}

// withLetter returns a specification with one more index, the first one, of those
// operands that have an axis and of the result; ok is false if there is no letter
// left.
func withLetter(spec string, args []lifted) (string, bool) {
	operands, result, _ := ir.SplitSpec(spec)
	letter := ""
	for c := byte('a'); c <= 'z'; c++ {
		if !contains(spec, c) {
			letter = string(c)
			break
		}
	}
	for k, a := range args {
		if a.axis {
			operands[k] = letter + operands[k]
		}
	}
	return canonical(strings.Join(operands, ",") + "->" + letter + result), letter != ""
}
