package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxSummands bounds how many products a sum is taken apart into, and maxOpened
// how many values are looked at for one: shared ones come again at each use.
const (
	maxSummands = 8
	maxOpened   = 256
)

// A delta is a factor that is one where the index class is what at says at the
// indices rows, and zero elsewhere by construction: a one-hot value.
type delta struct {
	at    *ir.Value // integers, with the elements of rows; nil for the constant fixed
	fixed int
	rows  []int
	class int
	dense factor // the same as a factor; no value if it is none
	safe  bool   // at is never out of range
}

// A summand is a product of factors and deltas, summed over sums.
type summand struct {
	factors []factor
	deltas  []delta
	sums    []int
	minus   bool
}

// times returns the products of terms of two lists.
func (a summand) times(b summand) summand {
	return summand{
		slices.Concat(a.factors, b.factors), slices.Concat(a.deltas, b.deltas), slices.Concat(a.sums, b.sums), a.minus != b.minus,
	}
}

// An opener writes a value as a sum of terms.
type opener struct {
	*sparsity
	w      *rewriter
	root   *ir.Value
	sizes  []int // of each index
	opens  int
	inside []*ir.Value // root and what only it needs, of what was opened
}

// open returns the terms of root, whose axes have the indices out.
func (s *sparsity) open(w *rewriter, root *ir.Value) (o *opener, out []int, terms []summand) {
	o = &opener{sparsity: s, w: w, root: root, inside: []*ir.Value{root}}
	for _, n := range root.Type.Dims() {
		out = append(out, o.index(n))
	}
	terms = o.opened(root, out)
	if len(o.sizes) > maxIndices || slices.Contains(o.sizes, 0) {
		return o, out, nil
	}
	return o, out, terms
}

func (o *opener) index(size int) int {
	o.sizes = append(o.sizes, size)
	return len(o.sizes) - 1
}

// expand returns the terms of v, an operand of by.
func (o *opener) expand(v, by *ir.Value, idx []int) []summand {
	leaf := []summand{{factors: []factor{{Value: o.w.of(v), idx: idx}}}}
	if o.opens++; !o.hot[v] || o.opens > maxOpened {
		return leaf
	}
	before := len(o.inside)
	if o.uses[v] == 1 && o.home[v] == o.home[o.root] && slices.Contains(o.inside, by) {
		o.inside = append(o.inside, v)
	}
	terms := o.opened(v, idx)
	if len(terms) > maxSummands || sums(v) && slices.ContainsFunc(terms, func(t summand) bool { return !o.light(t) }) {
		o.inside = o.inside[:before]
		return leaf
	}
	return terms
}

// sums reports whether v adds up products.
func sums(v *ir.Value) bool {
	if v.Op != ir.OpContract {
		return v.Op == ir.OpSum
	}
	operands, result, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	for _, letters := range operands {
		for i := range len(letters) {
			if !contains(result, letters[i]) {
				return true
			}
		}
	}
	return false
}

func contains(s string, c byte) bool { return strings.IndexByte(s, c) >= 0 }

// light reports whether a sum of deltas may be done where it is used: all its
// factors are about the rows of deltas.
func (o *opener) light(t summand) bool {
	var rows []int
	for _, d := range t.deltas {
		rows = append(append(rows, d.rows...), d.class)
	}
	for _, f := range t.factors {
		for _, i := range f.idx {
			if o.sizes[i] != 1 && !slices.Contains(rows, i) {
				return false
			}
		}
	}
	return len(t.deltas) > 0 || len(t.sums) == 0
}

