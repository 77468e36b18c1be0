// Package dim is exact arithmetic of sizes: integer and rational expressions
// over size variables, with one normal form for equal ones and a prover that
// answers yes, no or unknown.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// An [Expr] is kept in normal form from the moment it is made: a sum of
// monomials with rational coefficients over atoms. An atom is a variable, or
// min, max, floor, ceil or % of normal forms that could not be simplified; a
// divisor that is a sum is an atom too. Two expressions that are equal as
// rational functions of their atoms are told so by [Equal].
//
// A variable stands for a size: an integer that is not negative. A quotient
// stands for a program in which its divisor is not zero, so that n/n is 1;
// dividing by a constant zero is an error.
//
// Numbers are int64 fractions. What does not fit, divides by zero or grows
// beyond the limits of this package becomes an expression that carries an
// error ([Expr.Err]); every operation on it carries the same error, no
// comparison decides it, and it is never an integer.
package dim
