package passes

import (
	"math/bits"
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// symmetricDepth is how far symmetricValue follows operands.
const symmetricDepth = 8

// maxTries is how many pairs of factors a search for a symmetry looks at.
const maxTries = 1 << 9

// symmetricValue reports whether the matrices of v, its last two axes, are their
// own transposes to the last bit: promised, diagonal, a product with its own
// transpose, a sum with it, or elementwise work on such.
func symmetricValue(v *ir.Value) bool { return symmetricTo(v, symmetricDepth) }

func symmetricTo(v *ir.Value, depth int) bool {
	r := v.Type.Rank()
	if r < 2 || depth == 0 {
		return false
	}
	dims := v.Type.Dims()
	m, n := dims[r-2], dims[r-1]
	switch {
	case m != n:
		return false
	case v.Type.Props.Any(ir.Symmetric | ir.SPD | ir.Diagonal):
		return true
	case ir.DiagonalsOf(v, false) == (ir.Diagonals{}):
		return true
	}
	switch v.Op {
	case ir.OpContract:
		return ir.OwnTranspose(v)
	case ir.OpAssume:
		return v.Type.Props.Set&^(ir.Orthogonal|ir.Permutation|ir.OneHot) == 0 && symmetricTo(v.Args[0], depth-1)
	case ir.OpTranspose:
		return matrixTransposed(v) && symmetricTo(v.Args[0], depth-1)
	}
	if v.Op.Info().Class != ir.Elementwise {
		return false
	}
	if v.Op.Info().Algebra&ir.Commutative != 0 && len(v.Args) == 2 {
		x, back := bare(v.Args[0], false)
		y, turned := bare(v.Args[1], false)
		if x == y && back != turned {
			return true
		}
	}
	return !slices.ContainsFunc(v.Args, func(a *ir.Value) bool {
		d := a.Type.Dims()
		r := len(d)
		alike := r == 0 || d[r-1] == 1 && (r == 1 || d[r-2] == 1) // everywhere
		return !alike && !symmetricTo(a, depth/2)
	})
}

// symmetricFactor reports whether a factor is the same when its last two indices
// change places.
func (o *ordering) symmetricFactor(i int) bool {
	if o.turns == nil {
		o.turns = make([]bool, len(o.factors))
		for k, f := range o.factors {
			o.turns[k] = len(f.idx) >= 2 && symmetricValue(f.Value)
		}
	}
	return o.turns[i]
}

// symmetric reports whether the product of s does not change when two of its
// indices change places, and which these are: row and col, or any if they are
// negative.
func (o *ordering) symmetric(s, keep set, row, col int) (int, int, bool) {
	if !o.twice || keep.len() < 2 {
		return 0, 0, false
	}
	if row >= 0 {
		ok := keep.has(row) && keep.has(col) && o.swaps(s, keep, row, col)
		return min(row, col), max(row, col), ok
	}
	kept := keep.members()
	for i, r := range kept {
		for _, c := range kept[i+1:] {
			if o.sizes[r] == o.sizes[c] && o.swaps(s, keep, r, c) {
				return r, c, true
			}
		}
	}
	return 0, 0, false
}

// symmetric reports whether the last two axes of the result of n may change places.
func (n *network) symmetric() bool {
	o := newOrdering(n)
	r := len(o.last)
	if r < 2 || o.sizes[o.last[r-2]] != o.sizes[o.last[r-1]] {
		return false
	}
	all := set(1)<<len(n.factors) - 1
	_, _, ok := o.symmetric(all, o.kept(all), o.last[r-2], o.last[r-1])
	return ok
}

// swaps reports whether the product of s is the same with row and col, two of the
// indices that are kept, exchanged: whether its factors can be paired, each with
// an equal one, so that their indices are those of the other up to that exchange
// and to names of what is summed.
func (o *ordering) swaps(s, keep set, row, col int) bool {
	var to [maxIndices]int // one more than the index that stands for an index, 0 for none yet
	var taken set          // those that stand for one
	for _, c := range keep.members() {
		to[c] = c + 1
	}
	to[row], to[col] = col+1, row+1
	taken = keep
	tries := 0
	var pair func(left, free set) bool
	pair = func(left, free set) bool {
		if tries++; left == 0 || tries > maxTries {
			return left == 0
		}
		// The factor that most is known of: one with an index that has its place.
		i := -1
		for rest := left; rest != 0 && i < 0; rest &= rest - 1 {
			k := bits.TrailingZeros64(uint64(rest))
			if slices.ContainsFunc(o.factors[k].idx, func(c int) bool { return to[c] != 0 }) {
				i = k
			}
		}
		if i < 0 {
			i = bits.TrailingZeros64(uint64(left))
		}
		f := o.factors[i]
		for rest := free; rest != 0; rest &= rest - 1 {
			j := bits.TrailingZeros64(uint64(rest))
			g := o.factors[j]
			if f.Value != g.Value {
				continue
			}
			for turn := range 2 {
				if turn == 1 && !o.symmetricFactor(j) {
					break
				}
				before, had := to, taken
				ok := true
				for p, c := range f.idx {
					q := p
					if r := len(f.idx); turn == 1 && p >= r-2 {
						q = 2*r - 3 - p
					}
					d := g.idx[q]
					switch {
					case to[c] == 0 && !taken.has(d):
						to[c] = d + 1
						taken |= 1 << d
					case to[c] != d+1:
						ok = false
					}
				}
				if ok && pair(left&^(1<<i), free&^(1<<j)) {
					return true
				}
				to, taken = before, had
			}
		}
		return false
	}
	return pair(s, s)
}
