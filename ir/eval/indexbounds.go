package eval

import "github.com/lathe-lang/lathe/ir"

// IndexBounds returns, for each parameter of f, how large its elements may be at
// most, exclusive, as indices of what they index directly or moved about; 0 for
// a parameter that indexes nothing. Sizes must be constant. The places that a
// slice of known length may begin at count as those of an index.
func IndexBounds(f *ir.Func) []int {
	places := map[*ir.Value]int{} // of values, found from uses back to parameters
	limit := func(v *ir.Value, n int) {
		if have, ok := places[v]; !ok || n < have {
			places[v] = n
		}
	}
	var scan func(r *ir.Region)
	scan = func(r *ir.Region) {
		for i := len(r.Body) - 1; i >= 0; i-- {
			v := r.Body[i]
			switch v.Op {
			case ir.OpDynSlice:
				a := v.Attrs.(*ir.DynSliceAttrs)
				limit(v.Args[1], v.Args[0].Type.Dims()[a.Axis]-v.Type.Dims()[a.Axis]+1)
			case ir.OpDynUpdate:
				axis := v.Attrs.(*ir.AxisAttrs).Axis
				limit(v.Args[2], v.Type.Dims()[axis]-v.Args[1].Type.Dims()[axis]+1)
			case ir.OpTake, ir.OpTakeAlong:
				limit(v.Args[1], v.Args[0].Type.Dims()[v.Attrs.(*ir.AxisAttrs).Axis])
			case ir.OpScatter, ir.OpScatterAlong:
				limit(v.Args[1], v.Type.Dims()[v.Attrs.(*ir.ScatterAttrs).Axis])
			case ir.OpOneHot:
				limit(v.Args[0], last(v.Type.Dims()))
			}
			if n, ok := places[v]; ok && moved(v.Op) {
				for _, a := range v.Args[:moves(v)] {
					limit(a, n)
				}
			}
			if v.Body != nil {
				scan(v.Body)
			}
		}
	}
	scan(&f.Region)
	bounds := make([]int, len(f.Params))
	for i, p := range f.Params {
		bounds[i] = places[p]
	}
	return bounds
}

// moved reports whether the elements of op's result are those of operands.
func moved(op ir.Op) bool {
	switch op {
	case ir.OpReshape, ir.OpBroadcast, ir.OpTranspose, ir.OpSlice, ir.OpDiagonal, ir.OpConvert, ir.OpConcat, ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice:
		return true
	}
	return false
}

// moves returns how many operands of v hold elements, not places.
func moves(v *ir.Value) int {
	switch v.Op {
	case ir.OpTake, ir.OpTakeAlong, ir.OpDynSlice:
		return 1
	}
	return len(v.Args)
}
