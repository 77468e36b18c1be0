package check

import (
	"math"
	"math/big"
	"testing"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// evalStatic evaluates a static expression in an empty frame.
func evalStatic(t *testing.T, text string) (value, error) {
	t.Helper()
	tree, err := syntax.Parse(&source.File{Name: "s.lathe", Text: "const c = " + text + "\n"})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := New([]*Unit{{File: tree}})
	if err != nil {
		t.Fatal(err)
	}
	var errs source.Errors
	c := p.newChecker("", false, &errs)
	v := c.constant(tree.Decls[0].(*syntax.Const))
	return v, errs.Err()
}

func TestStaticArithmetic(t *testing.T) {
	for text, want := range map[string]string{
		"1 + 2 * 3":             "7",
		"7 / 2":                 "3.5",
		"1 / 3":                 "1/3",
		"7 // 2":                "3",
		"-7 // 2":               "-4",
		"7 % -2":                "-1",
		"-7 % 2":                "1",
		"2 ^ -1":                "0.5",
		"2 ^ 3 ^ 2":             "512",
		"-2 ^ 2":                "-4",
		"(-1) ^ 1000000000001":  "-1",
		"0.1 + 0.2 == 0.3":      "true",
		"1_000 * 1e-3":          "1",
		"sqrt(16)":              "4",
		"sqrt(2) * sqrt(2) > 1": "true",
		"4 ^ 0.5":               "2",
		"min(3, 2, 7)":          "2",
		"max(3, inf)":           "inf",
		"floor(-1 / 2)":         "-1",
		"ceil(7 / 2)":           "4",
		"round(5 / 2)":          "2",
		"round(7 / 2)":          "4",
		"abs(-3)":               "3",
		"inf - 1 > 1e300":       "true",
		"nan == nan":            "false",
		"nan != nan":            "true",
		"exp(0)":                "1",
		"log(1)":                "0",
		"not (1 < 2) or true":   "true",
		"1 < 2 and 2 < 1":       "false",
		"2 ^ 62 + 2 ^ 62":       "9223372036854775808",
	} {
		v, err := evalStatic(t, text)
		if err != nil || v.describe() != want {
			t.Errorf("%s = %s (%v), want %s", text, v.describe(), err, want)
		}
	}
}

// TestTranscendental holds exp, log and powers against math, which is right to
// an ulp or so, and exp and log against each other with all their bits.
func TestTranscendental(t *testing.T) {
	for _, x := range []float64{1e-300, 1e-5, 0.3, 0.5, 1, 1.5, 2, math.Pi, 100, 1e10, 1e300} {
		p := new(big.Float).SetPrec(realPrec).SetFloat64(x)
		lg := logFloat(p)
		got, _ := lg.Float64()
		if want := math.Log(x); math.Abs(got-want) > 4*ulp(want) {
			t.Errorf("log(%g) = %g, want %g", x, got, want)
		}
		back := expFloat(lg)
		diff := new(big.Float).Sub(back.precise(), p)
		// log carries an absolute error of |log x| * 2^-realPrec, which exp makes relative
		if bound := math.Abs(got) + 4; diff.Sign() != 0 && diff.MantExp(nil) > p.MantExp(nil)-realPrec+int(math.Ceil(math.Log2(bound)))+2 {
			t.Errorf("exp(log(%g)) is off by %v", x, diff)
		}
	}
	for _, x := range []float64{-700, -1, -1e-10, 1e-10, 0.7, 1, 10, 700} {
		e := expFloat(new(big.Float).SetPrec(realPrec).SetFloat64(x))
		if want := math.Exp(x); math.Abs(e.float()-want) > 4*ulp(want) {
			t.Errorf("exp(%g) = %g, want %g", x, e.float(), want)
		}
	}
}

// ulp returns the distance to the next f64.
func ulp(x float64) float64 { return math.Nextafter(math.Abs(x), math.Inf(1)) - math.Abs(x) }

// TestRoundedOnce checks that a static number is rounded once, not by way of
// f64: 1 + 2^-24 is between two f32, and what is added decides.
func TestRoundedOnce(t *testing.T) {
	for text, want := range map[string]float64{
		"1 + 2 ^ -24":             1,
		"1 + 2 ^ -24 + 2 ^ -100":  1 + math.Pow(2, -23),
		"1 + 2 ^ -24 - 2 ^ -100":  1,
		"-1 - 2 ^ -24 - 2 ^ -100": -1 - math.Pow(2, -23),
		"1 + 2 ^ -23 + 2 ^ -24":   1 + math.Pow(2, -22),
		"sqrt(2)":                 float64(float32(math.Sqrt2)),
		"1e400":                   math.Inf(1),
		"0.1":                     float64(float32(0.1)),
		"exp(2 ^ -24 + 2 ^ -50)":  1 + math.Pow(2, -23),
		"exp(2 ^ -24 - 2 ^ -47)":  1,
		"16777217 + 2 ^ -200":     16777218,
		"3.4028235677973367e38":   math.Inf(1),
	} {
		v, err := evalStatic(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		n, err := v.num.element(tensor.F32)
		if err != nil || n.Float != want {
			t.Errorf("%s as f32 is %v (%v), want %v", text, n.Float, err, want)
		}
	}
}

func TestStaticErrors(t *testing.T) {
	for text, want := range map[string]string{
		"1 / 0":      "s.lathe:1:13: division by zero: 1 / 0",
		"1 // 0":     "s.lathe:1:13: division by zero: 1 // 0",
		"0 ^ -1":     "s.lathe:1:13: division by zero: 0 ^ -1",
		"2 ^ 100000": "s.lathe:1:13: a static number of more than 65536 bits; the limit is 65536",
		"1 + true":   "s.lathe:1:13: + takes numbers, found 1 and true",
		"1 and 2":    "s.lathe:1:13: and takes true or false, found 1 and 2",
		"1.5 // 2":   "s.lathe:1:15: // divides integers, found 1.5 and 2",
		"1 @ 2":      "s.lathe:1:13: @ multiplies matrices, found the static numbers 1 and 2",
		"c + 1":      "s.lathe:1:7: const c is defined by itself",
		"d":          "s.lathe:1:11: no value is called d",
		`"a"`:        "s.lathe:1:11: const c must be a static number, found a string",
	} {
		v, err := evalStatic(t, text)
		if err == nil || err.Error() != want {
			t.Errorf("%s = %s, error\n%v\nwant\n%s", text, v.describe(), err, want)
		}
	}
}
