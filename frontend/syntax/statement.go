package syntax

// block parses statements in braces.
func (p *parser) block() *Block {
	b := &Block{Place: p.here()}
	opening := p.brace("a block")
	p.blocks++
	if p.blocks > MaxNesting {
		p.s.limitf(opening.Off, "move a part of it to a function", "the block is nested too deep; the limit is %d", MaxNesting)
		panic(bailout{})
	}
	defer func(nest int) { p.blocks, p.nest = p.blocks-1, nest }(p.nest)
	p.nest = 0
	last := 0
	for {
		for p.got(Newline) {
		}
		b.End = p.pos(p.tok.Off)
		switch {
		case p.tok.Kind == RBrace:
			p.next()
			return b
		case p.tok.Kind == EOF, p.atDecl():
			p.unclosed(opening, "block")
			return b
		}
		p.try(func() {
			p.ordered(b, last)
			start := p.tok.Off
			s := p.stmt()
			p.endLine("the statement")
			b.Stmts = append(b.Stmts, s)
			last = start
		})
	}
}

// ordered checks that the next token can begin a statement behind the last
// one of the block, which began at the given offset.
func (p *parser) ordered(b *Block, last int) {
	simple := false
	if n := len(b.Stmts); n > 0 {
		switch b.Stmts[n-1].(type) {
		case *If, *For:
		default:
			simple = true
		}
	}
	if k := p.tok.Kind; k.startsLine() && (simple || k != Sub) {
		hint := "end the line above with '" + p.tok.Text + "', or put brackets around the whole"
		if k == Sub {
			hint += "; the value of the block is written (-x)"
		}
		p.failf(p.tok.Off, hint, "a line cannot start with the binary operator '%s'", p.tok.Text)
	}
	if n := len(b.Stmts); n > 0 {
		switch b.Stmts[n-1].(type) {
		case *Value:
			p.s.errorf(last, "bind it to a name, or put it in the last place", "the value of this expression is not used")
		case *Return:
			p.failf(p.tok.Off, "", "return must be the last statement of its block, found %s behind it", describe(p.tok))
		}
	}
}

func (p *parser) stmt() Stmt {
	at := p.here()
	switch {
	case p.tok.Kind == WordFor, p.at("static") && p.peek().Kind == WordFor:
		return p.forStmt()
	case p.tok.Kind == WordIf:
		return p.ifStmt()
	case p.tok.Kind == WordElse:
		p.failf(p.tok.Off, "write } else { on one line", "an else without an if")
	case p.got(WordAssert):
		a := &Assert{Place: at, Cond: p.expr()}
		p.take(Comma, "and a message after the condition")
		a.Message = p.str("with the message of the assert")
		return a
	case p.tok.Kind == WordReturn:
		if p.loops > 0 {
			p.failf(p.tok.Off, "bind the value to a name that goes on after the loop", "return cannot stand in a loop")
		}
		p.next()
		r := &Return{at, []Expr{p.expr()}}
		for p.got(Comma) {
			r.Values = append(r.Values, p.expr())
		}
		return r
	case p.tok.Kind == Dot, p.tok.Kind == DotDot, p.tok.Kind == Dots:
		p.expected("a line goes on inside brackets, or after a binary operator or a comma", "a statement")
	}
	return p.simple()
}

func (p *parser) forStmt() *For {
	f := &For{Static: p.at("static")}
	if f.Static {
		p.next()
	}
	f.Place = p.here()
	p.next()
	f.Each = p.each()
	p.loops++
	f.Body = p.block()
	p.loops--
	return f
}

// each parses what a variable runs over and sets p.height.
func (p *parser) each() *Each {
	e := &Each{Var: p.name("the name of the loop's variable")}
	if p.tok.Kind == Comma {
		p.expected("a loop has one variable", "'in' after the name of the variable")
	}
	p.take(WordIn, "after the name of the variable")
	x := p.expr()
	e.Place = Place{x.Pos()}
	if p.tok.Kind != DotDot {
		if p.tok.Kind == Dots {
			p.expected("a range is written lo..hi", "'..'")
		}
		e.List = x
		return e
	}
	e.Place = p.here()
	p.next()
	top := p.height
	e.Lo, e.Hi = x, p.expr()
	top = max(top, p.height)
	if p.at("step") {
		p.next()
		e.Step = p.expr()
	}
	p.height = max(top, p.height)
	return e
}

