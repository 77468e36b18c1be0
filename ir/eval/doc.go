// Package eval gives the operations of the IR their meaning, one at a time, and
// shares nothing with the code generator.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// There are three interpretations, each a domain that one small interpreter
// (interp.go) walks a function with:
//
//   - [Run] computes with tensors, in the program's own element types ([Own],
//     what `lathe run --naive` does and what strict mode promises bit for bit)
//     or with every float in f64 ([F64]).
//   - [Bounded] computes, for each element, its value in f64 and how far a
//     correct compiled result may be from it. [Check] holds a result to that.
//   - [Zp] computes modulo a prime, where polynomial identities hold exactly,
//     so that a pass can be checked without any tolerance.
//
// Movement, by static and by dynamic indices, is written once for all three,
// over elements of any type. Values are dropped after their last use.
package eval
