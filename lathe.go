// Package lathe compiles models written in Lathe's language to native code and
// runs it in process.
//
// A [Program] is a text that was read. [Program.Compile] makes an [Executable]
// of one of its entries, for the shapes of its arguments, the weights and the
// processor at hand. [Executable.Run] evaluates it.
//
//	program, err := lathe.Load("gau.lathe")
//	...
//	x, err := program.Compile(ctx, "Gau.forward", lathe.Options{
//		Set:         map[string]string{"b": "1", "n": "1024"},
//		WeightFiles: []string{"gau.safetensors"},
//	})
//	...
//	defer x.Close()
//	results, err := x.Run(ctx, input, bias)
//
// Compiling needs the LLVM library, which is found at run time; running does
// not call anything but the compiled code.
package lathe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/lathe-lang/lathe/frontend"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/tensor"
	"github.com/lathe-lang/lathe/passes"
	"github.com/lathe-lang/lathe/runtime"
)

// A Program is a model's text, read and parsed. It is safe for concurrent use.
type Program struct {
	text   *frontend.Program
	module *ir.Module // of a file in the IR's text form, in place of text
	packs  runtime.Packs
}

// Load reads the program in a file and the files that it imports. A file whose
// name ends in .ir is in the text form of the IR, as lathe dump writes it. The
// error joins up to ten source errors, or is that of the operating system.
func Load(path string) (*Program, error) {
	if filepath.Ext(path) == ".ir" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return LoadText(path, string(text))
	}
	text, err := frontend.Load(path)
	if err != nil {
		return nil, err
	}
	return &Program{text: text}, nil
}

// LoadText is Load for a text; the name stands in messages. It can import
// nothing.
func LoadText(name, text string) (*Program, error) {
	if strings.HasSuffix(name, ".ir") {
		module, err := ir.Parse(&source.File{Name: name, Text: text})
		if err == nil {
			err = ir.VerifyModule(module)
		}
		if err != nil {
			return nil, err
		}
		return &Program{module: module}, nil
	}
	parsed, err := frontend.LoadText(name, text)
	if err != nil {
		return nil, err
	}
	return &Program{text: parsed}, nil
}

// FromFunc is the program of one function of the IR, which it keeps and changes.
func FromFunc(f *ir.Func) (*Program, error) {
	if err := ir.Verify(f); err != nil {
		return nil, err
	}
	return &Program{module: &ir.Module{Funcs: []*ir.Func{f}}}, nil
}

// Check checks the whole program with sizes left symbolic.
func (p *Program) Check() error {
	if p.text == nil {
		return nil // verified when it was read
	}
	return p.text.Check()
}

// Text returns the parsed text; nil for a program in the IR's form.
func (p *Program) Text() *frontend.Program { return p.text }

// Funcs returns the functions of a program in the IR's form, which are only to
// be read; nil for one in the language.
func (p *Program) Funcs() []*ir.Func {
	if p.module == nil {
		return nil
	}
	return p.module.Funcs
}

// Entry completes the name of an entry: "" is the only one, or the one called
// main or forward.
func (p *Program) Entry(name string) (string, error) {
	if p.text != nil {
		return p.text.EntryName(name)
	}
	if name == "" {
		var called []string // main or forward
		for _, f := range p.module.Funcs {
			switch f.Name[strings.LastIndexByte(f.Name, '.')+1:] {
			case "main", "forward":
				called = append(called, f.Name)
			}
		}
		switch {
		case len(p.module.Funcs) == 1:
			return p.module.Funcs[0].Name, nil
		case len(called) == 1:
			return called[0], nil
		}
	}
	if p.module.Func(name) != nil {
		return name, nil
	}
	var names []string
	for _, f := range p.module.Funcs {
		names = append(names, f.Name)
	}
	return "", fmt.Errorf("no entry is called %q; the file has %s", name, strings.Join(names, ", "))
}

