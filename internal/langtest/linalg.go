package langtest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// summed computes an einsum of operands with letters as indices.
func summed(result string, operands []string, a []array) array {
	sizes := map[byte]int{}
	var letters []byte
	for i, idx := range operands {
		for j := range len(idx) {
			if _, ok := sizes[idx[j]]; !ok {
				letters = append(letters, idx[j])
			}
			sizes[idx[j]] = a[i].shape[j]
		}
	}
	var outer, inner []int
	var free []byte
	for i := range len(result) {
		outer = append(outer, sizes[result[i]])
	}
	for _, l := range letters {
		if !strings.Contains(result, string(l)) {
			free = append(free, l)
			inner = append(inner, sizes[l])
		}
	}
	return filled(outer, func(out []int) float64 {
		total := 0.0
		each(inner, func(in []int) {
			product := 1.0
			for i, idx := range operands {
				at := make([]int, len(idx))
				for j := range len(idx) {
					if k := strings.IndexByte(result, idx[j]); k >= 0 {
						at[j] = out[k]
					} else {
						at[j] = in[slices.Index(free, idx[j])]
					}
				}
				product *= a[i].at(at...)
			}
			total += product
		})
		return total
	})
}

// products are @, einsum and what is like them.
func (s *suite) products() {
	for _, c := range []struct {
		expr   string
		shapes [][]int
		idx    string // of operands and result
	}{
		{"x @ y", [][]int{{5}, {5}}, "k,k->"}, {"x @ y", [][]int{{3, 5}, {5}}, "ik,k->i"}, {"x @ y", [][]int{{5}, {5, 4}}, "k,kj->j"},
		{"x @ y", [][]int{{3, 5}, {5, 4}}, "ik,kj->ij"}, {"x @ y", [][]int{{2, 3, 5}, {5, 4}}, "bik,kj->bij"}, {"x @ y", [][]int{{3, 5}, {2, 5, 4}}, "ik,bkj->bij"},
		{"x @ y", [][]int{{2, 3, 5}, {2, 5, 4}}, "bik,bkj->bij"}, {"x @ y", [][]int{{6, 2, 3, 5}, {2, 5, 1}}, "abik,bkj->abij"}, {"x @ y", [][]int{{2, 3, 5}, {5}}, "bik,k->bi"},
		{"x @ y", [][]int{{5}, {2, 5, 4}}, "k,bkj->bj"}, {"x @ y", [][]int{{3, 1}, {1, 4}}, "ik,kj->ij"}, {"x @ y", [][]int{{3, 0}, {0, 4}}, "ik,kj->ij"},
		{"x @ y", [][]int{{0, 5}, {5, 4}}, "ik,kj->ij"}, {"x @ y.T", [][]int{{3, 5}, {4, 5}}, "ik,jk->ij"}, {"x.T @ y", [][]int{{5, 3}, {5, 4}}, "ki,kj->ij"},
		{"x @ y", [][]int{{37, 33}, {33, 41}}, "ik,kj->ij"}, {"x @ y @ z", [][]int{{3, 5}, {5, 4}, {4, 2}}, "ik,kj,jl->il"},
		{`einsum("ik,kj->ij", x, y)`, [][]int{{3, 5}, {5, 4}}, "ik,kj->ij"}, {`einsum("bhid,bhjd->bhij", x, y)`, [][]int{{2, 3, 4, 5}, {2, 3, 6, 5}}, "bhid,bhjd->bhij"},
		{`einsum("ij->ji", x)`, [][]int{{3, 4}}, "ij->ji"}, {`einsum("ij->", x)`, [][]int{{3, 4}}, "ij->"}, {`einsum("ii->i", x)`, [][]int{{4, 4}}, "ii->i"},
		{`einsum("ii", x)`, [][]int{{4, 4}}, "ii->"}, {`einsum("iji->j", x)`, [][]int{{4, 3, 4}}, "iji->j"}, {`einsum("ba", x)`, [][]int{{3, 4}}, "ba->ab"},
		{`einsum("i,j,k->kji", x, y, z)`, [][]int{{2}, {3}, {4}}, "i,j,k->kji"}, {`einsum("ij,jk,kl->il", x, y, z)`, [][]int{{2, 3}, {3, 4}, {4, 5}}, "ij,jk,kl->il"},
		{`einsum("ij,ij->", x, y)`, [][]int{{3, 4}, {3, 4}}, "ij,ij->"}, {`einsum("ij,jk", x, y)`, [][]int{{3, 4}, {4, 2}}, "ij,jk->ik"},
		{"outer(x, y)", [][]int{{3}, {4}}, "i,j->ij"}, {"dot(x, y)", [][]int{{9}, {9}}, "k,k->"}, {"trace(x)", [][]int{{4, 4}}, "ii->"},
	} {
		idx, result, _ := strings.Cut(c.idx, "->")
		for i, d := range numbers {
			if i > 0 && c.expr != "x @ y" && c.expr != "outer(x, y)" || i > 0 && len(c.shapes[0]) > 2 {
				continue
			}
			var args []*tensor.Tensor
			for _, shape := range c.shapes {
				args = append(args, s.data(d, -2, 2, shape...))
			}
			s.one(c.expr, d, func(a []array) array { return summed(result, strings.Split(idx, ","), a) }, args...)
		}
	}
	s.one("kron(x, y)", tensor.F32, func(a []array) array {
		p, q := a[1].shape[0], a[1].shape[1]
		return filled([]int{a[0].shape[0] * p, a[0].shape[1] * q}, func(at []int) float64 {
			return a[0].at(at[0]/p, at[1]/q) * a[1].at(at[0]%p, at[1]%q)
		})
	}, s.data(tensor.F32, -2, 2, 2, 3), s.data(tensor.F32, -2, 2, 4, 2))
	for k := range 9 {
		s.one(fmt.Sprintf("matpow(x, %d)", k), tensor.F64, func(a []array) array {
			out := filled(a[0].shape, func(at []int) float64 { return truth(at[0] == at[1]) })
			for range k {
				out = summed("ik", []string{"ij", "jk"}, []array{out, a[0]})
			}
			return out
		}, s.data(tensor.F64, -1, 1, 3, 3))
	}
}