// opened returns the terms of v by those of its operands.
func (o *opener) opened(v *ir.Value, idx []int) []summand {
	args := o.args[v]
	switch v.Op {
	case ir.OpContract:
		return o.contract(v, idx)
	case ir.OpSum:
		x := args[0]
		var of, gone []int
		for i, n := range x.Type.Dims() {
			if slices.Contains(v.Attrs.(*ir.AxesAttrs).Axes, i) {
				of, gone = append(of, o.index(n)), append(gone, len(o.sizes)-1)
			} else {
				of, idx = append(of, idx[0]), idx[1:]
			}
		}
		return over(o.expand(x, v, of), gone)
	case ir.OpMul:
		return crossed(o.expand(args[0], v, o.stretched(args[0], v, idx)), o.expand(args[1], v, o.stretched(args[1], v, idx)))
	case ir.OpAdd, ir.OpSub:
		a, b := o.expand(args[0], v, o.stretched(args[0], v, idx)), o.expand(args[1], v, o.stretched(args[1], v, idx))
		if v.Op == ir.OpSub {
			b = negated(b)
		}
		return append(slices.Clone(a), b...)
	case ir.OpNeg:
		return negated(o.expand(args[0], v, idx))
	case ir.OpTranspose:
		of := make([]int, len(idx))
		for i, p := range v.Attrs.(*ir.PermAttrs).Perm {
			of[p] = idx[i]
		}
		return o.expand(args[0], v, of)
	case ir.OpBroadcast:
		return o.expand(args[0], v, o.stretched(args[0], v, idx))
	case ir.OpReshape:
		return o.expand(args[0], v, o.reshaped(args[0], v, idx))
	case ir.OpScatter, ir.OpScatterAlong:
		return o.scatter(v, idx)
	case ir.OpSlice:
		return o.part(v, idx)
	case ir.OpWhere:
		return o.selects(v, idx)
	}
	at, class := oneHot(v, o.args)
	if at == nil {
		return []summand{{factors: []factor{{Value: o.w.of(v), idx: idx}}}}
	}
	rows := slices.Delete(slices.Clone(idx), class, class+1)
	return []summand{{deltas: []delta{{at: o.w.of(at), rows: rows, class: idx[class], dense: factor{Value: o.w.of(v), idx: idx}}}}}
}

func (o *opener) contract(v *ir.Value, idx []int) []summand {
	operands, result, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	index := map[byte]int{}
	for i := range len(result) {
		index[result[i]] = idx[i]
	}
	var gone []int
	terms := []summand{{}}
	for k, a := range o.args[v] {
		var of []int
		for i, n := range a.Type.Dims() {
			c := operands[k][i]
			if _, ok := index[c]; !ok {
				index[c] = o.index(n)
				gone = append(gone, index[c])
			}
			of = append(of, index[c])
		}
		terms = crossed(terms, o.expand(a, v, of))
	}
	return over(terms, gone)
}

// scatter opens one into zeros: each update is a row of a one-hot value, which
// is never out of range.
func (o *opener) scatter(v *ir.Value, idx []int) []summand {
	axis := v.Attrs.(*ir.ScatterAttrs).Axis
	at, updates := o.args[v][1], o.args[v][2]
	var rows, of []int
	var gone []int
	if v.Op == ir.OpScatter {
		for _, n := range at.Type.Dims() {
			rows = append(rows, o.index(n))
		}
		gone = rows
		of = slices.Concat(idx[:axis], rows, idx[axis+1:])
	} else {
		rows = slices.Clone(idx)
		rows[axis] = o.index(at.Type.Dims()[axis])
		gone = rows[axis : axis+1]
		of = rows
	}
	d := delta{at: o.w.of(at), rows: rows, class: idx[axis], safe: true}
	return over(crossed([]summand{{deltas: []delta{d}}}, o.expand(updates, v, of)), gone)
}

// part opens one element along some axes: a sum with a one-hot factor that is
// constant.
func (o *opener) part(v *ir.Value, idx []int) []summand {
	x := o.args[v][0]
	of := slices.Clone(idx)
	var d []delta
	var gone []int
	for i, n := range x.Type.Dims() {
		if v.Type.Dims()[i] == n {
			continue
		}
		of[i] = o.index(n)
		first, _ := v.Attrs.(*ir.SliceAttrs).Start[i].Int()
		d, gone = append(d, delta{fixed: first, class: of[i], safe: true}), append(gone, of[i])
	}
	return over(crossed([]summand{{deltas: d}}, o.expand(x, v, of)), gone)
}

// selects opens where(i == iota, x, 0): x times a one-hot value. That is no factor
// by itself, since x may be anything where it is not selected.
func (o *opener) selects(v *ir.Value, idx []int) []summand {
	at, compared, class := selection(v, o.args)
	c := o.args[v][0]
	of := o.stretched(c, v, idx)
	if c != compared {
		of = o.reshaped(compared, c, of)
	}
	d := delta{at: o.w.of(at), rows: slices.Delete(slices.Clone(of), class, class+1), class: of[class]}
	x := o.args[v][1]
	return crossed([]summand{{deltas: []delta{d}}}, o.expand(x, v, o.stretched(x, v, idx)))
}

// selection returns for where(i == iota, x, 0) the indices i, the comparison and the
// axis of its classes; nil if v is something else.
func selection(v *ir.Value, args map[*ir.Value][]*ir.Value) (at, compared *ir.Value, class int) {
	if zero := args[v][2]; !exactZero(zero) && !ir.IsNumber(zero, 0) {
		return nil, nil, 0
	}
	c := args[v][0]
	if c.Op == ir.OpReshape && sameWithoutOnes(c.Type.Dims(), args[c][0].Type.Dims()) {
		c = args[c][0]
	}
	if c.Op != ir.OpEq {
		return nil, nil, 0
	}
	at, class = compares(c, args)
	return at, c, class
}

