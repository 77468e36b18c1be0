package check

import (
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// shapes are the rows of the functions that move elements.
func shapes() []builtin {
	return []builtin{
		{"reshape", "x, shape", func(b *builtinCall) value {
			x := b.tensor("x")
			shape := b.openSize(x, b.sizesOrOpen("shape"))
			return tensorValue(b.emit(ir.OpReshape, nil, ir.Type{DType: x.Type.DType, Shape: shape}, x))
		}},
		{"transpose", "x, axes", func(b *builtinCall) value {
			x := b.tensor("x")
			var perm []int
			for _, n := range b.signedList("axes") {
				perm = append(perm, b.normal(n, x.Type, b.placeOf("axes")))
			}
			return tensorValue(b.emit(ir.OpTranspose, &ir.PermAttrs{Perm: perm}, ir.Type{}, x))
		}},
		{"broadcast", "x, shape", func(b *builtinCall) value {
			shape := b.sizes("shape")
			a := b.args["x"]
			if a.value.kind != tensorKind {
				b.tensor("x")
			}
			x := b.tensor("x")
			return tensorValue(b.emit(ir.OpBroadcast, nil, ir.Type{DType: x.Type.DType, Shape: shape}, x))
		}},
		{"concat", "xs, axis=", func(b *builtinCall) value {
			xs := b.tensors("xs")
			axis := b.axis("axis", xs[0].Type, 0)
			return tensorValue(b.emit(ir.OpConcat, &ir.AxisAttrs{Axis: axis}, ir.Type{}, xs...))
		}},
		{"stack", "xs, axis=", func(b *builtinCall) value {
			xs := b.tensors("xs")
			first := xs[0].Type.Plain()
			t := first
			t.Shape = slices.Insert(slices.Clone(t.Shape), 0, dim.Const(1))
			axis := b.axis("axis", t, 0)
			for i, x := range xs {
				if !x.Type.Equal(first) {
					b.fail(b.placeOf("xs"), "", "stack takes tensors of one type, found %v and %v", first, x.Type.Plain())
				}
				xs[i] = b.reshape(x, slices.Insert(slices.Clone(x.Type.Shape), axis, dim.Const(1)))
			}
			return tensorValue(b.emit(ir.OpConcat, &ir.AxisAttrs{Axis: axis}, ir.Type{}, xs...))
		}},
		{"split", "x, parts, axis=", func(b *builtinCall) value {
			x := b.tensor("x")
			axis := b.axis("axis", x.Type, 0)
			return b.split(x, axis)
		}},
		{"pad", "x, widths, value=", func(b *builtinCall) value {
			x := b.tensor("x")
			a := b.args["widths"]
			attrs := &ir.PadAttrs{}
			for _, pair := range a.value.elems {
				if pair.kind != listKind || len(pair.elems) != 2 {
					break
				}
				attrs.Lo = append(attrs.Lo, b.asSize(pair.elems[0], "widths", a.at))
				attrs.Hi = append(attrs.Hi, b.asSize(pair.elems[1], "widths", a.at))
			}
			if a.value.kind != listKind || len(attrs.Lo) != x.Type.Rank() || len(a.value.elems) != x.Type.Rank() {
				b.fail(a.at, "write [[0, 0], [1, 1]]: before and after, for each dimension", "pad takes a pair of widths for each dimension of %v, found %s", x.Type.Plain(), a.value.describe())
			}
			attrs.Value = b.element("value", intNumber(0), x.Type.DType)
			return tensorValue(b.emit(ir.OpPad, attrs, ir.Type{}, x))
		}},
		{"flip", "x, axis=", func(b *builtinCall) value {
			x := b.tensor("x")
			start, step, _ := whole(x.Type)
			for _, axis := range b.axes(x.Type) {
				start[axis], step[axis] = dim.Sub(x.Type.Shape[axis], dim.Const(1)), -1
				if n, ok := x.Type.Shape[axis].Int(); ok && n == 0 {
					start[axis] = dim.Const(0)
				}
			}
			return tensorValue(b.slice(x, start, step, x.Type.Shape))
		}},
		{"roll", "x, shift, axis=", func(b *builtinCall) value {
			x := b.tensor("x")
			shift := b.size("shift")
			if b.has("axis") {
				return tensorValue(b.roll(x, shift, b.axis("axis", x.Type, 0)))
			}
			flat := b.reshape(x, []dim.Expr{ir.Product(x.Type.Shape)})
			return tensorValue(b.reshape(b.roll(flat, shift, 0), x.Type.Shape))
		}},
	}
}

// signedList returns a list of known static integers.
func (b *builtinCall) signedList(name string) []int {
	a := b.args[name]
	if a.value.kind != listKind {
		b.fail(a.at, "write a list, [1, 0]", "%s of %s is a list of static integers, found %s", name, b.name, a.value.describe())
	}
	var out []int
	for _, v := range a.value.elems {
		n, known := b.asSize(v, name, a.at).Int()
		if !known {
			b.unknown()
		}
		out = append(out, n)
	}
	return out
}

// sizesOrOpen returns the sizes of a shape in which one may be -1.
func (b *builtinCall) sizesOrOpen(name string) []dim.Expr {
	a := b.args[name]
	if a.value.kind != listKind {
		return b.sizes(name)
	}
	opens := 0
	var out []dim.Expr
	for _, v := range a.value.elems {
		n := b.asSize(v, name, a.at)
		k, known := n.Int()
		if known && k == -1 {
			opens++
		}
		if known && k < -1 || opens > 1 {
			b.fail(a.at, "", "a size of %s cannot be negative, but for one that is -1", b.name)
		}
		out = append(out, n)
	}
	return out
}

// openSize replaces the size -1 by the one that keeps the number of elements.
func (b *builtinCall) openSize(x *ir.Value, shape []dim.Expr) []dim.Expr {
	open := slices.IndexFunc(shape, func(n dim.Expr) bool { return n.Equal(dim.Const(-1)) })
	if open < 0 {
		return shape
	}
	rest := dim.Const(1)
	for i, n := range shape {
		if i != open {
			rest = dim.Mul(rest, n)
		}
	}
	if k, ok := rest.Int(); ok && k == 0 {
		b.fail(b.placeOf("shape"), "", "reshape: the size -1 is not determined where another size is 0")
	}
	n := dim.Quo(ir.Product(x.Type.Shape), rest)
	if n.Integer() == dim.No {
		b.fail(b.placeOf("shape"), "", "reshape: the %v elements of %v are no multiple of %v", ir.Product(x.Type.Shape), x.Type.Plain(), rest)
	}
	shape[open] = n
	return shape
}

// element returns a static number as an element of a type.
func (b *builtinCall) element(name string, otherwise number, d tensor.DType) ir.Number {
	if a, ok := b.args[name]; ok && a.value.kind == flagKind && d == tensor.Bool {
		if a.value.flag == yes {
			return ir.IntNumber(1)
		}
		return ir.IntNumber(0)
	}
	x := b.number(name, otherwise)
	if d == tensor.Bool && !b.has(name) {
		return ir.IntNumber(0)
	}
	n, err := x.element(d)
	if err != nil {
		b.fail(b.placeOf(name), "", "%s of %s: %v", name, b.name, err)
	}
	return n
}

// whole returns the slice that takes everything.
func whole(t ir.Type) (start []dim.Expr, step []int, sizes []dim.Expr) {
	start, step = make([]dim.Expr, t.Rank()), make([]int, t.Rank())
	for i := range step {
		step[i] = 1
	}
	return start, step, slices.Clone(t.Shape)
}

func (b *builtinCall) slice(x *ir.Value, start []dim.Expr, step []int, sizes []dim.Expr) *ir.Value {
	return b.emit(ir.OpSlice, &ir.SliceAttrs{Start: start, Step: step}, ir.Type{DType: x.Type.DType, Shape: sizes}, x)
}

// part takes size elements along an axis from start on.
func (b *builtinCall) part(x *ir.Value, axis int, at, size dim.Expr) *ir.Value {
	start, step, sizes := whole(x.Type)
	start[axis], sizes[axis] = at, size
	return b.slice(x, start, step, sizes)
}

// split cuts x into equal parts, or into parts of the sizes of a list.
func (b *builtinCall) split(x *ir.Value, axis int) value {
	out := value{kind: listKind}
	n := x.Type.Shape[axis]
	a := b.args["parts"]
	at := dim.Const(0)
	cut := func(size dim.Expr) {
		out.elems = append(out.elems, tensorValue(b.part(x, axis, at, size)))
		at = dim.Add(at, size)
	}
	if a.value.kind == listKind {
		sizes := b.sizes("parts")
		total := dim.Const(0)
		for _, s := range sizes {
			total = dim.Add(total, s)
		}
		if !ir.SameSize(total, n) {
			b.fail(a.at, "", "the parts of split add up to %v, axis %d of %v is %v", total, axis, x.Type.Plain(), n)
		}
		for _, s := range sizes {
			cut(s)
		}
		return out
	}
	parts, known := b.size("parts").Int()
	if !known {
		b.unknown()
	}
	if parts < 1 {
		b.fail(a.at, "", "split makes at least one part, found %d", parts)
	}
	if parts > maxParts {
		b.fail(a.at, "", "split makes %d parts; the limit is %d", parts, maxParts)
	}
	size := dim.Quo(n, dim.Const(parts))
	if size.Integer() == dim.No {
		b.fail(a.at, "", "split: axis %d of %v is no multiple of %d", axis, x.Type.Plain(), parts)
	}
	for range parts {
		cut(size)
	}
	return out
}

// maxParts is how many parts a tensor may be split into.
const maxParts = 1 << 16

// roll moves elements by shift places along an axis; what leaves at the end
// comes back at the start.
func (b *builtinCall) roll(x *ir.Value, shift dim.Expr, axis int) *ir.Value {
	n := x.Type.Shape[axis]
	if k, ok := n.Int(); ok && k == 0 {
		return x
	}
	k := dim.Mod(shift, n)
	if k.Err() != nil {
		b.unknown()
	}
	if m, ok := k.Int(); ok && m == 0 {
		return x
	}
	cut := dim.Sub(n, k)
	return b.emit(ir.OpConcat, &ir.AxisAttrs{Axis: axis}, ir.Type{}, b.part(x, axis, cut, k), b.part(x, axis, dim.Const(0), cut))
}
