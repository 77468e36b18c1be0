// Package ir is the intermediate representation of Lathe: a program as typed
// tensor values in SSA form, with regions for loops. It imports no other stage.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// # Semantics
//
// A [Func] has parameters (arguments and weights), a body and results. Its
// body is a list of values in an order where operands come first:
//
//	func Gau.forward(x: f32[1, 8, 4], weight wu: f32[4, 6]) -> (f32[1, 8, 6]) {
//	  v2 = contract{spec="abc,cd->abd"} x, wu : f32[1, 8, 6]
//	  v3 = neg v2 : f32[1, 8, 6]
//	  return v3
//	}
//
// Sizes are exact integer expressions over size variables ([dim.Expr]). A
// function whose sizes are all constant can be evaluated and compiled; one
// with variables can be checked and printed.
//
//   - Every value is a tensor of one element type; a scalar has rank 0. Only a
//     loop that carries several values has a tuple, of which get takes parts.
//   - Nothing is ever mutated: update, scatter and their kin make new values.
//     What shares memory is decided by codegen.
//   - Elementwise operations broadcast as NumPy does: shapes are aligned at
//     their last dimension and a literal 1 stretches.
//   - Elementwise operations evaluate every element; where(c, a, b) does not let
//     the side that is not chosen through. NaN and infinities follow IEEE 754;
//     max, min, argmax, argsort and top_k treat NaN as the largest and break
//     ties for the lower index; max(-0, +0) is +0.
//   - Integers wrap. floordiv rounds down, mod takes the sign of the divisor,
//     and both fail at run time when the divisor is zero.
//   - Reductions over nothing give the neutral element of their operation.
//   - dyn_slice, dyn_update, take, take_along, scatter and scatter_along fail at
//     run time when an index lies outside, negative ones too; the error names
//     the value, the bound and the position of the operation.
//   - assume carries what the program promises of the last two dimensions:
//     elements outside the structure read as zero (as one on the diagonal of a
//     unit triangle; mirrored from the lower triangle for symmetric and spd).
//   - A loop evaluates its body for i = lo, lo+step, ... while i is before hi,
//     carrying values from turn to turn. A body may use values of the outside.
//   - A value marked load is computed once, when weights are loaded; it means what
//     it would mean in a call.
//   - A value's Cost, where set, replaces the FLOPs an element that its row
//     gives; built-ins that expand to several operations use it so that they
//     cost what the language's table says.
package ir
