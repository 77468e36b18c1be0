package langtest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// folded reduces along axes: f gets the elements in row-major order.
func folded(a array, axes []int, keep bool, f func(xs []float64) float64) array {
	var outer, inner []int
	for axis, n := range a.shape {
		switch {
		case !slices.Contains(axes, axis):
			outer = append(outer, n)
		case keep:
			outer = append(outer, 1)
		}
		if slices.Contains(axes, axis) {
			inner = append(inner, n)
		}
	}
	return filled(outer, func(out []int) float64 {
		var xs []float64
		each(inner, func(in []int) {
			var at []int
			o, i := 0, 0
			for axis := range a.shape {
				if slices.Contains(axes, axis) {
					at = append(at, in[i])
					i++
					if keep {
						o++
					}
					continue
				}
				at = append(at, out[o])
				o++
			}
			xs = append(xs, a.at(at...))
		})
		return f(xs)
	})
}

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}

func mean(xs []float64) float64 { return sum(xs) / float64(len(xs)) }

func variance(xs []float64) float64 {
	m, total := mean(xs), 0.0
	for _, x := range xs {
		total += (x - m) * (x - m)
	}
	return total / float64(len(xs))
}

func largest(xs []float64) float64 {
	best := math.Inf(-1)
	for _, x := range xs {
		best = max(best, x)
	}
	return best
}

func logSumExp(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += math.Exp(x)
	}
	return math.Log(total)
}

// first returns the place of the first element that is better than all before.
func first(xs []float64, better func(x, best float64) bool) float64 {
	at := 0
	for i, x := range xs {
		if better(x, xs[at]) {
			at = i
		}
	}
	return float64(at)
}

// An axesCase is a shape with axes as the program writes them.
type axesCase struct {
	shape []int
	text  string // axis= and keepdims=
	axes  []int
	keep  bool
}

var axesCases = []axesCase{
	{[]int{19}, "", []int{0}, false}, {[]int{}, "", nil, false}, {[]int{1, 5}, ", axis=-1", []int{1}, false},
	{[]int{2, 3, 4}, "", []int{0, 1, 2}, false}, {[]int{2, 3, 4}, ", axis=1", []int{1}, false},
	{[]int{2, 3, 4}, ", axis=-3, keepdims=true", []int{0}, true}, {[]int{2, 3, 4}, ", axis=[0, -1]", []int{0, 2}, false},
	{[]int{2, 3, 4}, ", axis=[-1, 1], keepdims=true", []int{1, 2}, true}, {[]int{2, 3, 4}, ", keepdims=true", []int{0, 1, 2}, true},
	{[]int{1, 1}, ", axis=0", []int{0}, false},
}

// emptyCases have nothing, or no place, to reduce.
var emptyCases = []axesCase{
	{[]int{0}, "", []int{0}, false}, {[]int{2, 0, 3}, ", axis=1", []int{1}, false},
	{[]int{0, 4}, ", axis=-1", []int{1}, false}, {[]int{3, 0}, ", axis=0, keepdims=true", []int{0}, true},
}

