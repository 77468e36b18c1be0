package passes

import (
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// A matmul is a contraction seen as a product of two matrices: a vector is one
// row on the left and one column on the right.
type matmul struct {
	left, right         *ir.Value // of rank 1 or 2
	leftBack, rightBack bool      // whether the operand is transposed
}

// asMatmul finds x @ y for matrices and vectors.
func asMatmul(v *ir.Value) (matmul, bool) {
	none := matmul{}
	if v.Op != ir.OpContract || len(v.Args) != 2 || v.Cost.Set {
		return none, false
	}
	operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil || len(operands[0]) > 2 || len(operands[1]) > 2 || len(out) > 2 {
		return none, false
	}
	// The index that is summed is in both and not in the result.
	a, b := operands[0], operands[1]
	k := byte(0)
	for i := range len(a) {
		if strings.IndexByte(b, a[i]) >= 0 && strings.IndexByte(out, a[i]) < 0 {
			if k != 0 {
				return none, false
			}
			k = a[i]
		}
	}
	if k == 0 {
		return none, false
	}
	rest := func(letters string) string { return strings.ReplaceAll(letters, string(k), "") }
	m := matmul{left: v.Args[0], right: v.Args[1]}
	switch out {
	case rest(a) + rest(b):
	case rest(b) + rest(a):
		m.left, m.right, a, b = m.right, m.left, b, a
	default:
		return none, false
	}
	if len(rest(a)) != len(a)-1 || len(rest(b)) != len(b)-1 || rest(a) != "" && rest(a) == rest(b) {
		return none, false
	}
	m.leftBack = len(a) == 2 && a[0] == k
	m.rightBack = len(b) == 2 && b[1] == k
	if !ir.SameSize(m.left.Type.Shape[strings.IndexByte(a, k)], m.right.Type.Shape[strings.IndexByte(b, k)]) {
		return none, false // stretched
	}
	return m, true
}

// columns returns how many columns the right matrix has, rows the left one.
func (m matmul) columns() int { return m.right.Type.Elems() / max(m.inner(), 1) }
func (m matmul) rows() int    { return m.left.Type.Elems() / max(m.inner(), 1) }

func (m matmul) inner() int {
	d := m.left.Type.Dims()
	if m.leftBack {
		return d[0]
	}
	return d[len(d)-1]
}

// leftMatrix returns the left operand as a matrix, transposed if it is so in the
// product or else if back is set.
func (m matmul) leftMatrix(w *rewriter, like *ir.Value, back bool) *ir.Value {
	return w.asMatrix(like, m.left, 0, m.leftBack != back)
}

func (m matmul) rightMatrix(w *rewriter, like *ir.Value, back bool) *ir.Value {
	return w.asMatrix(like, m.right, 1, m.rightBack != back)
}

// asMatrix returns x, or x.T where back is set; a vector as a matrix that has
// one element along the axis one before it is turned.
func (w *rewriter) asMatrix(like, x *ir.Value, one int, back bool) *ir.Value {
	if x.Type.Rank() == 2 {
		return w.turned(like, x, back)
	}
	sizes := []int{x.Type.Elems(), x.Type.Elems()}
	if back {
		one = 1 - one
	}
	sizes[one] = 1
	return w.put(like, ir.OpReshape, nil, ir.Make(x.Type.DType, sizes...), x)
}

// product returns x @ y for matrices.
func (w *rewriter) product(like, x, y *ir.Value) *ir.Value {
	return w.put(like, ir.OpContract, &ir.ContractAttrs{Spec: "ab,bc->ac"}, ir.Type{}, x, y)
}

// reshapedTo returns x with the shape of v.
func (w *rewriter) reshapedTo(v, x *ir.Value) *ir.Value {
	if x.Type.Equal(v.Type) {
		return x
	}
	return w.put(v, ir.OpReshape, nil, v.Type.Plain(), x)
}

// turned returns x, or x.T where back is set.
func (w *rewriter) turned(like, x *ir.Value, back bool) *ir.Value {
	if !back {
		return x
	}
	perm := make([]int, x.Type.Rank())
	for i := range perm {
		perm[i] = i
	}
	n := len(perm)
	perm[n-1], perm[n-2] = n-2, n-1
	return w.put(like, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, x)
}
