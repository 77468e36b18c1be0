package tensor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// summaryElems is how many elements a summary shows.
const summaryElems = 6

// Summary describes the elements of a tensor. NaN anywhere makes Min, Max and
// Mean NaN; without elements Min is +Inf, Max -Inf and Mean NaN.
type Summary struct {
	Type           string   // "f32[2, 3]"
	Min, Max, Mean float64  // of the elements as f64; bool as 0 and 1
	First          []string // the first elements, each as short as tells it from its neighbours
	More           int      // elements beyond First
}

// Summary reads every element once.
func (t *Tensor) Summary() Summary {
	s := Summary{Type: TypeString(t.dtype, t.shape), Min: math.Inf(1), Max: math.Inf(-1)}
	var sum float64
	nan := false
	eachBlock(t.elems, make([]float64, min(t.elems, convertBlock)), func(x []float64, at int) {
		t.LoadFloats(x, at)
		part := 0.0 // sums of sums: the error grows with the blocks, not the elements
		for _, v := range x {
			part += v
			s.Min, s.Max = math.Min(s.Min, v), math.Max(s.Max, v)
			nan = nan || v != v
		}
		sum += part
	})
	s.Mean = sum / float64(t.elems)
	if nan { // asked apart: math.Min prefers -Inf to NaN
		s.Min, s.Max = math.NaN(), math.NaN()
	}
	for i := range min(t.elems, summaryElems) {
		s.First = append(s.First, t.Format(i))
	}
	s.More = t.elems - len(s.First)
	return s
}

// Format returns element i as text that reads back as the same element.
func (t *Tensor) Format(i int) string {
	switch {
	case t.dtype == Bool:
		return strconv.FormatBool(t.Int(i) != 0)
	case t.dtype.IsInt():
		return strconv.FormatInt(t.Int(i), 10)
	case t.dtype == F64:
		return strconv.FormatFloat(t.Float(i), 'g', -1, 64)
	default:
		return strconv.FormatFloat(t.Float(i), 'g', -1, 32)
	}
}

// String returns the summary on one line:
//
//	f32[2, 3] min 0 max 5 mean 2.5 [0, 1, 2, 3, 4, 5]
func (t *Tensor) String() string {
	if t == nil {
		return "nil"
	}
	return t.Summary().String()
}

// String returns the summary on one line.
func (s Summary) String() string {
	elems := strings.Join(s.First, ", ")
	if s.More > 0 {
		elems += ", ..."
	}
	return fmt.Sprintf("%s min %.6g max %.6g mean %.6g [%s]", s.Type, s.Min, s.Max, s.Mean, elems)
}
