package irtest

import (
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/eval"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Args draws arguments for f: floats as Random does, integers within what they
// index (see eval.IndexBounds) or small, and matrices that keep what their types
// promise, with elements outside of a structure that must not be read. nonFinite
// puts NaN and infinities among the floats that nothing is promised of. Sizes
// must be constant. The arguments depend on f's parameters and the seed only.
func Args(f *ir.Func, seed uint64, nonFinite bool) []*tensor.Tensor {
	bounds := eval.IndexBounds(f)
	args := make([]*tensor.Tensor, len(f.Params))
	g := &gen{src: Seeded(seed), cfg: Config{NonFinite: nonFinite, NoHuge: true}}
	for k, p := range f.Params {
		t := tensor.New(p.Type.DType, p.Type.Dims()...)
		switch {
		case p.Type.Props != (ir.Props{}) && p.Type.Rank() >= 2:
			g.fillMatrices(t, p.Type.Props)
		case p.Type.DType.IsFloat():
			g.floats(t)
		case p.Type.DType == tensor.Bool:
			for i := range t.Len() {
				t.SetInt(i, int64(g.draw(2)))
			}
		default:
			_, most := tensor.Range(p.Type.DType)
			n := min(int64(bounds[k]), most)
			if n <= 0 {
				n = 5
			}
			for i := range t.Len() {
				t.SetInt(i, int64(g.draw(int(n))))
			}
		}
		args[k] = t
	}
	return args
}
