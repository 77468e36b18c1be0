package libllvm

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A Context is where modules live. It is used by one goroutine at a time.
type Context struct {
	lib *Library
	ref handle
	id  uintptr // of its diagnostics
	got *diagnostics
}

// NewContext makes a context. Close ends it and what was parsed in it.
func (l *Library) NewContext() *Context {
	x := &Context{lib: l, ref: l.c.ContextCreate(), got: &diagnostics{c: &l.c}}
	x.id = sinks.add(x.got)
	// Without a handler, an error during code generation ends the process.
	l.c.ContextSetDiagnosticHandler(x.ref, diagnosticHandler(), x.id)
	if l.c.ContextSetOpaquePointers != nil {
		// 15 and 16 have both kinds of pointer. The opaque kind is the tested
		// one there, and typed text parses to it.
		l.c.ContextSetOpaquePointers(x.ref, 1)
	}
	return x
}

// Close frees the context. Its modules must be closed before.
func (x *Context) Close() {
	x.lib.c.ContextDispose(x.ref)
	sinks.remove(x.id)
}

// A Module is IR in a context.
type Module struct {
	x   *Context
	ref handle
}

// Parse reads LLVM IR in its text form; name stands in errors.
func (x *Context) Parse(text []byte, name string) (*Module, error) {
	if len(text) == 0 {
		return nil, errors.New("no IR to parse: the text is empty")
	}
	c := &x.lib.c
	buf := c.CreateMemoryBufferWithMemoryRangeCopy(unsafe.Pointer(&text[0]), uintptr(len(text)), name)
	var mod handle
	var msg *byte
	if c.ParseIRInContext(x.ref, buf, &mod, &msg) != 0 {
		return nil, fmt.Errorf("LLVM cannot read the IR: %s", strings.TrimSpace(c.message(msg)))
	}
	return &Module{x, mod}, nil
}

// Close frees the module.
func (m *Module) Close() { m.x.lib.c.DisposeModule(m.ref) }

// String is the module's text.
func (m *Module) String() string { return m.x.lib.c.message(m.x.lib.c.PrintModuleToString(m.ref)) }

// Verify returns an error for a module that breaks LLVM's rules.
func (m *Module) Verify() error {
	const returnStatus = 2
	c := &m.x.lib.c
	var msg *byte
	bad := c.VerifyModule(m.ref, returnStatus, &msg) != 0
	text := c.message(msg) // allocated, and mostly empty, on success too
	if bad {
		return fmt.Errorf("LLVM finds the IR malformed: %s", strings.TrimSpace(text))
	}
	return nil
}

// RunPasses runs a pipeline in the syntax of LLVM's opt -passes.
func (m *Module) RunPasses(machine *Machine, pipeline string) error {
	c := &m.x.lib.c
	options := c.CreatePassBuilderOptions()
	defer c.DisposePassBuilderOptions(options)
	if err := c.err(c.RunPasses(m.ref, pipeline, machine.ref, options)); err != nil {
		return fmt.Errorf("LLVM's passes %q: %w", pipeline, err)
	}
	return m.x.got.err()
}

// Target makes the module one for the machine: its triple and data layout
// replace those of the text.
func (m *Module) Target(machine *Machine) {
	m.x.lib.c.SetTarget(m.ref, machine.triple)
	m.x.lib.c.SetModuleDataLayout(m.ref, machine.layout)
}

// What Emit makes.
const (
	Assembly = 0
	Object   = 1
)

// Emit generates machine code: an object file, or assembly text. The module is
// spent afterwards.
func (m *Module) Emit(machine *Machine, kind int) ([]byte, error) {
	c := &m.x.lib.c
	var buf handle
	var msg *byte
	if c.TargetMachineEmitToMemoryBuffer(machine.ref, m.ref, int32(kind), &msg, &buf) != 0 {
		return nil, fmt.Errorf("LLVM cannot generate code: %s", c.message(msg))
	}
	defer c.DisposeMemoryBuffer(buf)
	if err := m.x.got.err(); err != nil {
		return nil, err
	}
	code := unsafe.Slice((*byte)(c.GetBufferStart(buf)), c.GetBufferSize(buf))
	return append([]byte(nil), code...), nil
}

// diagnostics collects what LLVM reports in one context.
type diagnostics struct {
	c        *functions
	messages []string // errors and warnings
	failed   bool     // one of them is an error
}

// err is the error that was reported, if any.
func (d *diagnostics) err() error {
	if !d.failed {
		return nil
	}
	return fmt.Errorf("LLVM reports: %s", strings.Join(d.messages, "; "))
}

// sinks finds the diagnostics of a context by the number that LLVM was given
// for it: a C library must not keep a Go pointer.
var sinks = sinkTable{by: map[uintptr]*diagnostics{}}

type sinkTable struct {
	mu   sync.Mutex
	last uintptr
	by   map[uintptr]*diagnostics
}

func (t *sinkTable) add(d *diagnostics) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.by[t.last] = d
	return t.last
}

func (t *sinkTable) remove(id uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, id)
}

func (t *sinkTable) get(id uintptr) *diagnostics {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[id]
}

// diagnosticHandler is the C function for LLVMContextSetDiagnosticHandler. One
// serves all contexts, since functions made for C are never freed.
var diagnosticHandler = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(info, id uintptr) uintptr {
		const severityError, severityWarning = 0, 1
		d := sinks.get(id)
		if d == nil {
			return 0
		}
		// Remarks and notes come too, by the hundred.
		severity := d.c.GetDiagInfoSeverity(info)
		if severity > severityWarning {
			return 0
		}
		d.failed = d.failed || severity == severityError
		d.messages = append(d.messages, d.c.message(d.c.GetDiagInfoDescription(info)))
		return 0
	})
})

// resolved follows symbolic links where it can.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
