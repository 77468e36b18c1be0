package eval

import (
	"math"
	"slices"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A rival is an element in an order: floats by value and bound, integers with
// no bound.
type rival struct {
	v, e  float64
	n     int64
	isInt bool
}

// rivals returns the elements of a row of type d; ok is false if one is bad.
func rivals(d tensor.DType, row []elem) (out []rival, ok bool) {
	out = make([]rival, len(row))
	for i, x := range row {
		if x.undecided() {
			return nil, false
		}
		if d.IsFloat() {
			x = precisions[d].read(x)
		}
		out[i] = rival{x.v, x.e, x.n, !d.IsFloat()}
	}
	return out, true
}

// before compares for an order with the largest first, NaN largest of all.
func (a rival) before(b rival) int {
	switch {
	case a.isInt && a.n != b.n:
		return 1 - 2*one(a.n > b.n)
	case a.isInt:
		return 0
	case beats(a.v, b.v):
		return -1
	case beats(b.v, a.v):
		return 1
	}
	return 0
}

// ranks returns the order of a row, and for each place whether another element
// might stand there: its bound overlaps that of one which is not an exact tie.
func ranks(row []rival, descending bool) (order []int64, unsure []bool) {
	order = make([]int64, len(row))
	for i := range order {
		order[i] = int64(i)
	}
	slices.SortStableFunc(order, func(i, j int64) int {
		c := row[i].before(row[j])
		if !descending {
			c = -c
		}
		return c
	})
	unsure = make([]bool, len(row))
	sweep := func(at func(int) int, sign float64) {
		all, inexact := math.Inf(-1), math.Inf(-1) // how far those before reach
		for k := range order {
			p := at(k)
			x := row[order[p]]
			if x.isInt || x.v != x.v {
				continue // integers and NaN have no bound
			}
			v := sign * x.v
			if x.e > 0 && all >= v-x.e || inexact >= v {
				unsure[p] = true
			}
			all = max(all, v+x.e)
			if x.e > 0 {
				inexact = max(inexact, v+x.e)
			}
		}
	}
	up := 1.0 // values ascend with p
	if descending {
		up = -1
	}
	sweep(func(k int) int { return k }, up)
	sweep(func(k int) int { return len(order) - 1 - k }, -up)
	return order, unsure
}

// bandArg compares the winner with each of the others.
func bandArg(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	x := axisLast(args[0].array(), v.Attrs.(*ir.AxisAttrs).Axis)
	n := last(x.shape)
	out := make([]elem, product(v.Type.Dims()))
	for k := range out {
		row, ok := rivals(args[0].DType, x.data[k*n:(k+1)*n])
		if !ok {
			out[k] = unknown
			continue
		}
		out[k] = winner(row, v.Op == ir.OpArgMin)
	}
	return out, nil
}

func winner(row []rival, least bool) elem {
	best := 0
	for i, x := range row {
		c := x.before(row[best])
		if least && x.v == x.v && row[best].v == row[best].v {
			c = -c
		}
		if c < 0 {
			best = i
		}
	}
	w := row[best]
	for i, x := range row {
		if i != best && !x.isInt && x.e+w.e > 0 && math.Abs(x.v-w.v) <= x.e+w.e {
			return unknown
		}
	}
	return elem{n: int64(best)}
}

func bandArgSort(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	a := v.Attrs.(*ir.SortAttrs)
	return orderElems(args[0], a.Axis, args[0].Shape[a.Axis], a.Descending), nil
}

func bandTopK(_ *oracle, v *ir.Value, args []*Band) ([]elem, error) {
	a := v.Attrs.(*ir.TopKAttrs)
	k, _ := a.K.Int()
	return orderElems(args[0], a.Axis, k, true), nil
}

func orderElems(b *Band, axis, k int, descending bool) []elem {
	x := axisLast(b.array(), axis)
	n := last(x.shape)
	out := newArray[elem](append(slices.Clone(x.shape[:len(x.shape)-1]), k))
	for r := range product(x.shape[:len(x.shape)-1]) {
		y := out.data[r*k : (r+1)*k]
		row, ok := rivals(b.DType, x.data[r*n:(r+1)*n])
		if !ok {
			for i := range y {
				y[i] = unknown
			}
			continue
		}
		order, unsure := ranks(row, descending)
		for i := range y {
			y[i] = elem{n: order[i]}
			if unsure[i] {
				y[i] = unknown
			}
		}
	}
	return axisBack(out, axis).data
}
