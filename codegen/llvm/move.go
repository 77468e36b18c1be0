package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// strides returns the strides of a row-major tensor.
func strides(dims []int) []int {
	out := make([]int, len(dims))
	n := 1
	for i := len(dims) - 1; i >= 0; i-- {
		out[i] = n
		n *= max(dims[i], 1)
	}
	return out
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

func pullBroadcast(s *scope, v *ir.Value, idx []index) value.Value {
	a := v.Args[0]
	return s.value(a, s.stretched(a, idx))
}

func pullTranspose(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], transposed(v, idx))
}

func transposed(v *ir.Value, idx []index) []index {
	out := make([]index, len(idx))
	for i, p := range v.Attrs.(*ir.PermAttrs).Perm {
		out[p] = idx[i]
	}
	return out
}

func pullSlice(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], s.sliced(v, idx))
}

func (s *scope) sliced(v *ir.Value, idx []index) []index {
	a := v.Attrs.(*ir.SliceAttrs)
	out := make([]index, len(idx))
	for i, x := range idx {
		start, _ := a.Start[i].Int()
		out[i] = s.shift(s.scale(x, a.Step[i]), start)
	}
	return out
}

func pullDiagonal(s *scope, v *ir.Value, idx []index) value.Value {
	return s.value(v.Args[0], append(slices.Clone(idx), idx[len(idx)-1]))
}

func pullUpdate(s *scope, v *ir.Value, idx []index) value.Value {
	a, into, part := v.Attrs.(*ir.SliceAttrs), v.Args[0], v.Args[1]
	if part.Type.Elems() == 0 {
		return s.value(into, idx)
	}
	dims, dst := part.Type.Dims(), into.Type.Dims()
	here := s.always()
	moved := make([]index, len(idx))
	for i, x := range idx {
		start, _ := a.Start[i].Int()
		step := a.Step[i]
		if dims[i] == 1 {
			step = 1
		}
		if step < 0 { // the same elements from the other end
			x = s.sum(s.scale(x, -1), at(i64(start)))
		} else {
			x = s.shift(x, -start)
		}
		if n := max(step, -step); n > 1 {
			// Not negative before it is divided.
			here = s.both(here, s.within(x, 0, dst[i]))
			x = s.clamp(x, dst[i], false)
			var rest index
			x, rest = s.divide(x, n, dst[i])
			here = s.both(here, s.against(enum.IPredEQ, rest, at(i64(0))))
		}
		moved[i] = x
		if dims[i] != dst[i] || step != 1 {
			here = s.both(here, s.within(x, 0, dims[i]))
		}
	}
	return s.pick(here, func(all bool) value.Value {
		return s.value(part, s.clamped(moved, dims, all))
	}, func(bool) value.Value { return s.value(into, idx) })
}
