package eval

import (
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func evalConst(m *machine, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	return m.keep(v.Attrs.(*ir.ConstAttrs).Data), nil
}

func evalFull(m *machine, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	t := m.blank(v.Type)
	fill := byType(t.DType(), fillWith[float64], fillWith[float32], fillWith[int64], fillWith[int32], fillWith[int8], fillWith[uint8])
	fill(t, v.Attrs.(*ir.FullAttrs).Value)
	return t, nil
}

func fillWith[T number](t *tensor.Tensor, n ir.Number) {
	x := literal[T](n)
	data := view[T](t)
	for i := range data {
		data[i] = x
	}
}

// literal returns a static number as an element.
func literal[T number](n ir.Number) T {
	if n.IsInt {
		return T(n.Int)
	}
	return T(n.Float)
}

func evalIota(m *machine, v *ir.Value, _ []*tensor.Tensor) (*tensor.Tensor, error) {
	t := m.blank(v.Type)
	count := byType(t.DType(), countUp[float64], countUp[float32], countUp[int64], countUp[int32], countUp[int8], countUp[uint8])
	count(t, v.Attrs.(*ir.AxisAttrs).Axis)
	return t, nil
}

func countUp[T number](t *tensor.Tensor, axis int) {
	shape, data := t.Shape(), view[T](t)
	inner, size := product(shape[axis+1:]), shape[axis]
	for i := range data {
		data[i] = T(i / inner % size)
	}
}

func evalReshape(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return args[0].Reshape(v.Type.Dims()...)
}

func evalMove(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), moveTensors[float64], moveTensors[float32], moveTensors[int64], moveTensors[int32], moveTensors[int8], moveTensors[uint8])
	return f(v, args), nil
}

func moveTensors[T number](v *ir.Value, args []*tensor.Tensor) *tensor.Tensor {
	x := make([]array[T], len(args))
	for i, t := range args {
		x[i] = arrayOf[T](t)
	}
	var fill T
	if v.Op == ir.OpPad {
		fill = literal[T](v.Attrs.(*ir.PadAttrs).Value)
	}
	return wrap(args[0].DType(), move(v, x, numbers[T](), fill))
}

func indicesOf(t *tensor.Tensor) indices {
	return indices{array: array[int64]{t.Shape(), t.Ints()}}
}

func evalIndexed(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), indexTensors[float64], indexTensors[float32], indexTensors[int64], indexTensors[int32], indexTensors[int8], indexTensors[uint8])
	return f(v, args)
}

func indexTensors[T number](v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	n := len(args) - 1
	x := make([]array[T], n)
	for i, t := range args[:n] {
		x[i] = arrayOf[T](t)
	}
	out, err := indexed(v, x, indicesOf(args[n]), 0)
	if err != nil {
		return nil, err
	}
	return wrap(args[0].DType(), out), nil
}

func evalScatter(_ *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	f := byType(args[0].DType(), scatterTensors[float64], scatterTensors[float32], scatterTensors[int64], scatterTensors[int32], scatterTensors[int8], scatterTensors[uint8])
	return f(v, args)
}

func scatterTensors[T number](v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	add := func(a, b T) T { return a + b }
	out, err := scattered(v, arrayOf[T](args[0]), arrayOf[T](args[2]), indicesOf(args[1]), add, 0)
	if err != nil {
		return nil, err
	}
	return wrap(args[0].DType(), out), nil
}

func evalOneHot(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	d := m.stored(v.Type.DType)
	f := byType(d, oneHotTensor[float64], oneHotTensor[float32], oneHotTensor[int64], oneHotTensor[int32], oneHotTensor[int8], oneHotTensor[uint8])
	return f(d, v, args[0]), nil
}

func oneHotTensor[T number](d tensor.DType, v *ir.Value, idx *tensor.Tensor) *tensor.Tensor {
	return wrap(d, oneHot(v.Type.Dims(), indicesOf(idx), numbers[T](), 0))
}
