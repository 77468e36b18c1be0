package check

import (
	"fmt"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir/dim"
)

// eval evaluates an expression. After an error, which is recorded, the value
// is bad.
func (f *frame) eval(x syntax.Expr) value {
	if !f.c.enter(x.Pos()) {
		return badValue
	}
	defer f.c.leave()
	switch x := x.(type) {
	case *syntax.Number:
		return f.c.number(x)
	case *syntax.Bool:
		return flagValue(x.Value)
	case *syntax.String:
		return value{kind: stringKind, text: x.Value}
	case *syntax.Name:
		return f.name(x)
	case *syntax.List:
		out := value{kind: listKind}
		for _, e := range x.Elems {
			v := f.eval(e)
			if v.kind == badKind {
				return v
			}
			out.elems = append(out.elems, v)
		}
		return out
	case *syntax.Comp:
		return f.comprehension(x)
	case *syntax.Call:
		return f.call(x)
	case *syntax.Index:
		return f.index(x)
	case *syntax.Select:
		return f.selects(x)
	case *syntax.Unary:
		return f.c.unary(x.At, x.Op, f.eval(x.X))
	case *syntax.Binary:
		v := f.eval(x.X)
		w := f.eval(x.Y)
		return f.c.binary(x.At, x.Op, v, w)
	case *syntax.TypeLit:
		t, ok := f.typ(x.Type)
		if !ok {
			return badValue
		}
		return value{kind: typeKind, typ: t}
	}
	f.c.errorf(x.Pos(), "", "expected a value")
	return badValue
}

// comprehension evaluates [e for x in list].
func (f *frame) comprehension(x *syntax.Comp) value {
	items, ok := f.items(x.Each, true)
	if !ok {
		return badValue
	}
	if items.n < 0 {
		inner := f.branch()
		inner.names[x.Each.Var.Name] = items.at(0)
		if inner.eval(x.Elem).kind == badKind {
			return badValue
		}
		return unknownValue
	}
	out := value{kind: listKind}
	for i := range items.n {
		if f.c.stopped() {
			return badValue
		}
		inner := f.branch()
		inner.names[x.Each.Var.Name] = items.at(i)
		v := inner.eval(x.Elem)
		if v.kind == badKind {
			return v
		}
		out.elems = append(out.elems, v)
	}
	return out
}

// selects evaluates x.T, x.shape, x.rank and members of sub-models.
func (f *frame) selects(x *syntax.Select) value {
	v := f.eval(x.X)
	name := source.Quote(x.Name)
	switch v.kind {
	case badKind:
		return v
	case unknownKind:
		return v
	case instanceKind:
		if m, ok := f.c.member(v.inst, x.Name, x.At); ok {
			return m
		}
		model := source.Quote(v.inst.decl.tree.Name.Name)
		if _, ok := v.inst.decl.members[x.Name].(*syntax.Fn); ok {
			f.c.errorf(x.At, "call it: "+name+"(...)", "%s is a function of model %s, expected a value", name, model)
			return badValue
		}
		if s, ok := v.inst.sizes[x.Name]; ok {
			return s
		}
		var names []string
		for _, m := range v.inst.decl.tree.Members {
			n, _ := memberName(m)
			names = append(names, n.Name)
		}
		f.c.errorf(x.At, near(x.Name, names), "model %s has no member %s", model, name)
		return badValue
	case subListKind:
		f.c.errorf(x.At, "index it first, "+exprString(x.X)+"[0]."+name, "a list of sub-models has no member %s", name)
		return badValue
	case tensorKind:
		t := v.tensor().Type
		switch x.Name {
		case "T":
			return f.c.transpose(v, x.At)
		case "rank":
			return intValue(dim.Const(t.Rank()))
		case "shape":
			out := value{kind: listKind}
			for _, n := range t.Shape {
				out.elems = append(out.elems, intValue(n))
			}
			return out
		}
		hint := near(x.Name, []string{"T", "shape", "rank"})
		if isBuiltin(x.Name) {
			hint = fmt.Sprintf("write %s(%s)", x.Name, exprString(x.X))
		}
		f.c.errorf(x.At, hint, "a tensor has T, shape and rank, but no %s", name)
		return badValue
	}
	f.c.errorf(x.At, "", "only tensors and sub-models have parts with names: %s is %s", exprString(x.X), v.describe())
	return badValue
}

// index evaluates x[...]: a part of a tensor, an element or a part of a list.
func (f *frame) index(x *syntax.Index) value {
	v := f.eval(x.X)
	switch v.kind {
	case badKind:
		for _, a := range x.Args {
			f.evalIndexArg(a)
		}
		return v
	case listKind:
		return f.listIndex(x, len(v.elems), v)
	case subListKind:
		return f.subListIndex(x, v.subs)
	case unknownKind:
		for _, a := range x.Args {
			f.evalIndexArg(a)
		}
		return v
	case tensorKind:
	default:
		f.c.errorf(x.At, "", "only tensors and lists can be indexed: %s is %s", exprString(x.X), v.describe())
		return badValue
	}
	args, ok := f.indexArgs(x)
	if !ok {
		return badValue
	}
	return f.c.indexTensor(x.At, v, args)
}

