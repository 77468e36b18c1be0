package llvm

import (
	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

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
