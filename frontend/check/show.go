package check

import (
	"strings"

	"github.com/lathe-lang/lathe/frontend/syntax"
	"github.com/lathe-lang/lathe/internal/source"
)

// maxShown is how many bytes of an expression a message repeats.
const maxShown = 60

// exprString writes an expression for a message, cut off where it is long.
func exprString(x syntax.Expr) string {
	var b strings.Builder
	writeExpr(&b, x, 0)
	return source.Quote(b.String())
}

// typeString writes a type as it was written.
func typeString(t *syntax.TensorType) string {
	var b strings.Builder
	b.WriteString(t.Elem)
	if t.Dims != nil {
		writeList(&b, "[", t.Dims, "]")
	}
	for _, p := range t.Props {
		b.WriteString(" " + p.Name)
		if p.Args != nil {
			writeList(&b, "(", p.Args, ")")
		}
	}
	return b.String()
}

func writeList(b *strings.Builder, opening string, xs []syntax.Expr, closing string) {
	b.WriteString(opening)
	for i, x := range xs {
		if i > 0 {
			b.WriteString(", ")
		}
		writeExpr(b, x, 0)
	}
	b.WriteString(closing)
}

// How tightly operators bind, for brackets.
func tightness(k syntax.Kind) int {
	switch k {
	case syntax.Or:
		return 1
	case syntax.And:
		return 2
	case syntax.Less, syntax.LessEq, syntax.Greater, syntax.GreaterEq, syntax.Equal, syntax.NotEqual:
		return 4
	case syntax.Add, syntax.Sub:
		return 5
	case syntax.Pow:
		return 8
	}
	return 6
}

// writeExpr writes x, in brackets if it binds less tightly than its place.
func writeExpr(b *strings.Builder, x syntax.Expr, place int) {
	if b.Len() > 2*maxShown {
		return // it is cut off before
	}
	switch x := x.(type) {
	case nil:
	case *syntax.Number:
		b.WriteString(x.Text)
	case *syntax.String:
		b.WriteString(`"` + x.Value + `"`)
	case *syntax.Bool:
		if x.Value {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case *syntax.Name:
		b.WriteString(x.Name)
	case *syntax.List:
		writeList(b, "[", x.Elems, "]")
	case *syntax.Comp:
		b.WriteString("[... for " + x.Each.Var.Name + " in ...]")
	case *syntax.Call:
		writeExpr(b, x.Fn, 9)
		args := make([]syntax.Expr, len(x.Args))
		for i, a := range x.Args {
			args[i] = a.Value
		}
		writeList(b, "(", args, ")")
	case *syntax.Index:
		writeExpr(b, x.X, 9)
		writeList(b, "[", x.Args, "]")
	case *syntax.Slice:
		writeExpr(b, x.Lo, 0)
		b.WriteString(":")
		writeExpr(b, x.Hi, 0)
		if x.Step != nil {
			b.WriteString(":")
			writeExpr(b, x.Step, 0)
		}
	case *syntax.Ellipsis:
		b.WriteString("...")
	case *syntax.None:
		b.WriteString("None")
	case *syntax.Select:
		writeExpr(b, x.X, 9)
		b.WriteString("." + x.Name)
	case *syntax.Unary:
		if x.Op == syntax.Not {
			b.WriteString("not ")
			writeExpr(b, x.X, 4)
			return
		}
		b.WriteString("-")
		writeExpr(b, x.X, 7)
	case *syntax.Binary:
		own := tightness(x.Op)
		if own < place {
			b.WriteString("(")
			defer b.WriteString(")")
		}
		left, right := own, own+1
		if x.Op == syntax.Pow {
			left, right = own+1, own
		}
		writeExpr(b, x.X, left)
		b.WriteString(" " + x.Op.String() + " ")
		writeExpr(b, x.Y, right)
	case *syntax.TypeLit:
		b.WriteString(typeString(x.Type))
	}
}
