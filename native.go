package lathe

import (
	"context"

	"github.com/lathe-lang/lathe/codegen"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/runtime/cache"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// The names of a program's functions in its object file: what a call runs, and
// what computes that of the weights which depends on nothing else.
const (
	programSymbol = "lathe_program"
	loadSymbol    = "lathe_load"
)

// native returns the kernels of f, which has been through the passes, and their
// machine code. What the cache has is not made again: the kernels follow from f,
// and the code from them. An internal error has no entry yet; stage is where a
// panic happened.
func native(ctx context.Context, host *machine, f *ir.Func, disk *diskCache, opts Options, stage *string) (*kernel.Program, [][]byte, error) {
	kernels := codegen.Kernels
	if opts.KeepAll {
		kernels = codegen.Kept
	}
	var key cache.Key
	if disk != nil {
		key = disk.programKey(host, f, &opts)
	}
	program := kernels(f, host.target(), opts.Math == Strict)
	if err := kernel.Verify(program); err != nil {
		return nil, nil, &InternalError{Stage: *stage, Value: err}
	}
	opts.see("kernels", program.String)
	if disk != nil && opts.Stage == nil {
		if objects := disk.program(key, program); objects != nil {
			return program, objects, nil
		}
	}

	*stage = "llvm"
	code, err := llvm.Emit(program, host.target(), llvm.Options{Symbol: programSymbol, Load: loadSymbol, Clock: opts.Clock})
	if err != nil {
		return nil, nil, &InternalError{Stage: *stage, Value: err}
	}
	opts.see("llvm", func() string { return string(code.Text()) })

	*stage = "machine code"
	lib, err := host.library()
	if err != nil {
		return nil, nil, err
	}
	objects, err := jit.CompileAll(ctx, lib, host.host, code.Modules(), jit.Object)
	if err != nil {
		return nil, nil, refused(ctx, *stage, err)
	}
	if disk != nil {
		disk.keepProgram(key, program, objects)
	}
	if opts.Stage != nil {
		asm, err := jit.Compile(ctx, lib, host.host, code.Text(), jit.Assembly)
		if err != nil {
			return nil, nil, refused(ctx, *stage, err)
		}
		opts.see("asm", func() string { return string(asm) })
	}
	return program, objects, nil
}

// refused is the error for code that LLVM does not take, which is a bug of ours,
// unless ctx has ended.
func refused(ctx context.Context, stage string, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	return &InternalError{Stage: stage, Value: err}
}
