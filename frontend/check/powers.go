package check

// searchedPower is the largest power whose shortest chain is searched for. Up
// to there the search is a matter of microseconds.
const searchedPower = 128

// A product says which two powers that were made before are multiplied. The
// powers are counted from 0, which is the first power.
type product struct{ x, y int }

// products returns how to make the k-th power, k >= 1, by few products; each
// appends a power, the last is the k-th. Up to searchedPower there is no
// shorter way. Above, k is halved, or else divided by a small factor, or else
// made of k-1.
func products(k int) []product {
	if k <= searchedPower {
		return shortestChain(k)
	}
	if k%2 == 0 {
		out := products(k / 2)
		return append(out, product{len(out), len(out)})
	}
	for p := 3; p <= searchedPower; p += 2 {
		if k%p == 0 {
			out := products(k / p)
			base := len(out) // the power that takes the place of the first
			for _, q := range shortestChain(p) {
				out = append(out, product{q.x + base, q.y + base})
			}
			return out
		}
	}
	out := products(k - 1)
	return append(out, product{len(out), 0})
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
