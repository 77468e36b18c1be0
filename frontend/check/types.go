package check

import (
	"fmt"
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
	"github.com/lathe-lang/lathe/ir"
	"github.com/lathe-lang/lathe/ir/dim"
	"github.com/lathe-lang/lathe/ir/tensor"
)

// typ evaluates a written type: its sizes are static integers in f.
func (f *frame) typ(t *syntax.TensorType) (ir.Type, bool) {
	out, ok := ir.Type{DType: elemType(t)}, true
	if !f.rank(t) {
		return ir.Type{}, false
	}
	for _, x := range t.Dims {
		n, fine := f.size(x)
		out.Shape = append(out.Shape, n)
		ok = ok && fine
	}
	var fine bool
	out.Props, fine = f.props(t)
	if !ok || !fine {
		return ir.Type{}, false
	}
	return out, f.square(t, out)
}

// rank checks a written type against the limit.
func (f *frame) rank(t *syntax.TensorType) bool {
	if len(t.Dims) > ir.MaxRank {
		e := f.c.errorf(t.At, "", "rank %d is above the limit of %d", len(t.Dims), ir.MaxRank)
		e.Kind = source.ErrLimit
		return false
	}
	return true
}

// square checks that the properties of a type fit its shape.
func (f *frame) square(t *syntax.TensorType, got ir.Type) bool {
	p := got.Props
	if p == (ir.Props{}) {
		return true
	}
	at := t.Props[0].At
	if p.Has(ir.Unit) && !p.Any(ir.Lower|ir.Upper) {
		f.c.errorf(at, "write lower unit or upper unit", "unit stands beside lower or upper")
		return false
	}
	r := got.Rank()
	if r < 2 {
		f.c.errorf(at, "", "%v is a property of matrices, found %v", p, got.Plain())
		return false
	}
	if p.Has(ir.SPD) && !got.DType.IsFloat() {
		f.c.errorf(at, "write symmetric", "spd is a property of matrices of floats, found %v", got.Plain())
		return false
	}
	if m, n := got.Shape[r-2], got.Shape[r-1]; p.NeedsSquare() && !ir.SameSize(m, n) {
		f.c.errorf(at, "", "%v asks for a square matrix, found %v (%v and %v)", p, got.Plain(), m, n)
		return false
	}
	return true
}

// props evaluates the properties of a written type.
func (f *frame) props(t *syntax.TensorType) (ir.Props, bool) {
	var out ir.Props
	for _, p := range t.Props {
		prop, ok := ir.PropByName(p.Name)
		if !ok {
			panic("check: the parser let the property " + p.Name + " pass")
		}
		if out.Has(prop) {
			f.c.errorf(p.At, "", "%s is declared twice", p.Name)
			return ir.Props{}, false
		}
		out.Set |= prop
		if prop != ir.Banded {
			continue
		}
		for i, to := range []*int{&out.Below, &out.Above} {
			n, ok := f.size(p.Args[i])
			if !ok {
				return ir.Props{}, false
			}
			*to, _ = n.Int() // where sizes decide, the checker needs no width
		}
	}
	return out, true
}

// elemType returns the element type of a written type.
func elemType(t *syntax.TensorType) tensor.DType {
	d, err := tensor.ParseDType(t.Elem)
	if err != nil {
		panic("check: the parser let the element type " + t.Elem + " pass")
	}
	return d
}

// conform holds a value against a type that is declared for it, and gives it
// the structure that the type declares. A static number becomes a scalar. What
// says whose type it is: "y is declared".
func (c *checker) conform(v value, want ir.Type, at source.Pos, what string) value {
	switch v.kind {
	case badKind:
		return v
	case unknownKind:
		if p := c.placeholder(want); p != nil {
			v = tensorValue(p)
		} else {
			return badValue
		}
	case numberKind, flagKind:
		if want.Rank() != 0 {
			c.errorf(at, fmt.Sprintf("write full(%v, %s)", want.Plain(), v.describe()), "%s %v, found the static number %s", what, want, v.describe())
			return badValue
		}
		return c.scalar(v, want.DType, at)
	case tensorKind:
	default:
		c.errorf(at, "", "%s %v, found %s", what, want, v.describe())
		return badValue
	}
	got := v.tensor().Type
	if problem, hint, differ := mismatch(got, want); differ {
		c.errorf(at, hint, "%s %v, found %v%s", what, want.Plain(), got.Plain(), problem)
		return badValue
	}
	return c.assume(v, want, at)
}

// mismatch says how a type differs from the one that is declared, where the
// two types side by side do not show it, and what to do about it.
func mismatch(got, want ir.Type) (problem, hint string, differ bool) {
	switch {
	case got.DType != want.DType:
		if got.Rank() == want.Rank() {
			hint = fmt.Sprintf("convert it: %v(...)", want.DType)
		}
		return "", hint, true
	case got.Rank() != want.Rank():
		return fmt.Sprintf(": rank %d, not %d", got.Rank(), want.Rank()), "", true
	}
	for i := range got.Shape {
		if !ir.SameSize(got.Shape[i], want.Shape[i]) {
			return fmt.Sprintf(": dimension %d is %v, not %v", i, got.Shape[i], want.Shape[i]), "", true
		}
	}
	return "", "", false
}

// sizeVars returns the names that parameters of a function declare as size
// variables: those that stand alone as a dimension and mean nothing else.
func (p *Program) sizeVars(fn *syntax.Fn, file *syntax.File, model *modelDecl) []string {
	static := map[string]bool{}
	for _, q := range fn.Params {
		if q.Static != syntax.NotStatic {
			static[q.Name.Name] = true
		}
	}
	var names []string
	seen := map[string]bool{}
	for _, q := range fn.Params {
		if q.Type == nil {
			continue
		}
		for _, x := range q.Type.Dims {
			n, ok := x.(*syntax.Name)
			if !ok || seen[n.Name] || static[n.Name] {
				continue
			}
			if model != nil && model.sizes[n.Name] != nil {
				continue
			}
			if _, ok := p.scopes[file][n.Name].(*syntax.Const); ok {
				continue
			}
			seen[n.Name] = true
			names = append(names, n.Name)
		}
	}
	return names
}

// values lists the names in an expression with their values, for a message
// about what the expression came to: " where n = 7, c = 2".
func (f *frame) values(x syntax.Expr) string {
	var parts []string
	for _, n := range namesIn(x) {
		v, ok := f.lookup(n.Name, n.At)
		if ok && (v.kind == numberKind || v.kind == flagKind) && v.describe() != n.Name {
			parts = append(parts, source.Quote(n.Name)+" = "+v.describe())
		}
	}
	if parts == nil {
		return ""
	}
	return " where " + strings.Join(parts, ", ")
}

// namesIn returns the names in an expression in order, each once.
func namesIn(x syntax.Expr) []*syntax.Name {
	var names []*syntax.Name
	seen := map[string]bool{}
	var walk func(x syntax.Expr)
	walk = func(x syntax.Expr) {
		switch x := x.(type) {
		case *syntax.Name:
			if !seen[x.Name] {
				seen[x.Name] = true
				names = append(names, x)
			}
		case *syntax.Unary:
			walk(x.X)
		case *syntax.Binary:
			walk(x.X)
			walk(x.Y)
		case *syntax.Call:
			for _, a := range x.Args {
				walk(a.Value)
			}
		case *syntax.Index:
			walk(x.X)
			for _, a := range x.Args {
				walk(a)
			}
		}
	}
	walk(x)
	return names
}

// sizeNamed returns a size variable as a value.
func sizeNamed(name string) value { return intValue(dim.Var(name)) }
