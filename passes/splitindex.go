package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
)

// splitIndex finds a factor that is an outer product whose axes were joined, as
// those of a Kronecker product are. With the joined indices split in the other
// factor and in the result, its factors can be multiplied one by one, which chain
// finds to be cheaper.
func splitIndex(w *rewriter, v *ir.Value) func() *ir.Value {
	for _, f := range blockFactors(v) {
		x := f.value
		if x.Op != ir.OpReshape || w.uses[x] > 1 || !isOuter(x.Args[0]) || w.uses[x.Args[0]] > 1 {
			continue
		}
		if n := f.other.Type.Rank(); n >= 2 {
			d := f.other.Type.Dims()
			if ir.DiagonalsOf(f.other, false).Of(d[n-2], d[n-1]) {
				continue // splitting an index would lose what lies off them
			}
		}
		groups, ok := joinedAxes(x.Args[0].Type.Dims(), x.Type.Dims())
		if !ok {
			continue
		}
		letters := f.operands[f.at]
		split := map[byte][]int{} // sizes that an index is split into
		for axis, group := range groups {
			if _, _, ok := f.once(axis); !ok {
				split = nil
				break
			}
			split[letters[axis]] = group
		}
		if split == nil {
			continue
		}
		args := [2]*ir.Value{f.other, f.other}
		args[f.at] = x.Args[0]
		if y := f.other; y.Op == ir.OpReshape && w.uses[y] == 1 && isOuter(y.Args[0]) && w.uses[y.Args[0]] == 1 && f.alsoSplit(split) {
			args[1-f.at] = y.Args[0]
		}
		return func() *ir.Value {
			return w.reshapedTo(v, w.apart(v, f, split, args))
		}
	}
	return nil
}

// alsoSplit adds to split the sizes that the indices of the other factor, whose
// axes were joined too, are split into; it returns false where that does not fit.
func (f blockFactor) alsoSplit(split map[byte][]int) bool {
	groups, ok := joinedAxes(f.other.Args[0].Type.Dims(), f.other.Type.Dims())
	if !ok {
		return false
	}
	letters := f.operands[1-f.at]
	for axis, group := range groups {
		l := letters[axis]
		if have := split[l]; have != nil && !slices.Equal(have, group) || strings.Count(letters, string(l)) > 1 {
			return false
		}
	}
	for axis, group := range groups {
		split[letters[axis]] = group
	}
	return true
}

// apart returns the contraction v, of which f is a factor, with some of its
// indices split into several: each of its operands is args, where that has all
// axes already, or else reshaped.
func (w *rewriter) apart(v *ir.Value, f blockFactor, split map[byte][]int, args [2]*ir.Value) *ir.Value {
	next := byte('a')
	names := map[byte]string{}
	apart := func(letters string, sizes []int) (string, []int) {
		var named strings.Builder
		var out []int
		for i := range len(letters) {
			l := letters[i]
			parts := split[l]
			if parts == nil {
				parts = []int{sizes[i]}
			}
			if names[l] == "" {
				for range parts {
					names[l] += string(next)
					next++
				}
			}
			named.WriteString(names[l])
			out = append(out, parts...)
		}
		return named.String(), out
	}
	specs := [2]string{}
	for k, a := range v.Args {
		spec, sizes := apart(f.operands[k], a.Type.Dims())
		specs[k] = spec
		if args[k].Type.Rank() != len(sizes) {
			args[k] = w.put(v, ir.OpReshape, nil, ir.Make(a.Type.DType, sizes...), args[k])
		}
	}
	result, _ := apart(f.out, v.Type.Dims())
	return w.put(v, ir.OpContract, &ir.ContractAttrs{Spec: specs[0] + "," + specs[1] + "->" + result}, ir.Type{}, args[0], args[1])
}

// pooledProduct finds a sum over parts of the rows of a product, as the mean of
// blocks of tokens behind a linear map is. With the rows split in the factor,
// chain finds that the sum may come before the product.
func pooledProduct(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpSum || v.Args[0].Op != ir.OpReshape || w.uses[v.Args[0]] > 1 {
		return nil
	}
	x := v.Args[0]
	y := x.Args[0]
	if w.uses[y] > 1 {
		return nil
	}
	groups, ok := joinedAxes(x.Type.Dims(), y.Type.Dims()) // of the reshape the other way round
	factors := blockFactors(y)
	if !ok || len(factors) == 0 {
		return nil
	}
	f := factors[0]
	split := map[byte][]int{}
	for axis, group := range groups {
		l := f.out[axis]
		if len(group) == 1 {
			continue
		}
		if strings.Count(f.out, string(l)) > 1 || strings.Count(f.operands[0]+f.operands[1], string(l)) > 1 {
			return nil
		}
		split[l] = group
	}
	for _, a := range y.Args {
		if n := a.Type.Rank(); n >= 2 {
			d := a.Type.Dims()
			if ir.DiagonalsOf(a, false).Of(d[n-2], d[n-1]) {
				return nil // what lies off the diagonals would be lost
			}
		}
	}
	return func() *ir.Value {
		args := [2]*ir.Value{f.value, f.other}
		return w.put(v, ir.OpSum, v.Attrs, ir.Type{}, w.reshapedTo(x, w.apart(y, f, split, args)))
	}
}

// isOuter reports whether v is a product of two tensors in which nothing is summed.
func isOuter(v *ir.Value) bool {
	if v.Op != ir.OpContract || len(v.Args) != 2 {
		return false
	}
	operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	return err == nil && len(operands[0])+len(operands[1]) == len(out)
}

// joinedAxes returns for each axis of a reshape the sizes of the axes that were
// joined to it; ok is false if any was split, or none joined.
func joinedAxes(from, to []int) (groups [][]int, ok bool) {
	i := 0
	for _, n := range to {
		var group []int
		for product := 1; product < n || len(group) == 0; i++ {
			if i == len(from) || from[i] == 0 {
				return nil, false
			}
			product *= from[i]
			if group = append(group, from[i]); product > n {
				return nil, false
			}
		}
		groups = append(groups, group)
		ok = ok || len(group) > 1
	}
	return groups, ok && i == len(from)
}
