package eval

import (
	"fmt"
	"math"

	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Verdict says how a result compares with its band.
type Verdict struct {
	WorstRatio float64 // the largest |got - V| / E; +Inf where E is 0 and they differ
	WorstIndex int     // the element with WorstRatio, row-major; -1 if there is none
	BadCount   int     // elements of which the band says nothing
	Mismatches int     // elements outside of the band
	First      int     // the first of Mismatches, row-major; -1 if there is none
	Reason     string  // what is wrong with the first, or with the type
}

// OK reports whether the result is what it may be.
func (v Verdict) OK() bool { return v.Reason == "" }

// String returns the verdict in a few words.
func (v Verdict) String() string {
	if v.OK() {
		return fmt.Sprintf("worst error %.3g of its bound, %d elements undecided", v.WorstRatio, v.BadCount)
	}
	return fmt.Sprintf("%d mismatches, the first: %s", v.Mismatches, v.Reason)
}

// Check holds a result to its band: floats must lie within the bound, NaN must
// meet NaN and an infinity the same infinity, or either of them the other where the
// order decides; integers and bools must be equal.
// A zero may have either sign.
func Check(got *tensor.Tensor, want *Band) Verdict {
	v := Verdict{WorstIndex: -1, First: -1}
	if have, asked := tensor.TypeString(got.DType(), got.Shape()), tensor.TypeString(want.DType, want.Shape); have != asked {
		v.Mismatches, v.Reason = want.Len(), "want "+asked+", have "+have
		return v
	}
	for i := range want.elems {
		w := &want.elems[i]
		if w.has(bad) {
			v.BadCount++
			continue
		}
		ratio := 0.0
		if w.has(astray) {
			v.BadCount++ // but for this:
			if x := got.Float(i); x-x == 0 {
				ratio = inf()
			}
		} else if want.DType.IsFloat() {
			ratio = distance(got.Float(i), w)
		} else if got.Int(i) != w.n {
			ratio = inf()
		}
		if ratio > v.WorstRatio {
			v.WorstRatio, v.WorstIndex = ratio, i
		}
		if ratio <= 1 {
			continue
		}
		v.Mismatches++
		if v.First < 0 {
			v.First, v.Reason = i, want.mismatch(got, i)
		}
	}
	return v
}

// distance returns |got - v| as a multiple of the bound.
func distance(got float64, w *elem) float64 {
	switch d := math.Abs(got - w.v); {
	case got == w.v, got != got && w.v != w.v:
		return 0
	case w.e > 0 && d-d == 0:
		return d / (w.e * ownError) // bounds are sums in f64, rounded themselves
	}
	return inf()
}

func (b *Band) mismatch(got *tensor.Tensor, i int) string {
	at := make([]int, len(b.Shape))
	for k, rest := len(at)-1, i; k >= 0; k-- {
		at[k] = rest % b.Shape[k]
		rest /= b.Shape[k]
	}
	if w := b.elems[i]; w.has(astray) {
		return fmt.Sprintf("element %v is %s, want NaN or an infinity", at, got.Format(i))
	} else if b.DType.IsFloat() {
		return fmt.Sprintf("element %v is %s, want %.9g within %.3g", at, got.Format(i), w.v, w.e)
	}
	return fmt.Sprintf("element %v is %s, want %d", at, got.Format(i), b.elems[i].n)
}
