package llvm

import (
	"fmt"

	"github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A Target says for what code is emitted. LLVM's own names; the zero Target is
// any processor of the host's kind.
type Target struct {
	Triple, CPU, Features string
	VectorBytes           int  // of the vectors that are used: 64, 32, 16
	F16C                  bool // converts between f16 and f32 in hardware
	Level2                int  // bytes of a core's second-level cache; 0 if it is not known
}

// level2 returns the bytes of a core's second-level cache: where it is not
// known, of the smallest one beside such vectors.
func (t Target) level2() int {
	switch {
	case t.Level2 > 0:
		return t.Level2
	case t.VectorBytes >= 64:
		return 1 << 20
	}
	return 512 << 10
}

// A module is one LLVM module in the making.
type module struct {
	m         *ir.Module
	target    Target
	strict    bool
	externals map[string]*ir.Func          // declared, by name
	constants map[string]*ir.Global        // elements that are part of the program, by name
	kernels   []*kernelCode                // the different ones, in order of first use, and before each what it calls
	shared    []*kernelCode                // what the kernel here calls, which others may call too; equal ones have equal names
	uses      map[*kernel.Kernel]kernelUse // of the program's kernels
	share     bool                         // see Options
}

func newModule(t Target, strict bool) *module {
	m := &module{
		m: ir.NewModule(), target: t, strict: strict,
		externals: map[string]*ir.Func{}, constants: map[string]*ir.Global{},
	}
	m.m.TargetTriple = t.Triple
	return m
}

// declare returns the external function called name.
func (m *module) declare(name string, result types.Type, params ...types.Type) *ir.Func {
	if f := m.externals[name]; f != nil {
		return f
	}
	ps := make([]*ir.Param, len(params))
	for i, t := range params {
		ps[i] = ir.NewParam("", t)
	}
	f := m.m.NewFunc(name, result, ps...)
	m.externals[name] = f
	return f
}

// define opens a function; what is emitted goes to its first block.
func (m *module) define(name string, linkage enum.Linkage, result types.Type, params ...*ir.Param) *emitter {
	f := m.m.NewFunc(name, result, params...)
	f.Linkage = linkage
	f.FuncAttrs = []ir.FuncAttribute{enum.FuncAttrNoUnwind}
	for _, kv := range [][2]string{
		{"target-cpu", m.target.CPU},
		{"target-features", m.target.Features},
		{"prefer-vector-width", fmt.Sprint(8 * m.target.VectorBytes)},
	} {
		if kv[1] != "" && kv[1] != "0" {
			f.FuncAttrs = append(f.FuncAttrs, ir.AttrPair{Key: kv[0], Value: kv[1]})
		}
	}
	return &emitter{m: m, fn: f, cur: f.NewBlock("entry"), strict: m.strict}
}
