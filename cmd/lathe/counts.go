package main

import (
	"strconv"

	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/ir"
)

// countOps returns how many operations a region has, constants apart and what is
// computed when weights are loaded, those of loops' bodies included.
func countOps(r *ir.Region) int {
	n := 0
	for _, v := range r.Body {
		if v.Load {
			continue
		}
		if v.Body != nil {
			n += countOps(v.Body)
		}
		if v.Op.Info().Class != ir.Leaf {
			n++
		}
	}
	return n
}

// openLoops returns how many loops have bounds that only a run knows.
func openLoops(f *ir.Func) int {
	n := 0
	f.Walk(func(v *ir.Value) {
		if v.Op == ir.OpLoop && (v.Args[0].Op != ir.OpFull || v.Args[1].Op != ir.OpFull) {
			n++
		}
	})
	return n
}

// sizesJSON is the sizes with numbers as numbers, true and false as such.
func sizesJSON(sizes []check.Size) map[string]any {
	out := map[string]any{}
	for _, s := range sizes {
		if n, err := strconv.Atoi(s.Value); err == nil {
			out[s.Name] = n
		} else if x, err := strconv.ParseFloat(s.Value, 64); err == nil {
			out[s.Name] = number(x)
		} else {
			out[s.Name] = s.Value == "true"
		}
	}
	return out
}
