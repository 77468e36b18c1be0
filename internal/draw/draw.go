// Package draw makes random tensors whose declared properties hold: what lathe
// run --random and the benchmarks work on.
package draw

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Source draws the value of one argument or weight. What it draws depends
// on the seed, the name and the type alone.
type Source struct{ *rand.Rand }

// New returns the source of the tensor of a name.
func New(seed uint64, name string) (*Source, error) {
	h := fnv.New64a()
	if _, err := h.Write([]byte(name)); err != nil {
		return nil, err
	}
	return &Source{rand.New(rand.NewPCG(seed, h.Sum64()))}, nil
}

// Value draws a tensor of a type. Floats are normal, in matrices scaled by
// 1/sqrt of the last dimension but one; integers are uniform below bound, or 0
// and 1 where bound is 0; bools are both. The type's properties hold.
func (r *Source) Value(t ir.Type, bound int) (*tensor.Tensor, error) {
	shape := t.Dims()
	out, err := tensor.Alloc(t.DType, shape, 0)
	if err != nil {
		return nil, err
	}
	scale := 1.0
	if k := len(shape); k >= 2 && shape[k-2] > 0 {
		scale = 1 / math.Sqrt(float64(shape[k-2]))
	}
	for i := range out.Len() {
		switch {
		case t.DType.IsFloat():
			out.SetFloat(i, scale*r.NormFloat64())
		case t.DType.IsInt():
			n := 2
			if bound > 0 {
				_, most := tensor.Range(t.DType)
				n = int(min(int64(bound)-1, most)) + 1
			}
			out.SetInt(i, int64(r.IntN(n)))
		default:
			out.SetInt(i, int64(r.IntN(2)))
		}
	}
	if t.Props != (ir.Props{}) {
		if err := r.structure(out, t.Props); err != nil {
			return nil, err
		}
	}
	return out, nil
}
