package lathe

import (
	"gonum.org/v1/gonum/mat"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Tensor is a dense row-major array: an argument, a weight or a result.
type Tensor = tensor.Tensor

// A DType is the type of the elements of a tensor.
type DType = tensor.DType

// The element types of the language.
const (
	F64  = tensor.F64
	F32  = tensor.F32
	BF16 = tensor.BF16
	F16  = tensor.F16
	I64  = tensor.I64
	I32  = tensor.I32
	I8   = tensor.I8
	U8   = tensor.U8
	Bool = tensor.Bool
)

// NewTensor returns a tensor of zeros.
func NewTensor(d DType, shape ...int) *Tensor { return tensor.New(d, shape...) }

// FromSlice returns a tensor that shares memory with data.
func FromSlice[T tensor.Elem](data []T, shape ...int) (*Tensor, error) {
	return tensor.FromSlice(data, shape...)
}

// Slice returns the elements of t, which share its memory. T must be the Go
// type of its element type; f16 and bf16 are uint16.
func Slice[T tensor.Word](t *Tensor) ([]T, error) { return tensor.Slice[T](t) }

// FromDense returns a matrix of f64 that shares memory with m where its rows
// lie next to each other, else a copy.
func FromDense(m *mat.Dense) *Tensor { return tensor.FromDense(m) }

// Dense returns a matrix of f64 as one of gonum, which shares its memory.
func Dense(t *Tensor) (*mat.Dense, error) { return tensor.Dense(t) }
