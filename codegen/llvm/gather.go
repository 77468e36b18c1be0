package llvm

import (
	"fmt"
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// asIndex returns the i64 or vector of it as an index.
func (s *scope) asIndex(x value.Value) index {
	if lanesOf(x) > 0 {
		return index{vec: x}
	}
	return at(x)
}

// checked returns an index that is known at run time, moved to 0 where it is
// not in 0..n, which is an error.
func (s *scope) checked(v *ir.Value, d ir.DType, x value.Value, n, code int) index {
	x = s.asI64(d, x)
	zero := s.int(x.Type(), 0)
	bad := s.icmp(enum.IPredUGE, x, s.int(x.Type(), int64(n)))
	s.fail(code, s.site(v), bad, x, i64(n))
	return s.asIndex(s.choose(bad, zero, x))
}

// asked returns element idx of integers v, a scalar where the lanes share it.
func (s *scope) asked(v *ir.Value, idx []index) value.Value {
	if s.lanes == 0 || !uniform(idx) {
		return s.value(v, idx)
	}
	var x value.Value
	lanes := s.lanes
	s.lanes = 0
	x = s.value(v, idx)
	s.lanes = lanes
	return x
}

// where returns the index along an axis of n elements that element idx of the
// integers at holds. It is checked once for all that share it.
func (s *scope) where(v, at *ir.Value, idx []index, n, code int) index {
	lanes := s.lanes
	if uniform(idx) {
		lanes = 0
	}
	key := fmt.Sprintf("where %d %d %s", s.id(v), n, s.key(at, idx, lanes))
	x, _ := s.find(key)
	if x == nil {
		d := s.levelOf(at, idx)
		x = s.emitAt(d, lanes, func() value.Value {
			i := s.checked(v, at.Type.DType, s.value(at, idx), n, code)
			if i.vec != nil {
				return i.vec
			}
			return i.base
		})
		s.levels[d].memo[key] = x
	}
	return s.asIndex(x)
}

// placesOf returns in how many places a slice of size of n elements may begin,
// and the code of the error where it begins elsewhere. A slice of one element is
// an index.
func placesOf(n, size int) (places, code int) {
	if size == 1 {
		return n, CodeIndex
	}
	return max(n-size+1, 0), CodeSlice
}

func pullDynSlice(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.DynSliceAttrs).Axis
	from, to := v.Args[0].Type.Dims(), v.Type.Dims()
	n, code := placesOf(from[axis], to[axis])
	start := s.where(v, v.Args[1], nil, n, code)
	if n == 0 {
		return s.zero(v.Type.DType) // the error is recorded
	}
	moved := slices.Clone(idx)
	moved[axis] = s.sum(start, idx[axis])
	return s.value(v.Args[0], moved)
}

func pullDynUpdate(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	part := v.Args[1]
	dims, n := part.Type.Dims(), v.Type.Dims()[axis]
	places, code := placesOf(n, dims[axis])
	start := s.where(v, v.Args[2], nil, places, code)
	if places == 0 {
		return s.value(v.Args[0], idx)
	}
	moved := slices.Clone(idx)
	moved[axis] = s.sum(idx[axis], s.scale(start, -1))
	return s.pick(s.within(moved[axis], 0, dims[axis]), func(all bool) value.Value {
		at := slices.Clone(moved)
		at[axis] = s.clamp(moved[axis], dims[axis], all)
		return s.value(part, at)
	}, func(bool) value.Value { return s.value(v.Args[0], idx) })
}

func pullTake(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x, at := v.Args[0], v.Args[1]
	n := x.Type.Dims()[axis]
	r := at.Type.Rank()
	i := s.where(v, at, idx[axis:axis+r], n, CodeIndex)
	if n == 0 {
		return s.zero(v.Type.DType) // the error is recorded
	}
	return s.value(x, slices.Concat(idx[:axis], []index{i}, idx[axis+r:]))
}

func pullTakeAlong(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x := v.Args[0]
	n := x.Type.Dims()[axis]
	i := s.where(v, v.Args[1], idx, n, CodeIndex)
	if n == 0 {
		return s.zero(v.Type.DType)
	}
	moved := slices.Clone(idx)
	moved[axis] = i
	return s.value(x, moved)
}

func pullOneHot(s *scope, v *ir.Value, idx []index) value.Value {
	r := len(idx) - 1
	at := v.Args[0]
	i := s.asIndex(s.asI64(at.Type.DType, s.asked(at, idx[:r])))
	t := s.against(enum.IPredEQ, i, idx[r])
	switch {
	case t.yes:
		return s.one(v.Type.DType)
	case t.no:
		return s.zero(v.Type.DType)
	}
	return s.choose(t.is, s.one(v.Type.DType), s.zero(v.Type.DType))
}
