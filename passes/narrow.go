package passes

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
)

// A narrowing says how the needed elements of a value are computed from parts
// of its operands.
type narrowing struct {
	gives    demand   // what is computed: at least what is needed
	operands []demand // what it takes; nil for an operand that it does without
	// build makes the value; arg returns the part of an operand.
	build func(w *rewriter, v *ir.Value, arg func(i int) *ir.Value) *ir.Value
	// order is set in place of build where the value is its first operand in
	// another order: the indices of each axis.
	order [][]int
}

// narrow returns how the elements d of v are computed; nil where only all of
// them can be.
func narrow(v *ir.Value, d demand) *narrowing {
	switch info := v.Op.Info(); info.Class {
	case ir.Elementwise:
		return narrowElementwise(v, d)
	case ir.Reduction:
		return narrowReduction(v, d)
	case ir.Contraction:
		return narrowContraction(v, d)
	}
	switch v.Op {
	case ir.OpFull:
		return &narrowing{gives: d.static(), build: func(w *rewriter, v *ir.Value, _ func(int) *ir.Value) *ir.Value {
			return w.emit(v, ir.OpFull, v.Attrs, d.static().of(v.Type))
		}}
	case ir.OpCumSum:
		gives := slices.Clone(d)
		axis := v.Attrs.(*ir.CumSumAttrs).Axis
		gives[axis] = gives[axis].up()
		return again(v, gives, gives)
	case ir.OpTranspose:
		x := make(demand, len(d))
		for i, p := range v.Attrs.(*ir.PermAttrs).Perm {
			x[p] = d[i]
		}
		return again(v, d, x)
	case ir.OpReshape:
		return narrowReshape(v, d)
	case ir.OpBroadcast:
		return again(v, d, stretched(v.Args[0].Type, d))
	case ir.OpSlice:
		return narrowSlice(v, d)
	case ir.OpConcat:
		return narrowConcat(v, d)
	case ir.OpPad:
		return narrowPad(v, d)
	case ir.OpTri:
		return narrowTri(v, d)
	case ir.OpUpdate:
		return narrowUpdate(v, d)
	case ir.OpTake:
		return narrowTake(v, d)
	case ir.OpTakeAlong:
		axis := v.Attrs.(*ir.AxisAttrs).Axis
		x := slices.Clone(d)
		x[axis] = everything(v.Args[0].Type.Dims()[axis])
		return again(v, d, x, d)
	case ir.OpDynSlice:
		return narrowDynSlice(v, d)
	case ir.OpScatterAlong:
		axis := v.Attrs.(*ir.ScatterAttrs).Axis
		into, idx := slices.Clone(d), slices.Clone(d)
		into[axis] = everything(v.Type.Dims()[axis])
		idx[axis] = everything(v.Args[1].Type.Dims()[axis])
		return again(v, into, into, idx, idx)
	case ir.OpScatter:
		return narrowScatter(v, d)
	case ir.OpOneHot:
		n := len(d) - 1
		gives := slices.Clone(d)
		gives[n] = everything(d[n].n)
		return again(v, gives, gives[:n])
	case ir.OpArgSort:
		return narrowAlong(v, d, v.Attrs.(*ir.SortAttrs).Axis)
	case ir.OpTopK:
		return narrowAlong(v, d, v.Attrs.(*ir.TopKAttrs).Axis)
	case ir.OpInv, ir.OpCholesky:
		gives := batchOf(d)
		return again(v, gives, gives)
	case ir.OpSolve:
		gives := slices.Clone(d)
		gives[len(d)-2] = everything(d[len(d)-2].n)
		return again(v, gives, append(slices.Clone(gives[:len(d)-1]), gives[len(d)-2]), gives)
	case ir.OpDiag:
		gives := batchOf(d)
		return again(v, gives, gives[:len(d)-1])
	case ir.OpDiagonal:
		n := len(d) - 1
		gives := slices.Clone(d)
		gives[n] = everything(d[n].n)
		x := v.Args[0].Type.Dims()
		return again(v, gives, append(slices.Clone(gives[:n]), everything(x[n]), everything(x[n+1])))
	case ir.OpAssume:
		gives := batchOf(d)
		return again(v, gives, gives)
	}
	return nil
}

// again makes the same operation of the parts of its operands.
func again(v *ir.Value, gives demand, operands ...demand) *narrowing {
	return &narrowing{gives: gives, operands: operands, build: func(w *rewriter, v *ir.Value, arg func(int) *ir.Value) *ir.Value {
		args := make([]*ir.Value, len(operands))
		for i := range args {
			args[i] = arg(i)
		}
		want := ir.Type{}
		if v.Op.Info().Typed {
			want = gives.of(v.Type)
		}
		u := w.emit(v, v.Op, v.Attrs, want, args...)
		u.Cost = v.Cost
		return u
	}}
}

