package check

import (
	"math/big"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func fraction(a, b int64) number { return number{rat: big.NewRat(a, b)} }

// elementwise are the rows of the functions that work element by element.
func elementwise() []builtin {
	unary := func(name string, op ir.Op) builtin {
		return builtin{name, "x", func(b *builtinCall) value { return tensorValue(b.op(op, b.tensor("x"))) }}
	}
	formula := func(name string, f func(b *builtinCall, x *ir.Value) *ir.Value) builtin {
		return builtin{name, "x", func(b *builtinCall) value { return tensorValue(f(b, b.tensor("x"))) }}
	}
	float := func(name string, f func(b *builtinCall, x *ir.Value) *ir.Value) builtin {
		return formula(name, func(b *builtinCall, x *ir.Value) *ir.Value { return f(b, b.floats(x)) })
	}
	rows := []builtin{
		unary("exp", ir.OpExp), unary("log", ir.OpLog), unary("log1p", ir.OpLog1p), unary("expm1", ir.OpExpm1),
		unary("sqrt", ir.OpSqrt), unary("rsqrt", ir.OpRsqrt), unary("abs", ir.OpAbs), unary("sign", ir.OpSign),
		unary("floor", ir.OpFloor), unary("ceil", ir.OpCeil), unary("round", ir.OpRound),
		unary("sin", ir.OpSin), unary("cos", ir.OpCos), unary("tanh", ir.OpTanh), unary("erf", ir.OpErf),
		float("sigmoid", func(b *builtinCall, x *ir.Value) *ir.Value {
			one := b.int(1, x.Type.DType)
			return b.op(ir.OpDiv, one, b.op(ir.OpAdd, one, b.op(ir.OpExp, free(b.op(ir.OpNeg, x)))))
		}),
		formula("relu", func(b *builtinCall, x *ir.Value) *ir.Value { return b.op(ir.OpMax, x, b.int(0, x.Type.DType)) }),
		float("silu", func(b *builtinCall, x *ir.Value) *ir.Value {
			v := b.op(ir.OpDiv, x, b.op(ir.OpAdd, b.int(1, x.Type.DType), b.op(ir.OpExp, free(b.op(ir.OpNeg, x)))))
			v.Cost = ir.Cost{Set: true, Flops: 2} // the table's 4 with exp and +
			return v
		}),
		{"gelu", "x, approximate=", func(b *builtinCall) value {
			x := b.floats(b.tensor("x"))
			return tensorValue(b.gelu(x, b.flag("approximate")))
		}},
		float("softplus", func(b *builtinCall, x *ir.Value) *ir.Value {
			e := b.op(ir.OpExp, free(b.op(ir.OpNeg, free(b.op(ir.OpAbs, x)))))
			return b.op(ir.OpAdd, b.op(ir.OpLog1p, e), b.op(ir.OpMax, x, b.int(0, x.Type.DType)))
		}),
		formula("square", func(b *builtinCall, x *ir.Value) *ir.Value { return b.op(ir.OpMul, x, x) }),
		float("is_nan", func(b *builtinCall, x *ir.Value) *ir.Value { return b.op(ir.OpNe, x, x) }),
		{"pow", "a, b", func(b *builtinCall) value {
			return b.c.binary(b.at, syntax.Pow, b.args["a"].value, b.args["b"].value)
		}},
		{"where", "c, a, b", func(b *builtinCall) value {
			cond := b.tensor("c")
			if cond.Type.DType != tensor.Bool {
				b.fail(b.placeOf("c"), "compare it: x != 0", "where takes a condition of bool, found %v", cond.Type.Plain())
			}
			d := b.args["a"].value.dtype()
			if d == tensor.Invalid {
				d = b.args["b"].value.dtype()
			}
			if d == tensor.Invalid {
				b.fail(b.at, "write f32(...) around one of them", "where(c, a, b) of two static numbers has no element type")
			}
			return tensorValue(b.op(ir.OpWhere, cond, b.like("a", d), b.like("b", d)))
		}},
		{"clip", "x, lo, hi", func(b *builtinCall) value {
			x := b.tensor("x")
			d := x.Type.DType
			return tensorValue(b.op(ir.OpMin, b.op(ir.OpMax, x, b.like("lo", d)), b.like("hi", d)))
		}},
	}
	return rows
}

// gelu is the language's formula, in the erf or in the tanh form.
func (b *builtinCall) gelu(x *ir.Value, approximate bool) *ir.Value {
	d := x.Type.DType
	half := b.op(ir.OpMul, b.constant(fraction(1, 2), d), x)
	one := b.int(1, d)
	if !approximate {
		root, _ := sqrtNumber(intNumber(2))
		return b.op(ir.OpMul, half, b.op(ir.OpAdd, one, b.op(ir.OpErf, b.op(ir.OpDiv, x, b.constant(root, d)))))
	}
	cube := b.op(ir.OpMul, b.op(ir.OpMul, x, x), x)
	inner := b.op(ir.OpAdd, x, b.op(ir.OpMul, b.constant(fraction(44715, 1000000), d), cube))
	pi, _, _ := big.ParseFloat(piDigits, 10, realPrec, big.ToNearestEven)
	scale, _ := sqrtNumber(number{real: new(big.Float).SetPrec(realPrec).Quo(new(big.Float).SetInt64(2), pi)})
	return b.op(ir.OpMul, half, b.op(ir.OpAdd, one, b.op(ir.OpTanh, b.op(ir.OpMul, b.constant(scale, d), inner))))
}

// piDigits are enough for realPrec bits.
const piDigits = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"

// reductions are the rows of reductions and of the functions that normalise.
func reductions() []builtin {
	reduce := func(name string, op ir.Op) builtin {
		return builtin{name, "x, axis=, keepdims=", func(b *builtinCall) value {
			x := b.tensor("x")
			if x.Type.DType == tensor.Bool && (op == ir.OpSum || op == ir.OpProd) {
				x = b.emit(ir.OpConvert, nil, x.Type.WithDType(tensor.I64), x)
			}
			axes := b.axes(x.Type)
			return b.reduced(x, b.reduce(op, x, axes), axes)
		}}
	}
	extreme := func(name string, two, one ir.Op) builtin {
		return builtin{name, "a, b=, axis=, keepdims=", func(b *builtinCall) value {
			if b.has("b") {
				for _, name := range []string{"axis", "keepdims"} {
					if b.has(name) {
						b.fail(b.placeOf(name), "write "+b.name+"("+b.name+"(a, b), axis=...)", "%s of two tensors is elementwise and has no %s", b.name, name)
					}
				}
				d := b.args["a"].value.dtype()
				if d == tensor.Invalid {
					d = b.args["b"].value.dtype()
				}
				if d == tensor.Invalid {
					b.tensor("a")
				}
				return tensorValue(b.op(two, b.like("a", d), b.like("b", d)))
			}
			x := b.tensor("a")
			axes := b.axes(x.Type)
			return b.reduced(x, b.reduce(one, x, axes), axes)
		}}
	}
	formula := func(name string, f func(b *builtinCall, x *ir.Value, axes []int) *ir.Value) builtin {
		return builtin{name, "x, axis=, keepdims=", func(b *builtinCall) value {
			x := b.floats(b.tensor("x"))
			axes := b.axes(x.Type)
			return b.reduced(x, f(b, x, axes), axes)
		}}
	}
	arg := func(name string, op ir.Op) builtin {
		return builtin{name, "x, axis=, keepdims=", func(b *builtinCall) value {
			x := b.tensor("x")
			if b.has("axis") {
				axis := b.axis("axis", x.Type, 0)
				return b.reduced(x, b.emit(op, &ir.AxisAttrs{Axis: axis}, ir.Type{}, x), []int{axis})
			}
			axes := b.axes(x.Type)
			flat := b.reshape(x, []dim.Expr{ir.Product(x.Type.Shape)})
			return b.reduced(x, b.emit(op, &ir.AxisAttrs{Axis: 0}, ir.Type{}, flat), axes)
		}}
	}
	last := func(name, params string, f func(b *builtinCall, x *ir.Value, axes []int) *ir.Value) builtin {
		return builtin{name, params, func(b *builtinCall) value {
			x := b.floats(b.tensor("x"))
			if !b.has("axis") {
				return tensorValue(f(b, x, []int{b.normal(-1, x.Type, b.at)}))
			}
			return tensorValue(f(b, x, b.axes(x.Type)))
		}}
	}
	return []builtin{
		reduce("sum", ir.OpSum),
		formula("mean", (*builtinCall).mean),
		reduce("prod", ir.OpProd),
		extreme("max", ir.OpMax, ir.OpReduceMax),
		extreme("min", ir.OpMin, ir.OpReduceMin),
		formula("var", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			return b.mean(b.squaredDeviation(x, axes), axes)
		}),
		arg("argmax", ir.OpArgMax), arg("argmin", ir.OpArgMin),
		reduce("any", ir.OpAny), reduce("all", ir.OpAll),
		formula("logsumexp", (*builtinCall).logSumExp),
		last("softmax", "x, axis=", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			top := b.keep(x, b.reduce(ir.OpReduceMax, x, axes), axes)
			e := b.op(ir.OpExp, b.op(ir.OpSub, x, top))
			return b.op(ir.OpDiv, e, b.keep(x, b.reduce(ir.OpSum, e, axes), axes))
		}),
		last("log_softmax", "x, axis=", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			return b.op(ir.OpSub, x, b.keep(x, b.logSumExp(x, axes), axes))
		}),
		last("layernorm", "x, axis=, eps=", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			centred := b.op(ir.OpSub, x, b.keep(x, b.mean(x, axes), axes))
			return b.normalise(x, centred, axes, fraction(1, 100000))
		}),
		last("rmsnorm", "x, axis=, eps=", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			return b.normalise(x, x, axes, fraction(1, 1000000))
		}),
		formula("norm", func(b *builtinCall, x *ir.Value, axes []int) *ir.Value {
			return free(b.op(ir.OpSqrt, b.reduce(ir.OpSum, b.op(ir.OpMul, x, x), axes)))
		}),
	}
}

