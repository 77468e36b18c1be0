package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// structures are the laws of the pass structure, which uses what is known of a
// matrix beside its shape:
//
//	inv(a) @ b   becomes   solve(a, b)
//
// What is zero by construction is not multiplied, so blocks of zeros split a
// product; a factorisation is found once. Each law asks for less work.
var structures = []law{
	{&Rule{"symmetric", "s.T = s for a symmetric s", FromStructure}, symmetric},
	{&Rule{"identity", "a @ eye(n) = a", FromStructure}, identity},
	{&Rule{"orthogonal", "q.T @ q = eye(n) for an orthogonal q", FromStructure}, orthogonal},
	{&Rule{"permuted", "p @ a = a[argmax(p, axis=1)] for a permutation p", FromStructure}, permuted},
	{&Rule{"inverse of an orthogonal", "inv(q) = q.T, solve(q, b) = q.T @ b for an orthogonal q", FromStructure}, inverseOfOrthogonal},
	{&Rule{"solved", "inv(a) @ b = solve(a, b)", Reassociate}, solved},
	{&Rule{"solved last", "solve(a, b) @ c @ d = solve(a, b @ (c @ d))", Reassociate}, solvedLast},
	{&Rule{"solved by blocks", "solve(block_diag([a, b]), concat([x, y])) = concat([solve(a, x), solve(b, y)])", Reassociate}, solvedByBlocks},
	{&Rule{"one factorisation", "solve(a, b), solve(a, c) = solve(a, [b, c])", Reassociate}, oneFactorisation},
	{&Rule{"split index", "kron(a, b) @ vec(x) = vec(a @ x @ b.T)", Reassociate}, splitIndex},
	{&Rule{"split sum", "(kron(a, eye(n)) + kron(eye(m), b)) @ x = kron(a, eye(n)) @ x + kron(eye(m), b) @ x", Distribute}, splitSum},
	{&Rule{"pooled product", "sum(reshape(x @ w), axis=i) = sum(reshape(x), axis=i) @ w", Reassociate}, pooledProduct},
	{&Rule{"padded factor", "pad(a, k) @ b = a @ b[k], pad(a, i) @ b = pad(a @ b, i) for zeros", FromStructure}, paddedFactor},
	{&Rule{"blocks of rows", "concat([a, 0], axis=i) @ b = concat([a @ b, 0], axis=i)", FromStructure}, blocksOfRows},
	{&Rule{"blocks of a sum", "concat([a, 0], axis=k) @ b = a @ b[k]", FromStructure}, blocksOfSum},
}

// matrixTransposed reports whether v swaps the last two axes of its operand.
func matrixTransposed(v *ir.Value) bool {
	if v.Op != ir.OpTranspose {
		return false
	}
	perm := v.Attrs.(*ir.PermAttrs).Perm
	n := len(perm)
	return n >= 2 && perm[n-1] == n-2 && perm[n-2] == n-1 && slices.IsSorted(perm[:n-2])
}

// symmetric needs the promise: the transposed matrix is read from the lower
// triangle as it is.
func symmetric(_ *rewriter, v *ir.Value) func() *ir.Value {
	if !matrixTransposed(v) || !v.Args[0].Type.Props.Mirrored() {
		return nil
	}
	return func() *ir.Value { return v.Args[0] }
}

// isIdentity reports whether v is an identity matrix.
func isIdentity(v *ir.Value) bool {
	return v.Op == ir.OpDiag && v.Type.Rank() == 2 && is(v.Args[0], 1)
}

func identity(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	switch {
	case !ok:
	case isIdentity(m.right):
		return func() *ir.Value { return w.reshapedTo(v, m.leftMatrix(w, v, false)) }
	case isIdentity(m.left):
		return func() *ir.Value { return w.reshapedTo(v, m.rightMatrix(w, v, false)) }
	}
	return nil
}

// bare looks through transpositions.
func bare(v *ir.Value, back bool) (*ir.Value, bool) {
	for matrixTransposed(v) {
		v, back = v.Args[0], !back
	}
	return v, back
}

func orthogonal(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	if !ok {
		return nil
	}
	q, back := bare(m.left, m.leftBack)
	p, front := bare(m.right, m.rightBack)
	if p != q || back == front || !q.Type.Props.Any(ir.Orthogonal|ir.Permutation) {
		return nil
	}
	return func() *ir.Value {
		ones := w.emit(v, ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(1)}, ir.Make(v.Type.DType, v.Type.Dims()[0]))
		return w.emit(v, ir.OpDiag, nil, ir.Type{}, ones)
	}
}

