package passes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A wave is a term of an element of a factor whose rows are positions: the product
// of coefficients, which are the same in all rows, and of the cosine or the sine of
// the row's number times a frequency.
type wave struct {
	sign   int
	coef   []*ir.Value // vectors of the block's columns
	sine   bool
	freq   *ir.Value // a vector of them, too; nil if there is no wave
	column int       // the first one of the frequencies
}

// A waver takes factors apart.
type waver struct {
	w    *rewriter
	like *ir.Value
	keys map[*ir.Value]string
}

// key returns a text that values share if they are computed alike.
func (a *waver) key(v *ir.Value) string {
	if k, ok := a.keys[v]; ok {
		return k
	}
	k := fmt.Sprint("%", v.ID)
	if v.Op != ir.OpParam && v.Body == nil && len(v.Args) <= 2 && v.Type.Tuple == nil {
		var args []string
		for _, u := range v.Args {
			args = append(args, a.key(u))
		}
		if k = fmt.Sprint(v.Op, ir.AttrString(v.Attrs), v.Type.Plain(), "(", strings.Join(args, ","), ")"); len(k) > 4096 || v.Op == ir.OpConst {
			k = fmt.Sprint("%", v.ID)
		}
	}
	a.keys[v] = k
	return k
}

// vector returns the columns from first to first+n of a matrix that has the same
// element in each of its rows; nil if v is none.
func (a *waver) vector(v *ir.Value, first, n int) *ir.Value {
	switch d := v.Type.Dims(); {
	case v.Op == ir.OpBroadcast, v.Op == ir.OpReshape && v.Type.Elems() == v.Args[0].Type.Elems() && len(d) == 2 && d[0] == 1:
		return a.vector(v.Args[0], first, n)
	case v.Op == ir.OpSlice:
		s := v.Attrs.(*ir.SliceAttrs)
		last := len(d) - 1
		start, ok := s.Start[last].Int()
		if !ok || s.Step[last] != 1 {
			return nil
		}
		return a.vector(v.Args[0], first+start, n)
	case len(d) == 0:
		return v
	case len(d) == 1 && d[0] == 1:
		return a.w.emit(a.like, ir.OpReshape, nil, ir.Make(v.Type.DType), v)
	case len(d) == 1 && first+n <= d[0]:
		return a.w.part(a.like, v, 0, first, n)
	}
	return nil
}

// waves returns the terms of the columns from first to first+n of v, which has a
// row for each position.
func (a *waver) waves(v *ir.Value, first, n int) []wave {
	arg := func(i int) []wave {
		x := v.Args[i]
		if x.Type.Rank() == 2 && x.Type.Dims()[1] == 1 || x.Type.Rank() < 2 && !slices.Equal(x.Type.Dims(), v.Type.Dims()[1:]) && x.Type.Rank() > 0 {
			return nil
		}
		return a.waves(x, first, n)
	}
	switch v.Op {
	case ir.OpConcat:
		if v.Attrs.(*ir.AxisAttrs).Axis != v.Type.Rank()-1 {
			return nil
		}
		for _, x := range v.Args {
			size := x.Type.Dims()[x.Type.Rank()-1]
			if first < size {
				if first+n > size {
					return nil
				}
				return a.waves(x, first, n)
			}
			first -= size
		}
		return nil
	case ir.OpSlice:
		if s := v.Attrs.(*ir.SliceAttrs); v.Type.Rank() == 2 && s.Step[1] == 1 && v.Type.Dims()[0] == v.Args[0].Type.Dims()[0] && s.Step[0] == 1 {
			start, _ := s.Start[1].Int()
			return a.waves(v.Args[0], first+start, n)
		}
		return nil
	case ir.OpNeg:
		return opposite(arg(0))
	case ir.OpAdd, ir.OpSub:
		x, y := arg(0), arg(1)
		if x == nil || y == nil {
			return nil
		}
		if v.Op == ir.OpSub {
			y = opposite(y)
		}
		return append(slices.Clone(x), y...)
	case ir.OpMul:
		return interfered(arg(0), arg(1))
	case ir.OpCos, ir.OpSin:
		if freq, ok := a.angle(v.Args[0]); ok {
			return []wave{{sign: 1, sine: v.Op == ir.OpSin, freq: freq, column: first}}
		}
		return nil
	}
	if x := a.vector(v, first, n); x != nil {
		return []wave{{sign: 1, coef: []*ir.Value{x}}}
	}
	return nil
}

