package eval

import (
	"math"

	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// Observed are results of operations as a run had them, by value of the function
// that is checked. Only those of discrete choices matter: comparisons, rounding
// to integers, and orders.
type Observed map[*ir.Value]*tensor.Tensor

// BoundOptions say how a run differs from the usual one.
type BoundOptions struct {
	// Seen holds choices that the run made. Undecided ones take them over, if
	// they are right within the bound: what depends on them is then bounded too.
	// A choice that is wrong is left as the oracle makes it, so that Check finds
	// it where it is a result.
	Seen Observed
	// Strict is for a run under strict math, where a zero by construction that
	// no property declares may or may not win over NaN.
	Strict bool
}

// takeOver replaces bad elements of the result of a discrete choice by what was
// seen, where that is legal, and by the oracle's own choice where it is not.
// Elements that are bad because an operand is stay so.
func takeOver(v *ir.Value, args []*Band, out []elem, seen *tensor.Tensor) {
	if seen.Len() != len(out) || seen.DType() != v.Type.DType {
		return
	}
	switch v.Op {
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		shape := v.Type.Dims()
		a, b := args[0].stretchedTo(shape), args[1].stretchedTo(shape)
		for i := range out {
			if out[i].has(bad) && !a[i].undecided() && !b[i].undecided() {
				out[i] = elem{n: seen.Int(i)}
			}
		}
	case ir.OpSign, ir.OpFloor, ir.OpCeil, ir.OpRound:
		takeOverSteps(args[0], out, realFuncs[v.Op], func(i int) elem { return exact(seen.Float(i)) })
	case ir.OpConvert:
		if to := v.Type.DType; args[0].DType.IsFloat() && !to.IsFloat() {
			takeOverSteps(args[0], out, func(x float64) float64 { return tensor.Round(to, x) }, func(i int) elem {
				n := seen.Int(i)
				return elem{v: float64(n), n: n}
			})
		}
	case ir.OpArgMax, ir.OpArgMin:
		axis := v.Attrs.(*ir.AxisAttrs).Axis
		takeOverOrders(args[0], axis, 1, v.Op == ir.OpArgMax, out, seen.Ints())
	case ir.OpArgSort:
		a := v.Attrs.(*ir.SortAttrs)
		k := args[0].Shape[a.Axis]
		chosen := axisLast(array[int64]{v.Type.Dims(), seen.Ints()}, a.Axis).data
		turned := axisLast(array[elem]{v.Type.Dims(), out}, a.Axis)
		takeOverOrders(args[0], a.Axis, k, a.Descending, turned.data, chosen)
		copy(out, axisBack(turned, a.Axis).data)
	case ir.OpTopK:
		axis := v.Attrs.(*ir.TopKAttrs).Axis
		chosen := axisLast(array[int64]{v.Type.Dims(), seen.Ints()}, axis).data
		turned := axisLast(array[elem]{v.Type.Dims(), out}, axis)
		takeOverOrders(args[0], axis, v.Type.Dims()[axis], true, turned.data, chosen)
		copy(out, axisBack(turned, axis).data)
	}
}

// takeOverSteps accepts what a function that only jumps gives somewhere within
// the bound of its operand.
func takeOverSteps(x *Band, out []elem, f func(float64) float64, seen func(i int) elem) {
	p := &precisions[x.DType]
	for i := range out {
		a := x.elems[i]
		if !out[i].has(bad) || a.undecided() {
			continue
		}
		a = p.read(a)
		lo, hi := f(a.v-a.e), f(a.v+a.e)
		got := seen(i)
		if !(got.v >= lo && got.v <= hi && got.v == math.Trunc(got.v)) {
			got = exact(f(a.v))
			got.n = int64(got.v)
		}
		out[i] = got
	}
}

// takeOverOrders accepts orders of the first k of each row in which nothing
// stands before what is larger beyond doubt.
func takeOverOrders(x *Band, axis, k int, descending bool, out []elem, chosen []int64) {
	rows := axisLast(x.array(), axis)
	n := last(rows.shape)
	for r := 0; k > 0 && r < len(out)/k; r++ {
		y, picks := out[r*k:(r+1)*k], chosen[r*k:(r+1)*k]
		undecided := false
		for _, e := range y {
			undecided = undecided || e.has(bad)
		}
		row, ok := rivals(x.DType, rows.data[r*n:(r+1)*n])
		if !undecided || !ok {
			continue
		}
		if !legalOrder(row, picks, descending) {
			order, _ := ranks(row, descending)
			picks = order[:k]
		}
		for i := range y {
			y[i] = elem{n: picks[i]}
		}
	}
}

func legalOrder(row []rival, picks []int64, descending bool) bool {
	taken := make([]bool, len(row))
	value := func(i int64) (v, e float64) {
		x := row[i]
		switch {
		case x.v != x.v: // NaN is largest, both ways
			v = math.Inf(1)
		default:
			v, e = x.v, x.e
		}
		if !descending {
			v = -v
		}
		return v, e
	}
	reach := math.Inf(1) // how far down those before may stand
	for p, i := range picks {
		if i < 0 || i >= int64(len(row)) || taken[i] {
			return false
		}
		taken[i] = true
		v, e := value(i)
		if reach < v-e {
			return false
		}
		if p > 0 { // exact ties stay in the order of the index
			if w, d := value(picks[p-1]); v == w && e == 0 && d == 0 && picks[p-1] > i {
				return false
			}
		}
		reach = min(reach, v+e)
	}
	for i := range row {
		if v, e := value(int64(i)); !taken[i] && reach < v-e {
			return false
		}
	}
	return true
}
