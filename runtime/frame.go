package runtime

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// The codes of an error slot, as package codegen/llvm writes them.
const (
	codeIndex    = 1
	codeDivision = 2
	codeSlice    = 4
)

// A frame is the memory of one run, of the program or of what loads its weights:
// the context that native code sees (package kernel has its layout), the arena
// and the workers' scratch.
type frame struct {
	memory  []byte
	ctx     unsafe.Pointer
	threads int
	spare   [][]byte // for results that share memory with arguments; nil until needed
	detour  []bool   // whether the spare is used in this run
	clock   []byte   // where kernels are timed; nil if they are not
}

const pageAlign = 64

func roundUp(n int) int { return (n + pageAlign - 1) / pageAlign * pageAlign }

// newFrame makes a frame for runs on as many workers as x may use. Its arena holds
// the buffers of the kind temp and takes so many bytes.
func (x *Executable) newFrame(temp kernel.BufferKind, bytes int) (*frame, error) {
	p, threads := x.prog, x.threads
	head := roundUp(kernel.CtxBuffers + 8*(len(p.Buffers)+maxID(p)+2))
	scratch := roundUp(p.Scratch)
	clock := p.ClockBytes()
	memory, err := allocate(head + roundUp(bytes) + scratch*threads + clock + pageAlign)
	if err != nil {
		return nil, fmt.Errorf("memory for a run (%d bytes of intermediate values): %w", bytes, err)
	}
	f := &frame{
		memory: memory, ctx: unsafe.Pointer(&memory[0]), threads: threads,
		spare: make([][]byte, len(p.Results)), detour: make([]bool, len(p.Results)),
	}
	arena := memory[head:]
	if clock > 0 {
		f.clock = memory[len(memory)-clock-pageAlign:][:clock]
		f.set(p.ClockID(), f.clock)
	}
	f.set(0, arena[roundUp(bytes):])
	n := 0
	for _, b := range p.Buffers {
		switch b.Kind {
		case temp:
			f.set(b.ID, arena[b.Offset:])
		case kernel.Loaded:
			if s := x.shared[b]; s != nil {
				f.set(b.ID, s.memory)
			} else {
				f.set(b.ID, x.loaded[b.Offset:])
			}
		case kernel.Weight:
			if w := x.weights[n]; w != nil { // else no kernel reads it
				f.point(b, w.Bytes())
			}
			n++
		}
	}
	return f, nil
}

func maxID(p *kernel.Program) int {
	id := 0
	for _, b := range p.Buffers {
		id = max(id, b.ID)
	}
	return id
}

// set writes the address of memory into place id of the table: as a number, for
// the garbage collector must not take what an earlier run left there, and is
// long freed, for a pointer. Who binds memory keeps it alive.
func (f *frame) set(id int, memory []byte) {
	*(*uintptr)(unsafe.Add(f.ctx, kernel.CtxBuffers+8*id)) = uintptr(unsafe.Pointer(unsafe.SliceData(memory)))
}

// point makes b be the bytes; a buffer without elements is any memory.
func (f *frame) point(b *kernel.Buffer, bytes []byte) {
	if len(bytes) == 0 {
		bytes = f.memory[len(f.memory)-pageAlign:]
	}
	f.set(b.ID, bytes)
}

// cancel is the word that asks the program to stop.
func (f *frame) cancel() *int32 { return (*int32)(unsafe.Add(f.ctx, kernel.CtxCancel)) }

// reset clears what the run before left.
func (f *frame) reset() {
	atomic.StoreInt32(f.cancel(), 0)
	clear(unsafe.Slice((*byte)(unsafe.Add(f.ctx, kernel.CtxErrors)), f.threads*kernel.CtxErrorSize))
}

// failure returns the first error that a worker found, in the order of the
// work: workers take their shares in order.
func (f *frame) failure(sites []source.Pos) error {
	for w := range f.threads {
		slot := unsafe.Add(f.ctx, kernel.CtxErrors+w*kernel.CtxErrorSize)
		word := func(off int) int64 { return *(*int64)(unsafe.Add(slot, off)) }
		site, value, bound := word(kernel.CtxErrorSite), word(kernel.CtxErrorValue), word(kernel.CtxErrorBound)
		if word(kernel.CtxErrorCode) == 0 {
			continue
		}
		e := &source.Error{}
		switch word(kernel.CtxErrorCode) {
		case codeIndex:
			e.Msg = ir.IndexFault(value, int(bound))
		case codeSlice:
			e.Msg = ir.SliceFault(value, int(bound))
		case codeDivision:
			e.Msg = ir.DivisionFault(value)
		default:
			e.Msg = fmt.Sprintf("the program failed with code %d", word(kernel.CtxErrorCode))
		}
		if 0 <= site && int(site) < len(sites) {
			e.Pos = sites[site]
		}
		return &RuntimeError{Err: e}
	}
	return nil
}

func (f *frame) close() error { return release(f.memory) }
