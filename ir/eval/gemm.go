package eval

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

// blasFlops is the size from which a matrix product is worth calling the BLAS.
const blasFlops = 1 << 12

// products sets c to the batch of matrix products of a and b, all slices of one
// type; dims are batch, rows, inner size, columns.
func (m *machine) products(c, a, b any, dims [4]int) error {
	switch c := c.(type) {
	case []float64:
		return eachProduct(m, c, a.([]float64), b.([]float64), dims, gemm64)
	case []float32:
		return eachProduct(m, c, a.([]float32), b.([]float32), dims, gemm32)
	case []int64:
		return eachProduct(m, c, a.([]int64), b.([]int64), dims, nil)
	case []int32:
		return eachProduct(m, c, a.([]int32), b.([]int32), dims, nil)
	case []int8:
		return eachProduct(m, c, a.([]int8), b.([]int8), dims, nil)
	}
	return eachProduct(m, c.([]uint8), a.([]uint8), b.([]uint8), dims, nil)
}

// eachProduct multiplies matrix by matrix: with fast where that is allowed and
// right, else row by row with the sums in the order of the index.
func eachProduct[T number](m *machine, c, a, b []T, dims [4]int, fast func(c, a, b []T, rows, inner, cols int)) error {
	rows, inner, cols := dims[1], dims[2], dims[3]
	if inner == 0 || len(c) == 0 {
		return nil
	}
	for i := range dims[0] {
		c, a, b := c[i*rows*cols:(i+1)*rows*cols], a[i*rows*inner:(i+1)*rows*inner], b[i*inner*cols:(i+1)*inner*cols]
		// gonum's BLAS skips zeros of its operands, which is wrong beside NaN
		// and infinity.
		if fast != nil && !m.opts.Strict && rows*inner*cols >= blasFlops && finite(a) && finite(b) {
			if err := blocks(m, c, a, b, rows, inner, cols, fast); err != nil {
				return err
			}
			continue
		}
		if err := rowProducts(m, c, a, b, rows, inner, cols); err != nil {
			return err
		}
	}
	return nil
}

// blockFlops is about how much is done between two looks at the context.
const blockFlops = 1 << 26

// blocks multiplies a block of rows at a time.
func blocks[T number](m *machine, c, a, b []T, rows, inner, cols int, fast func(c, a, b []T, rows, inner, cols int)) error {
	step := max(64, blockFlops/(inner*cols))
	for from := 0; from < rows; from += step {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		to := min(from+step, rows)
		fast(c[from*cols:to*cols], a[from*inner:to*inner], b, to-from, inner, cols)
	}
	return nil
}

func finite[T number](x []T) bool {
	for _, a := range x {
		if a-a != 0 {
			return false
		}
	}
	return true
}

// rowProducts adds, for each row of the result, the rows of b one after the
// other, so that every sum is in the order of the index and memory is walked
// along rows. The conversions keep products and sums apart (no fused
// multiply-add).
func rowProducts[T number](m *machine, c, a, b []T, rows, inner, cols int) error {
	for i := range rows {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		y := c[i*cols : (i+1)*cols]
		x := a[i*inner]
		for j, z := range b[:cols] {
			y[j] = T(x * z)
		}
		for k := 1; k < inner; k++ {
			x, row := a[i*inner+k], b[k*cols:(k+1)*cols]
			row = row[:len(y)]
			for j := range y {
				y[j] += T(x * row[j])
			}
		}
	}
	return nil
}

func gemm64(c, a, b []float64, rows, inner, cols int) {
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas64.General{Rows: rows, Cols: inner, Stride: inner, Data: a},
		blas64.General{Rows: inner, Cols: cols, Stride: cols, Data: b}, 0,
		blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: c})
}

func gemm32(c, a, b []float32, rows, inner, cols int) {
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: rows, Cols: inner, Stride: inner, Data: a},
		blas32.General{Rows: inner, Cols: cols, Stride: cols, Data: b}, 0,
		blas32.General{Rows: rows, Cols: cols, Stride: cols, Data: c})
}
