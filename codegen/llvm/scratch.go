package llvm

import (
	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// scratchName is the constant that holds Program.Scratch, which is known only
// when every kernel is emitted.
const scratchName = "lathe_scratch_bytes"

// scratch returns n bytes of memory that are the worker's own until the kernel
// ends, an i8* aligned to 64; their contents are undefined. A kernel calls it
// once: every call returns the same memory. A part of a chain has its own behind
// that of the chain.
func (s *scope) scratch(n int) value.Value {
	s.prog.Scratch = max(s.prog.Scratch, s.taken+(n+63)/64*64)
	size := s.m.number(scratchName, s.prog.Scratch)
	at := s.emitter.at(types.I8, s.ctx, i64(kernel.CtxBuffers))
	all := s.load(types.I8Ptr, s.bitcast(at, types.NewPointer(types.I8Ptr)), 0)
	own := s.emitter.at(types.I8, all, s.mul(s.worker, s.load(types.I64, size, 0)))
	if s.taken == 0 {
		return own
	}
	return s.emitter.at(types.I8, own, i64(s.taken))
}

// number returns the i64 constant of the module called name, whose value is
// now n.
func (m *module) number(name string, n int) value.Value {
	if g := m.setNumber(name, n); g != nil {
		return g
	}
	g := m.m.NewGlobalDef(name, i64(n))
	g.Linkage, g.Immutable, g.Align = enum.LinkageInternal, true, ir.Align(8)
	return g
}

// setNumber gives a constant of the module the value n, if there is one of that
// name.
func (m *module) setNumber(name string, n int) *ir.Global {
	for _, g := range m.m.Globals {
		if g.Name() == name {
			g.Init = i64(n)
			return g
		}
	}
	return nil
}
