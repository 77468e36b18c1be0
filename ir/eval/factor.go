package eval

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func evalCholesky(m *machine, _ *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := tensor.New(args[0].DType(), args[0].Shape()...)
	if args[0].DType() == tensor.F64 {
		return out, eachCholesky[float64](m, out, args[0])
	}
	return out, eachCholesky[float32](m, out, args[0])
}

func eachCholesky[T float](m *machine, out, arg *tensor.Tensor) error {
	n := last(arg.Shape())
	for at := 0; at < arg.Len(); at += n * n {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		cholesky(view[T](out)[at:at+n*n], view[T](arg)[at:at+n*n], n)
	}
	return nil
}

// cholesky sets l, which is zero, to the lower factor of a, of which the lower
// triangle is read, row by row. From the first column with a pivot that is not
// positive on, all elements are NaN. It reports whether there is no such pivot.
func cholesky[T float](l, a []T, n int) bool {
	good := n
	for i := range n {
		row := l[i*n : i*n+i+1]
		for j := range row {
			if j >= good {
				row[j] = T(math.NaN())
				continue
			}
			s := a[i*n+j]
			other := l[j*n : j*n+j]
			for k, x := range other {
				s -= T(row[k] * x)
			}
			switch {
			case j < i:
				row[j] = s / l[j*n+j]
			case s > 0:
				row[j] = T(math.Sqrt(float64(s)))
			default:
				good = i
				row[j] = T(math.NaN())
			}
		}
	}
	return good == n
}

func evalInv(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	out := tensor.New(args[0].DType(), args[0].Shape()...)
	n := last(args[0].Shape())
	for at := 0; at < out.Len(); at += n * n {
		for i := range n {
			out.SetFloat(at+i*n+i, 1)
		}
	}
	return m.solve(ir.SolveLU, args[0], out)
}

func evalSolve(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	return m.solve(v.Attrs.(*ir.SolveAttrs).Form, args[0], args[1].Clone())
}

// solve overwrites b with the solutions and returns it.
func (m *machine) solve(form string, a, b *tensor.Tensor) (*tensor.Tensor, error) {
	if a.DType() == tensor.F64 {
		return b, eachSolve[float64](m, form, a, b)
	}
	return b, eachSolve[float32](m, form, a, b)
}

func eachSolve[T float](m *machine, form string, a, b *tensor.Tensor) error {
	n, cols := last(a.Shape()), last(b.Shape())
	if n == 0 || cols == 0 {
		return nil
	}
	for k := range a.Len() / (n * n) {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		solveMatrix(form, view[T](a)[k*n*n:(k+1)*n*n], view[T](b)[k*n*cols:(k+1)*n*cols], n, cols)
	}
	return nil
}

// solveMatrix overwrites b, n rows and cols columns, with the solution for the
// n by n matrix a, which it only reads, and of it only what form says.
func solveMatrix[T float](form string, a, b []T, n, cols int) {
	switch form {
	case ir.SolveDiagonal:
		for i := range n {
			divideRow(b[i*cols:(i+1)*cols], a[i*n+i])
		}
	case ir.SolveLower, ir.SolveUnitLower:
		forward(a, b, n, cols, form == ir.SolveUnitLower)
	case ir.SolveUpper, ir.SolveUnitUpper:
		backward(a, b, n, cols, form == ir.SolveUnitUpper)
	case ir.SolveSPD:
		l := make([]T, n*n)
		if cholesky(l, a, n) {
			forward(l, b, n, cols, false)
			backward(permuted(array[T]{[]int{n, n}, l}, []int{1, 0}).data, b, n, cols, false)
			return
		}
		a = slices.Clone(a) // LU reads it whole: mirror the lower triangle
		eachMatrix([]int{n, n}, func(at, i, j int) {
			if j > i {
				a[at] = a[j*n+i]
			}
		})
		fallthrough
	default:
		lu := slices.Clone(a)
		permuteRows(b, eliminate(lu, n), cols)
		forward(lu, b, n, cols, true)
		backward(lu, b, n, cols, false)
	}
}

func divideRow[T float](row []T, d T) {
	for j := range row {
		row[j] /= d
	}
}

// subtractRow subtracts x times from, and leaves out nothing: zero times
// infinity is NaN.
func subtractRow[T float](row, from []T, x T) {
	from = from[:len(row)]
	for j := range row {
		row[j] -= T(x * from[j])
	}
}

// forward overwrites b with the solution for the lower triangle of a.
func forward[T float](a, b []T, n, cols int, unit bool) {
	for i := range n {
		row := b[i*cols : (i+1)*cols]
		for k := range i {
			subtractRow(row, b[k*cols:(k+1)*cols], a[i*n+k])
		}
		if !unit {
			divideRow(row, a[i*n+i])
		}
	}
}

// backward overwrites b with the solution for the upper triangle of a.
func backward[T float](a, b []T, n, cols int, unit bool) {
	for i := n - 1; i >= 0; i-- {
		row := b[i*cols : (i+1)*cols]
		for k := i + 1; k < n; k++ {
			subtractRow(row, b[k*cols:(k+1)*cols], a[i*n+k])
		}
		if !unit {
			divideRow(row, a[i*n+i])
		}
	}
}

// eliminate overwrites a with its factors L and U, partial pivoting, and
// returns which row of a each row came from. A column without a pivot gives
// infinities or NaN later on, not an error.
func eliminate[T float](a []T, n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	for k := range n {
		p := k
		for i := k + 1; i < n; i++ {
			if beats(T(math.Abs(float64(a[i*n+k]))), T(math.Abs(float64(a[p*n+k])))) {
				p = i
			}
		}
		if p != k {
			rows[p], rows[k] = rows[k], rows[p]
			for j := range n {
				a[p*n+j], a[k*n+j] = a[k*n+j], a[p*n+j]
			}
		}
		for i := k + 1; i < n; i++ {
			x := a[i*n+k] / a[k*n+k]
			a[i*n+k] = x
			subtractRow(a[i*n+k+1:(i+1)*n], a[k*n+k+1:(k+1)*n], x)
		}
	}
	return rows
}

// permuteRows puts row rows[i] of b in place i.
func permuteRows[T float](b []T, rows []int, cols int) {
	from := slices.Clone(b)
	for i, r := range rows {
		copy(b[i*cols:(i+1)*cols], from[r*cols:(r+1)*cols])
	}
}
