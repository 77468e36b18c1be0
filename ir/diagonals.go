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

func (d Diagonals) or(e Diagonals) Diagonals {
	return Diagonals{max(d.Below, e.Below), max(d.Above, e.Above)}
}

// ByConstant reports whether v is a quotient of floats by a finite constant other
// than zero. It is linear, as a product with the reciprocal: but in strict mode, what
// is zero by construction in the dividend is so in v.
func ByConstant(v *Value) bool {
	if v.Op != OpDiv || !v.Type.DType.IsFloat() || v.Args[1].Op != OpFull {
		return false
	}
	c := v.Args[1].Attrs.(*FullAttrs).Value.Float
	return c != 0 && c-c == 0
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
	if depth == 0 && v.Op != OpParam || !v.Type.DType.IsFloat() {
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
		return arg().and(triangle(v))
	case OpDiag:
		if !strict {
			return Diagonals{}
		}
	case OpCholesky:
		return Diagonals{m - 1, 0}.and(all)
	case OpAdd, OpSub:
		if same(v.Args[0]) && same(v.Args[1]) {
			// Half the depth for each operand: the time must not double with
			// every addition.
			return diagonalsOf(v.Args[0], strict, depth/2).or(diagonalsOf(v.Args[1], strict, depth/2)).and(all)
		}
	case OpContract:
		if !strict {
			below := depth / 2
			if matrices(v) < 2 {
				below = depth - 1 // there is one operand to follow
			}
			return productDiagonals(v, below).and(all)
		}
	case OpNeg, OpAbs, OpConvert:
		return arg()
	case OpDiv:
		if !strict && same(v.Args[0]) && ByConstant(v) {
			return arg()
		}
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

// matrices returns how many operands of v have two dimensions or more.
func matrices(v *Value) int {
	n := 0
	for _, a := range v.Args {
		if a.Type.Rank() >= 2 {
			n++
		}
	}
	return n
}

// productDiagonals returns what a product of two matrices leaves out, where its
// operands are followed as far as depth: j-i is the sum of k-i and j-k. A factor
// with both indices of the result leaves out what it does.
func productDiagonals(v *Value, depth int) Diagonals {
	r := v.Type.Rank()
	dims := v.Type.Dims()
	d := allDiagonals(dims[r-2], dims[r-1])
	operands, out, err := SplitSpec(v.Attrs.(*ContractAttrs).Spec)
	if err != nil || len(v.Args) > 2 {
		return d
	}
	i, j := out[r-2], out[r-1]
	// An operand is followed once: the time must not multiply with every product.
	var known [2]*Diagonals
	of := func(a int) Diagonals {
		if known[a] == nil {
			e := diagonalsOf(v.Args[a], false, depth)
			known[a] = &e
		}
		return *known[a]
	}
	// between returns the diagonals of an operand whose last two indices are the
	// given ones, in whatever order.
	between := func(a int, from, to byte) (Diagonals, bool) {
		letters, t := operands[a], v.Args[a].Type
		n := len(letters)
		if n < 2 {
			return Diagonals{}, false
		}
		row, col := letters[n-2], letters[n-1]
		if (row != from || col != to) && (row != to || col != from) {
			return Diagonals{}, false
		}
		size := func(c byte, at int) bool { // not stretched
			for b, other := range operands {
				for k := range other {
					if other[k] == c && !SameSize(v.Args[b].Type.Shape[k], t.Shape[at]) {
						return false
					}
				}
			}
			return true
		}
		if !size(row, n-2) || !size(col, n-1) {
			return Diagonals{}, false
		}
		if row == from {
			return of(a), true
		}
		return of(a).Transposed(), true
	}
	for a := range v.Args {
		if e, ok := between(a, i, j); ok {
			d = d.and(e)
		}
		if len(v.Args) != 2 || len(operands[a]) < 2 {
			continue
		}
		for _, k := range []byte(operands[a][len(operands[a])-2:]) {
			if k == i || k == j {
				continue
			}
			if right, ok := between(1-a, k, j); ok {
				if left, ok := between(a, i, k); ok {
					d = d.and(Diagonals{left.Below + right.Below, left.Above + right.Above})
				}
			}
		}
	}
	return d
}
