package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Band says of each element of a value what a correct compiled result may be.
//
// A float has a value V, which is exact but for errors far below E; a bound E
// of |any legal result - V|; and a mass M, the value of the same expression
// with all signs positive. Linear rewrites keep the mass, so a bound that is
// charged on it covers every legal order of evaluation, fused or not. Integers
// and bools are exact. An element is bad where a discrete choice on the way to
// it (a comparison, a rounding to an integer, an order) has a rival inside the
// bound, or where an intermediate value may overflow: nothing is said of it.
// Beside NaN and infinities, beside.go says what is known.
type Band struct {
	DType tensor.DType // as declared
	Shape []int

	elems []elem
}

// Len returns the number of elements.
func (b *Band) Len() int { return len(b.elems) }

// Bad reports whether nothing is said of element i, or no more than that it is
// not finite.
func (b *Band) Bad(i int) bool { return b.elems[i].undecided() }

// Float returns value, bound and mass of element i of a float band.
func (b *Band) Float(i int) (v, e, m float64) {
	x := &b.elems[i]
	return x.v, x.e, x.m
}

// Int returns element i of a band of integers or bools.
func (b *Band) Int(i int) int64 { return b.elems[i].n }

// An elem is one element of a band.
type elem struct {
	v, e, m float64 // of floats
	late    float64 // what e would be if integers were not exact: a product of them may be mixed with others before it is summed
	n       int64   // of integers and bools
	sums    int     // how many additions a term may have gone through: another one may be added to it before
	flags   flags
}

type flags uint16

const (
	bad      flags = 1 << iota // nothing is known
	hard                       // zero by construction: times anything it is zero
	soft                       // zero by selection: it may be taken for hard, or not
	wild                       // not finite, from a product
	mixed                      // a sum of terms that may be zero, or differ in sign; see beside.go
	inverted                   // from an inverse, or a matrix that is one
	astray                     // NaN or an infinity
	formed                     // not finite, from a sum or a product, or stretched; of a hard zero: it has met such a factor
	masked                     // a zero by construction has kept from it what is not finite
)

func (x elem) has(f flags) bool { return x.flags&f != 0 }

// exact returns a float without error.
func exact(v float64) elem { return elem{v: v, m: math.Abs(v)} }

var unknown = elem{flags: bad}

// isZero reports whether x is zero in every legal evaluation.
func (x elem) isZero() bool { return x.v == 0 && x.e == 0 && x.m == 0 }

// settled returns x where it meets what is not whole.
func (x elem) settled() elem {
	x.e, x.late = x.e+x.late, 0
	return x
}

// whole reports whether x is an integer without error.
func (x elem) whole() bool { return x.e == 0 && x.v == math.Trunc(x.v) }

func (x elem) finite() bool { return x.v-x.v == 0 }

// fresh drops what is known of how a value came about: the result of a function
// that no rewrite passes.
func (x elem) fresh() elem {
	x.m = math.Abs(x.v) + x.e
	x.flags &^= wild | mixed | inverted | formed | masked
	x.late, x.sums = 0, 0
	return x
}

// A precision is what rounding to an element type does. The relative figures
// include the error of the oracle's own f64.
type precision struct {
	round float64 // one rounding to the type
	inner float64 // one rounding within a sum: f32 for the narrow types
	fn    float64 // a function of two units in the last place
	tiny  float64 // absolute error of results near zero, flushed or rounded
	flush float64 // operands smaller than this may be taken for zero
	over  float64 // from here on numbers round to infinity
	whole float64 // integers up to here are exact
}

// least returns the absolute error of one rounding within a sum.
func (p *precision) least() float64 {
	if p.narrow() {
		return precisions[tensor.F32].tiny
	}
	return p.tiny
}

// narrow reports whether sums are kept in a wider type than results.
func (p *precision) narrow() bool { return p.inner != p.round }

const (
	ownError = 1 + 1.0/(1<<20) // of f64 beside f32, generously
	unit32   = ownError / (1 << 24)
	unit64   = 2.0 / (1 << 53) // the oracle rounds as often as the program
)

// precisions is indexed by element type. Two units in the last place are four
// times the error of one rounding. f16 keeps its subnormals, since it is
// computed in f32; there and below its rounding error is absolute.
var precisions = [tensor.NumDTypes]precision{
	tensor.F64:  {unit64, unit64, 3 * unit64, 0x1p-1022, 0x1p-1022, math.MaxFloat64, 1 << 53},
	tensor.F32:  {unit32, unit32, 4 * unit32, 0x1p-126, 0x1p-126, 0x1p128 * (1 - 0x1p-25), 1 << 24},
	tensor.BF16: {1.0/(1<<8) + 2*unit32, unit32, 1.0/(1<<8) + 8*unit32, 0x1p-126, 0x1p-126, 0x1p128 * (1 - 0x1p-9), 1 << 8},
	tensor.F16:  {1.0/(1<<11) + 2*unit32, unit32, 1.0/(1<<11) + 8*unit32, 0x1p-24, 0, 65520, 1 << 11},
}

// gamma bounds the relative error of n roundings of size u.
func gamma(n int, u float64) float64 {
	if x := float64(n) * u; x < 1 {
		return x / (1 - x)
	}
	return math.Inf(1)
}

// read returns an operand of arithmetic: a subnormal may be taken for zero.
func (p *precision) read(x elem) elem {
	if x.has(bad) || x.v == 0 && x.e == 0 {
		return x
	}
	if math.Abs(x.v)-x.e < p.flush {
		x.e += p.flush
	}
	return x
}

// rounded charges one rounding, relative to the mass.
func (p *precision) rounded(x elem, units float64) elem {
	x = x.settled()
	before := x.m + x.e
	x.e += units*before + p.tiny
	return p.checked(x, before)
}

// checked makes x bad if a number as large as most may be met on the way to it
// and that rounds to infinity. A NaN here is no answer either.
func (p *precision) checked(x elem, most float64) elem {
	if !(most < p.over) || x.e != x.e {
		return unknown
	}
	return x
}
