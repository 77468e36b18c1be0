package eval

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// literals are the elements that movement puts where no operand is.
type literals[T any] struct{ zero, one T }

// move evaluates an operation of class Movement, of which x are the operands.
// fill is the value of pad.
func move[T any](v *ir.Value, x []array[T], lit literals[T], fill T) array[T] {
	shape := v.Type.Dims()
	switch v.Op {
	case ir.OpReshape:
		return array[T]{shape, x[0].data}
	case ir.OpTranspose:
		return permuted(x[0], v.Attrs.(*ir.PermAttrs).Perm)
	case ir.OpAssume:
		return structured(x[0], v.Type.Props, lit)
	case ir.OpUpdate:
		a := v.Attrs.(*ir.SliceAttrs)
		out := array[T]{shape, slices.Clone(x[0].data)}
		copyWalk(out.data, stepped(shape, sizesOf(a.Start), a.Step), x[1].data, walk{steps: strides(x[1].shape)}, x[1].shape)
		return out
	}
	out := newArray[T](shape)
	all := walk{steps: strides(shape)}
	switch v.Op {
	case ir.OpBroadcast:
		copyWalk(out.data, all, x[0].data, stretched(x[0].shape, shape), shape)
	case ir.OpSlice:
		a := v.Attrs.(*ir.SliceAttrs)
		copyWalk(out.data, all, x[0].data, stepped(x[0].shape, sizesOf(a.Start), a.Step), shape)
	case ir.OpConcat:
		axis := v.Attrs.(*ir.AxisAttrs).Axis
		to := walk{steps: all.steps}
		for _, part := range x {
			copyWalk(out.data, to, part.data, walk{steps: strides(part.shape)}, part.shape)
			to.at += part.shape[axis] * to.steps[axis]
		}
	case ir.OpPad:
		for i := range out.data {
			out.data[i] = fill
		}
		ones := slices.Repeat([]int{1}, len(shape))
		to := stepped(shape, sizesOf(v.Attrs.(*ir.PadAttrs).Lo), ones)
		copyWalk(out.data, to, x[0].data, walk{steps: strides(x[0].shape)}, x[0].shape)
	case ir.OpTri:
		a := v.Attrs.(*ir.TriAttrs)
		k, _ := a.K.Int()
		copy(out.data, x[0].data)
		eachMatrix(shape, func(at, i, j int) {
			if j-i > k && !a.Upper || j-i < k && a.Upper {
				out.data[at] = lit.zero
			}
		})
	case ir.OpDiag:
		for i := range out.data {
			out.data[i] = lit.zero
		}
		from := walk{steps: strides(x[0].shape)}
		copyWalk(out.data, onDiagonal(shape), x[0].data, from, x[0].shape)
	case ir.OpDiagonal:
		copyWalk(out.data, all, x[0].data, onDiagonal(x[0].shape), shape)
	default:
		panic("eval: " + v.Op.String() + " is no movement")
	}
	return out
}

// stepped returns the walk over an array of the given shape that begins at
// start and goes step elements along each axis.
func stepped(shape, start, step []int) walk {
	w := walk{steps: strides(shape)}
	for i, s := range w.steps {
		w.at += start[i] * s
		w.steps[i] = step[i] * s
	}
	return w
}

// onDiagonal returns the walk over the diagonals of matrices of that shape.
func onDiagonal(shape []int) walk {
	s := strides(shape)
	r := len(s)
	return walk{steps: append(slices.Clone(s[:r-2]), s[r-2]+s[r-1])}
}

// eachMatrix calls f with the index, row and column of every element.
func eachMatrix(shape []int, f func(at, i, j int)) {
	r := len(shape)
	m, n := shape[r-2], shape[r-1]
	for at := range product(shape) {
		f(at, at/n%m, at%n)
	}
}

// structured returns x as the properties p promise it: zero and one outside
// the structure, mirrored from the lower triangle where p is symmetric. What
// concerns no single element (orthogonal, permutation, onehot) changes nothing.
func structured[T any](x array[T], p ir.Props, lit literals[T]) array[T] {
	if p.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) == 0 {
		return x
	}
	out := array[T]{x.shape, slices.Clone(x.data)}
	n := last(x.shape)
	below, above := p.Band(x.shape[len(x.shape)-2], n)
	eachMatrix(x.shape, func(at, i, j int) {
		switch {
		case i == j && p.Has(ir.Unit):
			out.data[at] = lit.one
		case j-i > above || i-j > below:
			out.data[at] = lit.zero
		case j > i && p.Mirrored():
			out.data[at] = x.data[at+(j-i)*n-(j-i)]
		}
	})
	return out
}
