package eval

import (
	"math"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func bandContract(o *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	out, err := o.contract(v, args)
	for i := range out {
		out[i] = o.made(out[i])
	}
	return out, err
}

func (o *oracle) contract(v *ir.Value, args []*Band) ([]elem, error) {
	e, err := parseEinsum(v)
	if err != nil {
		return nil, err
	}
	d := args[0].DType
	if g, ok := e.asGemm(); ok && d.IsFloat() {
		return o.products(e, g, args)
	}
	x := make([][]elem, len(args))
	for k, b := range args {
		x[k] = b.elems
	}
	return o.termwise(d, e, x)
}

// termwise looks at each term of each element: the operands are multiplied from
// left to right and the products summed.
func (o *oracle) termwise(d tensor.DType, e einsum, x [][]elem) ([]elem, error) {
	out := make([]elem, e.size(e.result))
	inner := e.shape(e.summed)
	if len(out) == 0 {
		return out, nil
	}
	row := make([]elem, 0, product(inner))
	walks, heads := make([]walk, len(x)), make([]walk, len(x))
	for k := range x {
		walks[k], heads[k] = e.over(k, e.summed), e.over(k, e.result)
		heads[k].steps = append(heads[k].steps, 0)
	}
	inner, walks = merge(inner, walks)
	factors, apart := make([]elem, len(x)), make([]bool, len(x))
	for k := range x {
		for i := range len(e.summed) {
			apart[k] = apart[k] || !strings.Contains(e.operands[k], e.summed[i:i+1])
		}
	}
	i := 0
	var err error
	eachRow(append(e.shape(e.result), 1), heads, func(heads []int) {
		if i%blockElems == 0 && err == nil {
			err = o.ctx.Err()
		}
		if err != nil {
			return
		}
		row = row[:0]
		for k := range walks {
			walks[k].at = heads[k]
		}
		if product(inner) > 0 {
			eachRow(inner, walks, func(at []int) {
				for j := range last(inner) {
					for k := range factors {
						factors[k] = x[k][at[k]+j*last(walks[k].steps)]
					}
					row = append(row, term(d, factors, apart))
				}
			})
		}
		out[i] = contracted(d, row, len(x))
		i++
	})
	return out, err
}

// term multiplies the factors of one term, without rounding. apart says of which
// the other terms of the sum have too; nil for none.
func term(d tensor.DType, factors []elem, apart []bool) elem {
	if !d.IsFloat() {
		t := elem{n: 1}
		for _, x := range factors {
			t.n *= x.n
			t.flags |= x.flags & bad
		}
		return t
	}
	most := 1.0 // of the products of some of the factors
	for _, x := range factors {
		if x.has(hard) {
			h := elem{flags: hard}
			for k, y := range factors {
				h = hardProduct(h, y, apart != nil && apart[k])
			}
			return h
		}
		if x.finite() {
			most *= max(x.m+x.e, 1)
		}
	}
	p := &precisions[d]
	if len(factors) > 2 && !(most < p.over) {
		return unknown
	}
	t := factors[0]
	if !t.has(bad) && t.finite() && !t.whole() {
		t = p.read(t)
	}
	for _, x := range factors[1:] {
		switch {
		case (t.flags|x.flags)&bad != 0:
			return unknown
		case !t.finite() || !x.finite():
			t = wildProduct(p.read(t), p.read(x))
			continue
		case t.isZero() || x.isZero():
			t = elem{v: t.v * x.v, flags: (t.flags | x.flags) & (soft | masked)}
			continue
		}
		if !x.whole() {
			x = p.read(x)
		}
		t = product2(t, x)
	}
	return t
}

// contracted sums the terms of one element, products of that many factors.
func contracted(d tensor.DType, row []elem, factors int) elem {
	if !d.IsFloat() {
		return reduceInts(ir.OpSum, d, row)
	}
	p := &precisions[d]
	s := elem{flags: soft} // a sum of nothing but such zeros may be taken for one
	terms, whole := 0, true
	var known summands
	for _, x := range row {
		switch {
		case x.has(bad), x.has(hard) && x.has(formed), x.has(masked) && !x.has(hard) && len(row) > 1:
			return unknown
		case !x.has(hard) && !x.has(soft):
			s.flags &^= soft
		}
		known.add(x)
		if x.isZero() {
			continue
		}
		terms++
		whole = whole && x.whole()
		s.v, s.e, s.m, s.late, s.sums = s.v+x.v, s.e+x.e, s.m+x.m, s.late+x.late, max(s.sums, x.sums)
	}
	if len(row) == 0 {
		s.flags = 0
	}
	if !s.finite() {
		return p.wildRow(s.v, row)
	}
	s.flags |= known.of()
	// An operand may be summed or multiplied on its own and stored.
	return p.contracted(s, terms+factors-1, factors, whole)
}

// contracted charges the roundings of a contraction to s, where v, e and m are
// sums of products already: roundings many in f32 (or the type itself), and for
// narrow types stores many of what is stored on the way.
func (p *precision) contracted(s elem, roundings, stores int, whole bool) elem {
	if s.isZero() {
		return s
	}
	s.sums += max(roundings-1, 0)
	x := s.settled()
	before := x.m + x.e
	x.e += gamma(roundings, p.inner)*before + float64(roundings)*p.least()
	if p.narrow() {
		x.e += float64(stores) * (p.round*(x.m+x.e) + p.tiny)
	}
	if whole && s.m <= p.whole {
		s.late = x.e
		return s
	}
	return p.checked(x, before)
}

// parts are values, bounds and masses of an operand apart, for matrix products.
type parts struct {
	v, e, m []float64
	late    []float64 // nil if all is 0
	sums    int       // the most of all
	inexact bool      // some bound is not zero
	whole   bool      // all are integers without error
	special []bool    // which elements are bad or not finite; nil if none is
}

func (p *precision) split(x []elem) parts {
	s := parts{v: make([]float64, len(x)), e: make([]float64, len(x)), m: make([]float64, len(x)), whole: true}
	for i, a := range x {
		if a.has(bad|masked) || !a.finite() {
			if s.special == nil {
				s.special = make([]bool, len(x))
			}
			s.special[i] = true
			continue
		}
		if !a.whole() {
			a, s.whole = p.read(a), false
		}
		s.v[i], s.e[i], s.m[i] = a.v, a.e, a.m
		s.sums = max(s.sums, a.sums)
		if a.late != 0 {
			if s.late == nil {
				s.late = make([]float64, len(x))
			}
			s.late[i] = a.late
		}
		s.inexact = s.inexact || a.e != 0
	}
	return s
}

// settled is as that of an element.
func (s parts) settled() parts {
	for i, x := range s.late {
		s.e[i] += x
		s.inexact = true
	}
	s.late = nil
	return s
}

// products computes value, mass and bound as matrix products, and elements that
// a special operand concerns term by term.
func (o *oracle) products(e einsum, g gemm, args []*Band) ([]elem, error) {
	p := &precisions[args[0].DType]
	dims := [4]int{e.size(g.batch), e.size(g.rows), e.size(g.inner), e.size(g.cols)}
	left := arranged(e, 0, args[0].elems, g.batch+g.rows+g.inner)
	right := arranged(e, 1, args[1].elems, g.batch+g.inner+g.cols)
	a, b := p.split(left), p.split(right)
	whole := a.whole && b.whole
	if !whole {
		a, b = a.settled(), b.settled()
	}
	m := &machine{ctx: o.ctx}
	multiply := func(x, y []float64) ([]float64, error) {
		out := make([]float64, dims[0]*dims[1]*dims[3])
		return out, m.products(out, x, y, dims)
	}
	v, err := multiply(a.v, b.v)
	if err != nil {
		return nil, err
	}
	mass, err := multiply(a.m, b.m)
	if err != nil {
		return nil, err
	}
	bound := make([]float64, len(v))
	if a.inexact || b.inexact { // Ea (Mb + Eb) + Ma Eb
		wide := make([]float64, len(b.m))
		for i := range wide {
			wide[i] = b.m[i] + b.e[i]
		}
		first, err := multiply(a.e, wide)
		if err != nil {
			return nil, err
		}
		second, err := multiply(a.m, b.e)
		if err != nil {
			return nil, err
		}
		for i := range bound {
			bound[i] = first[i] + second[i]
		}
	}
	late := make([]float64, len(v))
	for _, x := range [][2][]float64{{a.late, b.m}, {a.m, b.late}, {a.late, b.late}} {
		if x[0] == nil || x[1] == nil {
			continue
		}
		some, err := multiply(x[0], x[1])
		if err != nil {
			return nil, err
		}
		for i := range late {
			late[i] += some[i]
		}
	}
	out := make([]elem, len(v))
	for i := range out {
		if !(mass[i] < math.MaxFloat64) {
			out[i] = unknown
			continue
		}
		out[i] = p.contracted(elem{v: v[i], e: bound[i], m: mass[i], late: late[i], sums: a.sums + b.sums}, dims[2], 2, whole)
	}
	mixedSums(out, left, right, dims)
	o.respecial(args[0].DType, out, left, right, a, b, dims)
	return delivered(e, out, g.batch+g.rows+g.cols).data, nil
}

// mixedSums marks products of rows and columns of which either has terms that
// may be zero, or differ in sign.
func mixedSums(out, left, right []elem, dims [4]int) {
	rows, inner, cols := dims[1], dims[2], dims[3]
	ofRows, ofCols := make([]summands, dims[0]*rows), make([]summands, dims[0]*cols)
	for i, x := range left {
		ofRows[i/inner].add(x)
	}
	for i, x := range right {
		ofCols[i/(inner*cols)*cols+i%cols].add(x)
	}
	for i := range out {
		row := i / cols
		out[i].flags |= ofRows[row].of() | ofCols[row/rows*cols+i%cols].of()
	}
}

// respecial computes elements again that a special one of the operands concerns,
// and marks zeros by construction and by selection.
func (o *oracle) respecial(d tensor.DType, out, left, right []elem, a, b parts, dims [4]int) {
	batch, rows, inner, cols := dims[0], dims[1], dims[2], dims[3]
	if a.special == nil && b.special == nil && !anyMarked(left) && !anyMarked(right) {
		return
	}
	row := make([]elem, inner)
	for n := range batch {
		l, r := left[n*rows*inner:], right[n*inner*cols:]
		inRow, inCol := make([]bool, rows), make([]bool, cols)
		for k := range rows * inner {
			inRow[k/inner] = inRow[k/inner] || a.special != nil && a.special[n*rows*inner+k]
		}
		for k := range inner * cols {
			inCol[k%cols] = inCol[k%cols] || b.special != nil && b.special[n*inner*cols+k]
		}
		for i := range rows {
			for j := range cols {
				at := (n*rows+i)*cols + j
				if !inRow[i] && !inCol[j] && (!out[at].isZero() || inner == 0) {
					continue
				}
				for k := range inner {
					row[k] = term(d, []elem{l[i*inner+k], r[k*cols+j]}, nil)
				}
				out[at] = contracted(d, row, 2)
			}
		}
	}
}

// anyMarked reports whether an element is zero by construction or by selection.
func anyMarked(x []elem) bool {
	for _, a := range x {
		if a.has(hard | soft) {
			return true
		}
	}
	return false
}
