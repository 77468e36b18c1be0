package langtest

import (
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// shapes are the functions that move elements, and static indexing.
func (s *suite) shapes() {
	pick := func(shape []int, from func(at []int) []int) func(a []array) array {
		return func(a []array) array { return filled(shape, func(at []int) float64 { return a[0].at(from(at)...) }) }
	}
	same := func(shape ...int) func(a []array) array {
		return func(a []array) array { return array{shape, a[0].data} }
	}
	for i, d := range tensor.DTypes() {
		one := func(expr string, want func(a []array) array, shape ...int) {
			s.one(expr, d, want, s.data(d, -4, 4, shape...))
		}
		one("reshape(x, [6, 4])", same(6, 4), 2, 3, 4)
		one("reshape(x, [-1, 2])", same(12, 2), 2, 3, 4)
		one("transpose(x, [2, 0, 1])", pick([]int{4, 2, 3}, func(at []int) []int { return []int{at[1], at[2], at[0]} }), 2, 3, 4)
		one("transpose(x, [-1, 1, 0])", pick([]int{4, 3, 2}, func(at []int) []int { return []int{at[2], at[1], at[0]} }), 2, 3, 4)
		one("x.T", pick([]int{2, 4, 3}, func(at []int) []int { return []int{at[0], at[2], at[1]} }), 2, 3, 4)
		one("broadcast(x, [2, 3, 4])", pick([]int{2, 3, 4}, func(at []int) []int { return []int{at[1], 0} }), 3, 1)
		one("flip(x)", pick([]int{3, 4}, func(at []int) []int { return []int{2 - at[0], 3 - at[1]} }), 3, 4)
		one("flip(x, axis=-1)", pick([]int{3, 4}, func(at []int) []int { return []int{at[0], 3 - at[1]} }), 3, 4)
		one("roll(x, 1, axis=0)", pick([]int{3, 4}, func(at []int) []int { return []int{(at[0] + 2) % 3, at[1]} }), 3, 4)
		one("roll(x, -6, axis=-1)", pick([]int{3, 4}, func(at []int) []int { return []int{at[0], (at[1] + 6) % 4} }), 3, 4)
		one("x[1]", pick([]int{4}, func(at []int) []int { return []int{1, at[0]} }), 3, 4)
		one("x[-1, 1:3]", pick([]int{2}, func(at []int) []int { return []int{2, at[0] + 1} }), 3, 4)
		one("x[::-1, ::2]", pick([]int{3, 2}, func(at []int) []int { return []int{2 - at[0], 2 * at[1]} }), 3, 4)
		one("x[..., 0]", pick([]int{2, 3}, func(at []int) []int { return []int{at[0], at[1], 0} }), 2, 3, 4)
		one("x[:, None, 5:0:-2]", pick([]int{3, 1, 2}, func(at []int) []int { return []int{at[0], 3 - 2*at[2]} }), 3, 4)
		if i > 1 {
			continue
		}
		one("reshape(x, [0, 7])", same(0, 7), 3, 0)
		one("reshape(x, [])", same(), 1, 1)
		one("flip(x, axis=0)", same(0, 2), 0, 2)
		one("x[2:1]", func([]array) array { return array{[]int{0, 4}, nil} }, 3, 4)
		one("x[-9:2]", pick([]int{2, 4}, func(at []int) []int { return at }), 3, 4)
		one("roll(x, 5)", func(a []array) array {
			return filled([]int{3, 4}, func(at []int) float64 { return a[0].data[(at[0]*4+at[1]+12-5)%12] })
		}, 3, 4)
	}
	for _, d := range tensor.DTypes() {
		s.one("concat([x, y, x], axis=-1)", d, func(a []array) array {
			return filled([]int{2, 7}, func(at []int) float64 {
				switch j := at[1]; {
				case j < 3:
					return a[0].at(at[0], j)
				case j < 4:
					return a[1].at(at[0], 0)
				default:
					return a[0].at(at[0], j-4)
				}
			})
		}, s.data(d, -4, 4, 2, 3), s.data(d, -4, 4, 2, 1))
		s.one("stack([x, y], axis=1)", d, func(a []array) array {
			return filled([]int{2, 2, 3}, func(at []int) float64 { return a[at[1]].at(at[0], at[2]) })
		}, s.data(d, -4, 4, 2, 3), s.data(d, -4, 4, 2, 3))
		s.add("a, b, c = split(x, [1, 0, 3], axis=1)\nreturn a, b, c", []tensor.DType{d, d, d}, func(a []array) []array {
			return []array{
				filled([]int{2, 1}, func(at []int) float64 { return a[0].at(at...) }), {[]int{2, 0}, nil},
				filled([]int{2, 3}, func(at []int) float64 { return a[0].at(at[0], at[1]+1) }),
			}
		}, s.data(d, -4, 4, 2, 4))
	}
	for _, d := range numbers {
		s.one("pad(x, [[0, 1], [2, 0]], value=3)", d, func(a []array) array {
			return filled([]int{3, 5}, func(at []int) float64 {
				if at[0] < 2 && at[1] >= 2 {
					return a[0].at(at[0], at[1]-2)
				}
				return 3
			})
		}, s.data(d, -4, 4, 2, 3))
	}
	s.one("concat([x, y])", tensor.F32, func(a []array) array { return a[1] }, s.data(tensor.F32, 0, 1, 0, 3), s.data(tensor.F32, 0, 1, 2, 3))
}

// making are the functions that make tensors.
func (s *suite) making() {
	for _, d := range numbers {
		s.one(fmt.Sprintf("x + zeros(%v[2, 3]) + ones(%v[3]) + full(%v[2, 1], 2)", d, d, d), d, func(a []array) array {
			return filled([]int{2, 3}, func([]int) float64 { return a[0].data[0] + 3 })
		}, s.data(d, 0, 4))
		s.one(fmt.Sprintf("x * iota(5, dtype=%v)", d), d, func(a []array) array {
			return filled([]int{5}, func(at []int) float64 { return a[0].data[0] * float64(at[0]) })
		}, s.data(d, 0, 4))
		s.one(fmt.Sprintf("eye(3, dtype=%v) * x", d), d, func(a []array) array {
			return filled([]int{3, 3}, func(at []int) float64 { return truth(at[0] == at[1]) * a[0].data[0] })
		}, s.data(d, 1, 4))
		s.one(fmt.Sprintf("one_hot(x, 3, dtype=%v)", d), d, func(a []array) array {
			return filled([]int{2, 4, 3}, func(at []int) float64 { return truth(a[0].at(at[0], at[1]) == float64(at[2])) })
		}, s.data(tensor.I64, -1, 4, 2, 4))
		s.one(fmt.Sprintf("x + tensor([[1, 2, 3], [4, 5, 6]], dtype=%v)", d), d, func(a []array) array {
			return filled([]int{2, 3}, func(at []int) float64 { return a[0].at(at[1]) + float64(3*at[0]+at[1]+1) })
		}, s.data(d, 0, 4, 3))
	}
	s.one("full(f32[2, 3], x)", tensor.F32, func(a []array) array {
		return filled([]int{2, 3}, func(at []int) float64 { return a[0].at(at[1]) })
	}, s.data(tensor.F32, -1, 1, 3))
}

// rotations are rope.
func (s *suite) rotations() {
	for _, d := range floats {
		for _, positions := range []*tensor.Tensor{s.indices(20, 3), s.data(d, 0, 5, 3), s.indices(20, 2, 3)} {
			for _, base := range []float64{10000, 100} {
				s.one(fmt.Sprintf("rope(x, y, base=%v)", base), d, func(a []array) array {
					const half = 2
					return filled(a[0].shape, func(at []int) float64 {
						i := at[2] % half
						angle := a[1].stretched(at[:2]) * math.Pow(base, -2*float64(i)/(2*half))
						lo, hi := a[0].at(with(at, 2, i)...), a[0].at(with(at, 2, i+half)...)
						if at[2] < half {
							return lo*math.Cos(angle) - hi*math.Sin(angle)
						}
						return hi*math.Cos(angle) + lo*math.Sin(angle)
					})
				}, s.data(d, -2, 2, 2, 3, 4), positions)
			}
		}
	}
}
