package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func bandReduce(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	d := args[0].DType
	x, n := axesLast(args[0].array(), v.Attrs.(*ir.AxesAttrs).Axes)
	combine := reducer(v.Op, d)
	out := make([]elem, product(v.Type.Dims()))
	for i := range out {
		out[i] = combine(x.data[i*n : (i+1)*n])
	}
	return out, nil
}

func reducer(op ir.Op, d tensor.DType) func(row []elem) elem {
	if !d.IsFloat() {
		return func(row []elem) elem { return reduceInts(op, d, row) }
	}
	switch op {
	case ir.OpSum:
		return func(row []elem) elem { return sumElems(d, row) }
	case ir.OpProd:
		return func(row []elem) elem { return precisions[d].prod(row) }
	case ir.OpReduceMax:
		return func(row []elem) elem { return precisions[d].extremeOf(row, 1) }
	}
	return func(row []elem) elem { return precisions[d].extremeOf(row, -1) }
}

func reduceInts(op ir.Op, d tensor.DType, row []elem) elem {
	acc := elem{n: neutral[int64](op, d)}
	settled := false // any and all may know the answer without knowing all
	unsure := false
	for _, x := range row {
		if x.has(bad) {
			unsure = true
			continue
		}
		switch op {
		case ir.OpSum:
			acc.n += x.n
		case ir.OpProd:
			acc.n *= x.n
		case ir.OpReduceMax, ir.OpAny:
			acc.n = max(acc.n, x.n)
			settled = settled || op == ir.OpAny && x.n == 1
		default:
			acc.n = min(acc.n, x.n)
			settled = settled || op == ir.OpAll && x.n == 0
		}
	}
	if unsure && !settled {
		return unknown
	}
	return elem{n: tensor.Wrap(d, acc.n)}
}

// sumElems adds a row of any type: floats in any order.
func sumElems(d tensor.DType, row []elem) elem {
	if !d.IsFloat() {
		return reduceInts(ir.OpSum, d, row)
	}
	return precisions[d].sum(row)
}

func (p *precision) sum(row []elem) elem {
	if len(row) == 1 {
		return p.read(row[0]) // it may be added to a zero
	}
	var s elem
	s.flags = soft // a sum of nothing but zeros by construction may be taken for one
	terms, whole := 0, true
	var known summands
	for _, x := range row {
		if x.lost() {
			return unknown
		}
		if !x.has(hard) && !x.has(soft) {
			s.flags &^= soft
		}
		known.add(x)
		if x.isZero() {
			continue
		}
		terms++
		whole = whole && x.whole()
		if !whole {
			x = p.read(x)
		}
		s.v, s.e, s.m, s.late, s.sums = s.v+x.v, s.e+x.e, s.m+x.m, s.late+x.late, max(s.sums, x.sums)
	}
	if len(row) == 0 {
		s.flags = 0
	}
	if !s.finite() {
		return p.wildRow(s.v, row)
	}
	s.flags |= known.of()
	return p.total(s, terms, whole)
}

// wildRow is a sum v of a row that is not finite: undecided where finite terms
// alone overflow.
func (p *precision) wildRow(v float64, row []elem) elem {
	for _, x := range row {
		if !x.finite() {
			return p.wildSum(v, row...)
		}
	}
	return unknown
}

// total charges the roundings of a sum of that many terms to s, where v, e and
// m are sums already.
func (p *precision) total(s elem, terms int, whole bool) elem {
	if terms <= 1 {
		return s
	}
	s.sums += terms - 1
	x := s.settled()
	before := x.m + x.e
	x.e += gamma(terms-1, p.inner)*before + float64(terms)*p.least()
	if p.narrow() {
		x.e += 2 * (p.round*(x.m+x.e) + p.tiny) // parts of the sum may be stored too
	}
	if whole && s.m <= p.whole {
		s.late = x.e
		return s
	}
	return p.checked(x, before)
}

