package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// splitSum multiplies each term of a sum of Kronecker products, and of diagonals,
// by itself, so that splitIndex finds them, where that costs less than the sum
// made whole and chain is still to run, which multiplies in that order.
func splitSum(w *rewriter, v *ir.Value) func() *ir.Value {
	if !slices.Contains(w.runs[w.at:], "chain") {
		return nil
	}
	for _, f := range blockFactors(v) {
		s := f.value
		if s.Type.Rank() != 2 || !additive(s) || banded(f.other) {
			continue
		}
		summed := -1
		for axis := range 2 {
			if f.summed(axis) && f.kept(1-axis) {
				summed = axis
			}
		}
		if summed < 0 {
			continue
		}
		columns := f.other.Type.Elems() / max(s.Type.Dims()[summed], 1)
		after, made, outers := w.termsWork(s, summed, columns)
		before := v.Work()
		if w.levels[s] == w.levels[v] {
			before += made
		}
		if outers == 0 || after < 0 || after >= before {
			continue
		}
		var each func(u *ir.Value) *ir.Value
		each = func(u *ir.Value) *ir.Value {
			if additive(u) {
				return w.put(v, u.Op, nil, ir.Type{}, each(u.Args[0]), each(u.Args[1]))
			}
			return f.product(w, v, u, f.other)
		}
		return func() *ir.Value {
			if w.levels[s] == w.levels[v] {
				w.instead(s)
			}
			return each(s)
		}
	}
	return nil
}

// termsWork returns what products of the terms of s, summed over an axis of it, with
// so many columns cost, and what the sum costs that they need no more; after is
// negative where a term is neither a Kronecker product nor a diagonal, or is needed
// elsewhere. outers is how many are the former.
func (w *rewriter) termsWork(s *ir.Value, axis, columns int) (after, made, outers int) {
	n := s.Type.Dims()
	switch {
	case w.uses[s] > 1 || !s.Type.Equal(ir.Make(s.Type.DType, n...)):
		return -1, 0, 0
	case additive(s):
		a, m, i := w.termsWork(s.Args[0], axis, columns)
		b, k, j := w.termsWork(s.Args[1], axis, columns)
		if a < 0 || b < 0 {
			return -1, 0, 0
		}
		return added(added(a, b), times(n[1-axis], columns)), s.Work() + m + k, i + j
	case s.Op == ir.OpDiag:
		return times(n[0], columns), 0, 0
	case s.Op != ir.OpReshape || !isOuter(s.Args[0]) || w.uses[s.Args[0]] > 1:
		return -1, 0, 0
	}
	outer := s.Args[0]
	groups, ok := joinedAxes(outer.Type.Dims(), n)
	if !ok || len(groups[0]) != 2 || len(groups[1]) != 2 {
		return -1, 0, 0
	}
	operands, all, err := ir.SplitSpec(outer.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil || len(all) != 4 || operands[0] != all[:1]+all[2:3] || operands[1] != all[1:2]+all[3:] {
		return -1, 0, 0
	}
	in, out := groups[axis], groups[1-axis]
	// By one factor after the other, of which an identity costs nothing.
	rest := func(k int, before int) int { // by factor k, where the other index has so many places
		if isIdentity(outer.Args[k]) {
			return 0
		}
		return times(times(2*in[k], times(out[k], before)), columns)
	}
	return min(added(rest(0, in[1]), rest(1, out[0])), added(rest(1, in[0]), rest(0, out[1]))), outer.Work(), 1
}
