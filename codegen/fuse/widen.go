package fuse

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// Weights are often kept in fewer bits than they are multiplied in: as bf16, f16,
// or as i8 with scales. A product needs them converted and scaled, and never has
// them in memory like that: what packs the right operand when weights are loaded
// computes it as it packs, and a product of few rows, whose time is that of reading
// its right operand, computes it as it reads. So neither takes more memory, or more
// bytes from memory, than there must be.

// widened returns v, which is in no memory, as a view of what is computed as it is
// read (kernel.View.Of): few operations, element by element, on what takes fewer
// bytes and is in memory in the same order, and movement that changes strides
// alone.
func (p *planner) widened(v *ir.Value) (kernel.View, bool) {
	switch {
	case p.prog.Buf[v] != nil || p.owner[v] != nil:
		return kernel.View{}, false
	case isStrided(v.Op):
		w, ok := p.widened(v.Args[0])
		if !ok {
			return kernel.View{}, false
		}
		w, ok = w.Move(v)
		return w, ok && inRows(w)
	}
	bytes, ok := p.source(v, v.Type.Elems())
	if !ok || v.Type.Rank() == 0 || bytes >= v.Type.Bytes() || p.cost(v, map[*ir.Value]int{}) > cheap || p.prog.HasZeros(v) || kernel.Structured(v.Type) {
		return kernel.View{}, false
	}
	return kernel.View{Of: v, Strides: kernel.RowMajor(v.Type.Dims()), Type: v.Type}, true
}

// inRows reports whether neighbours along any dimension of w are neighbours in a
// row of what it is of.
func inRows(w kernel.View) bool {
	for i, n := range w.Type.Dims() {
		if w.Strides[i] == 1 && n > row(w.Of.Type) {
			return false
		}
	}
	return true
}

// source returns the bytes of what v, which floats, is computed from; false if it
// is not element by element, or from as many elements as v's in another order.
func (p *planner) source(v *ir.Value, elems int) (bytes int, ok bool) {
	b := p.prog.Buf[v]
	switch {
	case b != nil:
		return b.Type.Bytes(), v.Op != ir.OpParam || !kernel.Structured(v.Type)
	case p.owner[v] != nil || v.Op.Info().Fails:
		return 0, false
	case v.Op == ir.OpFull:
		return 0, true
	case isStrided(v.Op) && v.Type.Elems() < elems, keepsRows(v), v.Op.Info().Class == ir.Elementwise:
		for _, a := range v.Args {
			n, ok := p.source(a, elems)
			if !ok {
				return 0, false
			}
			bytes += n
		}
		return bytes, true
	}
	return 0, false
}

// keepsRows reports whether v is a reshape whose rows are those of its operand, such
// as one that groups rows for scales.
func keepsRows(v *ir.Value) bool {
	return v.Op == ir.OpReshape && row(v.Type) == row(v.Args[0].Type)
}

// row returns the size of the last dimension that is none of size 1.
func row(t ir.Type) int {
	n := 1
	for _, d := range t.Dims() {
		if d != 1 {
			n = d
		}
	}
	return n
}

// leave finds what is computed when weights are loaded, r being the region of that,
// and need not be stored: it is widened from weights, and all that calls do with it
// is to multiply by it as it is packed.
func (p *planner) leave(r *region, f *ir.Func) {
	packed := map[*ir.Value]bool{}
	for _, v := range f.LoadTime() {
		w, ok := p.widened(v)
		packed[v] = ok && w.Of == v && p.ofWeights(v)
	}
	moved := func(v *ir.Value) *ir.Value {
		for isStrided(v.Op) && !v.Load {
			v = v.Args[0]
		}
		return v
	}
	for _, v := range f.Results {
		packed[moved(v)] = false
	}
	f.Walk(func(u *ir.Value) {
		if u.Load || isStrided(u.Op) {
			return
		}
		for _, a := range u.Args {
			if root := moved(a); packed[root] {
				packed[root] = r.packs(u, a, root)
			}
		}
		if u.Body != nil {
			for _, a := range u.Body.Results {
				packed[moved(a)] = false
			}
		}
	})
	for v, ok := range packed {
		if ok {
			p.unstored[v] = true
		}
	}
}

// ofWeights reports whether v is computed from weights and numbers alone.
func (p *planner) ofWeights(v *ir.Value) bool {
	if b := p.prog.Buf[v]; b != nil {
		return b.Kind == kernel.Weight
	}
	return !slices.ContainsFunc(v.Args, func(a *ir.Value) bool { return !p.ofWeights(a) })
}

// packs reports whether u is a product that packs its operand a, root but for
// movement, as it is.
func (r *region) packs(u, a, root *ir.Value) bool {
	if u.Op != ir.OpContract {
		return false
	}
	operands, result, sizes, summed := indices(u)
	if len(summed) == 0 {
		return false
	}
	g := r.gemm(u, operands, result, sizes, summed)
	if g == nil || few(g) {
		return false
	}
	_, _, args := sides(g)
	w, ok := r.p.widened(a)
	return ok && w.Of == root && args[1] == a && args[0] != a
}

// formula returns the only weight that v is computed from, and how, in words that
// say all of it; nil if there are several.
func (p *planner) formula(v *ir.Value) (*kernel.Buffer, string) {
	if b := p.prog.Buf[v]; b != nil {
		if b.Kind != kernel.Weight {
			return nil, ""
		}
		return b, v.Type.String()
	}
	var weight *kernel.Buffer
	text := fmt.Sprint(v.Op, " ", v.Type)
	if v.Attrs != nil {
		text += ir.AttrString(v.Attrs)
	}
	for _, a := range v.Args {
		w, formula := p.formula(a)
		switch {
		case formula == "", w != nil && weight != nil:
			return nil, ""
		case w != nil:
			weight = w
		}
		text += " (" + formula + ")"
	}
	return weight, text
}
