package tensor

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxRank is the most dimensions that a tensor may have.
const MaxRank = 16

// DefaultBudget is the most bytes that one tensor may take unless the caller
// allows more: 8 GiB.
const DefaultBudget int64 = 8 << 30

// ErrLimit is what errors.Is finds in every error about a limit.
var ErrLimit = errors.New("limit")

// LimitError says which limit was passed and by what. It is an ErrLimit.
type LimitError struct {
	What  string // "bytes of a tensor", "rank"
	Got   string // a number, or why there is none
	Limit int64
}

// Error names the limit, what was found and what is allowed.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: %s, but the limit is %d", e.What, e.Got, e.Limit)
}

// Is makes errors.Is(err, ErrLimit) true.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Size returns the number of elements of a tensor and the bytes they take. No
// dimension may be negative, the rank is at most MaxRank, and the bytes at
// most budget (DefaultBudget where budget is 0). The product of the non-zero
// dimensions must fit too, so that no stride of an empty tensor overflows.
func Size(d DType, shape []int, budget int64) (elems, bytes int, err error) {
	if !d.Valid() {
		return 0, 0, fmt.Errorf("no tensor has element type %v", d)
	}
	if len(shape) > MaxRank {
		return 0, 0, &LimitError{What: "rank of a tensor", Got: strconv.Itoa(len(shape)), Limit: MaxRank}
	}
	if budget == 0 {
		budget = DefaultBudget
	}
	budget = min(budget, math.MaxInt-2*Align)
	product, empty := int64(d.Size()), false
	for _, n := range shape {
		switch {
		case n < 0:
			return 0, 0, fmt.Errorf("%s has a negative dimension, %d", TypeString(d, shape), n)
		case n == 0:
			empty = true
		case product > math.MaxInt64/int64(n):
			return 0, 0, &LimitError{What: "bytes of " + TypeString(d, shape), Got: "more than 2^63", Limit: budget}
		default:
			product *= int64(n)
		}
	}
	if empty {
		return 0, 0, nil
	}
	if product > budget {
		return 0, 0, &LimitError{What: "bytes of " + TypeString(d, shape), Got: strconv.FormatInt(product, 10), Limit: budget}
	}
	return int(product) / d.Size(), int(product), nil
}

// TypeString returns the type as the language writes it: "f32[2, 3]", and
// "f32" for a scalar.
func TypeString(d DType, shape []int) string {
	if len(shape) == 0 {
		return d.String()
	}
	var b strings.Builder
	b.WriteString(d.String())
	sep := "["
	for _, n := range shape {
		b.WriteString(sep)
		b.WriteString(strconv.Itoa(n))
		sep = ", "
	}
	b.WriteString("]")
	return b.String()
}
