package ir

// Diagonals say which elements of a matrix may be other than zero: those i, j
// with -Below <= j-i <= Above.
type Diagonals struct{ Below, Above int }

// allDiagonals leaves nothing out of a matrix of m rows and n columns.
func allDiagonals(m, n int) Diagonals { return Diagonals{max(m-1, 0), max(n-1, 0)} }

// Of reports whether d leaves something out of a matrix of m rows and n columns.
func (d Diagonals) Of(m, n int) bool { return d.Below < m-1 || d.Above < n-1 }

// Transposed returns the diagonals of the transposed matrix.
func (d Diagonals) Transposed() Diagonals { return Diagonals{d.Above, d.Below} }

func (d Diagonals) and(e Diagonals) Diagonals {
	return Diagonals{min(d.Below, e.Below), min(d.Above, e.Above)}
}

// DiagonalsDepth is how far DiagonalsOf follows operands.
const DiagonalsDepth = 12

// DiagonalsOf returns which elements of the last two dimensions of v may be
// other than zero by construction. In strict mode only what a property leaves
// out counts. Sizes must be constant.
func DiagonalsOf(v *Value, strict bool) Diagonals { return diagonalsOf(v, strict, DiagonalsDepth) }

func diagonalsOf(v *Value, strict bool, depth int) Diagonals {
	r := v.Type.Rank()
	if r < 2 {
		return Diagonals{}
	}
	dims := v.Type.Dims()
	m, n := dims[r-2], dims[r-1]
	all := allDiagonals(m, n)
	if depth == 0 || !v.Type.DType.IsFloat() {
		return all
	}
	arg := func() Diagonals { return diagonalsOf(v.Args[0], strict, depth-1).and(all) }
	// same says that the last two dimensions are those of the operand.
	same := func(a *Value) bool {
		ra := a.Type.Rank()
		return ra >= 2 && a.Type.Dims()[ra-2] == m && a.Type.Dims()[ra-1] == n
	}
	switch v.Op {
	case OpParam:
		below, above := v.Type.Props.Band(m, n)
		return Diagonals{below, above}
	case OpAssume:
		d := arg()
		if v.Type.Props.Mirrored() {
			d.Above = d.Below // the lower triangle is read
		}
		below, above := v.Type.Props.Band(m, n)
		return d.and(Diagonals{below, above})
	case OpTri:
		if strict {
			return arg()
		}
		a := v.Attrs.(*TriAttrs)
		k, _ := a.K.Int()
		if a.Upper {
			return arg().and(Diagonals{-k, n - 1})
		}
		return arg().and(Diagonals{m - 1, k})
	case OpDiag:
		if !strict {
			return Diagonals{}
		}
	case OpNeg, OpAbs, OpConvert:
		return arg()
	case OpReshape, OpBroadcast:
		if same(v.Args[0]) {
			return arg()
		}
	case OpMul:
		d := all
		for _, a := range v.Args {
			if same(a) {
				d = d.and(diagonalsOf(a, strict, depth-1))
			}
		}
		return d
	case OpTranspose:
		p := v.Attrs.(*PermAttrs).Perm
		switch {
		case p[r-2] == r-2 && p[r-1] == r-1:
			return arg()
		case p[r-2] == r-1 && p[r-1] == r-2:
			return diagonalsOf(v.Args[0], strict, depth-1).Transposed().and(all)
		}
	case OpSlice:
		a := v.Attrs.(*SliceAttrs)
		i, _ := a.Start[r-2].Int()
		j, _ := a.Start[r-1].Int()
		if a.Step[r-2] == 1 && a.Step[r-1] == 1 {
			d := diagonalsOf(v.Args[0], strict, depth-1)
			return Diagonals{d.Below - i + j, d.Above + i - j}.and(all)
		}
	}
	return all
}
