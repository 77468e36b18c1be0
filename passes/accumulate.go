package passes

import "github.com/lathe-lang/lathe/ir"

// accumulations are laws about what is scattered into zeros and added up then:
// it goes where it is added, if it is made as late and as often as the sum.
var accumulations = []law{
	{&Rule{"scatters into", "x + scatter_add(zeros, i, u) = scatter_add(x, i, u)", Reassociate}, scattersInto},
}

func scattersInto(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpAdd || w.depth > 0 {
		return nil
	}
	for i, s := range v.Args {
		x := v.Args[1-i]
		into := s.Op == ir.OpScatter || s.Op == ir.OpScatterAlong
		if !into || s.Attrs.(*ir.ScatterAttrs).Set || !exactZero(s.Args[0]) || w.uses[s] != 1 || w.levels[s] != w.levels[v] || x == s || !x.Type.Equal(s.Type) {
			continue
		}
		return func() *ir.Value { return w.emit(v, s.Op, s.Attrs, ir.Type{}, x, s.Args[1], s.Args[2]) }
	}
	return nil
}
