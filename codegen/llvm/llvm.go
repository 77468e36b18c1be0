// Package llvm turns a kernel.Program into the text of an LLVM module: a function
// a kernel, and one that calls them in order. It is the only package that knows
// LLVM's instructions.
//
// This package is part of the compiler, not of its API; it changes without notice.
//
// # How code is made
//
// A kernel is a loop skeleton (nest.go, gemm.go, single.go, ...) around elements
// that are pulled (gen.go): the skeleton asks for an element of what it stores,
// the element's operation for those of its operands, until memory is reached
// (memory.go) or something that the skeleton has in a register. Movement only
// changes indices (move.go). Vectors are explicit, as wide as the target's; what
// is left at the end of a row is a vector of fewer lanes, so nothing is masked
// and nothing outside of a buffer is touched.
//
// The text has typed pointers, which LLVM 14 needs and later versions read. An
// object made of it needs memcpy, memmove and memset of the C library, and
// lathe_barrier of package pool unless it is for one thread.
package llvm

import (
	"fmt"
	"runtime/debug"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// Options say what Emit makes beside the kernels.
type Options struct {
	// Symbol is the name of the program's function, and Load that of the one
	// that runs the steps of Program.Load, which is there if there are any.
	// Without a name, a function is not to be called from outside.
	Symbol, Load string
	// C is the prefix of the functions of a library in C; see c_api.go. The
	// program is one for a single thread then.
	C string
	// Clock makes the program time its kernels; see kernel.Program.ClockID.
	Clock bool

	share bool // in tests: no kernel is too small to share
}

// Emit returns the code of p. It sets p.Scratch. The error is for what
// has no code yet; whatever else is wrong with p is a bug of the compiler, which
// the error says too.
func Emit(p *kernel.Program, t Target, opts Options) (code *Code, err error) {
	defer func() {
		if x := recover(); x != nil { // llir panics on mistakes of ours
			err = fmt.Errorf("internal error: code for %s: %v\n%s", p.Func.Name, x, debug.Stack())
		}
	}()
	m := newModule(t, p.Strict)
	m.share = opts.share
	if err := m.emitKernels(p); err != nil {
		return nil, err
	}
	program := m.program(p, opts)
	load := m.loadProgram(p, opts)
	if opts.C != "" {
		m.library(p, opts.C, load, program)
	}
	return newCode(m, p), nil
}
