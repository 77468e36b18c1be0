package langtest

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// indexing is by tensors and by scalars that are known only at run time.
func (s *suite) indexing() {
	for i, d := range tensor.DTypes() {
		x := func(shape ...int) *tensor.Tensor { return s.data(d, -4, 4, shape...) }
		s.one("take(x, y)", d, func(a []array) array {
			return filled([]int{2, 3, 4}, func(at []int) float64 { return a[0].at(int(a[1].at(at[0], at[1])), at[2]) })
		}, x(5, 4), s.indices(5, 2, 3))
		s.one("take(x, y, axis=-1)", d, func(a []array) array {
			return filled([]int{5, 3}, func(at []int) float64 { return a[0].at(at[0], int(a[1].at(at[1]))) })
		}, x(5, 4), s.indices(4, 3))
		s.one("x[0, y, 1:]", d, func(a []array) array {
			return filled([]int{3, 3}, func(at []int) float64 { return a[0].at(0, int(a[1].at(at[0])), at[1]+1) })
		}, x(2, 5, 4), s.indices(5, 3))
		s.one("take_along(x, y, axis=1)", d, func(a []array) array {
			return filled([]int{3, 2}, func(at []int) float64 { return a[0].at(at[0], int(a[1].at(at...))) })
		}, x(3, 4), s.indices(4, 3, 2))
		s.one("x[y]", d, func(a []array) array {
			return filled([]int{4}, func(at []int) float64 { return a[0].at(int(a[1].data[0]), at[0]) })
		}, x(3, 4), s.indices(3))
		s.one("x[:, y:y + 2]", d, func(a []array) array {
			return filled([]int{3, 2}, func(at []int) float64 { return a[0].at(at[0], int(a[1].data[0])+at[1]) })
		}, x(3, 4), s.indices(3))
		if i == 0 {
			s.one("x[y]", d, func([]array) array { return array{[]int{0, 4}, nil} }, x(3, 4), s.indices(3, 0))
		}
	}
	for _, d := range numbers {
		s.one("scatter_add(x, y, z)", d, func(a []array) array {
			out := array{a[0].shape, slices.Clone(a[0].data)}
			each([]int{6, 3}, func(at []int) { out.data[int(a[1].at(at[0]))*3+at[1]] += a[2].at(at...) })
			return out
		}, s.data(d, -4, 4, 4, 3), s.indices(4, 6), s.data(d, -4, 4, 6, 3))
		s.one("scatter_add(x, y, z, axis=-1)", d, func(a []array) array {
			out := array{a[0].shape, slices.Clone(a[0].data)}
			each([]int{4, 5}, func(at []int) { out.data[at[0]*3+int(a[1].at(at[1]))] += a[2].at(at...) })
			return out
		}, s.data(d, -4, 4, 4, 3), s.indices(3, 5), s.data(d, -4, 4, 4, 5))
		s.one("scatter_along(x, y, z, axis=1)", d, func(a []array) array {
			out := array{a[0].shape, slices.Clone(a[0].data)}
			each([]int{4, 5}, func(at []int) { out.data[at[0]*3+int(a[1].at(at...))] += a[2].at(at...) })
			return out
		}, s.data(d, -4, 4, 4, 3), s.indices(3, 4, 5), s.data(d, -4, 4, 4, 5))
	}
}

