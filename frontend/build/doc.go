// Package build writes a model in Go instead of in text. A [Builder] has the
// operators, the indexing, the loops and the built-in functions of the
// language, by the very code that gives text its meaning: the same program gives
// the same function of the IR, the same costs and the same errors, only that
// places are those of the Go statements. What the language has for compiling
// (static loops, conditions, helpers, models) is plain Go here.
//
//	b := build.New("Mlp.forward")
//	x := b.Arg("x", tensor.F32, 8, 64)
//	w := b.Weight("w", tensor.F32, 64, 256)
//	b.Return(b.Call("gelu", b.MatMul(x, w)))
//	f, err := b.Func()
//
// Sizes are constant. A mistake makes every later step do nothing and is what
// Func returns, so nothing needs to be checked on the way.
//
// Operands are declared any. They may be a [Value]; an int, a float64 or a bool,
// which are static numbers and flags; a slice ([]Value, []int, [][]int, []any),
// which is a list; a [tensor.DType] or an [ir.Type], which are types; or, where a
// built-in takes one, a string. A float64 stands for the shortest decimal that
// reads back as it: 0.1 is a tenth, as in text.
package build
