package ir

import "maps"

// Needed returns for the values of a region, and of the bodies within it, of which only some diagonals of the
// last two dimensions are ever used those diagonals: what a triangle cuts off,
// or what a mask never selects, need not be computed. Sizes must be constant.
func (r *Region) Needed() map[*Value]Diagonals {
	needs := map[*Value]Diagonals{}
	inner := map[*Value]Diagonals{}
	seen := map[*Value]bool{}
	need := func(v *Value, d Diagonals) {
		if seen[v] {
			d = d.or(needs[v])
		}
		needs[v], seen[v] = d, true
	}
	whole := func(v *Value) {
		if n := v.Type.Rank(); v.Type.Tuple == nil && n >= 2 {
			dims := v.Type.Dims()
			need(v, allDiagonals(dims[n-2], dims[n-1]))
		}
	}
	for _, v := range r.Results {
		whole(v)
	}
	for i := len(r.Body) - 1; i >= 0; i-- {
		v := r.Body[i]
		if v.Body != nil {
			v.Body.outside(whole)
			maps.Copy(inner, v.Body.Needed())
		}
		d, banded := needs[v]
		for k, a := range v.Args {
			if v.Type.Tuple != nil || a.Type.Tuple != nil || a.Type.Rank() < 2 {
				continue
			}
			switch {
			case banded && v.Op == OpTri:
				need(a, d.and(triangle(v)))
			case banded && v.Op == OpWhere && k > 0 && SameLastTwo(a, v):
				e := d
				if SameLastTwo(v.Args[0], v) {
					e = e.and(MaskOf(v.Args[0], k == 1).Diagonals)
				}
				need(a, e)
			case banded && (v.Op.Info().Class == Elementwise || v.Op == OpReshape || v.Op == OpBroadcast) && SameLastTwo(a, v):
				need(a, d)
			case banded && v.Op == OpTranspose && turned(v):
				need(a, d.Transposed())
			default:
				whole(a)
			}
		}
	}
	for v, d := range needs { // in any order: each is looked at alone
		n := v.Type.Rank()
		if dims := v.Type.Dims(); !d.Of(dims[n-2], dims[n-1]) {
			delete(needs, v)
		}
	}
	maps.Copy(needs, inner)
	return needs
}

// outside calls use with what a region and those within it take from around it,
// and with their own.
func (r *Region) outside(use func(*Value)) {
	for _, v := range r.Body {
		for _, a := range v.Args {
			use(a)
		}
		if v.Body != nil {
			v.Body.outside(use)
		}
	}
	for _, v := range r.Results {
		use(v)
	}
}

// turned reports whether a transposition swaps the last two dimensions and leaves
// the others behind them.
func turned(v *Value) bool {
	p := v.Attrs.(*PermAttrs).Perm
	n := len(p)
	return n >= 2 && p[n-1] == n-2 && p[n-2] == n-1
}

// triangle returns the diagonals that a tri keeps.
func triangle(v *Value) Diagonals {
	n := v.Type.Rank()
	dims := v.Type.Dims()
	all := allDiagonals(dims[n-2], dims[n-1])
	a := v.Attrs.(*TriAttrs)
	k, _ := a.K.Int()
	if a.Upper {
		return all.and(Diagonals{-k, all.Above})
	}
	return all.and(Diagonals{all.Below, k})
}