// permuted takes rows and columns: those of the ones of a permutation, or of a
// matrix that has a one in each row, which is in general not a permutation when
// it is transposed.
func permuted(w *rewriter, v *ir.Value) func() *ir.Value {
	m, ok := asMatmul(v)
	if !ok {
		return nil
	}
	for _, onLeft := range []bool{true, false} {
		p, back := bare(m.left, m.leftBack)
		if !onLeft {
			p, back = bare(m.right, !m.rightBack) // b @ p = (p.T @ b.T).T
		}
		if props := p.Type.Props; !props.Has(ir.Permutation) && (back || !props.Has(ir.OneHot)) || p.Type.Rank() != 2 {
			continue
		}
		// p picks along the index that is summed of the other factor.
		other, turned := m.right, m.rightBack
		axis := 0
		if turned {
			axis = 1
		}
		if !onLeft {
			other, turned = m.left, m.leftBack
			axis = other.Type.Rank() - 1
			if turned {
				axis = 0
			}
		}
		return func() *ir.Value {
			along := 1
			if back {
				along = 0
			}
			ones := w.emit(v, ir.OpArgMax, &ir.AxisAttrs{Axis: along}, ir.Type{}, p)
			x := w.put(v, ir.OpTake, &ir.AxisAttrs{Axis: axis}, ir.Type{}, other, ones)
			return w.turned(v, x, turned)
		}
	}
	return nil
}

func inverseOfOrthogonal(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpInv && v.Op != ir.OpSolve || v.Type.Rank() != 2 {
		return nil
	}
	q, back := bare(v.Args[0], false)
	if !q.Type.Props.Any(ir.Orthogonal | ir.Permutation) {
		return nil
	}
	return func() *ir.Value {
		inverse := w.turned(v, q, !back)
		if v.Op == ir.OpInv {
			return inverse
		}
		return w.product(v, inverse, v.Args[1])
	}
}

// A blockFactor is one operand of a contraction of two.
type blockFactor struct {
	spec         string
	operands     []string
	out          string
	at           int // which operand it is
	value, other *ir.Value
}

// blockFactors returns both operands of a contraction of two, with equal element type.
func blockFactors(v *ir.Value) []blockFactor {
	if v.Op != ir.OpContract || len(v.Args) != 2 || v.Cost.Set || !v.Type.DType.IsFloat() {
		return nil
	}
	spec := v.Attrs.(*ir.ContractAttrs).Spec
	operands, out, err := ir.SplitSpec(spec)
	if err != nil {
		return nil
	}
	return []blockFactor{
		{spec, operands, out, 0, v.Args[0], v.Args[1]},
		{spec, operands, out, 1, v.Args[1], v.Args[0]},
	}
}

// product emits the contraction with other operands in place.
func (f blockFactor) product(w *rewriter, like, value, other *ir.Value) *ir.Value {
	args := []*ir.Value{value, other}
	if f.at == 1 {
		args[0], args[1] = other, value
	}
	return w.put(like, ir.OpContract, &ir.ContractAttrs{Spec: f.spec}, ir.Type{}, args...)
}

// once reports whether a letter stands once in the operand and at most once in
// the other and in the result, and returns its place there; -1 where it is not.
func (f blockFactor) once(axis int) (other, out int, ok bool) {
	letters := f.operands[f.at]
	c := letters[axis : axis+1]
	rest := f.operands[1-f.at]
	if strings.Count(letters, c) != 1 || strings.Count(rest, c) > 1 || strings.Count(f.out, c) > 1 {
		return 0, 0, false
	}
	other, out = strings.Index(rest, c), strings.Index(f.out, c)
	if other >= 0 && !ir.SameSize(f.other.Type.Shape[other], f.value.Type.Shape[axis]) {
		return 0, 0, false // stretched
	}
	if r := f.other.Type.Rank(); other >= 0 && r >= 2 {
		dims := f.other.Type.Dims()
		if ir.DiagonalsOf(f.other, false).Of(dims[r-2], dims[r-1]) {
			return 0, 0, false // what its parts leave out is not known
		}
	}
	return other, out, true
}

// part returns the elements first to first+n of x along an axis.
func (w *rewriter) part(like, x *ir.Value, axis, first, n int) *ir.Value {
	sizes := x.Type.Dims()
	start, step := make([]int, len(sizes)), make([]int, len(sizes))
	for i := range step {
		step[i] = 1
	}
	start[axis], sizes[axis] = first, n
	if n == x.Type.Dims()[axis] {
		return x
	}
	return w.put(like, ir.OpSlice, &ir.SliceAttrs{Start: ir.Sizes(start...), Step: step}, ir.Make(x.Type.DType, sizes...), x)
}

// banded reports whether a matrix has a band, which a part of it may not have.
func banded(v *ir.Value) bool {
	r := v.Type.Rank()
	if r < 2 {
		return false
	}
	dims := v.Type.Dims()
	return ir.DiagonalsOf(v, false).Of(dims[r-2], dims[r-1])
}

