package check

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
)

// A Signature says what an instantiated entry takes and gives.
type Signature struct {
	Params  []Named // in order, static parameters apart
	Weights []Named // those that the entry reaches, in the order of declaration
	Results []ir.Type
	Sizes   []Size // sizes of the model, static parameters, size variables
}

// A Named is a parameter or a weight with its type, declared structure included.
type Named struct {
	Name string
	Type ir.Type
}

// Requirements say what an entry takes, as far as a partial binding tells.
type Requirements struct {
	Signature
	Missing []string       // sizes and static parameters that nothing determines
	Statics []Field        // those of Missing that are static parameters, with their kind: int, float or flag
	Bounds  map[string]int // of integer arguments that serve as indices: the number below which they must stay; known only if nothing is missing
}

// Check checks every declaration of the program with sizes left symbolic: both
// branches where only sizes choose, the body of a loop once where only sizes
// say how often it turns. Functions with untyped parameters are checked at
// each call. It returns up to source.MaxErrors source errors, joined, in source
// order, or nil.
func (p *Program) Check() error {
	var errs source.Errors
	for _, u := range p.units {
		for _, d := range u.File.Decls {
			if errs.Full() {
				break
			}
			c := p.newChecker("", true, &errs)
			switch d := d.(type) {
			case *syntax.Const:
				c.constant(d)
			case *syntax.Model:
				c.checkModel(d)
			}
		}
		for _, e := range p.functions(u.File) {
			if errs.Full() {
				break
			}
			c := p.newChecker(e.name, true, &errs)
			c.runSymbolic(e)
			if c.limited { // so would be those that call it, each after as long
				return errs.Err()
			}
		}
	}
	return errs.Err()
}

// checkModel checks sizes, weights and sub-models of a model.
func (c *checker) checkModel(m *syntax.Model) {
	e := &entry{name: m.Name.Name, fn: &syntax.Fn{Name: m.Name, Body: &syntax.Block{}}, model: c.program.models[m], file: c.program.file[m]}
	f := c.symbolicFrame(e)
	sizes := &frame{c: c, file: e.file, names: map[string]value{}}
	for _, q := range m.Sizes {
		if q.Default != nil {
			c.static(q, sizes.eval(q.Default), q.Default.Pos())
		}
		sizes.names[q.Name.Name] = f.inst.sizes[q.Name.Name]
	}
	for _, member := range m.Members {
		switch member := member.(type) {
		case *syntax.Weight:
			c.weight(f.inst, member)
		case *syntax.SubModel:
			v, _ := c.member(f.inst, member.Name.Name, member.Name.At)
			if v.kind == subListKind {
				c.element(v.subs, c.unknownSize())
			}
		}
	}
}

// Instantiate makes the function of an entry for the sizes that a binding
// determines. Its parameters are the entry's arguments in order, then the
// weights that it reaches, by full name in the order of declaration. All sizes
// in it are constant. It returns source errors, joined, where a size is
// missing or contradicted, or where the program is wrong for these sizes.
// Weights that the binding lacks are no error: the signature lists all.
func (p *Program) Instantiate(name string, b Binding) (*ir.Func, *Signature, error) {
	e, err := p.entry(name)
	if err != nil {
		return nil, nil, err
	}
	var errs source.Errors
	s := p.solve(p.newChecker(e.name, true, &errs), e, b)
	for _, u := range s.missing() {
		if errs.Len() > 0 {
			break
		}
		if !u.model {
			s.c.missingSize(u)
		}
	}
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	fn, sig := p.build(e, s, &errs)
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}
	return fn, sig, nil
}

