package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// An entry is a function that can be run: all its parameters have types.
type entry struct {
	name  string
	fn    *syntax.Fn
	model *modelDecl // nil for a function of the file
	file  *syntax.File
}

// An Entry describes a function that can be run, sizes left symbolic.
type Entry struct {
	Name    string   `json:"name"`
	Params  []Field  `json:"params"`
	Weights []Field  `json:"weights"`
	Results []string `json:"results"`
}

// A Field is a parameter or a weight: its name, for a weight the full one, and
// its type as the language writes it; int, float or flag for a static one.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// functions lists the functions of a file in source order.
func (p *Program) functions(file *syntax.File) []*entry {
	var out []*entry
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *syntax.Fn:
			out = append(out, &entry{d.Name.Name, d, nil, file})
		case *syntax.Model:
			for _, m := range d.Members {
				if fn, ok := m.(*syntax.Fn); ok {
					out = append(out, &entry{d.Name.Name + "." + fn.Name.Name, fn, p.models[d], file})
				}
			}
		}
	}
	return out
}

// typed reports whether all parameters of a function are typed or static.
func typed(fn *syntax.Fn) bool {
	return !slices.ContainsFunc(fn.Params, func(q *syntax.Param) bool { return q.Type == nil && q.Static == syntax.NotStatic })
}

// entries lists the main file's own functions that can be run.
func (p *Program) entries() []*entry {
	return slices.DeleteFunc(p.functions(p.main.File), func(e *entry) bool { return !typed(e.fn) })
}

// Entries lists the main file's own functions that can be run, in source
// order. Sizes are symbolic. Of a program that Check finds wrong, what could
// be found out is listed.
func (p *Program) Entries() []Entry {
	var out []Entry
	for _, e := range p.entries() {
		var errs source.Errors
		c := p.newChecker(e.name, true, &errs)
		r := c.runSymbolic(e)
		if c.limited { // those that call it would take as long; Check has said so
			break
		}
		d := Entry{Name: e.name, Params: []Field{}, Weights: []Field{}, Results: r.results}
		for i, q := range e.fn.Params {
			d.Params = append(d.Params, Field{q.Name.Name, r.params[i]})
		}
		for _, w := range c.reached() {
			d.Weights = append(d.Weights, Field{w.name, w.param.Type.String()})
		}
		out = append(out, d)
	}
	return out
}

// EntryName returns the full name of the entry that the user calls name: where
// name is empty, the only entry, or the only one called main or forward.
func (p *Program) EntryName(name string) (string, error) {
	e, err := p.entry(name)
	if err != nil {
		return "", err
	}
	return e.name, nil
}

// entry finds an entry.
func (p *Program) entry(name string) (*entry, error) {
	all := p.entries()
	var names, usual []string
	for _, e := range all {
		names = append(names, e.name)
		if last := e.name[strings.LastIndexByte(e.name, '.')+1:]; last == "main" || last == "forward" {
			usual = append(usual, e.name)
		}
	}
	file := source.Pos{File: p.main.File.Source}
	if name == "" {
		switch {
		case len(all) == 1:
			return all[0], nil
		case len(usual) == 1:
			name = usual[0]
		case len(all) == 0:
			return nil, &source.Error{Pos: file, Msg: "the file has no entry: no function whose parameters are all typed or static"}
		default:
			return nil, &source.Error{Pos: file, Msg: fmt.Sprintf("the file has %d entries, name one of them: %s", len(all), list(names))}
		}
	}
	if i := slices.Index(names, name); i >= 0 {
		return all[i], nil
	}
	for _, e := range p.functions(p.main.File) {
		if e.name == name {
			i := slices.IndexFunc(e.fn.Params, func(q *syntax.Param) bool { return q.Type == nil && q.Static == syntax.NotStatic })
			return nil, &source.Error{
				Pos: e.fn.Params[i].Name.At,
				Msg: fmt.Sprintf("%s is no entry: its parameter %s has no type", source.Quote(name), source.Quote(e.fn.Params[i].Name.Name)),
			}
		}
	}
	return nil, &source.Error{Pos: file, Msg: fmt.Sprintf("no entry is called %s", source.Quote(name)), Hint: choice(name, names)}
}

