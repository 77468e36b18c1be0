package irtest

import (
	"fmt"

	"github.com/lathe-lang/lathe/ir"
)

// Varied returns a function with the results of f, bit for bit, that goes another
// way to them: operands are moved there and back, values that several need are
// computed again for one of them, and a further result comes after those of f.
// f is not changed.
func Varied(f *ir.Func, seed uint64) *ir.Func {
	out, _ := f.Clone()
	v := &varier{gen{src: Seeded(seed), f: out}}
	v.region(&out.Region)
	if n := len(out.Body); n > 0 {
		if extra := out.Body[v.src.Int(n, "further result")]; extra.Type.Tuple == nil {
			out.Results = append(out.Results, extra)
		}
	}
	out.Rebuild()
	if err := ir.Verify(out); err != nil {
		panic(fmt.Sprintf("irtest: a variation is not well formed: %v", err))
	}
	return out
}

type varier struct{ gen }

func (g *varier) region(r *ir.Region) {
	uses := map[*ir.Value]int{}
	var body []*ir.Value
	add := func(like *ir.Value, op ir.Op, attrs ir.Attrs, want ir.Type, args ...*ir.Value) *ir.Value {
		v, err := g.f.NewValue(like.Pos, op, attrs, want, args...)
		if err != nil {
			panic(fmt.Sprintf("irtest: %v", err)) // every value can be moved there and back
		}
		body = append(body, v)
		return v
	}
	for _, v := range r.Body {
		if v.Body != nil {
			g.region(v.Body)
		}
		for k, a := range v.Args {
			if a.Type.Tuple != nil || a.Type.Rank() == 0 {
				continue
			}
			if uses[a]++; uses[a] > 1 && a.Op != ir.OpParam && a.Body == nil && g.chance(4, "again") {
				a = g.f.Copy(a, a.Args)
				body = append(body, a)
			}
			if g.chance(6, "move") {
				a = g.thereAndBack(v, a, add)
			}
			v.Args[k] = a
		}
		body = append(body, v)
	}
	r.Body = body
}

// thereAndBack moves the elements of a rank of at least one, and back.
func (g *varier) thereAndBack(like, a *ir.Value, add func(*ir.Value, ir.Op, ir.Attrs, ir.Type, ...*ir.Value) *ir.Value) *ir.Value {
	plain := a.Type.Plain()
	dims := plain.Dims()
	r := len(dims)
	axis := g.src.Int(r, "axis")
	ones, start := make([]int, r), make([]int, r)
	for i := range ones {
		ones[i] = 1
	}
	part := func(from, size, step int) *ir.Value {
		shape := append([]int(nil), dims...)
		at, steps := append([]int(nil), start...), append([]int(nil), ones...)
		shape[axis], at[axis], steps[axis] = size, from, step
		return add(like, ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(at...), Step: steps}, ir.Make(plain.DType, shape...), a)
	}
	n := dims[axis]
	switch g.src.Int(4, "way") {
	case 0:
		perm := make([]int, r)
		for i := range perm {
			perm[i] = r - 1 - i
		}
		a = add(like, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none, a)
		return add(like, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, none, a)
	case 1:
		flat := add(like, ir.OpReshape, nil, ir.Make(plain.DType, product(dims)), a)
		return add(like, ir.OpReshape, nil, plain, flat)
	case 2:
		if n > 1 {
			cut := 1 + g.src.Int(n-1, "cut")
			return add(like, ir.OpConcat, &ir.AxisAttrs{Axis: axis}, none, part(0, cut, 1), part(cut, n-cut, 1))
		}
	default:
		if n > 1 {
			a = part(n-1, n, -1)
			return part(n-1, n, -1)
		}
	}
	return a
}
