package passes

import (
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A tabled value has rows of a table, and rows of zeros where it was padded: a
// take, or what was cut, joined, reshaped and padded of takes of one table along
// the axes of their indices.
type tabled struct {
	table *ir.Value
	from  int   // the axis of the table that is indexed, and the first of the indices
	dims  []int // of the indices
	zero  bool  // an index of the size of the table stands for a row of zeros
	index func() *ir.Value
}

func (t tabled) to() int { return t.from + len(t.dims) }

func (t tabled) rows() int { return t.table.Type.Dims()[t.from] }

// tabledOf finds what v has rows of.
func (w *rewriter) tabledOf(v *ir.Value) (t tabled, ok bool) {
	if v.Op == ir.OpTake {
		idx := v.Args[1]
		return tabled{v.Args[0], v.Attrs.(*ir.AxisAttrs).Axis, idx.Type.Dims(), false, func() *ir.Value { return idx }}, true
	}
	switch v.Op {
	case ir.OpSlice, ir.OpPad, ir.OpReshape, ir.OpConcat:
	default:
		return t, false
	}
	if t, ok = w.tabledOf(v.Args[0]); !ok {
		return t, false
	}
	index, inner, had := t.index, v.Args[0].Type.Dims(), t
	behind := len(inner) - t.to()
	to := v.Type.Rank() - behind
	if to < t.from || !slices.Equal(inner[:t.from], v.Type.Dims()[:t.from]) || !slices.Equal(inner[had.to():], v.Type.Dims()[to:]) {
		return t, false
	}
	t.dims = v.Type.Dims()[t.from:to]
	moved := func(attrs ir.Attrs) func() *ir.Value {
		return func() *ir.Value {
			x := index()
			return w.emit(v, v.Op, attrs, ir.Make(x.Type.DType, t.dims...), x)
		}
	}
	switch v.Op {
	case ir.OpReshape:
		t.index = moved(nil)
	case ir.OpSlice:
		a := v.Attrs.(*ir.SliceAttrs)
		for i := range a.Step {
			if (i < t.from || i >= to) && a.Step[i] != 1 {
				return t, false
			}
		}
		t.index = moved(&ir.SliceAttrs{Start: a.Start[t.from:to], Step: a.Step[t.from:to]})
	case ir.OpPad:
		a := v.Attrs.(*ir.PadAttrs)
		if a.Value.IsInt || a.Value.Float != 0 {
			return t, false
		}
		t.zero = true
		t.index = func() *ir.Value {
			x := index()
			if !had.zero {
				x = w.inTable(v, x, t.rows())
			}
			return w.emit(v, ir.OpPad, &ir.PadAttrs{Lo: a.Lo[t.from:to], Hi: a.Hi[t.from:to], Value: ir.IntNumber(int64(t.rows()))}, ir.Type{}, x)
		}
	case ir.OpConcat:
		axis := v.Attrs.(*ir.AxisAttrs).Axis - t.from
		parts := []tabled{had}
		for _, a := range v.Args[1:] {
			u, ok := w.tabledOf(a)
			if !ok || u.table != t.table || u.from != t.from || len(u.dims) != len(t.dims) {
				return t, false
			}
			t.zero = t.zero || u.zero
			parts = append(parts, u)
		}
		if axis < 0 || axis >= len(t.dims) {
			return t, false
		}
		t.index = func() *ir.Value {
			var all []*ir.Value
			for _, u := range parts {
				x := u.index()
				if t.zero && !u.zero {
					x = w.inTable(v, x, t.rows())
				}
				all = append(all, x)
			}
			return w.emit(v, ir.OpConcat, &ir.AxisAttrs{Axis: axis}, ir.Type{}, all...)
		}
	}
	return t, true
}

// inTable returns x, indices of n rows, as integers of any size, and in such a way
// that others are still errors where the table has a row more.
func (w *rewriter) inTable(like, x *ir.Value, n int) *ir.Value {
	all := w.emit(like, ir.OpIota, &ir.AxisAttrs{}, ir.Make(tensor.I64, n))
	return w.emit(like, ir.OpTake, &ir.AxisAttrs{}, ir.Type{}, all, x)
}

// withZeros returns the table with the row of zeros that indices may name.
func (t tabled) withZeros(w *rewriter, like *ir.Value) *ir.Value {
	if !t.zero {
		return t.table
	}
	lo, hi := make([]int, t.table.Type.Rank()), make([]int, t.table.Type.Rank())
	hi[t.from] = 1
	return w.emitEarly(like, ir.OpPad, &ir.PadAttrs{Lo: ir.Sizes(lo...), Hi: ir.Sizes(hi...), Value: ir.FloatNumber(0)}, ir.Type{}, t.table)
}

// tableProduct multiplies the rows of a table in place of those that are taken of
// it, if these are more. The axes of the indices are those of the factor and of the
// result only, where they stand together.
func tableProduct(w *rewriter, v *ir.Value) func() *ir.Value { return w.tableProduct(v, false) }

// tablesProduct does it where one of the axes of the indices is that of the other
// factor too, as the taps of a convolution are: there is a table for each place of it.
func tablesProduct(w *rewriter, v *ir.Value) func() *ir.Value {
	if v.Op != ir.OpContract {
		return nil
	}
	return w.tableProduct(v, true)
}

func (w *rewriter) tableProduct(v *ir.Value, each bool) func() *ir.Value {
	operands, out, err := ir.SplitSpec(v.Attrs.(*ir.ContractAttrs).Spec)
	if err != nil || v.Cost.Set {
		return nil
	}
	for k, a := range v.Args {
		t, ok := w.tabledOf(a)
		if !ok || len(t.dims) == 0 || elemsOf(t.dims) <= t.rows() || t.rows() == 0 || t.zero && !v.Type.DType.IsFloat() {
			continue
		}
		letters := operands[k][t.from:t.to()]
		free, joint := "", ""
		for i := range len(letters) {
			c := letters[i : i+1]
			shared := false
			for j, o := range operands {
				shared = shared || j != k && strings.Contains(o, c)
			}
			if shared || !strings.Contains(out, c) {
				joint += c
			} else {
				free += c
			}
		}
		var apply func() *ir.Value
		switch {
		case strings.ContainsAny(operands[k][:t.from]+operands[k][t.to():], letters) || strings.Count(out, free) != 1 || free == "":
			continue
		case joint == "" && !each:
			apply = t.product(w, v, k, operands, out)
		case each && len(joint) == 1 && len(v.Args) == 2 && v.Type.DType.IsFloat() && strings.Count(operands[1-k], joint) == 1:
			apply = t.productOfEach(w, v, k, operands, out, free, joint)
		}
		if apply != nil {
			return apply
		}
	}
	return nil
}

// product gathers products with all rows of the table.
func (t tabled) product(w *rewriter, v *ir.Value, k int, operands []string, out string) func() *ir.Value {
	letters := operands[k][t.from:t.to()]
	axis := strings.Index(out, letters)
	of := slices.Clone(operands)
	of[k] = of[k][:t.from+1] + of[k][t.to():]
	spec := strings.Join(of, ",") + "->" + out[:axis+1] + out[axis+len(letters):]
	args := slices.Clone(v.Args)
	args[k] = t.table
	if contractWork(spec, args) >= v.Work() {
		return nil
	}
	return func() *ir.Value {
		args[k] = t.withZeros(w, v)
		f := w.put(v, ir.OpContract, &ir.ContractAttrs{Spec: canonical(spec)}, ir.Type{}, args...)
		return w.put(v, ir.OpTake, &ir.AxisAttrs{Axis: axis}, ir.Type{}, f, t.index())
	}
}

// productOfEach has a table for each place of an index of both factors.
func (t tabled) productOfEach(w *rewriter, v *ir.Value, k int, operands []string, out, free, joint string) func() *ir.Value {
	letters := operands[k][t.from:t.to()]
	at := strings.Index(letters, joint)
	n := t.dims[at]
	other := v.Args[1-k]
	if r := strings.Index(operands[1-k], joint); other.Type.Dims()[r] != n || banded(other) || rounded(v) {
		return nil
	}
	row := free[:1] // the letter of the table's rows
	mine := operands[k][:t.from] + row + operands[k][t.to():]
	rest := ""
	for i := range len(out) {
		if c := out[i : i+1]; !strings.Contains(letters, c) {
			rest += c
		}
	}
	of := []string{mine, operands[1-k]}
	args := []*ir.Value{t.table, other}
	spec := strings.Join(of, ",") + "->" + row + joint + rest
	kept := strings.Contains(out, joint)
	cost := contractWork(spec, args)
	if w.levels[t.table] < ir.CallLevel && w.levels[other] < ir.CallLevel {
		cost = 0
	}
	cost += 2 * elemsOf(t.dims) // of the indices
	if !kept {
		cost += v.Type.Elems() * n
	}
	if cost >= v.Work() {
		return nil
	}
	return func() *ir.Value {
		f := w.put(v, ir.OpContract, &ir.ContractAttrs{Spec: canonical(spec)}, ir.Type{}, t.withZeros(w, v), other)
		dims := f.Type.Dims()
		f = w.emitEarly(v, ir.OpReshape, nil, ir.Make(f.Type.DType, append([]int{dims[0] * n}, dims[2:]...)...), f)
		x := t.index()
		if !t.zero {
			x = w.inTable(v, x, t.rows())
		}
		shape := slices.Repeat([]int{1}, len(letters))
		shape[at] = n
		place := w.emit(v, ir.OpIota, &ir.AxisAttrs{Axis: at}, ir.Make(x.Type.DType, shape...))
		size := w.emit(v, ir.OpFull, &ir.FullAttrs{Value: ir.IntNumber(int64(n))}, ir.Make(x.Type.DType))
		x = w.emit(v, ir.OpAdd, nil, ir.Type{}, w.emit(v, ir.OpMul, nil, ir.Type{}, x, size), place)
		y := w.put(v, ir.OpTake, &ir.AxisAttrs{}, ir.Type{}, f, x)
		has := letters + rest
		if !kept {
			y = w.put(v, ir.OpSum, &ir.AxesAttrs{Axes: []int{at}}, ir.Type{}, y)
			has = strings.Replace(has, joint, "", 1)
		}
		if has != out {
			perm := make([]int, len(out))
			for i := range len(out) {
				perm[i] = strings.IndexByte(has, out[i])
			}
			y = w.put(v, ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, y)
		}
		return y
	}
}

// contractWork returns the FLOPs of a contraction of values without a structure.
func contractWork(spec string, args []*ir.Value) int {
	var types []ir.Type
	for _, a := range args {
		types = append(types, a.Type)
	}
	return ir.ContractWork(spec, types, ir.Props{})
}

// canonical returns a specification with the letters a, b, .. in the order in which
// they come.
func canonical(spec string) string {
	letter := map[byte]byte{}
	return strings.Map(func(c rune) rune {
		if c < 'a' || c > 'z' {
			return c
		}
		if letter[byte(c)] == 0 {
			letter[byte(c)] = 'a' + byte(len(letter))
		}
		return rune(letter[byte(c)])
	}, spec)
}
