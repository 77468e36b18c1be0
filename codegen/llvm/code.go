package llvm

import (
	"bytes"
	"fmt"
	"strings"

	llir "github.com/llir/llvm/ir"
	"github.com/llir/llvm/ir/enum"

	"github.com/lathe-lang/lathe/codegen/kernel"
)

// A Code is a program as LLVM IR: the functions that call kernels, and the
// kernels. It is one module, or several that can be compiled at the same time.
type Code struct {
	main *module // its kernels have modules of their own
}

func newCode(m *module, p *kernel.Program) *Code {
	for _, k := range m.kernels {
		k.m.setNumber(scratchName, p.Scratch)
	}
	return &Code{main: m}
}

// Text returns the program as one module.
func (c *Code) Text() []byte {
	w := newWriter(c.main)
	w.module(c.main)
	w.functions(c.main.kernels, "internal")
	return w.b.Bytes()
}

// partBytes is how much text of kernels is enough for a module of its own, some
// milliseconds of work.
const partBytes = 64 << 10

// Modules returns the program as modules that use what others define: the first
// has the functions that call kernels, the others have the kernels in order, as
// many as make enough work. So they depend on the program alone.
func (c *Code) Modules() [][]byte {
	w := newWriter(c.main)
	w.module(c.main)
	for _, k := range c.main.kernels {
		w.add(declaration(k.fn))
	}
	out := [][]byte{w.b.Bytes()}
	for rest := c.main.kernels; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size+len(rest[n].text) <= partBytes) {
			size += len(rest[n].text)
			n++
		}
		w := newWriter(c.main)
		w.functions(rest[:n], "hidden") // other modules call them, other objects in the process don't see them
		out, rest = append(out, w.b.Bytes()), rest[n:]
	}
	return out
}

// declaration returns the declaration of a kernel that another module defines.
func declaration(kernel *llir.Func) string {
	f := llir.NewFunc(kernel.Name(), kernel.Sig.RetType)
	for _, t := range kernel.Sig.Params {
		f.Params = append(f.Params, llir.NewParam("", t))
	}
	f.Visibility = enum.VisibilityHidden
	return f.LLString()
}

// A moduleWriter writes the text of a module.
type moduleWriter struct {
	b    bytes.Buffer
	seen map[string]bool // names of what is written
}

func newWriter(m *module) *moduleWriter {
	w := &moduleWriter{seen: map[string]bool{}}
	if t := m.m.TargetTriple; t != "" {
		w.add(fmt.Sprintf("target triple = %q", t))
	}
	return w
}

func (w *moduleWriter) add(text string) {
	w.b.WriteString(text)
	w.b.WriteString("\n\n")
}

// functions writes functions of kernels, with what they refer to.
func (w *moduleWriter) functions(fs []*kernelCode, visibility string) {
	for _, f := range fs {
		w.seen[f.fn.Name()] = true // what calls it declares it
	}
	for _, f := range fs {
		w.module(f.m)
	}
	for _, f := range fs {
		w.add(strings.Replace(f.text, "define internal ", "define "+visibility+" ", 1))
	}
}

// module writes what m has, as far as it is not written yet: equal names stand
// for the same.
func (w *moduleWriter) module(m *module) {
	fresh := func(name string) bool {
		if w.seen[name] {
			return false
		}
		w.seen[name] = true
		return true
	}
	for _, g := range m.m.Globals {
		if fresh(g.Name()) {
			w.add(g.LLString())
		}
	}
	for _, f := range m.m.Funcs {
		if fresh(f.Name()) {
			w.add(f.LLString())
		}
	}
}
