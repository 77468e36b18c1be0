package lathe

import (
	"context"

	"github.com/lathe-lang/lathe/codegen"
	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/codegen/llvm"
	"github.com/lathe-lang/lathe/internal/libllvm"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/passes"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// Version is the version of Lathe.
const Version = "0.1.0-dev"

// A Toolchain is the LLVM library that is found, and the processor that it
// compiles for.
type Toolchain struct {
	Path    string // of the library
	Version string // of LLVM
	Target  jit.Target
	lib     *libllvm.Library
}

// FindToolchain finds the LLVM library that Options.LLVM of want would use. The
// error says what was looked for and what to install.
func FindToolchain(want string) (*Toolchain, error) {
	lib, err := libllvm.Open(want)
	if err != nil {
		return nil, err
	}
	return &Toolchain{Path: lib.Path(), Version: lib.Version().String(), Target: jit.Host(lib), lib: lib}, nil
}

// SelfCheck compiles a small program, runs it and compares what it computes.
func (t *Toolchain) SelfCheck(ctx context.Context) error { return jit.SelfCheck(ctx, t.lib) }

// Inspect takes an entry as far as kernels, and with Options.Stage to assembly.
// It needs the weights' shapes only. The function is that after the passes.
func (p *Program) Inspect(ctx context.Context, entry string, opts Options) (*ir.Func, *kernel.Program, error) {
	f, _, err := p.Func(entry, opts)
	if err != nil {
		return nil, nil, err
	}
	if err := ir.Verify(f); err != nil {
		return nil, nil, err
	}
	opts.see("ir", f.String)
	if err := passes.Run(ctx, f, opts.passes()); err != nil {
		return nil, nil, err
	}
	opts.see("opt", f.String)
	host, err := machineFor(ctx, opts.LLVM, nil)
	if err != nil {
		return nil, nil, err
	}
	program := codegen.Kernels(f, host.target(), opts.Math == Strict)
	if opts.Stage == nil {
		return f, program, nil
	}
	code, err := llvm.Emit(program, host.target(), llvm.Options{Symbol: programSymbol})
	if err != nil {
		return nil, nil, &InternalError{Stage: "llvm", Entry: entry, Value: err}
	}
	opts.see("kernels", program.String)
	opts.see("llvm", func() string { return string(code.Text()) })
	lib, err := host.library()
	if err != nil {
		return nil, nil, err
	}
	asm, err := jit.Compile(ctx, lib, host.host, code.Text(), jit.Assembly)
	if err != nil {
		return nil, nil, refused(ctx, "machine code", err)
	}
	opts.see("asm", func() string { return string(asm) })
	return f, program, nil
}
