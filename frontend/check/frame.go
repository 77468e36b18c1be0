package check

import (
	"maps"
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
)

// A frame is a function that is being inlined: what its names mean now. Static
// expressions of declarations have a frame too, without a function.
type frame struct {
	c         *checker
	fn        *syntax.Fn // nil outside of functions
	file      *syntax.File
	inst      *instance // nil outside of models
	names     map[string]value
	fixed     map[string]bool // the variables of the loops around
	noMembers bool            // weights and functions of the model are not in scope, only its sizes
}

// branch returns a copy of f whose bindings f does not see.
func (f *frame) branch() *frame {
	g := *f
	f.c.steps += len(f.names) / 8 // copying takes time, too
	g.names, g.fixed = maps.Clone(f.names), maps.Clone(f.fixed)
	if g.fixed == nil {
		g.fixed = map[string]bool{}
	}
	return &g
}

// lookup returns the value that a name has: of the function, of the model, of
// the file. Functions, models and built-ins are no values; callee finds them.
func (f *frame) lookup(name string, at source.Pos) (value, bool) {
	if v, ok := f.names[name]; ok {
		return v, true
	}
	if f.inst != nil {
		if v, ok := f.inst.sizes[name]; ok {
			if v.kind == missingKind {
				f.c.missingSize(f.c.missing[name])
				return badValue, true
			}
			return v, true
		}
		if !f.noMembers {
			if v, ok := f.c.member(f.inst, name, at); ok {
				return v, true
			}
			if _, ok := f.inst.decl.members[name]; ok {
				return value{}, false // a function of the model hides what the file declares
			}
		}
	}
	if d, ok := f.c.program.scopes[f.file][name].(*syntax.Const); ok {
		return f.c.constant(d), true
	}
	return value{}, false
}

// name evaluates a name that stands for a value.
func (f *frame) name(n *syntax.Name) value {
	v, ok := f.lookup(n.Name, n.At)
	if ok {
		return v
	}
	what := ""
	if f.inst != nil && !f.noMembers {
		if _, ok := f.inst.decl.members[n.Name].(*syntax.Fn); ok {
			what = "function"
		}
	}
	if what == "" {
		switch f.c.program.scopes[f.file][n.Name].(type) {
		case *syntax.Fn:
			what = "function"
		case *syntax.Model:
			what = "model"
		default:
			if isBuiltin(n.Name) {
				what = "built-in function"
			}
		}
	}
	switch what {
	case "":
		f.c.errorf(n.At, near(n.Name, f.visible()), "no value is called %s", source.Quote(n.Name))
	case "model":
		f.c.errorf(n.At, "declare a sub-model, as in layer: "+source.Quote(n.Name)+"(...)", "%s is a model, expected a value", source.Quote(n.Name))
	default:
		f.c.errorf(n.At, "call it: "+source.Quote(n.Name)+"(...)", "%s is a %s, expected a value", source.Quote(n.Name), what)
	}
	return badValue
}

// visible returns the names of all values in scope.
func (f *frame) visible() []string {
	var names []string
	for name := range f.names {
		names = append(names, name)
	}
	if f.inst != nil {
		for name := range f.inst.sizes {
			names = append(names, name)
		}
		if !f.noMembers {
			for name := range f.inst.decl.members {
				names = append(names, name)
			}
		}
	}
	for name, d := range f.c.program.scopes[f.file] {
		if _, ok := d.(*syntax.Const); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// constant returns the value of a const.
func (c *checker) constant(d *syntax.Const) value {
	if v, ok := c.consts[d]; ok {
		if v.kind == openKind {
			c.errorf(d.Name.At, "", "const %s is defined by itself", source.Quote(d.Name.Name))
			return badValue
		}
		return v
	}
	c.consts[d] = value{kind: openKind}
	f := &frame{c: c, file: c.program.file[d], names: map[string]value{}}
	v := f.eval(d.Value)
	switch v.kind {
	case badKind, unknownKind, numberKind, flagKind:
	default:
		c.errorf(d.Value.Pos(), "", "const %s must be a static number, found %s", source.Quote(d.Name.Name), v.describe())
		v = badValue
	}
	c.consts[d] = v
	return v
}

// size evaluates a static integer that is not negative: a dimension, or how
// many sub-models there are.
func (f *frame) size(x syntax.Expr) (dim.Expr, bool) {
	n, ok := f.integer(x, "a size")
	if !ok {
		return dim.Expr{}, false
	}
	if k, ok := n.Int(); ok && k < 0 {
		f.c.errorf(x.Pos(), "", "a size cannot be negative: %s is %d%s", exprString(x), k, f.values(x))
		return dim.Expr{}, false
	}
	return n, true
}

// integer evaluates a static integer. What says what it is for.
func (f *frame) integer(x syntax.Expr, what string) (dim.Expr, bool) {
	v := f.eval(x)
	switch v.kind {
	case badKind:
		return dim.Expr{}, false
	case unknownKind:
		return f.c.unknownSize(), true
	case numberKind:
	default:
		f.c.errorf(x.Pos(), "", "%s must be a static integer, found %s", what, v.describe())
		return dim.Expr{}, false
	}
	n, problem := v.size()
	if problem != "" {
		f.c.errorf(x.Pos(), "", "%s must be an integer: %s is %s%s", what, exprString(x), problem, f.values(x))
		return dim.Expr{}, false
	}
	return n, true
}
