package kernel

// A program that is timed writes, for each kernel and worker, two i64 to the
// memory at place ClockID of the table at CtxBuffers: the processor's clock when
// the kernel began for the first time in a run, and the ticks that it took in
// all its turns. Behind the kernels stands one more, for the whole program. The
// pair of kernel k and worker w is at ClockSize * (k*CtxMaxWorkers + w).

// ClockSize is the bytes of a pair.
const ClockSize = 16

// ClockID returns the place of the clock's memory: behind all buffers.
func (p *Program) ClockID() int {
	id := 0
	for _, b := range p.Buffers {
		id = max(id, b.ID)
	}
	return id + 1
}

// ClockBytes returns how much memory the clock takes; 0 if nothing is timed.
func (p *Program) ClockBytes() int {
	if p.Clock == 0 {
		return 0
	}
	return (p.Clock + 1) * CtxMaxWorkers * ClockSize
}

// Kernels returns all kernels of a call, those of loops too, in the order of
// their names.
func (p *Program) Kernels() []*Kernel { return Kernels(p.Steps) }

// Kernels returns the kernels of steps, those of loops too, in order.
func Kernels(steps []Step) []*Kernel {
	var out []*Kernel
	var walk func([]Step)
	walk = func(steps []Step) {
		for _, s := range steps {
			switch s := s.(type) {
			case *Kernel:
				out = append(out, s)
			case *Loop:
				walk(s.Body)
			}
		}
	}
	walk(steps)
	return out
}
