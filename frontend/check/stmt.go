package check

import (
	"slices"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// block runs the statements of a block. It returns the value of the return, or
// of the expression, in the last place; noValue where there is none.
func (f *frame) block(b *syntax.Block) value {
	for i, s := range b.Stmts {
		if f.c.stopped() {
			return badValue
		}
		f.c.tick(s.Pos())
		last := i == len(b.Stmts)-1
		switch s := s.(type) {
		case *syntax.Bind:
			f.bind(s)
		case *syntax.Update:
			f.update(s)
		case *syntax.For:
			f.forStmt(s)
		case *syntax.Assert:
			f.assert(s)
		case *syntax.If:
			v := f.ifStmt(s)
			if v.kind == noKind {
				continue
			}
			if !last {
				f.c.errorf(s.At, "put what follows into the other branch", "this if gives the function its value, but statements follow it")
			}
			return v
		case *syntax.Return:
			return f.results(s)
		case *syntax.Value:
			return f.eval(s.X)
		}
	}
	return value{}
}

// results evaluates what a return gives.
func (f *frame) results(s *syntax.Return) value {
	if len(s.Values) == 1 {
		return f.eval(s.Values[0])
	}
	out := value{kind: tupleKind}
	for _, x := range s.Values {
		v := f.eval(x)
		switch v.kind {
		case badKind:
			out.kind = badKind
		case tensorKind, numberKind, flagKind, unknownKind:
		default:
			f.c.errorf(x.Pos(), "", "a function returns tensors and static numbers, found %s", v.describe())
			out.kind = badKind
		}
		out.elems = append(out.elems, v)
	}
	return out
}

// canBind reports whether a name may be bound here.
func (f *frame) canBind(n *syntax.Name) bool {
	if f.fixed[n.Name] {
		f.c.errorf(n.At, "bind another name", "%s is the variable of a loop and cannot be bound in it", source.Quote(n.Name))
		return false
	}
	return true
}

// bind runs y = e, y: t = e and a, b = e.
func (f *frame) bind(s *syntax.Bind) {
	v := f.eval(s.Value)
	if len(s.Names) == 1 {
		n := s.Names[0]
		if !f.canBind(n) {
			return
		}
		switch {
		case v.kind == tupleKind:
			f.c.errorf(n.At, "bind as many names: a, b = ...", "%s is one name for %s", source.Quote(n.Name), count(len(v.elems), "result"))
			v = badValue
		case v.kind == noKind || v.kind == stringKind || v.kind == typeKind:
			f.c.errorf(s.Value.Pos(), "", "expected a value to bind %s to, found %s", source.Quote(n.Name), v.describe())
			v = badValue
		case s.Type != nil:
			v = f.annotated(v, s.Type, n)
		}
		f.names[n.Name] = v
		return
	}
	parts := v.elems
	switch v.kind {
	case tupleKind, listKind:
		if len(parts) != len(s.Names) {
			f.c.errorf(s.At, "", "%s for %s", count(len(s.Names), "name"), count(len(parts), "result"))
			v = badValue
		}
	case badKind, unknownKind:
	default:
		f.c.errorf(s.At, "", "%s for a single result, %s", count(len(s.Names), "name"), v.describe())
		v = badValue
	}
	for i, n := range s.Names {
		if slices.ContainsFunc(s.Names[:i], func(m *syntax.Name) bool { return m.Name == n.Name }) {
			f.c.errorf(n.At, "", "%s is bound twice", source.Quote(n.Name))
			continue
		}
		if !f.canBind(n) {
			continue
		}
		if v.kind == badKind || v.kind == unknownKind {
			f.names[n.Name] = v
		} else {
			f.names[n.Name] = parts[i]
		}
	}
}

// annotated holds a value against the type that a binding states.
func (f *frame) annotated(v value, want *syntax.TensorType, n *syntax.Name) value {
	t, ok := f.typ(want)
	if !ok {
		return badValue
	}
	return f.c.conform(v, t, n.At, source.Quote(n.Name)+" is declared")
}

// update runs y[i] = e, y += e and their kin.
func (f *frame) update(s *syntax.Update) {
	old := f.name(s.Target)
	v := f.eval(s.Value)
	if !f.canBind(s.Target) {
		return
	}
	f.c.pos = s.At
	if s.Index == nil {
		f.names[s.Target.Name] = f.c.binary(s.At, s.Op, old, v)
		return
	}
	index, ok := f.indexArgs(s.Index)
	switch {
	case !ok || old.kind == badKind || v.kind == badKind:
		f.names[s.Target.Name] = badValue
	case old.kind == unknownKind:
		f.names[s.Target.Name] = old
	case old.kind != tensorKind:
		f.c.errorf(s.Target.At, "", "only a tensor has parts to update: %s is %s", source.Quote(s.Target.Name), old.describe())
		f.names[s.Target.Name] = badValue
	case v.kind == unknownKind:
		// old stays: an update never changes the type
	default:
		f.names[s.Target.Name] = f.c.update(target{s.Target.Name, s.At, s.Index.At, s.Op}, old, index, v)
	}
}

// assert stops where a static condition is false.
func (f *frame) assert(s *syntax.Assert) {
	switch f.condition(s.Cond, "an assert") {
	case no:
		f.c.errorf(s.At, "", "assert failed: %s (%s%s)", s.Message.Value, exprString(s.Cond), f.values(s.Cond))
	}
}

// ifStmt runs the branch that a static condition chooses. Where only the sizes
// decide, it runs both, and what they bind differently is unknown after it.
func (f *frame) ifStmt(s *syntax.If) value {
	switch f.condition(s.Cond, "an if") {
	case yes:
		return f.block(s.Then)
	case no:
		if s.Else != nil {
			return f.block(s.Else)
		}
		return value{}
	case invalid:
		f.forget(s.Then)
		f.forget(s.Else)
		return value{}
	}
	then, other := f.branch(), f.branch()
	v := then.block(s.Then)
	w := value{}
	if s.Else != nil {
		w = other.block(s.Else)
	}
	for _, name := range sortedKeys(then.names) {
		f.names[name] = merge(then.names[name], other.names[name])
	}
	for _, name := range sortedKeys(other.names) {
		f.names[name] = merge(then.names[name], other.names[name])
	}
	if v.kind == noKind {
		return w
	}
	if w.kind == noKind {
		return v
	}
	return merge(v, w)
}

// forget makes all that a block binds a follow-on of an error.
func (f *frame) forget(b *syntax.Block) {
	if b == nil {
		return
	}
	for _, n := range boundNames(b) {
		f.names[n.Name] = badValue
	}
}

// boundNames returns the names that a block binds, in order, each where it is
// bound last.
func boundNames(b *syntax.Block) []*syntax.Name {
	var names []*syntax.Name
	add := func(n *syntax.Name) {
		if i := slices.IndexFunc(names, func(m *syntax.Name) bool { return m.Name == n.Name }); i >= 0 {
			names[i] = n
			return
		}
		names = append(names, n)
	}
	var walk func(*syntax.Block)
	walk = func(b *syntax.Block) {
		if b == nil {
			return
		}
		for _, s := range b.Stmts {
			switch s := s.(type) {
			case *syntax.Bind:
				for _, n := range s.Names {
					add(n)
				}
			case *syntax.Update:
				add(s.Target)
			case *syntax.For:
				walk(s.Body)
			case *syntax.If:
				walk(s.Then)
				walk(s.Else)
			}
		}
	}
	walk(b)
	return names
}
