package passes

import "github.com/lathe-lang/lathe/ir"

// routes returns the values that discrete choices hang on: of each operand of a
// selection or comparison, the contraction nearest to it and all between them.
// Rounding these otherwise may flip the choice, so they take exact rewrites only.
func routes(f *ir.Func) map[*ir.Value]bool {
	before := map[*ir.Value][]*ir.Value{} // what a parameter of a loop is in a turn
	f.Walk(func(v *ir.Value) {
		if v.Body != nil {
			before[v.Body.Params[0]] = v.Args[:2]
			for i, p := range v.Body.Params[1:] {
				before[p] = []*ir.Value{v.Args[2+i], v.Body.Results[i]}
			}
		}
	})
	marked := map[*ir.Value]bool{}
	var mark func(v *ir.Value)
	mark = func(v *ir.Value) {
		if marked[v] {
			return
		}
		marked[v] = true
		if v.Op == ir.OpContract {
			return
		}
		if v.Body != nil {
			for _, u := range v.Body.Results {
				mark(u)
			}
		}
		for _, a := range before[v] {
			mark(a)
		}
		for _, a := range v.Args {
			mark(a)
		}
	}
	f.Walk(func(v *ir.Value) {
		switch v.Op {
		case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe,
			ir.OpArgMax, ir.OpArgMin, ir.OpArgSort, ir.OpTopK:
			for _, a := range v.Args {
				mark(a)
			}
		}
	})
	return marked
}
