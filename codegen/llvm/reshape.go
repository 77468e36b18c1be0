package llvm

import (
	"math"

	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/ir"
)

// flatOr returns one index a dimension of v: idx, or what the linear index of a
// flat nest stands for.
func (s *scope) flatOr(v *ir.Value, idx []index) []index {
	if len(idx) == v.Type.Rank() {
		return idx
	}
	return s.split(idx[0], v.Type.Dims())
}

// split returns the indices of dims that a linear position in them stands for.
func (s *scope) split(pos index, dims []int) []index {
	out := make([]index, len(dims))
	for i := len(dims) - 1; i >= 0; i-- {
		if i == 0 || product(dims[:i]) == 1 {
			out[i] = pos
			pos = at(i64(0))
			continue
		}
		pos, out[i] = s.divide(pos, dims[i], product(dims))
	}
	return out
}

// divide returns x / n and x % n of an index in 0..limit.
func (s *scope) divide(x index, n, limit int) (quotient, rest index) {
	if x.uniform() {
		q, r := s.over(x.base, n)
		return at(q), at(r)
	}
	if n == 1 {
		return x, at(i64(0))
	}
	if x.vec == nil && x.step > 0 {
		// All lanes have one quotient where the rest of the first is known to
		// leave room for the steps of the others.
		m := common(s.multipleOf(x.base), n) // the rest is a multiple of m
		if known, ok := known(x.base); ok {
			if known%n+(s.lanes-1)*x.step < n {
				return at(i64(known / n)), index{base: i64(known % n), step: x.step}
			}
		} else if m > (s.lanes-1)*x.step {
			q, r := s.over(x.base, n)
			return at(q), index{base: r, step: x.step}
		}
		if x.step%n == 0 {
			q, r := s.over(x.base, n)
			return index{base: q, step: x.step / n}, at(r)
		}
	}
	v := s.wide(x)
	if limit > math.MaxInt32 {
		by := s.int(v.Type(), int64(n))
		return index{vec: s.cur.NewUDiv(v, by)}, index{vec: s.cur.NewURem(v, by)}
	}
	// In i32, for which there are vector instructions.
	short := s.short(x)
	by := s.int(short.Type(), int64(n))
	q := s.cur.NewUDiv(short, by)
	r := s.sub(short, s.mul(q, by))
	return index{vec: s.cur.NewZExt(q, v.Type())}, index{vec: s.cur.NewZExt(r, v.Type())}
}

// pullReshape matches the dimensions of both shapes in groups of equal size: a
// group that is one dimension in either shape needs no division.
func pullReshape(s *scope, v *ir.Value, idx []index) value.Value {
	a := v.Args[0]
	from, to := a.Type.Dims(), v.Type.Dims()
	if v.Type.Elems() == 0 {
		return s.zero(v.Type.DType) // never asked for
	}
	if s.flat {
		if a.IsScalar() {
			idx = nil
		}
		return s.value(a, idx)
	}
	if b := s.prog.Buf[a]; b != nil && !s.inside[a] && !masked(a) {
		return s.loadAt(b, v.Type.DType, s.linear(0, strides(to), idx))
	}
	return s.value(a, s.reshaped(idx, to, from))
}

// reshaped returns the indices of the shape from that stand for those of to.
func (s *scope) reshaped(idx []index, to, from []int) []index {
	out := make([]index, len(from))
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		m, n := 1, 1
		i0, j0 := i, j
		for first := true; first || m != n; first = false {
			switch {
			case m <= n && i < len(from):
				m *= from[i]
				i++
			case j < len(to):
				n *= to[j]
				j++
			default:
				m *= from[i]
				i++
			}
		}
		// Ones at the end belong to this group too.
		for i < len(from) && from[i] == 1 {
			i++
		}
		for j < len(to) && to[j] == 1 {
			j++
		}
		pos := s.linear(0, strides(to[j0:j]), idx[j0:j])
		copy(out[i0:i], s.split(pos, from[i0:i]))
	}
	return out
}
