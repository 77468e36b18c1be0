package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

var turnedBack = &Rule{Name: "turned back", Law: "(q @ a).T @ (q @ b) = a.T @ b for an orthogonal q", Class: FromStructure}

// turnBack takes pairs of one orthogonal matrix that are summed over an index which
// only they have out of a network: they are an identity between their other
// indices, one of which stands for both then.
func (n *network) turnBack() {
	for n.turnedBack() {
		n.cancelled = true
	}
}

func (n *network) turnedBack() bool {
	for g, x := range n.factors {
		if x.Type.Rank() != 2 || !x.Type.Props.Any(ir.Orthogonal|ir.Permutation) {
			continue
		}
		for h := range g {
			if n.factors[h].Value != x.Value {
				continue
			}
			for axis := range 2 {
				if n.identity(h, g, axis) {
					return true
				}
			}
		}
	}
	return false
}

// identity takes factors h < g, which are the same, out of the network if they
// are summed along the axis. One of their other indices must be that of another
// factor, or no axis is left to show how large it is, and one must not be of the
// result, or that would need a diagonal.
func (n *network) identity(h, g, axis int) bool {
	x, y := n.factors[h].idx, n.factors[g].idx
	summed, from, to := x[axis], x[1-axis], y[1-axis]
	if y[axis] != summed || from == to || from == summed || to == summed || slices.Contains(n.out, summed) {
		return false
	}
	if slices.Contains(n.out, from) {
		if slices.Contains(n.out, to) {
			return false
		}
		from, to = to, from
	}
	needed := false
	for k, f := range n.factors {
		if k == g || k == h {
			continue
		}
		if slices.Contains(f.idx, summed) {
			return false
		}
		needed = needed || slices.Contains(f.idx, from) || slices.Contains(f.idx, to)
	}
	if !needed {
		return false
	}
	n.factors = slices.Delete(slices.Delete(n.factors, g, g+1), h, h+1)
	// What the higher numbers were moves down.
	rename := func(idx []int) {
		for i, c := range idx {
			if c == from {
				c = to
			}
			gone := 0
			if c > summed {
				gone++
			}
			if c > from {
				gone++
			}
			idx[i] = c - gone
		}
	}
	for _, f := range n.factors {
		rename(f.idx)
	}
	rename(n.out)
	high, low := max(summed, from), min(summed, from)
	n.sizes = slices.Delete(slices.Delete(n.sizes, high, high+1), low, low+1)
	return true
}
