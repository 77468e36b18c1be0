package lathe

import (
	"context"
	"runtime/debug"

	"github.com/lathe-lang/lathe/codegen"
	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// A Library is an entry compiled ahead of time, for fixed sizes and the
// processor of this machine. It needs nothing but the C library.
type Library struct {
	Object []byte // an object file
	Shared []byte // a shared library, libNAME.so
	Header string // for C
}

// Library compiles an entry for C. name is the prefix of its functions; weights
// are given at run time, so the options need none. Errors are those of Compile.
func (p *Program) Library(ctx context.Context, entry, name string, opts Options) (l *Library, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, err = nil, &InternalError{Stage: "library", Entry: entry, Value: r, Stack: debug.Stack()}
		}
	}()
	f, _, err := p.Func(entry, opts)
	if err != nil {
		return nil, err
	}
	if err := ir.Verify(f); err != nil {
		return nil, err
	}
	if err := passes.Run(ctx, f, opts.passes()); err != nil {
		return nil, err
	}
	host, err := machineFor(ctx, opts.LLVM, nil)
	if err != nil {
		return nil, err
	}
	program := codegen.Kernels(f, host.target(), opts.Math == Strict)
	code, err := llvm.Emit(program, host.target(), llvm.Options{C: name})
	if err != nil {
		return nil, &InternalError{Stage: "llvm", Entry: entry, Value: err}
	}
	l = &Library{Header: llvm.Header(program, name)}
	lib, err := host.library()
	if err != nil {
		return nil, err
	}
	if l.Object, err = jit.Compile(ctx, lib, host.host, code.Text(), jit.Object); err != nil {
		return nil, refused(ctx, "machine code", err)
	}
	if l.Shared, err = jit.SharedObject(l.Object, "lib"+name+".so", "libc.so.6"); err != nil {
		return nil, err
	}
	return l, nil
}
