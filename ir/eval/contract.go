package eval

import (
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// An einsum is a contraction with its letters resolved. Indices are numbered by
// their letters, which are in order of first appearance.
type einsum struct {
	sizes    map[byte]int
	operands []string
	result   string
	summed   string // letters that the result lacks, in order of first appearance
}

func parseEinsum(v *ir.Value) (einsum, error) {
	spec := v.Attrs.(*ir.ContractAttrs).Spec
	types := make([]ir.Type, len(v.Args))
	for i, a := range v.Args {
		types[i] = a.Type
	}
	exprs, err := ir.IndexSizes(spec, types)
	if err != nil {
		return einsum{}, err
	}
	e := einsum{sizes: map[byte]int{}}
	e.operands, e.result, err = ir.SplitSpec(spec)
	if err != nil {
		return einsum{}, err
	}
	for c, n := range exprs {
		e.sizes[c], _ = n.Int()
	}
	// A size that a literal 1 stretches does not occur: all sizes agree.
	for _, letters := range e.operands {
		for j := range len(letters) {
			if c := letters[j]; strings.IndexByte(e.result, c) < 0 && strings.IndexByte(e.summed, c) < 0 {
				e.summed += string(c)
			}
		}
	}
	return e, nil
}

// shape returns the sizes of letters.
func (e einsum) shape(letters string) []int {
	shape := make([]int, len(letters))
	for j := range len(letters) {
		shape[j] = e.sizes[letters[j]]
	}
	return shape
}

func (e einsum) size(letters string) int { return product(e.shape(letters)) }

// over returns the walk over operand k along the given letters.
func (e einsum) over(k int, letters string) walk {
	own := strides(e.shape(e.operands[k]))
	w := walk{steps: make([]int, len(letters))}
	for j := range len(letters) {
		if i := strings.IndexByte(e.operands[k], letters[j]); i >= 0 {
			w.steps[j] = own[i]
		}
	}
	return w
}

// A gemm says how a contraction of two operands is a batch of matrix products:
// the letters of each part.
type gemm struct {
	batch, rows, cols, inner string
}

// asGemm classifies the letters of a contraction of two operands; ok is false
// if a summed letter is in one operand only.
func (e einsum) asGemm() (g gemm, ok bool) {
	if len(e.operands) != 2 {
		return g, false
	}
	for j := range len(e.result) {
		c := e.result[j : j+1]
		switch inA, inB := strings.Contains(e.operands[0], c), strings.Contains(e.operands[1], c); {
		case inA && inB:
			g.batch += c
		case inA:
			g.rows += c
		default:
			g.cols += c
		}
	}
	for j := range len(e.summed) {
		c := e.summed[j : j+1]
		if !strings.Contains(e.operands[0], c) || !strings.Contains(e.operands[1], c) {
			return g, false
		}
	}
	g.inner = e.summed
	return g, true
}

// arranged returns operand k with its axes in the order of letters.
func arranged[T any](e einsum, k int, x []T, letters string) []T {
	own := e.operands[k]
	perm := make([]int, len(letters))
	for j := range len(letters) {
		perm[j] = strings.IndexByte(own, letters[j])
	}
	return permuted(array[T]{e.shape(own), x}, perm).data
}

// delivered turns a result whose axes are in the order of letters into the
// order that the specification asks for.
func delivered[T any](e einsum, x []T, letters string) array[T] {
	perm := make([]int, len(letters))
	for j := range len(e.result) {
		perm[j] = strings.IndexByte(letters, e.result[j])
	}
	return permuted(array[T]{e.shape(letters), x}, perm)
}

func evalContract(m *machine, v *ir.Value, args []*tensor.Tensor) (*tensor.Tensor, error) {
	e, err := parseEinsum(v)
	if err != nil {
		return nil, err
	}
	f := byType(args[0].DType(), contractTensors[float64], contractTensors[float32], contractTensors[int64], contractTensors[int32], contractTensors[int8], contractTensors[uint8])
	return f(m, e, args)
}

func contractTensors[T number](m *machine, e einsum, args []*tensor.Tensor) (*tensor.Tensor, error) {
	x := make([][]T, len(args))
	for k, t := range args {
		x[k] = view[T](t)
	}
	g, ok := e.asGemm()
	if !ok {
		out, err := contractLoops(m, e, x, make([][]bool, len(x)))
		return wrap(args[0].DType(), out), err
	}
	a := arranged(e, 0, x[0], g.batch+g.rows+g.inner)
	b := arranged(e, 1, x[1], g.batch+g.inner+g.cols)
	dims := [4]int{e.size(g.batch), e.size(g.rows), e.size(g.inner), e.size(g.cols)}
	c := make([]T, dims[0]*dims[1]*dims[3])
	if err := m.products(any(c), any(a), any(b), dims); err != nil {
		return nil, err
	}
	return wrap(args[0].DType(), delivered(e, c, g.batch+g.rows+g.cols)), nil
}

// contractLoops evaluates any contraction: for each element of the result the
// products of the operands, from left to right, are added in the order of the
// index. Terms of which a factor is marked in skip, which may be nil for an
// operand, are left out.
func contractLoops[T number](m *machine, e einsum, x [][]T, skip [][]bool) (array[T], error) {
	out := newArray[T](e.shape(e.result))
	inner, outer := e.shape(e.summed), e.shape(e.result)
	if len(out.data) == 0 || product(inner) == 0 {
		return out, nil
	}
	walks, heads := make([]walk, len(x)), make([]walk, len(x))
	for k := range x {
		walks[k], heads[k] = e.over(k, e.summed), e.over(k, e.result)
	}
	inner, walks = merge(inner, walks)
	n := last(inner)
	i, err := 0, error(nil)
	// One axis more makes every element of the result a row of its own.
	for k := range heads {
		heads[k].steps = append(heads[k].steps, 0)
	}
	eachRow(append(outer, 1), heads, func(heads []int) {
		if i%blockElems == 0 && err == nil {
			err = m.ctx.Err()
		}
		if err != nil {
			return
		}
		for k := range walks {
			walks[k].at = heads[k]
		}
		first, sum := true, T(0)
		eachRow(inner, walks, func(at []int) {
			for j := range n {
				p := x[0][at[0]+j*last(walks[0].steps)]
				left := skip[0] != nil && skip[0][at[0]+j*last(walks[0].steps)]
				for k := 1; k < len(x); k++ {
					i := at[k] + j*last(walks[k].steps)
					p = T(p * x[k][i])
					left = left || skip[k] != nil && skip[k][i]
				}
				if left {
					continue
				}
				if first {
					sum, first = p, false
				} else {
					sum += p
				}
			}
		})
		out.data[i] = sum
		i++
	})
	return out, err
}
