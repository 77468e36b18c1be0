package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// maxCalls is how deep calls of the program's own functions may nest.
const maxCalls = 256

// A call is a function that is being inlined.
type call struct {
	fn   *syntax.Fn
	inst *instance
	at   source.Pos // of the call; zero for the entry
}

// An arg is an argument with its value.
type arg struct {
	name  *syntax.Name // nil where it goes by position
	value value
	at    source.Pos
}

// call evaluates a call.
func (f *frame) call(x *syntax.Call) value {
	fn, inst, builtin, ok := f.callee(x)
	if !ok {
		for _, a := range x.Args {
			f.eval(a.Value)
		}
		return badValue
	}
	if t, isType := x.Fn.(*syntax.TypeLit); isType {
		return f.convert(x, t)
	}
	args := make([]arg, len(x.Args))
	bad := false
	for i, a := range x.Args {
		args[i] = arg{a.Name, f.eval(a.Value), a.Value.Pos()}
		bad = bad || args[i].value.kind == badKind
	}
	if bad {
		return badValue
	}
	if builtin != "" {
		return f.c.builtin(x.At, builtin, args)
	}
	return f.c.inline(call{fn, inst, x.At}, args)
}

// callee finds what a call calls: a function of the program with the instance
// that it belongs to, or a built-in.
func (f *frame) callee(x *syntax.Call) (fn *syntax.Fn, inst *instance, builtin string, ok bool) {
	switch called := x.Fn.(type) {
	case *syntax.TypeLit:
		if called.Type.Dims != nil || called.Type.Props != nil {
			f.c.errorf(called.Type.At, "a conversion names the element type alone, "+called.Type.Elem+"(x)", "a type with sizes cannot be called")
			return nil, nil, "", false
		}
		return nil, nil, "", true
	case *syntax.Name:
		return f.named(called)
	case *syntax.Select:
		v := f.eval(called.X)
		if v.kind == instanceKind {
			switch m := v.inst.decl.members[called.Name].(type) {
			case *syntax.Fn:
				return m, v.inst, "", true
			case *syntax.SubModel:
				v, _ = f.c.member(v.inst, called.Name, called.At)
				return f.forward(v, called.At)
			case *syntax.Weight:
				f.c.errorf(called.At, "", "%s is a weight and cannot be called", source.Quote(called.Name))
			default:
				f.c.errorf(called.At, near(called.Name, fnNames(v.inst.decl)), "model %s has no function %s", source.Quote(v.inst.decl.tree.Name.Name), source.Quote(called.Name))
			}
			return nil, nil, "", false
		}
		if v.kind != badKind {
			hint := ""
			if isBuiltin(called.Name) && v.kind == tensorKind {
				hint = fmt.Sprintf("write %s(%s)", called.Name, exprString(called.X))
			}
			f.c.errorf(called.At, hint, "only sub-models have functions: %s is %s", exprString(called.X), v.describe())
		}
		return nil, nil, "", false
	}
	v := f.eval(x.Fn)
	return f.forward(v, x.At)
}

// named finds what a name stands for in a call.
func (f *frame) named(n *syntax.Name) (fn *syntax.Fn, inst *instance, builtin string, ok bool) {
	if v, ok := f.names[n.Name]; ok {
		return f.forward(v, n.At)
	}
	if f.inst != nil {
		if _, ok := f.inst.sizes[n.Name]; ok {
			return f.forward(f.inst.sizes[n.Name], n.At)
		}
		if !f.noMembers {
			switch m := f.inst.decl.members[n.Name].(type) {
			case *syntax.Fn:
				return m, f.inst, "", true
			case *syntax.SubModel, *syntax.Weight:
				v, _ := f.c.member(f.inst, n.Name, n.At)
				return f.forward(v, n.At)
			}
		}
	}
	switch d := f.c.program.scopes[f.file][n.Name].(type) {
	case *syntax.Fn:
		return d, nil, "", true
	case *syntax.Model:
		f.c.errorf(n.At, fmt.Sprintf("declare a sub-model in a model, layer: %s(...), and call that", source.Quote(n.Name)), "%s is a model and cannot be called", source.Quote(n.Name))
		return nil, nil, "", false
	case *syntax.Const:
		return f.forward(f.c.constant(d), n.At)
	}
	if isBuiltin(n.Name) {
		return nil, nil, n.Name, true
	}
	names := Builtins()
	for name, d := range f.c.program.scopes[f.file] {
		if _, ok := d.(*syntax.Fn); ok {
			names = append(names, name)
		}
	}
	if f.inst != nil && !f.noMembers {
		names = append(names, fnNames(f.inst.decl)...)
	}
	slices.Sort(names)
	f.c.errorf(n.At, near(n.Name, names), "no function is called %s", source.Quote(n.Name))
	return nil, nil, "", false
}

