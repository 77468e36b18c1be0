package passes

import "github.com/lathe-lang/lathe/ir"

var unusedValues = &Rule{Name: "unused", Law: "what no result needs is not computed", Class: Exact}

// dead removes values that no result needs:
//
//	y = exp(x); return x   becomes   return x
//
// It always pays. It runs last, after the passes that leave unused values.
func dead(ctx *Context, f *ir.Func) error {
	if !ctx.allowed(unusedValues) {
		return nil
	}
	before := f.Work()
	n := count(&f.Region)
	f.Rebuild()
	if count(&f.Region) < n {
		ctx.rewrote(unusedValues, f.Results[0].Pos, before-f.Work())
	}
	return nil
}

// count returns the number of values in a region and the regions in it.
func count(r *ir.Region) int {
	n := len(r.Body)
	for _, v := range r.Body {
		if v.Body != nil {
			n += count(v.Body)
		}
	}
	return n
}
