package syntax

import (
	"fmt"
	"strings"
)

// String returns the file as canonical text: four spaces a level, brackets only
// where the shape of the tree asks for them, no comments. Parsing it gives an
// equal tree, but for the positions.
func (f *File) String() string {
	var p printer
	for i, d := range f.Decls {
		_, fn := d.(*Fn)
		_, model := d.(*Model)
		if i > 0 && (fn || model || isBlock(f.Decls[i-1])) {
			p.out.WriteByte('\n')
		}
		p.decl(d)
	}
	return p.out.String()
}

// String returns a tensor type as it is written.
func (t *TensorType) String() string {
	var p printer
	p.tensorType(t)
	return p.out.String()
}

// String returns a tuple type as it is written.
func (t *TupleType) String() string {
	var p printer
	p.typ(t)
	return p.out.String()
}

// ExprString returns an expression as canonical text on one line.
func ExprString(x Expr) string {
	var p printer
	p.expr(x, precOr)
	return p.out.String()
}

func isBlock(d Decl) bool {
	switch d.(type) {
	case *Fn, *Model:
		return true
	}
	return false
}

// A printer writes a tree in the order of nodes.go.
type printer struct {
	out    strings.Builder
	indent int
}

func (p *printer) linef(format string, args ...any) {
	p.start()
	fmt.Fprintf(&p.out, format, args...)
	p.out.WriteByte('\n')
}

func (p *printer) start() { p.out.WriteString(strings.Repeat("    ", p.indent)) }

func (p *printer) decl(d Decl) {
	switch d := d.(type) {
	case *Import:
		p.linef("import %s", quote(d.Path))
	case *Const:
		p.linef("const %s = %s", d.Name.Name, ExprString(d.Value))
	case *Fn:
		p.fn(d)
	case *Model:
		p.out.WriteString("model " + d.Name.Name)
		p.params(d.Sizes)
		p.out.WriteString(" {\n")
		p.indent++
		for i, m := range d.Members {
			if _, ok := m.(*Fn); ok && i > 0 {
				p.out.WriteByte('\n')
			}
			p.member(m)
		}
		p.indent--
		p.out.WriteString("}\n")
	}
}

func (p *printer) member(m Member) {
	switch m := m.(type) {
	case *Weight:
		p.linef("weight %s: %s%s", m.Name.Name, m.Type, as(m.As))
	case *SubModel:
		p.start()
		p.out.WriteString(m.Name.Name + ": " + m.Model.Name)
		p.args(m.Args)
		if m.Count != nil {
			p.out.WriteString("[" + ExprString(m.Count) + "]")
		}
		p.out.WriteString(as(m.As) + "\n")
	case *Fn:
		p.fn(m)
	}
}

func as(s *String) string {
	if s == nil {
		return ""
	}
	return " as " + quote(s.Value)
}

func (p *printer) fn(f *Fn) {
	p.start()
	p.out.WriteString("fn " + f.Name.Name)
	p.params(f.Params)
	if f.Result != nil {
		p.out.WriteString(" -> ")
		p.typ(f.Result)
	}
	p.out.WriteByte(' ')
	p.block(f.Body)
	p.out.WriteByte('\n')
}

func (p *printer) params(params []*Param) {
	p.out.WriteByte('(')
	for i, q := range params {
		if i > 0 {
			p.out.WriteString(", ")
		}
		p.out.WriteString(q.Name.Name)
		switch {
		case q.Static != NotStatic:
			p.out.WriteString(": " + q.Static.String())
		case q.Type != nil:
			p.out.WriteString(": ")
			p.tensorType(q.Type)
		}
		if q.Default != nil {
			p.out.WriteString(" = ")
			p.expr(q.Default, precOr)
		}
	}
	p.out.WriteByte(')')
}

func (p *printer) typ(t Type) {
	switch t := t.(type) {
	case *TensorType:
		p.tensorType(t)
	case *TupleType:
		p.out.WriteByte('(')
		for i, e := range t.Elems {
			if i > 0 {
				p.out.WriteString(", ")
			}
			p.tensorType(e)
		}
		p.out.WriteByte(')')
	}
}

func (p *printer) tensorType(t *TensorType) {
	p.out.WriteString(t.Elem)
	if len(t.Dims) > 0 {
		p.out.WriteByte('[')
		p.exprs(t.Dims)
		p.out.WriteByte(']')
	}
	for _, q := range t.Props {
		p.out.WriteString(" " + q.Name)
		if len(q.Args) > 0 {
			p.out.WriteByte('(')
			p.exprs(q.Args)
			p.out.WriteByte(')')
		}
	}
}

// block writes the braces and what is in them, without the line end behind.
func (p *printer) block(b *Block) {
	p.out.WriteString("{\n")
	p.indent++
	for _, s := range b.Stmts {
		p.start()
		p.stmt(s)
		p.out.WriteByte('\n')
	}
	p.indent--
	p.start()
	p.out.WriteByte('}')
}

