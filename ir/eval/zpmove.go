package eval

import "github.com/lathe-lang/lathe/ir"

func zpMove(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	x := make([]array[int64], len(args))
	for i, a := range args {
		x[i] = a.array
	}
	fill := int64(0)
	if v.Op == ir.OpPad {
		fill = zpNumber(v.Type.DType, v.Attrs.(*ir.PadAttrs).Value)
	}
	return move(v, x, numbers[int64](), fill).data, nil
}

// within brings indices into 0..n; with no place at all they stay.
func within(x *Residues, n int) indices {
	out := newArray[int64](x.shape)
	for i, k := range x.data {
		out.data[i] = k
		if n > 0 {
			_, out.data[i] = floorDiv(k, int64(n))
		}
	}
	return indices{array: out}
}

func zpIndexed(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	n := len(args) - 1
	x := make([]array[int64], n)
	for i, a := range args[:n] {
		x[i] = a.array
	}
	places := 0
	switch a := v.Attrs.(type) {
	case *ir.DynSliceAttrs:
		size, _ := a.Size.Int()
		places = x[0].shape[a.Axis] - size + 1
	case *ir.AxisAttrs:
		places = x[0].shape[a.Axis]
		if v.Op == ir.OpDynUpdate {
			places -= x[1].shape[a.Axis] - 1
		}
	}
	if places <= 0 && (v.Op == ir.OpDynSlice || v.Op == ir.OpDynUpdate) {
		return newArray[int64](v.Type.Dims()).data, nil // wherever it begins, it fails
	}
	out, err := indexed(v, x, within(args[n], places), 0)
	return out.data, err
}

func zpScatter(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	d, axis := args[0].dtype, v.Attrs.(*ir.ScatterAttrs).Axis
	add := func(a, b int64) int64 { return plus(d, a, b) }
	out, err := scattered(v, args[0].array, args[2].array, within(args[1], args[0].shape[axis]), add, 0)
	return out.data, err
}

func zpOneHot(_ *field, v *ir.Value, args []*Residues) ([]int64, error) {
	return oneHot(v.Type.Dims(), indices{array: args[0].array}, numbers[int64](), 0).data, nil
}

func zpFactor(z *field, v *ir.Value, args []*Residues) ([]int64, error) {
	shape := v.Type.Dims()
	out := newArray[int64](shape)
	n, cols := last(args[0].shape), last(shape)
	if len(out.data) == 0 {
		return nil, nil
	}
	form := ir.SolveLU
	switch a := v.Attrs.(type) {
	case *ir.SolveAttrs:
		form = a.Form
		copy(out.data, args[1].data)
	default:
		for at := range out.data {
			out.data[at] = int64(one(v.Op == ir.OpInv && at/n%n == at%n))
		}
	}
	for k := range len(args[0].data) / (n * n) {
		a, b := args[0].data[k*n*n:(k+1)*n*n], out.data[k*n*cols:(k+1)*n*cols]
		if v.Op == ir.OpCholesky {
			zpCholesky(b, a, n)
			continue
		}
		zpSolve(form, a, b, n, cols)
	}
	return out.data, z.ctx.Err()
}

// zpCholesky follows the recurrence of the factor with a scrambled root.
func zpCholesky(l, a []int64, n int) {
	for i := range n {
		for j := range i + 1 {
			s := a[i*n+j]
			for k := range j {
				s = residue(s - residue(l[i*n+k]*l[j*n+k]))
			}
			if i == j {
				l[i*n+j] = zpReal(ir.OpSqrt, s)
			} else {
				l[i*n+j] = residue(s * inverse(l[j*n+j]))
			}
		}
	}
}

// zpSolve overwrites b with the solution, exactly, of the part of a that form
// reads; a singular matrix gives zeros.
func zpSolve(form string, a, b []int64, n, cols int) {
	m := make([]int64, n*n)
	for at := range m {
		i, j := at/n, at%n
		x := a[at]
		unit := form == ir.SolveUnitLower || form == ir.SolveUnitUpper
		switch {
		case unit && i == j:
			x = 1
		case j > i && (form == ir.SolveLower || form == ir.SolveUnitLower),
			j < i && (form == ir.SolveUpper || form == ir.SolveUnitUpper),
			j != i && form == ir.SolveDiagonal:
			x = 0
		case j > i && form == ir.SolveSPD:
			x = a[j*n+i]
		}
		m[at] = x
	}
	for k := range n {
		p := k
		for p < n && m[p*n+k] == 0 {
			p++
		}
		if p == n {
			clear(b)
			return
		}
		swapRows(m, p, k, n)
		swapRows(b, p, k, cols)
		scale := inverse(m[k*n+k])
		for i := range n {
			if i == k || m[i*n+k] == 0 {
				continue
			}
			x := residue(m[i*n+k] * scale)
			for j := k; j < n; j++ {
				m[i*n+j] = residue(m[i*n+j] - residue(x*m[k*n+j]))
			}
			for j := range cols {
				b[i*cols+j] = residue(b[i*cols+j] - residue(x*b[k*cols+j]))
			}
		}
	}
	for at := range b {
		i := at / cols
		b[at] = residue(b[at] * inverse(m[i*n+i]))
	}
}

func swapRows(x []int64, i, j, cols int) {
	for k := range cols {
		x[i*cols+k], x[j*cols+k] = x[j*cols+k], x[i*cols+k]
	}
}
