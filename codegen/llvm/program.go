package llvm

import (
	"slices"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
	"github.com/lathe-lang/lathe/ir"
)

// A programEmitter emits the function that calls the kernels of some steps in
// order. All workers run it; they meet between kernels of which one needs what
// another did.
type programEmitter struct {
	*emitter
	prog         *kernel.Program
	solo         bool // one thread: no barriers
	ctx          value.Value
	worker, team value.Value
	indices      value.Value // i64*, of the loops
	buffers      map[*kernel.Buffer]value.Value
	index        map[*ir.Value]value.Value
	entry, exit  *llir.Block
	clock        value.Value            // i64*, where kernels are timed; nil if they are not
	numbers      map[*kernel.Kernel]int // of the kernels, for the clock

	// Since the workers met last:
	reads, writes []*kernel.Buffer
	shared        bool // a kernel ran that all take part in
	first         bool // a kernel ran on the first worker alone
	meetings      int  // how often they meet, as far as the text goes
}

// program emits the function that runs in each call, with its kernels.
func (m *module) program(p *kernel.Program, opts Options) *llir.Func {
	e := newProgram(m, p, opts.Symbol, "lathe_program", opts)
	if opts.Clock {
		e.numbers = map[*kernel.Kernel]int{}
		for i, k := range p.Kernels() {
			e.numbers[k] = i
		}
		p.Clock = len(e.numbers)
		slot := e.at(types.I8, e.ctx, i64(kernel.CtxBuffers+8*p.ClockID()))
		e.clock = e.load(types.NewPointer(types.I64), e.bitcast(slot, types.NewPointer(types.NewPointer(types.I64))), 0)
	}
	e.emit(p.Steps)
	return e.fn
}

// loadProgram emits the function that runs once, with its kernels; nil if there
// is nothing to do.
func (m *module) loadProgram(p *kernel.Program, opts Options) *llir.Func {
	if len(p.Load) == 0 {
		return nil
	}
	e := newProgram(m, p, opts.Load, "lathe_load", opts)
	e.emit(p.Load)
	return e.fn
}

// newProgram opens a function called name; one without is internal, and called
// as unnamed says.
func newProgram(m *module, p *kernel.Program, name, unnamed string, opts Options) *programEmitter {
	ps := []*llir.Param{llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64), llir.NewParam("workers", types.I64)}
	linkage := enum.LinkageNone
	if name == "" {
		name, linkage = unnamed, enum.LinkageInternal
	}
	return &programEmitter{
		emitter: m.define(name, linkage, types.Void, ps...), prog: p, solo: opts.C != "",
		ctx: ps[0], worker: ps[1], team: ps[2],
		buffers: map[*kernel.Buffer]value.Value{}, index: map[*ir.Value]value.Value{},
	}
}

// emit emits the function and all kernels of steps.
func (e *programEmitter) emit(steps []kernel.Step) {
	e.entry = e.cur
	body := e.fn.NewBlock("")
	e.exit = e.fn.NewBlock("")
	e.cur = e.entry
	array := e.cur.NewAlloca(types.NewArray(uint64(max(e.prog.Indices, 1)), types.I64))
	e.indices = e.bitcast(array, types.NewPointer(types.I64))
	e.entry = e.cur
	e.cur = body
	begin := e.ticks()
	e.steps(steps)
	e.cur.NewBr(e.exit)
	e.cur = e.exit
	e.timed(e.prog.Clock, e.worker, begin)
	e.cur.NewRet(nil)
	e.entry.NewBr(body) // last: addresses of buffers were loaded there
}

func (e *programEmitter) steps(steps []kernel.Step) {
	for _, s := range steps {
		switch s := s.(type) {
		case *kernel.Kernel:
			e.kernel(s)
		case *kernel.Loop:
			e.loopStep(s)
		}
	}
}

