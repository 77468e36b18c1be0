package pool

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/runtime/jit"
)

// ErrClosed is the error of Run after Close.
var ErrClosed = errors.New("the worker pool is closed")

// A Mode says how a run treats subnormal numbers. Either way floating point
// rounds to nearest and raises no exceptions, whatever the calling thread had.
type Mode int

const (
	FlushSubnormals Mode = iota // as zero, in operands and results
	KeepSubnormals              // exactly, which is many times slower where they occur
)

// control is the value of the register MXCSR: all exceptions masked, and for
// FlushSubnormals the bits FTZ and DAZ.
func (m Mode) control() uintptr {
	const masked, ftz, daz = 0x1f80, 0x8000, 0x0040
	if m == KeepSubnormals {
		return masked
	}
	return masked | ftz | daz
}

// A Pool holds native worker threads, which it starts when runs first ask for
// them. It is safe for concurrent use.
type Pool struct {
	image                       *jit.Image
	lead, worker, quit, barrier uintptr
	memory                      []byte // the slots of the workers
	processors                  int

	mu      sync.Mutex
	resting sync.Cond // broadcast when the last run ends
	idle    []uintptr // slots of idle workers; the last is taken first
	started int       // workers so far
	busy    int       // threads in runs, callers included
	closed  bool
	threads sync.WaitGroup // the started workers
}

// New makes a pool of the object file that Source compiles to. Close ends it.
func New(object []byte) (*Pool, error) {
	image, err := jit.Load(object, jit.LibC)
	if err != nil {
		return nil, fmt.Errorf("worker pool: %w", err)
	}
	p := &Pool{image: image, processors: runtime.GOMAXPROCS(0), idle: make([]uintptr, 0, kernel.CtxMaxWorkers)}
	p.resting.L = &p.mu
	for name, addr := range map[string]*uintptr{
		"lathe_lead": &p.lead, "lathe_worker": &p.worker, "lathe_quit": &p.quit, "lathe_barrier": &p.barrier,
	} {
		found, ok := image.Symbol(name)
		if !ok {
			return nil, errors.Join(fmt.Errorf("worker pool: the object file has no function %s: expected that of Source", name), image.Close())
		}
		*addr = found
	}
	p.memory, err = unix.Mmap(-1, 0, (kernel.CtxMaxWorkers-1)*slotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("worker pool: memory: %w", err), image.Close())
	}
	return p, nil
}

// Resolve is for jit.Load: the functions that a program may call, which are
// lathe_barrier and those of jit.LibC.
func (p *Pool) Resolve(name string) uintptr {
	if name == "lathe_barrier" {
		return p.barrier
	}
	return jit.LibC(name)
}

// Run calls the program fn with up to threads workers, the calling thread
// included, waits for all of them, and returns how many there were. Fewer than
// threads take part where other runs have them; there are never more than
// kernel.CtxMaxWorkers.
//
// ctx is a context as kernel describes it, in memory that does not move: mapped,
// or on Go's heap. No other run may use it at the same time. Run allocates
// nothing. Go code goes on meanwhile: the goroutine's thread counts as being in
// a system call.
func (p *Pool) Run(fn uintptr, ctx unsafe.Pointer, threads int, mode Mode) (workers int, err error) {
	if threads < 1 {
		return 0, fmt.Errorf("expected at least 1 thread, found %d", threads)
	}
	if uintptr(ctx)%64 != 0 || ctx == nil {
		return 0, fmt.Errorf("expected a context aligned to 64 bytes, found address %#x", uintptr(ctx))
	}
	workers, team, err := p.enlist(threads)
	if err != nil {
		return 0, err
	}
	jit.Call(p.lead, fn, uintptr(ctx), uintptr(workers), mode.control(), uintptr(team))
	runtime.KeepAlive(ctx)
	p.release(workers, team)
	return workers, nil
}

// enlist takes idle workers out of the pool, and starts new ones where there
// are none. The team is the slot of the first, which lists them all; nil where
// the caller is alone.
func (p *Pool) enlist(threads int) (workers int, team unsafe.Pointer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, nil, ErrClosed
	}
	most := max(p.processors, threads)
	others := max(min(threads, kernel.CtxMaxWorkers, most-p.busy)-1, 0)
	for len(p.idle) < others && p.started < kernel.CtxMaxWorkers-1 {
		p.start()
	}
	others = min(others, len(p.idle))
	p.busy += 1 + others
	if others == 0 {
		return 1, nil, nil
	}
	chosen := p.idle[len(p.idle)-others:]
	p.idle = p.idle[:len(p.idle)-others]
	team = p.slot(chosen[0])
	copy(members(team), chosen)
	return 1 + others, team, nil
}

// release gives a team back.
func (p *Pool) release(workers int, team unsafe.Pointer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if workers > 1 {
		p.idle = append(p.idle, members(team)[:workers-1]...)
	}
	p.busy -= workers
	if p.busy == 0 {
		p.resting.Broadcast()
	}
}

// start adds a worker. The goroutine stays in native code until the pool is
// closed, and costs Go a thread but no processor.
func (p *Pool) start() {
	addr := uintptr(unsafe.Pointer(&p.memory[p.started*slotSize]))
	p.started++
	p.idle = append(p.idle, addr)
	p.threads.Go(func() { jit.Call(p.worker, addr) })
}

// slot is the memory at an address that start computed.
func (p *Pool) slot(addr uintptr) unsafe.Pointer {
	base := unsafe.Pointer(&p.memory[0])
	return unsafe.Add(base, addr-uintptr(base))
}

// members is the list of a team in the slot of its first worker.
func members(team unsafe.Pointer) []uintptr {
	return unsafe.Slice((*uintptr)(unsafe.Add(team, slotMembers)), kernel.CtxMaxWorkers)
}

// Close waits for the runs in progress, ends the threads and frees the memory.
// Closing again does nothing.
func (p *Pool) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true // no run starts any more
	for p.busy > 0 {
		p.resting.Wait()
	}
	p.mu.Unlock()
	for i := range p.started {
		jit.Call(p.quit, uintptr(unsafe.Pointer(&p.memory[i*slotSize])))
	}
	p.threads.Wait()
	return errors.Join(unix.Munmap(p.memory), p.image.Close())
}
