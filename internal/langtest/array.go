package langtest

import "github.com/lathe-lang/lathe/ir/tensor"

// An array is a tensor in plain Go: sizes, and elements in row-major order.
// Integers are exact, since the cases have small ones.
type array struct {
	shape []int
	data  []float64
}

// filled makes an array of f at each index. f must not keep the index.
func filled(shape []int, f func(at []int) float64) array {
	a := array{shape: shape}
	each(shape, func(at []int) { a.data = append(a.data, f(at)) })
	return a
}

// each calls f with every index of a shape, in row-major order.
func each(shape []int, f func(at []int)) {
	at := make([]int, len(shape))
	var walk func(axis int)
	walk = func(axis int) {
		if axis == len(shape) {
			f(at)
			return
		}
		for i := range shape[axis] {
			at[axis] = i
			walk(axis + 1)
		}
	}
	walk(0)
}

func arrayOf(t *tensor.Tensor) array {
	a := array{t.Shape(), make([]float64, t.Len())}
	for i := range a.data {
		if t.DType().IsFloat() {
			a.data[i] = t.Float(i)
		} else {
			a.data[i] = float64(t.Int(i))
		}
	}
	return a
}

// tensor rounds floats to d and wraps integers.
func (a array) tensor(d tensor.DType) *tensor.Tensor {
	t := tensor.New(d, a.shape...)
	for i, x := range a.data {
		switch {
		case d.IsFloat():
			t.SetFloat(i, x)
		case d == tensor.Bool:
			t.SetInt(i, int64(x))
		default:
			t.SetInt(i, tensor.Wrap(d, int64(x)))
		}
	}
	return t
}

// at returns the element at an index.
func (a array) at(index ...int) float64 {
	flat := 0
	for axis, i := range index {
		flat = flat*a.shape[axis] + i
	}
	return a.data[flat]
}

// stretched returns the element that broadcasting puts at an index of a shape
// of as many dimensions or more.
func (a array) stretched(index []int) float64 {
	flat := 0
	for axis, n := range a.shape {
		i := index[len(index)-len(a.shape)+axis]
		if n == 1 {
			i = 0
		}
		flat = flat*n + i
	}
	return a.data[flat]
}

// together returns the shape of two that broadcast.
func together(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := append([]int(nil), a...)
	for i, n := range b {
		if j := len(a) - len(b) + i; out[j] == 1 {
			out[j] = n
		}
	}
	return out
}

// mapped applies f to each element.
func mapped(a array, f func(x float64) float64) array {
	return filled(a.shape, func(at []int) float64 { return f(a.at(at...)) })
}

// zipped applies f to the elements of two arrays that broadcast.
func zipped(a, b array, f func(x, y float64) float64) array {
	return filled(together(a.shape, b.shape), func(at []int) float64 { return f(a.stretched(at), b.stretched(at)) })
}

// with returns a copy of an index with one place changed.
func with(at []int, axis, i int) []int {
	out := append([]int(nil), at...)
	out[axis] = i
	return out
}

// truth is a bool as an element.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
