package ir

import (
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Attrs is the static part of an operation beside its operands. A record
// lists its fields once, in Fields; printing, parsing, comparing, hashing and
// cloning all follow from that list.
type Attrs interface {
	Fields(v AttrVisitor)
}

// An AttrVisitor sees the fields of a record in order.
type AttrVisitor interface {
	Int(name string, p *int)
	Bool(name string, p *bool)
	Mark(name string, p *bool) // left out of the text where it is false
	Str(name string, p *string)
	Ints(name string, p *[]int)
	Sizes(name string, p *[]dim.Expr)
	Size(name string, p *dim.Expr)
	Number(name string, p *Number)
	Data(name string, p **tensor.Tensor)
}

// A Number is a static number as an element: an integer where the element
// type is one, else a float that is already rounded to the element type.
type Number struct {
	Float float64
	Int   int64
	IsInt bool
}

// FloatNumber returns the number for float elements.
func FloatNumber(x float64) Number { return Number{Float: x} }

// IntNumber returns the number for integer and bool elements.
func IntNumber(n int64) Number { return Number{Int: n, IsInt: true} }

// ConstAttrs hold the elements of a constant.
type ConstAttrs struct{ Data *tensor.Tensor }

// Fields lists the fields.
func (a *ConstAttrs) Fields(v AttrVisitor) { v.Data("data", &a.Data) }

// FullAttrs hold the one value of all elements. Exact says that a zero is one by
// construction, as those of zeros are: a product with it is zero, beside NaN too.
// That of a written number is not: 0 * x is NaN where x is.
type FullAttrs struct {
	Value Number
	Exact bool
}

// Fields lists the fields.
func (a *FullAttrs) Fields(v AttrVisitor) {
	v.Number("value", &a.Value)
	v.Mark("exact", &a.Exact)
}

// ExactZero reports whether the value is a zero by construction.
func (a *FullAttrs) ExactZero() bool { return a.Exact && !a.Value.IsInt && a.Value.Float == 0 }

// AxisAttrs hold one axis, in 0..rank.
type AxisAttrs struct{ Axis int }

// Fields lists the fields.
func (a *AxisAttrs) Fields(v AttrVisitor) { v.Int("axis", &a.Axis) }

// AxesAttrs hold the axes that a reduction removes, ascending.
type AxesAttrs struct{ Axes []int }

// Fields lists the fields.
func (a *AxesAttrs) Fields(v AttrVisitor) { v.Ints("axes", &a.Axes) }

// CumSumAttrs are those of cumsum.
type CumSumAttrs struct {
	Axis      int
	Exclusive bool
}

// Fields lists the fields.
func (a *CumSumAttrs) Fields(v AttrVisitor) {
	v.Int("axis", &a.Axis)
	v.Bool("exclusive", &a.Exclusive)
}

// ContractAttrs hold the einsum specification of a contraction, one letter an
// index, "abc,cd->abd"; letters are a, b, c, ... in order of first appearance.
type ContractAttrs struct{ Spec string }

// Fields lists the fields.
func (a *ContractAttrs) Fields(v AttrVisitor) { v.Str("spec", &a.Spec) }

// PermAttrs hold the axis of the operand that each axis of the result is.
type PermAttrs struct{ Perm []int }

// Fields lists the fields.
func (a *PermAttrs) Fields(v AttrVisitor) { v.Ints("perm", &a.Perm) }

// SliceAttrs hold the first index and the step along each axis; sizes are
// those of the result's type. Steps may be negative, never zero.
type SliceAttrs struct {
	Start []dim.Expr
	Step  []int
}

// Fields lists the fields.
func (a *SliceAttrs) Fields(v AttrVisitor) {
	v.Sizes("start", &a.Start)
	v.Ints("step", &a.Step)
}

// PadAttrs hold how many elements are added before and after along each axis.
type PadAttrs struct {
	Lo, Hi []dim.Expr
	Value  Number
}

// Fields lists the fields.
func (a *PadAttrs) Fields(v AttrVisitor) {
	v.Sizes("lo", &a.Lo)
	v.Sizes("hi", &a.Hi)
	v.Number("value", &a.Value)
}

// TriAttrs hold which triangle is kept: element i, j stays where j-i <= K, or
// where j-i >= K if Upper.
type TriAttrs struct {
	K     dim.Expr
	Upper bool
}

// Fields lists the fields.
func (a *TriAttrs) Fields(v AttrVisitor) {
	v.Size("k", &a.K)
	v.Bool("upper", &a.Upper)
}

// DynSliceAttrs hold the axis and how many elements are taken along it.
type DynSliceAttrs struct {
	Axis int
	Size dim.Expr
}

// Fields lists the fields.
func (a *DynSliceAttrs) Fields(v AttrVisitor) {
	v.Int("axis", &a.Axis)
	v.Size("size", &a.Size)
}

// ScatterAttrs hold the axis that the indices count along, and whether
// updates are added up or the last one stays.
type ScatterAttrs struct {
	Axis int
	Set  bool
}

// Fields lists the fields.
func (a *ScatterAttrs) Fields(v AttrVisitor) {
	v.Int("axis", &a.Axis)
	v.Bool("set", &a.Set)
}

// TopKAttrs hold the axis and how many indices are kept.
type TopKAttrs struct {
	Axis int
	K    dim.Expr
}

// Fields lists the fields.
func (a *TopKAttrs) Fields(v AttrVisitor) {
	v.Int("axis", &a.Axis)
	v.Size("k", &a.K)
}

// SortAttrs hold the axis and the direction.
type SortAttrs struct {
	Axis       int
	Descending bool
}

// Fields lists the fields.
func (a *SortAttrs) Fields(v AttrVisitor) {
	v.Int("axis", &a.Axis)
	v.Bool("descending", &a.Descending)
}

// SolveForm says how a solve goes about its matrix.
const (
	SolveLU        = "lu"         // LU with partial pivoting
	SolveSPD       = "spd"        // Cholesky; LU where a pivot is not positive
	SolveLower     = "lower"      // forward substitution
	SolveUpper     = "upper"      // back substitution
	SolveUnitLower = "unit_lower" // forward substitution, ones on the diagonal
	SolveUnitUpper = "unit_upper" // back substitution, ones on the diagonal
	SolveDiagonal  = "diagonal"   // division
)

// SolveForm returns how to solve with a matrix of which p is known.
func SolveForm(p Props) string {
	switch {
	case p.Has(Diagonal), p.Has(Lower | Upper):
		return SolveDiagonal
	case p.Has(Lower | Unit):
		return SolveUnitLower
	case p.Has(Upper | Unit):
		return SolveUnitUpper
	case p.Has(Lower):
		return SolveLower
	case p.Has(Upper):
		return SolveUpper
	case p.Has(SPD):
		return SolveSPD
	}
	return SolveLU
}

// SolveAttrs hold the form of the matrix, one of the constants above.
type SolveAttrs struct{ Form string }

// Fields lists the fields.
func (a *SolveAttrs) Fields(v AttrVisitor) { v.Str("form", &a.Form) }

// LoopAttrs hold the step of the loop's index, never zero.
type LoopAttrs struct{ Step int }

// Fields lists the fields.
func (a *LoopAttrs) Fields(v AttrVisitor) { v.Int("step", &a.Step) }

// GetAttrs hold which part of a tuple is taken.
type GetAttrs struct{ Index int }

// Fields lists the fields.
func (a *GetAttrs) Fields(v AttrVisitor) { v.Int("index", &a.Index) }
