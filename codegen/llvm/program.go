package llvm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

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

// A kernelCode is the function of a kernel, which equal kernels share.
type kernelCode struct {
	fn      *llir.Func
	pointer []types.Type // of the buffers
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
	code, buffers, small := e.code(k)
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

// code returns the function of a kernel, its buffers in the order of the
// parameters, and whether it is too small to share; no function if there is
// nothing to do.
func (e *programEmitter) code(k *kernel.Kernel) (*kernelCode, []*kernel.Buffer, bool) {
	ps := []*llir.Param{
		llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64), llir.NewParam("workers", types.I64),
		llir.NewParam("indices", types.NewPointer(types.I64)),
	}
	em := e.m.define(k.Name, enum.LinkageInternal, types.Void, ps...)
	em.fn.FuncAttrs = append(em.fn.FuncAttrs, enum.FuncAttrNoInline)
	var buffers []*kernel.Buffer
	code := &kernelCode{fn: em.fn}
	byBuffer := map[*kernel.Buffer]*llir.Param{}
	ptr := func(b *kernel.Buffer) value.Value {
		p := byBuffer[b]
		if p == nil {
			t := types.NewPointer(memType(b.Type.DType))
			p = llir.NewParam(fmt.Sprintf("b%d", len(buffers)), t)
			p.Attrs = []llir.ParamAttribute{enum.ParamAttrNoAlias, enum.ParamAttrNoCapture}
			if n := b.Type.Bytes(); n > 0 {
				p.Attrs = append(p.Attrs, llir.Dereferenceable{N: uint64(n)})
			}
			byBuffer[b] = p
			buffers, code.pointer = append(buffers, b), append(code.pointer, t)
			em.fn.Params, em.fn.Sig.Params = append(em.fn.Params, p), append(em.fn.Sig.Params, t)
		}
		return p
	}
	s := newScope(em, e.prog, k, ps[0], ps[1], ps[2], ps[3], ptr)
	switch {
	case k.Nest != nil:
		s.emitNest()
	case k.Pack != nil:
		s.emitPack()
	case k.Gemm != nil:
		s.emitGemm()
	default:
		s.emitSingle()
	}
	s.cur.NewRet(nil)
	e.m.m.Funcs = slices.DeleteFunc(e.m.m.Funcs, func(f *llir.Func) bool { return f == em.fn })
	if len(em.fn.Blocks) == 1 && len(em.cur.Insts) == 0 {
		return nil, nil, true
	}
	text := em.fn.LLString()
	key := strings.Replace(text, "@"+k.Name+"(", "@(", 1)
	if same := e.m.known[key]; same != nil {
		return same, buffers, s.small()
	}
	e.m.known[key] = code
	e.m.kernels = append(e.m.kernels, []byte(text))
	return code, buffers, s.small()
}

// fewElements is how much work, in operations of an element, is too little to
// share: waking and meeting others takes longer.
const fewElements = 1 << 15

// small reports whether the kernel is for one worker.
func (s *scope) small() bool {
	switch k := s.k; {
	case k.Nest != nil:
		e := &nester{scope: s, n: k.Nest}
		return product(k.Nest.Outer)*max(1, product(k.Nest.Inner)) < fewElements/s.work(e.roots())
	case k.Gemm != nil:
		work := k.Gemm.Value.Type.Elems()
		for _, d := range k.Gemm.Sum {
			work *= d.Size
		}
		return work < smallWork
	case k.Single != nil:
		return singleWork(k.Single) < fewElements
	}
	return false
}

// text returns the text of the module, with the kernels behind all else.
func (m *module) text() []byte {
	var b bytes.Buffer
	b.WriteString(m.m.String())
	for _, k := range m.kernels {
		b.WriteByte('\n')
		b.Write(k)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// failure returns the function that records an error: the first of a worker
// stays, and the cancel word asks all to stop.
func (m *module) failure() *llir.Func {
	const name = "lathe_fail"
	if f := m.externals[name]; f != nil {
		return f
	}
	ps := []*llir.Param{
		llir.NewParam("ctx", types.I8Ptr), llir.NewParam("worker", types.I64), llir.NewParam("code", types.I64),
		llir.NewParam("site", types.I64), llir.NewParam("value", types.I64), llir.NewParam("bound", types.I64),
	}
	e := m.define(name, enum.LinkageInternal, types.Void, ps...)
	e.fn.FuncAttrs = append(e.fn.FuncAttrs, enum.FuncAttrNoInline)
	m.externals[name] = e.fn
	byteAt := func(off value.Value) value.Value { return e.at(types.I8, ps[0], off) }
	slot := e.add(e.mul(ps[1], i64(kernel.CtxErrorSize)), i64(kernel.CtxErrors))
	word := func(off int) value.Value {
		return e.bitcast(byteAt(e.add(slot, i64(off))), types.NewPointer(types.I64))
	}
	first := e.icmp(enum.IPredEQ, e.load(types.I64, word(kernel.CtxErrorCode), 0), i64(0))
	e.when(first, func() {
		for i, off := range []int{kernel.CtxErrorCode, kernel.CtxErrorSite, kernel.CtxErrorValue, kernel.CtxErrorBound} {
			e.store(ps[2+i], word(off))
		}
	})
	cancel := e.bitcast(byteAt(i64(kernel.CtxCancel)), types.NewPointer(types.I32))
	st := e.cur.NewStore(constant.NewInt(types.I32, 2), cancel)
	st.Atomic, st.Ordering, st.Align = true, enum.AtomicOrderingMonotonic, 4
	e.cur.NewRet(nil)
	return e.fn
}