// reductions are the functions that reduce.
func (s *suite) reductions() {
	for _, f := range []struct {
		name   string
		lo, hi float64
		f      func(xs []float64) float64
		types  []tensor.DType
		out    tensor.DType // Invalid for that of the operand
		empty  bool         // takes empty axes
	}{
		{"sum", -4, 4, sum, numbers, tensor.Invalid, true}, {"mean", -4, 4, mean, floats, tensor.Invalid, true},
		{"prod", 0.6, 1.6, func(xs []float64) float64 {
			p := 1.0
			for _, x := range xs {
				p *= x
			}
			return p
		}, numbers, tensor.Invalid, true},
		{"max", -4, 4, largest, floats, tensor.Invalid, true}, {"max", -4, 4, largest, integers, tensor.Invalid, false},
		{"min", -4, 4, func(xs []float64) float64 {
			best := math.Inf(1)
			for _, x := range xs {
				best = min(best, x)
			}
			return best
		}, floats, tensor.Invalid, true},
		{"var", -4, 4, variance, floats, tensor.Invalid, true},
		{"norm", -4, 4, func(xs []float64) float64 {
			total := 0.0
			for _, x := range xs {
				total += x * x
			}
			return math.Sqrt(total)
		}, floats, tensor.Invalid, true},
		{"logsumexp", -2, 2, logSumExp, floats, tensor.Invalid, true},
		{"any", 0, 1, func(xs []float64) float64 { return truth(slices.Contains(xs, 1)) }, []tensor.DType{tensor.Bool}, tensor.Invalid, true},
		{"all", 0, 1, func(xs []float64) float64 { return truth(!slices.Contains(xs, 0)) }, []tensor.DType{tensor.Bool}, tensor.Invalid, true},
		{"sum", 0, 1, sum, []tensor.DType{tensor.Bool}, tensor.I64, true},
	} {
		for i, d := range f.types {
			out := f.out
			if out == tensor.Invalid {
				out = d
			}
			cases := axesCases
			if f.empty {
				cases = slices.Concat(cases, emptyCases)
			}
			if i > 0 {
				cases = cases[3:5]
			}
			for _, c := range cases {
				s.one(f.name+"(x"+c.text+")", out, func(a []array) array { return folded(a[0], c.axes, c.keep, f.f) }, s.data(d, f.lo, f.hi, c.shape...))
			}
		}
	}
	for _, d := range numbers {
		for _, c := range axesCases {
			if len(c.axes) != 1 && strings.Contains(c.text, "axis") || len(c.shape) == 0 {
				continue
			}
			s.one("argmax(x"+c.text+")", tensor.I64, func(a []array) array {
				return folded(a[0], c.axes, c.keep, func(xs []float64) float64 { return first(xs, func(x, y float64) bool { return x > y }) })
			}, s.data(d, -4, 4, c.shape...))
			s.one("argmin(x"+c.text+")", tensor.I64, func(a []array) array {
				return folded(a[0], c.axes, c.keep, func(xs []float64) float64 { return first(xs, func(x, y float64) bool { return x < y }) })
			}, s.data(d, -4, 4, c.shape...))
		}
	}
}

// normalising are the functions that divide by what they reduce.
func (s *suite) normalising() {
	for _, f := range []struct {
		name, text string
		f          func(x float64, xs []float64) float64
	}{
		{"softmax", "", func(x float64, xs []float64) float64 { return math.Exp(x - logSumExp(xs)) }},
		{"log_softmax", "", func(x float64, xs []float64) float64 { return x - logSumExp(xs) }},
		{"layernorm", "", func(x float64, xs []float64) float64 { return (x - mean(xs)) / math.Sqrt(variance(xs)+1e-5) }},
		{"layernorm", ", eps=0.5", func(x float64, xs []float64) float64 { return (x - mean(xs)) / math.Sqrt(variance(xs)+0.5) }},
		{"rmsnorm", "", func(x float64, xs []float64) float64 {
			squares := make([]float64, len(xs))
			for i, y := range xs {
				squares[i] = y * y
			}
			return x / math.Sqrt(mean(squares)+1e-6)
		}},
	} {
		for i, d := range floats {
			for j, c := range []axesCase{
				{[]int{2, 3, 17}, "", []int{2}, true}, {[]int{9}, "", []int{0}, true}, {[]int{4, 3, 2}, ", axis=0", []int{0}, true},
				{[]int{4, 3, 2}, ", axis=-2", []int{1}, true}, {[]int{4, 3, 2}, ", axis=[0, 2]", []int{0, 2}, true}, {[]int{0, 5}, "", []int{1}, true},
			} {
				if i > 0 && j > 0 {
					continue
				}
				s.one(fmt.Sprintf("%s(x%s%s)", f.name, c.text, f.text), d, func(a []array) array {
					return filled(a[0].shape, func(at []int) float64 {
						var xs []float64
						each(a[0].shape, func(other []int) {
							for axis := range at {
								if at[axis] != other[axis] && !slices.Contains(c.axes, axis) {
									return
								}
							}
							xs = append(xs, a[0].at(other...))
						})
						return f.f(a[0].at(at...), xs)
					})
				}, s.data(d, -2, 2, c.shape...))
			}
		}
	}
}
