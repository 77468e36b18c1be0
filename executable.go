package lathe

import (
	"context"
	"errors"
	"io"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/runtime"
)

// An Executable is an entry as native code, with its weights. It is safe for
// concurrent use.
type Executable struct {
	run     *runtime.Executable
	program *kernel.Program
	sig     *frontend.Signature
	files   io.Closer // the weight files, where runs read them
	machine *machine
}

// newExecutable loads machine code and the weights, and closes their files if
// runs do not read them.
func newExecutable(ctx context.Context, m *machine, p *kernel.Program, sig *frontend.Signature, objects [][]byte, bound *bound, packs *runtime.Packs, opts Options) (*Executable, error) {
	run, err := runtime.New(ctx, runtime.Config{
		Program: p, Objects: objects, Symbol: programSymbol, Load: loadSymbol, Weights: bound.tensors, Sources: bound.sources, Packs: packs,
		Pool: m.pool, Threads: opts.threads(),
	})
	if err != nil {
		return nil, err
	}
	x := &Executable{run: run, program: p, sig: sig, files: bound.files, machine: m}
	if !run.ReadsWeights() {
		x.files = nil
		if err := bound.files.Close(); err != nil {
			return nil, errors.Join(err, run.Close())
		}
	}
	return x, nil
}

// ErrClosed is the error of a run after Close.
var ErrClosed = runtime.ErrClosed

// A RuntimeError is what a program found wrong while it ran, such as an index
// out of range, at its place in the text.
type RuntimeError = runtime.RuntimeError

// Run evaluates the entry. Inputs are in the order of its parameters; each is
// read during the call only. The results are fresh, row-major, and the caller's.
//
// The error is a *RuntimeError for what the program found wrong, ctx.Err() if
// ctx ended first, ErrClosed after Close, or says which input does not fit.
// Calls may overlap.
func (x *Executable) Run(ctx context.Context, inputs ...*Tensor) ([]*Tensor, error) {
	return x.run.Run(ctx, inputs...)
}

// RunInto is Run into tensors of the caller, one for each result. It allocates
// nothing, if ctx can never end, once as many calls as overlap have been made.
// An output may share memory with an input, so that a state is handed from call
// to call; inputs are read as they were when the call began. After an error the
// contents of the outputs are undefined.
func (x *Executable) RunInto(ctx context.Context, outputs, inputs []*Tensor) error {
	return x.run.RunInto(ctx, outputs, inputs)
}

// A Span is the work of one worker on one kernel in one run.
type Span = runtime.Span

// Timed is Run, and says how long each worker took for each kernel. It needs
// Options.Clock.
func (x *Executable) Timed(ctx context.Context, inputs ...*Tensor) ([]*Tensor, []Span, error) {
	return x.run.Timed(ctx, inputs...)
}

// Inputs returns the types of the arguments, in order.
func (x *Executable) Inputs() []ir.Type { return x.run.Inputs() }

// Outputs returns the types of the results, in order.
func (x *Executable) Outputs() []ir.Type { return x.run.Outputs() }

// Signature says what the entry takes and gives, by name, and its sizes.
func (x *Executable) Signature() *frontend.Signature { return x.sig }

// Kernels returns the program as kernels, for those who explain it.
func (x *Executable) Kernels() *kernel.Program { return x.program }

// Close waits for the calls in progress and frees code, memory and mapped
// files, and what compiling has left free. Closing again does nothing.
func (x *Executable) Close() error {
	err := x.run.Close()
	if x.files != nil {
		err = errors.Join(err, x.files.Close())
	}
	x.machine.trim()
	return err
}
