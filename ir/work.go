package ir

// Work returns the FLOPs of evaluating v once, its operands apart, by code that
// uses structure: what is zero by the structure of an operand's type is not
// multiplied, and of a symmetric product one triangle is computed. Flops counts
// the same dense. Sizes must be constant.
func (v *Value) Work() int {
	if v.Op == OpLoop {
		return v.WorkOn(v.Body.Needed())
	}
	return v.WorkOn(nil)
}

// WorkOn returns Work, where of a product of matrices only those elements are
// computed that needs says, which Region.Needed has found.
func (v *Value) WorkOn(needs map[*Value]Diagonals) int {
	switch v.Op {
	case OpLoop:
		n := 0
		for _, u := range v.Body.Body {
			n += u.WorkOn(needs)
		}
		return n * v.Turns()
	case OpContract:
		if v.Cost.Set {
			break
		}
		if d, ok := needs[v]; ok {
			return contractWork(v, Props{Set: Banded, Below: d.Below, Above: d.Above})
		}
		return contractWork(v, v.Type.Props)
	}
	return v.Flops()
}

// Work returns the FLOPs of one call of f by code that uses structure, without
// what is computed when weights are loaded.
func (f *Func) Work() int { return f.work(false) }

// LoadWork returns the FLOPs of what is computed when weights are loaded, by code
// that uses structure.
func (f *Func) LoadWork() int { return f.work(true) }

func (f *Func) work(load bool) int {
	n := 0
	needs := f.Needed()
	for _, v := range f.Body {
		if v.Load == load {
			n += v.WorkOn(needs)
		}
	}
	return n
}

// A band says that element i, j of an operand is zero unless
// -above <= i-j <= below.
type band struct {
	row, col     byte // letters of the indices
	below, above int
}

// contractWork counts the points of the index space at which no operand is zero
// by structure: two FLOPs each, one where structure leaves nothing to sum. Of the
// result the elements within the bands of result are counted.
func contractWork(v *Value, result Props) int {
	types := make([]Type, len(v.Args))
	for i, a := range v.Args {
		types[i] = a.Type
		if n := a.Type.Rank(); n >= 2 {
			types[i].Props = Props{}
			dims := a.Type.Dims()
			if d := DiagonalsOf(a, false); d.Of(dims[n-2], dims[n-1]) {
				types[i].Props = Props{Set: Banded, Below: d.Below, Above: d.Above}
			}
		}
	}
	spec := v.Attrs.(*ContractAttrs).Spec
	if OwnTranspose(v) && !result.Has(Banded) {
		result.Set |= Symmetric
	}
	return ContractWork(spec, types, result)
}

// OwnTranspose reports whether a contraction is the same product when the last
// two indices of its result change places, as a @ a.T is.
func OwnTranspose(v *Value) bool {
	args := v.Args
	operands, out, err := SplitSpec(v.Attrs.(*ContractAttrs).Spec)
	if err != nil || len(out) < 2 {
		return false
	}
	i, j := out[len(out)-2], out[len(out)-1]
	swap := func(letters string) string {
		turned := []byte(letters)
		for k, c := range turned {
			switch c {
			case i:
				turned[k] = j
			case j:
				turned[k] = i
			}
		}
		return string(turned)
	}
	used := make([]bool, len(args))
next:
	for a, letters := range operands {
		for b, other := range operands {
			if !used[b] && args[a] == args[b] && swap(letters) == other {
				used[b] = true
				continue next
			}
		}
		return false
	}
	return true
}

