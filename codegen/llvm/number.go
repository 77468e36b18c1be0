package llvm

import (
	"math"
	"strconv"

	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// number returns a static number as an element of d, in register form.
func (s *scope) number(d ir.DType, n ir.Number) value.Value {
	t := vec(regType(d), s.lanes)
	switch {
	case d.IsFloat() && n.IsInt:
		return s.float(t, float64(n.Int))
	case d.IsFloat():
		return s.float(t, n.Float)
	case d == tensor.Bool:
		return splatConst(constant.NewBool(n.Int != 0), s.lanes)
	}
	return s.int(t, n.Int<<(64-8*d.Size())>>(64-8*d.Size())) // LLVM's integers have no sign
}

// zero and one are what movement puts where no operand is.
func (s *scope) zero(d ir.DType) value.Value { return s.number(d, ir.IntNumber(0)) }

func (s *scope) one(d ir.DType) value.Value { return s.number(d, ir.IntNumber(1)) }

func pullFull(s *scope, v *ir.Value, _ []index) value.Value {
	return s.number(v.Type.DType, v.Attrs.(*ir.FullAttrs).Value)
}

// pullConst reads a constant that has no buffer: it is an immediate where all
// elements are the same.
func pullConst(s *scope, v *ir.Value, idx []index) value.Value {
	data := v.Attrs.(*ir.ConstAttrs).Data
	if n, ok := onlyNumber(data); ok {
		return s.number(v.Type.DType, n)
	}
	p := s.m.elements(data)
	pos := s.linear(0, strides(v.Type.Dims()), s.flatOr(v, idx))
	return s.fromMemory(v.Type.DType, s.loadRaw(p, memType(v.Type.DType), pos))
}

// onlyNumber returns the number that all elements of t are, bit for bit.
func onlyNumber(t *tensor.Tensor) (ir.Number, bool) {
	if t.Len() == 0 {
		return ir.Number{}, false
	}
	get := func(i int) ir.Number {
		if t.DType().IsFloat() {
			return ir.FloatNumber(t.Float(i))
		}
		return ir.IntNumber(t.Int(i))
	}
	first := get(0)
	for i := 1; i < t.Len(); i++ {
		n := get(i)
		if n.Int != first.Int || math.Float64bits(n.Float) != math.Float64bits(first.Float) {
			return ir.Number{}, false
		}
	}
	return first, true
}

func pullIota(s *scope, v *ir.Value, idx []index) value.Value {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	x, d := s.flatOr(v, idx)[axis], v.Type.DType
	if n, _ := v.Type.Shape[axis].Int(); n <= math.MaxInt32 {
		return s.convert(tensor.I32, d, s.short(x))
	}
	return s.convert(tensor.I64, d, s.wide(x))
}

// short returns an index as i32, for each lane.
func (s *scope) short(x index) value.Value {
	switch {
	case x.vec != nil:
		return s.cur.NewTrunc(x.vec, vec(types.I32, s.lanes))
	case s.lanes == 0:
		return s.extend(x.base, types.I32, true)
	}
	return s.integer("short"+strconv.Itoa(s.lanes), x.base, i64(x.step), func() value.Value {
		v := s.splat(s.extend(x.base, types.I32, true), s.lanes)
		if x.step == 0 {
			return v
		}
		return s.add(v, s.ramp(types.I32, x.step))
	})
}
