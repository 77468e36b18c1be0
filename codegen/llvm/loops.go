package llvm

import (
	"slices"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// loopStep runs the steps of a loop. Workers that meet in a turn meet at its end
// too, where all of them learn whether somebody asked to stop. In a loop whose
// turns nobody waits in, each worker looks for itself and leaves the loop; the
// next meeting ends the program.
func (e *programEmitter) loopStep(l *kernel.Loop) {
	bound := func(b kernel.Bound) value.Value {
		switch {
		case b.Buf != nil:
			if slices.Contains(e.writes, b.Buf) {
				e.meet()
			}
			e.reads, e.shared = append(e.reads, b.Buf), true // all workers read it, what comes next must not write there
			return e.load(types.I64, e.bitcast(e.buffer(b.Buf), types.NewPointer(types.I64)), 0)
		case b.Index != nil:
			return e.index[b.Index]
		}
		return i64(b.Const)
	}
	lo, hi := bound(l.Lo), bound(l.Hi)
	reads, writes := slices.Clone(e.reads), slices.Clone(e.writes)
	shared, first := e.shared, e.first
	e.repeat(e.turns(lo, hi, l.Step), lo, l.Step, func(i value.Value) value.Value {
		e.index[l.Index] = i
		e.emitter.store(i, e.at(types.I64, e.indices, i64(l.Slot)))
		meetings := e.meetings
		e.steps(l.Body)
		if e.shared || e.first || e.meetings > meetings {
			e.meet()
			return nil
		}
		return e.icmp(enum.IPredEQ, e.stopWord(e.ctx), constant.NewInt(types.I32, 0))
	})
	// As before the loop, which may not turn at all.
	e.reads, e.writes, e.shared, e.first = reads, writes, shared, first
}

// turns returns how often a loop turns, an unsigned number: see ir.Turns.
func (e *emitter) turns(lo, hi value.Value, step int) value.Value {
	size := uint64(step)
	if step < 0 {
		size, lo, hi = -size, hi, lo
	}
	distance := e.sub(e.sub(hi, lo), i64(1))
	if size > 1 {
		distance = e.cur.NewUDiv(distance, i64(int(size)))
	}
	return e.cur.NewSelect(e.icmp(enum.IPredSLT, lo, hi), e.add(distance, i64(1)), i64(0))
}

// repeat runs body n times, n unsigned, with i = lo, lo+step, ..., until it
// returns an i1 that is false; nil goes on.
func (e *emitter) repeat(n, lo value.Value, step int, body func(i value.Value) (more value.Value)) {
	from := e.cur
	head, inside, exit := e.fn.NewBlock(""), e.fn.NewBlock(""), e.fn.NewBlock("")
	from.NewBr(head)
	left := head.NewPhi(llir.NewIncoming(n, from))
	i := head.NewPhi(llir.NewIncoming(lo, from))
	head.NewCondBr(head.NewICmp(enum.IPredNE, left, i64(0)), inside, exit)
	e.cur = inside
	more := body(i)
	left.Incs = append(left.Incs, llir.NewIncoming(e.cur.NewSub(left, i64(1)), e.cur))
	i.Incs = append(i.Incs, llir.NewIncoming(e.cur.NewAdd(i, i64(step)), e.cur))
	if more != nil {
		e.cur.NewCondBr(more, head, exit)
	} else {
		e.cur.NewBr(head)
	}
	e.cur = exit
}

// stopWord loads the cancel word of a run, an i32 that is 0 while nobody asked to
// stop.
func (e *emitter) stopWord(ctx value.Value) value.Value {
	l := e.cur.NewLoad(types.I32, e.bitcast(e.at(types.I8, ctx, i64(kernel.CtxCancel)), types.NewPointer(types.I32)))
	l.Atomic, l.Ordering, l.Align = true, enum.AtomicOrderingMonotonic, 4
	return l
}