// matrices are the functions that select from matrices and make them.
func (s *suite) matrices() {
	for _, d := range numbers {
		s.one("diag(x)", d, func(a []array) array {
			n := a[0].shape[1]
			return filled([]int{2, n, n}, func(at []int) float64 { return truth(at[1] == at[2]) * a[0].at(at[0], at[1]) })
		}, s.data(d, -4, 4, 2, 3))
		s.one("diagonal(x)", d, func(a []array) array {
			return filled([]int{2, 3}, func(at []int) float64 { return a[0].at(at[0], at[1], at[1]) })
		}, s.data(d, -4, 4, 2, 5, 3))
		s.one("block_diag([x, y])", d, func(a []array) array {
			return filled([]int{3, 5}, func(at []int) float64 {
				switch {
				case at[0] < 2 && at[1] < 3:
					return a[0].at(at...)
				case at[0] >= 2 && at[1] >= 3:
					return a[1].at(at[0]-2, at[1]-3)
				}
				return 0
			})
		}, s.data(d, -4, 4, 2, 3), s.data(d, -4, 4, 1, 2))
	}
	for k := -4; k <= 4; k++ {
		x := s.data(tensor.F32, 1, 4, 2, 3, 4)
		s.one(fmt.Sprintf("tril(x, k=%d)", k), tensor.F32, func(a []array) array {
			return filled(a[0].shape, func(at []int) float64 { return truth(at[2]-at[1] <= k) * a[0].at(at...) })
		}, x)
		s.one(fmt.Sprintf("triu(x, %d)", k), tensor.F32, func(a []array) array {
			return filled(a[0].shape, func(at []int) float64 { return truth(at[2]-at[1] >= k) * a[0].at(at...) })
		}, x)
	}
}

