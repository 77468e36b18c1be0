package langtest

import (
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// plainShapes have no axis, one, several, an empty one, sizes of 1.
var plainShapes = [][]int{{}, {1}, {0}, {19}, {2, 3}, {1, 5, 1}, {3, 0, 2}}

// stretchShapes are pairs that broadcast.
var stretchShapes = [][2][]int{{{}, {}}, {{7}, {}}, {{}, {2, 3}}, {{2, 3}, {3}}, {{2, 1}, {1, 5}}, {{4, 1, 5}, {3, 1}}, {{0}, {1}}, {{2, 0}, {1, 1}}}

// elementwise are the functions of one argument.
func (s *suite) elementwise() {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	sign := func(x float64) float64 { return truth(x > 0) - truth(x < 0) }
	for _, f := range []struct {
		expr   string
		lo, hi float64
		f      func(x float64) float64
		ints   bool
	}{
		{"exp(x)", -3, 3, math.Exp, false}, {"log(x)", 0.1, 5, math.Log, false}, {"log1p(x)", -0.5, 3, math.Log1p, false},
		{"expm1(x)", -2, 2, math.Expm1, false}, {"sqrt(x)", 0, 5, math.Sqrt, false},
		{"rsqrt(x)", 0.1, 5, func(x float64) float64 { return 1 / math.Sqrt(x) }, false},
		{"abs(x)", -4, 4, math.Abs, true}, {"sign(x)", -4, 4, sign, true}, {"-x", -4, 4, func(x float64) float64 { return -x }, true},
		{"floor(x)", -4, 4, math.Floor, false}, {"ceil(x)", -4, 4, math.Ceil, false}, {"round(2 * x)", -4, 4, func(x float64) float64 { return math.RoundToEven(2 * x) }, false},
		{"sin(x)", -3, 3, math.Sin, false}, {"cos(x)", -3, 3, math.Cos, false}, {"tanh(x)", -2, 2, math.Tanh, false}, {"erf(x)", -2, 2, math.Erf, false},
		{"sigmoid(x)", -4, 4, sigmoid, false}, {"relu(x)", -4, 4, func(x float64) float64 { return max(x, 0) }, true},
		{"silu(x)", -4, 4, func(x float64) float64 { return x * sigmoid(x) }, false},
		{"gelu(x)", -3, 3, func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }, false},
		{"gelu(x, approximate=true)", -3, 3, func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, false},
		{"softplus(x)", -4, 4, func(x float64) float64 { return math.Log1p(math.Exp(-math.Abs(x))) + max(x, 0) }, false},
		{"square(x)", -4, 4, func(x float64) float64 { return x * x }, true},
		{"clip(x, -1, 2)", -4, 4, func(x float64) float64 { return min(max(x, -1), 2) }, false},
		{"x ^ 0", -2, 2, func(float64) float64 { return 1 }, true}, {"x ^ 3", -2, 2, func(x float64) float64 { return x * x * x }, true},
		{"x ^ -2", 0.5, 2, func(x float64) float64 { return 1 / (x * x) }, false}, {"x ^ 15", 0.5, 1.5, func(x float64) float64 { return math.Pow(x, 15) }, false},
		{"x ^ 0.5", 0.1, 4, math.Sqrt, false}, {"2 ^ x", -3, 3, math.Exp2, false}, {"1 / x - x / 4 + 2", 0.5, 2, func(x float64) float64 { return 1/x - x/4 + 2 }, false},
	} {
		want := func(a []array) array { return mapped(a[0], f.f) }
		for _, shape := range plainShapes {
			s.one(f.expr, tensor.F32, want, s.data(tensor.F32, f.lo, f.hi, shape...))
		}
		for _, d := range []tensor.DType{tensor.F64, tensor.BF16, tensor.F16} {
			s.one(f.expr, d, want, s.data(d, f.lo, f.hi, 3, 11))
		}
		if f.ints {
			for _, d := range integers {
				s.one(f.expr, d, want, s.data(d, f.lo, f.hi, 3, 11))
			}
		}
	}
	nan := tensor.Must(tensor.FromSlice([]float32{1, float32(math.NaN()), float32(math.Inf(1)), 0}, 2, 2))
	s.one("is_nan(x)", tensor.Bool, func(a []array) array { return mapped(a[0], func(x float64) float64 { return truth(x != x) }) }, nan)
	for _, from := range tensor.DTypes() {
		for _, to := range tensor.DTypes() {
			hi := 4.0
			s.one(fmt.Sprintf("%v(x)", to), to, func(a []array) array {
				return mapped(a[0], func(x float64) float64 {
					switch {
					case to == tensor.Bool:
						return truth(x != 0)
					case to.IsInt():
						return math.Trunc(x)
					}
					return x
				})
			}, s.data(from, 0, hi, 2, 9))
		}
	}
}