func (p *printer) stmt(s Stmt) {
	switch s := s.(type) {
	case *Bind:
		for i, n := range s.Names {
			if i > 0 {
				p.out.WriteString(", ")
			}
			p.out.WriteString(n.Name)
		}
		if s.Type != nil {
			p.out.WriteString(": ")
			p.tensorType(s.Type)
		}
		p.out.WriteString(" = ")
		p.expr(s.Value, precOr)
	case *Update:
		if s.Index != nil {
			p.expr(s.Index, precOr)
		} else {
			p.out.WriteString(s.Target.Name)
		}
		op := "="
		if s.Op != Assign {
			op = s.Op.String() + "="
		}
		p.out.WriteString(" " + op + " ")
		p.expr(s.Value, precOr)
	case *For:
		if s.Static {
			p.out.WriteString("static ")
		}
		p.out.WriteString("for ")
		p.each(s.Each)
		p.out.WriteByte(' ')
		p.block(s.Body)
	case *If:
		p.out.WriteString("if ")
		p.expr(s.Cond, precOr)
		p.out.WriteByte(' ')
		p.block(s.Then)
		if s.Else == nil {
			return
		}
		p.out.WriteString(" else ")
		if len(s.Else.Stmts) == 1 {
			if inner, ok := s.Else.Stmts[0].(*If); ok {
				p.stmt(inner)
				return
			}
		}
		p.block(s.Else)
	case *Assert:
		p.out.WriteString("assert ")
		p.expr(s.Cond, precOr)
		p.out.WriteString(", " + quote(s.Message.Value))
	case *Return:
		p.out.WriteString("return ")
		p.exprs(s.Values)
	case *Value:
		// A line may not begin with a minus sign.
		if text := ExprString(s.X); strings.HasPrefix(text, "-") {
			p.out.WriteString("(" + text + ")")
		} else {
			p.out.WriteString(text)
		}
	}
}

func (p *printer) each(e *Each) {
	p.out.WriteString(e.Var.Name + " in ")
	if e.List != nil {
		p.expr(e.List, precOr)
		return
	}
	p.expr(e.Lo, precOr)
	p.out.WriteString("..")
	p.expr(e.Hi, precOr)
	if e.Step != nil {
		p.out.WriteString(" step ")
		p.expr(e.Step, precOr)
	}
}

func (p *printer) exprs(list []Expr) {
	for i, x := range list {
		if i > 0 {
			p.out.WriteString(", ")
		}
		p.expr(x, precOr)
	}
}

func (p *printer) args(args []*Arg) {
	p.out.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			p.out.WriteString(", ")
		}
		if a.Name != nil {
			p.out.WriteString(a.Name.Name + "=")
		}
		p.expr(a.Value, precOr)
	}
	p.out.WriteByte(')')
}

// expr writes x, in brackets if it binds less tightly than prec.
func (p *printer) expr(x Expr, prec int) {
	if binds(x) < prec {
		p.out.WriteByte('(')
		defer p.out.WriteByte(')')
	}
	switch x := x.(type) {
	case *Number:
		p.out.WriteString(x.Text)
	case *String:
		p.out.WriteString(quote(x.Value))
	case *Bool:
		fmt.Fprint(&p.out, x.Value)
	case *Name:
		p.out.WriteString(x.Name)
	case *List:
		p.out.WriteByte('[')
		p.exprs(x.Elems)
		p.out.WriteByte(']')
	case *Comp:
		p.out.WriteByte('[')
		p.expr(x.Elem, precOr)
		p.out.WriteString(" for ")
		p.each(x.Each)
		p.out.WriteByte(']')
	case *Call:
		p.expr(x.Fn, precPostfix)
		p.args(x.Args)
	case *Index:
		p.operand(x.X, isElem(x.X)) // f32[n] would be a type
		p.out.WriteByte('[')
		p.exprs(x.Args)
		p.out.WriteByte(']')
	case *Slice:
		p.slice(x)
	case *Ellipsis:
		p.out.WriteString("...")
	case *None:
		p.out.WriteString("None")
	case *Select:
		number, ok := x.X.(*Number)
		p.operand(x.X, ok && isDigit(number.Text[0])) // 1.T would be a number
		p.out.WriteString("." + x.Name)
	case *Unary:
		if x.Op == Not {
			p.out.WriteString("not ")
		} else {
			p.out.WriteString(x.Op.String())
		}
		p.expr(x.X, binds(x))
	case *Binary:
		left, right := binds(x), binds(x)+1
		switch left {
		case precCompare:
			left++
		case precPower:
			left, right = precPostfix, precUnary
		}
		p.expr(x.X, left)
		p.out.WriteString(" " + x.Op.String() + " ")
		p.expr(x.Y, right)
	case *TypeLit:
		p.tensorType(x.Type)
	}
}

// operand writes what a postfix stands behind.
func (p *printer) operand(x Expr, brackets bool) {
	if brackets {
		p.out.WriteByte('(')
		defer p.out.WriteByte(')')
	}
	p.expr(x, precPostfix)
}

func (p *printer) slice(s *Slice) {
	if s.Lo != nil {
		p.expr(s.Lo, precOr)
	}
	p.out.WriteByte(':')
	if s.Hi != nil {
		p.expr(s.Hi, precOr)
	}
	if s.Step != nil {
		p.out.WriteByte(':')
		p.expr(s.Step, precOr)
	}
}

// binds returns how tightly the outermost operator of x binds.
func binds(x Expr) int {
	switch x := x.(type) {
	case *Binary:
		return x.Op.precedence()
	case *Unary:
		if x.Op == Not {
			return precNot
		}
		return precUnary
	}
	return precPostfix
}

func isElem(x Expr) bool {
	t, ok := x.(*TypeLit)
	return ok && len(t.Type.Dims) == 0
}
