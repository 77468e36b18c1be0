package llvm

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"math"
	"math/big"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the coefficients of the mathematical functions anew")

const coefficientsFile = "math_coefficients.go"

// TestCoefficients fits every polynomial anew: the file of coefficients is what
// comes out.
func TestCoefficients(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("package llvm\n\n// Made by TestCoefficients; -update writes it. Each table has the coefficients\n// of one polynomial, from the constant on, and says how far it is from what it\n// stands for at most.\n")
	for _, f := range fits() {
		c, e := f.coefficients()
		fmt.Fprintf(&b, "\n// %s is %s\n// The error is 2^%.1f.\nvar %s = [...]float64{", f.name, f.doc, math.Log2(e), f.name)
		for _, x := range c {
			fmt.Fprintf(&b, "\n\t%s,", hexFloat(x))
		}
		b.WriteString("\n}\n")
	}
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(coefficientsFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(coefficientsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the fits give; -update writes it anew", coefficientsFile)
	}
}

func hexFloat(x float64) string {
	if x == math.Trunc(x) || x == -0.5 {
		return fmt.Sprint(x)
	}
	return fmt.Sprintf("%x", x)
}

// fits are the polynomials of the emitted functions.
func fits() []fit {
	// Half of what is left when multiples of ln 2 and pi/2 are taken away, and
	// a little more where the multiple was not the nearest.
	const slack = 1.0001
	octave, quarter := math.Ln2/2*slack, math.Pi/4*slack
	relative := func(fn func(x *big.Float) *big.Float) func(x *big.Float) (*big.Float, *big.Float, float64) {
		return func(x *big.Float) (*big.Float, *big.Float, float64) {
			y := fn(x)
			f, _ := y.Float64()
			return y, x, 1 / math.Abs(f)
		}
	}
	// odd is for functions fn(x) = x * (1 + P(x*x)): the polynomial less, in x*x.
	odd := func(fn func(x *big.Float) *big.Float, less int) func(x *big.Float) (*big.Float, *big.Float, float64) {
		return func(x *big.Float) (*big.Float, *big.Float, float64) {
			y := bigQuo(fn(x), x)
			f, _ := y.Float64()
			return bigSub(y, bigInt(less)), bigMul(x, x), 1 / f
		}
	}
	exp2 := func(x *big.Float) *big.Float { return bigExp(bigMul(x, bigLn2())) }
	sin := func(x *big.Float) *big.Float { return bigSin(x, 0) }
	cos := func(x *big.Float) (*big.Float, *big.Float, float64) { return bigSin(x, 1), bigMul(x, x), 1 }
	atanh2 := func(x *big.Float) *big.Float { return bigScale(bigAtanh(x), 1) }
	// erfc's logarithm to a base may have an error that is the larger the
	// smaller erfc is, as all it serves is 1 - erfc.
	logErfc := func(base *big.Float) func(x *big.Float) (*big.Float, *big.Float, float64) {
		return func(x *big.Float) (*big.Float, *big.Float, float64) {
			c := bigSub(bigInt(1), bigErf(x))
			w, _ := bigMul(c, base).Float64()
			return bigQuo(bigLog(c), base), x, w
		}
	}
	tail := func(x *big.Float) (*big.Float, *big.Float, float64) {
		y, square := bigQuo(atanh2(x), x), bigMul(x, x)
		y = bigSub(bigSub(y, bigInt(2)), bigMul(bigQuo(bigInt(2), bigInt(3)), square))
		w, _ := bigMul(square, square).Float64()
		return bigQuo(y, bigMul(square, square)), square, w / 2
	}
	root := (math.Sqrt2 - 1) / (math.Sqrt2 + 1) * slack
	return []fit{
		{name: "exp32", doc: "e^x for |x| <= ln(2)/2, relative.",
			sample: relative(bigExp), lo: -octave, hi: octave, degree: 6, known: []float64{1, 1}, single: true},
		{name: "exp2Of32", doc: "2^x for |x| <= 1/2, relative.",
			sample: relative(exp2), lo: -0.5, hi: 0.5, degree: 6, single: true},
		{name: "tanh32", doc: "tanh(x)/x for |x| <= tanhSplit32, in x^2, relative.",
			sample: odd(bigTanh, 0), lo: 1e-3, hi: tanhSplit32, degree: 5, known: []float64{1}, single: true},
		{name: "erf32", doc: "erf(x)/x - 1 for |x| <= erfSplit32, in x^2, relative to erf(x)/x.",
			sample: odd(bigErf, 1), lo: 1e-3, hi: erfSplit32, degree: 6, single: true},
		{name: "logErfc32", doc: "log2(erfc(x)) for erfSplit32 <= x <= 4; the error is that of erfc.",
			sample: logErfc(bigLn2()), lo: erfSplit32, hi: 4, degree: 6, single: true},
		{name: "log32", doc: "log(1+x) for sqrt(1/2) <= 1+x <= sqrt(2), relative.",
			sample: relative(bigLog1p), lo: math.Sqrt2/2 - 1, hi: math.Sqrt2 - 1, degree: 10, known: []float64{0, 1}, single: true},
		{name: "exp64", doc: "e^x - 1 for |x| <= ln(2)/2, relative.",
			sample: relative(bigExpm1), lo: -octave, hi: octave, degree: 12, known: []float64{0, 1}},
		{name: "exp64Short", doc: "e^x - 1 for |x| <= ln(2)/2, relative, to be rounded to float.",
			sample: relative(bigExpm1), lo: -octave, hi: octave, degree: 8, known: []float64{0, 1}},
		{name: "log64", doc: "log((1+s)/(1-s))/s for |s| <= (sqrt(2)-1)/(sqrt(2)+1), in s^2, relative.",
			sample: odd(atanh2, 0), lo: 1e-6, hi: root, degree: 7, known: []float64{2}},
		{name: "log64Tail", doc: "what log64 is beyond 2 + 2/3 s^2, by s^4, relative to log64.",
			sample: tail, lo: 1e-6, hi: root, degree: 6},
		{name: "sin64", doc: "sin(x)/x for |x| <= pi/4, in x^2, relative.",
			sample: odd(sin, 0), lo: 1e-6, hi: quarter, degree: 6, known: []float64{1}},
		{name: "sin64Short", doc: "sin(x)/x for |x| <= pi/4, in x^2, relative, to be rounded to float.",
			sample: odd(sin, 0), lo: 1e-6, hi: quarter, degree: 4, known: []float64{1}},
		{name: "cos64", doc: "cos(x) for |x| <= pi/4, in x^2.",
			sample: cos, lo: 1e-6, hi: quarter, degree: 7, known: []float64{1, -0.5}},
		{name: "cos64Short", doc: "cos(x) for |x| <= pi/4, in x^2, to be rounded to float.",
			sample: cos, lo: 1e-6, hi: quarter, degree: 4, known: []float64{1, -0.5}},
		{name: "erf64", doc: "erf(x)/x - 1 for |x| <= 1, in x^2, relative to erf(x)/x.",
			sample: odd(bigErf, 1), lo: 1e-6, hi: 1, degree: 11},
		{name: "logErfc64", doc: "log(erfc(x)) for 1 <= x <= 6; the error is that of erfc.",
			sample: logErfc(bigInt(1)), lo: 1, hi: 6, degree: 19},
	}
}