// prod multiplies in any order, so partial products are as large as those of
// the factors above one.
func (p *precision) prod(row []elem) elem {
	out, most, whole := exact(1), 1.0, true
	anyHard := false
	for _, x := range row {
		if x.has(hard) {
			out, anyHard = x, true
			break
		}
	}
	for i, x := range row {
		switch {
		case anyHard:
			return out
		case x.has(bad):
			return unknown
		case !x.finite() || !out.finite():
			out = wildProduct(p.read(out), p.read(x))
			if out.has(bad) {
				return unknown
			}
			continue
		}
		whole = whole && x.whole()
		if !whole {
			x = p.read(x)
		}
		most *= max(x.m+x.e, 1)
		if i == 0 {
			out = x
		} else {
			out = product2(out, x)
		}
	}
	switch {
	case !out.finite():
		return out
	case len(row) <= 1 || whole && most <= p.whole || out.isZero() && most < p.over:
		return out
	}
	n := len(row)
	out.e += gamma(n-1, p.inner)*(out.m+out.e) + float64(n)*p.least()*most
	if p.narrow() {
		out.e += 2 * (p.round*(out.m+out.e) + p.tiny*most)
	}
	return p.checked(out, most)
}

// extremeOf returns the largest of a row, or the least where sign is -1.
func (p *precision) extremeOf(row []elem, sign float64) elem {
	if len(row) == 0 {
		return exact(-sign * inf())
	}
	best, lowest, highest := math.Inf(-1), math.Inf(-1), math.Inf(-1)
	isNaN, isFirm, lost := false, false, false
	for _, x := range row {
		if x.has(bad) {
			return unknown
		}
		x = p.read(x)
		isNaN, isFirm, lost = isNaN || x.v != x.v, isFirm || x.firm(), lost || x.has(astray)
		v := sign * x.v
		best, lowest, highest = max(best, v), max(lowest, v-x.e), max(highest, v+x.e)
	}
	switch {
	case len(row) == 1 && row[0].isZero():
		return row[0].selected()
	case lost && !isFirm:
		return unknown
	case isNaN:
		return exact(math.NaN())
	case math.IsInf(best, 0):
		return exact(sign * best)
	}
	return elem{v: sign * best, e: max(highest-best, best-lowest)}.fresh()
}

func bandCumSum(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	a := v.Attrs.(*ir.CumSumAttrs)
	x := axisLast(args[0].array(), a.Axis)
	out := newArray[elem](x.shape)
	n := last(x.shape)
	for from := 0; from < len(x.data); from += n {
		runningElems(args[0].DType, out.data[from:from+n], x.data[from:from+n], a.Exclusive)
	}
	return axisBack(out, a.Axis).data, nil
}

// runningElems sets y to the sums of x up to each element. A sum of nothing but
// zeros by construction, be it one, may be taken for one.
func runningElems(d tensor.DType, y, x []elem, exclusive bool) {
	s := elem{flags: soft}
	p := &precisions[d]
	terms, whole, special := 0, true, false
	var known summands
	for i := range x {
		if exclusive {
			y[i] = closed(d, s, terms, whole, special, x[:i])
		}
		e := x[i]
		special = special || e.lost() || d.IsFloat() && !e.finite()
		if !special && d.IsFloat() && !e.isZero() {
			terms++
			if whole = whole && e.whole(); !whole {
				e = p.read(e)
			}
			s.v, s.e, s.m, s.late, s.sums = s.v+e.v, s.e+e.e, s.m+e.m, s.late+e.late, max(s.sums, e.sums)
		}
		if d.IsFloat() {
			known.add(e)
			s.flags |= known.of()
		}
		if !e.has(hard) && !e.has(soft) {
			s.flags &^= soft
		}
		s.n += e.n
		if !exclusive {
			y[i] = closed(d, s, terms, whole, special, x[:i+1])
		}
	}
}

// closed ends a running sum s of row; special says that row has elements that
// must be looked at one by one.
func closed(d tensor.DType, s elem, terms int, whole, special bool, row []elem) elem {
	switch {
	case special:
		return sumElems(d, row)
	case !d.IsFloat():
		return elem{n: tensor.Wrap(d, s.n)}
	case len(row) == 0:
		return elem{}
	case len(row) == 1:
		p := &precisions[d]
		return p.read(row[0].selected()) // it may be added to a zero
	}
	return precisions[d].total(s, terms, whole)
}

// inf returns positive infinity.
func inf() float64 { return math.Inf(1) }