func opposite(x []wave) []wave {
	out := slices.Clone(x)
	for i := range out {
		out[i].sign = -out[i].sign
	}
	return out
}

// interfered returns the terms of a product, nil if one has two waves.
func interfered(x, y []wave) []wave {
	var out []wave
	for _, s := range x {
		for _, t := range y {
			if s.freq != nil && t.freq != nil {
				return nil
			}
			u := s
			if t.freq != nil {
				u = t
			}
			u.sign, u.coef = s.sign*t.sign, slices.Concat(s.coef, t.coef)
			out = append(out, u)
		}
	}
	return out
}

// angle returns the frequencies of what is the number of the row times them.
func (a *waver) angle(v *ir.Value) (freq *ir.Value, ok bool) {
	if v.Op != ir.OpMul || v.Type.Rank() != 2 {
		return nil, false
	}
	for i, x := range v.Args {
		d := x.Type.Dims()
		if len(d) != 2 || d[0] != v.Type.Dims()[0] || d[1] != 1 {
			continue
		}
		for x.Op == ir.OpReshape || x.Op == ir.OpConvert {
			x = x.Args[0]
		}
		freq = v.Args[1-i]
		if freq.Op == ir.OpReshape && freq.Type.Elems() == freq.Args[0].Type.Elems() {
			freq = freq.Args[0]
		}
		if x.Op == ir.OpIota && x.Type.Rank() == 1 && freq.Type.Rank() == 1 && freq.Type.Dims()[0] == v.Type.Dims()[1] {
			return freq, true
		}
	}
	return nil, false
}

// A distance is the terms of a sum that depends on the distance of two positions
// only, for one vector of frequencies: cos is multiplied with the cosine of their
// difference times it, sin with the sine.
type distance struct {
	freq     *ir.Value
	column   int
	cos, sin []wave
}

// distances returns the sum over columns of products of terms of a row and of
// another one, if it depends on their distance only: cos x cos y + sin x sin y is
// the cosine of the difference, sin x cos y - cos x sin y its sine.
func (a *waver) distances(blocks [][2][]wave) ([]*distance, bool) {
	type sums map[string]int
	counts := map[string]*[4]sums{} // by frequency; of cos cos, cos sin, sin cos, sin sin
	var out []*distance
	for _, b := range blocks {
		for _, x := range b[0] {
			for _, y := range b[1] {
				if x.freq == nil || y.freq == nil || x.column != y.column || a.key(x.freq) != a.key(y.freq) {
					return nil, false
				}
				at := fmt.Sprint(x.column, a.key(x.freq))
				if counts[at] == nil {
					counts[at] = &[4]sums{{}, {}, {}, {}}
					out = append(out, &distance{freq: x.freq, column: x.column})
				}
				d := out[slices.IndexFunc(out, func(d *distance) bool { return d.column == x.column && a.key(d.freq) == a.key(x.freq) })]
				t := interfered([]wave{{sign: x.sign, coef: x.coef}}, []wave{{sign: y.sign, coef: y.coef}})[0]
				kind := 0
				if x.sine {
					kind += 2
				}
				if y.sine {
					kind++
				}
				var texts []string
				for _, c := range t.coef {
					texts = append(texts, a.key(c))
				}
				slices.Sort(texts)
				counts[at][kind][strings.Join(texts, "*")] += t.sign
				switch kind {
				case 0:
					d.cos = append(d.cos, t)
				case 2:
					d.sin = append(d.sin, t)
				}
			}
		}
	}
	for _, c := range counts { // all must hold, in any order
		for _, k := range []sums{c[0], c[1], c[2], c[3]} {
			for text := range k {
				if c[0][text] != c[3][text] || c[1][text] != -c[2][text] {
					return nil, false
				}
			}
		}
	}
	return out, len(out) > 0
}

