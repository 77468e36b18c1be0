package syntax

// The binary operators by how loosely they bind, as in language.md.
const (
	precOr = 1 + iota
	precAnd
	precNot
	precCompare
	precSum
	precProduct
	precUnary
	precPower
	precPostfix
)

// precedence returns how tightly a binary operator binds, 0 for another token.
func (k Kind) precedence() int {
	switch k {
	case Or:
		return precOr
	case And:
		return precAnd
	case Less, LessEq, Greater, GreaterEq, Equal, NotEqual:
		return precCompare
	case Add, Sub:
		return precSum
	case Mul, MatMul, Div, FloorDiv, Mod:
		return precProduct
	case Pow:
		return precPower
	}
	return 0
}

// expr parses an expression and sets p.height.
func (p *parser) expr() Expr { return p.binary(precOr) }

// binary parses an expression of operators that bind at least as tightly as prec.
func (p *parser) binary(prec int) Expr {
	if prec == precUnary {
		return p.unary()
	}
	if prec == precNot {
		return p.not()
	}
	x := p.binary(prec + 1)
	for n := 0; p.tok.Kind.precedence() == prec; n++ {
		op, h := p.tok, p.height
		at := p.here()
		if prec == precCompare && n > 0 {
			p.failf(op.Off, "write a < b and b < c", "comparisons cannot be chained")
		}
		p.next()
		y := p.binary(prec + 1)
		x = &Binary{at, op.Kind, x, y}
		p.grow(max(h, p.height), op.Off)
	}
	return x
}

func (p *parser) not() Expr {
	if p.tok.Kind != Not {
		return p.binary(precCompare)
	}
	at := p.here()
	p.next()
	p.enter()
	x := p.not()
	p.nest--
	p.grow(p.height, at.At.Off)
	return &Unary{at, Not, x}
}

func (p *parser) unary() Expr {
	if p.tok.Kind != Sub {
		return p.power()
	}
	at := p.here()
	p.next()
	p.enter()
	x := p.unary()
	p.nest--
	p.grow(p.height, at.At.Off)
	return &Unary{at, Sub, x}
}

func (p *parser) power() Expr {
	x := p.postfix()
	if p.tok.Kind != Pow {
		return x
	}
	at, h := p.here(), p.height
	p.next()
	p.enter()
	y := p.unary()
	p.nest--
	p.grow(max(h, p.height), at.At.Off)
	return &Binary{at, Pow, x, y}
}

func (p *parser) postfix() Expr {
	x := p.primary()
	for {
		at, h := p.here(), p.height
		switch p.tok.Kind {
		case LParen:
			x = &Call{Place{x.Pos()}, x, p.args()}
		case LBracket:
			p.enter()
			i := &Index{Place: at, X: x}
			top := 0
			p.list(func() {
				i.Args = append(i.Args, p.indexArg())
				top = max(top, p.height)
			})
			p.nest--
			if len(i.Args) == 0 {
				p.failf(at.At.Off, "all of it is written without brackets", "an index has at least one place")
			}
			p.height = top
			x = i
		case Dot:
			p.next()
			at := p.here()
			x = &Select{at, x, p.name("a name after '.'").Name}
			p.height = 0
		default:
			return x
		}
		p.grow(max(h, p.height), at.At.Off)
	}
}

// args parses arguments in brackets and sets p.height.
func (p *parser) args() []*Arg {
	p.enter()
	var args []*Arg
	top, named := 0, false
	p.list(func() {
		first := p.tok
		x := p.expr()
		a := &Arg{Value: x}
		if name, ok := x.(*Name); ok && p.tok.Kind == Assign && first.Kind == Ident {
			p.next()
			a.Name, a.Value = name, p.expr()
			named = true
		} else if named {
			p.failf(first.Off, "", "an argument without a name stands behind one with a name")
		}
		args = append(args, a)
		top = max(top, p.height)
	})
	p.nest--
	p.height = top
	return args
}

// indexArg parses one place of an index.
func (p *parser) indexArg() Expr {
	at := p.here()
	switch p.tok.Kind {
	case Dots:
		p.next()
		p.height = 1
		return &Ellipsis{at}
	case WordNone:
		p.next()
		p.height = 1
		return &None{at}
	}
	var x Expr
	top := 0
	part := func() Expr {
		switch p.tok.Kind {
		case Colon, Comma, RBracket:
			return nil
		}
		x := p.expr()
		top = max(top, p.height)
		return x
	}
	if x = part(); p.tok.Kind != Colon {
		if x == nil {
			p.expected("", "an index")
		}
		return x
	}
	s := &Slice{Place: p.here(), Lo: x}
	p.next()
	s.Hi = part()
	if p.got(Colon) {
		s.Step = part()
	}
	p.grow(top, s.At.Off)
	return s
}

// primary parses an expression without operators around it.
func (p *parser) primary() Expr {
	at, t := p.here(), p.tok
	p.height = 1
	switch t.Kind {
	case Ident:
		p.next()
		return &Name{at, t.Text}
	case Num, WordInf, WordNaN:
		p.next()
		return &Number{at, t.Text}
	case Str:
		p.next()
		return &String{at, unquote(t.Text)}
	case WordTrue, WordFalse:
		p.next()
		return &Bool{at, t.Kind == WordTrue}
	case Elem:
		p.next()
		typ := &TensorType{Place: at, Elem: t.Text}
		p.enter()
		p.dims(typ)
		p.nest--
		p.grow(p.height, at.At.Off)
		return &TypeLit{typ}
	case LParen:
		p.enter()
		p.open()
		x := p.expr()
		if p.tok.Kind == Comma {
			p.failf(p.tok.Off, "several results are written return a, b", "there are no tuples of values")
		}
		p.close(t, "")
		p.nest--
		return x
	case LBracket:
		return p.listLit()
	case WordNone:
		p.failf(t.Off, "", "None stands only in an index, as in x[:, None]")
	case Add:
		p.expected("leave the + out", "an expression")
	case Newline:
		p.expected("a line goes on inside brackets, or after a binary operator or a comma", "an expression")
	case Not:
		p.expected("put brackets around (not x)", "an expression")
	}
	p.expected("", "an expression")
	return nil
}

// listLit parses a list or a comprehension and sets p.height.
func (p *parser) listLit() Expr {
	at := p.here()
	p.enter()
	defer func() { p.nest-- }()
	opening := p.open()
	if p.tok.Kind == RBracket {
		p.close(opening, "")
		p.height = 1
		return &List{Place: at}
	}
	x := p.expr()
	top := p.height
	if p.got(WordFor) {
		c := &Comp{at, x, p.each()}
		p.close(opening, "")
		p.grow(max(top, p.height), at.At.Off)
		return c
	}
	l := &List{at, []Expr{x}}
	for p.got(Comma) && p.tok.Kind != RBracket {
		l.Elems = append(l.Elems, p.expr())
		top = max(top, p.height)
	}
	p.close(opening, "',' or ")
	p.grow(top, at.At.Off)
	return l
}