func (p *parser) ifStmt() *If {
	s := &If{Place: p.here()}
	p.next()
	s.Cond = p.expr()
	s.Then = p.block()
	if p.reopened || !p.got(WordElse) {
		return s
	}
	if p.tok.Kind != WordIf {
		s.Else = p.block()
		return s
	}
	p.blocks++
	if p.blocks > MaxNesting {
		p.s.limitf(p.tok.Off, "move a part of it to a function", "the block is nested too deep; the limit is %d", MaxNesting)
		panic(bailout{})
	}
	inner := p.ifStmt()
	p.blocks--
	end := inner.Then.End
	if inner.Else != nil {
		end = inner.Else.End
	}
	s.Else = &Block{inner.Place, []Stmt{inner}, end}
	return s
}

// simple parses a statement that begins with an expression.
func (p *parser) simple() Stmt {
	first := p.tok
	x := p.expr()
	name, _ := x.(*Name)
	if first.Kind != Ident {
		name = nil // (y) = e binds nothing
	}
	switch op := p.tok; op.Kind {
	case Colon:
		if name == nil {
			p.failf(first.Off, "", "only a name can be given a type")
		}
		p.next()
		t := p.tensorType("")
		p.take(Assign, "after the type of "+name.Name)
		return &Bind{name.Place, []*Name{name}, t, p.value()}
	case Comma:
		if name == nil {
			p.expected("several results are written return a, b", "the end of the line after the statement")
		}
		names := []*Name{name}
		for p.got(Comma) {
			names = append(names, p.name("a name to bind"))
		}
		if p.tok.Kind != Assign {
			p.expected("several results are written return a, b", "'=' after the names")
		}
		p.next()
		return &Bind{name.Place, names, nil, p.value()}
	case Assign, AddAssign, SubAssign, MulAssign, DivAssign:
		at := p.here()
		if name != nil && op.Kind == Assign {
			p.next()
			return &Bind{name.Place, []*Name{name}, nil, p.value()}
		}
		u := &Update{Place: at, Target: name, Op: updateOps[op.Kind]}
		if name == nil {
			u.Target, u.Index = p.part(x, first)
		}
		p.next()
		u.Value = p.value()
		return u
	}
	if p.loops > 0 && (p.tok.Kind == Newline || p.tok.Kind == RBrace) {
		p.failf(first.Off, "bind it to a name", "the value of this expression is not used")
	}
	return &Value{x}
}

// updateOps are the operations of the assignments in a tree.
var updateOps = map[Kind]Kind{Assign: Assign, AddAssign: Add, SubAssign: Sub, MulAssign: Mul, DivAssign: Div}

// part returns the name and the index of what an assignment updates: y[i].
func (p *parser) part(x Expr, first Token) (*Name, *Index) {
	index, ok := x.(*Index)
	if !ok {
		switch {
		case first.Kind == Elem:
			p.failf(first.Off, "", "%s is an element type and cannot be bound", first.Text)
		case isWord(first.Kind):
			p.failf(first.Off, "", "'%s' is a word of the language and cannot be bound", first.Text)
		}
		p.failf(p.tok.Off, "", "only a name or a part of a tensor, y[i], can stand before '%s'", p.tok.Text)
	}
	name, ok := index.X.(*Name)
	if !ok || first.Kind != Ident {
		p.failf(p.tok.Off, "bind the part to a name, update that, and put it back", "only a part of a named tensor, y[i, j], can be updated")
	}
	return name, index
}

// value parses what stands behind = in a statement.
func (p *parser) value() Expr {
	x := p.expr()
	if p.tok.Kind == Comma {
		p.failf(p.tok.Off, "write a line for each name; to swap two, keep one of them under a third name", "only one value can stand behind =")
	}
	return x
}
