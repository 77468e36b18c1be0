package fuse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// rowwise reports whether all parts of the chain read what is local in the row
// that they work on.
func (c *chainer) rowwise() bool {
	for _, part := range c.chained.Parts {
		if g := part.Gemm; g != nil {
			if g.Packed == nil && c.isLocal(g.B.Buf) {
				return false
			}
			if c.isLocal(g.A.Buf) {
				dims, axes, ok := rowsOf(g)
				if !ok || !slices.Equal(dims, c.chained.Dims) || !slices.Equal(axes, part.Axes) {
					return false
				}
			}
		}
		r := rowReader{chainer: c, part: part, seen: map[string]bool{}}
		if !r.all() {
			return false
		}
	}
	return true
}

func (c *chainer) isLocal(b *kernel.Buffer) bool { return slices.Contains(c.chained.Local, b) }

// A rowReader follows the values that a part computes to what it loads. Places
// are axes of the part: the dimensions of a product's result, those of a nest's
// full space.
type rowReader struct {
	*chainer
	part kernel.Part
	rows []int // the places of the rows
	seen map[string]bool
	over *kernel.Buffer // if not nil, what must be read at the part's own place
}

// all reports whether everything is read in its row.
func (r *rowReader) all() bool {
	if g := r.part.Gemm; g != nil {
		r.rows = r.part.Axes
		for _, s := range g.Store {
			if !r.reads(s.Value, axes(s.Value.Type.Rank())) {
				return false
			}
		}
		return true
	}
	n := r.part.Nest
	outer := make([]int, len(n.Outer))
	for i, a := range n.Full {
		if !a.Inner {
			outer[a.Index] = i
		}
	}
	for _, a := range r.part.Axes {
		r.rows = append(r.rows, outer[a])
	}
	for _, s := range n.Store {
		if !r.reads(s.Value, outer) {
			return false
		}
	}
	for _, st := range n.Stages {
		for _, s := range st.Store {
			if !r.reads(s.Value, axes(len(n.Full))) {
				return false
			}
		}
		for _, v := range st.Reduce {
			if !r.reads(v, outer) {
				return false
			}
		}
	}
	return true
}

// reads reports whether v, computed at the given places, needs local values in
// the row only.
func (r *rowReader) reads(v *ir.Value, at []int) bool {
	key := fmt.Sprintf("%p%v", v, at)
	if r.seen[key] {
		return true
	}
	r.seen[key] = true
	inside := slices.Contains(r.part.Inside, v)
	if b := r.prog.Buf[v]; b != nil && !inside {
		if b == r.over {
			return slices.Equal(v.Type.Dims(), r.space()) && samePlace(v, at, axes(len(at)))
		}
		return !r.isLocal(b) || r.inRow(v, at)
	}
	if g := r.part.Gemm; g != nil && v == g.Value {
		return samePlace(v, at, axes(len(at))) // its operands are looked at apart
	}
	if inside && isReduction(v.Op) {
		return r.reduces(v)
	}
	for i, a := range v.Args {
		if !r.reads(a, operandPlace(v, i, at)) {
			return false
		}
	}
	return true
}

// space returns the sizes of the places.
func (r *rowReader) space() []int {
	if r.part.Gemm != nil {
		return r.part.Gemm.Value.Type.Dims()
	}
	n := r.part.Nest
	dims := make([]int, len(n.Full))
	for i, a := range n.Full {
		if a.Inner {
			dims[i] = n.Inner[a.Index]
		} else {
			dims[i] = n.Outer[a.Index]
		}
	}
	return dims
}

// inRow reports whether v, which is local, is read at its rows' places.
func (r *rowReader) inRow(v *ir.Value, at []int) bool {
	k := 0
	for i, n := range v.Type.Dims() {
		if n == 1 || k == len(r.rows) {
			continue
		}
		if at[i] != r.rows[k] {
			return false
		}
		k++
	}
	return k == len(r.rows)
}

// reduces is reads for the operands of a reduction of the nest.
func (r *rowReader) reduces(v *ir.Value) bool {
	full := r.part.Nest.Full
	if v.Op != ir.OpContract {
		return r.reads(v.Args[0], axes(len(full)))
	}
	operands, result, _ := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	// The full space is the result's indices and then the others in order.
	letters := result
	for _, idx := range operands {
		for i := range len(idx) {
			if strings.IndexByte(letters, idx[i]) < 0 {
				letters += idx[i : i+1]
			}
		}
	}
	for i, idx := range operands {
		at := make([]int, len(idx))
		for j := range at {
			at[j] = strings.IndexByte(letters, idx[j])
		}
		if !r.reads(v.Args[i], at) {
			return false
		}
	}
	return true
}
