package runtime

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/runtime/jit"
	"github.com/lathe-lang/lathe/runtime/pool"
)

// ErrClosed is the error of a run after Close.
var ErrClosed = errors.New("the executable is closed")

// A Config is what an executable is made of.
type Config struct {
	Program *kernel.Program
	Objects [][]byte // machine code of the program, made for this processor
	Symbol  string   // of the program's function in it
	Load    string   // of the function that loads the weights, where the program has steps for that
	Weights []*tensor.Tensor
	// Sources tells weights apart from each other, and from those of other
	// executables with the same Packs: equal ones hold equal elements for as long
	// as one of the executables is open.
	Sources []any
	Packs   *Packs     // packed weights that others may have too; outlives the executable
	Pool    *pool.Pool // outlives the executable
	Threads int        // most workers of a run, at least 1; more than kernel.CtxMaxWorkers is as many
}

// An Executable is a compiled program with its weights. It is safe for
// concurrent use; runs at the same time have memory of their own.
type Executable struct {
	prog    *kernel.Program
	image   *jit.Image
	fn      uintptr
	pool    *pool.Pool
	threads int
	mode    pool.Mode
	weights []*tensor.Tensor // nil for those that no run reads
	loaded  []byte           // what was computed when the weights were loaded
	packs   *Packs
	shared  map[*kernel.Buffer]*pack // of packs

	mu     sync.Mutex
	idle   []*frame  // of runs that ended, for the next ones
	active int       // runs
	rest   sync.Cond // broadcast when the last run ends
	closed bool
}

// New loads machine code, and computes what depends on the weights alone. They
// must be those of the program in order; of them it keeps those that runs read.
// The error is ctx.Err() if ctx ended first.
func New(ctx context.Context, c Config) (*Executable, error) {
	image, err := jit.LoadAll(c.Objects, c.Pool.Resolve)
	if err != nil {
		return nil, err
	}
	fn, ok := image.Symbol(c.Symbol)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the machine code has no function %s", c.Symbol), image.Close())
	}
	x := &Executable{prog: c.Program, image: image, fn: fn, pool: c.Pool, weights: slices.Clone(c.Weights), packs: c.Packs, shared: map[*kernel.Buffer]*pack{}}
	x.threads = min(c.Threads, kernel.CtxMaxWorkers) // a frame has error slots for no more
	if c.Program.Strict {
		x.mode = pool.KeepSubnormals
	}
	x.rest.L = &x.mu
	n := 0
	for _, b := range c.Program.Params {
		if b.Kind != kernel.Weight {
			continue
		}
		if n == len(c.Weights) {
			return nil, errors.Join(fmt.Errorf("the program has more weights than the %d given", n), image.Close())
		}
		if err := fits(b, c.Weights[n]); err != nil {
			return nil, errors.Join(fmt.Errorf("weight %v: %w", b.Value, err), image.Close())
		}
		n++
	}
	if err := x.load(ctx, c.Load, c.Sources); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// Inputs returns the types of the arguments, in order.
func (x *Executable) Inputs() []ir.Type {
	var out []ir.Type
	for _, b := range x.prog.Params {
		if b.Kind == kernel.Argument {
			out = append(out, b.Value.Type)
		}
	}
	return out
}

// Outputs returns the types of the results, in order.
func (x *Executable) Outputs() []ir.Type {
	out := make([]ir.Type, len(x.prog.Results))
	for i, b := range x.prog.Results {
		out[i] = b.Value.Type
	}
	return out
}

// fits checks that t can be bound to b.
func fits(b *kernel.Buffer, t *tensor.Tensor) error {
	if t == nil {
		return fmt.Errorf("want %v, have no tensor", b.Type)
	}
	if t.DType() != b.Type.DType || len(t.Shape()) != len(b.Type.Shape) {
		return fmt.Errorf("want %v, have %s", b.Type, tensor.TypeString(t.DType(), t.Shape()))
	}
	for i, n := range b.Type.Shape {
		if k, _ := n.Int(); k != t.Shape()[i] {
			return fmt.Errorf("want %v, have %s", b.Type, tensor.TypeString(t.DType(), t.Shape()))
		}
	}
	return nil
}

// Run evaluates the program. The results are fresh and the caller's.
func (x *Executable) Run(ctx context.Context, inputs ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	outputs := x.fresh()
	if err := x.RunInto(ctx, outputs, inputs); err != nil {
		return nil, err
	}
	return outputs, nil
}

// fresh returns new tensors for the results.
func (x *Executable) fresh() []*tensor.Tensor {
	outputs := make([]*tensor.Tensor, len(x.prog.Results))
	for i, b := range x.prog.Results {
		outputs[i] = tensor.New(b.Type.DType, b.Type.Dims()...)
	}
	return outputs
}

// RunInto evaluates the program into tensors of the caller. It allocates
// nothing if ctx can never end and memory from an earlier run is idle. An
// output may share memory with an input: inputs are as they were when the call
// began. After an error the contents of the outputs are undefined.
//
// The error is a *RuntimeError for what the program found wrong, ctx.Err() if
// ctx ended first, ErrClosed, or says which tensor does not fit.
func (x *Executable) RunInto(ctx context.Context, outputs, inputs []*tensor.Tensor) error {
	if err := x.check(outputs, inputs); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := x.acquire()
	if err != nil {
		return err
	}
	defer x.release(f)
	return x.runIn(ctx, f, outputs, inputs)
}