// Func returns an entry as a function of the IR, as written, for the sizes that
// the options determine: sizes that are set, arguments' and weights' types.
func (p *Program) Func(entry string, opts Options) (*ir.Func, *frontend.Signature, error) {
	name, err := p.Entry(entry)
	if err != nil {
		return nil, nil, err
	}
	w, err := opts.weights()
	if err != nil {
		return nil, nil, err
	}
	defer w.Close()
	return p.instantiate(name, opts, w)
}

func (p *Program) instantiate(name string, opts Options, w *weights) (*ir.Func, *frontend.Signature, error) {
	if p.text != nil {
		return p.text.Instantiate(name, frontend.Binding{Set: opts.Set, Params: opts.Args, Weights: w.types()})
	}
	// A module's functions are parsed anew, for passes change them.
	module, err := ir.Parse(&source.File{Name: name, Text: p.module.String()})
	if err != nil {
		return nil, nil, err
	}
	f := module.Func(name)
	sig := &frontend.Signature{}
	for _, v := range f.Params {
		if !v.Type.Static() {
			return nil, nil, fmt.Errorf("%s of %s has sizes that are not known: %v", v.Name, name, v.Type)
		}
		n := named(v)
		if v.Weight {
			sig.Weights = append(sig.Weights, n)
		} else {
			sig.Params = append(sig.Params, n)
		}
	}
	for _, v := range f.Results {
		sig.Results = append(sig.Results, v.Type)
	}
	return f, sig, nil
}

// Compile makes native code of an entry. It returns source errors for what is
// wrong with the program or the sizes, an error that lists what to install
// where there is no LLVM, ctx.Err() if ctx ended first, and *InternalError for a
// bug of the compiler.
func (p *Program) Compile(ctx context.Context, entry string, opts Options) (*Executable, error) {
	x, err := p.compile(ctx, entry, opts)
	if errors.Is(err, errOtherLibrary) {
		if disk := opts.diskCache(); disk != nil {
			forget(opts.LLVM, disk)
			disk.close()
		}
		return p.compile(ctx, entry, opts)
	}
	return x, err
}

func (p *Program) compile(ctx context.Context, entry string, opts Options) (x *Executable, err error) {
	stage := "load"
	defer func() {
		if r := recover(); r != nil {
			x, err = nil, &InternalError{Stage: stage, Entry: entry, Value: r, Stack: debug.Stack()}
		}
	}()
	name, err := p.Entry(entry)
	if err != nil {
		return nil, err
	}
	if err := opts.checkThreads(); err != nil {
		return nil, err
	}
	w, err := opts.weights()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()

	stage = "check"
	f, sig, err := p.instantiate(name, opts, w)
	if err != nil {
		return nil, err
	}
	bound, err := w.bind(sig)
	if err != nil {
		return nil, err
	}
	if err := ir.Verify(f); err != nil {
		return nil, err
	}
	for _, v := range f.Results {
		if _, _, err := tensor.Size(v.Type.DType, v.Type.Dims(), 0); err != nil {
			return nil, &source.Error{Pos: v.Pos, Msg: fmt.Sprintf("a result is too large: %v", err)}
		}
	}
	opts.see("ir", f.String)

	stage = "passes"
	if err := passes.Run(ctx, f, opts.passes()); err != nil {
		return nil, err
	}
	opts.see("opt", f.String)

	stage = "kernels"
	disk := opts.diskCache()
	defer disk.close()
	host, err := machineFor(ctx, opts.LLVM, disk)
	if err != nil {
		return nil, err
	}
	program, objects, err := native(ctx, host, f, disk, opts, &stage)
	var bug *InternalError
	if errors.As(err, &bug) {
		bug.Entry = name
	}
	if err != nil {
		return nil, err
	}
	return newExecutable(ctx, host, program, sig, objects, bound, &p.packs, opts)
}

// An InternalError is a bug of the compiler.
type InternalError struct {
	Stage string // where it happened
	Entry string
	Value any // what was recovered, or an error
	Stack []byte
}

// Error says that it is a bug, and where.
func (e *InternalError) Error() string {
	return fmt.Sprintf("internal error while compiling %s (%s): %v", e.Entry, e.Stage, e.Value)
}
