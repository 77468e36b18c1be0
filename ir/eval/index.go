package eval

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// A RuntimeError is a mistake that only the values of a run show: an index out
// of range, an integer divided by zero. It has the place of the operation.
type RuntimeError struct{ Err *source.Error }

// Error returns one line, file:line:col: message.
func (e *RuntimeError) Error() string { return e.Err.Error() }

// Unwrap returns the source error.
func (e *RuntimeError) Unwrap() error { return e.Err }

func failf(v *ir.Value, format string, args ...any) error {
	return &RuntimeError{&source.Error{Pos: v.Pos, Msg: fmt.Sprintf(format, args...)}}
}

// indices are the operand of an indexed operation that says where.
type indices struct {
	array[int64]
	bad []bool // which are not known for sure; nil if all are
	any bool   // one of bad is true
}

func (x indices) isBad(i int) bool { return x.bad != nil && x.bad[i] }

// inRange fails for an index outside of 0..n.
func inRange(v *ir.Value, i int64, n int) error {
	if i < 0 || i >= int64(n) {
		return failf(v, "%s", ir.IndexFault(i, n))
	}
	return nil
}

// startInRange fails where size elements from at on are not among n. A slice of
// one element is an index.
func startInRange(v *ir.Value, at int64, size, n int) error {
	switch {
	case at >= 0 && at <= int64(n-size):
		return nil
	case size == 1:
		return failf(v, "%s", ir.IndexFault(at, n))
	}
	return failf(v, "%s", ir.SliceFault(at, n-size+1))
}

// indexed evaluates dyn_slice, dyn_update, take and take_along: x are the
// operands with elements, idx is the one with indices. poison stands for an
// element whose index is not known.
func indexed[T any](v *ir.Value, x []array[T], idx indices, poison T) (array[T], error) {
	shape := v.Type.Dims()
	if idx.any && v.Op != ir.OpTake && v.Op != ir.OpTakeAlong {
		return filled(shape, poison), nil
	}
	switch v.Op {
	case ir.OpDynSlice:
		axis := v.Attrs.(*ir.DynSliceAttrs).Axis
		at := idx.data[0]
		if product(shape) == 0 {
			return newArray[T](shape), nil // nothing moves, so the place is not looked at
		}
		if err := startInRange(v, at, shape[axis], x[0].shape[axis]); err != nil {
			return array[T]{}, err
		}
		out := newArray[T](shape)
		from := walk{steps: strides(x[0].shape)}
		from.at = int(at) * from.steps[axis]
		copyWalk(out.data, walk{steps: strides(shape)}, x[0].data, from, shape)
		return out, nil
	case ir.OpDynUpdate:
		axis := v.Attrs.(*ir.AxisAttrs).Axis
		at := idx.data[0]
		if err := startInRange(v, at, x[1].shape[axis], shape[axis]); err != nil {
			return array[T]{}, err
		}
		out := array[T]{shape, slices.Clone(x[0].data)}
		to := walk{steps: strides(shape)}
		to.at = int(at) * to.steps[axis]
		copyWalk(out.data, to, x[1].data, walk{steps: strides(x[1].shape)}, x[1].shape)
		return out, nil
	}
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	out := newArray[T](shape)
	err := eachIndex(v, axis, x[0].shape, idx, func(target, row, n int, bad bool) {
		if bad {
			for i := range n {
				out.data[row+i] = poison
			}
			return
		}
		copy(out.data[row:row+n], x[0].data[target:target+n])
	})
	return out, err
}

func filled[T any](shape []int, x T) array[T] {
	out := newArray[T](shape)
	for i := range out.data {
		out.data[i] = x
	}
	return out
}

// scattered evaluates scatter and scatter_along: add adds an update to what is
// there.
func scattered[T any](v *ir.Value, into, updates array[T], idx indices, add func(a, b T) T, poison T) (array[T], error) {
	a := v.Attrs.(*ir.ScatterAttrs)
	if idx.any {
		return filled(into.shape, poison), nil
	}
	out := array[T]{into.shape, slices.Clone(into.data)}
	err := eachIndex(v, a.Axis, into.shape, idx, func(target, row, n int, _ bool) {
		dst, src := out.data[target:target+n], updates.data[row:row+n]
		if a.Set {
			copy(dst, src)
			return
		}
		for i, x := range src {
			dst[i] = add(dst[i], x)
		}
	})
	return out, err
}

// eachIndex pairs elements of an array of the given shape with those of the
// values that its indices name, in the order of the indices: f gets where n
// elements that follow each other begin in the array (target) and in the taken
// or scattered values (row).
func eachIndex(v *ir.Value, axis int, shape []int, idx indices, f func(target, row, n int, bad bool)) error {
	size := shape[axis]
	inner := product(shape[axis+1:])
	outer := product(shape[:axis])
	along := v.Op == ir.OpTakeAlong || v.Op == ir.OpScatterAlong
	if outer == 0 || inner == 0 {
		return nil // nothing moves, so no index is looked at
	}
	for k, i := range idx.data {
		if !idx.isBad(k) {
			if err := inRange(v, i, size); err != nil {
				return err
			}
		}
	}
	if along {
		count := idx.shape[axis]
		for at, i := range idx.data {
			o, in := at/(count*inner), at%inner
			f((o*size+int(i)*one(!idx.isBad(at)))*inner+in, at, 1, idx.isBad(at))
		}
		return nil
	}
	count := len(idx.data)
	for o := range outer {
		for k, i := range idx.data {
			f((o*size+int(i)*one(!idx.isBad(k)))*inner, (o*count+k)*inner, inner, idx.isBad(k))
		}
	}
	return nil
}

// one returns 1 for true: an index that is not known counts as the first.
func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// oneHot evaluates one_hot; an index out of range gives a row of zeros.
func oneHot[T any](shape []int, idx indices, lit literals[T], poison T) array[T] {
	out := filled(shape, lit.zero)
	n := last(shape)
	for k, i := range idx.data {
		row := out.data[k*n : (k+1)*n]
		switch {
		case idx.isBad(k):
			for j := range row {
				row[j] = poison
			}
		case i >= 0 && i < int64(n):
			row[i] = lit.one
		}
	}
	return out
}
