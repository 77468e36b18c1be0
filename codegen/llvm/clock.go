package llvm

import (
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// ticks reads the processor's clock; nil if the program is not timed.
func (e *programEmitter) ticks() value.Value {
	if e.clock == nil {
		return nil
	}
	return e.cur.NewCall(e.m.declare("llvm.readcyclecounter", types.I64))
}

// timed adds the time since begin to what kernel number n took on a worker.
func (e *programEmitter) timed(n int, worker, begin value.Value) {
	if e.clock == nil {
		return
	}
	end := e.ticks()
	pair := e.mul(e.add(worker, i64(n*kernel.CtxMaxWorkers)), i64(kernel.ClockSize/8))
	first, total := e.at(types.I64, e.clock, pair), e.at(types.I64, e.clock, e.add(pair, i64(1)))
	before := e.load(types.I64, first, 0)
	e.store(e.choose(e.icmp(enum.IPredEQ, before, i64(0)), begin, before), first)
	e.store(e.add(e.load(types.I64, total, 0), e.sub(end, begin)), total)
}