// solved solves m x = b for each column by elimination with partial pivoting.
func solved(m, b array) array {
	n, cols := b.shape[0], b.shape[1]
	rows := make([][]float64, n)
	for i := range rows {
		for j := range n {
			rows[i] = append(rows[i], m.at(i, j))
		}
		for j := range cols {
			rows[i] = append(rows[i], b.at(i, j))
		}
	}
	for k := range n {
		best := k
		for i := k; i < n; i++ {
			if math.Abs(rows[i][k]) > math.Abs(rows[best][k]) {
				best = i
			}
		}
		rows[k], rows[best] = rows[best], rows[k]
		for i := range n {
			if i == k {
				continue
			}
			f := rows[i][k] / rows[k][k]
			for j := k; j < n+cols; j++ {
				rows[i][j] -= f * rows[k][j]
			}
		}
	}
	return filled(b.shape, func(at []int) float64 { return rows[at[0]][n+at[1]] / rows[at[0]][at[0]] })
}

// matrix returns the i-th of a stack of matrices.
func matrix(a array, i int) array {
	r := len(a.shape)
	return filled(a.shape[r-2:], func(at []int) float64 { return a.at(append([]int{i}, at...)...) })
}

// eye is the unit matrix.
func eye(n int) array {
	return filled([]int{n, n}, func(at []int) float64 { return truth(at[0] == at[1]) })
}

// well makes a square matrix that is far from singular.
func (s *suite) well(d tensor.DType, n int) *tensor.Tensor {
	t := s.data(d, -1, 1, n, n)
	for i := range n {
		t.SetFloat(i*n+i, float64(n)+s.random())
	}
	return t
}

// systems are solve, inv and cholesky.
func (s *suite) systems() {
	for _, d := range []tensor.DType{tensor.F64, tensor.F32} {
		for _, n := range []int{1, 2, 5} {
			gram := func(a array) array { return summed("ij", []string{"ki", "kj"}, []array{a, a}) }
			part := func(keep func(i, j int) bool) func(a array) array {
				return func(a array) array {
					return filled(a.shape, func(at []int) float64 { return truth(keep(at[0], at[1])) * a.at(at...) })
				}
			}
			same := func(a array) array { return a }
			lower := func(i, j int) bool { return j <= i }
			for _, c := range []struct {
				expr string
				m    func(a array) array
			}{
				{"x", same}, {"tril(x)", part(lower)}, {"triu(x)", part(func(i, j int) bool { return j >= i })},
				{"x.T @ x", gram}, {"diag(diagonal(x))", part(func(i, j int) bool { return i == j })},
				{fmt.Sprintf("x.T @ x + 0.5 * eye(%d, dtype=%v)", n, d), func(a array) array {
					return zipped(gram(a), eye(n), func(x, y float64) float64 { return x + 0.5*y })
				}},
				{"tril(x).T", func(a array) array { return summed("ji", []string{"ij"}, []array{part(lower)(a)}) }},
			} {
				s.one("solve("+c.expr+", y)", d, func(a []array) array { return solved(c.m(a[0]), a[1]) }, s.well(d, n), s.data(d, -2, 2, n, 3))
			}
			s.one("solve(x, y)", d, func(a []array) array {
				column := array{[]int{n, 1}, a[1].data}
				return array{[]int{n}, solved(a[0], column).data}
			}, s.well(d, n), s.data(d, -2, 2, n))
			s.one("inv(x)", d, func(a []array) array { return solved(a[0], eye(n)) }, s.well(d, n))
			s.one("cholesky(x.T @ x)", d, func(a []array) array {
				g := gram(a[0])
				l := filled(g.shape, func([]int) float64 { return 0 })
				for j := range n {
					for i := j; i < n; i++ {
						rest := g.at(i, j)
						for k := range j {
							rest -= l.at(i, k) * l.at(j, k)
						}
						if i == j {
							l.data[i*n+j] = math.Sqrt(rest)
						} else {
							l.data[i*n+j] = rest / l.at(j, j)
						}
					}
				}
				return l
			}, s.well(d, n))
		}
		s.one("solve(x, y)", d, func(a []array) array {
			return filled(a[1].shape, func(at []int) float64 { return solved(a[0], matrix(a[1], at[0])).at(at[1:]...) })
		}, s.well(d, 3), s.data(d, -2, 2, 2, 3, 4))
		s.one("solve(stack([x, y]), z)", d, func(a []array) array {
			return filled([]int{2, 3, 2}, func(at []int) float64 { return solved(a[at[0]], a[2]).at(at[1:]...) })
		}, s.well(d, 3), s.well(d, 3), s.data(d, -2, 2, 3, 2))
	}
}