// reduce reduces along axes.
func (b *builtinCall) reduce(op ir.Op, x *ir.Value, axes []int) *ir.Value {
	return b.emit(op, &ir.AxesAttrs{Axes: axes}, ir.Type{}, x)
}

// reduced gives a reduction its removed axes back if keepdims says so.
func (b *builtinCall) reduced(x, v *ir.Value, axes []int) value {
	if b.flag("keepdims") {
		v = b.keep(x, v, axes)
	}
	return tensorValue(v)
}

// mean computes sum(x) * (1/n).
func (b *builtinCall) mean(x *ir.Value, axes []int) *ir.Value {
	n := dim.Const(1)
	for _, axis := range axes {
		n = dim.Mul(n, x.Type.Shape[axis])
	}
	total := b.reduce(ir.OpSum, x, axes)
	if k, ok := n.Int(); ok && k == 0 {
		return free(b.op(ir.OpMul, total, b.constant(nanNumber(), x.Type.DType)))
	}
	inverse := b.static(syntax.Div, intNumber(1), sizeNumber(n))
	return free(b.op(ir.OpMul, total, b.constant(inverse, x.Type.DType)))
}

// squaredDeviation computes square(x - mean(x)).
func (b *builtinCall) squaredDeviation(x *ir.Value, axes []int) *ir.Value {
	centred := b.op(ir.OpSub, x, b.keep(x, b.mean(x, axes), axes))
	return b.op(ir.OpMul, centred, centred)
}

// normalise computes v * rsqrt(mean(square(v)) + eps).
func (b *builtinCall) normalise(x, v *ir.Value, axes []int, eps number) *ir.Value {
	spread := b.keep(x, b.mean(b.op(ir.OpMul, v, v), axes), axes)
	e := b.constant(b.number("eps", eps), x.Type.DType)
	return b.op(ir.OpMul, v, free(b.op(ir.OpRsqrt, free(b.op(ir.OpAdd, spread, e)))))
}

// logSumExp computes log(sum(exp(x - m))) + m, in which an infinite m is left
// out of the exponent, where it would make NaN.
func (b *builtinCall) logSumExp(x *ir.Value, axes []int) *ir.Value {
	d := x.Type.DType
	top := b.reduce(ir.OpReduceMax, x, axes)
	infinite := b.op(ir.OpEq, free(b.op(ir.OpAbs, top)), b.constant(infNumber(), d))
	m := b.op(ir.OpWhere, infinite, b.int(0, d), top)
	e := b.op(ir.OpExp, b.op(ir.OpSub, x, b.keep(x, m, axes)))
	return free(b.op(ir.OpAdd, free(b.op(ir.OpLog, b.reduce(ir.OpSum, e, axes))), m))
}