// evalIndexArg evaluates what stands in an index for its errors alone.
func (f *frame) evalIndexArg(x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.Ellipsis, *syntax.None:
	case *syntax.Slice:
		for _, e := range []syntax.Expr{x.Lo, x.Hi, x.Step} {
			if e != nil {
				f.eval(e)
			}
		}
	default:
		f.eval(x)
	}
}

// listIndex takes an element of a list, or a part of it.
func (f *frame) listIndex(x *syntax.Index, n int, v value) value {
	if len(x.Args) != 1 {
		f.c.errorf(x.At, "", "a list has one index, found %d", len(x.Args))
		return badValue
	}
	if s, ok := x.Args[0].(*syntax.Slice); ok {
		lo, count, step, ok := f.listSlice(s, dim.Const(n))
		a, ok1 := lo.Int()
		k, ok2 := count.Int()
		switch {
		case !ok:
			return badValue
		case !ok1 || !ok2:
			return unknownValue
		}
		out := value{kind: listKind}
		for i := range k {
			out.elems = append(out.elems, v.elems[a+i*step])
		}
		return out
	}
	i, ok := f.listPlace(x.Args[0], dim.Const(n))
	if !ok {
		return badValue
	}
	if k, known := i.Int(); known {
		return v.elems[k]
	}
	return unknownValue
}

// subListIndex takes a sub-model of a list, or a part of the list.
func (f *frame) subListIndex(x *syntax.Index, l *subList) value {
	if len(x.Args) != 1 {
		f.c.errorf(x.At, "", "a list of sub-models has one index, found %d", len(x.Args))
		return badValue
	}
	if s, ok := x.Args[0].(*syntax.Slice); ok {
		lo, n, step, ok := f.listSlice(s, l.n)
		if !ok {
			return badValue
		}
		start := dim.Add(l.lo, dim.Mul(lo, dim.Const(l.step)))
		return value{kind: subListKind, subs: &subList{tree: l.tree, owner: l.owner, lo: start, n: n, step: l.step * step}}
	}
	i, ok := f.listPlace(x.Args[0], l.n)
	if !ok {
		return badValue
	}
	return f.c.element(l, i)
}

// listPlace evaluates an index into a list of n elements.
func (f *frame) listPlace(x syntax.Expr, n dim.Expr) (dim.Expr, bool) {
	switch x.(type) {
	case *syntax.Ellipsis, *syntax.None:
		f.c.errorf(x.Pos(), "", "a list is indexed with static integers")
		return dim.Expr{}, false
	}
	i, ok := f.integer(x, "an index into a list")
	if !ok {
		return i, false
	}
	if k, known := i.Int(); known && k < 0 {
		i = dim.Add(n, i)
	}
	k, known := i.Int()
	size, sized := n.Int()
	if known && (k < 0 || sized && k >= size) || f.c.provedLessEq(n, i) {
		f.c.errorf(x.Pos(), "", "index %s is out of range for a list of %v%s", exprString(x), n, f.values(x))
		return i, false
	}
	return i, true
}

// listSlice evaluates a slice of a list of n elements: where it starts, how
// many there are, and how far apart. It clips, as NumPy's slices do.
func (f *frame) listSlice(s *syntax.Slice, n dim.Expr) (lo, num dim.Expr, step int, ok bool) {
	fail := func() (dim.Expr, dim.Expr, int, bool) { return dim.Expr{}, dim.Expr{}, 0, false }
	step = 1
	if s.Step != nil {
		k, ok := f.integer(s.Step, "the step of a slice")
		if !ok {
			return fail()
		}
		var known bool
		if step, known = k.Int(); known && step == 0 {
			f.c.errorf(s.Step.Pos(), "", "a slice has step 0")
			return fail()
		} else if !known {
			step = 1
		}
	}
	least, most := dim.Const(0), n // what the bounds are clipped to
	if step < 0 {
		least, most = dim.Const(-1), dim.Sub(n, dim.Const(1))
	}
	bound := func(x syntax.Expr, open dim.Expr) (dim.Expr, bool) {
		if x == nil {
			return open, true
		}
		e, ok := f.integer(x, "a bound of a slice of a list")
		if k, known := e.Int(); ok && known && k < 0 {
			e = dim.Add(n, e)
		}
		return dim.Max(least, dim.Min(e, most)), ok
	}
	first, last := least, most
	if step < 0 {
		first, last = most, least
	}
	lo, ok1 := bound(s.Lo, first)
	hi, ok2 := bound(s.Hi, last)
	if !ok1 || !ok2 {
		return fail()
	}
	num = dim.Max(dim.Const(0), dim.Ceil(dim.Quo(dim.Sub(hi, lo), dim.Const(step))))
	return lo, num, step, true
}

// condition decides a static condition; what says of what.
func (f *frame) condition(x syntax.Expr, what string) truth {
	v := f.eval(x)
	switch v.kind {
	case badKind:
		return invalid
	case unknownKind:
		return open
	case flagKind:
		return v.flag
	case tensorKind:
		f.c.errorf(x.Pos(), "for tensors there is where(c, a, b)", "the condition of %s is static, found %s", what, v.describe())
	default:
		f.c.errorf(x.Pos(), "", "the condition of %s must be true or false, found %s", what, v.describe())
	}
	return invalid
}