// ContractWork returns the Work of a contraction of operands of the given types,
// of whose result only the structure result is needed. The specification must fit
// the types.
func ContractWork(spec string, types []Type, result Props) int {
	sizes, err := IndexSizes(spec, types)
	if err != nil {
		return 0
	}
	operands, out, err := SplitSpec(spec)
	if err != nil {
		return 0
	}
	n := map[byte]int{}
	for c, d := range sizes {
		n[c], _ = d.Int()
	}
	var bands []band
	for i, letters := range operands {
		t := types[i]
		if t.Props == (Props{}) || len(letters) < 2 {
			continue
		}
		row, col := letters[len(letters)-2], letters[len(letters)-1]
		rows, cols := t.Dims()[t.Rank()-2], t.Dims()[t.Rank()-1]
		if row == col || rows != n[row] || cols != n[col] {
			continue // a diagonal of the operand, or an axis of size 1 that is stretched
		}
		if below, above := t.Props.Band(rows, cols); below < rows-1 || above < cols-1 {
			bands = append(bands, band{row, col, below, above})
		}
	}
	if k := len(out); k >= 2 && out[k-2] != out[k-1] {
		rows, cols := n[out[k-2]], n[out[k-1]]
		if below, above := result.Band(rows, cols); below < rows-1 || above < cols-1 {
			bands = append(bands, band{out[k-2], out[k-1], below, above})
		}
	}
	points := countPoints(n, bands)
	elems := 1
	for i := range len(out) {
		elems *= n[out[i]]
	}
	summed := false // whether more than one point can fall on an element
	for c, k := range n {
		if k > 1 && !contains(out, c) && !pinned(c, bands) {
			summed = true
		}
	}
	if result.Mirrored() && len(bands) == 0 && len(out) >= 2 {
		if k := n[out[len(out)-1]]; k > 0 && k == n[out[len(out)-2]] {
			points = points / k * (k + 1) / 2 // points are a multiple of k^2
		}
	}
	switch {
	case len(types) > 2:
		return len(types) * points
	case !summed:
		return points * (len(types) - 1)
	}
	return len(types) * points
}

func contains(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

// pinned reports whether an index is equal to another one wherever nothing is zero.
func pinned(c byte, bands []band) bool {
	for _, b := range bands {
		if b.below == -b.above && (b.row == c || b.col == c) { // one diagonal is left
			return true
		}
	}
	return false
}

// countPoints returns the number of points of a box at which all bands hold. The
// bands are taken for the edges of a graph between indices: indices without
// bands multiply the number, and trees are counted from the leaves on. Of bands
// that close a circle the last is left out, which counts too much.
func countPoints(n map[byte]int, bands []band) int {
	if len(bands) == 0 { // as nearly always
		total := 1
		for _, size := range n {
			total *= size
		}
		return total
	}
	// The sorted letters make the order, and so which band is left out, the same
	// in every run.
	var letters []byte
	for c := range 256 {
		if _, ok := n[byte(c)]; ok {
			letters = append(letters, byte(c))
		}
	}
	edges := map[byte][]band{}
	group := map[byte]byte{}
	for _, c := range letters {
		group[c] = c
	}
	for _, b := range merged(bands) {
		if group[b.row] == group[b.col] {
			continue
		}
		old, now := group[b.col], group[b.row]
		for _, c := range letters {
			if group[c] == old {
				group[c] = now
			}
		}
		edges[b.row] = append(edges[b.row], b)
		edges[b.col] = append(edges[b.col], b)
	}
	total := 1
	seen := map[byte]bool{}
	// ways returns for each value of an index in how many ways the indices
	// behind it can be chosen.
	var ways func(c, from byte) []int
	ways = func(c, from byte) []int {
		seen[c] = true
		w := make([]int, n[c])
		for i := range w {
			w[i] = 1
		}
		for _, b := range edges[c] {
			d, lo, hi := b.col, -b.below, b.above // d - c lies in lo..hi
			if d == c {
				d, lo, hi = b.row, -b.above, b.below
			}
			if d == from {
				continue
			}
			behind := ways(d, c)
			sums := make([]int, len(behind)+1)
			for j, k := range behind {
				sums[j+1] = sums[j] + k
			}
			for i := range w {
				first, last := max(i+lo, 0), min(i+hi, len(behind)-1)
				if first > last {
					w[i] = 0
				} else {
					w[i] *= sums[last+1] - sums[first]
				}
			}
		}
		return w
	}
	for _, c := range letters {
		if seen[c] {
			continue
		}
		if len(edges[c]) == 0 {
			total *= n[c]
			continue
		}
		sum := 0
		for _, k := range ways(c, 0) {
			sum += k
		}
		total *= sum
	}
	return total
}

// merged joins the bands of the same two indices.
func merged(bands []band) []band {
	var out []band
next:
	for _, b := range bands {
		for i := range out {
			switch o := &out[i]; {
			case o.row == b.row && o.col == b.col:
				o.below, o.above = min(o.below, b.below), min(o.above, b.above)
				continue next
			case o.row == b.col && o.col == b.row:
				o.below, o.above = min(o.below, b.above), min(o.above, b.below)
				continue next
			}
		}
		out = append(out, b)
	}
	return out
}