// partial reports whether v is a slice of all or of one element along each axis.
func partial(v *ir.Value) bool {
	s := v.Attrs.(*ir.SliceAttrs)
	x := v.Args[0].Type.Dims()
	for i, n := range v.Type.Dims() {
		if n != 1 && (n != x[i] || s.Step[i] != 1) || n == 0 {
			return false
		}
	}
	return true
}

// over sums terms over more indices.
func over(terms []summand, sums []int) []summand {
	out := slices.Clone(terms)
	for i := range out {
		out[i].sums = slices.Concat(out[i].sums, sums)
	}
	return out
}

func negated(terms []summand) []summand {
	out := slices.Clone(terms)
	for i := range out {
		out[i].minus = !out[i].minus
	}
	return out
}

// crossed returns the terms of a product of two sums. An index that is summed
// within a term stays its own: no two operands share it.
func crossed(a, b []summand) []summand {
	var out []summand
	for _, x := range a {
		for _, y := range b {
			out = append(out, x.times(y))
		}
	}
	return out
}

func (o *opener) stretched(x, v *ir.Value, idx []int) []int {
	dims := x.Type.Dims()
	idx = slices.Clone(idx[len(idx)-len(dims):])
	full := v.Type.Dims()[v.Type.Rank()-len(dims):]
	for i, n := range dims {
		if n != full[i] {
			idx[i] = o.index(1)
		}
	}
	return idx
}

// reshaped returns the indices of x, which is v but for axes of size 1.
func (o *opener) reshaped(x, v *ir.Value, idx []int) []int {
	var kept []int
	for i, n := range v.Type.Dims() {
		if n != 1 {
			kept = append(kept, idx[i])
		}
	}
	var of []int
	for _, n := range x.Type.Dims() {
		if n == 1 {
			of = append(of, o.index(1))
		} else {
			of, kept = append(of, kept[0]), kept[1:]
		}
	}
	return of
}

// oneHot returns the indices of a one-hot value and the axis of its classes; nil
// if v is none. Indices of a comparison have an axis of size 1 for the classes,
// or lack it where it is the first one.
func oneHot(v *ir.Value, args map[*ir.Value][]*ir.Value) (at *ir.Value, class int) {
	switch {
	case v.Type.DType == tensor.Bool:
	case v.Op == ir.OpOneHot:
		return args[v][0], v.Type.Rank() - 1
	case v.Op != ir.OpConvert:
	case args[v][0].Op == ir.OpOneHot:
		return args[args[v][0]][0], v.Type.Rank() - 1
	case args[v][0].Op == ir.OpEq:
		return compares(args[v][0], args)
	}
	return nil, 0
}

// compares returns the indices that v, a comparison, compares with 0, 1, .. along an
// axis, and the axis; nil if it compares something else.
func compares(v *ir.Value, args map[*ir.Value][]*ir.Value) (at *ir.Value, class int) {
	sides := args[v]
	for i, x := range sides {
		if axis, ok := counts(x, args, v.Type.Dims()); ok && constantAlong(sides[1-i], v.Type.Rank()-axis) && sides[1-i].Type.DType.IsInt() {
			return sides[1-i], axis
		}
	}
	return nil, 0
}

// counts reports whether x is 0, 1, 2, .. along one axis of a value with the
// sizes dims to which it broadcasts, and the same along the others.
func counts(x *ir.Value, args map[*ir.Value][]*ir.Value, dims []int) (axis int, ok bool) {
	along := x.Type.Dims()
	at := only(along)
	if at < 0 {
		return 0, false
	}
	axis = len(dims) - len(along) + at
	if dims[axis] != along[at] {
		return 0, false
	}
	for x.Op == ir.OpReshape && len(args[x]) == 1 {
		x = args[x][0]
	}
	return axis, x.Op == ir.OpIota && x.Type.Dims()[x.Attrs.(*ir.AxisAttrs).Axis] == dims[axis]
}

// constantAlong reports whether a value that broadcasts is the same along the
// axis that is so far from the end.
func constantAlong(x *ir.Value, fromEnd int) bool {
	dims := x.Type.Dims()
	return len(dims) < fromEnd || dims[len(dims)-fromEnd] == 1
}

func sizesOf(sizes, idx []int) []int {
	out := make([]int, len(idx))
	for i, c := range idx {
		out[i] = sizes[c]
	}
	return out
}
