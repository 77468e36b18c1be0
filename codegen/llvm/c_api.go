package llvm

import (
	"fmt"
	"strings"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/constant"
	"github.com/llir/llvm/ir/enum"
	"github.com/llir/llvm/ir/types"
	"github.com/llir/llvm/ir/value"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// codeCancelled is what a library returns when it was asked to stop.
const codeCancelled = 3

// align is the alignment of every buffer.
const align = 64

func roundUp(n int) int { return (n + align - 1) / align * align }

// weightsOf returns the weights of p, in order, with where each is in the loaded
// memory, and the size of that.
func weightsOf(p *kernel.Program) (weights []*kernel.Buffer, offsets []int, size int) {
	for _, b := range p.Params {
		if b.Kind == kernel.Weight {
			weights, offsets = append(weights, b), append(offsets, size)
			size += roundUp(b.Bytes)
		}
	}
	return weights, offsets, size
}

// A frame says where a library's run keeps what it needs in the scratch memory
// of its caller: the context, the arena, the worker's scratch.
type frame struct{ arena, scratch, size int }

func frameOf(p *kernel.Program) frame {
	last := 0
	for _, b := range p.Buffers {
		last = max(last, b.ID)
	}
	f := frame{arena: roundUp(kernel.CtxBuffers + 8*(last+1))}
	f.scratch = f.arena + roundUp(p.Arena)
	f.size = f.scratch + roundUp(p.Scratch)
	return f
}

// library defines the functions of a C library around the program, for one
// thread: name_weights_size and its kin, as Header declares them.
func (m *module) library(p *kernel.Program, name string, program *llir.Func) {
	weights, offsets, size := weightsOf(p)
	frame := frameOf(p)
	// One alignment more than needed: memory from malloc will do.
	for _, f := range []struct {
		name string
		size int
	}{{"_weights_size", size + align}, {"_scratch_size", frame.size + align}} {
		e := m.define(name+f.name, enum.LinkageNone, types.I64)
		e.cur.NewRet(i64(f.size))
	}
	m.names(name, weights)
	m.loader(name, weights, offsets)
	m.runner(p, name, program, weights, offsets, frame)
}

// names defines the list of the weights' names.
func (m *module) names(name string, weights []*kernel.Buffer) {
	var list []constant.Constant
	for i, b := range weights {
		text := constant.NewCharArrayFromString(b.Value.Name + "\x00")
		g := m.m.NewGlobalDef(fmt.Sprintf("%s.name.%d", name, i), text)
		g.Linkage, g.Immutable = enum.LinkageInternal, true
		list = append(list, constant.NewBitCast(g, types.I8Ptr))
	}
	list = append(list, constant.NewNull(types.I8Ptr))
	g := m.m.NewGlobalDef(name+"_weight_names", constant.NewArray(types.NewArray(uint64(len(list)), types.I8Ptr), list...))
	g.Immutable, g.Align = true, 8
}

// aligned returns the first aligned address from p on.
func (e *emitter) aligned(p value.Value) value.Value {
	n := e.cur.NewPtrToInt(p, types.I64)
	up := e.cur.NewAnd(e.add(n, i64(align-1)), i64(-align))
	return e.at(types.I8, p, e.sub(up, n))
}

// pointer returns element i of a list of pointers.
func (e *emitter) pointer(list value.Value, i int) value.Value {
	return e.load(types.I8Ptr, e.at(types.I8Ptr, list, i64(i)), 0)
}

// loader defines name_load, which copies the weights.
func (m *module) loader(name string, weights []*kernel.Buffer, offsets []int) {
	from, to := llir.NewParam("weights", types.NewPointer(types.I8Ptr)), llir.NewParam("loaded", types.I8Ptr)
	e := m.define(name+"_load", enum.LinkageNone, types.I32, from, to)
	base := e.aligned(to)
	copyBytes := m.declare("llvm.memcpy.p0i8.p0i8.i64", types.Void, types.I8Ptr, types.I8Ptr, types.I64, types.I1)
	for i, b := range weights {
		if n := b.Type.Bytes(); n > 0 {
			e.cur.NewCall(copyBytes, e.at(types.I8, base, i64(offsets[i])), e.pointer(from, i), i64(n), constant.False)
		}
	}
	e.cur.NewRet(constant.NewInt(types.I32, 0))
}

// runner defines name_run: it makes the context in the scratch memory and calls
// the program.
func (m *module) runner(p *kernel.Program, name string, program *llir.Func, weights []*kernel.Buffer, offsets []int, frame frame) {
	list := types.NewPointer(types.I8Ptr)
	loaded, inputs := llir.NewParam("loaded", types.I8Ptr), llir.NewParam("inputs", list)
	outputs, scratch := llir.NewParam("outputs", list), llir.NewParam("scratch", types.I8Ptr)
	e := m.define(name+"_run", enum.LinkageNone, types.I32, loaded, inputs, outputs, scratch)
	ctx := e.aligned(scratch)
	place := func(off int) value.Value { return e.at(types.I8, ctx, i64(off)) }
	word := func(off int, t types.Type) value.Value { return e.bitcast(place(off), types.NewPointer(t)) }
	set := func(id int, address value.Value) {
		e.store(address, word(kernel.CtxBuffers+8*id, types.I8Ptr))
	}
	e.store(constant.NewInt(types.I32, 0), word(kernel.CtxCancel, types.I32))
	e.store(i64(0), word(kernel.CtxErrors+kernel.CtxErrorCode, types.I64))
	set(0, place(frame.scratch))
	base := value.Value(loaded)
	if len(weights) > 0 {
		base = e.aligned(loaded)
	}
	for i, b := range weights {
		set(b.ID, e.at(types.I8, base, i64(offsets[i])))
	}
	in := 0
	for _, b := range p.Params {
		if b.Kind == kernel.Argument {
			set(b.ID, e.pointer(inputs, in))
			in++
		}
	}
	for i, b := range p.Results {
		set(b.ID, e.pointer(outputs, i))
	}
	for _, b := range p.Buffers {
		if b.Kind == kernel.Temp {
			set(b.ID, place(frame.arena+b.Offset))
		}
	}
	e.cur.NewCall(program, ctx, i64(0), i64(1))
	code := e.cur.NewTrunc(e.load(types.I64, word(kernel.CtxErrors+kernel.CtxErrorCode, types.I64), 0), types.I32)
	stopped := e.icmp(enum.IPredNE, e.load(types.I32, word(kernel.CtxCancel, types.I32), 0), constant.NewInt(types.I32, 0))
	none := e.icmp(enum.IPredEQ, code, constant.NewInt(types.I32, 0))
	e.cur.NewRet(e.choose(e.cur.NewAnd(none, stopped), constant.NewInt(types.I32, codeCancelled), code))
}

// Header returns the C header of the library that Emit makes of p with the
// prefix name.
func Header(p *kernel.Program, name string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	upper := strings.ToUpper(name)
	list := func(title string, buffers []*kernel.Buffer) {
		line(" * %s:", title)
		if len(buffers) == 0 {
			line(" *   none")
		}
		for i, x := range buffers {
			line(" *   [%d] %s", i, comment(fmt.Sprintf("%v: %v, %d bytes", x.Value, x.Type, x.Type.Bytes())))
		}
	}
	var inputs []*kernel.Buffer
	for _, x := range p.Params {
		if x.Kind == kernel.Argument {
			inputs = append(inputs, x)
		}
	}
	weights, _, _ := weightsOf(p)
	line("/* %s, compiled ahead of time.", comment(p.Func.Name))
	line(" *")
	line(" * Buffers are row-major and aligned to %d bytes; bool is a byte, 0 or 1; bf16 and", align)
	line(" * f16 are their 16 bits. Outputs overlap nothing else.")
	line(" *")
	list("inputs", inputs)
	list("outputs", p.Results)
	list("weights", weights)
	line(" */")
	line("#ifndef %s_H\n#define %s_H\n", upper, upper)
	line("#include <stddef.h>\n")
	line("#ifdef __cplusplus\nextern \"C\" {\n#endif\n")
	line("/* What the functions return. */")
	line("enum {")
	line("    %s_OK = 0,", upper)
	line("    %s_INDEX_OUT_OF_RANGE = %d,", upper, CodeIndex)
	line("    %s_DIVISION_BY_ZERO = %d,", upper, CodeDivision)
	line("    %s_CANCELLED = %d", upper, codeCancelled)
	line("};\n")
	line("/* The bytes that %[1]s_load fills and %[1]s_run reads. */\nsize_t %[1]s_weights_size(void);\n", name)
	line("/* The bytes that a call of %[1]s_run works in. */\nsize_t %[1]s_scratch_size(void);\n", name)
	line("/* Makes the weights, in the order of %s_weight_names, ready in loaded. */", name)
	line("int %s_load(const void *const *weights, void *loaded);\n", name)
	line("/* Computes outputs on the calling thread. Calls with different scratch memory may\n * overlap. */")
	line("int %s_run(const void *loaded, const void *const *inputs, void *const *outputs, void *scratch);\n", name)
	line("/* The names of the weights, ended by 0. */\nextern const char *const %s_weight_names[];\n", name)
	line("#ifdef __cplusplus\n}\n#endif\n\n#endif")
	return b.String()
}

// comment returns text that cannot end a comment.
func comment(text string) string { return strings.ReplaceAll(text, "*/", "* /") }