// operators are those of two operands, and the functions of two arguments.
func (s *suite) operators() {
	floorDiv := func(x, y float64) float64 { return math.Floor(x / y) }
	for _, f := range []struct {
		expr   string
		lo, hi float64 // of the right operand
		f      func(x, y float64) float64
		kind   string
	}{
		{"x + y", -4, 4, func(x, y float64) float64 { return x + y }, "fi"},
		{"x - y", -4, 4, func(x, y float64) float64 { return x - y }, "fi"},
		{"x * y", -4, 4, func(x, y float64) float64 { return x * y }, "fi"},
		{"x / y", 0.5, 4, func(x, y float64) float64 { return x / y }, "f"},
		{"x // y", 1, 4, floorDiv, "i"}, {"x % y", 1, 4, func(x, y float64) float64 { return x - y*floorDiv(x, y) }, "i"},
		{"max(x, y)", -4, 4, func(x, y float64) float64 { return max(x, y) }, "fi"},
		{"min(x, y)", -4, 4, func(x, y float64) float64 { return min(x, y) }, "fi"},
		{"pow(abs(x) + 1, y)", -2, 2, func(x, y float64) float64 { return math.Pow(math.Abs(x)+1, y) }, "f"},
		{"x < y", -4, 4, func(x, y float64) float64 { return truth(x < y) }, "fic"},
		{"x <= y", -4, 4, func(x, y float64) float64 { return truth(x <= y) }, "fic"},
		{"x > y", -4, 4, func(x, y float64) float64 { return truth(x > y) }, "fic"},
		{"x >= y", -4, 4, func(x, y float64) float64 { return truth(x >= y) }, "fic"},
		{"x == y", -4, 4, func(x, y float64) float64 { return truth(x == y) }, "fic"},
		{"x != y", -4, 4, func(x, y float64) float64 { return truth(x != y) }, "fic"},
		{"x and not y", 0, 1, func(x, y float64) float64 { return x * (1 - y) }, "b"},
		{"x or y", 0, 1, func(x, y float64) float64 { return max(x, y) }, "b"},
	} {
		var types []tensor.DType
		for _, k := range f.kind {
			types = append(types, map[rune][]tensor.DType{'f': floats, 'i': integers, 'b': {tensor.Bool}}[k]...)
		}
		for i, d := range types {
			out := d
			if f.kind[len(f.kind)-1] == 'c' {
				out = tensor.Bool
			}
			pairs := stretchShapes
			if i > 0 {
				pairs = [][2][]int{{{4, 1, 5}, {3, 1}}}
			}
			for _, p := range pairs {
				s.one(f.expr, out, func(a []array) array { return zipped(a[0], a[1], f.f) }, s.data(d, -4, 4, p[0]...), s.data(d, f.lo, f.hi, p[1]...))
			}
		}
	}
}

// choices are where and clip, whose operands all broadcast.
func (s *suite) choices() {
	for _, d := range numbers {
		for _, shapes := range [][3][]int{{{2, 3}, {2, 3}, {2, 3}}, {{3}, {2, 1}, {}}, {{2, 1, 1}, {4}, {3, 1}}, {{0}, {1}, {}}} {
			s.one("where(x, y, z)", d, func(a []array) array {
				shape := together(together(a[0].shape, a[1].shape), a[2].shape)
				return filled(shape, func(at []int) float64 {
					if a[0].stretched(at) != 0 {
						return a[1].stretched(at)
					}
					return a[2].stretched(at)
				})
			}, s.data(tensor.Bool, 0, 1, shapes[0]...), s.data(d, -4, 4, shapes[1]...), s.data(d, -4, 4, shapes[2]...))
		}
		s.one("clip(x, y, 3)", d, func(a []array) array {
			return zipped(a[0], a[1], func(x, y float64) float64 { return min(max(x, y), 3) })
		}, s.data(d, -4, 4, 3, 5), s.data(d, 0, 2, 5))
	}
}
