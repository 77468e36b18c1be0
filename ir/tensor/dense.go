package tensor

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// FromDense returns an f64 matrix. It shares the memory of m where m has no
// gaps between its rows, and copies otherwise.
func FromDense(m *mat.Dense) *Tensor {
	raw := m.RawMatrix()
	rows, cols := raw.Rows, raw.Cols
	if raw.Stride == cols || rows <= 1 {
		return Must(FromSlice(raw.Data[:rows*cols], rows, cols))
	}
	t := New(F64, rows, cols)
	x := view[float64](t)
	for i := range rows {
		copy(x[i*cols:(i+1)*cols], raw.Data[i*raw.Stride:])
	}
	return t
}

// Dense returns an f64 matrix as a gonum one that shares its memory. Other
// element types are converted, so they share nothing. An empty matrix is an
// error, since gonum has none with one dimension only zero.
func Dense(t *Tensor) (*mat.Dense, error) {
	if t.Rank() != 2 || t.Len() == 0 {
		return nil, fmt.Errorf("%s is not a matrix with elements", TypeString(t.dtype, t.shape))
	}
	if t.dtype != F64 {
		return mat.NewDense(t.shape[0], t.shape[1], t.Floats()), nil
	}
	return mat.NewDense(t.shape[0], t.shape[1], view[float64](t)), nil
}
