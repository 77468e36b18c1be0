package build

import (
	"github.com/lathe-lang/lathe/frontend/check"
	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// A Range is a slice as a place of an index, lo:hi:step. A bound that is nil is
// left out.
type Range struct{ Lo, Hi, Step any }

// A Mark is a place of an index that takes nothing.
type Mark uint8

// The marks.
const (
	NewAxis Mark = iota // None: a new dimension of 1
	Dots                // ...: all dimensions that are not mentioned
)

// All returns the place that is the whole of a dimension, :.
func All() Range { return Range{} }

// Slice returns the place lo:hi.
func Slice(lo, hi any) Range { return Range{Lo: lo, Hi: hi} }

// index returns places of an index. Each is a Range, a Mark, a number, or a
// tensor of integers.
func (b *Builder) index(at source.Pos, places []any) []check.Place {
	out := make([]check.Place, len(places))
	for i, p := range places {
		switch p := p.(type) {
		case Mark:
			out[i].Kind = check.EllipsisPlace
			if p == NewAxis {
				out[i].Kind = check.NewAxisPlace
			}
		case Range:
			bound := func(x any) (v check.Value) {
				if x != nil {
					v = b.operand(at, x)
				}
				return v
			}
			out[i] = check.Place{Lo: bound(p.Lo), Hi: bound(p.Hi), Step: bound(p.Step)}
		default:
			out[i] = check.Place{Kind: check.ElementPlace, At: b.operand(at, p)}
		}
	}
	return out
}

// Index returns x[places]: x[1:3, 0] is Index(x, Slice(1, 3), 0).
func (b *Builder) Index(x any, places ...any) Value {
	at := b.here()
	return Value{b.check.Index(at, b.operand(at, x), b.index(at, places))}
}

// Set returns y after y[places] = x. Like all steps it changes nothing in
// place: y is what it was.
func (b *Builder) Set(y, x any, places ...any) Value {
	at := b.here()
	return b.update(at, syntax.Assign, y, x, places)
}

// AddTo returns y after y[places] += x; what a tensor of indices names more than
// once adds up.
func (b *Builder) AddTo(y, x any, places ...any) Value {
	at := b.here()
	return b.update(at, syntax.Add, y, x, places)
}

// SubFrom returns y after y[places] -= x.
func (b *Builder) SubFrom(y, x any, places ...any) Value {
	at := b.here()
	return b.update(at, syntax.Sub, y, x, places)
}

// MulInto returns y after y[places] *= x.
func (b *Builder) MulInto(y, x any, places ...any) Value {
	at := b.here()
	return b.update(at, syntax.Mul, y, x, places)
}

// DivInto returns y after y[places] /= x.
func (b *Builder) DivInto(y, x any, places ...any) Value {
	at := b.here()
	return b.update(at, syntax.Div, y, x, places)
}

func (b *Builder) update(at source.Pos, op syntax.Kind, y, x any, places []any) Value {
	return Value{b.check.Update(at, b.operand(at, y), b.index(at, places), op, b.operand(at, x))}
}
