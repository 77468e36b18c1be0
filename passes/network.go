package passes

import (
	"math"
	"math/bits"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// maxFactors and maxIndices bound a network: what goes beyond stays a factor as
// it is. A set of indices is a word.
const (
	maxFactors = 40
	maxIndices = 64
)

// A network is a product of tensors, summed over the indices that the result
// lacks. Products of matrices, traces, diagonals, scalings of rows and sums of
// products are all networks; transposes and axes of size 1 are not seen in one.
type network struct {
	root      *ir.Value
	sizes     []int    // of each index
	factors   []factor // as they are written, from left to right
	out       []int    // the index of each axis of root; one of size 1 may be in no factor
	scales    []scale
	inside    []*ir.Value // root and what only it needs, which the network replaces
	mirror    bool        // the last two axes of the result may change places
	cancelled bool        // orthogonal matrices in it have
	apart     bool        // something is inside of other networks too, and not computed
}

// A factor is an operand of a network with the index of each of its axes. An
// index may come twice: then it runs along a diagonal.
type factor struct {
	*ir.Value
	idx    []int
	shared bool // something outside of the network needs it too
}

// A scale is a scalar by which a network is multiplied, or a constant by which
// it is divided.
type scale struct {
	*ir.Value // nil for a constant
	constant  ir.Number
	divides   bool
}

// work returns the FLOPs of what the network replaces.
func (n *network) work() int {
	w := 0
	for _, v := range n.inside {
		w += v.Work()
	}
	return w
}

// covered returns the indices of the result that some factor has, in order; the
// result is the same along the others.
func (n *network) covered() []int {
	var all set
	for _, f := range n.factors {
		all |= setOf(f.idx)
	}
	return slices.DeleteFunc(slices.Clone(n.out), func(i int) bool { return !all.has(i) })
}

// linear reports whether v is a product, or moves elements in a way that a
// network sees through, so that it may be a part of a network.
func linear(v *ir.Value) bool {
	if v.Type.Tuple != nil || v.Cost.Set && v.Cost.Flops > 0 {
		return false // a cost that covers other operations too
	}
	switch v.Op {
	case ir.OpContract, ir.OpMul, ir.OpNeg, ir.OpSum, ir.OpTranspose, ir.OpBroadcast, ir.OpDiag, ir.OpDiagonal:
		return true
	case ir.OpReshape:
		return sameWithoutOnes(v.Type.Dims(), v.Args[0].Type.Dims())
	case ir.OpDiv:
		return ir.ByConstant(v) // a scalar may be zero, and then each term for itself is infinite
	}
	return false
}

// moves reports whether a linear v computes nothing.
func moves(v *ir.Value) bool { return v.Op.Info().Class == ir.Movement }

// sameWithoutOnes reports whether two shapes differ in axes of size 1 only.
func sameWithoutOnes(a, b []int) bool {
	return slices.Equal(withoutOnes(a), withoutOnes(b))
}

func withoutOnes(dims []int) []int {
	return slices.DeleteFunc(slices.Clone(dims), func(n int) bool { return n == 1 })
}

// A flattener makes a network of a value and of the linear values below it.
type flattener struct {
	*network
	alias []int                  // of an index, the one that it was made equal to
	inner func(v *ir.Value) bool // whether only one value needs v
	fails bool
}

// flatten returns the network of root; ok is false where it is none, or has an
// axis without elements, on which sums over nothing would need care. inner says
// of an operand whether nothing else needs it.
func flatten(root *ir.Value, inner func(v *ir.Value) bool) (*network, bool) {
	f := newFlattener(root, inner)
	f.open(root, slices.Clone(f.out), false)
	return f.done()
}

// flattenOperand is flatten for an operand of another value: where something
// else needs it too, or it is not linear, it is the only factor.
func flattenOperand(v *ir.Value, inner func(v *ir.Value) bool) (*network, bool) {
	f := newFlattener(v, inner)
	f.add(v, slices.Clone(f.out), false)
	return f.done()
}

func newFlattener(root *ir.Value, inner func(v *ir.Value) bool) *flattener {
	f := &flattener{network: &network{root: root}, inner: inner}
	for _, n := range root.Type.Dims() {
		f.out = append(f.out, f.index(n))
	}
	return f
}

// done brings the network into its final form.
func (f *flattener) done() (*network, bool) {
	for i := range f.factors {
		f.resolve(f.factors[i].idx)
	}
	f.resolve(f.out)
	f.drop()
	f.turnBack()
	f.scalars()
	f.scales = constants(f.scales, f.root.Type.DType)
	return f.network, !f.fails && !slices.Contains(f.sizes, 0) && len(f.sizes) <= maxIndices && len(f.factors) > 0
}

// index makes an index of the given size.
func (f *flattener) index(size int) int {
	f.sizes = append(f.sizes, size)
	f.alias = append(f.alias, len(f.alias))
	return len(f.sizes) - 1
}

func (f *flattener) find(i int) int {
	for f.alias[i] != i {
		i = f.alias[i]
	}
	return i
}

func (f *flattener) resolve(idx []int) {
	for i := range idx {
		idx[i] = f.find(idx[i])
	}
}

// drop numbers the indices that are left, and turns sums over an index that no
// factor has into a multiplication by its size.
func (f *flattener) drop() {
	var used []int
	for i := range f.factors {
		used = append(used, f.factors[i].idx...)
	}
	used = append(used, f.out...)
	number := make([]int, len(f.sizes))
	var sizes []int
	for i, n := range f.sizes {
		number[i] = -1
		switch {
		case f.find(i) != i:
		case slices.Contains(used, i):
			number[i] = len(sizes)
			sizes = append(sizes, n)
		case n != 1:
			f.times(n)
		}
	}
	renumber := func(idx []int) {
		for i := range idx {
			idx[i] = number[idx[i]]
		}
	}
	for i := range f.factors {
		renumber(f.factors[i].idx)
	}
	renumber(f.out)
	f.sizes = sizes
}

// add puts v with the given indices into the network: what it is made of, if
// nothing else needs it, else v itself. shared says that it is needed elsewhere
// too, since what it is for is.
func (f *flattener) add(v *ir.Value, idx []int, shared bool) {
	shared = shared || !f.inner(v)
	full := len(f.factors) >= maxFactors || len(f.sizes) > maxIndices-8
	if full || !linear(v) || shared && (!moves(v) || f.moved(v)) || v.Op == ir.OpDiag && f.outer(idx[len(idx)-2:]) {
		f.leaf(v, idx, shared)
		return
	}
	f.open(v, idx, shared)
}

// moved reports whether v, which several values need, moves the elements of a
// product that nothing else needs: that belongs to the network of v.
func (f *flattener) moved(v *ir.Value) bool {
	for linear(v) && moves(v) {
		v = v.Args[0]
	}
	return linear(v) && f.inner(v)
}

// outer reports whether both of two indices are indices of the result: then
// making them equal would need a diagonal matrix for the result.
func (f *flattener) outer(pair []int) bool {
	f.resolve(pair)
	if pair[0] == pair[1] {
		return false
	}
	n := 0
	for _, i := range f.out {
		if i = f.find(i); i == pair[0] || i == pair[1] {
			n++
		}
	}
	return n > 1
}

// leaf adds v as a factor, or as a scale if it is a scalar or one number
// everywhere.
func (f *flattener) leaf(v *ir.Value, idx []int, shared bool) {
	if v.Op == ir.OpFull {
		if a := v.Attrs.(*ir.FullAttrs); usable(a.Value) {
			f.scales = append(f.scales, scale{constant: a.Value})
			return
		}
	}
	f.factors = append(f.factors, factor{v, idx, shared})
}

// usable reports whether a product with n may be taken apart: it is a finite
// number other than zero.
func usable(n ir.Number) bool {
	if n.IsInt {
		return n.Int != 0
	}
	return n.Float != 0 && !math.IsInf(n.Float, 0) && n.Float == n.Float
}

// times multiplies the network by a size.
func (f *flattener) times(n int) {
	d := f.root.Type.DType
	s := scale{constant: ir.IntNumber(tensor.Wrap(d, int64(n)))}
	if d.IsFloat() {
		s.constant = ir.FloatNumber(float64(n))
		f.fails = f.fails || n == 0 || tensor.Round(d, float64(n)) != float64(n)
	}
	f.scales = append(f.scales, s)
}

// scalars makes scales of the factors with one element.
func (f *flattener) scalars() {
	f.factors = slices.DeleteFunc(f.factors, func(x factor) bool {
		if x.Type.Elems() != 1 {
			return false
		}
		f.scales = append(f.scales, scale{Value: x.Value})
		return true
	})
}

// open adds the operands of a linear v, whose axes have the given indices.
func (f *flattener) open(v *ir.Value, idx []int, shared bool) {
	if !shared {
		f.inside = append(f.inside, v)
	}
	x := v.Args[0]
	switch v.Op {
	case ir.OpContract:
		operands, result, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
		index := map[byte]int{}
		for i := range len(result) {
			index[result[i]] = idx[i]
		}
		for k, a := range v.Args {
			dims := a.Type.Dims()
			var of []int
			for i := range len(operands[k]) {
				c := operands[k][i]
				if _, ok := index[c]; !ok {
					index[c] = f.index(dims[i])
				}
				of = append(of, index[c])
			}
			f.add(a, of, shared)
		}
	case ir.OpMul:
		f.add(x, f.stretched(x, v, idx), shared)
		f.add(v.Args[1], f.stretched(v.Args[1], v, idx), shared)
	case ir.OpDiv:
		f.add(x, f.stretched(x, v, idx), shared)
		f.scales = append(f.scales, scale{constant: v.Args[1].Attrs.(*ir.FullAttrs).Value, divides: true})
	case ir.OpNeg:
		minus := ir.FloatNumber(-1)
		if !v.Type.DType.IsFloat() {
			minus = ir.IntNumber(-1)
		}
		f.scales = append(f.scales, scale{constant: minus})
		f.add(x, idx, shared)
	case ir.OpSum:
		axes := v.Attrs.(*ir.AxesAttrs).Axes
		var of []int
		for i, n := range x.Type.Dims() {
			if slices.Contains(axes, i) {
				of = append(of, f.index(n))
			} else {
				of, idx = append(of, idx[0]), idx[1:]
			}
		}
		f.add(x, of, shared)
	case ir.OpTranspose:
		of := make([]int, len(idx))
		for i, p := range v.Attrs.(*ir.PermAttrs).Perm {
			of[p] = idx[i]
		}
		f.add(x, of, shared)
	case ir.OpReshape:
		var kept []int
		for i, n := range v.Type.Dims() {
			if n != 1 {
				kept = append(kept, idx[i])
			}
		}
		var of []int
		for _, n := range x.Type.Dims() {
			if n == 1 {
				of = append(of, f.index(1))
			} else {
				of, kept = append(of, kept[0]), kept[1:]
			}
		}
		f.add(x, of, shared)
	case ir.OpBroadcast:
		f.add(x, f.stretched(x, v, idx), shared)
	case ir.OpDiag:
		r := len(idx)
		i, j := f.find(idx[r-2]), f.find(idx[r-1])
		if j != i {
			f.alias[j] = i
		}
		f.add(x, slices.Clone(idx[:r-1]), shared)
	case ir.OpDiagonal:
		if dims := x.Type.Dims(); dims[len(dims)-2] != dims[len(dims)-1] {
			f.factors = append(f.factors, factor{v, idx, true})
			f.inside = slices.DeleteFunc(f.inside, func(u *ir.Value) bool { return u == v })
			return
		}
		f.add(x, append(slices.Clone(idx), idx[len(idx)-1]), shared)
	}
}

// stretched returns the indices of x, which broadcasts to v.
func (f *flattener) stretched(x, v *ir.Value, idx []int) []int {
	dims := x.Type.Dims()
	idx = slices.Clone(idx[len(idx)-len(dims):])
	full := v.Type.Dims()[v.Type.Rank()-len(dims):]
	for i, n := range dims {
		if n != full[i] {
			idx[i] = f.index(1)
		}
	}
	return idx
}

// A set is a set of small numbers: of indices, or of factors.
type set uint64

func setOf(members []int) set {
	var s set
	for _, i := range members {
		s |= 1 << i
	}
	return s
}

func (s set) has(i int) bool { return s&(1<<i) != 0 }

func (s set) len() int { return bits.OnesCount64(uint64(s)) }

// before reports whether all members of s are smaller than those of t.
func (s set) before(t set) bool { return bits.Len64(uint64(s)) <= bits.TrailingZeros64(uint64(t)) }

// members returns the members, ascending.
func (s set) members() []int {
	var out []int
	for ; s != 0; s &= s - 1 {
		out = append(out, bits.TrailingZeros64(uint64(s)))
	}
	return out
}

// constants multiplies the constant scales as far as that is exact, and puts
// what they come to, if it is not 1, before the others.
func constants(scales []scale, d tensor.DType) []scale {
	one := ir.FloatNumber(1)
	if !d.IsFloat() {
		one = ir.IntNumber(1)
	}
	product := one
	var rest []scale
	for _, s := range scales {
		if s.Value == nil {
			if p, ok := timesExact(product, s, d); ok {
				product = p
				continue
			}
		}
		rest = append(rest, s)
	}
	if product == one {
		return rest
	}
	return append([]scale{{constant: product}}, rest...)
}

// timesExact returns n times the constant of s, if that is a number of type d.
func timesExact(n ir.Number, s scale, d tensor.DType) (ir.Number, bool) {
	m := s.constant
	if n.IsInt {
		return ir.IntNumber(tensor.Wrap(d, n.Int*m.Int)), true
	}
	p := n.Float * m.Float
	rest := math.FMA(n.Float, m.Float, -p)
	if s.divides {
		p = n.Float / m.Float
		rest = math.FMA(p, m.Float, -n.Float)
	}
	return ir.FloatNumber(p), rest == 0 && tensor.Round(d, p) == p && math.Abs(p) >= 0x1p-60
}
