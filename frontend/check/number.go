package check

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A number is a static number. It is exact while it can be: a fraction, or an
// expression over sizes that are not known yet. What has no exact form, as
// sqrt(2), has some 250 bits and is rounded once more where it is used.
type number struct {
	rat  *big.Rat   // a fraction
	sym  *dim.Expr  // over sizes; never constant
	real *big.Float // neither
	odd  float64    // infinite or NaN, where all others are nil
}

// Limits of static numbers.
const (
	maxBits  = 1 << 16 // of the numerator and the denominator of a fraction
	realPrec = 256     // bits of a number without exact form
)

var errBits = errors.New("a static number of more than 65536 bits; the limit is 65536")

// errOpen says that the result depends on sizes in a way that has no form.
var errOpen = errors.New("unknown before sizes are known")

func intNumber(n int64) number { return number{rat: new(big.Rat).SetInt64(n)} }

// realNumber returns x, as a fraction where it is an integer that is small
// enough to be exact.
func realNumber(x *big.Float) number {
	if x.IsInf() {
		return number{odd: math.Inf(x.Sign())}
	}
	return number{real: x}
}

// sizeNumber returns the number that a size is.
func sizeNumber(e dim.Expr) number {
	if num, den, ok := e.Rat(); ok {
		return number{rat: big.NewRat(int64(num), int64(den))}
	}
	return number{sym: &e}
}

// intValue returns a size as a value.
func intValue(e dim.Expr) value { return value{kind: numberKind, num: sizeNumber(e)} }

// parseNumber reads a number as the scanner let it pass.
func parseNumber(text string) (number, error) {
	switch text {
	case "inf":
		return number{odd: math.Inf(1)}, nil
	case "nan":
		return number{odd: math.NaN()}, nil
	}
	text = strings.ReplaceAll(text, "_", "")
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return number{}, fmt.Errorf("%q is no number", text)
	}
	return checkedRat(r)
}

// checkedRat returns a fraction if it is not beyond the limit.
func checkedRat(r *big.Rat) (number, error) {
	if r.Num().BitLen() > maxBits || r.Denom().BitLen() > maxBits {
		return number{}, errBits
	}
	return number{rat: r}, nil
}