// paddedFactor goes axis by axis: zeros that are summed are left out, zeros that
// stay are put around the result.
func paddedFactor(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		if f.value.Op != ir.OpPad {
			continue
		}
		p := f.value.Attrs.(*ir.PadAttrs)
		if p.Value.IsInt || p.Value.Float != 0 {
			continue
		}
		x := f.value.Args[0]
		for axis, n := range x.Type.Dims() {
			lo, _ := p.Lo[axis].Int()
			hi, _ := p.Hi[axis].Int()
			other, out, ok := f.once(axis)
			if lo+hi == 0 || !ok || other >= 0 && banded(f.other) {
				continue
			}
			return func() *ir.Value {
				value, rest := x, f.other
				// The other axes stay padded, for the law to find again.
				before, after := make([]int, len(p.Lo)), make([]int, len(p.Lo))
				for i := range p.Lo {
					if i != axis {
						before[i], _ = p.Lo[i].Int()
						after[i], _ = p.Hi[i].Int()
					}
				}
				if slices.Max(before) > 0 || slices.Max(after) > 0 {
					value = w.put(v, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(before...), Hi: ir.Sizes(after...), Value: p.Value}, ir.Type{}, x)
				}
				if other >= 0 {
					rest = w.part(v, rest, other, lo, n)
				}
				y := f.product(w, v, value, rest)
				if out < 0 {
					return y
				}
				around := [2][]int{make([]int, v.Type.Rank()), make([]int, v.Type.Rank())}
				around[0][out], around[1][out] = lo, hi
				return w.put(v, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(around[0]...), Hi: ir.Sizes(around[1]...), Value: p.Value}, ir.Type{}, y)
			}
		}
	}
	return nil
}

// holdsZeros reports whether a product with v need not be made for some of v: it
// is zeros by construction, has zeros around it, or is joined of such.
func holdsZeros(v *ir.Value) bool {
	switch v.Op {
	case ir.OpPad:
		p := v.Attrs.(*ir.PadAttrs)
		return !p.Value.IsInt && p.Value.Float == 0
	case ir.OpConcat:
		return slices.ContainsFunc(v.Args, holdsZeros)
	}
	return exactZero(v)
}

// blocksOfRows splits a product with a matrix that is joined along an axis of
// the result.
func blocksOfRows(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		if f.value.Op != ir.OpConcat || !holdsZeros(f.value) {
			continue
		}
		axis := f.value.Attrs.(*ir.AxisAttrs).Axis
		other, out, ok := f.once(axis)
		if !ok || out < 0 {
			continue
		}
		return func() *ir.Value {
			var parts []*ir.Value
			first := 0
			for _, x := range f.value.Args {
				n := x.Type.Dims()[axis]
				rest := f.other
				if other >= 0 {
					rest = w.part(v, rest, other, first, n)
				}
				first += n
				if exactZero(x) {
					sizes := v.Type.Dims()
					sizes[out] = n
					parts = append(parts, w.emit(v, ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(0), Exact: true}, ir.Make(v.Type.DType, sizes...)))
					continue
				}
				parts = append(parts, f.product(w, v, x, rest))
			}
			return w.put(v, ir.OpConcat, &ir.AxisAttrs{Axis: out}, ir.Type{}, parts...)
		}
	}
	return nil
}

// blocksOfSum leaves out blocks of zeros from the index that is summed. Where
// more than one block is left, their products are added: each sum of products is
// the same, but for the order.
func blocksOfSum(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		if f.value.Op != ir.OpConcat || !slices.ContainsFunc(f.value.Args, exactZero) {
			continue
		}
		axis := f.value.Attrs.(*ir.AxisAttrs).Axis
		other, out, ok := f.once(axis)
		if !ok || out >= 0 {
			continue
		}
		return func() *ir.Value {
			var blocks, parts []*ir.Value
			first := 0
			for _, x := range f.value.Args {
				n := x.Type.Dims()[axis]
				if !exactZero(x) {
					blocks = append(blocks, x)
					if other >= 0 {
						parts = append(parts, w.part(v, f.other, other, first, n))
					}
				}
				first += n
			}
			if len(blocks) == 0 {
				return w.emit(v, ir.OpFull, &ir.FullAttrs{Value: ir.FloatNumber(0), Exact: true}, v.Type.Plain())
			}
			value, rest := blocks[0], f.other
			if len(parts) > 0 {
				rest = parts[0]
			}
			if len(blocks) > 1 {
				value = w.put(v, ir.OpConcat, &ir.AxisAttrs{Axis: axis}, ir.Type{}, blocks...)
				if len(parts) > 0 {
					rest = w.put(v, ir.OpConcat, &ir.AxisAttrs{Axis: other}, ir.Type{}, parts...)
				}
			}
			return f.product(w, v, value, rest)
		}
	}
	return nil
}