// A symbolicRun is what checking a function with symbolic sizes found.
type symbolicRun struct {
	params  []string // types of the parameters
	results []string // types of the results
}

// symbolicFrame returns the frame of a function whose sizes are variables, as
// are its static numbers; flags are open.
func (c *checker) symbolicFrame(e *entry) *frame {
	f := &frame{c: c, fn: e.fn, file: e.file, names: map[string]value{}, fixed: map[string]bool{}}
	if e.model != nil {
		f.inst = &instance{decl: e.model, sizes: map[string]value{}, subs: map[string]value{}}
		for _, q := range e.model.tree.Sizes {
			f.inst.sizes[q.Name.Name] = c.symbolicStatic(q, q.Static != syntax.NotStatic)
		}
	}
	for _, name := range c.program.sizeVars(e.fn, e.file, e.model) {
		f.names[name] = sizeNamed(name)
	}
	for _, q := range e.fn.Params {
		if q.Static != syntax.NotStatic {
			f.names[q.Name.Name] = c.symbolicStatic(q, true)
		}
	}
	return f
}

// symbolicStatic returns a static parameter of which only the kind is known.
func (c *checker) symbolicStatic(q *syntax.Param, signed bool) value {
	if q.Static == syntax.Flag {
		return value{kind: flagKind, flag: open}
	}
	if signed {
		c.signed[q.Name.Name] = true
	}
	return intValue(dim.Var(q.Name.Name))
}

// runSymbolic checks a function whose parameters are all typed or static.
func (c *checker) runSymbolic(e *entry) symbolicRun {
	f := c.symbolicFrame(e)
	return c.runEntry(f, e)
}

// runEntry makes the parameters of an entry and evaluates its body in f, where
// sizes and static parameters are bound.
func (c *checker) runEntry(f *frame, e *entry) symbolicRun {
	r := symbolicRun{results: []string{}}
	ok := true
	for _, q := range e.fn.Params {
		if q.Static != syntax.NotStatic {
			r.params = append(r.params, q.Static.String())
			continue
		}
		v := unknownValue
		written := "?"
		if q.Type != nil {
			written = typeString(q.Type)
			t, fine := f.typ(q.Type)
			if fine {
				param, val := c.param(q.Name.Name, t, false, q.Name.At)
				if val != nil {
					v = tensorValue(val)
				}
				fine = param != nil
			}
			ok = ok && fine
		}
		r.params = append(r.params, written)
		f.names[q.Name.Name] = v
	}
	if !ok {
		return r
	}
	c.calls = append(c.calls, call{fn: e.fn, inst: f.inst})
	v := f.run()
	c.calls = c.calls[:len(c.calls)-1]
	c.finish(f, v)
	for i, t := range c.b.F.Results {
		_ = i
		r.results = append(r.results, t.Type.String())
	}
	return r
}

// finish makes the results, and puts the parameters in order: arguments, then
// weights as they are declared.
func (c *checker) finish(f *frame, v value) {
	fn := c.b.F
	values := []value{v}
	if v.kind == tupleKind {
		values = v.elems
	}
	for _, v := range values {
		switch v.kind {
		case tensorKind:
		case numberKind, flagKind:
			v = c.scalar(v, v.naturalDType(), f.resultPos())
		default:
			v = badValue
		}
		if v.kind == tensorKind {
			fn.Results = append(fn.Results, v.tensor())
		}
	}
	params := slices.DeleteFunc(slices.Clone(fn.Params), func(p *ir.Value) bool { return p.Weight })
	for _, w := range c.reached() {
		params = append(params, w.param)
	}
	fn.Params = params
	fn.Body = slices.Concat(c.prologue, fn.Body)
}