// updates are y[..] = e and its kin, and loops.
func (s *suite) updates() {
	changed := func(f func(x func(at ...int) *float64, a []array)) func(a []array) []array {
		return func(a []array) []array {
			out := array{a[0].shape, slices.Clone(a[0].data)}
			f(func(at ...int) *float64 {
				flat := 0
				for axis, i := range at {
					flat = flat*out.shape[axis] + i
				}
				return &out.data[flat]
			}, a)
			return []array{out}
		}
	}
	for _, d := range numbers {
		x, row, rows := s.data(d, -4, 4, 3, 4), s.data(d, 1, 4, 4), s.data(d, -4, 4, 5, 4)
		one := func(body string, f func(x func(at ...int) *float64, a []array), args ...*tensor.Tensor) {
			s.add(body+"\nreturn x", []tensor.DType{d}, changed(f), args...)
		}
		one("x[1] = y", func(x func(at ...int) *float64, a []array) {
			for j := range 4 {
				*x(1, j) = a[1].at(j)
			}
		}, x, row)
		one("x[::-2, 1:3] += 2", func(x func(at ...int) *float64, _ []array) {
			for _, i := range []int{0, 2} {
				*x(i, 1) += 2
				*x(i, 2) += 2
			}
		}, x)
		one("x[-1] *= y", func(x func(at ...int) *float64, a []array) {
			for j := range 4 {
				*x(2, j) *= a[1].at(j)
			}
		}, x, row)
		one("x[y] += z", func(x func(at ...int) *float64, a []array) {
			each([]int{5, 4}, func(at []int) { *x(int(a[1].at(at[0])), at[1]) += a[2].at(at...) })
		}, x, s.indices(3, 5), rows)
		one("x[y] -= z", func(x func(at ...int) *float64, a []array) {
			each([]int{5, 4}, func(at []int) { *x(int(a[1].at(at[0])), at[1]) -= a[2].at(at...) })
		}, x, s.indices(3, 5), rows)
		one("x[y] = z", func(x func(at ...int) *float64, a []array) {
			each([]int{5, 4}, func(at []int) { *x(int(a[1].at(at[0])), at[1]) = a[2].at(at...) })
		}, x, s.indices(3, 5), rows)
		one("x[y, 1:3] -= 1", func(x func(at ...int) *float64, a []array) {
			*x(int(a[1].data[0]), 1)--
			*x(int(a[1].data[0]), 2)--
		}, x, s.indices(3))
		one("for i in 1..3 {\nx[i] += x[i - 1]\n}", func(x func(at ...int) *float64, _ []array) {
			each([]int{2, 4}, func(at []int) { *x(at[0]+1, at[1]) += *x(at[0], at[1]) })
		}, x)
		one("for i in 2..0 step -1 {\nx[i - 1] -= x[i]\n}", func(x func(at ...int) *float64, _ []array) {
			each([]int{2, 4}, func(at []int) { *x(1-at[0], at[1]) -= *x(2-at[0], at[1]) })
		}, x)
	}
}

// order returns the places of elements in the order of sorting; of equal ones
// the lower place comes first.
func order(xs []float64, descending bool) []int {
	places := make([]int, len(xs))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(i, j int) int {
		c := int(truth(xs[i] > xs[j]) - truth(xs[i] < xs[j]))
		if descending {
			c = -c
		}
		return c
	})
	return places
}

// ordering are sorting, choosing the largest, and running sums.
func (s *suite) ordering() {
	// lines applies f to each line of x along an axis.
	lines := func(a array, axis, n int, f func(xs []float64) []float64) array {
		return filled(with(a.shape, axis, n), func(at []int) float64 {
			xs := make([]float64, a.shape[axis])
			for i := range xs {
				xs[i] = a.at(with(at, axis, i)...)
			}
			return f(xs)[at[axis]]
		})
	}
	places := func(descending bool) func(xs []float64) []float64 {
		return func(xs []float64) []float64 {
			var out []float64
			for _, i := range order(xs, descending) {
				out = append(out, float64(i))
			}
			return out
		}
	}
	values := func(descending bool) func(xs []float64) []float64 {
		return func(xs []float64) []float64 {
			var out []float64
			for _, i := range order(xs, descending) {
				out = append(out, xs[i])
			}
			return out
		}
	}
	running := func(exclusive bool) func(xs []float64) []float64 {
		return func(xs []float64) []float64 {
			total := 0.0
			var out []float64
			for _, x := range xs {
				if exclusive {
					out = append(out, total)
				}
				if total += x; !exclusive {
					out = append(out, total)
				}
			}
			return out
		}
	}
	for _, d := range numbers {
		for _, c := range []struct {
			axis  int
			text  string
			shape []int
		}{{1, "", []int{2, 9}}, {0, ", axis=0", []int{5, 3}}, {1, ", axis=-2", []int{2, 4, 3}}, {0, "", []int{1}}, {1, "", []int{3, 0}}} {
			x := s.data(d, -4, 4, c.shape...)
			n := c.shape[c.axis]
			for _, flag := range []bool{false, true} {
				s.one(fmt.Sprintf("sort(x%s, descending=%v)", c.text, flag), d, func(a []array) array { return lines(a[0], c.axis, n, values(flag)) }, x)
				s.one(fmt.Sprintf("argsort(x%s, descending=%v)", c.text, flag), tensor.I64, func(a []array) array { return lines(a[0], c.axis, n, places(flag)) }, x)
				s.one(fmt.Sprintf("cumsum(x%s, exclusive=%v)", c.text, flag), d, func(a []array) array { return lines(a[0], c.axis, n, running(flag)) }, x)
			}
			if n == 0 {
				continue
			}
			k := (n + 1) / 2
			s.add(fmt.Sprintf("v, i = top_k(x, %d%s)\nreturn v, i", k, c.text), []tensor.DType{d, tensor.I64}, func(a []array) []array {
				return []array{lines(a[0], c.axis, k, values(true)), lines(a[0], c.axis, k, places(true))}
			}, x)
		}
	}
}
