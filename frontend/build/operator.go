package build

import (
	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

func (b *Builder) binary(at source.Pos, op syntax.Kind, x, y any) Value {
	return Value{b.check.Binary(at, op, b.operand(at, x), b.operand(at, y))}
}

func (b *Builder) unary(at source.Pos, op syntax.Kind, x any) Value {
	return Value{b.check.Unary(at, op, b.operand(at, x))}
}

// Add returns x + y.
func (b *Builder) Add(x, y any) Value { return b.binary(b.here(), syntax.Add, x, y) }

// Sub returns x - y.
func (b *Builder) Sub(x, y any) Value { return b.binary(b.here(), syntax.Sub, x, y) }

// Mul returns x * y, element by element.
func (b *Builder) Mul(x, y any) Value { return b.binary(b.here(), syntax.Mul, x, y) }

// Div returns x / y, of floats.
func (b *Builder) Div(x, y any) Value { return b.binary(b.here(), syntax.Div, x, y) }

// FloorDiv returns x // y, the quotient of integers rounded down.
func (b *Builder) FloorDiv(x, y any) Value { return b.binary(b.here(), syntax.FloorDiv, x, y) }

// Mod returns x % y, with the sign of y.
func (b *Builder) Mod(x, y any) Value { return b.binary(b.here(), syntax.Mod, x, y) }

// Pow returns x ^ y, element by element.
func (b *Builder) Pow(x, y any) Value { return b.binary(b.here(), syntax.Pow, x, y) }

// MatMul returns x @ y, the product of matrices and vectors; leading dimensions broadcast.
func (b *Builder) MatMul(x, y any) Value { return b.binary(b.here(), syntax.MatMul, x, y) }

// Less returns x < y.
func (b *Builder) Less(x, y any) Value { return b.binary(b.here(), syntax.Less, x, y) }

// LessEq returns x <= y.
func (b *Builder) LessEq(x, y any) Value { return b.binary(b.here(), syntax.LessEq, x, y) }

// Greater returns x > y.
func (b *Builder) Greater(x, y any) Value { return b.binary(b.here(), syntax.Greater, x, y) }

// GreaterEq returns x >= y.
func (b *Builder) GreaterEq(x, y any) Value { return b.binary(b.here(), syntax.GreaterEq, x, y) }

// Equal returns x == y.
func (b *Builder) Equal(x, y any) Value { return b.binary(b.here(), syntax.Equal, x, y) }

// NotEqual returns x != y.
func (b *Builder) NotEqual(x, y any) Value { return b.binary(b.here(), syntax.NotEqual, x, y) }

// And returns x and y, of bool.
func (b *Builder) And(x, y any) Value { return b.binary(b.here(), syntax.And, x, y) }

// Or returns x or y, of bool.
func (b *Builder) Or(x, y any) Value { return b.binary(b.here(), syntax.Or, x, y) }

// Neg returns -x.
func (b *Builder) Neg(x any) Value { return b.unary(b.here(), syntax.Sub, x) }

// Not returns not x, of bool.
func (b *Builder) Not(x any) Value { return b.unary(b.here(), syntax.Not, x) }

// T returns x.T, x with its last two dimensions swapped.
func (b *Builder) T(x any) Value {
	at := b.here()
	return Value{b.check.Transpose(at, b.operand(at, x))}
}

// Convert returns x with another element type, as f32(x) does; a static number
// becomes a scalar.
func (b *Builder) Convert(d tensor.DType, x any) Value {
	at := b.here()
	return Value{b.check.Convert(at, d, b.operand(at, x))}
}

// Declare holds x against a type and gives it the structure that the type
// declares, as y: f32[n, n] lower = x does in text.
func (b *Builder) Declare(x any, t ir.Type) Value {
	at := b.here()
	return Value{b.check.Declare(at, b.operand(at, x), t)}
}
