package ir

import (
	"fmt"
	"strings"
)

// A Prop is one structural property of the last two dimensions of a value.
type Prop uint16

// The properties of the language.
const (
	Lower       Prop = 1 << iota // zero above the diagonal
	Upper                        // zero below the diagonal
	Unit                         // ones on the diagonal; only beside Lower or Upper
	Diagonal                     // zero off the diagonal
	Tridiagonal                  // zero beyond the first diagonals
	Banded                       // zero beyond Props.Below and Props.Above diagonals
	Symmetric                    // equal to its transpose; the lower triangle is read
	SPD                          // symmetric positive definite; the lower triangle is read
	Orthogonal                   // its transpose is its inverse
	Permutation                  // one 1 in each row and column
	OneHot                       // one 1 in each row
)

var propNames = []string{"lower", "upper", "unit", "diagonal", "tridiagonal", "banded", "symmetric", "spd", "orthogonal", "permutation", "onehot"}

// PropByName returns the property that the language calls name.
func PropByName(name string) (Prop, bool) {
	for i, s := range propNames {
		if s == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// PropNames returns the names of all properties, in the order of the language.
func PropNames() []string { return append([]string(nil), propNames...) }

// Props is a set of properties. The zero Props promises nothing.
type Props struct {
	Set          Prop
	Below, Above int // diagonals beside the main one, for Banded
}

// Has reports whether all of p are in the set.
func (s Props) Has(p Prop) bool { return s.Set&p == p }

// Any reports whether one of p is in the set.
func (s Props) Any(p Prop) bool { return s.Set&p != 0 }

// String returns the properties as the language spells them, lower unit.
func (s Props) String() string {
	var parts []string
	for i, name := range propNames {
		if s.Set&(1<<i) == 0 {
			continue
		}
		if Prop(1<<i) == Banded {
			name = fmt.Sprintf("banded(%d, %d)", s.Below, s.Above)
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, " ")
}

// NeedsSquare reports whether the set asks for a square matrix.
func (s Props) NeedsSquare() bool { return s.Set&^(OneHot|Banded|Tridiagonal) != 0 }

// Band returns how many diagonals below and above the main one may be other
// than zero, in a matrix of m rows and n columns.
func (s Props) Band(m, n int) (below, above int) {
	below, above = max(m-1, 0), max(n-1, 0)
	if s.Has(Lower) || s.Has(Diagonal) {
		above = 0
	}
	if s.Has(Upper) || s.Has(Diagonal) {
		below = 0
	}
	if s.Has(Tridiagonal) {
		below, above = min(below, 1), min(above, 1)
	}
	if s.Has(Banded) {
		below, above = min(below, s.Below), min(above, s.Above)
	}
	return below, above
}

// Mirrored reports whether elements above the diagonal are read from below it.
func (s Props) Mirrored() bool { return s.Any(Symmetric | SPD) }