// buffer returns the address of a buffer, an i8*.
func (e *programEmitter) buffer(b *kernel.Buffer) value.Value {
	if p := e.buffers[b]; p != nil {
		return p
	}
	cur := e.cur
	e.cur = e.entry
	var p value.Value
	if b.Kind == kernel.Constant {
		p = e.bitcast(e.m.elements(b.Value.Attrs.(*ir.ConstAttrs).Data), types.I8Ptr)
	} else {
		slot := e.at(types.I8, e.ctx, i64(kernel.CtxBuffers+8*b.ID))
		p = e.load(types.I8Ptr, e.bitcast(slot, types.NewPointer(types.I8Ptr)), 0)
	}
	e.entry, e.cur = e.cur, cur
	e.buffers[b] = p
	return p
}

// kernel calls a kernel, after the others if it needs what they did.
func (e *programEmitter) kernel(k *kernel.Kernel) {
	use := e.m.uses[k]
	code, buffers, small := use.code, use.buffers, use.small
	if code == nil {
		return
	}
	reads, writes := e.prog.Loads(k), kernel.Written(k)
	if (e.shared || !small) && (overlap(reads, e.writes) || overlap(writes, e.writes) || overlap(writes, e.reads)) {
		e.meet()
	}
	e.reads, e.writes = append(e.reads, reads...), append(e.writes, writes...)
	e.shared, e.first = e.shared || !small, e.first || small
	call := func(worker, workers value.Value) {
		args := []value.Value{e.ctx, worker, workers, e.indices}
		for i, b := range buffers {
			args = append(args, e.bitcast(e.buffer(b), code.pointer[i]))
		}
		begin := e.ticks()
		e.cur.NewCall(code.fn, args...)
		e.timed(e.numbers[k], worker, begin)
	}
	for _, b := range buffers {
		e.buffer(b)
	}
	if g := k.Guard; g != nil {
		unguarded := call
		flag := e.load(types.I8, e.buffer(g.Flag), 0)
		holds := e.icmp(map[bool]enum.IPred{true: enum.IPredNE, false: enum.IPredEQ}[g.Want], flag, constant.NewInt(types.I8, 0))
		call = func(worker, workers value.Value) { e.when(holds, func() { unguarded(worker, workers) }) }
	}
	if k.Pack != nil && slices.ContainsFunc(e.prog.Packs, func(s kernel.Pack) bool { return s.Buffer == k.Pack.Packed }) {
		always := call
		missing := e.icmp(enum.IPredNE, e.buffer(k.Pack.Packed), constant.NewNull(types.I8Ptr))
		call = func(worker, workers value.Value) { e.when(missing, func() { always(worker, workers) }) }
	}
	if !small {
		call(e.worker, e.team)
		return
	}
	e.when(e.icmp(enum.IPredEQ, e.worker, i64(0)), func() { call(i64(0), i64(1)) })
}

// overlap reports whether two sets of buffers share memory.
func overlap(a, b []*kernel.Buffer) bool {
	for _, x := range a {
		for _, y := range b {
			shares := x.Kind == y.Kind && (x.Kind == kernel.Temp || x.Kind == kernel.LoadTemp)
			if x == y || shares && x.Offset < y.Offset+y.Bytes && y.Offset < x.Offset+x.Bytes {
				return true
			}
		}
	}
	return false
}

// meet waits for all workers, and ends the program where one found an error or
// somebody asked to stop: the barrier tells all of them the same.
func (e *programEmitter) meet() {
	var stop value.Value
	if e.solo {
		stop = e.stopWord(e.ctx)
	} else {
		f := e.m.declare("lathe_barrier", types.I32, types.I8Ptr, types.I32, types.I32)
		stop = e.cur.NewCall(f, e.ctx, e.cur.NewTrunc(e.worker, types.I32), e.cur.NewTrunc(e.team, types.I32))
	}
	next := e.fn.NewBlock("")
	e.cur.NewCondBr(e.icmp(enum.IPredNE, stop, constant.NewInt(types.I32, 0)), e.exit, next)
	e.cur = next
	e.reads, e.writes, e.shared, e.first = nil, nil, false, false
	e.meetings++
}
