package runtime

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// A Span is the work of one worker on one kernel in one run.
type Span struct {
	Kernel *kernel.Kernel
	Worker int
	Start  time.Duration // since the run began, of the first turn in a loop
	Took   time.Duration // in all turns
}

// Timed is Run, and says how long each worker took for each kernel. The program
// must have been made to time its kernels. Spans are in the order of kernels and
// workers; a worker that had no part in a kernel has none.
func (x *Executable) Timed(ctx context.Context, inputs ...*tensor.Tensor) ([]*tensor.Tensor, []Span, error) {
	if x.prog.Clock == 0 {
		return nil, nil, fmt.Errorf("%s was not compiled to time its kernels", x.prog.Func.Name)
	}
	outputs := x.fresh()
	if err := x.check(outputs, inputs); err != nil {
		return nil, nil, err
	}
	f, err := x.acquire()
	if err != nil {
		return nil, nil, err
	}
	defer x.release(f)
	clear(f.clock)
	begin := time.Now()
	if err := x.runIn(ctx, f, outputs, inputs); err != nil {
		return nil, nil, err
	}
	return outputs, f.spans(x.prog, time.Since(begin)), nil
}

// spans reads the clock of a run that took so long. The processor's ticks are
// scaled by those that the whole program took on the first worker.
func (f *frame) spans(p *kernel.Program, took time.Duration) []Span {
	pairs := unsafe.Slice((*[2]int64)(unsafe.Pointer(&f.clock[0])), len(f.clock)/kernel.ClockSize)
	whole := pairs[p.Clock*kernel.CtxMaxWorkers]
	scale := func(ticks int64) time.Duration {
		return time.Duration(float64(ticks) / float64(max(whole[1], 1)) * float64(took))
	}
	var out []Span
	for i, k := range p.Kernels() {
		for w := range f.threads {
			if pair := pairs[i*kernel.CtxMaxWorkers+w]; pair[0] != 0 {
				out = append(out, Span{k, w, scale(pair[0] - whole[0]), scale(pair[1])})
			}
		}
	}
	return out
}
