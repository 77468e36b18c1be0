package tensor

import (
	"bytes"
	"fmt"
	"slices"
	"unsafe"
)

// Align is the alignment in bytes of the tensors that this package allocates:
// a cache line, and the widest vector register.
const Align = 64

// Tensor is a dense array: row-major, contiguous. The zero Tensor is not
// usable; make one with New, Alloc, FromSlice, FromBits or FromBytes.
type Tensor struct {
	dtype DType
	shape []int
	elems int
	data  []byte // elems * dtype.Size() bytes, aligned to the element size at least
}

// New returns a tensor of zeros, aligned to Align bytes. It panics where Alloc
// returns an error: it is for shapes that the program has checked already.
func New(d DType, shape ...int) *Tensor {
	t, err := Alloc(d, shape, 0)
	if err != nil {
		panic("tensor.New: " + err.Error())
	}
	return t
}

// Alloc is New for shapes from outside: every product is checked and the bytes
// are held to budget (DefaultBudget where it is 0) before memory is asked for.
// The shape is copied.
func Alloc(d DType, shape []int, budget int64) (*Tensor, error) {
	elems, size, err := Size(d, shape, budget)
	if err != nil {
		return nil, err
	}
	return &Tensor{dtype: d, shape: slices.Clone(shape), elems: elems, data: alignedBytes(size)}, nil
}

// alignedBytes returns size zero bytes that start at a multiple of Align. Even
// no bytes have an address, so that kernels never see a null pointer.
func alignedBytes(size int) []byte {
	raw := make([]byte, size+Align)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (Align - 1))
	return raw[skip : skip+size : skip+size]
}

// Elem lists the Go types whose slices FromSlice takes; each stands for one
// element type. F16 and BF16 have no Go type: see FromBits.
type Elem interface {
	float64 | float32 | int64 | int32 | int8 | uint8 | bool
}

// Word is Elem and the bit patterns of F16 and BF16.
type Word interface {
	Elem | uint16
}

// dtypeOf returns the element type of a Go type; Invalid for uint16, which is
// the bits of two.
func dtypeOf[T Word]() DType {
	var zero T
	switch any(zero).(type) {
	case float64:
		return F64
	case float32:
		return F32
	case int64:
		return I64
	case int32:
		return I32
	case int8:
		return I8
	case uint8:
		return U8
	case bool:
		return Bool
	}
	return Invalid
}

// FromSlice returns a tensor that shares the memory of data. Its length must be
// the product of the shape.
func FromSlice[T Elem](data []T, shape ...int) (*Tensor, error) {
	return share(dtypeOf[T](), bytesOf(data), shape)
}

// FromBits returns a tensor of F16 or BF16 that shares the memory of bits.
func FromBits(d DType, bits []uint16, shape ...int) (*Tensor, error) {
	if d != F16 && d != BF16 {
		return nil, fmt.Errorf("16-bit patterns make f16 or bf16, not %v", d)
	}
	return share(d, bytesOf(bits), shape)
}

// FromBytes returns a tensor that shares the memory of data: the elements in
// the byte order of the machine. It returns an error where the length is not
// that of the shape, where data is not aligned to the element size, and where
// a bool is neither 0 nor 1. The tensor keeps no mapping alive.
func FromBytes(d DType, data []byte, shape ...int) (*Tensor, error) {
	t, err := share(d, data, shape)
	if err != nil {
		return nil, err
	}
	if addr := uintptr(unsafe.Pointer(unsafe.SliceData(data))); addr%uintptr(d.Size()) != 0 {
		return nil, fmt.Errorf("the bytes of %s start at an address that is not a multiple of %d: copy them first", TypeString(d, shape), d.Size())
	}
	if d == Bool {
		for i, b := range data {
			if b > 1 {
				return nil, fmt.Errorf("element %d of %s is the byte %d, want 0 or 1", i, TypeString(d, shape), b)
			}
		}
	}
	return t, nil
}

// share checks the length of data. The budget is what is there already.
func share(d DType, data []byte, shape []int) (*Tensor, error) {
	elems, size, err := Size(d, shape, int64(max(len(data), 1)))
	if err == nil && size == len(data) {
		return &Tensor{dtype: d, shape: slices.Clone(shape), elems: elems, data: data[:size:size]}, nil
	}
	if _, limit := err.(*LimitError); (err == nil || limit) && len(shape) <= MaxRank && d.Size() > 0 {
		return nil, fmt.Errorf("%d elements of %v (%d bytes) do not fill %s", len(data)/d.Size(), d, len(data), TypeString(d, shape))
	}
	return nil, err
}

// bytesOf returns the memory of s as bytes.
func bytesOf[T Word](s []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}

// Must returns t, and panics on an error. It is for tests and for literals.
func Must(t *Tensor, err error) *Tensor {
	if err != nil {
		panic(err)
	}
	return t
}

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the dimensions. The slice is the tensor's: do not change it.
func (t *Tensor) Shape() []int { return t.shape }

// Rank returns the number of dimensions; 0 for a scalar.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len returns the number of elements: 1 for a scalar, 0 where a dimension is.
func (t *Tensor) Len() int { return t.elems }

// Bytes returns the memory of the elements, shared with t.
func (t *Tensor) Bytes() []byte { return t.data }

// Aligned reports whether the elements start at a multiple of Align bytes. It
// is always so for New and Alloc, and by chance for shared memory.
func (t *Tensor) Aligned() bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(t.data)))%Align == 0
}

// Slice returns the elements of t as a Go slice that shares its memory. T must
// be the Go type of the element type; uint16 gives the bits of F16 and BF16.
func Slice[T Word](t *Tensor) ([]T, error) {
	if d := dtypeOf[T](); d != t.dtype && (d != Invalid || t.dtype != F16 && t.dtype != BF16) {
		var zero T
		return nil, fmt.Errorf("the elements of %s are not %T", TypeString(t.dtype, t.shape), zero)
	}
	return view[T](t), nil
}

// view is Slice where the types are known to agree.
func view[T Word](t *Tensor) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.data))), t.elems)
}

// Clone returns an aligned copy.
func (t *Tensor) Clone() *Tensor {
	c := &Tensor{dtype: t.dtype, shape: slices.Clone(t.shape), elems: t.elems, data: alignedBytes(len(t.data))}
	copy(c.data, t.data)
	return c
}

// Reshape returns a tensor of another shape and as many elements that shares
// the memory of t.
func (t *Tensor) Reshape(shape ...int) (*Tensor, error) {
	elems, _, err := Size(t.dtype, shape, int64(max(len(t.data), 1)))
	if err != nil || elems != t.elems {
		return nil, fmt.Errorf("%s has %d elements and can't be reshaped to %s", TypeString(t.dtype, t.shape), t.elems, TypeString(t.dtype, shape))
	}
	return &Tensor{dtype: t.dtype, shape: slices.Clone(shape), elems: elems, data: t.data}, nil
}

// Equal reports whether two tensors have the same type, shape and bits: NaN
// equals the same NaN, and -0 is not +0.
func Equal(a, b *Tensor) bool {
	return a.dtype == b.dtype && slices.Equal(a.shape, b.shape) && bytes.Equal(a.data, b.data)
}
