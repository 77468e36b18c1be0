// Package codegen turns a function of the IR into LLVM IR for one target: fuse
// decides on kernels, memplan places their buffers, llvm emits them.
//
// This package is part of the compiler, not of its API; it changes without notice.
package codegen

import (
	"github.com/lathe-lang/lathe/codegen/fuse"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/codegen/memplan"
	"github.com/lathe-lang/lathe/ir"
)

// Kernels returns f, whose sizes are all constant, as kernels with their
// memory planned.
func Kernels(f *ir.Func, t llvm.Target, strict bool) *kernel.Program {
	p := kernels(f, t, strict, false)
	memplan.Assign(p)
	return p
}

// Kept is Kernels with memory of its own for every stored value, so that after
// a run each holds what was stored last.
func Kept(f *ir.Func, t llvm.Target, strict bool) *kernel.Program {
	p := kernels(f, t, strict, true)
	memplan.Separate(p)
	return p
}

func kernels(f *ir.Func, t llvm.Target, strict, keep bool) *kernel.Program {
	return fuse.Program(f, fuse.Options{
		Strict:  strict,
		Panel:   func(d ir.DType, cols int) int { return llvm.PanelWidth(t, d, cols) },
		InPlace: llvm.InPlace,
		Packs:   func(g *kernel.Gemm) bool { return llvm.Packs(t, g) },
		Chain:   func(c *kernel.Chained) int { return llvm.ChainRows(t, c) },
		Keep:    keep,
	})
}
