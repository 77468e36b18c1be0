package ir

import (
	"strings"

	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// DType is the type of one element.
type DType = tensor.DType

// MaxRank is the highest rank a tensor may have.
const MaxRank = 16

// A Type is the static type of a value: element type, sizes and what is known
// of the structure of the last two dimensions. A scalar has no sizes.
type Type struct {
	DType DType
	Shape []dim.Expr
	Props Props
	Tuple []Type // of a loop with several carried values; all else is empty then
}

// Make returns the type with constant sizes.
func Make(d DType, sizes ...int) Type {
	t := Type{DType: d}
	for _, n := range sizes {
		t.Shape = append(t.Shape, dim.Const(n))
	}
	return t
}

// Rank returns the number of dimensions.
func (t Type) Rank() int { return len(t.Shape) }

// String returns the type as the language spells it, f32[n, 8] lower.
func (t Type) String() string {
	if t.Tuple != nil {
		parts := make([]string, len(t.Tuple))
		for i, u := range t.Tuple {
			parts[i] = u.String()
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	s := t.DType.String()
	if len(t.Shape) > 0 {
		sizes := make([]string, len(t.Shape))
		for i, n := range t.Shape {
			sizes[i] = n.String()
		}
		s += "[" + strings.Join(sizes, ", ") + "]"
	}
	if t.Props != (Props{}) {
		s += " " + t.Props.String()
	}
	return s
}

// Static reports whether every size is a constant.
func (t Type) Static() bool {
	for _, u := range t.Tuple {
		if !u.Static() {
			return false
		}
	}
	for _, n := range t.Shape {
		if _, ok := n.Int(); !ok {
			return false
		}
	}
	return true
}

// Dims returns the constant sizes. It panics if a size is not constant: ask
// Static first.
func (t Type) Dims() []int {
	sizes := make([]int, len(t.Shape))
	for i, n := range t.Shape {
		v, ok := n.Int()
		if !ok {
			panic("ir: Dims of " + t.String())
		}
		sizes[i] = v
	}
	return sizes
}

// Elems returns the number of elements, 1 for a scalar; sizes must be constant.
func (t Type) Elems() int {
	n := 1
	for _, d := range t.Dims() {
		n *= d
	}
	return n
}

// Bytes returns the bytes of all elements, those of a tuple added up; sizes
// must be constant.
func (t Type) Bytes() int {
	if t.Tuple != nil {
		n := 0
		for _, u := range t.Tuple {
			n += u.Bytes()
		}
		return n
	}
	return t.Elems() * t.DType.Size()
}

// Equal reports whether t and u are the same type, structure apart. Sizes are
// compared by SameSize.
func (t Type) Equal(u Type) bool {
	if len(t.Tuple) != len(u.Tuple) {
		return false
	}
	for i := range t.Tuple {
		if !t.Tuple[i].Equal(u.Tuple[i]) {
			return false
		}
	}
	return t.DType == u.DType && sameShape(t.Shape, u.Shape)
}

// sameShape reports whether two shapes agree size by size.
func sameShape(a, b []dim.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !SameSize(a[i], b[i]) {
			return false
		}
	}
	return true
}

// SameSize reports whether two sizes agree: equal in normal form, or not to be
// told apart before the values of size variables are known.
func SameSize(a, b dim.Expr) bool { return dim.Equal(a, b) != dim.No }

// IsOne reports whether a size is the literal 1.
func IsOne(a dim.Expr) bool {
	n, ok := a.Int()
	return ok && n == 1
}

// WithProps returns t with the structure p.
func (t Type) WithProps(p Props) Type { t.Props = p; return t }

// Plain returns t without structure.
func (t Type) Plain() Type { return t.WithProps(Props{}) }

// WithDType returns t with another element type and no structure.
func (t Type) WithDType(d DType) Type { t.DType = d; return t.Plain() }
