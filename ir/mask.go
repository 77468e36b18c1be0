package ir

import (
	"math"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Mask says where in the last two dimensions of a value something holds: only
// within Diagonals, and if it is Exact everywhere in them.
type Mask struct {
	Diagonals
	Exact bool
}

// MaskOf returns where c, a truth value, is want: comparisons of integers that
// iotas and constants make, and what and, or and not make of them. A triangle or
// a window is exact; of blocks on the diagonal the diagonals are known that they
// lie in. In a shape that c is stretched to, it has the same mask. Sizes must be
// constant.
func MaskOf(c *Value, want bool) Mask { return maskOf(c, want, linesDepth) }

func maskOf(c *Value, want bool, depth int) Mask {
	r := c.Type.Rank()
	if r < 2 {
		return Mask{}
	}
	dims := c.Type.Dims()
	m, n := dims[r-2], dims[r-1]
	all := Mask{Diagonals: allDiagonals(m, n)}
	if depth == 0 || c.Type.DType != tensor.Bool {
		return all
	}
	of := func(i int) Mask {
		if a := c.Args[i]; SameLastTwo(a, c) {
			return maskOf(a, want, depth-1)
		}
		return all
	}
	op := c.Op
	if !want {
		switch op { // either is the other one of what is not
		case OpAnd:
			op = OpOr
		case OpOr:
			op = OpAnd
		}
	}
	switch op {
	case OpNot:
		return maskOf(c.Args[0], !want, depth-1)
	case OpAnd:
		a, b := of(0), of(1)
		return Mask{a.and(b.Diagonals), a.Exact && b.Exact}
	case OpOr:
		a, b := of(0), of(1)
		meet := a.Exact && b.Exact && a.Above >= -b.Below-1 && b.Above >= -a.Below-1
		return Mask{a.or(b.Diagonals), meet}
	case OpBroadcast, OpReshape:
		return of(0)
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return comparison(c, want, all)
	}
	return all
}

// SameLastTwo reports whether a and v have the same last two dimensions.
func SameLastTwo(a, v *Value) bool {
	x, y := a.Type.Rank(), v.Type.Rank()
	return x >= 2 && y >= 2 && SameSize(a.Type.Shape[x-2], v.Type.Shape[y-2]) && SameSize(a.Type.Shape[x-1], v.Type.Shape[y-1])
}

// comparison returns where a comparison has the truth value want.
func comparison(c *Value, want bool, all Mask) Mask {
	type order struct{ less, equal bool } // x-y < 0, x-y = 0; else it is above
	wants := map[Op]order{OpLt: {true, false}, OpLe: {true, true}, OpEq: {false, true}}
	op := c.Op
	if !want {
		op = map[Op]Op{OpLt: OpGe, OpLe: OpGt, OpGt: OpLe, OpGe: OpLt, OpEq: OpNe, OpNe: OpEq}[op]
	}
	x, y := c.Args[0], c.Args[1]
	switch op {
	case OpGt:
		op, x, y = OpLt, y, x
	case OpGe:
		op, x, y = OpLe, y, x
	case OpNe:
		return all
	}
	dims := c.Type.Dims()
	if x.Op == OpAbs && !wants[op].equal || x.Op == OpAbs && wants[op].less { // |x| < y: x < y and -x < y
		a, ok1 := lineOf(x.Args[0], linesDepth)
		b, ok2 := lineOf(y, linesDepth)
		if !ok1 || !ok2 {
			return all
		}
		a, b = a.stretched(x.Type.Dims(), dims), b.stretched(y.Type.Dims(), dims).times(-1)
		below := a.plus(b).within(op, all)
		above := a.times(-1).plus(b).within(op, all)
		return Mask{below.and(above.Diagonals), below.Exact && above.Exact}
	}
	a, ok1 := lineOf(x, linesDepth)
	b, ok2 := lineOf(y, linesDepth)
	if !ok1 || !ok2 {
		return all
	}
	return a.stretched(x.Type.Dims(), dims).plus(b.stretched(y.Type.Dims(), dims).times(-1)).within(op, all)
}

// within returns where l can be less than 0, OpLt, at most 0, OpLe, or 0, OpEq,
// in matrices of which all is everything.
func (l line) within(op Op, all Mask) Mask {
	r := len(l.coef)
	for _, c := range l.coef[:r-2] {
		if c != 0 {
			return all
		}
	}
	a := l.coef[r-1]
	if l.coef[r-2] != -a || a == 0 || !l.small() {
		return all
	}
	// It is a(j-i) and something from lo to hi, den times.
	d := all.Diagonals
	most := func(a, lo int) { // a(j-i) + lo <= 0
		if a > 0 {
			d.Above = min(d.Above, floorDiv(-lo, a))
		} else {
			d.Below = min(d.Below, floorDiv(-lo, -a))
		}
	}
	switch op {
	case OpLt:
		most(a, l.lo+1)
	case OpLe:
		most(a, l.lo)
	case OpEq:
		most(a, l.lo)
		most(-a, -l.hi)
	}
	exact := l.lo == l.hi && (op != OpEq || l.lo%a == 0)
	return Mask{d, exact}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// Outside returns diagonals of the last two dimensions of v outside of which it
// is the number fill, 0 or -inf, by construction or by selection, which the
// language lets a program that is not strict take for one by construction; all
// diagonals if nothing is known. Sizes must be constant.
func Outside(v *Value, fill float64) Diagonals { return outside(v, fill, DiagonalsDepth) }

func outside(v *Value, fill float64, depth int) Diagonals {
	r := v.Type.Rank()
	if r < 2 {
		return Diagonals{}
	}
	dims := v.Type.Dims()
	all := allDiagonals(dims[r-2], dims[r-1])
	if depth == 0 || !v.Type.DType.IsFloat() {
		return all
	}
	if fill == 0 {
		all = diagonalsOf(v, false, depth)
	}
	of := func(a *Value, fill float64) Diagonals {
		if SameLastTwo(a, v) {
			return outside(a, fill, depth-1).and(all)
		}
		return all
	}
	switch {
	case v.Op == OpWhere && SameLastTwo(v.Args[0], v):
		d := all
		for i, want := range []bool{true, false} {
			if IsNumber(v.Args[2-i], fill) {
				d = d.and(MaskOf(v.Args[0], want).Diagonals)
			}
		}
		return d
	case v.Op == OpReshape || v.Op == OpBroadcast || v.Op == OpConvert && v.Args[0].Type.DType.IsFloat():
		return of(v.Args[0], fill)
	case fill != 0:
		if v.Op == OpSub {
			return of(v.Args[0], fill)
		}
		return all
	}
	switch v.Op {
	case OpConvert:
		if c := v.Args[0]; c.Type.DType == tensor.Bool {
			return MaskOf(c, true).and(all)
		}
	case OpExp:
		return of(v.Args[0], math.Inf(-1))
	case OpNeg, OpAbs, OpTri:
		return of(v.Args[0], 0)
	case OpMul:
		return of(v.Args[0], 0).and(of(v.Args[1], 0))
	case OpDiv:
		if ByConstant(v) {
			return of(v.Args[0], 0)
		}
		if d := of(v.Args[0], 0); normalised(v) && d.everyRow(dims[r-2], dims[r-1]) {
			return d
		}
	}
	return all
}

// normalised reports whether v divides exponentials by their sum along the rows.
// Where one of these sums is no positive number, no element of the row is a
// number.
func normalised(v *Value) bool {
	e, sum := v.Args[0], v.Args[1]
	for sum.Op == OpReshape || sum.Op == OpBroadcast {
		sum = sum.Args[0]
	}
	if sum.Op != OpSum || sum.Args[0] != e {
		return false
	}
	for e.Op == OpTri {
		e = e.Args[0]
	}
	axes := sum.Attrs.(*AxesAttrs).Axes
	return e.Op == OpExp && len(axes) == 1 && axes[0] == v.Type.Rank()-1
}

// everyRow reports whether d leaves an element of each row of a matrix of m rows
// and n columns.
func (d Diagonals) everyRow(m, n int) bool {
	return d.Above >= 0 && m-1-d.Below <= n-1 && -d.Below <= d.Above
}

// IsNumber reports whether v is the float x everywhere; 0 is not -0.
func IsNumber(v *Value, x float64) bool {
	for v.Op == OpBroadcast || v.Op == OpReshape {
		v = v.Args[0]
	}
	a, ok := v.Attrs.(*FullAttrs)
	return ok && !a.Value.IsInt && a.Value.Float == x && math.Signbit(a.Value.Float) == math.Signbit(x)
}