// byDistance finds the product of two matrices whose rows are positions, turned by
// angles that grow with them, and whose elements depend only on how far positions
// are from each other, as the rotated constants that FLASH adds to its scores. Of
// them one is computed for each distance.
func byDistance(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	if !ok || v.Type.Rank() != 2 || v.Type.DType != tensor.F32 && v.Type.DType != tensor.F64 {
		return nil
	}
	left, turned := bare(m.left, m.leftBack)
	right, back := bare(m.right, !m.rightBack)
	if turned || back || left.Type.Rank() != 2 || right.Type.Rank() != 2 {
		return nil
	}
	if left.Op != ir.OpConcat || right.Op != ir.OpConcat || v.Type.Dims()[0] != left.Type.Dims()[0] {
		return nil
	}
	rows, columns := v.Type.Dims()[0], v.Type.Dims()[1]
	all := rows + columns - 1
	if rows*columns <= 4*all {
		return nil
	}
	before := len(w.body)
	a := &waver{w: w, like: v, keys: map[*ir.Value]string{}}
	var blocks [][2][]wave
	first := 0
	for _, x := range left.Args {
		n := x.Type.Dims()[1]
		b := [2][]wave{a.waves(left, first, n), a.waves(right, first, n)}
		if b[0] == nil || b[1] == nil {
			w.body = w.body[:before]
			return nil
		}
		blocks = append(blocks, b)
		first += n
	}
	found, ok := a.distances(blocks)
	if !ok {
		w.body = w.body[:before]
		return nil
	}
	return func() *ir.Value {
		d := v.Type.DType
		number := func(n int) *ir.Value {
			return w.emit(v, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(n))}, ir.Make(tensor.I64))
		}
		iota := func(n int) *ir.Value { return w.emit(v, ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I64, n)) }
		far := w.emit(v, ir.OpSub, nil, ir.Type{}, iota(all), number(columns-1))
		far = w.emit(v, ir.OpReshape, nil, ir.Make(d, all, 1), w.emit(v, ir.OpConvert, nil, ir.Make(d, all), far))
		var table *ir.Value
		for _, f := range found {
			size := blockSize(blocks, left, f)
			angle := w.emit(v, ir.OpMul, nil, ir.Type{}, far, w.part(v, f.freq, 0, f.column, size))
			for _, s := range []struct {
				op    ir.Op
				terms []wave
			}{{ir.OpCos, f.cos}, {ir.OpSin, f.sin}} {
				if len(s.terms) == 0 {
					continue
				}
				x := w.emit(v, ir.OpContract, &ir.ContractAttrs{Spec: "ab,b->a"}, ir.Type{}, w.emit(v, s.op, nil, ir.Type{}, angle), a.sum(s.terms, size))
				if table != nil {
					x = w.emit(v, ir.OpAdd, nil, ir.Type{}, table, x)
				}
				table = x
			}
		}
		i := w.emit(v, ir.OpReshape, nil, ir.Make(tensor.I64, rows, 1), w.emit(v, ir.OpAdd, nil, ir.Type{}, iota(rows), number(columns-1)))
		return w.emit(v, ir.OpTake, &ir.AxisAttrs{}, ir.Type{}, table, w.emit(v, ir.OpSub, nil, ir.Type{}, i, iota(columns)))
	}
}

// blockSize returns how many columns the blocks have whose frequencies are those of
// f.
func blockSize(blocks [][2][]wave, left *ir.Value, f *distance) int {
	for i, b := range blocks {
		if b[0][0].freq != nil && b[0][0].column == f.column {
			return left.Args[i].Type.Dims()[1]
		}
	}
	return 0
}

// sum emits the sum of the coefficients of terms, for n columns.
func (a *waver) sum(terms []wave, n int) *ir.Value {
	var out *ir.Value
	for _, t := range terms {
		var x *ir.Value
		for _, c := range t.coef {
			if x == nil {
				x = c
			} else {
				x = a.w.emit(a.like, ir.OpMul, nil, ir.Type{}, x, c)
			}
		}
		if x == nil {
			x = a.w.emit(a.like, ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(1)}, ir.Make(a.like.Type.DType))
		}
		switch {
		case out == nil && t.sign > 0:
			out = x
		case out == nil:
			out = a.w.emit(a.like, ir.OpNeg, nil, ir.Type{}, x)
		case t.sign > 0:
			out = a.w.emit(a.like, ir.OpAdd, nil, ir.Type{}, out, x)
		default:
			out = a.w.emit(a.like, ir.OpSub, nil, ir.Type{}, out, x)
		}
	}
	return a.w.stretchedTo(a.like, out, n)
}

// stretchedTo returns a vector of n elements: v, or v n times.
func (w *rewriter) stretchedTo(like, v *ir.Value, n int) *ir.Value {
	if v.Type.Rank() == 1 {
		return v
	}
	return w.emit(like, ir.OpBroadcast, nil, ir.Make(v.Type.DType, n), v)
}