// String writes the number as short as it can be read back as the same.
func (x number) String() string {
	switch {
	case x.sym != nil:
		return x.sym.String()
	case x.rat != nil && x.rat.IsInt():
		if x.rat.Num().BitLen() > 64 {
			f, _ := x.rat.Float64()
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
		return x.rat.Num().String()
	case x.rat != nil && x.rat.Denom().BitLen() <= 16 && !decimal(x.rat):
		return x.rat.String()
	}
	switch f := x.float(); {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	default:
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
}

// decimal reports whether a fraction has a short decimal form.
func decimal(r *big.Rat) bool {
	d := new(big.Int).Set(r.Denom())
	for _, p := range []int64{2, 5} {
		q, m := new(big.Int), new(big.Int)
		for {
			if q.QuoRem(d, big.NewInt(p), m); m.Sign() != 0 {
				break
			}
			d.Set(q)
		}
	}
	return d.IsInt64() && d.Int64() == 1
}

// float returns the nearest f64; NaN for one over sizes.
func (x number) float() float64 {
	switch {
	case x.rat != nil:
		f, _ := x.rat.Float64()
		return f
	case x.real != nil:
		f, _ := x.real.Float64()
		return f
	case x.sym != nil:
		return math.NaN()
	}
	return x.odd
}

// precise returns a constant number with many bits; nil for one over sizes and
// for infinities and NaN.
func (x number) precise() *big.Float {
	switch {
	case x.rat != nil:
		return new(big.Float).SetPrec(realPrec).SetRat(x.rat)
	case x.real != nil:
		return x.real
	}
	return nil
}

// isInt reports whether the number is an integer, whatever the sizes are.
func (x number) isInt() bool {
	return x.rat != nil && x.rat.IsInt() || x.sym != nil && x.sym.Integer() == dim.Yes
}

// expr returns the number as an expression over sizes.
func (x number) expr() (dim.Expr, bool) {
	switch {
	case x.sym != nil:
		return *x.sym, true
	case x.rat != nil && x.rat.Num().IsInt64() && x.rat.Denom().IsInt64():
		e := dim.Quo(dim.Const(int(x.rat.Num().Int64())), dim.Const(int(x.rat.Denom().Int64())))
		return e, e.Err() == nil
	}
	return dim.Expr{}, false
}

// size returns v as a size. The problem says what it is where it is none.
func (v value) size() (e dim.Expr, problem string) {
	switch x := v.num; {
	case x.rat != nil && !x.rat.IsInt():
		return e, x.String() + ", no integer"
	case x.rat != nil || x.sym != nil:
		e, ok := x.expr()
		if !ok {
			return e, x.String() + ", which does not fit in 64 bits"
		}
		return e, ""
	default:
		return e, x.String() + ", no integer"
	}
}

// identical reports whether two numbers are the same for all sizes.
func (x number) identical(y number) bool {
	switch {
	case x.rat != nil && y.rat != nil:
		return x.rat.Cmp(y.rat) == 0
	case x.sym != nil && y.sym != nil:
		return x.sym.Equal(*y.sym)
	case x.real != nil && y.real != nil:
		return x.real.Cmp(y.real) == 0
	}
	return x.rat == nil && y.rat == nil && x.sym == nil && y.sym == nil && x.real == nil && y.real == nil && x.odd == y.odd
}

// element returns the number as an element of a type, or what is wrong with it.
func (x number) element(d tensor.DType) (ir.Number, error) {
	if x.sym != nil {
		// The function is thrown away: any element does.
		if d.IsFloat() {
			return ir.FloatNumber(0), nil
		}
		return ir.IntNumber(0), nil
	}
	if d.IsFloat() {
		return ir.FloatNumber(roundTo(d, x)), nil
	}
	if d == tensor.Bool {
		return ir.Number{}, fmt.Errorf("the number %v is no bool", x)
	}
	if x.rat == nil || !x.rat.IsInt() {
		return ir.Number{}, fmt.Errorf("the number %v is no integer, as %v asks for", x, d)
	}
	lo, hi := tensor.Range(d)
	if n := x.rat.Num(); n.IsInt64() && n.Int64() >= lo && n.Int64() <= hi {
		return ir.IntNumber(n.Int64()), nil
	}
	return ir.Number{}, fmt.Errorf("the number %v does not fit in %v, which goes from %d to %d", x, d, lo, hi)
}

// roundTo rounds a number to a float type, once.
func roundTo(d tensor.DType, x number) float64 {
	p := x.precise()
	if p == nil {
		return x.odd
	}
	// To f64 with the last bit made sticky: rounding again is then right.
	f, acc := p.Float64()
	if d == tensor.F64 {
		return f
	}
	if x.rat != nil {
		f, _ = new(big.Float).SetPrec(53).SetMode(big.ToZero).SetRat(x.rat).Float64()
		exact := new(big.Rat)
		if math.IsInf(f, 0) || exact.SetFloat64(f) == nil || exact.Cmp(x.rat) == 0 {
			return tensor.Round(d, f)
		}
		return tensor.Round(d, sticky(f))
	}
	if acc != big.Exact && !math.IsInf(f, 0) {
		f, _ = new(big.Float).SetPrec(53).SetMode(big.ToZero).Set(p).Float64()
		f = sticky(f)
	}
	return tensor.Round(d, f)
}

// sticky sets the last bit of a number that was cut off.
func sticky(f float64) float64 { return math.Float64frombits(math.Float64bits(f) | 1) }

// naturalDType returns the element type of a static value where nothing asks
// for one: i64 for integers, bool for flags, f32 for other numbers.
func (v value) naturalDType() tensor.DType {
	switch {
	case v.kind == flagKind:
		return tensor.Bool
	case v.num.isInt():
		return tensor.I64
	}
	return tensor.F32
}

// negated returns -x.
func (x number) negated() number {
	switch {
	case x.rat != nil:
		return number{rat: new(big.Rat).Neg(x.rat)}
	case x.sym != nil:
		e := dim.Neg(*x.sym)
		return number{sym: &e}
	case x.real != nil:
		return number{real: new(big.Float).Neg(x.real)}
	}
	return number{odd: -x.odd}
}

func infNumber() number { return number{odd: math.Inf(1)} }

func nanNumber() number { return number{odd: math.NaN()} }
