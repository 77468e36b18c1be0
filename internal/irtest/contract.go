package irtest

import (
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// maxSpace is the most products that a contraction adds up.
const maxSpace = 1 << 17

// stepContract multiplies two matrices, or whatever else an einsum says.
func stepContract(g *gen, op ir.Op) {
	switch g.src.Int(4, "kind of contraction") {
	case 0:
		g.matmul(g.floatOf(1), nil)
	case 1: // a vector, or an outer product
		v := g.floatOf(1)
		if w := g.like(v.Type.DType, []int{g.extent()}); v.Type.Elems()*w.Type.Elems() <= g.cfg.MaxElems {
			n := v.Type.Rank()
			all := letters(n + 1)
			g.emit(op, &ir.ContractAttrs{Spec: all[:n] + "," + all[n:] + "->" + all}, none, v, w)
		}
	default:
		g.einsum(op)
	}
}

// letters returns the first n letters.
func letters(n int) string { return "abcdefghijklmnopqrstuvwxyz"[:n] }

// matmul multiplies v by w, or by some matrix if w is nil, over the last axis of
// v and the first of w.
func (g *gen) matmul(v, w *ir.Value) *ir.Value {
	dims := v.Type.Dims()
	k := dims[len(dims)-1]
	if w == nil {
		w = g.pick("matrix", func(u *ir.Value) bool {
			return u.Type.DType == v.Type.DType && u.Type.Rank() == 2 && u.Type.Dims()[0] == k
		})
		if w == nil || g.chance(4, "fresh") {
			w = g.input(v.Type.DType, []int{k, g.extent()})
		}
	}
	n := w.Type.Dims()[1]
	if product(dims[:len(dims)-1])*n > g.cfg.MaxElems || product(dims)*n > maxSpace {
		return nil
	}
	r := len(dims)
	all := letters(r + 1)
	spec := all[:r] + "," + all[r-1:] + "->" + all[:r-1] + all[r:]
	return g.emit(ir.OpContract, &ir.ContractAttrs{Spec: spec}, none, v, w)
}

// einsum draws one to three operands with letters for their axes, shared ones
// where sizes agree, and a result with some of the letters.
func (g *gen) einsum(op ir.Op) {
	var args []*ir.Value
	sizes := map[byte]int{}
	var specs []string
	count := 2
	if g.chance(4, "other number") {
		count = []int{1, 3}[g.src.Int(2, "operands")]
	}
	space := 1
	first := g.floatOf(1)
	for k := range count {
		v := first
		if k > 0 {
			v = g.pick("factor", func(v *ir.Value) bool { return v.Type.DType == first.Type.DType && v.Type.Rank() > 0 })
		}
		spec := ""
		for _, n := range v.Type.Dims() {
			letter := byte(0)
			for c := byte('a'); int(c-'a') < len(sizes); c++ {
				if sizes[c] == n && strings.IndexByte(spec, c) < 0 && g.src.Int(4, "share") != 3 {
					letter = c
				}
			}
			if letter == 0 {
				letter = 'a' + byte(len(sizes))
				sizes[letter] = n
				space *= max(n, 1)
			}
			spec += string(letter)
		}
		args, specs = append(args, v), append(specs, spec)
	}
	if space > maxSpace || len(sizes) > 6 {
		return
	}
	result, elems := "", 1
	for i := range len(sizes) {
		c := byte('a' + i)
		shared := strings.Count(strings.Join(specs, ""), string(c)) > 1
		if keep := !shared || g.chance(3, "keep"); keep && !g.chance(8, "sum one") && elems*sizes[c] <= g.cfg.MaxElems {
			if g.chance(2, "front") {
				result = string(c) + result
			} else {
				result += string(c)
			}
			elems *= max(sizes[c], 1)
		}
	}
	g.emit(op, &ir.ContractAttrs{Spec: strings.Join(specs, ",") + "->" + result}, none, args...)
}
