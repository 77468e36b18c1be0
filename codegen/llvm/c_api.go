package llvm

import (
	"fmt"
	"slices"
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

// weightsOf returns the weights of p, in order.
func weightsOf(p *kernel.Program) []*kernel.Buffer {
	var out []*kernel.Buffer
	for _, b := range p.Params {
		if b.Kind == kernel.Weight {
			out = append(out, b)
		}
	}
	return out
}

// A loadedFrame says what lies where in the loaded memory of a library: copies
// of the weights that calls read, the values that loading makes, and behind
// them what it needs while it does so, as a frame.
type loadedFrame struct {
	weights map[*kernel.Buffer]int // where the copies are
	values  int                    // where the buffers of kind Loaded begin
	run     int                    // where the frame is
	frame   frame
	size    int
}

func loadedFrameOf(p *kernel.Program) loadedFrame {
	f := loadedFrame{weights: map[*kernel.Buffer]int{}}
	reads := p.Reads(p.Steps)
	for _, b := range weightsOf(p) {
		if slices.Contains(reads, b) {
			f.weights[b] = f.values
			f.values += roundUp(b.Bytes)
		}
	}
	f.run = f.values + roundUp(p.Loaded)
	f.size = f.run
	if len(p.Load) > 0 {
		f.frame = frameOf(p, p.Making)
		f.size += f.frame.size
	}
	return f
}

// A frame says where a function of a library keeps what it needs in memory of
// its caller: the context, the arena, the worker's scratch.
type frame struct{ arena, scratch, size int }

func frameOf(p *kernel.Program, arena int) frame {
	last := 0
	for _, b := range p.Buffers {
		last = max(last, b.ID)
	}
	f := frame{arena: roundUp(kernel.CtxBuffers + 8*(last+1))}
	f.scratch = f.arena + roundUp(arena)
	f.size = f.scratch + roundUp(p.Scratch)
	return f
}

// library defines the functions of a C library around the program and what
// loads its weights (nil for nothing), for one thread: name_weights_size and its
// kin, as Header declares them.
func (m *module) library(p *kernel.Program, name string, load, program *llir.Func) {
	loaded, frame := loadedFrameOf(p), frameOf(p, p.Arena)
	// One alignment more than needed: memory from malloc will do.
	for _, f := range []struct {
		name string
		size int
	}{{"_weights_size", loaded.size + align}, {"_scratch_size", frame.size + align}} {
		e := m.define(name+f.name, enum.LinkageNone, types.I64)
		e.cur.NewRet(i64(f.size))
	}
	m.names(name, weightsOf(p))
	m.loader(p, name, load, loaded)
	m.runner(p, name, program, loaded, frame)
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

// A libraryCall emits a function of a library that makes a context and calls a
// program with it.
type libraryCall struct {
	*emitter
	ctx value.Value // i8*
}

// begin clears the context, and points it to the worker's scratch.
func (e libraryCall) begin(f frame) {
	e.store(constant.NewInt(types.I32, 0), e.word(kernel.CtxCancel, types.I32))
	e.store(i64(0), e.word(kernel.CtxErrors+kernel.CtxErrorCode, types.I64))
	e.point(0, e.place(f.scratch))
}

// place returns the address at a distance from the context.
func (e libraryCall) place(off int) value.Value { return e.at(types.I8, e.ctx, i64(off)) }

func (e libraryCall) word(off int, t types.Type) value.Value {
	return e.bitcast(e.place(off), types.NewPointer(t))
}

// point sets the address of a buffer.
func (e libraryCall) point(id int, address value.Value) {
	e.store(address, e.word(kernel.CtxBuffers+8*id, types.I8Ptr))
}

// end calls the program and returns what it found.
func (e libraryCall) end(program *llir.Func) {
	e.cur.NewCall(program, e.ctx, i64(0), i64(1))
	code := e.cur.NewTrunc(e.load(types.I64, e.word(kernel.CtxErrors+kernel.CtxErrorCode, types.I64), 0), types.I32)
	stopped := e.icmp(enum.IPredNE, e.load(types.I32, e.word(kernel.CtxCancel, types.I32), 0), constant.NewInt(types.I32, 0))
	none := e.icmp(enum.IPredEQ, code, constant.NewInt(types.I32, 0))
	e.cur.NewRet(e.choose(e.cur.NewAnd(none, stopped), constant.NewInt(types.I32, codeCancelled), code))
}

// loader defines name_load: it copies the weights that calls read, and calls the
// program that makes the rest.
func (m *module) loader(p *kernel.Program, name string, load *llir.Func, f loadedFrame) {
	from, to := llir.NewParam("weights", types.NewPointer(types.I8Ptr)), llir.NewParam("loaded", types.I8Ptr)
	e := m.define(name+"_load", enum.LinkageNone, types.I32, from, to)
	base := e.aligned(to)
	copyBytes := m.declare("llvm.memcpy.p0i8.p0i8.i64", types.Void, types.I8Ptr, types.I8Ptr, types.I64, types.I1)
	weights := weightsOf(p)
	for i, b := range weights {
		if at, ok := f.weights[b]; ok && b.Type.Bytes() > 0 {
			e.cur.NewCall(copyBytes, e.at(types.I8, base, i64(at)), e.pointer(from, i), i64(b.Type.Bytes()), constant.False)
		}
	}
	if load == nil {
		e.cur.NewRet(constant.NewInt(types.I32, 0))
		return
	}
	c := libraryCall{e, e.at(types.I8, base, i64(f.run))}
	c.begin(f.frame)
	for i, b := range weights {
		c.point(b.ID, e.pointer(from, i))
	}
	for _, b := range p.Buffers {
		switch b.Kind {
		case kernel.Loaded:
			c.point(b.ID, e.at(types.I8, base, i64(f.values+b.Offset)))
		case kernel.LoadTemp:
			c.point(b.ID, c.place(f.frame.arena+b.Offset))
		}
	}
	c.end(load)
}

// runner defines name_run: it makes the context in the scratch memory and calls
// the program.
func (m *module) runner(p *kernel.Program, name string, program *llir.Func, f loadedFrame, frame frame) {
	list := types.NewPointer(types.I8Ptr)
	loaded, inputs := llir.NewParam("loaded", types.I8Ptr), llir.NewParam("inputs", list)
	outputs, scratch := llir.NewParam("outputs", list), llir.NewParam("scratch", types.I8Ptr)
	e := m.define(name+"_run", enum.LinkageNone, types.I32, loaded, inputs, outputs, scratch)
	c := libraryCall{e, e.aligned(scratch)}
	c.begin(frame)
	base := value.Value(loaded)
	if f.size > 0 {
		base = e.aligned(loaded)
	}
	in := 0
	for _, b := range p.Params {
		if b.Kind == kernel.Argument {
			c.point(b.ID, e.pointer(inputs, in))
			in++
		}
	}
	for i, b := range p.Results {
		c.point(b.ID, e.pointer(outputs, i))
	}
	for _, b := range p.Buffers {
		switch b.Kind {
		case kernel.Weight:
			if at, ok := f.weights[b]; ok {
				c.point(b.ID, e.at(types.I8, base, i64(at)))
			}
		case kernel.Loaded:
			c.point(b.ID, e.at(types.I8, base, i64(f.values+b.Offset)))
		case kernel.Temp:
			c.point(b.ID, c.place(frame.arena+b.Offset))
		}
	}
	c.end(program)
}

// Header returns the C header of the library that Emit makes of p with the
// prefix name.
func Header(p *kernel.Program, name string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	upper := strings.ToUpper(name)
	list := func(title string, buffers []*kernel.Buffer, named bool) {
		line(" * %s:", title)
		if len(buffers) == 0 {
			line(" *   none")
		}
		for i, x := range buffers {
			name := ""
			if named {
				name = x.Value.String() + ": "
			}
			line(" *   [%d] %s", i, comment(fmt.Sprintf("%s%v, %d bytes", name, x.Type, x.Type.Bytes())))
		}
	}
	var inputs []*kernel.Buffer
	for _, x := range p.Params {
		if x.Kind == kernel.Argument {
			inputs = append(inputs, x)
		}
	}
	weights := weightsOf(p)
	line("/* %s, compiled ahead of time.", comment(p.Func.Name))
	line(" *")
	line(" * Buffers are row-major and aligned to %d bytes; bool is a byte, 0 or 1; bf16 and", align)
	line(" * f16 are their 16 bits. Outputs overlap nothing else.")
	line(" *")
	list("inputs", inputs, true)
	list("outputs", p.Results, false)
	list("weights", weights, true)
	line(" */")
	line("#ifndef %s_H\n#define %s_H\n", upper, upper)
	line("#include <stddef.h>\n")
	line("#ifdef __cplusplus\nextern \"C\" {\n#endif\n")
	line("/* What the functions return. */")
	line("enum {")
	line("    %s_OK = 0,", upper)
	line("    %s_INDEX_OUT_OF_RANGE = %d,", upper, CodeIndex)
	line("    %s_DIVISION_BY_ZERO = %d,", upper, CodeDivision)
	line("    %s_CANCELLED = %d,", upper, codeCancelled)
	line("    %s_SLICE_OUT_OF_RANGE = %d", upper, CodeSlice)
	line("};\n")
	line("/* The bytes that %[1]s_load fills and %[1]s_run reads. */\nsize_t %[1]s_weights_size(void);\n", name)
	line("/* The bytes that a call of %[1]s_run works in. */\nsize_t %[1]s_scratch_size(void);\n", name)
	line("/* Makes what calls need of the weights, which are in the order of\n * %s_weight_names, in loaded. They are read here only. */", name)
	line("int %s_load(const void *const *weights, void *loaded);\n", name)
	line("/* Computes outputs on the calling thread. Calls with different scratch memory may\n * overlap. */")
	line("int %s_run(const void *loaded, const void *const *inputs, void *const *outputs, void *scratch);\n", name)
	line("/* The names of the weights, ended by 0. */\nextern const char *const %s_weight_names[];\n", name)
	line("#ifdef __cplusplus\n}\n#endif\n\n#endif")
	return b.String()
}

// comment returns text that cannot end a comment.
func comment(text string) string { return strings.ReplaceAll(text, "*/", "* /") }
