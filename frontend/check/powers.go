package check

import "slices"

// searchedPower is the largest power whose shortest chain is searched for. Up
// to there the search is a matter of microseconds.
const searchedPower = 128

// factoredPower is the largest power that is taken for the power of a power:
// trying both ways takes ever longer.
const factoredPower = 1 << 20

// A product says which two powers that were made before are multiplied. The
// powers are counted from 0, which is the first power.
type product struct{ x, y int }

// products returns how to make the k-th power, k >= 1, by few products; each
// appends a power, the last is the k-th. Up to searchedPower there is no
// shorter way. Above, an even k is halved; an odd one is made of k-1, or by the
// power of a power where that is shorter, so squarings never take fewer.
func products(k int) []product { return longChain(k, map[int][]product{}) }

// longChain is products, which remembers the chains that it found.
func longChain(k int, known map[int][]product) []product {
	if out, ok := known[k]; ok {
		return out
	}
	var out []product
	switch {
	case k <= searchedPower:
		out = shortestChain(k)
	case k%2 == 0:
		out = longChain(k/2, known)
		out = append(slices.Clip(out), product{len(out), len(out)})
	default:
		out = longChain(k-1, known)
		out = append(slices.Clip(out), product{len(out), 0})
		for p := 3; p <= searchedPower && k <= factoredPower; p += 2 {
			if k%p != 0 {
				continue
			}
			power := slices.Clip(longChain(k/p, known))
			base := len(power) // the power that takes the place of the first
			for _, q := range shortestChain(p) {
				power = append(power, product{q.x + base, q.y + base})
			}
			if len(power) < len(out) {
				out = power
			}
			break
		}
	}
	known[k] = out
	return out
}

// shortestChain searches ever longer chains in which each product takes the
// newest power: for small k one of the shortest chains is of this form.
func shortestChain(k int) []product {
	for length := 0; ; length++ {
		powers := append(make([]int, 0, length+1), 1)
		steps := make([]product, 0, length)
		if extendChain(k, length, &powers, &steps) {
			return steps
		}
	}
}

// extendChain looks for up to left products that lead from the powers to k.
func extendChain(k, left int, powers *[]int, steps *[]product) bool {
	n := len(*powers) - 1
	last := (*powers)[n]
	if last == k {
		return true
	}
	if left == 0 || last<<left < k {
		return false
	}
	for y := n; y >= 0; y-- {
		next := last + (*powers)[y]
		if next > k {
			continue
		}
		*powers, *steps = append(*powers, next), append(*steps, product{n, y})
		if extendChain(k, left-1, powers, steps) {
			return true
		}
		*powers, *steps = (*powers)[:n+1], (*steps)[:len(*steps)-1]
	}
	return false
}

// raise makes the k-th power of x, k >= 1, by multiply. It ends early with
// what multiply gives after an error.
func raise(x value, k int, multiply func(x, y value) value) value {
	powers := []value{x}
	for _, p := range products(k) {
		v := multiply(powers[p.x], powers[p.y])
		if v.kind != tensorKind {
			return v
		}
		powers = append(powers, v)
	}
	return powers[len(powers)-1]
}