// forward finds the function forward of a sub-model that is called.
func (f *frame) forward(v value, at source.Pos) (fn *syntax.Fn, inst *instance, builtin string, ok bool) {
	switch v.kind {
	case badKind:
	case unknownKind:
		f.c.errorf(at, "", "only functions and sub-models can be called")
	case instanceKind:
		if m, ok := v.inst.decl.members["forward"].(*syntax.Fn); ok {
			return m, v.inst, "", true
		}
		f.c.errorf(at, "call one of its functions by name", "model %s has no function forward", source.Quote(v.inst.decl.tree.Name.Name))
	case subListKind:
		f.c.errorf(at, "call one of its elements, or loop over it", "a list of sub-models cannot be called")
	default:
		f.c.errorf(at, "", "only functions and sub-models can be called, found %s", v.describe())
	}
	return nil, nil, "", false
}

// inline evaluates the body of a function for the given arguments.
func (c *checker) inline(k call, args []arg) value {
	name := source.Quote(k.fn.Name.Name)
	for i, open := range c.calls {
		if open.fn == k.fn && open.inst == k.inst {
			var chain []string
			for _, o := range c.calls[i:] {
				chain = append(chain, source.Quote(o.fn.Name.Name))
			}
			c.errorf(k.at, "write a loop", "recursion: %s calls %s", strings.Join(chain, " calls "), name)
			return badValue
		}
	}
	if len(c.calls) >= maxCalls {
		c.errorf(k.at, "", "calls nest deeper than the limit of %d", maxCalls).Kind = source.ErrLimit
		return badValue
	}
	f := &frame{c: c, fn: k.fn, inst: k.inst, names: map[string]value{}, fixed: map[string]bool{}}
	f.file = c.fileOf(k.fn, k.inst)
	values, ok := c.place(k, args)
	if !ok || !f.bindParams(k, values) {
		return badValue
	}
	c.calls = append(c.calls, k)
	defer func() { c.calls = c.calls[:len(c.calls)-1] }()
	return f.run()
}

// fileOf returns the file in which a function is declared.
func (c *checker) fileOf(fn *syntax.Fn, inst *instance) *syntax.File {
	if inst != nil {
		return c.program.file[inst.decl.tree]
	}
	return c.program.file[fn]
}

// run evaluates the body of f's function and holds its value against the
// declared result.
func (f *frame) run() value {
	v := f.block(f.fn.Body)
	name := source.Quote(f.fn.Name.Name)
	switch {
	case f.c.stopped():
		return badValue
	case v.kind == noKind:
		f.c.errorf(f.fn.Body.End, "end it with return, or with an expression", "the body of %s ends without a value", name)
		return badValue
	case f.fn.Result == nil || v.kind == badKind:
		return f.declared(v)
	}
	at := f.resultPos()
	switch want := f.fn.Result.(type) {
	case *syntax.TensorType:
		t, ok := f.typ(want)
		if !ok {
			return badValue
		}
		if v.kind == tupleKind {
			f.c.errorf(at, "", "%s returns %v, found %s", name, t, v.describe())
			return badValue
		}
		return f.c.conform(v, t, at, "the result of "+name+" is declared")
	case *syntax.TupleType:
		if v.kind == unknownKind {
			v = value{kind: tupleKind}
			for range want.Elems {
				v.elems = append(v.elems, unknownValue)
			}
		}
		if v.kind != tupleKind || len(v.elems) != len(want.Elems) {
			f.c.errorf(at, "", "%s returns %s, found %s", name, count(len(want.Elems), "result"), v.describe())
			return badValue
		}
		out := value{kind: tupleKind}
		for i, w := range want.Elems {
			t, ok := f.typ(w)
			if !ok {
				return badValue
			}
			u := f.c.conform(v.elems[i], t, f.resultElemPos(i), fmt.Sprintf("result %d of %s is declared", i+1, name))
			if u.kind == badKind {
				return badValue
			}
			out.elems = append(out.elems, u)
		}
		return out
	}
	return v
}

// declared returns, after an error in the body, what the declared result type
// promises: so an error is not followed by others where the value is used.
func (f *frame) declared(v value) value {
	switch v.kind {
	case listKind, subListKind, instanceKind, stringKind, typeKind:
		f.c.errorf(f.resultPos(), "", "%s returns %s, expected tensors or static numbers", source.Quote(f.fn.Name.Name), v.describe())
		return badValue
	}
	return v
}

// resultPos returns the place of the value that the body ends with.
func (f *frame) resultPos() source.Pos {
	b := f.fn.Body
	for len(b.Stmts) > 0 {
		switch s := b.Stmts[len(b.Stmts)-1].(type) {
		case *syntax.Return:
			return s.Values[0].Pos()
		case *syntax.Value:
			return s.Pos()
		case *syntax.If:
			b = s.Then // of several ends, the first
			continue
		}
		break
	}
	return b.End
}

// resultElemPos returns the place of the i-th value that the body ends with.
func (f *frame) resultElemPos(i int) source.Pos {
	if stmts := f.fn.Body.Stmts; len(stmts) > 0 {
		if r, ok := stmts[len(stmts)-1].(*syntax.Return); ok && i < len(r.Values) && len(r.Values) > 1 {
			return r.Values[i].Pos()
		}
	}
	return f.resultPos()
}