// batchOf returns d with the last two axes whole.
func batchOf(d demand) demand {
	out := slices.Clone(d)
	for i := max(len(d)-2, 0); i < len(d); i++ {
		out[i] = everything(d[i].n)
	}
	return out
}

// stretched returns what is needed of an operand that is stretched by NumPy's
// rule to the shape that d is about.
func stretched(t ir.Type, d demand) demand {
	out := make(demand, t.Rank())
	for i, n := range t.Dims() {
		out[i] = d[len(d)-len(out)+i]
		if out[i].n != n {
			out[i] = everything(n) // of size 1
		}
	}
	return out
}

func narrowElementwise(v *ir.Value, d demand) *narrowing {
	operands := make([]demand, len(v.Args))
	for i, a := range v.Args {
		operands[i] = stretched(a.Type, d)
	}
	return again(v, d, operands...)
}

func narrowReduction(v *ir.Value, d demand) *narrowing {
	var gone []int
	switch a := v.Attrs.(type) {
	case *ir.AxesAttrs:
		gone = a.Axes
	case *ir.AxisAttrs:
		gone = []int{a.Axis}
	}
	var x demand
	rest := d
	for i, n := range v.Args[0].Type.Dims() {
		if slices.Contains(gone, i) {
			x = append(x, everything(n))
		} else {
			x, rest = append(x, rest[0]), rest[1:]
		}
	}
	return again(v, d, x)
}

func narrowContraction(v *ir.Value, d demand) *narrowing {
	operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil {
		return nil
	}
	of := map[byte]wanted{}
	for i := range len(out) {
		of[out[i]] = d[i]
	}
	parts := make([]demand, len(operands))
	for k, letters := range operands {
		parts[k] = demand{}
		for i, n := range v.Args[k].Type.Dims() {
			w, ok := of[letters[i]]
			if !ok || w.n != n {
				w = everything(n)
			}
			parts[k] = append(parts[k], w)
		}
	}
	n := again(v, d, parts...)
	// Structure may save more than the part does: half a triangle in its place
	// is cheaper than most of it without.
	types := make([]ir.Type, len(parts))
	for k := range parts {
		types[k] = parts[k].of(v.Args[k].Type)
	}
	if !v.Cost.Set && ir.ContractWork(v.Attrs.(*ir.ContractAttrs).Spec, types, ir.Props{}) > v.Work() {
		return nil
	}
	return n
}

// narrowReshape goes group by group: axes of the operand and of the result that
// hold the same elements. An axis that stays is passed on; in a group of several
// axes the needed elements are those that the operand's axes can be cut to.
func narrowReshape(v *ir.Value, d demand) *narrowing {
	from, to := v.Args[0].Type.Dims(), v.Type.Dims()
	x, gives := make(demand, len(from)), make(demand, len(to))
	if v.Type.Elems() == 0 {
		return nil
	}
	for i, j := 0, 0; i < len(from) || j < len(to); {
		// The group begins at i and j and ends at k and l.
		k, l, m, n := i, j, 1, 1
		for {
			if k < len(from) && (m < n || m == n && k == i) {
				m *= from[k]
				k++
			} else if l < len(to) && (n < m || n == m && l == j) {
				n *= to[l]
				l++
			} else {
				break
			}
		}
		regroup(from[i:k], d[j:l], x[i:k], gives[j:l])
		i, j = k, l
	}
	return again(v, gives, x)
}

// mostRegrouped is the most elements of a group whose needed ones are listed:
// compile time must not grow with the size of tensors.
const mostRegrouped = 1 << 14

