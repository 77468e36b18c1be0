package tensor

import "fmt"

// Float returns element i, in row-major order, as f64. It is exact but for i64
// beyond 2^53; bool gives 0 or 1. An index out of range panics.
func (t *Tensor) Float(i int) float64 {
	var x [1]float64
	t.LoadFloats(x[:], i)
	return x[0]
}

// Int returns element i as i64; floats are converted as Saturate does.
func (t *Tensor) Int(i int) int64 {
	var x [1]int64
	t.LoadInts(x[:], i)
	return x[0]
}

// SetFloat sets element i to x, converted as Round does.
func (t *Tensor) SetFloat(i int, x float64) { t.StoreFloats([]float64{x}, i) }

// SetInt sets element i to v: integers wrap, floats take the nearest value,
// bool is true where v is not zero.
func (t *Tensor) SetInt(i int, v int64) { t.StoreInts([]int64{v}, i) }

// Floats returns all elements as f64, in a slice of the caller's.
func (t *Tensor) Floats() []float64 {
	x := make([]float64, t.elems)
	t.LoadFloats(x, 0)
	return x
}

// Ints returns all elements as i64, in a slice of the caller's.
func (t *Tensor) Ints() []int64 {
	x := make([]int64, t.elems)
	t.LoadInts(x, 0)
	return x
}

// LoadFloats sets dst to the elements from index at on, as Float gives them.
func (t *Tensor) LoadFloats(dst []float64, at int) {
	switch t.dtype {
	case F64:
		copy(dst, within(view[float64](t), at, len(dst)))
	case F32:
		loadAs(dst, view[float32](t), at)
	case BF16:
		for i, b := range within(view[uint16](t), at, len(dst)) {
			dst[i] = float64(BF16ToF32(b))
		}
	case F16:
		for i, b := range within(view[uint16](t), at, len(dst)) {
			dst[i] = float64(F16ToF32(b))
		}
	case I64:
		loadAs(dst, view[int64](t), at)
	case I32:
		loadAs(dst, view[int32](t), at)
	case I8:
		loadAs(dst, view[int8](t), at)
	case U8, Bool:
		loadAs(dst, view[uint8](t), at)
	default:
		t.corrupt()
	}
}

// LoadInts sets dst to the elements from index at on, as Int gives them.
func (t *Tensor) LoadInts(dst []int64, at int) {
	switch t.dtype {
	case I64:
		copy(dst, within(view[int64](t), at, len(dst)))
	case I32:
		loadAs(dst, view[int32](t), at)
	case I8:
		loadAs(dst, view[int8](t), at)
	case U8, Bool:
		loadAs(dst, view[uint8](t), at)
	default:
		x := make([]float64, len(dst))
		t.LoadFloats(x, at)
		for i := range dst {
			dst[i] = Saturate(I64, x[i])
		}
	}
}

// StoreFloats sets the elements from index at on to src, as SetFloat does.
func (t *Tensor) StoreFloats(src []float64, at int) {
	n := len(src)
	switch t.dtype {
	case F64:
		copy(within(view[float64](t), at, n), src)
	case F32:
		storeAs(view[float32](t), src, at)
	case BF16:
		dst := within(view[uint16](t), at, n)
		for i, x := range src {
			dst[i] = F64ToBF16(x)
		}
	case F16:
		dst := within(view[uint16](t), at, n)
		for i, x := range src {
			dst[i] = F64ToF16(x)
		}
	case I64, I32, I8, U8:
		x := make([]int64, n)
		for i := range src {
			x[i] = Saturate(t.dtype, src[i])
		}
		t.StoreInts(x, at)
	case Bool:
		dst := within(view[uint8](t), at, n)
		for i, x := range src {
			dst[i] = 0
			if x != 0 {
				dst[i] = 1
			}
		}
	default:
		t.corrupt()
	}
}

// StoreInts sets the elements from index at on to src, as SetInt does.
func (t *Tensor) StoreInts(src []int64, at int) {
	n := len(src)
	switch t.dtype {
	case F64:
		storeAs(view[float64](t), src, at)
	case F32:
		storeAs(view[float32](t), src, at)
	case BF16, F16:
		x := make([]float64, n)
		for i, v := range src {
			x[i] = oddF64(v)
		}
		t.StoreFloats(x, at)
	case I64:
		copy(within(view[int64](t), at, n), src)
	case I32:
		storeAs(view[int32](t), src, at)
	case I8:
		storeAs(view[int8](t), src, at)
	case U8:
		storeAs(view[uint8](t), src, at)
	case Bool:
		dst := within(view[uint8](t), at, n)
		for i, v := range src {
			dst[i] = uint8(Wrap(Bool, v))
		}
	default:
		t.corrupt()
	}
}

// within returns the n elements from at on; it panics where they are not there.
func within[T Word](s []T, at, n int) []T {
	if at < 0 || n > len(s)-at {
		panic(fmt.Sprintf("tensor: elements %d to %d of %d", at, at+n, len(s)))
	}
	return s[at : at+n]
}

type number interface {
	float64 | float32 | int64 | int32 | int8 | uint8
}

func loadAs[D float64 | int64, S number](dst []D, src []S, at int) {
	for i, x := range within(src, at, len(dst)) {
		dst[i] = D(x)
	}
}

func storeAs[D number, S float64 | int64](dst []D, src []S, at int) {
	dst = within(dst, at, len(src))
	for i, x := range src {
		dst[i] = D(x)
	}
}

func (t *Tensor) corrupt() {
	panic(fmt.Sprintf("tensor: element type %v", t.dtype))
}
