package check

import (
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// making are the rows of the functions that make tensors.
func making() []builtin {
	filled := func(name string, n int64) builtin {
		return builtin{name, "type", func(b *builtinCall) value {
			t := b.typ("type")
			v := ir.IntNumber(n)
			if t.DType.IsFloat() {
				v = ir.FloatNumber(float64(n))
			}
			return tensorValue(b.emit(ir.OpFull, &ir.FullAttrs{Value: v, Exact: n == 0 && t.DType.IsFloat()}, t))
		}}
	}
	return []builtin{
		filled("zeros", 0), filled("ones", 1),
		{"full", "type, value", func(b *builtinCall) value {
			t := b.typ("type")
			if a := b.args["value"]; a.value.kind == tensorKind {
				return tensorValue(b.emit(ir.OpBroadcast, nil, t, a.value.tensor()))
			}
			x := b.got(b.c.scalar(b.args["value"].value, t.DType, b.placeOf("value")))
			if t.Rank() == 0 {
				return tensorValue(x)
			}
			return tensorValue(b.emit(ir.OpFull, &ir.FullAttrs{Value: x.Attrs.(*ir.FullAttrs).Value}, t))
		}},
		{"iota", "n, dtype=", func(b *builtinCall) value {
			t := ir.Type{DType: b.dtype(tensor.I64), Shape: b.sizes("n")}
			if t.Rank() != 1 {
				b.fail(b.placeOf("n"), "", "iota takes one size, found %d", t.Rank())
			}
			return tensorValue(b.iota(t, 0))
		}},
		{"one_hot", "idx, n, dtype=", func(b *builtinCall) value {
			idx := b.tensor("idx")
			n := b.sizes("n")
			if len(n) != 1 {
				b.fail(b.placeOf("n"), "", "one_hot takes one size, found %d", len(n))
			}
			t := ir.Type{DType: b.dtype(tensor.F32), Shape: append(slices.Clone(idx.Type.Shape), n[0])}
			return tensorValue(b.emit(ir.OpOneHot, nil, t, idx))
		}},
		{"eye", "n, dtype=", func(b *builtinCall) value {
			n := b.sizes("n")
			if len(n) != 1 {
				b.fail(b.placeOf("n"), "", "eye takes one size, found %d", len(n))
			}
			return tensorValue(b.eye(n[0], b.dtype(tensor.F32)))
		}},
		{"tensor", "elems, dtype=", func(b *builtinCall) value { return tensorValue(b.literal()) }},
	}
}

// typ returns an argument that is a type.
func (b *builtinCall) typ(name string) ir.Type {
	a := b.args[name]
	if a.value.kind != typeKind {
		b.fail(a.at, "write "+b.name+"(f32[n, d])", "%s takes a type, found %s", b.name, a.value.describe())
	}
	b.fits(a.value.typ, a.at)
	return a.value.typ.Plain()
}

// fits checks a type against the limit of a tensor.
func (b *builtinCall) fits(t ir.Type, at source.Pos) {
	if err := b.c.fits(t); err != nil {
		b.c.errorf(at, "", "%s: %v", b.name, err).Kind = source.ErrLimit
		panic(builtinError{badValue})
	}
}

func (b *builtinCall) iota(t ir.Type, axis int) *ir.Value {
	b.fits(t, b.at)
	return b.emit(ir.OpIota, &ir.AxisAttrs{Axis: axis}, t)
}

// eye makes the unit matrix as diag of ones, so that its zeros are exact.
func (b *builtinCall) eye(n dim.Expr, d tensor.DType) *ir.Value {
	v := ir.IntNumber(1)
	if d.IsFloat() {
		v = ir.FloatNumber(1)
	}
	b.fits(ir.Type{DType: d, Shape: []dim.Expr{n, n}}, b.at)
	return b.op(ir.OpDiag, b.emit(ir.OpFull, &ir.FullAttrs{Value: v}, ir.Type{DType: d, Shape: []dim.Expr{n}}))
}

// literal makes a constant of nested lists of static numbers.
func (b *builtinCall) literal() *ir.Value {
	a := b.args["elems"]
	var shape []int
	for v := a.value; v.kind == listKind; v = v.elems[0] {
		shape = append(shape, len(v.elems))
		if len(v.elems) == 0 {
			break
		}
	}
	d := b.dtype(tensor.F32)
	if len(shape) > ir.MaxRank {
		b.fail(a.at, "", "rank %d is above the limit of %d", len(shape), ir.MaxRank)
	}
	out := tensor.New(d, shape...)
	next := 0
	var fill func(v value, depth int)
	fill = func(v value, depth int) {
		if depth < len(shape) {
			if v.kind != listKind || len(v.elems) != shape[depth] {
				b.fail(a.at, "", "the lists of a tensor have one length each level: expected %s, found %s", count(shape[depth], "element"), v.describe())
			}
			for _, e := range v.elems {
				fill(e, depth+1)
			}
			return
		}
		s := b.got(b.c.scalar(v, d, a.at))
		if n := s.Attrs.(*ir.FullAttrs).Value; n.IsInt {
			out.SetInt(next, n.Int)
		} else {
			out.SetFloat(next, n.Float)
		}
		next++
	}
	fill(a.value, 0)
	return b.emit(ir.OpConst, &ir.ConstAttrs{Data: out}, ir.Make(d, shape...))
}

// indexing are the rows of the functions that take, put and order elements.
func indexing() []builtin {
	return []builtin{
		{"take", "x, idx, axis=", func(b *builtinCall) value {
			x := b.tensor("x")
			return tensorValue(b.emit(ir.OpTake, &ir.AxisAttrs{Axis: b.axis("axis", x.Type, 0)}, ir.Type{}, x, b.tensor("idx")))
		}},
		{"take_along", "x, idx, axis", func(b *builtinCall) value {
			x := b.tensor("x")
			return tensorValue(b.emit(ir.OpTakeAlong, &ir.AxisAttrs{Axis: b.axis("axis", x.Type, 0)}, ir.Type{}, x, b.tensor("idx")))
		}},
		{"scatter_add", "into, idx, updates, axis=", func(b *builtinCall) value {
			into := b.tensor("into")
			attrs := &ir.ScatterAttrs{Axis: b.axis("axis", into.Type, 0)}
			return tensorValue(b.emit(ir.OpScatter, attrs, ir.Type{}, into, b.tensor("idx"), b.tensor("updates")))
		}},
		{"scatter_along", "into, idx, updates, axis", func(b *builtinCall) value {
			into := b.tensor("into")
			attrs := &ir.ScatterAttrs{Axis: b.axis("axis", into.Type, 0)}
			return tensorValue(b.emit(ir.OpScatterAlong, attrs, ir.Type{}, into, b.tensor("idx"), b.tensor("updates")))
		}},
		{"top_k", "x, k, axis=", func(b *builtinCall) value {
			x := b.tensor("x")
			axis := b.axis("axis", x.Type, -1)
			k := b.sizes("k")
			if len(k) != 1 {
				b.fail(b.placeOf("k"), "", "top_k takes one k, found %d", len(k))
			}
			idx := b.emit(ir.OpTopK, &ir.TopKAttrs{Axis: axis, K: k[0]}, ir.Type{}, x)
			best := b.emit(ir.OpTakeAlong, &ir.AxisAttrs{Axis: axis}, ir.Type{}, x, idx)
			return value{kind: tupleKind, elems: []value{tensorValue(best), tensorValue(idx)}}
		}},
		{"sort", "x, axis=, descending=", func(b *builtinCall) value {
			x := b.tensor("x")
			axis := b.axis("axis", x.Type, -1)
			idx := b.emit(ir.OpArgSort, &ir.SortAttrs{Axis: axis, Descending: b.flag("descending")}, ir.Type{}, x)
			return tensorValue(b.emit(ir.OpTakeAlong, &ir.AxisAttrs{Axis: axis}, ir.Type{}, x, idx))
		}},
		{"argsort", "x, axis=, descending=", func(b *builtinCall) value {
			x := b.tensor("x")
			attrs := &ir.SortAttrs{Axis: b.axis("axis", x.Type, -1), Descending: b.flag("descending")}
			return tensorValue(b.emit(ir.OpArgSort, attrs, ir.Type{}, x))
		}},
		{"cumsum", "x, axis=, exclusive=", func(b *builtinCall) value {
			x := b.tensor("x")
			if x.Type.DType == tensor.Bool {
				x = b.emit(ir.OpConvert, nil, x.Type.WithDType(tensor.I64), x)
			}
			attrs := &ir.CumSumAttrs{Axis: b.axis("axis", x.Type, -1), Exclusive: b.flag("exclusive")}
			return tensorValue(b.emit(ir.OpCumSum, attrs, ir.Type{}, x))
		}},
		{"rope", "x, positions, base=", func(b *builtinCall) value { return tensorValue(b.rope()) }},
	}
}

// rope turns the pairs (x[i], x[i + d/2]) by position * base^(-2i/d). Half
// precision gets its tables from f32.
func (b *builtinCall) rope() *ir.Value {
	x, pos := b.floats(b.tensor("x")), b.tensor("positions")
	r := x.Type.Rank()
	if r < 2 {
		b.fail(b.at, "", "rope takes [..., n, d], found %v", x.Type.Plain())
	}
	n := x.Type.Shape[r-1]
	half := dim.Quo(n, dim.Const(2))
	if half.Integer() == dim.No {
		b.fail(b.placeOf("x"), "", "rope rotates halves: the last dimension of %v is not even", x.Type.Plain())
	}
	d := tensor.F32
	if x.Type.DType == tensor.F64 {
		d = tensor.F64
	}
	if pos.Type.DType != d {
		pos = b.emit(ir.OpConvert, nil, pos.Type.WithDType(d), pos)
	}
	// base^(-2i/d) = exp(i * (-2 log(base) / d))
	base := b.number("base", intNumber(10000))
	rate, err := transcendentalLog(base)
	if err != nil {
		b.unknown()
	}
	if k, ok := n.Int(); ok && k > 0 {
		rate = b.static(syntax.Div, b.static(syntax.Mul, rate, intNumber(-2)), intNumber(int64(k)))
	}
	i := b.iota(ir.Type{DType: d, Shape: []dim.Expr{half}}, 0)
	freq := free(b.op(ir.OpExp, free(b.op(ir.OpMul, i, b.constant(rate, d)))))
	column := b.reshape(pos, append(slices.Clone(pos.Type.Shape), dim.Const(1)))
	angle := free(b.op(ir.OpMul, column, freq))
	cos, sin := free(b.op(ir.OpCos, angle)), free(b.op(ir.OpSin, angle))
	if x.Type.DType != d {
		cos = b.emit(ir.OpConvert, nil, cos.Type.WithDType(x.Type.DType), cos)
		sin = b.emit(ir.OpConvert, nil, sin.Type.WithDType(x.Type.DType), sin)
	}
	lo, hi := b.part(x, r-1, dim.Const(0), half), b.part(x, r-1, half, half)
	left := b.op(ir.OpSub, b.op(ir.OpMul, lo, cos), b.op(ir.OpMul, hi, sin))
	right := b.op(ir.OpAdd, b.op(ir.OpMul, hi, cos), b.op(ir.OpMul, lo, sin))
	return b.emit(ir.OpConcat, &ir.AxisAttrs{Axis: r - 1}, ir.Type{}, left, right)
}

func transcendentalLog(x number) (number, error) {
	f, _ := staticFunctions("log")
	return f.f([]number{x}, nil)
}