// regroup fills x and gives for a group: sizes are those of the operand's axes.
func regroup(sizes []int, d, x, gives demand) {
	for i, n := range sizes {
		x[i] = everything(n)
	}
	for j, w := range d {
		gives[j] = everything(w.n)
	}
	if a, b := only(sizes), onlyOf(d); a >= 0 && b >= 0 { // one axis, and ones
		x[a], gives[b] = d[b], d[b]
		return
	}
	count := 1
	for _, w := range d {
		count *= w.n
		if !w.static() {
			return
		}
	}
	if d.whole() || count > mostRegrouped {
		return
	}
	needed := []int{0}
	for _, w := range d {
		needed = flat(needed, w.indices(), w.n)
	}
	if len(needed) == 0 {
		return // what of the other axes is asked for could not be given
	}
	// What is needed of the operand's axes, and what they hold together.
	along := make([][]int, len(sizes))
	for _, p := range needed {
		for i := len(sizes) - 1; i >= 0; i-- {
			along[i] = append(along[i], p%sizes[i])
			p /= sizes[i]
		}
	}
	held := []int{0}
	for i, n := range sizes {
		x[i] = these(n, along[i])
		held = flat(held, x[i].indices(), n)
	}
	// The same again the other way: the result's axes hold at least that.
	along = make([][]int, len(d))
	for _, p := range held {
		for j := len(d) - 1; j >= 0; j-- {
			along[j] = append(along[j], p%d[j].n)
			p /= d[j].n
		}
	}
	all := []int{0}
	for j := range d {
		gives[j] = these(d[j].n, along[j])
		all = flat(all, gives[j].indices(), d[j].n)
	}
	if len(all) != len(held) { // no box on both sides: all of it
		for i, n := range sizes {
			x[i] = everything(n)
		}
		for j, w := range d {
			gives[j] = everything(w.n)
		}
	}
}

// flat returns the positions of indices behind those of the axes before, in an
// axis of size n.
func flat(before, indices []int, n int) []int {
	out := make([]int, 0, len(before)*len(indices))
	for _, p := range before {
		for _, i := range indices {
			out = append(out, p*n+i)
		}
	}
	return out
}

