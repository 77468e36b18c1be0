package check

import (
	"fmt"
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A Binding is what is known of the arguments and the weights of an entry. It
// is read only.
type Binding struct {
	Set     map[string]string  // sizes, sizes of the model and static parameters, as numbers of the language, true or false
	Params  map[string]ir.Type // of arguments that are given; constant sizes, the element type does not matter
	Weights map[string]ir.Type // of weights that are given, by full name; the same; names that mean nothing are skipped
}

// A Size is a size, or a static parameter, of an instantiated entry.
type Size struct {
	Name  string
	Value string // a number, true or false; empty where it is not known
	From  string // "set", "argument x", "weight wu" or "default"; empty where it is not known
}

// An unknown is a size or a static parameter of an entry.
type unknown struct {
	tree  *syntax.Param // nil for a size variable
	name  string
	at    source.Pos
	model bool // of the model, not of the function
	value value
	from  string
}

func (u *unknown) known() bool { return u.value.kind != noKind }

// An equation says that a dimension of something that is given has a size.
type equation struct {
	left   dim.Expr // over the unknowns
	right  int
	at     source.Pos // of the dimension
	whole  string     // "argument x"
	detail string     // "f32[2, 3] for f32[n, 2*n - 1], dimension 1"
}

// A solver finds the sizes of an entry. The sizes of its checker stay symbolic.
type solver struct {
	c         *checker
	entry     *entry
	frame     *frame // where sizes are variables
	unknowns  []*unknown
	equations []equation
}

// solve finds the sizes and static parameters of an entry. What remains unknown
// has no value; contradictions are errors of c.
func (p *Program) solve(c *checker, e *entry, b Binding) *solver {
	s := &solver{c: c, entry: e}
	s.collect()
	s.sets(b.Set)
	s.frame = c.symbolicFrame(e)
	s.weightEquations(b.Weights) // first: of the two, an argument is sooner wrong
	s.argumentEquations(b.Params)
	if c.errs.Len() > 0 {
		return s
	}
	for s.staticDefaults() || s.propagate() || s.sizeDefault() {
		if c.errs.Len() > 0 {
			return s
		}
	}
	s.verify()
	return s
}

// collect lists the unknowns: those of the model, static parameters, then size
// variables in the order of the parameters.
func (s *solver) collect() {
	var model *modelDecl
	if s.entry.model != nil {
		model = s.entry.model
		for _, q := range model.tree.Sizes {
			s.unknowns = append(s.unknowns, &unknown{tree: q, name: q.Name.Name, at: q.Name.At, model: true})
		}
	}
	for _, q := range s.entry.fn.Params {
		if q.Static != syntax.NotStatic {
			s.unknowns = append(s.unknowns, &unknown{tree: q, name: q.Name.Name, at: q.Name.At})
		}
	}
	vars := s.c.program.sizeVars(s.entry.fn, s.entry.file, model)
	for _, q := range s.entry.fn.Params {
		if q.Type == nil {
			continue
		}
		for _, x := range q.Type.Dims {
			if n, ok := x.(*syntax.Name); ok && slices.Contains(vars, n.Name) {
				s.unknowns = append(s.unknowns, &unknown{name: n.Name, at: n.At})
				vars = slices.DeleteFunc(vars, func(v string) bool { return v == n.Name })
			}
		}
	}
}

// find returns the unknown called name; of two, that of the function.
func (s *solver) find(name string) *unknown {
	var found *unknown
	for _, u := range s.unknowns {
		if u.name == name {
			found = u
		}
	}
	return found
}

// sets takes over what the caller sets.
func (s *solver) sets(set map[string]string) {
	for _, name := range sortedKeys(set) {
		u := s.find(name)
		if u == nil {
			var names []string
			for _, u := range s.unknowns {
				names = append(names, u.name)
			}
			s.c.errs.Add(&source.Error{
				Msg:  fmt.Sprintf("%s has no size and no static parameter called %s", source.Quote(s.entry.name), source.Quote(name)),
				Hint: choice(name, names),
			})
			continue
		}
		v, ok := parseStatic(set[name])
		if !ok {
			s.c.errs.Add(&source.Error{Msg: fmt.Sprintf("%s=%s: expected a number, true or false", source.Quote(name), source.Quote(set[name]))})
			continue
		}
		if u.tree != nil {
			v = s.c.static(u.tree, v, u.at)
		} else {
			v = s.c.sizeValue(v, u.name, u.at)
		}
		if v.kind != badKind {
			u.value, u.from = v, "set"
		}
	}
}

// env returns the values of the unknowns that are integers.
func (s *solver) env() map[string]int {
	env := map[string]int{}
	for _, u := range s.unknowns {
		if u.value.kind != numberKind {
			continue
		}
		if n, problem := u.value.size(); problem == "" {
			if k, ok := n.Int(); ok {
				env[u.name] = k
			}
		}
	}
	return env
}

// argumentEquations adds those of the arguments that are given.
func (s *solver) argumentEquations(given map[string]ir.Type) {
	for _, name := range sortedKeys(given) {
		i := slices.IndexFunc(s.entry.fn.Params, func(q *syntax.Param) bool { return q.Name.Name == name && q.Type != nil })
		if i < 0 {
			var names []string
			for _, q := range s.entry.fn.Params {
				if q.Type != nil {
					names = append(names, q.Name.Name)
				}
			}
			s.c.errs.Add(&source.Error{
				Msg:  fmt.Sprintf("%s has no argument called %s", source.Quote(s.entry.name), source.Quote(name)),
				Hint: choice(name, names),
			})
			continue
		}
		q := s.entry.fn.Params[i]
		s.equate("argument "+source.Quote(name), q.Name.At, s.frame, q.Type, given[name])
	}
}

// weightEquations adds those of the weights that are given.
func (s *solver) weightEquations(given map[string]ir.Type) {
	if s.frame.inst == nil {
		return
	}
	for _, name := range sortedKeys(given) {
		before := s.c.errs.Len()
		inst, w := s.c.findWeight(s.frame.inst, name)
		if s.c.errs.Len() > before {
			return
		}
		if w != nil {
			s.equate("weight "+source.Quote(name), w.Name.At, s.c.modelFrame(inst), w.Type, given[name])
		}
	}
}

// equate adds the equations between a declared type and the one that is given.
func (s *solver) equate(what string, at source.Pos, f *frame, declared *syntax.TensorType, given ir.Type) {
	want, ok := f.typ(declared)
	if !ok {
		return
	}
	if want.Rank() != given.Rank() {
		s.c.errorf(at, "", "%s is declared %v, found %v: rank %d, not %d", what, want, given, given.Rank(), want.Rank())
		return
	}
	for i, n := range given.Dims() {
		s.equations = append(s.equations, equation{
			left: want.Shape[i], right: n, at: declared.Dims[i].Pos(), whole: what,
			detail: fmt.Sprintf("%s is declared %v, found %v: dimension %d", what, want, given, i),
		})
	}
}

// staticDefaults gives the static parameters of the function their defaults,
// as far as these can be computed.
func (s *solver) staticDefaults() bool {
	for _, u := range s.unknowns {
		if u.tree != nil && !u.model && !u.known() && s.setDefault(u) {
			return true
		}
	}
	return false
}

// propagate solves equations with one unknown.
func (s *solver) propagate() bool {
	changed := false
	for _, eq := range s.equations {
		name, n, ok := eq.left.Eval(s.env()).Solve(eq.right)
		if name == "" {
			continue
		}
		u := s.find(name)
		if u == nil || u.known() {
			continue
		}
		if !ok {
			s.c.errorf(eq.at, "", "%s is %d, and no size %s makes %v that", eq.detail, eq.right, source.Quote(name), eq.left)
			return true
		}
		u.value, u.from = intValue(dim.Const(n)), eq.whole
		changed = true
	}
	return changed
}

// sizeDefault gives the first size of the model that has none its default.
func (s *solver) sizeDefault() bool {
	for _, u := range s.unknowns {
		if u.model && !u.known() && s.setDefault(u) {
			return true
		}
	}
	return false
}

// setDefault gives an unknown its default, if all that it is computed from is
// known.
func (s *solver) setDefault(u *unknown) bool {
	if u.tree.Default == nil {
		return false
	}
	f := &frame{c: s.c, file: s.entry.file, names: map[string]value{}}
	for _, v := range s.unknowns {
		if v.known() && (v.model || !u.model) {
			f.names[v.name] = v.value
		}
	}
	for _, n := range namesIn(u.tree.Default) {
		if w := s.find(n.Name); w != nil {
			if _, known := f.names[n.Name]; !known {
				if w.model || !u.model {
					return false
				}
			}
		}
	}
	v := s.c.static(u.tree, f.eval(u.tree.Default), u.tree.Default.Pos())
	if v.kind == badKind {
		return false
	}
	u.value, u.from = v, "default"
	return true
}

// verify holds all that is given against the sizes that were found.
func (s *solver) verify() {
	env := s.env()
	for _, eq := range s.equations {
		got := eq.left.Eval(env)
		if n, ok := got.Int(); !ok || n == eq.right {
			if ok || !got.IsConst() {
				continue
			}
		}
		from := ""
		for _, name := range eq.left.Vars() {
			if u := s.find(name); u != nil && u.known() {
				from += fmt.Sprintf("%s = %s by %s; ", source.Quote(name), u.value.describe(), u.from)
			}
		}
		s.c.errorf(eq.at, "", "%s is %d, not %v (%s)", eq.detail, eq.right, got, trimEnd(from))
	}
}

// missing returns the names of unknowns without a value.
func (s *solver) missing() []*unknown {
	var out []*unknown
	for _, u := range s.unknowns {
		if !u.known() {
			out = append(out, u)
		}
	}
	return out
}

// sizes lists the unknowns with what was found.
func (s *solver) sizes() []Size {
	var out []Size
	for _, u := range s.unknowns {
		z := Size{Name: u.name, From: u.from}
		if u.known() {
			z.Value = u.value.describe()
		}
		out = append(out, z)
	}
	return out
}