// build evaluates an entry with the sizes that were found.
func (p *Program) build(e *entry, s *solver, errs *source.Errors) (*ir.Func, *Signature) {
	c := p.newChecker(e.name, false, errs)
	f := &frame{c: c, fn: e.fn, file: e.file, names: map[string]value{}, fixed: map[string]bool{}}
	if e.model != nil {
		f.inst = &instance{decl: e.model, sizes: map[string]value{}, subs: map[string]value{}}
	}
	for _, u := range s.unknowns {
		v := u.value
		if !u.known() {
			v = value{kind: missingKind}
			c.missing[u.name] = u
		}
		if u.model {
			f.inst.sizes[u.name] = v
		} else {
			f.names[u.name] = v
		}
	}
	c.runEntry(f, e)
	if errs.Len() > 0 {
		return nil, nil
	}
	fn := c.b.F
	sig := &Signature{Sizes: s.sizes()}
	for _, q := range fn.Params {
		named := Named{q.Name, q.Type}
		if q.Weight {
			sig.Weights = append(sig.Weights, named)
		} else {
			sig.Params = append(sig.Params, named)
		}
	}
	for _, r := range fn.Results {
		sig.Results = append(sig.Results, r.Type)
	}
	fn.Rebuild()
	return fn, sig
}

// missingSize records that a size has no value.
func (c *checker) missingSize(u *unknown) {
	name := source.Quote(u.name)
	what, hint := "size "+name, fmt.Sprintf("say it with --set %s=1, or give an argument or a weight that shows it", name)
	if u.tree != nil && u.tree.Static != syntax.NotStatic {
		what = u.tree.Static.String() + " parameter " + name
		example := map[syntax.Static]string{syntax.Int: "1", syntax.Float: "0.5", syntax.Flag: "true"}[u.tree.Static]
		hint = fmt.Sprintf("say it with --set %s=%s", name, example)
	}
	c.errorf(u.at, hint, "%s has no value: nothing that is given determines it", what)
}

// Requirements says what an entry takes, as far as a partial binding tells:
// sizes that nothing determines stay variables.
func (p *Program) Requirements(name string, b Binding) (*Requirements, error) {
	e, err := p.entry(name)
	if err != nil {
		return nil, err
	}
	var errs source.Errors
	s := p.solve(p.newChecker(e.name, true, &errs), e, b)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	missing := s.missing()
	if !slices.ContainsFunc(missing, func(u *unknown) bool { return !u.model }) {
		// What is missing, if anything, are sizes of the model, which this entry may not need.
		var tried source.Errors
		fn, sig := p.build(e, s, &tried)
		if err := tried.Err(); err != nil && len(missing) == 0 {
			return nil, err
		} else if err == nil {
			r := &Requirements{Signature: *sig, Bounds: map[string]int{}}
			for q, n := range indexBounds(fn) {
				r.Bounds[q.Name] = n
			}
			return r, nil
		}
	}
	r := &Requirements{}
	r.Sizes = s.sizes()
	for _, u := range missing {
		r.Missing = append(r.Missing, u.name)
		if u.tree != nil && u.tree.Static != syntax.NotStatic {
			r.Statics = append(r.Statics, Field{u.name, u.tree.Static.String()})
		}
	}
	c := p.newChecker(e.name, true, &errs)
	f := c.symbolicFrame(e)
	for _, u := range s.unknowns {
		switch {
		case !u.known():
		case u.model:
			f.inst.sizes[u.name] = u.value
		default:
			f.names[u.name] = u.value
		}
	}
	c.runEntry(f, e)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	for _, q := range c.b.F.Params {
		if q.Weight {
			r.Weights = append(r.Weights, Named{q.Name, q.Type})
		} else {
			r.Params = append(r.Params, Named{q.Name, q.Type})
		}
	}
	for _, v := range c.b.F.Results {
		r.Results = append(r.Results, v.Type)
	}
	return r, nil
}

// A MissingWeight is a weight that an entry takes and nobody gave.
type MissingWeight struct {
	Named
	Near string // the given name that was most likely meant; empty if there is none
}

// Missing returns the weights of the signature that are not among the given
// names, each with the nearest given name that the entry does not take.
func (s *Signature) Missing(given []string) []MissingWeight {
	taken := map[string]bool{}
	for _, w := range s.Weights {
		taken[w.Name] = true
	}
	var extra []string
	has := map[string]bool{}
	for _, name := range given {
		has[name] = true
		if !taken[name] {
			extra = append(extra, name)
		}
	}
	var out []MissingWeight
	for _, w := range s.Weights {
		if !has[w.Name] {
			out = append(out, MissingWeight{w, source.Near(w.Name, extra)})
		}
	}
	return out
}