// only returns which size is the only one that is not 1; -1 if there is no such.
func only(sizes []int) int {
	at := -1
	for i, n := range sizes {
		if n != 1 {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

func onlyOf(d demand) int {
	sizes := make([]int, len(d))
	for i, w := range d {
		sizes[i] = w.n
	}
	return only(sizes)
}

func narrowSlice(v *ir.Value, d demand) *narrowing {
	s := v.Attrs.(*ir.SliceAttrs)
	d = d.static()
	x, order := make(demand, len(d)), make([][]int, len(d))
	for i, n := range v.Args[0].Type.Dims() {
		start, _ := s.Start[i].Int()
		for _, k := range d[i].indices() {
			order[i] = append(order[i], start+k*s.Step[i])
		}
		x[i] = these(n, order[i])
	}
	return &narrowing{gives: d, operands: []demand{x}, order: order}
}

func narrowConcat(v *ir.Value, d demand) *narrowing {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	gives := slices.Clone(d)
	if !gives[axis].static() {
		gives[axis] = everything(gives[axis].n)
	}
	operands := make([]demand, len(v.Args))
	first, used := 0, 0
	for k, a := range v.Args {
		n := a.Type.Dims()[axis]
		var list []int
		for _, i := range gives[axis].indices() {
			if first <= i && i < first+n {
				list = append(list, i-first)
			}
		}
		first += n
		if len(list) > 0 || k == len(v.Args)-1 && used == 0 {
			operands[k] = slices.Clone(gives)
			operands[k][axis] = these(n, list)
			used++
		}
	}
	return &narrowing{gives: gives, operands: operands, build: func(w *rewriter, v *ir.Value, arg func(int) *ir.Value) *ir.Value {
		var parts []*ir.Value
		for k := range operands {
			if operands[k] != nil {
				parts = append(parts, arg(k))
			}
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return w.emit(v, ir.OpConcat, v.Attrs, ir.Type{}, parts...)
	}}
}

func narrowPad(v *ir.Value, d demand) *narrowing {
	p := v.Attrs.(*ir.PadAttrs)
	gives, x := slices.Clone(d), make(demand, len(d))
	lo, hi := make([]int, len(d)), make([]int, len(d))
	for i, n := range v.Args[0].Type.Dims() {
		before, _ := p.Lo[i].Int()
		if n == d[i].n {
			x[i] = d[i]
			continue
		}
		if !d[i].static() {
			gives[i] = everything(d[i].n)
		}
		var inner []int
		for _, k := range gives[i].indices() {
			switch {
			case k < before:
				lo[i]++
			case k < before+n:
				inner = append(inner, k-before)
			default:
				hi[i]++
			}
		}
		x[i] = these(n, inner)
	}
	return &narrowing{gives: gives, operands: []demand{x}, build: func(w *rewriter, v *ir.Value, arg func(int) *ir.Value) *ir.Value {
		if slices.Max(append(lo, 0)) == 0 && slices.Max(append(hi, 0)) == 0 {
			return arg(0)
		}
		return w.emit(v, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(lo...), Hi: ir.Sizes(hi...), Value: p.Value}, ir.Type{}, arg(0))
	}}
}

// narrowTri keeps ranges: the diagonal moves with them.
func narrowTri(v *ir.Value, d demand) *narrowing {
	t := v.Attrs.(*ir.TriAttrs)
	k, _ := t.K.Int()
	gives := slices.Clone(d)
	n := len(d)
	gives[n-1], gives[n-2] = gives[n-1].hull(), gives[n-2].hull()
	k += gives[n-2].first() - gives[n-1].first()
	return &narrowing{gives: gives, operands: []demand{gives}, build: func(w *rewriter, v *ir.Value, arg func(int) *ir.Value) *ir.Value {
		return w.emit(v, ir.OpTri, &ir.TriAttrs{K: ir.Sizes(k)[0], Upper: t.Upper}, ir.Type{}, arg(0))
	}}
}

// narrowUpdate cuts axes that the part covers. Where nothing of the part is
// needed, the rest is what was there before.
func narrowUpdate(v *ir.Value, d demand) *narrowing {
	s := v.Attrs.(*ir.SliceAttrs)
	gives := d.static()
	part := make(demand, len(d))
	misses := false
	for i, n := range v.Args[1].Type.Dims() {
		start, _ := s.Start[i].Int()
		met := false
		for k := range n {
			met = met || gives[i].all || slices.Contains(gives[i].list, start+k*s.Step[i])
		}
		misses = misses || !met
	}
	if misses {
		return &narrowing{gives: gives, operands: []demand{gives, nil}, build: func(_ *rewriter, _ *ir.Value, arg func(int) *ir.Value) *ir.Value {
			return arg(0)
		}}
	}
	starts := make([]int, len(d))
	for i, n := range v.Args[1].Type.Dims() {
		start, _ := s.Start[i].Int()
		if n == d[i].n && start == 0 && s.Step[i] == 1 {
			gives[i] = d[i]
			part[i] = gives[i]
		} else {
			gives[i] = everything(d[i].n)
			part[i] = everything(n)
			starts[i] = start
		}
	}
	return &narrowing{gives: gives, operands: []demand{gives, part}, build: func(w *rewriter, v *ir.Value, arg func(int) *ir.Value) *ir.Value {
		return w.emit(v, ir.OpUpdate, &ir.SliceAttrs{Start: ir.Sizes(starts...), Step: s.Step}, ir.Type{}, arg(0), arg(1))
	}}
}

// narrowTake cuts the indices where a part of them is needed. Else the operand
// need only hold the rows that are taken.
func narrowTake(v *ir.Value, d demand) *narrowing {
	axis := v.Attrs.(*ir.AxisAttrs).Axis
	idx := v.Args[1]
	rank := idx.Type.Rank()
	n := v.Args[0].Type.Dims()[axis]
	at := slices.Clone(d[axis : axis+rank])
	x := slices.Concat(d[:axis], demand{everything(n)}, d[axis+rank:])
	if rank == 1 && at[0].all && idx.Type.Dims()[0] < n {
		x[axis] = wanted{n: n, pick: idx}
		return &narrowing{gives: d, operands: []demand{x, whole(v.Args[1].Type)}, build: func(_ *rewriter, _ *ir.Value, arg func(int) *ir.Value) *ir.Value {
			return arg(0)
		}}
	}
	return again(v, d, x, at)
}

func narrowDynSlice(v *ir.Value, d demand) *narrowing {
	a := v.Attrs.(*ir.DynSliceAttrs)
	size, _ := a.Size.Int()
	gives := slices.Clone(d)
	gives[a.Axis] = everything(size)
	x := slices.Clone(gives)
	n := v.Args[0].Type.Dims()[a.Axis]
	if size < n && size > 0 {
		x[a.Axis] = wanted{n: n, pick: v.Args[1], count: size}
		return &narrowing{gives: gives, operands: []demand{x, whole(v.Args[1].Type)}, build: func(_ *rewriter, _ *ir.Value, arg func(int) *ir.Value) *ir.Value {
			return arg(0)
		}}
	}
	x[a.Axis] = everything(n)
	return again(v, gives, x, demand{})
}

func narrowScatter(v *ir.Value, d demand) *narrowing {
	axis := v.Attrs.(*ir.ScatterAttrs).Axis
	into := slices.Clone(d)
	into[axis] = everything(d[axis].n)
	idx := whole(v.Args[1].Type)
	return again(v, into, into, idx, slices.Concat(into[:axis], idx, into[axis+1:]))
}

// narrowAlong keeps one axis of operand and result whole.
func narrowAlong(v *ir.Value, d demand, axis int) *narrowing {
	gives, x := slices.Clone(d), slices.Clone(d)
	gives[axis] = everything(d[axis].n)
	x[axis] = everything(v.Args[0].Type.Dims()[axis])
	return again(v, gives, x)
}