// runIn runs the program in the memory of f, which fits outputs and inputs.
func (x *Executable) runIn(ctx context.Context, f *frame, outputs, inputs []*tensor.Tensor) error {
	f.reset()
	x.bind(f, outputs, inputs)
	stopped := watch(ctx, f)
	_, err := x.pool.Run(x.fn, f.ctx, x.threads, x.mode)
	ended := stopped != nil && !stopped()
	goruntime.KeepAlive(inputs)
	goruntime.KeepAlive(outputs)
	if err != nil {
		return err
	}
	if err := f.failure(x.prog.Sites); err != nil {
		return err
	}
	if ended {
		return ctx.Err()
	}
	for i, t := range outputs {
		if spare := f.spare[i]; spare != nil && f.detour[i] {
			copy(t.Bytes(), spare)
		}
	}
	return nil
}

// check checks outputs and inputs against the program.
func (x *Executable) check(outputs, inputs []*tensor.Tensor) error {
	if len(outputs) != len(x.prog.Results) {
		return fmt.Errorf("%s has %d results, have %d tensors for them", x.prog.Func.Name, len(x.prog.Results), len(outputs))
	}
	for i, b := range x.prog.Results {
		if err := fits(b, outputs[i]); err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	n := 0
	for _, b := range x.prog.Params {
		if b.Kind != kernel.Argument {
			continue
		}
		if n < len(inputs) {
			if err := fits(b, inputs[n]); err != nil {
				return fmt.Errorf("argument %v: %w", b.Value, err)
			}
		}
		n++
	}
	if n != len(inputs) {
		return fmt.Errorf("%s takes %d arguments, have %d", x.prog.Func.Name, n, len(inputs))
	}
	return nil
}

// bind writes the addresses of outputs and inputs into the frame. An output
// that shares memory with an input, or with an output before it, is computed
// beside it and copied at the end.
func (x *Executable) bind(f *frame, outputs, inputs []*tensor.Tensor) {
	n := 0
	for _, b := range x.prog.Params {
		if b.Kind == kernel.Argument {
			f.point(b, inputs[n].Bytes())
			n++
		}
	}
	for i, b := range x.prog.Results {
		out := outputs[i].Bytes()
		f.detour[i] = sharesMemory(out, inputs) || sharesMemory(out, outputs[:i])
		if f.detour[i] {
			if f.spare[i] == nil {
				f.spare[i] = tensor.New(tensor.U8, len(out)).Bytes()
			}
			out = f.spare[i]
		}
		f.point(b, out)
	}
}

// sharesMemory reports whether bytes overlap one of the tensors.
func sharesMemory(bytes []byte, tensors []*tensor.Tensor) bool {
	for _, t := range tensors {
		if overlap(bytes, t.Bytes()) {
			return true
		}
	}
	return false
}

// overlap reports whether two byte slices share memory.
func overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	p, q := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return p < q+uintptr(len(b)) && q < p+uintptr(len(a))
}

// watch sets the cancel word of f when ctx ends, until the function that it
// returns is called, which reports whether that was in time. From then on f is
// left alone: it may belong to another run, or to nobody. nil means that ctx
// never ends.
func watch(ctx context.Context, f *frame) (stop func() bool) {
	if ctx.Done() == nil {
		return nil
	}
	set := make(chan struct{})
	intime := context.AfterFunc(ctx, func() {
		atomic.StoreInt32(f.cancel(), 1)
		close(set)
	})
	return func() bool {
		if intime() {
			return true
		}
		<-set
		return false
	}
}

// acquire returns a frame that no other run uses.
func (x *Executable) acquire() (*frame, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, ErrClosed
	}
	x.active++
	if n := len(x.idle); n > 0 {
		f := x.idle[n-1]
		x.idle = x.idle[:n-1]
		return f, nil
	}
	f, err := x.newFrame(kernel.Temp, x.prog.Arena)
	if err != nil {
		x.active--
	}
	return f, err
}

func (x *Executable) release(f *frame) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.idle = append(x.idle, f)
	if x.active--; x.active == 0 {
		x.rest.Broadcast()
	}
}

// Close waits for the runs in progress and frees the machine code and the
// memory. Closing again does nothing.
func (x *Executable) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	for x.active > 0 {
		x.rest.Wait()
	}
	errs := []error{x.image.Close()}
	for _, f := range x.idle {
		errs = append(errs, f.close())
	}
	errs = append(errs, x.unshare())
	if x.loaded != nil {
		errs = append(errs, release(x.loaded))
	}
	x.idle, x.weights, x.loaded = nil, nil, nil
	return errors.Join(errs...)
}

// A RuntimeError is what a program found wrong while it ran, at the place in
// the program's text that asked for it.
type RuntimeError struct{ Err *source.Error }

// Error returns the place and what is wrong there.
func (e *RuntimeError) Error() string { return e.Err.Error() }

// Unwrap returns the *source.Error.
func (e *RuntimeError) Unwrap() error { return e.Err }
