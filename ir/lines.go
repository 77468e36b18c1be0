package ir

// A line says how an integer depends on where it stands in its tensor: den times
// it is the sum of coef[i] times index i, and something from lo to hi. It is
// what iotas and arithmetic with constants make; what a floor division loses is
// between lo and hi.
type line struct {
	den    int
	coef   []int
	lo, hi int
}

// linesDepth is how far lineOf follows operands, farLine how large the numbers
// of a line may be.
const (
	linesDepth = 10
	farLine    = 1 << 40
)

// small reports whether the numbers of a line can be calculated with.
func (l line) small() bool {
	for _, c := range append([]int{l.den, l.lo, l.hi}, l.coef...) {
		if c < -farLine || c > farLine {
			return false
		}
	}
	return true
}

// lineOf returns the line of an integer, if it has one. Sizes must be constant.
func lineOf(v *Value, depth int) (line, bool) {
	if depth == 0 || v.Type.Tuple != nil || v.Type.DType.IsFloat() || v.Type.DType.Size() < 4 {
		return line{}, false
	}
	l, ok := findLine(v, depth)
	return l, ok && l.small()
}

func findLine(v *Value, depth int) (line, bool) {
	dims := v.Type.Dims()
	zero := line{den: 1, coef: make([]int, len(dims))}
	arg := func(i int) (line, bool) { return lineOf(v.Args[i], depth-1) }
	switch v.Op {
	case OpFull:
		n := int(v.Attrs.(*FullAttrs).Value.Int)
		zero.lo, zero.hi = n, n
		return zero, true
	case OpConst:
		data := v.Attrs.(*ConstAttrs).Data
		if data.Len() != 1 {
			return zero, false
		}
		n := int(data.Ints()[0])
		zero.lo, zero.hi = n, n
		return zero, true
	case OpIota:
		zero.coef[v.Attrs.(*AxisAttrs).Axis] = 1
		return zero, true
	case OpConvert:
		if v.Args[0].Type.DType.IsFloat() || v.Args[0].Type.DType.Size() > v.Type.DType.Size() {
			return zero, false
		}
		return arg(0)
	case OpBroadcast:
		l, ok := arg(0)
		return l.stretched(v.Args[0].Type.Dims(), dims), ok
	case OpReshape:
		l, ok := arg(0)
		if !ok {
			return l, false
		}
		return l.reshaped(v.Args[0].Type.Dims(), dims)
	case OpTranspose:
		l, ok := arg(0)
		if !ok {
			return l, false
		}
		for i, from := range v.Attrs.(*PermAttrs).Perm {
			zero.coef[i] = l.coef[from]
		}
		l.coef = zero.coef
		return l, true
	case OpSlice:
		l, ok := arg(0)
		if !ok {
			return l, false
		}
		a := v.Attrs.(*SliceAttrs)
		for i, c := range l.coef {
			start, _ := a.Start[i].Int()
			zero.coef[i] = c * a.Step[i]
			l.lo, l.hi = l.lo+c*start, l.hi+c*start
		}
		l.coef = zero.coef
		return l, true
	case OpNeg:
		l, ok := arg(0)
		return l.times(-1), ok
	case OpAdd, OpSub:
		x, ok1 := arg(0)
		y, ok2 := arg(1)
		if !ok1 || !ok2 {
			return zero, false
		}
		x, y = x.stretched(v.Args[0].Type.Dims(), dims), y.stretched(v.Args[1].Type.Dims(), dims)
		if v.Op == OpSub {
			y = y.times(-1)
		}
		return x.plus(y), true
	case OpMul, OpFloorDiv, OpMod:
		x, ok1 := arg(0)
		y, ok2 := arg(1)
		if !ok1 || !ok2 {
			return zero, false
		}
		x, y = x.stretched(v.Args[0].Type.Dims(), dims), y.stretched(v.Args[1].Type.Dims(), dims)
		if _, ok := y.constant(); !ok && v.Op == OpMul {
			x, y = y, x
		}
		n, ok := y.constant()
		switch {
		case !ok || v.Op != OpMul && n < 1:
			return zero, false
		case v.Op == OpMul:
			return x.times(n), true
		case v.Op == OpMod:
			zero.hi = n - 1
			return zero, true
		}
		x.lo -= (n - 1) * x.den
		x.den *= n
		return x, true
	}
	return zero, false
}

// constant returns the number that l is everywhere.
func (l line) constant() (int, bool) {
	for _, c := range l.coef {
		if c != 0 {
			return 0, false
		}
	}
	return l.lo, l.den == 1 && l.lo == l.hi
}

// times returns n times l.
func (l line) times(n int) line {
	out := line{den: l.den, lo: l.lo * n, hi: l.hi * n}
	if n < 0 {
		out.lo, out.hi = out.hi, out.lo
	}
	for _, c := range l.coef {
		out.coef = append(out.coef, c*n)
	}
	return out
}

// plus returns the sum of two lines of one shape.
func (l line) plus(m line) line {
	a, b := l.times(m.den), m.times(l.den)
	out := line{den: l.den * m.den, lo: a.lo + b.lo, hi: a.hi + b.hi}
	for i, c := range a.coef {
		out.coef = append(out.coef, c+b.coef[i])
	}
	return out
}

// stretched returns l of a tensor that NumPy's rule stretches from a shape to
// another one.
func (l line) stretched(from, to []int) line {
	coef := make([]int, len(to))
	more := len(to) - len(from)
	for i, c := range l.coef {
		if from[i] > 1 { // the index of the only element is 0
			coef[more+i] = c
		}
	}
	l.coef = coef
	return l
}

// reshaped returns l of a tensor whose axes of size 1 come or go.
func (l line) reshaped(from, to []int) (line, bool) {
	coef := make([]int, len(to))
	i := 0
	for k, n := range to {
		if n == 1 {
			continue
		}
		for i < len(from) && from[i] == 1 {
			i++
		}
		if i == len(from) || from[i] != n {
			return l, false
		}
		coef[k] = l.coef[i]
		i++
	}
	l.coef = coef
	return l, true
}