// place puts arguments in the order of the parameters. A parameter without
// one has the zero arg.
func (c *checker) place(k call, args []arg) ([]arg, bool) {
	params := k.fn.Params
	out := make([]arg, len(params))
	ok := true
	fail := func(at source.Pos, hint, format string, parts ...any) {
		c.errorf(at, hint, format, parts...)
		ok = false
	}
	name := source.Quote(k.fn.Name.Name)
	for i, a := range args {
		at := i
		if a.name != nil {
			at = slices.IndexFunc(params, func(p *syntax.Param) bool { return p.Name.Name == a.name.Name })
		}
		switch {
		case at < 0:
			fail(a.name.At, near(a.name.Name, paramNames(params)), "%s has no parameter %s", name, source.Quote(a.name.Name))
		case at >= len(params):
			fail(a.at, "it is "+name+"("+strings.Join(paramNames(params), ", ")+")", "%s takes %s, found %d", name, count(len(params), "argument"), len(args))
			return nil, false
		case out[at].value.kind != noKind:
			fail(a.name.At, "", "argument %s is given twice", source.Quote(a.name.Name))
		default:
			out[at] = a
		}
	}
	if !ok {
		return nil, false
	}
	for i, p := range params {
		if out[i].value.kind == noKind && p.Default == nil {
			fail(k.at, "it is "+name+"("+strings.Join(paramNames(params), ", ")+")", "argument %s of %s is missing", source.Quote(p.Name.Name), name)
		}
	}
	return out, ok
}

// bindParams gives the parameters of f their values and the size variables the
// sizes that the arguments have, and checks types.
func (f *frame) bindParams(k call, args []arg) bool {
	c := f.c
	ok := true
	var model *modelDecl
	if f.inst != nil {
		model = f.inst.decl
	}
	vars := c.program.sizeVars(f.fn, f.file, model)
	for i, p := range f.fn.Params {
		if p.Type != nil && !f.bindSizes(k, p, args[i], vars) {
			ok = false
		}
	}
	if !ok {
		return false
	}
	for _, name := range vars {
		if _, bound := f.names[name]; !bound {
			f.names[name] = intValue(c.unknownSize()) // of an argument that is unknown itself
		}
	}
	for i, p := range f.fn.Params {
		v := args[i].value
		switch {
		case p.Static != syntax.NotStatic && v.kind == noKind:
			v = c.static(p, f.eval(p.Default), p.Default.Pos())
		case p.Static != syntax.NotStatic:
			v = c.static(p, v, args[i].at)
		case p.Type == nil && (v.kind == tupleKind || v.kind == stringKind || v.kind == typeKind):
			c.errorf(args[i].at, "", "argument %s is %s, expected a tensor, a static number or a list", source.Quote(p.Name.Name), v.describe())
			return false
		}
		if v.kind == badKind {
			ok = false
		}
		f.names[p.Name.Name] = v
	}
	if !ok {
		return false
	}
	for i, p := range f.fn.Params {
		if p.Type == nil {
			continue
		}
		t, fine := f.typ(p.Type)
		if !fine {
			ok = false
			continue
		}
		c.pos = k.at
		v := c.conform(args[i].value, t, args[i].at, fmt.Sprintf("argument %s of %s is declared", source.Quote(p.Name.Name), source.Quote(f.fn.Name.Name)))
		f.names[p.Name.Name] = v
		ok = ok && v.kind != badKind
	}
	return ok
}

// bindSizes gives size variables that stand alone in the type of p the sizes
// that the argument has. It checks the rank, without which there are none.
func (f *frame) bindSizes(k call, p *syntax.Param, a arg, vars []string) bool {
	if a.value.kind != tensorKind || !f.rank(p.Type) {
		return f.rank(p.Type)
	}
	got := a.value.tensor().Type
	if got.Rank() != len(p.Type.Dims) || got.DType != elemType(p.Type) {
		hint := ""
		if got.Rank() == len(p.Type.Dims) {
			hint = "convert it: " + p.Type.Elem + "(...)"
		}
		f.c.errorf(a.at, hint, "argument %s of %s is declared %s, found %v", source.Quote(p.Name.Name), source.Quote(f.fn.Name.Name), typeString(p.Type), got.Plain())
		return false
	}
	for i, x := range p.Type.Dims {
		n, ok := x.(*syntax.Name)
		if !ok || !slices.Contains(vars, n.Name) {
			continue
		}
		if _, bound := f.names[n.Name]; !bound {
			f.names[n.Name] = intValue(got.Shape[i])
		}
	}
	return true
}

// fnNames returns the names of a model's functions.
func fnNames(m *modelDecl) []string {
	var names []string
	for _, member := range m.tree.Members {
		if fn, ok := member.(*syntax.Fn); ok {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}
