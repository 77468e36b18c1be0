package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// A law is a rule with the code that finds its left side at a value and makes
// the right one: nil where it does not apply.
type law struct {
	*Rule
	apply func(w *rewriter, v *ir.Value) func() *ir.Value
}

// laws are tried in order.
var laws = []law{
	{&Rule{"transposed twice", "transpose(transpose(x, p), q) = transpose(x, p[q])", Exact}, transposedTwice},
	{&Rule{"transposed in place", "transpose(x, [0, 1, ..]) = x", Exact}, transposedInPlace},
	{&Rule{"reshaped twice", "reshape(reshape(x, a), b) = reshape(x, b)", Exact}, reshapedTwice},
	{&Rule{"reshaped in place", "reshape(x, x.shape) = x", Exact}, reshapedInPlace},
}

// simplify applies laws that never cost anything:
//
//	x.T.T   becomes   x
//
// It goes on at a value until no law applies to it.
func simplify(ctx *Context, f *ir.Func) error {
	w := newRewriter(ctx, f)
	w.run(func(v *ir.Value) *ir.Value {
		for _, l := range laws {
			right := l.apply(w, v)
			if right == nil || !w.allowed(l.Rule) {
				continue
			}
			before := v.Work()
			made := len(w.body)
			v = right()
			after := 0
			for _, u := range w.body[made:] {
				after += u.Work()
			}
			w.rewrote(l.Rule, v.Pos, (before-after)*w.turns)
		}
		return v
	})
	return nil
}

// rules returns the rules of laws.
func rules(laws []law) []*Rule {
	var out []*Rule
	for _, l := range laws {
		out = append(out, l.Rule)
	}
	return out
}

func transposedTwice(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTranspose || v.Args[0].Op != ir.OpTranspose {
		return nil
	}
	x := v.Args[0]
	inner, outer := x.Attrs.(*ir.PermAttrs).Perm, v.Attrs.(*ir.PermAttrs).Perm
	perm := make([]int, len(outer))
	for i, p := range outer {
		perm[i] = inner[p]
	}
	return func() *ir.Value {
		return w.emit(v, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, x.Args[0])
	}
}

func transposedInPlace(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpTranspose || !slices.IsSorted(v.Attrs.(*ir.PermAttrs).Perm) {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}

func reshapedTwice(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpReshape || v.Args[0].Op != ir.OpReshape {
		return nil
	}
	return func() *ir.Value { return w.emit(v, ir.OpReshape, nil, v.Type.Plain(), v.Args[0].Args[0]) }
}

func reshapedInPlace(_ *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpReshape || !v.Type.Equal(v.Args[0].Type) {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}
