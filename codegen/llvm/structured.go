package llvm

import (
	"slices"

	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

func pullTri(s *scope, v *ir.Value, idx []index) value.Value {
	return s.keep(s.inTriangle(v, idx), v.Type.DType, s.value(v.Args[0], idx))
}

// inTriangle tests whether a tri keeps an element.
func (s *scope) inTriangle(v *ir.Value, idx []index) test {
	a := v.Attrs.(*ir.TriAttrs)
	k, _ := a.K.Int()
	i, j := idx[len(idx)-2], idx[len(idx)-1]
	pred := enum.IPredSLE
	if a.Upper {
		pred = enum.IPredSGE
	}
	return s.against(pred, j, s.shift(i, k))
}

func pullDiag(s *scope, v *ir.Value, idx []index) value.Value {
	r := len(idx)
	i, j := idx[r-2], idx[r-1]
	from := idx[:r-1] // the row, which the lanes share more often
	if !i.uniform() && j.uniform() {
		from = append(slices.Clone(idx[:r-2]), j)
	}
	return s.keep(s.against(enum.IPredEQ, i, j), v.Type.DType, s.value(v.Args[0], from))
}

// masked reports whether elements of v in memory may be others than those that
// its type promises.
func masked(v *ir.Value) bool {
	return v.Op == ir.OpParam && kernel.Structured(v.Type)
}

// maskedView reports whether elements of w are not always what is in memory.
func maskedView(w kernel.View) bool { return w.Of == nil && !w.Raw && masked(w.Buf.Value) }

func pullAssume(s *scope, v *ir.Value, idx []index) value.Value {
	return s.structured(v.Type, idx, func(idx []index) value.Value { return s.value(v.Args[0], idx) })
}

// structured returns element idx of a value of type t, of which load gives the
// elements within the structure.
func (s *scope) structured(t ir.Type, idx []index, load func([]index) value.Value) value.Value {
	p := t.Props
	if p.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) == 0 {
		return load(idx)
	}
	dims := t.Dims()
	r := len(idx)
	i, j := idx[r-2], idx[r-1]
	var x value.Value
	if p.Mirrored() && dims[r-1] > 1 {
		x = s.pick(s.against(enum.IPredSLE, j, i), func(all bool) value.Value {
			if all {
				return load(idx)
			}
			return load(s.lower(idx))
		}, func(all bool) value.Value {
			if !all {
				return load(s.lower(idx))
			}
			swapped := slices.Clone(idx)
			swapped[r-2], swapped[r-1] = j, i
			return load(swapped)
		})
	} else {
		x = load(idx)
	}
	x = s.keep(s.inBand(t, idx), t.DType, x)
	if p.Has(ir.Unit) {
		on := s.against(enum.IPredEQ, i, j)
		switch {
		case on.yes:
			return s.one(t.DType)
		case on.no:
			return x
		}
		return s.choose(on.is, s.one(t.DType), x)
	}
	return x
}

// inBand tests whether an element may be other than zero in the structure that
// t promises.
func (s *scope) inBand(t ir.Type, idx []index) test {
	dims := t.Dims()
	r := len(idx)
	m, n := dims[r-2], dims[r-1]
	i, j := idx[r-2], idx[r-1]
	below, above := t.Props.Band(m, n)
	inside := s.always()
	if above < n-1 {
		inside = s.both(inside, s.against(enum.IPredSLE, j, s.shift(i, above)))
	}
	if below < m-1 {
		inside = s.both(inside, s.against(enum.IPredSLE, i, s.shift(j, below)))
	}
	return inside
}

// lower returns idx with the last two indices swapped where they are above the
// diagonal.
func (s *scope) lower(idx []index) []index {
	r := len(idx)
	i, j := s.wide(idx[r-2]), s.wide(idx[r-1])
	above := s.icmp(enum.IPredSGT, j, i)
	out := slices.Clone(idx)
	out[r-2], out[r-1] = s.asIndex(s.choose(above, j, i)), s.asIndex(s.choose(above, i, j))
	return out
}
