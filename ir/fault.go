package ir

import "fmt"

// What a run can find wrong. The evaluator and compiled programs say the same of
// it.

// IndexFault returns what is said of index i where 0 to n-1 are right.
func IndexFault(i int64, n int) string {
	if n <= 0 {
		return fmt.Sprintf("index %d is out of range: there are no elements", i)
	}
	return fmt.Sprintf("index %d is out of range: want %s", i, upTo(n))
}

// SliceFault returns what is said of a slice that begins at start where it may
// begin at places places.
func SliceFault(start int64, places int) string {
	if places <= 0 {
		return fmt.Sprintf("a slice from %d on is out of range: it takes more elements than there are", start)
	}
	return fmt.Sprintf("a slice from %d on is out of range: want it to begin at %s", start, upTo(places))
}

// upTo spells 0 to n-1.
func upTo(n int) string {
	if n == 1 {
		return "0"
	}
	return fmt.Sprintf("0 to %d", n-1)
}

// DivisionFault returns what is said of the integer n where it is divided by
// zero.
func DivisionFault(n int64) string { return fmt.Sprintf("%d is divided by zero", n) }
